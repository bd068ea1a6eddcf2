//! RFC 6455 against raw frames. Autobahn judges the protocol as a whole (`scripts/autobahn`); here stands what it does not
//! ask, and what must never come back.

mod goodbyes;
mod handshakes;
mod malformed;
mod messages;
mod separation;
mod waiting;

use crate::support::{
    client::Client,
    websocket::{WebSocket, handshake},
};

const ADDRESS: &str = "websocket://127.0.0.1:0";

/// Sends back what comes, as what it came, and logs how connections end. `// settings` and `// more` are places to edit.
const ECHO: &str = r#"
let worker = Worker("websocket://127.0.0.1:0");
worker.max_package_size = 1000;
// settings
worker.on_message = |connection, data| { connection.send(data); };
worker.on_error = |connection, code, message| { print(`error ${code}: ${message}`); };
worker.on_close = |connection| { print(`closed ${connection.id}`); };
// more
Worker::run_all();
"#;

/// The echo with something in the place of its settings.
fn echo_with(settings: &str) -> String {
    ECHO.replace("// settings", settings)
}

/// A client that has asked for `path` with more header lines (each with its line end), and has read nothing.
fn ask_for(mut client: Client, path: &str, headers: &str) -> WebSocket {
    let request = handshake(path);
    let (head, _) = request.rsplit_once("\r\n").expect("a blank line");
    client.send(format!("{head}{headers}\r\n"));
    WebSocket { client }
}
