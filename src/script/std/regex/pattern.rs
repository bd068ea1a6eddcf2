//! Patterns: what a script writes, compiled.

use regex::{Regex, RegexBuilder};

/// Bytes of a pattern's text. Fixed: longer ones are made by programs, which better look the words up in a map.
const MAX_TEXT: usize = 16 << 10;

/// Bytes that a compiled pattern may have. Fixed: `\w{200}` has half of it. A search takes at most some ten steps for
/// each state and letter, and there is a state for some forty bytes.
const MAX_COMPILED: usize = 2 << 20;

/// Bytes that the search of one pattern may use for what it remembers. Fixed: ordinary patterns need a tenth.
const MAX_MEMORY: usize = 1 << 20;

/// Blanks before the pattern in the crate's messages.
const INDENT: usize = 4;

/// Compiles a pattern with flags. The error says what is wrong with it, and where.
pub(super) fn compile(text: &str, flags: &str) -> Result<Regex, String> {
    if text.len() > MAX_TEXT {
        return Err(format!(
            "a pattern has at most {} KiB of text, and this one {}",
            MAX_TEXT >> 10,
            text.len() >> 10
        ));
    }
    let mut builder = RegexBuilder::new(text);
    builder.size_limit(MAX_COMPILED).dfa_size_limit(MAX_MEMORY);
    for flag in flags.chars() {
        match flag {
            'i' => builder.case_insensitive(true),
            'm' => builder.multi_line(true),
            's' => builder.dot_matches_new_line(true),
            'x' => builder.ignore_whitespace(true),
            'U' => builder.swap_greed(true),
            'R' => builder.crlf(true),
            _ => {
                return Err(format!(
                    "flags of a pattern are `i` (letters of both cases), `m` (`^` and `$` at each line), `s` (`.` also \
                     matches line ends), `x` (blanks and comments), `U` (`*?` takes much, `*` little) and `R` (lines \
                     may end with CR LF), not `{flag}`"
                ));
            }
        };
    }
    builder.build().map_err(|why| told(text, &why))
}

fn told(text: &str, why: &regex::Error) -> String {
    let shown: String = text.chars().take(80).collect();
    match why {
        regex::Error::CompiledTooBig(_) => {
            format!(
                "the pattern `{shown}` is bigger than {} MiB when it is compiled",
                MAX_COMPILED >> 20
            )
        }
        // The crate draws the pattern with a mark under the place; its last line says what is wrong.
        why => {
            let text = why.to_string();
            let last = text.lines().last().unwrap_or_default();
            let hint = match last {
                last if last.contains("look-around") => {
                    ": such patterns could take time without end; match more and look at a group"
                }
                last if last.contains("backreferences") => {
                    ": such patterns could take time without end; compare two groups"
                }
                _ => "",
            };
            let mark = |line: &str| {
                let is_mark = line.trim_matches([' ', '^']).is_empty();
                line.find('^').filter(|_| is_mark)
            };
            let place = text.lines().find_map(mark).and_then(|at| at.checked_sub(INDENT));
            let place = place.map(|at| format!(" at letter {at}")).unwrap_or_default();
            format!("`{shown}` is no pattern: {}{place}{hint}", last.trim_start_matches("error: "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn flags_change_what_a_pattern_means() {
        let is_match =
            |pattern, flags, text| compile(pattern, flags).expect(pattern).is_match(text);
        assert!(is_match("ÄB", "i", "äb") && !is_match("ÄB", "", "äb"));
        assert!(is_match("^b$", "m", "a\nb\nc") && !is_match("^b$", "", "a\nb\nc"));
        assert!(is_match("a.b", "s", "a\nb") && !is_match("a.b", "", "a\nb"));
        assert!(is_match("a b # both", "x", "ab"));
        assert!(is_match("^b$", "mR", "a\r\nb\r\n"));
        assert_eq!(compile("a+", "U").expect("a pattern").find("aaa").expect("a match").len(), 1);
        assert!(compile("a", "g").expect_err("no flag").ends_with("not `g`"));
    }

    #[test]
    fn what_is_wrong_with_a_pattern_is_told() {
        for (pattern, part) in [
            ("a(b", "unclosed group"),
            ("a(?=b)", "look at a group"),
            (r"(a)\1", "compare two groups"),
            ("[z-a]", "`[z-a]` is no pattern: "),
            (r"\p{Unheard}", "property"),
        ] {
            let told = compile(pattern, "").expect_err(pattern);
            assert!(told.contains(part), "{told}");
        }
        assert!(compile(&"a".repeat(20_000), "").expect_err("too long").contains("16 KiB"));
        assert!(compile(r"\w{2000}", "").expect_err("too big").contains("2 MiB"));
    }
}
