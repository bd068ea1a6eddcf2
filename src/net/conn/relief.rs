//! Room in a budget of the process that is used up. It is made where most has lain still for longest, and never at those who
//! read what they are sent.

use super::{Conn, ConnEvent, ConnState, ConnectionSet, flush::stillness};
use crate::net::{code, share::Share};
use std::rc::Rc;

/// The part of a budget that is made free at a time. Fixed: room for a burst, so that not every message looks for it, and
/// few enough lose their connections for it.
const PART: u64 = 16;

/// How long a peer has to have read nothing before its connection makes room for others, milliseconds. Fixed: whoever reads
/// at all does it within a second, except in a tunnel, and whoever is there for longer has `send_timeout`.
const STILL: u64 = 1000;

impl ConnectionSet {
    /// Closes connections whose peers read nothing of their large queues, if what waits for all peers uses its memory up.
    pub(super) fn relieve_queued(&self) {
        let shared = &self.shared;
        // Nobody becomes still before the next sweep: until then it is in vain to look for more of them.
        let now = Some(shared.clock.get());
        if self.in_vain.get() == now {
            return;
        }
        let has_room = self.relieve(
            &shared.queued,
            |conn| {
                let still = if conn.queue.is_flushed() { 0 } else { stillness(conn) };
                if still < STILL { None } else { Some((conn.queue.costs(), still)) }
            },
            |conn| {
                let text = "it read nothing, and all queues together used max_queued_bytes up";
                shared.stats.cut.by_queues.add(1);
                conn.raise(ConnEvent::Error { code: code::SEND, text: text.to_owned() });
                conn.destroy();
            },
        );
        if !has_room {
            self.in_vain.set(now);
        }
    }

    /// The same for unfinished messages. Each of them may still be completed, so those go on that were heard last.
    pub(super) fn relieve_received(&self) {
        let shared = &self.shared;
        let now = shared.clock.get();
        self.relieve(
            &shared.received,
            |conn| {
                let silent = now.saturating_sub(conn.traffic.heard.get());
                Some((conn.traffic.unread(), silent + 1)).filter(|(bytes, _)| *bytes > 0)
            },
            |conn| {
                let text = "unfinished messages used max_received_bytes up";
                shared.stats.cut.by_received.add(1);
                match conn.driver.with(|driver| driver.overloaded(text)) {
                    Some(told) => conn.break_off(told),
                    None => conn.destroy(),
                }
                note_unread(conn, 0);
            },
        );
    }

    /// Calls `cut` with open connections until there is room again, and tells whether there is; those come first that `rate` gives the most bytes and
    /// milliseconds for.
    fn relieve(
        &self,
        share: &Share,
        rate: impl Fn(&Rc<Conn>) -> Option<(usize, u64)>,
        cut: impl Fn(&Rc<Conn>),
    ) -> bool {
        // Others use it up.
        if share.has_room() || !share.has_fair_part() {
            return true;
        }
        let all = self.all();
        let open = all.iter().filter(|conn| conn.state() == ConnState::Established);
        let mut rated: Vec<_> =
            open.filter_map(|conn| rate(conn).map(|(bytes, time)| (bytes, time, conn))).collect();
        rated.sort_unstable_by_key(|(bytes, time, _)| {
            std::cmp::Reverse((*bytes as u128) * u128::from(*time))
        });
        let mut wanted = share.limit() / PART;
        for (bytes, _, conn) in rated {
            cut(conn);
            wanted = wanted.saturating_sub(bytes as u64);
            if wanted == 0 {
                break;
            }
        }
        share.settle();
        share.has_room()
    }
}

/// So many bytes of a connection were received and are not a whole message yet.
#[inline]
pub(super) fn note_unread(conn: &Conn, n: usize) {
    let before = conn.traffic.replace_unread(n);
    if before != n {
        count_unread(conn, before, n);
    }
}

#[cold]
fn count_unread(conn: &Conn, before: usize, now: usize) {
    let shared = &conn.shared;
    shared.received.changed(before, now);
    let unread = &shared.stats.unread;
    unread.set((unread.get() + now as u64).saturating_sub(before as u64));
    if now > before && !shared.received.has_room() {
        shared.with_registry(|all| all.relieve_received());
    }
}
