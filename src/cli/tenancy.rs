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
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

/// Gives back what it holds when it is dropped, if that is this process's task.
pub struct Tenancy {
    pid_file: PidFile,
    path: PathBuf,
    /// Links to the pid file, in case that it is elsewhere.
    names: Vec<PathBuf>,
    is_ours: AtomicBool,
}

impl Tenancy {
    /// Takes the place, if nobody else runs this script.
    pub fn take(plan: &mut Plan) -> Result<Self, Failure> {
        let names = place::names(&plan.file)?;
        for name in &names {
            let led_to = fs::read_link(name);
            if let Some(running) = Running::find(led_to.as_ref().unwrap_or(name))? {
                let text = format!("{} is already running ({})", plan.script_name(), running.who());
                return Err(Failure::new(Exit::AlreadyRunning, text));
            }
            if led_to.is_ok() {
                // (a link that a host left behind)
                let _ = fs::remove_file(name);
            }
        }
        let path = match plan.pid_file.take() {
            Some(path) => path,
            None => place::default(&plan.file)?,
        };
        let pid_file = PidFile::take(&path).map_err(|mut failure| {
            failure.text = format!("{}: {}", plan.script_name(), failure.text);
            failure
        })?;
        let names = names.into_iter().filter(|name| *name != path).collect();
        let tenancy = Self { pid_file, path, names, is_ours: AtomicBool::new(true) };
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
        Ok(Self {
            pid_file: PidFile::inherited(&path)?,
            names: place::names(&plan.file).unwrap_or_default(),
            path,
            is_ours: AtomicBool::new(false),
        })
    }

    /// For a child's stdin.
    pub fn share(&self) -> io::Result<File> {
        self.pid_file.share()
    }

    /// Signals are for this process from now on, and it gives the place back.
    pub fn adopt(&self) -> io::Result<()> {
        self.is_ours.store(true, Ordering::Relaxed);
        self.pid_file.write_pid()
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

    /// Nothing is left afterwards. The lock is held until the process ends.
    pub fn give_back(&self) {
        if self.is_ours.swap(false, Ordering::Relaxed) {
            for name in &self.names {
                // (it may have become another's)
                if fs::read_link(name).is_ok_and(|target| target == self.path) {
                    let _ = fs::remove_file(name);
                }
            }
            let _ = fs::remove_file(self.socket());
            self.pid_file.remove();
        }
    }
}

impl Drop for Tenancy {
    fn drop(&mut self) {
        self.give_back();
    }
}
