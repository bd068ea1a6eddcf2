//! Numbers in blobs, read and written, at either end.

use crate::support::host::TestHost;

/// Expressions, and what they give.
const CASES: [(&str, &str); 30] = [
    ("{ let b = blob(2); b.write_be(0..2, 258); b.to_array() }", "[1,2]"),
    ("{ let b = blob(4); b[2] = 1; b[3] = 2; b.parse_be_int(0..4) }", "258"),
    ("{ let b = blob(4); b[2] = 1; b[3] = 2; b.parse_be_int(2..4) }", "258"),
    ("{ let b = blob(4); b[2] = 1; b[3] = 2; b.parse_be_int(2..=3) }", "258"),
    ("{ let b = blob(4); b[2] = 1; b[3] = 2; b.parse_be_int(2, 2) }", "258"),
    ("{ let b = blob(4); b[2] = 1; b[3] = 2; b.parse_be_int(-2, 2) }", "258"),
    ("{ let b = blob(4); b[2] = 1; b[3] = 2; b.parse_be_int(2..99) }", "258"),
    ("{ let b = blob(4); b[2] = 1; b[3] = 2; b.parse_be_int(9..99) }", "0"),
    ("blob(1, 255).parse_be_int(0..1)", "255"),
    ("blob(3, 255).parse_be_int(0..3)", "16777215"),
    ("blob(8, 255).parse_be_int(0..8)", "-1"),
    ("blob(9, 255).parse_be_int(0..9)", "-1"),
    ("blob().parse_be_int(0..8)", "0"),
    ("{ let b = blob(3); b.write_be(0..=2, 0x010203); b.to_array() }", "[1,2,3]"),
    ("{ let b = blob(3); b.write_be(1, 2, 0x010203); b.to_array() }", "[0,2,3]"),
    ("{ let b = blob(9); b.write_be(0..9, 1); b.to_array() }", "[0,0,0,0,0,0,0,1,0]"),
    ("{ let b = blob(4); b.write_be(0..4, -2); b.parse_be_int(0..4) }", "4294967294"),
    ("{ let b = blob(8); b.write_be(0..8, -2); b.parse_be_int(0..8) }", "-2"),
    ("{ let b = blob(4); b.write_be(0..4, 1.5); b.to_array() }", "[63,192,0,0]"),
    ("{ let b = blob(4); b.write_be(0..4, 1.5); b.parse_be_float(0..4) }", "1.5"),
    ("{ let b = blob(9); b.write_be(1..=8, 0.1); b.parse_be_float(1, 8) }", "0.1"),
    ("{ let b = blob(4); b.write_le(0..4, 1.5); b.to_array() }", "[0,0,192,63]"),
    ("{ let b = blob(4); b.write_le(0..4, 1.5); b.parse_le_float(0..4) }", "1.5"),
    ("{ let b = blob(8); b.write_le(0..8, 0.1); b.parse_le_float(0..8) }", "0.1"),
    ("{ let b = blob(2); b.write_le(0..2, 258); b.to_array() }", "[2,1]"),
    ("{ let b = blob(3); b.write_le(0..3, 258); b.parse_le_int(0..3) }", "258"),
    ("blob(2).parse_be_float(0..2)", "\"a float has 4 or 8 bytes, not 2\""),
    ("blob(5).write_le(0..5, 1.5)", "\"a float has 4 or 8 bytes, not 5\""),
    ("{ let v = 0; for x in \"ab\".to_blob() { v = v * 256 + x; } v }", "24930"),
    (
        "{ let v = []; for (x, at) in blob(2, 7) { v.push(x == 7 && type_of(x) == type_of(at)); } v }",
        "[true,true]",
    ),
];

#[test]
fn numbers_of_any_size_are_read_and_written_at_either_end() {
    let functions = CASES.iter().enumerate();
    let functions = functions.map(|(at, (expression, _))| {
        format!(
            "fn f{at}() {{ try {{ return {expression}; }} catch (e) {{ return `${{e}}`; }} }}\n"
        )
    });
    let calls = (0..CASES.len()).map(|at| format!("    print(to_json(f{at}()));\n"));
    let script = format!(
        "{}let worker = Worker();\nworker.on_worker_start = |worker| {{\n{}}};\n",
        functions.collect::<String>(),
        calls.collect::<String>()
    );
    let host = TestHost::start(&script);
    let printed = super::printed_lines(&host, CASES.len());
    for (line, (expression, wanted)) in printed.iter().zip(CASES) {
        assert_eq!(line, wanted, "{expression}");
    }
}
