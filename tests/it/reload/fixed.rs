//! Rule 9: one worker never serves two codes, whatever happens to `reloadable` and `count`.

use super::TEXT;
use crate::support::{
    client::Client,
    findings,
    host::TestHost,
    wait::{eventually, until},
};
use rhost::{ReloadOptions, Reloaded};
use std::collections::BTreeSet;

const OTHER: &str = "text://127.0.0.2:0";

/// Connections that are tried until every isolate has answered. The system hands them to whichever is awake first.
const TRIES: usize = 3_000;

/// A worker that tells what it is, in so many isolates.
fn fixed(version: u32, reloadable: bool, count: usize) -> String {
    format!(
        r#"
let fixed = Worker("{TEXT}");
fixed.name = "fixed";
fixed.reloadable = {reloadable};
fixed.count = {count};
fixed.seen = 0;
fn version() {{ {version} }}
fixed.on_worker_start = |fixed| {{ fixed.started = version(); }};
fixed.on_message = |connection, line| {{
    if line == "throw" {{ throw "asked for"; }}
    fixed.seen += 1;
    connection.send(`${{fixed.id}} ${{fixed.count}} {version} ${{version()}} ${{fixed.started}} ${{fixed.generation}}`);
}};
"#
    )
}

fn other(version: u32) -> String {
    format!(
        r#"
let other = Worker("{OTHER}");
other.on_message = |connection, line| connection.send({version});
"#
    )
}

/// What new clients are told: all isolates agree on it.
fn told(host: &mut TestHost, count: usize) -> String {
    let (mut ids, mut told) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..TRIES {
        let answer = host.tcp(TEXT).ask("?");
        let (id, rest) = answer.split_once(' ').expect("an id");
        ids.insert(id.to_owned());
        told.insert(rest.to_owned());
        if ids.len() == count {
            break;
        }
    }
    assert_eq!(ids.len(), count, "isolates that answer");
    assert_eq!(told.len(), 1, "two codes: {told:?}");
    told.pop_first().expect("just seen")
}

fn ask(client: &mut Client) -> String {
    let answer = client.ask("?");
    answer.split_once(' ').expect("an id").1.to_owned()
}

fn stays_on(generation: u64) -> Vec<(String, u64)> {
    vec![("fixed".to_owned(), generation)]
}

#[test]
fn a_raised_count_runs_what_the_worker_stays_on_and_a_lowered_one_takes_isolates_away() {
    let mut host = TestHost::start(&fixed(1, false, 1));
    let mut client = host.tcp(TEXT);
    for (version, count) in (2..).zip([3, 2, 4, 1, 2]) {
        let Reloaded { fixed: stays, .. } = host.edit(&fixed(version, false, count));
        assert_eq!(stays, stays_on(0));
        assert_eq!(told(&mut host, count), format!("{count} 1 1 1 0"));
        assert_eq!(ask(&mut client), format!("{count} 1 1 1 0"));
    }
    host.wait_for_log("worker `fixed` stays on generation 0 (reloadable = false)");
    assert_eq!(host.errors(), 0);
}

#[test]
fn reloadable_is_given_back_by_an_edit_at_once_and_taken_from_the_next_reload_on() {
    let mut host = TestHost::start(&fixed(1, false, 2));
    let mut client = host.tcp(TEXT);
    assert_eq!(host.edit(&fixed(2, false, 2)).fixed, stays_on(0));
    assert_eq!(told(&mut host, 2), "2 1 1 1 0");
    let report = host.edit(&fixed(3, true, 3));
    assert_eq!((report.fixed, report.connections), (vec![], 1));
    assert_eq!(told(&mut host, 3), "3 3 3 3 2");
    assert_eq!(ask(&mut client), "3 3 3 3 2");
    // The text that says so is loaded, and the next is not.
    assert_eq!(host.edit(&fixed(4, false, 2)).fixed, vec![]);
    assert_eq!(told(&mut host, 2), "2 4 4 4 3");
    assert_eq!(host.edit(&fixed(5, false, 3)).fixed, stays_on(3));
    assert_eq!(told(&mut host, 3), "3 4 4 4 3");
    assert_eq!(ask(&mut client), "3 4 4 4 3");
}

#[test]
fn of_several_workers_the_others_reload_and_an_isolate_that_is_replaced_runs_what_it_ran() {
    let script = |version, count| {
        let policy = "fixed.on_script_error = \"exit\";\n";
        // It is the second one, and then the first.
        match version {
            1 => format!("{}{}{policy}", other(1), fixed(1, false, count)),
            _ => format!("{}{policy}{}", fixed(version, false, count), other(version)),
        }
    };
    let mut host = TestHost::start(&script(1, 1));
    let mut there = host.tcp(OTHER);
    for (version, count) in [(2, 1), (3, 2), (4, 2)] {
        assert_eq!(host.edit(&script(version, count)).fixed, stays_on(0));
        assert_eq!(
            (there.ask("?"), host.tcp(OTHER).ask("?")),
            (version.to_string(), version.to_string())
        );
        assert_eq!(told(&mut host, count), format!("{count} 1 1 1 0"));
        let restarts = |host: &TestHost| {
            let status = host.handle().status().expect("it runs");
            status.isolates.iter().map(|isolate| isolate.restarts).sum::<u64>()
        };
        let before = restarts(&host);
        let mut client = host.tcp(TEXT);
        client.send("throw\n");
        client.expect_end();
        eventually(|| restarts(&host) > before);
        assert_eq!(told(&mut host, count), format!("{count} 1 1 1 0"));
    }
}

#[test]
fn hard_closes_its_connections_and_reset_state_leaves_its_values() {
    let mut host = TestHost::start(&fixed(1, false, 1));
    let mut client = host.tcp(TEXT);
    host.edit(&fixed(2, false, 1));
    let by = |options| host.handle().reload_with(options).expect("it runs").expect("accepted");
    let report = by(ReloadOptions { reset_state: true, ..ReloadOptions::default() });
    assert_eq!((report.fixed, report.reset), (stays_on(0), vec![]));
    assert_eq!(ask(&mut client), "1 1 1 1 0");
    let report = by(ReloadOptions { hard: true, ..ReloadOptions::default() });
    assert_eq!(report.fixed, stays_on(0));
    client.expect_end();
    assert_eq!(told(&mut host, 1), "1 1 1 1 0");
}

#[test]
fn a_dry_run_says_what_stays() {
    let mut host = TestHost::try_start_as(&fixed(1, false, 1), &[], |b| b.watch(false)).unwrap();
    let mut client = host.tcp(TEXT);
    let isolates = || host.handle().status().expect("it runs").isolates;
    until("it is accepted", || isolates().iter().any(|isolate| isolate.connections == 1));
    std::fs::write(host.path("main.rhai"), fixed(2, false, 1)).unwrap();
    let report = host.handle().dry_run().expect("it runs").expect("it would be accepted");
    assert_eq!((report.fixed, report.connections, report.kept), (stays_on(0), 1, vec![]));
    assert_eq!(ask(&mut client), "1 1 1 1 0");
}

#[test]
fn a_start_that_throws_takes_a_worker_back_to_what_it_stayed_on() {
    let throws = "other.on_worker_start = |other| { throw \"no\"; };\n";
    let script = |version, reloadable, count| {
        format!("{}{}", fixed(version, reloadable, count), other(version))
    };
    let mut host = TestHost::start(&script(1, false, 2));
    host.edit(&script(2, false, 2));
    // It was reloadable for a moment, and its count another.
    for (reloadable, count) in [(true, 3), (true, 1), (false, 3), (true, 2)] {
        host.edit_badly(&format!("{}{throws}", script(3, reloadable, count)));
        let after = told(&mut host, 2);
        assert!(after.starts_with("2 1 1 1 "), "{after}");
        host.edit(&script(4, false, 2));
        assert!(told(&mut host, 2).starts_with("2 1 1 1 "));
    }
    let mut client = host.tcp(TEXT);
    host.edit(&script(5, true, 2));
    assert!(told(&mut host, 2).starts_with("2 5 5 5 "));
    assert_eq!(client.ask("?").split(' ').nth(2), Some("5"));
}

#[test]
fn one_that_was_renamed_and_moved_meanwhile_keeps_its_connections_when_it_is_reloadable_again() {
    let mut host = TestHost::start(&fixed(1, false, 1));
    let mut client = host.tcp(TEXT);
    let renamed = |version, reloadable| {
        fixed(version, reloadable, 1).replace("name = \"fixed\"", "name = \"renamed\"")
    };
    host.edit(&renamed(2, false));
    let moved = |version, reloadable| renamed(version, reloadable).replace(TEXT, OTHER);
    host.edit(&moved(3, false));
    assert_eq!(
        (ask(&mut client), host.tcp(OTHER).ask("?")),
        ("1 1 1 1 0".into(), "0 1 1 1 1 0".into())
    );
    assert_eq!(host.edit(&moved(4, true)).connections, 1);
    assert_eq!(ask(&mut client), "1 4 4 4 3");
    assert_eq!(host.tcp(OTHER).ask("?"), "0 1 4 4 4 3");
}

#[test]
fn another_protocol_has_to_wait_and_that_is_said() {
    let mut host = TestHost::start(&fixed(1, false, 1));
    let edit = |reloadable| fixed(2, reloadable, 1).replace("text://", "websocket://");
    host.edit(&edit(false));
    host.wait_for_log("it goes on with text: it is not reloadable");
    assert_eq!(told(&mut host, 1), "1 1 1 1 0");
    let status = host.handle().status().expect("it runs");
    let shown = status.workers[0].address.clone().expect("it listens");
    assert!(shown.starts_with("text://"), "{shown}");
    host.edit(&edit(true));
    let status = host.handle().status().expect("it runs");
    let shown = status.workers[0].address.clone().expect("it listens");
    assert!(shown.starts_with("websocket://"), "{shown}");
}

#[test]
fn what_it_has_made_stays_its_own() {
    let with_inner = |version| {
        fixed(version, false, 1).replace(
            "fixed.started = version();",
            "fixed.started = version(); let inner = Worker(\"text://127.0.0.3:0\"); inner.on_message = |c, m| c.send(version()); inner.listen();",
        )
    };
    let mut host = TestHost::start(&with_inner(1));
    let at = host.socket("text://127.0.0.3:0");
    let mut client = Client::connect(at);
    let taker = format!("let taker = Worker(\"text://{at}\");\n");
    let fault = host.edit_badly(&format!("{}{taker}", with_inner(2)));
    assert!(fault.text.contains("in use by isolate "), "{fault}");
    assert_eq!(host.edit(&with_inner(3)).listeners, 2);
    assert_eq!((client.ask("?"), Client::connect(at).ask("?")), ("1".into(), "1".into()));
}

#[test]
fn reloadable_is_set_at_the_top_level_only() {
    let _meant = findings::meant(&["wrong-place"]);
    let script = r#"
let w = Worker("text://127.0.0.1:0");
w.on_message = |connection, line| { w.reloadable = false; };
"#;
    let mut host = TestHost::start(script);
    host.tcp(TEXT).send("?\n");
    assert_eq!(
        host.fault().title,
        "reloadable is read at the top level only: set it there, and save"
    );
}
