//! Constants of which a part is assigned to: the script does not compile. A closure that has captured one may do it as little
//! as all others, and hears of it when it runs.

use crate::support::{findings, host::TestHost, process::rhost_with};

const CASES: [&str; 6] = [
    "const CONFIG = #{ port: 1 };\nCONFIG.port = 2;",
    "const CONFIG = #{ port: 1 };\nCONFIG[\"port\"] = 2;",
    "const CONFIG = #{ port: 1 };\nCONFIG.port += 2;",
    "const CONFIG = #{};\nCONFIG.port = 2;",
    "const CONFIG = #{ port: 1 }; if true {\nCONFIG.port = 2; }",
    "fn f() { const CONFIG = #{ port: 1 };\nCONFIG.port = 2; }",
];

#[test]
fn an_assignment_to_a_part_of_a_constant_is_an_error_at_its_place_when_the_host_starts() {
    for case in CASES {
        let error = TestHost::try_start(case, &[]).err().expect(case).to_string();
        assert!(error.contains("Cannot modify constant CONFIG"), "{case}: {error}");
        assert!(error.contains("main.rhai:2:1"), "{case}: {error}");
        assert!(error.contains("CONFIG"), "{case}: {error}");
    }
}

#[test]
fn an_assignment_to_a_part_of_a_constant_is_refused_by_a_reload_and_nothing_changes() {
    let good = "let worker = Worker(\"text://127.0.0.1:0\");
worker.on_message = |connection, line| connection.send(line);";
    let mut host = TestHost::start(good);
    let mut client = host.tcp("text://127.0.0.1:0");
    let fault =
        host.edit_badly(&format!("{good}\nconst CONFIG = #{{ port: 1 }};\nCONFIG.port = 2;"));
    assert!(fault.text.contains("Cannot modify constant CONFIG"), "{}", fault.text);
    assert!(fault.text.contains("main.rhai:4:1"), "{}", fault.text);
    assert_eq!(client.ask("still"), "still");
}

#[test]
fn an_assignment_to_a_part_of_a_constant_of_a_module_is_an_error_there() {
    let module = "fn f() { 1 }\nfn g() { const CONFIG = #{}; CONFIG.a = 1; }";
    let error = TestHost::try_start("import \"m\" as m;", &[("m.rhai", module)]).err();
    let error = error.expect("a fault").to_string();
    assert!(error.contains("Cannot modify constant CONFIG"), "{error}");
    assert!(error.contains("m.rhai:2:30"), "{error}");
}

#[test]
fn check_finds_an_assignment_to_a_part_of_a_constant() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("main.rhai");
    std::fs::write(&file, CASES[0]).expect("written");
    let output = rhost_with(&["check", file.to_str().expect("UTF-8")]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned()
        + &*String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("CONFIG") && text.contains("constant"), "{text}");
}

/// What closures do with constants that they have captured, and the error.
const IN_CLOSURES: [(&str, &str); 14] = [
    ("MAP.a = 5;", "Cannot modify constant MAP"),
    ("MAP.b = 5;", "Cannot modify constant MAP"),
    ("MAP.a += 5;", "Cannot modify constant MAP"),
    ("MAP.inner.n = 5;", "Cannot modify constant MAP"),
    ("MAP[\"a\"] = 5;", "Cannot modify constant MAP"),
    ("LIST[0] = 5;", "Cannot modify constant LIST"),
    ("NUMBER = 5;", "Cannot modify constant NUMBER"),
    ("NUMBER += 5;", "Cannot modify constant NUMBER"),
    ("LIST.push(5);", "Non-pure method 'push' cannot be called on constant"),
    ("MAP.list.push(5);", "Non-pure method 'push' cannot be called on constant"),
    ("MAP.remove(\"a\");", "Non-pure method 'remove' cannot be called on constant"),
    ("TEXT.trim();", "Non-pure method 'trim' cannot be called on constant"),
    ("MADE.push(5);", "Non-pure method 'push' cannot be called on constant"),
    ("[1].for_each(|| LIST.push(5));", "Non-pure method 'push' cannot be called on constant"),
];

const CONSTANTS: &str = "const MAP = #{ a: 1, inner: #{ n: 1 }, list: [1] }; const LIST = [1]; \
    const NUMBER = 1; const TEXT = \" x \"; const MADE = made();";

fn started(constants: &str, handler: &str) -> TestHost {
    TestHost::start(&format!(
        "fn made() {{ [1] }} {constants}\nlet worker = Worker(\"text://127.0.0.1:0\");\n{handler}\nWorker::run_all();"
    ))
}

#[test]
fn a_closure_cannot_change_a_constant_that_it_has_captured() {
    let _meant = findings::meant(&["constant-changed"]);
    for (statement, error) in IN_CLOSURES {
        let handler = format!("worker.on_message = |c, line| {{\n    {statement}\n}};");
        let of_function = format!(
            "fn set(worker) {{ {CONSTANTS} worker.on_message = |c, line| {{\n    {statement}\n}}; }}\nset(worker);"
        );
        for (constants, handler, line) in
            [(CONSTANTS, &handler, "main.rhai:4:"), ("", &of_function, "main.rhai:4:")]
        {
            let mut host = started(constants, handler);
            host.tcp("text://127.0.0.1:0").send("?\n");
            let fault = host.fault();
            assert_eq!(fault.title, error, "{statement}: {}", fault.text);
            assert!(fault.location.starts_with(line), "{statement}: {}", fault.text);
        }
    }
}

#[test]
fn a_closure_reads_constants_works_on_copies_and_has_variables_of_the_same_names() {
    let handler = r#"worker.on_message = |c, line| {
    let copy = LIST; copy.push(2); let map = MAP; map.inner.n = 9; map.list.push(3);
    let sorted = MADE.order(); let found = LIST.map(|n| n + NUMBER);
    let text = TEXT; text.trim();
    let seen = [copy, LIST, map.inner.n, MAP.inner.n, MAP.list, sorted, found, text, MAP.keys().len()];
    for LIST in [[5]] { LIST.push(6); seen.push(LIST); }
    { let LIST = [7]; LIST.push(8); LIST[0] = 9; seen.push(LIST); }
    seen.push((|LIST| { LIST.push(1); LIST }).call([0]));
    c.send(seen);
};"#;
    assert_eq!(
        started(CONSTANTS, handler).tcp("text://127.0.0.1:0").ask("?"),
        r#"[[1,2],[1],9,1,[1],[1],[2],"x",3,[5,6],[9,8],[0,1]]"#
    );
}
