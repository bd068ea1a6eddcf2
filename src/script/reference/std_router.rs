//! `std/router`: which handler answers a request, and what happens before and after it.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "std/router",
    owner: "std/router",
    about: "`import \"std/router\" as router;` gives these. An app is a set of routes, made at the top level; a handler is a \
        closure that takes the request and gives the answer, anything that `connection.send` takes. Strings, numbers, \
        maps and `Response`s are answers. `()` and booleans are none: the handler has sent one by `request.connection` \
        (`send` gives a boolean), or a timer will; if nobody does within the worker's `response_timeout`, the client gets \
        504 and the log says what the handler gave. A closure that takes other arguments than it will be given is an error where it is declared. In a path `:name` stands \
        for one segment and a last `*name` for all that follows; a segment that reads the same goes before a `:name`, and \
        that before a `*name`; a slash at the end does not count. `request.params` has their values, decoded: a \
        value may contain slashes and dots, so use no value as the path of a file (`mount` serves files). HEAD is answered \
        by GET, OPTIONS by the methods that there are, and another method than those is 405. Routes are what the last run \
        of the top level says, also for open connections.",
    operators: &[],
    entries: &[
        Entry::new(
            "create",
            &["create() -> RouteTable"],
            "A new app without routes.",
            r#"
import "std/router" as router;

let app = router::create();
router::get(app, "/hello", |request| `hello ${request.get("name")}`);
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
        Entry::new(
            "get",
            &["get(app: RouteTable, path: string, handler: Fn)"],
            "A route for GET and HEAD. A path that has one already is an error, as is one that is none.",
            r#"
import "std/router" as router;

let app = router::create();
router::get(app, "/:word", |request| {
    print(request.params.word);  // prints hello
    "good day"
});
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
        Entry::new(
            "post",
            &["post(app: RouteTable, path: string, handler: Fn)"],
            "A route for POST.",
            r#"
import "std/router" as router;

let app = router::create();
router::post(app, "/users/:id", |request| #{ id: request.params.id });
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
        Entry::new(
            "put",
            &["put(app: RouteTable, path: string, handler: Fn)"],
            "A route for PUT.",
            r#"
import "std/router" as router;

let app = router::create();
router::put(app, "/users/:id", |request| #{ id: request.params.id });
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
        Entry::new(
            "patch",
            &["patch(app: RouteTable, path: string, handler: Fn)"],
            "A route for PATCH.",
            r#"
import "std/router" as router;

let app = router::create();
router::patch(app, "/users/:id", |request| #{ id: request.params.id });
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
        Entry::new(
            "delete",
            &["delete(app: RouteTable, path: string, handler: Fn)"],
            "A route for DELETE.",
            r#"
import "std/router" as router;

let app = router::create();
router::delete(app, "/users/:id", |request| #{ id: request.params.id });
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
        Entry::new(
            "any",
            &["any(app: RouteTable, path: string, handler: Fn)"],
            "A route for every method that has none of its own.",
            r#"
import "std/router" as router;

let app = router::create();
router::any(app, "/users/:id", |request| #{ id: request.params.id });
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
        Entry::new(
            "route",
            &["route(app: RouteTable, method: string, path: string, handler: Fn)"],
            "A route for any one method.",
            r#"
import "std/router" as router;

let app = router::create();
router::route(app, "PROPFIND", "/files/*path", |request| Response(207, #{}, request.params.path));
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
        Entry::new(
            "group",
            &["group(app: RouteTable, prefix: string, build: Fn)"],
            "Calls `build` with an app whose paths begin with the prefix, and which has `before` and `after` functions of its own. Groups may have groups.",
            r#"
import "std/router" as router;

let app = router::create();
router::group(app, "/admin", |admin| {
    router::before(admin, |request| {
        if request.cookie("key") != "secret" { return Response(403, #{}, "not for you"); }
    });
    router::get(admin, "/users", |request| ["ann", "bob"]);
});
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
        Entry::new(
            "before",
            &["before(app: RouteTable, step: Fn)"],
            "Calls `step` with each request of the app or group, before its handler. `()` goes on; anything else is the answer, and the handler is not called. A boolean is an error, for it says neither. Those of an app come before those of its groups, and are called for what has no route, too. A path that has routes for \
                other methods belongs to their groups: OPTIONS and 405 come by the steps of the group whose route a browser \
                asks for (`Access-Control-Request-Method`), else of those that all of its routes are in. A path without any \
                route belongs to no group, for several may have its prefix.",
            r#"
import "std/router" as router;

let app = router::create();
router::before(app, |request| {
    print(`${request.method()} ${request.path()}`);  // prints GET /hello
});
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
        Entry::new(
            "after",
            &["after(app: RouteTable, step: Fn)"],
            "Calls `step` with each request that is answered, be it by `on_error` or by the router, and its answer, a `Response`. What it gives, unless that is `()` or a boolean, takes the answer's place. Those of a group come before those of its app. What a handler sends by itself does not come by.",
            r#"
import "std/router" as router;

let app = router::create();
router::after(app, |request, response| response.with_header("X-Frame-Options", "DENY"));
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
        Entry::new(
            "on_error",
            &["on_error(app: RouteTable, handler: Fn)"],
            "Answers for handlers that throw: `handler` gets the request and what was thrown. Of any other error it gets a map: \
                `message`, `file`, `line` and `column` of your own code, `status` (500; 400, 413 or 414 where the client is to \
                blame, for a form that cannot be read) and `report`, the whole text that the log has. Such errors are logged \
                all the same, but for those of the client. What a script throws is a message to its own handler, and is logged \
                as a warning only if that answers with 500 or more. Without a handler each error is logged, and the client \
                gets 500. It is for a whole app.",
            r#"
import "std/router" as router;

let app = router::create();
router::get(app, "/hello", |request| { throw "no luck"; });
router::on_error(app, |request, error| {
    print(error);  // prints no luck
    Response(500, #{}, "that did not work")
});
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
        Entry::new(
            "not_found",
            &["not_found(app: RouteTable, handler: Fn)"],
            "Answers for paths without a route, instead of a short 404. On a `WebServer`, a handler that gives `()` leaves them to the files of its roots. A `mount` asks it for \
                files that are not there, unless its options name a page for them. It is for a whole app.",
            r#"
import "std/router" as router;

let app = router::create();
router::not_found(app, |request| Response(404, #{}, `there is no ${request.path()}`));
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
        Entry::new(
            "mount",
            &[
                "mount(app: RouteTable, prefix: string, directory: string)",
                "mount(app: RouteTable, prefix: string, directory: string, options: map)",
            ],
            "Serves the files of a directory below the prefix, for GET and HEAD, as a `WebServer` does. The directory begins where the script lies, and the options are those of `add_root`, with `not_found` and `fallback` for pages of its own. Other routes go before it.",
            r#"
import "std/router" as router;

let app = router::create();
router::mount(app, "/static", ".", #{ listing: true });
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
        Entry::new(
            "handle",
            &["handle(app: RouteTable, connection: TcpConnection, request: Request)"],
            "Answers a request, in `on_message`. It sets `request.connection`, `request.params` and `request.rest` (what a `*` stands for, as it was received). May wait if a handler does.",
            r#"
import "std/router" as router;

let app = router::create();
router::get(app, "/hello", |request| {
    print(request.connection.get_remote_ip());  // prints 127.0.0.1
    "hello"
});
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#,
        ),
    ],
};
