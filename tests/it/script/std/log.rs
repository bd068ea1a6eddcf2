//! `std/log`.

use super::{importing, said};
use crate::support::host::TestHost;
use rhost::Level;

#[test]
fn a_line_has_its_level_its_place_and_its_fields() {
    let script = importing(&["log"])
        + "log::warn(\"odd\", #{ user: 7, tags: [\"a\"] });\nlog::info([1, 2]);\nlog::trace(\"detail\");\nWorker();";
    let host = TestHost::start(&script);
    let odd = host.wait_for_log("odd");
    assert_eq!((odd.level, odd.location.as_str()), (Level::Warn, "main.rhai:2"));
    assert_eq!(odd.about.fields.as_deref(), Some(r#"{"user":7,"tags":["a"]}"#));
    assert!(odd.to_string().ends_with(r#"main.rhai:2: odd {"user":7,"tags":["a"]}"#), "{odd}");
    let plain = host.wait_for_log("[1,2]");
    assert_eq!((plain.level, plain.about.fields.as_deref()), (Level::Info, Some("")));
    assert_eq!(host.wait_for_log("detail").level, Level::Debug);
}

#[test]
fn a_flood_of_lines_is_counted() {
    let script = importing(&["log"])
        + "let worker = Worker(); worker.on_worker_start = |w| {\n\
           for n in 0..5000 { log::info(`line ${n}`); }\nTimer::add(0.1, || log::info(\"after\"));\n};\nWorker::run_all();";
    let host = TestHost::start(&script);
    let told = host.wait_for_log("more lines before this one were not shown");
    assert!(told.message.contains("after") || told.message.contains("line "), "{told}");
    assert!(host.logged("line ") < 3000, "all were shown");
}

#[test]
fn lines_of_strangers_cannot_look_like_lines_of_the_host() {
    let script = importing(&["log"]) + "log::info(\"a\\nERROR b\", #{ x: \"c\\nd\" });\nWorker();";
    let host = TestHost::start(&script);
    let line = host.wait_for_log("ERROR b");
    assert_eq!(line.message, "a\n    ERROR b");
    assert_eq!(line.about.fields.as_deref(), Some(r#"{"x":"c\nd"}"#));
}

#[test]
fn fields_are_a_map() {
    let text = said(&["log"], "log::info(\"x\", 1)");
    assert_eq!(text, "info: the fields are a map, not 1");
    let text = said(&["log"], "log::error(\"x\", #{ f: || 1 })");
    assert!(text.contains("error: the fields: "), "{text}");
}
