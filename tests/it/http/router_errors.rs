//! What an app's `on_error` learns of an error, and what the log does.

use crate::{
    support::answer::{ask, get},
    support::exchange,
    support::{findings, host::TestHost},
};
use rhost::Level;

const ADDRESS: &str = "http://127.0.0.1:0";

fn start(routes: &str) -> TestHost {
    TestHost::start(&format!(
        "import \"std/router\" as router;
let worker = Worker(\"{ADDRESS}\");
let app = router::create();
worker.on_message = |connection, request| router::handle(app, connection, request);
{routes}"
    ))
}

/// Tells all that it is told.
const TELLING: &str = r#"
router::on_error(app, |request, error| Response(error.status, #{},
    `${error.message}|${error.file}:${error.line}:${error.column}|${error.report}`));
"#;

#[test]
fn an_error_is_told_with_its_place_in_the_users_code_and_the_report() {
    let mut host = start(&format!(
        "router::get(app, \"/users/:id\", |request| {{\n    let list = [1];\n    list[7]\n}});{TELLING}"
    ));
    let (status, text) = get(&mut host.tcp(ADDRESS), "/users/7");
    assert_eq!(status, 500);
    let mut parts = text.splitn(3, '|');
    assert!(parts.next().unwrap().contains("out of bounds"), "{text}");
    assert_eq!(parts.next(), Some("main.rhai:7:10"), "{text}");
    let report = parts.next().unwrap();
    assert!(report.contains("list[7]") && report.contains('^'), "{report}");
    assert!(report.contains("for GET /users/7 (route /users/:id)"), "{report}");
    // The log has its report all the same, and the error counts.
    let fault = host.fault().to_string();
    assert!(fault.contains("list[7]") && fault.contains("main.rhai:7:10"), "{fault}");
    assert!(fault.contains("for GET /users/7 (route /users/:id)"), "{fault}");
    assert_eq!(host.errors(), 1);
}

#[test]
fn an_answer_that_cannot_be_sent_is_an_error_of_its_route() {
    let mut host = start(
        r#"router::after(app, |request, response| response.with_header("X-After", "1"));
router::on_error(app, |request, error| Response(error.status, #{}, `${error.file}:${error.line} ${error.message}`));
router::get(app, "/nan", |request| #{ average: 0.0 / 0.0 });
router::get(app, "/fn/:id", |request| || 1);
router::get(app, "/deep", |request| #{ list: [|| 1] });
router::get(app, "/connection", |request| request.connection);
let group = router::group(app, "/group", |g| {
    router::before(g, |request| #{ f: || 1 });
    router::get(g, "/", |request| 1);
});
router::get(app, "/redirect", |request| Response::redirect("a\r\n"));
router::get(app, "/json", |request| {
    Response::json(|| 1)
});"#,
    );
    for (path, line, says, note) in [
        ("/nan", 7, "cannot be sent", "for GET /nan"),
        ("/fn/7", 8, "a function cannot be sent", "for GET /fn/7 (route /fn/:id)"),
        ("/deep", 9, "cannot be sent", "for GET /deep"),
        ("/connection", 10, "cannot be sent", "for GET /connection"),
        ("/group", 12, "cannot be sent", "for GET /group"),
        ("/redirect", 15, "line break", "for GET /redirect"),
        ("/json", 17, "cannot be sent", "for GET /json"),
    ] {
        let answer = ask(&mut host.tcp(ADDRESS), "GET", path, &[]);
        assert_eq!(answer.status, 500, "{path}");
        assert!(
            answer.text().starts_with(&format!("main.rhai:{line} ")),
            "{path}: {}",
            answer.text()
        );
        assert!(answer.text().contains(says), "{path}: {}", answer.text());
        assert_eq!(answer.header("x-after"), Some("1"), "{path}");
        let fault = host.fault().to_string();
        assert!(fault.contains(&format!("main.rhai:{line}:")) && fault.contains(note), "{fault}");
    }
}

#[test]
fn what_a_script_throws_is_given_as_it_is() {
    let mut host = start(
        r#"
        router::get(app, "/text", |request| { throw "no luck"; });
        router::get(app, "/map", |request| { throw #{ status: 404, why: "gone" }; });
        router::get(app, "/deep", |request| deep(request));
        fn deep(_request) {
            throw 7
        }
        router::on_error(app, |request, error| switch type_of(error) {
            "string" => Response(500, #{}, `text ${error}`),
            "map" => Response(error.status, #{}, error.why),
            _ => Response(422, #{}, `${error + 1}`),
        });
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/text"), (500, "text no luck".into()));
    assert_eq!(get(&mut client, "/map"), (404, "gone".into()));
    assert_eq!(get(&mut client, "/deep"), (422, "8".into()));
    // Where the app's answer says that something failed, the log has the report, too.
    let told = host.wait_for_log("error: no luck");
    assert_eq!(told.level, Level::Warn);
    assert!(told.message.contains("throw \"no luck\"") && told.message.contains("GET /text"));
    assert_eq!((host.errors(), host.logged("gone"), host.logged("deep")), (0, 0, 0));
}

#[test]
fn a_form_that_cannot_be_read_is_the_apps_to_answer_with_its_status() {
    let read = "router::post(app, \"/\", |request| request.post());";
    let mut host = start(&format!("{read}{TELLING}"));
    let broken = "Content-Type: multipart/form-data; boundary=B\r\n";
    let ask = |host: &mut TestHost, headers: &str, body: &str| {
        exchange::ask(&mut host.tcp(ADDRESS), "POST /", headers, body.as_bytes())
    };
    let answer = ask(&mut host, broken, "--B\r\n\r\nno name\r\n--B--\r\n");
    assert_eq!(answer.status, 400);
    assert!(answer.text().starts_with("a multipart body that cannot be read"), "{}", answer.text());
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    assert_eq!(ask(&mut host, form, &"a&".repeat(1001)).status, 413);
    assert_eq!(host.errors(), 0, "it is the client's fault");
    let mut host = start(&format!(
        "{read} router::on_error(app, |request, error| Response(422, #{{}}, `${{error.status}}`));"
    ));
    let answer = ask(&mut host, broken, "nothing");
    assert_eq!((answer.status, answer.text()), (422, "400"));
    assert_eq!(host.errors(), 0);
}

#[test]
fn an_app_that_cannot_answer_an_error_loses_neither() {
    let mut host = start(
        r#"
        router::get(app, "/", |request| { throw "the first"; });
        router::on_error(app, |request, error| { throw "the second"; });
        "#,
    );
    assert_eq!(get(&mut host.tcp(ADDRESS), "/").0, 500);
    assert!(host.fault().to_string().contains("the second"));
    host.wait_for_log("error: the first");
}

#[test]
fn what_was_answered_before_an_error_stays_and_the_error_is_told() {
    let mut host = start(
        r#"
        router::get(app, "/sent", |request| { request.connection.send("sent"); throw "late"; });
        router::get(app, "/stream", |request| {
            request.connection.send(Response(200, #{ "Transfer-Encoding": "chunked" }, "begun"));
            throw "in the middle";
        });
        router::on_error(app, |request, error| Response(404, #{}, "never sent"));
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/sent"), (200, "sent".into()));
    assert!(host.fault().to_string().contains("late"));
    assert_eq!(get(&mut client, "/nothing").0, 404, "the connection goes on");
    client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    let cut = String::from_utf8(client.rest()).expect("text");
    assert!(cut.contains("begun") && !cut.ends_with("0\r\n\r\n"), "{cut}");
    assert!(host.fault().to_string().contains("in the middle"));
}

#[test]
fn a_handler_that_never_ends_is_no_matter_of_the_app() {
    let mut host = start(
        r#"
        worker.handler_timeout = 0.05;
        router::get(app, "/", |request| { loop {} });
        router::on_error(app, |request, error| "never");
        "#,
    );
    assert_eq!(get(&mut host.tcp(ADDRESS), "/").0, 500);
    assert!(host.fault().to_string().contains("without waiting"));
}

#[test]
fn the_log_tells_which_request_an_error_cost() {
    let _meant = findings::meant(&["unknown-function"]);
    let mut host = start(
        r#"
        router::get(app, "/twice", |request| request.nothing());
        let plain = Worker("http://127.0.0.1:0/");
        "#
        .replace("let plain = Worker(\"http://127.0.0.1:0/\");", "")
        .as_str(),
    );
    let long = format!("/twice?{}", "x".repeat(500));
    assert_eq!(ask(&mut host.tcp(ADDRESS), "GET", &long, &[]).status, 500);
    let fault = host.fault().to_string();
    assert!(fault.contains("connection 1, for GET /twice, generation"), "{fault}");
    let mut host = TestHost::start(
        r#"
        let worker = Worker("http://127.0.0.1:0");
        worker.on_message = |connection, request| throw "no";
        "#,
    );
    let path = format!("/{}", "x".repeat(500));
    assert_eq!(ask(&mut host.tcp(ADDRESS), "PURGE", &path, &[]).status, 500);
    let fault = host.fault().to_string();
    let shown = format!("for PURGE /{}…, generation", "x".repeat(199));
    assert!(fault.contains(&shown), "{fault}");
}

#[test]
fn a_handler_that_gives_no_answer_is_told_when_nobody_has_answered() {
    let mut host = start(
        r#"
        worker.response_timeout = 0.05;
        router::get(app, "/users/:id", |request| true);
        router::get(app, "/unit", |request| ());
        "#,
    );
    for (path, told) in [
        ("/users/7", "GET /users/7 (route /users/:id) was not answered within response_timeout"),
        ("/unit", "GET /unit was not answered within response_timeout"),
    ] {
        assert_eq!(get(&mut host.tcp(ADDRESS), path).0, 504, "{path}");
        let line = host.wait_for_log(told).to_string();
        assert!(line.contains("on_message at main.rhai:4"), "{line}");
        assert_eq!(line.contains("gave true and"), path == "/users/7", "{line}");
    }
}
