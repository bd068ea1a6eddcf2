//! Finds, without running anything, what would fail when a script runs, or would not do what it seems to: names that nothing
//! defines, values that a setting does not take, waiting where nothing can wait, code that nothing reaches or uses.
//!
//! Reads programs that are compiled for it, without what rhai's optimiser leaves out. `walk` makes a [`model`] of each file;
//! each of the other files holds one idea of what can be wrong. What the host offers to scripts is told by its [`rules`].
//! Whoever adds a check gives it a code, which stays, and keeps to one thing: it is silent unless it is sure.

mod assignments;
mod callbacks;
mod duplicate_names;
mod finding;
mod flow;
mod kinds;
mod literals;
mod loop_capture;
mod model;
mod names;
mod places;
mod properties;
mod routes;
pub(crate) mod rules;
mod shared_state;
mod source;
mod unused;
mod walk;

pub use finding::Finding;

use crate::engine::{call::coroutine::guarded, program::Program};
use model::{File, Model};
use rhai::{EvalAltResult, ImmutableString, Position};
use rules::{Judge, Rules};
use source::Source;
use std::{
    any::TypeId,
    collections::{HashMap, HashSet},
};

/// Findings that a program is told of at most. Fixed: whoever has so many begins with the first.
const MAX_FINDINGS: usize = 1_000;

/// The code of what a check says of itself when it fails.
const FAILED: &str = "check-failed";

/// What a check says.
pub(super) struct Found {
    pub(super) code: &'static str,
    pub(super) at: Position,
    pub(super) problem: Problem,
}

/// What is wrong.
pub(super) enum Problem {
    /// What rhai would say when it came there.
    Error(Box<EvalAltResult>),
    /// In our own words, with what to do about it.
    Said { message: String, help: Option<String> },
}

impl Found {
    fn error(code: &'static str, at: Position, error: EvalAltResult) -> Self {
        Self { code, at, problem: Problem::Error(error.into()) }
    }

    fn new(code: &'static str, at: Position, message: impl Into<String>) -> Self {
        Self { code, at, problem: Problem::Said { message: message.into(), help: None } }
    }

    fn with_help(mut self, text: impl Into<String>) -> Self {
        if let Problem::Said { help, .. } = &mut self.problem {
            *help = Some(text.into());
        }
        self
    }
}

/// A check looks at one file of a program.
type Check = fn(&Model<'_>, &File<'_>, &mut Vec<Found>);

/// All of them, with the names by which one that fails is told.
const CHECKS: [(&str, Check); 12] = [
    ("names", names::check),
    ("callbacks", callbacks::check),
    ("properties", properties::check),
    ("literals", literals::check),
    ("places", places::check),
    ("assignments", assignments::check),
    ("unused", unused::check),
    ("flow", flow::check),
    ("routes", routes::check),
    ("shared_state", shared_state::check),
    ("duplicate_names", duplicate_names::check),
    ("loop_capture", loop_capture::check),
];

/// All findings of a program, in the order of its files and lines. The modules of the host are not looked at.
///
/// A mistake of the lint's own costs no more than what it was looking at: it is a finding by itself, and all others stand.
pub(crate) fn lint(program: &Program, rules: &Rules, judge: &dyn Judge) -> Vec<Finding> {
    run(&CHECKS, program, rules, judge)
}

fn run(
    checks: &[(&str, Check)],
    program: &Program,
    rules: &Rules,
    judge: &dyn Judge,
) -> Vec<Finding> {
    let units = program.modules.units.borrow().clone();
    let texts = program.texts();
    let tell = |file: &str, found: Found| program.finding(file, found, &texts);
    let sources: Vec<Source> = units.iter().map(Source::of).collect();
    let read = || {
        let files = sources.iter().map(|s| walk::read(s, &program.modules, rules, judge)).collect();
        Model::new(program, rules, judge, files)
    };
    let model = match guarded(read) {
        Ok(model) => model,
        Err(why) => {
            let main = units.first().map_or("", |main| main.file.as_str());
            return vec![tell(main, failed("walk", &why))];
        }
    };
    let mut findings = Vec::new();
    for file in &model.files {
        if program.modules.host.has(&file.unit.file) {
            continue;
        }
        let mut found = Vec::new();
        for (name, check) in checks {
            let done = guarded(|| check(&model, file, &mut found));
            found.extend(done.err().map(|why| failed(name, &why)));
        }
        found.sort_by_key(|f| (f.at.line(), f.at.position()));
        found.dedup_by(|b, a| a.at == b.at && a.code == b.code && a.code != FAILED);
        let left = MAX_FINDINGS.saturating_sub(findings.len());
        let name = &file.unit.file;
        findings.extend(found.into_iter().take(left).map(|f| tell(name, f)));
    }
    findings
}

/// What is told of a check that failed itself.
fn failed(check: &str, why: &str) -> Found {
    let text = format!("rhost's own check `{check}` failed on this file: {why}");
    let help = "this is a mistake in rhost, not in the script; all other findings stand";
    Found::new(FAILED, Position::NONE, text).with_help(help)
}

impl<'a> Model<'a> {
    fn new(
        program: &'a Program,
        rules: &'a Rules,
        judge: &'a dyn Judge,
        files: Vec<File<'a>>,
    ) -> Self {
        let mut natives: HashMap<String, HashSet<usize>> = HashMap::new();
        let listed = |info: rhai::FuncInfo| {
            let name = names::qualified(&info.namespace, &info.metadata.name);
            let is_script = info.metadata.param_types.is_empty();
            Some((name, info.metadata.num_params, is_script))
        };
        for (name, params, is_script) in program.engine.collect_fn_metadata(None, listed, true) {
            let arities = natives.entry(name).or_default();
            arities.insert(params);
            // One that an embedder wrote in Rhai does not count the object that it is a method of.
            if is_script {
                arities.insert(params + 1);
            }
        }
        // The host has one that only says that there is none.
        natives.remove("exit");
        let of_texts = |info: rhai::FuncInfo| {
            let is_of_texts =
                info.metadata.param_types.first() == Some(&TypeId::of::<ImmutableString>());
            let name = info.metadata.name.strip_prefix("get$").filter(|_| is_of_texts);
            name.map(str::to_owned)
        };
        let of_texts = program.engine.collect_fn_metadata(None, of_texts, true);
        let of_texts = of_texts.into_iter().collect();
        let (mut read, mut written) = (HashSet::new(), HashSet::new());
        for file in &files {
            for access in &file.accesses {
                let names = if access.is_assigned { &mut written } else { &mut read };
                names.insert(access.name);
            }
            for index in &file.indexes {
                let names = if index.is_assigned { &mut written } else { &mut read };
                names.extend(index.name);
            }
            written.extend(&file.keys);
        }
        Self { modules: &program.modules, rules, judge, files, natives, of_texts, read, written }
    }
}

#[cfg(test)]
mod tests;
