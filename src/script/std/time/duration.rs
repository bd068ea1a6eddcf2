//! Lengths of time as texts: `1h 30m`.

use jiff::{
    Span,
    fmt::friendly::{Designator, Direction, FractionalUnit, SpanPrinter},
};

/// Characters of a text that is read as a length of time. Fixed: longer ones are no such text.
const MAX_TEXT: usize = 100;

/// Seconds of the greatest length that is written. Fixed: ten thousand years, which all calculations can hold.
const MAX_SECONDS: f64 = 3.2e11;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// The seconds of `1h 30m`, `2d`, `250 ms`, `1:30:00`, `PT90M` or `90`. A day is 24 hours.
pub(super) fn parse(text: &str) -> Result<f64, String> {
    let refused = || {
        let shown: String = text.chars().take(MAX_TEXT).collect();
        format!(
            "a length of time is written like `1h 30m`, `2d`, `250ms`, `01:30:00` or `PT90M`, not `{shown}`"
        )
    };
    let written = text.trim();
    if written.len() > MAX_TEXT {
        return Err(refused());
    }
    if let Ok(seconds) = written.parse::<f64>() {
        return if seconds.abs() <= MAX_SECONDS { Ok(seconds) } else { Err(refused()) };
    }
    let span: Span = written.parse().map_err(|_| refused())?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err(format!(
            "`{written}` has no fixed length: months and years differ; add them to a date with `date.add(…)`"
        ));
    }
    let whole = i64::from(span.get_weeks()) * WEEK
        + i64::from(span.get_days()) * DAY
        + i64::from(span.get_hours()) * HOUR
        + span.get_minutes() * MINUTE
        + span.get_seconds();
    let nanoseconds = span.get_milliseconds() as f64 * 1e6
        + span.get_microseconds() as f64 * 1e3
        + span.get_nanoseconds() as f64;
    Ok(whole as f64 + nanoseconds / 1e9)
}

/// The text of so many seconds, to the millisecond: `1d 2h`, `1.5s`, `-3m`.
pub(super) fn format(seconds: f64) -> Result<String, String> {
    if !seconds.is_finite() || seconds.abs() > MAX_SECONDS {
        return Err(format!(
            "a length of time has at most {MAX_SECONDS} seconds (ten thousand years), not {seconds:?}"
        ));
    }
    let millis = (seconds * 1e3).round() as i64;
    let whole = millis / 1000;
    let parts = [
        (whole / DAY, Span::try_days as fn(Span, i64) -> _),
        (whole % DAY / HOUR, Span::try_hours),
        (whole % HOUR / MINUTE, Span::try_minutes),
        (whole % MINUTE, Span::try_seconds),
        (millis % 1000, Span::try_milliseconds),
    ];
    let span = parts.into_iter().try_fold(Span::new(), |span, (n, add)| add(span, n));
    let span = span.map_err(|why| why.to_string())?;
    let printer = SpanPrinter::new()
        .designator(Designator::Compact)
        .direction(Direction::Sign)
        .fractional(Some(FractionalUnit::Second));
    Ok(printer.span_to_string(&span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_every_usual_form() {
        for (text, seconds) in [
            ("1h 30m", 5400.0),
            ("1h30m", 5400.0),
            ("2d", 172_800.0),
            ("1w", 604_800.0),
            ("90", 90.0),
            ("1.5", 1.5),
            ("250ms", 0.25),
            ("1.5h", 5400.0),
            ("01:30:00", 5400.0),
            ("PT90M", 5400.0),
            ("2 hours, 5 minutes", 7500.0),
            (" 3 s ", 3.0),
            ("-10s", -10.0),
        ] {
            assert_eq!(parse(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_is_refused_with_its_text() {
        for wrong in ["", "soon", "1 fortnight", "1e400", "NaN", "inf"] {
            let told = parse(wrong).expect_err(wrong);
            assert!(told.ends_with(&format!("not `{wrong}`")), "{told}");
        }
        assert!(parse("1mo").expect_err("a month").contains("no fixed length"));
        assert!(parse(&"9".repeat(1000)).is_err());
    }

    #[test]
    fn lengths_are_written_and_read_again() {
        for (seconds, text) in [
            (0.0, "0s"),
            (5400.0, "1h 30m"),
            (0.25, "0.25s"),
            (1.5, "1.5s"),
            (59.9996, "1m"),
            (90_061.0, "1d 1h 1m 1s"),
            (-180.0, "-3m"),
        ] {
            let written = format(seconds).expect(text);
            assert_eq!(written, text);
            assert!((parse(&written).expect(text) - seconds).abs() < 0.001, "{text}");
        }
        assert!(format(f64::NAN).is_err() && format(1e300).is_err());
    }
}
