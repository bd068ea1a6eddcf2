//! Which host a request is for.

use super::{ADDRESS, ANSWERS, SCRIPT, answer};
use crate::support::host::TestHost;

#[test]
fn an_address_counts_more_than_the_header() {
    let script = SCRIPT.replace(ANSWERS, "connection.send(request.host());");
    let mut host = TestHost::start(&script);
    let mut client = host.tcp(ADDRESS);
    for (line, wanted) in [("GET /a", "header:1"), ("GET http://target:2/a", "target:2")] {
        client.send(format!("{line} HTTP/1.1\r\nHost: header:1\r\n\r\n"));
        assert_eq!(answer(&mut client).text(), wanted);
    }
}
