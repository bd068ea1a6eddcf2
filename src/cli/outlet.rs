//! Where log lines end up: a file that is cut into pieces by size, standard error, or both. Trouble with the file loses lines
//! and nothing else.

use super::lost::Lost;
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write, stderr},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Old log files that are kept, as `push.log.1` (the newest) and so on. Fixed.
const KEPT: usize = 5;

/// Writes whole lines, each with one call.
pub struct Outlet {
    /// What the lines are called where it is told that some are lost.
    what: &'static str,
    file: Option<LogFile>,
    to_stderr: bool,
    lost: Lost,
    /// How many of the lost ones the log tells of.
    told: u64,
    /// Could the last one be written?
    is_well: bool,
}

impl Outlet {
    fn new(what: &'static str, file: Option<LogFile>, to_stderr: bool) -> Self {
        Self { what, file, to_stderr, lost: Lost::default(), told: 0, is_well: true }
    }

    /// Standard error, for the log.
    pub fn stderr() -> Self {
        Self::new("log", None, true)
    }

    /// The same for what scripts print.
    pub fn prints() -> Self {
        Self::new("printed", None, true)
    }

    /// Appends to a file that is put aside when it would have more than `max_size` bytes.
    pub fn file(path: &Path, max_size: u64, also_stderr: bool) -> io::Result<Self> {
        let file = open(path)?;
        Ok(Self::new("log", Some(LogFile::new(path, max_size, file)), also_stderr))
    }

    /// The same for lines of answered requests.
    pub fn accesses(path: &Path, max_size: u64) -> io::Result<Self> {
        let file = open(path)?;
        Ok(Self::new("access log", Some(LogFile::new(path, max_size, file)), false))
    }

    /// The count of what could not be written.
    pub fn lost(&self) -> Lost {
        self.lost.clone()
    }
}

impl Write for Outlet {
    /// Never fails: there is nobody who could do anything about it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let filed = self.file.as_mut().map(|file| file.write(line));
        let shown = self.to_stderr.then(|| stderr().write_all(line).is_ok());
        // (who has a file may close the terminal)
        self.is_well = filed.or(shown).unwrap_or(true);
        if !self.is_well {
            self.lost.add();
        }
        Ok(line.len())
    }

    /// Called whenever no more lines wait: the time to tell of those that are missing.
    fn flush(&mut self) -> io::Result<()> {
        let lost = self.lost.count();
        if self.is_well && lost > self.told {
            // (this line comes back to us as any other of the log)
            tracing::warn!("{} {} lines lost", lost - self.told, self.what);
            self.told = lost;
        }
        Ok(())
    }
}

struct LogFile {
    path: PathBuf,
    max_size: u64,
    /// The size at which it is to be put aside: its maximum, or more where that has failed.
    full_at: u64,
    /// Has it been said that the file cannot be put aside, or opened again?
    is_stuck: bool,
    file: File,
    /// Lines since the last one that could be written.
    lost: u64,
}

impl LogFile {
    fn new(path: &Path, max_size: u64, file: File) -> Self {
        let path = path.to_owned();
        Self { path, max_size, full_at: max_size, is_stuck: false, file, lost: 0 }
    }

    /// False: it could not be written.
    fn write(&mut self, line: &[u8]) -> bool {
        self.follow(line.len() as u64);
        let written = self.file.write_all(line);
        match &written {
            Ok(()) if self.lost > 0 => {
                let lost = std::mem::take(&mut self.lost);
                self.tell(&format!("can be written again; {lost} line(s) were lost"));
            }
            Ok(()) => (),
            Err(error) => {
                if self.lost == 0 {
                    self.tell(&format!("cannot be written, its lines are lost: {error}"));
                }
                self.lost += 1;
            }
        }
        written.is_ok()
    }

    /// On the other outlet.
    fn tell(&self, what: &str) {
        let _ = writeln!(stderr(), "rhost: the log {} {what}", self.path.display());
    }

    /// Opens the file of our name if ours has been put aside, by us because it is full or by somebody else. What is no
    /// regular file is never put aside.
    fn follow(&mut self, more: u64) {
        let Ok(ours) = self.file.metadata() else { return };
        let is_full = ours.len() > 0 && ours.len() + more > self.full_at;
        if is_full
            && ours.is_file()
            && self.is_ours(&ours)
            && let Err(error) = put_aside(&self.path)
        {
            self.full_at = ours.len() + self.max_size;
            self.complain("it is full and cannot be put aside: it grows on", &error);
        }
        if !self.is_ours(&ours) {
            match open(&self.path) {
                Ok(file) => {
                    (self.file, self.full_at, self.is_stuck) = (file, self.max_size, false);
                }
                Err(error) => self.complain(
                    "it was put aside and cannot be opened again: lines go to the old file",
                    &error,
                ),
            }
        }
    }

    /// Once, on the log itself: it comes back to us as a line of its own.
    fn complain(&mut self, what: &str, error: &io::Error) {
        if !std::mem::replace(&mut self.is_stuck, true) {
            tracing::warn!("log_file {}: {what} ({error})", self.path.display());
        }
    }

    /// Is the file of our name the one that we have open?
    fn is_ours(&self, ours: &fs::Metadata) -> bool {
        let found = fs::metadata(&self.path);
        found.is_ok_and(|found| (found.dev(), found.ino()) == (ours.dev(), ours.ino()))
    }
}

/// Created with mode 0644 at most.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o644).open(path)
}

/// `push.log.4` becomes `push.log.5` and so on; `push.log` becomes `push.log.1`.
fn put_aside(path: &Path) -> io::Result<()> {
    let numbered = |n: usize| {
        let mut name = OsString::from(path);
        name.push(format!(".{n}"));
        name
    };
    for n in (1..KEPT).rev() {
        let _ = fs::rename(numbered(n), numbered(n + 1));
    }
    fs::rename(path, numbered(1))
}
