//! The page that shows what is in a directory.

use crate::web::root_path::{RootPath, encoded, is_hidden};
use rustix::fs::{Dir, FileType};
use std::io;

/// Reads a directory and makes its page: directories first, then files, each by name. What is hidden and what could not
/// be answered, such as a device, is left out; so is all beyond `most`.
pub(crate) fn page(path: &RootPath, mut directory: Dir, most: usize) -> io::Result<String> {
    let (mut entries, mut more) = (Vec::new(), false);
    while let Some(entry) = directory.read() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        let is_file = match entry.file_type() {
            FileType::Directory => false,
            // Where a link leads shows when somebody follows it.
            FileType::RegularFile | FileType::Symlink | FileType::Unknown => true,
            _ => continue,
        };
        if is_hidden(name) || name.contains(&b'\\') {
            continue;
        }
        if entries.len() == most {
            more = true;
            break;
        }
        entries.push((is_file, name.to_vec()));
    }
    entries.sort_unstable();
    let title = escaped(&path.shown());
    let mut page = format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body><h1>{title}</h1>\n<ul>\n"
    );
    if path.segments().next().is_some() {
        page.push_str("<li><a href=\"../\">../</a></li>\n");
    }
    for (is_file, name) in &entries {
        let slash = if *is_file { "" } else { "/" };
        let (link, text) = (encoded(name), escaped(&String::from_utf8_lossy(name)));
        page.push_str(&format!("<li><a href=\"{link}{slash}\">{text}{slash}</a></li>\n"));
    }
    page.push_str("</ul>\n");
    if more {
        page.push_str(&format!("<p>Only {most} of its entries are shown.</p>\n"));
    }
    page.push_str("</body></html>\n");
    Ok(page)
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Also the newlines that a file's name may have.
            sign if sign.is_control() => safe.push('\u{fffd}'),
            sign => safe.push(sign),
        }
    }
    safe
}
