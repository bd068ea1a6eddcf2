//! Requests that are sent before the answers to earlier ones.

use super::{ADDRESS, answer, chunk, head, request, serve};

fn requests(n: usize) -> String {
    (0..n).map(|i| request("GET", &format!("/{i}"))).collect()
}

#[test]
fn answers_keep_the_order_of_their_requests_when_handlers_wait() {
    let mut host = serve(
        "let n = parse_int(request.path().sub_string(1));
         if n % 2 == 0 { sleep(0.05 - 0.01 * n); }
         connection.send(n);",
    );
    let mut client = host.tcp(ADDRESS);
    client.send(requests(6));
    for n in 0..6 {
        assert!(answer(&mut client).ends_with(&format!("\n\n{n}")));
    }
    host.expect_silence(&client);
}

#[test]
fn answers_keep_the_order_of_their_requests_when_timers_answer() {
    let mut host = serve(
        "let path = request.path();
         let after = if path == \"/0\" { 0.05 } else { 0.0 };
         print(`asked ${path}`);
         Timer::delay(after, || { print(`answers ${path}`); connection.send(path) });",
    );
    let mut client = host.tcp(ADDRESS);
    client.send(requests(4));
    for n in 0..4 {
        assert!(answer(&mut client).ends_with(&format!("\n\n/{n}")));
    }
    // (the next handler starts when the answer before is complete)
    let wanted: Vec<_> =
        (0..4).flat_map(|n| [format!("asked /{n}"), format!("answers /{n}")]).collect();
    assert_eq!(host.printed(), wanted);
}

#[test]
fn a_stream_and_a_file_are_complete_before_the_next_answer() {
    let mut host = serve(
        r#"
        switch request.path() {
            "/0" => {
                connection.send(Response(200, #{ "Transfer-Encoding": "chunked" }));
                Timer::delay(0.02, || { connection.send(Chunk("part")); connection.send(Chunk("")) });
            },
            "/1" => connection.send(Response(200, #{ "Content-Type": "text/plain" }).with_file("main.rhai", 0, 3)),
            _ => connection.send("last"),
        }
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    client.send(requests(3));
    head(&mut client);
    assert_eq!([chunk(&mut client), chunk(&mut client)], ["part", ""]);
    assert!(answer(&mut client).ends_with("\n\nlet"));
    assert!(answer(&mut client).ends_with("\n\nlast"));
}

#[test]
fn a_client_that_ends_its_half_still_gets_every_answer() {
    let mut host = serve("sleep(0.02); connection.send(request.path())");
    let mut client = host.tcp(ADDRESS);
    client.send(requests(3));
    client.finish();
    for n in 0..3 {
        assert!(answer(&mut client).ends_with(&format!("\n\n/{n}")));
    }
    client.expect_end();
}

#[test]
fn an_answer_from_another_connections_event_reaches_the_one_that_waits() {
    let mut host = crate::support::host::TestHost::start(
        r#"
        let worker = Worker("http://127.0.0.1:0");
        worker.on_message = |connection, request| {
            if request.path() == "/wait" { worker.waiting = connection; return; }
            worker.waiting.send("for you");
            connection.send("done");
        };
        Worker::run_all();
        "#,
    );
    let (mut patient, mut other) = (host.tcp(ADDRESS), host.tcp(ADDRESS));
    patient.send(request("GET", "/wait"));
    host.expect_silence(&patient);
    other.send(request("GET", "/now"));
    assert!(answer(&mut patient).ends_with("\n\nfor you"));
    assert!(answer(&mut other).ends_with("\n\ndone"));
}
