//! `std/encoding`.

use super::{importing, printed, said};
use crate::support::host::TestHost;

#[test]
fn strings_and_blobs_are_encoded_and_come_back() {
    let body = r#"
print(encoding::base64_encode("ä".to_blob()));
print(encoding::base64_decode("w6Q=", #{ text: true }));
print(encoding::base64_decode("w6Q") == encoding::hex_decode("c3a4"));
print(encoding::base64_encode("\u00ff", #{ url: true, padding: true }));
"#;
    assert_eq!(printed(&["encoding"], body), ["w6Q=", "ä", "true", "w78="]);
}

#[test]
fn maps_of_either_kind_are_written() {
    let body = r#"
let local = #{ b: 1, a: [true, "x"] };
worker.kept = #{ b: 1, a: [true, "x"] };
print(encoding::to_query(local) == encoding::to_query(worker.kept));
print(encoding::to_toml(worker.kept));
print(encoding::parse_msgpack(encoding::to_msgpack(worker.kept)));
worker.kept.me = worker.kept;
try { encoding::to_msgpack(worker.kept); } catch (why) { print(why); }
worker.kept.remove("me");
"#;
    let lines = printed(&["encoding"], body);
    let wanted = [
        "true",
        "b = 1\n    a = [true, \"x\"]",
        r#"{"b":1,"a":[true,"x"]}"#,
        "to_msgpack: it contains itself",
    ];
    assert_eq!(lines, wanted);
}

#[test]
fn what_is_long_is_read_beside_the_isolate_while_others_go_on() {
    let body = r#"
let text = "id,name\n";
text.pad(200000, "1,ann\n");
let order = [];
Timer::delay(0, || print("meanwhile"));
let rows = encoding::parse_csv(text);
print(rows.len > 30000);
print(rows[0].name);
"#;
    let lines = printed(&["encoding"], body);
    assert_eq!(lines, ["meanwhile", "true", "ann"]);
}

#[test]
fn the_top_level_reads_long_texts_as_well() {
    let script = importing(&["encoding"])
        + "let text = \"a = 1 #\"; text.pad(100000, \"x\"); print(encoding::parse_toml(text).a);\nWorker();";
    TestHost::start(&script).wait_for_log("1");
}

#[test]
fn mistakes_are_told_with_the_function_and_the_argument() {
    let cases = [
        ("encoding::base64_decode(\"a*b=\")", "base64_decode: `*` at byte 1 is no sign of base64"),
        ("encoding::base64_encode(1)", "base64_encode: the data is a string or a blob, not 1"),
        (
            "encoding::base64_encode(\"\", #{ ulr: true })",
            "base64_encode has no option `ulr`: known are url, padding",
        ),
        (
            "encoding::base64_encode(\"\", #{ url: 1 })",
            "base64_encode: the option `url` is true or false, not 1",
        ),
        ("encoding::base64_encode(\"\", 1)", "base64_encode: the options are a map, not 1"),
        (
            "encoding::base64_decode(\"/w==\", #{ text: true })",
            "base64_decode: what it encodes is not UTF-8 text",
        ),
        ("encoding::hex_decode(\"abc\")", "hex_decode: it has an odd number of digits"),
        ("encoding::url_decode(\"%ff\")", "url_decode: what it encodes is not UTF-8"),
        ("encoding::to_query(1)", "to_query: a query is made of a map, not of a whole number"),
        ("encoding::parse_toml(\"a = \")", "parse_toml: line 1, column 5: "),
        ("encoding::parse_yaml(\"a: [\")", "parse_yaml: line "),
        ("encoding::parse_msgpack(blob(1, 0xc1))", "parse_msgpack: byte 0xc1 begins no value"),
        (
            "encoding::parse_csv(\"a\", #{ separator: \"ab\" })",
            "the option `separator` is one ASCII sign",
        ),
        ("encoding::to_csv([#{ a: [1] }])", "to_csv: row 0: an array is no field"),
        ("encoding::to_msgpack(worker)", "to_msgpack: a value of type Worker is no data"),
    ];
    for (call, wanted) in cases {
        let text = said(&["encoding"], call);
        assert!(text.contains(wanted), "{call}: {text}");
    }
}
