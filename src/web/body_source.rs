//! A request's body that is there as a whole, given out in small pieces.

use crate::web::multipart_error::{Limit, MultipartError};
use bytes::Bytes;
use futures_core::Stream;
use std::{
    fs::File,
    io::{self, Read},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

/// Bytes that are read at once, and so what reading a body of any size costs a few times over. Fixed.
pub(crate) const CHUNK: usize = 64 * 1024;

/// Where the body lies.
pub(crate) enum BodySource {
    Memory(Bytes),
    /// A body that was too large for memory; read from where the file stands.
    File(File),
}

impl BodySource {
    /// The body as multer wants it. Reading blocks. It refuses to give more than `most` bytes before a piece of content
    /// was found in them.
    pub(crate) fn into_chunks(self, flow: Arc<Flow>, most: usize) -> Chunks {
        Chunks { source: self, flow, most }
    }
}

/// What the one who uses the parts tells the one who gives the bytes. multer takes all that it can get before it looks
/// for a part, and looks through all of it each time: left alone it would hold a whole body in memory, and search a
/// gigabyte without a boundary for hours.
#[derive(Default)]
pub(crate) struct Flow {
    /// Nothing more can be found in what was given so far.
    hungry: AtomicBool,
    /// Bytes given since the last piece of content.
    unparsed: AtomicUsize,
}

impl Flow {
    /// Lets the next chunk through.
    pub(crate) fn next_chunk(&self) {
        self.hungry.store(true, Ordering::Relaxed);
    }

    /// A part began or went on.
    pub(crate) fn content_found(&self) {
        self.unparsed.store(0, Ordering::Relaxed);
    }
}

/// See [`BodySource::into_chunks`].
pub(crate) struct Chunks {
    source: BodySource,
    flow: Arc<Flow>,
    most: usize,
}

impl Chunks {
    fn next(&mut self) -> io::Result<Bytes> {
        match &mut self.source {
            BodySource::Memory(rest) => Ok(rest.split_to(rest.len().min(CHUNK))),
            BodySource::File(file) => {
                let mut chunk = Vec::with_capacity(CHUNK);
                file.take(CHUNK as u64).read_to_end(&mut chunk)?;
                Ok(chunk.into())
            }
        }
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, MultipartError>;

    /// Pends until [`Flow::next_chunk`], and wakes nobody: who calls that, polls again.
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if !self.flow.hungry.swap(false, Ordering::Relaxed) {
            return Poll::Pending;
        }
        if self.flow.unparsed.load(Ordering::Relaxed) > self.most {
            let most = self.most;
            return Poll::Ready(Some(Err(MultipartError::Limit { of: Limit::HeaderBytes, most })));
        }
        Poll::Ready(match self.next() {
            Err(fault) => Some(Err(MultipartError::Body(fault))),
            Ok(chunk) if chunk.is_empty() => None,
            Ok(chunk) => {
                self.flow.unparsed.fetch_add(chunk.len(), Ordering::Relaxed);
                Some(Ok(chunk))
            }
        })
    }
}
