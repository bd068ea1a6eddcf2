//! `WebServer`: a Worker that answers with files.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "WebServer",
    owner: "WebServer",
    about: "A worker for HTTP that answers with the files of its roots; in all else it is a `Worker`. If it has an \
        `on_message`, that is asked first: what it has not answered when it returns is answered with a file (whoever \
        wants to answer later waits in the handler), and an error is 500. Files are read for GET and HEAD, with \
        `ETag`, `Last-Modified`, conditions and ranges; OPTIONS is 204, any other method 405. Nothing outside of a root is \
        answered, whatever the path or a symbolic link says, and no name that begins with a dot, but `.well-known`.",
    operators: &[],
    entries: &[
        Entry::new(
            "WebServer",
            &["WebServer(address: string) -> Worker"],
            "A new worker for an `http://` address. One that was given no root when the top level ends is an error.",
            r#"
let server = WebServer("http://127.0.0.1:0");
server.add_root("www.example.com", ".");
server.on_message = |connection, request| {
    if request.path() == "/api/time" { connection.send(#{ seconds: server.seconds }); }
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "add_root",
            &[
                "add_root(directory: string)",
                "add_root(directory: string, options: map)",
                "add_root(domain: string, directory: string)",
                "add_root(domain: string, directory: string, options: map)",
            ],
            "Serves a directory to those who ask for the domain. A `Host` that no root has gets the first root; \
                ports and case do not count. A relative directory begins where the script lies; one that cannot be \
                opened is an error. Another directory that takes its place, by a rename or a link, is served at once; while \
                there is none the answer is 500, and the log says so. A reload changes roots under open connections. The options: `index` (a name or an array of names that are looked for in a directory, default \
                `[\"index.html\", \"index.htm\"]`), `listing` (whether a directory without one is listed, default false), \
                `compress` (whether `.br` and `.gz` files beside a file stand for it, and text from 1 KiB to 1 MiB is \
                compressed on the way, default true), `not_found` (the file below the root that goes with a 404, such as \
                `\"404.html\"`), `fallback` (the file that is answered with 200 to paths that lead nowhere and whose last \
                name has no dot, for an application that makes its pages in the browser), `types` (media types by ending, \
                `#{ ts: \"text/plain\" }`). Any http worker may have roots.",
            r#"
let server = WebServer("http://127.0.0.1:0");
server.add_root("example.com", ".");
server.add_root("files.example.com", ".", #{ index: [], listing: true });
Worker::run_all();
"#,
        ),
    ],
};
