//! What one bad event may cost, and what stays alive: the connection it met, the others of its isolate, other workers.

use crate::support::{host::TestHost, process::Process, wait::until};
use std::time::{Duration, Instant};

const TEXT: &str = "text://127.0.0.1:0";

/// How much memory the process may have got meanwhile: what is refused was never taken.
const GROWTH: usize = 64 << 20;

const SCRIPT: &str = r#"
fn deep(n) { 1 + deep(n + 1) }
fn here(n) { there(n + 1) + 1 }
fn there(n) { [n].map(|x| here(x))[0] }
let worker = Worker("text://127.0.0.1:0");
worker.name = "bad";
worker.handler_timeout = 60;
worker.on_message = |connection, line| {
    switch line {
        "recursion" => deep(0),
        "mutual recursion" => here(0),
        "string" => { let s = ""; s.pad(1000000000000, "x"); }
        "replace" => { let s = ""; s.pad(20000, "x"); let by = s; s.replace("x", by); }
        "replace a character" => { let s = ""; s.pad(20000, "x"); let by = s; s.replace('x', by); }
        "replace nothing" => { let s = ""; s.pad(20000, "x"); let by = s; s.replace("", by); }
        "array" => { let a = []; a.pad(1000000000000, 0); }
        "array of arrays" => { let a = []; a.pad(100000000, [1, 2, 3]); }
        "blob" => blob(1000000000000),
        "list" => worker.list.pad(1000000000000, 0),
        "throw" => throw #{ huge: [1, 2, 3] },
        _ => (),
    }
    connection.send(line);
};
worker.list = [];
let other = Worker("text://127.0.0.1:0");
other.name = "good";
other.on_message = |connection, line| connection.send(line);
"#;

#[test]
fn what_a_script_overdoes_costs_its_event_and_nobody_else() {
    let process = Process::run(SCRIPT);
    let (mut bad, mut beside) = (process.tcp("bad"), process.tcp("bad"));
    let mut other = process.tcp("good");
    let before = process.resident();
    for (line, says) in [
        ("recursion", "error: Stack overflow"),
        ("mutual recursion", "error: Stack overflow"),
        ("string", "error: the string would be bigger than 256 MiB"),
        ("replace", "error: the string would be bigger than 256 MiB"),
        ("replace a character", "error: the string would be bigger than 256 MiB"),
        ("replace nothing", "error: the string would be bigger than 256 MiB"),
        ("array", "error: the array would be bigger than 256 MiB"),
        ("array of arrays", "error: the array would be bigger than 256 MiB"),
        ("blob", "error: the blob would be bigger than 256 MiB"),
        ("list", "error: the array would be bigger than 256 MiB"),
        ("throw", "error: uncaught throw"),
    ] {
        let told = || process.lines().iter().filter(|l| l.contains(says)).count();
        let already = told();
        bad.send(format!("{line}\n"));
        until("the error is told", || told() > already);
        assert_eq!(bad.ask("the same one"), "the same one", "after {line}");
        assert_eq!(beside.ask("one beside"), "one beside", "after {line}");
        assert_eq!(other.ask("another worker"), "another worker", "after {line}");
    }
    let grown = process.resident().saturating_sub(before);
    assert!(grown < GROWTH, "{} MiB more", grown >> 20);
}

#[test]
fn an_isolate_that_dies_costs_its_own_connections_and_no_others() {
    const TEXT: &str = "text://127.0.0.1:0";
    const OTHER: &str = "text://127.0.0.2:0";
    let script = format!(
        r#"
let charge = 1;
fn arm() {{ charge = bomb(); }}
let worker = Worker("{TEXT}");
worker.on_message = |connection, line| {{
    if line == "arm" {{ arm(); }}
    connection.send(line);
}};
let other = Worker("{OTHER}");
other.on_message = |connection, line| connection.send(line);
"#
    );
    let mut host =
        TestHost::try_start_as(&script, &[], crate::host::isolates::bombs).expect("it starts");
    let (mut one, mut two) = (host.tcp(TEXT), host.tcp(TEXT));
    let mut calm = host.tcp(OTHER);
    assert_eq!((two.ask("a"), calm.ask("a")), ("a".into(), "a".into()));
    assert_eq!(one.ask("arm"), "arm");
    // The value is dropped when the reload makes it anew, which nothing guards against.
    host.edit(&script.replace("charge = 1", "charge = 2"));
    host.wait_for_log("an isolate died (a bomb went off)");
    one.expect_end();
    two.expect_end();
    assert_eq!(calm.ask("still here"), "still here");
    assert_eq!(host.tcp(TEXT).ask("a new one"), "a new one");
    let isolates = host.handle().status().expect("the host runs").isolates;
    let restarts: Vec<u64> = isolates.iter().map(|isolate| isolate.restarts).collect();
    assert_eq!(restarts, [1, 0]);
}

/// Answers, and then throws.
const THROWS: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    connection.send(line);
    if line == "bad" { throw "every time"; }
};
"#;

/// The numbers of reports that the log says it left out.
fn left_out(host: &TestHost) -> Vec<usize> {
    let number = |message: &str| -> Option<usize> {
        let (before, _) = message.split_once(" more errors before this one were not shown)")?;
        before.rsplit('(').next()?.parse().ok()
    };
    host.log().iter().filter_map(|record| number(&record.message)).collect()
}

#[test]
fn a_script_that_throws_with_every_message_does_not_flood_the_log() {
    const FLOOD: usize = 1000;
    let mut host = TestHost::start(THROWS);
    let (mut client, mut witness) = (host.tcp(TEXT), host.tcp(TEXT));
    let began = Instant::now();
    for _ in 0..FLOOD {
        assert_eq!(client.ask("bad"), "bad");
    }
    let (shown, took) = (host.errors(), began.elapsed());
    assert_eq!(witness.ask("good"), "good");
    let seconds = took.as_secs() as usize + 2;
    assert!((1..=50 * seconds).contains(&shown), "{shown} reports in {took:?}");
    assert!(shown < FLOOD, "{shown} reports in {took:?}");
    for _ in 0..FLOOD {
        assert_eq!(host.fault().title, "every time", "the embedder is told of each");
    }
    // A later report says how many it stands for.
    let before = left_out(&host).len();
    let began = Instant::now();
    let mut more = 0;
    while left_out(&host).len() == before {
        assert!(began.elapsed() < Duration::from_secs(10), "nobody says what was left out");
        assert_eq!(client.ask("bad"), "bad");
        assert_eq!(witness.ask("good"), "good");
        more += 1;
    }
    let left_out: usize = left_out(&host).iter().sum();
    assert_eq!(host.errors() + left_out, FLOOD + more, "none is lost");
}
