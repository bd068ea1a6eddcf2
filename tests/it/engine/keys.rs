//! What strangers send is no key, and then there is no such entry.

use crate::support::host::TestHost;

#[test]
fn what_cannot_be_a_key_is_not_in_a_map_whichever_kind_it_is() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.table = #{ a: 1 };
fn found(map, key) { try { return key in map; } catch { return "error"; } }
worker.on_message = |connection, line| {
    let plain = #{ a: 1 };
    let keys = [parse_json(line), (), 1.5, [1], #{}, true, 'a', "a"];
    let all = keys.map(|key| [found(plain, key), found(worker.table, key)]);
    connection.send(`${all}`);
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp("text://127.0.0.1:0");
    let no = "[false,false],".repeat(6);
    let expected = format!(r#"[{no}["error","error"],[true,true]]"#);
    assert_eq!(client.ask("{}"), expected);
}
