//! The command line: one command, one exit code. Each command is a file in `cli`; what is served is the library's.
#![deny(unsafe_code)]

mod cli;

use clap::Parser;
use cli::{
    arguments::{Arguments, Command},
    check, connections, doc,
    exit::{Exit, Failure},
    list, logs,
    mimalloc::Mimalloc,
    monitor, reload, serve, start, status, stop, terminal,
    wire::Request,
};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: rhost::CountingAllocator<Mimalloc> = rhost::CountingAllocator::new(Mimalloc);

fn main() -> ExitCode {
    let done = run(Arguments::parse().command).and_then(|code| match terminal::unprinted() {
        Some(error) if code == 0 => {
            let text = format!("what was asked for cannot be printed: {error}");
            Err(Failure::new(Exit::Unprinted, text).into())
        }
        _ => Ok(code),
    });
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            terminal::say(&format!("rhost: {error:#}"));
            ExitCode::from(Exit::of(&error) as u8)
        }
    }
}

/// Runs a command to its end.
fn run(command: Command) -> anyhow::Result<u8> {
    Ok(match command {
        Command::Run { serving, no_watch } => start::run(serving, !no_watch)?,
        Command::Start(options) => start::start(options)?,
        Command::Stop(options) => stop::stop(&options)?,
        Command::Restart { start, graceful } => start::restart(start, graceful)?,
        // Gracefully or not: neither closes a connection.
        Command::Reload { target, graceful: _, hard, reset_state, dry_run, json } => {
            reload::reload(&target, Request::Reload { hard, reset_state, dry_run }, json)?
        }
        Command::Status { target, json, watch } => status::status(&target, json, watch)?,
        Command::Connections { target, json } => connections::connections(&target, json)?,
        Command::List { json } => list::list(json)?,
        Command::Logs { target, follow, lines } => logs::logs(&target, follow, lines)?,
        Command::Check { files, json } => check::check(&files, json),
        Command::Doc(options) => doc::doc(&options)?,
        Command::Monitor(plan) => monitor::monitor(&plan)?,
        Command::Server(plan) => serve::as_server(&plan)?,
    })
}
