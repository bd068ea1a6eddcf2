//! JSON in scripts: what others write is read, without loss, and in its order.

use super::value_of;

/// JSON texts, and how they are written again.
const TEXTS: [(&str, &str); 20] = [
    (r#"{"name":"Ann","text":"\ud83d"}"#, r#"{"name":"Ann","text":"�"}"#),
    (r#"{"\udc00":"\udc00\ud83d\ude00\\ud83d"}"#, r#"{"�":"�😀\\ud83d"}"#),
    (r#"["\ud83d\u0041","\ud83d\ud83d\ude00"]"#, r#"["�A","�😀"]"#),
    (r#"{"name":"Ann","n":1e400}"#, r#"{"name":"Ann","n":1.7976931348623157e+308}"#),
    ("[-1e400,1e-400]", "[-1.7976931348623157e+308,0.0]"),
    ("\u{feff}{\"name\":\"Ann\"}", r#"{"name":"Ann"}"#),
    ("\u{feff}\u{feff}1", "null"),
    ("1\u{feff}", "null"),
    ("[9223372036854775807,-9223372036854775808]", "[9223372036854775807,-9223372036854775808]"),
    ("[9223372036854775808]", r#"["9223372036854775808"]"#),
    ("[-9223372036854775809]", r#"["-9223372036854775809"]"#),
    ("[18446744073709551615]", r#"["18446744073709551615"]"#),
    ("{\"id\": 123456789012345678901234567890 }", r#"{"id":"123456789012345678901234567890"}"#),
    ("[1e19,1.5e300]", "[1e+19,1.5e+300]"),
    ("[-0,-0.0,0]", "[0,-0.0,0]"),
    (r#"{"b":1,"a":2,"b":3}"#, r#"{"b":3,"a":2}"#),
    ("{99999999999999999999:1}", "null"),
    ("[1e400,{99999999999999999999 :1}]", "null"),
    ("[1e400,099999999999999999999]", "null"),
    (r#"["\ud8zz"]"#, "null"),
];

#[test]
fn json_that_others_write_is_read_without_loss() {
    let mut list = String::new();
    for (text, _) in TEXTS {
        list += &format!("parse_json({text:?}),");
    }
    let list = list.replace("\\u{feff}", "\\uFEFF");
    let value = value_of("", &format!("[{list}].map(|v| to_json(v))"));
    let given: Vec<String> = serde_json::from_str(&value).expect("a list of texts");
    for (given, (text, wanted)) in given.iter().zip(TEXTS) {
        assert_eq!(given, wanted, "{text}");
    }
}

#[test]
fn entries_keep_the_order_of_the_text() {
    let text = r#"{"z":1,"a":{"y":[{"c":1,"b":2}],"x":2},"m":3}"#;
    let before = format!(
        "let text = `{text}`;\nworker.stored = parse_json(text);\nlet top = parse_json(text);\n\
         fn plain() {{ let local = parse_json(text); local }}"
    );
    for value in ["parse_json(text)", "worker.stored", "top", "plain()", "parse_json(to_json(top))"]
    {
        assert_eq!(value_of(&before, value), text, "{value}");
        let keys = value_of(&before, &format!("{value}.keys()"));
        assert_eq!(keys, r#"["z","a","m"]"#, "{value}");
    }
    assert_eq!(value_of(&before, "top.filter(|k, v| v != 3)"), text.replace(r#","m":3"#, ""));
    assert_eq!(value_of(&before, "top.map(|k, v| k)"), r#"{"z":"z","a":"a","m":"m"}"#);
    let both = "top + #{ b: 1 }";
    assert_eq!(value_of(&before, both), text.replace(r#""m":3"#, r#""m":3,"b":1"#));
}

#[test]
fn what_has_no_json_form_is_an_error_that_names_it() {
    let told = |value: &str| {
        let tried =
            format!("{{ let t = \"\"; try {{ t = to_json({value}); }} catch (e) {{ t = e; }} t }}");
        value_of("", &tried)
    };
    assert_eq!(told("0.0 / 0.0"), r#""to_json: NaN has no JSON form""#);
    assert_eq!(told("[1.0 / 0.0]"), r#""to_json: inf has no JSON form""#);
    // Its name would be of no use to whoever reads it.
    assert_eq!(told("#{ f: |x| x }"), r#""to_json: a value of type Fn has no JSON form""#);
}

#[test]
fn what_is_written_as_deep_as_it_may_be_can_be_read_again() {
    let before = r#"
fn deep(n) { let v = 1; for i in 0..n { v = [v]; } v }
fn deepest() {
    let last = 0;
    for n in 1..200 {
        try { if parse_json(to_json(deep(n))) == () { return -n; } last = n; } catch { return last; }
    }
}"#;
    let depth: i64 = value_of(before, "deepest()").parse().expect("a number");
    assert_eq!(depth, 127);
}

#[test]
fn a_text_that_is_nested_too_deep_is_none() {
    let deep =
        |levels: usize| format!("parse_json(`{}{}`)", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(value_of("", &format!("{} == ()", deep(128))), "true");
    assert_eq!(value_of("", &deep(127)), format!("{}{}", "[".repeat(127), "]".repeat(127)));
}
