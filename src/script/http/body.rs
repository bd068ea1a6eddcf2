//! The body of a request: in memory, or in a file if it is large.

use crate::{
    net::drivers::Spool,
    script::value::{Outcome, error, waiting},
    web::body_source::BodySource,
};
use std::{borrow::Cow, io, sync::Arc};
use tokio::task::spawn_blocking;

/// See the module.
pub(super) enum Body {
    Memory(Vec<u8>),
    Disk(Arc<Spool>),
}

impl Body {
    pub(super) fn new(bytes: Vec<u8>, spool: Option<Spool>) -> Self {
        match spool {
            Some(spool) => Self::Disk(Arc::new(spool)),
            None => Self::Memory(bytes),
        }
    }

    /// All of it. A large one is waited for.
    pub(super) fn bytes(&self) -> Outcome<Cow<'_, [u8]>> {
        let spool = match self {
            Self::Memory(bytes) => return Ok(Cow::Borrowed(bytes)),
            Self::Disk(spool) => spool.clone(),
        };
        let read = waiting("reading a large body", spawn_blocking(move || spool.read()))?;
        let read = read.unwrap_or_else(|stopped| Err(stopped.into()));
        read.map(Cow::Owned).map_err(|why| error(format!("the body cannot be read again: {why}")))
    }

    /// The same piece by piece, for one reader at a time.
    pub(super) fn source(&self) -> io::Result<BodySource> {
        Ok(match self {
            Self::Memory(bytes) => BodySource::Memory(bytes.clone().into()),
            Self::Disk(spool) => BodySource::File(spool.rewound()?),
        })
    }
}
