//! Time limits of a worker's connections, and how it is told whether one has passed.

use std::{cell::Cell, time::Duration};

/// How often limits are checked, and so how exact they are. Fixed: a limit is at least a second in practice.
pub(crate) const SWEEP: Duration = Duration::from_millis(100);

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
    /// For a peer to read something of what waits for it. Default 30: a phone in a tunnel comes out again; others vanish
    /// without a word, and TCP alone holds what waits for them for a quarter of an hour.
    pub(crate) send: Cell<f64>,
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
            send: Cell::new(30.0),
        }
    }
}

impl Timeouts {
    /// The shortest that is not off, milliseconds: nothing that begins now can be over before.
    pub(super) fn shortest(&self) -> u64 {
        let Self { handshake, heartbeat, idle, keep_alive, body, response, close, send } = self;
        let all = [handshake, heartbeat, idle, keep_alive, body, response, close, send];
        let set = all.into_iter().map(Cell::get).filter(|limit| *limit > 0.0);
        set.map(|limit| (limit * 1000.0) as u64).min().unwrap_or(u64::MAX)
    }
}

/// Which limits have passed at one look, and when the earliest of the others will.
pub(crate) struct Due {
    now: u64,
    next: u64,
}

impl Due {
    /// A look at `now` after which the next is at `next` at the latest.
    pub(crate) fn new(now: u64, next: u64) -> Self {
        Self { now, next }
    }

    /// Whether so many seconds have passed since then; 0 is off.
    pub(crate) fn has_passed(&mut self, since: u64, limit: f64) -> bool {
        // The clock may have stood for a sweep when `since` was noted: nobody is cut off before their time.
        let end = since + SWEEP.as_millis() as u64 + (limit * 1000.0).ceil() as u64;
        if limit > 0.0 && self.now < end {
            self.next = self.next.min(end);
        }
        limit > 0.0 && self.now >= end
    }

    /// How far something has come is known from looking at it every time.
    pub(crate) fn look_at_once(&mut self) {
        self.next = self.now;
    }

    pub(crate) fn next(&self) -> u64 {
        self.next
    }
}
