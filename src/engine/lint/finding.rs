//! One finding of the lint: what is wrong, where, and what to do about it.

use crate::error::Fault;
use std::fmt;

/// The code of what keeps a script from being looked at any further.
const UNREADABLE: &str = "unreadable";

/// A mistake that can be seen in a script without running it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The stable name of its kind, such as `unused-variable`.
    pub code: &'static str,
    /// The file as people see it: relative to the main script's folder where it lies below that.
    pub file: String,
    /// The line, from 1; 0 if it is not known.
    pub line: usize,
    /// The column in characters, from 1; 0 if it is not known.
    pub column: usize,
    /// One line that says what is wrong.
    pub message: String,
    /// What to do about it, if there is something to say.
    pub help: Option<String>,
    /// Everything, as several lines: message, source line with a caret, help.
    pub text: String,
    /// The line of the file that it is in.
    pub(crate) line_text: String,
}

impl Finding {
    /// What keeps a script from being read.
    pub(crate) fn of_fault(fault: Fault) -> Self {
        let mut parts = fault.location.rsplitn(3, ':');
        let (column, line, file) = (parts.next(), parts.next(), parts.next());
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        let (file, line, column) = match (file, number(line), number(column)) {
            (Some(file), Some(line), Some(column)) => (file.to_owned(), line, column),
            _ => (fault.location.clone(), 0, 0),
        };
        let (message, text) = (fault.title, fault.text);
        Self {
            code: UNREADABLE,
            file,
            line,
            column,
            message,
            help: None,
            text,
            line_text: String::new(),
        }
    }

    /// Where it is, as in `push.rhai:12:5`.
    pub fn location(&self) -> String {
        match self.line {
            0 => self.file.clone(),
            line => format!("{}:{line}:{}", self.file, self.column),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
