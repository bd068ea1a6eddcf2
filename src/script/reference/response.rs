//! `Response`: an HTTP answer.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "Response",
    owner: "Response",
    about: "An HTTP answer with status, headers and body, sent by `connection.send`. Its methods change it and give it \
        back, so that they can be chained; the same response may be sent many times. `Date`, `Content-Length`, \
        `Transfer-Encoding` and `Connection` are the host's: what a script sets of the last three does not go out, but \
        `Connection: close` closes after the answer, and `Transfer-Encoding: chunked` or `Content-Type: \
        text/event-stream` begins a stream, whose parts follow as `Chunk` or `ServerSentEvents`.",
    operators: &[("to_string", "`Response(200)`, as `print` shows it; `to_debug` is the same.")],
    entries: &[
        Entry::new(
            "Response",
            &[
                "Response() -> Response",
                "Response(status: int) -> Response",
                "Response(status: int, headers: map) -> Response",
                "Response(status: int, headers: map, body: any) -> Response",
            ],
            "A new answer; 200 without headers and body unless given. A status is 200 to 599. Headers are those of \
                `with_headers`, a body is that of `with_body`.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    connection.send(Response(404, #{ "Content-Type": "text/plain" }, "nothing here"));
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "json",
            &["Response::json(value: any) -> Response"],
            "An answer of type `application/json`. Other than a map that is sent by itself, it may be a string, a number or \
                `()`, and can be given a status.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    connection.send(Response::json(#{ error: "no such user" }).with_status(404));
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "redirect",
            &[
                "Response::redirect(location: string) -> Response",
                "Response::redirect(location: string, status: int) -> Response",
            ],
            "Sends the client elsewhere, with 302 or another status from 300 to 399. What may not stand in a URI is \
                percent-encoded, and escapes that are there stay. Line breaks in the location are an error; where it leads \
                is yours to check, if it came from the client.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| connection.send(Response::redirect("/login", 303));
Worker::run_all();
"#,
        ),
        Entry::new(
            "with_status",
            &[
                "with_status(status: int) -> Response",
                "with_status(status: int, reason: string) -> Response",
            ],
            "Sets the status, 200 to 599, and what stands behind it; without a reason that is the usual phrase.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    connection.send(Response().with_status(503, "Back at noon"));
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "with_header",
            &["with_header(name: string, value: any) -> Response"],
            "Sets a header in place of any of that name, whatever its case; an array sets it once for each value. A name or \
                value that could forge other headers is an error, and so are more than 100 headers.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    connection.send(Response().with_header("Link", ["</a>; rel=next", "</b>; rel=prev"]));
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "header",
            &["header(name: string, value: any) -> Response"],
            "The same as `with_header`.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| connection.send(Response().header("X-Powered-By", "tea"));
Worker::run_all();
"#,
        ),
        Entry::new(
            "with_headers",
            &["with_headers(headers: map) -> Response"],
            "Sets each header of a map, as `with_header` does.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let headers = #{ "Cache-Control": "no-store", "X-Frame-Options": "DENY" };
    connection.send(Response().with_headers(headers).with_body("hello"));
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "without_header",
            &["without_header(name: string) -> Response"],
            "Takes all headers of that name out, whatever its case.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let response = Response(200, #{ "X-Debug": "1" });
    connection.send(response.without_header("x-debug"));
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "with_body",
            &["with_body(body: any) -> Response"],
            "Sets the body: what `connection.send` takes. Unless a header names the type, strings and numbers are \
                `text/html; charset=utf-8`, maps and arrays `application/json`, blobs `application/octet-stream`.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    connection.send(Response().with_header("Content-Type", "text/plain").with_body("hello"));
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "with_file",
            &[
                "with_file(path: string) -> Response",
                "with_file(path: string, offset: int) -> Response",
                "with_file(path: string, offset: int, length: int) -> Response",
            ],
            "Sends a file as the body; relative paths begin at the script. It is opened when the response is sent, and read \
                as fast as the peer takes it, on other threads. A whole file with status 200 has `ETag` and \
                `Last-Modified`; conditions of the request are answered with 304 or 412, a range with 206 or 416. With \
                an offset or a length (bytes; 0: to the end) that part goes out as 206. A file that is not there is answered \
                with 404, one that may not be read with 403; one that becomes shorter while it is sent ends the connection.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    connection.send(Response().with_file("main.rhai").with_header("Content-Type", "text/plain"));
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "with_file_in",
            &[
                "with_file_in(directory: string, path: string) -> Response",
                "with_file_in(directory: string, path: string, options: map) -> Response",
            ],
            "Sends the file that a path, as a request writes it, leads to below a directory, and nothing outside of it; \
                otherwise as `with_file`. A relative directory begins at the script. The options are those of `add_root`; \
                others are an error.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    connection.send(Response().with_file_in("public", request.path(), #{ listing: true }));
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "cookie",
            &[
                "cookie(name: string, value: string) -> Response",
                "cookie(name: string, value: string, options: map) -> Response",
            ],
            "Adds a cookie, in the place of one for the same name, path and domain; its value may be any text. Whoever sends \
                the same `Response` to several clients sends all of them its cookies. Options: `max_age` (seconds; 0 removes it; without, it lives until \
                the browser is closed), `path` (`/`), `domain`, `secure` (false), `http_only` (true), `same_site` \
                (`Lax`, or `Strict` or `None`; empty: not said). Unknown options, and name and value of more than 4096 bytes \
                together, are an error.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let month = 30 * 24 * 3600;
    connection.send(Response().cookie("theme", "dark", #{ max_age: month, http_only: false }));
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "get_header",
            &["get_header(name: string) -> string | ()"],
            "The value of the first header of that name, whatever its case, or `()`.",
            r#"
print(Response(200, #{ "X-Kind": "tea" }).get_header("x-kind"));  // prints tea
"#,
        ),
        Entry::new(
            "get_status_code",
            &["get_status_code() -> int"],
            "The status.",
            r#"
print(Response::redirect("/").get_status_code());  // prints 302
"#,
        ),
        Entry::new(
            "get_body",
            &["get_body() -> any"],
            "The body as it was given; `()` if there is none, or a file.",
            r#"
print(Response().with_body("hello").get_body());  // prints hello
"#,
        ),
    ],
};
