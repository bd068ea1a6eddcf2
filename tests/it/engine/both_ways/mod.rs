//! The optimiser means what is written: a handler answers, does, prints and throws the same with `optimize(false)`, where
//! rhai walks it as a tree. `RHOST_SOAK_BODIES` makes that many bodies that nobody wrote instead of a few;
//! `RHOST_SOAK_SEED` makes others.

mod random;

use super::{
    shortcuts::{FUNCTIONS, MODULE, cases::CASES},
    stock::{
        self, FORMS,
        bodies::{BODIES, Body},
        random::{BEFORE, Random},
    },
};
use crate::support::{client::Client, findings, host::TestHost};
use random::Woven;
use rhost::HostEvent;
use std::{cell::RefCell, env, fmt::Write, time::Duration};

/// Bodies of each kind that are made of the seed, done in two seconds.
const RANDOM_BODIES: usize = 60;

/// Bodies in one script, so that a long run has many and none of them is huge.
const BODIES_OF_SCRIPT: usize = 60;

/// What is thrown behind whatever else is.
const END: &str = "that was all";

/// How long a handler may run: some of those that nobody wrote do much, and none for ever.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(60);

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

/// Sizes of the scripts that are made of the seed.
fn scripts() -> impl Iterator<Item = usize> {
    let all = number("RHOST_SOAK_BODIES").map_or(RANDOM_BODIES, |n| n as usize);
    (0..all).step_by(BODIES_OF_SCRIPT).map(move |from| BODIES_OF_SCRIPT.min(all - from))
}

fn seed() -> u64 {
    number("RHOST_SOAK_SEED").unwrap_or(stock::SEED)
}

/// A host with the optimiser, and one without.
struct Pair([(TestHost, Client); 2]);

impl Pair {
    fn start(script: &str) -> Self {
        Self([true, false].map(|is_optimized| {
            let options = |builder: rhost::HostBuilder| {
                // Nobody looks for mistakes in bodies that have them by chance.
                builder.handler_timeout(HANDLER_TIMEOUT).checks(false).optimize(is_optimized)
            };
            let files = [("m.rhai", MODULE)];
            let _meant = findings::not_looked_at();
            let started = TestHost::try_start_as(script, &files, options);
            let mut host = started.unwrap_or_else(|e| panic!("{e}\n{script}"));
            let client = host.tcp("text://127.0.0.1:0");
            (host, client)
        }))
    }

    /// What both answer. Says what is different.
    fn ask(&mut self, question: &str, of: &str) -> String {
        let [short, walked] = self.0.each_mut().map(|(_, client)| client.ask(question));
        told(of, &short, &walked)
    }

    /// The report of the error that a handler has, or that it has none. Says what is different.
    fn fail(&mut self, question: &str, of: &str) -> String {
        let [short, walked] = self.0.each_mut().map(|(host, client)| {
            client.send(format!("{question}\nend\n"));
            let reports = RefCell::new(String::new());
            let is_end = |event: &HostEvent| match event {
                HostEvent::Fault(fault) if fault.title.starts_with(END) => true,
                HostEvent::Fault(fault) => {
                    reports.borrow_mut().push_str(&fault.text);
                    false
                }
                _ => false,
            };
            assert!(host.wait_for(is_end).is_some(), "the host ended");
            reports.into_inner()
        });
        told(of, &short, &walked)
    }

    /// What was printed. Says what is different.
    fn printed(&self) -> String {
        let [short, walked] = self.0.each_ref().map(|(host, _)| host.printed().join("\n"));
        told("what is printed", &short, &walked)
    }
}

fn told(of: &str, short: &str, walked: &str) -> String {
    match short == walked {
        true => String::new(),
        false => format!("{of}\n    walked: {walked}\n    short:  {short}\n"),
    }
}

/// A script in which each body is a function.
fn script(bodies: &[impl AsRef<str>]) -> String {
    let (mut script, mut caught, mut thrown) = (FUNCTIONS.to_owned(), String::new(), String::new());
    for (number, body) in bodies.iter().enumerate() {
        let body = body.as_ref();
        write!(
            script,
            "fn case_{number}() {{ {body} }}\n\
             fn try_{number}() {{ afresh(); let came = (); \
             try {{ came = [case_{number}()]; }} catch (e) {{ came = #{{ error: e }}; }} \
             print(`{number} ${{worker.log.len()}}`); \
             `${{came}} ${{worker.log}} ${{worker.table}} ${{worker.list}} ${{worker.text}} ${{worker.nested}}` }}\n"
        )
        .unwrap();
        writeln!(caught, "        \"{number}\" => connection.send(`${{try_{number}()}}`),")
            .unwrap();
        writeln!(thrown, "        \"!{number}\" => {{ afresh(); case_{number}(); }}").unwrap();
    }
    write!(
        script,
        "let worker = Worker(\"text://127.0.0.1:0\");\n\
         worker.on_message = |connection, line| {{\n    switch line {{\n{caught}{thrown}        \
         \"end\" => throw \"{END}\",\n    }}\n}};\nWorker::run_all();\n"
    )
    .unwrap();
    script
}

/// Everything that each of these does, as a function that is called by a handler.
fn differences(bodies: &[impl AsRef<str>]) -> String {
    let mut pair = Pair::start(&script(bodies));
    let mut different = String::new();
    for (number, body) in bodies.iter().enumerate() {
        // What was found for some types is remembered for the next time.
        for _ in 0..2 {
            different += &pair.ask(&number.to_string(), body.as_ref());
        }
        different += &pair.fail(&format!("!{number}"), body.as_ref());
    }
    different + pair.printed().as_str()
}

/// Everything that each of these gives, wherever its variables are.
fn differences_of_forms(bodies: &[Body]) -> String {
    let mut pair = Pair::start(&stock::script(bodies));
    let mut different = String::new();
    for (number, body) in bodies.iter().enumerate() {
        for form in FORMS {
            let of = format!("{form}: {} {}", body.before, body.text);
            different += &pair.ask(&format!("{form}_{number}"), &of);
        }
    }
    different
}

#[test]
fn functions_do_the_same_with_shorter_ways_and_without() {
    let different = differences(CASES);
    assert!(different.is_empty(), "{different}");
}

#[test]
fn bodies_give_the_same_with_shorter_ways_and_without() {
    let different = differences_of_forms(BODIES);
    assert!(different.is_empty(), "{different}");
}

#[test]
fn bodies_that_nobody_wrote_give_the_same_with_shorter_ways_and_without() {
    let mut random = Random::new(seed());
    for size in scripts() {
        let texts: Vec<_> = (0..size / 2).map(|_| random.body()).collect();
        let body = |text| Body { before: BEFORE, text, functions: "", differs: &[] };
        let bodies: Vec<_> = texts.iter().map(|text| body(text)).collect();
        let different = differences_of_forms(&bodies);
        assert!(different.is_empty(), "{different}");
    }
}

#[test]
fn functions_that_nobody_wrote_do_the_same_with_shorter_ways_and_without() {
    let mut woven = Woven::new(seed());
    for size in scripts() {
        let bodies: Vec<_> = (0..size).map(|_| woven.body()).collect();
        let different = differences(&bodies);
        assert!(different.is_empty(), "{different}");
    }
}

#[test]
fn what_a_variable_of_the_top_level_is_pushed_to_can_be_changed_where_rhai_walks() {
    let script = r#"
const LIMIT = 3;
let worker = Worker("text://127.0.0.1:0");
fn limits() { let list = []; list.push(LIMIT); list.push(worker); list[0] += 1; list[1] = 5; list }
print(limits());
worker.on_message = |connection, line| connection.send(limits());
Worker::run_all();
"#;
    let mut pair = Pair::start(script);
    for (host, client) in &mut pair.0 {
        assert_eq!(host.printed(), ["[4,5]"], "the top level, which rhai walks");
        assert_eq!(client.ask("?"), "[4,5]");
    }
}
