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
        let file = LogFile { path: path.to_owned(), max_size, file, lost: 0 };
        Ok(Self::new("log", Some(file), also_stderr))
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
    file: File,
    /// Lines since the last one that could be written.
    lost: u64,
}

impl LogFile {
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
        let is_full = ours.len() > 0 && ours.len() + more > self.max_size;
        if is_full && ours.is_file() && self.is_ours(&ours) {
            // (where that is not allowed it grows on)
            put_aside(&self.path);
        }
        if !self.is_ours(&ours)
            && let Ok(file) = open(&self.path)
        {
            self.file = file;
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
fn put_aside(path: &Path) {
    let numbered = |n: usize| {
        let mut name = OsString::from(path);
        name.push(format!(".{n}"));
        name
    };
    for n in (1..KEPT).rev() {
        let _ = fs::rename(numbered(n), numbered(n + 1));
    }
    let _ = fs::rename(path, numbered(1));
}
