//! `std/bytes`: numbers and texts out of bytes and into bytes, for protocols that are not text.

mod hex_dump;
mod layout;
mod number;
mod object;
mod reader;

use self::layout::Layout;
use crate::{
    engine::values::{json, ref_array::RefArray, sizes},
    runtime::{
        namespace::Namespace,
        outcome::{Outcome, error},
        registry::Registry,
    },
    script::ctx::Ctx,
};
use object::{ByteReader, ByteWriter};
use rhai::{Array, Blob, Dynamic, ImmutableString as Text};
use std::rc::Rc;

/// Announces readers and writers.
pub(in crate::script) fn register(registry: &mut Registry) {
    object::register(registry);
}

fn pack(layout: &str, values: &Dynamic) -> Outcome<Blob> {
    let layout = Layout::parse(layout).map_err(error)?;
    let list = match values.read_lock::<RefArray>() {
        Some(array) => Some(array.copy()),
        None => values.read_lock::<Array>().map(|array| array.clone()),
    };
    let list = list.ok_or_else(|| {
        error(format!("pack takes the values as an array, not {}", json::show(values)))
    })?;
    sizes::check_bytes(layout.fixed_bytes(), "the blob")?;
    layout.pack(&list).map_err(error)
}

fn unpack(layout: &str, bytes: &[u8]) -> Outcome<Array> {
    let layout = Layout::parse(layout).map_err(error)?;
    sizes::check_bytes(layout.most_values(bytes.len()) * size_of::<Dynamic>(), "the array")?;
    layout.unpack(bytes).map(|(values, _)| values).map_err(error)
}

/// Where a part lies in bytes, from a place on; -1 if it is not there.
fn index_of(bytes: &[u8], part: &[u8], start: i64) -> i64 {
    let from = match usize::try_from(start) {
        Ok(start) => start,
        Err(_) => bytes.len().saturating_sub(start.unsigned_abs() as usize),
    };
    let found = bytes.get(from..).and_then(|rest| memchr::memmem::find(rest, part));
    found.map_or(-1, |at| (from + at) as i64)
}

/// The functions of the module.
pub(super) fn module(_: &Rc<Ctx>) -> Namespace {
    let mut module = Namespace::new("std/bytes");
    module
        .function("pack", |layout: Text, values: Dynamic| pack(&layout, &values))
        .function("unpack", |layout: Text, bytes: Blob| unpack(&layout, &bytes))
        .function("reader", ByteReader::new)
        .function("writer", ByteWriter::default)
        .function("index_of", |bytes: Blob, part: Blob| index_of(&bytes, &part, 0))
        .function("index_of", |bytes: Blob, part: Blob, start: i64| index_of(&bytes, &part, start))
        .function("hex_dump", |bytes: Blob| hex_dump::hex_dump(&bytes));
    module
}
