//! `std/time`: dates, and the recipes that need a clock.

use super::shows;
use crate::{
    script::TEXT,
    support::{findings, host::TestHost},
};

#[test]
fn dates_are_made_shown_and_changed() {
    shows(
        &["time"],
        &[
            ("time::at(0, \"UTC\")", "1970-01-01T00:00:00Z"),
            ("time::at(0.5, \"+01:00\")", "1970-01-01T01:00:00.5+01:00"),
            ("time::parse(\"2026-11-30 21:02\", \"Europe/Berlin\")", "2026-11-30T21:02:00+01:00"),
            (
                "time::parse(\"2026-11-30T21:02:00Z\").in_zone(\"Asia/Tokyo\")",
                "2026-12-01T06:02:00+09:00",
            ),
            ("time::date(2024, 2, 29, \"UTC\").add(#{ years: 1 })", "2025-02-28T00:00:00Z"),
            ("time::date(2024, 2, 29, \"UTC\").add(\"1 month 2 days\")", "2024-03-31T00:00:00Z"),
            ("time::date(2024, 2, 29, \"UTC\").add(90)", "2024-02-29T00:01:30Z"),
            ("time::date(2024, 2, 29, \"UTC\").subtract(0.5)", "2024-02-28T23:59:59.5Z"),
            (
                "time::date(2024, 2, 29, \"UTC\").subtract(#{ months: 1, hours: 2 })",
                "2024-01-28T22:00:00Z",
            ),
            (
                "let parts = parse_json(`{\"days\": 3}`); time::date(2024, 2, 29, \"UTC\").add(parts)",
                "2024-03-03T00:00:00Z",
            ),
            ("time::date(2024, 2, 29, \"UTC\") + 60 - 1.5", "2024-02-29T00:00:58.5Z"),
            ("time::date(2024, 3, 1, \"UTC\") - time::date(2024, 2, 1, \"UTC\")", "2505600.0"),
            (
                "time::date(2024, 3, 1, \"UTC\").difference(time::date(2024, 2, 1, \"UTC\")).months",
                "-1",
            ),
            (
                "time::date(2024, 2, 1, \"UTC\").count_until(time::date(2024, 3, 1, \"UTC\"), \"days\")",
                "29",
            ),
            (
                "time::date(2024, 2, 1, \"UTC\").year.to_string() + time::date(2024, 2, 1).weekday",
                "20244",
            ),
            ("time::format_duration(time::parse_duration(\"90m\"))", "1h 30m"),
        ],
    );
}

#[test]
fn dates_are_compared_and_sorted_by_their_moments() {
    let three = "let dates = [time::date(2026, 1, 3, \"UTC\"), time::date(2026, 1, 1, \"UTC\"), time::date(2026, 1, 2, \"UTC\")];";
    let with = |rest: &str| format!("{three} {rest}");
    let days = "dates.map(|date| date.day)";
    let cases = [
        (
            with(
                "dates[0] > dates[1] && dates[1] < dates[2] && dates[0] >= dates[2] && dates[1] <= dates[1]",
            ),
            "true",
        ),
        (with("dates[0] == dates[0].in_zone(\"Asia/Tokyo\") && dates[0] != dates[1]"), "true"),
        (with("dates[0] == ()"), "false"),
        (with(&format!("dates.sort(); {days}")), "[1,2,3]"),
        (with(&format!("dates = dates.order_desc(); {days}")), "[3,2,1]"),
        (with("dates.min().day + dates.max().day * 10"), "31"),
        (
            with(
                "dates.unique().len() + [dates[0], dates[0].in_zone(\"Asia/Tokyo\")].unique().len()",
            ),
            "4",
        ),
        (with("dates.order_by_key(|date| -date.day).first().day"), "3"),
    ];
    shows(&["time"], &cases.each_ref().map(|(expression, wanted)| (expression.as_str(), *wanted)));
}

#[test]
fn what_no_calendar_has_is_an_error_that_names_it() {
    let _meant = findings::meant(&["argument-type"]);
    shows(
        &["time"],
        &[
            ("time::date(2026, 2, 29)", "error: 2026-02 has no day 29"),
            ("time::date(2026, 1, 1, 24, 0, 0)", "error: the hour of a date is 0 to 23, not 24"),
            ("time::at(\"now\")", "error: a moment is a number of seconds, not \"now\""),
            (
                "time::at(1e300)",
                "error: a date lies within the years -9999 to 9999, not 1e300 s from 1970",
            ),
            (
                "time::in_zone(\"Europe/Berln\")",
                "error: there is no time zone `Europe/Berln`: did you mean `Europe/Berlin`?",
            ),
            (
                "time::format(\"Y-m-d\")",
                "error: `Y-m-d` is no pattern for dates: its parts begin with `%`, as in `%Y-%m-%d %H:%M:%S`",
            ),
            (
                "time::utc().add(#{ dayz: 1 })",
                "error: a unit of time is one of `year`, `quarter`, `month`, `week`, `day`, `hour`, `minute`, `second`, `millisecond`, not `dayz`",
            ),
            (
                "time::utc().add(#{ days: 1.5 })",
                "error: `days` of what is added to a date takes a whole number, not 1.5",
            ),
            (
                "time::utc().add([])",
                "error: what is added to a date is a number of seconds, a text like `1 month` or a map like `#{ days: 1 }`, not []",
            ),
            (
                "time::utc().start_of(\"eon\")",
                "error: a unit of time is one of `year`, `quarter`, `month`, `week`, `day`, `hour`, `minute`, `second`, `millisecond`, not `eon`",
            ),
            ("time::utc().replace(#{ day: 32 })", "error: the day of a date is 1 to 31, not 32"),
            (
                "time::utc().replace(5)",
                "error: replace takes a map like `#{ hour: 12, minute: 0 }`, not 5",
            ),
            (
                "time::parse_duration(\"soon\")",
                "error: a length of time is written like `1h 30m`, `2d`, `250ms`, `01:30:00` or `PT90M`, not `soon`",
            ),
        ],
    );
}

#[test]
fn an_error_has_the_place_of_the_call() {
    let script = "import \"std/time\" as time;\n\ntime::parse(\"soon\");\nWorker();";
    let text = TestHost::try_start(script, &[]).err().expect("it does not start").to_string();
    assert!(text.contains("main.rhai:3:7") && text.contains("`soon` is no date"), "{text}");
}

/// As the manual of Workerman has it, with shorter times.
#[test]
fn the_recipe_for_heartbeats_is_written_as_in_php() {
    let script = r#"
const HEARTBEAT_TIME = 1;
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, message| {
    connection.last_message_time = time();
    connection.send("pong");
};
worker.on_worker_start = |worker| {
    Timer::add(0.05, || {
        let time_now = time();
        for connection in worker.connections {
            if connection.last_message_time == () {
                connection.last_message_time = time_now;
                continue;
            }
            if time_now - connection.last_message_time > HEARTBEAT_TIME {
                connection.close("silent");
            }
        }
    });
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("ping"), "pong");
    assert_eq!(client.line(), "silent");
}

/// As the manual of Workerman has it: `$connection->send(time())` each second.
#[test]
fn the_recipe_that_pushes_the_time_sends_a_number() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_worker_start = |worker| {
    Timer::add(0.01, || {
        for connection in worker.connections {
            connection.send(time());
        }
    });
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    let before = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    let told: u64 = client.line().parse().expect("a whole number");
    assert!((before.saturating_sub(60)..=before + 60).contains(&told), "{told}");
}

#[test]
fn a_date_on_a_connection_outlives_a_reload() {
    let script = |answer: &str| {
        format!(
            "import \"std/time\" as time;\nlet worker = Worker(\"{TEXT}\");\n\
             worker.on_message = |c, line| {{\n\
                 if c.since == () {{ c.since = time::at(86400, \"UTC\"); }}\n\
                 c.send(`{answer} ${{c.since.add(\"1d\").format(\"%F\")}}`);\n}};"
        )
    };
    let mut host = TestHost::start(&script("a"));
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("x"), "a 1970-01-03");
    host.edit(&script("b"));
    assert_eq!(client.ask("x"), "b 1970-01-03");
}
