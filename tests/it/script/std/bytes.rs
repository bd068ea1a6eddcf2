//! `std/bytes`: layouts, readers and writers.

use super::shows;
use crate::{
    script::{TEXT, answers},
    support::{findings, host::TestHost},
};

#[test]
fn a_message_is_packed_and_read_again() {
    let script = format!(
        "import \"std/bytes\" as bytes;\nlet worker = Worker(\"{TEXT}\");\n\
         worker.on_message = |c, line| {{\n\
             let body = line.to_blob();\n\
             let message = bytes::writer().u8(1).u32_be(body.len()).blob(body).f64_le(0.5).to_blob();\n\
             let reader = bytes::reader(message);\n\
             let kind = reader.u8();\n\
             let text = reader.text(reader.u32_be());\n\
             c.send(`${{kind}} ${{text}} ${{reader.f64_le()}} ${{reader.remaining}}`);\n}};"
    );
    assert_eq!(answers(&script, &["hello", "größer"]), ["1 hello 0.5 0", "1 größer 0.5 0"]);
}

#[test]
fn values_go_into_bytes_and_out_of_them() {
    shows(
        &["bytes"],
        &[
            (
                "bytes::unpack(\"<iHz*r\", bytes::pack(\"<iHz*r\", [-1, 7, \"a\", \"b\".to_blob()])).slice(0, 3)",
                "[-1,7,\"a\"]",
            ),
            ("bytes::pack(\"*B\", parse_json(\"[1, 2]\"))", "[0102]"),
            ("bytes::unpack(\"B\", bytes::pack(\"BB\", [1, 2]))", "[1]"),
            ("bytes::index_of(\"abcabc\".to_blob(), \"c\".to_blob(), -3)", "5"),
            ("bytes::index_of(\"abc\".to_blob(), \"a\".to_blob(), 99)", "-1"),
            (
                "let w = bytes::writer(); w.u8(1); let same = w; same.u8(2); `${w.len} ${w}`",
                "2 ByteWriter(2 bytes)",
            ),
            ("let r = bytes::reader(blob(3)); r.skip(2); `${r}`", "ByteReader(position 2 of 3)"),
            ("bytes::reader(bytes::pack(\"q\", [-2])).i64_be()", "-2"),
        ],
    );
}

#[test]
fn what_does_not_fit_is_an_error_that_names_it() {
    let _meant = findings::meant(&["argument-type"]);
    shows(
        &["bytes"],
        &[
            ("bytes::pack(\"B\", [256])", "error: value 0: `B` takes 0 to 255, not 256"),
            ("bytes::pack(\"B\", 1)", "error: pack takes the values as an array, not 1"),
            (
                "bytes::pack(\"w\", [])",
                "error: the layout `w` has the letter `w`; letters are x ? b B h H i I q Q f d v s r z, `>` and `<` before them give the order of bytes",
            ),
            (
                "bytes::pack(\"60000000x60000000x60000000x60000000x60000000x\", [])",
                "error: the blob would be bigger than 256 MiB, the limit of one value",
            ),
            ("bytes::writer().u16_be(65536)", "error: u16_be takes 0 to 65535, not 65536"),
            (
                "bytes::writer().zeros(1 << 40)",
                "error: the writer would be bigger than 256 MiB, the limit of one value",
            ),
            (
                "bytes::reader(blob(1)).u16_be()",
                "error: u16_be needs 2 bytes, and 1 are left at position 0 of 1",
            ),
            ("bytes::reader(blob(1)).seek(2)", "error: position 2 is outside of these 1 bytes"),
            (
                "bytes::reader(blob(8, 255)).u64_be()",
                "error: u64_be is 18446744073709551615, more than the 9223372036854775807 that a number of a script can be: read it with a sign, or as two halves",
            ),
        ],
    );
}

#[test]
fn a_writer_that_grows_without_end_is_stopped() {
    let script = format!(
        "import \"std/bytes\" as bytes;\nlet worker = Worker(\"{TEXT}\");\n\
         worker.on_message = |c, line| {{\n\
             let writer = bytes::writer().zeros(1000000);\n\
             try {{ loop {{ writer.blob(writer.to_blob()); }} }} catch (e) {{ c.send(`${{e}}`); }}\n}};"
    );
    let mut host = TestHost::start(&script);
    let told = host.tcp(TEXT).ask("go");
    assert!(
        told.starts_with("the writer would be") || told.starts_with("the blob would be"),
        "{told}"
    );
}
