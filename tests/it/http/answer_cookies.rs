//! Cookies that answers set, of which one of a name is enough.

use crate::{
    support::answer::{Answer, ask},
    support::host::TestHost,
};

const ADDRESS: &str = "http://127.0.0.1:0";

fn cookies(answer: &Answer) -> Vec<&str> {
    let lines = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    lines.map(|(_, value)| value.split(';').next().unwrap_or_default()).collect()
}

#[test]
fn a_cookie_takes_the_place_of_the_same() {
    let mut host = TestHost::start(
        r#"
        let page = Response(200, #{}, "page");
        let worker = Worker("http://127.0.0.1:0");
        worker.on_message = |connection, request| connection.send(switch request.path() {
            "/twice" => Response().cookie("a", "1").cookie("b", "1").cookie("a", "2"),
            "/paths" => Response().cookie("a", "1").cookie("a", "2", #{ path: "/x" }),
            "/header" => Response(200, #{ "Set-Cookie": ["a=1; Path=/", "a=2; path=/"] }).cookie("a", "3"),
            "/page" => page.cookie("user", request.get("u")),
            "/clash" => { request.session().set("a", 1); Response().cookie("session_id", "mine") },
            _ => 1
        });
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    let mut get = |path: &str| ask(&mut client, "GET", path, &[]);
    assert_eq!(cookies(&get("/twice")), ["b=1", "a=2"]);
    assert_eq!(cookies(&get("/paths")), ["a=1", "a=2"]);
    assert_eq!(cookies(&get("/header")), ["a=3"]);
    assert_eq!(cookies(&get("/page?u=ann")), ["user=ann"]);
    assert_eq!(cookies(&get("/page?u=bob")), ["user=bob"], "and nothing of ann");
    let clash = get("/clash");
    assert_eq!(cookies(&clash).len(), 1, "{clash:?}");
    assert!(cookies(&clash)[0].len() > 64, "it is that of the session: {clash:?}");
}

#[test]
fn a_response_that_is_kept_does_not_fill_up_with_cookies() {
    let mut host = TestHost::start(
        r#"
        let page = Response(200, #{}, "page");
        let worker = Worker("http://127.0.0.1:0");
        worker.on_message = |connection, request| {
            for n in 0..300 { page.cookie("n", `${n}`); }
            connection.send(page);
        };
        "#,
    );
    assert_eq!(cookies(&ask(&mut host.tcp(ADDRESS), "GET", "/", &[])), ["n=299"]);
    assert_eq!(host.errors(), 0);
}
