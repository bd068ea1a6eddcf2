//! `rhost reload`: waits for what comes of it.

use super::{
    arguments::Target,
    client::{Client, PATIENCE},
    exit::{Exit, Failure},
    terminal::{plain, print, say},
    wire::{Answer, Request},
};
use std::{
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

/// How long a reload may take. Fixed: it needs milliseconds, and two seconds where `on_worker_start` waits.
const LIMIT: Duration = Duration::from_secs(60);

/// After this time it is said what the reload waits for. Fixed: people begin to wonder.
const WONDER: Duration = Duration::from_secs(1);

pub fn reload(target: &Target, request: Request, json: bool) -> Result<u8, Failure> {
    let client = Client::find(target)?;
    let (done, is_done) = mpsc::channel();
    let answer = thread::scope(|scope| {
        scope.spawn(|| explain(&client, is_done));
        let answer = client.ask(&request, LIMIT);
        drop(done);
        answer
    });
    let show = |summary: String, details: &serde_json::Value| match json {
        true => print(&format!("{details:#}\n")),
        false => print(&format!("{summary}\n")),
    };
    match answer? {
        Answer::Reloaded(summary, details) => {
            show(summary, &details);
            Ok(0)
        }
        Answer::Starting(summary, details, starts) => {
            show(summary, &details);
            let script = target.name();
            let mut text = format!("{script} does not serve yet, and goes on starting");
            for start in starts {
                text += &format!("\n{start}");
            }
            text +=
                &format!("\n`rhost reload {script}` starts over, `rhost stop {script}` ends it");
            Err(Failure::new(Exit::Silent, plain(&text)))
        }
        // What goes on, the fault says.
        Answer::Rejected(fault) => {
            let text = format!("the reload was rejected\n{fault}");
            Err(Failure::new(Exit::Rejected, text))
        }
        _ => Err(client.confused()),
    }
}

/// Says once which handlers and starts keep the reload waiting, unless it is done before.
fn explain(client: &Client, is_done: Receiver<()>) {
    if is_done.recv_timeout(WONDER) != Err(mpsc::RecvTimeoutError::Timeout) {
        return;
    }
    let Ok(Answer::Status(status)) = client.ask(&Request::Status, PATIENCE) else { return };
    for isolate in &status.isolates {
        let waits_for = match (&isolate.busy, &isolate.starting) {
            (Some(busy), _) => {
                let (place, seconds) = (&busy.place, busy.seconds);
                let who = format!("isolate {} of worker {}", isolate.id, isolate.worker);
                format!("{who}, which has been busy at {place} for {seconds:.1} s")
            }
            (None, Some(start)) => start.to_string(),
            (None, None) => continue,
        };
        say(&plain(&format!("rhost: waiting for {waits_for}")));
    }
}
