use super::*;

fn berlin() -> TimeZone {
    zone::named("Europe/Berlin").expect("a zone")
}

#[test]
fn dates_are_read_in_every_usual_form() {
    for (text, wanted) in [
        ("2026-11-30T21:02:00Z", "2026-11-30T21:02:00Z"),
        ("2026-11-30T21:02:00.25+05:30", "2026-11-30T21:02:00.25+05:30"),
        ("2026-11-30 21:02:00-08:00", "2026-11-30T21:02:00-08:00"),
        ("2026-11-30T21:02:00", "2026-11-30T21:02:00+01:00"),
        ("2026-07-30 21:02", "2026-07-30T21:02:00+02:00"),
        ("2026-11-30", "2026-11-30T00:00:00+01:00"),
        ("20261130T210200Z", "2026-11-30T21:02:00Z"),
        ("2026-07-30T21:02:00+09:00[Asia/Tokyo]", "2026-07-30T21:02:00+09:00"),
        ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ("Sun, 06 Nov 1994 08:49:37 UTC", "1994-11-06T08:49:37Z"),
        ("6 Nov 1994 08:49 -0500", "1994-11-06T08:49:00-05:00"),
        (" 2026-11-30 ", "2026-11-30T00:00:00+01:00"),
    ] {
        let in_its_own = ["Z", "+05:30", "-08:00", "+09:00", "-05:00"];
        let is_own = in_its_own.iter().any(|end| wanted.ends_with(end));
        let zone = if is_own { None } else { Some(berlin()) };
        let read = parse(text, zone.as_ref()).expect(text);
        assert_eq!(read.to_string(), wanted, "{text}");
    }
}

#[test]
fn a_date_with_a_zone_is_shown_in_the_wanted_one() {
    let read = parse("2026-11-30T21:02:00Z", Some(&berlin())).expect("a date");
    assert_eq!(
        (read.to_string().as_str(), read.zone().as_str()),
        ("2026-11-30T22:02:00+01:00", "Europe/Berlin")
    );
}

#[test]
fn what_is_no_date_is_refused_with_its_text() {
    for wrong in [
        "",
        "yesterday",
        "2026-02-30",
        "2026-13-01",
        "2026-11-30T25:00:00Z",
        "21:02",
        "1764536520",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "2026-11-30T21:02:00Z[Mars/Olympus]",
        "ä",
    ] {
        let told = parse(wrong, None).expect_err(wrong);
        assert!(told.starts_with(&format!("`{wrong}` is no date: ")), "{told}");
    }
    let told = parse(&"9".repeat(10_000), None).expect_err("too long");
    assert!(told.contains("longer than 200"), "{told}");
}

#[test]
fn dates_are_read_by_a_pattern() {
    let zone = berlin();
    for (text, pattern, wanted) in [
        ("30.11.2026 21:02", "%d.%m.%Y %H:%M", "2026-11-30T21:02:00+01:00"),
        ("30/Nov/2026:21:02:05 +0000", "%d/%b/%Y:%H:%M:%S %z", "2026-11-30T22:02:05+01:00"),
        ("11/30/26", "%m/%d/%y", "2026-11-30T00:00:00+01:00"),
        ("1764536520", "%s", "2025-11-30T22:02:00+01:00"),
    ] {
        let read = parse_format(text, pattern, Some(&zone)).expect(text);
        assert_eq!(read.to_string(), wanted, "{text}");
    }
    let told = parse_format("soon", "%Y", None).expect_err("no year");
    assert!(told.starts_with("`soon` is no date like `%Y`: "), "{told}");
    let told = parse_format("2026", "Y", None).expect_err("of PHP");
    assert!(told.contains("begin with `%`"), "{told}");
    assert!(parse_format("21:02", "%H:%M", None).is_err());
}

#[test]
fn a_time_that_the_clocks_skip_is_moved_behind_the_gap_and_one_that_comes_twice_is_the_first() {
    let read = |text| parse(text, Some(&berlin())).expect(text).to_string();
    assert_eq!(read("2026-03-29 02:30"), "2026-03-29T03:30:00+02:00");
    assert_eq!(read("2026-10-25 02:30"), "2026-10-25T02:30:00+02:00");
}
