//! `Session`, and what a request says of its own.

use super::{Entry, Section};

pub(super) const OF_A_REQUEST: Section = Section {
    title: "The session of a request",
    owner: "Request",
    about: "How sessions are kept is said once: `Worker::configure(#{ session: #{ store: \"file\", path: \"sessions\", \
        lifetime: 3600, cookie_name: \"session_id\", secure: true, same_site: \"Lax\" } })`. The store is `memory` (at \
        first: shared by all isolates, kept through reloads, gone with the process; the 100000 that were used last) or \
        `file`, which needs a path that only the process can write to. `lifetime` is in seconds, at first 1440. All of it \
        changes with a reload.",
    operators: &[],
    entries: &[
        Entry::new(
            "session",
            &["session() -> Session"],
            "The session of the client, by the cookie that it sent; else a new one. An id that is not of a living session is never taken over. The answer sets the cookie (HttpOnly, SameSite=Lax, Secure if the request came by https) and lets its time begin anew. A new session in which nothing was put is not kept and has no cookie.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    session.set("visits", session.get("visits", 0) + 1);
    print(session.get("visits"));  // prints 1
    connection.send("hello");
};
Worker::run_all();
"#,
        ).waiting(),
        Entry::new(
            "session_id",
            &["session_id() -> string"],
            "The id of the session, which is kept from now on, also when it is empty. Whoever knows it is taken for the client: it belongs into no log and no page.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    print(request.session_id().len());  // prints 64
    connection.send("hello");
};
Worker::run_all();
"#,
        ).waiting(),
        Entry::new(
            "session_regenerate_id",
            &["session_regenerate_id() -> string", "session_regenerate_id(delete_old: bool) -> string"],
            "Gives the session a new id, and gives that. To be called with `true` when somebody logs in, so that who knew the old id does not know the new one; without it the old session lives on beside the new one. An error when the answer has begun.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    request.session_regenerate_id(true);
    request.session().set("user", "ann");
    print(request.session().get("user"));  // prints ann
    connection.send("hello");
};
Worker::run_all();
"#,
        ).waiting(),
    ],
};

pub(super) const SECTION: Section = Section {
    title: "Session",
    owner: "Session",
    about: "What is kept for one client from request to request. It is stored before the answer goes out, so that the \
        client's next request finds it, and once more when the handler ends. Of requests at the same time the last one \
        wins for each key that it changed; a session that one of them ended stays ended.",
    operators: &[("to_string", "`Session(2 values)`, as `print` shows it; `to_debug` is the same.")],
    entries: &[
        Entry::new(
            "get",
            &["get(key: string) -> any", "get(key: string, default: any) -> any"],
            "A copy of a value; `default`, else `()`, if there is none or it is `()`. To change a value, set it again.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    session.set("cart", ["tea"]);
    let cart = session.get("cart", []);
    cart.push("milk");
    session.set("cart", cart);
    print(session.get("cart").len());  // prints 2
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "set",
            &["set(key: string, value: any)"],
            "Keeps a value: a string, number, boolean, map, array or `()`, anything else is an error. All values of a session together may have 256 KiB.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    session.set("user", #{ name: "ann" });
    print(session.get("user").name);  // prints ann
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "put",
            &["put(values: map)"],
            "Keeps all values of a map, or none if one of them cannot be kept.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    session.put(#{ user: "ann", theme: "dark" });
    print(session.get("theme"));  // prints dark
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "pull",
            &["pull(key: string) -> any", "pull(key: string, default: any) -> any"],
            "Removes a value and gives it; `default`, else `()`, if there is none.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    session.set("notice", "saved");
    print(session.pull("notice", ""));  // prints saved
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "delete",
            &["delete(key: string)"],
            "Removes a value, if it is there.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    session.delete("user");
    print(session.exists("user"));  // prints false
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "remove",
            &["remove(key: string)"],
            "The same as `delete`.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    session.remove("user");
    print(session.has("user"));  // prints false
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "forget",
            &["forget(keys: any)"],
            "Removes the values of a list of keys, or of one key.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    session.put(#{ a: 1, b: 2, c: 3 });
    session.forget(["a", "b"]);
    print(session.all().keys());  // prints ["c"]
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "flush",
            &["flush()"],
            "Removes all values. A session that is left empty ends with the request, and its cookie goes: this is how to log somebody out.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    session.flush();
    print(session.all().len());  // prints 0
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "all",
            &["all() -> map"],
            "A copy of all values.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    session.put(#{ a: 1, b: 2 });
    print(session.all());  // prints {"a":1,"b":2}
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "has",
            &["has(key: string) -> bool"],
            "Is there a value of this key that is not `()`?",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    session.set("user", ());
    print(session.has("user"));  // prints false
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "exists",
            &["exists(key: string) -> bool"],
            "Is there a value of this key, be it `()`?",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    session.set("user", ());
    print(session.exists("user"));  // prints true
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "id",
            &["id() -> string"],
            "The id, as `request.session_id()` gives it.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    print(session.id() == request.session_id());  // prints true
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "get_id",
            &["get_id() -> string"],
            "The same as `id`.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    print(session.get_id() == session.id());  // prints true
    connection.send("hello");
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "save",
            &["save()"],
            "Writes what changed now, instead of with the answer. For changes that a timer makes after the handler has ended, which nobody else writes.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    session.set("step", 1);
    session.save();
    print(session.get("step"));  // prints 1
    connection.send("hello");
};
Worker::run_all();
"#,
        ).waiting(),
        Entry::new(
            "refresh",
            &["refresh()"],
            "Lets the time of the session begin anew now, as each answer to a request that used it does.",
            r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let session = request.session();
    session.refresh();
    print(session);  // prints Session(0 values)
    connection.send("hello");
};
Worker::run_all();
"#,
        ).waiting(),
    ],
};
