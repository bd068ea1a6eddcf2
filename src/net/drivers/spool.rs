//! The body of a request that is too large to wait in memory: a file without a name, which is gone when nobody holds it.
//! What the bytes mean may not enter.
//!
//! # Large bodies never lie in memory
//!
//! `protocol/http` hands a body on in parts of 256 KiB; this file writes them to a file without a name, on the
//! blocking pool, and nothing more is read from that peer meanwhile. A form is read from there in pieces of 64 KiB.

use std::{
    fs::File,
    io::{self, Seek, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};
use tokio::{runtime::Handle, task::spawn_blocking};

/// See the module.
#[derive(Debug)]
pub(crate) struct Spool {
    /// None while it is dropped.
    file: Option<File>,
    length: u64,
}

/// What is left of a file goes with its last handle, and giving many blocks back takes its time.
impl Drop for Spool {
    fn drop(&mut self) {
        if let (Some(file), Ok(runtime)) = (self.file.take(), Handle::try_current()) {
            runtime.spawn_blocking(move || drop(file));
        }
    }
}

impl Spool {
    /// Adds a part on the blocking pool, to a new file in that directory if there is none yet. The error says what could not
    /// be done where. The part is given back, for its memory.
    pub(super) async fn append(
        spool: Option<Self>,
        directory: PathBuf,
        part: Vec<u8>,
    ) -> Result<(Self, Vec<u8>), String> {
        let work = spawn_blocking(move || {
            let added = spool.map_or_else(|| Self::new(&directory), Ok).and_then(|s| s.add(&part));
            added.map(|spool| (spool, part)).map_err(|fault| {
                let directory = directory.display();
                format!("a body could not be stored in {directory}: {fault}; see upload_dir")
            })
        });
        work.await.unwrap_or_else(|stopped| Err(stopped.to_string()))
    }

    /// Only its owner could read it, if it could be found.
    fn new(directory: &Path) -> io::Result<Self> {
        Ok(Self { file: Some(tempfile::tempfile_in(directory)?), length: 0 })
    }

    fn add(mut self, part: &[u8]) -> io::Result<Self> {
        self.file()?.write_all(part)?;
        self.length += part.len() as u64;
        Ok(self)
    }

    /// All of it. Blocks.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.length).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.file()?.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    fn file(&self) -> io::Result<&File> {
        self.file.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The file, to be read from its beginning by one reader at a time.
    pub(crate) fn rewound(&self) -> io::Result<File> {
        let mut file = self.file()?.try_clone()?;
        file.rewind()?;
        Ok(file)
    }
}
