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

/// A worker that counts what each isolate hears, and whose start is this.
fn counting(start: &str, count: usize) -> String {
    format!(
        r#"
let first = Worker("{TEXT}");
first.count = {count};
first.hits = 0;
first.on_worker_start = |w| {{ {start} }};
first.on_message = |connection, line| {{
    first.hits += 1;
    connection.send(`${{first.id}} ${{first.hits}}`);
}};
"#
    )
}

const SECOND: &str = r#"
let second = Worker("text://127.0.0.2:0");
second.hits = 0;
second.on_worker_start = |w| {
    let inner = Worker("text://127.0.0.3:0");
    inner.on_message = |connection, line| connection.send(`inner ${line}`);
    inner.listen();
};
second.on_message = |connection, line| { second.hits += 1; connection.send(`second ${second.hits}`); };
"#;

#[test]
fn rule_2_a_start_that_throws_closes_no_connection_of_what_its_text_did_not_need_any_more() {
    let served = counting("", COUNTS[0]) + SECOND;
    let mut host = TestHost::start(&served);
    let mut clients = one_each(&mut host, TEXT, COUNTS[0]);
    let (mut second, mut inner) = (host.tcp(OTHER), host.tcp("text://127.0.0.3:0"));
    let mut hits: BTreeMap<String, u32> = BTreeMap::new();
    for (id, client) in &mut clients {
        let answer = client.ask("?");
        hits.insert(id.clone(), answer.split_once(' ').expect("hits").1.parse().expect("hits"));
    }
    assert_eq!((second.ask("?"), inner.ask("1")), ("second 1".into(), "inner 1".into()));
    // Fewer isolates, no second worker, and both.
    let throws = "throw \"no\";";
    let edits = [
        counting(throws, 1) + SECOND,
        counting(throws, COUNTS[0]),
        counting(throws, 1),
        // What it starts takes the place of the one that is gone.
        counting(
            "let i = Worker(\"text://127.0.0.3:0\"); if w.id == 0 { i.listen(); throw \"no\"; }",
            1,
        ),
    ];
    for (round, edit) in (2..).zip(edits) {
        let fault = host.edit_badly(&edit);
        assert!(fault.text.contains("serves again"), "{fault}");
        for (id, client) in &mut clients {
            let hits = hits.get_mut(id).expect("known");
            *hits += 1;
            assert_eq!(client.ask("?"), format!("{id} {hits}"), "{round}");
        }
        assert_eq!(second.ask("?"), format!("second {round}"));
        assert_eq!(inner.ask("again"), "inner again");
    }
    // What is served is listened for, by all isolates.
    one_each(&mut host, TEXT, COUNTS[0]);
    assert_eq!(host.tcp(OTHER).ask("?"), "second 6");
    assert_eq!(host.tcp("text://127.0.0.3:0").ask("2"), "inner 2");
    // Nor does one that is served close anything before its start is over.
    let report = host.edit(&counting("sleep(0.3);", 1));
    let closed: usize = report.closed.iter().map(|(_, connections)| connections).sum();
    assert!(closed >= COUNTS[0], "{report:?}");
    for (id, client) in &mut clients {
        match id.as_str() {
            "0" => assert_eq!(client.ask("?").split_once(' ').expect("hits").0, "0"),
            _ => client.expect_end(),
        }
    }
    second.expect_end();
    inner.expect_end();
}
