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

#[test]
fn what_cannot_be_a_key_is_in_no_map_whether_it_is_plain_or_a_reference() {
    let script = r#"
let stored = #{ a: 1, "7": 2 };
fn answer() {
    let plain = #{ a: 1, "7": 2 };
    let asked = [(), 'a', 1.5, true, [1], #{}, "a", 7, "b"];
    to_json([asked.map(|key| key in plain), asked.map(|key| key in stored)])
}
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| connection.send(answer());
"#;
    let mut host = TestHost::start(script);
    let row = "[false,false,false,false,false,false,true,true,false]";
    assert_eq!(host.tcp("text://127.0.0.1:0").ask("?"), format!("[{row},{row}]"));
}
