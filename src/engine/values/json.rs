//! Script values ⇄ JSON, reference maps and arrays included.

use crate::engine::{
    call::time_limit::check_time,
    limits::CLOCK_MASK,
    values::{
        data_forms,
        json_repair::repaired,
        order,
        ref_array::RefArray,
        ref_map::{RefMap, Table},
    },
};
use rhai::{Array, Dynamic, ImmutableString, Map, NativeCallContext};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::{
    cell::Cell,
    fmt::{self, Write},
};

/// How deep values may be nested. Fixed: a value that contains itself must not use up the stack, and what is written can be
/// read again, by a parser that takes no more.
const MAX_DEPTH: usize = 127;

/// Values that one text may be made of. Fixed: a map that holds another one twice, and so on forty times, is small and
/// its text is endless.
const MAX_NODES: u64 = 1_000_000;

/// Bytes of one text. Fixed: as much as a message may reasonably have.
const MAX_BYTES: usize = 64 << 20;

/// Bytes of a value in an error message. Fixed: messages are read.
const MAX_QUOTED: usize = 4096;

/// What stands where a text for a person was cut.
pub(crate) const CUT: &str = "… (cut)";

/// The JSON form of a value. The error names what has none.
pub(crate) fn encode(value: &Dynamic) -> Result<String, String> {
    let mut writer = Writer::new(Style::Strict, MAX_BYTES);
    writer.value(value)?;
    Ok(writer.out)
}

/// The value of a JSON text. Maps and arrays are references, their entries in the order of the text. (RFC 8259 lets a
/// reader ignore a mark of the byte order.)
pub(crate) fn decode(text: &str) -> Result<Dynamic, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_exact = Cell::new(true);
    match parse(text, &is_exact) {
        Ok(value) if is_exact.get() => Ok(value),
        // Deep ones cannot be mended, and are most of what strangers try.
        Err(why) if !why.is_mended => Err(why.text),
        _ => parse(&repaired(text), &is_exact).map_err(|why| why.text),
    }
}

/// Why a text was not taken.
struct Refused {
    text: String,
    /// May it be taken when it is written otherwise?
    is_mended: bool,
}

fn parse(text: &str, is_exact: &Cell<bool>) -> Result<Dynamic, Refused> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = Reader(is_exact).deserialize(&mut parser);
    value.and_then(|value| parser.end().map(|()| value)).map_err(|e| {
        let text = e.to_string();
        let is_mended =
            ["surrogate", "hex escape", "out of range"].iter().any(|w| text.contains(w));
        Refused { text, is_mended }
    })
}

/// A value for an error message: JSON where it has that form. What has none is told by its type, and long texts are cut.
pub(crate) fn show(value: &Dynamic) -> String {
    shown(value, Style::Lenient(None), MAX_QUOTED)
}

/// A value for a person, where functions can be called: what has no JSON form is shown as its `to_string` says.
pub(crate) fn show_in(call: &NativeCallContext, value: &Dynamic) -> String {
    shown(value, Style::Lenient(Some(call)), MAX_BYTES)
}

/// The same with some `limit` bytes at most.
pub(crate) fn show_some(call: &NativeCallContext, value: &Dynamic, limit: usize) -> String {
    shown(value, Style::Lenient(Some(call)), limit)
}

fn shown(value: &Dynamic, style: Style, limit: usize) -> String {
    let mut writer = Writer::new(style, limit);
    // The error says no more than that the text is long.
    if writer.value(value).is_err() {
        writer.out.push_str(CUT);
    }
    writer.out
}

/// Who reads the text.
#[derive(Clone, Copy)]
enum Style<'a> {
    /// A program: what has no JSON form is an error.
    Strict,
    /// A person: everything has some form.
    Lenient(Option<&'a NativeCallContext<'a>>),
}

struct Writer<'a> {
    out: String,
    style: Style<'a>,
    limit: usize,
    nodes: u64,
    /// The maps and arrays that are being written; `None` for plain ones, which cannot contain themselves.
    open: Vec<Option<usize>>,
}

impl<'a> Writer<'a> {
    fn new(style: Style<'a>, limit: usize) -> Self {
        Self { out: String::new(), style, limit, nodes: 0, open: Vec::new() }
    }

    fn is_strict(&self) -> bool {
        matches!(self.style, Style::Strict)
    }

    fn value(&mut self, value: &Dynamic) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(format!("it has more than {MAX_NODES} values"));
        }
        if self.nodes & CLOCK_MASK == 0 {
            check_time().map_err(|why| why.to_string())?;
        }
        if value.is_unit() {
            self.out.push_str("null");
        } else if let Ok(b) = value.as_bool() {
            self.out.push_str(if b { "true" } else { "false" });
        } else if let Ok(n) = value.as_int() {
            let _ = write!(self.out, "{n}");
        } else if let Some(n) = value.as_float().ok().filter(|n| n.is_finite()) {
            let _ = write!(self.out, "{}", serde_json::Value::from(n));
        } else if let Ok(text) = value.as_immutable_string_ref() {
            self.text(&text)?;
        } else if let Ok(c) = value.as_char() {
            self.text(c.encode_utf8(&mut [0; 4]))?;
        } else if let Some(map) = value.read_lock::<RefMap>() {
            let address = Some(map.address());
            if self.opens(address)? {
                let entries: Vec<_> = map.entries();
                let entries = entries.iter().map(|(key, value)| (key.as_str(), value));
                self.object(address, entries)?;
            }
        } else if let Some(array) = value.read_lock::<RefArray>() {
            let address = Some(array.address());
            if self.opens(address)? {
                self.list(address, &array.copy())?;
            }
        } else if let Some(map) = value.read_lock::<Map>() {
            if self.opens(None)? {
                self.object(None, order::look(&map, value).into_iter())?;
            }
        } else if let Some(array) = value.read_lock::<Array>() {
            if self.opens(None)? {
                self.list(None, &array)?;
            }
        } else if let Some(text) = data_forms::text_of(value) {
            self.text(&text)?;
        } else {
            self.other(value)?;
        }
        if self.out.len() > self.limit {
            return Err(self.too_long());
        }
        Ok(())
    }

    /// May another container be opened? People are shown a sign if not.
    fn opens(&mut self, address: Option<usize>) -> Result<bool, String> {
        let contains_itself = address.is_some() && self.open.contains(&address);
        if self.is_strict() && contains_itself {
            return Err("a value that contains itself has no JSON form".to_owned());
        }
        let too_deep = self.open.len() >= MAX_DEPTH;
        if self.is_strict() && too_deep {
            return Err(format!("values nested deeper than {MAX_DEPTH} have no JSON form"));
        }
        if contains_itself || too_deep {
            self.out.push('…');
        }
        Ok(!contains_itself && !too_deep)
    }

    fn too_long(&self) -> String {
        format!("it is longer than {} MiB", self.limit >> 20)
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        let room = self.limit.saturating_sub(self.out.len());
        if text.len() <= room {
            return self.quoted(text);
        }
        // Not even copied for a program.
        if !self.is_strict() {
            let end = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            self.quoted(&text[..end])?;
        }
        Err(self.too_long())
    }

    fn quoted(&mut self, text: &str) -> Result<(), String> {
        if text.bytes().any(|b| matches!(b, b'"' | b'\\' | ..b' ')) {
            self.out.push_str(&serde_json::to_string(text).map_err(|e| e.to_string())?);
        } else {
            self.out.push('"');
            self.out.push_str(text);
            self.out.push('"');
        }
        Ok(())
    }

    fn object<'b>(
        &mut self,
        address: Option<usize>,
        entries: impl Iterator<Item = (&'b str, &'b Dynamic)>,
    ) -> Result<(), String> {
        self.open.push(address);
        self.out.push('{');
        for (at, (key, value)) in entries.enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.text(key)?;
            self.out.push(':');
            self.value(value)?;
        }
        self.out.push('}');
        self.open.pop();
        Ok(())
    }

    fn list(&mut self, address: Option<usize>, values: &[Dynamic]) -> Result<(), String> {
        self.open.push(address);
        self.out.push('[');
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.value(value)?;
        }
        self.out.push(']');
        self.open.pop();
        Ok(())
    }

    /// What has no JSON form.
    fn other(&mut self, value: &Dynamic) -> Result<(), String> {
        let Style::Lenient(call) = self.style else {
            return Err(match value.as_float() {
                Ok(n) => format!("{n} has no JSON form"),
                Err(_) => format!("a value of type {} has no JSON form", short_type(value)),
            });
        };
        // A locked cell would make its function wait or fail.
        let callable = call.filter(|_| !(value.is_shared() && value.is_locked()));
        let own = callable.and_then(|call| {
            let mut value = value.flatten_clone();
            let text = call.call_native_fn_raw("to_string", true, &mut [&mut value]).ok()?;
            text.into_immutable_string().ok()
        });
        let text = own.unwrap_or_else(|| match value.as_float() {
            Ok(n) => n.to_string().into(),
            Err(_) => ImmutableString::from(format!("<{}>", short_type(value))),
        });
        let room = self.limit.saturating_sub(self.out.len());
        let end = (0..=room.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
        self.out.push_str(&text[..end.unwrap_or(0)]);
        if text.len() > room { Err(self.too_long()) } else { Ok(()) }
    }
}

/// The name of a value's type as scripts know it: that of the Rust type without its modules.
fn short_type(value: &Dynamic) -> &str {
    if value.is_shared() && value.is_locked() {
        return "locked";
    }
    let name = value.type_name();
    let path = name.split('<').next().unwrap_or(name);
    path.rsplit("::").next().unwrap_or(path)
}

/// Whole numbers from here on may be others than the text says: a float has no more digits.
const INEXACT: f64 = 9_223_372_036_854_775_808.0;

/// Reads what comes next right into a script value: with a tree of the parser's own in between it takes three times as
/// long. Notes when a number was not what the text says.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a Cell<bool>);

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Dynamic;

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> Result<Dynamic, D::Error> {
        text.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Dynamic;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Dynamic, E> {
        Ok(Dynamic::UNIT)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Dynamic, E> {
        Ok(b.into())
    }

    fn visit_i64<E>(self, n: i64) -> Result<Dynamic, E> {
        Ok(n.into())
    }

    fn visit_u64<E>(self, n: u64) -> Result<Dynamic, E> {
        // What no `i64` holds is a string of its digits.
        Ok(i64::try_from(n).map_or_else(|_| n.to_string().into(), Dynamic::from))
    }

    fn visit_f64<E>(self, n: f64) -> Result<Dynamic, E> {
        // `-0` is a float to the parser.
        if n.abs() >= INEXACT || (n == 0.0 && n.is_sign_negative()) {
            self.0.set(false);
        }
        Ok(n.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Dynamic, E> {
        Ok(ImmutableString::from(text).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut text: A) -> Result<Dynamic, A::Error> {
        let mut values = Array::new();
        while let Some(value) = text.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Dynamic::from(RefArray::new(values)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut text: A) -> Result<Dynamic, A::Error> {
        let mut table = Table::default();
        while let Some(key) = text.next_key_seed(Key)? {
            drop(table.set(key, text.next_value_seed(self)?));
        }
        Ok(Dynamic::from(RefMap::from(table)))
    }
}

/// Reads the key of a map.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = ImmutableString;

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> Result<ImmutableString, D::Error> {
        text.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = ImmutableString;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<ImmutableString, E> {
        Ok(key.into())
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
