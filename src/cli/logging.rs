//! The log: from `tracing` and from the host's records to an outlet. Lines go through a thread of their own and are dropped
//! when it cannot keep up: a terminal that is not read, a pipe or a disk that is full must not stop the host.

use super::{
    exit::Failure,
    lines::{LineWriter, Lines},
    outlet::Outlet,
};
use rhost::{About, Access, Level, Record};
use tracing_subscriber::EnvFilter;

/// What is shown by default: all but the details. Changed by `RUST_LOG`.
const DEFAULT_FILTER: &str = "info";

/// From now on, all of `tracing` goes there.
pub fn start(outlet: Outlet, json: bool, colour: bool) -> Result<Lines, Failure> {
    let lines = Lines::to(outlet).map_err(|e| Failure::system("cannot start a thread", e))?;
    let (filter, complaint) = filter();
    let log = tracing_subscriber::fmt()
        .with_writer(lines.writer.clone())
        .with_ansi(colour)
        .with_target(false)
        // When nobody reads stderr any more, complaining there would panic.
        .log_internal_errors(false)
        .with_env_filter(filter);
    match json {
        true => log.json().flatten_event(true).init(),
        false => log.init(),
    }
    if let Some(complaint) = complaint {
        tracing::warn!("{complaint}");
    }
    Ok(lines)
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

/// Where a host's records go: those of what is printed, and of answered requests, to outlets of their own if they have any.
pub fn sink(
    json: bool,
    prints: Option<LineWriter>,
    accesses: Option<LineWriter>,
) -> impl Fn(Record) + Send + Sync {
    move |record| match &prints {
        _ if record.about.access.is_some() => match &accesses {
            Some(accesses) => {
                accesses.line(format!("{}\n", record.message).as_bytes());
            }
            None if json => write_access(&record),
            None => write_text(&record),
        },
        Some(prints) if record.level == Level::Info && is_print(&record) => {
            prints.line(format!("{}\n", record.message).as_bytes());
        }
        _ if json && record.about.reload.is_some() => write_reload(&record),
        _ if json => write_fields(&record),
        _ => write_text(&record),
    }
}

/// What has a place in a script, and neither a fault nor fields, was printed there.
fn is_print(record: &Record) -> bool {
    !record.location.is_empty() && record.about.fields.is_none()
}

fn write_text(record: &Record) {
    match record.level {
        Level::Error => tracing::error!(target: "rhost", "{record}"),
        Level::Warn => tracing::warn!(target: "rhost", "{record}"),
        Level::Info => tracing::info!(target: "rhost", "{record}"),
        Level::Debug => tracing::debug!(target: "rhost", "{record}"),
    }
}

/// What is not known is left out.
fn write_fields(record: &Record) {
    let Record { message, .. } = record;
    let About { fault, finding, isolate, generation, connection, .. } = record.about;
    let fields = record.about.fields.as_deref().and_then(known);
    let worker = known(&record.worker);
    let location = known(&record.location);
    let (file, line, column) = place(&record.location);
    macro_rules! write {
        ($level:ident) => {
            tracing::$level!(
                target: "rhost", worker, isolate, generation, connection, fault, finding, location, file, line, column, fields,
                "{message}"
            )
        };
    }
    match record.level {
        Level::Error => write!(error),
        Level::Warn => write!(warn),
        Level::Info => write!(info),
        Level::Debug => write!(debug),
    }
}

/// The line of a reload, with all that it did as JSON in one field.
fn write_reload(record: &Record) {
    let About { generation, reload: Some(reload), .. } = &record.about else { return };
    tracing::info!(target: "rhost", generation, reload = &**reload, "{}", record.message);
}

/// A line of the access log with all that is known as fields.
fn write_access(record: &Record) {
    let About { isolate, connection, access: Some(access), .. } = &record.about else { return };
    let Access { client, method, target, protocol, route, status, bytes, referer, .. } = &**access;
    let seconds = access.took.as_secs_f64();
    let (worker, client, method) = (known(&record.worker), known(client), known(method));
    let (target, protocol, route) = (known(target), known(protocol), route.as_deref());
    let (referer, user_agent) = (known(referer), known(&access.user_agent));
    tracing::info!(
        target: "rhost", worker, isolate, connection, client, method, path = target, protocol, route, status, bytes,
        seconds, referer, user_agent, "{}", record.message
    );
}

fn known(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The parts of `push.rhai:12:5`, `push.rhai:12` or `push.rhai`.
fn place(location: &str) -> (Option<&str>, Option<u64>, Option<u64>) {
    let split = |text| -> Option<(&str, u64)> {
        let (rest, number) = str::rsplit_once(text, ':')?;
        Some((rest, number.parse().ok()?))
    };
    let Some((rest, last)) = split(location) else { return (known(location), None, None) };
    match split(rest) {
        Some((file, line)) => (Some(file), Some(line), Some(last)),
        None => (Some(rest), Some(last), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_as_many_parts_as_are_known() {
        assert_eq!(place("a:b.rhai:12:5"), (Some("a:b.rhai"), Some(12), Some(5)));
        assert_eq!(place("push.rhai:12"), (Some("push.rhai"), Some(12), None));
        assert_eq!(place("push.rhai"), (Some("push.rhai"), None, None));
        assert_eq!(place(""), (None, None, None));
    }
}
