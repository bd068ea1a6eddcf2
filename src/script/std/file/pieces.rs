//! A file read piece by piece: its lines, or parts of some bytes. However large it is, a block of it is held at a time.

use memchr::memchr;
use std::{
    fs::File,
    io::{self, Read},
};

/// Bytes that are read at a time. Fixed: as much as one look at a disk brings in.
const BLOCK: usize = 256 << 10;

/// Bytes of one line. Fixed: a file without line ends must not be held as a whole.
const MAX_LINE: usize = 16 << 20;

/// Bytes of one part. Fixed: as many as of a line.
pub(super) const MAX_PART: usize = 16 << 20;

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Ends at a line feed, which is left out, with a carriage return in front of it.
    Lines,
    /// So many bytes; the last one may be shorter.
    Parts(usize),
}

/// The pieces of a file. Reading them waits for the disk.
#[derive(Debug)]
pub(super) struct Pieces {
    file: File,
    cut: Cut,
    /// What was read; what is before `at` has been given out.
    block: Vec<u8>,
    at: usize,
    has_ended: bool,
}

impl Pieces {
    pub(super) fn new(file: File, cut: Cut) -> Self {
        Self { file, cut, block: Vec::new(), at: 0, has_ended: false }
    }

    /// The next piece if it is in memory. Nothing means that [`Pieces::fill`] has to read, or that the file has ended.
    pub(super) fn next(&mut self) -> Option<&[u8]> {
        let rest = &self.block[self.at..];
        let (length, skipped) = match self.cut {
            Cut::Lines => match memchr(b'\n', rest) {
                Some(end) => (end, 1),
                None if self.has_ended && !rest.is_empty() => (rest.len(), 0),
                None => return None,
            },
            Cut::Parts(size) => match rest.len() {
                0 => return None,
                have if have >= size => (size, 0),
                have if self.has_ended => (have, 0),
                _ => return None,
            },
        };
        let start = self.at;
        self.at += length + skipped;
        let piece = &self.block[start..start + length];
        Some(match self.cut {
            Cut::Lines if skipped > 0 => piece.strip_suffix(b"\r").unwrap_or(piece),
            _ => piece,
        })
    }

    /// Reads more. False: the file has ended and nothing is left.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        if self.has_ended {
            return Ok(self.at < self.block.len());
        }
        self.block.drain(..self.at);
        self.at = 0;
        if self.cut == Cut::Lines && self.block.len() > MAX_LINE {
            return Err(io::Error::other(format!(
                "a line of it has more than {} MiB: read it by `parts`",
                MAX_LINE >> 20
            )));
        }
        let known = self.block.len();
        self.block.resize(known + BLOCK, 0);
        let read = loop {
            match self.file.read(&mut self.block[known..]) {
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => (),
                read => break read,
            }
        };
        self.block.truncate(known + *read.as_ref().unwrap_or(&0));
        self.has_ended = read? == 0;
        Ok(!self.has_ended || !self.block.is_empty())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::{Seek, Write};

    fn pieces(content: &[u8], cut: Cut) -> io::Result<Vec<Vec<u8>>> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file.rewind().unwrap();
        let (mut pieces, mut all) = (Pieces::new(file, cut), Vec::new());
        loop {
            while let Some(piece) = pieces.next() {
                all.push(piece.to_vec());
            }
            if !pieces.fill()? {
                return Ok(all);
            }
        }
    }

    fn lines(content: &str) -> Vec<String> {
        let lines = pieces(content.as_bytes(), Cut::Lines).unwrap();
        lines.into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
    }

    #[test]
    fn lines_end_at_line_feeds() {
        assert_eq!(lines("a\nb\r\n\nc"), ["a", "b", "", "c"]);
        assert_eq!(lines("a\n"), ["a"]);
        assert_eq!(lines("\n"), [""]);
        assert!(lines("").is_empty());
        assert_eq!(lines("a\rb\r"), ["a\rb\r"], "a return alone is no line end");
    }

    #[test]
    fn lines_go_over_the_blocks_that_are_read() {
        let long = "x".repeat(3 * BLOCK + 7);
        assert_eq!(lines(&format!("{long}\nshort\n{long}")), [&long, "short", &long]);
        let many: String = (0..100_000).map(|n| format!("line {n}\n")).collect();
        let read = lines(&many);
        assert_eq!((read.len(), read[99_999].as_str()), (100_000, "line 99999"));
    }

    #[test]
    fn parts_have_their_size_but_for_the_last() {
        let content = vec![7; 2 * BLOCK + 10];
        let parts = pieces(&content, Cut::Parts(BLOCK - 1)).unwrap();
        let sizes: Vec<_> = parts.iter().map(Vec::len).collect();
        assert_eq!(sizes, [BLOCK - 1, BLOCK - 1, 12]);
        assert!(pieces(b"", Cut::Parts(10)).unwrap().is_empty());
        assert_eq!(pieces(b"0123456789", Cut::Parts(5)).unwrap(), [b"01234", b"56789"]);
    }

    #[test]
    fn a_line_without_end_is_not_held_as_a_whole() {
        let endless = vec![b'x'; MAX_LINE + 2 * BLOCK];
        let fault = pieces(&endless, Cut::Lines).unwrap_err().to_string();
        assert!(fault.contains("more than 16 MiB"), "{fault}");
    }
}
