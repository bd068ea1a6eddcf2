//! Handlers that do not do what they should.

use super::{ADDRESS, answer, get, head, request, script, serve};
use crate::support::host::TestHost;

const FAILED: &str = "HTTP/1.1 500 Internal Server Error\nContent-Type: text/plain; charset=utf-8\n\
                      Content-Length: 35\nConnection: close\n\nthe handler of this request failed\n";

#[test]
fn a_handler_that_throws_is_a_500_and_the_end_of_the_connection() {
    let mut host = serve("throw \"secret\";");
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/"), FAILED);
    client.expect_end();
    assert_eq!(host.fault().title, "secret");
}

#[test]
fn the_developer_is_shown_the_line_that_threw() {
    let script = script("let x = 1;\nthrow \"look here\";");
    let mut host = TestHost::try_start_as(&script, &[], |b| b.explain_errors(true).colour(true))
        .expect("starts");
    let mut client = host.tcp(ADDRESS);
    let answer = get(&mut client, "/");
    assert!(answer.contains("\nContent-Type: text/plain; charset=utf-8\n"), "{answer}");
    assert!(answer.contains("look here\n --> main.rhai:4:1\n"), "{answer}");
    assert!(answer.contains("4 | throw \"look here\";\n"), "{answer}");
    assert!(!answer.contains('\u{1b}'), "{answer}");
}

#[test]
fn rhost_run_shows_the_line() {
    let script = script("throw \"look here\";")
        .replace(";\nworker.on", ";\nworker.name = \"w\";\nworker.on");
    let process = crate::support::process::Process::run(&script);
    let answer = get(&mut process.tcp("w"), "/");
    assert!(answer.contains("throw \"look here\";"), "{answer}");
}

#[test]
fn an_error_after_the_answer_leaves_the_answer() {
    let mut host = serve(
        r#"
        switch request.path() {
            "/text" => connection.send("text"),
            "/file" => connection.send(Response(200, #{ "Content-Type": "text/plain" }).with_file("main.rhai", 0, 3)),
        }
        throw "afterwards";
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    assert!(get(&mut client, "/text").ends_with("\n\ntext"));
    assert!(get(&mut client, "/file").ends_with("\n\nlet"));
    assert_eq!(get(&mut client, "/else"), FAILED);
    assert_eq!(host.errors(), 3);
}

#[test]
fn an_error_in_a_stream_cuts_it_after_what_was_sent() {
    let mut host = serve(
        r#"
        connection.send(Response(200, #{ "Transfer-Encoding": "chunked" }, "some"));
        sleep(0.01);
        throw "afterwards";
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    client.send(request("GET", "/"));
    head(&mut client);
    assert_eq!(super::chunk(&mut client), "some");
    client.expect_end();
    assert_eq!(host.errors(), 1);
}

#[test]
fn a_handler_that_runs_for_too_long_is_a_500() {
    let mut host = TestHost::start(
        &script("loop {}").replace(";\nworker.on", ";\nworker.handler_timeout = 0.1;\nworker.on"),
    );
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/"), FAILED);
    client.expect_end();
}

#[test]
fn a_request_that_nobody_answers_is_a_504_and_a_late_answer_goes_nowhere() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("http://127.0.0.1:0");
        worker.response_timeout = 0.3;
        worker.on_message = |connection, request| worker.last = connection;
        worker.on_close = |connection| print(connection.send("too late"));
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    assert_eq!(
        get(&mut client, "/"),
        "HTTP/1.1 504 Gateway Timeout\nContent-Type: text/plain; charset=utf-8\n\
         Content-Length: 34\nConnection: close\n\nno answer within response_timeout\n"
    );
    client.expect_end();
    host.wait_for_log("false");
    host.wait_for_log("GET / was not answered within response_timeout, in generation ");
    assert_eq!(host.errors(), 0);
}

#[test]
fn without_on_message_everything_is_a_404() {
    let mut host =
        TestHost::start("let worker = Worker(\"http://127.0.0.1:0\"); Worker::run_all();");
    let mut client = host.tcp(ADDRESS);
    let wanted = "HTTP/1.1 404 Not Found\nContent-Type: text/plain; charset=utf-8\n\
                  Content-Length: 29\nConnection: close\n\nnobody answers requests here\n";
    assert_eq!(get(&mut client, "/"), wanted);
    client.expect_end();
}

#[test]
fn what_closes_without_an_answer_ends_without_one() {
    for end in ["connection.close()", "connection.destroy()"] {
        let mut host = serve(end);
        let mut client = host.tcp(ADDRESS);
        client.send(request("GET", "/"));
        client.expect_end();
        assert_eq!(host.errors(), 0);
    }
}

#[test]
fn a_connections_own_callback_answers_its_next_request() {
    let mut host = serve(
        r#"
        if request.path() == "/first" {
            connection.on_message = |connection, request| connection.send("mine");
        }
        connection.send("all");
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    assert!(get(&mut client, "/first").ends_with("\n\nall"));
    client.send(request("GET", "/second"));
    assert!(answer(&mut client).ends_with("\n\nmine"));
}
