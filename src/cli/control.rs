//! The control socket of a running host. It has mode 0600, and whoever is neither root nor the user that started the host
//! is hung up on.

use super::{
    exit::Failure,
    notify, place,
    wire::{Answer, MAX_REQUEST, Request},
};
use rhost::{HostHandle, ReloadOptions};
use rustix::{net::sockopt::socket_peercred, process::geteuid};
use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader, Read, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

/// How long a command may take to ask, and to read its answer. Fixed: they do both at once.
const PATIENCE: Duration = Duration::from_secs(2);

/// Commands that are served at once; further ones are hung up on. Fixed.
const MAX_COMMANDS: usize = 32;

/// How long to wait after an error of accepting, such as having no descriptors left. Fixed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Removes the socket when it is dropped.
pub struct Control {
    path: PathBuf,
}

impl Control {
    /// Serves commands on threads of its own.
    pub fn start(path: &Path, script: &str, handle: HostHandle) -> Result<Self, Failure> {
        let failed = |e| Failure::system(format!("control socket {}", path.display()), e);
        // (it appears with its rights, in place of what a host before us left)
        let unfinished = place::beside(path, ".new");
        let _ = fs::remove_file(&unfinished);
        let listener = UnixListener::bind(&unfinished).map_err(failed)?;
        fs::set_permissions(&unfinished, Permissions::from_mode(0o600)).map_err(failed)?;
        fs::rename(&unfinished, path).map_err(failed)?;
        let owner = geteuid();
        let script = script.to_owned();
        let serve = move || {
            let slots = Arc::new(());
            for stream in listener.incoming() {
                let Ok(stream) = stream else {
                    thread::sleep(ACCEPT_PAUSE);
                    continue;
                };
                let is_allowed = socket_peercred(&stream)
                    .is_ok_and(|peer| peer.uid == owner || peer.uid.is_root());
                if is_allowed && Arc::strong_count(&slots) <= MAX_COMMANDS {
                    let (slot, handle, script) = (slots.clone(), handle.clone(), script.clone());
                    let one = move || {
                        let _ = answer(&stream, &script, &handle);
                        drop(slot);
                    };
                    // (without a thread the command is hung up on, and says so)
                    let _ = thread::Builder::new().name("command".into()).spawn(one);
                }
            }
        };
        let thread = thread::Builder::new().name("control".into()).spawn(serve);
        thread.map_err(failed)?;
        Ok(Self { path: path.to_owned() })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn answer(stream: &UnixStream, script: &str, handle: &HostHandle) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new(stream.take(MAX_REQUEST)).read_line(&mut line)?;
    let answer = match serde_json::from_str(&line) {
        Ok(request) => carry_out(request, script, handle)
            .unwrap_or_else(|| Answer::Refused("the host is ending".into())),
        Err(error) => Answer::Refused(format!("no request: {error}")),
    };
    let mut text = serde_json::to_vec(&answer)?;
    text.push(b'\n');
    (&*stream).write_all(&text)
}

/// None: the host has ended.
fn carry_out(request: Request, script: &str, handle: &HostHandle) -> Option<Answer> {
    Some(match request {
        Request::Status => Answer::Status(Box::new(handle.status()?)),
        Request::Connections => Answer::Connections(handle.connections()?),
        Request::Reload { hard, reset_state } => {
            notify::reloading();
            match handle.reload_with(ReloadOptions { hard, reset_state })? {
                Ok(reloaded) => Answer::Reloaded(reloaded.summary(script)),
                Err(fault) => Answer::Rejected(fault.to_string()),
            }
        }
        Request::Stop { graceful } => {
            tracing::info!("told to stop");
            notify::stopping();
            match graceful {
                true => handle.stop_gracefully(0),
                false => handle.stop(0),
            }
            Answer::Stopping
        }
    })
}
