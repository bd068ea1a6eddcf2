//! A client that speaks HTTP/2 frame by frame, so that it can do what no decent one does.

use crate::support::client::Client;
use std::net::SocketAddr;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
pub const GOODBYE: u8 = 7;
const WINDOW: u8 = 8;
const CONTINUATION: u8 = 9;

/// A header in lower case with its value.
pub type Field<'a> = (&'a str, &'a str);

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// On a SETTINGS or PING frame: it is an answer. On others: the stream ends here.
const FLAG: u8 = 1;

/// All headers are in this frame.
const END_HEADERS: u8 = 4;

pub struct Frame {
    pub kind: u8,
    pub stream: u32,
    pub ends: bool,
    /// Of HEADERS and CONTINUATION: is this the last of them?
    pub has_whole_head: bool,
    pub payload: Vec<u8>,
}

impl Frame {
    /// Is this the head of an answer with that status? A status that HPACK has no code for comes as its digits.
    pub fn says(&self, status: &str) -> bool {
        let digits = [&[0x48, 3], status.as_bytes()].concat();
        let shorter = [&[0x48][..], &huffman_digits(status)].concat();
        self.kind == HEADERS
            && (self.payload.starts_with(&digits) || self.payload.starts_with(&shorter))
    }
}

/// Three digits in HPACK's Huffman code (RFC 7541, B), of which 0 to 2 have five bits and the others six, with their length.
fn huffman_digits(digits: &str) -> Vec<u8> {
    let (mut bits, mut count) = (0_u32, 0_u32);
    for digit in digits.bytes().map(|digit| u32::from(digit - b'0')) {
        let (code, length) = if digit < 3 { (digit, 5) } else { (0x19 + digit - 3, 6) };
        bits = bits << length | code;
        count += length;
    }
    let padding = count.next_multiple_of(8) - count;
    bits = bits << padding | ((1 << padding) - 1);
    let bytes = ((count + padding) / 8) as usize;
    [&[0x80 | bytes as u8], &bits.to_be_bytes()[4 - bytes..]].concat()
}

/// One connection.
pub struct Frames {
    client: Client,
    next_stream: u32,
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A GET in HPACK: method, scheme and the names from the static table, path and authority as they are.
fn request(path: &str) -> Vec<u8> {
    let length = u8::try_from(path.len()).expect("a short path");
    [b"\x82\x86\x04", &[length][..], path.as_bytes(), b"\x01\x01x"].concat()
}

/// Fields in HPACK, none of them indexed, with their names as they are.
fn literal(fields: &[Field<'_>]) -> Vec<u8> {
    let mut all = Vec::new();
    for (name, value) in fields {
        let length =
            |text: &str| u8::try_from(text.len()).ok().filter(|n| *n < 127).expect("short");
        all.extend([0, length(name)]);
        all.extend(name.bytes());
        all.push(length(value));
        all.extend(value.bytes());
    }
    all
}

impl Frames {
    /// Says hello; with a `window`, so many bytes of each answer may come.
    pub fn connect(address: SocketAddr, window: Option<u32>) -> Self {
        let mut client = Client::connect(address);
        let window = window.map(|size| [&[0, 4], &size.to_be_bytes()[..]].concat());
        client.send([PREFACE, &frame(SETTINGS, 0, 0, &window.unwrap_or_default())].concat());
        Self { client, next_stream: 1 }
    }

    /// Asks with a GET, and gives the stream's number.
    pub fn ask(&mut self, path: &str) -> u32 {
        self.begin(path, FLAG)
    }

    /// The same with a body whose length is not told.
    pub fn ask_with(&mut self, path: &str, body: &[u8]) -> u32 {
        let stream = self.begin(path, 0);
        self.client.send(frame(DATA, FLAG, stream, body));
        stream
    }

    /// Asks in any way; `ends`: without a body.
    pub fn ask_for(&mut self, method: &str, path: &str, fields: &[Field<'_>], ends: bool) -> u32 {
        let own = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "x")];
        let head = [literal(&own), literal(fields)].concat();
        let stream = self.next_stream;
        self.next_stream += 2;
        self.client.send(frame(HEADERS, END_HEADERS | u8::from(ends), stream, &head));
        stream
    }

    /// Ends a body with these.
    pub fn trailers(&mut self, stream: u32, fields: &[Field<'_>]) {
        self.client.send(frame(HEADERS, END_HEADERS | FLAG, stream, &literal(fields)));
    }

    /// Sends whole frames of any kind.
    pub fn send(&mut self, frames: &[u8]) {
        self.client.send(frames);
    }

    fn begin(&mut self, path: &str, flag: u8) -> u32 {
        let stream = self.next_stream;
        self.next_stream += 2;
        self.client.send(frame(HEADERS, END_HEADERS | flag, stream, &request(path)));
        stream
    }

    /// Does not want an answer any more.
    pub fn reset(&mut self, stream: u32) {
        self.client.send(frame(RESET, 0, stream, &8_u32.to_be_bytes()));
    }

    /// `n` more bytes of a stream may come.
    pub fn widen(&mut self, stream: u32, n: u32) {
        self.client.send(frame(WINDOW, 0, stream, &n.to_be_bytes()));
    }

    /// Waits until the host has seen all that was sent.
    pub fn settle(&mut self) {
        self.client.send(frame(PING, 0, 0, b"seen it?"));
        loop {
            let frame = self.read().expect("the connection lives");
            if frame.kind == PING && frame.ends {
                return;
            }
        }
    }

    /// The next frame that is not about the connection itself. `None`: the end.
    pub fn next(&mut self) -> Option<Frame> {
        loop {
            let frame = self.read()?;
            if ![SETTINGS, PING, WINDOW].contains(&frame.kind) {
                return Some(frame);
            }
        }
    }

    /// The next frame, which is answered if it has to be.
    fn read(&mut self) -> Option<Frame> {
        let head = self.client.bytes_or_end(9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let payload = self.client.bytes_or_end(length as usize)?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let (kind, ends) = (head[3], head[4] & FLAG != 0);
        let has_whole_head = [HEADERS, CONTINUATION].contains(&kind) && head[4] & END_HEADERS != 0;
        match kind {
            SETTINGS if !ends => self.client.send(frame(SETTINGS, FLAG, 0, b"")),
            PING if !ends => self.client.send(frame(PING, FLAG, 0, &payload)),
            _ => (),
        }
        Some(Frame { kind, stream, ends, has_whole_head, payload })
    }

    /// The head that comes on one stream, while other frames are passed over.
    pub fn head(&mut self, stream: u32) -> Frame {
        loop {
            let frame = self.next().expect("the connection lives");
            if (frame.kind, frame.stream) == (HEADERS, stream) {
                return frame;
            }
        }
    }

    /// The body that comes on one stream, while those of others are passed over; `None`: it was reset.
    pub fn body(&mut self, stream: u32) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let frame = self.next().expect("the connection lives");
            if frame.stream != stream {
                continue;
            }
            match frame.kind {
                RESET => return None,
                DATA => body.extend_from_slice(&frame.payload),
                _ => (),
            }
            if frame.ends {
                return Some(body);
            }
        }
    }

    /// What an answer says in text.
    pub fn text(&mut self, path: &str) -> String {
        let stream = self.ask(path);
        String::from_utf8(self.body(stream).expect("an answer")).expect("text")
    }
}
