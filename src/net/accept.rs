//! Takes connections from a bound socket on this thread. That never fails: trouble is logged and waited out.

use super::{
    address::{Address, Endpoint},
    listener::{Bound, Lease},
    tally::Count,
    transport::Stream,
};
use crate::log::{Level, Log};
use std::{
    future::poll_fn,
    io,
    os::fd::{AsFd, BorrowedFd},
    rc::{Rc, Weak},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::net::{TcpListener, UnixListener};

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
    /// Which socket this is; copies of one have the same number.
    pub(crate) id: u64,
    socket: Accepter,
    pub(crate) address: Address,
    count: Count,
    lease: Arc<Lease>,
}

impl Listener {
    /// Registers the socket with this thread's loop.
    pub(crate) fn open(bound: Bound) -> io::Result<Self> {
        let socket = match bound.address.endpoint {
            Endpoint::Ip(_) => Accepter::Tcp(TcpListener::from_std(bound.socket.into())?),
            Endpoint::Unix(_) => Accepter::Unix(UnixListener::from_std(bound.socket.into())?),
        };
        Ok(Self {
            id: bound.id,
            socket,
            address: bound.address,
            count: bound.tally.join(),
            lease: bound.lease,
        })
    }

    /// The next connection; `None` when the listener is gone. While the process has no descriptors left for clients, this
    /// waits and says so once.
    pub(crate) async fn accept(this: &Weak<Self>, log: &Log, worker: &str) -> Option<Stream> {
        loop {
            if this.upgrade()?.count.is_ahead() {
                tokio::time::sleep(MOMENT).await;
            }
            // The listener is borrowed for each look only, so that its owner can close it meanwhile.
            let mut looked = false;
            let accepted = poll_fn(|cx| {
                let Some(listener) = this.upgrade() else { return Poll::Ready(None) };
                if std::mem::replace(&mut looked, true) && listener.count.is_ahead() {
                    // One has come. If the others have not taken it after a moment, we do.
                    return Poll::Ready(Some(None));
                }
                let accepted = match listener.lease.descriptors().check(&listener.socket) {
                    Ok(()) => listener.poll_accept(cx),
                    Err(short) => Poll::Ready(Err(short)),
                };
                accepted.map(|accepted| Some(Some((accepted, listener))))
            });
            let Some((accepted, listener)) = accepted.await? else { continue };
            match accepted {
                Ok(stream) => {
                    listener.count.took();
                    if let Some(descriptor) = stream.descriptor() {
                        listener.lease.descriptors().took(descriptor);
                    }
                    listener.went_well(log, worker);
                    return Some(stream);
                }
                Err(e) if is_gone(&e) => (),
                Err(e) => {
                    listener.went_wrong(&e, log, worker);
                    drop(listener);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn poll_accept(self: &Rc<Self>, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        match &self.socket {
            Accepter::Tcp(socket) => socket.poll_accept(cx).map_ok(|(s, _)| Stream::Tcp(s)),
            Accepter::Unix(socket) => socket.poll_accept(cx).map_ok(|(s, _)| Stream::Unix(s)),
        }
    }

    fn went_well(&self, log: &Log, worker: &str) {
        if self.lease.descriptors().went_well() {
            log.worker(Level::Info, worker, "accepting again");
        }
    }

    fn went_wrong(&self, error: &io::Error, log: &Log, worker: &str) {
        if self.lease.descriptors().went_wrong() {
            let text = format!(
                "cannot accept on {}: {error}; accepting is paused until that is over (see `ulimit -n`)",
                self.address
            );
            log.worker(Level::Warn, worker, text);
        }
    }
}

/// The peer was gone before we came to it.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}
