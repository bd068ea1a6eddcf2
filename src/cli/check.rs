//! `rhost check`: every finding, one block each for people, or all of them as JSON for editors.

use super::{
    exit::Exit,
    terminal::{is_colourful, print, say},
};
use rhost::{Finding, Host};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A finding as editors read it.
#[derive(Serialize)]
struct Entry {
    /// As the command line leads to it.
    file: PathBuf,
    /// From 1; 0 if it is not known.
    line: usize,
    /// In characters, from 1; 0 if it is not known.
    column: usize,
    code: &'static str,
    message: String,
    help: Option<String>,
}

pub fn check(files: &[PathBuf], json: bool) -> u8 {
    let mut all = Vec::new();
    for script in files {
        match Host::builder().script(script).colour(!json && is_colourful()).check() {
            Ok(found) => {
                if !json {
                    found.iter().for_each(|finding| say(&format!("{finding}\n")));
                }
                all.extend(found.into_iter().map(|finding| entry(script, finding)));
            }
            Err(error) => {
                let message = error.to_string();
                if !json {
                    say(&format!("rhost: {message}\n"));
                }
                let (file, code) = (script.clone(), "unreadable");
                all.push(Entry { file, line: 0, column: 0, code, message, help: None });
            }
        }
    }
    if json {
        match serde_json::to_string_pretty(&all) {
            Ok(text) => print(&format!("{text}\n")),
            Err(error) => say(&format!("rhost: {error}")),
        }
    }
    if all.is_empty() { 0 } else { Exit::Failed as u8 }
}

fn entry(script: &Path, finding: Finding) -> Entry {
    let Finding { code, file, line, column, message, help, .. } = finding;
    let file = match file.as_str() {
        "" => script.to_owned(),
        file => script.parent().unwrap_or(Path::new("")).join(file),
    };
    Entry { file, line, column, code, message, help }
}
