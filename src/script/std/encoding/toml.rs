//! TOML 1.1, the format of configuration files.

use crate::script::std::tree::{Census, Tree, check_length};
use toml::{Table, Value};

/// The map of a text. Dates and times are texts as they stand there. The error has the line.
pub(super) fn parse(text: &str) -> Result<Tree, String> {
    check_length(text.len())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let table: Table = text.parse().map_err(|fault: toml::de::Error| refusal(text, &fault))?;
    table_tree(table, 0, &mut Census::default())
}

fn refusal(text: &str, fault: &toml::de::Error) -> String {
    let place = fault.span().and_then(|span| text.get(..span.start)).map(|before| {
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        format!("line {line}, column {column}: ")
    });
    format!("{}{}", place.unwrap_or_default(), fault.message().replace('\n', ", "))
}

fn table_tree(table: Table, depth: usize, census: &mut Census) -> Result<Tree, String> {
    census.count(depth)?;
    let entries = table.into_iter().map(|(key, value)| Ok((key, tree(value, depth + 1, census)?)));
    Ok(Tree::Map(entries.collect::<Result<_, String>>()?))
}

fn tree(value: Value, depth: usize, census: &mut Census) -> Result<Tree, String> {
    if let Value::Table(table) = value {
        return table_tree(table, depth, census);
    }
    census.count(depth)?;
    Ok(match value {
        Value::String(text) => Tree::Text(text),
        Value::Integer(n) => Tree::Int(n),
        Value::Float(n) => Tree::Float(n),
        Value::Boolean(b) => Tree::Bool(b),
        Value::Datetime(at) => Tree::Text(at.to_string()),
        Value::Array(items) => {
            let items = items.into_iter().map(|item| tree(item, depth + 1, census));
            Tree::List(items.collect::<Result<_, String>>()?)
        }
        Value::Table(table) => table_tree(table, depth, census)?,
    })
}

/// The text of a map. Entries that are `()` are left out, since TOML has nothing for them.
pub(super) fn write(value: &Tree) -> Result<String, String> {
    let Tree::Map(entries) = value else {
        return Err(format!("a TOML file is a map, not {}", value.kind()));
    };
    let text = table(entries)?.to_string();
    check_length(text.len())?;
    Ok(text)
}

fn table(entries: &[(String, Tree)]) -> Result<Table, String> {
    let given = entries.iter().filter(|(_, value)| *value != Tree::Unit);
    given
        .map(|(key, value)| {
            let value = toml_value(value).map_err(|why| format!("`{key}`: {why}"))?;
            Ok((key.clone(), value))
        })
        .collect()
}

fn toml_value(value: &Tree) -> Result<Value, String> {
    Ok(match value {
        Tree::Bool(b) => Value::Boolean(*b),
        Tree::Int(n) => Value::Integer(*n),
        Tree::Float(n) => Value::Float(*n),
        Tree::Text(text) => Value::String(text.clone()),
        Tree::List(items) => Value::Array(items.iter().map(toml_value).collect::<Result<_, _>>()?),
        Tree::Map(entries) => Value::Table(table(entries)?),
        Tree::Unit | Tree::Blob(_) => return Err(format!("TOML has no form for {}", value.kind())),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(text: &str) -> Tree {
        Tree::Text(text.into())
    }

    #[test]
    fn a_configuration_is_read_in_its_order() {
        let read = parse(
            "title = \"x\"\n[server]\nport = 8_080\nratio = 0.5\nsince = 1979-05-27T07:32:00Z\ntags = ['a', 'b']\n\
             [[user]]\nname = \"ann\"\n[[user]]\nname = \"bob\"\n",
        );
        let user = |name| Tree::Map(vec![("name".into(), text(name))]);
        let server = Tree::Map(vec![
            ("port".into(), Tree::Int(8080)),
            ("ratio".into(), Tree::Float(0.5)),
            ("since".into(), text("1979-05-27T07:32:00Z")),
            ("tags".into(), Tree::List(vec![text("a"), text("b")])),
        ]);
        let wanted = Tree::Map(vec![
            ("title".into(), text("x")),
            ("server".into(), server),
            ("user".into(), Tree::List(vec![user("ann"), user("bob")])),
        ]);
        assert_eq!(read.unwrap(), wanted);
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let why = parse("a = 1\nb = \n").unwrap_err();
        assert!(why.starts_with("line 2, column 5: "), "{why}");
        assert!(parse("a = 1\na = 2\n").unwrap_err().starts_with("line 2, column 1: "));
        assert!(parse("a = 99999999999999999999").is_err(), "no i64");
    }

    #[test]
    fn deep_nesting_is_refused() {
        let deep = format!("a = {}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(parse(&deep).is_err());
        let dotted = format!("{}a = 1", "a.".repeat(10_000));
        assert!(parse(&dotted).is_err());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let value = Tree::Map(vec![
            ("a".into(), Tree::Int(1)),
            ("t".into(), Tree::Map(vec![("x y".into(), text("l1\nl2 \"q\""))])),
            ("b".into(), Tree::Bool(true)),
            ("rows".into(), Tree::List(vec![Tree::Map(vec![("f".into(), Tree::Float(1.0))])])),
        ]);
        let Tree::Map(mut back) = parse(&write(&value).unwrap()).unwrap() else { panic!("a map") };
        let Tree::Map(mut wanted) = value else { panic!("a map") };
        // Plain values stand in front of tables.
        back.sort_by(|a, b| a.0.cmp(&b.0));
        wanted.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(back, wanted);
    }

    #[test]
    fn what_toml_has_no_form_for_is_named() {
        let with = |value| Tree::Map(vec![("k".into(), value)]);
        assert_eq!(write(&with(Tree::Unit)).unwrap(), "");
        assert_eq!(
            write(&with(Tree::Blob(vec![1]))).unwrap_err(),
            "`k`: TOML has no form for a blob"
        );
        assert!(write(&with(Tree::List(vec![Tree::Unit]))).is_err());
        assert!(write(&Tree::Int(1)).unwrap_err().contains("is a map"));
    }
}
