//! The manual as a reader meets it: `rhost doc --serve` and a browser, on a desk and on a phone.

use crate::support::{browser::Browser, process::rhost};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

/// A manual that is served. Dropping it ends the server.
struct Manual {
    server: Child,
    url: String,
}

impl Manual {
    fn serve() -> Self {
        let mut command = rhost();
        command.args(["doc", "--serve"]).stderr(Stdio::piped()).stdout(Stdio::null());
        let mut server = command.spawn().expect("rhost can be run");
        let lines = BufReader::new(server.stderr.take().expect("stderr is piped")).lines();
        let said = lines.map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("the manual is at ")?;
            rest.split_whitespace().next().map(str::to_owned)
        });
        Self { server, url: said.expect("it says where the manual is") }
    }
}

impl Drop for Manual {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Nothing sticks out at the side.
const FITS: &str = "document.documentElement.scrollWidth <= window.innerWidth";

const IS_SHOWN: &str = "getComputedStyle(document.querySelector('nav')).display !== 'none'";

fn is_true(browser: &Browser, condition: &str) -> bool {
    browser.eval(&format!("return {condition}")).as_bool().expect("true or false")
}

#[test]
fn the_manual_is_read_on_a_desk_and_on_a_phone() {
    let manual = Manual::serve();
    let browser = Browser::open(&manual.url);
    let pages: Vec<String> = browser
        .eval("return [...document.querySelectorAll('nav a')].map((link) => link.href)")
        .as_array()
        .expect("a list")
        .iter()
        .map(|link| link.as_str().expect("an address").to_owned())
        .collect();
    assert!(pages.len() > 30, "{pages:?}");
    for (width, height, is_phone) in [(1280, 800, false), (390, 844, true)] {
        browser.resize(width, height);
        for page in &pages {
            browser.go(page);
            browser.wait_for("document.querySelector('main h1') !== null");
            assert!(is_true(&browser, FITS), "{page} is wider than {width} pixels");
            assert_eq!(is_true(&browser, IS_SHOWN), !is_phone, "the contents of {page}");
        }
    }
    // The contents open on a phone by a tap.
    browser.eval("document.querySelector('.menu').click()");
    browser.wait_for(IS_SHOWN);

    // The search finds our name for another's, and leads to it.
    browser.eval(
        "const field = document.getElementById('search'); field.value = 'setTimeout';
        field.dispatchEvent(new Event('input'))",
    );
    browser.wait_for("document.querySelector('#found a').textContent.startsWith('delay – Timer')");
    assert!(is_true(&browser, FITS), "what was found is wider than the phone");
    browser.eval("document.querySelector('#found a').click()");
    browser.wait_for("location.pathname === '/timer.html' && location.hash === '#delay'");
    browser.wait_for("document.querySelector('#delay') !== null");
}

#[test]
fn no_link_of_the_manual_leads_nowhere() {
    let manual = Manual::serve();
    let browser = Browser::open(&manual.url);
    browser.eval(
        "window.broken = null;
        (async () => {
            const links = [...document.querySelectorAll('nav a')].map((link) => link.href);
            const broken = [];
            for (const page of links) {
                const text = await (await fetch(page)).text();
                const parsed = new DOMParser().parseFromString(text, 'text/html');
                for (const link of parsed.querySelectorAll('main a')) {
                    const url = new URL(link.getAttribute('href'), page);
                    if (url.origin !== location.origin) continue;
                    const answer = await fetch(url);
                    const there = new DOMParser().parseFromString(await answer.text(), 'text/html');
                    const found = url.hash === '' || there.getElementById(url.hash.slice(1)) !== null;
                    if (!answer.ok || !found) broken.push(`${page} → ${url}`);
                }
            }
            window.broken = broken;
        })()",
    );
    browser.wait_for("window.broken !== null");
    assert_eq!(browser.eval("return window.broken"), serde_json::json!([]));
}
