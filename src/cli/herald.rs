//! Who hears that everything serves, or why it does not.

use super::started::{self, Outcome, Row};
use std::{fs::File, io::Write};
use tracing_appender::non_blocking::NonBlocking;

pub enum Herald {
    Terminal(NonBlocking),
    /// The monitor, which passes it on to whoever started the daemon.
    Starter(File),
    Log,
}

impl Herald {
    pub fn announce(self, script: &str, rows: Vec<Row>, watching: bool) {
        match self {
            Self::Terminal(mut terminal) => {
                let hint = if watching { "watching: save the script to reload it. " } else { "" };
                let table = started::table(script, &rows, &format!("{hint}Ctrl-C stops."));
                let _ = terminal.write_all(table.as_bytes());
            }
            Self::Starter(pipe) => {
                started::log(script, &rows);
                tell(pipe, &Outcome::Serving { rows, watching });
            }
            Self::Log => started::log(script, &rows),
        }
    }
}

/// A line for the monitor.
pub fn tell(mut pipe: File, outcome: &Outcome) {
    if let Ok(mut line) = serde_json::to_vec(outcome) {
        line.push(b'\n');
        // (whoever started us may have been interrupted)
        let _ = pipe.write_all(&line);
    }
}
