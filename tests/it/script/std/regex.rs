//! `std/regex`: what is found, in texts short and long.

use super::shows;
use crate::{
    script::{TEXT, answers},
    support::{findings, host::TestHost},
};

#[test]
fn matches_are_texts_places_and_groups() {
    shows(
        &["regex"],
        &[
            ("regex::find(`\\d+`, \"none\")", ""),
            ("regex::find_all(`ä+`, \"xäxää\")", "[\"ä\",\"ää\"]"),
            ("regex::index_of(`x`, \"ääx\")", "2"),
            ("regex::positions(`ä+`, \"xäxää\")", "[[1,2],[3,5]]"),
            (
                "regex::captures(`(?<a>x)|(y)`, \"y\")",
                "{\"0\":\"y\",\"1\":null,\"2\":\"y\",\"a\":null}",
            ),
            ("regex::captures_all(`.`, \"ab\").map(|m| m[0])", "[\"a\",\"b\"]"),
            ("regex::split(`,`, \"\")", "[\"\"]"),
            ("regex::split(`,`, \",a,\")", "[\"\",\"a\",\"\"]"),
            ("regex::split(``, \"ab\")", "[\"\",\"a\",\"b\",\"\"]"),
            ("regex::replace_all(regex::compile(`a`, \"i\"), \"Aa\", |m| ())", ""),
            ("regex::replace_all(`a`, \"aa\", |m| 5)", "55"),
            ("regex::compile(`A`, \"i\").is_match(\"a\")", "true"),
            ("`${regex::compile(\"a+\")}`", "a+"),
        ],
    );
}

#[test]
fn what_is_no_pattern_is_an_error_that_names_it() {
    let _meant = findings::meant(&["argument-type"]);
    shows(
        &["regex"],
        &[
            (
                "regex::find(5, \"a\")",
                "error: a pattern is a string or what `compile` gives, not 5",
            ),
            (
                "regex::split(`,`, \"a\", 0)",
                "error: split takes how many parts there are at most, 1 or more, not 0",
            ),
            (
                "regex::find(`(?=a)`, \"a\")",
                "error: `(?=a)` is no pattern: look-around, including look-ahead and look-behind, is not supported at letter 0: such patterns could take time without end; match more and look at a group",
            ),
            ("regex::replace_all(`a`, \"aa\", |m| throw \"mine\")", "error: mine"),
        ],
    );
}

#[test]
fn the_function_that_replaces_may_wait() {
    let script = format!(
        "import \"std/regex\" as regex;\nlet worker = Worker(\"{TEXT}\");\n\
         worker.on_message = |c, line| {{\n\
             c.send(regex::replace_all(`\\d`, line, |m| {{ sleep(0.001); m[0].to_int(0) + 1 }}));\n}};"
    );
    assert_eq!(answers(&script, &["1 2 3"]), ["2 3 4"]);
}

#[test]
fn a_long_text_is_searched_while_others_go_on() {
    let script = format!(
        "import \"std/regex\" as regex;\n\
         let long = \"a\".repeat(1000000) + \"b\";\n\
         print(regex::index_of(\"b\", long));\n\
         let worker = Worker(\"{TEXT}\");\n\
         let searching = 0; let seen = 0;\n\
         worker.on_message = |c, line| {{\n\
             if line == \"search\" {{\n\
                 searching += 1;\n\
                 let found = regex::replace_all(`[^b]`, long, \"\");\n\
                 searching -= 1;\n\
                 c.send(`${{found}} ${{seen}}`);\n\
             }} else {{ seen += searching; c.send(\"here\"); }}\n}};"
    );
    let mut host = TestHost::start(&script);
    host.wait_for_log("1000000");
    let (mut one, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    one.send("search\n");
    while !one.has_news() {
        assert_eq!(other.ask("?"), "here");
    }
    let answer = one.line();
    let seen = answer.strip_prefix("b ").expect("what is left");
    assert!(seen.parse::<u32>().expect("a number") > 0, "nobody else was served");
}

#[test]
fn a_result_that_is_too_big_ends_in_an_error() {
    let script = format!(
        "import \"std/regex\" as regex;\nlet worker = Worker(\"{TEXT}\");\n\
         worker.on_message = |c, line| {{\n\
             let text = \"a\".repeat(line.to_int(0));\n\
             try {{ c.send(`${{regex::replace_all(\"a\", text, text).len()}}`); }}\n\
             catch (e) {{ c.send(e); }}\n}};"
    );
    let told = "what the search found would be bigger than 256 MiB, the limit of one value";
    assert_eq!(answers(&script, &["10", "40000", "100000"]), ["100", told, told]);
}
