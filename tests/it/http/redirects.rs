//! Where redirects lead: to a URI, and to no other host.

use crate::{support::answer::ask, support::host::TestHost};

const ADDRESS: &str = "http://127.0.0.1:0";

#[test]
fn a_redirect_is_a_uri_whatever_the_script_writes() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("http://127.0.0.1:0");
        worker.on_message = |connection, request| connection.send(switch request.path() {
            "/to" => Response::redirect("/käse kuchen?q=\"a\""),
            "/ready" => Response::redirect("/k%C3%A4se?q=a%20b&c=100%#top"),
            "/back" => Response::redirect(request.get("to"), 303),
            "/header" => Response(201, #{ "Location": "/ä", "Content-Location": "/ö" }),
            _ => Response(302).with_header("location", "/\\evil.example/"),
        });
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    let mut location = |path: &str| {
        let answer = ask(&mut client, "GET", path, &[]);
        answer.header("Location").expect("a location").to_owned()
    };
    assert_eq!(location("/to"), "/k%C3%A4se%20kuchen?q=%22a%22");
    assert_eq!(location("/ready"), "/k%C3%A4se?q=a%20b&c=100%25#top");
    assert_eq!(location("/back?to=/echo%3Fq=%C3%BC+%C3%A4"), "/echo?q=%C3%BC%20%C3%A4");
    assert_eq!(location("/header"), "/%C3%A4");
    assert_eq!(location("/other"), "/%5Cevil.example/");
}

#[test]
fn a_directory_is_redirected_to_on_its_own_site_and_host() {
    let mut host = TestHost::start_with(
        r#"
        import "std/router" as router;
        let app = router::create();
        router::mount(app, "/sites/:site", "www");
        router::mount(app, "/:site", "www");
        let worker = Worker("http://127.0.0.1:0");
        worker.on_message = |connection, request| router::handle(app, connection, request);
        "#,
        &[("www/sub/index.html", "sub"), ("www/index.html", "home")],
    );
    let mut client = host.tcp(ADDRESS);
    for (asked, to) in [
        ("/\\evil.example", "/%5Cevil.example/"),
        ("/sites/a\\b/sub", "/sites/a%5Cb/sub/"),
        ("/sites/a\\b", "/sites/a%5Cb/"),
        ("/sites/a/sub?x=\"1\"", "/sites/a/sub/?x=%221%22"),
        ("/sites/a%20b/sub", "/sites/a%20b/sub/"),
    ] {
        let answer = ask(&mut client, "GET", asked, &[]);
        assert_eq!((answer.status, answer.header("Location")), (301, Some(to)), "{asked}");
    }
    assert_eq!(ask(&mut client, "GET", "/%5Cevil.example/", &[]).text(), "home");
}
