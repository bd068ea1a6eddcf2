//! Sessions from the client's side: what its cookie opens, what it does not, and what becomes of the values.

use crate::support::answer::Answer;
use crate::support::{
    client::Client,
    exchange::{ask, curl},
    host::TestHost,
    wait::until,
};
use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

const HTTP: &str = "http://127.0.0.1:0";

/// What each path does to the session.
const PATHS: &str = r#"
    let session = request.session();
    let said = switch request.path() {
        "/count" => { session.set("n", session.get("n", 0) + 1); session.get("n") },
        "/look" => session.all(),
        "/id" => request.session_id(),
        "/renew" => request.session_regenerate_id(true),
        "/fork" => request.session_regenerate_id(false),
        "/flush" => { session.flush(); "flushed" },
        "/set" => { session.put(request.get()); "set" },
        "/slow" => {
            session.put(request.get());
            connection.worker.waits = true;
            while connection.worker.waits { sleep(0.005); }
            "slow"
        },
        "/go" => { connection.worker.waits = false; "go" },
        "/late" => { connection.send("first"); session.set("late", 1); return; },
        "/throw" => { session.set("thrown", 1); throw "no"; },
        "/large" => { session.set("x", request.body()); "never" },
        "/closure" => { session.set("f", || 1); "never" },
        _ => "nothing",
    };
    connection.send(said);
"#;

fn script(configuration: &str, settings: &str) -> String {
    format!(
        r#"
        {configuration}
        let worker = Worker("{HTTP}");
        {settings}
        worker.on_message = |connection, request| {{ {PATHS} }};
        Worker::run_all();
        "#
    )
}

fn serve(configuration: &str) -> TestHost {
    TestHost::start(&script(configuration, ""))
}

/// Asks with this session's cookie, if there is one.
fn get(client: &mut Client, path: &str, id: Option<&str>) -> Answer {
    let cookie = id.map_or(String::new(), |id| format!("Cookie: session_id={id}\r\n"));
    ask(client, &format!("GET {path}"), &cookie, b"")
}

/// The id that a first visit brings.
fn begin(client: &mut Client) -> String {
    get(client, "/count", None).cookie().expect("a cookie").to_owned()
}

#[test]
fn a_client_is_known_by_its_cookie() {
    let mut host = serve("");
    let mut client = host.tcp(HTTP);
    let first = get(&mut client, "/count", None);
    assert_eq!(first.text(), "1");
    let id = first.cookie().expect("a cookie").to_owned();
    assert!(id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    let set = first.header("set-cookie").expect("a cookie");
    assert_eq!(set, format!("session_id={id}; HttpOnly; SameSite=Lax; Path=/; Max-Age=1440"));
    let second = get(&mut client, "/count", Some(&id));
    assert_eq!((second.text(), second.cookie()), ("2", Some(&*id)), "its time begins anew");
    assert_eq!(get(&mut host.tcp(HTTP), "/look", Some(&id)).text(), r#"{"n":2}"#);
    assert_eq!(get(&mut client, "/count", None).text(), "1", "nobody else is");
}

#[test]
fn curl_keeps_the_cookie() {
    let mut host = serve("");
    let (jar, address) = (host.path("jar").display().to_string(), host.socket(HTTP));
    for n in ["1", "2", "3"] {
        assert_eq!(curl(&["-c", &jar, "-b", &jar], address, "/count"), n);
    }
}

#[test]
fn nobody_can_choose_an_id() {
    let mut host = serve("");
    let mut client = host.tcp(HTTP);
    let living = begin(&mut client);
    let unknown = "0123456789abcdef".repeat(4);
    let upper = living.to_uppercase();
    for sent in
        [&*unknown, &upper, "", "x", "../../etc/passwd", &living[..63], &format!("{living}0")]
    {
        let answer = get(&mut client, "/count", Some(sent));
        let id = answer.cookie().expect("a cookie");
        assert!(answer.text() == "1" && id != sent && id != living, "{sent}: {answer:?}");
        assert_eq!(get(&mut client, "/look", Some(&unknown)).text(), "{}");
    }
    // (of two cookies the first counts)
    let both = format!("Cookie: session_id={unknown}; session_id={living}\r\n");
    assert_eq!(ask(&mut client, "GET /look", &both, b"").text(), "{}");
    assert_eq!(get(&mut client, "/look", Some(&living)).text(), r#"{"n":1}"#);
}

#[test]
fn a_visitor_of_whom_nothing_is_kept_gets_no_cookie() {
    let mut host = serve("");
    let mut client = host.tcp(HTTP);
    assert_eq!(get(&mut client, "/look", None).cookie(), None);
    let asked = get(&mut client, "/id", None);
    assert_eq!(asked.cookie(), Some(asked.text()), "who asks for the id has one");
    assert_eq!(get(&mut client, "/look", Some(asked.text())).cookie(), Some(asked.text()));
    assert_eq!(get(&mut client, "/id", Some(asked.text())).text(), asked.text());
}

#[test]
fn a_new_id_ends_the_old_one_if_wanted() {
    let mut host = serve("");
    let mut client = host.tcp(HTTP);
    let old = begin(&mut client);
    let forked = get(&mut client, "/fork", Some(&old));
    let id = forked.cookie().expect("a cookie").to_owned();
    assert!(id == forked.text() && id != old);
    let values = r#"{"n":1}"#;
    assert_eq!(get(&mut client, "/look", Some(&id)).text(), values);
    assert_eq!(get(&mut client, "/look", Some(&old)).text(), values);
    let renewed = get(&mut client, "/renew", Some(&old)).text().to_owned();
    assert_eq!(get(&mut client, "/look", Some(&renewed)).text(), values);
    assert_eq!(get(&mut client, "/look", Some(&old)).text(), "{}");
}

#[test]
fn an_emptied_session_ends_with_its_cookie() {
    let mut host = serve("");
    let mut client = host.tcp(HTTP);
    let id = begin(&mut client);
    let flushed = get(&mut client, "/flush", Some(&id));
    let cookie = flushed.header("set-cookie").expect("a cookie");
    assert!(flushed.text() == "flushed" && cookie.contains("Max-Age=0"), "{cookie}");
    let again = get(&mut client, "/count", Some(&id));
    assert!(again.text() == "1" && again.cookie() != Some(&*id), "its id is not taken up again");
}

#[test]
fn all_methods_do_what_they_are_named_for() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("http://127.0.0.1:0");
        worker.on_message = |connection, request| {
            let s = request.session();
            s.set("a", #{ list: [1, 2.5, true, "x", ()] });
            s.put(#{ b: 1, c: "two", d: (), e: 5 });
            let a = s.get("a");
            a.list.push("not kept");
            let said = [
                s.get("a").list, s.get("none"), s.get("none", 7), s.get("d", 8),
                s.has("b"), s.has("d"), s.exists("d"), s.has("none"), s.exists("none"),
                s.pull("b"), s.pull("b", 9), s.get("b"),
            ];
            s.delete("c");
            s.remove("none");
            said.push(s.all().keys());
            s.forget(["d", "e"]);
            s.forget("a");
            said.push(s.all());
            s.set("z", 1);
            s.save();
            s.refresh();
            said.push(s.id() == s.get_id() && s.id() == request.session_id());
            said.push(`${s} ${type_of(s)}`);
            connection.send(said);
        };
        Worker::run_all();
        "#,
    );
    let said = get(&mut host.tcp(HTTP), "/", None).text().to_owned();
    let expected = r#"[[1,2.5,true,"x",null],null,7,8,true,false,true,false,false,1,9,null,["a","d","e"],{},true,"Session(1 values) Session"]"#;
    assert_eq!(said, expected);
}

#[test]
fn what_no_session_can_hold_is_an_error() {
    let mut host = serve("");
    let mut client = host.tcp(HTTP);
    let large = ask(&mut client, "POST /large", "", &[b'x'; 300_000]);
    assert_eq!(large.status, 500);
    host.wait_for_log("the most is 262144");
    assert_eq!(get(&mut host.tcp(HTTP), "/closure", None).status, 500);
    host.wait_for_log("`f` cannot be kept in a session");
    // What was set before an error is kept all the same: the request has happened.
    let id = begin(&mut host.tcp(HTTP));
    assert_eq!(get(&mut host.tcp(HTTP), "/throw", Some(&id)).status, 500);
    assert_eq!(get(&mut host.tcp(HTTP), "/look", Some(&id)).text(), r#"{"n":1,"thrown":1}"#);
}

#[test]
fn a_session_cannot_begin_after_the_answer() {
    let mut host = serve("");
    let mut client = host.tcp(HTTP);
    assert_eq!(get(&mut client, "/late", None).text(), "first");
    host.wait_for_log("begin a session before the request is answered");
    let id = begin(&mut host.tcp(HTTP));
    let mut client = host.tcp(HTTP);
    get(&mut client, "/late", Some(&id));
    assert_eq!(get(&mut client, "/look", Some(&id)).text(), r#"{"n":1,"late":1}"#);
}

#[test]
fn two_requests_at_once_keep_what_both_wrote() {
    let mut host = serve("");
    let (mut one, mut two) = (host.tcp(HTTP), host.tcp(HTTP));
    let id = begin(&mut one);
    let cookie = format!("Cookie: session_id={id}\r\n");
    one.send(format!("GET /slow?a=slow&b=slow HTTP/1.1\r\nHost: x\r\n{cookie}\r\n"));
    // (until it has loaded its session)
    host.expect_silence(&one);
    assert_eq!(get(&mut two, "/set?b=quick&c=quick", Some(&id)).text(), "set");
    get(&mut two, "/go", None);
    assert_eq!(Answer::read(&mut one).text(), "slow");
    let all = get(&mut one, "/look", Some(&id)).text().to_owned();
    assert_eq!(all, r#"{"n":1,"b":"slow","c":"quick","a":"slow"}"#);
    // One that was ended meanwhile stays ended.
    one.send(format!("GET /slow?a=again HTTP/1.1\r\nHost: x\r\n{cookie}\r\n"));
    host.expect_silence(&one);
    get(&mut two, "/flush", Some(&id));
    get(&mut two, "/go", None);
    assert_eq!(Answer::read(&mut one).cookie(), None);
    assert_eq!(get(&mut one, "/look", Some(&id)).text(), "{}");
}

#[test]
fn sessions_belong_to_all_isolates_and_outlive_reloads() {
    let settings = "worker.count = 3; worker.reuse_port = true;";
    let mut host = TestHost::start(&script("", settings));
    let id = begin(&mut host.tcp(HTTP));
    for n in 2..20 {
        assert_eq!(get(&mut host.tcp(HTTP), "/count", Some(&id)).text(), n.to_string());
    }
    host.edit(&script("Worker::configure(#{ session: #{ lifetime: 60 } });", settings));
    let answer = get(&mut host.tcp(HTTP), "/count", Some(&id));
    assert_eq!(answer.text(), "20");
    assert!(answer.header("set-cookie").expect("a cookie").contains("Max-Age=60"));
}

#[test]
fn sessions_in_files_outlive_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kept");
    let configure =
        format!("Worker::configure(#{{ session: #{{ store: \"file\", path: {path:?} }} }});");
    let mut host = serve(&configure);
    let id = begin(&mut host.tcp(HTTP));
    let file = path.join(format!("session_{id}"));
    let mode = |path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&file)), (0o700, 0o600));
    assert_eq!(host.stop(), 0);
    let mut host = serve(&configure);
    let mut client = host.tcp(HTTP);
    // (what an answer tells of is stored when it comes)
    for n in 2..20 {
        assert_eq!(get(&mut client, "/count", Some(&id)).text(), n.to_string());
        let text = fs::read_to_string(&file).expect("the session");
        assert_eq!(text, format!("{{\"n\":{n}}}"));
    }
    fs::write(&file, "no JSON").expect("a file");
    let later = fs::File::open(&file).expect("a file");
    later.set_modified(std::time::SystemTime::now() + Duration::from_secs(60)).expect("a time");
    assert_eq!(get(&mut client, "/count", Some(&id)).text(), "1");
    get(&mut client, "/flush", Some(&id));
    assert!(!file.exists());
    // A store that fails costs the requests that need it.
    fs::remove_dir_all(&path).expect("it can be removed");
    assert_eq!(get(&mut client, "/count", None).status, 500);
    host.wait_for_log("the store of sessions failed");
}

#[test]
fn a_session_ends_when_its_time_is_up() {
    let mut host = serve("Worker::configure(#{ session: #{ lifetime: 1 } });");
    let mut client = host.tcp(HTTP);
    let id = begin(&mut client);
    assert_eq!(get(&mut client, "/look", Some(&id)).text(), r#"{"n":1}"#);
    host.advance(1.1);
    assert_eq!(get(&mut client, "/look", Some(&id)).text(), "{}");
}

#[test]
fn a_configuration_says_what_is_wrong_with_it_and_where() {
    for (session, says) in [
        ("1", "session is a map"),
        ("#{ stor: 1 }", "did you mean `store`?"),
        ("#{ store: \"redis\" }", "store is \"memory\" or \"file\""),
        ("#{ store: \"file\" }", "needs one"),
        ("#{ path: \"x\" }", "a path goes with the store \"file\""),
        ("#{ lifetime: 0 }", "lifetime (seconds) is a whole number from 1"),
        ("#{ cookie_name: \"a b\" }", "a cookie cannot be named"),
        ("#{ same_site: \"x\" }", "same_site is \"Lax\""),
        ("#{ same_site: \"None\", secure: false }", "only if it is secure"),
        ("#{ secure: 1 }", "secure is true or false"),
    ] {
        let script = script(&format!("Worker::configure(#{{ session: {session} }});"), "");
        let Err(error) = TestHost::try_start(&script, &[]) else { panic!("{session} is taken") };
        let error = error.to_string();
        assert!(error.contains(says) && error.contains("main.rhai:2"), "{session}: {error}");
    }
    let path = "Worker::configure(#{ session: #{ store: \"file\", path: \"/nowhere/at/all\" } });";
    let mut host = serve("");
    let id = begin(&mut host.tcp(HTTP));
    let fault = host.edit_badly(&script(path, ""));
    assert!(fault.text.contains("sessions cannot be kept in /nowhere/at/all"), "{}", fault.text);
    assert_eq!(get(&mut host.tcp(HTTP), "/count", Some(&id)).text(), "2");
}

#[test]
fn a_cookie_is_as_it_was_configured() {
    let mut host = serve(
        "Worker::configure(#{ session: #{ cookie_name: \"__Host-s\", same_site: \"strict\", secure: true } });",
    );
    let answer = get(&mut host.tcp(HTTP), "/count", None);
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(
        cookie.starts_with("__Host-s=") && cookie.contains("; SameSite=Strict; Secure"),
        "{cookie}"
    );
}

/// What a request says of itself, with these headers.
fn seen(host: &mut TestHost, headers: &str) -> String {
    ask(&mut host.tcp(HTTP), "GET /", headers, b"").text().to_owned()
}

#[test]
fn only_trusted_proxies_say_where_a_request_came_from() {
    let script = |trusted: &str| {
        format!(
            r#"
            let worker = Worker("{HTTP}");
            {trusted}
            worker.on_message = |connection, request| {{
                request.session().set("x", 1);
                connection.send(`${{request.ip()}} ${{request.scheme()}} ${{request.host()}}`);
            }};
            Worker::run_all();
            "#
        )
    };
    let headers = "X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\nX-Forwarded-For: 10.1.2.3\r\n\
                   X-Forwarded-Proto: https\r\nX-Forwarded-Host: example.com:8443\r\n";
    let mut host = TestHost::start(&script(""));
    assert_eq!(seen(&mut host, headers), "127.0.0.1 http localhost");
    host.edit(&script("worker.trusted_proxies = [\"127.0.0.1\"];"));
    assert_eq!(seen(&mut host, headers), "10.1.2.3 https example.com:8443");
    host.edit(&script("worker.trusted_proxies = [\"127.0.0.0/8\", \"10.0.0.0/8\", \"::1\"];"));
    assert_eq!(seen(&mut host, headers), "1.2.3.4 https example.com:8443");
    assert_eq!(seen(&mut host, ""), "127.0.0.1 http localhost");
    let hostile = "X-Forwarded-For: 1.2.3.4, ; DROP\r\nX-Forwarded-Proto: javascript\r\n\
                   X-Forwarded-Host: a/b\r\n";
    assert_eq!(seen(&mut host, hostile), "127.0.0.1 http localhost");
    let answer = ask(&mut host.tcp(HTTP), "GET /", headers, b"");
    assert!(answer.header("set-cookie").expect("a cookie").contains("; Secure;"), "{answer:?}");
    for (trusted, says) in [
        ("\"127.0.0.1\"", "trusted_proxies is a list"),
        ("[1]", "a trusted proxy is a string"),
        ("[\"10.0.0.0/33\"]", "not \"10.0.0.0/33\""),
        ("[\"localhost\"]", "not \"localhost\""),
    ] {
        let fault = host.edit_badly(&script(&format!("worker.trusted_proxies = {trusted};")));
        assert!(fault.text.contains(says), "{}", fault.text);
    }
    until("the proxy is trusted", || seen(&mut host, headers).starts_with("1.2.3.4 "));
}
