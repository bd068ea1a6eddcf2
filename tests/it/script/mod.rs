//! What a script can do apart from talking to sockets.

/// Values that are deep, endless or huge.
mod big_values;
/// One connection: properties, callbacks of its own, pausing, addresses.
mod connection;
/// What an error says, and where.
mod errors;
/// `exit`, which scripts do not have.
mod exit;
/// `import`: files, `std/push`, state of modules.
mod imports;
/// JSON, read and written.
mod json;
/// Types that messages name.
mod message_types;
/// What messages say, in which words.
mod messages;
/// The names of Workers.
mod names;
/// Modules of the host in Rust.
mod native_modules;
/// The script reference: complete, true, and told in the documents.
mod reference;
/// Sending and closing.
mod sending;
/// `Timer` and `sleep`.
mod timers;
/// Variables, maps and arrays by reference, handles as values.
mod values;
/// A worker's properties and callbacks.
mod worker;
/// A worker's connections, and inner workers.
mod worker_connections;

use crate::support::host::TestHost;

const TEXT: &str = "text://127.0.0.1:0";

/// The answers of a script's handler to these lines, over one connection.
fn answers(script: &str, lines: &[&str]) -> Vec<String> {
    answers_with(script, &[], lines)
}

/// The same with more files.
fn answers_with(script: &str, files: &[(&str, &str)], lines: &[&str]) -> Vec<String> {
    let mut host = TestHost::start_with(script, files);
    let mut client = host.tcp(TEXT);
    lines.iter().map(|line| client.ask(line)).collect()
}

/// What an expression is inside of a handler, as text.
fn value_of(before: &str, expression: &str) -> String {
    let script = format!(
        r#"
let worker = Worker("{TEXT}");
{before}
worker.on_message = |connection, line| {{ connection.send(to_json({expression})); }};
"#
    );
    answers(&script, &["?"]).remove(0)
}
