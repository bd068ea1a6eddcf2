//! A handler's time is limited although its single operations are slow, so that no count of operations tells how long it
//! runs already.

use crate::support::host::TestHost;
use std::time::{Duration, Instant};

const TEXT: &str = "text://127.0.0.1:0";

/// Seconds that a handler has here.
const TIMEOUT: f64 = 0.5;

/// How much longer than its time a handler may run: one operation, and one look.
const GRACE: Duration = Duration::from_secs(3);

/// A worker whose `slow` takes long for a single operation and has few of them.
fn script(timeout: f64) -> String {
    format!(
        r#"
fn slow() {{
    let a = [];
    a.pad(300000, 1.5);
    let b = a;
    loop {{
        if a != b {{ break; }}
    }}
}}
let worker = Worker("{TEXT}");
worker.handler_timeout = {timeout};
worker.on_message = |connection, line| {{
    if line == "slow" {{ print("begins"); slow(); }}
    if line == "patient" {{
        for i in 0..4 {{
            pause();
            sleep(0.001);
        }}
    }}
    connection.send(line);
}};
"#
    )
}

/// A function that keeps its thread for half of the time that a handler has.
fn pausing(builder: rhost::HostBuilder) -> rhost::HostBuilder {
    builder.register(|engine| {
        engine.register_fn("pause", || {
            std::thread::sleep(Duration::from_secs_f64(TIMEOUT / 2.0));
        });
    })
}

fn start(timeout: f64) -> TestHost {
    TestHost::try_start_as(&script(timeout), &[], pausing).expect("it starts")
}

#[test]
fn few_slow_operations_are_ended_when_their_time_is_up() {
    let mut host = start(TIMEOUT);
    let (mut one, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    for round in 1..=2 {
        one.send("slow\n");
        let began = Instant::now();
        let fault = host.fault();
        assert!(fault.title.contains("it ran 0.5 s without waiting (handler_timeout)"), "{fault}");
        let took = began.elapsed();
        assert!(took < Duration::from_secs_f64(TIMEOUT) + GRACE, "round {round}: {took:?}");
        assert_eq!(other.ask("a"), "a");
        assert_eq!(one.ask("b"), "b", "its end does not hit the next handler");
    }
    assert_eq!(host.errors(), 2);
}

#[test]
fn a_handler_that_waited_has_all_its_time_again() {
    let mut host = start(TIMEOUT);
    let mut client = host.tcp(TEXT);
    let began = Instant::now();
    assert_eq!(client.ask("patient"), "patient");
    assert!(began.elapsed().as_secs_f64() > TIMEOUT, "it took longer than it may without a wait");
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_stop_does_not_wait_for_slow_operations() {
    let mut host = start(3600.0);
    let mut client = host.tcp(TEXT);
    client.send("slow\n");
    host.wait_for_log("begins");
    host.handle().stop(0);
    assert_eq!(host.ended(), 0);
    assert_eq!(host.logged("left behind"), 0);
}
