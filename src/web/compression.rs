//! Compressing an answer while it is made, for files that nobody compressed beforehand.

use crate::web::media_type;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::ops::RangeInclusive;

/// Bytes of a file that is compressed on the way. Fixed: a smaller one fits into one packet anyway, and a larger one
/// costs a core tens of milliseconds at each request; a `.gz` or `.br` beside it costs nothing.
pub(crate) const COMPRESSED_SIZES: RangeInclusive<u64> = 1024..=1024 * 1024;

/// Whether a body of this type and size is worth compressing.
pub(crate) fn is_worthwhile(media_type: &str, size: u64) -> bool {
    COMPRESSED_SIZES.contains(&size) && media_type::is_compressible(media_type)
}

/// The body as gzip. It computes for as long as the body is large: call it on the blocking pool.
pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    // The fastest level: it is done again for each request, and the best one saves a tenth more.
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::fast());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.expect("writing to memory cannot fail")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::chance::Chance;
    use flate2::read::GzDecoder;
    use std::io::Read;

    #[test]
    fn what_is_compressed_can_be_read_again() {
        let mut chance = Chance::new(6);
        for size in [1, 2, 1000, 100_000] {
            for body in [chance.bytes(size), vec![b'a'; size]] {
                let mut again = Vec::new();
                GzDecoder::new(gzip(&body).as_slice()).read_to_end(&mut again).unwrap();
                assert_eq!(again, body);
            }
        }
        assert!(gzip(&[b'a'; 100_000]).len() < 1000);
    }

    #[test]
    fn small_large_and_compressed_bodies_are_left_as_they_are() {
        assert!(is_worthwhile("text/html; charset=utf-8", 1024));
        assert!(is_worthwhile("text/html", 1024 * 1024));
        assert!(!is_worthwhile("text/html", 1023));
        assert!(!is_worthwhile("text/html", 1024 * 1024 + 1));
        assert!(!is_worthwhile("image/png", 5000));
    }
}
