//! A stop comes to its end although scripts are busy: it does not wait for `handler_timeout`, let alone for that of every
//! message that is queued. What is waited for in vain would take five seconds at least.

use crate::support::{client::Client, host::TestHost, process::Process, wait::SOON};
use rhost::Host;
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

const TEXT: &str = "text://127.0.0.1:0";

/// Busy in every way that it is told to be.
const BUSY: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.name = "busy";
worker.on_message = |connection, line| {
    switch line {
        "spin" => { print("spinning"); loop {} }
        "code" => { Worker::stop_all(3); loop {} }
        "timer" => { Timer::add(0.001, || { print("ticking"); loop {} }); }
        "sleep" => { print("sleeping"); sleep(3600); }
        "close" => { connection.on_close = |c| { loop {} }; connection.send(line); }
        "wait" => { connection.on_close = |c| { sleep(3600); }; connection.send(line); }
        _ => connection.send(line),
    }
};
Worker::run_all();
"#;

/// More than `SOON` for each message that is queued.
fn fifty(line: &str) -> String {
    format!("{line}\n").repeat(51)
}

/// Clients that have sent this line and were answered.
fn twenty(mut connect: impl FnMut() -> Client, line: &str) -> Vec<Client> {
    let mut clients: Vec<_> = (0..20).map(|_| connect()).collect();
    clients.iter_mut().for_each(|client| assert_eq!(client.ask(line), line));
    clients
}

/// Stops the host and expects it to end soon with code 0.
fn stops_soon(mut host: TestHost) {
    let began = Instant::now();
    host.handle().stop(0);
    assert_eq!(host.ended(), 0);
    assert!(began.elapsed() < SOON, "took {:?}", began.elapsed());
}

/// Interrupts the process and expects it to end soon with this code.
fn ends_soon(mut process: Process, code: i32) {
    process.signal("INT");
    let (status, took) = process.ended();
    assert_eq!(status.code(), Some(code));
    assert!(took < SOON, "took {took:?}");
}

#[test]
fn a_stop_does_not_wait_for_a_handler_that_spins_nor_for_the_messages_behind_it() {
    let mut host = TestHost::start(BUSY);
    let (mut client, mut witness) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(witness.ask("a"), "a");
    client.send(fifty("spin"));
    host.wait_for_log("spinning");
    stops_soon(host);
    client.rest();
    witness.expect_end();
}

#[test]
fn an_interrupt_does_not_wait_for_a_handler_that_spins_nor_for_the_messages_behind_it() {
    let process = Process::run(BUSY);
    let mut client = process.tcp("busy");
    client.send(fifty("spin"));
    process.wait_for_line("spinning");
    ends_soon(process, 0);
}

#[test]
fn a_script_that_stops_the_host_and_spins_on_is_ended() {
    let mut host = TestHost::start(BUSY);
    let mut client = host.tcp(TEXT);
    let began = Instant::now();
    client.send(fifty("code"));
    assert_eq!(host.ended(), 3);
    assert!(began.elapsed() < SOON, "took {:?}", began.elapsed());
}

#[test]
fn a_stop_does_not_wait_for_every_on_close_that_spins_or_sleeps() {
    for line in ["close", "wait"] {
        let mut host = TestHost::start(BUSY);
        let clients = twenty(|| host.tcp(TEXT), line);
        stops_soon(host);
        drop(clients);

        let process = Process::run(BUSY);
        let clients = twenty(|| process.tcp("busy"), line);
        ends_soon(process, 0);
        drop(clients);
    }
}

#[test]
fn a_stop_does_not_wait_for_a_timer_that_spins() {
    let mut host = TestHost::start(BUSY);
    host.tcp(TEXT).send("timer\ntimer\n");
    host.wait_for_log("ticking");
    stops_soon(host);

    let process = Process::run(BUSY);
    process.tcp("busy").send("timer\ntimer\n");
    process.wait_for_line("ticking");
    ends_soon(process, 0);
}

#[test]
fn a_stop_does_not_wait_for_twenty_handlers_that_sleep() {
    let mut host = TestHost::start(BUSY);
    let mut clients: Vec<_> = (0..20).map(|_| host.tcp(TEXT)).collect();
    clients.iter_mut().for_each(|client| client.send(fifty("sleep")));
    host.wait_for_log("sleeping");
    stops_soon(host);
}

#[test]
fn a_stop_does_not_wait_for_a_reload_whose_top_level_spins() {
    let spins = format!("print(\"reading\"); loop {{}}\n{BUSY}");
    let mut host = TestHost::start(BUSY);
    host.save("main.rhai", &spins);
    host.wait_for_log("reading");
    stops_soon(host);

    let process = Process::run(BUSY);
    process.save("main.rhai", &spins);
    process.wait_for_line("reading");
    ends_soon(process, 0);
}

#[test]
fn a_stop_does_not_wait_for_a_reload_that_waits_for_a_busy_handler() {
    let mut host = TestHost::start(BUSY);
    let mut client = host.tcp(TEXT);
    client.send(fifty("spin"));
    host.wait_for_log("spinning");
    host.handle().reload();
    stops_soon(host);

    let process = Process::run(BUSY);
    let mut client = process.tcp("busy");
    client.send(fifty("spin"));
    process.wait_for_line("spinning");
    // (nobody tells when the change was seen: it is before, during or after the stop)
    process.save("main.rhai", &BUSY.replace("3600", "3601"));
    ends_soon(process, 0);
}

#[test]
fn a_stop_does_not_wait_for_an_on_worker_start_of_a_reload() {
    for body in ["loop {}", "sleep(3600);"] {
        let starts = "Worker::run_all();";
        let slow = format!("worker.on_worker_start = |w| {{ print(\"starting\"); {body} }};\n");
        let mut host = TestHost::start(BUSY);
        host.save("main.rhai", &BUSY.replace(starts, &format!("{slow}{starts}")));
        host.wait_for_log("starting");
        stops_soon(host);
    }
}

#[test]
fn a_stop_does_not_wait_for_a_top_level_that_spins_in_a_new_isolate() {
    let runs = Arc::new(AtomicUsize::new(0));
    let mut host = TestHost::try_start_as(BUSY, &[], |builder| {
        builder.register(move |engine| {
            let runs = runs.clone();
            engine.register_fn("run", move || runs.fetch_add(1, Ordering::Relaxed) as i64);
        })
    })
    .expect("starts");
    // (the first isolate reads it to its end, and only its prints are shown)
    let spins = "worker.count = 2;\nif run() > 0 { loop {} }\nprint(\"read\");\nWorker::run_all();";
    let spins = BUSY.replace("Worker::run_all();", spins);
    host.save("main.rhai", &spins);
    host.wait_for_log("read");
    stops_soon(host);
}

#[test]
fn a_stop_does_not_wait_for_the_first_start() {
    let spins = "print(\"starting\"); loop {}";
    let worker = "let worker = Worker(\"text://127.0.0.1:0\");\n";
    for script in [
        spins.to_owned(),
        format!("{worker}worker.on_worker_start = |w| {{ {spins} }};"),
        format!("{worker}worker.on_worker_start = |w| {{ print(\"starting\"); sleep(3600); }};"),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("main.rhai");
        fs::write(&path, &script).expect("the script");
        let (told, log) = mpsc::channel();
        let host = Host::builder().script(&path).on_log(move |r| drop(told.send(r.message)));
        let host = host.build().expect("there is a script");
        let handle = host.handle();
        let running = thread::spawn(move || host.run());
        assert_eq!(log.recv_timeout(Duration::from_secs(10)).expect("it begins"), "starting");
        let began = Instant::now();
        handle.stop(0);
        // (whether that is an end in order or a start that failed depends on how far it had come)
        let _ = running.join().expect("no panic");
        assert!(began.elapsed() < SOON, "{script}: took {:?}", began.elapsed());
    }
}
