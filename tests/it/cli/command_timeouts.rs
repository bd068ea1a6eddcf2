//! How long commands wait for a host that stops, and what they say when they waited in vain.

use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO, signal},
    wait::SOON,
};
use std::{
    thread,
    time::{Duration, Instant},
};

/// A daemon whose isolates need so many seconds to stop.
fn slow_to_stop(seconds: f64) -> Daemon {
    let timeout = seconds * 2.0;
    Daemon::new(&format!(
        "Worker::configure(#{{ stop_timeout: {timeout:.1} }});\n{ECHO}\
         worker.on_worker_stop = |worker| sleep({seconds:.1});"
    ))
}

#[test]
fn a_restart_waits_for_a_slow_stop() {
    let daemon = slow_to_stop(1.5);
    daemon.start();
    let first = daemon.server();
    daemon.save(ECHO);
    let began = Instant::now();
    let said = daemon.rhost("restart", &[]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(began.elapsed() > Duration::from_millis(1500), "{:?}", began.elapsed());
    assert!(daemon.server().is_some() && daemon.server() != first);
}

#[test]
fn a_time_limit_is_kept_although_the_server_does_not_answer() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let server = daemon.server().expect("a server");
    signal(server, "STOP");
    for seconds in [0, 1] {
        let began = Instant::now();
        let said = daemon.rhost("stop", &["--timeout", &seconds.to_string()]);
        let took = began.elapsed();
        assert_eq!(said.code, Some(5), "{}", said.err);
        assert!(said.err.contains(&format!("did not stop within {seconds} s")), "{}", said.err);
        let limit = Duration::from_secs(seconds);
        assert!(took >= limit && took < limit + Duration::from_millis(900), "{took:?}");
    }
    signal(server, "CONT");
    assert_eq!(daemon.rhost("stop", &[]).code.map(|code| code % 3), Some(0));
}

#[test]
fn who_looks_while_a_host_stops_sees_it_run_or_gone() {
    for _ in 0..3 {
        let daemon = slow_to_stop(0.1);
        let _client = Client::connect(daemon.start());
        thread::scope(|scope| {
            let stopping = scope.spawn(|| daemon.rhost("stop", &[]));
            loop {
                let said = daemon.rhost("status", &[]);
                match said.code {
                    Some(0) => (),
                    Some(3) => break,
                    _ => panic!("{:?} {}", said.code, said.err),
                }
            }
            assert_eq!(stopping.join().expect("no panic").code, Some(0));
        });
    }
}

#[test]
fn a_stop_that_takes_its_time_is_told_once() {
    let daemon = slow_to_stop(2.5);
    daemon.start();
    let began = Instant::now();
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    assert!(began.elapsed() > Duration::from_secs(2) && began.elapsed() < 2 * SOON);
    assert_eq!(daemon.log().matches("told to stop").count(), 1, "{}", daemon.log());
}
