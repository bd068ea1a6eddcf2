//! `rhost doc`: the script reference, or the part of it that has a name.

use super::{
    exit::Exit,
    terminal::{print, say},
};

pub fn doc(name: Option<&str>) -> u8 {
    let mut text = String::new();
    for section in rhost::script_reference() {
        let whole = name.is_some_and(|n| n.eq_ignore_ascii_case(section.owner));
        let named = |entry: &&rhost::Entry| whole || name.is_none_or(|n| entry.name == n);
        let entries: Vec<_> = section.entries.iter().filter(named).collect();
        if entries.is_empty() {
            continue;
        }
        text += &format!("{}\n{}\n\n", section.title, "=".repeat(section.title.len()));
        for entry in entries {
            match name {
                Some(_) => text += &format!("{entry}\n"),
                None => text += &format!("{:24} {}\n", entry.name, entry.summary()),
            }
        }
        text.push('\n');
    }
    if text.is_empty() {
        say(&format!(
            "rhost: scripts have no `{}`; `rhost doc` lists all names",
            name.unwrap_or_default()
        ));
        return Exit::Failed as u8;
    }
    print(&text);
    0
}
