//! Scripts that nobody wrote, edited by chance while a client changes what lives, and held against a plain model of the
//! rules after each step. `RHOST_SOAK_EDITS` says how many edits there are, `RHOST_MODEL_SEED` that only this
//! one runs, and shows each script: the failure of a step tells its seed.

mod chance;
mod edits;
mod living;
mod memory;
mod run;
mod script;

use crate::support::{client::Client, findings, host::TestHost};
use chance::Chance;
use living::Living;
use rhost::{HostEvent, ReloadOptions};
use script::{Flaw, Place, Script};
use serde_json::Value;
use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

/// Edits of one script, before the next one.
const EDITS_OF_ONE: u64 = 40;

/// Edits in an ordinary run.
const EDITS: u64 = 280;

/// Scripts that are tried at the same time.
const THREADS: usize = 4;

/// One script and those who talk to it.
struct Trial {
    seed: u64,
    step: usize,
    chance: Chance,
    host: TestHost,
    clients: Vec<Client>,
    inner: Client,
    living: Living,
    /// What served before, to which an edit may go back.
    earlier: Vec<Script>,
    before: String,
}

impl Trial {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let script = edits::script(&mut chance);
        let (text, library) = (script.text(), script.library());
        let mut host = TestHost::try_start_as(&text, &[("lib.rhai", &library)], |builder| {
            builder.watch(false).checks(false).handler_timeout(Duration::from_secs(20))
        })
        .unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
        let inner = host.tcp("tcp://127.0.0.1:0");
        let living = Living::start(script);
        let (clients, earlier) = (Vec::new(), Vec::new());
        let mut trial =
            Self { seed, step: 0, chance, host, clients, inner, living, earlier, before: text };
        trial.connect();
        trial.check();
        trial
    }

    fn connect(&mut self) {
        self.clients.push(self.host.tcp(super::TEXT));
        self.living.connect();
        // An answer tells that `on_connect` has run.
        self.equal("counted", self.clients.len() - 1, "counted it x 0", |living, at| {
            living.counted(at).to_string()
        });
    }

    #[track_caller]
    fn fail(&self, what: &str, got: &str, expected: &str) -> ! {
        panic!(
            "{what}, RHOST_MODEL_SEED={}, step {}\n--- before\n{}\n--- after\n{}{}\n--- got\n{got}\n--- expected\n{expected}",
            self.seed,
            self.step,
            self.before,
            self.living.script.library(),
            self.living.script.text()
        );
    }

    #[track_caller]
    fn equal(
        &mut self,
        what: &str,
        client: usize,
        line: &str,
        expected: impl Fn(&mut Living, usize) -> String,
    ) {
        let got = self.clients[client].ask(line);
        let expected = expected(&mut self.living, client);
        if got != expected {
            self.fail(&format!("{what} of client {client}"), &got, &expected);
        }
    }

    /// Everything that can be asked for is what the model says.
    #[track_caller]
    fn check(&mut self) {
        let got = self.clients[0].ask("dump all x 0");
        let shown: Value = serde_json::from_str(&got).unwrap_or(Value::Null);
        let expected = self.living.dump(&shown);
        if shown != expected {
            let names = expected.as_object().into_iter().flatten();
            let others: Vec<_> = names.filter(|(k, v)| shown.get(k) != Some(v)).collect();
            self.fail("dump", &got, &format!("{expected}\nof which differ {others:?}"));
        }
        for client in 0..self.clients.len() {
            self.equal("held", client, "held it x 5", |living, at| living.held(at, 5).to_string());
            self.equal("counted", client, "counted it x 0", |living, at| {
                living.counted(at).to_string()
            });
        }
        self.equal("installed", 0, "step", |living, _| living.step().to_string());
        let got = self.inner.ask("x");
        let expected = self.living.inner().to_string();
        if got != expected {
            self.fail("inner", &got, &expected);
        }
        for key in self.living.made.clone().keys() {
            self.equal("made", 0, &format!("made it {key} 3"), |living, _| {
                living.made(key, 3).to_string()
            });
        }
        let hooks = self.living.hooks();
        let mut got: Vec<String> =
            serde_json::from_str(&self.clients[0].ask("hooks all x 0")).unwrap_or_default();
        let mut expected: Vec<String> = hooks.keys().map(|n| format!("h{n}")).collect();
        got.sort();
        expected.sort();
        if got != expected {
            self.fail("hooks", &format!("{got:?}"), &format!("{expected:?}"));
        }
        for (n, adds) in hooks {
            self.equal("hook", 0, &format!("hook it h{n} 2"), |_, _| (2 + adds).to_string());
        }
    }

    /// Saves a script and gives whether it serves.
    fn reload(&mut self, script: &Script) -> bool {
        if wished("RHOST_MODEL_SEED").is_some() {
            eprintln!("--- step {}\n{}{}", self.step, script.library(), script.text());
        }
        self.host.save("lib.rhai", &script.library());
        self.host.save("main.rhai", &script.text());
        self.host.handle().reload_with(ReloadOptions::default());
        let is_end =
            |e: &HostEvent| matches!(e, HostEvent::Reloaded(_) | HostEvent::ReloadRejected(_));
        match self.host.wait_for(is_end) {
            Some(HostEvent::Reloaded(_)) => true,
            Some(HostEvent::ReloadRejected(_)) => false,
            other => self.fail("reload", &format!("{other:?}"), "an answer"),
        }
    }

    fn edit(&mut self) {
        self.step += 1;
        let served = self.living.script.clone();
        self.before = format!("{}{}", served.library(), served.text());
        let mut script = served.clone();
        match self.chance.below(8) {
            0 => script = self.chance.one_of(&self.earlier).cloned().unwrap_or(script),
            _ => {
                for _ in 0..1 + self.chance.below(3) {
                    edits::edit(&mut script, &mut self.chance);
                }
            }
        }
        if self.chance.once_in(6) {
            let flaws = [Flaw::Syntax, Flaw::TopLevel, Flaw::Start];
            let flaw = flaws[self.chance.below(3)];
            // What an edit has initialised anew does not come back when a start throws: nothing else is edited.
            let broken = if flaw == Flaw::Start { served.clone() } else { script };
            let broken = Script { flaw: Some(flaw), ..broken };
            if self.reload(&broken) {
                self.fail("a script with a flaw", "accepted", "rejected");
            }
            // The files of before serve again, and ask again for what they make.
            if flaw == Flaw::Start {
                self.living.accept(served);
            }
        } else {
            if !self.reload(&script) {
                self.before = script.text();
                let log = self.host.log();
                self.fail("a sound script", &format!("{:?}", log.last()), "accepted");
            }
            self.earlier.push(served);
            self.living.accept(script);
        }
        self.check();
        for _ in 0..self.chance.below(4) {
            self.traffic();
        }
        if self.clients.len() < 3 && self.chance.once_in(8) {
            self.connect();
        }
        self.check();
    }

    /// A handler changes something that lives.
    fn traffic(&mut self) {
        let most = if self.chance.once_in(2) { 4 } else { 1000 };
        let n = 1 + self.chance.below(most) as i64;
        let timers = self.living.script.timers();
        if self.chance.once_in(8)
            && let Some((timer, _)) = self.chance.one_of(&timers)
        {
            let line = format!("end t{timer} x 0");
            return self.equal("ended", 0, &line, |living, _| living.end_timer(*timer).to_string());
        }
        if self.chance.once_in(8) {
            let key = ["x", "y", "z"][self.chance.below(3)].to_owned();
            let line = format!("make it {key} {n}");
            return self.equal("made", 0, &line, |living, _| {
                living.made.insert(key.clone(), n);
                "ok".into()
            });
        }
        let places: Vec<Place> = self.living.values.keys().copied().collect();
        let Some(place) = self.chance.one_of(&places).copied() else { return };
        let key = ["a", "b", "c", "own"][self.chance.below(4)];
        let chance = self.chance.below(2) == 0;
        let Some(value) = self.living.values.get_mut(&place) else { return };
        let verb = match value {
            Value::Object(map) => match map.get_mut(key) {
                Some(Value::Object(inner)) if chance => {
                    inner.insert("n".into(), n.into());
                    "inner"
                }
                Some(Value::Array(inner)) if chance => {
                    inner.push(n.into());
                    "grow"
                }
                Some(_) if chance => {
                    map.remove(key);
                    "drop"
                }
                _ => {
                    map.insert(key.into(), n.into());
                    "put"
                }
            },
            Value::Array(list) if chance && !list.is_empty() => {
                let at = n as usize % list.len();
                list.remove(at);
                let line = format!("cut {} x {at}", place.name());
                return self.equal("cut", 0, &line, |_, _| "ok".into());
            }
            Value::Array(list) => {
                list.push(n.into());
                "push"
            }
            value => {
                *value = n.into();
                "set"
            }
        };
        let line = format!("{verb} {} {key} {n}", place.name());
        self.equal("traffic", 0, &line, |_, _| "ok".into());
    }
}

fn wished(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// Runs a script of each seed, and so many edits.
fn run(seeds: Range<u64>, edits: usize) {
    let next = AtomicU64::new(seeds.start);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let _unseen = findings::not_looked_at();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if !seeds.contains(&seed) {
                        return;
                    }
                    let mut trial = Trial::new(seed);
                    (0..edits).for_each(|_| trial.edit());
                }
            });
        }
    });
}

#[test]
fn what_lives_after_any_edit_is_what_the_rules_say() {
    let edits = wished("RHOST_SOAK_EDITS").unwrap_or(EDITS);
    let seeds = match wished("RHOST_MODEL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..1 + edits.div_ceil(EDITS_OF_ONE),
    };
    run(seeds, EDITS_OF_ONE as usize);
}
