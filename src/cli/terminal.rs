//! What commands say, and where.

use std::{
    io::{self, IsTerminal, Write, stderr, stdout},
    sync::OnceLock,
};

/// Why something that was asked for could not be printed: the first time. Commands do their work all the same.
static UNPRINTED: OnceLock<io::Error> = OnceLock::new();

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
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => true,
        Err(error) => {
            if error.kind() != io::ErrorKind::BrokenPipe {
                let _ = UNPRINTED.set(error);
            }
            false
        }
    }
}

/// Why not everything could be printed that should be.
pub fn unprinted() -> Option<&'static io::Error> {
    UNPRINTED.get()
}

/// Is the log for a person's eyes, and one who likes colours?
pub fn is_colourful() -> bool {
    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}
