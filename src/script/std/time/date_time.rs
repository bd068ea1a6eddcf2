//! `DateTime`: a moment, and the zone in whose calendar and clock it is shown. Scripts cannot change one; what changes it
//! gives another.

use super::{reading, unit::Unit, zone};
use jiff::{
    RoundMode, SignedDuration, Span, Timestamp, Zoned, ZonedRound, civil,
    fmt::{rfc2822, strtime},
    tz::{Dst, TimeZone},
};
use std::cmp::Ordering;

/// The object.
#[derive(Clone, Debug)]
pub(crate) struct DateTime(Zoned);

/// A date and a time as the parts that a script gives: year, month, day, hour, minute, second.
pub(super) type Parts = [i64; 6];

/// Each part with its name and its limits.
const PARTS: [(&str, i64, i64); 6] = [
    ("year", -9999, 9999),
    ("month", 1, 12),
    ("day", 1, 31),
    ("hour", 0, 23),
    ("minute", 0, 59),
    ("second", 0, 59),
];

/// Nanoseconds of a second.
const NANOS: f64 = 1e9;

impl DateTime {
    pub(super) fn new(at: Zoned) -> Self {
        Self(at)
    }

    pub(super) fn now(zone: TimeZone) -> Self {
        Self(Timestamp::now().to_zoned(zone))
    }

    /// So many seconds after the beginning of 1970 in UTC, to the microsecond.
    pub(super) fn at(seconds: f64, zone: TimeZone) -> Result<Self, String> {
        let refused =
            || format!("a date lies within the years -9999 to 9999, not {seconds:?} s from 1970");
        if !seconds.is_finite() {
            return Err(refused());
        }
        let whole = seconds.floor();
        let micros = ((seconds - whole) * 1e6).round() as i32;
        let at = Timestamp::new(whole as i64, 0).map_err(|_| refused())?;
        let at =
            at.checked_add(SignedDuration::from_micros(micros.into())).map_err(|_| refused())?;
        Ok(Self(at.to_zoned(zone)))
    }

    /// The wall-clock time of these parts in a zone.
    pub(super) fn of(parts: Parts, zone: TimeZone) -> Result<Self, String> {
        reading::in_zone(civil(parts, 0)?, zone)
    }

    /// The same moment in another zone.
    pub(super) fn in_zone(&self, zone: TimeZone) -> Self {
        Self(self.0.with_time_zone(zone))
    }

    pub(super) fn parts(&self) -> Parts {
        let at = &self.0;
        [
            at.year().into(),
            at.month().into(),
            at.day().into(),
            at.hour().into(),
            at.minute().into(),
            at.second().into(),
        ]
    }

    /// The one with some parts set anew, by their names. A day behind the end of the month is an error; a wall-clock time
    /// that comes twice is the one with the same offset as before.
    pub(super) fn with(&self, changes: &[(&str, i64)]) -> Result<Self, String> {
        let mut parts = self.parts();
        let mut nanos = self.0.subsec_nanosecond();
        for (name, value) in changes {
            if *name == "millisecond" {
                let millis = i32::try_from(*value).ok().filter(|n| (0..1000).contains(n));
                let refused = || format!("the millisecond of a date is 0 to 999, not {value}");
                nanos = 1_000_000 * millis.ok_or_else(refused)?;
                continue;
            }
            let Some(at) = PARTS.iter().position(|(known, ..)| known == name) else {
                let known: Vec<_> = PARTS.iter().map(|(known, ..)| format!("`{known}`")).collect();
                return Err(format!(
                    "a date has {} and `millisecond`, no `{name}`",
                    known.join(", ")
                ));
            };
            parts[at] = *value;
        }
        let at = civil(parts, nanos)?;
        let changed = self.0.with().date(at.date()).time(at.time()).build();
        changed.map(Self).map_err(|why| why.to_string())
    }

    /// Whole seconds since 1970.
    pub(super) fn unix(&self) -> i64 {
        self.0.timestamp().as_nanosecond().div_euclid(1_000_000_000) as i64
    }

    /// Whole milliseconds since 1970.
    pub(super) fn unix_millis(&self) -> i64 {
        self.0.timestamp().as_nanosecond().div_euclid(1_000_000) as i64
    }

    /// Seconds from another moment to this one.
    pub(super) fn seconds_since(&self, other: &Self) -> f64 {
        let nanos = self.0.timestamp().as_nanosecond() - other.0.timestamp().as_nanosecond();
        nanos as f64 / NANOS
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }

    pub(super) fn millisecond(&self) -> i64 {
        self.0.millisecond().into()
    }

    /// 1 is Monday, 7 is Sunday.
    pub(super) fn weekday(&self) -> i64 {
        self.0.weekday().to_monday_one_offset().into()
    }

    pub(super) fn day_of_year(&self) -> i64 {
        self.0.day_of_year().into()
    }

    pub(super) fn days_in_month(&self) -> i64 {
        self.0.days_in_month().into()
    }

    /// The week of ISO 8601, the first of which has the year's first Thursday.
    pub(super) fn week(&self) -> i64 {
        self.0.date().iso_week_date().week().into()
    }

    pub(super) fn quarter(&self) -> i64 {
        (i64::from(self.0.month()) + 2) / 3
    }

    pub(super) fn is_leap_year(&self) -> bool {
        self.0.in_leap_year()
    }

    pub(super) fn zone(&self) -> String {
        zone::name(self.0.time_zone(), self.0.offset())
    }

    /// Seconds that the zone's clock is before UTC then.
    pub(super) fn offset(&self) -> i64 {
        self.0.offset().seconds().into()
    }

    pub(super) fn is_dst(&self) -> bool {
        self.0.time_zone().to_offset_info(self.0.timestamp()).dst() == Dst::Yes
    }

    /// So many seconds later.
    pub(super) fn plus_seconds(&self, seconds: f64) -> Result<Self, String> {
        let by = SignedDuration::try_from_secs_f64(seconds).map_err(|_| self.too_far(seconds))?;
        self.0.checked_add(by).map(Self).map_err(|_| self.too_far(seconds))
    }

    fn too_far(&self, seconds: f64) -> String {
        format!("a date lies within the years -9999 to 9999, not {seconds:?} s after {self}")
    }

    /// Later by what a calendar counts: years and months first, where the last day of a month stands for those that it
    /// lacks, then weeks and days by the wall clock, then hours and less by the seconds that pass.
    pub(super) fn plus(&self, span: Span) -> Result<Self, String> {
        let outside =
            |_| format!("a date lies within the years -9999 to 9999, not {span:#} after {self}");
        self.0.checked_add(span).map(Self).map_err(outside)
    }

    /// The first moment of the unit that this one lies in. Weeks begin on Monday.
    pub(super) fn start_of(&self, unit: Unit) -> Result<Self, String> {
        let date = self.0.date();
        let first = match unit {
            Unit::Year => date.first_of_year(),
            Unit::Quarter => {
                let month = date.month() - (date.month() - 1) % 3;
                civil::Date::new(date.year(), month, 1).unwrap_or(date)
            }
            Unit::Month => date.first_of_month(),
            Unit::Week => {
                let passed = i64::from(date.weekday().to_monday_zero_offset());
                date.checked_sub(Span::new().days(passed)).map_err(|why| why.to_string())?
            }
            Unit::Day => date,
            Unit::Hour => return self.truncated(jiff::Unit::Hour),
            Unit::Minute => return self.truncated(jiff::Unit::Minute),
            Unit::Second => return self.truncated(jiff::Unit::Second),
            Unit::Millisecond => return self.truncated(jiff::Unit::Millisecond),
        };
        self.day(first)
    }

    /// The first moment of a day, which is not midnight where the clocks skip that.
    fn day(&self, date: civil::Date) -> Result<Self, String> {
        date.to_zoned(self.0.time_zone().clone()).map(Self).map_err(|why| why.to_string())
    }

    fn truncated(&self, unit: jiff::Unit) -> Result<Self, String> {
        let rounding = ZonedRound::new().smallest(unit).mode(RoundMode::Trunc);
        self.0.round(rounding).map(Self).map_err(|why| why.to_string())
    }

    /// The last nanosecond of the unit that this one lies in.
    pub(super) fn end_of(&self, unit: Unit) -> Result<Self, String> {
        let start = self.start_of(unit)?;
        let one = match unit {
            Unit::Year => Span::new().years(1),
            Unit::Quarter => Span::new().months(3),
            Unit::Month => Span::new().months(1),
            Unit::Week => Span::new().weeks(1),
            Unit::Day => Span::new().days(1),
            Unit::Hour => Span::new().hours(1),
            Unit::Minute => Span::new().minutes(1),
            Unit::Second => Span::new().seconds(1),
            Unit::Millisecond => Span::new().milliseconds(1),
        };
        let next = match unit {
            // By the date alone: a first moment that is not midnight is no reason for the next one to be late.
            Unit::Year | Unit::Quarter | Unit::Month | Unit::Week | Unit::Day => {
                let date = start.0.date().checked_add(one).map_err(|why| why.to_string())?;
                self.day(date)?
            }
            _ => start.plus(one)?,
        };
        next.plus(Span::new().nanoseconds(-1))
    }

    /// Whole units from this moment to another one, below 0 if that is earlier.
    pub(super) fn until(&self, other: &Self, unit: Unit) -> Result<i64, String> {
        let counted = match unit {
            Unit::Year => jiff::Unit::Year,
            Unit::Quarter | Unit::Month => jiff::Unit::Month,
            Unit::Week => jiff::Unit::Week,
            Unit::Day => jiff::Unit::Day,
            Unit::Hour => jiff::Unit::Hour,
            Unit::Minute => jiff::Unit::Minute,
            Unit::Second => jiff::Unit::Second,
            Unit::Millisecond => jiff::Unit::Millisecond,
        };
        let span = self.span_until(other, counted)?;
        Ok(match unit {
            Unit::Year => span.get_years().into(),
            Unit::Quarter => i64::from(span.get_months()) / 3,
            Unit::Month => span.get_months().into(),
            Unit::Week => span.get_weeks().into(),
            Unit::Day => span.get_days().into(),
            Unit::Hour => span.get_hours().into(),
            Unit::Minute => span.get_minutes(),
            Unit::Second => span.get_seconds(),
            Unit::Millisecond => span.get_milliseconds(),
        })
    }

    /// The calendar's difference to another moment, each part with its name.
    pub(super) fn difference(&self, other: &Self) -> Result<[(&'static str, i64); 7], String> {
        let span = self.span_until(other, jiff::Unit::Year)?;
        Ok([
            ("years", span.get_years().into()),
            ("months", span.get_months().into()),
            ("days", span.get_days().into()),
            ("hours", span.get_hours().into()),
            ("minutes", span.get_minutes()),
            ("seconds", span.get_seconds()),
            ("milliseconds", span.get_milliseconds()),
        ])
    }

    /// Days and more are those of this one's calendar.
    fn span_until(&self, other: &Self, largest: jiff::Unit) -> Result<Span, String> {
        let other = other.0.with_time_zone(self.0.time_zone().clone());
        self.0.until((largest, &other)).map_err(|why| why.to_string())
    }

    /// By a pattern of strftime.
    pub(super) fn format(&self, pattern: &str) -> Result<String, String> {
        reading::check_pattern(pattern)?;
        strtime::format(pattern, &self.0)
            .map_err(|why| format!("`{pattern}` is no pattern for dates: {why}"))
    }

    /// `2026-11-30T21:02:00.5+01:00`; the offset of UTC is `Z`.
    pub(super) fn to_rfc3339(&self) -> String {
        let at = self.0.datetime();
        match self.0.time_zone() == &TimeZone::UTC {
            true => format!("{at}Z"),
            false => format!("{at}{}", zone::offset_text(self.0.offset())),
        }
    }

    /// `Mon, 30 Nov 2026 21:02:00 +0100`, as mails have it.
    pub(super) fn to_rfc2822(&self) -> Result<String, String> {
        rfc2822::to_string(&self.0).map_err(|_| self.not_by_mail())
    }

    /// `Mon, 30 Nov 2026 20:02:00 GMT`, as headers of HTTP have it.
    pub(super) fn to_http(&self) -> Result<String, String> {
        let printer = rfc2822::DateTimePrinter::new();
        printer.timestamp_to_rfc9110_string(&self.0.timestamp()).map_err(|_| self.not_by_mail())
    }

    fn not_by_mail(&self) -> String {
        format!("mail and HTTP know no date before the year 0, which {self} is")
    }
}

/// The date and the time of these parts, by the calendar alone.
fn civil(parts: Parts, nanoseconds: i32) -> Result<civil::DateTime, String> {
    for ((name, least, most), given) in PARTS.iter().zip(parts) {
        if !(*least..=*most).contains(&given) {
            return Err(format!("the {name} of a date is {least} to {most}, not {given}"));
        }
    }
    let [year, month, day, hour, minute, second] = parts;
    let date = civil::Date::new(year as i16, month as i8, day as i8)
        .map_err(|_| format!("{year}-{month:02} has no day {day}"))?;
    Ok(date.at(hour as i8, minute as i8, second as i8, nanoseconds))
}

impl std::fmt::Display for DateTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

#[cfg(test)]
#[path = "date_time_tests.rs"]
mod tests;
