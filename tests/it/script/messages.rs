//! What messages say to whoever writes a script: what is wrong, where, and what to do, in the words that scripts know.

use crate::{
    script::{answers, value_of},
    support::{findings, host::TestHost},
};

/// What a script that cannot start is told.
fn refused(script: &str) -> String {
    refused_with(script, &[])
}

fn refused_with(script: &str, files: &[(&str, &str)]) -> String {
    let error = TestHost::try_start(script, files).err();
    error.unwrap_or_else(|| panic!("it starts:\n{script}")).to_string()
}

#[track_caller]
fn says(text: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(text.contains(wanted), "no `{wanted}` in\n{text}");
    }
}

#[test]
fn a_timer_whose_callback_wants_more_than_it_is_given_counts_what_it_is_given() {
    let said = refused("Timer::add(1, |a, b| 1, [1]);");
    says(
        &said,
        &["Timer: this closure takes (a, b) but is given 1 argument(s) at most", "main.rhai:1:"],
    );
    let captures =
        "let k = 1; let w = Worker(); w.on_worker_start = |w| Timer::add(1, |a, b| k, [1]);";
    says(&refused(captures), &["takes (a, b) but is given 1 argument(s) at most"]);
}

#[test]
fn a_timers_callback_may_take_fewer_than_it_is_given_as_any_other() {
    let host = TestHost::start(
        "let w = Worker(); w.on_worker_start = |w| {
            Timer::delay(0.001, |x| print(`one ${x}`), [1, 2, 3]);
            Timer::delay(0.001, || print(\"none\"), [1]);
        };",
    );
    host.wait_for_log("one 1");
    host.wait_for_log("none");
}

#[test]
fn waiting_at_the_top_level_is_told_with_its_line_at_the_first_start_too() {
    for script in
        ["\nsleep(1);", "\nTimer::sleep(0.1);", "fn f() {\nsleep(0); }\nf();", "\nsleep(1.5);"]
    {
        let said = refused(script);
        says(
            &said,
            &["sleep waits, and only handlers may wait: not the top level", "main.rhai:2:"],
        );
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn requests_that_nobody_answered_are_told_with_the_generation_that_a_script_sees() {
    let mut host = TestHost::start(
        "let worker = Worker(\"http://127.0.0.1:0\");
        worker.response_timeout = 0.05;
        worker.on_message = |connection, request| ();",
    );
    let mut client = host.tcp("http://127.0.0.1:0");
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    host.wait_for_log("GET / was not answered within response_timeout, in generation 0");
}

#[test]
fn names_that_only_look_like_one_of_rhais_inner_ones_are_not_suggested() {
    let said = refused("getenv(\"HOME\");");
    assert!(!said.contains("get$"), "{said}");
    says(&refused("let x = 1; x.seet();"), &["help: "]);
}

#[test]
fn an_undefined_variable_is_not_called_a_function_for_being_some_objects_method() {
    let said = refused("let w = Worker();\nw.on_worker_start = |w| { print(name); };");
    assert!(!said.contains("is a function"), "{said}");
    says(&said, &["no variable is called so; seen here are `w`", "main.rhai:2:"]);
    says(&refused("let x = timestamp;"), &["`timestamp` is a function"]);
}

#[test]
fn a_variable_that_is_given_a_value_before_it_exists_wants_a_let() {
    says(&refused("worker = Worker();"), &["a new variable is made with `let`: `let worker = …;`"]);
    let known = refused("let worker = Worker();\nworkr = 5;");
    says(&known, &["did you mean `worker`?"]);
}

#[test]
fn a_constant_of_an_imported_file_is_told_with_the_way_to_it() {
    let files = [("config.rhai", "export const PORT = 1;\nconst HIDDEN = 2;\nlet n = 3;")];
    let by_nobody = refused_with("import \"config\";\nprint(PORT);", &files);
    says(
        &by_nobody,
        &[
            "`PORT` is a constant of config.rhai: write `import \"config\" as config;` and `config::PORT`",
        ],
    );
    let by_name = refused_with("import \"config\" as c;\nprint(PORT);", &files);
    says(&by_name, &["write `c::PORT`"]);
    let hidden = refused_with("import \"config\" as c;\nprint(HIDDEN);", &files);
    says(&hidden, &["write `c::HIDDEN`, with `export const HIDDEN = …;` in config.rhai"]);
    let variable = refused_with("import \"config\" as c;\nprint(n);", &files);
    says(&variable, &["`n` is a variable of config.rhai: hand it over"]);
}

#[test]
fn functions_of_a_module_are_told_as_they_are_called() {
    let files = [("users.rhai", "private fn hidden() { 1 }\nfn find(id) { id }")];
    let call = |f: &str| refused_with(&format!("import \"users\" as u;\nu::{f};"), &files);
    says(&call("hidden()"), &["`hidden` is private in users.rhai"]);
    says(&call("find()"), &["`find` exists as `u::find(id)`"]);
    says(&call("fnid(1)"), &["did you mean `u::find`?"]);
    says(&call("nothing(1)"), &["users.rhai has no function `nothing`"]);
}

#[test]
fn a_function_that_exists_is_shown_with_its_types_once_each() {
    let said = refused("[].to_int();");
    says(&said, &["`to_int` exists as "]);
    assert!(!said.contains("(_)") && !said.contains("i8"), "{said}");
    says(&refused("\"a\".split(1, 2, 3);"), &["`split` exists as `split(", "string"]);
}

#[test]
fn what_belongs_to_a_list_is_not_told_as_a_maps() {
    let said = |value: &str| {
        let script = format!("let kept = {value};\nfn f() {{ kept = 5; }}\nf();");
        TestHost::try_start(&script, &[]).err().map(|e| e.to_string())
    };
    if let Some(said) = said("[]") {
        says(&said, &["`kept.push(value)`"]);
    }
    if let Some(said) = said("#{}") {
        says(&said, &["`kept.clear()` or `kept[key] = …`"]);
    }
    says(&refused("const K = 1;\nfn f() { K = 2; }\nf();"), &["K", "main.rhai:2"]);
}

#[test]
fn calls_that_are_too_deep_are_told_with_the_limit() {
    let said = refused("fn fact(n) { if n < 2 { 1 } else { n * fact(n - 1) } }\nfact(500);");
    says(&said, &["64 deep", "does a function call itself without end?"]);
}

#[test]
fn keys_that_are_none_are_told_as_that() {
    let script = r#"let uids = #{};
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| { uids[connection.uid] = 1; };"#;
    let mut host = TestHost::start(script);
    host.tcp("text://127.0.0.1:0").send("a\n");
    says(&host.fault().text, &["keys of a map are strings or whole numbers", "main.rhai:3:"]);
}

#[test]
fn what_is_thrown_is_shown_and_not_its_type_in_rust() {
    let script = r#"let worker = Worker("text://127.0.0.1:0");
        worker.m = #{ code: 4, list: [1, #{ a: 2 }] };
        worker.l = [1, 2];
        worker.e = #{ message: "no such user", code: 4 };
        worker.on_message = |connection, line| {
            switch line {
                "map" => throw worker.m,
                "list" => throw worker.l,
                "message" => throw worker.e,
                "response" => throw Response(404),
                "worker" => throw worker,
                "nested" => throw [worker.m, connection],
            }
        };"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp("text://127.0.0.1:0");
    for (line, title) in [
        ("map", "uncaught throw: #{code: 4, list: [1, #{a: 2}]}"),
        ("list", "uncaught throw: [1, 2]"),
        ("message", "no such user"),
        ("response", "uncaught throw: Response"),
        ("worker", "uncaught throw: Worker"),
        ("nested", "uncaught throw: [#{code: 4, list: [1, #{a: …}]}, TcpConnection]"),
    ] {
        client.send(format!("{line}\n"));
        assert_eq!(host.fault().title, title, "{line}");
    }
}

#[test]
fn what_is_caught_reads_as_the_report_of_it_does() {
    let _meant = findings::meant(&["unknown-function"]);
    let caught = |before: &str, body: &str| {
        value_of(
            before,
            &format!(
                "{{ let said = (); try {{ {body}; }} catch (e) {{ said = e.message; }} said }}"
            ),
        )
    };
    for (body, message) in [
        ("nope(1)", "Function not found: nope (i64)"),
        ("[1][5]", "Array index 5 out of bounds: only 1 element in array"),
        ("\"a\" - 1", "Function not found: - (string, i64)"),
        ("1 / 0", "Division by zero: 1 / 0"),
        ("f(1)", "Function not found: inner (i64)"),
        ("[1].map(|x| x.foo())", "Function not found: foo (i64)"),
    ] {
        let answer = caught("fn f(x) { inner(x) }", body);
        assert_eq!(answer, format!("{message:?}"), "{body}");
    }
    // (in functions, nested blocks, at the top level and in closures alike)
    let script = r#"fn in_function(x) {
            if x { for i in 0..1 { let y = { try { x.foo() } catch (e) { return e.message; } }; } }
        }
        let at_top = ""; try { 5.foo() } catch (e) { at_top = e.message; }
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            let inner = || { try { 5.foo() } catch (e) { return e.message; } };
            connection.send([in_function(true), at_top, inner.call()]);
        };"#;
    let wanted = r#"["Function not found: foo (bool)","Function not found: foo (i64)","Function not found: foo (i64)"]"#;
    assert_eq!(answers(script, &["?"]), [wanted]);
}

#[test]
fn what_the_script_itself_threw_is_caught_as_it_was() {
    let script = r#"let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            let caught = [];
            for thrown in ["text (line 1, position 2)", 5, #{ message: "m @ 'x'", error: "mine" }, (), [1]] {
                try { throw thrown } catch (e) { caught.push(e); }
            }
            connection.send(caught);
        };"#;
    let wanted = r#"["text (line 1, position 2)",5,{"message":"m @ 'x'","error":"mine"},null,[1]]"#;
    assert_eq!(answers(script, &["?"]), [wanted]);
}

#[test]
fn a_closure_that_is_sent_is_told_with_its_line() {
    let _meant = findings::meant(&["cannot-be-sent"]);
    let script = "let worker = Worker(\"text://127.0.0.1:0\");
        worker.on_message = |connection, line| {
            if line == \"two\" {
                connection.send(|| 1);
            }
            connection.send(|| 1)
        };";
    let mut host = TestHost::start(script);
    let mut client = host.tcp("text://127.0.0.1:0");
    client.send("two\none\n");
    for place in ["main.rhai:4:", "main.rhai:6:"] {
        says(&host.fault().text, &["a function cannot be sent: send a string", place]);
    }
}

#[test]
fn an_address_or_a_user_that_cannot_be_had_names_the_worker_that_wants_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let said = refused(&format!("\nlet worker = Worker(\"text://127.0.0.1:{port}\");"));
    says(&said, &["the address is already in use", "main.rhai:2"]);
    let said = refused("\n\nlet worker = Worker();\nworker.user = \"nobody-of-that-name\";");
    says(&said, &["main.rhai:3"]);
}

/// The README says so many.
#[test]
fn a_handler_may_have_long_rows_and_what_is_too_long_is_told_with_the_limit() {
    let script = |terms: usize, choices: usize, calls: usize, blocks: usize, arms: usize| {
        let sum = vec!["x"; terms].join(" + ");
        let choice = vec!["if x == 1 { 1 }"; choices + 1].join(" else ");
        let chain = ".with_header(\"a\", \"b\")".repeat(calls);
        let (open, close) = ("{ ".repeat(blocks), " }".repeat(blocks));
        let arms: String = (0..arms).map(|n| format!("{n} => {n}, ")).collect();
        format!(
            "let w = Worker();\nw.on_worker_start = |w| {{ let x = 1;\nlet a = {sum};\nlet b = {choice};\n\
             let c = Response(){chain};\n{open}x += 1;{close}\nlet d = switch x {{ {arms} _ => 0 }}; }};"
        )
    };
    TestHost::start(&script(50, 50, 50, 15, 1000));
    for long in [
        script(80, 1, 1, 1, 1),
        script(1, 80, 1, 1, 1),
        script(1, 1, 80, 1, 1),
        script(1, 1, 1, 80, 1),
    ] {
        says(
            &refused(&long),
            &[
                "Expression exceeds maximum complexity",
                "64 levels deep",
                "a long `else if` into a `switch`",
            ],
        );
    }
}

#[test]
fn an_operator_with_one_value_that_is_no_condition_or_no_number_says_what_helps() {
    let empty =
        "this value is empty: was it ever set? `x ?? other` stands for one that may be missing";
    let said = refused("let c = #{};\nif !c.flag { print(1); }");
    says(&said, &["Function not found: ! (())", "main.rhai:2:", empty]);
    says(&refused("let c = #{};\nprint(-c.flag);"), &["Function not found: - (())", empty]);
    let number = refused("let n = 5;\nif !n { print(1); }");
    says(&number, &["Function not found: ! (i64)", "a condition is true or false: compare"]);
    says(&refused("let c = #{};\nif c.flag && true { print(1); }"), &[empty]);
}

#[test]
fn a_property_of_an_array_by_reference_that_cannot_be_set_is_told_as_of_a_plain_array() {
    let wanted = |name: &str| {
        format!("No writable property '{name}' - a setter is not registered for type 'array'")
    };
    for name in ["len", "foo"] {
        for list in ["[1]", "worker.list"] {
            let script = format!(
                "let worker = Worker();\nworker.list = [1];\nlet list = {list};\nfn set(list) {{ list.{name} = 5; }}\nset(list);"
            );
            says(&refused(&script), &[&wanted(name), "main.rhai:4:"]);
        }
    }
    let key = "let worker = Worker();\nworker.list = [1];\nworker.list[\"len\"] = 5;";
    says(&refused(key), &["Data type incorrect: string (expecting i64)", "main.rhai:3:"]);
    let read = "let worker = Worker();\nworker.list = [1];\nworker.list.len.set_bit(3, true);\nif worker.list.len != 1 { throw 1; }";
    drop(TestHost::start(&format!(
        "{read}\nworker.on_worker_start = |w| w.list.len.set_bit(3, true);"
    )));
}
