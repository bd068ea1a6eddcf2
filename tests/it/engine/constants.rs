//! Constants of which a part is assigned to: the script does not compile.

use crate::support::{host::TestHost, process::rhost_with};

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
