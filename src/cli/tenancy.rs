//! The place that a running script holds: the locked pid file, the names that lead commands to it, and the control socket
//! beside it. One process of a host gives it back: in the foreground the only one, of a daemon the monitor.

use super::{
    exit::{Exit, Failure},
    lock::PidFile,
    place,
    plan::Plan,
    running::Running,
};
use std::{
    fs::{self, File},
    io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, symlink},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Gives back what it holds when it is dropped, if that is this process's task.
pub struct Tenancy {
    pid_file: Mutex<PidFile>,
    path: PathBuf,
    /// Links to the pid file, in case that it is elsewhere.
    names: Vec<PathBuf>,
    /// The control socket's file, in the process that made it.
    socket: Arc<Mutex<SocketFile>>,
    is_ours: AtomicBool,
    /// Has it been said that something cannot be put back?
    has_complained: AtomicBool,
}

/// What the process that makes the control socket knows of its file.
#[derive(Default)]
pub struct SocketFile {
    /// Device and inode, as soon as there is one.
    pub made: Option<(u64, u64)>,
    /// Has it been given back? Then no other is made.
    pub is_over: bool,
}

impl Tenancy {
    /// Takes the place, if nobody else runs this script.
    pub fn take(plan: &mut Plan) -> Result<Self, Failure> {
        let names = plan.names()?;
        for name in &names {
            let led_to = fs::read_link(name);
            if let Some(running) = Running::find(led_to.as_ref().unwrap_or(name))? {
                let text = format!("{} is already running ({})", plan.script_name(), running.who());
                return Err(Failure::new(Exit::AlreadyRunning, text));
            }
            if led_to.is_ok() {
                // A link that a host left behind.
                let _ = fs::remove_file(name);
            }
        }
        let path = match plan.pid_file.take() {
            Some(path) => path,
            None if plan.text.is_some() => {
                let text = "a script from a pipe has no name to find it by, unless it is given a --pid-file";
                return Err(Failure::new(Exit::Failed, text));
            }
            None => place::default(&plan.file)?,
        };
        let pid_file = PidFile::take(&path).map_err(|mut failure| {
            failure.text = format!("{}: {}", plan.script_name(), failure.text);
            failure
        })?;
        let names = names.into_iter().filter(|name| *name != path).collect();
        let tenancy = Self::new(pid_file, path, names, true);
        for name in &tenancy.names {
            let _ = fs::remove_file(name);
            symlink(&tenancy.path, name).map_err(|e| Failure::system(name.display(), e))?;
        }
        plan.pid_file = Some(tenancy.path.clone());
        Ok(tenancy)
    }

    /// What our parent holds and has given us as stdin. It is not ours to give back, unless we `adopt` it.
    pub fn inherited(plan: &Plan) -> io::Result<Self> {
        let path = plan.pid_file.clone().ok_or_else(|| io::Error::other("no pid file"))?;
        let names = place::names(&plan.file).unwrap_or_default();
        let names = names.into_iter().filter(|name| *name != path).collect();
        Ok(Self::new(PidFile::inherited(&path)?, path, names, false))
    }

    fn new(pid_file: PidFile, path: PathBuf, names: Vec<PathBuf>, is_ours: bool) -> Self {
        Self {
            pid_file: Mutex::new(pid_file),
            path,
            names,
            socket: Arc::default(),
            is_ours: AtomicBool::new(is_ours),
            has_complained: AtomicBool::new(false),
        }
    }

    fn pid_file(&self) -> MutexGuard<'_, PidFile> {
        // It is replaced in one step.
        self.pid_file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For a child's stdin.
    pub fn share(&self) -> io::Result<File> {
        self.pid_file().share()
    }

    /// Signals are for this process from now on, and it gives the place back.
    pub fn adopt(&self) -> io::Result<()> {
        self.is_ours.store(true, Ordering::Relaxed);
        self.pid_file().write_pid()
    }

    /// From now on another process gives the place back.
    pub fn hand_over(self) {
        self.is_ours.store(false, Ordering::Relaxed);
    }

    pub fn socket(&self) -> PathBuf {
        place::socket(&self.path)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the control socket's file is noted by whoever makes it.
    pub fn socket_file(&self) -> Arc<Mutex<SocketFile>> {
        self.socket.clone()
    }

    /// From now on nobody makes one again. Is what is at the control socket's place ours to remove? The monitor of a daemon has not made it itself: to it a
    /// socket is its own that nobody listens on any more.
    fn gives_up_own_socket(&self) -> bool {
        let mut file = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        file.is_over = true;
        let Ok(found) = fs::symlink_metadata(self.socket()) else { return false };
        match file.made {
            Some(made) => made == (found.dev(), found.ino()),
            None => {
                let connected = UnixStream::connect(self.socket());
                found.file_type().is_socket()
                    && connected.is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused)
            }
        }
    }

    /// Puts back what somebody has removed, as cleaners of temporary folders do: without pid file no command would find
    /// us, and without lock another would start beside us. What has become another's stays.
    pub fn look_after(&self) {
        // Held until the end, so that nothing is put back that has been given back.
        let mut pid_file = self.pid_file();
        if !self.is_ours.load(Ordering::Relaxed) {
            return;
        }
        match self.put_back(&mut pid_file) {
            Ok(()) => self.has_complained.store(false, Ordering::Relaxed),
            Err(failure) if !self.has_complained.swap(true, Ordering::Relaxed) => {
                let text = "commands do not find this host any more: its pid file is gone and cannot be put back";
                tracing::warn!("{text} ({})", failure.text);
            }
            Err(_) => (),
        }
    }

    fn put_back(&self, pid_file: &mut PidFile) -> Result<(), Failure> {
        if !pid_file.is_in_place() {
            place::folder_of(&self.path)?;
            // The lock is a new one: a server that has the old file takes this one when its monitor is gone.
            *pid_file = PidFile::take(&self.path)?;
            tracing::warn!("the pid file {} was gone: it is there again", self.path.display());
        }
        for name in &self.names {
            match symlink(&self.path, name) {
                Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(Failure::system(name.display(), e));
                }
                _ => (),
            }
        }
        Ok(())
    }

    /// Nothing is left afterwards. The lock is held until the process ends.
    pub fn give_back(&self) {
        let pid_file = self.pid_file();
        if self.is_ours.swap(false, Ordering::Relaxed) {
            for name in &self.names {
                // It may have become another's.
                if fs::read_link(name).is_ok_and(|target| target == self.path) {
                    let _ = fs::remove_file(name);
                }
            }
            if self.gives_up_own_socket() {
                let _ = fs::remove_file(self.socket());
            }
            pid_file.remove();
        }
    }
}

impl Drop for Tenancy {
    fn drop(&mut self) {
        self.give_back();
    }
}
