//! Scripts that reload themselves do not reload all the time.

use super::TEXT;
use crate::support::{findings, host::TestHost};
use std::time::{Duration, Instant};

#[test]
fn a_script_that_reloads_itself_at_each_start_does_so_once_a_second_and_is_warned_of_it() {
    // The first reload comes at once.
    let _unseen = findings::not_looked_at();
    let script = format!(
        r#"
let worker = Worker("{TEXT}");
worker.on_worker_start = |worker| Worker::reload();
worker.on_message = |connection, line| connection.send(`${{worker.generation}}`);
"#
    );
    let mut host = TestHost::start(&script);
    let mut client = host.tcp(TEXT);
    host.reloaded();
    let first = Instant::now();
    host.wait_for_log("Worker::reload() was called again within a second");
    client.ask("the clients are served meanwhile");
    host.reloaded();
    assert!(first.elapsed() > Duration::from_millis(800), "after {:?}", first.elapsed());
    assert!(host.logged("called again within a second") <= 2);
}
