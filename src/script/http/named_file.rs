//! What the log says of a file that is an answer, when there is trouble with it. How it is sent may not enter.

use super::TcpConnection;
use std::io;

/// See the module.
pub(super) struct NamedFile {
    pub(super) path: String,
    /// By the script, and not by a request?
    pub(super) is_named: bool,
}

impl NamedFile {
    /// Strangers may ask for what is not there; a disk that fails, or a script that is wrong, is for somebody to see.
    pub(super) fn note(&self, fault: &io::Error, connection: &TcpConnection) {
        use io::ErrorKind::{InvalidInput, NotADirectory, NotFound, PermissionDenied};
        let is_refused =
            matches!(fault.kind(), NotFound | NotADirectory | InvalidInput | PermissionDenied);
        if self.is_named || !is_refused {
            let (id, path) = (connection.conn().id, self.path.escape_debug());
            connection.warn(&format!("connection {id}: the file {path} was not sent: {fault}"));
        }
    }
}
