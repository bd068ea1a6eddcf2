//! `std/time`: the clock, and dates with time zones.

mod date_time;
mod duration;
mod object;
mod reading;
mod span;
mod unit;
mod zone;

use self::date_time::DateTime;
use crate::{
    runtime::{
        namespace::Namespace,
        outcome::{Outcome, error},
        registry::Registry,
    },
    script::ctx::Ctx,
};
use jiff::Timestamp;
use rhai::{Array, Dynamic, ImmutableString as Text};
use std::{rc::Rc, sync::LazyLock};
use tokio::time::Instant;

/// When the process first asked what has passed.
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Nanoseconds of a microsecond and of a millisecond.
const MICRO: i128 = 1_000;
const MILLI: i128 = 1_000_000;

/// Announces dates, and `time()`, which every script has.
pub(in crate::script) fn register(registry: &mut Registry) {
    object::register(registry);
    registry.function("time", || Timestamp::now().as_second());
}

/// So many units of the clock since 1970.
fn since_1970(nanoseconds: i128) -> i64 {
    (Timestamp::now().as_nanosecond() / nanoseconds) as i64
}

/// A number of a script.
fn number(value: &Dynamic, what: &str) -> Outcome<f64> {
    let number = value.as_int().map(|n| n as f64).or_else(|_| value.as_float());
    number.map_err(|_| {
        let shown = crate::engine::values::json::show(value);
        error(format!("{what} is a number of seconds, not {shown}"))
    })
}

/// The date of so many seconds since 1970.
fn at(seconds: &Dynamic, zone: &str) -> Outcome<DateTime> {
    let zone = zone::named(zone).map_err(error)?;
    DateTime::at(number(seconds, "a moment")?, zone).map_err(error)
}

fn date(parts: date_time::Parts, zone: &str) -> Outcome<DateTime> {
    DateTime::of(parts, zone::named(zone).map_err(error)?).map_err(error)
}

fn parse(text: &str, zone: Option<&str>) -> Outcome<DateTime> {
    let zone = zone.map(zone::named).transpose().map_err(error)?;
    reading::parse(text, zone.as_ref()).map_err(error)
}

fn parse_format(text: &str, pattern: &str, zone: Option<&str>) -> Outcome<DateTime> {
    let zone = zone.map(zone::named).transpose().map_err(error)?;
    reading::parse_format(text, pattern, zone.as_ref()).map_err(error)
}

/// The functions of the module.
pub(super) fn module(_: &Rc<Ctx>) -> Namespace {
    let mut module = Namespace::new("std/time");
    module
        .function("now", || since_1970(MICRO) as f64 / 1e6)
        .function("millis", || since_1970(MILLI))
        .function("micros", || since_1970(MICRO))
        .function("monotonic", || BEGINNING.elapsed().as_secs_f64())
        .function("local", || DateTime::now(zone::local()))
        .function("utc", || DateTime::now(jiff::tz::TimeZone::UTC))
        .function("in_zone", |zone: Text| -> Outcome<DateTime> {
            Ok(DateTime::now(zone::named(&zone).map_err(error)?))
        })
        .function("at", |seconds: Dynamic| at(&seconds, zone::LOCAL))
        .function("at", |seconds: Dynamic, zone: Text| at(&seconds, &zone))
        .function("date", |year: i64, month: i64, day: i64| {
            date([year, month, day, 0, 0, 0], zone::LOCAL)
        })
        .function("date", |year: i64, month: i64, day: i64, zone: Text| {
            date([year, month, day, 0, 0, 0], &zone)
        })
        .function("date", |year: i64, month: i64, day: i64, h: i64, m: i64, s: i64| {
            date([year, month, day, h, m, s], zone::LOCAL)
        })
        .function("date", |year: i64, month: i64, day: i64, h: i64, m: i64, s: i64, zone: Text| {
            date([year, month, day, h, m, s], &zone)
        })
        .function("parse", |text: Text| parse(&text, None))
        .function("parse", |text: Text, zone: Text| parse(&text, Some(&zone)))
        .function("parse_format", |text: Text, pattern: Text| parse_format(&text, &pattern, None))
        .function("parse_format", |text: Text, pattern: Text, zone: Text| {
            parse_format(&text, &pattern, Some(&zone))
        })
        .function("format", |pattern: Text| {
            DateTime::now(zone::local()).format(&pattern).map_err(error)
        })
        .function("format", |pattern: Text, seconds: Dynamic| {
            at(&seconds, zone::LOCAL)?.format(&pattern).map_err(error)
        })
        .function("parse_duration", |text: Text| duration::parse(&text).map_err(error))
        .function("format_duration", |seconds: Dynamic| {
            duration::format(number(&seconds, "a length of time")?).map_err(error)
        })
        .function("zone", || DateTime::now(zone::local()).zone())
        .function("zones", || -> Array { zone::names().into_iter().map(Into::into).collect() });
    module
}
