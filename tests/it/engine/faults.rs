//! Errors in scripts: each costs one event, and says where and why (Workerman's K10).

use crate::support::{client::Client, findings, host::TestHost};
use std::time::{Duration, Instant};

const TEXT: &str = "text://127.0.0.1:0";

/// Throws wherever it can, and answers everyone else.
const THROWS: &str = r#"fn fail(what) {
    throw `from ${what}`;
}
let worker = Worker("text://127.0.0.1:0");
worker.max_package_size = 16;
worker.max_send_buffer_size = 1;
worker.on_connect = |connection| fail("connect");
worker.on_message = |connection, line| {
    connection.send(line);
    switch line {
        "message" => fail("message"),
        "timer" => Timer::delay(0.001, || fail("timer")),
        "full" => { let large = ""; large.pad(16000000, 'x'); connection.send(large); }
        _ => ()
    }
};
worker.on_buffer_full = |connection| fail("buffer_full");
worker.on_buffer_drain = |connection| fail("buffer_drain");
worker.on_error = |connection, code, text| fail("error");
worker.on_close = |connection| fail("close");
worker.on_worker_stop = |worker| fail("worker_stop");
Worker::run_all();
"#;

#[test]
fn an_error_in_any_callback_costs_that_event_alone() {
    let mut host = TestHost::start(THROWS);
    let mut witness = host.tcp(TEXT);
    assert_eq!(host.fault().title, "from connect");
    let mut client = Client::connect_narrow(host.socket(TEXT));
    assert_eq!(host.fault().title, "from connect");
    assert_eq!(client.ask("message"), "message");
    assert_eq!(host.fault().title, "from message");
    assert_eq!(client.ask("timer"), "timer");
    assert_eq!(host.fault().title, "from timer");
    assert_eq!(client.ask("full"), "full");
    assert_eq!(host.fault().title, "from buffer_full");
    assert_eq!(client.bytes(16_000_001)[16_000_000], b'\n');
    assert_eq!(host.fault().title, "from buffer_drain");
    assert_eq!(client.ask("message"), "message", "all that, and it is still open");
    assert_eq!(host.fault().title, "from message");
    client.send("this line is too long\n");
    client.expect_end();
    assert_eq!(host.fault().title, "from error");
    assert_eq!(host.fault().title, "from close");
    assert_eq!(witness.ask("hi"), "hi");
    assert_eq!(host.errors(), 9, "one report each");
    host.handle().stop(0);
    assert_eq!(host.ended(), 0);
    assert_eq!(host.logged("from worker_stop"), 1);
    assert_eq!(host.errors(), 11, "and at the end worker_stop, and the witness's close");
}

#[test]
fn a_report_says_what_happened_where_and_to_whom() {
    let mut host = TestHost::start(THROWS);
    let mut client = host.tcp(TEXT);
    host.fault();
    client.send("message\n");
    let fault = host.fault();
    assert_eq!(fault.location, "main.rhai:2:5");
    assert_eq!(fault.title, "from message");
    let text = &fault.text;
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    assert_eq!(lines[0], "error: from message", "{text}");
    assert!(lines[1].ends_with("--> main.rhai:2:5"), "{text}");
    let source = lines.iter().position(|l| l.ends_with("throw `from ${what}`;")).expect(text);
    let throw = lines[source].find("throw").expect("just found");
    assert_eq!(lines[source + 1].find('^'), Some(throw), "the caret stands under the word\n{text}");
    assert!(text.contains("\"message\" => fail(\"message\"),"), "the caller's line\n{text}");
    assert!(text.contains("in a call to `fail`"), "{text}");
    let whom = "in on_message of worker `text://127.0.0.1:0`, connection 1, generation 0";
    assert!(text.contains(whom), "{text}");
    let record = host.wait_for_log("error: from message");
    assert_eq!(record.message, *text, "the log has the same");
    assert_eq!(record.worker, TEXT);
}

#[test]
fn an_error_in_an_imported_file_names_that_file() {
    let mut host = TestHost::start_with(
        r#"
        import "lib/answers" as answers;
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| connection.send(answers::to(line));
        Worker::run_all();
        "#,
        &[(
            "lib/answers.rhai",
            "fn to(line) {\n    if line == \"bad\" { throw \"cannot\"; }\n    line\n}\n",
        )],
    );
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("good"), "good");
    client.send("bad\n");
    let fault = host.fault();
    assert!(fault.location.ends_with("lib/answers.rhai:2:24"), "{}", fault.text);
    assert!(fault.text.contains("if line == \"bad\" { throw \"cannot\"; }"), "{}", fault.text);
    assert!(fault.text.contains("main.rhai:4:"), "the caller too\n{}", fault.text);
    assert_eq!(client.ask("good"), "good");
}

#[test]
fn mistakes_in_handlers_are_explained() {
    let _meant = findings::meant(&["unknown-function"]);
    let mut host = TestHost::start(
        r#"
        fn deep(n) { deep(n + 1) }
        fn greet(name) { "hello " + name }
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            switch line {
                "function" => connection.send(gret(line)),
                "method" => connection.sent(line),
                "type" => connection.send(line - 1),
                "index" => connection.send([1][5]),
                "division" => connection.send(1 / 0),
                "recursion" => deep(0),
                "map" => throw #{ message: "from a map", code: 7 },
                _ => connection.send(line),
            }
        };
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(TEXT);
    for (line, says, place) in [
        ("function", "greet", "main.rhai:7:47"),
        ("method", "send", "main.rhai:8:"),
        ("type", "-", "main.rhai:9:"),
        ("index", "5", "main.rhai:10:"),
        ("division", "Division by zero", "main.rhai:11:"),
        ("recursion", "deep", "main.rhai:2:22"),
        ("map", "from a map", "main.rhai:13:"),
    ] {
        client.send(format!("{line}\n"));
        let fault = host.fault();
        assert!(fault.text.contains(says), "{line}: no `{says}` in\n{}", fault.text);
        assert!(fault.location.starts_with(place), "{line}: not at {place}\n{}", fault.text);
        assert!(fault.text.lines().count() < 60, "{line}: too long\n{}", fault.text);
        assert_eq!(client.ask("still here"), "still here", "{line}");
    }
}

#[test]
fn known_traps_are_explained() {
    let _meant = findings::meant(&["argument-count", "loop-capture", "unknown-variable"]);
    let mut host = TestHost::start_with(
        r#"
        import "lib/words" as words;
        let users = #{};
        fn greet(name, times) { name }
        fn slow() { sleep(0.05); this }
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            switch line {
                "function" => whisper(),
                "module" => words::count(),
                "arguments" => greet(line),
                "native" => connection.send(),
                "closure" => { let f = |a, b| a; f.call(1); },
                "race" => { let list = [1]; list.for_each(|| { list.push(2); }); },
                "loop" => for i in 0..3 {
                    Timer::delay(0, || i.slow());
                    sleep(0.01);
                },
                _ => connection.send(line),
            }
        };
        fn whisper() { connection.send("psst"); }
        Worker::run_all();
        "#,
        &[("lib/words.rhai", "fn count() { users.len() }\n")],
    );
    let mut client = host.tcp(TEXT);
    for (line, help) in [
        ("function", "help: `connection` exists only inside of the block or function at line 7"),
        ("module", "help: `users` is a variable of main.rhai: hand it over as an argument"),
        ("arguments", "help: `greet` exists as `greet(name, times)`"),
        ("native", "help: `send` exists as `send("),
        ("closure", "help: the closure takes 1 argument more"),
        (
            "race",
            "help: another handler that waits right now, or the call around this one, holds this",
        ),
        ("loop", "help: did a closure capture the variable of a `for` loop?"),
    ] {
        client.send(format!("{line}\n"));
        let fault = host.fault();
        assert!(fault.text.contains(help), "{line}: no `{help}` in\n{}", fault.text);
        assert_eq!(client.ask("still here"), "still here", "{line}");
    }
}

#[test]
fn a_variable_of_an_inner_block_is_explained() {
    let script = r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            if line != "" {
                let answer = `${line}!`;
                print(answer);
            }
            connection.send(answer);
        };
        "#;
    let error = TestHost::try_start(script, &[]).err().expect("refused").to_string();
    let help = "help: `answer` exists only inside of the block or function at line 5";
    assert!(error.contains(help) && error.contains("main.rhai:8:"), "{error}");
}

/// What `rhost check` warns of is what happens, and what it advises helps.
#[test]
fn closures_made_in_a_loop_share_its_variable_unless_it_is_copied() {
    let _meant = findings::meant(&["loop-capture"]);
    let script = r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            let kept = [];
            switch line {
                "shared" => for i in 0..3 { kept.push(|| i); },
                "copied" => for i in 0..3 { let x = i; kept.push(|| x); },
                "same name" => for i in 0..3 { let i = i; kept.push(|| i); },
                "handles" => for c in worker.connections { kept.push(|| c.id); },
            }
            let answer = "";
            for f in kept { answer += f.call(); }
            connection.send(answer);
        };
        Worker::run_all();
        "#;
    let mut host = TestHost::start(script);
    let (mut client, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(other.ask("shared"), "222");
    assert_eq!(client.ask("copied"), "012");
    assert_eq!(client.ask("same name"), "012");
    assert_eq!(client.ask("handles"), "12");
}

#[test]
fn time_that_a_handler_waits_does_not_count_as_running() {
    let mut host = TestHost::try_start_as(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            for n in 0..6 { sleep(0.05); }
            connection.send(line);
        };
        Worker::run_all();
        "#,
        &[],
        |builder| builder.handler_timeout(Duration::from_millis(150)),
    )
    .expect("starts");
    assert_eq!(host.tcp(TEXT).ask("a"), "a");
    assert_eq!(host.errors(), 0);
}

/// Handlers that wait, for as long as the script is told to.
const WAITS: &str = r#"
let free = false;
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    switch line {
        "wait" => {
            print("waiting");
            while !free { sleep(0.01); }
            print(`sent: ${connection.send("late")}`);
        }
        "go" => { free = true; connection.send("gone"); }
        _ => connection.send(line),
    }
};
worker.on_close = |connection| print(`closed ${connection.id}`);
Worker::run_all();
"#;

#[test]
fn a_handler_that_waits_holds_up_its_own_connection_alone() {
    let mut host = TestHost::start(WAITS);
    let (mut waits, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    waits.send("wait\nnext\n");
    host.wait_for_log("waiting");
    assert_eq!(other.ask("a"), "a");
    host.expect_silence(&waits);
    assert_eq!(other.ask("go"), "gone");
    assert_eq!(waits.line(), "late");
    assert_eq!(waits.line(), "next");
}

#[test]
fn a_handler_that_waits_while_its_connection_is_reset_sends_into_nothing() {
    let mut host = TestHost::start(WAITS);
    let (mut waits, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    waits.send("wait\n");
    host.wait_for_log("waiting");
    waits.reset();
    assert_eq!(other.ask("a"), "a");
    assert_eq!(other.ask("go"), "gone");
    host.wait_for_log("closed 1");
    assert_eq!(host.printed(), ["waiting", "sent: false", "closed 1"]);
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_handler_that_waits_still_answers_a_peer_that_has_finished_sending() {
    let mut host = TestHost::start(WAITS);
    let (mut waits, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    waits.send("wait\nnext\n");
    waits.finish();
    host.wait_for_log("waiting");
    assert_eq!(other.ask("go"), "gone");
    assert_eq!(waits.rest(), b"late\nnext\n");
    host.wait_for_log("closed 1");
}

#[test]
fn waiting_handlers_do_not_keep_a_host_from_ending() {
    let mut host = TestHost::start(WAITS);
    let mut waits = host.tcp(TEXT);
    waits.send("wait\n");
    host.wait_for_log("waiting");
    let began = Instant::now();
    host.handle().stop(4);
    assert_eq!(host.ended(), 4);
    assert!(began.elapsed() < Duration::from_secs(2), "took {:?}", began.elapsed());
}
