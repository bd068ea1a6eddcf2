//! Why a multipart body was not taken.

use crate::web::form::FormError;
use std::{fmt, io, path::PathBuf};

/// Why a body was not taken. All that was stored of it is removed again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MultipartError {
    /// The answer is 400.
    #[error("a multipart body that cannot be read: {0}")]
    Malformed(String),
    /// The answer is 400.
    #[error("a form with {0}")]
    Fields(#[from] FormError),
    /// The answer is 413.
    #[error("a form with too much in it: more than {most} {of}")]
    Limit { of: Limit, most: usize },
    /// The answer is 500: a full disk, or a directory that is not there.
    #[error("an upload could not be stored in {}: {fault}", directory.display())]
    Storage { directory: PathBuf, fault: io::Error },
    /// The answer is 500.
    #[error("a body could not be read again: {0}")]
    Body(io::Error),
}

/// Of what there was too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Files,
    Fields,
    FieldBytes,
    NameBytes,
    HeaderBytes,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Limit::Files => "files",
            Limit::Fields => "fields",
            Limit::FieldBytes => "bytes in fields",
            Limit::NameBytes => "bytes in the name of a field",
            Limit::HeaderBytes => "bytes before the content of a part",
        })
    }
}
