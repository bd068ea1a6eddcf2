//! The text of a `.env` file: a variable on each line, as shells write them.

/// Bytes of a value after its variables were put in. Fixed: a value that holds another one twice, and so on, grows without
/// end.
const MAX_VALUE: usize = 64 * 1024;

/// The variables of a text, in its order. `known` gives those of the environment, for `${NAME}`; what stands further up in
/// the file goes first. The error has the line.
pub(super) fn parse(
    text: &str,
    known: impl Fn(&str) -> Option<String>,
) -> Result<Vec<(String, String)>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut lines = text.split('\n').enumerate();
    while let Some((at, line)) = lines.next() {
        let refuse = |why: &str| format!("line {}: {why}", at + 1);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        let Some((name, value)) = line.split_once('=') else {
            return Err(refuse("a variable is written NAME=value"));
        };
        let name = name.trim_end();
        if !is_name(name) {
            return Err(refuse(&format!("{name:?} is no name: use letters, digits and `_`")));
        }
        let mut value = value.trim_start().to_owned();
        // A quoted value goes on until its quote ends.
        if let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            while end_of_quote(&value, quote).is_none() {
                let Some((_, more)) = lines.next() else {
                    return Err(refuse(&format!("the quote {quote} does not end")));
                };
                value.push('\n');
                value.push_str(more.trim_end_matches('\r'));
                if value.len() > MAX_VALUE {
                    return Err(refuse("the value is too long"));
                }
            }
        }
        let look_up = |name: &str| {
            let earlier = variables.iter().rev().find(|(known, _)| known == name);
            earlier.map(|(_, value)| value.clone()).or_else(|| known(name)).unwrap_or_default()
        };
        let value = read_value(&value, look_up).map_err(|why| refuse(&why))?;
        variables.retain(|(known, _)| known != name);
        variables.push((name.to_owned(), value));
    }
    Ok(variables)
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Where the quote that a value begins with ends.
fn end_of_quote(value: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in value.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return Some(at),
            _ => (),
        }
    }
    None
}

fn read_value(value: &str, look_up: impl Fn(&str) -> String) -> Result<String, String> {
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let end = end_of_quote(value, quote).unwrap_or(value.len());
            let rest = value[end..].strip_prefix(quote).unwrap_or_default().trim_start();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err(format!("{rest:?} follows the quoted value"));
            }
            let inner = &value[1..end];
            if quote == '\'' { Ok(inner.to_owned()) } else { expand(inner, true, look_up) }
        }
        _ => {
            let end = value.find(" #").or_else(|| value.find("\t#")).unwrap_or(value.len());
            let bare = if value.starts_with('#') { "" } else { value[..end].trim_end() };
            expand(bare, false, look_up)
        }
    }
}

/// Puts variables in, and in quotes the signs that a backslash stands for.
fn expand(text: &str, is_quoted: bool, look_up: impl Fn(&str) -> String) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '$']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(inner) = rest.strip_prefix("${") {
            let (name, after) = inner.split_once('}').ok_or("`${` has no `}`")?;
            out.push_str(&look_up(name));
            rest = after;
        } else if is_quoted && let Some(escaped) = rest.strip_prefix('\\') {
            let sign = escaped.chars().next().ok_or("a backslash stands at the end")?;
            match sign {
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                '"' | '\\' | '$' => out.push(sign),
                _ => out.extend(['\\', sign]),
            }
            rest = &escaped[sign.len_utf8()..];
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
        if out.len() > MAX_VALUE {
            return Err("the value is too long".to_owned());
        }
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        parse(text, |name| (name == "HOME").then(|| "/home/ann".to_owned())).unwrap()
    }

    fn value(text: &str) -> String {
        read(text).pop().unwrap().1
    }

    #[test]
    fn variables_are_read_as_shells_write_them() {
        let text = "# comment\n\nexport PORT=8080 # the port\r\nNAME = Ann Lee  \nEMPTY=\nURL=http://x/#y\n";
        let wanted = [("PORT", "8080"), ("NAME", "Ann Lee"), ("EMPTY", ""), ("URL", "http://x/#y")];
        assert_eq!(read(text), wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(value("A=1\nA=2"), "2");
        assert_eq!(value("A=# only a comment"), "");
    }

    #[test]
    fn quotes_keep_what_they_hold() {
        assert_eq!(value(r#"A="a # b\n\"c\" \$ \x" # end"#), "a # b\n\"c\" $ \\x");
        assert_eq!(value(r"A='a\n${HOME}'"), r"a\n${HOME}");
        assert_eq!(value("A=\"-----BEGIN\nkey\n-----END\"\n"), "-----BEGIN\nkey\n-----END");
    }

    #[test]
    fn variables_are_put_in() {
        assert_eq!(value("B=x\nA=${HOME}/${B}"), "/home/ann/x");
        assert_eq!(value("A=\"${HOME}$5${NONE}\""), "/home/ann$5");
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let why = |text: &str| parse(text, |_| None).unwrap_err();
        assert_eq!(why("A=1\nnothing"), "line 2: a variable is written NAME=value");
        assert!(why("1A=1").starts_with("line 1: \"1A\" is no name"));
        assert!(why("A=\"x\nB=1").contains("does not end"));
        assert!(why("A='x' y").contains("follows the quoted value"));
        assert!(why("A=${x").contains("no `}`"));
        let bomb: String = (1..40).map(|n| format!("A{n}=${{A{0}}}${{A{0}}}\n", n - 1)).collect();
        assert!(why(&format!("A0=xxxxxxxx\n{bomb}")).contains("too long"));
    }
}
