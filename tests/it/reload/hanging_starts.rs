//! An `on_worker_start` that does not return: it is told to whoever waits for it, and a save or a reload starts over, also
//! before anything has served.

use super::TEXT;
use crate::support::{
    client::Client,
    host::TestHost,
    wait::{until, until_some},
};
use rhost::{HostEvent, Level, ReloadOptions, StartUnderWay};
use std::{net::SocketAddr, thread};

/// A worker whose start is `{}`.
fn script(start: &str) -> String {
    format!(
        r#"
let worker = Worker("text://127.0.0.1:0");
worker.name = "w";
worker.on_worker_start = |worker| {{ {start} }};
worker.on_message = |connection, line| connection.send(`${{line}} ${{worker.generation}}`);
"#
    )
}

/// Never ends by itself, and prints when it begins.
const HANGS: &str = "print(\"begins\"); while worker.ready != true { sleep(0.05); }";

/// Waits until a start is said to take long.
fn late(host: &mut TestHost) -> StartUnderWay {
    match host.wait_for(|event| matches!(event, HostEvent::StartIsLate(_))) {
        Some(HostEvent::StartIsLate(start)) => start,
        other => panic!("nothing is late: {other:?}"),
    }
}

/// A host whose first start hangs, and is known to.
fn hanging(script: &str) -> TestHost {
    let mut host = TestHost::begin(script);
    host.wait_for_log("begins");
    host.advance(5.1);
    late(&mut host);
    host
}

fn starting(host: &TestHost) -> Vec<Option<StartUnderWay>> {
    let isolates = host.handle().status().expect("it runs").isolates;
    isolates.into_iter().map(|isolate| isolate.starting).collect()
}

/// Where the first worker is bound, whether it accepts or not.
fn bound(host: &TestHost) -> SocketAddr {
    let address = host.handle().status().expect("it runs").workers[0].address.clone();
    let address = address.expect("it is bound");
    address.rsplit_once('/').expect("a scheme").1.parse().expect("an ip and a port")
}

fn waiting(host: &TestHost) -> u64 {
    host.handle().status().expect("it runs").isolates.iter().map(|isolate| isolate.waiting).sum()
}

#[test]
fn a_first_start_that_hangs_is_told_with_its_line_and_a_save_starts_over() {
    let mut host = TestHost::begin(&script(HANGS));
    host.wait_for_log("begins");
    let seen = until_some("it starts", || starting(&host).into_iter().next().flatten());
    assert_eq!((seen.place.as_str(), seen.accepts), ("main.rhai:4", false));
    host.advance(4.8);
    assert_eq!(host.logged("has not returned"), 0);
    host.advance(0.3);
    let start = late(&mut host);
    let says = "on_worker_start of worker `w` has not returned for 5 s (main.rhai:4): nothing is accepted before it does";
    assert_eq!(start.to_string(), says);
    assert_eq!(host.wait_for_log(says).level, Level::Warn);
    let mut early = Client::connect(bound(&host));
    early.send("early\n");
    host.expect_silence(&early);
    let report = host.edit(&script("print(\"mended\");"));
    assert!(report.serves && report.waiting.is_empty() && report.silent == 0, "{report:?}");
    host.wait_for_log("on_worker_start (main.rhai:4) had not returned and was ended");
    assert_eq!(early.line(), "early 1", "who came early is served");
    assert_eq!(host.tcp(TEXT).ask("late"), "late 1");
    until("nothing is left of it", || waiting(&host) == 0 && starting(&host) == [None]);
    assert_eq!((host.logged("has not returned"), host.errors()), (1, 0));
    assert_eq!(host.stop(), 0);
}

#[test]
fn a_save_that_comes_early_waits_until_the_start_is_done_or_takes_long() {
    let slow = script("print(\"begins\"); sleep(3); print(\"done\");");
    let mut host = TestHost::begin(&slow);
    host.wait_for_log("begins");
    host.save("main.rhai", &slow.replace("done", "again"));
    host.expect_no_reload();
    host.advance(3.1);
    host.wait_for_log("done");
    host.wait_for_log("begins");
    // It is a reload of what serves by now, whose start takes longer than that waits for it.
    assert_eq!(host.reloaded().silent, 1);
    assert_eq!(host.tcp(TEXT).ask("a"), "a 1");
    assert_eq!(host.logged("was ended"), 0);

    let mut host = TestHost::begin(&script(HANGS));
    host.wait_for_log("begins");
    host.save("main.rhai", &script(""));
    host.expect_no_reload();
    host.advance(5.1);
    assert!(host.reloaded().serves);
    assert_eq!(host.tcp(TEXT).ask("a"), "a 1");
}

#[test]
fn a_text_that_is_not_fit_to_serve_leaves_the_start_as_it_is() {
    let mut host = hanging(
        &script(&HANGS.replace("worker.ready != true", "!may_go()"))
            .replace("let worker", "let n = 0;\nfn may_go() { n += 1; n > 300 }\nlet worker"),
    );
    let fault = host.edit_badly("let x = ;");
    assert!(fault.text.contains("the start before goes on as it is"), "{fault}");
    assert!(starting(&host)[0].is_some());
    host.advance(60.0);
    host.wait_for(|event| matches!(event, HostEvent::Started { .. })).expect("it starts");
    assert_eq!(host.tcp(TEXT).ask("a"), "a 0");
}

#[test]
fn whoever_asks_for_the_reload_hears_whether_the_new_start_hangs_as_well() {
    let mut host = hanging(&script(HANGS));
    let handle = host.handle();
    let again = thread::spawn(move || handle.reload_with(ReloadOptions::default()));
    until("the second start", || host.logged("begins") == 2);
    host.advance(5.1);
    let report = again.join().expect("no panic").expect("it runs").expect("it is accepted");
    assert_eq!((report.serves, report.silent, report.starting.len()), (false, 1, 1));
    let line = report.summary("main.rhai");
    assert!(line.ends_with("; on_worker_start of worker `w` still runs (main.rhai:4)"), "{line}");
    assert!(!late(&mut host).accepts);
    host.edit(&script(""));
    assert_eq!(host.tcp(TEXT).ask("a"), "a 2");
    until("both are gone", || waiting(&host) == 0);
    assert_eq!(host.logged("was ended"), 2);
}

#[test]
fn a_start_that_is_begun_anew_and_throws_ends_the_host_as_any_first_start_does() {
    let mut host = hanging(&script(HANGS));
    host.save("main.rhai", &script("throw \"not today\";"));
    while host.wait_for(|_| false).is_some() {}
    let error = host.start_error();
    assert!(error.to_string().contains("not today"), "{error}");
}

#[test]
fn stops_are_heard_while_the_first_start_hangs() {
    for graceful in [false, true] {
        for is_late in [false, true] {
            let mut host = match is_late {
                true => hanging(&script(HANGS)),
                false => TestHost::begin(&script(HANGS)),
            };
            host.wait_for_log("begins");
            match graceful {
                true => host.handle().stop_gracefully(4),
                false => host.handle().stop(4),
            }
            assert_eq!(host.ended(), 4);
        }
    }
}

#[test]
fn only_the_isolate_that_hangs_accepts_nothing_and_the_others_keep_their_clients() {
    let first = script(&format!("if worker.id == 1 {{ {HANGS} }}"))
        .replace("worker.name", "worker.count = 2;\nworker.name");
    let mut host = hanging(&first);
    let says = "on_worker_start of worker `w`, isolate 1, has not returned for 5 s (main.rhai:5): this isolate accepts nothing";
    host.wait_for_log(says);
    let mut client = Client::connect(bound(&host));
    assert_eq!(client.ask("a"), "a 0");
    let report = host.edit(&first.replace("worker.id == 1", "false"));
    assert_eq!((report.connections, report.listeners, report.new_listeners), (1, 1, 1));
    assert_eq!(client.ask("b"), "b 1");
    until("both have started", || starting(&host) == [None, None]);
}

#[test]
fn a_worker_that_is_not_reloadable_starts_over_as_well() {
    let fixed = |start: &str| {
        script(start).replace("worker.name", "worker.reloadable = false;\nworker.name")
    };
    let mut host = hanging(&fixed(HANGS));
    host.edit(&fixed(""));
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "a 1");
    host.edit(&fixed("").replace("${line}", "new ${line}"));
    assert_eq!(client.ask("b"), "b 1", "from now on it stays as it is");
}

#[test]
fn a_start_of_a_reload_that_hangs_is_told_and_ended_by_the_next_reload() {
    let mut host = TestHost::start(&script(""));
    let mut client = host.tcp(TEXT);
    let report = host.edit(&script(HANGS));
    assert_eq!(report.starting.len(), 1);
    host.wait_for_log("on_worker_start is still running in 1 isolate(s) (main.rhai:4)");
    assert_eq!(client.ask("a"), "a 1", "the new code serves meanwhile");
    host.advance(5.1);
    let start = late(&mut host);
    let says = "for 5 s (main.rhai:4): until it does, what the start before it has made stays";
    assert!(start.accepts && start.to_string().ends_with(says), "{start}");
    let report = host.edit(&script("print(\"mended\");"));
    assert!(report.starting.is_empty());
    until("nothing is left of it", || waiting(&host) == 0 && starting(&host) == [None]);
    assert_eq!(client.ask("b"), "b 2");
    assert_eq!((host.logged("was ended"), host.errors()), (1, 0));
}

#[test]
fn an_on_worker_reload_that_hangs_is_told_by_its_name_and_ended_as_well() {
    for reloadable in [true, false] {
        let hangs = format!(
            "{}worker.reloadable = {reloadable};\n\
             worker.on_worker_reload = |worker| {{ print(\"begins\"); sleep(3600); }};\n",
            script("")
        );
        let mut host = TestHost::start(&hangs);
        let mut client = host.tcp(TEXT);
        let report = host.edit(&format!("{hangs}// 1\n"));
        assert_eq!(report.starting[0].event, "on_worker_reload");
        host.wait_for_log("on_worker_reload is still running in 1 isolate(s) (main.rhai:7)");
        host.advance(5.1);
        let says = "on_worker_reload of worker `w` has not returned for 5 s (main.rhai:7): it serves all the same";
        assert!(late(&mut host).to_string().starts_with(says));
        host.edit(&format!("{hangs}// 2\n"));
        host.wait_for_log("on_worker_reload (main.rhai:7) had not returned and was ended");
        until("one of them is left", || waiting(&host) == 1);
        assert!(client.ask("a").starts_with("a "), "it serves meanwhile");
    }
}

#[test]
fn a_start_that_computes_is_told_although_its_isolate_hears_nothing() {
    let computes = script("print(\"begins\"); loop {}");
    let mut host = TestHost::begin(
        &computes.replace("worker.name", "worker.handler_timeout = 0;\nworker.name"),
    );
    host.wait_for_log("begins");
    let start = late(&mut host);
    assert_eq!((start.place.as_str(), start.accepts), ("main.rhai:5", false));
    assert_eq!(host.stop(), 0);
}
