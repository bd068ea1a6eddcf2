//! What can go wrong, in two fates: [`Error`] ends the host, [`Fault`] is reported and life goes on.
//! No function returns both. Everything here is plain text and `Send`; nothing of Rhai or of a socket may enter.

use std::fmt;

/// What kind of trouble ended the host, or kept it from starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The script is missing, does not compile, or its top level threw.
    Script,
    /// An address could not be listened on.
    Listen,
    /// The host was built with arguments that cannot work.
    Config,
    /// The operating system refused something the host needs (a thread, a runtime).
    System,
}

/// Why the host could not start, or had to end. The text is one clear message for a person.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    /// The fault of a script that was the reason.
    fault: Option<Box<Fault>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), fault: None, source: None }
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same as a fault that ends nothing, with its place in the scripts if it has one.
    pub(crate) fn into_fault(self) -> Fault {
        self.fault.map_or_else(|| Fault::plain(self.message), |fault| *fault)
    }

    /// What kind of trouble this is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|s| s.as_ref() as _)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let mut error = Error::new(ErrorKind::Script, fault.text.clone());
        error.fault = Some(Box::new(fault));
        error
    }
}

/// What kind of trouble a [`Fault`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// A script threw, or does not compile.
    Script,
    /// A handler was ended because it ran too long.
    Timeout,
    /// A handler was ended because it made more than it may.
    Memory,
    /// A function of the host or the embedder panicked.
    Panic,
    /// Something that a script cannot help: a file, an address, a thread.
    Host,
}

impl FaultKind {
    /// `script`, `timeout`, `memory`, `panic`, `host`: as metrics and structured logs have it.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Script => "script",
            FaultKind::Timeout => "timeout",
            FaultKind::Memory => "memory",
            FaultKind::Panic => "panic",
            FaultKind::Host => "host",
        }
    }
}

/// Trouble that costs one event: a script threw, a peer broke its protocol. It is reported and everything else goes on.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What kind of trouble it is.
    pub kind: FaultKind,
    /// Where in the scripts it happened, `push.rhai:12:5`; empty for trouble outside of scripts.
    pub location: String,
    /// One line that says what happened.
    pub title: String,
    /// The whole report, several lines: title, source line with a caret, call chain, advice.
    pub text: String,
    /// The generation of the script that it happened to, if one ran.
    pub generation: Option<u64>,
    /// The connection whose event was lost, by its id in its isolate.
    pub connection: Option<u64>,
}

impl Fault {
    pub(crate) fn plain(title: impl Into<String>) -> Self {
        let title = title.into();
        Self {
            kind: FaultKind::Host,
            location: String::new(),
            text: title.clone(),
            title,
            generation: None,
            connection: None,
        }
    }

    /// The same, of a panic.
    pub(crate) fn panic(title: impl Into<String>) -> Self {
        Self { kind: FaultKind::Panic, ..Self::plain(title) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
