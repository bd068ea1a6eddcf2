//! Variables that are in use where somebody else wants them.

use crate::support::host::TestHost;
use std::time::{Duration, Instant};

#[test]
fn a_function_that_needs_the_variable_that_it_was_called_on_fails_at_once() {
    let script = "let worker = Worker(\"text://127.0.0.1:0\");
worker.on_message = |connection, line| {
    let m = #{ n: 1 };
    m.f = |u| { this.n = u; m.n };
    let came = \"nothing\";
    try { came = m.f(5); } catch (e) { came = e.message; }
    connection.send(came);
};";
    let mut host = TestHost::start(script);
    let mut client = host.tcp("text://127.0.0.1:0");
    let begun = Instant::now();
    let came = client.ask("x");
    assert!(came.starts_with("Data race detected"), "{came}");
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
}

#[test]
fn a_variable_that_a_waiting_handler_holds_is_waited_for() {
    let script = "let worker = Worker(\"text://127.0.0.1:0\");
worker.on_worker_start = |worker| {
    let m = #{ n: 1 };
    m.slow = || { sleep(0.1); this.n += 1; };
    worker.hold = || m.slow();
    worker.read = || m.n;
};
worker.on_message = |connection, line| {
    if line == \"hold\" { connection.send(\"held\"); worker.hold.call(); }
    else { connection.send(worker.read.call()); }
};";
    let mut host = TestHost::start(script);
    let (mut first, mut second) = (host.tcp("text://127.0.0.1:0"), host.tcp("text://127.0.0.1:0"));
    assert_eq!(first.ask("hold"), "held");
    assert_eq!(second.ask("read"), "2");
}
