//! Errors in functions that are handed from file to file: each is shown where it stands, through the calls that led there.

use crate::support::{findings, host::TestHost};

const TEXT: &str = "text://127.0.0.1:0";

#[test]
fn a_closure_that_a_module_calls_fails_in_its_own_file() {
    let _meant = findings::meant(&["unknown-function"]);
    let each = "fn all(list, f) { list.map(f) }
fn one(f) { f.call(1) }
fn bad() { |x| { throw \"inside\" } }
";
    let main = r#"import "lib/each" as each;
fn named(x) {
    throw "named";
}
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |c, line| {
    let inner = |x| { x.nope() };
    switch line {
        "map" => each::all([1], |x| x.gone()),
        "one" => each::one(|x| { throw "one" }),
        "named" => each::one(named),
        "bad" => each::bad().call(1),
        "bad in it" => each::one(each::bad()),
        "deep" => each::one(|y| each::one(|z| [y].map(|a| `v ${a.gone(z)}`))),
        "inner" => each::one(|y| inner.call(y)),
        "timer" => Timer::delay(0.001, || each::one(|x| c.send(`t ${x - "a"}`))),
        "loop" => for i in 0..3 { if i == 2 { each::one(|x| x - #{}); } },
        "array" => [2, 1].map(|a| a.wrong(1)),
        "keep" => { c.kept = |x| { throw "kept" }; c.send("kept"); },
        "kept" => each::one(c.kept),
        _ => c.send(1 + each::one(|x| x / 0))
    }
};
"#;
    let mut host = TestHost::start_with(main, &[("lib/each.rhai", each)]);
    let mut client = host.tcp(TEXT);
    let mut places = Vec::new();
    let wanted = [
        ("map", "main.rhai:9:39"),
        ("one", "main.rhai:10:34"),
        ("named", "main.rhai:3:5"),
        ("bad", "lib/each.rhai:3:18"),
        ("bad in it", "lib/each.rhai:3:18"),
        ("deep", "main.rhai:14:66"),
        ("inner", "main.rhai:7:25"),
        ("timer", "main.rhai:16:71"),
        ("loop", "main.rhai:17:63"),
        ("array", "main.rhai:18:37"),
        ("else", "main.rhai:21:41"),
    ];
    for (ask, _) in wanted {
        client.send(format!("{ask}\n"));
        places.push((ask, host.fault().location));
    }
    assert_eq!(places, wanted.map(|(ask, place)| (ask, place.to_owned())));
    client.send("deep\n");
    let text = host.fault().text.clone();
    let chain: Vec<&str> = text
        .lines()
        .filter_map(|l| l.trim().split_once(' ').filter(|(a, _)| *a == ":::" || *a == "-->"))
        .map(|(_, at)| at)
        .collect();
    let calls = [
        "main.rhai:14:66",
        "main.rhai:14:51",
        "lib/each.rhai:2:15",
        "main.rhai:14:39",
        "lib/each.rhai:2:15",
        "main.rhai:14:25",
    ];
    assert_eq!(chain, calls, "{text}");
    assert_eq!(client.ask("keep"), "kept");
    host.edit(&main.replace("fn named", "// A line more.\nfn named"));
    client.send("kept\n");
    assert_eq!(host.fault().location, "main.rhai:20:36", "it goes on, further down");
}
