//! Plays the conversation of every example. A folder in `examples/` has a script and, beside it and named like it, a
//! `.session`, in which a line is one of
//!
//! ```text
//! # a comment
//! [name] connect websocket websocket://0.0.0.0:1234      a client by that name; the address as the script writes it
//! [name] connect websocket http://0.0.0.0:8080 /?name=ann    the same beside HTTP, with a path
//! [name] connect text text://0.0.0.0:5678
//! [name] connect http http://0.0.0.0:8080
//! [name] > what it sends (a websocket text, or a line, or `GET /path`, or `POST /path {"json": 1}`, or
//!          `UPLOAD /path field name content`)
//! [name] < what it must receive next (of an answer: the status and the first line of its body; of a stream: the status,
//!          and then each line); where it ends in `…` anything may follow
//! ```

use crate::support::{answer::Answer, client::Client, host::TestHost, websocket::WebSocket};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

enum Player {
    WebSocket(WebSocket),
    Text(Client),
    /// A client, and whether it is receiving a stream.
    Http(Client, bool),
}

#[test]
fn every_example_plays_its_session() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut played = 0;
    for folder in files_of(&examples).into_iter().filter(|path| path.is_dir()) {
        let sessions = with_extension(&folder, "session");
        let is_unit = !with_extension(&folder, "service").is_empty();
        assert!(is_unit || !sessions.is_empty(), "{} has no .session", folder.display());
        for session in sessions {
            println!("playing {}", session.display());
            play(&session);
            played += 1;
        }
    }
    assert!(played > 0, "no example in {}", examples.display());
}

/// Starts an example on free ports, and says which became which.
pub fn start(script: &Path) -> (TestHost, BTreeMap<String, String>) {
    let (text, addresses) = on_free_ports(&read(script));
    (start_as(script, &text), addresses)
}

/// Starts an example with another text of its script.
pub fn start_as(script: &Path, text: &str) -> TestHost {
    let folder = script.parent().expect("a file has a folder");
    let mut beside = Vec::new();
    read_all(folder, "", &mut beside);
    // What a run of somebody's own has left there is none of the example.
    beside.retain(|(name, _)| !name.starts_with("data/"));
    let files: Vec<(&str, &str)> = beside.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    TestHost::start_with(text, &files)
}

fn play(session: &Path) {
    let (mut host, addresses) = start(&session.with_extension("rhai"));
    let mut players = BTreeMap::new();
    for (at, line) in read(session).lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        println!("{}: {line}", at + 1);
        let (name, action) = line
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("] "))
            .unwrap_or_else(|| panic!("line {}: `[name] …` is missing: {line}", at + 1));
        if let Some(what) = action.strip_prefix("connect ") {
            let player = connect(&mut host, what, &addresses);
            players.insert(name.to_owned(), player);
            continue;
        }
        let player = players.get_mut(name).unwrap_or_else(|| panic!("[{name}] never connected"));
        match action.split_at_checked(2) {
            Some(("> ", text)) => player.send(text),
            Some(("< ", text)) => {
                let got = player.receive();
                let is_it = match text.strip_suffix('…') {
                    Some(beginning) => got.starts_with(beginning),
                    None => got == text,
                };
                assert!(is_it, "line {}: {got:?} instead of {text:?}", at + 1);
            }
            _ => panic!("line {}: nobody can `{action}`", at + 1),
        }
    }
    assert_eq!(host.errors(), 0, "{} ran into errors", session.display());
}

fn connect(host: &mut TestHost, what: &str, addresses: &BTreeMap<String, String>) -> Player {
    let (kind, address) = what.split_once(' ').expect("`connect KIND ADDRESS`");
    let (address, path) = address.split_once(' ').unwrap_or((address, "/"));
    let here = addresses.get(address).unwrap_or_else(|| panic!("no worker listens on {address}"));
    match kind {
        "websocket" => Player::WebSocket(WebSocket::connect_to(host.socket(here), path)),
        "http" => Player::Http(host.tcp(here), false),
        "text" => Player::Text(host.tcp(here)),
        _ => panic!("nobody knows how to connect `{kind}`"),
    }
}

impl Player {
    fn send(&mut self, text: &str) {
        match self {
            Player::WebSocket(socket) => socket.text(text),
            Player::Text(client) => client.send(format!("{text}\n")),
            Player::Http(client, _) => client.send(request(text)),
        }
    }

    fn receive(&mut self) -> String {
        match self {
            Player::WebSocket(socket) => socket.message(),
            Player::Text(client) => client.line(),
            Player::Http(client, streams @ false) => {
                let mut answer = Answer::read_head(client);
                *streams = answer.header("Transfer-Encoding").is_some();
                if *streams {
                    return answer.status.to_string();
                }
                answer.read_body(client);
                let line = answer.text().lines().next().unwrap_or_default();
                format!("{} {line}", answer.status)
            }
            Player::Http(client, _) => loop {
                // (sizes of chunks are numbers alone, and events end in empty lines)
                let line = client.line().trim_end().to_owned();
                if !line.chars().all(|c| c.is_ascii_hexdigit()) {
                    return line;
                }
            },
        }
    }
}

/// `GET /path`, or any method with JSON behind the path, or `UPLOAD /path field name content`: a form with a text file.
fn request(what: &str) -> String {
    let Some(upload) = what.strip_prefix("UPLOAD ") else {
        let (target, body) = what
            .split_once(" {")
            .map_or((what, String::new()), |(target, json)| (target, format!("{{{json}")));
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let length = body.len();
        return format!(
            "{target} HTTP/1.1\r\nHost: localhost\r\n{kind}Content-Length: {length}\r\n\r\n{body}"
        );
    };
    let parts: Vec<&str> = upload.splitn(4, ' ').collect();
    let [path, field, name, content] = parts[..] else {
        panic!("`UPLOAD PATH FIELD NAME CONTENT`")
    };
    let body = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
         Content-Type: text/plain\r\n\r\n{content}\r\n--edge--\r\n"
    );
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=edge\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The script with every `scheme://0.0.0.0:port` on a free port of a loopback address of its own, and which became which.
fn on_free_ports(script: &str) -> (String, BTreeMap<String, String>) {
    const EVERYWHERE: &str = "://0.0.0.0:";
    let mut addresses = BTreeMap::new();
    for (at, _) in script.match_indices(EVERYWHERE) {
        let scheme = script[..at].rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
        let rest = &script[at + EVERYWHERE.len()..];
        let port = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap();
        let number = addresses.len() + 1;
        addresses
            .entry(format!("{scheme}{EVERYWHERE}{port}"))
            .or_insert_with(|| format!("{scheme}://127.0.0.{number}:0"));
    }
    // (`…:80` is the beginning of `…:8080`: the longest first)
    let mut longest: Vec<_> = addresses.iter().collect();
    longest.sort_by_key(|(old, _)| std::cmp::Reverse(old.len()));
    let script = longest.iter().fold(script.to_owned(), |s, (old, new)| s.replace(*old, new));
    (script, addresses)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// All files of a folder and of those in it, by their path.
fn read_all(folder: &Path, prefix: &str, into: &mut Vec<(String, String)>) {
    for path in files_of(folder) {
        let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
        match path.is_dir() {
            true => read_all(&path, &format!("{name}/"), into),
            false => into.push((name, read(&path))),
        }
    }
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn with_extension(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut paths = files_of(folder);
    paths.retain(|path| path.extension().is_some_and(|e| e == extension));
    paths
}
