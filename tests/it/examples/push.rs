//! The push example, row by row of the behaviour it promises. The rows are those of the push example's table (P10 to P54).

mod leaving;
mod lines;
mod login;
mod strangers;

use crate::support::{client::Client, host::TestHost, websocket::WebSocket};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Where pages connect, and where backends do.
const PAGE: &str = "websocket://127.0.0.1:0";
const BACKEND: &str = "text://127.0.0.1:0";

/// The line that pushes to `uid1`.
const J: &str = r#"{"uid":"uid1","percent":"88%"}"#;

/// The example as it is, on free ports.
pub fn script() -> String {
    let script = include_str!("../../../examples/push/push.rhai");
    edited(&edited(script, "websocket://0.0.0.0:1234", PAGE), "text://0.0.0.0:5678", BACKEND)
}

/// The script with one place changed, which must be there.
pub fn edited(script: &str, from: &str, to: &str) -> String {
    assert_eq!(script.matches(from).count(), 1, "`{from}` in\n{script}");
    script.replace(from, to)
}

fn start() -> TestHost {
    TestHost::start(&script())
}

/// A page that has logged in.
fn log_in(host: &mut TestHost, uid: &str) -> WebSocket {
    let mut page = host.websocket(PAGE);
    page.text(uid);
    page.settle();
    page
}

/// Pushes until the answer is `fail`: until the host has noticed that somebody left.
fn push_until_fail(backend: &mut Client, line: &str) {
    let deadline = Instant::now() + crate::support::wait::PATIENCE;
    while backend.ask(line) != "fail" {
        assert!(Instant::now() < deadline, "still `ok`: {line}");
        thread::sleep(Duration::from_millis(5));
    }
}
