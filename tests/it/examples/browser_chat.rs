//! examples/chat as people meet it: two pages talk, the script is edited meanwhile, and nobody connects again.

use crate::support::{browser::Browser, host::TestHost};
use serde_json::json;

const SCRIPT: &str = include_str!("../../../examples/chat/chat.rhai");
const PAGE: &str = include_str!("../../../examples/chat/public/index.html");
const ADDRESS: &str = "http://127.0.0.1:0";

/// Notes every state that the page shows from now on.
const RECORD_STATES: &str = r#"
const state = document.getElementById("state");
window.states = [state.textContent];
new MutationObserver(() => window.states.push(state.textContent)).observe(state, { childList: true });
"#;

fn say(page: &Browser, text: &str) {
    let text = json!(text);
    page.eval(&format!(
        "document.getElementById('text').value = {text}; document.getElementById('say').requestSubmit()"
    ));
}

/// Waits until the last line of the page is this.
fn expect(page: &Browser, line: &str) {
    let line = json!(line);
    page.wait_for(&format!(
        "document.querySelector('#lines li:last-child').textContent === {line}"
    ));
}

#[test]
fn two_pages_talk_while_the_script_is_edited() {
    let script = SCRIPT.replace("http://0.0.0.0:8080", ADDRESS);
    assert_ne!(script, SCRIPT);
    let mut host = TestHost::start_with(&script, &[("public/index.html", PAGE)]);
    let address = host.socket(ADDRESS);
    let ann = Browser::open(&format!("http://{address}/?name=ann"));
    expect(&ann, "ann came");
    let bob = Browser::open(&format!("http://{address}/?name=bob"));
    expect(&ann, "bob came");
    for page in [&ann, &bob] {
        page.wait_for("document.getElementById('state').textContent === 'connected'");
        page.eval(RECORD_STATES);
    }
    say(&ann, "hello bob");
    expect(&bob, "ann: hello bob");

    // What somebody writes is text, whatever it looks like.
    let evil = "<img src=x onerror='window.broken = 1'><script>window.broken = 1</script>";
    say(&bob, evil);
    for page in [&ann, &bob] {
        expect(page, &format!("bob: {evil}"));
        let broken = page.eval("return [window.broken, document.querySelectorAll('img').length]");
        assert_eq!(broken, json!([null, 0]));
    }

    let edited = script.replace("text: message }", "text: `edited ${message}` }");
    assert_ne!(edited, script);
    host.edit(&edited);
    say(&ann, "again");
    for page in [&ann, &bob] {
        expect(page, "ann: edited again");
        assert_eq!(page.eval("return window.states"), json!(["connected"]));
    }
    // Who comes now sees what was said before the edit.
    drop(bob);
    expect(&ann, "bob left");
    let carol = Browser::open(&format!("http://{address}/?name=carol"));
    expect(&carol, "carol came");
    let lines = carol.eval("return document.querySelectorAll('#lines li').length");
    assert_eq!(lines, json!(7));
    assert_eq!(ann.eval("return window.states"), json!(["connected"]));
    assert_eq!(host.errors(), 0);
}
