//! Colours for the text of `rhost doc`: headings, forms and examples look like what they are.

const BOLD: &str = "\x1b[1m";
const FORM: &str = "\x1b[36m";
const EXAMPLE: &str = "\x1b[32m";
const CODE: &str = "\x1b[33m";
const RESET: &str = "\x1b[0m";

/// How an example is indented.
const EXAMPLE_INDENT: &str = "        ";
/// How text is indented.
const TEXT_INDENT: &str = "    ";

/// The text with colours. What a line is shows in its indentation and in what stands under it.
pub fn styled(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut styled = String::with_capacity(text.len() + text.len() / 4);
    for (at, line) in lines.iter().enumerate() {
        let is_heading = lines.get(at + 1).is_some_and(|below| is_rule(below)) || is_rule(line);
        let is_heading = is_heading || line.starts_with('#');
        let line = match line {
            _ if is_heading => format!("{BOLD}{line}{RESET}"),
            line if line.starts_with(EXAMPLE_INDENT) => format!("{EXAMPLE}{line}{RESET}"),
            line if line.starts_with(TEXT_INDENT) => with_code(line),
            line if is_form(line) => format!("{FORM}{line}{RESET}"),
            line => with_code(line),
        };
        styled += &line;
        styled.push('\n');
    }
    styled
}

fn is_rule(line: &str) -> bool {
    !line.is_empty() && line.chars().all(|c| c == '=')
}

/// A form is a name with its types: `send(data: any) -> bool`, `count: int = 1`.
fn is_form(line: &str) -> bool {
    let name = line.split(['(', ':']).next().unwrap_or_default();
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    !name.is_empty() && name.len() < line.len() && name.chars().all(is_name)
}

/// What stands in backticks gets a colour of its own.
fn with_code(line: &str) -> String {
    let mut parts = line.split('`').peekable();
    let (mut styled, mut is_code) = (String::new(), false);
    while let Some(part) = parts.next() {
        match is_code && parts.peek().is_some() {
            true => styled += &format!("{CODE}{part}{RESET}"),
            false if is_code => styled += &format!("`{part}"),
            false => styled += part,
        }
        is_code = !is_code;
    }
    styled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_look_like_what_they_are() {
        let text = "Timer\n=====\n\nTimer::del(id: int) -> bool\n\n    Ends `id`.\n\n        Timer::del(1);\n";
        let wanted = format!(
            "{BOLD}Timer{RESET}\n{BOLD}====={RESET}\n\n{FORM}Timer::del(id: int) -> bool{RESET}\n\n    Ends \
             {CODE}id{RESET}.\n\n{EXAMPLE}        Timer::del(1);{RESET}\n"
        );
        assert_eq!(styled(text), wanted);
    }

    #[test]
    fn a_single_backtick_stays() {
        assert_eq!(with_code("a ` b"), "a ` b");
    }
}
