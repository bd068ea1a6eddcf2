//! Protocols that cut a stream into messages and have nothing to say besides.

use crate::{
    net::conn::{Driver, Step},
    protocol::{Codec, Kind, ProtocolError, id::ProtocolId},
};

/// See the module.
pub(super) struct Framed<C> {
    pub(super) codec: C,
    pub(super) protocol: ProtocolId,
}

impl<C: Codec + 'static> Driver for Framed<C> {
    fn protocol(&self) -> ProtocolId {
        self.protocol
    }

    fn decode(
        &mut self,
        received: &mut [u8],
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Step, ProtocolError> {
        self.codec.decode(received, out, limit).map(Step::Plain)
    }

    fn encode(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        self.codec.encode(kind, payload, out)
    }
}
