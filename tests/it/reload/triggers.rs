//! Rule 9: what asks for a reload makes no difference, and a worker that is not reloadable is only told.

use super::TEXT;
use crate::support::host::TestHost;
use rhost::Reloaded;
use std::fs;

const FIXED: &str = "text://127.0.0.2:0";

/// One worker that reloads and one that does not; `version` stands in both.
fn script(version: usize) -> String {
    format!(
        r#"
let other = Worker("{TEXT}");
other.seen = 0;
other.on_message = |connection, line| {{
    if line == "reload" {{ Worker::reload(); }}
    other.seen += 1;
    connection.send(`${{other.seen}} {version}`);
}};
Timer::add(3600, || print("never"));
let fixed = Worker("{FIXED}");
fixed.reloadable = false;
fixed.starts = 0;
fixed.on_worker_start = |fixed| {{ fixed.starts += 1; }};
fixed.on_worker_reload = |fixed| print("told {version}");
fixed.on_message = |connection, line| connection.send(`${{fixed.starts}} {version}`);
"#
    )
}

/// What may differ between two reloads of the same script: nothing but the time.
fn figures(report: Reloaded) -> impl PartialEq + std::fmt::Debug {
    let Reloaded { generation, connections, listeners, timers, mut kept, mut reset, .. } = report;
    kept.sort();
    reset.sort();
    (generation, connections, listeners, timers, kept, reset, report.leftovers)
}

/// Reloads a script once in the way that is given, which may talk to the worker that reloads.
fn reload_by(
    is_watched: bool,
    ask: impl FnOnce(&mut TestHost, &mut crate::support::client::Client),
) -> impl PartialEq + std::fmt::Debug {
    let mut host =
        TestHost::try_start_as(&script(1), &[], |builder| builder.watch(is_watched)).unwrap();
    let (mut other, mut fixed) = (host.tcp(TEXT), host.tcp(FIXED));
    assert_eq!((other.ask("a").as_str(), fixed.ask("a").as_str()), ("1 1", "1 1"));
    fs::write(host.path("main.rhai"), script(2)).unwrap();
    ask(&mut host, &mut other);
    let report = host.reloaded();
    assert!(other.ask("b").ends_with(" 2"));
    assert_eq!(fixed.ask("b"), "1 1", "its code and its state are as they were");
    assert_eq!(host.tcp(FIXED).ask("c"), "1 1", "for new connections too");
    host.wait_for_log("told 1");
    assert_eq!((host.logged("told 1"), host.logged("told 2")), (1, 0));
    figures(report)
}

#[test]
fn rule_9_a_save_the_handle_and_the_script_reload_alike_and_what_is_not_reloadable_is_only_told() {
    let by_save = reload_by(true, |_, _| ());
    let by_handle = reload_by(false, |host, _| host.handle().reload());
    let by_script = reload_by(false, |_, other| assert_eq!(other.ask("reload"), "2 1"));
    assert_eq!(format!("{by_handle:?}"), format!("{by_save:?}"));
    assert_eq!(format!("{by_script:?}"), format!("{by_save:?}"));
}

#[test]
fn rule_9_every_way_is_rejected_by_a_fault_and_nothing_is_told() {
    let mut host = TestHost::try_start_as(&script(1), &[], |builder| builder.watch(false)).unwrap();
    let (mut other, mut fixed) = (host.tcp(TEXT), host.tcp(FIXED));
    fs::write(host.path("main.rhai"), format!("{}throw 1;\n", script(2))).unwrap();
    host.handle().reload();
    assert!(host.rejected().location.starts_with("main.rhai:"));
    assert_eq!(other.ask("reload"), "1 1");
    assert!(host.rejected().location.starts_with("main.rhai:"));
    assert_eq!((other.ask("a").as_str(), fixed.ask("a").as_str()), ("2 1", "1 1"));
    assert_eq!(host.logged("told"), 0);
}
