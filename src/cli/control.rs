//! The control socket of a running host. It has mode 0600, and whoever is neither root nor the user that started the host
//! is hung up on. Whatever others do on it, a command that comes is answered.

use super::{
    exit::Failure,
    manner::Manner,
    notify, place,
    tenancy::{SocketFile, Tenancy},
    timed::Timed,
    wire::{Answer, Logs, MAX_REQUEST, Request},
};
use rhost::{HostHandle, ReloadOptions, Reloaded};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::sockopt::socket_peercred,
    process::geteuid,
};
use std::{
    collections::VecDeque,
    fs::{self, Permissions},
    io::{self, BufRead, BufReader, Read, Write},
    net::Shutdown,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// How long a command may take to ask, and as long again to read its answer. Fixed: they do both at once.
const PATIENCE: Duration = Duration::from_secs(2);

/// Connections that may have asked nothing yet; a further one costs the oldest its place. Fixed.
const MAX_SILENT: usize = 32;

/// Requests that are carried out at once, reloads that wait among them; further ones are refused. Fixed.
const MAX_REQUESTS: usize = 32;

/// How often it is looked whether the socket's file is still there. Fixed: a look is one system call.
const LOOK: Duration = Duration::from_millis(500);

/// How long to wait after an error of accepting, such as having no descriptors left. Fixed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What commands are about.
struct Control {
    script: String,
    manner: Manner,
    logs: Logs,
    handle: HostHandle,
    /// Connections that have not asked yet, the oldest first.
    silent: Mutex<VecDeque<Arc<UnixStream>>>,
    requests: AtomicUsize,
    /// Was it told to stop, in order and gracefully?
    told: [AtomicBool; 2],
}

/// Serves commands on threads of its own, until the process ends.
pub fn start(
    tenancy: &Tenancy,
    script: String,
    manner: Manner,
    logs: Logs,
    handle: HostHandle,
) -> Result<(), Failure> {
    let path = tenancy.socket();
    let failed = |e| Failure::system(format!("control socket {}", path.display()), e);
    let mut socket = Socket { path: path.clone(), file: tenancy.socket_file(), is_lost: false };
    let mut listener = socket.bind(&mut socket.file()).map_err(failed)?;
    let owner = geteuid();
    let (silent, requests, told) = Default::default();
    let control = Arc::new(Control { script, manner, logs, handle, silent, requests, told });
    let serve = move || {
        loop {
            if let Err(error) = wait_for_somebody(&listener)
                && error != Errno::INTR
            {
                thread::sleep(ACCEPT_PAUSE);
            }
            if let Some(again) = socket.put_back() {
                listener = again;
            }
            let stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => continue,
                Err(_) => {
                    thread::sleep(ACCEPT_PAUSE);
                    continue;
                }
            };
            let peer = socket_peercred(&stream);
            if peer.is_ok_and(|peer| peer.uid == owner || peer.uid.is_root()) {
                control.clone().admit(Arc::new(stream));
            }
        }
    };
    let thread = thread::Builder::new().name("control".into()).spawn(serve);
    thread.map(drop).map_err(failed)
}

/// Until somebody connects, or it is time for a look at the file.
fn wait_for_somebody(listener: &UnixListener) -> Result<usize, Errno> {
    let limit = Timespec::try_from(LOOK).ok();
    poll(&mut [PollFd::new(listener, PollFlags::IN)], limit.as_ref())
}

/// The file that commands connect to.
struct Socket {
    path: PathBuf,
    file: Arc<Mutex<SocketFile>>,
    /// Has it been said that it cannot be put back?
    is_lost: bool,
}

impl Socket {
    fn file(&self) -> MutexGuard<'_, SocketFile> {
        // It is changed in one step.
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It appears with its rights, in place of what a host before us left.
    fn bind(&self, file: &mut SocketFile) -> io::Result<UnixListener> {
        let unfinished = place::unfinished(&self.path);
        for path in [&unfinished, &self.path] {
            if fs::symlink_metadata(path).is_ok_and(|found| !found.file_type().is_socket()) {
                let text = format!("{} is there already, and is no socket", path.display());
                return Err(io::Error::other(text));
            }
        }
        let _ = fs::remove_file(&unfinished);
        let listener = UnixListener::bind(&unfinished)?;
        listener.set_nonblocking(true)?;
        fs::set_permissions(&unfinished, Permissions::from_mode(0o600))?;
        fs::rename(&unfinished, &self.path)?;
        let made = fs::symlink_metadata(&self.path)?;
        file.made = Some((made.dev(), made.ino()));
        Ok(listener)
    }

    /// A new one, if somebody has removed the file: cleaners of temporary folders do.
    fn put_back(&mut self) -> Option<UnixListener> {
        let mut file = self.file();
        let found = fs::symlink_metadata(&self.path);
        if file.is_over || !found.is_err_and(|e| e.kind() == io::ErrorKind::NotFound) {
            return None;
        }
        // Its folder may be gone, too.
        let folder = place::folder_of(&self.path).map_err(|failure| io::Error::other(failure.text));
        let bound = folder.and_then(|()| self.bind(&mut file));
        drop(file);
        match bound {
            Ok(listener) => {
                self.is_lost = false;
                Some(listener)
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_lost, true) {
                    let path = self.path.display();
                    tracing::warn!(
                        "commands cannot reach this host any more: its control socket {path} is gone ({error})"
                    );
                }
                None
            }
        }
    }
}

impl Control {
    fn admit(self: Arc<Self>, stream: Arc<UnixStream>) {
        let mut silent = self.silent();
        silent.push_back(stream.clone());
        if silent.len() > MAX_SILENT
            && let Some(oldest) = silent.pop_front()
        {
            let _ = oldest.shutdown(Shutdown::Both);
        }
        drop(silent);
        // Without a thread the command is hung up on, and says so.
        let serve = move || drop(self.serve(&stream));
        let _ = thread::Builder::new().name("command".into()).spawn(serve);
    }

    fn silent(&self) -> MutexGuard<'_, VecDeque<Arc<UnixStream>>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request and its answer.
    fn serve(&self, stream: &Arc<UnixStream>) -> io::Result<()> {
        let mut line = String::new();
        let asked = Timed::new(stream, PATIENCE).take(MAX_REQUEST);
        let read = BufReader::new(asked).read_line(&mut line);
        self.silent().retain(|silent| !Arc::ptr_eq(silent, stream));
        read?;
        let answer = match serde_json::from_str(&line) {
            Ok(request) => self.answer(request),
            Err(error) => Answer::Refused(format!("no request: {error}")),
        };
        let mut text = serde_json::to_vec(&answer)?;
        text.push(b'\n');
        Timed::new(stream, PATIENCE).write_all(&text)
    }

    fn answer(&self, request: Request) -> Answer {
        let others = self.requests.fetch_add(1, Ordering::Relaxed);
        let answer = match others < MAX_REQUESTS {
            true => self
                .carry_out(request)
                .unwrap_or_else(|| Answer::Refused("the host is ending".into())),
            false => Answer::Refused(format!("{others} other commands are being carried out")),
        };
        self.requests.fetch_sub(1, Ordering::Relaxed);
        answer
    }

    /// None: the host has ended.
    fn carry_out(&self, request: Request) -> Option<Answer> {
        Some(match request {
            Request::Status => Answer::Status(Box::new(self.handle.status()?)),
            Request::Connections => Answer::Connections(self.handle.connections()?),
            Request::Manner => Answer::Manner(self.manner.clone()),
            Request::Logs => Answer::Logs(self.logs.clone()),
            Request::Reload { hard, reset_state, dry_run } => {
                let outcome = match dry_run {
                    true => self.handle.dry_run()?,
                    false => {
                        notify::reloading();
                        self.handle.reload_with(ReloadOptions { hard, reset_state })?
                    }
                };
                let told = |reloaded: &Reloaded| {
                    let details = serde_json::to_value(reloaded).unwrap_or_default();
                    (reloaded.summary(&self.script), details)
                };
                match outcome {
                    Ok(reloaded) if reloaded.serves => {
                        let (summary, details) = told(&reloaded);
                        Answer::Reloaded(summary, details)
                    }
                    Ok(reloaded) => {
                        let (summary, details) = told(&reloaded);
                        Answer::Starting(summary, details, reloaded.starting)
                    }
                    Err(fault) => Answer::Rejected(fault.to_string()),
                }
            }
            Request::Stop { graceful } => {
                // Whoever waits says it again.
                if !self.told[usize::from(graceful)].swap(true, Ordering::Relaxed) {
                    let how = if graceful { " gracefully" } else { "" };
                    tracing::info!("told to stop{how}");
                }
                notify::stopping();
                let within = self.handle.longest_stop(graceful);
                match graceful {
                    true => self.handle.stop_gracefully(0),
                    false => self.handle.stop(0),
                }
                Answer::Stopping { within }
            }
        })
    }
}
