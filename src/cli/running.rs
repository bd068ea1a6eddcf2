//! Somebody who holds the lock of a pid file.

use super::{
    exit::Failure,
    lock::{POLL, is_same, open},
};
use nix::unistd::{Uid, User};
use rustix::{
    fs::{FlockOperation, flock},
    process::{Pid, Signal, geteuid, kill_process},
};
use std::{
    fs::{self, File},
    io::{Read, Seek},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// `alice`, or her number if nobody knows it.
pub fn name_of(user: u32) -> String {
    let known = User::from_uid(Uid::from_raw(user)).ok().flatten();
    known.map_or_else(|| user.to_string(), |user| user.name)
}

pub struct Running {
    file: File,
    path: PathBuf,
}

impl Running {
    pub fn new(file: File, path: &Path) -> Self {
        Self { file, path: path.to_owned() }
    }

    /// None: nobody does.
    pub fn find(path: &Path) -> Result<Option<Self>, Failure> {
        let running = open(path, false)?.map(|file| Self::new(file, path));
        Ok(running.filter(|running| !running.is_gone()))
    }

    pub fn pid_file(&self) -> &Path {
        &self.path
    }

    /// The user that started it.
    pub fn owner(&self) -> Option<u32> {
        self.file.metadata().ok().map(|found| found.uid())
    }

    fn is_gone(&self) -> bool {
        match flock(&self.file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => {
                let _ = flock(&self.file, FlockOperation::Unlock);
                true
            }
            Err(_) => false,
        }
    }

    /// False: it is still there at the deadline.
    pub fn wait_until_gone(&self, limit: Option<Duration>) -> bool {
        let began = Instant::now();
        while !self.is_gone() {
            if limit.is_some_and(|limit| began.elapsed() > limit) {
                return false;
            }
            thread::sleep(POLL);
        }
        true
    }

    /// The process that the file names, if that process has the file open.
    pub fn pid(&self) -> Option<u32> {
        let mut text = String::new();
        let mut file = &self.file;
        file.rewind().ok()?;
        file.take(20).read_to_string(&mut text).ok()?;
        let pid: u32 = text.lines().next()?.parse().ok()?;
        let ours = self.file.metadata().ok()?;
        // A user who is not root could name a process of another user, to have it ended by root.
        let runs_as = fs::metadata(format!("/proc/{pid}")).ok()?.uid();
        if ours.uid() != 0 && runs_as != ours.uid() {
            return None;
        }
        let mut open = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.filter_map(Result::ok);
        open.any(|fd| fs::metadata(fd.path()).is_ok_and(|theirs| is_same(&ours, &theirs)))
            .then_some(pid)
    }

    /// `pid 4711`, or the file if its number says nothing, and whose it is if it is another user's.
    pub fn who(&self) -> String {
        let who = match self.pid() {
            Some(pid) => format!("pid {pid}"),
            None => format!("{} is locked", self.path.display()),
        };
        match self.of_another() {
            Some(user) => format!("{who} of user {user}"),
            None => who,
        }
    }

    /// The name of the user that started it, if that is not us.
    pub fn of_another(&self) -> Option<String> {
        self.owner().filter(|owner| *owner != geteuid().as_raw()).map(name_of)
    }

    /// False: there is nobody whom a signal would reach.
    pub fn signal(&self, signal: Signal) -> bool {
        let pid = self.pid().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        pid.is_some_and(|pid| kill_process(pid, signal).is_ok())
    }
}
