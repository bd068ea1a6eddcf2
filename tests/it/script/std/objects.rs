//! What the objects of the standard library are besides their methods: how they look, whether they are equal, whether they
//! have an order and a JSON form. One table over all of them.

use super::printed;

/// How to make one, how to make another one, how it looks, whether two that are made alike are equal, whether they have an
/// order, and its JSON form if it is data.
struct Row {
    one: &'static str,
    other: &'static str,
    shown: &'static str,
    is_compared_by_value: bool,
    is_ordered: bool,
    json: Option<&'static str>,
}

const ROWS: [Row; 7] = [
    Row {
        one: "time::at(0, \"UTC\")",
        other: "time::at(1, \"UTC\")",
        shown: "1970-01-01T00:00:00Z",
        is_compared_by_value: true,
        is_ordered: true,
        json: Some("\"1970-01-01T00:00:00Z\""),
    },
    Row {
        one: "regex::compile(\"a+\")",
        other: "regex::compile(\"b+\")",
        shown: "a+",
        is_compared_by_value: true,
        is_ordered: false,
        json: None,
    },
    Row {
        one: "random::seeded(1)",
        other: "random::seeded(2)",
        shown: "Generator",
        is_compared_by_value: false,
        is_ordered: false,
        json: None,
    },
    Row {
        one: "bytes::reader(blob(3))",
        other: "bytes::reader(blob(4))",
        shown: "ByteReader(position 0 of 3)",
        is_compared_by_value: false,
        is_ordered: false,
        json: None,
    },
    Row {
        one: "bytes::writer()",
        other: "bytes::writer()",
        shown: "ByteWriter(0 bytes)",
        is_compared_by_value: false,
        is_ordered: false,
        json: None,
    },
    Row {
        one: "file::root(\".\")",
        other: "file::root(\".\")",
        shown: "FileRoot(",
        is_compared_by_value: false,
        is_ordered: false,
        json: None,
    },
    Row {
        one: "file::parts(\"main.rhai\", 10)",
        other: "file::parts(\"main.rhai\", 11)",
        shown: "FilePieces(",
        is_compared_by_value: false,
        is_ordered: false,
        json: None,
    },
];

const MODULES: [&str; 8] =
    ["time", "regex", "random", "bytes", "file", "encoding", "template", "cookie"];

/// Asks all rows what this function body gives for `one`, `other` and `twin`, which is made like `one`; an error gives
/// `error: ` and its text.
fn asked(body: &str) -> Vec<String> {
    let mut calls = format!("let ask = |one, other, twin| {{ {body} }};\n");
    for Row { one, other, .. } in &ROWS {
        calls += &format!(
            "try {{ print(ask.call({one}, {other}, {one})); }} catch (why) {{ print(`error: ${{why}}`); }}\n"
        );
    }
    printed(&MODULES, &calls)
}

/// Compares what is asked with what a row says it is.
fn all(body: &str, wanted: impl Fn(&Row) -> String) {
    let given = asked(body);
    assert_eq!(given.len(), ROWS.len(), "{given:?}");
    for (row, given) in ROWS.iter().zip(given) {
        assert_eq!(given, wanted(row), "{}: {body}", row.one);
    }
}

#[test]
fn each_looks_the_same_wherever_it_is_shown() {
    let looks = "let text = `${one}`;\n\
        let inner = one.to_debug();\n\
        for other in [one.to_string(), \"\" + one, inner] { if other != text { throw `${text} ${other}`; } }\n\
        text";
    for (row, given) in ROWS.iter().zip(asked(looks)) {
        let ends = row.shown.ends_with('(');
        assert!(given == row.shown || ends && given.starts_with(row.shown), "{given}");
    }
    // In a map the text of data has quotes, as its JSON form has, and that of anything else has none.
    all(
        "let text = `${#{ x: one }}`; text == `{\"x\":\"${one}\"}` || text == `{\"x\":${one}}`",
        |_| "true".into(),
    );
}

#[test]
fn each_is_equal_to_itself_and_to_nothing_of_another_kind() {
    all("let same = one; `${same == one} ${same != one}`", |_| "true false".into());
    all("`${one == other} ${one != other}`", |_| "false true".into());
    all("`${one == twin} ${one != twin}`", |row| {
        if row.is_compared_by_value { "true false".into() } else { "false true".into() }
    });
    all(
        "let strangers = [(), 1, 1.5, \"text\", true, 'c', blob(1), [], #{}, [one], worker];\n\
         let wrong = strangers.filter(|x| one == x || x == one || !(one != x) || !(x != one));\n\
         wrong.len",
        |_| "0".into(),
    );
}

#[test]
fn each_is_found_in_maps_and_arrays_and_lives_on_there() {
    all("worker.kept = #{ list: [other, one] }; `${worker.kept.list[1] == one}`", |_| {
        "true".into()
    });
    all("`${one in [other, one]} ${one in [other]} ${[other, one].index_of(one)}`", |_| {
        "true false 1".into()
    });
    all("`${#{ x: one } == #{ x: one }} ${#{ x: one } == #{ x: other }}`", |_| "true false".into());
    all("type_of(#{ x: one }.x) == type_of(one)", |_| "true".into());
}

#[test]
fn those_that_have_an_order_are_compared_and_sorted_and_the_others_say_so() {
    let order = "let list = [other, one];\n\
        list.sort(|a, b| a < b);\n\
        let first = list[0];\n\
        `${one < other} ${one <= other} ${one > other} ${one >= other} ${first == one}`";
    for (row, given) in ROWS.iter().zip(asked(order)) {
        match row.is_ordered {
            true => assert_eq!(given, "true true false false true"),
            false => assert!(given.starts_with("error: "), "{}: {given}", row.one),
        }
    }
}

#[test]
fn those_that_are_data_have_one_form_in_all_formats_and_the_others_say_so() {
    let no_form = |row: &Row| {
        let name = row.shown.split('(').next().unwrap_or_default();
        let name = if name == "a+" { "Pattern" } else { name };
        move |prefix: &str, end: &str| format!("error: {prefix}a value of type {name} {end}")
    };
    all("to_json(#{ x: one })", |row| match row.json {
        Some(json) => format!("{{\"x\":{json}}}"),
        None => no_form(row)("to_json: ", "has no JSON form"),
    });
    all("template::render_text(\"{{ x }}\", #{ x: one }, #{ name: \"x.txt\" })", |row| {
        match row.json {
            Some(_) => row.shown.to_owned(),
            None => no_form(row)("render_text: the data: ", "is no data"),
        }
    });
    all("encoding::to_csv([[one]]).trimmed()", |row| match row.json {
        Some(_) => row.shown.to_owned(),
        None => no_form(row)("to_csv: ", "is no data"),
    });
    all("encoding::to_toml(#{ x: one }).trimmed()", |row| match row.json {
        Some(json) => format!("x = {json}"),
        None => no_form(row)("to_toml: ", "is no data"),
    });
    all("encoding::parse_msgpack(encoding::to_msgpack(one))", |row| match row.json {
        Some(_) => row.shown.to_owned(),
        None => no_form(row)("to_msgpack: ", "is no data"),
    });
    let secret = "\"0123456789abcdef\"";
    let round = format!("cookie::verify(\"n\", cookie::sign(\"n\", one, {secret}), {secret})");
    for (row, given) in ROWS.iter().zip(asked(&round)) {
        match row.json {
            Some(_) => assert_eq!(given, row.shown),
            None => assert!(given.starts_with("error: sign: "), "{given}"),
        }
    }
}
