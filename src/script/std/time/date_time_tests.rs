use super::{
    super::{span, zone},
    *,
};

fn at(text: &str) -> DateTime {
    let berlin = zone::named("Europe/Berlin").expect("a zone");
    reading::parse(text, Some(&berlin)).expect(text)
}

fn plus(text: &str, span: &str) -> String {
    at(text).plus(span::of_text(span).expect(span)).expect(span).to_string()
}

#[test]
fn a_day_is_one_by_the_wall_clock_and_an_hour_one_that_passes() {
    assert_eq!(plus("2026-03-28 02:30", "1 day"), "2026-03-29T03:30:00+02:00");
    assert_eq!(plus("2026-03-28 12:00", "1 day"), "2026-03-29T12:00:00+02:00");
    assert_eq!(plus("2026-03-28 12:00", "24 hours"), "2026-03-29T13:00:00+02:00");
    assert_eq!(plus("2026-10-24 12:00", "1 day"), "2026-10-25T12:00:00+01:00");
    assert_eq!(plus("2026-10-24 12:00", "24 hours"), "2026-10-25T11:00:00+01:00");
    let later = at("2026-03-28 12:00").plus_seconds(86_400.5).expect("a date");
    assert_eq!(later.to_string(), "2026-03-29T13:00:00.5+02:00");
}

#[test]
fn the_last_day_of_a_month_stands_for_those_that_it_lacks() {
    assert_eq!(plus("2026-01-31", "1 month"), "2026-02-28T00:00:00+01:00");
    assert_eq!(plus("2024-01-31", "1 month"), "2024-02-29T00:00:00+01:00");
    assert_eq!(plus("2024-02-29", "1 year"), "2025-02-28T00:00:00+01:00");
    assert_eq!(plus("2024-02-29", "4 years"), "2028-02-29T00:00:00+01:00");
    assert_eq!(plus("2026-03-31", "-1 month"), "2026-02-28T00:00:00+01:00");
}

#[test]
fn units_begin_and_end_where_the_calendar_says() {
    let now = at("2026-11-26 21:02:03.25");
    for (unit, start, end) in [
        (Unit::Year, "2026-01-01T00:00:00+01:00", "2026-12-31T23:59:59.999999999+01:00"),
        (Unit::Quarter, "2026-10-01T00:00:00+02:00", "2026-12-31T23:59:59.999999999+01:00"),
        (Unit::Month, "2026-11-01T00:00:00+01:00", "2026-11-30T23:59:59.999999999+01:00"),
        (Unit::Week, "2026-11-23T00:00:00+01:00", "2026-11-29T23:59:59.999999999+01:00"),
        (Unit::Day, "2026-11-26T00:00:00+01:00", "2026-11-26T23:59:59.999999999+01:00"),
        (Unit::Hour, "2026-11-26T21:00:00+01:00", "2026-11-26T21:59:59.999999999+01:00"),
        (Unit::Minute, "2026-11-26T21:02:00+01:00", "2026-11-26T21:02:59.999999999+01:00"),
        (Unit::Second, "2026-11-26T21:02:03+01:00", "2026-11-26T21:02:03.999999999+01:00"),
    ] {
        assert_eq!(now.start_of(unit).expect("a start").to_string(), start, "{unit:?}");
        assert_eq!(now.end_of(unit).expect("an end").to_string(), end, "{unit:?}");
    }
}

#[test]
fn a_day_whose_midnight_the_clocks_skip_begins_later_and_the_next_one_does_not() {
    let zone = zone::named("America/Sao_Paulo").expect("a zone");
    let day = reading::parse("2018-11-04 12:00", Some(&zone)).expect("a date");
    assert_eq!(day.start_of(Unit::Day).expect("a start").to_string(), "2018-11-04T01:00:00-02:00");
    assert_eq!(
        day.end_of(Unit::Day).expect("an end").to_string(),
        "2018-11-04T23:59:59.999999999-02:00"
    );
}

#[test]
fn an_hour_that_comes_twice_begins_where_it_is() {
    let second = at("2026-10-25 02:30").plus_seconds(3600.0).expect("a date");
    assert_eq!(second.to_string(), "2026-10-25T02:30:00+01:00");
    let start = second.start_of(Unit::Hour).expect("a start");
    assert_eq!(start.to_string(), "2026-10-25T02:00:00+01:00");
    let changed = second.with(&[("minute", 45)]).expect("a date");
    assert_eq!(changed.to_string(), "2026-10-25T02:45:00+01:00");
}

#[test]
fn whole_units_between_two_dates_are_counted() {
    let (a, b) = (at("2024-02-29"), at("2026-11-30 12:00"));
    for (unit, wanted) in [
        (Unit::Year, 2),
        (Unit::Quarter, 11),
        (Unit::Month, 33),
        (Unit::Week, 143),
        (Unit::Day, 1005),
        (Unit::Hour, 24_132),
    ] {
        assert_eq!(a.until(&b, unit), Ok(wanted), "{unit:?}");
        let back = b.until(&a, unit).expect("a number");
        assert!((-wanted..=1 - wanted).contains(&back), "{unit:?}: {back}");
    }
    let parts = a.difference(&b).expect("a difference");
    assert_eq!(parts.map(|(_, n)| n), [2, 9, 1, 12, 0, 0, 0]);
    // A day that has 23 hours is a day.
    assert_eq!(at("2026-03-28 12:00").until(&at("2026-03-29 12:00"), Unit::Day), Ok(1));
    assert_eq!(at("2026-03-28 12:00").until(&at("2026-03-29 12:00"), Unit::Hour), Ok(23));
}

#[test]
fn a_date_knows_its_parts() {
    let date = at("2024-12-30 21:02:03.5");
    assert_eq!(date.parts(), [2024, 12, 30, 21, 2, 3]);
    let more = (date.millisecond(), date.weekday(), date.day_of_year(), date.days_in_month());
    assert_eq!(more, (500, 1, 365, 31));
    assert_eq!((date.week(), date.quarter(), date.is_leap_year()), (1, 4, true));
    assert_eq!(
        (date.zone().as_str(), date.offset(), date.is_dst()),
        ("Europe/Berlin", 3600, false)
    );
    assert!(at("2024-07-01").is_dst());
    assert_eq!((date.unix(), date.unix_millis()), (1_735_588_923, 1_735_588_923_500));
}

#[test]
fn seconds_since_1970_make_a_date() {
    let of = |seconds| DateTime::at(seconds, TimeZone::UTC);
    assert_eq!(of(0.0).expect("a date").to_string(), "1970-01-01T00:00:00Z");
    assert_eq!(of(1_764_536_520.25).expect("a date").to_string(), "2025-11-30T21:02:00.25Z");
    assert_eq!(of(-0.5).expect("a date").to_string(), "1969-12-31T23:59:59.5Z");
    assert_eq!(of(0.999_999_9).expect("a date").to_string(), "1970-01-01T00:00:01Z");
    for wrong in [f64::NAN, f64::INFINITY, 1e15] {
        assert!(of(wrong).is_err(), "{wrong}");
    }
    assert!(of(0.0).expect("a date").plus_seconds(1e300).is_err());
}

#[test]
fn wrong_parts_are_named() {
    let of = |parts| DateTime::of(parts, TimeZone::UTC).expect_err("no date");
    assert_eq!(of([2026, 2, 29, 0, 0, 0]), "2026-02 has no day 29");
    assert_eq!(of([2026, 13, 1, 0, 0, 0]), "the month of a date is 1 to 12, not 13");
    assert_eq!(of([2026, 1, 1, 24, 0, 0]), "the hour of a date is 0 to 23, not 24");
    let date = at("2026-01-31");
    assert_eq!(date.with(&[("month", 2)]).expect_err("no day"), "2026-02 has no day 31");
    assert!(date.with(&[("mont", 2)]).expect_err("no part").ends_with("no `mont`"));
    assert_eq!(date.with(&[("millisecond", 7)]).expect("a date").millisecond(), 7);
}

#[test]
fn dates_are_written_as_protocols_want_them() {
    let date = at("2026-11-30 21:02:00");
    assert_eq!(date.to_rfc2822().as_deref(), Ok("Mon, 30 Nov 2026 21:02:00 +0100"));
    assert_eq!(date.to_http().as_deref(), Ok("Mon, 30 Nov 2026 20:02:00 GMT"));
    assert_eq!(date.format("%d.%m.%Y %H:%M:%S %Z").as_deref(), Ok("30.11.2026 21:02:00 CET"));
    let told = date.format("%!").expect_err("no pattern");
    assert!(told.starts_with("`%!` is no pattern for dates"), "{told}");
    assert!(date.format("Y-m-d").is_err() && date.format(&"%Y".repeat(1000)).is_err());
    let old = DateTime::of([-1, 1, 1, 0, 0, 0], TimeZone::UTC).expect("a date");
    assert!(old.to_http().is_err() && old.to_rfc2822().is_err());
}

#[test]
fn dates_are_compared_by_their_moments() {
    let (berlin, tokyo) = (at("2026-11-30 21:02:00"), at("2026-11-30T21:02:00+01:00"));
    let tokyo = tokyo.in_zone(zone::named("Asia/Tokyo").expect("a zone"));
    assert_eq!(berlin.compare(&tokyo), Ordering::Equal);
    assert_eq!(tokyo.to_string(), "2026-12-01T05:02:00+09:00");
    let later = berlin.plus_seconds(0.5).expect("a date");
    assert_eq!(later.compare(&tokyo), Ordering::Greater);
    assert!((later.seconds_since(&tokyo) - 0.5).abs() < 1e-9);
}
