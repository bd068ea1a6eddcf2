//! RFC 6455 from the answered request on, server side, on tungstenite's close codes. Assembling messages is our own, because tungstenite's reader keeps
//! a buffer for every connection and reserves a frame's announced length at once: 14 bytes of a stranger would cost
//! `max_package_size` of memory. Here a frame lies in the shared read buffer until it is whole.
//!
//! # Websocket messages are put together by our own code
//!
//! Websocket messages are put together by our own code, on tungstenite's close codes. Its reader keeps a buffer for
//! each connection and reserves a frame's announced length at once: 14 bytes of a stranger would cost
//! `max_package_size` of memory. Here a frame lies in the shared read buffer until it is whole. Its parser of
//! headers reads them through a cursor, for 400 instructions of each message; ours takes 130.

mod header;

use super::{Codec, Decoded, Kind, LastWords, ProtocolError};
use header::{BINARY, CLOSE, CONTINUATION, Header, MAX_CONTROL, PING, PONG, TEXT, frame, unmask};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    /// Our close frame is out: only the peer's matters now.
    Closing,
    Closed,
}

/// The frames of a message that has not ended.
struct Fragments {
    kind: Kind,
    data: Vec<u8>,
    /// So many bytes of a text are known to be UTF-8; the rest is the beginning of a character.
    checked: usize,
}

/// One connection's state, from the answer to its request on.
#[derive(Default)]
pub(crate) struct WebSocket {
    phase: Phase,
    fragments: Option<Box<Fragments>>,
}

impl WebSocket {
    /// Did we say goodbye, and the peer not yet?
    pub(crate) fn awaits_goodbye(&self) -> bool {
        self.phase == Phase::Closing
    }

    /// Nothing that the peer may still send counts.
    pub(crate) fn finish(&mut self) {
        self.phase = Phase::Closed;
        self.fragments = None;
    }

    /// Starts the closing handshake: from now on only the peer's close frame counts.
    pub(crate) fn close(&mut self, code: u16, reason: &str, out: &mut Vec<u8>) {
        if self.phase == Phase::Open {
            self.phase = Phase::Closing;
            close_frame(code, reason, out);
        }
    }

    /// Bytes that are kept of a message that comes in fragments.
    pub(crate) fn held(&self) -> usize {
        self.fragments.as_ref().map_or(0, |fragments| fragments.data.len())
    }

    /// There is no room for the message that is on its way. Why, is nothing for strangers.
    pub(crate) fn overloaded(&self, reason: &str) -> ProtocolError {
        let told = broken(CloseCode::Again, "try again later");
        ProtocolError { reason: reason.to_owned(), ..told }
    }

    /// Appends a ping.
    pub(crate) fn ping(&self, out: &mut Vec<u8>) {
        frame(PING, b"", out);
    }

    fn control(
        &mut self,
        opcode: u8,
        payload: &[u8],
        consumed: usize,
        out: &mut Vec<u8>,
    ) -> Result<Decoded, ProtocolError> {
        match opcode {
            PING if self.phase == Phase::Open => {
                frame(PONG, payload, out);
            }
            CLOSE => {
                let code = close_code(payload)?;
                if self.phase == Phase::Open {
                    close_frame(code, "", out);
                }
                self.phase = Phase::Closed;
                return Ok(Decoded::Goodbye);
            }
            _ => (),
        }
        Ok(Decoded::Control { consumed })
    }

    /// A data frame whose payload lies unmasked in `buffer[payload]`.
    fn data(
        &mut self,
        header: &Header,
        buffer: &[u8],
        payload: std::ops::Range<usize>,
    ) -> Result<Decoded, ProtocolError> {
        let consumed = payload.end;
        if self.phase != Phase::Open {
            return Ok(Decoded::Control { consumed });
        }
        let kind = match (header.opcode, &self.fragments) {
            (CONTINUATION, None) => {
                return Err(broken(CloseCode::Protocol, "a continuation of no message"));
            }
            (CONTINUATION, Some(fragments)) => fragments.kind,
            (_, Some(_)) => {
                return Err(broken(CloseCode::Protocol, "a new message inside a fragmented one"));
            }
            (TEXT, None) => Kind::Text,
            (_, None) => Kind::Binary,
        };
        if header.is_final && self.fragments.is_none() {
            return Ok(Decoded::Message { kind, payload, consumed });
        }
        let mut fragments = self
            .fragments
            .take()
            .unwrap_or_else(|| Box::new(Fragments { kind, data: Vec::new(), checked: 0 }));
        fragments.data.extend_from_slice(&buffer[payload]);
        if kind == Kind::Text && !fragments.check(header.is_final) {
            return Err(self.not_utf8());
        }
        if header.is_final {
            return Ok(Decoded::Assembled { kind, payload: fragments.data, consumed });
        }
        self.fragments = Some(fragments);
        Ok(Decoded::Control { consumed })
    }
}

impl Fragments {
    /// Is the text so far UTF-8? Completion at once, not at the end of a message that may be ten megabytes away.
    fn check(&mut self, whole: bool) -> bool {
        match std::str::from_utf8(&self.data[self.checked..]) {
            Ok(_) => self.checked = self.data.len(),
            Err(e) if e.error_len().is_some() => return false,
            Err(e) => self.checked += e.valid_up_to(),
        }
        !whole || self.checked == self.data.len()
    }
}

impl Codec for WebSocket {
    fn decode(
        &mut self,
        buffer: &mut [u8],
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Decoded, ProtocolError> {
        if self.phase == Phase::Closed {
            return Ok(Decoded::Goodbye);
        }
        let header = Header::parse(buffer).map_err(|why| broken(CloseCode::Protocol, &why))?;
        let Some(header) = header else { return Ok(Decoded::More) };
        let (start, length, is_data) = (header.size, header.length, header.opcode < CLOSE);
        let joined = self.fragments.as_ref().map_or(0, |f| f.data.len() as u64);
        if is_data && length.saturating_add(joined) > limit as u64 {
            let size = length.saturating_add(joined);
            return Err(broken(
                CloseCode::Size,
                &format!("a message of {size} bytes or more, max_package_size is {limit}"),
            ));
        }
        let end = start + length as usize;
        if buffer.len() < end {
            return Ok(Decoded::More);
        }
        unmask(&mut buffer[start..end], header.mask);
        match is_data {
            true => self.data(&header, buffer, start..end),
            false => self.control(header.opcode, &buffer[start..end], end, out),
        }
    }

    fn encode(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let opcode = match kind {
            Kind::Text => TEXT,
            Kind::Binary => BINARY,
        };
        frame(opcode, payload, out);
        Ok(())
    }

    fn not_utf8(&self) -> ProtocolError {
        broken(CloseCode::Invalid, "text that is not valid UTF-8")
    }
}

fn close_frame(code: u16, reason: &str, out: &mut Vec<u8>) {
    // 125 bytes in all: two for the code.
    let mut end = reason.len().min(MAX_CONTROL - 2);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(&reason.as_bytes()[..end]);
    frame(CLOSE, &payload, out);
}

/// The code to answer a close frame with: the peer's own, or 1000 where it gave none.
fn close_code(payload: &[u8]) -> Result<u16, ProtocolError> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return match payload.is_empty() {
            true => Ok(CloseCode::Normal.into()),
            false => Err(broken(CloseCode::Protocol, "a close frame with half a code")),
        };
    };
    let code = u16::from_be_bytes(*code);
    if !CloseCode::from(code).is_allowed() {
        return Err(broken(CloseCode::Protocol, &format!("close code {code} is not allowed")));
    }
    if std::str::from_utf8(reason).is_err() {
        return Err(broken(CloseCode::Invalid, "a close reason that is not valid UTF-8"));
    }
    Ok(code)
}

fn broken(code: CloseCode, reason: &str) -> ProtocolError {
    let mut reply = Vec::new();
    close_frame(code.into(), reason, &mut reply);
    ProtocolError { reason: reason.to_owned(), reply: LastWords::Bytes(reply) }
}
