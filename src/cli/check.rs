//! `rhost check`: every finding, one block each.

use super::{
    exit::Exit,
    script::Script,
    terminal::{is_colourful, say},
};
use std::path::PathBuf;

pub fn check(files: &[PathBuf]) -> u8 {
    let mut findings = 0;
    for file in files {
        let script = match Script::open(file) {
            Ok(script) => script,
            Err(failure) => {
                findings += 1;
                say(&format!("rhost: {}\n", failure.text));
                continue;
            }
        };
        match script.host().colour(is_colourful()).check() {
            Ok(faults) => {
                findings += faults.len();
                faults.iter().for_each(|fault| say(&format!("{fault}\n")));
            }
            Err(error) => {
                findings += 1;
                say(&format!("rhost: {error}\n"));
            }
        }
    }
    if findings == 0 { 0 } else { Exit::Failed as u8 }
}
