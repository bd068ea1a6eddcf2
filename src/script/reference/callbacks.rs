//! The callbacks of a `Worker`.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "Callbacks of a Worker",
    owner: "Worker",
    about: "Properties that take a closure, `Fn(\"name\")` or the name of a function as a string; `()` clears. A \
        callback \
        may take fewer parameters than it is offered, not more. It is looked up when its event happens. Every one \
        runs \
        as a handler: it may wait. Those that are offered a connection can also be set on one connection, which \
        then \
        goes before its worker. An unknown `on_…` is an error that names the nearest known one.",
    operators: &[],
    entries: &[
        Entry::new(
            "on_worker_start",
            &["on_worker_start(worker: Worker)"],
            "Runs in each isolate when it starts, before it accepts, and again after each reload. Inner workers \
                and \
            timers that it does not ask for again end then. An error ends the start; after a reload, the script \
            of before serves again. One that has not returned for 5 s is told, and the next reload ends it and starts over: \
            a loop that waits belongs into `Timer::delay(0, || …)`. An inner worker has none: it starts where its \
            `listen()` stands.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_worker_start = |worker| print(`isolate ${worker.id} starts`);  // prints isolate 0 starts
Worker::run_all();
"#,
        ),
        Entry::new(
            "on_worker_reload",
            &["on_worker_reload(worker: Worker)"],
            "Runs in each isolate after a reload, when `on_worker_start` of the new code is done. An inner worker \
                has none.",
            r#"
let worker = Worker();
worker.on_worker_start = |worker| if worker.generation == 0 { Worker::reload(); };
worker.on_worker_reload = |worker| print("reloaded");  // prints reloaded
Worker::run_all();
"#,
        ),
        Entry::new(
            "on_worker_stop",
            &["on_worker_stop(worker: Worker)"],
            "Runs in each isolate when the host stops, before connections are closed. It has the host's stop \
                timeout, 450 ms.",
            r#"
let worker = Worker();
worker.on_worker_start = |worker| Worker::stop_all();
worker.on_worker_stop = |worker| print("stopping");  // prints stopping
Worker::run_all();
"#,
        ),
        Entry::new(
            "on_connect",
            &["on_connect(connection: TcpConnection)"],
            "A connection was accepted; nothing has been read. For a websocket this is before its request.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_connect = |connection| connection.send("welcome");
worker.on_message = |connection, line| print(line);  // prints hello
Worker::run_all();
"#,
        ),
        Entry::new(
            "on_message",
            &["on_message(connection: TcpConnection, data: string | blob | Request)"],
            "A whole message came: a string from `text` and from websocket text frames, a `Request` from `http`, a \
                blob from everything else, unless `encoding` says otherwise. A request is answered by `connection.send`, here \
                or later; without this callback with 404, after an error in it with 500. \
            The next message of the same connection waits until it returns.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| print(line);  // prints hello
Worker::run_all();
"#,
        ),
        Entry::new(
            "on_close",
            &["on_close(connection: TcpConnection)"],
            "The connection is over, whoever ended it: the last callback, and it always comes. Sends give `false` \
                by now, properties can still be read.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| connection.uid = line;
worker.on_close = |connection| print(`${connection.uid} left`);  // prints hello left
Worker::run_all();
"#,
        ),
        Entry::new(
            "on_error",
            &["on_error(connection: TcpConnection, code: int, text: string)"],
            "Something is wrong with a connection: code 2, a send failed (the queue is full, or the peer is \
                gone); code 3, the peer broke \
            the protocol or a limit, and the connection closes.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.max_package_size = 5;
worker.on_error = |connection, code, text| print(`${code}: ${text}`);  // prints 3: a line of 6 bytes, max_package_size is 5
Worker::run_all();
"#,
        ),
        Entry::new(
            "on_buffer_full",
            &["on_buffer_full(connection: TcpConnection)"],
            "A send left the queue at `max_send_buffer_size` or above, or used up `max_queued_bytes`: stop sending until \
                `on_buffer_drain`.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_buffer_full = |connection| print("full");  // prints full
worker.on_message = |connection, line| {
    let long = "";
    long.pad(1000000, 'x');
    for i in 0..64 { connection.send(long); }
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "on_buffer_drain",
            &["on_buffer_drain(connection: TcpConnection)"],
            "A queue that had to wait for its socket is empty again.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_connect = |connection| connection.on_buffer_full = |c| c.pause_recv();
worker.on_buffer_drain = |connection| connection.resume_recv();
Worker::run_all();
"#,
        ),
        Entry::new(
            "on_websocket_connect",
            &[
                "on_websocket_connect(connection: TcpConnection, request: Request) -> bool | int | Response",
            ],
            "A websocket's request is complete and waits for an answer. `request` is a `Request` with its methods: \
                `request.session()` and `request.cookie()` are those of the pages of the same host. Without a call it has \
                `path`, `query` (a map, decoded), `query_string` and `headers` (lower-case names). `false` refuses with 403, \
                a number from 400 to 599 with that status, a `Response` with what it says; anything else accepts, and an \
                error refuses with 500. The session is kept before the answer goes out; what is changed in it later is kept \
                by its `save()`. Lines for the answer are taken from `connection.headers`.",
            r#"
let worker = Worker("websocket://127.0.0.1:0");
worker.on_websocket_connect = |connection, request| {
    print(request.path);  // prints /
    connection.user = request.query.user;
    if request.headers["host"] == () { return 400; }
    if request.cookie("banned") == "yes" { return Response(403, #{}, "not for you"); }
};
Worker::run_all();
"#,
        ),
    ],
};
