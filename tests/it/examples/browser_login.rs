//! examples/login as people meet it: sign up, come back, log out, guess a password, and talk over the websocket.

use super::session::start_as;
use crate::support::{browser::Browser, host::TestHost, websocket::WebSocket};
use serde_json::json;
use std::{net::TcpListener, path::Path};

const PAGES: &str = "http://127.0.0.1:0";

/// The script with its websockets at a port that the pages know, and that port.
fn script() -> (String, u16) {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/login");
    let text = std::fs::read_to_string(folder.join("login.rhai")).expect("the script");
    let text = text.replace("http://0.0.0.0:8080", PAGES);
    let text = text.replace("0.0.0.0:1234", &format!("127.0.0.1:{port}"));
    let named = text.replace("LIVE_PORT = 1234", &format!("LIVE_PORT = {port}"));
    assert_ne!(named, text);
    (named, port)
}

fn start() -> (TestHost, String, u16) {
    let (script, port) = script();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/login/login.rhai");
    (start_as(&path, &script), script, port)
}

/// Fills the form in and presses a button: `Log in` or `Sign up`.
fn submit(page: &Browser, button: &str, name: &str, password: &str, is_remembered: bool) {
    let (button, name, password) = (json!(button), json!(name), json!(password));
    page.eval(&format!(
        "const form = document.querySelector('form');
         form.elements.name.value = {name};
         form.elements.password.value = {password};
         form.elements.remember.checked = {is_remembered};
         form.noValidate = true;
         form.requestSubmit([...form.querySelectorAll('button')].find((b) => b.textContent === {button}));"
    ));
}

fn expect_heading(page: &Browser, text: &str) {
    page.wait_for(&format!("document.querySelector('h1').textContent === {}", json!(text)));
}

fn expect_problem(page: &Browser, text: &str) {
    page.wait_for(&format!("document.querySelector('.problem').textContent === {}", json!(text)));
}

#[test]
fn somebody_signs_up_comes_back_logs_out_and_logs_in() {
    let (mut host, script, _) = start();
    let home = format!("http://{}/", host.socket(PAGES));
    let page = Browser::open(&home);
    expect_heading(&page, "Log in");
    submit(&page, "Sign up", "ann", "short", false);
    expect_problem(&page, "A password has at least 8 characters.");

    // A name is text, whatever it looks like.
    let evil = "\"><img src=x onerror=\"window.broken = 1\">";
    submit(&page, "Sign up", evil, "correct horse", false);
    expect_problem(&page, "A name has 2 to 30 letters, digits, dots, hyphens or underscores.");
    let shown = page.eval("return [document.querySelector('[name=name]').value, window.broken]");
    assert_eq!(shown, json!([evil, null]));

    submit(&page, "Sign up", "ann", "correct horse", true);
    expect_heading(&page, "Hello ann");
    page.wait_for("document.getElementById('state').textContent === 'connected as ann'");
    page.wait_for(
        "/^[0-9]{2}:[0-9]{2}:[0-9]{2}$/.test(document.getElementById('time').textContent)",
    );

    // An edit reaches the page that is open, and nobody has to log in again.
    let edited = script.replace("text: message }", "text: `edited ${message}` }");
    assert_ne!(edited, script);
    host.edit(&edited);
    page.eval("document.getElementById('text').value = '<b>hi</b>'; document.getElementById('say').requestSubmit()");
    page.wait_for("document.querySelector('#lines li').textContent === 'ann: edited <b>hi</b>'");

    // The session is lost, and the browser is remembered.
    page.forget_cookie("session_id");
    page.go(&home);
    expect_heading(&page, "Hello ann");

    page.eval("document.querySelector('form[action=\"/logout\"]').requestSubmit()");
    expect_heading(&page, "Log in");
    page.go(&home);
    expect_heading(&page, "Log in");
    submit(&page, "Sign up", "ann", "another one", false);
    expect_problem(&page, "That name is taken.");
    submit(&page, "Log in", "ann", "correct horse", false);
    expect_heading(&page, "Hello ann");
    page.forget_cookie("session_id");
    page.go(&home);
    expect_heading(&page, "Log in");
    assert_eq!(host.errors(), 0);
}

#[test]
fn guesses_and_forms_of_other_sites_are_refused() {
    let (mut host, _, port) = start();
    let home = format!("http://{}/", host.socket(PAGES));
    let page = Browser::open(&home);
    for _ in 0..5 {
        submit(&page, "Log in", "bob", "a wrong guess", false);
        expect_problem(&page, "Name or password is wrong.");
        page.go(&home);
    }
    submit(&page, "Log in", "bob", "a wrong guess", false);
    expect_problem(&page, "Too many attempts. Please wait some minutes.");

    // The token of a form is worth nothing in another session.
    page.go(&home);
    page.forget_cookie("session_id");
    submit(&page, "Log in", "ann", "correct horse", false);
    expect_problem(&page, "That form was too old. Please try again.");

    let mut stranger = WebSocket::connect_to(([127, 0, 0, 1], port).into(), "/");
    stranger.text("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4iLCJhdWQiOiJsaXZlIn0.");
    assert_eq!(stranger.message(), r#"{"problem":"the token is not valid"}"#);
    assert_eq!(host.errors(), 0);
}
