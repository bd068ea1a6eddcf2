//! Layouts of packed bytes, in the letters that Python's `struct` has: `>HB5s`. They are read once and used both ways.

use super::number::{self, Int, Order};
use crate::engine::values::json;
use rhai::Dynamic;

/// Letters of one layout. Fixed: what has more is a loop over a reader.
const MAX_LETTERS: usize = 1000;

/// Bytes or numbers that one letter may stand for. Fixed: more than a message has.
const MAX_COUNT: usize = 64 << 20;

/// What a letter means.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Bytes of 0, which stand for no value.
    Padding,
    Bool,
    Int(Int),
    Float(usize),
    Varint,
    /// Text, filled up with bytes of 0.
    Text,
    /// Bytes as they are.
    Raw,
    /// Text with a byte of 0 behind it.
    ZeroText,
}

/// How often a letter stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Count {
    Times(usize),
    /// For all that is left.
    Rest,
}

struct Item {
    letter: char,
    kind: Kind,
    count: Count,
    order: Order,
}

/// A layout.
pub(super) struct Layout(Vec<Item>);

fn kind(letter: char) -> Option<Kind> {
    let int = |bytes, is_signed| Kind::Int(Int { bytes, is_signed });
    Some(match letter {
        'x' => Kind::Padding,
        '?' => Kind::Bool,
        'b' => int(1, true),
        'B' => int(1, false),
        'h' => int(2, true),
        'H' => int(2, false),
        'i' | 'l' => int(4, true),
        'I' | 'L' => int(4, false),
        'q' => int(8, true),
        'Q' => int(8, false),
        'f' => Kind::Float(4),
        'd' => Kind::Float(8),
        'v' => Kind::Varint,
        's' => Kind::Text,
        'r' => Kind::Raw,
        'z' => Kind::ZeroText,
        _ => return None,
    })
}

impl Layout {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut items = Vec::new();
        let mut order = Order::Big;
        let mut letters = text.chars().peekable();
        while let Some(first) = letters.next() {
            match first {
                '>' | '!' => order = Order::Big,
                '<' => order = Order::Little,
                ' ' | '\n' | '\t' | '\r' => (),
                _ => {
                    let mut letter = first;
                    let mut count = None;
                    if first == '*' {
                        count = Some(Count::Rest);
                        letter = letters.next().unwrap_or(' ');
                    } else if first.is_ascii_digit() {
                        let mut digits = first.to_string();
                        while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                            digits.push(digit);
                        }
                        letter = letters.next().unwrap_or(' ');
                        let times = digits.parse().ok().filter(|n| *n <= MAX_COUNT);
                        let times = times.ok_or_else(|| {
                            format!("a number in a layout is at most {MAX_COUNT}, not {digits}")
                        })?;
                        count = Some(Count::Times(times));
                    }
                    let kind = kind(letter).ok_or_else(|| unknown(letter, text))?;
                    let count = count.unwrap_or(Count::Times(1));
                    items.push(Item { letter, kind, count, order });
                    if items.len() > MAX_LETTERS {
                        return Err(format!("a layout has at most {MAX_LETTERS} letters"));
                    }
                }
            }
        }
        Ok(Self(items))
    }

    /// Bytes that it packs whatever the values are: those of letters whose number is written.
    pub(super) fn fixed_bytes(&self) -> usize {
        self.0.iter().map(|item| item.times() * item.width().unwrap_or(1)).sum()
    }

    /// Values that it unpacks of so many bytes, at most.
    pub(super) fn most_values(&self, bytes: usize) -> usize {
        let rest = if self.0.iter().any(|item| item.count == Count::Rest) { bytes } else { 0 };
        rest + self.0.iter().map(Item::times).sum::<usize>().min(bytes)
    }

    /// The bytes of these values.
    pub(super) fn pack(&self, values: &[Dynamic]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut left = values.iter().enumerate();
        for item in &self.0 {
            if item.kind == Kind::Padding {
                match item.count {
                    Count::Times(times) => out.resize(out.len() + times, 0),
                    Count::Rest => return Err("`*x` has no length: write how many bytes".into()),
                }
                continue;
            }
            let is_one = matches!(item.kind, Kind::Text | Kind::Raw | Kind::ZeroText);
            let times = match item.count {
                _ if is_one => 1,
                Count::Times(times) => times,
                Count::Rest => left.len(),
            };
            for _ in 0..times {
                let Some((at, value)) = left.next() else {
                    return Err(format!(
                        "the layout has more letters than there are values: `{}` is left when all {} are packed",
                        item.letter,
                        values.len()
                    ));
                };
                item.pack(value, &mut out).map_err(|why| format!("value {at}: {why}"))?;
            }
        }
        match left.next() {
            None => Ok(out),
            Some((at, _)) => {
                Err(format!("the layout packs {at} values, and there are {}", values.len()))
            }
        }
    }

    /// The values of these bytes, and how many bytes they have.
    pub(super) fn unpack(&self, bytes: &[u8]) -> Result<(Vec<Dynamic>, usize), String> {
        let mut values = Vec::new();
        let mut at = 0;
        for item in &self.0 {
            item.unpack(bytes, &mut at, &mut values)?;
        }
        Ok((values, at))
    }
}

fn unknown(letter: char, layout: &str) -> String {
    let what = match letter {
        ' ' => "ends with a number".to_owned(),
        letter => format!("has the letter `{letter}`"),
    };
    format!(
        "the layout `{layout}` {what}; letters are x ? b B h H i I q Q f d v s r z, `>` and `<` before them give the order of bytes"
    )
}

impl Item {
    fn times(&self) -> usize {
        match self.count {
            Count::Times(times) => times,
            Count::Rest => 0,
        }
    }

    fn pack(&self, value: &Dynamic, out: &mut Vec<u8>) -> Result<(), String> {
        let wrong =
            |wanted: &str| format!("`{}` takes {wanted}, not {}", self.letter, json::show(value));
        match self.kind {
            Kind::Padding => (),
            Kind::Bool => out.push(value.as_bool().map_err(|_| wrong("true or false"))?.into()),
            Kind::Int(int) => {
                let number = value.as_int().map_err(|_| wrong("a whole number"))?;
                int.write(number, self.order, &format!("`{}`", self.letter), out)?;
            }
            Kind::Float(bytes) => {
                let number = value.as_int().map(|n| n as f64).or_else(|_| value.as_float());
                let number = number.map_err(|_| wrong("a number"))?;
                number::write_float(number, bytes, self.order, out);
            }
            Kind::Varint => {
                let number = value.as_int().map_err(|_| wrong("a whole number"))?;
                number::write_varint(number, out)?;
            }
            Kind::Text => {
                let text = value.as_immutable_string_ref().map_err(|_| wrong("a string"))?;
                self.filled(text.as_bytes(), out)?;
            }
            Kind::Raw => {
                let blob = value.as_blob_ref().map_err(|_| wrong("a blob"))?;
                self.filled(&blob, out)?;
            }
            Kind::ZeroText => {
                let text = value.as_immutable_string_ref().map_err(|_| wrong("a string"))?;
                if text.contains('\0') {
                    return Err(wrong("a string without a character of code 0"));
                }
                out.extend_from_slice(text.as_bytes());
                out.push(0);
            }
        }
        Ok(())
    }

    /// Appends bytes, filled up to the length with bytes of 0.
    fn filled(&self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        out.extend_from_slice(bytes);
        if let Count::Times(length) = self.count {
            let missing = length.checked_sub(bytes.len()).ok_or_else(|| {
                format!(
                    "`{length}{}` has room for {length} bytes, not for {}",
                    self.letter,
                    bytes.len()
                )
            })?;
            out.resize(out.len() + missing, 0);
        }
        Ok(())
    }

    /// Bytes that each value has; `None` if that differs.
    fn width(&self) -> Option<usize> {
        match self.kind {
            Kind::Padding | Kind::Bool | Kind::Text | Kind::Raw => Some(1),
            Kind::Int(int) => Some(int.bytes),
            Kind::Float(bytes) => Some(bytes),
            Kind::Varint | Kind::ZeroText => None,
        }
    }

    fn unpack(
        &self,
        bytes: &[u8],
        at: &mut usize,
        values: &mut Vec<Dynamic>,
    ) -> Result<(), String> {
        let rest = bytes.get(*at..).unwrap_or_default();
        let missing = |needed: usize| {
            format!(
                "`{}` needs {needed} bytes, and {} are left at position {at} of {}",
                self.letter,
                rest.len(),
                bytes.len()
            )
        };
        let Some(width) = self.width() else { return self.unpack_each(bytes, at, values) };
        let length = match self.count {
            Count::Times(times) => times * width,
            Count::Rest => rest.len() / width * width,
        };
        let taken = rest.get(..length).ok_or_else(|| missing(length))?;
        let place = *at;
        *at += length;
        match self.kind {
            Kind::Padding => (),
            Kind::Text => {
                let end = taken.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                values.push(text(&taken[..end], place)?.into());
            }
            Kind::Raw => values.push(Dynamic::from_blob(taken.to_vec())),
            Kind::Bool => values.extend(taken.iter().map(|byte| Dynamic::from(*byte != 0))),
            Kind::Int(int) => {
                for part in taken.chunks_exact(width) {
                    let number = int.read(part, self.order, &format!("`{}`", self.letter))?;
                    values.push(number.into());
                }
            }
            _ => {
                let parts = taken.chunks_exact(width);
                values.extend(parts.map(|part| number::read_float(part, self.order).into()));
            }
        }
        Ok(())
    }

    /// The values of a kind whose bytes say themselves where they end.
    fn unpack_each(
        &self,
        bytes: &[u8],
        at: &mut usize,
        values: &mut Vec<Dynamic>,
    ) -> Result<(), String> {
        let mut left = match self.count {
            Count::Times(times) => times,
            Count::Rest => usize::MAX,
        };
        while left > 0 && (self.count != Count::Rest || *at < bytes.len()) {
            let rest = bytes.get(*at..).unwrap_or_default();
            let end =
                || format!("`{}` goes on behind the end of {} bytes", self.letter, bytes.len());
            if self.kind == Kind::Varint {
                let (number, length) = number::read_varint(rest)?.ok_or_else(end)?;
                values.push(number.into());
                *at += length;
            } else {
                let length = rest.iter().position(|byte| *byte == 0).ok_or_else(end)?;
                values.push(text(&rest[..length], *at)?.into());
                *at += length + 1;
            }
            left -= 1;
        }
        Ok(())
    }
}

fn text(bytes: &[u8], at: usize) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|why| {
        let place = at + why.utf8_error().valid_up_to();
        format!("the byte at position {place} is no UTF-8: unpack such bytes with `r`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(layout: &str, values: &[Dynamic]) -> Result<Vec<u8>, String> {
        Layout::parse(layout)?.pack(values)
    }

    fn unpack(layout: &str, bytes: &[u8]) -> Result<String, String> {
        let (values, at) = Layout::parse(layout)?.unpack(bytes)?;
        Ok(format!("{} {at}", json::show(&values.into())))
    }

    #[test]
    fn values_are_packed_as_the_letters_say_and_unpacked_again() {
        let cases: [(&str, Vec<Dynamic>, &[u8], &str); 12] = [
            (">HB", vec![258.into(), 3.into()], &[1, 2, 3], "[258,3] 3"),
            ("<HB", vec![258.into(), 3.into()], &[2, 1, 3], "[258,3] 3"),
            ("H<H", vec![1.into(), 1.into()], &[0, 1, 1, 0], "[1,1] 4"),
            ("b?x", vec![(-1).into(), true.into()], &[255, 1, 0], "[-1,true] 3"),
            ("5s", vec!["ab".into()], b"ab\0\0\0", "[\"ab\"] 5"),
            ("*s", vec!["ab".into()], b"ab", "[\"ab\"] 2"),
            ("zB", vec!["ab".into(), 7.into()], b"ab\0\x07", "[\"ab\",7] 4"),
            ("3H", vec![1.into(), 2.into(), 3.into()], &[0, 1, 0, 2, 0, 3], "[1,2,3] 6"),
            ("*B", vec![1.into(), 2.into()], &[1, 2], "[1,2] 2"),
            ("2v", vec![300.into(), 1.into()], &[0xac, 2, 1], "[300,1] 3"),
            ("f", vec![1.5.into()], &[0x3f, 0xc0, 0, 0], "[1.5] 4"),
            ("*r", vec![Dynamic::from_blob(vec![1, 255])], &[1, 255], "[[1,255]] 2"),
        ];
        for (layout, values, bytes, shown) in cases {
            assert_eq!(pack(layout, &values).as_deref(), Ok(bytes), "{layout}");
            let unpacked = unpack(layout, bytes).expect(layout);
            if !layout.ends_with('r') {
                assert_eq!(unpacked, shown, "{layout}");
            }
        }
        assert_eq!(unpack("*z", b"a\0b\0").as_deref(), Ok("[\"a\",\"b\"] 4"));
        assert_eq!(unpack("", b"rest").as_deref(), Ok("[] 0"));
    }

    #[test]
    fn wrong_layouts_and_values_are_named() {
        for (layout, values, part) in [
            ("Hw", vec![], "the letter `w`"),
            ("H5", vec![], "ends with a number"),
            ("99999999999B", vec![], "not 99999999999"),
            ("B", vec![256.into()], "value 0: `B` takes 0 to 255, not 256"),
            ("BB", vec![1.into()], "`B` is left when all 1 are packed"),
            ("B", vec![1.into(), 2.into()], "packs 1 values, and there are 2"),
            ("2s", vec!["abc".into()], "room for 2 bytes, not for 3"),
            ("B", vec!["1".into()], "a whole number, not \"1\""),
            ("*x", vec![], "no length"),
            ("z", vec!["a\0b".into()], "code 0"),
        ] {
            let told = pack(layout, &values).expect_err(layout);
            assert!(told.contains(part), "{layout}: {told}");
        }
        for (layout, bytes, part) in [
            ("I", &[0, 0][..], "`I` needs 4 bytes, and 2 are left at position 0 of 2"),
            ("xz", &[0, 1], "behind the end of 2 bytes"),
            ("v", &[0x80], "behind the end"),
            ("x1s", &[0, 0xff], "position 1 is no UTF-8"),
            ("Q", &[0xff; 8], "18446744073709551615"),
        ] {
            let told = unpack(layout, bytes).expect_err(layout);
            assert!(told.contains(part), "{layout}: {told}");
        }
        assert!(Layout::parse(&"B".repeat(2000)).is_err());
    }
}
