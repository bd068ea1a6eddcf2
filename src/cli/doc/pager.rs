//! Shows a text that may be longer than the terminal: in a pager, with colours, if there is a terminal.

use super::style::styled;
use crate::cli::terminal::print;
use std::{
    env,
    io::{IsTerminal, Write, stdout},
    process::{Command, Stdio},
};

/// The pager where `PAGER` names none: it ends by itself when all fits on the screen, and passes colours on.
const PAGER: &str = "less -FRX";

/// Prints the text, or lets the pager do so.
pub fn show(text: &str) {
    if !stdout().is_terminal() {
        return print(text);
    }
    let is_plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    // What is shown is the host's own, but a part of a name may be the user's.
    let text = super::super::terminal::plain(text);
    let text = if is_plain { text } else { styled(&text) };
    let pager = env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
    if page(pager.as_deref().unwrap_or(PAGER), &text).is_err() {
        // It was asked for on a terminal, and there is no pager: all of it at once.
        let _ = stdout().write_all(text.as_bytes());
    }
}

/// Hands the text to a pager and waits for its end.
fn page(command: &str, text: &str) -> std::io::Result<()> {
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or_default();
    let mut pager = Command::new(program).args(words).stdin(Stdio::piped()).spawn()?;
    if let Some(mut input) = pager.stdin.take() {
        // A pager that was closed early has seen enough.
        let _ = input.write_all(text.as_bytes());
    }
    pager.wait().map(drop)
}
