//! Saving under load: clients on text and websocket ask without pause while the script is saved ten times a second, good
//! and broken in turn, in place and by renaming. `RHOST_SOAK_SECONDS` makes it longer; `scripts/soak` does.

use crate::support::{client::Client, host::TestHost, websocket::WebSocket};
use rhost::HostEvent;
use std::{
    fs,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Clients of each protocol.
const CLIENTS: usize = 100;

/// Threads that drive them.
const THREADS: usize = 4;

/// Growth of resident memory that is put down to the allocator, KiB: after the first saves nothing may accumulate.
const MAX_GROWTH: u64 = 30 * 1024;

const TEXT: &str = "text://127.0.0.1:0";
const SOCKET: &str = "websocket://127.0.0.1:0";

fn script(version: u64) -> String {
    format!(
        r#"// {comment}
let worker = Worker("{TEXT}");
worker.total = 0;
let clients = #{{}};
worker.on_worker_start = |worker| {{
    let inner = Worker("{SOCKET}");
    inner.on_message = |connection, data| answer(connection, data);
    inner.listen();
}};
worker.on_message = |connection, data| answer(connection, data);
worker.on_close = |connection| {{ clients.remove(connection.id); }};
fn answer(connection, data) {{
    worker.total += 1;
    clients[connection.id] = connection;
    connection.send(`{version} ${{data}}`);
}}
Worker::run_all();
"#,
        comment = "x".repeat((version % 97) as usize),
    )
}

/// One client of either kind.
enum Either {
    Text(Client),
    Socket(WebSocket),
}

impl Either {
    fn send(&mut self, line: &str) {
        match self {
            Either::Text(client) => client.send(format!("{line}\n")),
            Either::Socket(socket) => socket.text(line),
        }
    }

    fn receive(&mut self) -> String {
        match self {
            Either::Text(client) => client.line(),
            Either::Socket(socket) => socket.message(),
        }
    }
}

/// Asks each client in turn, two requests in flight, until told to end. Every answer must come, in order, from a good
/// version that is not older than the one before.
fn ask_for_ever(mut clients: Vec<Either>, end: &AtomicBool, answers: &AtomicU64) {
    let mut versions = vec![0; clients.len()];
    for turn in 0_u64.. {
        if end.load(Ordering::Relaxed) {
            return;
        }
        for client in &mut clients {
            client.send(&format!("{turn}a"));
            client.send(&format!("{turn}b"));
        }
        for (client, newest) in clients.iter_mut().zip(&mut versions) {
            for which in ["a", "b"] {
                let answer = client.receive();
                let (version, echo) = answer.split_once(' ').expect("version and echo");
                assert_eq!(echo, format!("{turn}{which}"), "lost or out of order");
                let version: u64 = version.parse().expect("a version");
                assert!(version >= *newest, "an older version answered after a newer one");
                *newest = version;
                answers.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("procfs");
    let line = status.lines().find(|l| l.starts_with("VmRSS")).expect("VmRSS");
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
}

#[test]
fn no_answer_is_lost_while_the_script_is_saved_ten_times_a_second() {
    let seconds = std::env::var("RHOST_SOAK_SECONDS").ok().and_then(|s| s.parse().ok());
    let duration = Duration::from_secs(seconds.unwrap_or(4));
    let mut host = TestHost::start(&script(0));
    let (end, answers) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut groups: Vec<Vec<Either>> = (0..THREADS).map(|_| Vec::new()).collect();
    for n in 0..CLIENTS {
        groups[n % THREADS].push(Either::Text(host.tcp(TEXT)));
        groups[n % THREADS].push(Either::Socket(host.websocket(SOCKET)));
    }
    thread::scope(|scope| {
        for group in groups {
            scope.spawn(|| ask_for_ever(group, &end, &answers));
        }
        let began = Instant::now();
        let (mut version, mut accepted, mut early) = (0, 0, None);
        while began.elapsed() < duration {
            let next = Instant::now() + Duration::from_millis(100);
            version += 1;
            let good = version % 2 == 0;
            let text = if good { script(version) } else { script(version) + "let broken = ;" };
            if version % 4 < 2 {
                host.save("main.rhai", &text);
            } else {
                host.save("main.rhai.new", &text);
                fs::rename(host.path("main.rhai.new"), host.path("main.rhai")).expect("renamed");
            }
            let wanted =
                |e: &HostEvent| matches!(e, HostEvent::Reloaded(_) | HostEvent::ReloadRejected(_));
            match host.wait_for(wanted).expect("the host lives") {
                HostEvent::Reloaded(report) => {
                    assert!(good, "a broken script was accepted");
                    assert_eq!(report.connections, 2 * CLIENTS);
                    accepted += 1;
                }
                _ => assert!(!good, "a good script was rejected"),
            }
            if accepted == 5 && early.is_none() {
                early = Some(resident_kib());
            }
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        end.store(true, Ordering::Relaxed);
        let growth = resident_kib().saturating_sub(early.expect("five reloads at least"));
        // (in the suite, other tests share this process)
        let alone = seconds.is_some();
        assert!(!alone || growth < MAX_GROWTH, "resident memory grew by {growth} KiB");
    });
    assert!(answers.load(Ordering::Relaxed) > 1000);
}
