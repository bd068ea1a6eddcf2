//! `import "std/env"` and whatever else the host has in Rust: found like a file, known to errors and to reloads.

use super::{TEXT, answers};
use crate::support::host::TestHost;

#[test]
fn a_native_module_is_imported_as_a_file_is() {
    let script = "let name = \"std/env\";
        import name as computed;
        import \"std/env\" as env;
        fn inner() { import \"std/env\" as inner; inner::get(\"NO_SUCH\", 1) }
        let w = Worker(\"text://127.0.0.1:0\");
        w.on_message = |c, line| c.send([env::get(\"NO_SUCH\", line), computed::get(\"NO_SUCH\"), inner()]);";
    assert_eq!(answers(script, &["a"]), [r#"["a",null,1]"#]);
}

#[test]
fn a_file_of_the_script_does_not_stand_in_its_way() {
    let files = [("std/env.rhai", "fn get(name) { \"of the file\" }")];
    let script = "import \"std/env\" as env; import \"std/env.rhai\" as mine;
        print(env::get(\"NO_SUCH\", \"of the host\") + \", \" + mine::get(1));
        let w = Worker();";
    let host = TestHost::start_with(script, &files);
    host.wait_for_log("of the host, of the file");
}

#[test]
fn what_is_wrong_with_a_call_is_said_at_its_place() {
    let cases: [(&str, &[&str]); 6] = [
        ("env::get(\"a=b\")", &["`a=b` is no name of a variable", "main.rhai:2:6"]),
        ("env::gte(\"A\")", &["did you mean `env::get`?", "main.rhai:2:6"]),
        ("env::get()", &["`get` exists as `env::get(name: string)", "main.rhai:2:6"]),
        ("env::get(1)", &["`get` exists as `env::get(name: string)", "main.rhai:2:6"]),
        ("env::nothing_like_it()", &["`rhost doc env` lists what this module has"]),
        ("getenv(\"A\")", &["use `env::get(name: string)", "after `import \"std/env\" as env;`"]),
    ];
    for (call, said) in cases {
        let script = format!("import \"std/env\" as env;\n{call};\nWorker(\"{TEXT}\");");
        let error = TestHost::try_start(&script, &[]).err();
        let text = error.unwrap_or_else(|| panic!("{call} starts")).to_string();
        for part in said {
            assert!(text.contains(part), "{call}: no `{part}` in\n{text}");
        }
    }
}

#[test]
fn a_module_that_is_nearly_right_is_suggested() {
    let error = TestHost::try_start("import \"std/evn\" as env;\nWorker();", &[]).err();
    let text = error.expect("it does not start").to_string();
    assert!(text.contains("there is no module `std/evn` in this host: did you mean `std/env`?"));
}

#[test]
fn a_reload_keeps_what_a_module_initialised_unless_the_module_is_another() {
    let script = |module: &str, answer: &str| {
        format!(
            "import \"{module}\" as m;
            let kept = m::get(\"NO_SUCH\", #{{ n: 0 }});
            let w = Worker(\"text://127.0.0.1:0\");
            w.on_message = |c, line| {{ kept.n += 1; c.send(`{answer} ${{kept.n}}`); }};"
        )
    };
    let mut host = TestHost::start(&script("std/env", "a"));
    host.save("mine.rhai", "fn get(name, other) { other }");
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("x"), "a 1");
    host.edit(&script("std/env", "b"));
    assert_eq!(client.ask("x"), "b 2");
    host.edit(&script("mine", "c"));
    assert_eq!(client.ask("x"), "c 1");
}
