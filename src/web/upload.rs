//! A file that came with a form.

use tempfile::TempPath;

/// Bytes of a file's name. Fixed: no file system takes more.
const MAX_NAME_BYTES: usize = 255;

/// One uploaded file. It lies in a temporary file, which is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Upload {
    /// The whole name of its field, `photo` or `photos[]`.
    pub(crate) field: String,
    /// A name that is safe to put behind a directory: no separators, no control characters, not `.` and not `..`.
    pub(crate) name: String,
    /// The name as it was sent, which may be a path of the sender's machine, or an attack. For show only.
    pub(crate) full_path: String,
    /// As it was sent, and so not to be trusted; empty if it was not.
    pub(crate) content_type: String,
    pub(crate) size: u64,
    /// Moving the file away is allowed: there is nothing to remove then. Dropping removes it at once, in place.
    pub(crate) path: TempPath,
}

impl Upload {
    /// The field's name without brackets, by which a script asks; and whether there may be several.
    pub(crate) fn base(&self) -> (&str, bool) {
        match self.field.find('[').filter(|at| *at > 0) {
            Some(open) => (&self.field[..open], true),
            None => (&self.field, false),
        }
    }
}

/// What is left of a sent name when it can do no harm. A name of nothing but harm becomes `upload`.
pub(crate) fn harmless_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|sign| !sign.is_control()).collect();
    let clean = clean.trim();
    let mut end = clean.len().min(MAX_NAME_BYTES);
    while !clean.is_char_boundary(end) {
        end -= 1;
    }
    match clean[..end].trim_end() {
        "" | "." | ".." => "upload".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::chance::Chance;

    #[test]
    fn hostile_names_stay_names() {
        let table = [
            ("a.txt", "a.txt"),
            ("../../etc/passwd", "passwd"),
            ("/etc/passwd", "passwd"),
            (r"C:\Users\me\a.txt", "a.txt"),
            (r"..\/..\x", "x"),
            ("a.php\0.jpg", "a.php.jpg"),
            ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
            ("..", "upload"),
            (".\0.", "upload"),
            (". .", ". ."),
            ("", "upload"),
            ("dir/", "upload"),
            (" .. ", "upload"),
            (".htaccess", ".htaccess"),
            ("ä €.txt", "ä €.txt"),
        ];
        for (sent, name) in table {
            assert_eq!(harmless_name(sent), name, "{sent:?}");
        }
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(harmless_name(&"ä".repeat(1000)), "ä".repeat(127));
        assert_eq!(harmless_name(&"x".repeat(1000)).len(), MAX_NAME_BYTES);
    }

    #[test]
    fn random_names_are_harmless() {
        let mut chance = Chance::new(8);
        for _ in 0..20_000 {
            let sent = chance.bytes_of(b"./\\a \0\n\x7f\xc3\xa4", 20);
            let name = harmless_name(&String::from_utf8_lossy(&sent));
            assert!(
                !name.is_empty() && name != "." && name != ".." && name.len() <= MAX_NAME_BYTES
            );
            assert!(!name.contains(['/', '\\', '\0', '\n']));
        }
    }
}
