//! The command line: arguments, the log's outlet, signals and exit codes. Everything else is the library's.
#![deny(unsafe_code)]

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use rhost::{Host, HostEvent, HostHandle, WorkerInfo};
use std::{
    io::{IsTerminal, Write, stderr, stdout},
    path::PathBuf,
    process::ExitCode,
    thread,
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};
use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit code when a script cannot be started, or the host has to end because of an error.
const FAILED: u8 = 1;

/// Log lines that may wait for a slow terminal; further ones are dropped. Fixed: a line may have 64 KiB.
const LOG_LINES: usize = 1_000;

/// Hosts event-driven network workers written in Rhai.
#[derive(Parser)]
#[command(name = "rhost", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a script in the foreground; saving it swaps its handlers while clients stay connected.
    Run {
        /// The script.
        file: PathBuf,
        /// Do not reload when a file of the script is saved.
        #[arg(long)]
        no_watch: bool,
        /// Milliseconds that files must be quiet before they are read again.
        #[arg(long, value_name = "MS", default_value_t = 50)]
        settle: u64,
    },
    /// Look for mistakes in scripts without running them. Exits with 1 if there are any.
    Check {
        /// The scripts.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Show what scripts can use: all names, or everything about one, with an example.
    Doc {
        /// A name, such as `send`, or an object, such as `Timer`.
        name: Option<String>,
    },
}

fn main() -> ExitCode {
    let run = match Arguments::parse().command {
        Command::Run { file, no_watch, settle } => {
            run(&file, !no_watch, Duration::from_millis(settle))
        }
        Command::Check { files } => Ok(check(&files)),
        Command::Doc { name } => Ok(doc(name.as_deref())),
    };
    match run {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // (the source, if any, is in the message already)
            say(&format!("rhost: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

fn run(file: &std::path::Path, watch: bool, settle: Duration) -> Result<u8> {
    let colour = is_colourful();
    // A terminal that is not read, or a pipe that is full, must not stop the host: lines go through a thread of their own,
    // and are dropped when it cannot keep up.
    let (writer, _flush_at_the_end) =
        NonBlockingBuilder::default().buffered_lines_limit(LOG_LINES).finish(stderr());
    let banner_writer = writer.clone();
    tracing_subscriber::fmt()
        .with_writer(writer)
        .with_ansi(colour)
        .with_target(false)
        // (when nobody reads stderr any more, complaining there would panic)
        .log_internal_errors(false)
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
        )
        .init();
    raise_descriptor_limit();
    let script = file.to_owned();
    let host = Host::builder()
        .script(file)
        .watch(watch)
        .settle(settle)
        .colour(colour)
        .on_event(move |event| match event {
            HostEvent::Started { workers, watching } => {
                let _ =
                    banner_writer.clone().write_all(banner(&script, &workers, watching).as_bytes());
            }
            HostEvent::Listening { worker, address, .. } => {
                tracing::info!("listening on {address} (worker {worker})");
            }
            _ => (),
        })
        .build()?;
    stop_on_signals(host.handle())?;
    Ok(host.run()?)
}

/// Prints every finding, one block each.
fn check(files: &[PathBuf]) -> u8 {
    let mut findings = 0;
    for file in files {
        match Host::builder().script(file).colour(is_colourful()).check() {
            Ok(faults) => {
                findings += faults.len();
                faults.iter().for_each(|fault| say(&format!("{fault}\n")));
            }
            Err(error) => {
                findings += 1;
                say(&format!("rhost: {error}\n"));
            }
        }
    }
    if findings == 0 { 0 } else { FAILED }
}

/// Prints the script reference, or the part of it that has this name.
fn doc(name: Option<&str>) -> u8 {
    let mut text = String::new();
    for section in rhost::script_reference() {
        let whole = name.is_some_and(|n| n.eq_ignore_ascii_case(section.owner));
        let named = |entry: &&rhost::Entry| whole || name.is_none_or(|n| entry.name == n);
        let entries: Vec<_> = section.entries.iter().filter(named).collect();
        if entries.is_empty() {
            continue;
        }
        text += &format!("{}\n{}\n\n", section.title, "=".repeat(section.title.len()));
        for entry in entries {
            match name {
                Some(_) => text += &format!("{entry}\n"),
                None => text += &format!("{:24} {}\n", entry.name, entry.summary()),
            }
        }
        text.push('\n');
    }
    if text.is_empty() {
        say(&format!(
            "rhost: scripts have no `{}`; `rhost doc` lists all names",
            name.unwrap_or_default()
        ));
        return FAILED;
    }
    // (a pager that was closed early has seen enough)
    let _ = stdout().write_all(text.as_bytes());
    0
}

/// Writes to the terminal; that there may be none any more is no reason to end.
fn say(text: &str) {
    let _ = writeln!(stderr(), "{text}");
}

fn is_colourful() -> bool {
    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// What runs, once it does.
fn banner(script: &std::path::Path, workers: &[WorkerInfo], watching: bool) -> String {
    let mut text = format!("rhost {} runs {}\n", env!("CARGO_PKG_VERSION"), script.display());
    for worker in workers {
        let name = if worker.name.is_empty() { "-" } else { &worker.name };
        let address = worker.address.as_deref().unwrap_or("no address");
        let isolates =
            if worker.count == 1 { String::new() } else { format!("  x {}", worker.count) };
        text.push_str(&format!("  {name:12} {address}{isolates}\n"));
    }
    let hint = if watching { "watching: save the script to reload it. " } else { "" };
    text + hint + "Ctrl-C stops.\n"
}

/// INT, TERM and HUP stop in order; a second one ends the process at once.
fn stop_on_signals(handle: HostHandle) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let signals = {
        let _inside = runtime.enter();
        let listen = |kind| signal(kind).context("cannot listen for signals");
        (
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
            listen(SignalKind::hangup())?,
        )
    };
    let wait = async move {
        let (mut interrupt, mut terminate, mut hangup) = signals;
        for already in [false, true] {
            tokio::select! {
                _ = interrupt.recv() => (),
                _ = terminate.recv() => (),
                _ = hangup.recv() => (),
            }
            if already {
                std::process::exit(i32::from(FAILED));
            }
            handle.stop(0);
            tracing::info!("stopping");
        }
    };
    thread::Builder::new().name("signals".into()).spawn(move || runtime.block_on(wait))?;
    Ok(())
}

/// Every connection is a descriptor: takes as many as the system lets us have.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if setrlimit(Resource::Nofile, wanted).is_err() {
        tracing::warn!("the limit of open files could not be raised above {:?}", limit.current);
    }
}
