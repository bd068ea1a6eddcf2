//! Rule 3: addresses move freely, whoever has had them, and who is there or waits stays.

use crate::support::{client::Client, host::TestHost};
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::atomic::{AtomicU16, Ordering},
};

/// A port that is free at every address, below those that the system gives to clients.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 18_000 + (std::process::id() % 120) as u16 * 100;
    (0..100)
        .map(|_| base + NEXT.fetch_add(1, Ordering::Relaxed) % 100)
        .find(|port| TcpListener::bind(("::", *port)).is_ok())
        .expect("a free port")
}

/// A worker of this name that answers with what it is.
fn worker(name: &str, address: &str, version: u32) -> String {
    format!(
        r#"
let {name} = Worker("{address}");
{name}.name = "{name}";
{name}.seen = 0;
{name}.on_message = |connection, line| {{ {name}.seen += 1; connection.send(`{name} {version} ${{{name}.seen}}`); }};
"#
    )
}

fn at(address: &str) -> Client {
    Client::connect(address.parse().expect("an address"))
}

fn is_refused(address: &str) -> bool {
    TcpStream::connect(address.parse::<SocketAddr>().expect("an address")).is_err()
}

#[test]
fn a_worker_goes_from_one_interface_to_all_and_back_and_nobody_is_closed() {
    let port = free_port();
    let ways = [
        (format!("0.0.0.0:{port}"), format!("127.0.0.2:{port}")),
        (format!("[::]:{port}"), format!("[::1]:{port}")),
        (format!("127.0.0.1:{port}"), format!("127.0.0.1:{port}")),
        (format!("[::]:{port}"), format!("[::1]:{port}")),
        (format!("0.0.0.0:{port}"), format!("127.0.0.2:{port}")),
        (format!("127.0.0.2:{port}"), format!("127.0.0.2:{port}")),
        (format!("[::1]:{port}"), format!("[::1]:{port}")),
        (format!("[::ffff:127.0.0.1]:{port}"), format!("127.0.0.1:{port}")),
        (format!("127.0.0.1:{port}"), format!("127.0.0.1:{port}")),
    ];
    for (count, reuse_port) in [(1, false), (3, false), (3, true)] {
        let script = |address: &str, version| {
            let settings = format!("w.count = {count}; w.reuse_port = {reuse_port};\n");
            format!("{}{settings}", worker("w", &format!("text://{address}"), version))
        };
        let first = format!("127.0.0.1:{port}");
        let mut host = TestHost::start(&script(&first, 0));
        let mut clients = vec![at(&first)];
        for (version, (address, reached)) in (1..).zip(&ways) {
            let report = host.edit(&script(address, version));
            assert_eq!(report.connections, clients.len(), "{address}");
            clients.push(at(reached));
            for client in &mut clients {
                assert!(client.ask("?").starts_with(&format!("w {version} ")), "{address}");
            }
        }
        assert!(is_refused(&format!("127.0.0.2:{port}")), "it listens where it was");
        assert_eq!(host.logged("cannot"), 0);
    }
}

#[test]
fn who_waits_to_be_accepted_is_served_when_the_address_moves() {
    let port = free_port();
    let script = |address: &str, version| worker("w", &format!("text://{address}:{port}"), version);
    let old = format!("127.0.0.1:{port}");
    for moved in ["0.0.0.0", "[::]", "127.0.0.2"] {
        let paused = r#"
let other = Worker("text://127.0.0.3:0");
w.on_worker_start = |w| w.pause_accept();
"#;
        let mut host = TestHost::start(&format!("{}{paused}", script("127.0.0.1", 1)));
        // In the kernel they are connected.
        let mut waiting: Vec<Client> = (0..20).map(|_| at(&old)).collect();
        waiting.iter_mut().for_each(|client| client.send("?\n"));
        host.edit(&script(moved, 2));
        waiting.iter_mut().for_each(|client| assert!(client.line().starts_with("w 2 ")));
    }
}

#[test]
fn two_workers_swap_addresses_and_keep_their_connections_and_who_waits() {
    let (one, two) = (free_port(), free_port());
    let (one, two) = (format!("127.0.0.1:{one}"), format!("127.0.0.1:{two}"));
    let script = |a: &str, b: &str, version| {
        let a = worker("a", &format!("text://{a}"), version);
        format!("{a}{}", worker("b", &format!("text://{b}"), version))
    };
    let mut host = TestHost::start(&script(&one, &two, 1));
    let (mut a, mut b) = (at(&one), at(&two));
    assert_eq!((a.ask("?"), b.ask("?")), ("a 1 1".into(), "b 1 1".into()));
    for version in 2..6 {
        let (at_a, at_b) = if version % 2 == 0 { (&two, &one) } else { (&one, &two) };
        let report = host.edit(&script(at_a, at_b, version));
        assert_eq!((report.listeners + report.new_listeners, report.connections), (2, 2));
        assert_eq!(
            (a.ask("?"), b.ask("?")),
            (format!("a {version} {}", 3 * version - 4), {
                format!("b {version} {}", 3 * version - 4)
            })
        );
        for (name, address) in [("a", at_a), ("b", at_b)] {
            let said: Vec<String> = (0..2).map(|_| at(address).ask("?")).collect();
            assert!(said.iter().all(|said| said.starts_with(&format!("{name} {version} "))));
        }
        let status = host.handle().status().expect("it runs");
        let shown: Vec<_> = status.workers.iter().map(|w| w.address.clone()).collect();
        let expected = [at_a, at_b].map(|address| Some(format!("text://{address}")));
        assert_eq!(shown, expected);
    }
}

#[test]
fn an_address_passes_to_another_worker_when_its_own_leaves_it() {
    let (one, two) = (free_port(), free_port());
    let [one, two] = [one, two].map(|port| format!("127.0.0.1:{port}"));
    let text = |address: &str| format!("text://{address}");
    let mut host = TestHost::start(&worker("a", &text(&one), 1));
    let mut a = at(&one);
    assert_eq!(a.ask("?"), "a 1 1");
    // Its place is taken by a new one while it moves on.
    host.edit(&format!("{}{}", worker("b", &text(&one), 2), worker("a", &text(&two), 2)));
    assert_eq!((a.ask("?"), at(&one).ask("?")), ("a 2 2".into(), "b 2 1".into()));
    assert_eq!(at(&two).ask("?"), "a 2 3");
    // It comes back, to where another is that ends.
    host.edit(&worker("a", &text(&one), 3));
    assert_eq!((a.ask("?"), at(&one).ask("?")), ("a 3 4".into(), "a 3 5".into()));
    assert!(is_refused(&two));
}

/// A worker whose `on_worker_start` makes others at these addresses; in `count` isolates, of which the last makes them.
fn outer(inner: &[(&str, &str)], version: u32, count: usize) -> String {
    let mut text = format!(
        "let outer = Worker(\"text://127.0.0.3:0\");\nouter.count = {count};\nouter.on_worker_start = |outer| {{ if outer.id != {} {{ return; }}\n",
        count - 1
    );
    for (name, address) in inner {
        text += &worker(name, address, version);
        text += &format!("{name}.listen();\n");
    }
    text + "};\n"
}

#[test]
fn an_address_goes_from_a_worker_of_the_top_level_to_an_inner_one_and_back() {
    let port = free_port();
    let here = format!("127.0.0.1:{port}");
    for (top, inner, reached) in [
        (here.clone(), here.clone(), here.clone()),
        (here.clone(), format!("0.0.0.0:{port}"), format!("127.0.0.2:{port}")),
        (format!("[::]:{port}"), here.clone(), here.clone()),
    ] {
        for count in [1, 2] {
            let (top_text, inner_text) = (format!("text://{top}"), format!("text://{inner}"));
            let as_top = |v| format!("{}{}", outer(&[], v, count), worker("top", &top_text, v));
            let as_inner = |v| outer(&[("inner", &inner_text)], v, count);
            let mut host = TestHost::start(&as_top(1));
            for version in [2, 4, 6] {
                host.edit(&as_inner(version));
                let mut client = at(&reached);
                assert_eq!(client.ask("?"), format!("inner {version} 1"));
                host.edit(&as_top(version + 1));
                assert_eq!(at(&here).ask("?"), format!("top {} 1", version + 1));
                client.expect_end();
            }
            assert_eq!(host.errors(), 0);
        }
    }
}

#[test]
fn inner_workers_move_swap_and_change_isolates() {
    let (one, two) = (free_port(), free_port());
    let text = |ip: &str, port| format!("text://{ip}:{port}");
    let (a, b) = (text("127.0.0.1", one), text("127.0.0.1", two));
    let mut host = TestHost::start(&outer(&[("a", &a), ("b", &b)], 1, 1));
    assert_eq!(at(&format!("127.0.0.1:{one}")).ask("?"), "a 1 1");
    let everywhere = text("0.0.0.0", one);
    host.edit(&outer(&[("a", &everywhere), ("b", &b)], 2, 1));
    assert_eq!(at(&format!("127.0.0.2:{one}")).ask("?"), "a 2 1");
    host.edit(&outer(&[("a", &a), ("b", &b)], 3, 1));
    assert_eq!(at(&format!("127.0.0.1:{one}")).ask("?"), "a 3 1");
    host.edit(&outer(&[("b", &a), ("a", &b)], 4, 1));
    assert!(at(&format!("127.0.0.1:{one}")).ask("?").starts_with("b 4 "));
    assert!(at(&format!("127.0.0.1:{two}")).ask("?").starts_with("a 4 "));
    // The last isolate makes them, and that is another now.
    host.edit(&outer(&[("a", &a), ("b", &b)], 5, 2));
    assert_eq!(at(&format!("127.0.0.1:{one}")).ask("?"), "a 5 1");
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_worker_goes_to_a_unix_socket_and_back_and_two_swap_their_paths() {
    let port = free_port();
    let here = format!("127.0.0.1:{port}");
    let folder = tempfile::tempdir().expect("a folder");
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    let unix = |path: &Path| format!("text://{}", path.display());
    let mut host = TestHost::start(&worker("w", &format!("text://{here}"), 1));
    let mut client = at(&here);
    host.edit(&worker("w", &unix(&one), 2));
    assert_eq!(client.ask("?"), "w 2 1");
    assert_eq!(Client::connect_unix(&one).ask("?"), "w 2 2");
    assert!(is_refused(&here));
    host.edit(&worker("w", &format!("text://{here}"), 3));
    assert_eq!(at(&here).ask("?"), "w 3 3");
    assert!(!one.exists(), "its file is left");
    let both =
        |a: &Path, b: &Path, v| format!("{}{}", worker("w", &unix(a), v), worker("x", &unix(b), v));
    for version in 4..7 {
        let (w, x) = if version % 2 == 0 { (&one, &two) } else { (&two, &one) };
        host.edit(&both(w, x, version));
        assert!(client.ask("?").starts_with(&format!("w {version} ")));
        assert!(Client::connect_unix(w).ask("?").starts_with(&format!("w {version} ")));
        assert!(Client::connect_unix(x).ask("?").starts_with(&format!("x {version} ")));
    }
    assert_eq!(host.stop(), 0);
    assert!(!one.exists() && !two.exists(), "their files are left");
}

#[test]
fn a_port_that_the_system_chose_may_be_written_down() {
    let mut host = TestHost::start(&worker("w", super::TEXT, 1));
    let chosen = host.socket(super::TEXT);
    let mut client = Client::connect(chosen);
    host.edit(&worker("w", &format!("text://{chosen}"), 2));
    assert_eq!(
        (client.ask("?"), Client::connect(chosen).ask("?")),
        ("w 2 1".into(), "w 2 2".into())
    );
}

#[test]
fn another_protocol_on_the_same_socket_is_shown() {
    let port = free_port();
    let here = format!("127.0.0.1:{port}");
    let mut host = TestHost::start(&worker("w", &format!("text://{here}"), 1));
    host.edit(&worker("w", &format!("websocket://{here}"), 2));
    let status = host.handle().status().expect("it runs");
    assert_eq!(status.workers[0].address, Some(format!("websocket://{here}")));
}

#[test]
fn what_cannot_be_bound_rejects_the_reload_and_everything_is_as_it_was() {
    let (port, other, third) = (free_port(), free_port(), free_port());
    let stranger = TcpListener::bind(("127.0.0.9", port)).expect("the port is free");
    let taken = TcpListener::bind(("127.0.0.1", third)).expect("the port is free");
    let text = |ip: &str, port| format!("text://{ip}:{port}");
    let (here, there) = (text("127.0.0.1", port), text("127.0.0.1", other));
    let two = |a: &str, b: &str, v| format!("{}{}", worker("a", a, v), worker("b", b, v));
    let inner = outer(&[("inner", &text("127.0.0.4", port))], 1, 1);
    let mut host = TestHost::start(&format!("{}{inner}", two(&here, &there, 1)));
    let mut client = at(&format!("127.0.0.1:{port}"));
    let mut seen = 0;
    for (edit, says) in [
        // Another program has it, in part.
        (two(&text("0.0.0.0", port), &there, 2), "in use by another program"),
        (two(&text("[::]", port), &there, 2), "in use by another program"),
        // All but one can be had, and are given back.
        (two(&there, &text("127.0.0.1", third), 2), "in use by another program"),
        (two(&text("0.0.0.0", other), &text("127.0.0.1", third), 2), "in use by another program"),
        (two(&there, &text("192.0.2.1", other), 2), "does not have that address"),
        // Two want the same, or what overlaps.
        (two(&there, &there, 2), "in use by worker `b`"),
        (two(&text("0.0.0.0", other), &there, 2), "in use by worker `b` on 127.0.0.1"),
        (two(&there, &text("[::]", other), 2), "in use by worker `a` on 127.0.0.1"),
    ] {
        let fault = host.edit_badly(&format!("{edit}{inner}"));
        assert!(fault.text.contains(says), "{fault}");
        seen += 2;
        assert_eq!(client.ask("?"), format!("a 1 {}", seen - 1));
        assert_eq!(at(&format!("127.0.0.1:{port}")).ask("?"), format!("a 1 {seen}"));
        assert!(at(&format!("127.0.0.1:{other}")).ask("?").starts_with("b 1 "));
        assert!(at(&format!("127.0.0.4:{port}")).ask("?").starts_with("inner 1 "));
        assert!(is_refused(&format!("127.0.0.2:{other}")), "a socket is left");
    }
    drop((stranger, taken));
    host.edit(&two(&text("0.0.0.0", port), &text("127.0.0.1", third), 2));
    assert_eq!(client.ask("?"), format!("a 2 {}", seen + 1));
    assert!(at(&format!("127.0.0.9:{port}")).ask("?").starts_with("a 2 "));
}

#[test]
fn a_start_that_asks_for_what_a_new_worker_has_goes_back_to_the_old_one() {
    let port = free_port();
    let here = format!("127.0.0.1:{port}");
    let inner = |v| outer(&[("inner", &format!("text://{here}"))], v, 1);
    for top in [here.clone(), format!("0.0.0.0:{port}")] {
        let mut host = TestHost::start(&inner(1));
        let mut client = at(&here);
        assert_eq!(client.ask("?"), "inner 1 1");
        let both = format!("{}{}", inner(2), worker("top", &format!("text://{top}"), 2));
        let fault = host.edit_badly(&both);
        assert!(fault.text.contains("the address is already in use by worker `top`"), "{fault}");
        assert_eq!((client.ask("?"), at(&here).ask("?")), ("inner 1 2".into(), "inner 1 3".into()));
        assert!(is_refused(&format!("127.0.0.2:{port}")));
    }
}

#[test]
fn an_address_that_moved_for_a_start_that_throws_moves_back_and_loses_nobody() {
    let (port, other) = (free_port(), free_port());
    let here = format!("127.0.0.1:{port}");
    let throws = "w.on_worker_start = |w| { throw \"no\"; };\n";
    for address in [format!("0.0.0.0:{port}"), format!("127.0.0.2:{other}"), format!("[::]:{port}")]
    {
        let mut host = TestHost::start(&worker("w", &format!("text://{here}"), 1));
        let mut client = at(&here);
        assert_eq!(client.ask("?"), "w 1 1");
        let text = format!("{}{throws}", worker("w", &format!("text://{address}"), 2));
        host.edit_badly(&text);
        assert_eq!((client.ask("?"), at(&here).ask("?")), ("w 1 2".into(), "w 1 3".into()));
        assert!(is_refused(&format!("127.0.0.2:{port}")));
        assert!(is_refused(&format!("127.0.0.2:{other}")));
    }
}

#[test]
fn what_an_event_made_is_taken_from_nobody() {
    let port = free_port();
    let here = format!("127.0.0.1:{port}");
    let script = |v| {
        format!(
            r#"
let maker = Worker("text://127.0.0.3:0");
maker.on_message = |connection, line| {{
{}
    made.listen();
    connection.send("ok");
}};
"#,
            worker("made", &format!("text://{here}"), v)
        )
    };
    let mut host = TestHost::start(&script(1));
    assert_eq!(host.tcp("text://127.0.0.3:0").ask("?"), "ok");
    for address in [here.clone(), format!("0.0.0.0:{port}")] {
        let top = worker("top", &format!("text://{address}"), 2);
        let fault = host.edit_badly(&format!("{}{top}", script(2)));
        assert!(fault.text.contains("in use by isolate "), "{fault}");
        assert!(at(&here).ask("?").starts_with("made "));
    }
}

#[test]
fn a_dry_run_moves_nothing() {
    let (port, other) = (free_port(), free_port());
    let [here, there] = [port, other].map(|port| format!("127.0.0.1:{port}"));
    let two = |a: &str, b: &str, v| {
        format!(
            "{}{}",
            worker("a", &format!("text://{a}"), v),
            worker("b", &format!("text://{b}"), v)
        )
    };
    let mut host = TestHost::try_start_as(&two(&here, &there, 1), &[], |b| b.watch(false)).unwrap();
    for (a, b) in [(&there, &here), (&format!("0.0.0.0:{port}"), &there)] {
        std::fs::write(host.path("main.rhai"), two(a, b, 2)).unwrap();
        host.handle().dry_run().expect("it runs").expect("it would be accepted");
        assert!(at(&here).ask("?").starts_with("a 1 ") && at(&there).ask("?").starts_with("b 1 "));
        assert!(is_refused(&format!("127.0.0.2:{port}")));
    }
    host.handle().reload();
    host.reloaded();
    assert!(at(&format!("127.0.0.2:{port}")).ask("?").starts_with("a 2 "));
}
