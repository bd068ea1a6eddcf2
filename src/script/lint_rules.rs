//! What the lint is told of the names that scripts can use. Nearly all of it is read from the reference, which a test holds
//! against what is registered; the rest is asked of the code that a running script would meet.

mod judge;

pub(crate) use judge::HostJudge;

use super::{
    callback::Event,
    configuration::Configuration,
    reference::{CHANGING_ARRAYS, Entry, Place, script_reference},
    settings::Settings,
    tcp_connection::TcpConnection,
    worker::Worker,
};
use crate::engine::lint::rules::{Apart, Caller, Form, Kind, Property, Rules, Where};

/// Objects to which scripts attach properties of their own.
const OPEN: [&str; 4] = ["Worker", "TcpConnection", "Request", "RouteTable"];

/// What a loop over an object meets.
const ELEMENTS: [(&str, &str); 1] = [("Connections", "TcpConnection")];

/// Methods that change the map they are called on; those of arrays have a section of their own.
const MAP_CHANGERS: [&str; 7] = ["set", "remove", "clear", "mixin", "fill_with", "drain", "retain"];

/// Methods that send what they are given.
const SENDERS: [&str; 2] = ["send", "broadcast"];

/// Of a request that a route, or a step before it, is given.
const REQUEST: &[Kind] = &[Some("Request")];

/// Functions that take a closure, with what it is given, and whether it runs later than the call.
const CALLERS: [(&str, &[Kind], bool); 12] = [
    ("std/router::get", REQUEST, true),
    ("std/router::post", REQUEST, true),
    ("std/router::put", REQUEST, true),
    ("std/router::patch", REQUEST, true),
    ("std/router::delete", REQUEST, true),
    ("std/router::any", REQUEST, true),
    ("std/router::route", REQUEST, true),
    ("std/router::group", &[Some("RouteTable")], false),
    ("std/router::before", REQUEST, true),
    ("std/router::after", &[Some("Request"), Some("Response")], true),
    ("std/router::on_error", &[Some("Request"), None], true),
    ("std/router::not_found", REQUEST, true),
];

/// Functions that call a closure with what stands in an array behind it.
const TIMERS: [&str; 3] = ["Timer::add", "Timer::delay", "Timer::repeat"];

/// Functions that add a route: the method, and where the path is among the arguments, the object included.
const ROUTES: [(&str, Option<&str>, usize); 8] = [
    ("std/router::get", Some("GET"), 1),
    ("std/router::post", Some("POST"), 1),
    ("std/router::put", Some("PUT"), 1),
    ("std/router::patch", Some("PATCH"), 1),
    ("std/router::delete", Some("DELETE"), 1),
    ("std/router::any", Some(""), 1),
    ("std/router::route", None, 2),
    ("RouteTable.add", None, 2),
];

/// All that the lint has to know.
pub(crate) fn rules() -> Rules {
    let changing = script_reference().iter().filter(|section| section.title == CHANGING_ARRAYS);
    let changers = changing.flat_map(|section| section.entries);
    let mut rules = Rules {
        elements: ELEMENTS.to_vec(),
        callers: callers(),
        routes: ROUTES.to_vec(),
        changers: changers.map(|entry| entry.name).collect(),
        senders: SENDERS.to_vec(),
        apart: Some(Apart {
            made_by: &["Worker", "WebServer"],
            kind: "Worker",
            local: &["connections", "broadcast"],
            name: "name",
            start: Event::WorkerStart.name(),
        }),
        last: "Worker::run_all",
        options: Configuration::NAMES,
        configure: "Worker::configure",
        ..Rules::default()
    };
    rules.changers.extend(MAP_CHANGERS);
    for section in script_reference() {
        // A WebServer is a Worker that answers with files.
        let owner = if section.owner == "WebServer" { "Worker" } else { section.owner };
        for entry in section.entries {
            for form in entry.forms {
                add(&mut rules, owner, entry, section.plain(form));
            }
        }
    }
    for kind in OPEN {
        rules.objects.entry(kind).or_default().is_open = true;
    }
    let worker = &rules.objects["Worker"].callbacks;
    let of_connection = |name: &str| Event::named(name).is_some_and(Event::is_of_connection);
    let shared = worker.iter().filter(|(name, _)| of_connection(name));
    let shared = shared.map(|(name, given)| (*name, given.clone())).collect();
    rules.objects.entry("TcpConnection").or_default().callbacks = shared;
    rules
}

fn callers() -> Vec<Caller> {
    let routes = CALLERS.iter().map(|(function, given, is_later)| Caller {
        function,
        closure: None,
        arguments: None,
        given,
        is_later: *is_later,
    });
    let timers = TIMERS.iter().map(|function| Caller {
        function,
        closure: Some(1),
        arguments: Some(2),
        given: &[],
        is_later: true,
    });
    routes.chain(timers).collect()
}

/// Adds one form of an entry: `send(data: any) -> bool`, `Timer::del(id: int)`, `count: int = 1`.
fn add(rules: &mut Rules, owner: &'static str, entry: &'static Entry, form: &'static str) {
    let Some((name, rest)) = form.split_once('(').filter(|(name, _)| !name.contains(": ")) else {
        let kind = form.split_once(": ").map(|(_, rest)| rest.split(" = ").next().unwrap_or(rest));
        let property = Property {
            kind: kind.and_then(one),
            is_read_only: is_read_only(owner, entry.name),
            place: match owner == "Worker" && Settings::is_of_the_top_level(entry.name) {
                true => Where::TopLevel,
                false => Where::Anywhere,
            },
        };
        rules.objects.entry(owner).or_default().properties.insert(entry.name, property);
        return;
    };
    let (parameters, gives) = rest.rsplit_once(") -> ").unwrap_or((rest.trim_end_matches(')'), ""));
    let parameters = parameters.split(", ").filter_map(|p| Some(p.split_once(": ")?.1));
    let parameters: Vec<&'static str> = parameters.collect();
    if Event::named(entry.name).is_some() && owner == "Worker" {
        let given: Vec<Kind> = parameters.into_iter().map(one).collect();
        rules.objects.entry(owner).or_default().callbacks.insert(entry.name, given);
        return;
    }
    let place = match entry.place {
        Place::Both => Where::Anywhere,
        Place::TopLevel => Where::TopLevel,
        Place::Handler => Where::Handler,
    };
    let form = Form { parameters, gives: one(gives), waits: entry.waits, place };
    // A constructor is called by the name of its type.
    let is_function = name.contains("::") || name.starts_with(char::is_uppercase);
    let forms = match owner {
        "functions" => rules.functions.entry(name.to_owned()).or_default(),
        _ if is_function => rules.functions.entry(name.to_owned()).or_default(),
        module if module.contains('/') => {
            rules.functions.entry(format!("{module}::{name}")).or_default()
        }
        _ => rules.objects.entry(owner).or_default().methods.entry(entry.name).or_default(),
    };
    forms.push(form);
}

/// The one type that is written there; none if it is one of several, or any.
fn one(kind: &'static str) -> Kind {
    let is_one = !kind.is_empty() && !kind.contains('|') && !matches!(kind, "any" | "number");
    is_one.then_some(if kind == "Fn" { "function" } else { kind })
}

fn is_read_only(owner: &str, name: &str) -> bool {
    match owner {
        "Worker" => Worker::PROPERTIES.contains(&name) || Settings::is_read_only(name),
        "TcpConnection" => {
            TcpConnection::PROPERTIES.contains(&name) && !TcpConnection::SETTINGS.contains(&name)
        }
        _ => false,
    }
}

#[cfg(test)]
#[path = "lint_rules_tests.rs"]
mod tests;
