//! Time zones by the names that scripts write. Their rules are the system's; where it has none, as in a bare container,
//! those that are compiled in.

use crate::engine::nearest::nearest;
use jiff::tz::{self, Offset, TimeZone};

/// What stands for the zone of the system.
pub(super) const LOCAL: &str = "local";

/// Hours that a fixed offset may have. Fixed: no zone has ever been further from UTC than 16.
const MAX_OFFSET_HOURS: i32 = 25;

/// The zone of the system: what `TZ` or `/etc/localtime` says, else UTC.
pub(super) fn local() -> TimeZone {
    let zone = TimeZone::system();
    if zone.is_unknown() { TimeZone::UTC } else { zone }
}

/// The zone of that name: `local`, `UTC`, `Europe/Berlin` or a fixed offset like `+01:00`.
pub(super) fn named(name: &str) -> Result<TimeZone, String> {
    match name {
        LOCAL => return Ok(local()),
        "Z" | "z" => return Ok(TimeZone::UTC),
        _ if name.eq_ignore_ascii_case("utc") => return Ok(TimeZone::UTC),
        _ => (),
    }
    if let Some(offset) = offset(name) {
        return Ok(TimeZone::fixed(offset));
    }
    tz::db().get(name).map_err(|_| {
        let known: Vec<String> = names();
        let near = nearest(name, known.iter().map(String::as_str));
        let hint = near.map_or_else(
            || "names are like `Europe/Berlin`, `UTC`, `+01:00` or `local`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        format!("there is no time zone `{name}`: {hint}")
    })
}

/// `+01:00`, `-0530` and `+1` as they stand in texts.
fn offset(name: &str) -> Option<Offset> {
    let (sign, digits) = match name.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "0"),
    };
    let number = |text: &str| -> Option<i32> {
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if is_number { text.parse().ok() } else { None }
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours > MAX_OFFSET_HOURS || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// The name of a zone: of the database, else its offset.
pub(super) fn name(zone: &TimeZone, now: Offset) -> String {
    match zone.iana_name() {
        Some(name) => name.to_owned(),
        None => offset_text(now),
    }
}

/// An offset as ISO 8601 writes it.
pub(super) fn offset_text(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The names of all zones that are known here.
pub(super) fn names() -> Vec<String> {
    tz::db().available().map(|name| name.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_a_name_or_an_offset() {
        for (written, wanted) in [
            ("Europe/Berlin", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            ("UTC", "UTC"),
            ("Z", "UTC"),
            ("+05:30", "+05:30"),
            ("-0330", "-03:30"),
            ("+1", "+01:00"),
        ] {
            let zone = named(written).expect(written);
            let offset = zone.to_offset(jiff::Timestamp::UNIX_EPOCH);
            assert_eq!(name(&zone, offset), wanted, "{written}");
        }
        assert!(named("local").is_ok());
    }

    #[test]
    fn an_unknown_zone_is_told_with_the_nearest_one() {
        assert_eq!(
            named("Europe/Berln").expect_err("unknown"),
            "there is no time zone `Europe/Berln`: did you mean `Europe/Berlin`?"
        );
        for wrong in ["", "+", "+1:2:3", "+99:00", "+01:75", "-a", "Middle-earth/Shire", "+ß"] {
            assert!(named(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn zones_are_there_without_those_of_the_system() {
        let bundled = tz::TimeZoneDatabase::bundled();
        let zone = bundled.get("America/New_York").expect("a bundled zone");
        let winter = "2026-01-01T00:00:00Z".parse().expect("a time");
        assert_eq!(zone.to_offset(winter).seconds(), -5 * 3600);
        assert!(bundled.available().count() > 400);
    }
}
