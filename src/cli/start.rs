//! `rhost run`, `rhost start` and `rhost restart`.

use super::{
    arguments::{Serving, Start, Stop, Target},
    client::{Client, PATIENCE},
    exit::{Exit, Failure},
    files, launch,
    manner::Manner,
    plan::Plan,
    serve, stop,
    terminal::say,
    turn::Turn,
    wire::{Answer, Request},
};
use std::path::Path;

pub fn run(serving: Serving, watch: bool) -> Result<u8, Failure> {
    let (mut plan, _) = Plan::new(serving, watch)?;
    plan.explains = true;
    let file = plan.file.clone();
    serve::in_the_foreground(plan, None).map_err(|failure| name_others(failure, &file))
}

pub fn start(start: Start) -> Result<u8, Failure> {
    let (plan, configuration) = Plan::new(start.serving, start.watch)?;
    let file = plan.file.clone();
    let served = match start.daemon || configuration.daemonize == Some(true) {
        true => launch::as_daemon(plan),
        false => serve::in_the_foreground(plan, None),
    };
    served.map_err(|failure| name_others(failure, &file))
}

/// What root could not start may be running already, as another user's.
fn name_others(mut failure: Failure, script: &Path) -> Failure {
    let target = Target { file: Some(script.to_owned()), pid_file: None };
    if failure.exit == Exit::Failed
        && let Ok(other) = Client::find(&target)
        && other.running.of_another().is_some()
    {
        let (script, who) = (script.display(), other.running.who());
        failure.text +=
            &format!("\n{script} is running already ({who}): `rhost stop {script}` stops that");
    }
    failure
}

/// Starts even if nothing runs. What can be known to be wrong with the start is known before anything is stopped.
pub fn restart(mut start: Start, graceful: bool) -> Result<u8, Failure> {
    let turn = Turn::take(&start.serving.file)?;
    let (running, target) = find(&start.serving)?;
    if let Some(running) = &running
        && let Some(user) = running.running.of_another()
    {
        let (script, who) = (target.name(), running.running.who());
        let text = format!(
            "{script} was started by another user ({who}), whose it would not be any more: restart it as {user}, or \
             `rhost stop {script}` and start it as you\nnothing was stopped"
        );
        return Err(Failure::new(Exit::Failed, text));
    }
    if let Some(running) = &running {
        match Manner::of(running) {
            Some(manner) => manner.repeat(&mut start),
            None => {
                say("rhost: what runs does not say how it was started: it is started as told here")
            }
        }
    }
    let untouched = |mut failure: Failure| {
        if let Some(running) = &running {
            let who = running.running.who();
            failure.text += &format!("\nnothing was stopped: {} ({who}) goes on", target.name());
        }
        failure
    };
    let (plan, daemon) = prepare(start, running.as_ref()).map_err(untouched)?;
    if running.is_some() {
        match stop::stop(&Stop { target, graceful, timeout: None }) {
            Err(mut failure) if failure.exit != Exit::NotRunning => {
                failure.text += "\nnothing was started: start it when what runs has ended";
                return Err(failure);
            }
            _ => (),
        }
    }
    if running.is_none() && !daemon {
        let script = plan.file.display();
        say(&format!(
            "rhost: {script} was not running, and nothing says how it was: it is started in the foreground; \
             `rhost restart {script} -d` makes it a daemon"
        ));
    }
    match daemon {
        true => launch::as_daemon(plan),
        false => serve::in_the_foreground(plan, Some(turn)),
    }
}

/// What runs, if it does, and how it was found: it may have another pid file than it is to have.
fn find(serving: &Serving) -> Result<(Option<Client>, Target), Failure> {
    let mut target =
        Target { file: Some(serving.file.clone()), pid_file: serving.pid_file.clone() };
    loop {
        match Client::find(&target) {
            Err(failure) if failure.exit != Exit::NotRunning => return Err(failure),
            Err(_) if target.pid_file.take().is_some() => (),
            found => return Ok((found.ok(), target)),
        }
    }
}

/// The plan, and whether it is one for a daemon.
fn prepare(start: Start, running: Option<&Client>) -> Result<(Plan, bool), Failure> {
    let (mut plan, configuration) = Plan::new(start.serving, start.watch)?;
    // One that does not say what it holds may hold anything.
    if let Some(held) = running.and_then(addresses) {
        configuration.try_listening(&held)?;
    }
    let running = running.map(|client| &client.running);
    // It stays where it was put by the command line.
    plan.pid_file = plan.pid_file.or_else(|| running.map(|r| r.pid_file().to_owned()));
    let daemon = start.daemon || configuration.daemonize == Some(true);
    files::check(&plan, daemon, running)?;
    Ok((plan, daemon))
}

/// Where what runs listens. None: it does not say.
fn addresses(running: &Client) -> Option<Vec<String>> {
    let Ok(Answer::Status(status)) = running.ask(&Request::Status, PATIENCE) else { return None };
    let listening = status.isolates.into_iter().flat_map(|isolate| isolate.listening);
    let bound = status.workers.into_iter().filter_map(|worker| worker.address);
    Some(bound.chain(listening).chain(status.metrics).collect())
}
