//! `rhost doc`: the manual in a terminal, as JSON, or as pages in a browser.

mod pager;
mod site;
mod style;

use super::{
    arguments::Doc,
    exit::{Exit, Failure},
    terminal::{print, say},
};

/// Results that a search shows. Fixed: more than one screen helps nobody, and a further word finds fewer.
const MAX_FOUND: usize = 40;

pub fn doc(options: &Doc) -> Result<u8, Failure> {
    if let Some(address) = options.serve {
        return site::serve(address);
    }
    if !options.search.is_empty() {
        return Ok(search(&options.search));
    }
    match (&options.name, options.json) {
        (name, true) => json(name.as_deref()),
        (None, false) => {
            pager::show(&rhost::all_names());
            Ok(0)
        }
        (Some(name), false) => Ok(explain(name)),
    }
}

fn explain(name: &str) -> u8 {
    match rhost::explain(name) {
        Ok(text) => {
            pager::show(&text);
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

fn search(words: &[String]) -> u8 {
    // Words may have been given in quotes, as one.
    let words: Vec<String> =
        words.iter().flat_map(|word| word.split_whitespace()).map(str::to_owned).collect();
    let found = rhost::search(&words);
    if found.is_empty() {
        say(&format!("rhost: nothing in the manual has `{}` in it", words.join(" ")));
        return Exit::Failed as u8;
    }
    let mut text = String::new();
    for found in found.iter().take(MAX_FOUND) {
        text += &format!("{:32} {}\n", found.name, found.summary);
    }
    if found.len() > MAX_FOUND {
        text += &format!("… and {} more\n", found.len() - MAX_FOUND);
    }
    pager::show(&text);
    0
}

fn json(name: Option<&str>) -> Result<u8, Failure> {
    let sections = rhost::script_reference();
    let text = match name {
        None => serde_json::to_string_pretty(sections),
        Some(name) => {
            let found = rhost::entries(name);
            if found.is_empty() {
                return Ok(explain(name));
            }
            serde_json::to_string_pretty(&found)
        }
    };
    let text = text.map_err(|why| Failure::new(Exit::Failed, why.to_string()))?;
    print(&format!("{text}\n"));
    Ok(0)
}
