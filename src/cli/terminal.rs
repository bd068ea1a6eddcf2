//! What commands say, and where.

use std::{
    io::{self, IsTerminal, Write, stderr, stdout},
    sync::OnceLock,
};

/// Clears a terminal.
const CLEAR: &str = "\x1b[H\x1b[2J";

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
    is_written(&plain(text))
}

/// The same for what may be no text. A terminal is not steered by it.
pub fn is_copied(bytes: &[u8]) -> bool {
    match stdout().is_terminal() {
        true => is_written(&harmless(&String::from_utf8_lossy(bytes))),
        false => are_written(bytes),
    }
}

/// Lines as they are, with their tabs.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '?' } else { c })
        .collect()
}

/// Before something is shown again: empties the terminal, if it is one.
pub fn clear() {
    if stdout().is_terminal() {
        is_written(CLEAR);
    }
}

/// Names and faults come from scripts: nothing in them may steer a terminal.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '?' } else { c }).collect()
}

fn is_written(text: &str) -> bool {
    are_written(text.as_bytes())
}

fn are_written(bytes: &[u8]) -> bool {
    let mut out = stdout();
    match out.write_all(bytes).and_then(|()| out.flush()) {
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
