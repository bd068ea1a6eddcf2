//! How the connections of each load are opened, checked with one message, and what they then send and are owed.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::thread::sleep;
use std::time::Duration;

use crate::connection::Connection;
use crate::options::{Options, Protocol};
use crate::wire;

/// Time a server gets to handle a login before the next try to push to it.
const LOGIN: Duration = Duration::from_millis(1);

/// All connections, those of one group behind one another.
pub fn open(options: &Options) -> io::Result<Vec<Connection>> {
    match options.protocol {
        Protocol::Push => open_push(options),
        Protocol::Fanout => open_fanout(options),
        Protocol::Http => open_http(options),
        Protocol::Websocket | Protocol::Text | Protocol::Tcp => open_echo(options),
    }
}

fn open_echo(options: &Options) -> io::Result<Vec<Connection>> {
    let payload = payload(options.size);
    let reply = match options.protocol {
        Protocol::Websocket => wire::frame(&payload),
        Protocol::Text => line(&payload),
        _ => payload.clone(),
    };
    let message = |index| match options.protocol {
        Protocol::Websocket => wire::masked_frame(&payload, index),
        _ => reply.clone(),
    };
    let batch: Rc<[u8]> = (0..options.in_flight).flat_map(message).collect();
    let open = |group| {
        let mut stream = match options.protocol {
            Protocol::Websocket => wire::connect_websocket(options.address)?,
            _ => wire::connect(options.address)?,
        };
        stream.write_all(&message(0))?;
        expect(&mut stream, &reply)?;
        Connection::new(stream, group, batch.clone(), reply.len() * options.in_flight)
    };
    (0..options.connections).map(open).collect()
}

/// The length of an answer is learnt from the first one; of the date, only the value changes.
fn open_http(options: &Options) -> io::Result<Vec<Connection>> {
    let request = format!("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", options.path);
    let mut stream = wire::connect(options.address)?;
    stream.write_all(request.as_bytes())?;
    let head = wire::read_head(&mut stream)?;
    let body = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .ok_or_else(|| io::Error::other(format!("an answer without a length: {head}")))?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(io::Error::other(format!("not the answer wanted: {head}")));
    }
    let replies = (head.len() + body) * options.in_flight;
    let batch: Rc<[u8]> = request.repeat(options.in_flight).into_bytes().into();
    (0..options.connections)
        .map(|group| {
            Connection::new(wire::connect(options.address)?, group, batch.clone(), replies)
        })
        .collect()
}

fn open_push(options: &Options) -> io::Result<Vec<Connection>> {
    const PUSHED: &[u8] = b"ok\n";
    const OFFLINE: &[u8] = b"fail\n";
    let mut connections = Vec::with_capacity(2 * options.connections);
    for group in 0..options.connections {
        let uid = format!("uid{group}");
        let message = format!("{{\"uid\":\"{uid}\",\"percent\":\"88%\"}}").into_bytes();
        let (pushed, arrival) = (line(&message), wire::frame(&message));
        let mut page = wire::connect_websocket(options.address)?;
        page.write_all(&wire::masked_frame(uid.as_bytes(), group))?;
        let mut backend = wire::connect(options.push_address)?;
        loop {
            backend.write_all(&pushed)?;
            let mut answer = vec![0; PUSHED.len()];
            backend.read_exact(&mut answer)?;
            if answer == PUSHED {
                break;
            }
            let mut rest = vec![0; OFFLINE.len() - PUSHED.len()];
            backend.read_exact(&mut rest)?;
            if [answer, rest].concat() != OFFLINE {
                return Err(io::Error::other("a push was answered neither ok nor fail"));
            }
            sleep(LOGIN);
        }
        expect(&mut page, &arrival)?;
        let replies = |reply: &[u8]| reply.len() * options.in_flight;
        let batch = pushed.repeat(options.in_flight).into();
        connections.push(Connection::new(backend, group, batch, replies(PUSHED))?);
        connections.push(Connection::new(page, group, Rc::default(), replies(&arrival))?);
    }
    Ok(connections)
}

fn open_fanout(options: &Options) -> io::Result<Vec<Connection>> {
    let payload = payload(options.size);
    let arrival = wire::frame(&payload);
    let mut streams = (0..options.connections)
        .map(|_| wire::connect_websocket(options.address))
        .collect::<io::Result<Vec<TcpStream>>>()?;
    streams[0].write_all(&wire::masked_frame(&payload, 0))?;
    for stream in &mut streams {
        expect(stream, &arrival)?;
    }
    let batch: Rc<[u8]> =
        (0..options.in_flight).flat_map(|index| wire::masked_frame(&payload, index)).collect();
    let sender = |index| if index == 0 { batch.clone() } else { Rc::default() };
    let replies = arrival.len() * options.in_flight;
    let connection = |(index, stream)| Connection::new(stream, 0, sender(index), replies);
    streams.into_iter().enumerate().map(connection).collect()
}

fn payload(size: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().take(size).collect()
}

fn line(payload: &[u8]) -> Vec<u8> {
    [payload, b"\n"].concat()
}

fn expect(stream: &mut TcpStream, expected: &[u8]) -> io::Result<()> {
    let mut reply = vec![0; expected.len()];
    stream.read_exact(&mut reply)?;
    if reply == expected {
        return Ok(());
    }
    let (got, expected) = (reply.escape_ascii(), expected.escape_ascii());
    Err(io::Error::other(format!("wrong reply: got {got}, expected {expected}")))
}
