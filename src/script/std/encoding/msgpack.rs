//! MessagePack: JSON's values and blobs, in fewer bytes.

use crate::script::std::tree::{Census, MAX_NODES, Tree, check_length};
use rmp::{Marker, decode, encode};

/// The type of the extension that is a point in time.
const TIMESTAMP: i8 = -1;

/// The bytes of a value.
pub(super) fn write(value: &Tree) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    put(&mut out, value).map_err(|_| "it is too long".to_owned())?;
    check_length(out.len())?;
    Ok(out)
}

/// To write into memory never fails; what is too long for a 32-bit length has more bytes than a blob may have.
fn put(out: &mut Vec<u8>, value: &Tree) -> Result<(), Box<dyn std::error::Error>> {
    match value {
        Tree::Unit => encode::write_nil(out)?,
        Tree::Bool(b) => encode::write_bool(out, *b)?,
        Tree::Int(n) => {
            encode::write_sint(out, *n)?;
        }
        Tree::Float(n) => encode::write_f64(out, *n)?,
        Tree::Text(text) => encode::write_str(out, text)?,
        Tree::Blob(bytes) => encode::write_bin(out, bytes)?,
        Tree::List(items) => {
            encode::write_array_len(out, u32::try_from(items.len())?)?;
            for item in items {
                put(out, item)?;
            }
        }
        Tree::Map(entries) => {
            encode::write_map_len(out, u32::try_from(entries.len())?)?;
            for (key, value) in entries {
                encode::write_str(out, key)?;
                put(out, value)?;
            }
        }
    }
    Ok(())
}

/// The value of some bytes, all of them. Keys that are numbers become their texts, points in time the seconds since 1970,
/// other extensions a map with their `type` and `data`.
pub(super) fn parse(bytes: &[u8]) -> Result<Tree, String> {
    check_length(bytes.len())?;
    let mut reader = Reader { rest: bytes, census: Census::default() };
    let value = reader.value(0)?;
    match reader.rest.len() {
        0 => Ok(value),
        n => Err(format!("{n} bytes follow the value")),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    census: Census,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(cut)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A number of so many bytes, the highest first.
    fn number(&mut self, bytes: usize) -> Result<u64, String> {
        Ok(self.take(bytes)?.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }

    fn length(&mut self, bytes: usize) -> Result<usize, String> {
        // At most 32 bits.
        self.number(bytes).map(|n| n as usize)
    }

    /// A number of that many bytes, with a sign.
    fn signed(&mut self, bytes: usize) -> Result<Tree, String> {
        let unused = 64 - 8 * bytes as u32;
        Ok(Tree::Int((self.number(bytes)? << unused).cast_signed() >> unused))
    }

    fn value(&mut self, depth: usize) -> Result<Tree, String> {
        self.census.count(depth)?;
        let marker = decode::read_marker(&mut self.rest).map_err(|_| cut())?;
        match marker {
            Marker::Null => Ok(Tree::Unit),
            Marker::False => Ok(Tree::Bool(false)),
            Marker::True => Ok(Tree::Bool(true)),
            Marker::FixPos(n) => Ok(Tree::Int(n.into())),
            Marker::FixNeg(n) => Ok(Tree::Int(n.into())),
            Marker::U8 => self.unsigned(1),
            Marker::U16 => self.unsigned(2),
            Marker::U32 => self.unsigned(4),
            Marker::U64 => self.unsigned(8),
            Marker::I8 => self.signed(1),
            Marker::I16 => self.signed(2),
            Marker::I32 => self.signed(4),
            Marker::I64 => self.signed(8),
            Marker::F32 => {
                // 32 bits.
                let bits = self.number(4)? as u32;
                Ok(Tree::Float(f32::from_bits(bits).into()))
            }
            Marker::F64 => Ok(Tree::Float(f64::from_bits(self.number(8)?))),
            Marker::FixStr(n) => self.text(n.into()),
            Marker::Str8 => self.length(1).and_then(|n| self.text(n)),
            Marker::Str16 => self.length(2).and_then(|n| self.text(n)),
            Marker::Str32 => self.length(4).and_then(|n| self.text(n)),
            Marker::Bin8 => self.length(1).and_then(|n| self.blob(n)),
            Marker::Bin16 => self.length(2).and_then(|n| self.blob(n)),
            Marker::Bin32 => self.length(4).and_then(|n| self.blob(n)),
            Marker::FixArray(n) => self.list(n.into(), depth),
            Marker::Array16 => self.length(2).and_then(|n| self.list(n, depth)),
            Marker::Array32 => self.length(4).and_then(|n| self.list(n, depth)),
            Marker::FixMap(n) => self.map(n.into(), depth),
            Marker::Map16 => self.length(2).and_then(|n| self.map(n, depth)),
            Marker::Map32 => self.length(4).and_then(|n| self.map(n, depth)),
            Marker::FixExt1 => self.extension(1),
            Marker::FixExt2 => self.extension(2),
            Marker::FixExt4 => self.extension(4),
            Marker::FixExt8 => self.extension(8),
            Marker::FixExt16 => self.extension(16),
            Marker::Ext8 => self.length(1).and_then(|n| self.extension(n)),
            Marker::Ext16 => self.length(2).and_then(|n| self.extension(n)),
            Marker::Ext32 => self.length(4).and_then(|n| self.extension(n)),
            Marker::Reserved => Err("byte 0xc1 begins no value".to_owned()),
        }
    }

    fn unsigned(&mut self, bytes: usize) -> Result<Tree, String> {
        let n = self.number(bytes)?;
        // What no `i64` holds is a text of its digits, as in JSON.
        Ok(i64::try_from(n).map_or_else(|_| Tree::Text(n.to_string()), Tree::Int))
    }

    fn text(&mut self, length: usize) -> Result<Tree, String> {
        let bytes = self.take(length)?;
        let text = std::str::from_utf8(bytes);
        text.map(|text| Tree::Text(text.to_owned())).map_err(|_| "a text is not UTF-8".to_owned())
    }

    fn blob(&mut self, length: usize) -> Result<Tree, String> {
        Ok(Tree::Blob(self.take(length)?.to_vec()))
    }

    /// Refuses a number of values that cannot follow, before memory is taken for them.
    fn check_room(&self, values: usize) -> Result<(), String> {
        if values > MAX_NODES {
            return Err(format!("it has more than {MAX_NODES} values"));
        }
        if values > self.rest.len() { Err(cut()) } else { Ok(()) }
    }

    fn list(&mut self, length: usize, depth: usize) -> Result<Tree, String> {
        self.check_room(length)?;
        let items = (0..length).map(|_| self.value(depth + 1));
        Ok(Tree::List(items.collect::<Result<_, _>>()?))
    }

    fn map(&mut self, length: usize, depth: usize) -> Result<Tree, String> {
        self.check_room(length)?;
        let mut entries = indexmap::IndexMap::new();
        for _ in 0..length {
            let key = self.value(depth + 1)?;
            let key = key
                .plain_text()
                .ok_or_else(|| format!("a key is a text or a number, not {}", key.kind()))?;
            let value = self.value(depth + 1)?;
            entries.insert(key, value);
        }
        Ok(Tree::Map(entries.into_iter().collect()))
    }

    fn extension(&mut self, length: usize) -> Result<Tree, String> {
        let kind = self.take(1)?[0].cast_signed();
        let data = self.take(length)?;
        if kind == TIMESTAMP
            && let Some(seconds) = timestamp(data)
        {
            return Ok(Tree::Float(seconds));
        }
        let kind = ("type".to_owned(), Tree::Int(kind.into()));
        Ok(Tree::Map(vec![kind, ("data".to_owned(), Tree::Blob(data.to_vec()))]))
    }
}

fn cut() -> String {
    "it ends in the middle of a value".to_owned()
}

/// Seconds since 1970 of a timestamp in one of its three forms.
fn timestamp(data: &[u8]) -> Option<f64> {
    let (nanoseconds, seconds): (u32, i64) = match data.len() {
        4 => (0, u32::from_be_bytes(data.try_into().ok()?).into()),
        8 => {
            let both = u64::from_be_bytes(data.try_into().ok()?);
            ((both >> 34) as u32, (both & 0x3_ffff_ffff).cast_signed())
        }
        12 => {
            let (nanoseconds, seconds) = data.split_at(4);
            (
                u32::from_be_bytes(nanoseconds.try_into().ok()?),
                i64::from_be_bytes(seconds.try_into().ok()?),
            )
        }
        _ => return None,
    };
    Some(seconds as f64 + f64::from(nanoseconds) / 1e9)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(text: &str) -> Tree {
        Tree::Text(text.into())
    }

    /// From the specification's table of formats, the shortest form of each.
    fn vectors() -> Vec<(Vec<u8>, Tree)> {
        vec![
            (vec![0xc0], Tree::Unit),
            (vec![0xc2], Tree::Bool(false)),
            (vec![0xc3], Tree::Bool(true)),
            (vec![0x7f], Tree::Int(127)),
            (vec![0xcc, 0x80], Tree::Int(128)),
            (vec![0xcd, 0x01, 0x00], Tree::Int(256)),
            (vec![0xce, 0, 1, 0, 0], Tree::Int(65536)),
            (vec![0xcf, 0, 0, 0, 1, 0, 0, 0, 0], Tree::Int(1 << 32)),
            (vec![0xe0], Tree::Int(-32)),
            (vec![0xd0, 0xdf], Tree::Int(-33)),
            (vec![0xd1, 0xff, 0x7f], Tree::Int(-129)),
            (vec![0xd2, 0xff, 0xff, 0x7f, 0xff], Tree::Int(-32769)),
            (vec![0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], Tree::Int(i64::MIN)),
            (vec![0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0], Tree::Float(0.5)),
            (vec![0xa2, b'h', b'i'], text("hi")),
            (vec![0xc4, 1, 0xff], Tree::Blob(vec![0xff])),
            (vec![0x92, 1, 0xc0], Tree::List(vec![Tree::Int(1), Tree::Unit])),
            (vec![0x81, 0xa1, b'a', 1], Tree::Map(vec![("a".into(), Tree::Int(1))])),
        ]
    }

    #[test]
    fn values_are_written_in_their_shortest_form_and_read_again() {
        for (bytes, value) in vectors() {
            assert_eq!(write(&value).unwrap(), bytes, "{value:?}");
            assert_eq!(parse(&bytes).unwrap(), value);
        }
        let long = text(&"x".repeat(70_000));
        assert_eq!(parse(&write(&long).unwrap()).unwrap(), long);
        let many = Tree::List(vec![Tree::Unit; 70_000]);
        assert_eq!(parse(&write(&many).unwrap()).unwrap(), many);
    }

    #[test]
    fn other_forms_are_read() {
        assert_eq!(parse(&[0xca, 0x3f, 0, 0, 0]).unwrap(), Tree::Float(0.5));
        assert_eq!(parse(&[0xd0, 5]).unwrap(), Tree::Int(5));
        assert_eq!(parse(&[0xd9, 1, b'a']).unwrap(), text("a"));
        assert_eq!(parse(&[0xcf; 9]).unwrap(), text(&0xcfcf_cfcf_cfcf_cfcf_u64.to_string()));
        let by_number = Tree::Map(vec![("1".into(), text("a"))]);
        assert_eq!(parse(&[0x81, 1, 0xa1, b'a']).unwrap(), by_number);
        // The last of two keys counts.
        let twice = [0x82, 0xa1, b'k', 1, 0xa1, b'k', 2];
        assert_eq!(parse(&twice).unwrap(), Tree::Map(vec![("k".into(), Tree::Int(2))]));
    }

    #[test]
    fn extensions_are_maps_and_points_in_time_are_seconds() {
        let own =
            Tree::Map(vec![("type".into(), Tree::Int(5)), ("data".into(), Tree::Blob(vec![7]))]);
        assert_eq!(parse(&[0xd4, 5, 7]).unwrap(), own);
        assert_eq!(parse(&[0xd6, 0xff, 0, 0, 0, 10]).unwrap(), Tree::Float(10.0));
        let half = (500_000_000_u64 << 34 | 10).to_be_bytes();
        assert_eq!(parse(&[&[0xd7, 0xff], &half[..]].concat()).unwrap(), Tree::Float(10.5));
        let before = [&[0xc7, 12, 0xff, 0, 0, 0, 0], &(-1_i64).to_be_bytes()[..]].concat();
        assert_eq!(parse(&before).unwrap(), Tree::Float(-1.0));
    }

    #[test]
    fn every_cut_and_every_lie_about_a_length_is_refused() {
        let value = Tree::Map(vec![
            ("list".into(), Tree::List(vec![Tree::Int(1), text("two"), Tree::Blob(vec![3; 300])])),
            ("float".into(), Tree::Float(0.1)),
        ]);
        let bytes = write(&value).unwrap();
        for length in 0..bytes.len() {
            assert!(parse(&bytes[..length]).is_err(), "cut at {length}");
        }
        assert_eq!(parse(&[bytes, vec![0]].concat()).unwrap_err(), "1 bytes follow the value");
        for lie in [0xdd, 0xdf, 0xdb, 0xc6] {
            assert!(parse(&[lie, 0xff, 0xff, 0xff, 0xff, 0]).is_err());
        }
        assert!(parse(&[0xc1]).is_err());
        assert!(parse(&[0xa1, 0xff]).unwrap_err().contains("UTF-8"));
        assert!(parse(&[0x81, 0x90, 1]).unwrap_err().contains("a key"));
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let nested = |levels: usize| [vec![0x91; levels], vec![0xc0]].concat();
        assert!(parse(&nested(127)).is_ok());
        assert!(parse(&nested(128)).unwrap_err().contains("deeper than 127"));
        assert!(parse(&nested(1_000_000)).unwrap_err().contains("deeper than 127"));
    }
}
