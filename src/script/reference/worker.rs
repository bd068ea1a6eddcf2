//! `Worker`: the constructor, the methods, and what concerns all workers.

use super::{Entry, Place, Section};

pub(super) const SECTION: Section = Section {
    title: "Worker",
    owner: "Worker",
    about: "A listener with its settings, callbacks and connections. One made at the top level is served by \
        `count` \
        isolates; one made in a handler lives in the isolate that made it. Any other property may be set and \
        read: an \
        unknown one is `()`, assigning `()` removes it.",
    operators: &[
        ("==", "Is it the same worker? Anything else, `()` included, is different."),
        ("!=", "Is it another worker?"),
        ("[]", "A property by a computed name: `worker[name]`, `worker[name] = value`."),
        ("to_string", "`Worker(name)`, as `print` shows it; `to_debug` is the same."),
    ],
    entries: &[
        Entry::new(
            "Worker",
            &["Worker(address: string) -> Worker", "Worker() -> Worker"],
            "A new worker for an address such as `text://127.0.0.1:5678`; port 0 takes a free one. \
            Without an address it only runs `on_worker_start`, timers and inner workers. An address that cannot \
            be is an error that says \
            what a right one looks like.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| connection.send(`you said ${line}`);
Worker::run_all();
"#,
        ),
        Entry::new(
            "run_all",
            &["Worker::run_all()"],
            "Ends the top level and serves all workers that it made. Nothing after it runs. A script that makes \
                workers and ends without it \
            is served all the same. In a handler it is an error.",
            r#"
let worker = Worker("text://127.0.0.1:0");
Worker::run_all();
throw "not reached";
"#,
        )
        .only_in(Place::TopLevel),
        Entry::new(
            "stop_all",
            &["Worker::stop_all()", "Worker::stop_all(code: int)"],
            "Stops the whole host in order; it ends with exit code `code` (0 to 255, else an error; default 0). \
            `on_worker_stop` runs, queues drain, websockets are told 1001. Returns at once.",
            r#"
let worker = Worker();
worker.on_worker_start = |worker| Worker::stop_all();
worker.on_worker_stop = |worker| print("bye");  // prints bye
Worker::run_all();
"#,
        )
        .only_in(Place::Handler),
        Entry::new(
            "configure",
            &["Worker::configure(options: map)"],
            "Says how the process runs that hosts the script. The keys: \
            `daemonize` (boolean, `rhost start` goes to the background), `pid_file` (the control socket is beside it), \
            `log_file`, `log_file_max_size` (bytes, then a new file is begun), `stdout_file` (what scripts print, in a \
            daemon), `access_log_file` (where workers with `access_log` write, instead of the log), `metrics` (`127.0.0.1:9100`, where Prometheus text is served): these are read at start. \
            `stop_timeout` (seconds that a stop waits for queues and goodbyes, and a graceful one for connections; \
            3200000000, a hundred years, at most), \
            `max_queued_bytes` (bytes of memory for what waits for all peers together), \
            `session` (a map that says how sessions are kept, see there): these change on reload. An unknown key or a \
            value of the wrong type is an error. What is read at start and changes on a reload is told in the log, \
            and holds from the next start. Several calls add up.",
            r#"
Worker::configure(#{ stop_timeout: 1.5 });
let worker = Worker();
worker.on_worker_start = |worker| print("configured");  // prints configured
Worker::run_all();
"#,
        )
        .only_in(Place::TopLevel),
        Entry::new(
            "reload",
            &["Worker::reload()"],
            "Reads the script again, as saving it does, at most once a second: what is asked for sooner is one \
                reload at the end of that second, with a warning. Returns at once; the running handler ends on the \
                code it began with.",
            r#"
let worker = Worker();
worker.on_worker_start = |worker| {
    if worker.generation == 0 { Worker::reload(); }
};
worker.on_worker_reload = |worker| print(`generation ${worker.generation}`);  // prints generation 1
Worker::run_all();
"#,
        )
        .only_in(Place::Handler),
        Entry::new(
            "listen",
            &["listen()"],
            "Starts listening: needed for a worker that a handler made, and for any after `unlisten()`. On one that \
                listens \
            already it does nothing. An address that is taken or not allowed is an error that says why. Made in \
            `on_worker_start`, the worker is found again by its address after a reload and its connections stay.",
            r#"
let worker = Worker();
worker.on_worker_start = |worker| {
    let inner = Worker("text://127.0.0.1:0");
    inner.on_message = |connection, line| connection.send(line);
    inner.listen();
    print(inner.address.contains("127.0.0.1"));  // prints true
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "unlisten",
            &["unlisten()"],
            "Stops listening in this isolate; with the last one the port is given back. Connections stay.",
            r#"
let worker = Worker();
worker.on_worker_start = |worker| {
    let inner = Worker("text://127.0.0.1:0");
    inner.listen();
    inner.unlisten();
    print(inner.address);  // prints text://127.0.0.1:0
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "pause_accept",
            &["pause_accept()"],
            "Takes no new connections for now. They wait in the kernel; open ones go on.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_connect = |connection| {
    worker.pause_accept();
    Timer::delay(0.02, || worker.resume_accept());
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "resume_accept",
            &["resume_accept()"],
            "Takes new connections again, after `pause_accept`.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_worker_start = |worker| {
    worker.pause_accept();
    worker.resume_accept();
};
worker.on_message = |connection, line| print(line);  // prints hello
Worker::run_all();
"#,
        ),
        Entry::new(
            "broadcast",
            &["broadcast(data: any) -> int"],
            "Sends a message to every connection of the worker in this isolate, and gives how many took it. \
                `data` is as in `send` to a websocket, and is turned into bytes once. What cannot be sent is an error. \
                On an `http` worker it reaches the websockets that were opened there, and nobody else.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(worker.broadcast(line));  // prints 1
};
Worker::run_all();
"#,
        ),
    ],
};
