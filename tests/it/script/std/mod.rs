//! The modules of the host in Rust, as scripts see them: a file for each.

/// `std/bytes`.
mod bytes;
/// `std/random`.
mod random;
/// `std/regex`.
mod regex;
/// `std/time`, and the recipes that need a clock.
mod time;

use crate::support::host::TestHost;

/// Asks what each expression gives in a handler that has imported these modules, and what is wrong with one that throws.
fn shows(modules: &[&str], cases: &[(&str, &str)]) {
    let mut script = String::new();
    for module in modules {
        script += &format!("import \"std/{module}\" as {module};\n");
    }
    let mut calls = String::new();
    for (at, (expression, _)) in cases.iter().enumerate() {
        script += &format!("fn value{at}() {{ {expression} }}\n");
        calls += &format!(
            "    try {{ print(`{at}: ${{value{at}()}}`); }} catch (e) {{ print(`{at}: error: ${{e}}`); }}\n"
        );
    }
    script += &format!(
        "let worker = Worker();\nworker.on_worker_start = |worker| {{\n{calls}    print(\"done\");\n}};\n"
    );
    let host = TestHost::start(&script);
    host.wait_for_log("done");
    let printed = host.printed();
    let mut wrong = Vec::new();
    for (at, (expression, wanted)) in cases.iter().enumerate() {
        let begin = format!("{at}: ");
        let given = printed.iter().find_map(|line| line.strip_prefix(&begin));
        if given != Some(wanted) {
            wrong.push(format!(
                "{expression}\n    gives   {}\n    and not {wanted}",
                given.unwrap_or("nothing")
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert_eq!(host.stop(), 0);
}
