//! Tables as comma-separated values (RFC 4180).

use crate::script::std::tree::{Census, Tree, check_length};
use csv::{ReaderBuilder, StringRecord, Terminator, WriterBuilder};

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CsvForm {
    /// What stands between two fields, one ASCII sign: `,`, `;` or a tab.
    pub(super) separator: u8,
    /// Whether the first row has the names of the columns. Rows are maps then, and arrays otherwise.
    pub(super) header: bool,
    /// Whether spaces around fields are left out when reading.
    pub(super) trim: bool,
}

impl Default for CsvForm {
    fn default() -> Self {
        Self { separator: b',', header: true, trim: false }
    }
}

/// The rows of a text, each a map by the names in the first row, or an array. All values are texts.
pub(super) fn parse(text: &str, form: CsvForm) -> Result<Tree, String> {
    check_length(text.len())?;
    let mut census = Census::default();
    census.count(0)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .delimiter(form.separator)
        .has_headers(form.header)
        .trim(if form.trim { csv::Trim::All } else { csv::Trim::None })
        .from_reader(text.as_bytes());
    let names = if form.header { Some(names(&mut reader)?) } else { None };
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|fault| refusal(&fault))? {
        census.count(1)?;
        let mut fields = Vec::with_capacity(record.len());
        for field in &record {
            census.count(2)?;
            fields.push(Tree::Text(field.to_owned()));
        }
        rows.push(match &names {
            Some(names) => Tree::Map(names.iter().cloned().zip(fields).collect()),
            None => Tree::List(fields),
        });
    }
    Ok(Tree::List(rows))
}

fn names(reader: &mut csv::Reader<&[u8]>) -> Result<Vec<String>, String> {
    let header = reader.headers().map_err(|fault| refusal(&fault))?;
    let names: Vec<String> = header.iter().map(str::to_owned).collect();
    for (at, name) in names.iter().enumerate() {
        if names[..at].contains(name) {
            return Err(format!(
                "two columns are named {name:?}: read it with `header: false`, as arrays"
            ));
        }
    }
    Ok(names)
}

fn refusal(fault: &csv::Error) -> String {
    match fault.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line} has {len} fields where the first row has {expected_len}")
        }
        _ => fault.to_string(),
    }
}

/// The text of rows: maps, whose columns are those of the first row, or arrays. Lines end with CRLF, as the standard has it.
pub(super) fn write(rows: &Tree, form: CsvForm) -> Result<String, String> {
    let Tree::List(rows) = rows else {
        return Err(format!("a table is an array of rows, not {}", rows.kind()));
    };
    let terminator = Terminator::CRLF;
    let mut writer = WriterBuilder::new()
        .delimiter(form.separator)
        .terminator(terminator)
        .from_writer(Vec::new());
    let columns: Option<Vec<&str>> = match rows.first() {
        Some(Tree::Map(entries)) => Some(entries.iter().map(|(key, _)| key.as_str()).collect()),
        _ => None,
    };
    if let Some(columns) = columns.as_ref().filter(|_| form.header) {
        writer.write_record(columns).map_err(|fault| refusal(&fault))?;
    }
    for (at, row) in rows.iter().enumerate() {
        let fields = fields(row, columns.as_deref()).map_err(|why| format!("row {at}: {why}"))?;
        writer.write_record(fields).map_err(|fault| match fault.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("row {at} has {len} fields where the first one has {expected_len}")
            }
            _ => refusal(&fault),
        })?;
    }
    let bytes = writer.into_inner().map_err(|fault| fault.to_string())?;
    check_length(bytes.len())?;
    String::from_utf8(bytes).map_err(|fault| fault.to_string())
}

/// The fields of one row; `()` is an empty one.
fn fields(row: &Tree, columns: Option<&[&str]>) -> Result<Vec<String>, String> {
    let field = |value: &Tree| match value {
        Tree::Unit => Ok(String::new()),
        value => value.plain_text().ok_or_else(|| format!("{} is no field", value.kind())),
    };
    match (row, columns) {
        (Tree::List(values), None) => values.iter().map(field).collect(),
        (Tree::Map(entries), Some(columns)) => {
            if let Some((key, _)) = entries.iter().find(|(key, _)| !columns.contains(&key.as_str()))
            {
                return Err(format!("the first row has no column `{key}`"));
            }
            let value = |name: &&str| entries.iter().find(|(key, _)| key == name);
            columns
                .iter()
                .map(|name| value(name).map_or(Ok(String::new()), |(_, v)| field(v)))
                .collect()
        }
        _ => Err("all rows are maps, or all are arrays".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ROWS: CsvForm = CsvForm { separator: b',', header: false, trim: false };

    fn text(text: &str) -> Tree {
        Tree::Text(text.into())
    }

    fn list(fields: &[&str]) -> Tree {
        Tree::List(fields.iter().map(|field| text(field)).collect())
    }

    #[test]
    fn the_examples_of_the_standard_are_read() {
        // RFC 4180 §2, rules 1, 2, 5, 6 and 7.
        let crlf = "aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n";
        assert_eq!(
            parse(crlf, ROWS).unwrap(),
            Tree::List(vec![list(&["aaa", "bbb", "ccc"]), list(&["zzz", "yyy", "xxx"])])
        );
        let quoted = "\"aaa\",\"b \r\nbb\",\"ccc\"\r\nzzz,\"y\"\"y\",xxx";
        assert_eq!(
            parse(quoted, ROWS).unwrap(),
            Tree::List(vec![list(&["aaa", "b \r\nbb", "ccc"]), list(&["zzz", "y\"y", "xxx"])])
        );
    }

    #[test]
    fn rows_are_maps_by_the_names_of_the_first() {
        let form = CsvForm { separator: b';', trim: true, ..CsvForm::default() };
        let read = parse("\u{feff}id; name\n1; Ann \n", form).unwrap();
        let row = Tree::Map(vec![("id".into(), text("1")), ("name".into(), text("Ann"))]);
        assert_eq!(read, Tree::List(vec![row]));
        assert!(parse("a,a\n1,2\n", CsvForm::default()).unwrap_err().contains("two columns"));
    }

    #[test]
    fn a_row_of_another_length_is_told_with_its_line() {
        let why = parse("a,b\n1,2\n3\n", CsvForm::default()).unwrap_err();
        assert_eq!(why, "line 3 has 1 fields where the first row has 2");
        let uneven = Tree::List(vec![list(&["a", "b"]), list(&["c"])]);
        assert_eq!(
            write(&uneven, ROWS).unwrap_err(),
            "row 1 has 1 fields where the first one has 2"
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        let row = |id, name: &str| {
            Tree::Map(vec![("id".into(), Tree::Int(id)), ("name".into(), text(name))])
        };
        let rows = Tree::List(vec![row(1, "a,\"b\"\nc"), row(2, "")]);
        let written = write(&rows, CsvForm::default()).unwrap();
        assert_eq!(written, "id,name\r\n1,\"a,\"\"b\"\"\nc\"\r\n2,\r\n");
        let Tree::List(back) = parse(&written, CsvForm::default()).unwrap() else { panic!("rows") };
        assert_eq!(
            back[0],
            Tree::Map(vec![("id".into(), text("1")), ("name".into(), text("a,\"b\"\nc"))])
        );
        assert_eq!(write(&Tree::List(Vec::new()), CsvForm::default()).unwrap(), "");
    }

    #[test]
    fn what_is_no_table_is_named() {
        assert!(write(&Tree::Int(1), ROWS).unwrap_err().contains("not a whole number"));
        let nested = Tree::List(vec![Tree::List(vec![list(&["a"])])]);
        assert_eq!(write(&nested, ROWS).unwrap_err(), "row 0: an array is no field");
        let other = Tree::List(vec![
            Tree::Map(vec![("a".into(), text("1"))]),
            Tree::Map(vec![("b".into(), text("1"))]),
        ]);
        assert_eq!(write(&other, ROWS).unwrap_err(), "row 1: the first row has no column `b`");
    }
}
