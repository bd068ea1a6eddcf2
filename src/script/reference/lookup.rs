//! Finds what the reference and Rhai say of a name, however somebody writes it: `send`, `TcpConnection.send`,
//! `connection.send()`, `Timer::add`, `worker.count`, the heading `Maps`, an option of `configure`, `==`.

use super::{
    Entry, ManualPage, Section,
    language::{self, Function, WORDS, Word},
    manual::manual,
    script_reference,
};
use crate::engine::{diagnostics::foreign_names, nearest::nearest};

/// What variables are usually called, and whose names they have.
const OWNERS: [(&str, &str); 12] = [
    ("c", "TcpConnection"),
    ("conn", "TcpConnection"),
    ("connection", "TcpConnection"),
    ("client", "TcpConnection"),
    ("w", "Worker"),
    ("r", "Request"),
    ("req", "Request"),
    ("res", "Response"),
    ("events", "ServerSentEvents"),
    ("list", "array"),
    ("users", "map"),
    ("connections", "Connections"),
];

/// The title under which the words of the grammar stand.
const LANGUAGE: &str = "Rhai";
/// The title under which its functions stand.
const FUNCTIONS: &str = "Functions of Rhai";

/// All names with a line for each.
pub fn all_names() -> String {
    let mut text = String::new();
    for section in script_reference() {
        text += &heading(section.title);
        for entry in section.entries {
            text += &format!("{:24} {}\n", entry.name, entry.summary());
        }
        text.push('\n');
    }
    text += &heading(LANGUAGE);
    for word in WORDS {
        text += &format!("{:24} {}\n", word.names.join(" "), first_sentence(word.text));
    }
    text.push('\n');
    text += &heading(FUNCTIONS);
    for function in language::functions() {
        text += &format!("{:24} {}\n", function.name, first_sentence(function.text()));
    }
    text + "\n"
}

/// All that is known of a name. The error is what may have been meant, as whole sentences.
pub fn explain(query: &str) -> Result<String, Vec<String>> {
    let functions = language::functions();
    let written = query.trim();
    let plain = written.split('(').next().map(str::trim).filter(|name| !name.is_empty());
    let plain = plain.unwrap_or(written);
    let whole = whole(plain);
    if !whole.is_empty() {
        return Ok(whole);
    }
    if let Some(chapter) = chapter(plain) {
        return Ok(chapter);
    }
    // `JSON.parse` is one name, and not any `parse`.
    let exactly = alike(|entry| plain.contains('.') && entry.alike.contains(&plain));
    if !exactly.is_empty() {
        return Ok(exactly);
    }
    let (owner, name) = split(plain);
    let owner = owner.and_then(owner_of);
    let found = of_name(owner, name, &functions) + alike(|entry| is_alike(entry, name)).as_str();
    if !found.is_empty() {
        return Ok(found);
    }
    let mentioned = mentioned(name);
    if !mentioned.is_empty() {
        return Ok(mentioned);
    }
    Err(suggestions(owner, name, &functions))
}

/// Sections of that title, or that owner.
fn whole(name: &str) -> String {
    let mut text = String::new();
    for section in script_reference() {
        let names = [Some(section.owner), Some(section.title), section.alias()];
        if !names.iter().flatten().any(|known| name.eq_ignore_ascii_case(known)) {
            continue;
        }
        text += &heading(section.title);
        text += &format!("{}\n\n", section.about);
        for entry in section.entries {
            text += &format!("{entry}\n");
        }
        for (operator, meaning) in section.operators {
            text += &format!("{operator}\n\n    {meaning}\n\n");
        }
        text.push('\n');
    }
    text
}

/// A chapter of the manual, by its name in addresses or its title.
fn chapter(name: &str) -> Option<String> {
    let is_meant = |page: &ManualPage| {
        let names = [page.slug.as_str(), page.title];
        !page.is_reference && names.iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    manual().into_iter().find(is_meant).map(|page| page.text.to_owned())
}

/// Entries of that name, or of what other languages call so, with whose they are: `(TcpConnection, send)`. All of an owner
/// or a page, if that is its name.
pub fn entries(query: &str) -> Vec<(&'static str, &'static Entry)> {
    let (owner, name) = split(query.split('(').next().unwrap_or(query).trim());
    let owner = owner.and_then(owner_of);
    let mut found = Vec::new();
    for section in script_reference() {
        let names = [Some(section.owner), Some(section.title), section.alias()];
        let is_whole = names.iter().flatten().any(|known| query.eq_ignore_ascii_case(known));
        let is_owner = owner.is_none_or(|owner| owner.eq_ignore_ascii_case(section.owner));
        let is_meant =
            |entry: &Entry| is_whole || is_owner && entry.name == name || is_alike(entry, query);
        found.extend(section.entries.iter().filter(|e| is_meant(e)).map(|e| (section.owner, e)));
    }
    found
}

/// An entry of the reference, or a chapter of the manual, that a search has found.
#[derive(Debug)]
pub struct Match {
    /// What `rhost doc` is asked for to read it.
    pub name: String,
    /// Its first sentence.
    pub summary: String,
}

/// Finds what has all of these words in it, the best first: in a name, in a name of another language, in a form, in the
/// text.
pub fn search(words: &[String]) -> Vec<Match> {
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let has = |text: &str| {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let mut found = Vec::new();
    for section in script_reference() {
        for entry in section.entries {
            let name = full_name(section, entry);
            let forms = entry.forms.join(" ");
            let alike = entry.alike.join(" ");
            let places = [name.as_str(), &alike, &forms, entry.text];
            let all = places.join(" ");
            let with_page = format!("{all} {}", section.about);
            let best = places.iter().position(|place| has(place));
            let best = best.or_else(|| has(&all).then_some(places.len()));
            if let Some(rank) = best.or_else(|| has(&with_page).then_some(places.len() + 1)) {
                found.push((rank, Match { name, summary: entry.summary().to_owned() }));
            }
        }
    }
    for page in manual().into_iter().filter(|page| !page.is_reference) {
        let rank = if has(page.title) { 0 } else { 4 };
        if has(page.text) || rank == 0 {
            let summary = format!("{}, a chapter of the manual", page.title);
            found.push((rank, Match { name: page.slug, summary }));
        }
    }
    // Of two names that have the words, the shorter has less besides.
    found.sort_by_key(|(rank, found)| (*rank, if *rank == 0 { found.name.len() } else { 0 }));
    found.into_iter().map(|(_, found)| found).collect()
}

/// How a name is asked for without being mistaken for another: `Timer::add`, `TcpConnection.send`, `env::get`, `print`.
fn full_name(section: &Section, entry: &Entry) -> String {
    let form = entry.forms.first().copied().unwrap_or(entry.name);
    let written = form.split(['(', ':']).next().unwrap_or(form);
    match section.owner {
        _ if form.starts_with(&format!("{written}::")) => format!("{written}::{}", entry.name),
        "functions" => entry.name.to_owned(),
        owner if owner == entry.name => entry.name.to_owned(),
        owner => format!("{owner}.{}", entry.name),
    }
}

/// Whatever has that name, of that owner if there is one.
fn of_name(owner: Option<&str>, name: &str, functions: &[Function]) -> String {
    let mut text = String::new();
    for section in script_reference() {
        if owner.is_some_and(|owner| !owner.eq_ignore_ascii_case(section.owner)) {
            continue;
        }
        let entries: Vec<&Entry> = section.entries.iter().filter(|e| e.name == name).collect();
        let operators: Vec<_> = section.operators.iter().filter(|(o, _)| *o == name).collect();
        if entries.is_empty() && operators.is_empty() {
            continue;
        }
        text += &heading(section.title);
        entries.iter().for_each(|entry| text += &format!("{entry}\n"));
        for (operator, meaning) in operators {
            text += &format!("{operator}\n\n    {meaning}\n\n");
        }
        text.push('\n');
    }
    let has = |word: &&Word| word.names.contains(&name);
    for word in WORDS.iter().filter(has).filter(|_| owner.is_none()) {
        text += &heading(LANGUAGE);
        text += &format!("{}\n\n    {}\n\n", word.form, word.text);
    }
    // What the host describes itself it has in place of Rhai's.
    let is_ours = script_reference()
        .iter()
        .any(|s| s.owner == "functions" && s.entries.iter().any(|e| e.name == name));
    for function in functions.iter().filter(|f| f.name == name && !is_ours) {
        let is_of =
            |form: &&String| owner.is_none_or(|owner| form.starts_with(&format!("{name}({owner}")));
        let mut told = String::new();
        for meaning in &function.meanings {
            let forms: Vec<&str> = meaning.forms.iter().filter(is_of).map(|form| &**form).collect();
            if !forms.is_empty() {
                told += &format!("{}\n\n    {}\n\n", forms.join("\n"), meaning.text);
            }
        }
        if !told.is_empty() {
            text += &heading(FUNCTIONS);
            text += &told;
        }
    }
    text
}

/// Entries of what other languages have under such a name.
fn alike(is_meant: impl Fn(&Entry) -> bool) -> String {
    let mut text = String::new();
    for section in script_reference() {
        let entries: Vec<_> = section.entries.iter().filter(|e| is_meant(e)).collect();
        if !entries.is_empty() {
            text += &heading(section.title);
            entries.iter().for_each(|entry| text += &format!("{entry}\n"));
            text.push('\n');
        }
    }
    text
}

fn is_alike(entry: &Entry, name: &str) -> bool {
    entry.alike.iter().any(|other| *other == name || other.rsplit('.').next() == Some(name))
}

/// What to write in place of a function of another language, if the reference names it: first a module's function, then
/// what the table of foreign names says in a sentence of its own (`None` here), then a name that every script has.
pub(in crate::script) fn advice(name: &str) -> Option<String> {
    let alike = |section: &'static Section| {
        let found = section.entries.iter().find(|entry| is_alike(entry, name));
        found.map(|entry| (section, entry))
    };
    let mut found = script_reference().iter().filter_map(alike);
    let (section, entry) =
        match script_reference().iter().filter(|s| s.alias().is_some()).find_map(alike) {
            Some(of_module) => of_module,
            None if foreign_names::name(name).is_some() => return None,
            None => found.next()?,
        };
    let form = entry.forms.first()?;
    Some(match section.alias() {
        Some(alias) => format!("use `{form}` after `import \"{}\" as {alias};`", section.owner),
        None => format!("use `{form}`"),
    })
}

/// Entries that say something of an option or a key of that name.
fn mentioned(name: &str) -> String {
    let mut text = String::new();
    if name.len() < 3 {
        return text;
    }
    let quoted = format!("`{name}`");
    let mentions = |told: &str| told.contains(&quoted);
    for section in script_reference() {
        let entries: Vec<&Entry> = section.entries.iter().filter(|e| mentions(e.text)).collect();
        if entries.is_empty() && !mentions(section.about) {
            continue;
        }
        text += &heading(section.title);
        if mentions(section.about) {
            text += &format!("{}\n\n", section.about);
        }
        entries.iter().for_each(|entry| text += &format!("{entry}\n"));
        text.push('\n');
    }
    text
}

/// What may have been meant.
fn suggestions(owner: Option<&str>, name: &str, functions: &[Function]) -> Vec<String> {
    let of_owner = |section: &&Section| owner.is_none_or(|o| o.eq_ignore_ascii_case(section.owner));
    let entries = script_reference().iter().filter(of_owner).flat_map(|s| s.entries);
    let mut known: Vec<&str> = entries.map(|e| e.name).collect();
    if owner.is_none() {
        known.extend(script_reference().iter().flat_map(|s| [s.title, s.owner]));
        known.extend(functions.iter().map(|f| &*f.name));
        known.extend(WORDS.iter().flat_map(|word| word.names));
    }
    let bare = |name: &str| name.replace('_', "").to_lowercase();
    let respelt = known.iter().copied().find(|known| bare(known) == bare(name));
    let near = respelt.or_else(|| nearest(name, known.iter().copied()));
    let near = near.map(|near| format!("did you mean `{near}`?"));
    let foreign = advice(name).or_else(|| foreign_names::name(name).map(str::to_owned));
    let foreign = foreign.map(|help| format!("{help}."));
    near.into_iter().chain(foreign).collect()
}

/// `Timer::add` → `Timer` and `add`.
fn split(name: &str) -> (Option<&str>, &str) {
    let parts = name.rsplit_once("::").or_else(|| name.rsplit_once('.'));
    let is_word = |text: &str| text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    match parts.filter(|(owner, name)| is_word(owner) && is_word(name)) {
        Some((owner, name)) => (Some(owner), name),
        None => (None, name),
    }
}

/// Whose names a variable or a type of that name has.
fn owner_of(written: &str) -> Option<&'static str> {
    let last = written.rsplit(['.', ':']).next().unwrap_or(written);
    let usual = OWNERS.iter().find(|(variable, _)| variable.eq_ignore_ascii_case(last));
    let sections = || script_reference().iter().map(|section| section.owner);
    let module = script_reference().iter().find(|section| section.alias() == Some(last));
    let usual = usual.map(|(_, owner)| *owner).or(module.map(|section| section.owner));
    usual.or_else(|| {
        let rhais = ["string", "blob", "char", "range"].into_iter();
        sections().chain(rhais).find(|owner| owner.eq_ignore_ascii_case(last))
    })
}

fn heading(title: &str) -> String {
    format!("{title}\n{}\n\n", "=".repeat(title.len()))
}

fn first_sentence(text: &str) -> &str {
    text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.')
}
