//! The manual: chapters that tell how things are done, and the pages of the reference, in the order in which they are read.
//! All of it is Markdown that lies in the repository and is compiled into the binary.

use super::PAGES;
use crate::script::std::{NATIVE, OBJECTS, TEXTS};

/// A page of the manual.
#[derive(Clone, Debug)]
pub struct ManualPage {
    /// Its name in addresses and for `rhost doc`: `limits`.
    pub slug: String,
    /// Its heading, as plain text.
    pub title: &'static str,
    /// What it belongs to.
    pub group: &'static str,
    /// Where its text lies in the repository, to which its links are relative.
    pub source: String,
    /// Markdown, with the heading.
    pub text: &'static str,
    /// Files that belong to it: name, kind, text.
    pub files: &'static [(&'static str, &'static str, &'static str)],
    /// Whether it is a page of the reference, whose names `rhost doc NAME` explains.
    pub is_reference: bool,
}

const GUIDE: &str = "Guide";
const BEHAVIOUR: &str = "How scripts behave";
const RUNNING: &str = "Running";
const REFERENCE: &str = "Reference";
const MODULES: &str = "Modules";

/// Where the pages of the standard library lie.
const STD: &str = "src/script/std/mod.rs";

/// A chapter: its group, slug and file, and files that are shown behind it.
macro_rules! chapter {
    ($group:expr, $slug:expr, $source:expr $(, $file:expr => $kind:expr)*) => {
        Chapter {
            group: $group,
            slug: $slug,
            source: $source,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $source)),
            files: &[$((
                $file,
                $kind,
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $file)),
            )),*],
        }
    };
}

struct Chapter {
    group: &'static str,
    slug: &'static str,
    source: &'static str,
    text: &'static str,
    files: &'static [(&'static str, &'static str, &'static str)],
}

/// Everything but the reference.
const CHAPTERS: [Chapter; 16] = [
    chapter!(GUIDE, "index", "README.md"),
    chapter!(GUIDE, "push", "examples/push/README.md", "examples/push/push.rhai" => "rhai"),
    chapter!(GUIDE, "chat", "examples/chat/README.md", "examples/chat/chat.rhai" => "rhai"),
    chapter!(
        GUIDE,
        "clock",
        "examples/sse_clock/README.md",
        "examples/sse_clock/sse_clock.rhai" => "rhai"
    ),
    chapter!(
        GUIDE,
        "upload",
        "examples/upload_form/README.md",
        "examples/upload_form/upload_form.rhai" => "rhai"
    ),
    chapter!(
        GUIDE,
        "login",
        "examples/login/README.md",
        "examples/login/login.rhai" => "rhai",
        "examples/login/accounts.rhai" => "rhai",
        "examples/login/templates/login.html" => "html",
        "examples/login/public/live.js" => "js"
    ),
    chapter!(
        GUIDE,
        "rest",
        "examples/rest/README.md",
        "examples/rest/rest.rhai" => "rhai",
        "examples/rest/rules.rhai" => "rhai"
    ),
    chapter!(BEHAVIOUR, "addresses", "src/script/reference/addresses.md"),
    chapter!(BEHAVIOUR, "http", "src/script/http/http.md"),
    chapter!(BEHAVIOUR, "values", "src/script/reference/values.md"),
    chapter!(BEHAVIOUR, "waiting", "src/script/reference/waiting.md"),
    chapter!(BEHAVIOUR, "reloads", "src/script/reference/reload.md"),
    chapter!(BEHAVIOUR, "faults", "src/script/reference/faults.md"),
    chapter!(BEHAVIOUR, "limits", "src/script/reference/limits.md"),
    chapter!(
        RUNNING,
        "production",
        "examples/systemd/README.md",
        "examples/systemd/push.service" => "ini"
    ),
    chapter!(RUNNING, "workerman", "src/script/reference/workerman.md"),
];

/// All pages of the manual.
pub fn manual() -> Vec<ManualPage> {
    let chapters = CHAPTERS.iter().map(|chapter| ManualPage {
        slug: chapter.slug.to_owned(),
        title: title(chapter.text),
        group: chapter.group,
        source: chapter.source.to_owned(),
        text: chapter.text,
        files: chapter.files,
        is_reference: false,
    });
    let reference = |group, source, text| ManualPage {
        slug: title(text).to_lowercase().replace([' ', '/'], "_"),
        title: title(text),
        group,
        source,
        text,
        files: &[],
        is_reference: true,
    };
    let objects =
        PAGES.iter().map(|(source, text)| reference(REFERENCE, (*source).to_owned(), text));
    // The page of a module lies beside its code, under the last part of its name.
    let beside = |folder, name: &str| format!("{folder}{}.md", name.trim_start_matches("std"));
    let texts = TEXTS.iter().map(|row| (beside("stdlib", row.name), row.page));
    let native = NATIVE.iter().map(|row| (beside("src/script/std", row.name), row.page));
    let objects_of_modules = OBJECTS.iter().map(|text| (STD.to_owned(), *text));
    let modules = texts.chain(native).chain(objects_of_modules);
    let modules = modules.map(|(source, text)| reference(MODULES, source, text));
    chapters.chain(objects).chain(modules).collect()
}

/// The first line, without what marks it as a heading and without whose names the page has.
fn title(text: &'static str) -> &'static str {
    let line = text.lines().next().unwrap_or_default().trim_start_matches("# ");
    line.split_once(" (`").map_or(line, |(title, _)| title)
}
