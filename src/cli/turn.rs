//! Restarts of one script take turns: each finds what the one before has started.

use super::{
    exit::Failure,
    lock::{is_same, open},
    place,
    terminal::say,
};
use rustix::fs::{FlockOperation, flock};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// Ends when it is dropped.
pub struct Turn {
    path: PathBuf,
    lock: File,
}

impl Turn {
    /// Waits for it.
    pub fn take(script: &Path) -> Result<Self, Failure> {
        let path = place::beside(&place::default(script)?, ".restart");
        let failed = |e: io::Error| Failure::system(path.display(), e);
        loop {
            let lock = open(&path, true)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
            if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
                say(&format!("rhost: {} is being restarted already: waiting", script.display()));
                flock(&lock, FlockOperation::LockExclusive).map_err(|e| failed(e.into()))?;
            }
            // Whoever had it has removed the file.
            if is_named(&lock, &path) {
                return Ok(Self { path, lock });
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // What somebody has removed may be another's by now.
        if is_named(&self.lock, &self.path) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Is that file what the name leads to?
fn is_named(file: &File, name: &Path) -> bool {
    let named = fs::symlink_metadata(name);
    named.is_ok_and(|named| file.metadata().is_ok_and(|ours| is_same(&named, &ours)))
}
