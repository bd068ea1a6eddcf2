//! Takes connections from a bound socket on this thread. That never fails: trouble is logged and waited out.

use super::{
    balancer::AcceptShare,
    bound::Bound,
    descriptors::Descriptors,
    incoming::{Handshake, Incoming},
};
use crate::{
    log::{Level, Log},
    net::{address::Endpoint, transport::Transport},
};
use std::{
    future::poll_fn,
    io,
    os::fd::{AsFd, BorrowedFd},
    rc::{Rc, Weak},
    task::{Context, Poll},
    time::Duration,
};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Pause after a failed accept (no descriptors left, no memory). Fixed: long enough to cost nothing, short enough that
/// nobody notices when it is over.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long an isolate that took more than others leaves a connection to them. Fixed: the shortest pause that the timer
/// can make.
const MOMENT: Duration = Duration::from_millis(1);

enum Accepter {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl AsFd for Accepter {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Accepter::Tcp(socket) => socket.as_fd(),
            Accepter::Unix(socket) => socket.as_fd(),
        }
    }
}

/// A socket that accepts on this thread. It is closed when its owner drops it, whoever may wait for a connection.
pub(crate) struct Listener {
    socket: Accepter,
    pub(crate) bound: Bound,
    share: AcceptShare,
    /// What comes before the protocol; none on plain sockets.
    handshake: Option<Rc<dyn Handshake>>,
}

impl Listener {
    /// Registers the socket with this thread's loop. `handshake` is what each connection has to come through.
    pub(crate) fn open(bound: Bound, handshake: Option<Rc<dyn Handshake>>) -> io::Result<Self> {
        let own = bound.socket.try_clone()?;
        let socket = match bound.address.endpoint {
            Endpoint::Ip(_) => Accepter::Tcp(TcpListener::from_std(own.into())?),
            Endpoint::Unix(_) => Accepter::Unix(UnixListener::from_std(own.into())?),
        };
        Ok(Self { socket, share: bound.balancer.join(), handshake, bound })
    }

    fn descriptors(&self) -> &Descriptors {
        self.bound.lease.descriptors()
    }

    /// Those who have connected already, for one that is going to be closed; none if another goes on with it.
    pub(crate) fn rest(&self) -> Vec<Incoming> {
        let mut rest = Vec::new();
        while !self.bound.lease.is_over() && self.descriptors().check(&self.socket).is_ok() {
            // Without the loop, which may not have heard of them yet.
            let Ok((socket, _)) = self.bound.socket.accept() else { break };
            let stream = socket.set_nonblocking(true).and_then(|()| match self.socket {
                Accepter::Tcp(_) => TcpStream::from_std(socket.into()).map(Transport::Tcp),
                Accepter::Unix(_) => UnixStream::from_std(socket.into()).map(Transport::Unix),
            });
            rest.extend(stream.map(|stream| self.incoming(stream)));
        }
        rest
    }

    /// Notes what a connection took, which has to come through its handshake.
    fn incoming(&self, plain: Transport) -> Incoming {
        if let Some(descriptor) = plain.descriptor() {
            self.descriptors().took(descriptor);
        }
        Incoming::new(plain, self.handshake.clone())
    }

    /// The next connection; `None` when the listener is gone. While the process has no descriptors left for clients, this
    /// waits and says so once.
    pub(crate) async fn accept(this: &Weak<Self>, log: &Log, worker: &str) -> Option<Incoming> {
        loop {
            if this.upgrade()?.share.should_yield() {
                tokio::time::sleep(MOMENT).await;
            }
            // The listener is borrowed for each look only, so that its owner can close it meanwhile.
            let mut looked = false;
            let accepted = poll_fn(|cx| {
                let living = this.upgrade().filter(|listener| !listener.bound.lease.is_over());
                let Some(listener) = living else { return Poll::Ready(None) };
                if std::mem::replace(&mut looked, true) && listener.share.should_yield() {
                    // One has come. If the others have not taken it after a moment, we do.
                    return Poll::Ready(Some(None));
                }
                let accepted = match listener.descriptors().check(&listener.socket) {
                    Ok(()) => listener.poll_accept(cx),
                    Err(short) => Poll::Ready(Err(short)),
                };
                accepted.map(|accepted| Some(Some((accepted, listener))))
            });
            let Some((accepted, listener)) = accepted.await? else { continue };
            match accepted {
                Ok(stream) => {
                    listener.share.accepted();
                    let incoming = listener.incoming(stream);
                    listener.went_well(log, worker);
                    return Some(incoming);
                }
                Err(e) if is_gone(&e) => (),
                // It was put off for another that is bound in its place: it listens again, or is dropped soon.
                Err(_) if !listener.bound.socket.is_listener().unwrap_or(true) => {
                    drop(listener);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
                Err(e) => {
                    listener.went_wrong(&e, log, worker);
                    drop(listener);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn poll_accept(self: &Rc<Self>, cx: &mut Context<'_>) -> Poll<io::Result<Transport>> {
        match &self.socket {
            Accepter::Tcp(socket) => socket.poll_accept(cx).map_ok(|(s, _)| Transport::Tcp(s)),
            Accepter::Unix(socket) => socket.poll_accept(cx).map_ok(|(s, _)| Transport::Unix(s)),
        }
    }

    fn went_well(&self, log: &Log, worker: &str) {
        if self.descriptors().went_well() {
            log.worker(Level::Info, worker, "accepting again");
        }
    }

    fn went_wrong(&self, error: &io::Error, log: &Log, worker: &str) {
        if self.descriptors().went_wrong() {
            let text = format!(
                "cannot accept on {}: {error}; accepting is paused until that is over (see `ulimit -n`)",
                self.bound.address
            );
            log.worker(Level::Warn, worker, text);
        }
    }
}

/// The peer was gone before we came to it.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}
