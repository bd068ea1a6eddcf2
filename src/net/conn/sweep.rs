//! Every time limit of every connection, checked by one task for each loop instead of a timer for each connection.

use super::{
    Conn, ConnEvent, ConnectionSet, Flag, Look, Overdue,
    flush::{delivered, stillness},
};
use crate::net::{
    code,
    timeouts::{Due, SWEEP},
};
use std::{rc::Rc, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// How long a connection is not looked at, at most, while nothing can be over. Fixed: a tenth of the looks, and what was
/// noted of an earlier silence is forgotten soon enough.
const LOOK: Duration = Duration::from_secs(1);

/// Bytes that a peer has to read within `close_timeout` to get the same time again for the rest. Fixed: less is no reading.
const CLOSING_PROGRESS: usize = 64 * 1024;

/// The sweeper's task. Its clock stands still while the loop is busy, so that a handler that computes for a minute does not
/// make every peer look silent.
pub(crate) async fn run(set: Rc<ConnectionSet>) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let clock = &set.shared.clock;
    loop {
        ticks.tick().await;
        clock.set(clock.get() + SWEEP.as_millis() as u64);
        set.sweep(|conn| {
            let next = clock.get() + conn.timeouts.shortest().min(LOOK.as_millis() as u64);
            let mut due = Due::new(clock.get(), next);
            check(conn, clock.get(), &mut due);
            due.next()
        });
        set.relieve_queued();
        set.relieve_received();
        set.shared.queued.settle();
        set.shared.received.settle();
    }
}

/// Looks whether a limit has passed.
fn check(conn: &Rc<Conn>, now: u64, due: &mut Due) {
    let limits = &conn.timeouts;
    if let Some((since, _)) = conn.cold.get().and_then(|cold| cold.closing.get()) {
        if due.has_passed(since, limits.close.get()) && !still_drains(conn, now) {
            conn.destroy();
        }
        return;
    }
    let waits = !conn.queue.is_flushed();
    if waits && due.has_passed(now - stillness(conn), limits.send.get()) {
        conn.shared.stats.cut.by_send_timeout.add(1);
        return act(conn, Overdue::Unread("nothing was read within send_timeout"));
    }
    let is_busy = conn.flags.is_paused() || conn.flags.has(Flag::Handling);
    let look = Look {
        now,
        opened: conn.traffic.opened(),
        heard: conn.traffic.heard.get(),
        unread: conn.traffic.unread(),
        queued: conn.queue.len(),
        // The kernel takes a lot at once, and then nothing until most of that is read.
        written: if waits { delivered(conn) } else { conn.traffic.bytes_written.get() },
        is_busy,
        timeouts: limits,
    };
    if let Some(overdue) = conn.driver.with(|driver| driver.watch(&look, due)).flatten() {
        return act(conn, overdue);
    }
    // A connection that is not being read cannot be heard.
    if is_busy {
        conn.traffic.heard.set(now);
    } else if due.has_passed(conn.traffic.heard.get(), limits.idle.get()) {
        conn.close(1001, "nothing received within idle_timeout");
    }
}

fn act(conn: &Rc<Conn>, overdue: Overdue) {
    match overdue {
        Overdue::Close(code, reason) => conn.close(code, reason),
        Overdue::BreakOff(error) => conn.break_off(error),
        Overdue::GiveUp(reason) => {
            conn.raise(ConnEvent::Error { code: code::PROTOCOL, text: reason.to_owned() });
            conn.destroy();
        }
        Overdue::Unread(reason) => {
            conn.raise(ConnEvent::Error { code: code::SEND, text: reason.to_owned() });
            conn.destroy();
        }
        Overdue::Expire(event, told) => {
            conn.raise(event);
            conn.tell_and_close(&told);
        }
        Overdue::Ask(bytes) => conn.answer(&bytes),
    }
}

/// The time to close is up: has the peer read so much meanwhile that it gets the same time again?
fn still_drains(conn: &Conn, now: u64) -> bool {
    let queued = conn.queue.len();
    let before = conn.cold().closing.replace(Some((now, queued)));
    before.is_some_and(|(_, before)| before.saturating_sub(queued) >= CLOSING_PROGRESS)
}
