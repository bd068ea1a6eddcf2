//! `rhost stop`: says so to the host, and waits until it is gone.

use super::{
    arguments::Stop,
    client::{Client, PATIENCE},
    exit::{Exit, Failure},
    terminal::print,
    wire::Request,
};
use rustix::process::Signal;
use std::time::Duration;

/// How long to wait for the end. Changed by `--timeout`. Hosts need `stop_timeout` and a little.
const TIMEOUT: Duration = Duration::from_secs(30);

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
    if !running.wait_until_gone(limit) {
        let limit = limit.unwrap_or_default().as_secs();
        let text = format!("{script} ({who}) did not stop within {limit} s; end it with kill -9");
        return Err(Failure::new(Exit::StillRunning, text));
    }
    print(&format!("{script} has stopped\n"));
    Ok(0)
}
