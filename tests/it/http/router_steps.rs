//! Which steps of an app and its groups come by, whoever answers.

use crate::{
    support::answer::{Answer, ask},
    support::{findings, host::TestHost},
};

const ADDRESS: &str = "http://127.0.0.1:0";

fn start(routes: &str) -> TestHost {
    TestHost::start(&format!(
        "import \"std/router\" as router;
        let worker = Worker(\"{ADDRESS}\");
        let app = router::create();
        router::after(app, |request, response| response.with_header(\"X-App\", \"1\"));
        {routes}
        worker.on_message = |connection, request| router::handle(app, connection, request);"
    ))
}

/// Status, the app's and the group's header.
fn steps(answer: &Answer) -> (u16, Option<&str>, Option<&str>) {
    (answer.status, answer.header("X-App"), answer.header("X-Api"))
}

const GROUP: &str = r#"
router::group(app, "/api", |api| {
    router::before(api, |request| {
        if request.method() == "OPTIONS" { return Response(204, #{ "Access-Control-Allow-Methods": "POST" }); }
        request.seen = request.params.id;
    });
    router::after(api, |request, response| response.with_header("X-Api", `${request.seen}.`));
    router::post(api, "/items/:id", |request| "made");
});
"#;

#[test]
fn a_path_belongs_to_its_group_whatever_method_asks_for_it() {
    let mut host = start(GROUP);
    let mut client = host.tcp(ADDRESS);
    let made = ask(&mut client, "POST", "/api/items/7", &[]);
    assert_eq!(steps(&made), (200, Some("1"), Some("7.")));
    let preflight = ask(&mut client, "OPTIONS", "/api/items/7", &[]);
    assert_eq!(steps(&preflight), (204, Some("1"), Some(".")));
    assert_eq!(preflight.header("Access-Control-Allow-Methods"), Some("POST"));
    let other = ask(&mut client, "DELETE", "/api/items/7", &[]);
    assert_eq!(steps(&other), (405, Some("1"), Some("7.")));
    assert_eq!(other.header("Allow"), Some("OPTIONS, POST"));
    assert_eq!(steps(&ask(&mut client, "GET", "/api/nothing", &[])), (404, Some("1"), None));
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_preflight_belongs_to_the_group_of_the_method_that_it_asks_for() {
    let mut host = start(
        r#"
        router::get(app, "/items", |request| "all");
        router::group(app, "", |open| {
            router::after(open, |request, response| response.with_header("X-Api", "open"));
            router::put(open, "/items", |request| "put");
            router::group(open, "", |inner| {
                router::after(inner, |request, response| response.with_header("X-Inner", "1"));
                router::patch(inner, "/items", |request| "patched");
                router::patch(inner, "/both", |request| "patched");
            });
            router::put(open, "/both", |request| "put");
        });
        router::group(app, "", |closed| {
            router::after(closed, |request, response| response.with_header("X-Api", "closed"));
            router::post(closed, "/items", |request| "made");
        });
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    let mut api = |method: &str, path: &str, wanted: &str| {
        let line = format!("Access-Control-Request-Method: {wanted}");
        let answer = ask(&mut client, method, path, &[&line]);
        let api = answer.header("X-Api").map(str::to_owned);
        (api, answer.header("X-Inner").is_some())
    };
    assert_eq!(api("OPTIONS", "/items", "POST"), (Some("closed".into()), false));
    assert_eq!(api("OPTIONS", "/items", "PUT"), (Some("open".into()), false));
    assert_eq!(api("OPTIONS", "/items", "PATCH"), (Some("open".into()), true));
    assert_eq!(api("OPTIONS", "/items", "HEAD"), (None, false));
    // What nobody asks for belongs to the groups that all of the path's routes are in.
    assert_eq!(api("OPTIONS", "/items", "PURGE"), (None, false));
    assert_eq!(api("DELETE", "/items", "POST"), (None, false));
    assert_eq!(api("DELETE", "/both", "POST"), (Some("open".into()), false));
    assert_eq!(host.errors(), 0);
}

#[test]
fn answers_to_errors_come_by_what_runs_after() {
    let _meant = findings::meant(&["unknown-function"]);
    let throws = r#"
        router::group(app, "/api", |api| {
            router::after(api, |request, response| response.with_header("X-Api", "1"));
            router::get(api, "/boom", |request| { throw "x"; });
            router::get(api, "/bug", |request| request.nothing());
            router::get(api, "/form", |request| request.get());
        });
    "#;
    let mut host = start(throws);
    let mut client = host.tcp(ADDRESS);
    for path in ["/api/boom", "/api/bug"] {
        let answer = ask(&mut client, "GET", path, &[]);
        assert_eq!(steps(&answer), (500, Some("1"), Some("1")), "{path}");
        assert_eq!(answer.text(), "the handler of this request failed\n");
    }
    let fields = "a&".repeat(1001);
    let refused = ask(&mut client, "GET", &format!("/api/form?{fields}"), &[]);
    assert_eq!(steps(&refused), (414, Some("1"), Some("1")));
    assert_eq!(host.errors(), 2);
    let own = "router::on_error(app, |request, error| Response(503, #{}, \"sorry\"));";
    let mut host = start(&format!("{own}{throws}"));
    let answer = ask(&mut host.tcp(ADDRESS), "GET", "/api/boom", &[]);
    assert_eq!((steps(&answer), answer.text()), ((503, Some("1"), Some("1")), "sorry"));
}

#[test]
fn a_step_after_that_fails_costs_the_answer_and_is_told() {
    let mut host = start(
        r#"
        router::after(app, |request, response| { if request.path() == "/bad" { throw "after"; } });
        router::any(app, "/:x", |request| "answer");
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    assert_eq!(ask(&mut client, "GET", "/good", &[]).text(), "answer");
    assert_eq!(ask(&mut client, "GET", "/bad", &[]).status, 500);
    assert!(host.fault().to_string().contains("error: after"));
}

#[test]
fn what_is_for_a_whole_app_is_not_taken_from_a_group() {
    for call in ["on_error(group, |request, error| 1)", "not_found(group, |request| 1)"] {
        let script = format!(
            "import \"std/router\" as router;
            let app = router::create();
            router::group(app, \"/a\", |group| router::{call});
            let worker = Worker(\"{ADDRESS}\");"
        );
        let error = TestHost::try_start(&script, &[]).err().expect("refused").to_string();
        assert!(error.contains("is for a whole app") && error.contains("main.rhai:3"), "{error}");
    }
}
