//! No framing: bytes are handed on as they come.

use super::{Broken, Framer, Kind, Step};

/// `tcp://` and `unix://`.
pub(crate) struct Raw;

impl Framer for Raw {
    fn step(&mut self, buffer: &mut [u8], _: &mut Vec<u8>, _: usize) -> Result<Step, Broken> {
        Ok(match buffer.len() {
            0 => Step::More,
            n => Step::Message { kind: Kind::Binary, payload: 0..n, consumed: n },
        })
    }

    fn encode(&self, _: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        out.extend_from_slice(payload);
        Ok(())
    }
}
