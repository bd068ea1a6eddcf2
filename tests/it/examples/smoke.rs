//! One message in, one message out, one edit: if this fails, look here first.

use crate::support::host::TestHost;

const ECHO: &str = r#"
let worker = Worker("websocket://127.0.0.1:0");
worker.seen = 0;
worker.on_message = |connection, data| {
    worker.seen += 1;
    connection.send(`${data} ${worker.seen}`);
};
Worker::run_all();
"#;

#[test]
fn a_saved_handler_is_live_on_an_open_websocket() {
    let mut host = TestHost::start(ECHO);
    let mut socket = host.websocket("websocket://127.0.0.1:0");
    assert_eq!(socket.ask("a"), "a 1");
    let report = host.edit(&ECHO.replace("${data}", "edited ${data}"));
    assert_eq!((report.generation, report.connections, report.listeners), (1, 1, 1));
    assert_eq!(socket.ask("b"), "edited b 2");
    assert_eq!(host.stop(), 0);
    socket.expect_close(1001);
}
