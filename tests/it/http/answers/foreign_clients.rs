//! Clients that others wrote.

use super::ADDRESS;
use crate::support::host::TestHost;
use std::{fs, process::Command};

const SCRIPT: &str = r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    switch request.path() {
        "/echo" => connection.send(#{ method: request.method(), fields: request.post(), agent: request.header("user-agent") }),
        "/redirect" => connection.send(Response::redirect("/cookie", 303).cookie("seen", "a b")),
        "/cookie" => connection.send(request.cookie("seen", "none")),
        "/file" => connection.send(Response().with_file("ten.txt")),
        "/stream" => {
            connection.send(Response(200, #{ "Transfer-Encoding": "chunked" }));
            connection.n = 0;
            connection.timer = Timer::repeat(0.005, || {
                connection.n += 1;
                connection.send(Chunk(if connection.n <= 5 { `${connection.n} ` } else { "" }));
                if connection.n > 5 { Timer::del(connection.timer); }
            });
        },
        _ => connection.send(Response(404, #{}, "no such page")),
    }
};
Worker::run_all();
"#;

fn host() -> (TestHost, String) {
    let mut host = TestHost::start_with(SCRIPT, &[("ten.txt", "0123456789")]);
    let base = format!("http://{}", host.socket(ADDRESS));
    (host, base)
}

#[test]
fn curl_is_served() {
    let (host, base) = host();
    let curl = |arguments: &[&str], path: &str| {
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "10", "--noproxy", "*"])
            .args(arguments)
            .arg(format!("{base}{path}"))
            .output()
            .expect("curl");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?} {path}: {errors}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let echo = curl(&["--user-agent", "me", "--data", "a[]=1&a[]=2&b=%C3%BC"], "/echo");
    assert_eq!(echo, r#"{"method":"POST","fields":{"a":["1","2"],"b":"ü"},"agent":"me"}"#);
    let json =
        ["--header", "Content-Type: application/json", "--header", "Transfer-Encoding: chunked"];
    let echo = curl(&[&json[..], &["--data", r#"{"n":[1,2]}"#]].concat(), "/echo");
    assert!(echo.contains(r#""fields":{"n":[1,2]}"#), "{echo}");
    let jar = host.path("jar");
    let jar = jar.to_str().expect("UTF-8");
    assert_eq!(curl(&["--location", "--cookie", "", "--cookie-jar", jar], "/redirect"), "a b");
    assert!(fs::read_to_string(jar).expect("the jar").contains("#HttpOnly_127.0.0.1"));
    assert_eq!(curl(&["--range", "2-4"], "/file"), "234");
    assert_eq!(curl(&["--http1.0"], "/stream"), "1 2 3 4 5 ");
    assert_eq!(curl(&[], "/stream"), "1 2 3 4 5 ");
    assert!(curl(&["--head"], "/file").contains("Content-Length: 10\r\n"));
    let status =
        curl(&["--output", "/dev/null", "--write-out", "%{http_code} %{num_connects}"], "/nowhere");
    assert_eq!(status, "404 1");
    assert_eq!(host.errors(), 0);
}

const PYTHON: &str = r#"
import http.client, http.cookiejar, json, sys, urllib.error, urllib.parse, urllib.request
base = sys.argv[1]
jar = http.cookiejar.CookieJar()
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar))
form = urllib.parse.urlencode([("a[]", "1"), ("a[]", "2"), ("b", "ü")]).encode()
with opener.open(base + "/echo", form) as answer:
    assert answer.headers.get_content_type() == "application/json", answer.headers
    assert json.load(answer)["fields"] == {"a": ["1", "2"], "b": "ü"}
with opener.open(base + "/redirect") as answer:
    assert answer.read() == b"a b"
    assert answer.url == base + "/cookie"
assert [cookie.has_nonstandard_attr("HttpOnly") for cookie in jar] == [True]
with opener.open(base + "/stream") as answer:
    assert answer.read() == b"1 2 3 4 5 "
ranged = urllib.request.Request(base + "/file", headers={"Range": "bytes=2-4"})
with opener.open(ranged) as answer:
    assert (answer.status, answer.read()) == (206, b"234")
try:
    opener.open(base + "/nowhere")
    raise SystemExit("no error")
except urllib.error.HTTPError as error:
    assert (error.code, error.read()) == (404, b"no such page")
# Many requests over one connection.
connection = http.client.HTTPConnection(base.removeprefix("http://"))
for path in ["/cookie", "/file", "/stream", "/nowhere"] * 5:
    connection.request("GET", path)
    connection.getresponse().read()
    socket = connection.sock
    assert socket is not None, path
print("done")
"#;

#[test]
fn pythons_urllib_is_served() {
    let (host, base) = host();
    let output = Command::new("python3").args(["-c", PYTHON, &base]).output().expect("python3");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(said, "done\n", "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(host.errors(), 0);
}
