//! Rule 2, with several isolates: all of them or none.

use crate::support::{client::Client, host::TestHost};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

const TEXT: &str = "text://127.0.0.1:0";
const OTHER: &str = "text://127.0.0.2:0";

/// Isolates of the first worker, of the second, and of both.
const COUNTS: [usize; 2] = [3, 2];
const ISOLATES: usize = COUNTS[0] + COUNTS[1];

/// Connections that are tried until each isolate has one. The system hands them to whichever isolate is awake first.
const TRIES: usize = 5_000;

/// No isolate fails.
const NONE: usize = usize::MAX;

fn script(version: &str) -> String {
    let mut text = String::from("if fails() { throw \"only in this isolate\"; }\n");
    for (name, address, count) in [("first", TEXT, COUNTS[0]), ("second", OTHER, COUNTS[1])] {
        text += &format!(
            r#"
let {name} = Worker("{address}");
{name}.count = {count};
{name}.on_message = |connection, line| connection.send(`${{{name}.id}} ${{{name}.generation}} {version}`);
"#
        );
    }
    text
}

/// One open connection for each isolate of that worker.
fn one_each(host: &mut TestHost, address: &str, count: usize) -> BTreeMap<String, Client> {
    let mut clients = BTreeMap::new();
    for _ in 0..TRIES {
        let mut client = host.tcp(address);
        let answer = client.ask("?");
        let (id, _) = answer.split_once(' ').expect("an id");
        clients.entry(id.to_owned()).or_insert(client);
        if clients.len() == count {
            return clients;
        }
    }
    panic!("only {:?} answer at {address}", clients.keys());
}

/// A host whose scripts are told by `fails()` that they fail, once as many have asked as the counter says.
fn start(script: &str) -> (TestHost, Arc<AtomicUsize>) {
    let left = Arc::new(AtomicUsize::new(NONE));
    let asked = left.clone();
    let host = TestHost::try_start_as(script, &[], |builder| {
        builder.register(move |engine| {
            let left = asked.clone();
            engine.register_fn("fails", move || left.fetch_sub(1, Ordering::SeqCst) == 0);
        })
    });
    (host.expect("starts"), left)
}

#[test]
fn rule_2_a_fault_in_one_of_several_isolates_rejects_the_reload_in_all_of_them() {
    // Each isolate asks once, in its top level.
    let (mut host, left) = start(&script("old"));
    let mut clients = [one_each(&mut host, TEXT, COUNTS[0]), one_each(&mut host, OTHER, COUNTS[1])];
    let mut expect_all = |what: &str| {
        for (id, client) in clients.iter_mut().flatten() {
            assert_eq!(client.ask("?"), format!("{id} {what}"));
        }
    };
    expect_all("0 old");
    for failing in 0..ISOLATES {
        left.store(failing, Ordering::SeqCst);
        let fault = host.edit_badly(&format!("{}// {failing}\n", script("new")));
        assert_eq!(fault.title, "only in this isolate");
        assert_eq!(fault.location, "main.rhai:1:14", "{fault}");
        assert!(fault.text.contains("generation 0 goes on serving"), "{fault}");
        expect_all("0 old");
    }
    left.store(NONE, Ordering::SeqCst);
    let report = host.edit(&script("new"));
    assert_eq!((report.generation, report.connections), (1, ISOLATES), "{report:?}");
    expect_all("1 new");
    assert_eq!(host.logged("the fault is mended"), 1);
}

#[test]
fn rule_2_a_start_that_throws_in_one_of_several_isolates_is_taken_back_in_all_of_them() {
    let script = |version: &str| {
        format!(
            r#"
let worker = Worker("{TEXT}");
worker.count = {};
worker.hits = 0;
worker.on_worker_start = |worker| {{ if fails() {{ throw "only in this isolate"; }} }};
worker.on_message = |connection, line| {{
    worker.hits += 1;
    connection.send(`${{worker.id}} ${{worker.generation}} {version} ${{worker.hits}}`);
}};
"#,
            COUNTS[0]
        )
    };
    let (mut host, left) = start(&script("old"));
    let mut clients = one_each(&mut host, TEXT, COUNTS[0]);
    let hits = |client: &mut Client, version: &str| -> (String, u32) {
        let answer = client.ask("?");
        let words: Vec<&str> = answer.split(' ').collect();
        assert_eq!(words[2], version, "{answer}");
        (words[1].to_owned(), words[3].parse().expect("a number"))
    };
    let mut before: Vec<u32> = clients.values_mut().map(|c| hits(c, "old").1).collect();
    for failing in 0..COUNTS[0] {
        left.store(failing, Ordering::SeqCst);
        let fault = host.edit_badly(&format!("{}// {failing}\n", script("new")));
        assert!(fault.text.contains("only in this isolate"), "{fault}");
        assert!(fault.text.contains("serves again"), "{fault}");
        let after: Vec<_> = clients.values_mut().map(|c| hits(c, "old")).collect();
        assert!(after.iter().all(|(g, _)| *g == after[0].0), "one generation: {after:?}");
        before.iter_mut().for_each(|hits| *hits += 1);
        assert!(after.iter().map(|(_, hits)| hits).eq(&before), "{before:?}, then {after:?}");
    }
    left.store(NONE, Ordering::SeqCst);
    assert_eq!(host.edit(&script("new")).connections, COUNTS[0]);
    let after: Vec<_> = clients.values_mut().map(|c| hits(c, "new").0).collect();
    assert!(after.iter().all(|g| *g == after[0]), "one generation: {after:?}");
}
