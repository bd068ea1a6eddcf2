//! Metrics over HTTP, read with a parser that is not ours.

use crate::support::{answer::Answer, http::HttpClient, wait::until};
use crate::support::{
    client::Client,
    host::TestHost,
    process::{Process, run_to_end},
};
use prometheus_parse::{Scrape, Value};
use std::{
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};

const TEXT: &str = "text://127.0.0.1:0";

const SCRIPT: &str = r#"
Worker::configure(#{ metrics: "127.0.0.1:0", max_queued_bytes: 1000000 });
let worker = Worker("text://127.0.0.1:0");
worker.name = "a \"quoted\" name";
worker.on_message = |connection, line| {
    if line == "throw" { throw "on purpose"; }
    if line == "sleep" { sleep(0.03); }
    connection.send(line);
};
let other = Worker("websocket://127.0.0.1:0");
other.count = 2;
Worker::run_all();
"#;

fn metrics_address(line: &str) -> SocketAddr {
    let (_, rest) = line.split_once("http://").expect("an address");
    rest.strip_suffix("/metrics").expect("a path").parse().expect("an ip and a port")
}

/// Each answer is the last on its connection.
fn get(address: SocketAddr, path: &str) -> Answer {
    let answer = HttpClient::connect(address).get(path);
    assert!(answer.closes(), "{answer:?}");
    answer
}

struct Metrics(Scrape);

impl Metrics {
    fn read(address: SocketAddr) -> Self {
        let answer = get(address, "/metrics");
        let media_type = answer.header("Content-Type").expect("a type");
        assert!(answer.status == 200 && media_type.contains("application/openmetrics-text"));
        let body = answer.text();
        assert!(body.ends_with("# EOF\n"), "{body}");
        let lines = body.lines().map(|line| Ok(line.to_owned()));
        Self(Scrape::parse(lines).expect("the parser takes it"))
    }

    /// The samples of that name with these labels.
    fn all(&self, name: &str, labels: &[(&str, &str)]) -> Vec<f64> {
        let has = |s: &&prometheus_parse::Sample| {
            s.metric == name && labels.iter().all(|(k, v)| s.labels.get(k) == Some(*v))
        };
        let number = |value: &Value| match value {
            Value::Counter(n) | Value::Gauge(n) | Value::Untyped(n) => *n,
            other => panic!("{name} is {other:?}"),
        };
        self.0.samples.iter().filter(has).map(|s| number(&s.value)).collect()
    }

    fn one(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let all = self.all(name, labels);
        assert_eq!(all.len(), 1, "{name} {labels:?}");
        all[0]
    }
}

#[test]
fn a_parser_reads_what_was_done() {
    let mut host = TestHost::start(SCRIPT);
    let address = metrics_address(&host.wait_for_log("metrics on").to_string());
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("hello"), "hello");
    assert_eq!(client.ask("sleep"), "sleep");
    client.send("throw\n");
    host.fault();
    let mut stranger = Client::connect(host.socket("websocket://127.0.0.1:0"));
    stranger.send("nonsense\r\n\r\n");
    stranger.rest();
    let text = [("worker", "a \\\"quoted\\\" name"), ("isolate", "0")];
    let metrics = Metrics::read(address);
    assert_eq!(metrics.one("rhost_connections", &text), 1.0);
    assert_eq!(metrics.all("rhost_connections", &[]).len(), 3, "one for each isolate");
    assert_eq!(metrics.one("rhost_messages_total", &text), 3.0);
    assert_eq!(metrics.one("rhost_received_bytes_total", &text), 18.0);
    assert_eq!(metrics.one("rhost_sent_bytes_total", &text), 12.0);
    assert_eq!(metrics.one("rhost_dropped_messages_total", &text), 0.0);
    assert_eq!(metrics.one("rhost_queued_bytes", &text), 0.0);
    assert_eq!(metrics.one("rhost_restarts_total", &text), 0.0);
    assert_eq!(metrics.one("rhost_max_queued_bytes", &[]), 1_000_000.0);
    assert_eq!(metrics.one("rhost_lost_log_lines_total", &[]), 0.0);
    let faults =
        |kind: &str| -> f64 { metrics.all("rhost_faults_total", &[("kind", kind)]).iter().sum() };
    assert_eq!((faults("script"), faults("protocol")), (1.0, 1.0));
    assert_eq!((faults("timeout"), faults("send"), faults("unanswered")), (0.0, 0.0, 0.0));
    let histograms = metrics.0.samples.iter().filter_map(|sample| match &sample.value {
        Value::Histogram(buckets) if sample.labels.get("worker") == Some(text[0].1) => {
            Some(buckets)
        }
        _ => None,
    });
    let histograms = histograms.collect::<Vec<_>>();
    let [buckets] = histograms[..] else { panic!("{histograms:?}") };
    assert_eq!(metrics.one("rhost_handler_duration_seconds_count", &text), 3.0);
    let below = |limit: f64| buckets.iter().find(|b| b.less_than >= limit).expect("a bucket").count;
    assert_eq!((below(0.01), below(60.0)), (2.0, 3.0), "one of them slept for 30 ms");
    let sum = metrics.one("rhost_handler_duration_seconds_sum", &text);
    assert!((0.03..10.0).contains(&sum), "{sum}");
    assert_eq!(metrics.one("rhost_generation", &[]), 0.0);

    host.edit_badly("let x = ;");
    host.edit(&SCRIPT.replace("0.03", "0.04"));
    let metrics = Metrics::read(address);
    assert_eq!(metrics.one("rhost_generation", &[]), 1.0);
    assert_eq!(metrics.one("rhost_reloads_total", &[("result", "accepted")]), 1.0);
    assert_eq!(metrics.one("rhost_reloads_total", &[("result", "rejected")]), 1.0);
    assert_eq!(metrics.one("rhost_messages_total", &text), 3.0, "counters live on");
    assert_eq!(host.logged("`metrics` has changed"), 0);
    host.edit(&SCRIPT.replace("metrics: \"127.0.0.1:0\", ", ""));
    host.wait_for_log("`metrics` has changed: that takes effect when the host is started anew");
    Metrics::read(address);
    host.stop();
    until("the metrics' end", || std::net::TcpStream::connect(address).is_err());
}

#[test]
fn handlers_that_wait_are_counted_and_the_longest_wait_of_each_place_is_told() {
    let mut host = TestHost::start(&SCRIPT.replace("0.03", "60"));
    let address = metrics_address(&host.wait_for_log("metrics on").to_string());
    let isolate = [("worker", "a \\\"quoted\\\" name"), ("isolate", "0")];
    assert_eq!(Metrics::read(address).one("rhost_waiting_handlers", &isolate), 0.0);
    assert!(Metrics::read(address).all("rhost_longest_wait_seconds", &[]).is_empty());
    let mut clients: Vec<_> = (0..3).map(|_| host.tcp(TEXT)).collect();
    clients.iter_mut().for_each(|client| client.send("sleep\n"));
    until("three wait", || Metrics::read(address).one("rhost_waiting_handlers", &isolate) == 3.0);
    let place = [("place", "main.rhai:5"), ("event", "on_message"), ("generation", "0")];
    let waits = [&isolate[..], &place].concat();
    let first = Metrics::read(address).one("rhost_longest_wait_seconds", &waits);
    until("it becomes longer", || {
        Metrics::read(address).one("rhost_longest_wait_seconds", &waits) > first
    });
    host.advance(61.0);
    clients.iter_mut().for_each(|client| assert_eq!(client.line(), "sleep"));
    until("none waits", || Metrics::read(address).one("rhost_waiting_handlers", &isolate) == 0.0);
    assert!(Metrics::read(address).all("rhost_longest_wait_seconds", &[]).is_empty());
}

#[test]
fn only_metrics_are_served_and_to_nobody_for_long() {
    let host = TestHost::start(SCRIPT);
    let address = metrics_address(&host.wait_for_log("metrics on").to_string());
    assert_eq!(get(address, "/").status, 404);
    let mut poster = Client::connect(address);
    poster.send("POST /metrics HTTP/1.1\r\nHost: metrics\r\nContent-Length: 0\r\n\r\n");
    let refusal = String::from_utf8(poster.rest()).expect("text");
    assert!(refusal.starts_with("HTTP/1.1 405"), "{refusal}");
    assert!(refusal.to_lowercase().contains("\r\nallow: get, head\r\n"), "{refusal}");
    let mut verbose = Client::connect(address);
    verbose.send(format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000)));
    assert!(verbose.rest().starts_with(b"HTTP/1.1 431"));
}

#[test]
fn many_who_ask_half_of_something_keep_nobody_waiting() {
    let host = TestHost::start(SCRIPT);
    let address = metrics_address(&host.wait_for_log("metrics on").to_string());
    let half = || {
        let mut client = Client::connect(address);
        client.send("GET /metrics HTTP/1.1\r\nHost: met");
        client
    };
    let began = Instant::now();
    let mut halves: Vec<Client> = Vec::new();
    for _ in 0..10 {
        halves.extend((0..30).map(|_| half()));
        Metrics::read(address);
    }
    // (three hundred that each had a place for their second would take twenty)
    assert!(began.elapsed() < Duration::from_secs(5), "took {:?}", began.elapsed());
    // Those for whom there was no place are gone, the others when their second is over.
    halves.iter_mut().for_each(|client| drop(client.rest()));
    assert!(began.elapsed() < Duration::from_secs(10), "took {:?}", began.elapsed());
}

#[test]
fn the_binary_serves_them_where_it_says() {
    let process = Process::run(SCRIPT);
    let line = process.wait_for_line("metrics on");
    let at = line.find("http://").expect("an address");
    let metrics = Metrics::read(metrics_address(&line[at..]));
    assert!(metrics.one("rhost_resident_memory_bytes", &[]) > 1e6);
}

#[test]
fn an_address_that_cannot_be_served_ends_the_start() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    for (address, says) in [
        (address.to_string(), format!("cannot serve metrics on {address}: ")),
        ("9100".to_owned(), "`metrics` must be `ip:port`".to_owned()),
    ] {
        let output =
            run_to_end(&SCRIPT.replace("127.0.0.1:0\", max", &format!("{address}\", max")));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(&says), "{text}");
    }
}
