//! Makes listening sockets of the system's. Who may have which address is decided in `listener.rs`.

use crate::net::address::Endpoint;
use socket2::{Domain, Protocol, SockAddr, Socket, TcpKeepalive, Type};
use std::{
    fs, io,
    net::SocketAddr,
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::UnixStream,
    },
    path::Path,
    time::Duration,
};

/// Connections that may wait in the kernel to be accepted. Fixed; the kernel caps it at its own `somaxconn`.
pub(super) const BACKLOG: i32 = 4096;

/// Silence on a TCP connection after which the kernel probes it, and between its three probes. Fixed: it finds peers that
/// vanished without a packet, for protocols that have no heartbeat.
const KEEPALIVE: Duration = Duration::from_secs(55);

/// Mode of Unix sockets: for the owner alone. Fixed; widen it with the directory's group or with `chmod` after start.
const SOCKET_MODE: u32 = 0o600;

/// What a file is that is no socket.
fn no_socket(found: fs::FileType) -> Option<&'static str> {
    match found {
        _ if found.is_socket() => None,
        _ if found.is_dir() => Some("a folder"),
        _ if found.is_symlink() => Some("a symbolic link"),
        _ if found.is_fifo() => Some("a pipe"),
        _ if found.is_file() => Some("a file"),
        _ => Some("a device"),
    }
}

/// Binds and listens. `beside` says that a socket of ours listens there already, see [`let_others_in`].
pub(super) fn bind(endpoint: &Endpoint, beside: bool) -> io::Result<Socket> {
    match endpoint {
        Endpoint::Ip(address) => tcp(*address, beside),
        Endpoint::Unix(path) => unix(path),
    }
}

/// Allows further sockets at the same address (SO_REUSEPORT). Set after binding, so that the first of ours does not slip
/// in beside a socket of another program.
pub(super) fn let_others_in(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

fn tcp(address: SocketAddr, beside: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(beside)?;
    prepare_tcp(&socket)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Accepted sockets inherit these two, which saves two system calls for each.
pub(super) fn prepare_tcp(socket: &Socket) -> io::Result<()> {
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(
        &TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE).with_retries(3),
    )
}

fn unix(path: &Path) -> io::Result<Socket> {
    if let Ok(found) = fs::symlink_metadata(path) {
        if let Some(what) = no_socket(found.file_type()) {
            let text = format!(
                "{} is {what} and no socket: remove it, or name another path",
                path.display()
            );
            return Err(io::Error::other(text));
        }
        // A socket file that nobody answers on is the leftover of a crash.
        if UnixStream::connect(path).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused) {
            fs::remove_file(path)?;
        }
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    fs::set_permissions(path, fs::Permissions::from_mode(SOCKET_MODE))?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
