//! YAML 1.2, read by its core schema. It comes from people and from strangers: what an alias repeats is counted as often as
//! it stands there, so that ten lines cannot become a billion values.

use crate::script::std::tree::{Census, Tree, check_length};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use std::collections::HashMap;

/// The value of a text with one document. An empty text is `()`. The error has the line.
pub(super) fn parse(text: &str) -> Result<Tree, String> {
    let documents = parse_all(text)?;
    let mut documents = documents.into_iter();
    match (documents.next(), documents.next()) {
        (None, _) => Ok(Tree::Unit),
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err("it has more than one document".to_owned()),
    }
}

fn parse_all(text: &str) -> Result<Vec<Tree>, String> {
    check_length(text.len())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let events = Parser::new_from_str(text);
    Reader { events, census: Census::default(), anchors: HashMap::new() }.documents()
}

/// What an anchor stands for, and how many values it has.
struct Anchored {
    tree: Tree,
    /// How many levels of maps and arrays it has.
    levels: usize,
}

struct Reader<'a> {
    events: Parser<'a, saphyr_parser::StrInput<'a>>,
    census: Census,
    anchors: HashMap<usize, Anchored>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), String> {
        match self.events.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(fault)) => {
                let at = fault.marker();
                Err(format!("line {}, column {}: {}", at.line(), at.col() + 1, fault.info()))
            }
            None => Err("it ends in the middle".to_owned()),
        }
    }

    fn documents(&mut self) -> Result<Vec<Tree>, String> {
        let mut documents = Vec::new();
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(documents),
                (Event::DocumentStart(_), _) => {
                    let (event, span) = self.next()?;
                    documents.push(self.node(event, span, 0)?);
                    self.anchors.clear();
                }
                _ => (),
            }
        }
    }

    fn count(&mut self, depth: usize, span: Span) -> Result<(), String> {
        self.census.count(depth).map_err(|why| at(span, &why))
    }

    /// The value that begins with this event.
    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Tree, String> {
        self.count(depth, span)?;
        let (tree, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tree = scalar(&text, style, tag.as_deref()).map_err(|why| at(span, &why))?;
                (tree, anchor)
            }
            Event::SequenceStart(anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, span) => items.push(self.node(event, span, depth + 1)?),
                    }
                }
                (Tree::List(items), anchor)
            }
            Event::MappingStart(anchor, _) => (self.mapping(depth)?, anchor),
            Event::Alias(anchor) => return self.alias(anchor, span, depth),
            _ => return Err(at(span, "a value is missing")),
        };
        if anchor != 0 {
            let levels = levels(&tree);
            self.anchors.insert(anchor, Anchored { tree: tree.clone(), levels });
        }
        Ok(tree)
    }

    fn mapping(&mut self, depth: usize) -> Result<Tree, String> {
        let mut entries: Vec<(String, Tree)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut merged = Vec::new();
        loop {
            let (event, span) = match self.next()? {
                (Event::MappingEnd, _) => break,
                key => key,
            };
            let is_merge =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
            let key = self.node(event, span, depth + 1)?;
            let (event, value_span) = self.next()?;
            let value = self.node(event, value_span, depth + 1)?;
            if is_merge {
                merged.push((value, value_span));
                continue;
            }
            let key = match &key {
                Tree::Unit => "null".to_owned(),
                key => key.plain_text().ok_or_else(|| {
                    at(span, &format!("a key is a plain value, not {}", key.kind()))
                })?,
            };
            if places.insert(key.clone(), entries.len()).is_some() {
                return Err(at(span, &format!("the key `{key}` is there twice")));
            }
            entries.push((key, value));
        }
        for (value, span) in merged {
            merge(&mut entries, &mut places, value, span)?;
        }
        Ok(Tree::Map(entries))
    }

    /// Another copy of what an anchor stands for.
    fn alias(&mut self, anchor: usize, span: Span, depth: usize) -> Result<Tree, String> {
        let Some(Anchored { tree, levels }) = self.anchors.get(&anchor) else {
            return Err(at(span, "an alias inside of what it stands for"));
        };
        let (tree, deepest) = (tree.clone(), depth + levels);
        for _ in 1..size(&tree) {
            self.count(depth, span)?;
        }
        self.count(deepest, span)?;
        Ok(tree)
    }
}

/// `<<: *defaults`: the entries of other maps, where this one has none of its own.
fn merge(
    entries: &mut Vec<(String, Tree)>,
    places: &mut HashMap<String, usize>,
    value: Tree,
    span: Span,
) -> Result<(), String> {
    match value {
        Tree::Map(others) => {
            for (key, value) in others {
                if !places.contains_key(&key) {
                    places.insert(key.clone(), entries.len());
                    entries.push((key, value));
                }
            }
            Ok(())
        }
        Tree::List(items) => {
            items.into_iter().try_for_each(|item| merge(entries, places, item, span))
        }
        other => Err(at(span, &format!("`<<` takes a map or maps, not {}", other.kind()))),
    }
}

fn at(span: Span, why: &str) -> String {
    format!("line {}, column {}: {why}", span.start.line(), span.start.col() + 1)
}

/// How many values a tree has.
fn size(tree: &Tree) -> usize {
    match tree {
        Tree::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Tree::Map(entries) => 1 + entries.iter().map(|(_, value)| size(value)).sum::<usize>(),
        _ => 1,
    }
}

fn levels(tree: &Tree) -> usize {
    match tree {
        Tree::List(items) => 1 + items.iter().map(levels).max().unwrap_or(0),
        Tree::Map(entries) => 1 + entries.iter().map(|(_, value)| levels(value)).max().unwrap_or(0),
        _ => 0,
    }
}

/// The value of a scalar by the core schema (YAML 1.2 §10.3.2), or as its tag says.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Tree, String> {
    let core = tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str());
    match core {
        Some("str") => return Ok(Tree::Text(text.to_owned())),
        Some("binary") => {
            let form = super::text::Base64 { spaces: true, ..Default::default() };
            let bytes = super::text::from_base64(text.as_bytes(), form);
            return bytes.map(Tree::Blob).map_err(|why| format!("!!binary: {why}"));
        }
        Some(kind @ ("int" | "float" | "bool" | "null")) => {
            let value = match (plain(text), kind) {
                (value @ Tree::Int(_), "int") | (value @ Tree::Float(_), "float") => value,
                (Tree::Int(n), "float") => Tree::Float(n as f64),
                (value @ Tree::Bool(_), "bool") | (value @ Tree::Unit, "null") => value,
                _ => return Err(format!("{text:?} is no {kind}")),
            };
            return Ok(value);
        }
        _ => (),
    }
    Ok(if style == ScalarStyle::Plain { plain(text) } else { Tree::Text(text.to_owned()) })
}

fn plain(text: &str) -> Tree {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Tree::Unit,
        "true" | "True" | "TRUE" => return Tree::Bool(true),
        "false" | "False" | "FALSE" => return Tree::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Tree::Float(f64::NAN),
        _ => (),
    }
    let (sign, digits) = match text.as_bytes()[0] {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if matches!(digits, ".inf" | ".Inf" | ".INF") {
        return Tree::Float(sign * f64::INFINITY);
    }
    let radix = |prefix: &str, radix| {
        let digits = text.strip_prefix(prefix).filter(|digits| !digits.starts_with(['+', '-']))?;
        i64::from_str_radix(digits, radix).ok()
    };
    if let Some(n) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Tree::Int(n);
    }
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    if is_number {
        if let Ok(n) = text.parse::<i64>() {
            return Tree::Int(n);
        }
        // What no `i64` holds is a text of its digits, as in JSON.
        let is_whole = digits.bytes().all(|b| b.is_ascii_digit());
        if let Some(n) = text.parse::<f64>().ok().filter(|_| !is_whole) {
            return Tree::Float(n);
        }
    }
    Tree::Text(text.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(text: &str) -> Tree {
        Tree::Text(text.into())
    }

    fn get<'a>(tree: &'a Tree, key: &str) -> &'a Tree {
        let Tree::Map(entries) = tree else { panic!("a map: {tree:?}") };
        &entries.iter().find(|(known, _)| known == key).unwrap().1
    }

    #[test]
    fn scalars_follow_the_core_schema() {
        let read = parse(
            "[null, ~, true, FALSE, 0, -12, 0o14, 0xC, 1.5, -1e3, .inf, -.Inf, yes, 0b1, 1_000, \"1\", '2', 12:30]",
        );
        let wanted = vec![
            Tree::Unit,
            Tree::Unit,
            Tree::Bool(true),
            Tree::Bool(false),
            Tree::Int(0),
            Tree::Int(-12),
            Tree::Int(12),
            Tree::Int(12),
            Tree::Float(1.5),
            Tree::Float(-1000.0),
            Tree::Float(f64::INFINITY),
            Tree::Float(f64::NEG_INFINITY),
            text("yes"),
            text("0b1"),
            text("1_000"),
            text("1"),
            text("2"),
            text("12:30"),
        ];
        assert_eq!(read.unwrap(), Tree::List(wanted));
        assert_eq!(parse("99999999999999999999").unwrap(), text("99999999999999999999"));
        assert_eq!(
            parse("- -\n- .\n- '-'").unwrap(),
            Tree::List(vec![Tree::List(vec![Tree::Unit]), text("."), text("-")])
        );
    }

    #[test]
    fn a_configuration_is_read_in_its_order() {
        // YAML 1.2.2, example 2.10 shortened, with block scalars of examples 2.13 and 2.15.
        let read = parse(
            "---\nhr:\n  - Mark McGwire\n  # Following node labeled SS\n  - &SS Sammy Sosa\nrbi:\n  - *SS # Subsequent occurrence\n  - Ken Griffey\n\
             art: |\n  \\//||\\/||\n  // ||  ||__\nfolded: >\n  a b\n  c\n\n  d\n",
        )
        .unwrap();
        assert_eq!(get(&read, "rbi"), &Tree::List(vec![text("Sammy Sosa"), text("Ken Griffey")]));
        assert_eq!(get(&read, "art"), &text("\\//||\\/||\n// ||  ||__\n"));
        assert_eq!(get(&read, "folded"), &text("a b c\nd\n"));
    }

    #[test]
    fn tags_say_what_a_scalar_is() {
        let read = parse("[!!str 12, !!float 1, !!binary aGk=, !own x]").unwrap();
        let wanted = vec![text("12"), Tree::Float(1.0), Tree::Blob(b"hi".to_vec()), text("x")];
        assert_eq!(read, Tree::List(wanted));
        assert!(parse("!!int x").unwrap_err().contains("is no int"));
    }

    #[test]
    fn maps_are_merged_where_they_have_no_entry_of_their_own() {
        let read = parse("base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  y: 3\n").unwrap();
        let wanted = Tree::Map(vec![("y".into(), Tree::Int(3)), ("x".into(), Tree::Int(1))]);
        assert_eq!(get(&read, "own"), &wanted);
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        assert!(parse("a: 1\na: 2\n").unwrap_err().starts_with("line 2, column 1: the key `a`"));
        assert!(parse("a: [1, 2\n").unwrap_err().starts_with("line "));
        assert!(parse("a: *none\n").is_err());
        assert!(parse("a: &x [*x]\n").unwrap_err().contains("alias"));
        assert!(parse("? [1]\n: 2\n").unwrap_err().contains("a key is a plain value"));
        assert!(parse("a\n---\nb\n").unwrap_err().contains("more than one document"));
        assert_eq!(parse("").unwrap(), Tree::Unit);
    }

    #[test]
    fn ten_lines_cannot_become_a_billion_values() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for n in 1..10 {
            let before = vec![format!("*a{}", n - 1); 10].join(", ");
            bomb += &format!("a{n}: &a{n} [{before}]\n");
        }
        assert!(parse(&bomb).unwrap_err().contains("more than 1000000 values"));
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let flow = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(&flow(100)).is_ok());
        for levels in [200, 100_000] {
            let why = parse(&flow(levels)).unwrap_err();
            assert!(why.contains("nested deeper") || why.contains("recursion"), "{why}");
        }
        // An alias brings levels of its own.
        let chain = format!("a: &a {}\nb: {}*a{}\n", flow(100), "[".repeat(100), "]".repeat(100));
        assert!(parse(&chain).unwrap_err().contains("nested deeper"));
    }
}
