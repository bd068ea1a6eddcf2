//! What "running" means: somebody holds the lock of the pid file. The number in it is never believed by itself, so neither
//! a stale file nor a forged one fools anybody.

use super::{
    exit::{Exit, Failure},
    running::Running,
};
use rustix::{
    fs::{FlockOperation, OFlags, flock},
    io::Errno,
    process::geteuid,
};
use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read, Seek},
    os::{
        fd::AsFd,
        unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// How often a lock is looked at again. Fixed.
pub const POLL: Duration = Duration::from_millis(10);

/// For how long a lock that nobody seems to hold may be taken: commands that look take it for a moment. Fixed.
const LOOKERS: Duration = Duration::from_millis(500);

/// Bytes of a pid file that are looked at. Fixed: a number is shorter.
const MAX_PID_FILE: u64 = 64;

/// Rights beyond those of the owner: whoever may open a file may lock it, and keep us from starting.
const OTHERS: u32 = 0o077;

/// The locked pid file of this process. The lock lives as long as any process has this open file.
pub struct PidFile {
    file: File,
    path: PathBuf,
}

impl PidFile {
    /// Takes the lock and writes our process id.
    pub fn take(path: &Path) -> Result<Self, Failure> {
        let failed = |e: io::Error| Failure::system(format!("pid file {}", path.display()), e);
        let patience = Instant::now() + LOOKERS;
        loop {
            let file = open(path, true)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
            let found = file.metadata().map_err(failed)?;
            let owner = geteuid().as_raw();
            if found.uid() != owner {
                let text = format!(
                    "pid file {} belongs to user {}, not to user {owner}: remove it, or name another one",
                    path.display(),
                    found.uid()
                );
                return Err(Failure::new(Exit::Failed, text));
            }
            let is_open_to_others = found.mode() & OTHERS != 0;
            let is_locked = flock(&file, FlockOperation::NonBlockingLockExclusive).is_err();
            if is_locked {
                let holder = Running::new(file.try_clone().map_err(failed)?, path);
                let is_late = Instant::now() > patience;
                if holder.pid().is_some() || (is_late && !is_open_to_others) {
                    let text = format!("already running ({})", holder.who());
                    return Err(Failure::new(Exit::AlreadyRunning, text));
                }
                if !is_late {
                    thread::sleep(POLL);
                    continue;
                }
            }
            // Whoever ended just now may have removed the file that we opened.
            if !fs::symlink_metadata(path).is_ok_and(|named| is_same(&named, &found)) {
                continue;
            }
            refuse_other_content(&file, path)?;
            if is_open_to_others {
                // Who has it open already could lock it whatever its rights become.
                fs::remove_file(path).map_err(failed)?;
                continue;
            }
            let file = Self { file, path: path.to_owned() };
            file.write_pid().map_err(failed)?;
            return Ok(file);
        }
    }

    /// The file that our parent has locked and given us as stdin, which is empty from now on.
    pub fn inherited(path: &Path) -> io::Result<Self> {
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// For a child's stdin.
    pub fn share(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Names this process as the one that signals are for.
    pub fn write_pid(&self) -> io::Result<()> {
        // Whoever reads meanwhile finds a whole first line: the old number or the new one.
        let line = format!("{}\n", std::process::id());
        self.file.write_all_at(line.as_bytes(), 0)?;
        self.file.set_len(line.len() as u64)
    }

    /// Is it still what its name leads to?
    pub fn is_in_place(&self) -> bool {
        let named = fs::symlink_metadata(&self.path);
        named.is_ok_and(|named| self.file.metadata().is_ok_and(|ours| is_same(&named, &ours)))
    }

    /// Takes it away, unless its name leads to another's; where the folder is not ours any more it is emptied at least.
    pub fn remove(&self) {
        if !self.is_in_place() || fs::remove_file(&self.path).is_err() {
            let _ = self.file.set_len(0);
        }
    }
}

/// Opens a file to be locked, and creates it if it is `ours`. Never waits, as opening a pipe does; links and all that is no
/// plain file are refused. None: there is none.
pub fn open(path: &Path, ours: bool) -> Result<Option<File>, Failure> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .write(ours)
        .create(ours)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let refused = |what: &str| {
        let text = format!("{} is not a pid file: it is {what}", path.display());
        Err(Failure::new(Exit::Failed, text))
    };
    match file {
        Ok(file) if file.metadata().is_ok_and(|found| found.is_file()) => Ok(Some(file)),
        Ok(_) => refused("no plain file"),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => match e.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::LOOP) => refused("a symbolic link"),
            Some(Errno::NXIO | Errno::ISDIR) => refused("no plain file"),
            _ => Err(Failure::system(format!("pid file {}", path.display()), e)),
        },
    }
}

pub fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// A file that holds anything but a process id is somebody's, and was named by mistake. Zeros are what a file system may leave
/// of a number that it had not written when the machine lost its power.
pub fn refuse_other_content(mut file: &File, path: &Path) -> Result<(), Failure> {
    let mut content = Vec::new();
    let read = file.rewind().and_then(|()| file.take(MAX_PID_FILE).read_to_end(&mut content));
    read.map_err(|e| Failure::system(format!("pid file {}", path.display()), e))?;
    let is_short = content.len() < MAX_PID_FILE as usize;
    let text = String::from_utf8_lossy(&content);
    let is_number = text.trim().chars().all(|c| c.is_ascii_digit());
    if is_short && (is_number || content.iter().all(|byte| *byte == 0)) {
        return Ok(());
    }
    let text = format!("{} is not a pid file: it holds something else", path.display());
    Err(Failure::new(Exit::Failed, text))
}
