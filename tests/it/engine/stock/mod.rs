//! Stock Rhai is the reference: what a body gives in an engine that nobody has changed, it gives in rhost as well, in a
//! handler and at the top level, with its variables in the function, at the top level and held by a property of a worker.

pub(super) mod bodies;
pub(super) mod random;

use crate::support::host::TestHost;
use bodies::{BODIES, Body};
use random::{BEFORE, Random};
use rhai::{Dynamic, Engine};
use serde_json::{Value, json};
use std::fmt::Write;

/// Bodies that are made of the seed: enough to have each statement in each other one, and done in less than a second.
const RANDOM_BODIES: usize = 30;
pub(super) const SEED: u64 = 1;

/// Where the variables of a body are.
pub(super) const FORMS: [&str; 8] =
    ["local", "nested", "global", "held", "first", "second", "top", "flat"];

/// The value as JSON has it; functions, which JSON has not, by what they are.
fn to_json(value: &Dynamic) -> Value {
    if value.is_unit() {
        return Value::Null;
    }
    if let Ok(number) = value.as_int() {
        return json!(number);
    }
    if let Ok(number) = value.as_float() {
        return json!(number);
    }
    if let Ok(is) = value.as_bool() {
        return json!(is);
    }
    if let Ok(values) = value.as_array_ref() {
        return values.iter().map(to_json).collect();
    }
    if let Ok(bytes) = value.as_blob_ref() {
        return json!({ "blob": *bytes });
    }
    if let Ok(entries) = value.as_map_ref() {
        return Value::Object(entries.iter().map(|(k, v)| (k.to_string(), to_json(v))).collect());
    }
    json!(value.to_string())
}

/// Without where an error happened: the bodies stand at other places than in stock Rhai.
fn without_place(value: Value) -> Value {
    match value.as_str() {
        Some(text) if text.starts_with("error: ") => {
            let ends = ["\n", " (line ", " @ '"].into_iter().filter_map(|end| text.find(end));
            json!(&text[..ends.min().unwrap_or(text.len())])
        }
        _ => value,
    }
}

/// What stock Rhai says: the value, or the error's text.
fn stock(body: &Body) -> Value {
    let script =
        format!("{} {}", body.functions, tried(&format!("{}\n{}", body.before, body.text)));
    let script = script.replace('@', "");
    let mut engine = Engine::new();
    engine.set_max_expr_depths(64, 64);
    match engine.eval::<Dynamic>(&script) {
        Ok(value) => without_place(to_json(&value)),
        Err(error) => panic!("{error}\n{script}"),
    }
}

/// What an error was caught says.
const CAUGHT: &str = "`error: ${if type_of(e) == \"map\" { e.message } else { e } }`";

/// A body whose errors are values.
fn tried(text: &str) -> String {
    format!(
        "fn body@() {{ {text} }}\nfn try_body@() {{ try {{ return body@(); }} catch (e) {{ return `error: ${{if type_of(e) == \"map\" {{ e.message }} else {{ e }} }}`; }} }} try_body@()"
    )
}

/// `let` statements with what they declare held by a property first, which makes maps and arrays references: those whose
/// number in the row `is_meant`.
fn held(before: &str, is_meant: impl Fn(usize) -> bool) -> String {
    let mut held = String::new();
    for (number, statement) in before.split_inclusive(";\n").enumerate() {
        match statement.trim_start().strip_prefix("let ").and_then(|rest| rest.split_once(" = ")) {
            Some((name, value)) if is_meant(number) => {
                writeln!(held, "worker.{name} = {value} let {name} = worker.{name};").unwrap();
            }
            _ => held.push_str(statement),
        }
    }
    held
}

pub(super) fn script(bodies: &[Body]) -> String {
    let mut script = String::from("let worker = Worker(\"text://127.0.0.1:0\");\n");
    let mut table = String::new();
    for (number, body) in bodies.iter().enumerate() {
        let Body { before, text, functions, .. } = body;
        let mut add = |form: &str, top: &str, inside: &str| {
            let name = format!("{form}_{number}");
            let suffix = format!("_{name}");
            let tried = tried(&format!("{inside}\n{text}"));
            let (functions_of_body, call) = tried.rsplit_once(' ').unwrap();
            let code = format!("{top}\n{functions_of_body}\n").replace('@', &suffix);
            script.push_str(&code);
            writeln!(table, "    \"{name}\" => {},", call.replace('@', &suffix)).unwrap();
        };
        add("local", functions, before);
        add("global", &format!("{functions}\n{before}"), "");
        add("held", functions, &held(before, |_| true));
        add("first", functions, &held(before, |number| number % 2 == 0));
        add("second", functions, &held(before, |number| number % 2 == 1));
        writeln!(
            script,
            "fn outer_{number}() {{ let result = try_body_local_{number}(); result }}"
        )
        .unwrap();
        writeln!(table, "    \"nested_{number}\" => outer_{number}(),").unwrap();
        writeln!(table, "    \"top_{number}\" => top_{number},").unwrap();
        writeln!(script, "let top_{number} = try_body_local_{number}();").unwrap();
        writeln!(table, "    \"flat_{number}\" => flat_{number},").unwrap();
        let flat = format!(
            "{functions}\n{before}\nlet flat@ = (); try {{ flat@ = {{ {text} }}; }} catch (e) {{ flat@ = {CAUGHT}; }}\n"
        );
        script.push_str(
            &flat
                .replace("flat@", &format!("flat_{number}"))
                .replace('@', &format!("_flat_{number}")),
        );
    }
    write!(
        script,
        "fn shown(value) {{ if type_of(value) == \"blob\" {{ #{{ blob: value.to_array() }} }} else {{ value }} }}\n\
         fn run(name) {{ switch name {{\n{table}    _ => throw name }} }}\n\
         let results = #{{}};\n\
         worker.on_message = |connection, name| {{\n    \
             let value = run(name);\n    \
             let text = try_to_json(value);\n    connection.send(text);\n}};\n\
         fn try_to_json(value) {{\n    \
             try {{ return to_json([shown(value)]); }} catch (e) {{ return to_json([`error: ${{e}}`]); }}\n}}\n\
         Worker::run_all();\n"
    )
    .unwrap();
    script
}

/// Tries all of them, in every form.
fn compare(bodies: &[Body]) {
    let script = script(bodies);
    let mut host = TestHost::start(&script);
    let mut client = host.tcp("text://127.0.0.1:0");
    let mut different = String::new();
    for (number, body) in bodies.iter().enumerate() {
        let expected = stock(body);
        for form in FORMS.iter().filter(|form| !body.differs.contains(form)) {
            let answer = client.ask(&format!("{form}_{number}"));
            // (names have the form and the number in them)
            let forms = ["local", form];
            let answer = forms
                .iter()
                .fold(answer, |answer, form| answer.replace(&format!("_{form}_{number}"), ""));
            let came: Value = serde_json::from_str(&answer).expect("JSON");
            let came = without_place(came[0].clone());
            if came != expected {
                writeln!(
                    different,
                    "{} {}\n    {form}: {}\n    stock: {expected}",
                    body.before, body.text, came
                )
                .unwrap();
            }
        }
    }
    assert!(different.is_empty(), "{different}");
}

#[test]
fn a_body_gives_what_it_gives_in_stock_rhai_wherever_its_variables_are() {
    compare(BODIES);
}

#[test]
fn bodies_that_nobody_wrote_give_what_they_give_in_stock_rhai() {
    let mut random = Random::new(SEED);
    let texts: Vec<_> = (0..RANDOM_BODIES).map(|_| random.body()).collect();
    let body = |text| Body { before: BEFORE, text, functions: "", differs: &[] };
    compare(&texts.iter().map(|text| body(text)).collect::<Vec<_>>());
}
