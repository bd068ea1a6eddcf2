//! `Request`: what an HTTP client asked.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "Request",
    owner: "Request",
    about: "What `on_message` of an `http` worker is given: one request, body and all. Nothing is parsed before it is \
        asked for. Any other property may be set and read, as on a connection, and lives until the request is \
        answered. A name of a method without its parentheses (`request.path`) is an error.",
    operators: &[
        ("==", "Is it the same request? Anything else, `()` included, is different."),
        ("!=", "Is it another one?"),
        ("[]", "A property by a computed name: `request[name]`, `request[name] = value`."),
        ("to_string", "`Request(GET /path?query)`, as `print` shows it; `to_debug` is the same."),
    ],
    entries: &[
        Entry::new(
            "method",
            &["method() -> string"],
            "The method as it came: `GET`, `POST` and so on. `CONNECT` and `TRACE` never reach a script.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.method());  // prints GET
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "path",
            &["path() -> string"],
            "The path without the query, as it came: `%20` is not decoded, and `..` may be in it. To serve files of a \
                folder, do not join it to a path yourself.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.path());  // prints /hello
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "uri",
            &["uri() -> string"],
            "Path and query, as they came.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.uri());  // prints /hello?name=ann&tags[]=a&tags[]=b
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "query_string",
            &["query_string() -> string"],
            "What follows the `?`, as it came; empty if nothing does.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.query_string());  // prints name=ann&tags[]=a&tags[]=b
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "protocol_version",
            &["protocol_version() -> string"],
            "`1.1`, `1.0`, or `2`.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.protocol_version());  // prints 1.1
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "host",
            &["host() -> string", "host(without_port: bool) -> string"],
            "The host that was asked for, with its port if that was given; without it if `without_port` is true. Empty \
                if an HTTP/1.0 client named none. It is whatever the client wrote: compare it, do not trust it.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.host());  // prints example.com:8080
    print(request.host(true));  // prints example.com
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "get",
            &["get() -> map", "get(name: string) -> any", "get(name: string, default: any) -> any"],
            "A field of the query, decoded; `default` or `()` if it is not there; without a name all fields. \
                `tags[]=a&tags[]=b` is an array `tags`, `user[name]=ann` a map `user`; else the last one of a name counts. More than \
                1000 fields are an error, which answers 414 unless the script catches it, and so is a name with more than 16 \
                brackets (400): a part of a query is never left out.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.get("name"));  // prints ann
    print(request.get("page", "1"));  // prints 1
    print(request.get().tags);  // prints ["a","b"]
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "post",
            &[
                "post() -> map | array",
                "post(name: string) -> any",
                "post(name: string, default: any) -> any",
            ],
            "A field of the body, as `get` is one of the query. A body whose Content-Type names JSON gives the fields of its \
                object. A form that is not taken whole is an error: 413 with more than 1000 fields, 400 if it cannot be read.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.post("name"));  // prints ann
    print(request.post("city", "unknown"));  // prints unknown
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "header",
            &[
                "header() -> map",
                "header(name: string) -> any",
                "header(name: string, default: any) -> any",
            ],
            "The value of a header, whatever its case; `default` or `()` if it is not there. Repeated ones are joined with \
                commas. Without a name a map of all, with lower-case names.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.header("User-Agent"));  // prints example/1.0
    print(request.header("Accept-Language", "en"));  // prints en
    print(request.header().host);  // prints example.com:8080
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "cookie",
            &[
                "cookie() -> map",
                "cookie(name: string) -> any",
                "cookie(name: string, default: any) -> any",
            ],
            "The value of a cookie, decoded; `default` or `()` if it is not there; without a name a map of all, 200 at most.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.cookie("theme"));  // prints dark
    print(request.cookie("size", "small"));  // prints small
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "trailer",
            &[
                "trailer() -> map",
                "trailer(name: string) -> any",
                "trailer(name: string, default: any) -> any",
            ],
            "The value of a header that followed a chunked body, by its lower-case name; `default` or `()` if it is not \
                there; without a name a map of all. Trailers never count as headers.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.trailer("checksum", "none"));  // prints none
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "raw_head",
            &["raw_head() -> string"],
            "Request line and headers, as they came.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.raw_head().split("\r\n")[1]);  // prints Host: example.com:8080
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "raw_body",
            &["raw_body() -> blob"],
            "The bytes of the body; chunks are put together. Larger ones than `max_package_size` are refused with 413 and \
                never reach the script.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.raw_body().len());  // prints 0
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "body",
            &["body() -> string"],
            "The body as text. Bytes that are not UTF-8 become `\u{fffd}`.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    // request.post("name") would decode it
    print(request.body());  // prints name=ann
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "json",
            &["json() -> any"],
            "The body as JSON, whatever its Content-Type; `()` if it is none, or is nested deeper than 127 levels.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.json().name);  // prints ann
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "ip",
            &["ip() -> string"],
            "The IP address of the peer; empty on a unix socket. Behind a proxy that is the proxy's.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.ip());  // prints 127.0.0.1
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
    ],
};
