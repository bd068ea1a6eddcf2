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
            &["find(method: string, path: string) -> map"],
            "The route of a path as a request has it. `value` is what was added, `params` the parameters, decoded, and `rest` \
                what a `*` stands for as it was received, with the slash before it. Without a route for this method \
                there is only `allow`, the methods that have one; without any the map is empty. A segment that \
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
