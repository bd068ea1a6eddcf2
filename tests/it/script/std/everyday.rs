//! What everybody looks for on a first day, by the names that PHP has for it: each row is a line that a script can write, and
//! what it gives.

use super::shows;
use crate::support::host::TestHost;

#[test]
fn the_time_a_date_and_its_format() {
    shows(
        &["time"],
        &[
            ("let now = time::now(); now > 1.7e9 && time::now() >= now", "true"),
            ("time::date(2024, 2, 29).add(\"1 year\").format(\"%Y-%m-%d\")", "2025-02-28"),
            ("time::at(0, \"Europe/Berlin\").format(\"%H:%M %Z\")", "01:00 CET"),
            ("time::format(\"%d.%m.%Y\", 86400 * 365)", "01.01.1971"),
            ("time::parse(\"Tue, 01 Dec 2026 03:43:11 GMT\").unix", "1796096591"),
            ("time::utc().start_of(\"day\").add(\"1 day\") > time::utc()", "true"),
        ],
    );
}

#[test]
fn chance() {
    shows(
        &["random", "regex"],
        &[
            ("let n = random::int(1, 6); n >= 1 && n <= 6", "true"),
            (
                "regex::is_match(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, random::uuid())",
                "true",
            ),
            (
                "let list = [1, 2, 3]; random::shuffle(list).sum() == 6 && random::choice(list) in list",
                "true",
            ),
            ("let list = [3, 1, 2]; list.shuffle(); list.len", "3"),
            ("random::token().len >= 20 && random::token() != random::token()", "true"),
        ],
    );
}

#[test]
fn digests_passwords_and_secrets() {
    shows(
        &["crypto"],
        &[
            ("crypto::md5(\"abc\")", "900150983cd24fb0d6963f7d28e17f72"),
            ("crypto::sha1(\"abc\")", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "crypto::sha256(\"abc\")",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "crypto::hmac(\"sha1\", \"data\", \"key\")",
                "104152c5bfdca07bc633eebd46199f0255c9f49d",
            ),
            ("crypto::crc32(\"123456789\")", "3421780262"),
            ("crypto::equals(\"a\", \"a\") && !crypto::equals(\"a\", \"b\")", "true"),
            (
                "let hash = crypto::hash_password(\"secret\"); \
                 `${crypto::verify_password(\"secret\", hash)} ${crypto::verify_password(\"other\", hash)}`",
                "true false",
            ),
        ],
    );
}

#[test]
fn patterns() {
    shows(
        &["regex"],
        &[
            ("regex::is_match(`^[^@\\s]+@[^@\\s]+$`, \"ann@example.com\")", "true"),
            ("regex::captures(`(?<year>\\d{4})-(\\d\\d)`, \"on 2026-12-01\").year", "2026"),
            ("regex::replace_all(`\\d+`, \"a1b22\", |found| `<${found[0]}>`)", "a<1>b<22>"),
            ("regex::split(`\\s*,\\s*`, \"a , b,c\")", "[\"a\",\"b\",\"c\"]"),
            ("regex::find_all(`\\w+`, \"one two\")", "[\"one\",\"two\"]"),
        ],
    );
}

#[test]
fn numbers_and_texts() {
    shows(
        &[],
        &[
            ("3.14159.fixed(2).pad_left(8, '0')", "00003.14"),
            ("1234567.891.format(2)", "1,234,567.89"),
            ("1234567.thousands()", "1,234,567"),
            ("2.345.round(2)", "2.35"),
            ("\"7\".pad_left(3, '0')", "007"),
            ("\"7\".pad_right(3, '.')", "7.."),
            ("\" a \".trimmed() + \"!\"", "a!"),
            ("\"42\".to_int(0) + \"x\".to_int(1) + ().to_int(2) + 3.9.to_int(0)", "48"),
            ("\"a-b-c\".replace_all(\"-\", \"+\")", "a+b+c"),
            ("\"one\\ntwo\".lines().len", "2"),
        ],
    );
}

#[test]
fn arrays() {
    shows(
        &[],
        &[
            ("[1, 2, 3].join(\", \")", "1, 2, 3"),
            ("[1, 2, 3, 4].slice(1, 3)", "[2,3]"),
            ("[1, 2, 1].unique()", "[1,2]"),
            ("[1, 2.5].sum()", "3.5"),
            ("[[1], [2, [3]]].flatten()", "[1,2,[3]]"),
            ("`${[1, 2].first()} ${[1, 2].last()} ${[].first() == ()}`", "1 2 true"),
            ("let list = [1, 2, 3]; list.swap(0, 2); list", "[3,2,1]"),
            ("`${[3, 1].min()} ${[3, 1].max()}`", "1 3"),
            ("[1, 2, 3].chunk(2)", "[[1,2],[3]]"),
            ("#{ a: 1, b: 2 }.pick([\"b\"]).merge(#{ c: 3 })", "{\"b\":2,\"c\":3}"),
        ],
    );
}

#[test]
fn encodings() {
    shows(
        &["encoding", "bytes"],
        &[
            ("encoding::base64_encode(\"hi there\")", "aGkgdGhlcmU="),
            ("encoding::base64_decode(\"aGk=\").as_string()", "hi"),
            ("encoding::hex_encode(\"hi\")", "6869"),
            ("encoding::hex_decode(\"6869\").as_string()", "hi"),
            ("bytes::pack(\">HB\", [258, 7])", "[010207]"),
            ("bytes::unpack(\">HB\", bytes::pack(\">HB\", [258, 7]))", "[258,7]"),
            ("bytes::reader(bytes::pack(\">H\", [258])).u16_be()", "258"),
            ("encoding::url_encode(\"a b&c\")", "a%20b%26c"),
            ("encoding::url_decode(\"a%20b\")", "a b"),
            ("encoding::parse_url(\"http://example.com:81/x?y=1\").port", "81"),
            ("encoding::parse_url(\"http://[::1]/\").host", "[::1]"),
            ("encoding::parse_url(\"//a@b:c@d\").user", "a@b"),
            ("encoding::parse_url(\"http://a:99999/\") == ()", "true"),
            ("encoding::parse_url(\"not an address\") == ()", "true"),
            ("encoding::parse_query(\"a=1&b[]=2\").b", "[\"2\"]"),
            ("encoding::html_escape(\"<b>\")", "&lt;b&gt;"),
            ("encoding::parse_csv(\"a;b\", #{ separator: ';', header: false })[0][1]", "b"),
            ("encoding::parse_toml(\"a = 1\").a", "1"),
        ],
    );
}

#[test]
fn files_and_what_is_around_the_script() {
    shows(
        &["file", "env", "process"],
        &[
            (
                "file::mkdir(\"d\"); file::write(\"d/a\", \"one\\n\"); file::append(\"d/a\", \"two\"); file::read(\"d/a\").lines()",
                "[\"one\",\"two\"]",
            ),
            ("`${file::exists(\"d/a\")} ${file::exists(\"d/b\")}`", "true false"),
            (
                "env::get(\"PATH\").len > 0 && env::get(\"NO_SUCH_NAME\", \"none\") == \"none\"",
                "true",
            ),
            ("env::arguments().len", "0"),
            ("process::run(\"echo\", [\"hi\"]).stdout.trimmed()", "hi"),
        ],
    );
}

#[test]
fn big_endian_numbers_of_two_bytes_and_hex_of_blobs() {
    shows(
        &["bytes"],
        &[
            ("let b = blob(2); b.write_be(0..2, 258); b", "[0102]"),
            ("let b = blob(4); b[2] = 1; b[3] = 2; b.parse_be_int(0..4)", "258"),
            ("let v = 0; for x in blob(2, 1) { v = v * 256 + x; } v", "257"),
            ("bytes::hex_dump(blob(2, 255)).contains(\"ff ff\")", "true"),
        ],
    );
}

#[test]
fn a_page_escapes_what_a_name_says_and_configuration_is_a_file() {
    let script = r#"
import "std/template" as template;
import "std/file" as file;
import "std/encoding" as encoding;
let settings = encoding::parse_toml(file::read("app.toml"));
let worker = Worker();
worker.on_worker_start = |worker| {
    print(template::render("page.html", #{ name: settings.name }));
};
"#;
    let files = [("app.toml", "name = \"<i>\""), ("templates/page.html", "<b>{{ name }}</b>")];
    let host = TestHost::start_with(script, &files);
    host.wait_for_log("<b>&lt;i&gt;</b>");
}
