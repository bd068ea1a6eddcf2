//! `std/cookie`.

use super::{printed, said};

const SECRET: &str = "\"0123456789abcdef\"";

#[test]
fn a_value_comes_back_under_its_name_alone() {
    let body = format!(
        r#"
let text = cookie::sign("user", #{{ id: 7, tags: ["a"] }}, {SECRET}, 60);
print(cookie::verify("user", text, {SECRET}));
print(cookie::verify("admin", text, {SECRET}) == ());
print(cookie::verify("user", text + "x", {SECRET}) == ());
print(cookie::verify("user", (), {SECRET}) == ());
print(cookie::verify("user", text, ["another secret 1", {SECRET}]).id);
print(cookie::verify("user", cookie::sign("user", 1, {SECRET}, 0), {SECRET}) == ());
print(cookie::verify("user", cookie::sign("user", "no end", {SECRET}), {SECRET}));
"#
    );
    let wanted = [r#"{"id":7,"tags":["a"]}"#, "true", "true", "true", "7", "true", "no end"];
    assert_eq!(printed(&["cookie"], &body), wanted);
}

#[test]
fn a_token_of_a_form_belongs_to_a_session() {
    let body = format!(
        r#"
let token = cookie::csrf_token("session 1", {SECRET});
print(cookie::is_csrf_token(token, "session 1", {SECRET}));
print(cookie::is_csrf_token(token, "session 2", {SECRET}));
print(cookie::is_csrf_token((), "session 1", {SECRET}));
print(cookie::csrf_token("session 1", {SECRET}) == token);
print(cookie::is_csrf_token(cookie::sign("session 1", "", {SECRET}), "session 1", {SECRET}));
print(cookie::is_csrf_token(cookie::csrf_token("session 1", {SECRET}, 0), "session 1", {SECRET}));
"#
    );
    assert_eq!(printed(&["cookie"], &body), ["true", "false", "false", "false", "false", "false"]);
}

#[test]
fn mistakes_are_told_and_secrets_are_not() {
    let cases = [
        ("cookie::sign(\"a\", 1, \"geheim\")", "sign: a secret has at least 16 bytes, not 6"),
        ("cookie::verify(\"a\", \"\", 4711)", "verify: a secret is a string or a blob"),
        ("cookie::sign(\"a\", 1, [])", "sign: there are 1 to 8 secrets, not 0"),
        ("cookie::csrf_token(\"\", \"0123456789abcdef\")", "csrf_token: the session's id is empty"),
        (
            "let s = \"\"; s.pad(4000, \"x\"); cookie::sign(\"a\", s, \"0123456789abcdef\")",
            "browsers keep cookies of at most 4096",
        ),
        (
            "cookie::sign(\"a\", 1, \"0123456789abcdef\", -1)",
            "sign: the life of the cookie is a number of seconds",
        ),
    ];
    for (call, wanted) in cases {
        let text = said(&["cookie"], call);
        assert!(text.contains(wanted), "{call}: {text}");
        assert!(
            !text.contains("geheim") && !text.contains("4711"),
            "{call} shows a secret: {text}"
        );
    }
}
