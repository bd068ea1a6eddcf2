//! `TcpConnection`: one peer of any protocol.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "TcpConnection",
    owner: "TcpConnection",
    about: "One peer, whatever the protocol. Callbacks are given it; it can be kept in properties, maps and \
        variables. Any other property may be set and read, as on a worker, and lives as long as the connection. \
        When it is \
        over, after `on_close`, sends give `false` and its properties are `()`.",
    operators: &[
        ("==", "Is it the same connection? Anything else, `()` included, is different."),
        ("!=", "Is it another one?"),
        ("[]", "A property by a computed name: `connection[name]`, `connection[name] = value`."),
        ("to_string", "`TcpConnection(id ip:port)`, as `print` shows it; `to_debug` is the same."),
    ],
    entries: &[
        Entry::new(
            "id",
            &["id: int"],
            "A number that is unique in its isolate: 1, 2, 3 and so on. Read only.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(connection.id);  // prints 1
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "worker",
            &["worker: Worker"],
            "The worker it came to; `()` when the connection is over. Read only.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(connection.worker == worker);  // prints true
    print(connection.worker.broadcast(line));  // prints 1
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "protocol",
            &["protocol: string"],
            "How its bytes are cut into messages; assigned, the next bytes follow the new protocol. A websocket \
                cannot become another protocol, nor another a websocket, a piped connection cannot become `http`, and an HTTP answer that has begun must be \
                complete: all else is an error.",
            r#"
let worker = Worker("tcp://127.0.0.1:0");
worker.on_connect = |connection| connection.protocol = "text";
worker.on_message = |connection, data| print(data);  // prints hello
Worker::run_all();
"#,
        ),
        Entry::new(
            "max_package_size",
            &["max_package_size: int"],
            "Bytes of the largest package that is received from it. At first, and after a reload, its worker's.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_connect = |connection| connection.max_package_size = 1024;
Worker::run_all();
"#,
        ),
        Entry::new(
            "max_send_buffer_size",
            &["max_send_buffer_size: int"],
            "Bytes that may wait for this peer. At first, and after a reload, its worker's.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_connect = |connection| connection.max_send_buffer_size = 16 * 1024 * 1024;
Worker::run_all();
"#,
        ),
        Entry::new(
            "bytes_read",
            &["bytes_read: int"],
            "Bytes received so far, framing included. Read only.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(connection.bytes_read);  // prints 6
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "bytes_written",
            &["bytes_written: int"],
            "Bytes that the kernel took so far. Read only.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(connection.bytes_written);  // prints 0
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "send_buffer_size",
            &["send_buffer_size: int"],
            "Bytes that wait to be written. Read only.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    connection.send("12345");
    print(connection.send_buffer_size);  // prints 6
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "headers",
            &["headers: map"],
            "Header lines for the 101 answer to a websocket's request, set in `on_websocket_connect`. At most 32; \
                those that could forge others are left out.",
            r#"
let worker = Worker("websocket://127.0.0.1:0");
worker.on_websocket_connect = |connection, request| {
    connection.headers = #{ "X-Greeting": "hi" };
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "send",
            &["send(data: any) -> bool | ()", "send(data: any, raw: bool) -> bool | ()"],
            "Sends a message and never waits. Strings go as text, blobs as bytes, numbers, booleans and \
                characters as their text, maps and arrays as JSON; `()`, functions and handles are an error. The \
                protocol's framing is added unless `raw` is true. `true`: the kernel has it; `()`: queued, the \
                usual answer; `false`: dropped, because the connection is closed, its queue is full, \
                or all queues together are (`max_queued_bytes`). On an `http` connection it answers the request that \
                waits: with 200 and such a body, or with a `Response`, whose parts may follow as `Chunk` or \
                `ServerSentEvents`. A second answer, and one that nobody asked for, are an error, and so is `raw`.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(connection.send(#{ said: line }) == false);  // prints false
    connection.send("no line feed", true);
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "close",
            &["close()", "close(data: any)", "close(data: any, raw: bool)"],
            "Sends what is queued, with `data` as the last message, and closes. A websocket says 1000 and waits \
                `close_timeout` for the answer. On an `http` connection `data` is the answer, which says \
                `Connection: close`; a stream is ended, and a file on its way goes out first. `on_close` comes after the \
                running handler.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    connection.close("goodbye");
    print(connection.send("too late"));  // prints false
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "destroy",
            &["destroy()"],
            "Closes at once; what is queued is lost. `on_close` comes after the running handler.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| connection.destroy();
worker.on_close = |connection| print("gone");  // prints gone
Worker::run_all();
"#,
        ),
        Entry::new(
            "pause_recv",
            &["pause_recv()"],
            "Reads no more for now. The peer notices when the kernel's buffers are full; messages that were read \
                already wait too.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_connect = |connection| {
    connection.pause_recv();
    Timer::delay(0.02, || connection.resume_recv());
};
worker.on_message = |connection, line| print(line);  // prints hello
Worker::run_all();
"#,
        ),
        Entry::new(
            "resume_recv",
            &["resume_recv()"],
            "Reads again, after `pause_recv`.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_connect = |connection| {
    connection.pause_recv();
    connection.resume_recv();
};
worker.on_message = |connection, line| print(line);  // prints hello
Worker::run_all();
"#,
        ),
        Entry::new(
            "pipe",
            &["pipe(other: TcpConnection)"],
            "Sends everything that it receives from now on to `other`, instead of to `on_message`. While the \
                queue of `other` is full this one is not read; when this one closes, `other` does. Connections that speak \
                `http` cannot be piped.",
            r#"
let worker = Worker("text://127.0.0.1:0");
// An echo without a handler.
worker.on_connect = |connection| connection.pipe(connection);
Worker::run_all();
"#,
        ),
        Entry::new(
            "get_remote_ip",
            &["get_remote_ip() -> string"],
            "The peer's IP address; empty on a unix socket.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(connection.get_remote_ip());  // prints 127.0.0.1
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "get_remote_port",
            &["get_remote_port() -> int"],
            "The peer's port; 0 on a unix socket.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(connection.get_remote_port() > 0);  // prints true
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "get_remote_address",
            &["get_remote_address() -> string"],
            "The peer's `ip:port`, IPv6 in brackets; empty on a unix socket.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(connection.get_remote_address().starts_with("127.0.0.1:"));  // prints true
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "get_local_ip",
            &["get_local_ip() -> string"],
            "The IP address that the peer connected to; empty on a unix socket.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(connection.get_local_ip());  // prints 127.0.0.1
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "get_local_port",
            &["get_local_port() -> int"],
            "The port that the peer connected to; 0 on a unix socket.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(worker.address.ends_with(`:${connection.get_local_port()}`));  // prints true
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "get_local_address",
            &["get_local_address() -> string"],
            "`ip:port` that the peer connected to; empty on a unix socket.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(`text://${connection.get_local_address()}` == worker.address);  // prints true
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "get_status",
            &["get_status() -> int", "get_status(raw: bool) -> int | string"],
            "Where it stands: 2 established, 8 closing, 16 closed; with `raw` false as a word.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(connection.get_status());  // prints 2
    connection.close();
    print(connection.get_status(false));  // prints CLOSING
};
Worker::run_all();
"#,
        ),
    ],
};
