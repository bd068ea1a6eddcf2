//! Maps and arrays of the top level, seen from functions.

use crate::support::host::TestHost;

#[test]
fn a_map_of_the_top_level_can_be_changed_in_every_function() {
    let script = "let users = #{};
let count = 0;
fn put(name) {
    let same = users;
    same[name] = #{ visits: 1 };
    count += 1;
}
let worker = Worker();
worker.on_worker_start = |worker| {
    put(\"ann\");
    users.ann.visits += 1;
    print(`${users} ${count}`);
};
Worker::run_all();";
    let host = TestHost::start(script);
    host.wait_for_log("{\"ann\":{\"visits\":2}} 1");
}
