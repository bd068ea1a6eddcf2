//! `std/router` on the wire, and across reloads.

use crate::support::{
    answer::{ask, get},
    host::TestHost,
};

const ADDRESS: &str = "http://127.0.0.1:0";

/// A server whose app has these routes.
fn script(routes: &str) -> String {
    format!(
        "import \"std/router\" as router;
        let worker = Worker(\"{ADDRESS}\");
        let app = router::create();
        {routes}
        worker.on_message = |connection, request| router::handle(app, connection, request);
        Worker::run_all();"
    )
}

fn start(routes: &str) -> TestHost {
    TestHost::start(&script(routes))
}

#[test]
fn routes_have_methods_and_parameters() {
    let mut host = start(
        r#"
        router::get(app, "/", |request| "home");
        router::get(app, "/users/:id", |request| #{ id: request.params.id });
        router::get(app, "/users/me", |request| "me");
        router::post(app, "/users", |request| Response(201, #{}, request.post("name")));
        router::put(app, "/users/:id/posts/:post", |request| `${request.params.id} ${request.params.post}`);
        router::patch(app, "/p", |request| "patched");
        router::delete(app, "/p", |request| "deleted");
        router::any(app, "/any", |request| request.method());
        router::get(app, "/files/*path", |request| request.params.path + " " + request.rest);
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    for (path, body) in [
        ("/", "home"),
        ("/users/7", "{\"id\":\"7\"}"),
        ("/users/7/?x=y", "{\"id\":\"7\"}"),
        ("/users/a%20b%2Fc", "{\"id\":\"a b/c\"}"),
        ("/users/me", "me"),
        ("/any", "GET"),
        ("/files/a%20b/c", "a b/c /a%20b/c"),
    ] {
        assert_eq!(get(&mut client, path), (200, body.into()), "{path}");
    }
    assert_eq!(ask(&mut client, "PUT", "/users/7/posts/8", &[]).text(), "7 8");
    assert_eq!(ask(&mut client, "PATCH", "/p", &[]).text(), "patched");
    assert_eq!(ask(&mut client, "DELETE", "/p", &[]).text(), "deleted");
    assert_eq!(ask(&mut client, "PURGE", "/any", &[]).text(), "PURGE");
    client.send("POST /users HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nname=ann");
    let made = crate::support::answer::Answer::read(&mut client);
    assert_eq!((made.status, made.text()), (201, "ann"));
    assert_eq!(host.errors(), 0);
}

#[test]
fn what_has_no_route_is_404_and_another_method_405() {
    let mut host = start(
        r#"
        router::get(app, "/a", |request| "a");
        router::post(app, "/a", |request| "posted");
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/b"), (404, "not found\n".into()));
    let other = ask(&mut client, "DELETE", "/a", &[]);
    assert_eq!((other.status, other.header("Allow")), (405, Some("GET, HEAD, OPTIONS, POST")));
    let options = ask(&mut client, "OPTIONS", "/a", &[]);
    assert_eq!((options.status, options.header("Allow")), (204, Some("GET, HEAD, OPTIONS, POST")));
    assert_eq!(ask(&mut client, "OPTIONS", "*", &[]).status, 204);
    let head = ask(&mut client, "HEAD", "/a", &[]);
    assert_eq!((head.status, head.header("Content-Length")), (200, Some("1")));
    let mut host = start("router::not_found(app, |request| `no ${request.path()}`);");
    assert_eq!(get(&mut host.tcp(ADDRESS), "/b"), (200, "no /b".into()));
}

#[test]
fn groups_share_a_prefix_and_what_runs_before_and_after() {
    let mut host = start(
        r#"
        router::before(app, |request| { request.trace = "app"; });
        router::after(app, |request, response| response.with_header("X-Trace", request.trace));
        router::get(app, "/", |request| "home");
        router::group(app, "/admin", |admin| {
            router::before(admin, |request| {
                request.trace += " admin";
                if request.header("key") != "right" { return Response(403, #{}, "locked"); }
            });
            router::after(admin, |request, response| { request.trace += " left"; });
            router::get(admin, "/", |request| "office");
            router::group(admin, "/users/:id", |user| {
                router::before(user, |request| { request.trace += ` user ${request.params.id}`; });
                router::get(user, "/edit", |request| "edit");
            });
        });
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    let mut check = |path: &str, status, body: &str, trace: &str| {
        let answer = ask(&mut client, "GET", path, &["key: right"]);
        let got = (answer.status, answer.text(), answer.header("X-Trace"));
        assert_eq!(got, (status, body, Some(trace)), "{path}");
    };
    check("/", 200, "home", "app");
    check("/admin", 200, "office", "app admin left");
    check("/admin/users/7/edit", 200, "edit", "app admin user 7 left");
    check("/admin/nothing", 404, "not found\n", "app");
    let locked = ask(&mut client, "GET", "/admin/users/7/edit", &[]);
    assert_eq!((locked.status, locked.text()), (403, "locked"));
    assert_eq!(locked.header("X-Trace"), Some("app admin left"));
    assert_eq!(host.errors(), 0);
}

#[test]
fn errors_are_500_unless_the_app_answers_them() {
    let fails = r#"router::get(app, "/", |request| { throw "broken"; });"#;
    let mut host = start(fails);
    assert_eq!(get(&mut host.tcp(ADDRESS), "/").0, 500);
    assert!(host.fault().to_string().contains("broken"));
    let answers = "router::on_error(app, |request, error| Response(503, #{}, `sorry: ${error}`));";
    let mut host = start(&format!("{fails} {answers}"));
    assert_eq!(get(&mut host.tcp(ADDRESS), "/"), (503, "sorry: broken".into()));
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_handler_may_wait_and_may_answer_by_itself() {
    let mut host = start(
        r#"
        router::get(app, "/slow", |request| { sleep(0.01); request.connection.worker.address.len() > 0 && "slow" == "slow"; "slow" });
        router::get(app, "/own", |request| request.connection.send("own"));
        router::get(app, "/later", |request| {
            let connection = request.connection;
            Timer::delay(0.01, || connection.send("later"));
            ()
        });
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    for path in ["slow", "own", "later"] {
        assert_eq!(get(&mut client, &format!("/{path}")), (200, path.into()));
    }
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_mount_serves_files_and_nothing_beside_them() {
    let mut host = TestHost::start_with(
        &script(
            "router::get(app, \"/static/made\", |request| \"made\"); router::mount(app, \"/static\", \"www\");",
        ),
        &[("www/index.html", "home"), ("www/docs/index.html", "docs"), ("www/a b.txt", "a b")],
    );
    let mut client = host.tcp(ADDRESS);
    for (path, status, body) in [
        ("/static/", 200, "home"),
        ("/static/a%20b.txt", 200, "a b"),
        ("/static/docs/", 200, "docs"),
        ("/static/made", 200, "made"),
        ("/static/none", 404, "there is no such file\n"),
        ("/static/..%2fmain.rhai", 404, "there is no such file\n"),
        ("/static/%2e%2e/main.rhai", 404, "there is no such file\n"),
        ("/static/../main.rhai", 404, "there is no such file\n"),
    ] {
        assert_eq!(get(&mut client, path), (status, body.into()), "{path}");
    }
    for (path, to) in [("/static?a=b", "/static/?a=b"), ("/static/docs?a", "/static/docs/?a")] {
        let moved = ask(&mut client, "GET", path, &[]);
        assert_eq!((moved.status, moved.header("Location")), (301, Some(to)));
    }
    assert_eq!(ask(&mut client, "POST", "/static/a", &[]).status, 405);
}

#[test]
fn edited_added_and_removed_routes_are_so_after_a_reload() {
    let routes = r#"
        let count = 0;
        router::get(app, "/a", |request| { count += 1; `a ${count}` });
        router::get(app, "/b", |request| "b");
        "#;
    let mut host = start(routes);
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/a").1, "a 1");
    let edited = routes
        .replace("`a ${count}`", "`edited ${count}`")
        .replace("\"/b\", |request| \"b\"", "\"/c\", |request| \"c\"");
    let report = host.edit(&script(&edited));
    assert_eq!(report.connections, 1);
    assert_eq!(get(&mut client, "/a").1, "edited 2");
    assert_eq!(get(&mut client, "/b").0, 404);
    assert_eq!(get(&mut client, "/c").1, "c");
    let before = "router::before(app, |request| `closed at ${count}`);";
    host.edit(&script(&format!("{edited} {before}")));
    assert_eq!(get(&mut client, "/a").1, "closed at 2");
    host.edit(&script(&edited));
    assert_eq!(get(&mut client, "/a").1, "edited 3");
    assert_eq!(host.errors(), 0);
}

#[test]
fn an_app_may_be_a_property_and_its_routes_may_come_from_a_file() {
    let main = |more: &str| {
        format!(
            "import \"std/router\" as router; import \"routes\" as routes;
            let worker = Worker(\"{ADDRESS}\");
            worker.app = router::create();
            routes::add(worker.app);
            {more}
            worker.on_message = |connection, request| router::handle(connection.worker.app, connection, request);"
        )
    };
    let file = |text: &str| {
        format!(
            "import \"std/router\" as router;
            fn text() {{ \"{text}\" }}
            fn add(app) {{ router::get(app, \"/\", |request| text() + \" {text}\"); }}"
        )
    };
    let mut host = TestHost::start_with(&main(""), &[("routes.rhai", &file("one"))]);
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/").1, "one one");
    host.save("routes.rhai", &file("two"));
    host.reloaded();
    assert_eq!(get(&mut client, "/").1, "two two");
    host.edit(&main("router::get(worker.app, \"/new\", |request| \"new\");"));
    assert_eq!(get(&mut client, "/new").1, "new");
}

#[test]
fn what_cannot_be_a_route_is_told_where_it_stands() {
    for (route, why) in [
        ("router::get(app, \"a\", |request| 1);", "slash"),
        ("router::get(app, \"/a\", 1);", "closure"),
        ("router::get(app, \"/*a/b\", |request| 1);", "nothing can follow"),
        ("router::get(app, \"/:a/:a\", |request| 1);", "name of its own"),
        ("router::get(app, \"/a\", |r, other| 1);", "this closure takes (r, other) but is given 1"),
        ("router::get(app, \"/a\", || 1);", "takes 0 argument(s) but is given 1"),
        ("router::after(app, |r| 1);", "takes 1 argument(s) but is given 2"),
        ("router::group(app, \"/a\", |g| router::before(g, |r, x| 1));", "takes (r, x)"),
        ("router::get(app, \"/a\", |r| 1); router::get(app, \"/a\", |r| 2);", "already"),
    ] {
        let error = TestHost::try_start(&script(route), &[]).err().expect("refused").to_string();
        assert!(error.contains(why) && error.contains("--> main.rhai:4:"), "{error}");
    }
}

#[test]
fn a_web_server_asks_the_router_first() {
    let mut host = TestHost::start_with(
        "import \"std/router\" as router;
        let server = WebServer(\"http://127.0.0.1:0\");
        server.add_root(\"www\");
        let app = router::create();
        router::get(app, \"/api\", |request| #{ ok: true });
        router::not_found(app, |request| ());
        server.on_message = |connection, request| router::handle(app, connection, request);",
        &[("www/a.txt", "a")],
    );
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/api").1, "{\"ok\":true}");
    assert_eq!(get(&mut client, "/a.txt").1, "a");
    assert_eq!(get(&mut client, "/b.txt").0, 404);
}

#[test]
fn a_route_calls_the_functions_of_its_own_file() {
    let script = r#"
import "std/router" as router;
fn create() { "mine" }
fn handle(a, b, c) { `${a}${b}${c}` }
fn is_answer(value) { "my own" }
let app = router::create();
router::before(app, |request| { request.seen = is_answer(1); });
router::get(app, "/", |request| `${create()} ${handle(1, 2, 3)} ${request.seen}`);
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| router::handle(app, connection, request);
Worker::run_all();
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(ADDRESS);
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let answer = String::from_utf8(client.rest()).expect("text");
    assert!(answer.ends_with("\r\n\r\nmine 123 my own"), "{answer}");
}
