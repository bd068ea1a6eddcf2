//! `Connections`: the view that `worker.connections` gives.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "Connections",
    owner: "Connections",
    about: "What `worker.connections` gives: a live view, in the order in which the connections came. `for \
        connection in worker.connections` walks over those that are open when it comes to them, without a copy.",
    operators: &[
        ("[]", "The connection of that id, or `()`."),
        ("to_string", "`3 connection(s)`, as `print` shows it; `to_debug` is the same."),
    ],
    entries: &[
        Entry::new(
            "len",
            &["len: int", "len() -> int"],
            "How many there are.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(worker.connections.len());  // prints 1
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "is_empty",
            &["is_empty() -> bool"],
            "Is there none?",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_worker_start = |worker| print(worker.connections.is_empty());  // prints true
Worker::run_all();
"#,
        ),
        Entry::new(
            "contains",
            &["contains(id: int) -> bool"],
            "Is a connection of that id open? `id in worker.connections` asks the same.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(worker.connections.contains(99));  // prints false
    print(connection.id in worker.connections);  // prints true
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "keys",
            &["keys() -> array"],
            "The ids, as a copy.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print(worker.connections.keys());  // prints [1]
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "values",
            &["values() -> array"],
            "The connections, as a copy.",
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    for peer in worker.connections.values() { peer.send(line); }
    print(worker.connections[1] == connection);  // prints true
};
Worker::run_all();
"#,
        ),
    ],
};
