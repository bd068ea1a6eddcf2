//! What "running" means: somebody holds the lock of the pid file. The number in it is never believed by itself, so neither
//! a stale file nor a forged one fools anybody.

use super::exit::{Exit, Failure};
use rustix::{
    fs::{FlockOperation, OFlags, flock},
    process::{Pid, Signal, kill_process},
};
use std::{
    fs::{self, File, OpenOptions},
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
const POLL: Duration = Duration::from_millis(10);

/// For how long a lock that nobody seems to hold may be taken: commands that look take it for a moment. Fixed.
const LOOKERS: Duration = Duration::from_millis(500);

/// The locked pid file of this process. The lock lives as long as any process has this open file.
pub struct PidFile {
    file: File,
    path: PathBuf,
}

/// Bytes of a pid file that are looked at. Fixed: a number is shorter.
const MAX_PID_FILE: u64 = 64;

impl PidFile {
    /// Takes the lock and writes our process id.
    pub fn take(path: &Path) -> Result<Self, Failure> {
        let failed = |e: io::Error| Failure::system(format!("pid file {}", path.display()), e);
        let patience = Instant::now() + LOOKERS;
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o644)
                .custom_flags(OFlags::NOFOLLOW.bits() as i32)
                .open(path)
                .map_err(failed)?;
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
                let holder = Running { file, path: path.to_owned() };
                if holder.pid().is_some() || Instant::now() > patience {
                    return Err(Failure::new(
                        Exit::AlreadyRunning,
                        format!("already running ({})", holder.who()),
                    ));
                }
                thread::sleep(POLL);
                continue;
            }
            // (whoever ended just now may have removed the file that we opened)
            if fs::metadata(path).is_ok_and(|m| file.metadata().is_ok_and(|f| is_same(&m, &f))) {
                refuse_other_content(&file, path)?;
                let file = Self { file, path: path.to_owned() };
                file.write_pid().map_err(failed)?;
                return Ok(file);
            }
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
        // (whoever reads meanwhile finds a whole first line: the old number or the new one)
        let line = format!("{}\n", std::process::id());
        self.file.write_all_at(line.as_bytes(), 0)?;
        self.file.set_len(line.len() as u64)
    }

    pub fn remove(&self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Somebody who holds the lock of a pid file.
pub struct Running {
    file: File,
    path: PathBuf,
}

impl Running {
    /// None: nobody does.
    pub fn find(path: &Path) -> Result<Option<Self>, Failure> {
        match File::open(path) {
            Ok(file) => {
                let running = Self { file, path: path.to_owned() };
                Ok((!running.is_gone()).then_some(running))
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Failure::system(format!("pid file {}", path.display()), e)),
        }
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
        let mut open = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.filter_map(Result::ok);
        open.any(|fd| fs::metadata(fd.path()).is_ok_and(|theirs| is_same(&ours, &theirs)))
            .then_some(pid)
    }

    /// `pid 4711`, or the file if its number says nothing.
    pub fn who(&self) -> String {
        match self.pid() {
            Some(pid) => format!("pid {pid}"),
            None => format!("{} is locked", self.path.display()),
        }
    }

    /// False: there is nobody whom a signal would reach.
    pub fn signal(&self, signal: Signal) -> bool {
        let pid = self.pid().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        pid.is_some_and(|pid| kill_process(pid, signal).is_ok())
    }
}

fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// A file that holds anything but a process id is somebody's, and was named by mistake.
fn refuse_other_content(file: &File, path: &Path) -> Result<(), Failure> {
    let mut content = Vec::new();
    let read = file.take(MAX_PID_FILE).read_to_end(&mut content);
    read.map_err(|e| Failure::system(format!("pid file {}", path.display()), e))?;
    let text = String::from_utf8_lossy(&content);
    if text.trim().chars().all(|c| c.is_ascii_digit()) {
        return Ok(());
    }
    let text = format!("{} is not a pid file: it holds something else", path.display());
    Err(Failure::new(Exit::Failed, text))
}
