//! What carries the bytes of a connection, as one object: sockets of TCP and Unix, and a pair inside of one isolate. It is
//! asked for readiness instead of its descriptor, so that one which holds bytes that it has read already can say so.

mod info;
mod memory;
mod unsent;

pub(crate) use info::{ConnInfo, TransportKind};
pub(crate) use memory::{MemoryEnd, Permit};

use rustix::{
    event::{PollFd, PollFlags, poll},
    time::Timespec,
};
use std::{
    future::poll_fn,
    io,
    net::Shutdown,
    os::fd::{AsFd, AsRawFd, OwnedFd, RawFd},
    rc::Rc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::Interest,
    net::{TcpStream, UnixStream},
};

/// Which way bytes are to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// See the module. All of it can be called on a shared one: reading and writing are one connection's, by whatever task.
pub(crate) enum Transport {
    Tcp(TcpStream),
    Unix(UnixStream),
    Memory(MemoryEnd),
}

/// Does the same with a socket of either kind, or something else with the end of a pair in memory.
macro_rules! each {
    ($self:expr, $socket:ident => $of_socket:expr, $end:ident => $of_memory:expr) => {
        match $self {
            Transport::Tcp($socket) => $of_socket,
            Transport::Unix($socket) => $of_socket,
            Transport::Memory($end) => $of_memory,
        }
    };
}

impl Transport {
    /// What is known of both ends.
    pub(crate) fn info(&self) -> ConnInfo {
        match self {
            Transport::Tcp(socket) => {
                ConnInfo::tcp(socket.peer_addr().ok(), socket.local_addr().ok())
            }
            Transport::Unix(_) => ConnInfo::unix(),
            Transport::Memory(end) => end.info.clone(),
        }
    }

    /// Its descriptor, if it has one.
    pub(crate) fn descriptor(&self) -> Option<RawFd> {
        each!(self, socket => Some(socket.as_raw_fd()), _end => None)
    }

    /// What a connection of this kind occupies until its last handler has ended, whatever became of its peer.
    pub(crate) fn permit(&self) -> Option<Permit> {
        each!(self, _socket => None, end => end.permit.clone())
    }

    /// Reads what is there; 0 is the peer's end. A read that does not fill `into` has emptied the transport: it is asked
    /// again when more has come.
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        each!(self, socket => loop {
            ready!(socket.poll_read_ready(cx))?;
            let mut read = None;
            let tried = socket.try_io(Interest::READABLE, || {
                let n = rustix::io::read(socket, &mut *into)?;
                read = Some(n);
                // Of a socket that is empty now the loop is to forget that it could be read, without asking once more.
                if 0 < n && n < into.len() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
            });
            match (read, tried) {
                (Some(n), _) => return Poll::Ready(Ok(n)),
                (None, Err(e)) if is_passing(&e) => (),
                (None, Err(e)) => return Poll::Ready(Err(e)),
                (None, Ok(())) => (),
            }
        }, end => end.poll_take(cx, into))
    }

    /// Writes what fits; `WouldBlock` when that is nothing.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        each!(self, socket => socket.try_write(bytes), end => end.try_write(bytes))
    }

    /// Bytes that were written and that the peer has not taken yet.
    pub(crate) fn unsent(&self) -> usize {
        each!(self, socket => unsent::unsent(socket), end => end.unsent())
    }

    /// Whether it may be read from, or written to, without waiting. Cheaper than to try.
    pub(crate) fn poll_ready(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<()>> {
        match direction {
            Direction::Read => {
                each!(self, socket => socket.poll_read_ready(cx), _end => Poll::Ready(Ok(())))
            }
            Direction::Write => {
                each!(self, socket => socket.poll_write_ready(cx), end => end.poll_writable(cx))
            }
        }
    }

    /// Waits until the connection is broken (reset by the peer, or given up by the kernel). An orderly end is not that.
    pub(crate) async fn broken(self: Rc<Self>) {
        // An error means that there is nothing to wait for any more.
        each!(&*self, socket => drop(socket.ready(Interest::ERROR).await), end => {
            poll_fn(|cx| end.poll_broken(cx)).await;
        });
    }

    /// Tells the peer that nothing more comes. `WouldBlock`: to be tried again when it can be written to, for that takes
    /// bytes of its own and there was no room for them.
    pub(crate) fn try_shutdown(&self) -> io::Result<()> {
        each!(self, socket => socket2::SockRef::from(socket).shutdown(Shutdown::Write), end => {
            end.shutdown();
            Ok(())
        })
    }

    /// Whether the kernel may send a file by itself, past everything that this adds to the bytes.
    pub(crate) fn can_sendfile(&self) -> bool {
        each!(self, _socket => true, _end => false)
    }

    /// Another descriptor of the socket, if it is one and the process may have more of them.
    pub(crate) fn duplicate(&self) -> Option<OwnedFd> {
        each!(self, socket => socket.as_fd().try_clone_to_owned().ok(), _end => None)
    }

    /// Somebody found the socket full who does not write through this: waiting for it to take more is to wait until it does.
    pub(crate) fn note_full(&self) {
        // Not if it has been emptied since, for nobody would tell of that again.
        let noted = each!(
            self,
            socket => socket.try_io(Interest::WRITABLE, || has_room(socket)),
            _end => Ok(())
        );
        drop(noted);
    }
}

/// Whether an attempt is to be repeated.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// Fails with `WouldBlock` if a socket takes nothing now.
fn has_room(socket: &impl AsFd) -> io::Result<()> {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    match poll(&mut [PollFd::new(socket, PollFlags::OUT)], Some(&now)) {
        Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
        _ => Ok(()),
    }
}
