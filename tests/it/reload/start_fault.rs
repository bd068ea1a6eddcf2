//! A reload whose `on_worker_start` throws is taken back: the ports stay open and the old code answers.

use crate::support::host::TestHost;

const SCRIPT: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.hits = 0;
worker.on_worker_start = |worker| {
    let inner = Worker("text://127.0.0.1:00");
    inner.seen = 0;
    inner.on_message = |connection, data| {
        inner.seen += 1;
        connection.send(`inner ${inner.seen}`);
    };
    inner.listen();
    Timer::add(3600, || print("never"));
};
worker.on_message = |connection, data| {
    worker.hits += 1;
    connection.send(`hit ${worker.hits}`);
};
Worker::run_all();
"#;

#[test]
fn a_start_that_throws_after_a_reload_is_taken_back() {
    let mut host = TestHost::start(SCRIPT);
    let mut outer = host.tcp("text://127.0.0.1:0");
    let mut inner = host.tcp("text://127.0.0.1:00");
    assert_eq!(outer.ask("a"), "hit 1");
    assert_eq!(inner.ask("a"), "inner 1");
    for broken in [
        SCRIPT.replace("let inner", "nobody_knows(); let inner").replace("hit $", "broken $"),
        SCRIPT.replace("Timer::add", "nobody_knows(); Timer::add").replace("hit $", "broken $"),
    ] {
        let fault = host.edit_badly(&broken);
        assert!(fault.text.contains("nobody_knows"), "{fault}");
        assert!(fault.text.contains("serves again"), "{fault}");
    }
    assert_eq!(outer.ask("b"), "hit 2");
    assert_eq!(inner.ask("b"), "inner 2");
    // New clients find both ports open.
    assert_eq!(host.tcp("text://127.0.0.1:0").ask("c"), "hit 3");
    assert_eq!(host.tcp("text://127.0.0.1:00").ask("c"), "inner 3");
    let report = host.edit(&SCRIPT.replace("hit $", "mended $"));
    assert_eq!((report.connections, report.listeners, report.timers), (2, 2, 1));
    assert_eq!(outer.ask("d"), "mended 4");
    assert_eq!(inner.ask("d"), "inner 4");
}
