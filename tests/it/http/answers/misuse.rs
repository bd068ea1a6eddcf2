//! Mistakes of script authors, and what they are told.

use super::{ADDRESS, get, script, serve};
use crate::support::{findings, host::TestHost, wait::until};
use rhost::script_reference;

#[test]
fn a_method_of_a_request_read_or_assigned_as_a_property_is_an_error() {
    let entries =
        script_reference().iter().filter(|s| s.owner == "Request").flat_map(|s| s.entries);
    let methods: Vec<_> = entries.filter(|e| e.forms[0].contains('(')).collect();
    assert!(methods.len() >= 16);
    let tries: String = methods
        .iter()
        .flat_map(|e| {
            [
                format!("request.{}", e.name),
                format!("request.{} = 1", e.name),
                format!("request[\"{}\"]", e.name),
            ]
        })
        .map(|code| format!("try {{ {code}; print(\"no error\"); }} catch (e) {{ print(e); }}\n"))
        .collect();
    let mut host = serve(&format!("{tries}connection.send(\"done\");"));
    get(&mut host.tcp(ADDRESS), "/");
    let printed = host.printed();
    assert_eq!(printed.len(), 3 * methods.len());
    for (got, method) in printed.chunks(3).zip(methods) {
        let name = method.name;
        let wanted = format!("`{name}` is a method of Request: write `request.{name}()`");
        assert!(got.iter().all(|got| got.contains(&wanted)), "{name}: {got:?}");
    }
}

#[test]
fn other_properties_of_a_request_are_free_and_go_with_its_answer() {
    let mut host = serve(
        "request.user = #{ name: \"ann\" };
         request[\"role\"] = \"admin\";
         let kept = request;
         let said = `${request.user.name} ${request.role} ${request.nothing}`;
         Timer::delay(0.02, || print(`after: ${kept.user}`));
         connection.send(said);",
    );
    assert!(get(&mut host.tcp(ADDRESS), "/").ends_with("\n\nann admin "));
    host.wait_for_log("after: ");
}

/// What a handler does wrong, and what the fault says.
#[track_caller]
fn check_fault(handler: &str, wanted: &str) {
    let mut host = serve(handler);
    let mut client = host.tcp(ADDRESS);
    get(&mut client, "/");
    let fault = host.fault();
    assert!(fault.title.contains(wanted), "{handler}: {}", fault.title);
}

#[test]
fn what_cannot_be_sent_is_told() {
    let _meant = findings::meant(&["cannot-be-sent"]);
    for (handler, wanted) in [
        ("connection.send(())", "() cannot be sent"),
        ("connection.send(|| 1)", "a function cannot be sent"),
        ("connection.send(request)", "this cannot be sent"),
        ("connection.send(connection)", "this cannot be sent"),
        (
            "connection.send(\"x\", true)",
            "an HTTP connection is answered; raw bytes would break it",
        ),
        (
            "connection.send(\"a\"); connection.send(\"b\")",
            "no request waits for an answer: each is answered once",
        ),
        (
            "connection.send(Response().with_file(\"main.rhai\")); connection.send(\"b\")",
            "the request is answered already, by a file",
        ),
        ("connection.send(Chunk(\"x\"))", "parts follow a Response that has begun a stream"),
        (
            "connection.send(ServerSentEvents(#{}))",
            "parts follow a Response that has begun a stream",
        ),
        ("connection.pipe(connection)", "an HTTP connection cannot be piped"),
        ("connection.protocol = \"websocket\"", "a websocket cannot become another protocol"),
        ("connection.send(#{}.nothing.with_status(1))", "with_status"),
    ] {
        check_fault(handler, wanted);
    }
}

#[test]
fn a_second_answer_to_a_stream_and_an_answer_before_any_request_are_errors_and_send_nothing() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("http://127.0.0.1:0");
        worker.on_connect = |connection| try { connection.send("hello") } catch (e) { print(e) };
        worker.on_message = |connection, request| {
            connection.send(Response(200, #{ "Transfer-Encoding": "chunked" }));
            try { connection.send("again") } catch (e) { print(e) }
            try { connection.protocol = "tcp" } catch (e) { print(e) }
            connection.send(Chunk(""));
        };
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    client.send(super::request("GET", "/"));
    super::head(&mut client);
    assert_eq!(super::chunk(&mut client), "");
    host.expect_silence(&client);
    until("the lines are printed", || host.printed().len() == 3);
    for (got, wanted) in host.printed().iter().zip([
        "no request waits for an answer",
        "the answer has begun: send its parts with Chunk(…) or ServerSentEvents(…)",
        "the answer to an HTTP request is not complete",
    ]) {
        assert!(got.contains(wanted), "{got}");
    }
}

#[test]
fn answers_on_connections_that_do_not_speak_http_are_errors() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            for answer in [Response(), Chunk("a"), ServerSentEvents(#{})] {
                try { connection.send(answer) } catch (e) { print(e) }
            }
            connection.send("done");
        };
        Worker::run_all();
        "#,
    );
    assert_eq!(host.tcp("text://127.0.0.1:0").ask("x"), "done");
    assert_eq!(host.printed().len(), 3);
    for (got, what) in host.printed().iter().zip(["a Response", "a Chunk", "ServerSentEvents"]) {
        assert!(
            got.contains(&format!(
                "{what} answers an HTTP request, and this connection speaks text"
            )),
            "{got}"
        );
    }
}

#[test]
fn rhost_check_knows_what_http_has_and_what_was_meant() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |code: &str| {
        let file = folder.path().join("main.rhai");
        std::fs::write(&file, script(code)).expect("the script");
        let output =
            crate::support::process::rhost().arg("check").arg(&file).output().expect("rhost");
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    let good = "
        request.user = request.get(\"u\", 1);
        let r = Response(200, #{}, request.body()).with_status(201).cookie(\"a\", \"b\", #{});
        connection.send(r);
        connection.send(Response::json(request.json()));
        connection.send(Chunk(ServerSentEvents(#{}).to_string()));
        connection.send(Response::redirect(\"/\", 303).with_file(\"f\", 1, 2));";
    assert_eq!(check(good), "");
    for (code, wanted) in [
        ("connection.send(Respnse(200))", "did you mean `Response`?"),
        ("connection.send(Chunck(1))", "did you mean `Chunk`?"),
        ("connection.send(ServerSentEvent(#{}))", "did you mean `ServerSentEvents`?"),
        ("connection.send(Response().with_staus(200))", "did you mean `with_status`?"),
        ("request.querystring()", "did you mean `query_string`?"),
        ("Response::jsn(1)", "jsn"),
        ("Response.json(1)", "the functions of `Response` are called so: `Response::json(…)`"),
        ("Response(1, 2, 3, 4)", "`Response` exists as"),
    ] {
        let said = check(code);
        assert!(said.contains(wanted), "{code}: {said}");
    }
}
