//! Memory stays flat however often a script is edited.

use super::{chance::Chance, edits, script::Flaw, wished};
use crate::{
    reload::TEXT,
    support::{findings, host::TestHost},
};
use rhost::{HostEvent, ReloadOptions};
use std::fs;

/// Texts that are served in turn.
const TEXTS: usize = 50;

/// Reloads in a run of its own.
const RELOADS: usize = 2000;

/// Growth of resident memory that is put down to the allocator, KiB, from the time when each text has been served four
/// times.
const MAX_GROWTH: u64 = 10 * 1024;

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("procfs");
    let line = status.lines().find(|l| l.starts_with("VmRSS")).expect("VmRSS");
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
}

#[test]
fn memory_stays_flat_however_often_a_script_is_edited() {
    let _unseen = findings::not_looked_at();
    let mut chance = Chance::new(2000);
    let mut script = edits::script(&mut chance);
    let mut texts = vec![(script.text(), script.library(), true)];
    while texts.len() < TEXTS {
        edits::edit(&mut script, &mut chance);
        let mut served = script.clone();
        served.flaw = chance.once_in(8).then_some(Flaw::Start);
        texts.push((served.text(), served.library(), served.flaw.is_none()));
    }
    let options = |builder: rhost::HostBuilder| builder.watch(false).checks(false);
    let library = [("lib.rhai", texts[0].1.as_str())];
    let mut host = TestHost::try_start_as(&texts[0].0, &library, options).expect("it starts");
    let mut client = host.tcp(TEXT);
    // In the suite, other tests share this process, and the time is theirs.
    let is_alone = wished("RHOST_SOAK_EDITS").is_some();
    let reloads = if is_alone { RELOADS } else { TEXTS };
    let mut early = None;
    for (at, (text, library, is_sound)) in texts.iter().cycle().take(reloads).enumerate() {
        host.save("lib.rhai", library);
        host.save("main.rhai", text);
        host.handle().reload_with(ReloadOptions::default());
        let is_end =
            |e: &HostEvent| matches!(e, HostEvent::Reloaded(_) | HostEvent::ReloadRejected(_));
        let end = host.wait_for(is_end);
        assert_eq!(matches!(end, Some(HostEvent::Reloaded(_))), *is_sound, "{at}\n{text}");
        assert_eq!(client.ask(&format!("make it k{} 3", at % 9)), "ok");
        client.ask("held it x 1");
        client.ask("step");
        if at == TEXTS * 4 {
            early = Some(resident_kib());
        }
    }
    let growth = early.map_or(0, |early| resident_kib().saturating_sub(early));
    eprintln!("{reloads} reloads: resident memory grew by {growth} KiB");
    assert!(growth < MAX_GROWTH, "resident memory grew by {growth} KiB");
}
