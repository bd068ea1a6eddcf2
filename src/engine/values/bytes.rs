//! Numbers in blobs. Rhai's functions for the big end are wrong for whole numbers of fewer than eight bytes (they are read
//! and written at the wrong end of the number), and those for floats know no other size than eight, of which they would
//! take a part. These take their places. And a loop over a blob gives the numbers that an index gives, with which one can
//! reckon.

use crate::engine::outcome::Outcome;
use rhai::{Blob, Dynamic, Engine, EvalAltResult, FuncRegistration, Module, Position};
use std::{
    any::TypeId,
    ops::{Range, RangeInclusive},
};

/// Bytes of the largest whole number.
const INT: usize = size_of::<i64>();

/// Bytes of the two kinds of floats.
const SINGLE: usize = size_of::<f32>();
const DOUBLE: usize = size_of::<f64>();

#[derive(Clone, Copy)]
enum Order {
    Big,
    Little,
}

/// Where a part of a blob lies: as much of it as there is. A negative start counts from the end.
fn part(blob: &[u8], start: i64, len: i64) -> Range<usize> {
    let size = blob.len();
    let start = match usize::try_from(start) {
        Ok(start) => start.min(size),
        Err(_) => size.saturating_sub(usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    let len = usize::try_from(len).unwrap_or(0).min(size - start);
    start..start + len
}

/// Start and length of a range, whose ends are no less than 0.
fn of_range(range: &Range<i64>) -> (i64, i64) {
    let start = range.start.max(0);
    (start, range.end.max(start) - start)
}

fn of_inclusive(range: &RangeInclusive<i64>) -> (i64, i64) {
    let start = (*range.start()).max(0);
    (start, (*range.end()).saturating_sub(start).saturating_add(1))
}

/// The whole number of these bytes, of the first eight if there are more. Fewer are a number without a sign.
fn parse_be_int(bytes: &[u8]) -> i64 {
    bytes.iter().take(INT).fold(0, |number, byte| number << 8 | i64::from(*byte))
}

/// Writes the lower bytes of a number, as many as there is room for.
fn write_be_int(room: &mut [u8], number: i64) {
    let len = room.len().min(INT);
    room[..len].copy_from_slice(&number.to_be_bytes()[INT - len..]);
}

fn no_float(len: usize) -> Box<EvalAltResult> {
    let text = format!("a float has {SINGLE} or {DOUBLE} bytes, not {len}");
    EvalAltResult::ErrorRuntime(text.into(), Position::NONE).into()
}

/// The float of these bytes: of four, of the first eight if there are more; 0 of none, as rhai has it.
fn parse_float(bytes: &[u8], order: Order) -> Outcome<f64> {
    if let Some(bytes) = bytes.first_chunk::<DOUBLE>() {
        return Ok(match order {
            Order::Big => f64::from_be_bytes(*bytes),
            Order::Little => f64::from_le_bytes(*bytes),
        });
    }
    match (<[u8; SINGLE]>::try_from(bytes), order) {
        (Ok(bytes), Order::Big) => Ok(f32::from_be_bytes(bytes).into()),
        (Ok(bytes), Order::Little) => Ok(f32::from_le_bytes(bytes).into()),
        (Err(_), _) if bytes.is_empty() => Ok(0.0),
        (Err(_), _) => Err(no_float(bytes.len())),
    }
}

fn write_float(room: &mut [u8], number: f64, order: Order) -> Outcome<()> {
    if let Some(room) = room.first_chunk_mut::<DOUBLE>() {
        *room = match order {
            Order::Big => number.to_be_bytes(),
            Order::Little => number.to_le_bytes(),
        };
        return Ok(());
    }
    let len = room.len();
    match (<&mut [u8; SINGLE]>::try_from(room), order) {
        (Ok(room), Order::Big) => *room = (number as f32).to_be_bytes(),
        (Ok(room), Order::Little) => *room = (number as f32).to_le_bytes(),
        (Err(_), _) if len == 0 => (),
        (Err(_), _) => return Err(no_float(len)),
    }
    Ok(())
}

/// Registers a function that reads a part of a blob, given by start and length or by a range.
fn reading<T: Clone + 'static>(
    engine: &mut Engine,
    name: &str,
    read: impl Fn(&[u8]) -> Outcome<T> + Clone + 'static,
) {
    let registration = || FuncRegistration::new(name).with_purity(true);
    let f = read.clone();
    registration().register_into_engine(engine, move |blob: &mut Blob, start: i64, len: i64| {
        f(&blob[part(blob, start, len)])
    });
    let f = read.clone();
    registration().register_into_engine(engine, move |blob: &mut Blob, range: Range<i64>| {
        let (start, len) = of_range(&range);
        f(&blob[part(blob, start, len)])
    });
    registration().register_into_engine(
        engine,
        move |blob: &mut Blob, range: RangeInclusive<i64>| {
            let (start, len) = of_inclusive(&range);
            read(&blob[part(blob, start, len)])
        },
    );
}

/// The same for one that writes a number there.
fn writing<N: Clone + 'static>(
    engine: &mut Engine,
    name: &str,
    write: impl Fn(&mut [u8], N) -> Outcome<()> + Clone + 'static,
) {
    let registration = || FuncRegistration::new(name).with_purity(false);
    let f = write.clone();
    registration().register_into_engine(
        engine,
        move |blob: &mut Blob, start: i64, len: i64, number: N| {
            let part = part(blob, start, len);
            f(&mut blob[part], number)
        },
    );
    let f = write.clone();
    registration().register_into_engine(
        engine,
        move |blob: &mut Blob, range: Range<i64>, number: N| {
            let (start, len) = of_range(&range);
            let part = part(blob, start, len);
            f(&mut blob[part], number)
        },
    );
    registration().register_into_engine(
        engine,
        move |blob: &mut Blob, range: RangeInclusive<i64>, number: N| {
            let (start, len) = of_inclusive(&range);
            let part = part(blob, start, len);
            write(&mut blob[part], number)
        },
    );
}

/// Registers them.
pub(in crate::engine) fn register(engine: &mut Engine) {
    reading(engine, "parse_be_int", |bytes| Ok(parse_be_int(bytes)));
    reading(engine, "parse_be_float", |bytes| parse_float(bytes, Order::Big));
    reading(engine, "parse_le_float", |bytes| parse_float(bytes, Order::Little));
    writing(engine, "write_be", |room, number: i64| {
        write_be_int(room, number);
        Ok(())
    });
    writing(engine, "write_be", |room, number: f64| write_float(room, number, Order::Big));
    writing(engine, "write_le", |room, number: f64| write_float(room, number, Order::Little));
    let mut loops = Module::new();
    loops.set_iter(TypeId::of::<Blob>(), |blob| {
        let bytes = blob.into_blob().unwrap_or_default();
        Box::new(bytes.into_iter().map(|byte| Dynamic::from(i64::from(byte))))
    });
    engine.register_global_module(loops.into());
}
