//! A position in bytes, from which a script reads one value after the other.

use super::number::{self, Int, Order};

/// The bytes and the position.
pub(super) struct Reader {
    data: Vec<u8>,
    at: usize,
}

impl Reader {
    pub(super) fn new(data: Vec<u8>) -> Self {
        Self { data, at: 0 }
    }

    pub(super) fn len(&self) -> i64 {
        self.data.len() as i64
    }

    pub(super) fn position(&self) -> i64 {
        self.at as i64
    }

    pub(super) fn remaining(&self) -> i64 {
        (self.data.len() - self.at) as i64
    }

    /// Goes to a position; one below 0 counts from the end.
    pub(super) fn seek(&mut self, to: i64) -> Result<(), String> {
        let len = self.len();
        let place = if to < 0 { to.saturating_add(len) } else { to };
        match usize::try_from(place).ok().filter(|place| *place <= self.data.len()) {
            Some(place) => self.at = place,
            None => return Err(format!("position {to} is outside of these {len} bytes")),
        }
        Ok(())
    }

    /// The next bytes. `what` names what needs them.
    fn take(&mut self, count: usize, what: &str) -> Result<&[u8], String> {
        let rest = &self.data[self.at..];
        let Some(taken) = rest.get(..count) else {
            return Err(format!(
                "{what} needs {count} bytes, and {} are left at position {} of {}",
                rest.len(),
                self.at,
                self.data.len()
            ));
        };
        self.at += count;
        Ok(taken)
    }

    /// So many bytes, as a script says it.
    fn count(count: i64, what: &str) -> Result<usize, String> {
        usize::try_from(count)
            .map_err(|_| format!("{what} takes a number of bytes, 0 or more, not {count}"))
    }

    pub(super) fn int(&mut self, int: Int, order: Order, what: &str) -> Result<i64, String> {
        let at = self.at;
        let read = int.read(self.take(int.bytes, what)?, order, what);
        // What cannot be read stays to be read otherwise.
        if read.is_err() {
            self.at = at;
        }
        read
    }

    pub(super) fn float(&mut self, bytes: usize, order: Order, what: &str) -> Result<f64, String> {
        Ok(number::read_float(self.take(bytes, what)?, order))
    }

    pub(super) fn varint(&mut self) -> Result<i64, String> {
        let rest = &self.data[self.at..];
        let Some((number, bytes)) = number::read_varint(rest)? else {
            return Err(format!(
                "a varint goes on behind the end: {} bytes are left at position {} of {}",
                rest.len(),
                self.at,
                self.data.len()
            ));
        };
        self.at += bytes;
        Ok(number)
    }

    pub(super) fn blob(&mut self, count: i64) -> Result<Vec<u8>, String> {
        let count = Self::count(count, "blob")?;
        self.take(count, "blob").map(<[u8]>::to_vec)
    }

    pub(super) fn skip(&mut self, count: i64) -> Result<(), String> {
        let count = Self::count(count, "skip")?;
        self.take(count, "skip").map(drop)
    }

    pub(super) fn rest(&mut self) -> Vec<u8> {
        let rest = self.data[self.at..].to_vec();
        self.at = self.data.len();
        rest
    }

    /// So many bytes as text.
    pub(super) fn text(&mut self, count: i64) -> Result<String, String> {
        let count = Self::count(count, "text")?;
        let at = self.at;
        let text = as_text(self.take(count, "text")?, at);
        if text.is_err() {
            self.at = at;
        }
        text
    }

    /// Text up to the next byte of 0, which is taken too.
    pub(super) fn zero_text(&mut self) -> Result<String, String> {
        self.text_to(0, "zero_text needs a byte of 0")
    }

    /// Text up to the end of the line, or up to the end. `None` at the end.
    pub(super) fn line(&mut self) -> Result<Option<String>, String> {
        if self.at == self.data.len() {
            return Ok(None);
        }
        let mut line = match self.data[self.at..].contains(&b'\n') {
            true => self.text_to(b'\n', "")?,
            false => self.text(self.remaining())?,
        };
        if line.ends_with('\r') {
            line.pop();
        }
        Ok(Some(line))
    }

    fn text_to(&mut self, end: u8, missing: &str) -> Result<String, String> {
        let rest = &self.data[self.at..];
        let Some(len) = rest.iter().position(|byte| *byte == end) else {
            return Err(format!(
                "{missing}, and there is none from position {} of {} on",
                self.at,
                self.data.len()
            ));
        };
        let text = as_text(&rest[..len], self.at)?;
        self.at += len + 1;
        Ok(text)
    }
}

fn as_text(bytes: &[u8], at: usize) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|why| {
        let place = at + why.utf8_error().valid_up_to();
        format!("the byte at position {place} is no UTF-8: read such bytes with `blob`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const U16: Int = Int { bytes: 2, is_signed: false };

    #[test]
    fn values_are_read_one_after_the_other() {
        let mut reader = Reader::new(b"\x01\x02\xac\x02abc\0line\r\nrest".to_vec());
        assert_eq!(reader.int(U16, Order::Big, "u16_be"), Ok(258));
        assert_eq!(reader.varint(), Ok(300));
        assert_eq!(reader.zero_text().as_deref(), Ok("abc"));
        assert_eq!(reader.line(), Ok(Some("line".into())));
        assert_eq!((reader.position(), reader.remaining(), reader.len()), (14, 4, 18));
        assert_eq!(reader.text(2).as_deref(), Ok("re"));
        assert_eq!(reader.rest(), b"st");
        assert_eq!(reader.line(), Ok(None));
        reader.seek(-4).expect("inside");
        assert_eq!(reader.line(), Ok(Some("rest".into())));
        reader.seek(0).expect("inside");
        reader.skip(2).expect("inside");
        assert_eq!(reader.blob(1), Ok(vec![0xac]));
    }

    #[test]
    fn what_ends_too_early_is_told_with_its_place_and_taken_by_nobody() {
        let mut reader = Reader::new(vec![0, 0, 0x80]);
        reader.skip(2).expect("inside");
        assert_eq!(
            reader.int(U16, Order::Big, "u16_be"),
            Err("u16_be needs 2 bytes, and 1 are left at position 2 of 3".into())
        );
        assert!(reader.varint().expect_err("cut off").contains("behind the end"));
        assert!(reader.zero_text().expect_err("no end").contains("byte of 0"));
        assert!(reader.text(1).expect_err("no text").contains("position 2 is no UTF-8"));
        assert!(reader.blob(-1).expect_err("no number").ends_with("not -1"));
        assert!(reader.blob(i64::MAX).is_err() && reader.skip(2).is_err());
        assert!(reader.seek(4).is_err() && reader.seek(-4).is_err());
        assert_eq!((reader.position(), reader.rest()), (2, vec![0x80]));
    }
}
