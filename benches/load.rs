//! The load generator: one thread, one poll loop, frames built beforehand and replies only counted, so that the
//! server on the other core is what limits the rate. It speaks just enough of each protocol to be a client.
//!
//! Usage: `load --addr 127.0.0.1:PORT [--proto ws|text|tcp|http] [--connections 64] [--size 64] [--path /]
//! [--in-flight 1] [--seconds 3]`. With http it asks for the path, and `--size` means nothing. Each connection sends `in-flight` messages with one write and the next ones when all replies are
//! back. The first reply of each connection is compared byte for byte; after it, replies are counted by their length.
//! Half a second of warm-up is not measured. The result is one line of JSON on stdout:
//!
//! - `messages_per_second`, `messages`, `seconds`: what happened in the measured time;
//! - `p50_us`, `p99_us`: from a write to its last reply, so a latency of one message only with `--in-flight 1`;
//! - `total_messages`: warm-up included, to set against the processor time of the server;
//! - `load_busy`: share of the time this program was on a processor. Near 1 it is the bottleneck, not the server.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

/// Time to let connections, caches and allocators settle before counting.
const WARM_UP: Duration = Duration::from_millis(500);
/// A server that says nothing for this long has lost a message.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes taken in one read; a shorter read means that the socket is empty.
const READ_BUFFER: usize = 64 * 1024;
/// Latencies are counted per microsecond up to here; longer ones count as this one.
const LONGEST_US: usize = 100_000;

const HANDSHAKE: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// The answer RFC 6455 (section 1.3) gives for the key above.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn main() -> io::Result<()> {
    if std::env::args().any(|argument| argument == "--bench") {
        return writeln!(io::stderr(), "needs a server: run scripts/bench");
    }
    let options = Options::parse(std::env::args().skip(1))?;
    let summary = run(&options)?;
    writeln!(io::stdout(), "{summary}")
}

#[derive(Clone, Copy, PartialEq)]
enum Protocol {
    Websocket,
    Text,
    Tcp,
    Http,
}

struct Options {
    path: String,
    protocol: Protocol,
    address: SocketAddr,
    connections: usize,
    size: usize,
    in_flight: usize,
    measured: Duration,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> io::Result<Self> {
        let (mut protocol, mut address) = (Protocol::Websocket, None);
        let (mut connections, mut size, mut in_flight, mut seconds) = (64, 64, 1, 3.0);
        let mut path = "/".to_owned();
        while let Some(name) = arguments.next() {
            let value = arguments
                .next()
                .ok_or_else(|| io::Error::other(format!("{name} needs a value")))?;
            match name.as_str() {
                "--proto" => {
                    protocol = match value.as_str() {
                        "ws" => Protocol::Websocket,
                        "text" => Protocol::Text,
                        "tcp" => Protocol::Tcp,
                        "http" => Protocol::Http,
                        _ => {
                            return Err(io::Error::other(format!(
                                "--proto is ws, text, tcp or http, not {value}"
                            )));
                        }
                    }
                }
                "--addr" => address = Some(number(&name, &value)?),
                "--path" => path = value,
                "--connections" => connections = number(&name, &value)?,
                "--size" => size = number(&name, &value)?,
                "--in-flight" => in_flight = number(&name, &value)?,
                "--seconds" => seconds = number(&name, &value)?,
                _ => return Err(io::Error::other(format!("unknown option {name}"))),
            }
        }
        let address = address.ok_or_else(|| io::Error::other("--addr is missing"))?;
        if connections == 0 || size == 0 || in_flight == 0 {
            return Err(io::Error::other("--connections, --size and --in-flight start at 1"));
        }
        let measured = Duration::try_from_secs_f64(seconds).map_err(io::Error::other)?;
        Ok(Self { path, protocol, address, connections, size, in_flight, measured })
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> io::Result<T> {
    value.parse().map_err(|_| io::Error::other(format!("{name} cannot be {value}")))
}

/// What every connection sends and what must come back.
struct Dialogue {
    /// One message; only for the exact check at the start.
    single: Vec<u8>,
    /// All messages of one round.
    batch: Vec<u8>,
    /// The reply to one message; of HTTP, where the date changes, only what it begins with.
    reply: Vec<u8>,
    /// Length of the reply to one message.
    length: usize,
    /// Length of all replies to one batch.
    replies: usize,
}

impl Dialogue {
    fn new(options: &Options) -> io::Result<Self> {
        if options.protocol == Protocol::Http {
            return Self::of_http(options);
        }
        let payload: Vec<u8> = (b'a'..=b'z').cycle().take(options.size).collect();
        let reply = match options.protocol {
            Protocol::Websocket => [header(0, payload.len()), payload.clone()].concat(),
            Protocol::Text => [payload.clone(), b"\n".to_vec()].concat(),
            Protocol::Tcp | Protocol::Http => payload.clone(),
        };
        let message = |index| match options.protocol {
            Protocol::Websocket => masked(&payload, index),
            Protocol::Text | Protocol::Tcp | Protocol::Http => reply.clone(),
        };
        let batch: Vec<u8> = (0..options.in_flight).flat_map(message).collect();
        let length = reply.len();
        Ok(Self { single: message(0), batch, replies: length * options.in_flight, reply, length })
    }

    /// Asks once to learn how long the answer is.
    fn of_http(options: &Options) -> io::Result<Self> {
        let request = format!("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", options.path);
        let mut stream = TcpStream::connect(options.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request.as_bytes())?;
        let head = read_head(&mut stream)?;
        let body = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse::<usize>().ok())
            .ok_or_else(|| io::Error::other(format!("an answer without a length: {head}")))?;
        let length = head.len() + body;
        Ok(Self {
            single: request.clone().into_bytes(),
            batch: request.repeat(options.in_flight).into_bytes(),
            reply: b"HTTP/1.1 200 ".to_vec(),
            length,
            replies: length * options.in_flight,
        })
    }
}

/// The header of a final text frame; `mask_bit` is 0x80 from a client and 0 from a server.
fn header(mask_bit: u8, length: usize) -> Vec<u8> {
    const FINAL_TEXT: u8 = 0x81;
    match length {
        0..126 => vec![FINAL_TEXT, mask_bit | length as u8],
        126..=0xffff => {
            [&[FINAL_TEXT, mask_bit | 126][..], &(length as u16).to_be_bytes()].concat()
        }
        _ => [&[FINAL_TEXT, mask_bit | 127][..], &(length as u64).to_be_bytes()].concat(),
    }
}

/// A client frame. Each message of a batch has its own key, as from a real client; none is zero, which would make
/// unmasking free.
fn masked(payload: &[u8], index: usize) -> Vec<u8> {
    let key = (index as u32).wrapping_add(1).wrapping_mul(0x9e37_79b9).to_be_bytes();
    let mut frame = header(0x80, payload.len());
    frame.extend_from_slice(&key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// A connection that has shaken hands and got one correct reply.
struct Connection {
    stream: mio::net::TcpStream,
    /// Reply bytes still to come for the batch under way.
    owed: usize,
    /// Bytes of the batch not yet taken by the kernel; 0 unless the batch is larger than the socket's buffer.
    unsent: usize,
    sent_at: Instant,
}

impl Connection {
    fn open(options: &Options, dialogue: &Dialogue) -> io::Result<Self> {
        let mut stream = TcpStream::connect(options.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        if options.protocol == Protocol::Websocket {
            shake_hands(&mut stream)?;
        }
        stream.write_all(&dialogue.single)?;
        let mut reply = vec![0; dialogue.length];
        stream.read_exact(&mut reply)?;
        reply.truncate(dialogue.reply.len());
        if reply != dialogue.reply {
            let (got, expected) = (reply.escape_ascii(), dialogue.reply.escape_ascii());
            return Err(io::Error::other(format!("wrong reply: got {got}, expected {expected}")));
        }
        stream.set_nonblocking(true)?;
        let stream = mio::net::TcpStream::from_std(stream);
        Ok(Self { stream, owed: 0, unsent: 0, sent_at: Instant::now() })
    }

    fn begin(&mut self, dialogue: &Dialogue) -> io::Result<()> {
        self.owed = dialogue.replies;
        self.unsent = dialogue.batch.len();
        self.sent_at = Instant::now();
        self.write(dialogue)
    }

    fn write(&mut self, dialogue: &Dialogue) -> io::Result<()> {
        while self.unsent > 0 {
            match self.stream.write(&dialogue.batch[dialogue.batch.len() - self.unsent..]) {
                Ok(length) => self.unsent -= length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Does what the socket allows just now. True when the batch is answered in full.
    fn turn(&mut self, dialogue: &Dialogue, buffer: &mut [u8]) -> io::Result<bool> {
        self.write(dialogue)?;
        self.read(buffer)
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        while self.owed > 0 {
            match self.stream.read(buffer) {
                Ok(0) => return Err(io::Error::other("the server closed a connection")),
                Ok(length) if length > self.owed => {
                    return Err(io::Error::other("more bytes than replies owed"));
                }
                Ok(length) => {
                    self.owed -= length;
                    if length < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(self.owed == 0)
    }
}

fn shake_hands(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(HANDSHAKE.as_bytes())?;
    let response = read_head(stream)?;
    if response.starts_with("HTTP/1.1 101 ") && response.contains(ACCEPT) {
        Ok(())
    } else {
        Err(io::Error::other(format!("not a websocket handshake: {response}")))
    }
}

fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut response = Vec::new();
    let mut byte = [0];
    while !response.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        response.extend_from_slice(&byte);
    }
    Ok(String::from_utf8_lossy(&response).into_owned())
}

fn run(options: &Options) -> io::Result<String> {
    let dialogue = Dialogue::new(options)?;
    let mut load = Load::open(options, &dialogue)?;
    let warm_up = load.exchange(Instant::now() + WARM_UP, |_| ())?;

    let mut latencies = vec![0u64; LONGEST_US + 1];
    let (measured_from, on_processor) = (Instant::now(), processor_time());
    let batches = load.exchange(measured_from + options.measured, |latency| {
        latencies[(latency.as_micros() as usize).min(LONGEST_US)] += 1;
    })?;
    let seconds = measured_from.elapsed().as_secs_f64();
    let busy = match (on_processor, processor_time()) {
        (Some(before), Some(after)) => format!("{:.2}", (after - before).as_secs_f64() / seconds),
        _ => "null".to_owned(),
    };
    let rest = load.drain()?;

    let messages = batches * options.in_flight;
    // One message per connection went through before the rounds began.
    let total = (warm_up + batches + rest) * options.in_flight + options.connections;
    Ok(format!(
        "{{\"messages_per_second\":{:.0}, \"messages\":{messages}, \"seconds\":{seconds:.3}, \"p50_us\":{}, \
         \"p99_us\":{}, \"total_messages\":{total}, \"load_busy\":{busy}}}",
        messages as f64 / seconds,
        percentile(&latencies, 50),
        percentile(&latencies, 99),
    ))
}

/// All connections and the loop that serves them.
struct Load<'a> {
    dialogue: &'a Dialogue,
    connections: Vec<Connection>,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
}

impl<'a> Load<'a> {
    fn open(options: &Options, dialogue: &'a Dialogue) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut connections = Vec::with_capacity(options.connections);
        for index in 0..options.connections {
            let mut connection = Connection::open(options, dialogue)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut connection.stream, Token(index), interest)?;
            connections.push(connection);
        }
        let events = Events::with_capacity(options.connections);
        Ok(Self { dialogue, connections, poll, events, buffer: vec![0; READ_BUFFER] })
    }

    /// Sends and counts until `end`; returns the number of batches answered in full.
    fn exchange(&mut self, end: Instant, mut record: impl FnMut(Duration)) -> io::Result<usize> {
        for connection in self.connections.iter_mut().filter(|connection| connection.owed == 0) {
            connection.begin(self.dialogue)?;
        }
        let mut batches = 0;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(batches);
            }
            self.poll.poll(&mut self.events, Some(left))?;
            for event in &self.events {
                let connection = &mut self.connections[event.token().0];
                if connection.turn(self.dialogue, &mut self.buffer)? {
                    record(connection.sent_at.elapsed());
                    batches += 1;
                    connection.begin(self.dialogue)?;
                }
            }
        }
    }

    /// Waits for the batches still under way, so that a lost message is an error and not a smaller number.
    fn drain(&mut self) -> io::Result<usize> {
        let open = |connections: &[Connection]| {
            connections.iter().filter(|connection| connection.owed > 0).count()
        };
        let batches = open(&self.connections);
        let end = Instant::now() + PATIENCE;
        while open(&self.connections) > 0 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let stuck = open(&self.connections);
                return Err(io::Error::other(format!(
                    "no reply on {stuck} of {batches} connections"
                )));
            }
            self.poll.poll(&mut self.events, Some(left))?;
            for event in &self.events {
                self.connections[event.token().0].turn(self.dialogue, &mut self.buffer)?;
            }
        }
        Ok(batches)
    }
}

/// Time this thread has spent on a processor, where the kernel tells.
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

fn percentile(latencies: &[u64], percent: u64) -> usize {
    let total: u64 = latencies.iter().sum();
    let mut seen = 0;
    latencies
        .iter()
        .position(|count| {
            seen += count;
            seen * 100 >= total * percent
        })
        .unwrap_or(0)
}
