//! What can be seen in a script without running it: each kind of mistake, and beside it what looks like one and is none.

use rhost::{Finding, Host, rhai};
use std::fs;

/// What is found in `main.rhai`, with these files beside it.
pub fn findings(script: &str, files: &[(&str, &str)]) -> Vec<Finding> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files.iter().chain(&[("main.rhai", script)]) {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    Host::builder().script(folder.path().join("main.rhai")).check().expect("a script")
}

/// One finding of this code at `line:column` is all there is, and it says this.
#[track_caller]
fn finds(script: &str, code: &str, place: &str, says: &str) {
    let found = findings(script, &[]);
    let told: Vec<String> = found.iter().map(|f| f.text.clone()).collect();
    assert_eq!(found.len(), 1, "one finding in\n{script}\n{}", told.join("\n"));
    assert_eq!(found[0].code, code, "{script}\n{}", found[0].text);
    assert_eq!(found[0].location(), format!("main.rhai:{place}"), "{script}\n{}", found[0].text);
    assert!(found[0].text.contains(says), "no `{says}` in\n{}", found[0].text);
    assert!(found[0].text.contains(code), "{}", found[0].text);
}

#[track_caller]
pub fn is_silent(script: &str) {
    let told: Vec<String> = findings(script, &[]).iter().map(|f| f.text.clone()).collect();
    assert!(told.is_empty(), "{script}\n{}", told.join("\n"));
}

/// A worker, in the first line.
fn with_worker(script: &str) -> String {
    format!("let worker = Worker(\"text://127.0.0.1:0\");\n{script}\n")
}

/// A worker for HTTP whose handler's body this is, in the third line.
fn in_request(body: &str) -> String {
    format!(
        "let worker = Worker(\"http://127.0.0.1:0\");\nworker.on_message = |connection, request| {{\n{body}\n\
         connection.send(request.body()); }};\n"
    )
}

#[test]
fn names_of_other_systems_are_told_with_ours() {
    for (wrong, place, ours) in [
        ("worker.onMessage = |c, d| c.send(d);", "2:8", "on_message"),
        ("worker.onWorkerStart = |w| print(w);", "2:8", "on_worker_start"),
        ("worker.onWebSocketConnect = |c| print(c);", "2:8", "on_websocket_connect"),
        ("worker.maxSendBufferSize = 5;", "2:8", "max_send_buffer_size"),
        ("worker.on_close = |c| print(c.bytesRead);", "2:31", "bytes_read"),
        ("worker.on_close = |c| c.pauseRecv();", "2:25", "pause_recv"),
        ("worker.on_close = |c| print(c.getRemoteIp());", "2:31", "get_remote_ip"),
        ("worker.on_connect = |c| c.onClose = |x| print(x);", "2:27", "on_close"),
        ("Worker::runAll();", "2:9", "Worker::run_all"),
        (
            "fn set(w) { w.onMessage = |c, d| c.send(d); }\nset(parse_json(\"{}\"));",
            "2:15",
            "on_message",
        ),
    ] {
        finds(&with_worker(wrong), "foreign-name", place, ours);
    }
    is_silent(&with_worker(
        "worker.on_message = |c, d| { let m = parse_json(d); c.send(m.onMessage); };",
    ));
    is_silent(&with_worker(
        "worker.on_message = |c, d| { let m = #{}; m.onClose = d; c.send(m); };",
    ));
}

#[test]
fn settings_that_are_misspelt_are_told_unless_they_are_properties_of_the_scripts_own() {
    for (wrong, place, ours) in [
        ("worker.cuont = 2;", "2:8", "count"),
        ("worker.on_connect = |c| c.max_pakage_size = 5;", "2:27", "max_package_size"),
        ("fn set_up(w) { w.handler_timout = 5; }\nset_up(worker);", "2:18", "handler_timeout"),
        ("worker.on_connect = |c| print(c.byte_read);", "2:33", "bytes_read"),
        ("worker.on_connect = |c| print(c.worker.conections);", "2:40", "connections"),
    ] {
        finds(&with_worker(wrong), "misspelt-property", place, ours);
    }
    for right in [
        "worker.counts = #{}; worker.on_connect = |c| worker.counts[`${c.id}`] = 1;",
        "worker.cuont = 2; worker.on_connect = |c| print(worker.cuont);",
        "worker.cuont = 2; worker.on_connect = |c| print(worker[\"cuont\"]);",
        "worker.cuont = 2; let key = \"cuont\"; print(worker[key]);",
        "worker.users = 2;",
        "let m = #{ a: 1 }; m.cuont = 2; print(m);",
    ] {
        is_silent(&with_worker(right));
    }
}

#[test]
fn options_of_the_process_are_no_properties_of_a_worker() {
    let help = "Worker::configure(#{ pid_file: … })";
    finds(&with_worker("worker.pidFile = \"a.pid\";"), "misplaced-option", "2:8", help);
    finds(&with_worker("worker.daemonize = true;"), "misplaced-option", "2:8", "daemonize");
    is_silent(&with_worker(
        "worker.metrics = #{}; worker.on_connect = |c| worker.metrics.n = c.id;",
    ));
}

#[test]
fn values_that_a_setting_does_not_take_are_told_where_they_are_written() {
    for (wrong, says) in [
        ("worker.count = \"2\";", "count is a whole number from 1 to 1024"),
        ("worker.count = 0;", "count is a whole number from 1 to 1024"),
        ("worker.name = 5;", "name is a string"),
        ("worker.heartbeat = -1;", "heartbeat is a number of seconds"),
        ("worker.reloadable = 1;", "reloadable is true or false"),
        ("worker.protocol = \"htp\";", "htp"),
        ("worker.on_script_error = \"stop\";", "keep"),
        ("worker.trusted_proxies = [\"everybody\"];", "everybody"),
    ] {
        finds(&with_worker(wrong), "setting-value", "2:8", says);
    }
    let of_connection = "worker.on_connect = |c| c.max_package_size = 0;";
    finds(&with_worker(of_connection), "setting-value", "2:27", "max_package_size");
    for right in [
        "worker.count = 2; worker.heartbeat = 0.5; worker.idle_timeout = 3; worker.name = \"a\";",
        "const MANY = 5; worker.count = MANY;",
        "let m = #{}; m.count = \"2\"; print(m);",
    ] {
        is_silent(&with_worker(right));
    }
}

#[test]
fn addresses_are_read_where_they_are_written() {
    for (wrong, says) in [
        ("htp://127.0.0.1:0", "htp"),
        ("text://127.0.0.1:65536", "0 to 65535"),
        ("text://127.0.0.1", "has no port"),
        ("text://nowhere:1", "is not an IP address"),
        ("127.0.0.1:80", "is not an address"),
    ] {
        let script =
            format!("let worker = Worker(\"{wrong}\");\nworker.on_connect = |c| c.close();\n");
        finds(&script, "address", "1:21", says);
    }
    is_silent("let port = 5; let worker = Worker(`text://127.0.0.1:${port}`); worker.count = 1;");
}

#[test]
fn options_and_arguments_that_are_written_out_are_judged() {
    for (wrong, code, place) in [
        ("Worker::configure(#{ stop_timout: 5 });", "argument-value", "2:19"),
        ("Worker::configure(#{ stop_timeout: \"5\" });", "argument-value", "2:19"),
        ("Timer::add(-1, || print(1));", "argument-value", "2:12"),
        ("Timer::add(1, 2);", "argument-type", "2:15"),
        ("worker.on_connect = |c| c.close(1, 2);", "argument-type", "2:36"),
        ("worker.on_connect = |c| c.send(Response(99));", "argument-value", "2:41"),
    ] {
        finds(&with_worker(wrong), code, place, "");
    }
    is_silent(&with_worker(
        "let time = 5; Worker::configure(#{ stop_timeout: time }); Timer::add(1.5, \"tick\"); fn tick() {}",
    ));
    is_silent(&with_worker(
        "worker.on_connect = |c| try { sleep(\"no\"); } catch (e) { c.send(e); };",
    ));
}

#[test]
fn what_cannot_be_sent_is_told() {
    finds(&with_worker("worker.on_connect = |c| c.send(());"), "cannot-be-sent", "2:27", "()");
    finds(&with_worker("worker.broadcast(|| 1);"), "cannot-be-sent", "2:8", "a function");
    is_silent(&with_worker("worker.on_connect = |c| c.close(());"));
    is_silent(&with_worker("worker.on_message = |c, d| c.send(parse_json(d));"));
}

#[test]
fn calls_in_the_wrong_place_are_told() {
    for (wrong, place, says) in [
        ("sleep(1);", "2:1", "only handlers may wait"),
        ("Timer::sleep(1);", "2:8", "only handlers may wait"),
        ("fn pause() { sleep(1); }\npause();", "2:14", "only handlers may wait"),
        ("Worker::stop_all();", "2:9", "for handlers"),
        (
            "worker.on_connect = |c| { Worker::configure(#{}); c.close(); };",
            "2:35",
            "for the top level",
        ),
        (
            "fn f(c) { Worker::configure(#{}); c.close(); }\nworker.on_connect = f;",
            "2:19",
            "for the top level",
        ),
        ("Timer::add(1, || Worker::configure(#{}));", "2:26", "for the top level"),
        ("worker.on_connect = |c| c.worker.count = 2;", "2:34", "at the top level only"),
    ] {
        finds(&with_worker(wrong), "wrong-place", place, says);
    }
    for right in [
        "worker.on_connect = |c| { sleep(1); c.close(); };",
        "fn pause() { sleep(1); }\nworker.on_connect = |c| { pause(); c.close(); };",
        "try { sleep(1); } catch { print(1); }",
        "Timer::delay(1, || sleep(1));",
        "fn set_up() { Worker::configure(#{}); }\nset_up();",
    ] {
        is_silent(&with_worker(right));
    }
}

#[test]
fn methods_that_are_not_called_are_told() {
    finds(&in_request("print(request.path);"), "method-without-call", "3:15", "path()");
    finds(&in_request("request.session;"), "method-without-call", "3:9", "session()");
    finds(&with_worker("worker.listen;"), "method-without-call", "2:8", "listen()");
    finds(
        &with_worker("worker.on_connect = |c| { c.close; };"),
        "method-without-call",
        "2:29",
        "close()",
    );
    finds("let m = #{ a: 1 };\nprint(m.len);", "method-without-call", "2:9", "len()");
    let unknown = "fn f(x) { x.close; print(x); }\nf(parse_json(\"{}\"));";
    finds(unknown, "method-without-call", "1:13", "close()");
    for right in [
        "let m = #{ len: 1 }; print(m.len);",
        "let m = parse_json(`{}`); print(m.len);",
        "let list = [1]; print(list.len); print(\"abc\".len);",
    ] {
        is_silent(right);
    }
    let old = with_worker("worker.on_websocket_connect = |c, request| { request.path == \"/\" };");
    finds(&old, "method-without-call", "2:54", "path()");
}

#[test]
fn methods_of_another_object_are_told() {
    finds(&with_worker("worker.send(1);"), "unknown-method", "2:8", "TcpConnection has");
    finds(
        &with_worker("worker.on_connect = |c| c.broadcast(1);"),
        "unknown-method",
        "2:27",
        "Worker has",
    );
    is_silent(&with_worker("fn send(x) { print(`${this} ${x}`); }\nworker.send(1);"));
}

#[test]
fn what_cannot_be_assigned_is_told() {
    finds(
        &with_worker("worker.on_connect = |c| c.id = 5;"),
        "read-only",
        "2:27",
        "`id` of TcpConnection",
    );
    finds(&with_worker("worker.connections = #{};"), "read-only", "2:8", "`connections` of Worker");
    finds(
        &with_worker("worker.on_connect = |c| c.bytes_read += 1;"),
        "read-only",
        "2:27",
        "bytes_read",
    );
    finds("const LIMITS = #{ a: 1 };\nLIMITS.a = 2;", "constant-changed", "2:8", "LIMITS");
    for (wrong, place) in [
        ("const K = 3;\nlet f = || { K = 4; print(K); };\nf.call();", "2:14"),
        ("const K = 3;\nlet f = || { K = 4; };\nf.call();", "2:14"),
        ("const K = 3;\nfn f() { K += 1; K }\nprint(f());", "2:10"),
        ("fn f() { const K = 3; let g = || { K = 4; K }; g.call() }\nprint(f());", "1:36"),
    ] {
        finds(wrong, "constant-changed", place, "`K`");
    }
    is_silent("const K = 3; fn f() { try { K = 4; } catch (e) { print(e); } } f(); print(K);");
    is_silent("const K = 3; let f = || { let K = 4; K = 5; print(K); }; f.call(); print(K);");
    is_silent("let m = #{}; m.id = 5; print(m);");
    is_silent(&with_worker(
        "worker.on_connect = |c| c.uid = 5; worker.on_close = |c| print(c.uid);",
    ));
    is_silent("const LIMITS = #{ a: 1 }; let copy = LIMITS; copy.a = 2; print(copy);");
}

#[test]
fn lengths_are_called_len() {
    for (wrong, place) in [
        ("let s = \"abc\"; print(s.length);", "1:24"),
        ("let list = [1]; if list.size > 0 { print(1); }", "1:25"),
        ("print(\"abc\".count);", "1:13"),
        ("fn f() { let b = blob(3); b.length } print(f());", "1:29"),
    ] {
        finds(wrong, "length", place, "write `len()`");
    }
    is_silent("let m = #{ length: 1, count: 2 }; print(m.length + m.count);");
    is_silent(&with_worker(
        "worker.on_message = |c, d| { let x = parse_json(d); c.send(x.length); };",
    ));
}

#[test]
fn what_nothing_reaches_is_told() {
    for (wrong, place) in [
        ("fn f() { return 1;\nprint(2); }\nprint(f());", "2:1"),
        ("fn f() { throw 1;\nprint(2); }\nf();", "2:1"),
        ("for i in 0..3 { print(i); continue;\nprint(2); }", "2:1"),
        ("loop { print(1); }\nprint(2);", "2:1"),
        ("fn f(x) { if x { return 1; } else { throw 2; }\nprint(2); }\nf(true);", "2:1"),
    ] {
        finds(wrong, "unreachable", place, "never reached");
    }
    finds(
        "Worker::run_all();\nprint(2);",
        "after-run-all",
        "2:1",
        "`Worker::run_all` ends the top level",
    );
    for right in [
        "fn f(x) { if x { return 1; }\nprint(2); }\nf(true);",
        "loop { if true { break; } }\nprint(2);",
        "loop { switch 1 { 1 => break, _ => print(1) } }\nprint(2);",
        "Worker::run_all();\nfn late() { print(1); }\nTimer::add(1, late);",
        "let n = 0; while n < 3 { n += 1; }\nprint(2);",
    ] {
        if !right.contains("late") {
            is_silent(right);
        }
    }
    is_silent("Timer::add(1, \"late\");\nWorker::run_all();\nfn late() { print(1); }");
}

#[test]
fn escapes_in_backticks_that_are_meant_as_ends_of_lines_are_told() {
    let told = "stays as it is in backticks";
    finds("let n = 1;\nprint(`part ${n}\\n`);", "backtick-escape", "2:17", told);
    finds("let n = 1;\nprint(`a\\tb\\r\\n${n}`);", "backtick-escape", "2:7", told);
    for right in [
        "let n = 1; print(`part ${n}\n`);",
        "let n = 1; print(`part ${n}${\"\\n\"}`);",
        "let n = 1; print(`C:\\\\new ${n}`);",
        "print(`\\n`.len());",
    ] {
        is_silent(right);
    }
}

#[test]
fn texts_in_double_quotes_that_are_meant_to_be_templates_are_told() {
    let wrong = "let name = \"you\";\nprint(\"hello ${name}\");";
    finds(&format!("{wrong}\nprint(name);"), "template", "2:7", "backticks");
    finds(&in_request("connection.send(\"${request.body()}\");"), "template", "3:17", "backticks");
    for right in [
        "let name = \"you\"; print(`hello ${name}`);",
        "print(\"hello ${nobody}\");",
        "let name = 1; print(#\"hello ${name}\"#); print(name);",
        "let name = 1; print(\"$name ${} {name}\"); print(name);",
    ] {
        is_silent(right);
    }
}

#[test]
fn what_nothing_uses_is_told() {
    for (wrong, code, place) in [
        ("fn f() { let n = 1; }\nf();", "unused-variable", "1:14"),
        ("let n = 0;\nfn f() { n += 1; }\nf();", "unused-variable", "1:5"),
        ("const LIMIT = 3;", "unused-variable", "1:7"),
        ("let f = |x| { let y = x; };\nprint(f);", "unused-variable", "1:19"),
        ("let x = 1;\nlet x = 2;\nprint(x);", "unused-variable", "1:5"),
        ("fn f(a, b) { a }\nprint(f(1, 2));", "unused-parameter", "1:9"),
        ("fn f() { 1 }\nprint(2);", "unused-function", "1:4"),
        ("fn f(n) { if n > 0 { f(n - 1) } }\nprint(1);", "unused-function", "1:4"),
        ("fn f() { 1 }\nlet w = Worker(\"text://127.0.0.1:0\");", "unused-function", "1:4"),
        ("fn f() { 1 }\nlet t = Timer::add(1, || print(1));", "unused-function", "1:4"),
        ("private fn f() { 1 }", "unused-function", "1:12"),
        ("fn on_a() { 1 }\nprint(`to_${1}` + `on ${2}`);", "unused-function", "1:4"),
    ] {
        finds(wrong, code, place, "_");
    }
    for right in [
        "fn f() { let _n = 1; }\nf();",
        "fn f(a, _b) { a }\nprint(f(1, 2));",
        "fn _f() { 1 }",
        "let worker = Worker(\"text://127.0.0.1:0\");",
        "let timer = Timer::add(1, || print(1));",
        "let n = 0; let f = || n += 1; f.call(); print(n);",
        "let n = 0; fn show() { print(n); } show();",
        "for i in 0..3 { print(1); }",
        "try { throw 1; } catch (e) { print(1); }",
        "fn f(a, b) { b } print([1].map(f));",
        "fn twice(x) { x * 2 } print([1, 2].map(twice)); print([1].map(Fn(\"twice\")));",
        "fn tick() { print(1); } Timer::add(1, \"tick\");",
        "fn shout() { this + \"!\" } print(\"a\".shout());",
        "fn int.half() { this / 2 } let n = 4; print(n.half());",
        "export const PORT = 1; export let state = #{};",
        "let a = 1; fn peek() { a } print(peek!());",
        "let m = #{}; m.a = 1;",
        "fn a() { 1 }",
        "import \"std/router\" as router;\nexport const N = 1;\nlet seen = [];\nfn a() { seen.len() }\nfn b() { router::create() }",
        "fn on_a(x) { 1 }\nfor x in [\"a\"] { print(Fn(\"on_\" + x).call(1)); }",
        "fn on_a(x) { 1 }\nfor x in [\"a\"] { let f = `on_${x}`; print(Fn(f).call(1)); }",
        "fn on_a(x) { x.size }\nfor x in [\"a\"] { print(Fn(\"on\" + \"_\" + x).call(#{})); }\nprint(on_a(\"a\"));",
        "fn a(x) { 1 }\nlet name = parse_json(\"a\"); print(Fn(name).call(1));",
    ] {
        is_silent(right);
    }
    is_silent(&with_worker("worker.on_message = |connection, line| print(1);"));
    is_silent(&with_worker(
        "fn answer(connection, line) { print(1); }\nworker.on_message = answer;",
    ));
}

#[test]
fn functions_and_constants_of_a_module_are_there_for_whoever_imports_it() {
    let on_state = "let users = #{};\nfn all() { users.len() }\nprint(users);\n";
    assert!(findings(on_state, &[]).is_empty(), "it is what the script can do with its state");
    let module = "export const PORT = 1;\nconst NAME = \"x\";\nfn open() { shut() }\nprivate fn shut() { NAME }\nprivate fn never() { 1 }\n";
    let found = findings("import \"lib\" as lib;\nprint(lib::PORT);\n", &[("lib.rhai", module)]);
    let told: Vec<String> = found.iter().map(|f| format!("{} {}", f.code, f.location())).collect();
    assert_eq!(told, ["unused-function lib.rhai:5:12"]);
}

#[test]
fn routes_that_are_there_already_are_told() {
    let start = "import \"std/router\" as router;\nlet app = router::create();\n";
    let wrong =
        format!("{start}router::get(app, \"/a\", |r| 1);\nrouter::get(app, \"/a\", |r| 2);\n");
    finds(&wrong, "route", "4:18", "there is one of this method already");
    let wrong = format!(
        "{start}router::get(app, \"/a/:id\", |r| 1);\nrouter::get(app, \"/a/:name\", |r| 2);\n"
    );
    finds(&wrong, "route", "4:18", "already");
    let wrong = format!("{start}router::get(app, \"a\", |r| 1);\n");
    finds(&wrong, "route", "3:18", "begins with a slash");
    let wrong = "let table = RouteTable();\ntable.add(\"GET\", \"/a\", 1);\ntable.add(\"get\", \"/a\", 2);\n";
    finds(wrong, "route", "3:18", "already");
    for right in [
        "router::get(app, \"/a\", |r| 1); router::post(app, \"/a\", |r| 2);",
        "if true { router::get(app, \"/a\", |r| 1); } else { router::get(app, \"/a\", |r| 2); }",
        "router::get(app, \"/a\", |r| 1); router::group(app, \"/g\", |g| { router::get(g, \"/a\", |r| 2); });",
        "let other = router::create(); router::get(app, \"/a\", |r| 1); router::get(other, \"/a\", |r| 2);",
    ] {
        is_silent(&format!("{start}{right}"));
    }
}

#[test]
fn state_that_two_workers_seem_to_share_is_told() {
    let start = "let a = Worker(\"text://127.0.0.1:1\");\nlet b = Worker(\"text://127.0.0.1:2\");\nlet users = #{};\n";
    let wrong = format!(
        "{start}a.on_message = |c, d| users[d] = c;\nb.on_message = |c, d| c.send(d in users);\n"
    );
    finds(&wrong, "shared-by-workers", "4:23", "`a` and `b`");
    let wrong = format!(
        "{start}fn note(d) {{ users.set(d, 1); }}\na.on_message = |c, d| {{ note(d); c.close(); }};\nb.on_message = |c, d| c.send(users.get(d));\n"
    );
    finds(&wrong, "shared-by-workers", "4:14", "`users`");
    let wrong = format!(
        "{start}print(users);\na.on_message = |c, d| {{ b.broadcast(d); c.close(); }};\nb.on_connect = |c| c.close();\n"
    );
    finds(&wrong, "other-worker", "5:27", "`b` runs apart from `a`");
    for right in [
        "a.on_message = |c, d| users[d] = c; b.on_message = |c, d| c.send(d); a.on_close = |c| print(users.len());",
        "a.on_message = |c, d| c.send(users.len()); b.on_message = |c, d| c.send(users.len());",
        "users.a = 1; a.on_message = |c, d| c.send(users.a); b.on_message = |c, d| c.send(users.a);",
        "print(users); a.on_message = |c, d| { a.broadcast(d); c.close(); }; b.on_connect = |c| c.send(a.name);",
    ] {
        is_silent(&format!("{start}{right}"));
    }
    is_silent(
        "let a = Worker(\"text://127.0.0.1:1\"); let users = #{};\na.on_message = |c, d| users[d] = c;\n\
         a.on_worker_start = |w| { let inner = Worker(\"text://127.0.0.1:2\"); inner.on_message = |c, d| { \
         w.broadcast(d); c.send(d in users); }; inner.listen(); };",
    );
}

#[test]
fn functions_are_called_with_as_many_arguments_as_they_take() {
    for (wrong, code, place) in [
        ("fn f(a) { a }\nprint(f(1, 2));", "argument-count", "2:7"),
        ("print(nobody(1));", "unknown-function", "1:7"),
        ("print(somebody);", "unknown-variable", "1:7"),
        (
            "let w = Worker();\nw.on_worker_start = |w| print(app);\nlet app = 1;",
            "unknown-variable",
            "2:31",
        ),
        ("print(app);\nlet app = 1;", "unknown-variable", "1:7"),
        ("Timer::add(1, |a| print(a));", "callback-parameters", "1:8"),
        ("import \"std/none\" as none;", "unknown-import", "1:1"),
    ] {
        finds(wrong, code, place, "");
    }
    let help = "import it first: `import \"std/time\" as time;`";
    finds("print(time::now());", "unknown-module", "1:13", help);
    is_silent("Timer::add(1, |a| print(a), [1]);");
    is_silent("let args = [1]; Timer::add(1, |a| print(a), args);");
}

#[test]
fn what_rhai_allows_is_no_finding() {
    for right in [
        "fn handler(c, d) { c.send(d); }\nlet worker = Worker(\"text://127.0.0.1:0\"); worker.on_message = handler;",
        "fn double(x) { x * 2 }\nprint([1, 2].map(double));",
        "let obj = #{ n: 1, inc: |x| { this.n += x; this.n } };\nprint(obj.inc(5));",
        "fn local() { let o = #{ n: 7, f: |x| x * 2, g: || this.n }; `${o.f(4)} ${o.g()}` }\nprint(local());",
        "fn foo(x) { x + caller }\nlet caller = 1; print(foo!(1));",
        "fn foo(x) { x + inner }\nfn bar() { let inner = 1; foo!(1) }\nprint(bar());",
        "fn later() { further }\nlet further = 1;\nprint(later());",
        "fn later() { [1].map(|n| n + further) }\nlet further = 1;\nprint(later());",
        "let x = if true { 1 } else { 2 }; print(x);",
        "let f = |x| |y| x + y; print(f.call(1).call(2));",
        "print(global::LIMIT); const LIMIT = 3;",
        "let s = switch 3 { 1 => \"a\", _ => \"b\" }; print(s);",
        "fn each(list) { for item in list { if item == 2 { return item; } } -1 }\nprint(each([1, 2]));",
    ] {
        is_silent(right);
    }
}

#[test]
fn what_may_come_from_another_file_is_no_finding() {
    is_silent("fn load(name) { import name as lib; 5.any(1) }\nprint(load(\"lib\"));");
    let main = "fn load() { import \"lib\" as lib; 5.plus(1) }\nprint(load());";
    let found = findings(main, &[("lib.rhai", "fn plus(x) { this + x }")]);
    assert!(found.is_empty(), "{}", found[0].text);
}

#[test]
fn what_is_tried_may_fail() {
    is_silent("try { print(\"abc\".length); } catch (e) { print(e); }");
    is_silent(&with_worker(
        "try { worker.count = 0; worker.address = 1; } catch (e) { print(e); }",
    ));
    is_silent(&with_worker("worker.on_connect = |c| try { c.send(()); } catch (e) { print(e); };"));
}

#[test]
fn what_an_embedder_registers_is_known() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("main.rhai");
    fs::write(&path, "print(twice(2)); print(2.thrice());").expect("a script");
    let host = Host::builder().script(&path).register(|engine| {
        let plain = rhai::Engine::new();
        let ast = plain.compile("fn int.thrice() { this * 3 }").expect("it is right");
        let module = rhai::Module::eval_ast_as_new(rhai::Scope::new(), &ast, &plain);
        engine.register_global_module(module.expect("it runs").into());
        engine.register_fn("twice", |n: i64| n * 2);
    });
    assert_eq!(host.check().expect("a script"), []);
}

#[test]
fn a_callback_is_advised_where_its_object_has_it() {
    for (wrong, says, advises) in [
        ("worker.on_worker_stat = |w| print(w);", "no callback `on_worker_stat`", true),
        ("worker.on_connect = |c| c.on_mesage = |c, d| c.send(d);", "`on_message`?", true),
        ("worker.on_connect = |c| c.on_worker_start = |w| print(w);", "`on_worker_start`", false),
    ] {
        let found = findings(&with_worker(wrong), &[]);
        assert_eq!(found.len(), 1, "{wrong}");
        let text = &found[0].text;
        assert_eq!((found[0].code, text.contains(says)), ("unknown-callback", true), "{text}");
        assert_eq!(text.contains("did you mean"), advises, "{text}");
    }
}

#[test]
fn a_script_that_does_not_parse_is_one_finding_with_its_place() {
    let found = findings("let x = ;", &[]);
    let told: Vec<String> = found.iter().map(|f| format!("{} {}", f.code, f.location())).collect();
    assert_eq!(told, ["unreadable main.rhai:1:9"]);
    assert!(found[0].text.contains("let x = ;"), "{}", found[0].text);
}

#[test]
fn an_unused_variable_may_be_given_anything() {
    for value in
        ["timestamp()", "5 + abs(3)", "parse_json(\"1\")", "f(1)", "[f(1)]", "-f(2)", "`${f(1)}`"]
    {
        finds(
            &format!("let x = {value};\nfn f(n) {{ n }}\nprint(f(1));"),
            "unused-variable",
            "1:5",
            "`x`",
        );
    }
    is_silent("let id = Timer::add(1, || print(1));");
}

#[test]
fn a_dot_joins_nothing() {
    let joins = "texts are joined with `+`";
    finds(
        &with_worker("worker.on_message = |c, data| c.send(\"hello \" . data);"),
        "property-of-text",
        "2:49",
        joins,
    );
    finds("let a = \"x\"; let b = \"y\"; print(a.b + b);", "property-of-text", "1:35", joins);
    finds("fn f(a) { `x${a}` . a } print(f(1));", "property-of-text", "1:21", joins);
    is_silent("let len = 1; print(\"abc\".len + len);");
    is_silent("let name = 1; let m = #{ name: 2 }; print(m.name + name);");
    is_silent("fn f(m, name) { m.name + name } print(f(parse_json(\"{}\"), 1));");
}
