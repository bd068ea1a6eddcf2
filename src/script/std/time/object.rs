//! `DateTime` as scripts see it.

use super::{date_time::DateTime, span, unit::Unit, zone};
use crate::{
    engine::values::{json, ref_map::RefMap},
    runtime::{
        outcome::{Outcome, error},
        registry::Registry,
    },
};
use jiff::Span;
use rhai::{Dynamic, ImmutableString as Text};
use std::cmp::Ordering;

/// The entries of a map of whole numbers.
fn numbers(value: &Dynamic, what: &str) -> Outcome<Vec<(Text, i64)>> {
    let entries = RefMap::entries_of(value).unwrap_or_default();
    let number = |(key, value): (Text, Dynamic)| match value.as_int() {
        Ok(number) => Ok((key, number)),
        Err(_) => {
            let shown = json::show(&value);
            Err(error(format!("`{key}` of {what} takes a whole number, not {shown}")))
        }
    };
    entries.into_iter().map(number).collect()
}

/// What a script adds: seconds, a text like `1 month`, or a map of units.
enum Amount {
    Seconds(f64),
    Span(Span),
}

impl Amount {
    fn of(value: &Dynamic) -> Outcome<Self> {
        if let Ok(text) = value.as_immutable_string_ref() {
            return Ok(Self::Span(span::of_text(&text).map_err(error)?));
        }
        if value.is_map() || value.is::<RefMap>() {
            let units = numbers(value, "what is added to a date")?;
            let units = units.iter().map(|(unit, n)| (unit.as_str(), *n));
            return Ok(Self::Span(span::of_units(units).map_err(error)?));
        }
        let seconds = value.as_int().map(|n| n as f64).or_else(|_| value.as_float());
        seconds.map(Self::Seconds).map_err(|_| {
            let shown = json::show(value);
            error(format!(
                "what is added to a date is a number of seconds, a text like `1 month` or a map like `#{{ days: 1 }}`, not {shown}"
            ))
        })
    }

    fn negated(self) -> Self {
        match self {
            Self::Seconds(seconds) => Self::Seconds(-seconds),
            Self::Span(span) => Self::Span(-span),
        }
    }

    fn after(self, date: &DateTime) -> Outcome<DateTime> {
        let later = match self {
            Self::Seconds(seconds) => date.plus_seconds(seconds),
            Self::Span(span) => date.plus(span),
        };
        later.map_err(error)
    }
}

fn unit(name: &str) -> Outcome<Unit> {
    Unit::named(name).map_err(error)
}

fn replace(date: &DateTime, changes: &Dynamic) -> Outcome<DateTime> {
    if !changes.is_map() && !changes.is::<RefMap>() {
        let shown = json::show(changes);
        return Err(error(format!(
            "replace takes a map like `#{{ hour: 12, minute: 0 }}`, not {shown}"
        )));
    }
    let changes = numbers(changes, "a date")?;
    let changes: Vec<_> = changes.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    date.with(&changes).map_err(error)
}

/// Announces it.
pub(super) fn register(registry: &mut Registry) {
    type Date<'a> = &'a mut DateTime;
    let mut class = registry.class::<DateTime>("DateTime");
    class
        .handle(|a, b| a.compare(b) == Ordering::Equal)
        .display(|date: Date| date.to_string())
        .data(DateTime::to_rfc3339);
    macro_rules! parts {
        ($($name:literal: $at:literal),*) => {
            $(class.property($name, |date: Date| date.parts()[$at]);)*
        };
    }
    parts!("year": 0, "month": 1, "day": 2, "hour": 3, "minute": 4, "second": 5);
    class
        .property("millisecond", |date: Date| date.millisecond())
        .property("weekday", |date: Date| date.weekday())
        .property("day_of_year", |date: Date| date.day_of_year())
        .property("days_in_month", |date: Date| date.days_in_month())
        .property("week", |date: Date| date.week())
        .property("quarter", |date: Date| date.quarter())
        .property("is_leap_year", |date: Date| date.is_leap_year())
        .property("zone", |date: Date| date.zone())
        .property("offset", |date: Date| date.offset())
        .property("is_dst", |date: Date| date.is_dst())
        .property("unix", |date: Date| date.unix())
        .property("unix_millis", |date: Date| date.unix_millis())
        .method("format", |date: Date, pattern: Text| date.format(&pattern).map_err(error))
        .method("to_rfc3339", |date: Date| date.to_rfc3339())
        .method("to_rfc2822", |date: Date| date.to_rfc2822().map_err(error))
        .method("to_http", |date: Date| date.to_http().map_err(error))
        .method("in_zone", |date: Date, name: Text| -> Outcome<DateTime> {
            Ok(date.in_zone(zone::named(&name).map_err(error)?))
        })
        .method("replace", |date: Date, parts: Dynamic| replace(date, &parts))
        .method("add", |date: Date, amount: Dynamic| Amount::of(&amount)?.after(date))
        .method("subtract", |date: Date, amount: Dynamic| {
            Amount::of(&amount)?.negated().after(date)
        })
        .method("start_of", |date: Date, name: Text| date.start_of(unit(&name)?).map_err(error))
        .method("end_of", |date: Date, name: Text| date.end_of(unit(&name)?).map_err(error))
        .method("count_until", |date: Date, other: DateTime, name: Text| {
            date.until(&other, unit(&name)?).map_err(error)
        })
        .method("difference", |date: Date, other: DateTime| -> Outcome<RefMap> {
            let parts = date.difference(&other).map_err(error)?;
            Ok(parts.into_iter().map(|(name, n)| (name, Dynamic::from(n))).collect())
        })
        .method("-", |date: Date, other: DateTime| date.seconds_since(&other))
        .method("+", |date: Date, seconds: i64| Amount::Seconds(seconds as f64).after(date))
        .method("+", |date: Date, seconds: f64| Amount::Seconds(seconds).after(date))
        .method("-", |date: Date, seconds: i64| Amount::Seconds(-seconds as f64).after(date))
        .method("-", |date: Date, seconds: f64| Amount::Seconds(-seconds).after(date))
        .method("<", |date: Date, other: DateTime| date.compare(&other).is_lt())
        .method("<=", |date: Date, other: DateTime| date.compare(&other).is_le())
        .method(">", |date: Date, other: DateTime| date.compare(&other).is_gt())
        .method(">=", |date: Date, other: DateTime| date.compare(&other).is_ge());
}
