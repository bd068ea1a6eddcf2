//! One connection of the load: what it writes in a round, and how many bytes of replies it then is owed.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::rc::Rc;

/// A connection that has shaken hands and got one correct reply.
pub struct Connection {
    pub stream: mio::net::TcpStream,
    /// The connections that have their rounds together with this one.
    pub group: usize,
    /// What it writes in each round; nothing if another one of its group does.
    batch: Rc<[u8]>,
    /// Bytes of replies to one round.
    replies: usize,
    /// Reply bytes still to come in the round under way.
    owed: usize,
    /// Bytes of the batch not yet taken by the kernel; 0 unless the batch is larger than the socket's buffer.
    unsent: usize,
}

impl Connection {
    pub fn new(
        stream: TcpStream,
        group: usize,
        batch: Rc<[u8]>,
        replies: usize,
    ) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let stream = mio::net::TcpStream::from_std(stream);
        Ok(Self { stream, group, batch, replies, owed: 0, unsent: 0 })
    }

    /// A new round: from now on replies are owed. `write` sends the batch.
    pub fn begin(&mut self) {
        self.owed = self.replies;
        self.unsent = self.batch.len();
    }

    pub fn is_owed(&self) -> bool {
        self.owed > 0
    }

    pub fn write(&mut self) -> io::Result<()> {
        while self.unsent > 0 {
            match self.stream.write(&self.batch[self.batch.len() - self.unsent..]) {
                Ok(length) => self.unsent -= length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Does what the socket allows just now. True when the last reply of the round came with it.
    pub fn turn(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        self.write()?;
        Ok(self.is_owed() && self.read(buffer)?)
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
