//! Answers that there is no room for, and sockets that are given back.

use super::{ADDRESS, answer, get, request, script, serve};
use crate::support::{client::Client, host::TestHost, process::Process};
use std::fs;

#[test]
fn a_client_that_resets_gives_its_socket_back_while_its_handler_waits() {
    let handler = r#"
        if request.path() == "/stop" { worker.stopped = true; return connection.send("ok"); }
        print("waits");
        while worker.stopped == () { sleep(0.01); }
        print(`sent ${connection.send("late")}`);
    "#;
    let script = script(handler).replace(";\nworker.on", ";\nworker.name = \"w\";\nworker.on");
    let process = Process::run(&script);
    // (files come and go: the script's, for a look)
    let sockets = || {
        let open = fs::read_dir(format!("/proc/{}/fd", process.pid())).expect("the process runs");
        let targets = open.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok());
        targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
    };
    let before = sockets();
    let clients: Vec<Client> = (0..50)
        .map(|_| {
            let mut client = process.tcp("w");
            client.send(request("GET", "/"));
            client
        })
        .collect();
    crate::support::wait::until("all handlers wait", || {
        process.lines().iter().filter(|l| l.contains("waits")).count() == 50
    });
    assert_eq!(sockets(), before + 50);
    clients.into_iter().for_each(Client::reset);
    crate::support::wait::until("the sockets are given back", || sockets() == before);
    assert!(!process.lines().iter().any(|line| line.contains("sent")), "all of them still wait");
    assert!(get(&mut process.tcp("w"), "/stop").ends_with("ok"));
    process.wait_for_line("sent false");
}

#[test]
fn an_answer_beyond_the_budget_is_a_503_and_the_log_says_so() {
    let mut host = TestHost::start(
        r#"
        Worker::configure(#{ max_queued_bytes: 300000 });
        let part = ""; part.pad(100000, 'x');
        let worker = Worker("http://127.0.0.1:0");
        worker.on_message = |connection, request| {
            if request.path() == "/large" { return connection.send(part); }
            if request.path() == "/small" { return connection.send("small"); }
            connection.send(Response(200, #{ "Content-Type": "text/event-stream" }));
            for n in 0..100 { connection.send(ServerSentEvents(#{ data: part })); }
            print("filled");
        };
        Worker::run_all();
        "#,
    );
    let mut greedy = Client::connect_narrow(host.socket(ADDRESS));
    greedy.send(request("GET", "/"));
    host.wait_for_log("filled");
    let mut client = host.tcp(ADDRESS);
    assert!(get(&mut client, "/small").ends_with("\n\nsmall"));
    let refused = get(&mut client, "/large");
    assert!(
        refused.starts_with("HTTP/1.1 503 Service Unavailable\n")
            && refused.contains("\nConnection: close\n"),
        "{refused}"
    );
    client.expect_end();
    host.wait_for_log("503 was sent for an answer of 100000 bytes");
    greedy.reset();
    crate::support::wait::until("nothing is queued", || super::queued_bytes(&host) == 0);
    assert!(get(&mut host.tcp(ADDRESS), "/large").len() > 100_000);
}

#[test]
fn broken_requests_are_counted_when_the_log_has_heard_of_enough() {
    let mut host = serve("connection.send(request.path());");
    for _ in 0..300 {
        let mut client = host.tcp(ADDRESS);
        client.send("no request\r\n\r\n");
        assert!(answer(&mut client).starts_with("HTTP/1.1 400"));
    }
    let told = host.logged(" ended: ");
    assert!((50..=250).contains(&told), "{told} lines");
}

#[test]
fn a_missing_file_of_the_script_is_told_and_the_session_of_its_client_kept() {
    let mut host = serve(
        r#"
        request.session().set("user", 1);
        connection.send(Response(200, #{ "Content-Type": "text/css", "ETag": "x" }).with_file("nothing.css"));
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    let answer = get(&mut client, "/");
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\nSet-Cookie: "), "{answer}");
    assert!(!answer.contains("ETag") && !answer.contains("text/css"), "{answer}");
    let line = host.wait_for_log("nothing.css was not sent: ").to_string();
    assert!(line.contains("No such file"), "{line}");
}

#[test]
fn a_path_below_a_directory_may_come_without_its_slash() {
    let mut host = TestHost::start_with(
        &script(r#"connection.send(Response().with_file_in("public", "a.txt"));"#),
        &[("public/a.txt", "found")],
    );
    assert!(get(&mut host.tcp(ADDRESS), "/").ends_with("\n\nfound"));
}
