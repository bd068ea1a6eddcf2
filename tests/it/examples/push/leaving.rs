//! Who leaves, how, and what that does to the others (P40 to P46).

use super::{BACKEND, J, edited, log_in, push_until_fail, script, start};
use crate::support::{
    host::TestHost,
    websocket::{CLOSE, PING},
};

// P40
#[test]
fn a_goodbye_is_answered_with_its_own_code_and_ends_the_uid() {
    let mut host = start();
    let mut backend = host.tcp(BACKEND);
    for code in [1000, 1001, 3000, 4999] {
        let mut page = log_in(&mut host, "uid1");
        page.say_goodbye(code);
        assert_eq!(backend.ask(J), "fail");
    }
    let mut page = log_in(&mut host, "uid1");
    page.frame(0x80 | CLOSE, b"");
    assert_eq!(page.client.bytes(4), [0x88, 0x02, 0x03, 0xe8]);
    host.advance(0.7);
    page.client.expect_end();
    assert_eq!(backend.ask(J), "fail");
}

// P41
#[test]
fn a_page_that_ends_or_resets_its_socket_is_gone_too() {
    let mut host = start();
    let mut backend = host.tcp(BACKEND);
    let mut page = log_in(&mut host, "uid1");
    page.client.finish();
    page.client.expect_end();
    assert_eq!(backend.ask(J), "fail");
    log_in(&mut host, "uid1").client.reset();
    push_until_fail(&mut backend, J);
}

// P42
#[test]
fn a_page_that_vanishes_is_found_out_by_the_heartbeat() {
    let script = edited(&script(), "worker.count = 1;", "worker.heartbeat = 0.5;");
    let mut host = TestHost::start(&script);
    let mut backend = host.tcp(BACKEND);
    let mut page = log_in(&mut host, "uid1");
    assert_eq!(backend.ask(J), "ok");
    assert_eq!(page.message(), J);
    host.advance(0.7);
    assert_eq!(page.receive().opcode, PING);
    // (it does not answer, as somebody whose cable was cut would not)
    assert_eq!(backend.ask(J), "ok");
    assert_eq!(page.message(), J);
    page.client.expect_end();
    assert_eq!(backend.ask(J), "fail");
}

// P43, P44
#[test]
fn of_two_pages_with_one_uid_the_later_receives_until_the_earlier_leaves() {
    let mut host = start();
    let mut backend = host.tcp(BACKEND);
    let mut earlier = log_in(&mut host, "uid1");
    let mut later = log_in(&mut host, "uid1");
    assert_eq!(backend.ask(J), "ok");
    assert_eq!(later.message(), J);
    earlier.settle();
    earlier.say_goodbye(1000);
    assert_eq!(backend.ask(J), "fail");
    later.settle();
}

// P44, the other order
#[test]
fn when_the_later_of_two_leaves_the_earlier_is_not_restored() {
    let mut host = start();
    let mut backend = host.tcp(BACKEND);
    let mut earlier = log_in(&mut host, "uid1");
    log_in(&mut host, "uid1").say_goodbye(1000);
    assert_eq!(backend.ask(J), "fail");
    earlier.settle();
}

// P45
#[test]
fn a_page_without_uid_leaves_without_a_trace() {
    let mut host = start();
    let mut backend = host.tcp(BACKEND);
    let mut page = log_in(&mut host, "uid1");
    host.websocket(super::PAGE).say_goodbye(1000);
    assert_eq!(backend.ask(J), "ok");
    assert_eq!(page.message(), J);
    assert_eq!(host.errors(), 0);
}

// P46
#[test]
fn a_backend_that_does_not_wait_for_its_answer_has_pushed() {
    let mut host = start();
    let mut page = log_in(&mut host, "uid1");
    let mut backend = host.tcp(BACKEND);
    backend.send(format!("{J}\n"));
    drop(backend);
    assert_eq!(page.message(), J);
    page.settle();
}
