//! Splits the text of a script into words, also where it is not Rhai: advice on text that does not compile looks at them.
//! Rhai's own tokens (`tokens`) end where it gives up.

use crate::engine::internals::positions::Place;

/// A name, a number, a string with its quotes, or a sign.
#[derive(Debug, PartialEq)]
pub(in crate::engine) struct Word<'a> {
    pub(in crate::engine) text: &'a str,
    pub(in crate::engine) at: Place,
}

impl Word<'_> {
    /// The place behind it.
    pub(in crate::engine) fn end(&self) -> Place {
        match self.text.rsplit_once('\n') {
            Some((lines, last)) => {
                (self.at.0 + lines.matches('\n').count() + 1, last.chars().count() + 1)
            }
            None => (self.at.0, self.at.1 + self.text.chars().count()),
        }
    }
}

/// Signs of several characters, the longer ones first. What is not here is a sign by itself.
const SIGNS: [&str; 25] = [
    "...", "..=", "===", "!==", "**=", "->", "=>", "::", ":=", "==", "!=", "<=", ">=", "&&", "||",
    "??", "?.", "+=", "-=", "*=", "/=", "..", "++", "--", "#{",
];

/// All words of a text; comments are none.
pub(in crate::engine) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let (mut rest, mut at): (&str, Place) = (text, (1, 1));
    while let Some(first) = rest.chars().next() {
        let length = match first {
            c if c.is_whitespace() => c.len_utf8(),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest).unwrap_or(rest.len()),
            '"' | '\'' | '`' => quoted(rest, first),
            c if is_name(c) || c == '$' => name(rest),
            c => {
                SIGNS.iter().find(|sign| rest.starts_with(**sign)).map_or(c.len_utf8(), |s| s.len())
            }
        };
        let word = Word { text: &rest[..length], at };
        let is_comment = word.text.starts_with("//") || word.text.starts_with("/*");
        at = word.end();
        rest = &rest[length..];
        if !first.is_whitespace() && !is_comment {
            words.push(word);
        }
    }
    words
}

/// Where a comment begins that nothing closes.
pub(in crate::engine) fn unclosed_comment(text: &str) -> Option<Place> {
    // Nothing that is a word stands behind it.
    let from = words(text).last().map_or((1, 1), Word::end);
    let line_start: usize = text.split_inclusive('\n').take(from.0 - 1).map(str::len).sum();
    let rest = &text[line_start..];
    let column = rest.char_indices().nth(from.1 - 1).map_or(rest.len(), |(at, _)| at);
    let (mut rest, mut at) = (&rest[column..], from);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => match comment(rest) {
                Some(length) => length,
                None => return Some(at),
            },
            c => c.len_utf8(),
        };
        at = Word { text: &rest[..length], at }.end();
        rest = &rest[length..];
    }
    None
}

/// The length of a comment, in which others may stand; none of one that nothing closes.
fn comment(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of a name, with a `$` before it. (`1.5` are three words, which is as good here.)
fn name(text: &str) -> usize {
    let body = text.trim_start_matches('$');
    let dollars = text.len() - body.len();
    dollars + body.find(|c| !is_name(c)).unwrap_or(body.len())
}

/// The length of a string with its quotes. One that nothing closes ends with its line, unless it is in backticks.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            '\n' if quote != '`' => return at,
            c if c == quote => return at + c.len_utf8(),
            _ => (),
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        words(text).iter().map(|word| word.text).collect()
    }

    #[test]
    fn a_text_is_split_into_names_signs_and_strings() {
        assert_eq!(
            texts("$a->b(\"x \\\" y\", 'c');"),
            ["$a", "->", "b", "(", "\"x \\\" y\"", ",", "'c'", ")", ";"]
        );
        assert_eq!(texts("a // b\n/* c\n */ `d\n${e}` => #{"), ["a", "`d\n${e}`", "=>", "#{"]);
        assert_eq!(texts("\"open\nnext"), ["\"open", "next"]);
        assert_eq!(texts("é§"), ["é", "§"]);
        assert_eq!(texts("a /* b /* c */ d */ e"), ["a", "e"], "comments stand in comments");
    }

    #[test]
    fn a_comment_that_nothing_closes_is_found() {
        assert_eq!(unclosed_comment("a();\n b /* é\nc"), Some((2, 4)));
        assert_eq!(unclosed_comment("a /* b /* c */\nd"), Some((1, 3)));
        assert_eq!(unclosed_comment("/* a */ /*"), Some((1, 9)));
        for text in ["", "a", "a /* b */", "// /*", "\"/*\"", "é`\n/*`; // /*\n"] {
            assert_eq!(unclosed_comment(text), None, "{text}");
        }
    }

    #[test]
    fn every_word_knows_its_place() {
        let text = "é = `a\nb` + /* c\n*/ d";
        let places: Vec<Place> = words(text).iter().map(|word| word.at).collect();
        assert_eq!(places, [(1, 1), (1, 3), (1, 5), (2, 4), (3, 4)]);
    }
}
