//! One message for many connections: its bytes are made for the first of them and copied for those that speak the same
//! protocol.

use super::{Conn, Sent};
use crate::protocol::{Kind, id::ProtocolId};
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
    pub(crate) fn send(&mut self, conn: &Rc<Conn>) -> Result<Sent, String> {
        conn.send_with(self.kind, self.payload, |driver, out| {
            let protocol = driver.protocol();
            if let Some((known, bytes)) = &self.encoded
                && *known == protocol
            {
                out.extend_from_slice(bytes);
                return Ok(());
            }
            let before = out.len();
            driver.encode(self.kind, self.payload, out)?;
            self.encoded = Some((protocol, out[before..].to_vec()));
            Ok(())
        })
    }
}
