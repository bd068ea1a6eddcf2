//! Where log lines end up: a file that is cut into pieces by size, standard error, or both. Trouble with the file loses lines
//! and nothing else.

use super::lost::Lost;
use rustix::fs::OFlags;
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write, stderr},
    os::{
        fd::AsFd,
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

/// Old log files that are kept, as `push.log.1` (the newest) and so on. Fixed.
const KEPT: usize = 5;

/// Where whole lines are written to.
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

    /// For what a daemon's script prints: its standard error, which is the file of that name, and becomes the new one when
    /// that was put aside or removed.
    pub fn prints(path: &Path) -> io::Result<Self> {
        let file = File::from(stderr().as_fd().try_clone_to_owned()?);
        let file = LogFile { is_stderr: true, ..LogFile::new("stdout_file", path, u64::MAX, file) };
        Ok(Self::new("printed", Some(file), false))
    }

    /// Appends to a file that is put aside when it would have more than `max_size` bytes.
    pub fn file(path: &Path, max_size: u64, also_stderr: bool) -> io::Result<Self> {
        let file = open(path, OFlags::empty())?;
        let file = LogFile::new("log_file", path, max_size, file);
        Ok(Self::new("log", Some(file), also_stderr))
    }

    /// The same for lines of answered requests.
    pub fn accesses(path: &Path, max_size: u64) -> io::Result<Self> {
        let file = open(path, OFlags::empty())?;
        let file = LogFile::new("access_log_file", path, max_size, file);
        Ok(Self::new("access log", Some(file), false))
    }

    /// The count of what could not be written.
    pub fn lost(&self) -> Lost {
        self.lost.clone()
    }

    /// Never fails: there is nobody who could do anything about it.
    pub fn write(&mut self, mut lines: &[Vec<u8>]) {
        if self.to_stderr {
            let is_shown = stderr().write_all(&lines.concat()).is_ok();
            // Who has a file may close the terminal.
            if self.file.is_none() {
                self.is_well = is_shown;
                self.lost.add(if is_shown { 0 } else { lines.len() as u64 });
            }
        }
        while let Some(file) = &mut self.file
            && !lines.is_empty()
        {
            let (now, rest) = lines.split_at(file.room_for(lines));
            self.is_well = file.write(now);
            self.lost.add(if self.is_well { 0 } else { now.len() as u64 });
            lines = rest;
        }
    }

    /// Called whenever no more lines wait.
    pub fn tell_of_the_lost(&mut self) {
        let lost = self.lost.count();
        if self.is_well && lost > self.told {
            // This line comes back to us as any other of the log.
            tracing::warn!("{} {} lines lost", lost - self.told, self.what);
            self.told = lost;
        }
    }
}

struct LogFile {
    /// What is configured as this.
    name: &'static str,
    path: PathBuf,
    max_size: u64,
    /// The size at which it is to be put aside: its maximum, or more where that has failed.
    full_at: u64,
    /// Has it been said that the file cannot be put aside, or opened again?
    is_stuck: bool,
    file: File,
    /// Is it what standard error is, and is to be?
    is_stderr: bool,
    /// Lines since the last one that could be written.
    lost: u64,
}

impl LogFile {
    fn new(name: &'static str, path: &Path, max_size: u64, file: File) -> Self {
        let (path, full_at) = (path.to_owned(), max_size);
        Self { name, path, max_size, full_at, is_stuck: false, file, is_stderr: false, lost: 0 }
    }

    /// How many of these lines, at least one, go into the file that is there now. Opens the file of our name first, if
    /// ours is full or was put aside.
    fn room_for(&mut self, lines: &[Vec<u8>]) -> usize {
        self.follow(lines.first().map_or(0, Vec::len) as u64);
        let size = self.file.metadata().map_or(0, |ours| ours.len());
        let mut room = self.full_at.saturating_sub(size);
        let fits = |line: &&Vec<u8>| {
            let rest = room.checked_sub(line.len() as u64);
            room = rest.unwrap_or_default();
            rest.is_some()
        };
        lines.iter().take_while(fits).count().max(1)
    }

    /// False: they could not be written.
    fn write(&mut self, lines: &[Vec<u8>]) -> bool {
        let written = self.file.write_all(&lines.concat());
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
                self.lost += lines.len() as u64;
            }
        }
        written.is_ok()
    }

    /// On the other outlet.
    fn tell(&self, what: &str) {
        // What cannot be written there need not be told there; the log counts it.
        if self.is_stderr {
            return;
        }
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
            // A pipe that has taken its place must not hold us up.
            match open(&self.path, OFlags::NONBLOCK) {
                Ok(file) => {
                    if self.is_stderr {
                        // What panics and the system's libraries say goes there, too.
                        let _ = rustix::stdio::dup2_stderr(&file);
                    }
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
            tracing::warn!("{} {}: {what} ({error})", self.name, self.path.display());
        }
    }

    /// Is the file of our name the one that we have open?
    fn is_ours(&self, ours: &fs::Metadata) -> bool {
        let found = fs::metadata(&self.path);
        found.is_ok_and(|found| (found.dev(), found.ino()) == (ours.dev(), ours.ino()))
    }
}

/// Created with mode 0644 at most.
fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    let flags = flags.bits().cast_signed();
    OpenOptions::new().append(true).create(true).mode(0o644).custom_flags(flags).open(path)
}

/// The names of a log file's old ones, the newest first.
pub fn put_aside_as(path: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let path = OsString::from(path);
    (1..=KEPT).map(move |n| {
        let mut name = path.clone();
        name.push(format!(".{n}"));
        name.into()
    })
}

/// `push.log.4` becomes `push.log.5` and so on; `push.log` becomes `push.log.1`.
fn put_aside(path: &Path) -> io::Result<()> {
    let names: Vec<PathBuf> = put_aside_as(path).collect();
    for (newer, older) in names.iter().zip(names.iter().skip(1)).rev() {
        let _ = fs::rename(newer, older);
    }
    fs::rename(path, &names[0])
}
