//! A websocket client on a real socket, frame by frame.

use crate::support::client::Client;
use std::net::SocketAddr;

/// Opcodes.
pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// A frame as it came.
#[derive(Debug, PartialEq)]
pub struct Frame {
    pub fin: bool,
    pub opcode: u8,
    pub payload: Vec<u8>,
}

/// A websocket client.
pub struct WebSocket {
    pub client: Client,
}

/// The request that opens a websocket.
pub fn handshake(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// One frame of a client, masked.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![first];
    match payload.len() {
        n @ 0..=125 => frame.push(0x80 | n as u8),
        n @ 126..=65535 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&MASK);
    frame.extend(payload.iter().enumerate().map(|(i, b)| b ^ MASK[i % 4]));
    frame
}

impl WebSocket {
    pub fn connect(address: SocketAddr) -> Self {
        Self::connect_to(address, "/")
    }

    /// Opens a websocket at that path and query.
    pub fn connect_to(address: SocketAddr, path: &str) -> Self {
        Self::shake(Client::connect(address), path)
    }

    /// Opens a websocket on a connection that exists.
    pub fn shake(mut client: Client, path: &str) -> Self {
        client.send(handshake(path));
        let mut socket = Self { client };
        let head = socket.head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        // (the answer to the key of RFC 6455's own example)
        assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
        socket
    }

    /// The answer's head, up to and with the blank line.
    pub fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head.push_str(&self.client.line());
            head.push('\n');
        }
        head
    }

    pub fn text(&mut self, text: &str) {
        self.frame(0x80 | TEXT, text.as_bytes());
    }

    pub fn binary(&mut self, bytes: &[u8]) {
        self.frame(0x80 | BINARY, bytes);
    }

    /// A frame with any first byte (FIN, RSV, opcode).
    pub fn frame(&mut self, first: u8, payload: &[u8]) {
        self.client.send(masked(first, payload));
    }

    /// The next frame.
    pub fn receive(&mut self) -> Frame {
        let header = self.client.bytes(2);
        assert_eq!(header[1] & 0x80, 0, "a server does not mask");
        let length = match header[1] & 0x7f {
            126 => u16::from_be_bytes(self.client.bytes(2).try_into().expect("two")) as usize,
            127 => u64::from_be_bytes(self.client.bytes(8).try_into().expect("eight")) as usize,
            n => n as usize,
        };
        let payload = self.client.bytes(length);
        Frame { fin: header[0] & 0x80 != 0, opcode: header[0] & 0x0f, payload }
    }

    /// The next frame, which must be a whole text.
    pub fn message(&mut self) -> String {
        let frame = self.receive();
        assert!(frame.fin && frame.opcode == TEXT, "{frame:?}");
        String::from_utf8(frame.payload).expect("UTF-8")
    }

    /// Sends a text and gives the answer.
    pub fn ask(&mut self, text: &str) -> String {
        self.text(text);
        self.message()
    }

    /// Waits until the host has handled everything that was sent before: it answers pings in their turn. Nothing else may
    /// come meanwhile.
    pub fn settle(&mut self) {
        self.frame(0x80 | PING, b"settled?");
        let frame = self.receive();
        assert_eq!((frame.opcode, &frame.payload[..]), (PONG, &b"settled?"[..]), "{frame:?}");
    }

    /// Says goodbye with this code; the host repeats it, and then the socket ends.
    pub fn say_goodbye(&mut self, code: u16) {
        self.frame(0x80 | CLOSE, &code.to_be_bytes());
        self.expect_close(code);
    }

    /// The next frame is a close frame with this code, and then the socket ends.
    pub fn expect_close(&mut self, code: u16) {
        let frame = self.receive();
        assert_eq!(frame.opcode, CLOSE, "{frame:?}");
        assert_eq!(frame.payload.get(..2), Some(&code.to_be_bytes()[..]), "{frame:?}");
        self.client.expect_end();
    }
}
