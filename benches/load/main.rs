//! The load generator: one thread, one poll loop, frames built beforehand and replies only counted, so that the
//! server on the other core is what limits the rate. It speaks just enough of each protocol to be a client.
//!
//! Usage: `load --addr 127.0.0.1:PORT [--proto ws|text|tcp|http|push|fanout] [--push-addr 127.0.0.1:PORT]
//! [--connections 64] [--size 64] [--path /] [--in-flight 1] [--idle 0] [--seconds 3] [--server PID]`
//!
//! A round writes `in-flight` messages with one write; the next one begins when all replies are back:
//!
//! - `ws`, `text`, `tcp`, `http`: each connection has rounds of its own and gets its messages back (with http, which asks
//!   for the path, an answer of any size);
//! - `push`: pairs of a backend on `--push-addr`, a text port, and a websocket that logged in as its uid. A round is over
//!   when the backend has its `ok` lines and the websocket its messages;
//! - `fanout`: all websockets together; the first one sends, and the round is over when each has every message.
//!
//! The first reply of each connection is compared byte for byte; after it, replies are counted by their length.
//! `--idle` opens more websockets that say nothing. Half a second of warm-up is not measured. The result is one line of
//! JSON on stdout, in which what concerns the server is `null` without `--server`:
//!
//! - `messages_per_second`, `messages`, `seconds`: messages delivered in the measured time;
//! - `p50_us`, `p99_us`: from a write to the last reply of its round, so of one message only with `--in-flight 1`;
//! - `load_busy`: share of the time this program was on a processor;
//! - `load_ready`: the same with the time in which others kept it from one. Near 1 it never waited for the server, so that
//!   it is the bottleneck;
//! - `server_us`: processor microseconds of the server for each message, in the measured time;
//! - `server_kib`: resident memory of the server at the end; `idle_kib`: what each idle websocket added to it;
//! - `opened_per_second`: idle websockets opened, one after the other.

mod connection;
mod crowd;
mod latencies;
mod options;
mod protocol;
mod server;
mod wire;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crowd::Crowd;
use latencies::Latencies;
use options::Options;
use server::Server;

/// Time to let connections, caches and allocators settle before counting.
const WARM_UP: Duration = Duration::from_millis(500);
/// Time for a server to finish what it does about connections that were just opened, before its memory is read.
const SETTLE: Duration = Duration::from_millis(500);

fn main() -> io::Result<()> {
    if std::env::args().any(|argument| argument == "--bench") {
        return writeln!(io::stderr(), "needs a server: run scripts/bench");
    }
    let options = Options::parse(std::env::args().skip(1))?;
    let summary = run(&options)?;
    writeln!(io::stdout(), "{summary}")
}

fn run(options: &Options) -> io::Result<String> {
    let server = options.server.map(Server);
    let mut crowd = Crowd::open(options)?;

    let before = resident(server);
    let opening = Instant::now();
    let _idle = crowd::open_idle(options)?;
    let opened = (options.idle > 0).then(|| options.idle as f64 / opening.elapsed().as_secs_f64());
    if options.idle > 0 {
        std::thread::sleep(SETTLE);
    }
    let idle = match (before, resident(server)) {
        (Some(before), Some(after)) if options.idle > 0 => {
            Some((after as f64 - before as f64) / options.idle as f64)
        }
        _ => None,
    };

    crowd.exchange(Instant::now() + WARM_UP, |_| ())?;
    let mut latencies = Latencies::default();
    let (measured_from, load_time) = (Instant::now(), server::thread_time());
    let server_time = server.and_then(Server::processor_time);
    let rounds =
        crowd.exchange(measured_from + options.measured, |latency| latencies.record(latency))?;
    let seconds = measured_from.elapsed().as_secs_f64();
    let load = load_time.zip(server::thread_time());
    let busy = load.map(|(before, after)| spent(before.busy, after.busy));
    let kept = load.map(|(before, after)| spent(before.kept_waiting, after.kept_waiting));
    let server_time = server_time.zip(server.and_then(Server::processor_time));
    let server_time = server_time.map(|(before, after)| spent(before, after));
    crowd.drain()?;

    let messages = rounds * crowd.messages_per_round();
    Ok(format!(
        "{{\"messages_per_second\":{:.0}, \"messages\":{messages}, \"seconds\":{seconds:.3}, \"p50_us\":{}, \
         \"p99_us\":{}, \"load_busy\":{}, \"load_ready\":{}, \"server_us\":{}, \"server_kib\":{}, \"idle_kib\":{}, \"opened_per_second\":{}}}",
        messages as f64 / seconds,
        latencies.percentile(50),
        latencies.percentile(99),
        json(busy.map(|busy| busy / seconds)),
        json(busy.zip(kept).map(|(busy, kept)| (busy + kept) / seconds)),
        json(server_time.map(|time| time * 1e6 / messages as f64)),
        json(resident(server).map(|kib| kib as f64)),
        json(idle),
        json(opened),
    ))
}

fn resident(server: Option<Server>) -> Option<u64> {
    server.and_then(Server::resident_kib)
}

/// Seconds between two readings.
fn spent(before: Duration, after: Duration) -> f64 {
    after.saturating_sub(before).as_secs_f64()
}

fn json(value: Option<f64>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| format!("{value:.3}"))
}
