//! The command line: one command, one exit code. Each command is a file in `cli`; what is served is the library's.
#![deny(unsafe_code)]

mod cli;

use clap::Parser;
use cli::{
    arguments::{Arguments, Command},
    check, connections, doc,
    exit::Exit,
    list, logs,
    mimalloc::Mimalloc,
    monitor, reload, serve, start, status, stop, terminal,
    wire::Request,
};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: rhost::CountingAllocator<Mimalloc> = rhost::CountingAllocator::new(Mimalloc);

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run { serving, no_watch } => start::run(serving, !no_watch),
        Command::Start(options) => start::start(options),
        Command::Stop(options) => stop::stop(&options),
        Command::Restart { start, graceful } => start::restart(start, graceful),
        // Gracefully or not: neither closes a connection.
        Command::Reload { target, graceful: _, hard, reset_state, dry_run, json } => {
            reload::reload(&target, Request::Reload { hard, reset_state, dry_run }, json)
        }
        Command::Status { target, json, watch } => status::status(&target, json, watch),
        Command::Connections { target, json } => connections::connections(&target, json),
        Command::List { json } => list::list(json),
        Command::Logs { target, follow, lines } => logs::logs(&target, follow, lines),
        Command::Check { files, json } => Ok(check::check(&files, json)),
        Command::Doc(options) => doc::doc(&options),
        Command::Monitor(plan) => monitor::monitor(&plan),
        Command::Server(plan) => serve::as_server(&plan),
    };
    match (done, terminal::unprinted()) {
        (Ok(0), Some(error)) => {
            terminal::say(&format!("rhost: what was asked for cannot be printed: {error}"));
            ExitCode::from(Exit::Unprinted as u8)
        }
        (Ok(code), _) => ExitCode::from(code),
        (Err(failure), _) => {
            terminal::say(&format!("rhost: {}", failure.text));
            ExitCode::from(failure.exit as u8)
        }
    }
}
