//! An error points at the same place in a handler, at the top level and in stock Rhai; with a value by reference as well.

use crate::support::host::TestHost;
use rhai::Engine;
use std::fmt::Write;

/// Bodies of functions of `d`, an array, and `m`, a map.
const BODIES: [&str; 14] = [
    "d[\"ab\".len]",
    "d[\"ab\".len()]",
    "d[m.text]",
    "d[m.text.len() - 1]",
    "d[m[\"text\"]]",
    "d[5]",
    "d[ 5 ]",
    "d[5] = 1",
    "d[5] += 1",
    "d[m.five]",
    "d[0] + d[m.five]",
    "d[m.text] = 1",
    "for x in m.five {}",
    "for x in m.text.len {}",
];

const VALUES: &str = "[1], #{ text: \"text\", five: 5 }";

/// Functions that give the column of the error of each body. All names have the same length.
fn functions() -> String {
    let mut functions = String::new();
    for (number, body) in BODIES.iter().enumerate() {
        writeln!(functions, "fn body_{number:03}(d, m) {{ {body}; }}").unwrap();
        writeln!(
            functions,
            "fn column_{number:03}(d, m) {{ try {{ body_{number:03}(d, m); }} catch (e) {{ return e.message.split(\"\\n\")[0]; }} }}"
        )
        .unwrap();
    }
    functions
}

/// The column in a message of Rhai's.
fn column(message: &str) -> &str {
    let (_, rest) = message.split_once("position ").unwrap_or(("", message));
    rest.split(')').next().unwrap_or(rest)
}

#[test]
fn an_error_at_an_index_points_at_where_the_index_begins() {
    let functions = functions();
    let mut cases = String::new();
    for number in 0..BODIES.len() {
        writeln!(cases, "    \"plain {number}\" => column_{number:03}({VALUES}),").unwrap();
        writeln!(cases, "    \"held {number}\" => column_{number:03}(worker.d, worker.m),")
            .unwrap();
        writeln!(cases, "    \"top {number}\" => top[{number}],").unwrap();
    }
    let tops = (0..BODIES.len()).map(|n| format!("column_{n:03}(worker.d, worker.m), "));
    // (what is caught here has the place apart from the message)
    let ours = functions.replace("e.message.split(\"\\n\")[0]", "`position ${e.position})`");
    let script = format!(
        "{ours}let worker = Worker(\"text://127.0.0.1:0\");\nlet values = [{VALUES}];\n\
         worker.d = values[0]; worker.m = values[1];\nlet top = [{}];\n\
         worker.on_message = |connection, line| connection.send(switch line {{\n{cases}}});\n",
        tops.collect::<String>()
    );
    let mut host = TestHost::start(&script);
    let mut client = host.tcp("text://127.0.0.1:0");
    let mut stock = Engine::new();
    stock.set_max_expr_depths(64, 64);
    for (number, body) in BODIES.iter().enumerate() {
        let expected: String = stock
            .eval(&format!("{functions}column_{number:03}({VALUES})"))
            .expect("stock Rhai gives a message");
        // (an operator's place is its own in Rhai; a reference knows where the index begins)
        let is_operator = body.contains(" - ");
        let forms = if is_operator { &["plain"][..] } else { &["plain", "held", "top"] };
        for form in forms {
            let came = client.ask(&format!("{form} {number}"));
            assert_eq!(column(&came), column(&expected), "{body} ({form}): {came} | {expected}");
        }
    }
}

#[test]
fn a_stack_overflow_is_reported_where_it_happens_with_the_calls_that_led_there() {
    let script = "let worker = Worker(\"text://127.0.0.1:0\");
fn dive(n) {
    dive(n + 1)
}
worker.on_message = |connection, line| {
    if line == \"dive\" { dive(1); }
    connection.send(line);
};";
    let mut host = TestHost::start(script);
    let mut client = host.tcp("text://127.0.0.1:0");
    client.send("dive\n");
    host.wait_for_log("Stack overflow");
    let log = host.wait_for_log("in a call to `dive`, 63 times");
    let log = log.to_string();
    assert!(log.contains("main.rhai:3:5"), "{log}");
    assert!(log.contains("main.rhai:6:25"), "{log}");
    assert_eq!(client.ask("next"), "next", "the connection lives on");
}

#[test]
fn a_stack_overflow_cannot_be_caught() {
    let script = "let worker = Worker(\"text://127.0.0.1:0\");
fn dive(n) { try { dive(n + 1) } catch { worker.caught = true; } }
worker.on_message = |connection, line| {
    if line == \"dive\" { dive(1); }
    connection.send(worker.caught ?? false);
};";
    let mut host = TestHost::start(script);
    let mut client = host.tcp("text://127.0.0.1:0");
    client.send("dive\n");
    host.wait_for_log("Stack overflow");
    assert_eq!(client.ask("caught?"), "false");
}

#[test]
fn a_call_of_what_is_no_function_is_told_as_that_and_at_the_call() {
    for (call, column) in [
        ("worker.f.call(1);", 14),
        ("worker.f.call(line, 2);", 14),
        ("let f = 5; f.call([1]);", 18),
        ("let f = #{}; f.g.call(|| 1 == 1).call(2);", 38),
    ] {
        let script = format!(
            "let worker = Worker(\"text://127.0.0.1:0\");\nworker.on_message = |c, line| {{\n    {call}\n}};"
        );
        let mut host = TestHost::start(&script);
        host.tcp("text://127.0.0.1:0").send("?\n");
        let fault = host.fault();
        assert_eq!(fault.title, "what is to be called is no function", "{}", fault.text);
        assert_eq!(fault.location, format!("main.rhai:3:{column}"), "{}", fault.text);
        assert!(fault.text.contains("was it ever set?"), "{}", fault.text);
    }
}
