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

use super::{modules::is_embedded, program::Program};
use model::{File, Model};
use rhai::{EvalAltResult, Position};
use rules::{Judge, Rules};
use source::Source;
use std::collections::{HashMap, HashSet};

/// Findings that a program is told of at most. Fixed: whoever has so many begins with the first.
const MAX_FINDINGS: usize = 1_000;

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

/// All of them.
const CHECKS: [Check; 12] = [
    names::check,
    callbacks::check,
    properties::check,
    literals::check,
    places::check,
    assignments::check,
    unused::check,
    flow::check,
    routes::check,
    shared_state::check,
    duplicate_names::check,
    loop_capture::check,
];

/// All findings of a program, in the order of its files and lines. The modules of the host are not looked at.
pub(crate) fn lint(program: &Program, rules: &Rules, judge: &dyn Judge) -> Vec<Finding> {
    let units = program.modules.units.borrow().clone();
    let sources: Vec<Source> = units.iter().map(Source::of).collect();
    let files: Vec<File<'_>> =
        sources.iter().map(|s| walk::read(s, &program.modules, rules, judge)).collect();
    let model = Model::new(program, rules, judge, files);
    let texts = program.texts();
    let mut findings = Vec::new();
    for file in &model.files {
        if is_embedded(&file.unit.file) {
            continue;
        }
        let mut found = Vec::new();
        CHECKS.iter().for_each(|check| check(&model, file, &mut found));
        found.sort_by_key(|f| (f.at.line(), f.at.position()));
        found.dedup_by(|b, a| a.at == b.at && a.code == b.code);
        let left = MAX_FINDINGS - findings.len();
        let name = &file.unit.file;
        let told = found.into_iter().take(left).map(|f| program.finding(name, f, &texts));
        findings.extend(told);
    }
    findings
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
        Self { modules: &program.modules, rules, judge, files, natives, read, written }
    }
}
