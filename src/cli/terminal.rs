//! What commands say, and where.

use std::io::{IsTerminal, Write, stderr, stdout};

/// Writes to the terminal; that there may be none any more is no reason to end.
pub fn say(text: &str) {
    let _ = writeln!(stderr(), "{text}");
}

/// Prints what was asked for. A pager that was closed early has seen enough.
pub fn print(text: &str) {
    let _ = is_printed(text);
}

/// The same. False: nobody reads any more.
pub fn is_printed(text: &str) -> bool {
    let mut out = stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// Is the log for a person's eyes, and one who likes colours?
pub fn is_colourful() -> bool {
    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}
