//! One message a line. All carriage returns and line feeds at a line's end belong to the framing.

use super::{Codec, Decoded, Kind, ProtocolError};

/// `text://`.
#[derive(Default)]
pub(crate) struct Text {
    /// So many bytes of the unfinished line have been searched, so that a line that trickles in is searched once.
    searched: usize,
}

impl Codec for Text {
    fn decode(
        &mut self,
        buffer: &mut [u8],
        _: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Decoded, ProtocolError> {
        let start = self.searched.min(buffer.len());
        let Some(at) = memchr::memchr(b'\n', &buffer[start..]).map(|at| at + start) else {
            if buffer.len() >= limit {
                return Err(ProtocolError::new(format!(
                    "a line of {} bytes and no end, max_package_size is {limit}",
                    buffer.len()
                )));
            }
            self.searched = buffer.len();
            return Ok(Decoded::More);
        };
        self.searched = 0;
        let consumed = at + 1;
        if consumed > limit {
            return Err(ProtocolError::new(format!(
                "a line of {consumed} bytes, max_package_size is {limit}"
            )));
        }
        let end = buffer[..at].iter().rposition(|&b| b != b'\r').map_or(0, |last| last + 1);
        Ok(Decoded::Message { kind: Kind::Text, payload: 0..end, consumed })
    }

    fn encode(&mut self, _: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        out.reserve(payload.len() + 1);
        out.extend_from_slice(payload);
        out.push(b'\n');
        Ok(())
    }
}
