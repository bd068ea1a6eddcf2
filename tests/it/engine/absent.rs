//! What is not there is `()`: one rule for all values, everywhere in a script.

use crate::support::{findings, host::TestHost};

/// The names for which Rhai has properties of some type.
const TAKEN: [&str; 25] = [
    "name",
    "len",
    "is_empty",
    "start",
    "end",
    "bits",
    "bytes",
    "chars",
    "int",
    "fraction",
    "floor",
    "ceiling",
    "round",
    "is_nan",
    "is_infinite",
    "is_finite",
    "is_odd",
    "is_even",
    "is_zero",
    "is_exclusive",
    "is_inclusive",
    "is_anonymous",
    "elapsed",
    "tag",
    "uid",
];

/// What has none of them, but those named.
const VALUES: [(&str, &[&str]); 14] = [
    ("()", &[]),
    ("true", &[]),
    ("7", &["is_odd", "is_even", "is_zero", "bits"]),
    (
        "1.5",
        &[
            "int",
            "fraction",
            "floor",
            "ceiling",
            "round",
            "is_nan",
            "is_infinite",
            "is_finite",
            "is_zero",
        ],
    ),
    ("'c'", &[]),
    ("\"text\"", &["len", "is_empty", "bytes", "chars"]),
    ("[1]", &["len", "is_empty"]),
    ("blob(2)", &["len", "is_empty"]),
    ("1..3", &["start", "end", "is_exclusive", "is_inclusive", "is_empty"]),
    ("1..=3", &["start", "end", "is_exclusive", "is_inclusive", "is_empty"]),
    ("timestamp()", &["elapsed"]),
    ("#{}", &[]),
    ("Worker()", &["name"]),
    ("Response()", &[]),
];

/// The top level, a handler's body, a function, a closure that an array function calls, and values by reference.
const SCRIPT: &str = r#"
let wrong = [];
let worker = Worker();
fn note(kind, name, value) { if value != () { wrong.push(`${kind}.${name}`); } }
TOP
worker.on_worker_start = |worker| {
    HANDLER
    for text in wrong { print(text); }
    print("done");
};
"#;

#[test]
fn a_property_that_a_value_does_not_have_is_unit_whatever_its_name() {
    let _meant = findings::meant(&["method-without-call"]);
    let (mut top, mut functions, mut handler) = (String::new(), String::new(), String::new());
    for (at, (value, own)) in VALUES.iter().enumerate() {
        top += &format!("let top{at} = {value};\nworker.p{at} = {value};\n");
        let mut body = String::new();
        for name in TAKEN.iter().filter(|name| !own.contains(name)) {
            body += &format!("    note(\"{at}\", \"{name}\", v.{name});\n");
            body += &format!("    note(\"{at}\", \"{name}?\", v?.{name});\n");
            body += &format!("    note(\"{at}\", \"{name} deep\", v.{name}.{name}.x);\n");
            top += &format!("note(\"top {at}\", \"{name}\", top{at}.{name});\n");
            top += &format!("note(\"property {at}\", \"{name}\", worker.p{at}.{name});\n");
            handler +=
                &format!("    let v = {value}; note(\"local {at}\", \"{name}\", v.{name});\n");
            handler += &format!("    note(\"global {at}\", \"{name}\", top{at}.{name});\n");
            handler += &format!("    note(\"property {at}\", \"{name}\", worker.p{at}.{name});\n");
            handler += &format!(
                "    note(\"closure {at}\", \"{name}\", [{value}].map(|e| e.{name})[0]);\n\
                 \x20   note(\"filter {at}\", \"{name}\", if [{value}].filter(|e| e.{name} == ()).len == 0 {{ 1 }});\n"
            );
        }
        functions += &format!("fn f{at}(v) {{\n{body}}}\n");
        handler += &format!("    f{at}({value}); f{at}(top{at}); f{at}(worker.p{at});\n");
        top += &format!("f{at}({value});\n");
    }
    let script = SCRIPT.replace("TOP", &(functions + top.as_str())).replace("HANDLER", &handler);
    let host = TestHost::start(&script);
    host.wait_for_log("done");
    assert_eq!(host.printed(), ["done"]);
}

#[test]
fn indexing_unit_gives_unit() {
    let script = r#"
let worker = Worker();
let data = parse_json("nonsense");
fn of(v) { [v["uid"], v[0], v["a"]["b"], v.a[1], v?["x"]] }
fn units(list) { list.all(|v| v == ()) }
print(units(of(data)) && units(of(())));
worker.on_worker_start = |worker| {
    let local = parse_json("{");
    print(units(of(local)) && local["uid"] == () && local[0].x == () && data["uid"][7] == ());
    print([local].map(|v| v["uid"])[0] == ());
};
"#;
    let host = TestHost::start(script);
    host.wait_for_log("true");
    assert_eq!(super::printed_lines(&host, 3), ["true", "true", "true"]);
}

#[test]
fn a_method_that_does_not_exist_is_an_error_on_every_value() {
    let _meant = findings::meant(&["unknown-function"]);
    let script = r#"
let worker = Worker();
worker.list = [1];
worker.map = #{};
worker.on_worker_start = |worker| {
    for v in [(), 1, "text", [1], #{}, worker.list, worker.map] {
        try { v.nothing(); print("called"); } catch (e) { print("error"); }
    }
};
"#;
    let host = TestHost::start(script);
    assert_eq!(super::printed_lines(&host, 7), ["error"; 7]);
}

#[test]
fn length_size_and_count_are_errors_that_say_len() {
    let mut script = String::from("let worker = Worker();\nworker.list = [1];\nlet top = [1];\n");
    let mut body = String::new();
    let mut wanted = Vec::new();
    for value in ["\"abc\"", "[1]", "blob(3)", "worker.list", "top", "#{ s: \"x\" }.s"] {
        for name in ["length", "size", "count"] {
            body += &format!("    try {{ print({value}.{name}); }} catch (e) {{ print(e); }}\n");
            let what = match value {
                "blob(3)" => "a blob",
                "\"abc\"" | "#{ s: \"x\" }.s" => "a string",
                _ => "an array",
            };
            wanted.push(format!("{what} has no property `{name}`: write `len`"));
        }
    }
    // A map has its entries only.
    body += "    print(#{ length: 4 }.length); print(#{}.len == () && #{}.count == ());\n";
    wanted.extend(["4".to_owned(), "true".to_owned()]);
    script += &format!("worker.on_worker_start = |worker| {{\n{body}}};\n");
    let host = TestHost::start(&script);
    assert_eq!(super::printed_lines(&host, wanted.len()), wanted);
}

#[test]
fn the_tag_of_a_map_is_its_entry_by_reference_too() {
    let script = r#"
let worker = Worker();
worker.q = parse_json(`{"list":[{"tag":"a"},{"tag":"b"}]}`);
let m = #{ tag: 1 };
fn more() { m.tag += 1; m.tag }
print(worker.q.list[0].tag);
print(worker.q.list.map(|e| e.tag));
print(worker.q.list[0]?.tag);
let first = worker.q.list[0];
first.tag += "!";
print(first);
print(more());
worker.on_worker_start = |worker| {
    worker.q.list[1].tag += "?";
    print(worker.q);
    worker.q.tag = 5;
    worker.q.tag += 1;
    print(worker.q.tag);
    print(more());
    let local = #{ tag: 1 };
    local.tag += 1;
    print(local.tag + worker.q.list.filter(|e| e.tag == "b?").len);
    worker.tag = "mine";
    print(worker.tag);
    try { let n = 5; n.tag = 1; print("set"); } catch (e) { print("error"); }
};
"#;
    let host = TestHost::start(script);
    let wanted = [
        "a",
        r#"["a","b"]"#,
        "a",
        r#"{"tag":"a!"}"#,
        "2",
        r#"{"list":[{"tag":"a!"},{"tag":"b?"}]}"#,
        "6",
        "3",
        "3",
        "mine",
        "error",
    ];
    assert_eq!(super::printed_lines(&host, wanted.len()), wanted);
}

#[test]
fn a_type_of_the_embedder_keeps_its_properties_and_its_index() {
    #[derive(Clone)]
    struct Sensor;
    let mut host = TestHost::try_start_as(
        r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    let s = sensor();
    connection.send([s.level, s.name, s.anything, s.tag, plain().name]);
};
"#,
        &[],
        |builder| {
            builder.register(|engine| {
                engine.register_fn("sensor", || Sensor);
                engine.register_get("level", |_: &mut Sensor| 3_i64);
                engine.register_indexer_get(|_: &mut Sensor, name: &str| format!("<{name}>"));
                engine.register_fn("plain", std::time::Instant::now);
            })
        },
    )
    .expect("a host");
    let mut client = host.tcp("text://127.0.0.1:0");
    assert_eq!(client.ask("?"), r#"[3,"<name>","<anything>","<tag>",null]"#);
}

#[test]
fn lists_and_maps_by_reference_are_taken_wherever_plain_ones_are() {
    let script = r#"
let settings = #{ stop_timeout: 1 };
Worker::configure(settings);
let worker = Worker();
worker.arguments = ["a", 1];
worker.on_worker_start = |worker| {
    Timer::delay(0.001, |text, n| print(`${text}${n}`), worker.arguments);
    Timer::add(0.001, |text| print(text), parse_json("[\"b\"]"), false);
};
"#;
    let host = TestHost::start(script);
    let mut printed = super::printed_lines(&host, 2);
    printed.sort();
    assert_eq!(printed, ["a1", "b"]);
}
