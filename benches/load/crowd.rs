//! All connections and the loop that serves them, round by round.

use std::io;
use std::net::TcpStream;
use std::ops::Range;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::connection::Connection;
use crate::options::{Options, Protocol};
use crate::{protocol, wire};

/// Bytes taken in one read; a shorter read means that the socket is empty.
const READ_BUFFER: usize = 64 * 1024;

/// Connections that begin their rounds together.
struct Group {
    members: Range<usize>,
    /// Members that are still owed replies.
    waiting: usize,
    begun: Instant,
}

pub struct Crowd {
    connections: Vec<Connection>,
    groups: Vec<Group>,
    messages_per_round: usize,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
}

impl Crowd {
    pub fn open(options: &Options) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut connections = protocol::open(options)?;
        for (index, connection) in connections.iter_mut().enumerate() {
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut connection.stream, Token(index), interest)?;
        }
        let mut groups: Vec<Group> = Vec::new();
        for (index, connection) in connections.iter().enumerate() {
            match groups.get_mut(connection.group) {
                Some(group) => group.members.end = index + 1,
                None => groups.push(Group {
                    members: index..index + 1,
                    waiting: 0,
                    begun: Instant::now(),
                }),
            }
        }
        let fanned_out = if options.protocol == Protocol::Fanout { options.connections } else { 1 };
        Ok(Self {
            events: Events::with_capacity(connections.len()),
            messages_per_round: options.in_flight * fanned_out,
            connections,
            groups,
            poll,
            buffer: vec![0; READ_BUFFER],
        })
    }

    /// Messages that have arrived when a round is over.
    pub fn messages_per_round(&self) -> usize {
        self.messages_per_round
    }

    /// Sends and counts until `end`; returns the number of rounds answered in full.
    pub fn exchange(
        &mut self,
        end: Instant,
        mut record: impl FnMut(Duration),
    ) -> io::Result<usize> {
        for group in self.groups.iter_mut().filter(|group| group.waiting == 0) {
            group.begin(&mut self.connections)?;
        }
        let mut rounds = 0;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(rounds);
            }
            self.poll.poll(&mut self.events, Some(left))?;
            for event in &self.events {
                let connection = &mut self.connections[event.token().0];
                if connection.turn(&mut self.buffer)? {
                    let group = &mut self.groups[connection.group];
                    group.waiting -= 1;
                    if group.waiting == 0 {
                        record(group.begun.elapsed());
                        rounds += 1;
                        group.begin(&mut self.connections)?;
                    }
                }
            }
        }
    }

    /// Waits for the rounds still under way, so that a lost message is an error and not a smaller number.
    pub fn drain(&mut self) -> io::Result<()> {
        let end = Instant::now() + wire::PATIENCE;
        loop {
            let owed = self.connections.iter().filter(|connection| connection.is_owed()).count();
            let left = end.saturating_duration_since(Instant::now());
            if owed == 0 {
                return Ok(());
            } else if left.is_zero() {
                return Err(io::Error::other(format!("no reply on {owed} connections")));
            }
            self.poll.poll(&mut self.events, Some(left))?;
            for event in &self.events {
                self.connections[event.token().0].turn(&mut self.buffer)?;
            }
        }
    }
}

impl Group {
    fn begin(&mut self, connections: &mut [Connection]) -> io::Result<()> {
        let members = &mut connections[self.members.clone()];
        self.waiting = members.len();
        self.begun = Instant::now();
        members.iter_mut().for_each(Connection::begin);
        members.iter_mut().try_for_each(Connection::write)
    }
}

/// Websockets that say nothing until they are dropped.
pub fn open_idle(options: &Options) -> io::Result<Vec<TcpStream>> {
    (0..options.idle).map(|_| wire::connect_websocket(options.address)).collect()
}
