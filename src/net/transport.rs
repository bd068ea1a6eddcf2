//! TCP and Unix streams as one type, in two halves: the connection's task owns the reading half, the link the writing one.

use super::pipe::{Pipe, Place};
use rustix::{
    event::{PollFd, PollFlags, poll},
    time::Timespec,
};
use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    os::fd::{AsFd, AsRawFd, OwnedFd, RawFd},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, Interest, ReadBuf},
    net::{TcpStream, UnixStream, tcp, unix},
};

/// An accepted stream.
pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    Pipe(Pipe),
}

impl Stream {
    /// Its descriptor, if it has one.
    pub(crate) fn descriptor(&self) -> Option<RawFd> {
        match self {
            Stream::Tcp(stream) => Some(stream.as_raw_fd()),
            Stream::Unix(stream) => Some(stream.as_raw_fd()),
            Stream::Pipe(_) => None,
        }
    }

    /// The peer's and our own address; none on a Unix socket.
    pub(crate) fn addresses(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        match self {
            Stream::Tcp(stream) => (stream.peer_addr().ok(), stream.local_addr().ok()),
            Stream::Unix(_) => (None, None),
            Stream::Pipe(pipe) => pipe.addresses,
        }
    }

    pub(crate) fn split(self) -> (ReadHalf, WriteHalf) {
        match self {
            Stream::Tcp(stream) => {
                let (read, write) = stream.into_split();
                (ReadHalf::Tcp(read), WriteHalf::Tcp(write))
            }
            Stream::Unix(stream) => {
                let (read, write) = stream.into_split();
                (ReadHalf::Unix(read), WriteHalf::Unix(write))
            }
            Stream::Pipe(pipe) => {
                let pipe = Rc::new(pipe);
                (ReadHalf::Pipe(pipe.clone()), WriteHalf::Pipe(pipe))
            }
        }
    }
}

pub(crate) enum ReadHalf {
    Tcp(tcp::OwnedReadHalf),
    Unix(unix::OwnedReadHalf),
    Pipe(Rc<Pipe>),
    /// Given back before its connection has come to its end, but for what it occupies.
    Closed(Option<Place>),
}

impl ReadHalf {
    /// What a connection of this kind occupies until its last handler has ended, whatever became of its peer.
    pub(crate) fn place(&self) -> Option<Place> {
        match self {
            ReadHalf::Pipe(pipe) => pipe.place.clone(),
            ReadHalf::Closed(place) => place.clone(),
            ReadHalf::Tcp(_) | ReadHalf::Unix(_) => None,
        }
    }

    /// Takes it out: when that is dropped, the socket is closed as far as this half is concerned.
    pub(crate) fn give_back(&mut self) -> Self {
        let place = self.place();
        std::mem::replace(self, ReadHalf::Closed(place))
    }

    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(into);
        let polled = match self {
            ReadHalf::Tcp(half) => Pin::new(half).poll_read(cx, &mut buffer),
            ReadHalf::Unix(half) => Pin::new(half).poll_read(cx, &mut buffer),
            ReadHalf::Pipe(pipe) => return pipe.poll_take(cx, into),
            ReadHalf::Closed(_) => return Poll::Ready(Ok(0)),
        };
        polled.map_ok(|()| buffer.filled().len())
    }

    /// May there be something to read? Cheaper than to look.
    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            ReadHalf::Tcp(half) => half.as_ref().poll_read_ready(cx).map(drop),
            ReadHalf::Unix(half) => half.as_ref().poll_read_ready(cx).map(drop),
            ReadHalf::Pipe(_) | ReadHalf::Closed(_) => Poll::Ready(()),
        }
    }

    /// Waits until the connection is broken (reset by the peer, or given up by the kernel). An orderly end is not that.
    pub(crate) async fn broken(&self) {
        // An error means that there is nothing to wait for any more.
        let _ = match self {
            ReadHalf::Tcp(half) => half.ready(Interest::ERROR).await,
            ReadHalf::Unix(half) => half.ready(Interest::ERROR).await,
            ReadHalf::Pipe(pipe) => return poll_fn(|cx| pipe.poll_broken(cx)).await,
            ReadHalf::Closed(_) => return,
        };
    }
}

pub(crate) enum WriteHalf {
    Tcp(tcp::OwnedWriteHalf),
    Unix(unix::OwnedWriteHalf),
    Pipe(Rc<Pipe>),
}

impl WriteHalf {
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            WriteHalf::Tcp(half) => half.try_write(bytes),
            WriteHalf::Unix(half) => half.try_write(bytes),
            WriteHalf::Pipe(pipe) => pipe.try_write(bytes),
        }
    }

    pub(crate) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            WriteHalf::Tcp(half) => half.as_ref().poll_write_ready(cx),
            WriteHalf::Unix(half) => half.as_ref().poll_write_ready(cx),
            WriteHalf::Pipe(pipe) => pipe.poll_writable(cx),
        }
    }

    /// Another descriptor of the socket, if it is one and the process may have more of them.
    pub(crate) fn duplicate(&self) -> Option<OwnedFd> {
        match self {
            WriteHalf::Tcp(half) => half.as_ref().as_fd().try_clone_to_owned().ok(),
            WriteHalf::Unix(half) => half.as_ref().as_fd().try_clone_to_owned().ok(),
            WriteHalf::Pipe(_) => None,
        }
    }

    /// Somebody found the socket full who does not write through this: `writable` is to wait until it is not.
    pub(crate) fn note_full(&self) {
        // Not if it has been emptied since, for nobody would tell of that again.
        let noted = match self {
            WriteHalf::Tcp(half) => {
                half.as_ref().try_io(Interest::WRITABLE, || has_room(half.as_ref()))
            }
            WriteHalf::Unix(half) => {
                half.as_ref().try_io(Interest::WRITABLE, || has_room(half.as_ref()))
            }
            WriteHalf::Pipe(_) => Ok(()),
        };
        drop(noted);
    }

    /// Tells the peer that nothing more comes.
    pub(crate) fn shutdown(&self) {
        // An error means that the peer is gone already.
        let _ = match self {
            WriteHalf::Tcp(half) => {
                socket2::SockRef::from(half.as_ref()).shutdown(std::net::Shutdown::Write)
            }
            WriteHalf::Unix(half) => {
                socket2::SockRef::from(half.as_ref()).shutdown(std::net::Shutdown::Write)
            }
            WriteHalf::Pipe(pipe) => return pipe.shutdown(),
        };
    }
}

/// Fails with `WouldBlock` if a socket takes nothing now.
fn has_room(socket: &impl AsFd) -> io::Result<()> {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    match poll(&mut [PollFd::new(socket, PollFlags::OUT)], Some(&now)) {
        Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
        _ => Ok(()),
    }
}
