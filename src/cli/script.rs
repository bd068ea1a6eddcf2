//! The script that a command is given. One that comes through a pipe is read once and kept: whoever looks a second time
//! would find it empty.

use super::exit::{Exit, Failure};
use rhost::{Host, HostBuilder};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::OFlags,
    io::Errno,
};
use std::{
    env,
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How long a pipe may have nobody who writes to it. Fixed: whoever starts both at once needs milliseconds.
const WRITER: Duration = Duration::from_secs(1);

/// Bytes of a script from a pipe. Fixed: as for those in files.
const MAX_TEXT: usize = 16 * 1024 * 1024;

/// The name of a script that has none of its own: it is where a shell put it, `/dev/stdin` or `/dev/fd/63`.
const NAMELESS: &str = "stdin";

/// The variable that, with `0`, lets every body run as it is written.
const OPTIMIZE: &str = "RHOST_OPTIMIZE";

/// See the module.
pub struct Script {
    pub file: PathBuf,
    /// What came through the pipe; none of a file.
    pub text: Option<Arc<str>>,
    /// What it is given.
    pub arguments: Vec<String>,
}

impl Script {
    /// Reads a pipe to its end; a file is read when it is needed.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let kind = fs::metadata(path).map(|found| found.file_type());
        let is_device = |kind: fs::FileType| {
            kind.is_char_device() || kind.is_block_device() || kind.is_socket()
        };
        match kind {
            Ok(kind) if kind.is_fifo() => {
                let text = read_pipe(path).map_err(|e| {
                    Failure::system(format!("cannot read the pipe {}", path.display()), e)
                })?;
                let is_nameless = path.starts_with("/dev") || path.starts_with("/proc");
                let file = if is_nameless { Path::new(NAMELESS) } else { path };
                Ok(Self { file: file.to_owned(), text: Some(text), arguments: Vec::new() })
            }
            Ok(kind) if is_device(kind) => {
                let text = format!("{} is a device or a socket, and no script", path.display());
                Err(Failure::new(Exit::Failed, text))
            }
            _ => Ok(Self { file: path.to_owned(), text: None, arguments: Vec::new() }),
        }
    }

    /// The same script with these arguments.
    pub fn given(self, arguments: Vec<String>) -> Self {
        Self { arguments, ..self }
    }

    /// A host for it, with no options yet but those of the environment.
    pub fn host(&self) -> HostBuilder {
        let builder = Host::builder().script(&self.file).optimize(is_optimized());
        let builder = builder.arguments(self.arguments.iter().cloned());
        match &self.text {
            Some(text) => builder.script_text(&**text),
            None => builder,
        }
    }
}

/// Does the environment leave the optimiser on?
pub fn is_optimized() -> bool {
    env::var_os(OPTIMIZE).is_none_or(|said| said != "0")
}

/// A pipe whose writer is slow is waited for, one without a writer is not.
fn read_pipe(path: &Path) -> io::Result<Arc<str>> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let mut pipe = File::options().read(true).custom_flags(flags).open(path)?;
    let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match pipe.read(&mut buffer) {
            Ok(0) if text.is_empty() && !is_ready(&pipe, Some(WRITER))? => {
                return Err(io::Error::other("nobody writes to it"));
            }
            // What became ready may be a writer, or the end of one.
            Ok(0) if text.is_empty() => match pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => text.extend_from_slice(&buffer[..read]),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => (),
                Err(e) => return Err(e),
            },
            Ok(0) => break,
            Ok(read) => text.extend_from_slice(&buffer[..read]),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => drop(is_ready(&pipe, None)?),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => (),
            Err(e) => return Err(e),
        }
        if text.len() > MAX_TEXT {
            return Err(io::Error::other(format!("it brings more than {MAX_TEXT} bytes")));
        }
    }
    let text = String::from_utf8(text).map_err(|_| io::Error::other("it is not UTF-8 text"))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).into())
}

/// Has something come, or gone? None: waits for as long as that takes.
fn is_ready(pipe: &File, limit: Option<Duration>) -> io::Result<bool> {
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    match poll(&mut [PollFd::new(pipe, PollFlags::IN)], limit.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(true),
        Err(error) => Err(error.into()),
    }
}
