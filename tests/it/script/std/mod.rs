//! The standard library, as scripts use it: what a function does in a handler and at the top level, and what it says when it
//! is called wrongly. The rules of formats and algorithms are tested beside their code.

/// Signed cookies and tokens of forms.
mod cookie;
/// Digests, passwords, encryption, signatures, tokens.
mod crypto;
/// Formats.
mod encoding;
/// Variables and arguments.
mod env;
/// Files and directories.
mod file;
/// Lines with fields.
mod log;
/// Programs.
mod process;
/// Pages.
mod template;

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
