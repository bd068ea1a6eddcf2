//! Forms and queries are taken whole or not at all.

use crate::support::answer::Answer;
use crate::{
    support::exchange::{ask, ask_form, part},
    support::host::TestHost,
};

const ADDRESS: &str = "http://127.0.0.1:0";

const SCRIPT: &str = r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| connection.send(switch request.path() {
    "/form" => `${request.post().len()} fields`,
    "/query" => `${request.get().len()} fields`,
    "/one" => `${request.get("f1")}`,
    "/caught" => {
        let said = "all";
        try { request.post(); } catch (why) { said = Response(422, #{}, why); }
        said
    },
});
"#;

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

fn fields(n: usize) -> String {
    (0..n).map(|n| format!("&f{n}=1")).collect()
}

fn post(host: &mut TestHost, path: &str, body: &str) -> Answer {
    ask(&mut host.tcp(ADDRESS), &format!("POST {path}"), FORM, body.as_bytes())
}

fn get(host: &mut TestHost, target: &str) -> Answer {
    ask(&mut host.tcp(ADDRESS), &format!("GET {target}"), "", b"")
}

#[test]
fn a_form_with_too_many_fields_is_refused_and_not_cut() {
    let mut host = TestHost::start(SCRIPT);
    assert_eq!(post(&mut host, "/form", &fields(1000)).text(), "1000 fields");
    let more = post(&mut host, "/form", &fields(1001));
    let why = "a form with too much in it: more than 1000 fields\n";
    assert_eq!((more.status, more.text()), (413, why));
    let parts: Vec<String> = (0..1001).map(|n| part(&format!("name=\"f{n}\""), "1")).collect();
    assert_eq!(ask_form(&mut host.tcp(ADDRESS), "/form", &parts).status, 413);
    let caught = post(&mut host, "/caught", &fields(1001));
    assert_eq!((caught.status, caught.text()), (422, why.trim_end()));
    assert_eq!(host.errors(), 0, "it is nobody's fault here");
}

#[test]
fn a_query_with_too_many_fields_is_refused() {
    let mut host = TestHost::start(SCRIPT);
    let short = |n: usize| "&a[]".repeat(n);
    assert_eq!(get(&mut host, &format!("/query?{}", short(1000))).text(), "1 fields");
    for path in ["/query", "/one"] {
        let more = get(&mut host, &format!("{path}?{}", short(1001)));
        let why = "a query with too much in it: more than 1000 fields\n";
        assert_eq!((more.status, more.text()), (414, why));
    }
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_name_that_nests_too_deep_is_refused() {
    let mut host = TestHost::start(SCRIPT);
    let deep = |depth: usize| format!("d{}=1", "[x]".repeat(depth));
    assert_eq!(post(&mut host, "/form", &deep(16)).text(), "1 fields");
    let why = "a form with a name that nests more than 16 brackets deep\n";
    let refused = post(&mut host, "/form", &deep(17));
    assert_eq!((refused.status, refused.text()), (400, why));
    let field = part(&format!("name=\"d{}\"", "[x]".repeat(17)), "1");
    let refused = ask_form(&mut host.tcp(ADDRESS), "/form", &[field]);
    assert_eq!((refused.status, refused.text()), (400, why));
    assert_eq!(get(&mut host, &format!("/query?{}", deep(17))).status, 400);
    assert_eq!(post(&mut host, "/form", "a[18446744073709551615]=1&a[]=2").status, 400);
    assert_eq!(host.errors(), 0);
}
