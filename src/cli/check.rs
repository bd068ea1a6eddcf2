//! `rhost check`: every finding, one block each.

use super::{
    exit::Exit,
    terminal::{is_colourful, say},
};
use rhost::Host;
use std::path::PathBuf;

pub fn check(files: &[PathBuf]) -> u8 {
    let mut findings = 0;
    for file in files {
        match Host::builder().script(file).colour(is_colourful()).check() {
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
