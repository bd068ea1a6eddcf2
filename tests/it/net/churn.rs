//! Connections that come and go leave nothing behind, whatever scripts tie them into.

use crate::support::{client::Client, process::Process, wait::until};
use std::{
    env,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

/// Connections at a time.
const AT_ONCE: usize = 50;

/// Connections in the suite; `RHOST_SOAK_CONNECTIONS` makes it more.
const CONNECTIONS: usize = 10_000;

/// How much memory may grow after the first tenth: what an allocator keeps here and there, but not 100 bytes for each of
/// a hundred thousand connections.
const GROWTH: usize = 4 << 20;

/// Rings of every kind through a connection. The variable that nothing uses is told when the host has checked the script,
/// which costs memory, too.
const SCRIPT: &str = r#"
let unused = 1;
let worker = Worker("text://127.0.0.1:0");
worker.name = "churn";
worker.on_connect = |connection| {
    let seen = [];
    connection.self_ref = connection;
    connection.table = #{ owner: connection };
    connection.table.ring = connection.table;
    connection.list = [connection.table, connection];
    connection.list.push(connection.list);
    connection.on_message = |c, line| { seen.push(connection); c.send(line); };
    connection.on_close = || { seen.push(connection); connection.after = connection; };
    connection.on_error = |c, code, text| { seen.push(connection.list); };
    Timer::delay(0.001, || { seen.push(connection); connection.late = || connection; });
};
Worker::run_all();
"#;

/// A table whose values come and go: 80 MB, beside which it is nothing that the host may still check the script when the
/// test begins to measure, which costs some megabytes for good.
const TABLE: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.name = "table";
worker.handler_timeout = 60;
worker.table = #{};
worker.on_message = |connection, line| {
    if line == "fill" {
        let text = "";
        text.pad(2000, "x");
        for n in 0..40000 { worker.table[n] = text + n; }
    } else {
        worker.table.clear();
    }
    connection.send("done");
};
Worker::run_all();
"#;

/// Each thousand clients has an address of its own: closed connections keep their ports for a minute.
fn connect(address: SocketAddr, number: usize) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    let socket = socket.expect("a socket");
    let ours = SocketAddr::from(([127, 9, 0, (number / 1000 % 250) as u8 + 1], 0));
    socket.bind(&ours.into()).expect("a local address");
    socket.connect(&address.into()).expect("connects");
    socket.into()
}

/// Connects, asks and leaves, some politely, some with a reset, some without a word.
fn churn(address: SocketAddr, times: usize) {
    for round in 0..times / AT_ONCE {
        let mut streams: Vec<TcpStream> =
            (0..AT_ONCE).map(|at| connect(address, round * AT_ONCE + at)).collect();
        for (at, stream) in streams.iter_mut().enumerate() {
            if (at + round) % 5 == 0 {
                continue;
            }
            stream.write_all(b"x\n").expect("the peer takes it");
            if at % 5 == 1 {
                let linger = Some(std::time::Duration::ZERO);
                socket2::SockRef::from(&*stream).set_linger(linger).expect("linger");
            } else {
                stream.read_exact(&mut [0; 2]).expect("an answer");
            }
        }
    }
}

#[test]
fn memory_stays_flat_when_connections_that_hold_themselves_come_and_go() {
    let times = env::var("RHOST_SOAK_CONNECTIONS").ok().and_then(|n| n.parse().ok());
    let times: usize = times.unwrap_or(CONNECTIONS);
    let process = Process::run(SCRIPT);
    let address = process.socket("churn");
    process.wait_for_line("unused-variable");
    churn(address, times / 10);
    let before = process.resident();
    churn(address, times - times / 10);
    let after = process.resident();
    eprintln!(
        "{times} connections: {} KiB after a tenth, {} KiB at the end",
        before >> 10,
        after >> 10
    );
    assert!(after < before + GROWTH, "{} KiB became {} KiB", before >> 10, after >> 10);
    assert_eq!(process.lines().iter().filter(|line| line.contains("rror")).count(), 0);
}

#[test]
fn what_a_burst_has_cost_is_given_back_when_nothing_happens_any_more() {
    let process = Process::run(TABLE);
    let mut client = Client::connect(process.socket("table"));
    let before = process.resident();
    assert_eq!(client.ask("fill"), "done");
    let cost = process.resident() - before;
    assert!(cost > 70 << 20, "{} KiB", cost >> 10);
    assert_eq!(client.ask("clear"), "done");
    until("the memory is given back", || process.resident() < before + cost / 4);
}
