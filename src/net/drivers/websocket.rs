//! A websocket whose request has been answered: messages, goodbyes, and a heartbeat.

use crate::{
    net::{
        conn::{Driver, Goodbye, Look, Overdue, Step},
        timeouts::Due,
    },
    protocol::{Codec, Kind, LastWords, ProtocolError, id::ProtocolId, websocket::WebSocket},
};

/// See the module.
#[derive(Default)]
pub(super) struct WebSocketDriver {
    socket: WebSocket,
    /// Was the peer asked for a sign of life, and has not given one?
    is_pinged: bool,
}

impl Driver for WebSocketDriver {
    fn protocol(&self) -> ProtocolId {
        ProtocolId::WebSocket
    }

    #[inline]
    fn decode(
        &mut self,
        received: &mut [u8],
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Step, ProtocolError> {
        self.socket.decode(received, out, limit).map(Step::Plain)
    }

    #[inline]
    fn encode(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        self.socket.encode(kind, payload, out)
    }

    fn not_utf8(&self) -> ProtocolError {
        self.socket.not_utf8()
    }

    fn held(&self) -> usize {
        self.socket.held()
    }

    fn overloaded(&self, reason: &str) -> ProtocolError {
        self.socket.overloaded(reason)
    }

    fn close(&mut self, code: u16, reason: &str, out: &mut Vec<u8>) -> Goodbye {
        self.socket.close(code, reason, out);
        Goodbye::Said
    }

    fn finish(&mut self, words: &LastWords, out: &mut Vec<u8>) {
        if let LastWords::Bytes(bytes) = words {
            out.extend_from_slice(bytes);
        }
        self.socket.finish();
    }

    fn awaits_goodbye(&self) -> bool {
        self.socket.awaits_goodbye()
    }

    fn watch(&mut self, look: &Look<'_>, due: &mut Due) -> Option<Overdue> {
        if look.is_busy {
            return None;
        }
        let heartbeat = look.timeouts.heartbeat.get();
        if due.has_passed(look.heard, 2.0 * heartbeat) {
            return Some(Overdue::GiveUp("no answer to a ping within heartbeat"));
        }
        let was_pinged = self.is_pinged;
        self.is_pinged = due.has_passed(look.heard, heartbeat);
        if !self.is_pinged || was_pinged {
            return None;
        }
        let mut ping = Vec::new();
        self.socket.ping(&mut ping);
        Some(Overdue::Ask(ping))
    }
}
