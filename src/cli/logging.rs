//! The log: from `tracing` and from the host's records to an outlet. Lines go through a thread of their own and are dropped
//! when it cannot keep up: a terminal that is not read, a pipe or a disk that is full must not stop the host.

use super::outlet::Outlet;
use rhost::{Level, Record};
use std::io::Write;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Log lines that may wait for a slow outlet; further ones are dropped. Fixed: a line may have 64 KiB.
const LOG_LINES: usize = 1_000;

/// What is shown by default: all but the details. Changed by `RUST_LOG`.
const DEFAULT_FILTER: &str = "info";

/// The log of this process. What waits is written when it is dropped.
pub struct Logging {
    pub writer: NonBlocking,
    _flush_at_the_end: WorkerGuard,
}

impl Logging {
    /// From now on, all of `tracing` goes there.
    pub fn start(outlet: Outlet, json: bool, colour: bool) -> Self {
        let (writer, guard) = in_the_background(outlet);
        let (filter, complaint) = filter();
        let log = tracing_subscriber::fmt()
            .with_writer(writer.clone())
            .with_ansi(colour)
            .with_target(false)
            // (when nobody reads stderr any more, complaining there would panic)
            .log_internal_errors(false)
            .with_env_filter(filter);
        match json {
            true => log.json().flatten_event(true).init(),
            false => log.init(),
        }
        if let Some(complaint) = complaint {
            tracing::warn!("{complaint}");
        }
        Self { writer, _flush_at_the_end: guard }
    }
}

/// What `RUST_LOG` wants to be shown, and what there is to say against it. Set to nothing it counts as unset.
fn filter() -> (EnvFilter, Option<String>) {
    let wanted = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let wanted = if wanted.trim().is_empty() { DEFAULT_FILTER } else { &wanted };
    match EnvFilter::try_new(wanted) {
        Ok(filter) => (filter, None),
        Err(error) => {
            let complaint = format!(
                "RUST_LOG=\"{wanted}\" cannot be used ({error}): \"{DEFAULT_FILTER}\" is used; try \"debug\" or \"warn\""
            );
            (EnvFilter::new(DEFAULT_FILTER), Some(complaint))
        }
    }
}

/// Hands lines to a thread that writes them.
pub fn in_the_background(outlet: Outlet) -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default().buffered_lines_limit(LOG_LINES).finish(outlet)
}

/// Where a host's records go.
pub fn sink(json: bool, prints: Option<NonBlocking>) -> impl Fn(Record) + Send + Sync {
    move |record| match &prints {
        // (what has a place in a script was printed there)
        Some(prints) if record.level == Level::Info && !record.location.is_empty() => {
            let line = format!("{}\n", record.message);
            let _ = prints.clone().write_all(line.as_bytes());
        }
        _ if json => write_fields(&record),
        _ => write_text(&record),
    }
}

fn write_text(record: &Record) {
    match record.level {
        Level::Error => tracing::error!(target: "rhost", "{record}"),
        Level::Warn => tracing::warn!(target: "rhost", "{record}"),
        Level::Info => tracing::info!(target: "rhost", "{record}"),
        Level::Debug => tracing::debug!(target: "rhost", "{record}"),
    }
}

fn write_fields(record: &Record) {
    let Record { worker, location, message, .. } = record;
    match record.level {
        Level::Error => tracing::error!(target: "rhost", worker, location, "{message}"),
        Level::Warn => tracing::warn!(target: "rhost", worker, location, "{message}"),
        Level::Info => tracing::info!(target: "rhost", worker, location, "{message}"),
        Level::Debug => tracing::debug!(target: "rhost", worker, location, "{message}"),
    }
}
