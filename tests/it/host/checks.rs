//! What a host says of its script after each start and reload: once, beside what it serves, and stopping nothing.

use crate::support::{findings, host::TestHost};
use rhost::{Checked, HostEvent, Level, Record};

const TEXT: &str = "text://127.0.0.1:0";

/// The next look at the script.
fn checked(host: &mut TestHost) -> Checked {
    match host.wait_for(|event| matches!(event, HostEvent::Checked(_))) {
        Some(HostEvent::Checked(checked)) => checked,
        other => panic!("nothing was checked: {other:?}"),
    }
}

/// (code, location) of those that are new.
fn new(checked: &Checked) -> Vec<(&'static str, String)> {
    checked.new.iter().map(|finding| (finding.code, finding.location())).collect()
}

fn warnings(host: &TestHost) -> Vec<Record> {
    let is_finding = |r: &Record| r.level == Level::Warn && r.about.finding.is_some();
    host.log().into_iter().filter(is_finding).collect()
}

/// Its second line has a finding.
const TYPO: &str = "let worker = Worker(\"text://127.0.0.1:0\");
worker.cuont = 2;
worker.on_message = |connection, line| connection.send(line);
";

#[test]
fn findings_are_warnings_of_the_log_and_an_event_while_the_script_serves() {
    let _meant = findings::meant(&["misspelt-property"]);
    let mut host = TestHost::start(TYPO);
    let told = checked(&mut host);
    let place = "main.rhai:2:8".to_owned();
    assert_eq!((told.generation, told.total), (0, 1));
    assert_eq!(new(&told), [("misspelt-property", place.clone())]);
    let warnings = warnings(&host);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let Record { location, message, about, .. } = &warnings[0];
    assert_eq!((location, about.finding), (&place, Some("misspelt-property")));
    assert_eq!((about.fault, about.generation), (None, Some(0)));
    assert!(message.starts_with("warning[misspelt-property]: "), "{message}");
    assert!(message.contains("worker.cuont = 2;") && message.contains("`count`"), "{message}");
    assert_eq!(warnings[0].to_string(), *message, "the report has its place itself");
    assert_eq!(host.tcp(TEXT).ask("hello"), "hello");
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_finding_is_told_once_and_again_when_it_changes() {
    let _meant = findings::meant(&["misspelt-property"]);
    let mut host = TestHost::start(TYPO);
    checked(&mut host);
    host.edit(&format!("// a line in front of it\n{TYPO}"));
    let told = checked(&mut host);
    assert_eq!((told.generation, told.total, new(&told)), (1, 1, vec![]));
    host.edit(&format!("let unused = 1;\n{TYPO}"));
    assert_eq!(new(&checked(&mut host)), [("unused-variable", "main.rhai:1:5".to_owned())]);
    host.edit(&TYPO.replace("cuont = 2", "cuont = 3"));
    assert_eq!(new(&checked(&mut host)), [("misspelt-property", "main.rhai:2:8".to_owned())]);
    host.edit(&TYPO.replace("cuont", "count"));
    assert_eq!(checked(&mut host).total, 0);
    host.edit(TYPO);
    assert_eq!(new(&checked(&mut host)).len(), 1, "it was mended, and is back");
    assert_eq!(warnings(&host).len(), 4);
}

#[test]
fn the_same_mistake_made_twice_is_told_twice() {
    let _meant = findings::meant(&["misspelt-property"]);
    let mut host = TestHost::start(TYPO);
    checked(&mut host);
    let twice = TYPO.replace("worker.cuont = 2;", "worker.cuont = 2;\nworker.cuont = 2;");
    host.edit(&twice);
    let told = checked(&mut host);
    assert_eq!((told.total, new(&told).len()), (2, 1));
}

#[test]
fn every_file_that_is_imported_is_looked_at() {
    let script = "import \"lib\" as lib;\nprint(lib::one());\nTimer::add(60, || print(1));\n";
    let lib = [("lib.rhai", "fn one() { let n = 1; 2 }\n")];
    let mut host = TestHost::start_with(script, &lib);
    assert_eq!(new(&checked(&mut host)), [("unused-variable", "lib.rhai:1:16".to_owned())]);
    host.save("lib.rhai", "fn one() { 2 }\n");
    host.reloaded();
    assert_eq!(checked(&mut host).total, 0);
}

#[test]
fn the_log_has_the_first_of_many_and_says_how_many_more_there_are() {
    let many: String = (0..50).map(|n| format!("let unused_{n} = {n};\n")).collect();
    let mut host = TestHost::start(&format!("{many}Timer::add(60, || print(1));\n"));
    let told = checked(&mut host);
    assert_eq!((told.total, told.new.len(), warnings(&host).len()), (50, 50, 20));
    assert_eq!(host.logged("and 30 more findings: `rhost check "), 1);
}

#[test]
fn a_script_that_has_nothing_to_do_is_told_what_may_be_the_reason() {
    let mut host = TestHost::start(
        "if false { Timer::add(1, || print(1)); }\nprint(unknown());\nfn unknown() { let n = 1; 2 }\n",
    );
    let told = checked(&mut host);
    assert_eq!(new(&told), [("unused-variable", "main.rhai:3:20".to_owned())]);
    assert_eq!(host.ended(), 0);
}

#[test]
fn a_rejected_reload_is_not_looked_at_and_what_goes_on_is_not_told_again() {
    let _meant = findings::meant(&["misspelt-property"]);
    let mut host = TestHost::start(TYPO);
    checked(&mut host);
    host.save("main.rhai", "let broken = ;\n");
    assert!(host.wait_for(|e| matches!(e, HostEvent::ReloadRejected(_))).is_some());
    host.edit(&format!("{TYPO}// mended\n"));
    let told = checked(&mut host);
    assert_eq!((told.total, told.new.len()), (1, 0));
}

#[test]
fn an_embedder_can_have_a_host_that_does_not_look() {
    let _unseen = findings::not_looked_at();
    let mut host = TestHost::try_start_as(TYPO, &[], |b| b.checks(false)).expect("it starts");
    host.edit(&format!("{TYPO}// again\n"));
    assert_eq!(host.tcp(TEXT).ask("hello"), "hello");
    assert!(warnings(&host).is_empty());
    host.handle().stop(0);
    let is_checked = |e: &HostEvent| matches!(e, HostEvent::Checked(_));
    assert!(host.wait_for(is_checked).is_none(), "the host has ended without a check");
}
