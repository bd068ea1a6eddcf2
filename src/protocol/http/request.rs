//! A request that is complete.

use super::head::Head;

/// Head, body and trailers.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) head: Head,
    /// Chunks are joined. Of a large body, what was not handed on before.
    pub(crate) body: Vec<u8>,
    /// Names in lower case.
    pub(crate) trailers: Vec<(String, String)>,
}
