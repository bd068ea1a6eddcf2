//! examples/push as a person meets it: the page in a browser, a push, an edit, the next push.

use crate::{
    examples::push,
    support::{browser::Browser, client::Client, host::TestHost, wait::PATIENCE},
};
use std::{path::Path, thread, time::Duration, time::Instant};

/// Notes every state that the page shows from now on.
const RECORD_STATES: &str = r#"
const state = document.getElementById("state");
window.states = [state.textContent];
new MutationObserver(() => window.states.push(state.textContent)).observe(state, { childList: true });
"#;

/// Pushes until somebody with that uid is online.
fn push_until_ok(backend: &mut Client, line: &str) {
    let deadline = Instant::now() + PATIENCE;
    while backend.ask(line) != "ok" {
        assert!(Instant::now() < deadline, "nobody logged in: {line}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// How the page says that it shows `text` as its message number `n`.
fn shows(n: usize, text: &str) -> String {
    let text = serde_json::Value::from(text);
    format!("document.querySelectorAll('#messages li')[{n}].dataset.text === {text}")
}

#[test]
fn an_edited_handler_reaches_a_page_that_never_reconnects() {
    let mut host = TestHost::start(&push::script());
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/push/index.html");
    let websocket = host.socket("websocket://127.0.0.1:0");
    let browser = Browser::open(&format!("file://{}?ws=ws://{websocket}&uid=uid1", page.display()));
    let mut backend = host.tcp("text://127.0.0.1:0");
    let line = r#"{"uid":"uid1","percent":"88%"}"#;
    push_until_ok(&mut backend, line);
    browser.wait_for(&shows(0, line));
    browser.wait_for("document.getElementById('state').textContent === 'connected'");
    browser.wait_for("document.querySelector('#messages progress').value === 88");
    browser.eval(RECORD_STATES);

    let report = host.edit(&push::edited(
        &push::script(),
        "send_message_by_uid(data.uid, buffer)",
        "send_message_by_uid(data.uid, \"edited \" + buffer)",
    ));
    assert_eq!((report.generation, report.connections), (1, 2));
    assert_eq!(backend.ask(line), "ok");
    browser.wait_for(&shows(1, &format!("edited {line}")));
    assert_eq!(browser.eval("return window.states"), serde_json::json!(["connected"]));

    // What does not compile is not noticed by the page either.
    host.edit_badly("let worker = Worker(");
    assert_eq!(backend.ask(line), "ok");
    browser.wait_for(&shows(2, &format!("edited {line}")));
    assert_eq!(browser.eval("return window.states"), serde_json::json!(["connected"]));

    // (and the record can see more than one state)
    host.stop();
    browser.wait_for("window.states.includes('closed')");
}
