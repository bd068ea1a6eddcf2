//! Every time limit of every connection, checked by one task for each isolate instead of a timer for each connection.

use super::{link::Link, turn::Turn};
use crate::protocol::http::Stage;
use std::{cell::Cell, rc::Rc, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// How often limits are checked, and so how exact they are. Fixed: a limit is at least a second in practice.
pub(crate) const SWEEP: Duration = Duration::from_millis(100);

/// How long a connection is not looked at, at most, while nothing can be over. Fixed: a tenth of the looks, and what was
/// noted of an earlier silence is forgotten soon enough.
const LOOK: Duration = Duration::from_secs(1);

/// Time limits of a Worker's connections, seconds; zero is off. Changed by the Worker's properties of the same names,
/// also for connections that are open.
pub(crate) struct Timeouts {
    /// From accept to the end of the websocket request, and from the first byte of any HTTP request to the end of its headers. Default 10: slow phones need 3, a slowloris wants for ever.
    pub(crate) handshake: Cell<f64>,
    /// Silence of a websocket until it is pinged, and again until it is closed. Default 25: below the 30 and 60 seconds
    /// after which common proxies and mobile networks drop a silent connection.
    pub(crate) heartbeat: Cell<f64>,
    /// Silence until a connection of any protocol is closed. Default 0: a backend may keep its connection for days.
    pub(crate) idle: Cell<f64>,
    /// From one HTTP answer to the next request. Default 60: a browser comes back for the next page.
    pub(crate) keep_alive: Cell<f64>,
    /// For each 16 KiB of an HTTP body, and for whoever is sent an answer to read as much of it. Default 30: a phone in a
    /// tunnel comes out again.
    pub(crate) body: Cell<f64>,
    /// For the answer to an HTTP request when its handler has returned without one; then 504. Default 5, as long as a
    /// handler may run.
    pub(crate) response: Cell<f64>,
    /// From `close()` until the socket is closed whatever the peer does; it begins anew as long as the peer reads a good
    /// part of what is queued. Default 5.
    pub(crate) close: Cell<f64>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            handshake: Cell::new(10.0),
            heartbeat: Cell::new(25.0),
            idle: Cell::new(0.0),
            keep_alive: Cell::new(60.0),
            body: Cell::new(30.0),
            response: Cell::new(5.0),
            close: Cell::new(5.0),
        }
    }
}

impl Timeouts {
    /// The shortest that is not off, milliseconds: nothing that begins now can be over before.
    fn shortest(&self) -> u64 {
        let Self { handshake, heartbeat, idle, keep_alive, body, response, close } = self;
        let all = [handshake, heartbeat, idle, keep_alive, body, response, close];
        let set = all.into_iter().map(Cell::get).filter(|limit| *limit > 0.0);
        set.map(|limit| (limit * 1000.0) as u64).min().unwrap_or(u64::MAX)
    }
}

/// The sweeper's task. Its clock stands still while the isolate is busy, so that a handler that computes for a minute
/// does not make every peer look silent.
pub(crate) async fn sweep_for_ever(turn: Rc<Turn>) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        turn.clock.set(turn.clock.get() + SWEEP.as_millis() as u64);
        turn.sweep(|link| {
            let next = turn.clock.get() + link.timeouts.shortest().min(LOOK.as_millis() as u64);
            let next = Cell::new(next);
            check(link, turn.clock.get(), &next);
            next.get()
        });
        turn.share.settle();
    }
}

/// Looks whether a limit has passed. One that has not makes `next`, when to look again, as early as it will.
fn check(link: &Rc<Link>, now: u64, next: &Cell<u64>) {
    // The clock may have stood for a sweep when `since` was noted: nobody is cut off before their time.
    let grain = SWEEP.as_millis() as u64;
    let passed = |since: u64, limit: f64| {
        let end = since + grain + (limit * 1000.0).ceil() as u64;
        if limit > 0.0 && now < end {
            next.set(next.get().min(end));
        }
        limit > 0.0 && now >= end
    };
    let limits = &link.timeouts;
    if let Some(since) = link.closing_since() {
        if passed(since, limits.close.get()) && !link.still_drains(now) {
            link.destroy();
        }
        return;
    }
    if let Some((stage, since)) = link.stage(now) {
        // How far an exchange has come is known from looking at it every time.
        next.set(now);
        let limit = match stage {
            Stage::Idle => &limits.keep_alive,
            Stage::Head => &limits.handshake,
            Stage::Body | Stage::Rest => &limits.body,
            Stage::Answer => &limits.response,
        };
        if passed(since, limit.get()) {
            return link.too_slow(stage);
        }
    }
    // A connection that is not being read cannot be heard.
    if link.is_paused() || link.handling.get() {
        link.heard.set(now);
        return;
    }
    if link.awaits_handshake() {
        if passed(link.opened(), limits.handshake.get()) {
            link.refuse_slow_handshake();
        }
        return;
    }
    let heard = link.heard.get();
    if passed(heard, limits.idle.get()) {
        link.close(1001, "nothing received within idle_timeout");
    } else if link.is_websocket() {
        if passed(heard, 2.0 * limits.heartbeat.get()) {
            link.give_up("no answer to a ping within heartbeat");
        } else if passed(heard, limits.heartbeat.get()) {
            link.ping_once();
        } else {
            link.pinged.set(false);
        }
    }
}
