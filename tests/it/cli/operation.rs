//! The push example as a service: started by the real binary, looked at, reloaded, killed, looked at again. Beside it what
//! a service of any script does for whoever operates it.

mod commands;
mod daemons;
mod isolates;
mod logs;
mod stops;

use crate::{
    examples::push::edited,
    support::{
        client::Client,
        daemon::{Daemon, Said, signal},
        wait::{SOON, until},
        websocket::WebSocket,
    },
};
use serde_json::Value;
use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Instant,
};

/// The line that pushes to `uid1`.
const J: &str = r#"{"uid":"uid1","percent":"88%"}"#;

/// An address that was free a moment ago. No client has an address of this interface, so none takes it meanwhile.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.7:0").unwrap().local_addr().unwrap()
}

/// `rhost status --json`.
pub fn status(daemon: &Daemon) -> Value {
    let said = daemon.rhost("status", &["--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    serde_json::from_str(&said.out).expect("JSON")
}

/// The push example, to be a daemon.
struct Push {
    daemon: Daemon,
    /// Where pages connect, and where backends do.
    page: SocketAddr,
    backend: SocketAddr,
}

impl Push {
    fn new() -> Self {
        Self::with("worker.count = 1;", "worker.count = 1;")
    }

    /// The example with one more place changed.
    fn with(from: &str, to: &str) -> Self {
        let (page, backend) = (free_address(), free_address());
        let script = include_str!("../../../examples/push/push.rhai");
        let script = edited(script, "0.0.0.0:1234", &page.to_string());
        let script = edited(&script, "0.0.0.0:5678", &backend.to_string());
        let daemon = Daemon::new(&edited(&script, from, to));
        Self { daemon, page, backend }
    }

    /// The same, as a daemon that serves.
    fn started() -> Self {
        let push = Self::new();
        push.start();
        push
    }

    fn start(&self) -> Said {
        let said = self.daemon.rhost("start", &["-d"]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        said
    }

    /// Saves the script with one place changed.
    fn edit(&self, from: &str, to: &str) {
        let script = fs::read_to_string(self.daemon.path("main.rhai")).expect("the script");
        self.daemon.save(&edited(&script, from, to));
    }

    /// A page that has logged in.
    fn log_in(&self, uid: &str) -> WebSocket {
        let mut page = WebSocket::connect(self.page);
        page.text(uid);
        page.settle();
        page
    }

    fn backend(&self) -> Client {
        Client::connect(self.backend)
    }

    /// Nothing answers on either port.
    fn is_gone(&self) -> bool {
        [self.page, self.backend].iter().all(|at| TcpStream::connect(at).is_err())
    }
}

#[test]
fn a_start_returns_soon_and_says_what_serves() {
    let push = Push::new();
    let began = Instant::now();
    let said = push.start();
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[0].ends_with(" runs main.rhai"), "{}", said.out);
    let row: Vec<&str> = lines[2].split_whitespace().collect();
    let listen = format!("websocket://{}", push.page);
    assert_eq!((row[0], &row[2..]), ("tcp", &["-", &listen, "1", "[OK]"][..]), "{}", said.out);
    assert_eq!(lines[3], "`rhost stop main.rhai` stops.");
    // The log says the same, and tells of the inner listener too.
    let listens = [listen, format!("text://{}", push.backend)];
    for line in listens.map(|at| format!("listening on {at}")).iter().chain([&lines[0].to_owned()])
    {
        until(line, || push.daemon.log().contains(line));
    }
}

#[test]
fn who_is_served_as_a_page_can_rely_on_the_backend_port() {
    // Pages find the port open long before `on_worker_start` is done, and are served afterwards.
    let inner = "    let inner = Worker(";
    let push = Push::with(inner, &format!("    sleep(0.5);\n{inner}"));
    thread::scope(|scope| {
        let starting = scope.spawn(|| push.start());
        until("the page's port", || TcpStream::connect(push.page).is_ok());
        assert!(TcpStream::connect(push.backend).is_err(), "it is bound by `on_worker_start`");
        let mut page = WebSocket::connect(push.page);
        assert_eq!(push.backend().ask(J), "fail");
        page.text("uid1");
        page.settle();
        assert_eq!(push.backend().ask(J), "ok");
        starting.join().unwrap();
    });
}

#[test]
fn the_status_shows_both_listeners_and_all_connections_of_one_server() {
    let push = Push::started();
    let (mut page, mut backend) = (push.log_in("uid1"), push.backend());
    assert_eq!(backend.ask(J), "ok");
    assert_eq!(page.message(), J);
    let status = status(&push.daemon);
    let isolates = status["isolates"].as_array().expect("a list");
    assert_eq!((status["workers"].as_array().map(Vec::len), isolates.len()), (Some(1), 1));
    let listening = [format!("websocket://{}", push.page), format!("text://{}", push.backend)];
    assert_eq!(isolates[0]["listening"], serde_json::json!(listening));
    assert_eq!((&isolates[0]["connections"], &isolates[0]["messages"]), (&2.into(), &2.into()));
    let said = push.daemon.rhost("connections", &["--json"]);
    let rows: Value = serde_json::from_str(&said.out).expect("JSON");
    let protocols: Vec<_> =
        rows["connections"].as_array().expect("a list").iter().map(|r| &r["protocol"]).collect();
    assert_eq!(protocols, ["websocket", "text"]);
    // A monitor and its server, whose threads are the isolates.
    let stat = fs::read_to_string(format!("/proc/{}/stat", status["pid"])).expect("it lives");
    let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1));
    assert_eq!(parent, Some(push.daemon.monitor().to_string().as_str()));
}

#[test]
fn a_port_that_is_taken_fails_the_start_whichever_it_is_and_nothing_stays_behind() {
    let push = Push::new();
    for (taken, free) in [(push.page, push.backend), (push.backend, push.page)] {
        let other = TcpListener::bind(taken).expect("it is free");
        let said = push.daemon.rhost("start", &["-d"]);
        assert_eq!(said.code, Some(1), "{}", said.out);
        assert!(
            said.err.contains(&taken.to_string()) && said.err.contains("in use"),
            "{}",
            said.err
        );
        until("the monitor's end", || push.daemon.rhost("status", &[]).code == Some(3));
        assert!(TcpStream::connect(free).is_err(), "no half of it serves");
        assert!(!push.daemon.log().contains("starting it again"), "{}", push.daemon.log());
        drop(other);
    }
    push.start();
    assert_eq!(push.backend().ask(J), "fail");
}

#[test]
fn two_isolates_push_to_the_pages_that_each_of_them_has() {
    let push = Push::with("worker.count = 1;", "worker.count = 2;");
    let said = push.daemon.rhost("start", &["-d"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("address already in use by isolate "), "{}", said.err);
    assert!(said.err.contains("set reuse_port"), "{}", said.err);
    push.edit("    inner.listen();", "    inner.reuse_port = true;\n    inner.listen();");
    push.start();
    let mut page = push.log_in("uid1");
    let answers: Vec<String> = (0..60).map(|_| push.backend().ask(J)).collect();
    let reached = answers.iter().filter(|answer| *answer == "ok").count();
    assert!((1..60).contains(&reached), "{answers:?}");
    (0..reached).for_each(|_| assert_eq!(page.message(), J));
    page.settle();
}

#[test]
fn a_reload_keeps_pages_backends_and_logins_and_refuses_nobody() {
    let push = Push::started();
    let (mut page, mut backend) = (push.log_in("uid1"), push.backend());
    push.edit(r#"{ "ok" }"#, r#"{ "done" }"#);
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let knock = scope.spawn(|| {
            let mut refused = 0;
            while !is_done.load(Ordering::Relaxed) {
                for address in [push.page, push.backend] {
                    refused += usize::from(TcpStream::connect(address).is_err());
                }
            }
            refused
        });
        for _ in 0..5 {
            let said = push.daemon.rhost("reload", &[]);
            assert_eq!(said.code, Some(0), "{}", said.err);
            assert!(said.out.contains(" 2 listeners, "), "{}", said.out);
        }
        is_done.store(true, Ordering::Relaxed);
        assert_eq!(knock.join().unwrap(), 0);
    });
    assert_eq!(backend.ask(J), "done");
    assert_eq!(page.message(), J);
}

#[test]
fn a_stop_says_goodbye_to_pages_and_leaves_neither_port_nor_file() {
    let push = Push::started();
    let (mut page, mut backend) = (push.log_in("uid1"), push.backend());
    assert_eq!(backend.ask(J), "ok");
    assert_eq!(page.message(), J);
    let said = push.daemon.rhost("stop", &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.ends_with("main.rhai has stopped\n"), "{}", said.out);
    page.expect_close(1001);
    backend.expect_end();
    assert!(push.is_gone());
    assert_eq!(push.daemon.runtime_file(""), None);
}

#[test]
fn a_killed_server_comes_back_without_its_logins() {
    let push = Push::started();
    let (mut page, mut backend) = (push.log_in("uid1"), push.backend());
    let server = push.daemon.server().expect("a server");
    signal(server, "KILL");
    page.client.expect_end();
    backend.expect_end();
    until("both ports", || {
        [push.page, push.backend].iter().all(|at| TcpStream::connect(at).is_ok())
    });
    let mut backend = push.backend();
    assert_eq!(backend.ask(J), "fail", "nobody is logged in any more");
    let mut page = push.log_in("uid1");
    assert_eq!(backend.ask(J), "ok");
    assert_eq!(page.message(), J);
    assert_ne!(push.daemon.server(), Some(server));
    assert!(push.daemon.log().contains("killed by signal 9"), "{}", push.daemon.log());
}

#[test]
fn the_safe_form_of_the_readme_is_out_of_reach_from_other_addresses() {
    let form = "let inner = Worker(\"text://127.0.0.1:5678\");";
    let readme = include_str!("../../../examples/push/README.md");
    assert!(readme.contains(form) && readme.contains("listens on all interfaces"), "{readme}");
    let push = Push::new();
    let port = push.backend.port();
    push.edit(&push.backend.to_string(), &format!("127.0.0.1:{port}"));
    push.start();
    assert_eq!(Client::connect(([127, 0, 0, 1], port).into()).ask(J), "fail");
    assert!(TcpStream::connect(push.backend).is_err(), "only there");
}
