//! Bound sockets. The pool belongs to the host, so that an address is bound once whichever isolate serves it; accepting
//! happens in an isolate, and never fails: trouble is logged and waited out.

use super::{
    address::{Address, Endpoint},
    transport::Stream,
};
use crate::log::{Level, Log};
use socket2::{Domain, Protocol, SockAddr, Socket, TcpKeepalive, Type};
use std::{
    cell::Cell,
    collections::HashMap,
    fs, io,
    net::SocketAddr,
    os::unix::{fs::FileTypeExt, fs::PermissionsExt, net::UnixStream},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::net::{TcpListener, UnixListener};

/// Connections that may wait in the kernel to be accepted. Fixed; the kernel caps it at its own `somaxconn`.
const BACKLOG: i32 = 4096;

/// Silence on a TCP connection after which the kernel probes it, and between its three probes. Fixed: it finds peers that
/// vanished without a packet, for protocols that have no heartbeat.
const KEEPALIVE: Duration = Duration::from_secs(55);

/// Pause after a failed accept (no descriptors left, no memory). Fixed: long enough to cost nothing, short enough that
/// nobody notices when it is over.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long accepting must have gone well before it is called well again. Fixed: at the limit, every connection that
/// closes lets one in, and the log is not told of each.
const ACCEPT_RECOVERY: Duration = Duration::from_secs(2);

/// Mode of Unix sockets: for the owner alone. Fixed; widen it with the directory's group or with `chmod` after start.
const SOCKET_MODE: u32 = 0o600;

/// A bound and listening socket, on its way to an isolate.
pub(crate) struct Bound {
    socket: Socket,
    /// Where it really listens: the port, if 0 was asked for.
    pub(crate) address: Address,
    /// Removes the socket's file, and the address from the pool, when the last copy goes.
    lease: Arc<Lease>,
}

/// A place in the pool.
struct Lease {
    pool: Listeners,
    address: Address,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Endpoint::Unix(path) = &self.address.endpoint {
            let _ = fs::remove_file(path);
        }
        self.pool.lock().remove(&self.address.endpoint);
    }
}

/// All bound sockets of the process. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Arc<Mutex<HashMap<Endpoint, String>>>);

impl Listeners {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Endpoint, String>> {
        // (a panic elsewhere cannot leave the map half changed)
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Binds and listens. `owner` is named to others who want the same address. The error is one clear sentence.
    pub(crate) fn bind(&self, address: &Address, owner: &str) -> Result<Bound, String> {
        let taken = |by: &str| {
            Err(format!("cannot listen on {address}: the address is already in use by {by}"))
        };
        // Held until the address is noted, so that of two isolates that want it one gets the other's name.
        let mut pool = self.lock();
        if let Some(other) = pool.get(&address.endpoint) {
            return taken(other);
        }
        let socket = match &address.endpoint {
            Endpoint::Ip(ip) => bind_tcp(*ip),
            Endpoint::Unix(path) => bind_unix(path),
        };
        let socket = match socket {
            Ok(socket) => socket,
            Err(e) => {
                let why = match e.kind() {
                    io::ErrorKind::AddrInUse => {
                        let same_port = |e: &Endpoint| overlaps(e, &address.endpoint);
                        let ours = pool.iter().find(|(endpoint, _)| same_port(endpoint));
                        return match ours {
                            Some((endpoint, owner)) => taken(&format!("{owner} on {endpoint}")),
                            None => taken("another program"),
                        };
                    }
                    io::ErrorKind::PermissionDenied => {
                        "permission denied (ports below 1024 need privileges)".to_owned()
                    }
                    io::ErrorKind::AddrNotAvailable => {
                        "this machine does not have that address".to_owned()
                    }
                    _ => e.to_string(),
                };
                return Err(format!("cannot listen on {address}: {why}"));
            }
        };
        let mut real = address.clone();
        if let Some(local) = socket.local_addr().ok().and_then(|a| a.as_socket()) {
            real.endpoint = Endpoint::Ip(local);
        }
        pool.insert(real.endpoint.clone(), owner.to_owned());
        let lease = Arc::new(Lease { pool: self.clone(), address: real.clone() });
        Ok(Bound { socket, address: real, lease })
    }
}

/// Can one of these keep the other from being bound?
fn overlaps(a: &Endpoint, b: &Endpoint) -> bool {
    matches!((a, b), (Endpoint::Ip(a), Endpoint::Ip(b)) if a.port() == b.port())
}

fn bind_tcp(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    // Accepted sockets inherit these two, which saves two system calls for each.
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(
        &TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE).with_retries(3),
    )?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn bind_unix(path: &Path) -> io::Result<Socket> {
    // A socket file that nobody answers on is the leftover of a crash.
    let stale = fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_socket())
        && UnixStream::connect(path).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused);
    if stale {
        fs::remove_file(path)?;
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    fs::set_permissions(path, fs::Permissions::from_mode(SOCKET_MODE))?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

enum Accepter {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Bound {
    /// Another handle to the same socket, for another isolate.
    pub(crate) fn share(&self) -> io::Result<Bound> {
        Ok(Bound {
            socket: self.socket.try_clone()?,
            address: self.address.clone(),
            lease: self.lease.clone(),
        })
    }

    /// Registers the socket with this thread's loop.
    pub(crate) fn open(self) -> io::Result<Listener> {
        let socket = match self.address.endpoint {
            Endpoint::Ip(_) => Accepter::Tcp(TcpListener::from_std(self.socket.into())?),
            Endpoint::Unix(_) => Accepter::Unix(UnixListener::from_std(self.socket.into())?),
        };
        Ok(Listener { socket, address: self.address, failed: Cell::new(None), _lease: self.lease })
    }
}

/// A socket that accepts on this thread.
pub(crate) struct Listener {
    socket: Accepter,
    pub(crate) address: Address,
    /// When accepting last failed, while that has not been called well again.
    failed: Cell<Option<Instant>>,
    _lease: Arc<Lease>,
}

impl Listener {
    /// The next connection. Cannot fail: while the process has no descriptors left, this waits and says so once.
    pub(crate) async fn accept(&self, log: &Log, worker: &str) -> Stream {
        loop {
            let accepted = match &self.socket {
                Accepter::Tcp(socket) => socket.accept().await.map(|(s, _)| Stream::Tcp(s)),
                Accepter::Unix(socket) => socket.accept().await.map(|(s, _)| Stream::Unix(s)),
            };
            match accepted {
                Ok(stream) => {
                    if self.failed.get().is_some_and(|at| at.elapsed() > ACCEPT_RECOVERY) {
                        self.failed.set(None);
                        log.worker(Level::Info, worker, "accepting again");
                    }
                    return stream;
                }
                Err(e) if is_gone(&e) => (),
                Err(e) => {
                    if self.failed.replace(Some(Instant::now())).is_none() {
                        let text = format!(
                            "cannot accept on {}: {e}; accepting is paused until that is over (see `ulimit -n`)",
                            self.address
                        );
                        log.worker(Level::Warn, worker, text);
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// The peer was gone before we came to it.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}
