//! A four-byte big-endian total length, these four bytes included, and then the body.

use super::{Codec, Decoded, Kind, ProtocolError};

/// Bytes of the length field.
const HEADER: usize = 4;

/// `frame://`.
pub(crate) struct Frame;

impl Codec for Frame {
    fn decode(
        &mut self,
        buffer: &mut [u8],
        _: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Decoded, ProtocolError> {
        let Some(header) = buffer.first_chunk::<HEADER>() else { return Ok(Decoded::More) };
        let total = u32::from_be_bytes(*header) as usize;
        // A length that does not even cover its own field would wait for ever or lose the stream's sync.
        if total < HEADER {
            return Err(ProtocolError::new(format!(
                "a frame of length {total}: the least is {HEADER}"
            )));
        }
        if total > limit {
            return Err(ProtocolError::new(format!(
                "a frame of {total} bytes, max_package_size is {limit}"
            )));
        }
        if buffer.len() < total {
            return Ok(Decoded::More);
        }
        Ok(Decoded::Message { kind: Kind::Binary, payload: HEADER..total, consumed: total })
    }

    fn encode(&mut self, _: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let total = u32::try_from(payload.len() + HEADER)
            .map_err(|_| format!("{} bytes do not fit into one frame", payload.len()))?;
        out.reserve(total as usize);
        out.extend_from_slice(&total.to_be_bytes());
        out.extend_from_slice(payload);
        Ok(())
    }
}
