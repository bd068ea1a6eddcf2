//! `RouteTable`: which route a path takes.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "RouteTable",
    owner: "RouteTable",
    about: "What `std/router` is made of: values by method and path, found without looking at every route. It is declared \
        anew by each run of the top level, as workers are, wherever a script holds it. Properties may be set and read.",
    operators: &[
        ("==", "Is it the same table?"),
        ("!=", "Is it another table?"),
        ("[]", "A property by a computed name."),
        ("to_string", "`RouteTable()`, as `print` shows it; `to_debug` is the same."),
    ],
    entries: &[
        Entry::new(
            "RouteTable",
            &["RouteTable() -> RouteTable"],
            "A new table without routes.",
            r#"
let table = RouteTable();
table.add("GET", "/", "home");
print(table.find("GET", "/").value);  // prints home
"#,
        ),
        Entry::new(
            "add",
            &["add(method: string, pattern: string, value: any)"],
            "Adds a route. In the pattern `:name` stands for one segment of a path, and a last `*name` for all that \
                follows; a slash at the end does not count. An empty method is every method that has no route of its own. A \
                second route for the same is an error.",
            r#"
let table = RouteTable();
table.add("GET", "/users/:id", "a user");
table.add("GET", "/files/*path", "a file");
print(table.find("GET", "/files/a/b%20c").params.path);  // prints a/b c
"#,
        ),
        Entry::new(
            "check",
            &["check(what: string, handler: Fn, given: int)"],
            "An error where it is called, instead of at the first request, if a closure does not take so many arguments. \
                `what` is how the error calls it. The table stays as it is.",
            r#"
let table = RouteTable();
table.check("a route", |request| "hello", 1);
try { table.check("a route", |request, other| "hello", 1); } catch (why) {
    print(why);  // prints a route: this closure takes (request, other) but is given 1 argument(s) at most
}
"#,
        ),
        Entry::new(
            "find",
            &["find(method: string, path: string) -> map", "find(request: Request) -> map"],
            "The route of a path as a request has it. `value` is what was added, `route` its pattern, `params` the parameters, \
                decoded, and `rest` what a `*` stands for as it was received, with the slash before it. Without a route for \
                this method there are `allow`, the methods that have one, and `others`, a map of what each of them would find; \
                without any the map is empty. Given a request, the log calls it by its route from then on. A segment that \
                reads the same goes before a `:name`, and that before a `*name`; HEAD is answered by GET.",
            r#"
let table = RouteTable();
table.add("GET", "/users/:id", "a user");
table.add("GET", "/users/me", "myself");
print(table.find("GET", "/users/7").params.id);  // prints 7
print(table.find("GET", "/users/me").value);  // prints myself
print(table.find("PUT", "/users/me").allow);  // prints GET, HEAD, OPTIONS
"#,
        ),
        Entry::new(
            "attempt",
            &["attempt(handler: Fn, arguments: array) -> any"],
            "The same as `invoke`, but an error of the closure is a value, a `Failure`, with which the log can still be given \
                the whole report. What ends a handler from outside, such as its time limit, is no such value. With a request \
                among the arguments, a result that cannot be sent is an error of the closure, too.",
            r#"
let table = RouteTable();
print(type_of(table.attempt(|name| throw "no luck", ["you"])));  // prints Failure
"#,
        ),
        Entry::new(
            "failure",
            &["failure(text: string) -> Failure"],
            "A `Failure` of this text, as if a handler had it.",
            r#"
let table = RouteTable();
print(table.failure("no luck"));  // prints no luck
"#,
        ),
        Entry::new(
            "invoke",
            &["invoke(handler: Fn, arguments: array) -> any"],
            "Calls a closure with at most three arguments, and gives what it gives. Other than `handler.call(…)` in a module, \
                it lets the closure see the functions of the file that it stands in first.",
            r#"
let table = RouteTable();
print(table.invoke(|name| `hello ${name}`, ["you"]));  // prints hello you
"#,
        ),
    ],
};

pub(super) const FAILURE: Section = Section {
    title: "Failure",
    owner: "Failure",
    about: "An error of a handler that `RouteTable.attempt` called.",
    operators: &[("to_string", "What the error says; `to_debug` is the same.")],
    entries: &[
        Entry::new(
            "error",
            &["error() -> any"],
            "What was thrown; of any other error a map, as `on_error` of `std/router` gets it.",
            r#"
let table = RouteTable();
print(table.attempt(|| throw "no luck", []).error());  // prints no luck
print(table.attempt(|| [][7], []).error().status);  // prints 500
"#,
        ),
        Entry::new(
            "answer",
            &["answer() -> Response"],
            "What a client is told if nobody else answers: 500, or the status of its own mistake with what is wrong.",
            r#"
let table = RouteTable();
print(table.attempt(|| throw "no luck", []).answer());  // prints Response(500)
"#,
        ),
        Entry::new(
            "tell",
            &["tell()"],
            "Writes the report to the log as a warning, if the error is one of a request.",
            r#"
let table = RouteTable();
table.attempt(|| throw "no luck", []).tell();
"#,
        ),
        Entry::new(
            "settle",
            &["settle(connection: TcpConnection, answer: any, by_app: bool)"],
            "Sends the answer, unless something was sent, and throws the error again. It does not throw a mistake of the \
                client that was answered, nor what was thrown by the script where the app has an answer of its own (`by_app`).",
            r#"
let table = RouteTable();
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let answer = table.attempt(|request| throw "no luck", [request]);
    if type_of(answer) == "Failure" {
        answer.settle(connection, Response(404, #{}, `${answer}`), true);
    }
};
Worker::run_all();
"#,
        ),
    ],
};
