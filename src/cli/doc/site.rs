//! The manual as pages that rhost itself serves: HTML from the Markdown, a table of contents, and a search that runs in the
//! page.

use crate::cli::{arguments::Serving, exit::Failure, start};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use rhost::ManualPage;
use serde::Serialize;
use std::{collections::BTreeMap, fs, io, net::SocketAddr, path::Path};

const SCRIPT: &str = include_str!("manual.rhai");
const CSS: &str = include_str!("manual.css");
/// How the heading above a whole file begins.
const WHOLE_FILE: &str = "The whole ";
const SEARCH: &str = include_str!("search.js");

/// Serves the manual until it is stopped, and gives the exit code.
pub fn serve(address: SocketAddr) -> Result<u8, Failure> {
    let failed = |why: io::Error| Failure::system("the manual cannot be written", why);
    let folder = tempfile::Builder::new().prefix("rhost-manual-").tempdir().map_err(failed)?;
    let pages = folder.path().join("pages");
    fs::create_dir(&pages).map_err(failed)?;
    write(&pages).map_err(failed)?;
    let script = folder.path().join("manual.rhai");
    fs::write(&script, SCRIPT.replace("ADDRESS", &address.to_string())).map_err(failed)?;
    let serving = Serving {
        // What serves it for a moment is found by nobody.
        pid_file: Some(folder.path().join("manual.pid")),
        file: script,
        settle: None,
        rehearsal_timeout: None,
        log_format: None,
        arguments: Vec::new(),
    };
    start::run(serving, false)
}

/// One place that a search can find.
#[derive(Serialize)]
struct Place {
    title: String,
    url: String,
    text: String,
}

/// Writes every page, and what they need.
fn write(folder: &Path) -> io::Result<()> {
    let pages = rhost::manual();
    let mut places = Vec::new();
    for page in &pages {
        let (body, found) = Site { pages: &pages, page }.render();
        places.extend(found);
        fs::write(folder.join(format!("{}.html", page.slug)), whole(&pages, page, &body))?;
    }
    fs::write(folder.join("manual.css"), CSS)?;
    fs::write(folder.join("search.js"), SEARCH)?;
    let index = serde_json::to_string(&places).map_err(io::Error::other)?;
    fs::write(folder.join("search.json"), index)
}

/// A whole page around its text.
fn whole(pages: &[ManualPage], page: &ManualPage, body: &str) -> String {
    let mut contents = String::new();
    let mut group = "";
    for other in pages {
        if other.group != group {
            contents += if group.is_empty() { "" } else { "</ul>\n" };
            group = other.group;
            contents += &format!("<h2>{}</h2>\n<ul>\n", escaped(group));
        }
        let current = if other.slug == page.slug { " aria-current=\"page\"" } else { "" };
        let (slug, title) = (&other.slug, escaped(other.title));
        contents += &format!("<li><a href=\"{slug}.html\"{current}>{title}</a></li>\n");
    }
    contents += "</ul>\n";
    let title = escaped(page.title);
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – rhost</title>
<link rel="stylesheet" href="manual.css">
<script src="search.js" defer></script>
</head>
<body>
<header>
<a class="home" href="index.html">rhost</a>
<label class="menu" for="menu">Contents</label>
<input type="search" id="search" placeholder="Search" aria-label="Search the manual" autocomplete="off">
<ol id="found" hidden></ol>
</header>
<input type="checkbox" id="menu" hidden>
<nav>
{contents}</nav>
<main>
{body}</main>
</body>
</html>
"#
    )
}

/// One page on its way to HTML.
struct Site<'a> {
    pages: &'a [ManualPage],
    page: &'a ManualPage,
}

impl Site<'_> {
    /// The HTML of the text and its files, and what a search can find there.
    fn render(&self) -> (String, Vec<Place>) {
        let options = Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES;
        let mut text = self.page.text.to_owned();
        for (name, kind, file) in self.page.files {
            let name = name.rsplit('/').next().unwrap_or(name);
            text += &format!("\n## {WHOLE_FILE}{name}\n\n```{kind}\n{file}```\n");
        }
        let events = Parser::new_ext(&text, options);
        let (events, mut places) = self.rewrite(events);
        // Files are found by their names: every other word of a program stands in some file.
        for place in places.iter_mut().filter(|place| place.title.starts_with(WHOLE_FILE)) {
            place.text.clear();
        }
        let mut out = String::new();
        html::push_html(&mut out, events.into_iter());
        (out, places)
    }

    /// Gives headings names that links can lead to, leads links to pages, and notes what each heading has below it.
    fn rewrite<'t>(&self, events: impl Iterator<Item = Event<'t>>) -> (Vec<Event<'t>>, Vec<Place>) {
        let mut all: Vec<Event> = Vec::new();
        let mut places = vec![self.place(self.page.title, "")];
        let mut anchors = BTreeMap::new();
        // Where the heading that is open begins, and its text.
        let mut heading: Option<(usize, String)> = None;
        let mut dropped_links = 0;
        let mut in_image = false;
        for event in events {
            match event {
                Event::Start(Tag::Heading { .. }) => {
                    heading = Some((all.len(), String::new()));
                    all.push(event);
                }
                Event::End(TagEnd::Heading(level)) => {
                    if let Some((at, text)) = heading.take() {
                        let anchor = unique(&mut anchors, &text);
                        if level != HeadingLevel::H1 {
                            places.push(self.place(&text, &anchor));
                        }
                        if let Event::Start(Tag::Heading { id, .. }) = &mut all[at] {
                            *id = Some(CowStr::from(anchor));
                        }
                    }
                    all.push(event);
                }
                Event::Start(Tag::Image { .. }) => in_image = true,
                Event::End(TagEnd::Image) => in_image = false,
                // Pictures lie in the repository only.
                _ if in_image => (),
                Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                    match self.target(&dest_url) {
                        Some(url) => {
                            let dest_url = CowStr::from(url);
                            all.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
                        }
                        None => dropped_links += 1,
                    }
                }
                Event::End(TagEnd::Link) if dropped_links > 0 => dropped_links -= 1,
                Event::Text(ref text) | Event::Code(ref text) => {
                    match &mut heading {
                        Some((_, written)) => written.push_str(text),
                        None => {
                            if let Some(place) = places.last_mut() {
                                place.text.push_str(text);
                                place.text.push(' ');
                            }
                        }
                    }
                    all.push(event);
                }
                _ => all.push(event),
            }
        }
        (all, places)
    }

    fn place(&self, heading: &str, anchor: &str) -> Place {
        let slug = &self.page.slug;
        let (title, url) = match anchor {
            "" => (heading.to_owned(), format!("{slug}.html")),
            anchor => (format!("{heading} – {}", self.page.title), format!("{slug}.html#{anchor}")),
        };
        Place { title, url, text: String::new() }
    }

    /// Where a link leads here: to a page, or out of the manual. `None`: to a file of the repository that is no page.
    fn target(&self, link: &str) -> Option<String> {
        if link.starts_with('#') || link.contains("://") {
            return Some(link.to_owned());
        }
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        let mut parts: Vec<&str> = self.page.source.split('/').collect();
        parts.pop();
        for part in path.split('/') {
            match part {
                ".." => drop(parts.pop()),
                "." => (),
                part => parts.push(part),
            }
        }
        let source = parts.join("/");
        let page = self.pages.iter().find(|page| page.source == source)?;
        let anchor = if anchor.is_empty() { String::new() } else { format!("#{anchor}") };
        Some(format!("{}.html{anchor}", page.slug))
    }
}

/// A name for a heading that no other on the page has, as GitHub makes them.
fn unique(anchors: &mut BTreeMap<String, usize>, heading: &str) -> String {
    let keep = |c: char| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || matches!(c, '-' | '_') => Some(c.to_ascii_lowercase()),
        _ => None,
    };
    let anchor: String = heading.chars().filter_map(keep).collect();
    let count = anchors.entry(anchor.clone()).or_default();
    *count += 1;
    if *count == 1 { anchor } else { format!("{anchor}-{}", *count - 1) }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
