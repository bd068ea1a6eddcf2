//! Who hears that everything serves, or why it does not.

use super::{
    lines::LineWriter,
    started::{self, Outcome, Row},
};
use std::{fs::File, io::Write};

pub enum Herald {
    Terminal(LineWriter),
    /// The monitor, which passes it on to whoever started the daemon.
    Starter(File),
    Log,
}

impl Herald {
    /// A start takes long. The log has that already.
    pub fn late(&self, text: String) {
        if let Self::Starter(pipe) = self {
            tell(pipe, &Outcome::Late(text));
        }
    }

    pub fn announce(self, script: &str, rows: Vec<Row>, watching: bool) {
        match self {
            Self::Terminal(terminal) => {
                let hint = if watching { "watching: save the script to reload it. " } else { "" };
                let table = started::table(script, &rows, &format!("{hint}Ctrl-C stops."));
                terminal.line(table.as_bytes());
            }
            Self::Starter(pipe) => {
                started::log(script, &rows);
                tell(&pipe, &Outcome::Serving { rows, watching });
            }
            Self::Log => started::log(script, &rows),
        }
    }
}

/// A line for the monitor.
pub fn tell(mut pipe: &File, outcome: &Outcome) {
    if let Ok(mut line) = serde_json::to_vec(outcome) {
        line.push(b'\n');
        // Whoever started us may have been interrupted.
        let _ = pipe.write_all(&line);
    }
}
