//! A file that is to be answered.

use crate::web::{
    entity_tag::PathSum,
    file_answer::{Coding, FileFacts},
    media_type,
    patience::Patience,
};
use rustix::fs::{CWD, Mode, OFlags, open, openat2};
use std::{
    fs::File,
    io,
    os::unix::ffi::OsStrExt,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

/// For reading; a named pipe is not waited for, a terminal is not taken over.
pub(crate) const READ: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// A regular file that is open and not yet read. It may grow or shrink while it is: `size` is what is promised.
#[derive(Debug)]
pub(crate) struct ServedFile {
    pub(crate) file: File,
    pub(crate) size: u64,
    pub(crate) modified: SystemTime,
    /// Of the file that was asked for, also if a compressed one beside it is open.
    pub(crate) media_type: String,
    pub(crate) path: PathSum,
    pub(crate) coding: Coding,
    /// Another client may be answered in another coding.
    pub(crate) varies: bool,
}

impl ServedFile {
    /// Opens a file that a script names, wherever it is.
    pub(crate) fn open(path: &Path, patience: Patience) -> io::Result<Self> {
        let file = File::from(match patience {
            Patience::Waits => open(path, READ, Mode::empty())?,
            // An error may be one of this way only, which old kernels do not know: the other one tells.
            Patience::AtOnce => openat2(CWD, path, READ, Mode::empty(), patience.flags())
                .map_err(|_| io::ErrorKind::WouldBlock)?,
        });
        let facts = file.metadata()?;
        if !facts.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        let (size, modified) = (facts.len(), facts.modified().unwrap_or(UNIX_EPOCH));
        let media_type =
            media_type::of_name(&path.file_name().unwrap_or_default().to_string_lossy());
        let path = PathSum::of([path.as_os_str().as_bytes()]);
        Ok(Self { file, size, modified, media_type, path, coding: Coding::AsItIs, varies: false })
    }

    /// What decides how it is answered.
    pub(crate) fn facts(&self) -> FileFacts<'_> {
        let Self { path, size, modified, coding, varies, .. } = *self;
        FileFacts { media_type: &self.media_type, path, size, modified, coding, varies }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::mkfifoat;
    use std::fs;

    #[test]
    fn only_regular_files_are_opened_and_a_pipe_is_not_waited_for() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        fs::write(path("a.txt"), "abc").unwrap();
        mkfifoat(CWD, path("pipe"), Mode::RUSR).unwrap();
        let file = ServedFile::open(&path("a.txt"), Patience::Waits).unwrap();
        let facts = file.facts();
        let seen = (facts.media_type, facts.size, facts.coding);
        assert_eq!(seen, ("text/plain; charset=utf-8", 3, Coding::AsItIs));
        for wrong in [path("pipe"), path(""), "/dev/null".into()] {
            let kind = ServedFile::open(&wrong, Patience::Waits).unwrap_err().kind();
            assert_eq!(kind, io::ErrorKind::InvalidInput, "{}", wrong.display());
        }
        let kind = |patience| ServedFile::open(&path("b"), patience).unwrap_err().kind();
        assert_eq!(kind(Patience::Waits), io::ErrorKind::NotFound);
        assert_eq!(kind(Patience::AtOnce), io::ErrorKind::WouldBlock);
    }
}
