//! The log sink. The library never prints: it hands each line to the sink that its embedder gave.
//! Only text passes here, so that a sink may live on any thread.

mod access;

pub use access::Access;

use std::{fmt, sync::Arc};

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something failed and somebody should look.
    Error,
    /// Something is odd, the host copes.
    Warn,
    /// What a script printed, and what the host did.
    Info,
    /// Details for hunting a problem.
    Debug,
}

/// One line for the log.
#[derive(Clone, Debug)]
pub struct Record {
    /// How much it matters.
    pub level: Level,
    /// The worker that speaks; empty when it is the host.
    pub worker: String,
    /// Where in a script, `push.rhai:12`; empty when no script is involved.
    pub location: String,
    /// The text; a fault report has several lines.
    pub message: String,
    /// What else is known, for whoever sorts lines by it.
    pub about: About,
}

/// What a line of the log is about. Only what is known is set.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The kind of the fault that it reports: `script`, `timeout`, `panic`, `host`.
    pub fault: Option<&'static str>,
    /// The code of a finding in the script, such as `unused-variable`.
    pub finding: Option<&'static str>,
    /// Number of the isolate among those of the worker.
    pub isolate: Option<usize>,
    /// The generation of the script that ran.
    pub generation: Option<u64>,
    /// The connection, by its id in the isolate.
    pub connection: Option<u64>,
    /// The request that was answered, if this is a line of the access log.
    pub access: Option<Box<Access>>,
    /// All that a reload did, as JSON, if this is its line.
    pub reload: Option<Box<str>>,
    /// The fields of a line that a script wrote by `std/log`, as JSON; empty if it has none.
    pub fields: Option<Box<str>>,
}

impl About {
    /// Does the message say where it is, with the line of the script?
    fn is_report(&self) -> bool {
        self.fault.is_some() || self.finding.is_some()
    }
}

impl Record {
    /// What it holds in memory.
    pub(crate) fn bytes(&self) -> usize {
        let texts = self.worker.capacity() + self.location.capacity() + self.message.capacity();
        let fields = self.about.fields.as_ref().map_or(0, |fields| fields.len());
        texts + fields + self.about.access.as_ref().map_or(0, |access| access.bytes_held())
    }
}

impl fmt::Display for Record {
    /// `[worker] push.rhai:12: message`, leaving out what is empty, and the place of a report, which has it itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.worker.is_empty() {
            write!(f, "[{}] ", self.worker)?;
        }
        if !self.location.is_empty() && !self.about.is_report() {
            write!(f, "{}: ", self.location)?;
        }
        f.write_str(&self.message)?;
        match &self.about.fields {
            Some(fields) if !fields.is_empty() => write!(f, " {fields}"),
            _ => Ok(()),
        }
    }
}

/// Where the lines go. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Log(Arc<dyn Fn(Record) + Send + Sync>);

impl Log {
    pub(crate) fn new(sink: impl Fn(Record) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    pub(crate) fn write(&self, record: Record) {
        (self.0)(record);
    }

    /// A line of the host itself.
    pub(crate) fn host(&self, level: Level, message: impl Into<String>) {
        self.worker(level, "", message);
    }

    /// A line about a worker, from no particular place in a script.
    pub(crate) fn worker(&self, level: Level, worker: &str, message: impl Into<String>) {
        self.write(Record {
            level,
            worker: worker.into(),
            location: String::new(),
            message: message.into(),
            about: About::default(),
        });
    }
}
