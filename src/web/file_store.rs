//! Sessions in files, one each: they outlive the process, and all processes of a machine can share them.

use crate::web::{
    session_id::SessionId,
    session_store::{MAX_SESSION_BYTES, SessionError, SessionStore, Stored, check_size},
};
use rustix::{
    fd::OwnedFd,
    fs::{
        AtFlags, Dir, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_OMIT, fstat, futimens, mkdir,
        open, openat, renameat, stat, statat, unlinkat,
    },
    io::Errno,
    process::geteuid,
};
use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::task::spawn_blocking;

/// What the name of a session's file begins with; its id follows.
const SESSION: &str = "session_";

/// What the name of a file begins with that is being written.
const NEW: &str = "new_";

/// How long after its end a session's file is left alone, and for how long one is that is being written. Fixed: whoever
/// saves one anew just then must not lose it.
const GRACE: Duration = Duration::from_secs(60);

/// How long a session lives at most, five years. Fixed: file systems cannot write down every date.
const MAX_LIFETIME: Duration = Duration::from_secs(5 * 365 * 24 * 3600);

/// Sessions as files `session_<id>` in a directory of their own. A file's time of change is the time at which the
/// session ends, so that each can have a lifetime of its own.
pub(crate) struct FileStore {
    path: PathBuf,
    /// The directory that had the path when a session was last loaded or saved.
    directory: Arc<Mutex<Arc<Directory>>>,
}

impl FileStore {
    /// Makes the directory if it is not there, for its owner only. One that is there has to belong to this user, and
    /// nobody else may write to it.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let directory = Arc::new(Mutex::new(Arc::new(Directory::open(path)?)));
        Ok(Self { path: path.to_owned(), directory })
    }

    /// Works on the blocking pool.
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Directory) -> Result<T, SessionError> + Send + 'static,
    ) -> Stored<'_, T> {
        let (path, directory) = (self.path.clone(), self.directory.clone());
        Box::pin(async move {
            let done = spawn_blocking(move || {
                let mut held = directory.lock().unwrap_or_else(PoisonError::into_inner);
                // What is kept in one that another has taken the place of would be gone after a restart.
                if !held.has(&path) {
                    *held = Arc::new(Directory::open(&path).map_err(io::Error::other)?);
                }
                let directory = Arc::clone(&held);
                drop(held);
                work(&directory)
            });
            done.await.unwrap_or_else(|stopped| Err(io::Error::from(stopped).into()))
        })
    }
}

impl SessionStore for FileStore {
    fn load<'a>(&'a self, id: &'a SessionId) -> Stored<'a, Option<String>> {
        let id = id.clone();
        self.run(move |directory| Ok(directory.load(&id)?))
    }

    fn save<'a>(&'a self, id: &'a SessionId, text: String, lifetime: Duration) -> Stored<'a, ()> {
        let id = id.clone();
        self.run(move |directory| {
            check_size(&text)?;
            Ok(directory.save(&id, &text, lifetime)?)
        })
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> Stored<'a, ()> {
        let id = id.clone();
        self.run(move |directory| Ok(directory.remove(&file_name(&id))?))
    }

    fn collect(&self) -> Stored<'_, usize> {
        self.run(|directory| Ok(directory.collect(SystemTime::now())?))
    }
}

fn file_name(id: &SessionId) -> String {
    format!("{SESSION}{}", id.as_str())
}

/// The directory, held open: whoever puts another in its place has to make one that passes the same judgement.
struct Directory {
    fd: OwnedFd,
}

impl Directory {
    /// The directory at a path; see [`FileStore::open`].
    fn open(path: &Path) -> Result<Self, String> {
        let refused = |why: String| format!("sessions cannot be kept in {}: {why}", path.display());
        match mkdir(path, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => (),
            Err(fault) => return Err(refused(fault.to_string())),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = open(path, flags, Mode::empty()).and_then(|fd| Ok((fstat(&fd)?, fd)));
        let (facts, fd) = opened.map_err(|fault| refused(fault.to_string()))?;
        if facts.st_uid != geteuid().as_raw() {
            return Err(refused("the directory belongs to another user".into()));
        }
        if Mode::from_raw_mode(facts.st_mode).intersects(Mode::WGRP | Mode::WOTH) {
            return Err(refused("other users may write there; try `chmod 700`".into()));
        }
        Ok(Self { fd })
    }

    /// Is it the one that has this path, or is there no other?
    fn has(&self, path: &Path) -> bool {
        let place = |facts: Stat| (facts.st_dev, facts.st_ino);
        match (fstat(&self.fd), stat(path)) {
            (Ok(own), Ok(found)) => place(own) == place(found),
            _ => true,
        }
    }

    fn load(&self, id: &SessionId) -> io::Result<Option<String>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&self.fd, file_name(id), flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(fault) => return Err(fault.into()),
        };
        let facts = file.metadata()?;
        if !facts.is_file() || facts.modified()? <= SystemTime::now() {
            return Ok(None);
        }
        let mut text = String::new();
        file.take(MAX_SESSION_BYTES as u64).read_to_string(&mut text)?;
        // What a file has whose content a power cut took.
        Ok((!text.is_empty()).then_some(text))
    }

    /// Writes a new file and puts it in the place of the old one, so that nobody reads half of it.
    fn save(&self, id: &SessionId, text: &str, lifetime: Duration) -> io::Result<()> {
        // A name by chance: processes of other machines or containers may write here too.
        let chance = SessionId::fresh().map_err(|fault| io::Error::other(fault.to_string()))?;
        let new = format!("{NEW}{}", chance.as_str());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.fd, &new, flags, Mode::RUSR | Mode::WUSR)?);
        let done = file.write_all(text.as_bytes()).and_then(|()| {
            futimens(&file, &ends_at(lifetime))?;
            Ok(renameat(&self.fd, &new, &self.fd, file_name(id))?)
        });
        done.or_else(|fault| self.remove(&new).and(Err(fault)))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Removes sessions that are over, and what a process left half written when it died.
    fn collect(&self, now: SystemTime) -> io::Result<usize> {
        let mut removed = 0;
        for entry in Dir::read_from(&self.fd)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            let id = name.strip_prefix(SESSION).filter(|id| SessionId::is_wellformed(id));
            if id.is_none() && !name.starts_with(NEW) {
                continue;
            }
            let facts = match statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(facts) => facts,
                Err(Errno::NOENT) => continue,
                Err(fault) => return Err(fault.into()),
            };
            let ended = u64::try_from(facts.st_mtime).unwrap_or(0);
            if seconds(now).saturating_sub(ended) > GRACE.as_secs() {
                self.remove(name)?;
                removed += usize::from(id.is_some());
            }
        }
        Ok(removed)
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The times of a file whose session lives that long.
fn ends_at(lifetime: Duration) -> Timestamps {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let end = now + lifetime.min(MAX_LIFETIME);
    let last_modification =
        Timespec { tv_sec: end.as_secs() as i64, tv_nsec: end.subsec_nanos().into() };
    let last_access = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    Timestamps { last_access, last_modification }
}

#[cfg(test)]
#[path = "file_store_tests.rs"]
mod tests;
