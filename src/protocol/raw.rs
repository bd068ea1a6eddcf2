//! No framing: bytes are handed on as they come.

use super::{Codec, Decoded, Kind, ProtocolError};

/// `tcp://` and `unix://`.
pub(crate) struct Raw;

impl Codec for Raw {
    fn decode(
        &mut self,
        buffer: &mut [u8],
        _: &mut Vec<u8>,
        _: usize,
    ) -> Result<Decoded, ProtocolError> {
        Ok(match buffer.len() {
            0 => Decoded::More,
            n => Decoded::Message { kind: Kind::Binary, payload: 0..n, consumed: n },
        })
    }

    fn encode(&mut self, _: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        out.extend_from_slice(payload);
        Ok(())
    }
}
