//! `rhost status`: how a running script is, once or again each second.

use super::{
    arguments::Target,
    client::{Client, PATIENCE},
    exit::Failure,
    table::{aligned, bytes, cells, duration, or_dash},
    terminal::{self, is_printed, plain, print},
    wire::{Answer, Request},
};
use rhost::{IsolateStatus, LastReload, Status, WaitingHandler};
use std::{
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How often `-w` looks. Fixed, as everywhere.
const REFRESH: Duration = Duration::from_secs(1);

/// Handlers that have waited so long are listed, seconds. Fixed: a busy service always has some that wait for a moment.
const LONG_WAIT: f64 = 0.1;

const COLUMNS: [&str; 12] = [
    "worker",
    "id",
    "listening",
    "connections",
    "send_fail",
    "timers",
    "total_request",
    "qps",
    "faults",
    "restarts",
    "gen",
    "status",
];

pub fn status(target: &Target, json: bool, watch: bool) -> Result<u8, Failure> {
    let mut before: Option<(Instant, Status)> = None;
    loop {
        let client = Client::find(target)?;
        let Answer::Status(status) = client.ask(&Request::Status, PATIENCE)? else {
            return Err(client.confused());
        };
        let now = Instant::now();
        if json {
            let text = as_json(&status, client.running.pid());
            print(&(text.map_err(|e| Failure::system("status", e))? + "\n"));
            return Ok(0);
        }
        if watch {
            terminal::clear();
        }
        let since = before.as_ref().map(|(then, status)| (now - *then, status));
        let is_read = is_printed(&report(&status, client.running.pid(), since));
        if !watch || !is_read {
            return Ok(0);
        }
        before = Some((now, *status));
        thread::sleep(REFRESH.saturating_sub(now.elapsed()));
    }
}

/// As the text has it: `pid` is the process that the pid file names, whom signals and `kill` reach, and `server` the one that
/// serves. In the foreground they are the same; a daemon's `pid` is its monitor.
fn as_json(status: &Status, named: Option<u32>) -> serde_json::Result<String> {
    let mut all = serde_json::to_value(status)?;
    all["server"] = status.pid.into();
    all["pid"] = named.unwrap_or(status.pid).into();
    serde_json::to_string_pretty(&all)
}

/// How much is used of a budget; a server of another version may not tell its limit.
fn of(used: u64, limit: u64) -> String {
    match limit {
        0 => bytes(used),
        limit => format!("{} of {}", bytes(used), bytes(limit)),
    }
}

/// Connections that were closed because they held memory and did nothing with it, by the limit that they met.
fn cut(isolates: &[IsolateStatus]) -> Option<String> {
    let count = |read: fn(&IsolateStatus) -> u64| isolates.iter().map(read).sum::<u64>();
    let all = [
        (count(|isolate| isolate.cut.by_send_timeout), "send_timeout"),
        (count(|isolate| isolate.cut.by_max_queued_bytes), "max_queued_bytes"),
        (count(|isolate| isolate.cut.by_max_received_bytes), "max_received_bytes"),
    ];
    let said = all.into_iter().filter(|(count, _)| *count > 0);
    let said: Vec<_> = said.map(|(count, limit)| format!("{count} by {limit}")).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// Everything, with what came since an earlier look. `named` is the process that the pid file names.
fn report(status: &Status, named: Option<u32>, before: Option<(Duration, &Status)>) -> String {
    let [one, five, fifteen] = status.load;
    let pid = match named.filter(|named| *named != status.pid) {
        Some(monitor) => format!("{monitor} (server {})", status.pid),
        None => status.pid.to_string(),
    };
    let mut text = format!(
        "rhost {}  {}  pid {pid}  generation {}\n",
        status.version, status.script, status.generation
    );
    text += &format!(
        "running for {}  load average {one:.2}, {five:.2}, {fifteen:.2}  memory {}  queued {}  received {}\n",
        duration(status.uptime as u64),
        bytes(status.memory),
        of(status.queued_bytes, status.max_queued_bytes),
        of(status.received_bytes, status.max_received_bytes),
    );
    text += &format!("{} reloads, {} rejected", status.reloads, status.rejected_reloads);
    if status.lost_log_lines > 0 {
        text += &format!("; {} log lines lost", status.lost_log_lines);
    }
    if let Some(cut) = cut(&status.isolates) {
        text += &format!("; closed {cut}");
    }
    text += &status.last_reload.as_ref().map_or("\n".into(), last_reload);
    let mut rows = vec![cells(&["proto", "user", "worker", "listen", "count"])];
    rows.extend(status.workers.iter().map(|w| {
        let listen = w.address.clone().unwrap_or_else(|| "none".into());
        [or_dash(&w.transport), or_dash(&w.user), or_dash(&w.name), listen, w.count.to_string()]
            .into()
    }));
    text += &format!("\n{}\n", aligned(&rows));
    let mut rows = vec![cells(&COLUMNS)];
    rows.extend(status.isolates.iter().map(|isolate| row(isolate, qps(isolate, before))));
    if status.isolates.len() > 1 {
        rows.push(summary(&status.isolates, before));
    }
    text += &aligned(&rows);
    for start in status.isolates.iter().filter_map(|isolate| isolate.starting.as_ref()) {
        text += &(plain(&start.to_string()).replace('\n', "?") + "\n");
    }
    for (place, generation) in status.isolates.iter().flat_map(|i| &i.leftovers) {
        text += &format!("still on generation {generation}: the closure at {place}\n");
    }
    for isolate in &status.isolates {
        text += &waits(isolate);
    }
    text
}

/// `; the last, 12 s ago, was rejected:` and the fault.
fn last_reload(reload: &LastReload) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let ago = duration(now.saturating_sub(reload.at));
    let text = reload.text.trim_end();
    match (reload.accepted, reload.failed) {
        (true, false) => format!("; the last, {ago} ago: {text}\n"),
        (true, true) => {
            format!("; the last, {ago} ago, serves although its start failed:\n{text}\n")
        }
        (false, _) => format!("; the last, {ago} ago, was rejected:\n{text}\n"),
    }
}

fn row(isolate: &IsolateStatus, qps: u64) -> Vec<String> {
    let state = match &isolate.busy {
        None if isolate.starting.is_some() => "[starting]".to_owned(),
        None if isolate.waiting > 0 => format!("[waiting] {}", isolate.waiting),
        None => "[idle]".to_owned(),
        Some(busy) => format!("[busy] {} for {:.1} s", busy.place, busy.seconds),
    };
    let listening =
        if isolate.listening.is_empty() { "none".into() } else { isolate.listening.join(" ") };
    vec![
        or_dash(&isolate.worker),
        isolate.id.to_string(),
        listening,
        isolate.connections.to_string(),
        isolate.send_failures.to_string(),
        isolate.timers.to_string(),
        isolate.messages.to_string(),
        qps.to_string(),
        isolate.faults.to_string(),
        isolate.restarts.to_string(),
        isolate.generation.to_string(),
        state,
    ]
}

/// A line for each handler that has waited for long, and for each on old code.
fn waits(isolate: &IsolateStatus) -> String {
    let is_old = |waits: &WaitingHandler| waits.generation != isolate.generation as i64;
    let shown = isolate.longest_waiting.iter();
    let shown = shown.filter(|waits| waits.seconds >= LONG_WAIT || is_old(waits));
    let lines = shown.map(|waits| {
        let old = match is_old(waits) {
            true => format!("still on generation {}: ", waits.generation),
            false => String::new(),
        };
        let connection = match (waits.connection, waits.connection_is_gone) {
            (None, _) => String::new(),
            (Some(id), false) => format!(", connection {id}"),
            (Some(id), true) => format!(", connection {id}, which is gone,"),
        };
        let WaitingHandler { place, event, worker, waits_in, seconds, .. } = waits;
        plain(&format!(
            "{old}{event} of {worker}{connection} waits at {place} in {waits_in} for {seconds:.1} s"
        ))
        .replace('\n', "?")
            + "\n"
    });
    let mut text: String = lines.collect();
    let unlisted = isolate.waiting.saturating_sub(isolate.longest_waiting.len() as u64);
    if unlisted > 0 {
        text += &plain(&format!("{unlisted} more handlers of {} wait\n", or_dash(&isolate.worker)));
    }
    text
}

fn summary(isolates: &[IsolateStatus], before: Option<(Duration, &Status)>) -> Vec<String> {
    let sum = |of: fn(&IsolateStatus) -> u64| isolates.iter().map(of).sum::<u64>().to_string();
    let qps: u64 = isolates.iter().map(|isolate| qps(isolate, before)).sum();
    vec![
        "Summary".into(),
        String::new(),
        String::new(),
        sum(|i| i.connections),
        sum(|i| i.send_failures),
        sum(|i| i.timers),
        sum(|i| i.messages),
        qps.to_string(),
        sum(|i| i.faults),
        sum(|i| i.restarts),
    ]
}

/// Messages a second since the earlier look.
fn qps(isolate: &IsolateStatus, before: Option<(Duration, &Status)>) -> u64 {
    let Some((time, status)) = before else { return 0 };
    let is_same = |i: &&IsolateStatus| (&i.worker, i.id) == (&isolate.worker, isolate.id);
    let earlier = status.isolates.iter().find(is_same).map_or(0, |i| i.messages);
    let came = isolate.messages.saturating_sub(earlier);
    (came as f64 / time.as_secs_f64()).round() as u64
}
