//! `rhost logs`: the log file of a script that runs, or of one that ran, and with `-f` whatever is added to it.

use super::{
    arguments::{Command, Serving, Target},
    client::{Client, PATIENCE},
    exit::{Exit, Failure},
    manner::command_of,
    outlet::put_aside_as,
    plan::Plan,
    terminal::is_copied,
    wire::{Answer, Logs, Request},
};
use rustix::fs::OFlags;
use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// How often it is looked for more. Fixed: people do not notice.
const LOOK: Duration = Duration::from_millis(100);

/// Bytes that are copied in one go. Fixed.
const PORTION: usize = 64 * 1024;

pub fn logs(target: &Target, follow: bool, lines: Option<u64>) -> Result<u8, Failure> {
    let path = log_file(target)?;
    let failed = |e: io::Error| Failure::system(format!("log_file {}", path.display()), e);
    let mut log = Tail::open(&path).map_err(failed)?;
    if let Some(lines) = lines {
        log.skip_to_the_last(lines).map_err(failed)?;
    }
    while log.copy().map_err(failed)? && follow {
        thread::sleep(LOOK);
        if !log.follow().map_err(failed)? {
            break;
        }
    }
    Ok(0)
}

/// Where the lines of what was named are, if they are anywhere.
fn log_file(target: &Target) -> Result<PathBuf, Failure> {
    let name = target.name();
    let (log_file, is_running) = match Client::find(target) {
        Ok(client) => {
            let Some(logs) = logs_of(&client) else {
                let text = format!(
                    "{name} runs ({}) and does not say where it logs",
                    client.running.who()
                );
                return Err(Failure::new(Exit::Silent, text));
            };
            let Some(log_file) = logs.log_file else {
                let text = format!(
                    "{name} runs in the foreground ({}): its log goes to the standard error of whoever started it; \
                     Worker::configure(#{{ log_file }}) keeps one as well",
                    client.running.who()
                );
                return Err(Failure::new(Exit::Failed, text));
            };
            (log_file, true)
        }
        Err(failure) if failure.exit == Exit::NotRunning => {
            let Some(script) = target.file.as_ref().filter(|file| file.is_file()) else {
                return Err(failure);
            };
            let serving = Serving {
                file: script.clone(),
                settle: None,
                rehearsal_timeout: None,
                pid_file: None,
                log_format: None,
                arguments: Vec::new(),
            };
            (Plan::new(serving, false)?.0.log_file_of_a_daemon(), false)
        }
        Err(failure) => return Err(failure),
    };
    match fs::metadata(&log_file) {
        Ok(found) if found.is_file() => Ok(log_file),
        Ok(_) => {
            let text =
                format!("the log of {name} goes to {}, which keeps nothing", log_file.display());
            Err(Failure::new(Exit::Failed, text))
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound && !is_running => {
            let text = format!(
                "{name} is not running, and has left no log: there is no {}",
                log_file.display()
            );
            Err(Failure::new(Exit::NotRunning, text))
        }
        Err(e) => Err(Failure::system(format!("log_file {}", log_file.display()), e)),
    }
}

/// Where a host logs, as it says, or as the command line of a daemon whose server is not there. None: nobody says.
fn logs_of(client: &Client) -> Option<Logs> {
    if let Ok(Answer::Logs(logs)) = client.ask(&Request::Logs, PATIENCE) {
        return Some(logs);
    }
    let pid = client.running.pid()?;
    let (Command::Monitor(plan) | Command::Server(plan)) = command_of(pid)? else { return None };
    let folder = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
    Some(Logs { log_file: Some(folder.join(plan.log_file_of_a_daemon())) })
}

/// A file that grows, is put aside, and begins anew.
struct Tail {
    path: PathBuf,
    file: File,
}

impl Tail {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: open(path)? })
    }

    /// Leaves out all but so many lines at the end.
    fn skip_to_the_last(&mut self, lines: u64) -> io::Result<()> {
        let mut at = self.file.seek(SeekFrom::End(0))?;
        if lines == 0 {
            return Ok(());
        }
        let mut block = vec![0; PORTION];
        // The end of the last line is no beginning of another.
        let (mut left, mut is_last) = (lines, true);
        while at > 0 {
            let size = at.min(PORTION as u64);
            let block = &mut block[..size as usize];
            self.file.seek(SeekFrom::Start(at - size))?;
            self.file.read_exact(block)?;
            for (behind, _) in block.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
                let is_end =
                    std::mem::take(&mut is_last) && at - size + behind as u64 + 1 == self.size()?;
                if is_end {
                    continue;
                }
                left = left.saturating_sub(1);
                if left == 0 {
                    self.file.seek(SeekFrom::Start(at - size + behind as u64 + 1))?;
                    return Ok(());
                }
            }
            at -= size;
        }
        self.file.seek(SeekFrom::Start(0)).map(drop)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// All that is there. False: nobody reads any more.
    fn copy(&mut self) -> io::Result<bool> {
        if self.size()? < self.file.stream_position()? {
            // Whoever copies a log and empties it begins it anew.
            self.file.seek(SeekFrom::Start(0))?;
        }
        let mut portion = vec![0; PORTION];
        loop {
            match self.file.read(&mut portion)? {
                0 => return Ok(true),
                read if is_copied(&portion[..read]) => (),
                _ => return Ok(false),
            }
        }
    }

    /// Goes on with the file of our name, if ours was put aside. False: nobody reads any more.
    fn follow(&mut self) -> io::Result<bool> {
        let ours = identity(&self.file.metadata()?);
        let is_ours = |path: &Path| fs::metadata(path).is_ok_and(|found| identity(&found) == ours);
        let named = match fs::metadata(&self.path) {
            Ok(named) if identity(&named) != ours => open(&self.path)?,
            // It is being replaced, or nothing has happened.
            _ => return Ok(true),
        };
        // What came until then, and what was put aside since in whole files.
        if !self.copy()? {
            return Ok(false);
        }
        let aside: Vec<PathBuf> = put_aside_as(&self.path).collect();
        let missed = aside.iter().position(|path| is_ours(path)).unwrap_or(0);
        for path in aside.iter().take(missed).rev() {
            self.file = open(path)?;
            if !self.copy()? {
                return Ok(false);
            }
        }
        self.file = named;
        Ok(true)
    }
}

fn identity(found: &fs::Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

/// Never waits.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}
