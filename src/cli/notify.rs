//! Telling systemd how far we are (`Type=notify-reload`): datagrams to the socket that `NOTIFY_SOCKET` names.

use rustix::time::{ClockId, clock_gettime};
use std::{
    env, io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
};

/// Everything serves, for the first time or again.
pub fn ready() {
    tell("READY=1");
}

/// The script is read again; `ready` follows.
pub fn reloading() {
    // The clock lets systemd see which of its orders this answers.
    let now = clock_gettime(ClockId::Monotonic);
    tell(&format!("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1_000_000 + now.tv_nsec / 1_000));
}

/// The end has begun.
pub fn stopping() {
    tell("STOPPING=1");
}

/// Whoever does not listen misses nothing else.
fn tell(state: &str) {
    if let Some(name) = env::var_os("NOTIFY_SOCKET") {
        let _ = send(name.as_bytes(), state);
    }
}

fn send(name: &[u8], state: &str) -> io::Result<()> {
    let address = match name.strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name))?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.send_to_addr(state.as_bytes(), &address).map(drop)
}
