//! Clients on real sockets, byte by byte. A client that fails a test prints what went over its wire.

use crate::support::host::PATIENCE;
use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    time::Duration,
};

/// How long a read waits to show that nothing comes.
pub const SILENCE: Duration = Duration::from_millis(120);

/// A TCP client with a transcript.
pub struct Client {
    stream: TcpStream,
    received: Vec<u8>,
    transcript: Vec<String>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("connects");
        stream.set_nodelay(true).expect("nodelay");
        Self::over(stream)
    }

    /// A client whose kernel holds only a few KiB that were not read, so that the peer's queue fills soon.
    pub fn connect_narrow(address: SocketAddr) -> Self {
        let domain = socket2::Domain::for_address(address);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None).expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small window");
        socket.connect(&address.into()).expect("connects");
        Self::over(socket.into())
    }

    /// From now on the kernel takes much again.
    pub fn widen(&self) {
        socket2::SockRef::from(&self.stream).set_recv_buffer_size(1 << 20).expect("a wide window");
    }

    /// A client of a Unix socket.
    pub fn connect_unix(path: &Path) -> Self {
        let stream = UnixStream::connect(path).expect("connects");
        // (all that is used of the stream works for sockets of any family)
        Self::over(TcpStream::from(OwnedFd::from(stream)))
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("timeout");
        Self { stream, received: Vec::new(), transcript: Vec::new() }
    }

    /// Our own address and the server's, as the kernel shows them.
    pub fn addresses(&self) -> (SocketAddr, SocketAddr) {
        let ours = self.stream.local_addr().expect("an address");
        (ours, self.stream.peer_addr().expect("an address"))
    }

    /// The socket itself, for what the methods do not do.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.transcript.push(format!("> {}", show(bytes.as_ref())));
        self.stream.write_all(bytes.as_ref()).expect("the peer takes it");
    }

    /// Sends a line and gives the answer line.
    pub fn ask(&mut self, line: &str) -> String {
        self.send(format!("{line}\n"));
        self.line()
    }

    /// Exactly `n` bytes.
    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        while self.received.len() < n {
            assert!(self.read_more(), "the peer closed with {} of {n} bytes", self.received.len());
        }
        let taken: Vec<u8> = self.received.drain(..n).collect();
        self.transcript.push(format!("< {}", show(&taken)));
        taken
    }

    /// The same, if the peer does not close before.
    pub fn bytes_or_end(&mut self, n: usize) -> Option<Vec<u8>> {
        while self.received.len() < n {
            if !self.read_more() {
                return None;
            }
        }
        Some(self.bytes(n))
    }

    /// The next line, without its line feed.
    pub fn line(&mut self) -> String {
        loop {
            if let Some(at) = self.received.iter().position(|b| *b == b'\n') {
                let mut line = self.bytes(at + 1);
                line.pop();
                return String::from_utf8(line).expect("UTF-8");
            }
            assert!(self.read_more(), "the peer closed in the middle of a line");
        }
    }

    /// Everything until the peer closes.
    pub fn rest(&mut self) -> Vec<u8> {
        while self.read_more() {}
        let all = std::mem::take(&mut self.received);
        self.transcript.push(format!("< {} and the end", show(&all)));
        all
    }

    /// The peer closes without another byte.
    pub fn expect_end(&mut self) {
        let rest = self.rest();
        assert!(rest.is_empty(), "unexpected bytes before the end: {}", show(&rest));
    }

    /// Nothing comes for a while, not even the end.
    pub fn expect_silence(&mut self) {
        assert!(self.received.is_empty(), "unexpected: {}", show(&self.received));
        self.stream.set_read_timeout(Some(SILENCE)).expect("timeout");
        let mut byte = [0];
        let read = self.stream.read(&mut byte);
        self.stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
        match read {
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => (),
            other => panic!("expected silence, got {other:?} {byte:?}"),
        }
    }

    /// Tells the peer that no more is sent, but goes on reading.
    pub fn finish(&mut self) {
        self.stream.shutdown(Shutdown::Write).expect("shutdown");
    }

    /// Ends the connection with a reset.
    pub fn reset(self) {
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).expect("linger");
    }

    /// False: the peer closed (also by a reset).
    fn read_more(&mut self) -> bool {
        let mut buffer = [0; 65536];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(n) => {
                self.received.extend_from_slice(&buffer[..n]);
                true
            }
            Err(e) if e.kind() == ErrorKind::ConnectionReset => false,
            // (a read with a time limit is not taken up again after a signal)
            Err(e) if e.kind() == ErrorKind::Interrupted => true,
            Err(e) => panic!("nothing came: {e}; so far {}", show(&self.received)),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- wire of {:?}", self.stream.local_addr());
            self.transcript.iter().for_each(|line| eprintln!("{line}"));
        }
    }
}

fn show(bytes: &[u8]) -> String {
    let text = bytes[..bytes.len().min(200)].escape_ascii().to_string();
    if bytes.len() > 200 { format!("{text}… ({} bytes)", bytes.len()) } else { text }
}

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
