//! Who asked, as trusted proxies say it.

use crate::{support::answer::ask, support::host::TestHost};

const ADDRESS: &str = "http://127.0.0.1:0";

#[test]
fn a_client_is_known_however_its_proxy_writes_the_address() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("http://127.0.0.1:0");
        worker.trusted_proxies = ["::ffff:127.0.0.1", "10.0.0.0/8"];
        worker.on_message = |connection, request| connection.send(`${request.ip()} ${request.scheme()}`);
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    for (forwarded, ip) in [
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3.4:5678", "1.2.3.4"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("6.6.6.6, 1.2.3.4:80, 10.1.2.3:4711", "1.2.3.4"),
        ("unknown", "127.0.0.1"),
    ] {
        let line = format!("X-Forwarded-For: {forwarded}");
        let answer = ask(&mut client, "GET", "/", &[&line, "X-Forwarded-Proto: wss"]);
        assert_eq!(answer.text(), format!("{ip} https"), "{forwarded}");
    }
}
