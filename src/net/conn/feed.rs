//! A connection that is read no faster than another can be written to.

use super::{Conn, Flag};
use std::rc::Rc;

/// While the queue of `to` is full, `from` is not read.
pub(crate) fn feed(from: &Rc<Conn>, to: &Conn) {
    resume(to);
    from.flags.set(Flag::Held, to.queue.is_full());
    *to.cold().feeder.borrow_mut() = Rc::downgrade(from);
}

/// The connection that feeds this one.
pub(super) fn feeder(conn: &Conn) -> Option<Rc<Conn>> {
    conn.cold.get()?.feeder.borrow().upgrade()
}

/// Whoever was paused for this queue is read again, also when the queue is gone: else nobody would ever notice its end.
pub(super) fn resume(conn: &Conn) {
    if let Some(feeder) = feeder(conn)
        && feeder.flags.replace(Flag::Held, false)
    {
        feeder.traffic.heard.set(feeder.shared.clock.get());
        feeder.wake();
    }
}
