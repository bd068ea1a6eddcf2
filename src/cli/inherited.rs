//! What the process was started with besides its three streams: sockets that a service manager opened for us
//! (`LISTEN_FDS`), so that it can start us when somebody connects, and whatever else happened to be open.

use listenfd::ListenFd;
use std::{
    env, fs, io,
    os::fd::{OwnedFd, RawFd},
    process::{Command, id},
};

/// How many sockets there are, and the process that they are for. Fixed by systemd.
const COUNT: &str = "LISTEN_FDS";
const PROCESS: &str = "LISTEN_PID";

/// The number of the first of them. Fixed by systemd.
const FIRST: RawFd = 3;

/// Takes them all. The error says which cannot be listened on.
pub fn sockets() -> io::Result<Vec<OwnedFd>> {
    let mut given = ListenFd::from_env();
    let mut sockets = Vec::new();
    for at in 0..given.len() {
        let socket = match given.take_tcp_listener(at) {
            Ok(tcp) => tcp.map(OwnedFd::from),
            Err(_) => given.take_unix_listener(at)?.map(OwnedFd::from),
        };
        sockets.extend(socket);
    }
    Ok(sockets)
}

/// How many are for this process, or for whoever has them.
fn count() -> RawFd {
    let text = |name| env::var(name).unwrap_or_default();
    let process = text(PROCESS);
    match process.is_empty() || process == id().to_string() {
        true => text(COUNT).parse().unwrap_or(0).max(0),
        false => 0,
    }
}

/// Lets a child have them that are ours. Theirs it must not take for its own.
pub fn hand_on(child: &mut Command) {
    child.env_remove(PROCESS);
    if count() == 0 {
        child.env_remove(COUNT);
    }
}

/// Closes what our starter had open and did not mean for us, such as the pipe of a shell that waits for its end: a daemon
/// would keep it for ever. Only for the very beginning, when nothing that is open is our own.
pub fn close_all_else() -> io::Result<()> {
    let first = FIRST.saturating_add(count());
    let number = |file: io::Result<fs::DirEntry>| file.ok()?.file_name().to_str()?.parse().ok();
    let open: Vec<RawFd> = fs::read_dir("/proc/self/fd")?.filter_map(number).collect();
    for descriptor in open.into_iter().filter(|number| *number >= first) {
        // The folder's own is closed already.
        let _ = nix::unistd::close(descriptor);
    }
    Ok(())
}
