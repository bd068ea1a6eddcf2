//! What becomes of the findings when the lint itself makes a mistake.

use super::*;
use crate::engine::{
    Config,
    compile::{host_modules::HostModules, sources::Sources},
    natives::Natives,
    program::Api,
    reload::generations::Generations,
};
use rhai::{Dynamic, Engine, ImmutableString};
use rules::{Kind, Routes};
use std::{any::TypeId, collections::BTreeSet, fs, rc::Rc, sync::Arc, time::Duration};

/// A host without functions, which has no opinion.
struct Nothing;

impl Api for Nothing {
    fn modules(&self) -> HostModules {
        HostModules::default()
    }

    fn register(&self, _: &mut Engine, _: &mut Natives) -> Vec<TypeId> {
        Vec::new()
    }

    fn register_properties(&self, _: &mut Engine, _: &mut Natives, _: &BTreeSet<ImmutableString>) {}
}

impl Judge for Nothing {
    fn property(&self, _: &str, _: &str, _: &Dynamic) -> Option<String> {
        None
    }

    fn argument(&self, _: &str, _: usize, _: &Dynamic) -> Option<(&'static str, String)> {
        None
    }

    fn callback(&self, _: Kind, _: &str) -> String {
        String::new()
    }

    fn parameter(&self, _: &str, _: usize, _: &str) -> Kind {
        None
    }

    fn same_name(&self, _: &str, _: &str) -> String {
        String::new()
    }

    fn routes(&self) -> Routes {
        Box::new(|_, _| None)
    }
}

#[test]
fn a_check_that_panics_is_one_line_and_costs_no_other_finding() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("main.rhai");
    fs::write(&path, "let x = 1;\nprint(y);\n").expect("a file");
    let config = Config {
        handler_timeout: Duration::from_secs(5),
        rehearsal_timeout: Duration::ZERO,
        handler_memory: 0,
        colour: false,
        explains: false,
        optimizes: true,
        kill: Arc::default(),
        register: None,
    };
    let generations = Rc::<Generations>::default();
    let Ok(program) = Program::parse(&Nothing, &config, Sources::new(&path), &generations) else {
        panic!("the script is right");
    };
    let checks: [(&str, Check); 3] = [
        ("names", names::check),
        ("broken", |_, _, _| panic!("an empty path")),
        ("unused", unused::check),
    ];
    let found = run(&checks, &program, &Rules::default(), &Nothing);
    let told: Vec<(&str, String)> = found.iter().map(|f| (f.code, f.location())).collect();
    let want = [
        ("check-failed", "main.rhai"),
        ("unused-variable", "main.rhai:1:5"),
        ("unknown-variable", "main.rhai:2:7"),
    ];
    assert_eq!(told, want.map(|(code, place)| (code, place.to_owned())));
    assert_eq!(found[0].message, "rhost's own check `broken` failed on this file: an empty path");
}
