//! The standard library, as scripts use it: what a function does in a handler and at the top level, and what it says when it
//! is called wrongly. The rules of formats and algorithms are tested beside their code.

/// `std/bytes`.
mod bytes;
/// Signed cookies and tokens of forms.
mod cookie;
/// Digests, passwords, encryption, signatures, tokens.
mod crypto;
/// Formats.
mod encoding;
/// Variables and arguments.
mod env;
/// Everything together, as somebody looks for it who comes from PHP.
mod everyday;
/// Files and directories.
mod file;
/// Lines with fields.
mod log;
/// What the objects of all modules have in common.
mod objects;
/// Programs.
mod process;
/// `std/random`.
mod random;
/// `std/regex`.
mod regex;
/// Pages.
mod template;
/// `std/time`, and the recipes that need a clock.
mod time;

use crate::support::host::TestHost;

/// What the body of `on_worker_start` prints.
fn printed(imports: &[&str], body: &str) -> Vec<String> {
    printed_with(imports, body, &[])
}

/// The same with more files beside the script.
fn printed_with(imports: &[&str], body: &str, files: &[(&str, &str)]) -> Vec<String> {
    let script = format!(
        "{}let worker = Worker();\nworker.on_worker_start = |worker| {{\n{body}\nprint(\"the end\");\n}};\nWorker::run_all();",
        importing(imports)
    );
    let host = TestHost::start_with(&script, files);
    host.wait_for_log("the end");
    let mut lines = host.printed();
    assert_eq!(lines.pop().as_deref(), Some("the end"), "{lines:?}");
    lines
}

/// What a call says when it fails, in a handler.
fn said(imports: &[&str], call: &str) -> String {
    let body = format!("try {{ {call}; print(\"it works\"); }} catch (why) {{ print(why); }}");
    printed(imports, &body).join("\n")
}

fn importing(modules: &[&str]) -> String {
    modules.iter().map(|module| format!("import \"std/{module}\" as {module};\n")).collect()
}

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
