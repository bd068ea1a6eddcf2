//! Reads a page of the script reference: Markdown of the form that `README.md` in this folder describes.

use super::entry::{Entry, Place, Section};
use std::mem::take;

/// What begins the list of operators.
const OPERATORS: &str = "Operators";

/// What begins the paragraph with the names that other languages have.
const ALIKE: &str = "Like ";

/// Reads a page. The error says what is wrong with it, and in which entry.
///
/// What it gives lives as long as the process: pages are read once.
pub(crate) fn read(text: &'static str) -> Result<Section, String> {
    let mut parts = text.split("\n## ");
    let head = parts.next().unwrap_or_default();
    let head = head.strip_prefix("# ").ok_or("a page begins with `# ` and its title")?;
    let (title, about) = head.split_once('\n').unwrap_or((head, ""));
    let (title, owner) = titled(title);
    let about = blocks(about).iter().map(Block::text).collect::<Vec<_>>().join("\n\n");
    let (mut entries, mut operators) = (Vec::new(), Vec::new());
    for part in parts {
        let (name, body) = part.split_once('\n').unwrap_or((part, ""));
        if name == OPERATORS {
            operators = items(body).filter_map(|item| item[1..].split_once("`: ")).collect();
        } else {
            entries.push(entry(name, body).map_err(|why| format!("{title}, {name}: {why}"))?);
        }
    }
    if about.is_empty() {
        return Err(format!("{title}: nothing says what it is"));
    }
    Ok(Section {
        title,
        owner,
        about: about.leak(),
        operators: operators.leak(),
        entries: entries.leak(),
    })
}

/// `Callbacks of a worker (`Worker`)` → the title and the owner; else both are the title.
fn titled(line: &'static str) -> (&'static str, &'static str) {
    match line.strip_suffix("`)").and_then(|line| line.split_once(" (`")) {
        Some((title, owner)) => (title, owner),
        None => (line, line),
    }
}

fn entry(name: &'static str, body: &'static str) -> Result<Entry, String> {
    let (mut forms, mut texts, mut alike) = (Vec::new(), Vec::<String>::new(), Vec::new());
    let (mut waits, mut place, mut example) = (false, Place::Both, None);
    for (at, block) in blocks(body).into_iter().enumerate() {
        match block {
            Block::List(list) if at == 0 => {
                forms.extend(list.iter().map(|item| item.trim_matches('`')));
            }
            Block::Code { language: "rhai", text } if example.is_none() => example = Some(text),
            Block::Code { .. } => {
                return Err("one example in a block of `rhai` is all its code".into());
            }
            _ if example.is_some() => return Err("the example is not the last".into()),
            Block::Paragraph(text) => match text.as_str() {
                "Waits." => (waits, place) = (true, Place::Handler),
                "Waits in handlers." => waits = true,
                "Handlers only." => place = Place::Handler,
                "Top level only." => place = Place::TopLevel,
                _ => {
                    if text.starts_with(ALIKE) {
                        let names = text.split('`').skip(1).step_by(2);
                        alike.extend(names.map(|name| &*name.to_owned().leak()));
                    }
                    texts.push(text);
                }
            },
            Block::List(_) => texts.push(block.text()),
        }
    }
    let missing = [
        (forms.is_empty(), "it has no list of the ways to write it"),
        (texts.is_empty(), "it has no text"),
        (example.is_none(), "it has no example"),
    ];
    if let Some((_, why)) = missing.iter().find(|(is_missing, _)| *is_missing) {
        return Err((*why).to_owned());
    }
    Ok(Entry {
        name,
        forms: forms.leak(),
        text: texts.join("\n\n").leak(),
        waits,
        place,
        alike: alike.leak(),
        example: example.unwrap_or_default(),
    })
}

/// A part of a page that stands between empty lines.
enum Block {
    /// Its lines in one.
    Paragraph(String),
    /// The items of a list, without what begins them.
    List(Vec<&'static str>),
    Code {
        language: &'static str,
        text: &'static str,
    },
}

impl Block {
    /// The text of a paragraph or list.
    fn text(&self) -> String {
        match self {
            Self::Paragraph(text) => text.clone(),
            Self::List(list) => {
                list.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
            }
            Self::Code { text, .. } => (*text).to_owned(),
        }
    }
}

fn blocks(text: &'static str) -> Vec<Block> {
    let (mut blocks, mut rest, mut paragraph) = (Vec::new(), text, String::new());
    let end = |paragraph: &mut String, blocks: &mut Vec<Block>| {
        if !paragraph.is_empty() {
            blocks.push(Block::Paragraph(take(paragraph)));
        }
    };
    while !rest.is_empty() {
        let (line, behind) = rest.split_once('\n').unwrap_or((rest, ""));
        if let Some(language) = line.strip_prefix("```") {
            end(&mut paragraph, &mut blocks);
            let (text, behind) = behind.split_once("```").unwrap_or((behind, ""));
            blocks.push(Block::Code { language, text });
            rest = behind.strip_prefix('\n').unwrap_or(behind);
            continue;
        }
        if line.starts_with("- ") && paragraph.is_empty() {
            let length = rest.find("\n\n").unwrap_or(rest.len());
            blocks.push(Block::List(items(&rest[..length]).collect()));
            rest = &rest[length..];
            continue;
        }
        match line.trim() {
            "" => end(&mut paragraph, &mut blocks),
            line if paragraph.is_empty() => paragraph.push_str(line),
            line => {
                paragraph.push(' ');
                paragraph.push_str(line);
            }
        }
        rest = behind;
    }
    end(&mut paragraph, &mut blocks);
    blocks
}

/// The items of a list, each in one line.
fn items(list: &'static str) -> impl Iterator<Item = &'static str> {
    let list = list.trim().strip_prefix("- ").unwrap_or_default();
    list.split("\n- ").map(|item| {
        let words: Vec<&str> = item.split_whitespace().collect();
        let item = item.trim();
        if item.contains('\n') { words.join(" ").leak() } else { item }
    })
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
