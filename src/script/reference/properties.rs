//! The properties of a `Worker` that the host defines: settings and facts.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "Properties of a Worker",
    owner: "Worker",
    about: "Settings are assigned, mostly at the top level; a value of the wrong type or out of range is an \
        error. All of \
        them change with a reload; what concerns connections changes for open ones too. Times are seconds, whole \
        or \
        fractions; 0 switches a time limit off. Sizes are bytes.",
    operators: &[],
    entries: &[
        Entry::new(
            "id",
            &["id: int"],
            "The number of this isolate among those of its worker, from 0 to `count` - 1. Read only.",
            r#"
let worker = Worker();
worker.on_worker_start = |worker| print(worker.id);  // prints 0
Worker::run_all();
"#,
        ),
        Entry::new(
            "count",
            &["count: int = 1"],
            "How many isolates serve the worker, each with a thread and variables of its own; 1 to 1024.",
            r#"
let worker = Worker();
worker.count = 2;
worker.on_worker_start = |worker| print(`isolate ${worker.id}`);  // prints isolate 1
Worker::run_all();
"#,
        ),
        Entry::new(
            "reuse_port",
            &["reuse_port: bool = false"],
            "Does each isolate listen on a socket of its own? Then the system spreads connections evenly over isolates; \
                without, they take them from one socket. For a worker that a handler makes it must be set before \
                `listen()` where several isolates listen on the same address. Unix sockets are always shared.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.count = 2;
worker.reuse_port = true;
worker.on_message = |connection, line| connection.send(worker.id);
Worker::run_all();
"#,
        ),
        Entry::new(
            "user",
            &["user: string = \"\""],
            "Whom the process becomes when all sockets are bound, before any `on_worker_start`; it has to be started \
                as root. Files of Unix sockets are given to the user. There is one process: workers that name a user \
                must name the same. Read at start.",
            r#"
let worker = Worker("text://127.0.0.1:0");
print(worker.user == "");  // prints true
Worker::run_all();
"#,
        ),
        Entry::new(
            "group",
            &["group: string = \"\""],
            "The group that goes with `user`. At first that user's own.",
            r#"
let worker = Worker("text://127.0.0.1:0");
print(worker.group == "");  // prints true
Worker::run_all();
"#,
        ),
        Entry::new(
            "name",
            &["name: string = \"\""],
            "The worker's name in the log and in metrics, which no other worker of the top level may have. By it a reload finds the worker again, also when its address changed. One without a name is called by its address, or `worker 2` if it is the second and has none.",
            r#"
let worker = Worker();
worker.name = "chat";
print(worker);  // prints Worker(chat)
"#,
        ),
        Entry::new(
            "protocol",
            &["protocol: string"],
            "How bytes are cut into messages: `tcp`, `text`, `frame`, `websocket` or `http`. At first what the address \
                says; any other name is an error.",
            r#"
let worker = Worker("tcp://127.0.0.1:0");
worker.protocol = "text";
worker.on_message = |connection, line| print(line);  // prints hello
Worker::run_all();
"#,
        ),
        Entry::new(
            "transport",
            &["transport: string"],
            "What carries the bytes: `tcp` or `unix`, as the address says. Read only.",
            r#"
let worker = Worker("text://127.0.0.1:0");
print(worker.transport);  // prints tcp
Worker::run_all();
"#,
        ),
        Entry::new(
            "encoding",
            &["encoding: string = \"\""],
            "Set to `utf8`, every message arrives as a string, set to `binary` as a blob; otherwise as the protocol has it. \
                A string is UTF-8: other bytes end the connection, after `on_error`. So lines of devices that speak \
                Latin-1 or GBK take `binary`, and are answered with blobs. The text of a websocket must be UTF-8 all \
                the same, as its standard wants it.",
            r#"
let worker = Worker("tcp://127.0.0.1:0");
worker.encoding = "utf8";
worker.on_message = |connection, data| print(type_of(data));  // prints string
let meter = Worker("text://127.0.0.1:0");
meter.encoding = "binary";
meter.on_message = |connection, line| connection.send(line);  // (with a line's end)
Worker::run_all();
"#,
        ),
        Entry::new(
            "max_package_size",
            &["max_package_size: int = 10485760"],
            "Bytes of the largest package that is received. A larger one ends its connection, after `on_error`. \
            `tcp` has no packages and no such limit.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.max_package_size = 4;
worker.on_error = |connection, code, text| print(code);  // prints 3
Worker::run_all();
"#,
        ),
        Entry::new(
            "max_send_buffer_size",
            &["max_send_buffer_size: int = 1048576"],
            "Bytes that may wait for one peer before sends are dropped. It is looked at before a message is \
                queued, so the queue may be one \
            message longer. A dropped send gives `false` and calls `on_error` with code 2.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.max_send_buffer_size = 64 * 1024;
Worker::run_all();
"#,
        ),
        Entry::new(
            "max_file_uploads",
            &["max_file_uploads: int = 20"],
            "Files that one form may bring, 0 to 10000. One with more is refused with 413, unless the script catches \
                that error.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.max_file_uploads = 5;
worker.on_message = |connection, request| connection.send("at most five");
Worker::run_all();
"#,
        ),
        Entry::new(
            "upload_dir",
            &["upload_dir: string = \"\""],
            "The directory for files that are uploaded, and for bodies of more than 256 KiB, while their request is \
                answered. A relative one begins where the script lies; an empty one is the system's directory for \
                temporary files. It has to be there.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.upload_dir = "/var/tmp";
worker.on_message = |connection, request| connection.send(request.body());
Worker::run_all();
"#,
        ),
        Entry::new(
            "trusted_proxies",
            &["trusted_proxies: array = []"],
            "Proxies whose headers say where an HTTP request really came from: addresses (`127.0.0.1`, `::1`), networks \
                (`10.0.0.0/8`), and `unix` for peers of a Unix socket. For a request of one of them `ip()` follows \
                X-Forwarded-For from the right to the first that is not trusted, `scheme()` follows X-Forwarded-Proto, \
                and `host()` follows X-Forwarded-Host. Everybody else can write these headers, too, and is not believed.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.trusted_proxies = ["127.0.0.1", "10.0.0.0/8"];
worker.on_message = |connection, request| connection.send(`you are ${request.ip()}`);
Worker::run_all();
"#,
        ),
        Entry::new(
            "access_log",
            &["access_log: bool = false"],
            "Is each request that was answered told to the log, with files, refusals and the openings of websockets? A line has \
                the combined format of Apache and nginx and, at its end, the seconds that it took: `127.0.0.1 - - \
                [30/Nov/2026:11:21:09 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl/8.0\" 0.001`. A client that left before \
                it was answered has the status 499. The address is that of `request.ip()`. What a client wrote is escaped, so \
                that nobody forges a line. With `--log-format json` a line has fields instead; \
                `Worker::configure(#{ access_log_file: \"access.log\" })` gives the lines a file of their own, without \
                anything before them.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.access_log = true;
worker.on_message = |connection, request| connection.send("hello");
Worker::run_all();
"#,
        ),
        Entry::new(
            "on_script_error",
            &["on_script_error: string = \"keep\""],
            "What an error in a callback costs besides its event: `keep` nothing, `close` the connection (websockets get \
            1011), `exit` the whole isolate, which is started anew with its variables and without its connections; one that \
            does so again and again waits between 0.1 and 10 seconds. For `exit`, errors of timers count too.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_script_error = "close";
print(worker.on_script_error);  // prints close
Worker::run_all();
"#,
        ),
        Entry::new(
            "handler_timeout",
            &["handler_timeout: float = 5.0"],
            "Seconds that a handler may run without waiting before it is ended where it stands, as an error. Meanwhile its \
            isolate answers nobody. Holds for all that runs in the worker's isolates, so an inner worker cannot set it.",
            r#"
let worker = Worker();
print(worker.handler_timeout);  // prints 5.0
worker.handler_timeout = 0.5;
Worker::run_all();
"#,
        ),
        Entry::new(
            "handler_memory",
            &["handler_memory: int = 268435456"],
            "Bytes that a handler may make anew, from its start to its end and across its waits: all that it allocates and \
            nobody frees, but not what others make meanwhile. What others free on balance while it waits is taken for its own, so \
            that one which lives for days is not ended for what has long been used up; what is printed does not count. One that makes more is ended at the next variable that it reads, as \
            an error of the kind `memory`, which no `try` can hold up; others go on. 65536 at least; 0 is without a limit. \
            Holds for all that runs in the worker's isolates, so an inner worker cannot set it; at the top level it holds \
            from where it is set on.",
            r#"
let worker = Worker();
print(worker.handler_memory);  // prints 268435456
worker.handler_memory = 64 * 1024 * 1024;
Worker::run_all();
"#,
        ),
        Entry::new(
            "reloadable",
            &["reloadable: bool = true"],
            "False: from the next reload on the worker stays as it is, code and all, and only its `on_worker_reload` is \
                called; `count` and the address hold all the same. A text that says true again takes effect when it is \
                loaded. Can be set at the top level only.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.reloadable = false;
Worker::run_all();
"#,
        ),
        Entry::new(
            "handshake_timeout",
            &["handshake_timeout: float = 10.0"],
            "Seconds from accepting until a websocket's request must be complete, and from the first byte of any HTTP \
                request to the end of its headers. Who is slower gets 408 and is closed.",
            r#"
let worker = Worker("websocket://127.0.0.1:0");
worker.handshake_timeout = 3;
Worker::run_all();
"#,
        ),
        Entry::new(
            "heartbeat",
            &["heartbeat: float = 25.0"],
            "Seconds of a websocket's silence after which it is pinged; after twice as many it is closed. Time in \
                which the isolate itself was busy does not count.",
            r#"
let worker = Worker("websocket://127.0.0.1:0");
worker.heartbeat = 50;
Worker::run_all();
"#,
        ),
        Entry::new(
            "idle_timeout",
            &["idle_timeout: float = 0.0"],
            "Seconds without a byte received after which a connection of any protocol is closed. 0: never.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.idle_timeout = 600;
Worker::run_all();
"#,
        ),
        Entry::new(
            "keep_alive_timeout",
            &["keep_alive_timeout: float = 60.0"],
            "Seconds from an HTTP answer until the connection is closed, if no other request has begun. 0: never.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.keep_alive_timeout = 15;
Worker::run_all();
"#,
        ),
        Entry::new(
            "body_timeout",
            &["body_timeout: float = 30.0"],
            "Seconds for every 16 KiB of an HTTP request's body; who is slower gets 408 and is closed. Who takes \
                longer to read as much of an answer that waits is cut off. 0: no limit.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.body_timeout = 10;
Worker::run_all();
"#,
        ),
        Entry::new(
            "response_timeout",
            &["response_timeout: float = 5.0"],
            "Seconds from the end of an HTTP request's handler until it must be answered, by a timer or another \
                connection; then the answer is 504. 0: never.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.response_timeout = 30;
worker.on_message = |connection, request| {
    Timer::add(10.0, || connection.send("at last"), [], false);
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "close_timeout",
            &["close_timeout: float = 5.0"],
            "Seconds from `close()` until the socket is closed whatever the peer does.",
            r#"
let worker = Worker("websocket://127.0.0.1:0");
worker.close_timeout = 0.5;
Worker::run_all();
"#,
        ),
        Entry::new(
            "connections",
            &["connections: Connections"],
            "A live view of the worker's connections in this isolate. Read only.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| print(worker.connections.len);  // prints 1
Worker::run_all();
"#,
        ),
        Entry::new(
            "address",
            &["address: string"],
            "Where it listens, with the real port, in `on_worker_start` as well; before, and after `unlisten()`, the address as it \
            was written. Read only.",
            r#"
let worker = Worker("text://127.0.0.1:0");
print(worker.address);  // prints text://127.0.0.1:0
worker.on_connect = |connection| print(worker.address.ends_with(":0"));  // prints false
Worker::run_all();
"#,
        ),
        Entry::new(
            "generation",
            &["generation: int"],
            "How many times the script has been reloaded since the start. Read only.",
            r#"
let worker = Worker();
worker.on_worker_start = |worker| print(worker.generation);  // prints 0
Worker::run_all();
"#,
        ),
    ],
};
