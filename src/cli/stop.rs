//! `rhost stop`: says so to the host, and waits until it is gone.

use super::{
    arguments::Stop,
    client::{Client, PATIENCE},
    exit::{Exit, Failure},
    running::Running,
    terminal::print,
    wire::Request,
};
use rustix::process::{Pid, Signal, getsid};
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
            let is_told = running.signal(if graceful { Signal::QUIT } else { Signal::TERM });
            // (whom no signal reaches may have just ended)
            if !is_told && !running.wait_until_gone(Some(PATIENCE)) {
                return Err(failure);
            }
        }
    }
    let given = options.timeout.map(Duration::from_secs);
    let limit = if graceful { given } else { given.or(Some(TIMEOUT)) };
    if !is_gone(&client, graceful, limit) {
        let limit = limit.unwrap_or_default().as_secs();
        let end = last_resort(running);
        let text = format!("{script} ({who}) did not stop within {limit} s; end it with {end}");
        return Err(Failure::new(Exit::StillRunning, text));
    }
    print(&format!("{script} has stopped\n"));
    Ok(0)
}

/// What ends it whatever it does. A monitor leads a session of its own: killed alone, it would leave its server behind.
fn last_resort(running: &Running) -> String {
    let Some(pid) = running.pid() else { return "kill -9".into() };
    let leader = getsid(Pid::from_raw(pid.cast_signed())).ok();
    match leader.is_some_and(|leader| leader.as_raw_nonzero().get().cast_unsigned() == pid) {
        true => format!("kill -9 -{pid}"),
        false => format!("kill -9 {pid}"),
    }
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
