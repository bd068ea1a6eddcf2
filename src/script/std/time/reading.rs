//! Dates out of texts.

use super::{date_time::DateTime, zone};
use jiff::{
    Zoned,
    civil::{self, Time},
    fmt::{rfc2822, strtime::BrokenDownTime, temporal::Pieces},
    tz::TimeZone,
};

/// Characters of a text that is read as a date. Fixed: the longest form with a zone has some 80.
const MAX_TEXT: usize = 200;

/// Characters of a pattern. Fixed: one that describes a date has fewer.
pub(super) const MAX_PATTERN: usize = 500;

fn shown(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

/// A date out of RFC 3339, ISO 8601, RFC 9557, RFC 2822 or an HTTP date. What says no zone is of `zone`; what says one is
/// that moment, shown in `zone` if there is one.
pub(super) fn parse(text: &str, zone: Option<&TimeZone>) -> Result<DateTime, String> {
    let refused = |why: &str| format!("`{}` is no date: {why}", shown(text));
    if text.len() > MAX_TEXT {
        return Err(refused(&format!("it is longer than {MAX_TEXT} characters")));
    }
    let written = text.trim();
    let found = if written.starts_with(|c: char| c.is_ascii_alphabetic()) || is_rfc_2822(written) {
        rfc2822::parse(&without_zone_name(written)).map_err(|why| refused(&told(&why)))?
    } else {
        // A blank between date and time is usual in databases.
        let pieces = Pieces::parse(written).map_err(|why| refused(&told(&why)))?;
        match (pieces.to_time_zone(), pieces.to_numeric_offset()) {
            (Err(why), _) => return Err(refused(&told(&why))),
            (Ok(Some(_)), _) => written.parse().map_err(|why| refused(&told(&why)))?,
            (Ok(None), Some(offset)) => {
                let at = civil(&pieces);
                TimeZone::fixed(offset).to_zoned(at).map_err(|why| refused(&told(&why)))?
            }
            (Ok(None), None) => {
                let zone = zone.cloned().unwrap_or_else(zone::local);
                return in_zone(civil(&pieces), zone).map_err(|why| refused(&why));
            }
        }
    };
    Ok(shown_in(found, zone))
}

fn civil(pieces: &Pieces) -> civil::DateTime {
    pieces.date().to_datetime(pieces.time().unwrap_or(Time::midnight()))
}

fn told(why: &jiff::Error) -> String {
    why.to_string()
}

/// `6 Nov 1994 …` as well as `Sun, 6 Nov 1994 …`.
fn is_rfc_2822(text: &str) -> bool {
    let mut parts = text.split(' ');
    let day = parts.next().unwrap_or_default();
    let is_day = !day.is_empty() && day.len() <= 2 && day.bytes().all(|b| b.is_ascii_digit());
    is_day && parts.next().is_some_and(|month| month.starts_with(|c: char| c.is_alphabetic()))
}

/// HTTP says GMT, which the mail's form reads too; UTC is not in it.
fn without_zone_name(text: &str) -> String {
    match text.strip_suffix("UTC") {
        Some(before) => format!("{before}GMT"),
        None => text.to_owned(),
    }
}

/// A wall-clock time in a zone. One that the clocks skip is moved behind the gap, and one that comes twice is the first.
pub(super) fn in_zone(at: civil::DateTime, zone: TimeZone) -> Result<DateTime, String> {
    zone.to_zoned(at).map(DateTime::new).map_err(|why| told(&why))
}

fn shown_in(found: Zoned, zone: Option<&TimeZone>) -> DateTime {
    DateTime::new(match zone {
        Some(zone) => found.with_time_zone(zone.clone()),
        None => found,
    })
}

/// A date out of a text of that form, in the notation of strptime.
pub(super) fn parse_format(
    text: &str,
    pattern: &str,
    zone: Option<&TimeZone>,
) -> Result<DateTime, String> {
    check_pattern(pattern)?;
    let refused = |why: &str| format!("`{}` is no date like `{pattern}`: {why}", shown(text));
    if text.len() > MAX_TEXT {
        return Err(refused(&format!("it is longer than {MAX_TEXT} characters")));
    }
    let read = BrokenDownTime::parse(pattern, text).map_err(|why| refused(&told(&why)))?;
    if let Some(at) = read.timestamp() {
        let zone = zone.cloned().unwrap_or_else(zone::local);
        return Ok(DateTime::new(at.to_zoned(zone)));
    }
    if read.offset().is_some() || read.iana_time_zone().is_some() {
        let found = read.to_zoned().map_err(|why| refused(&told(&why)))?;
        return Ok(shown_in(found, zone));
    }
    let at = read.to_datetime().map_err(|why| refused(&told(&why)))?;
    in_zone(at, zone.cloned().unwrap_or_else(zone::local)).map_err(|why| refused(&why))
}

/// Refuses what is no pattern of strftime.
pub(super) fn check_pattern(pattern: &str) -> Result<(), String> {
    if pattern.len() > MAX_PATTERN {
        return Err(format!(
            "a pattern has at most {MAX_PATTERN} characters, and this one {}",
            pattern.len()
        ));
    }
    if !pattern.contains('%') {
        return Err(format!(
            "`{pattern}` is no pattern for dates: its parts begin with `%`, as in `%Y-%m-%d %H:%M:%S`"
        ));
    }
    Ok(())
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
