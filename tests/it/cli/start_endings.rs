//! Daemons that end before they serve: who started them is told so, with the code of the end.

use crate::support::{
    daemon::{Daemon, ECHO},
    wait::until,
};
use std::thread;

#[test]
fn a_start_that_ends_in_order_says_so_and_has_its_code() {
    for (script, code) in [
        (format!("{ECHO}worker.on_worker_start = |w| Worker::stop_all(7);"), 7),
        (format!("{ECHO}worker.on_worker_start = |w| Worker::stop_all();"), 0),
        ("print(1);".to_owned(), 0),
    ] {
        let daemon = Daemon::new(&script);
        let said = daemon.rhost("start", &["-d"]);
        assert_eq!(said.code, Some(code), "{script}: {}{}", said.out, said.err);
        assert!(!said.out.contains("[OK]"), "{}", said.out);
        let ended = format!("main.rhai has ended with code {code}, before it served");
        assert!(said.out.starts_with(&ended), "{}", said.out);
        assert_eq!(daemon.rhost("status", &[]).code, Some(3));
        assert_eq!(daemon.runtime_file(""), None);
        assert!(!daemon.log().contains("again"), "{}", daemon.log());
    }
}

#[test]
fn a_start_that_is_stopped_meanwhile_says_so() {
    let slow = "worker.on_worker_start = |w| { print(\"starting\"); sleep(60); };";
    let daemon = Daemon::new(&format!("{ECHO}{slow}"));
    thread::scope(|scope| {
        let starting = scope.spawn(|| daemon.rhost("start", &["-d"]));
        until("the start", || daemon.log().contains("starting"));
        assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
        let said = starting.join().expect("no panic");
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(said.out.starts_with("main.rhai has ended with code 0"), "{}", said.out);
    });
}

#[test]
fn a_script_with_nothing_but_a_timer_serves() {
    let daemon = Daemon::new("Timer::add(60, || print(1));");
    let said = daemon.rhost("start", &["-d"]);
    assert!(
        said.code == Some(0) && said.out.contains("runs main.rhai"),
        "{}{}",
        said.out,
        said.err
    );
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
}
