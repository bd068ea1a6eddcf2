//! `rhost stop`: says so to the host, and waits until it is gone.

use super::{
    arguments::Stop,
    client::{Client, PATIENCE},
    exit::{Exit, Failure},
    running::Running,
    terminal::print,
    wire::{Answer, Request},
};
use rustix::process::{Pid, Signal, getsid};
use std::time::{Duration, Instant};

/// How much longer than the host says that its stop takes at most is waited for its end, and how long for one that says
/// nothing. Changed by `--timeout`. Machines that are short of memory or disk are slow.
const MARGIN: Duration = Duration::from_secs(30);

/// A host that lives is given so long to answer, however short `--timeout` is. Fixed: it needs milliseconds.
const LEAST: Duration = Duration::from_millis(100);

/// How often a host that is still there is told again. Fixed: most are gone by then.
const REMINDER: Duration = Duration::from_secs(1);

pub fn stop(options: &Stop) -> Result<u8, Failure> {
    let client = Client::find(&options.target)?;
    let (graceful, running) = (options.graceful, &client.running);
    let who = running.who();
    let script = options.target.name();
    print(&format!("{script} ({who}) is {}stopping\n", if graceful { "gracefully " } else { "" }));
    let began = Instant::now();
    let given = options.timeout.map(Duration::from_secs);
    let patience = given.map_or(PATIENCE, |given| given.clamp(LEAST, PATIENCE));
    let mut within = Duration::ZERO;
    match client.ask(&Request::Stop { graceful }, patience) {
        Ok(Answer::Stopping { within: said }) => within = said,
        Ok(_) => return Err(client.confused()),
        Err(failure) if failure.exit == Exit::NotRunning => (),
        // It hangs, or its monitor waits before it starts it again: signals reach them.
        Err(failure) => {
            let is_told = running.signal(if graceful { Signal::QUIT } else { Signal::TERM });
            // Whom no signal reaches may have just ended.
            if !is_told && !running.wait_until_gone(Some(patience)) {
                return Err(failure);
            }
        }
    }
    let limit = limit(given, within);
    if !is_gone(&client, graceful, began, limit) {
        let (limit, end) = (limit.as_secs(), last_resort(running));
        let text = format!("{script} ({who}) did not stop within {limit} s; end it with {end}");
        return Err(Failure::new(Exit::StillRunning, text));
    }
    print(&format!("{script} has stopped\n"));
    Ok(0)
}

/// How long its end is waited for: as long as was asked for, else as long as it says that it needs, and some more.
fn limit(given: Option<Duration>, within: Duration) -> Duration {
    given.unwrap_or(within.saturating_add(MARGIN))
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
fn is_gone(client: &Client, graceful: bool, began: Instant, limit: Duration) -> bool {
    loop {
        let left = limit.saturating_sub(began.elapsed());
        if client.running.wait_until_gone(Some(left.min(REMINDER))) {
            return true;
        }
        let left = limit.saturating_sub(began.elapsed());
        if left.is_zero() {
            return false;
        }
        if !graceful {
            // The server that was told may have died of something else, and its monitor has started another.
            let _ = client.ask(&Request::Stop { graceful }, left.min(PATIENCE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_that_takes_long_is_waited_for_as_long_as_it_says_unless_asked_otherwise() {
        let minute = Duration::from_secs(60);
        assert_eq!(limit(None, Duration::ZERO), MARGIN);
        assert_eq!(limit(None, minute), minute + MARGIN);
        assert_eq!(limit(None, Duration::MAX), Duration::MAX);
        assert_eq!(limit(Some(Duration::ZERO), minute), Duration::ZERO);
    }
}
