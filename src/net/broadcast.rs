//! One message for many links: its bytes are made for the first of them and copied for those that speak the same protocol.

use super::link::{Link, Sent};
use crate::protocol::{Framer, Kind, id::ProtocolId};
use std::rc::Rc;

/// See the module.
pub(crate) struct Broadcast<'a> {
    kind: Kind,
    payload: &'a [u8],
    encoded: Option<(ProtocolId, Vec<u8>)>,
}

impl<'a> Broadcast<'a> {
    pub(crate) fn new(kind: Kind, payload: &'a [u8]) -> Self {
        Self { kind, payload, encoded: None }
    }

    /// Sends it to one more. The error says why it cannot be sent there at all.
    pub(crate) fn send(&mut self, link: &Rc<Link>) -> Result<Sent, String> {
        link.send_as(self.payload.len(), |wire, out| {
            if let Some((protocol, bytes)) = &self.encoded
                && *protocol == wire.protocol()
            {
                out.extend_from_slice(bytes);
                return Ok(());
            }
            let before = out.len();
            wire.encode(self.kind, self.payload, out)?;
            self.encoded = Some((wire.protocol(), out[before..].to_vec()));
            Ok(())
        })
    }
}
