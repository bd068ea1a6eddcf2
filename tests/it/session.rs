//! Plays the conversation of every example. A folder in `examples/` has a script and, beside it and named like it, a
//! `.session`, in which a line is one of
//!
//! ```text
//! # a comment
//! [name] connect websocket websocket://0.0.0.0:1234      a client by that name; the address as the script writes it
//! [name] connect text text://0.0.0.0:5678
//! [name] > what it sends (a websocket text, or a line)
//! [name] < what it must receive next
//! ```

use crate::{
    client::{Client, WebSocket},
    host::TestHost,
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

enum Player {
    WebSocket(WebSocket),
    Text(Client),
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

fn play(session: &Path) {
    let script = read(&session.with_extension("rhai"));
    let (script, addresses) = on_free_ports(&script);
    let folder = session.parent().expect("a file has a folder");
    let modules: Vec<(String, String)> = with_extension(folder, "rhai")
        .iter()
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(path)))
        .collect();
    let files: Vec<(&str, &str)> = modules.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let mut host = TestHost::start_with(&script, &files);
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
            Some(("< ", text)) => assert_eq!(player.receive(), text, "line {}", at + 1),
            _ => panic!("line {}: nobody can `{action}`", at + 1),
        }
    }
    assert_eq!(host.errors(), 0, "{} ran into errors", session.display());
}

fn connect(host: &mut TestHost, what: &str, addresses: &BTreeMap<String, String>) -> Player {
    let (kind, address) = what.split_once(' ').expect("`connect KIND ADDRESS`");
    let here = addresses.get(address).unwrap_or_else(|| panic!("no worker listens on {address}"));
    match kind {
        "websocket" => Player::WebSocket(host.websocket(here)),
        "text" => Player::Text(host.tcp(here)),
        _ => panic!("nobody knows how to connect `{kind}`"),
    }
}

impl Player {
    fn send(&mut self, text: &str) {
        match self {
            Player::WebSocket(socket) => socket.text(text),
            Player::Text(client) => client.send(format!("{text}\n")),
        }
    }

    fn receive(&mut self) -> String {
        match self {
            Player::WebSocket(socket) => socket.message(),
            Player::Text(client) => client.line(),
        }
    }
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
