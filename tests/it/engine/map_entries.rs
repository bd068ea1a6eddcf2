//! The entries of maps: their order, loops over them and keys that are numbers, the same for plain maps and references, at
//! the top level, in a handler, in functions and in closures.

use crate::support::host::TestHost;

/// Bodies of a function of `m`, a map that was written `#{ z: 1, a: #{ y: 1, b: 2 }, m: 3 }`, and what they give.
const BODIES: [(&str, &str); 38] = [
    ("m", r#"{"z":1,"a":{"y":1,"b":2},"m":3}"#),
    ("m.to_string()", r#""{\"z\":1,\"a\":{\"y\":1,\"b\":2},\"m\":3}""#),
    ("`${m.a}`", r#""{\"y\":1,\"b\":2}""#),
    ("m.keys()", r#"["z","a","m"]"#),
    ("m.values()", r#"[1,{"y":1,"b":2},3]"#),
    ("m.to_map() == m && m.values().to_array().len == 3", "true"),
    ("m.a.keys()", r#"["y","b"]"#),
    ("let v = []; for x in m { v.push(x); } v", r#"[1,{"y":1,"b":2},3]"#),
    (
        "let v = []; for (k, x) in m { v.push(k); v.push(x); } v",
        r#"["z",1,"a",{"y":1,"b":2},"m",3]"#,
    ),
    ("let v = []; for (k, x) in m.a { if k == \"y\" { continue; } v.push(k); } v", r#"["b"]"#),
    ("for (k, x) in m { if k == \"a\" { return x.b; } } 0", "2"),
    ("for (k, x) in m { if k == \"a\" { break k + x.b; } }", r#""a2""#),
    ("for (k, x) in m {}", "null"),
    ("let v = []; for (k, x) in m { for (l, y) in m.a { v.push(k + l); } } v.len", "6"),
    ("let v = []; for (k, x) in m { v.push(|| k); } v.map(|f| f.call())", r#"["m","m","m"]"#),
    ("let v = []; for (k, x) in m { k = k + \"!\"; v.push(k); } v", r#"["z!","a!","m!"]"#),
    ("let v = []; for (x, at) in [7, 8] { v.push(x + at); } v", "[7,9]"),
    ("let v = []; for (x, at) in 3..5 { v.push(x * at); } v", "[0,4]"),
    ("let v = []; for (x, at) in \"ab\".chars() { v.push(`${at}${x}`); } v", r#"["0a","1b"]"#),
    ("m.map(|k, v| k)", r#"{"z":"z","a":"a","m":"m"}"#),
    ("m.filter(|k, v| k != \"a\")", r#"{"z":1,"m":3}"#),
    ("let gone = m.drain(|k, v| k != \"m\"); [gone.keys(), m]", r#"[["z","a"],{"m":3}]"#),
    ("let gone = m.retain(|k, v| k != \"m\"); [gone, m.keys()]", r#"[{"m":3},["z","a"]]"#),
    ("let v = []; m.filter(|k, x| { v.push(k); true }).len() + v.len", "6"),
    ("let n = m; n.keys()", r#"["z","a","m"]"#),
    ("let v = [m, m]; v.map(|e| e.keys()[0])", r#"["z","z"]"#),
    ("m.m = 4; m.keys()", r#"["z","a","m"]"#),
    ("m.tag()", "0"),
    ("m[7] = 1; m[7] += 1; m[\"7\"] + m[7]", "4"),
    ("let n = 7; m[n] = #{ q: [1, #{}] }; m[n].q[1][n] = 5; m[7].q[1]", r#"{"7":5}"#),
    ("m[8]", "null"),
    (
        "m[7] = 1; [m.get(7), m.get(\"7\"), m.get(8), m.contains(7), 7 in m, 8 in m]",
        "[1,1,null,true,true,false]",
    ),
    ("m[7] = 1; let gone = m.remove(7); [gone, m.remove(7), m.len(), 7 in m]", "[1,null,3,false]"),
    ("m.set(7, 2); m.set(-1, 3); m.set(7, 4); [m[\"7\"], m[-1], m.len()]", "[4,3,5]"),
    (
        "let k = \"é\".to_blob(); m.set(k, 2); [m.get(k), m.contains(k), m.remove(k), m.len()]",
        "[2,true,2,3]",
    ),
    ("m.a[9] = 1; let n = -9; m.a[n] = 2; m.a.len() + m.a[9] + m[\"a\"][n]", "7"),
    ("[[5, 6], m][0][1] + [1, 2][-1]", "8"),
    ("m == #{ m: 3, a: #{ b: 2, y: 1 }, z: 1 }", "true"),
];

const LITERAL: &str = "#{ z: 1, a: #{ y: 1, b: 2 }, m: 3 }";

#[test]
fn entries_are_the_same_for_plain_maps_and_references_everywhere() {
    let (mut functions, mut top, mut handler) = (String::new(), String::new(), String::new());
    for (at, (body, _)) in BODIES.iter().enumerate() {
        functions += &format!("fn f{at}(m) {{ {body} }}\nlet top{at} = {LITERAL};\n");
        functions += &format!("worker.p{at} = {LITERAL};\n");
        let two = "#{ z: if true { 1 }, a: #{ y: 1, b: if true { 2 } }, m: 3 }";
        for value in [
            format!("f{at}({LITERAL})"),
            format!("f{at}({two})"),
            format!("f{at}(CONSTANT)"),
            format!("(|m| {{ {body} }}).call({LITERAL})"),
            format!("[0].map(|x| f{at}({two}))[0]"),
            format!("{{ let m = {two}; (|| {{ {body} }}).call() }}"),
        ] {
            // A loop is a value only as the last of a block, and `return` leaves the function.
            handler += &format!("    note({at}, {value});\n");
            top += &format!("note({at}, {value});\n");
        }
        top += &format!("note({at}, f{at}(parse_json(to_json(top{at}))));\n");
        handler += &format!("    note({at}, f{at}(top{at})); note({at}, f{at}(worker.p{at}));\n");
    }
    let script = format!(
        "const CONSTANT = {LITERAL};\nlet worker = Worker();\n\
         fn note(at, value) {{ print(`${{at}} ${{to_json(value)}}`); }}\n{functions}{top}\
         worker.on_worker_start = |worker| {{\n{handler}    print(\"done\");\n}};\n"
    );
    let host = TestHost::start(&script);
    host.wait_for_log("done");
    let printed = host.printed();
    assert_eq!(printed.len(), BODIES.len() * 15 + 1);
    for line in &printed[..printed.len() - 1] {
        let (at, given) = line.split_once(' ').expect("a number");
        let (body, wanted) = BODIES[at.parse::<usize>().expect("a number")];
        assert_eq!(given, wanted, "{body}");
    }
}

#[test]
fn what_is_added_to_a_local_map_follows_its_literal_by_key_and_in_a_stored_one_comes_last() {
    let script = r#"
let worker = Worker();
worker.stored = #{ z: 1, b: 2 };
fn add(m) { m.y = 3; m.c = 4; to_json(m) }
worker.on_worker_start = |worker| {
    print(add(#{ z: 1, b: 2 }));
    print(add(worker.stored));
};
"#;
    let host = TestHost::start(script);
    let wanted = [r#"{"z":1,"b":2,"c":4,"y":3}"#, r#"{"z":1,"b":2,"y":3,"c":4}"#];
    assert_eq!(super::printed_lines(&host, 2), wanted);
}

#[test]
fn literals_are_sent_and_stored_as_they_are_written() {
    let mut host = TestHost::start(
        r#"
let worker = Worker("text://127.0.0.1:0");
fn late(connection) { connection.send(#{ zip: connection.id, name: "a", at: [#{ y: 1, x: 2 }] }); }
worker.on_message = |connection, line| {
    if line == "1" { connection.send(#{ type: "hello", id: 7, data: #{ z: 1, a: line } }); }
    if line == "2" { late(connection); }
    if line == "3" { connection.kept = #{ b: line, a: 1 }; connection.send(connection.kept); }
    if line == "4" { let list = []; list.push(#{ b: 1, a: 2 }); connection.send(list); }
};
"#,
    );
    let mut client = host.tcp("text://127.0.0.1:0");
    assert_eq!(client.ask("1"), r#"{"type":"hello","id":7,"data":{"z":1,"a":"1"}}"#);
    assert_eq!(client.ask("2"), r#"{"zip":1,"name":"a","at":[{"y":1,"x":2}]}"#);
    assert_eq!(client.ask("3"), r#"{"b":"3","a":1}"#);
    assert_eq!(client.ask("4"), r#"[{"b":1,"a":2}]"#);
}

#[test]
fn code_with_loops_and_literals_lives_on_over_a_reload() {
    let script = |word: &str| {
        format!(
            r#"
let worker = Worker("text://127.0.0.1:0");
fn told(m) {{ let text = "{word}"; for (k, v) in m {{ text += `${{k}}${{v}}`; }} text }}
worker.on_connect = |connection| {{
    connection.tell = |line| {{ let all = [#{{ z: line, a: 1 }}].map(|m| told(m)); all[0] }};
}};
worker.on_message = |connection, line| connection.send(connection.tell.call(line));
"#
        )
    };
    let mut host = TestHost::start(&script("old "));
    let mut client = host.tcp("text://127.0.0.1:0");
    assert_eq!(client.ask("x"), "old zxa1");
    host.edit(&script("new "));
    assert_eq!(client.ask("y"), "new zya1");
}

#[test]
fn a_map_by_reference_may_change_while_it_is_walked() {
    let script = r#"
let worker = Worker();
worker.m = #{ c: 1, b: 2, a: 3 };
worker.on_worker_start = |worker| {
    let seen = [];
    for (key, value) in worker.m {
        seen.push(key);
        worker.m.remove("b");
        if key == "c" { worker.m.d = value + 3; }
    }
    print(seen);
    print(worker.m);
    for key in worker.m.keys() { worker.m.remove(key); }
    for n in 0..100 { worker.m[n] = n; if n > 5 { worker.m.remove(n - 5); } }
    print(worker.m);
};
"#;
    let host = TestHost::start(script);
    let wanted = [
        r#"["c","a"]"#,
        r#"{"c":1,"a":3,"d":4}"#,
        r#"{"0":0,"95":95,"96":96,"97":97,"98":98,"99":99}"#,
    ];
    assert_eq!(super::printed_lines(&host, 3), wanted);
}
