//! `rhost doc`: the script reference and Rhai's own names, or the part of them that has a name.

use super::{
    exit::Exit,
    terminal::{print, say},
};

pub fn doc(name: Option<&str>) -> u8 {
    let Some(name) = name else {
        print(&rhost::all_names());
        return 0;
    };
    match rhost::explain(name) {
        Ok(text) => {
            print(&text);
            0
        }
        Err(suggestions) => {
            let mut said = format!("rhost: scripts have no `{name}`");
            for suggestion in suggestions {
                said += &format!("; {}", suggestion.trim_end_matches('.'));
            }
            say(&(said + "; `rhost doc` lists all names"));
            Exit::Failed as u8
        }
    }
}
