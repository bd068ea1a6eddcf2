//! `ByteReader` and `ByteWriter` as scripts see them.

use super::{
    number::{self, Int, Order},
    reader::Reader,
};
use crate::{
    engine::values::sizes,
    runtime::{
        outcome::{Outcome, error},
        registry::Registry,
    },
};
use rhai::{Blob, Dynamic, ImmutableString as Text};
use std::{cell::RefCell, rc::Rc};

/// A reader. A copy has the same position.
#[derive(Clone)]
pub(super) struct ByteReader(Rc<RefCell<Reader>>);

impl ByteReader {
    pub(super) fn new(bytes: Blob) -> Self {
        Self(Rc::new(RefCell::new(Reader::new(bytes))))
    }

    fn with<T>(&self, f: impl FnOnce(&mut Reader) -> Result<T, String>) -> Outcome<T> {
        f(&mut self.0.borrow_mut()).map_err(error)
    }
}

/// What collects bytes. A copy collects into the same.
#[derive(Clone, Default)]
pub(super) struct ByteWriter(Rc<RefCell<Vec<u8>>>);

impl ByteWriter {
    /// Appends to the bytes, and gives the writer for the next call.
    fn with(&self, f: impl FnOnce(&mut Vec<u8>) -> Result<(), String>) -> Outcome<Self> {
        f(&mut self.0.borrow_mut()).map_err(error)?;
        Ok(self.clone())
    }

    /// The same for many bytes.
    fn append(&self, bytes: &[u8]) -> Outcome<Self> {
        let mut out = self.0.borrow_mut();
        if out.len() + bytes.len() > out.capacity() {
            sizes::check_bytes(2 * (out.len() + bytes.len()), "the writer")?;
        }
        out.extend_from_slice(bytes);
        drop(out);
        Ok(self.clone())
    }

    fn zeros(&self, count: i64) -> Outcome<Self> {
        let count = usize::try_from(count)
            .map_err(|_| error(format!("zeros takes how many, 0 or more, not {count}")))?;
        let len = self.0.borrow().len().saturating_add(count);
        sizes::check_bytes(len, "the writer")?;
        self.0.borrow_mut().resize(len, 0);
        Ok(self.clone())
    }
}

const fn int(bytes: usize, is_signed: bool) -> Int {
    Int { bytes, is_signed }
}

/// Whole numbers by their names.
const INTS: [(&str, Int, Order); 16] = [
    ("u8", int(1, false), Order::Big),
    ("i8", int(1, true), Order::Big),
    ("u16_be", int(2, false), Order::Big),
    ("u16_le", int(2, false), Order::Little),
    ("i16_be", int(2, true), Order::Big),
    ("i16_le", int(2, true), Order::Little),
    ("u24_be", int(3, false), Order::Big),
    ("u24_le", int(3, false), Order::Little),
    ("u32_be", int(4, false), Order::Big),
    ("u32_le", int(4, false), Order::Little),
    ("i32_be", int(4, true), Order::Big),
    ("i32_le", int(4, true), Order::Little),
    ("u64_be", int(8, false), Order::Big),
    ("u64_le", int(8, false), Order::Little),
    ("i64_be", int(8, true), Order::Big),
    ("i64_le", int(8, true), Order::Little),
];

/// Fractions by their names: how many bytes they have.
const FLOATS: [(&str, usize, Order); 4] = [
    ("f32_be", 4, Order::Big),
    ("f32_le", 4, Order::Little),
    ("f64_be", 8, Order::Big),
    ("f64_le", 8, Order::Little),
];

/// Announces both.
pub(super) fn register(registry: &mut Registry) {
    readers(registry);
    writers(registry);
}

fn readers(registry: &mut Registry) {
    type It<'a> = &'a mut ByteReader;
    let mut class = registry.class::<ByteReader>("ByteReader");
    class.handle(|a, b| Rc::ptr_eq(&a.0, &b.0)).display(|it: It| {
        let reader = it.0.borrow();
        format!("ByteReader(position {} of {})", reader.position(), reader.len())
    });
    for (name, int, order) in INTS {
        class.method(name, move |it: It| it.with(|reader| reader.int(int, order, name)));
    }
    for (name, bytes, order) in FLOATS {
        class.method(name, move |it: It| it.with(|reader| reader.float(bytes, order, name)));
    }
    class
        .method("varint", |it: It| it.with(Reader::varint))
        .method("text", |it: It, count: i64| it.with(|reader| reader.text(count)))
        .method("zero_text", |it: It| it.with(Reader::zero_text))
        .method("line", |it: It| -> Outcome<Dynamic> {
            Ok(it.with(Reader::line)?.map_or(Dynamic::UNIT, Dynamic::from))
        })
        .method("blob", |it: It, count: i64| it.with(|reader| reader.blob(count)))
        .method("rest", |it: It| it.0.borrow_mut().rest())
        .method("skip", |it: It, count: i64| it.with(|reader| reader.skip(count)))
        .method("seek", |it: It, to: i64| it.with(|reader| reader.seek(to)))
        .property("position", |it: It| it.0.borrow().position())
        .property("remaining", |it: It| it.0.borrow().remaining())
        .property("len", |it: It| it.0.borrow().len());
}

fn writers(registry: &mut Registry) {
    type It<'a> = &'a mut ByteWriter;
    let mut class = registry.class::<ByteWriter>("ByteWriter");
    class
        .handle(|a, b| Rc::ptr_eq(&a.0, &b.0))
        .display(|it: It| format!("ByteWriter({} bytes)", it.0.borrow().len()));
    for (name, int, order) in INTS {
        class.method(name, move |it: It, n: i64| it.with(|out| int.write(n, order, name, out)));
    }
    for (name, bytes, order) in FLOATS {
        let write = move |it: &ByteWriter, number: f64| {
            it.with(|out| {
                number::write_float(number, bytes, order, out);
                Ok(())
            })
        };
        class
            .method(name, move |it: It, number: f64| write(it, number))
            .method(name, move |it: It, number: i64| write(it, number as f64));
    }
    class
        .method("varint", |it: It, n: i64| it.with(|out| number::write_varint(n, out)))
        .method("text", |it: It, text: Text| it.append(text.as_bytes()))
        .method("zero_text", |it: It, text: Text| -> Outcome<ByteWriter> {
            if text.contains('\0') {
                return Err(error("zero_text takes a string without a character of code 0"));
            }
            it.append(text.as_bytes())?.append(&[0])
        })
        .method("blob", |it: It, bytes: Blob| it.append(&bytes))
        .method("zeros", |it: It, count: i64| it.zeros(count))
        .method("to_blob", |it: It| -> Outcome<Blob> {
            sizes::check_bytes(it.0.borrow().len(), "the blob")?;
            Ok(it.0.borrow().clone())
        })
        .property("len", |it: It| it.0.borrow().len() as i64);
}
