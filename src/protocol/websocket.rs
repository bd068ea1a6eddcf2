//! RFC 6455, server side, on tungstenite's close codes. Assembling messages is our own, because tungstenite's reader keeps
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

use super::{Broken, Framer, Kind, Step, handshake};
use header::{BINARY, CLOSE, CONTINUATION, Header, MAX_CONTROL, PING, PONG, TEXT, frame, unmask};
use tungstenite::protocol::frame::coding::CloseCode;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The HTTP request is not complete.
    Request,
    /// It is, and waits for `accept` or `refuse`.
    Deciding,
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

/// `websocket://`: one connection's state.
pub(crate) struct WebSocket {
    phase: Phase,
    /// Has the script sent bytes of its own before the request was answered? Then they are the answer.
    is_answered: bool,
    fragments: Option<Box<Fragments>>,
}

impl Default for WebSocket {
    fn default() -> Self {
        Self { phase: Phase::Request, is_answered: false, fragments: None }
    }
}

impl WebSocket {
    /// One whose request has been read already.
    pub(crate) fn deciding() -> Self {
        Self { phase: Phase::Deciding, ..Self::default() }
    }

    /// The script has sent bytes as they are.
    pub(crate) fn note_raw(&mut self) {
        self.is_answered |= !self.is_shaken();
    }

    /// May messages be sent? Before, they are held back by the connection.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Closing)
    }

    /// Has the handshake been answered, one way or the other?
    pub(crate) fn is_shaken(&self) -> bool {
        !matches!(self.phase, Phase::Request | Phase::Deciding)
    }

    /// Did we say goodbye, and the peer not yet?
    pub(crate) fn awaits_goodbye(&self) -> bool {
        self.phase == Phase::Closing
    }

    /// Nothing that the peer may still send counts.
    pub(crate) fn finish(&mut self) {
        self.phase = Phase::Closed;
    }

    /// Answers the request with 101.
    pub(crate) fn accept(
        &mut self,
        request: &handshake::Request,
        extra: &[(String, String)],
        out: &mut Vec<u8>,
    ) {
        handshake::accept(request, extra, out);
        self.phase = Phase::Open;
    }

    /// Answers the request with an HTTP error; the connection has to be closed after it.
    pub(crate) fn refuse(&mut self, refusal: &handshake::Refusal, out: &mut Vec<u8>) {
        if !self.is_answered {
            out.extend_from_slice(&handshake::refuse(refusal));
        }
        self.phase = Phase::Closed;
    }

    /// Starts the closing handshake: from now on only the peer's close frame counts.
    pub(crate) fn close(&mut self, code: u16, reason: &str, out: &mut Vec<u8>) {
        if self.phase == Phase::Open {
            self.phase = Phase::Closing;
            close_frame(code, reason, out);
        }
    }

    /// Appends a ping.
    pub(crate) fn ping(&self, out: &mut Vec<u8>) {
        frame(PING, b"", out);
    }

    pub(crate) fn not_utf8(&self) -> Broken {
        broken(CloseCode::Invalid, "text that is not valid UTF-8")
    }

    fn control(
        &mut self,
        opcode: u8,
        payload: &[u8],
        consumed: usize,
        out: &mut Vec<u8>,
    ) -> Result<Step, Broken> {
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
                return Ok(Step::Goodbye);
            }
            _ => (),
        }
        Ok(Step::Control { consumed })
    }

    /// A data frame whose payload lies unmasked in `buffer[payload]`.
    fn data(
        &mut self,
        header: &Header,
        buffer: &[u8],
        payload: std::ops::Range<usize>,
    ) -> Result<Step, Broken> {
        let consumed = payload.end;
        if self.phase != Phase::Open {
            return Ok(Step::Control { consumed });
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
            return Ok(Step::Message { kind, payload, consumed });
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
            return Ok(Step::Assembled { kind, payload: fragments.data, consumed });
        }
        self.fragments = Some(fragments);
        Ok(Step::Control { consumed })
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

impl Framer for WebSocket {
    fn step(&mut self, buffer: &mut [u8], out: &mut Vec<u8>, limit: usize) -> Result<Step, Broken> {
        match self.phase {
            Phase::Request => {
                return Ok(match handshake::parse(buffer)? {
                    None => Step::More,
                    Some((consumed, request)) => {
                        self.phase = Phase::Deciding;
                        Step::Handshake { request: Box::new(request), consumed }
                    }
                });
            }
            Phase::Deciding => return Ok(Step::More),
            Phase::Closed => return Ok(Step::Goodbye),
            Phase::Open | Phase::Closing => (),
        }
        let header = Header::parse(buffer).map_err(|why| broken(CloseCode::Protocol, &why))?;
        let Some(header) = header else { return Ok(Step::More) };
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
            return Ok(Step::More);
        }
        unmask(&mut buffer[start..end], header.mask);
        match is_data {
            true => self.data(&header, buffer, start..end),
            false => self.control(header.opcode, &buffer[start..end], end, out),
        }
    }

    fn encode(&self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let opcode = match kind {
            Kind::Text => TEXT,
            Kind::Binary => BINARY,
        };
        frame(opcode, payload, out);
        Ok(())
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
fn close_code(payload: &[u8]) -> Result<u16, Broken> {
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

fn broken(code: CloseCode, reason: &str) -> Broken {
    let mut reply = Vec::new();
    close_frame(code.into(), reason, &mut reply);
    Broken { reason: reason.to_owned(), reply }
}
