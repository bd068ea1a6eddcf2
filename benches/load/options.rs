//! The command line of the load generator.

use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq)]
pub enum Protocol {
    Websocket,
    Text,
    Tcp,
    Http,
    Push,
    Fanout,
}

impl FromStr for Protocol {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Ok(match name {
            "ws" => Self::Websocket,
            "text" => Self::Text,
            "tcp" => Self::Tcp,
            "http" => Self::Http,
            "push" => Self::Push,
            "fanout" => Self::Fanout,
            _ => return Err(()),
        })
    }
}

pub struct Options {
    pub path: String,
    pub protocol: Protocol,
    pub address: SocketAddr,
    /// Where the backends of `push` connect.
    pub push_address: SocketAddr,
    pub connections: usize,
    pub size: usize,
    pub in_flight: usize,
    pub idle: usize,
    pub measured: Duration,
    /// Process id of the server, whose use of processor and memory is read.
    pub server: Option<i32>,
}

impl Options {
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> io::Result<Self> {
        let (mut protocol, mut address, mut push_address) = (Protocol::Websocket, None, None);
        let (mut connections, mut size, mut in_flight, mut idle) = (64, 64, 1, 0);
        let (mut path, mut seconds, mut server) = ("/".to_owned(), 3.0, None);
        while let Some(name) = arguments.next() {
            let value = arguments
                .next()
                .ok_or_else(|| io::Error::other(format!("{name} needs a value")))?;
            match name.as_str() {
                "--proto" => protocol = parsed(&name, &value)?,
                "--addr" => address = Some(parsed(&name, &value)?),
                "--push-addr" => push_address = Some(parsed(&name, &value)?),
                "--path" => path = value,
                "--connections" => connections = parsed(&name, &value)?,
                "--size" => size = parsed(&name, &value)?,
                "--in-flight" => in_flight = parsed(&name, &value)?,
                "--idle" => idle = parsed(&name, &value)?,
                "--seconds" => seconds = parsed(&name, &value)?,
                "--server" => server = Some(parsed(&name, &value)?),
                _ => return Err(io::Error::other(format!("unknown option {name}"))),
            }
        }
        let address = address.ok_or_else(|| io::Error::other("--addr is missing"))?;
        if protocol == Protocol::Push && push_address.is_none() {
            return Err(io::Error::other("--push-addr is missing"));
        }
        if connections == 0 || size == 0 || in_flight == 0 {
            return Err(io::Error::other("--connections, --size and --in-flight start at 1"));
        }
        let measured = Duration::try_from_secs_f64(seconds).map_err(io::Error::other)?;
        let push_address = push_address.unwrap_or(address);
        Ok(Self {
            path,
            protocol,
            address,
            push_address,
            connections,
            size,
            in_flight,
            idle,
            measured,
            server,
        })
    }
}

fn parsed<T: FromStr>(name: &str, value: &str) -> io::Result<T> {
    value.parse().map_err(|_| io::Error::other(format!("{name} cannot be {value}")))
}
