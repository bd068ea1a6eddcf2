//! `std/push`: one client for each user id.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "std/push",
    owner: "std/push",
    about: "`import \"std/push\" as push;` gives these. One client for each user id: `clients` is a map that \
        lives on a worker or at the top level.",
    operators: &[],
    entries: &[
        Entry::new(
            "bind",
            &["bind(clients: map, uid: string, connection: TcpConnection)"],
            "Makes `connection` the client of `uid`. A newer client takes an older one's place.",
            r#"
import "std/push" as push;

let worker = Worker("text://127.0.0.1:0");
worker.clients = #{};
worker.on_message = |connection, uid| {
    push::bind(worker.clients, uid, connection);
    print(worker.clients.keys());  // prints ["hello"]
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "release",
            &["release(clients: map, connection: TcpConnection)"],
            "Forgets a client, in `on_close`. Only if the uid is still its own.",
            r#"
import "std/push" as push;

let worker = Worker("text://127.0.0.1:0");
worker.clients = #{};
worker.on_message = |connection, uid| push::bind(worker.clients, uid, connection);
worker.on_close = |connection| {
    push::release(worker.clients, connection);
    print(worker.clients.len());  // prints 0
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "send",
            &["send(clients: map, uid: string, message: any) -> bool"],
            "Sends a message to the client of `uid`; false if there is none.",
            r#"
import "std/push" as push;

let worker = Worker("text://127.0.0.1:0");
worker.clients = #{};
worker.on_message = |connection, uid| {
    push::bind(worker.clients, uid, connection);
    print(push::send(worker.clients, uid, "welcome"));  // prints true
    print(push::send(worker.clients, "nobody", "welcome"));  // prints false
};
Worker::run_all();
"#,
        ),
    ],
};
