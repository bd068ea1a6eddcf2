//! The script reference against what is really there: nothing is missing in it, nothing is invented, and every example
//! does what it says. The chapters of the manual are held against it, too.

use crate::support::{
    client::Client, findings, host::TestHost, wait::PATIENCE, websocket::WebSocket,
};
use rhost::{
    Entry, ManualPage, Place, Section, announced, arguments, explain, manual, registered_names,
    script_reference,
};
use std::{
    collections::BTreeSet,
    fs,
    panic::catch_unwind,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// What the client of an example says, once.
const GREETING: &str = "hello";

fn all() -> impl Iterator<Item = (&'static Section, &'static Entry)> {
    script_reference().iter().flat_map(|s| s.entries.iter().map(move |e| (s, e)))
}

#[test]
fn names_are_snake_case_and_unique() {
    let mut seen = BTreeSet::new();
    for (section, entry) in all() {
        let snake =
            entry.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        assert!(snake || entry.name == section.owner, "{} is not snake_case", entry.name);
        assert!(seen.insert((section.owner, entry.name)), "{} is there twice", entry.name);
    }
}

#[test]
fn every_entry_is_complete() {
    for (section, entry) in all() {
        let name = format!("{}.{}", section.owner, entry.name);
        for form in entry.forms {
            let alias = section.owner.rsplit('/').next().unwrap_or(section.owner);
            let written = form.strip_prefix(&format!("{alias}::")).unwrap_or(form);
            assert!(written.starts_with(entry.name), "{name}: `{form}` is another name");
            let arguments =
                form.split_once('(').and_then(|(_, r)| r.split_once(')')).map(|(a, _)| a);
            let untyped =
                arguments.is_some_and(|a| !a.is_empty() && a.split(',').any(|a| !a.contains(": ")));
            assert!(!untyped, "{name}: `{form}` does not give every type");
        }
        let sentence =
            entry.text.ends_with(['.', '?', '!']) && !entry.text.starts_with(char::is_lowercase);
        assert!(sentence, "{name}: the text is not made of sentences");
        assert!(!entry.text.contains("  "), "{name}: a double space");
        let named = entry.example.contains(entry.name);
        assert!(
            named || section.operators.is_empty() && section.entries.is_empty(),
            "{name}: not in its example"
        );
        let can_wait = entry.place != Place::TopLevel;
        assert!(!entry.waits || can_wait, "{name}: the top level cannot wait");
    }
}

#[test]
fn all_that_is_registered_is_described_and_nothing_else() {
    let mut described = BTreeSet::new();
    for (section, entry) in all() {
        for form in entry.forms {
            described.insert((section.owner.to_owned(), entry.name.to_owned(), arguments(form)));
        }
    }
    let operators: BTreeSet<_> = script_reference()
        .iter()
        .flat_map(|s| s.operators.iter().map(move |(operator, _)| (s.owner, *operator)))
        .collect();
    let mut wrong = Vec::new();
    let registered = registered_names();
    for (owner, name, arguments) in &registered {
        let operator = match name.as_str() {
            "index$get$" | "index$set$" => "[]",
            "to_debug" => "to_string",
            "<=" | ">" | ">=" => "<",
            other => other,
        };
        let callback = owner == "Worker" && arguments.is_none() && name.starts_with("on_");
        let known = operators.contains(&(owner.as_str(), operator))
            || described.contains(&(owner.clone(), name.clone(), *arguments))
            || callback && all().any(|(s, e)| s.owner == "Worker" && e.name == name);
        if !known {
            wrong.push(format!(
                "{owner}: {name} with {arguments:?} arguments has no entry on its page"
            ));
        }
    }
    for (owner, name, arguments) in &described {
        // (`headers` is a property like any other that the script sets; the host reads it)
        let free = owner == "TcpConnection" && name == "headers";
        let callback = owner == "Worker" && name.starts_with("on_");
        let arguments = if callback { &None } else { arguments };
        if !free && !registered.contains(&(owner.clone(), name.clone(), *arguments)) {
            wrong.push(format!(
                "{owner}: {name} with {arguments:?} arguments is described and does not exist"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_reference_says_where_each_name_belongs_as_it_was_announced() {
    let announced = announced();
    assert!(!announced.is_empty(), "nothing was announced");
    for name in announced {
        let entry = all().find(|(s, e)| s.owner == name.owner && e.name == name.name);
        let Some((_, entry)) = entry else { continue };
        assert_eq!((entry.waits, entry.place), (name.waits, name.place), "{name:?}");
    }
}

#[test]
fn every_example_does_what_it_says() {
    play_all(true);
}

#[test]
fn every_example_does_what_it_says_when_rhai_walks_its_handlers() {
    play_all(false);
}

fn play_all(is_optimized: bool) {
    let entries: Vec<_> = all().collect();
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((section, entry)) = entries.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    // That of `run_all` shows that nothing behind it runs.
                    let shown: &[&str] =
                        if entry.name == "run_all" { &["after-run-all"] } else { &[] };
                    let _meant = findings::meant(shown);
                    if catch_unwind(|| play_as(entry.example, is_optimized)).is_err() {
                        failed
                            .lock()
                            .expect("the list")
                            .push(format!("{}: {}", section.title, entry.name));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("the list");
    assert!(failed.is_empty(), "see above for the examples of\n{}", failed.join("\n"));
}

/// Runs a script. A client says hello to the worker that the script calls `worker`, or asks it; all that is promised is
/// printed, and nothing goes wrong.
fn play(script: &str) {
    play_as(script, true);
}

/// The same with handlers as they are, or as rhai walks them.
fn play_as(script: &str, is_optimized: bool) {
    let options = |builder: rhost::HostBuilder| builder.optimize(is_optimized);
    let mut host = TestHost::try_start_as(script, &[], options).expect("it starts");
    let declared = script
        .lines()
        .find_map(|line| line.strip_prefix("let worker = Worker(\"")?.split('"').next());
    let client = declared.map(|declared| greet(&mut host, declared, script));
    for promised in
        script.lines().filter_map(|line| line.split_once("  // prints ").map(|(_, p)| p))
    {
        let deadline = Instant::now() + PATIENCE;
        while !host.log().iter().any(|record| record.message == promised) {
            assert!(Instant::now() < deadline, "`{promised}` was not printed");
            thread::sleep(Duration::from_millis(2));
        }
    }
    drop(client);
    host.handle().stop(0);
    assert_eq!(host.ended(), 0);
    assert_eq!(host.errors(), 0, "the example has an error");
}

fn greet(host: &mut TestHost, declared: &str, script: &str) -> Client {
    let (scheme, _) = declared.split_once("://").expect("an address");
    if scheme == "websocket" {
        let mut socket: WebSocket = host.websocket(declared);
        socket.text(GREETING);
        return socket.client;
    }
    let mut client = host.tcp(declared);
    if scheme == "http" {
        client.send(request_for(script));
        return client;
    }
    let framed = scheme == "text" || script.contains("protocol = \"text\"");
    client.send(match scheme {
        "frame" => [&(4 + GREETING.len() as u32).to_be_bytes()[..], GREETING.as_bytes()].concat(),
        _ if framed => format!("{GREETING}\n").into_bytes(),
        _ => GREETING.into(),
    });
    if script.contains("on_close") {
        client.finish();
    }
    client
}

/// The HTTP request that an example is asked: a GET, unless it looks at a body.
fn request_for(script: &str) -> String {
    let (method, body) = match script {
        s if s.contains("request.json(") => ("POST", r#"{"name":"ann"}"#),
        s if s.contains("request.post(") => ("POST", "name=ann"),
        _ => ("GET", ""),
    };
    let length = match body {
        "" => String::new(),
        body => format!("Content-Length: {}\r\n", body.len()),
    };
    format!(
        "{method} /hello?name=ann&tags[]=a&tags[]=b HTTP/1.1\r\nHost: example.com:8080\r\nUser-Agent: example/1.0\r\n\
         Cookie: theme=dark\r\n{length}\r\n{body}"
    )
}

/// What may be called in one place only: (owner, name, a call).
const PLACED: [(&str, &str, &str); 14] = [
    ("Worker", "configure", "Worker::configure(#{});"),
    ("Worker", "run_all", "Worker::run_all();"),
    ("Worker", "stop_all", "Worker::stop_all();"),
    ("Worker", "reload", "Worker::reload();"),
    ("Timer", "sleep", "Timer::sleep(0);"),
    ("functions", "sleep", "sleep(0);"),
    ("functions", "file_exists_in", "file_exists_in(\"a\", \"b\");"),
    // (the top level has no request)
    ("Request", "file", "request.file();"),
    ("Request", "move_file", "request.move_file(\"a\", \"b\");"),
    ("Request", "session", "request.session();"),
    ("Request", "session_id", "request.session_id();"),
    ("Request", "session_regenerate_id", "request.session_regenerate_id();"),
    ("Session", "save", "request.session().save();"),
    ("Session", "refresh", "request.session().refresh();"),
];

#[test]
fn what_belongs_to_one_place_is_refused_in_the_other() {
    for (section, entry) in all().filter(|(_, entry)| entry.place != Place::Both) {
        let name = format!("{} of {}", entry.name, section.owner);
        let placed = PLACED.iter().find(|(o, n, _)| *o == section.owner && *n == entry.name);
        let placed = placed.map(|(.., call)| (*call).to_owned());
        let call = placed.or_else(|| call_of(section, entry));
        let call = call.unwrap_or_else(|| panic!("PLACED lacks a call of {name}"));
        let script = match entry.place {
            Place::TopLevel => {
                format!(
                    "let w = Worker();\nw.on_worker_start = |w| {{ {call} }};\nWorker::run_all();"
                )
            }
            _ => format!("let w = Worker();\n{call}\nWorker::run_all();"),
        };
        assert!(TestHost::try_start(&script, &[]).is_err(), "{name} works where it should not");
    }
}

/// A call of a module's function, or of a method of what one gives, with arguments of the types that its first form has.
fn call_of(section: &Section, entry: &Entry) -> Option<String> {
    let before = match section.owner.strip_prefix("std/") {
        Some(module) => format!("import \"{}\" as {module}; ", section.owner),
        None if section.owner == "FileRoot" => {
            "import \"std/file\" as file; let root = file::root(\".\"); root.".to_owned()
        }
        None => return None,
    };
    let (name, arguments) = entry.forms.first()?.split_once('(')?;
    let (arguments, _) = arguments.split_once(')')?;
    let values = arguments.split(", ").filter_map(|argument| argument.split_once(": "));
    let values = values.map(|(_, kind)| match kind.split(' ').next() {
        Some("string") => "\"a\"",
        Some("blob") => "blob()",
        Some("map") => "#{}",
        Some("array") => "[]",
        Some("function") => "|x| x",
        _ => "1",
    });
    Some(format!("{before}{name}({});", values.collect::<Vec<_>>().join(", ")))
}

#[test]
fn the_scripts_of_the_chapters_run() {
    let mut count = 0;
    for page in manual().iter().filter(|page| !page.is_reference && !is_of_an_example(page)) {
        let scripts =
            page.text.split("```rhai\n").skip(1).filter_map(|rest| rest.split("```").next());
        for script in scripts {
            // A reader wants a port, a test a free one.
            play(&script.replace(":5678", ":0"));
            count += 1;
        }
    }
    assert!(count > 0, "the chapters have no scripts");
}

/// The chapters of examples show parts of scripts, which are played as conversations.
fn is_of_an_example(page: &ManualPage) -> bool {
    page.source.starts_with("examples/")
}

/// Bytes that the README may have.
const README: usize = 18 << 10;

#[test]
fn the_readme_is_short_and_its_links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("the README");
    assert!(readme.len() <= README, "the README has {} bytes", readme.len());
    let texts = manual().into_iter().map(|page| (page.source, page.text));
    let mut wrong = Vec::new();
    for (source, text) in texts {
        let folder = root.join(&source).parent().expect("a folder").to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or(link);
            let is_external = link.contains("://") || path.is_empty();
            if !is_external && !path.contains(' ') && !folder.join(path).exists() {
                wrong.push(format!("{source}: {link}"));
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere:\n{}", wrong.join("\n"));
}

#[test]
fn whatever_is_said_to_stand_for_a_name_of_workerman_exists() {
    let page = manual().into_iter().find(|page| page.slug == "workerman").expect("the chapter");
    let rows =
        page.text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Work"));
    let mut count = 0;
    for row in rows {
        let here = row.split(" | ").nth(1).expect("three columns");
        let names = here.split('`').skip(1).step_by(2).filter(|name| !name.starts_with("rhost "));
        for name in names {
            assert!(explain(name).is_ok(), "{row}: there is no `{name}`");
            count += 1;
        }
    }
    assert!(count > 60, "{count} names");
}

/// What the table of contents of Workerman's manual names: properties, callbacks, methods, components and protocols.
const WORKERMAN: &str = "id count name protocol transport reusePort connections stdoutFile pidFile logFile user \
    reloadable daemonize globalEvent onWorkerStart onWorkerReload onConnect onMessage onClose onBufferFull \
    onBufferDrain onError runAll stopAll listen worker maxSendBufferSize defaultMaxSendBufferSize maxPackageSize send \
    getRemoteIp getRemotePort close destroy pauseRecv resumeRecv pipe AsyncTcpConnection connect reconnect add del \
    WebServer addRoot start stop restart reload status GlobalData increment cas Channel on publish FileMonitor \
    workerman/mysql swoole/mysql swoole/redis swoole/http-client react/zmq react/stomp swoole/dns websocket ws text \
    frame http udp input encode decode ssl phpsocket.io";

#[test]
fn every_name_of_workermans_contents_has_its_place() {
    let page = manual().into_iter().find(|page| page.slug == "workerman").expect("the chapter");
    let rows = page.text.lines().filter_map(|line| line.strip_prefix("| "));
    let theirs = rows.filter_map(|row| row.split(" | ").next());
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '/' | '-' | '.');
    let named: BTreeSet<&str> = theirs.flat_map(|row| row.split(|c| !is_part(c))).collect();
    let names = WORKERMAN.split(' ').filter(|name| !name.is_empty());
    let missing: Vec<&str> = names.filter(|name| !named.contains(name)).collect();
    assert!(missing.is_empty(), "no row of the chapter names {missing:?}");
}

#[test]
fn pages_have_names_of_their_own() {
    let mut seen = BTreeSet::new();
    for page in manual() {
        assert!(seen.insert(page.slug.clone()), "{} is there twice", page.slug);
        assert!(!page.title.is_empty() && page.text.starts_with("# "), "{}", page.source);
    }
    assert!(seen.contains("index") && seen.contains("std_env"));
}
