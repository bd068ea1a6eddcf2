//! The file of a Unix socket. It is removed only while it is ours: another program may have removed it and bound a socket of
//! its own at the same path, as the next release of a service does.

use crate::net::address::Endpoint;
use socket2::Socket;
use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// What was bound at a path.
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode of the file.
    id: (u64, u64),
    /// The socket stays open for as long as this lives: until then the system gives no other file the same inode.
    _socket: Socket,
}

impl SocketFile {
    /// Of a socket that was bound just now; none if it has no file.
    pub(super) fn of(socket: &Socket, endpoint: &Endpoint) -> io::Result<Option<Self>> {
        let Endpoint::Unix(path) = endpoint else { return Ok(None) };
        let id = identity(path)?;
        Ok(Some(Self { path: path.clone(), id, _socket: socket.try_clone()? }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Is nothing at the path any more?
    pub(super) fn is_missing(&self) -> bool {
        identity(&self.path).is_err_and(|e| e.kind() == io::ErrorKind::NotFound)
    }

    /// Takes it away, unless it has become another's.
    pub(super) fn remove(self) {
        if identity(&self.path).is_ok_and(|found| found == self.id) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}
