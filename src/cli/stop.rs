//! `rhost stop`: says so to the host, and waits until it is gone.

use super::{
    arguments::Stop,
    client::{Client, PATIENCE},
    exit::{Exit, Failure},
    terminal::print,
    wire::Request,
};
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// How long to wait for the end. Changed by `--timeout`. Hosts need `stop_timeout` and a little.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How often a host that is still there is told again. Fixed: most are gone by then.
const REMINDER: Duration = Duration::from_secs(1);

pub fn stop(options: &Stop) -> Result<u8, Failure> {
    let client = Client::find(&options.target)?;
    let (graceful, running) = (options.graceful, &client.running);
    let who = running.who();
    let script = options.target.name();
    print(&format!("{script} ({who}) is {}stopping\n", if graceful { "gracefully " } else { "" }));
    match client.ask(&Request::Stop { graceful }, PATIENCE) {
        Ok(_) => (),
        Err(failure) if failure.exit == Exit::NotRunning => (),
        // It hangs, or its monitor waits before it starts it again: signals reach them.
        Err(failure) => {
            if !running.signal(if graceful { Signal::QUIT } else { Signal::TERM }) {
                return Err(failure);
            }
        }
    }
    let given = options.timeout.map(Duration::from_secs);
    let limit = if graceful { given } else { given.or(Some(TIMEOUT)) };
    if !is_gone(&client, graceful, limit) {
        let limit = limit.unwrap_or_default().as_secs();
        let text = format!("{script} ({who}) did not stop within {limit} s; end it with kill -9");
        return Err(Failure::new(Exit::StillRunning, text));
    }
    print(&format!("{script} has stopped\n"));
    Ok(0)
}

/// Waits for the end. False: the time is up.
fn is_gone(client: &Client, graceful: bool, limit: Option<Duration>) -> bool {
    let began = Instant::now();
    loop {
        let left = limit.map(|limit| limit.saturating_sub(began.elapsed()));
        if client.running.wait_until_gone(Some(left.unwrap_or(REMINDER).min(REMINDER))) {
            return true;
        }
        if left.is_some_and(|left| left.is_zero()) {
            return false;
        }
        if !graceful {
            // (the server that was told may have died of something else, and its monitor has started another)
            let _ = client.ask(&Request::Stop { graceful }, PATIENCE);
        }
    }
}
