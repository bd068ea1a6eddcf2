//! Clients on real sockets, byte by byte. A client that fails a test prints what went over its wire.

// Older names of what has moved.
use crate::support::wait::{PATIENCE, SILENCE};
#[allow(unused_imports)]
pub use crate::support::websocket::*;
use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    time::Duration,
};

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

    /// A client on a socket that is connected.
    pub fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("timeout");
        Self { stream, received: Vec::new(), transcript: Vec::new() }
    }

    /// From now on an answer may take so long.
    pub fn wait_at_most(&self, time: Duration) {
        self.stream.set_read_timeout(Some(time)).expect("timeout");
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

    /// Nothing has come that nobody has read.
    #[track_caller]
    pub fn expect_nothing_more(&self) {
        assert!(self.received.is_empty(), "more than was asked for: {}", show(&self.received));
    }

    /// Nothing has come, not even the end. For whoever knows that the host has done all that it does.
    #[track_caller]
    pub fn expect_nothing_yet(&self) {
        self.expect_nothing_more();
        assert!(!self.has_news(), "something has come, or the end");
    }

    /// Has something come, or the end, that nobody has read?
    pub fn has_news(&self) -> bool {
        self.stream.set_nonblocking(true).expect("nonblocking");
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).expect("blocking");
        !matches!(peeked, Err(e) if e.kind() == ErrorKind::WouldBlock)
    }

    /// Sends what the peer may not take any more, for it may have closed.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) {
        self.transcript.push(format!("> {}", show(bytes.as_ref())));
        let _ = self.stream.write_all(bytes.as_ref());
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
