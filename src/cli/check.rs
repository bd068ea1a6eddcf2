//! `rhost check`: every finding, one block each for people, or all of them as JSON for editors.

use super::{
    exit::{Exit, Failure},
    script::Script,
    terminal::{is_colourful, print, say},
};
use rhost::Finding;
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

/// What a look at one of the files has found, with all files that were read for it.
struct Look<'a> {
    script: &'a Path,
    checked: Result<Vec<Finding>, Failure>,
    files: Vec<PathBuf>,
}

impl<'a> Look<'a> {
    fn at(script: &'a Path, colour: bool) -> Self {
        let looked = Script::open(script)
            .and_then(|opened| opened.host().colour(colour).check_files().map_err(Failure::from));
        match looked {
            Ok((found, files)) => Self { script, checked: Ok(found), files },
            Err(failure) => Self { script, checked: Err(failure), files: Vec::new() },
        }
    }
}

/// One look for each script. A file that another of them imports is no script of its own: it was looked at as a module.
fn looks(files: &[PathBuf], colour: bool) -> Vec<Look<'_>> {
    let mut looks: Vec<Look<'_>> = files.iter().map(|file| Look::at(file, colour)).collect();
    let mut at = 0;
    while let Some(script) = looks.get(at).map(|look| look.script.canonicalize()) {
        let mut others = looks.iter().enumerate().filter(|(other, _)| *other != at);
        match script {
            Ok(path) if others.any(|(_, look)| look.files.contains(&path)) => {
                drop(looks.remove(at));
            }
            _ => at += 1,
        }
    }
    looks
}

pub fn check(files: &[PathBuf], json: bool) -> u8 {
    let mut all = Vec::new();
    for Look { script, checked, .. } in looks(files, !json && is_colourful()) {
        match checked {
            Ok(found) => {
                if !json {
                    found.iter().for_each(|finding| say(&format!("{finding}\n")));
                }
                all.extend(found.into_iter().map(|finding| entry(script, finding)));
            }
            Err(Failure { text: message, .. }) => {
                if !json {
                    say(&format!("rhost: {message}\n"));
                }
                let (file, code) = (script.to_owned(), "unreadable");
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
