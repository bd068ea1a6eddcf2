//! What hardly any connection needs at a time; made for those that do.

use super::{Happening, Link};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Weak,
    task::Waker,
};
use tokio::task::AbortHandle;

/// See the module.
#[derive(Default)]
pub(super) struct Rare {
    /// The task of a queue that waits for its socket.
    pub(super) drainer: RefCell<Option<AbortHandle>>,
    /// While it is closing: the sweeper's clock when its time to close began, and how much was queued then.
    pub(super) closing: Cell<Option<(u64, usize)>>,
    /// What the task has still to tell.
    pub(super) happenings: RefCell<VecDeque<Happening>>,
    /// Status and body's length of an answer that the host gave past the protocol.
    pub(super) replied: Cell<Option<(u16, u64)>>,
    /// A connection that is piped into this one, and is paused while this queue is full.
    pub(super) feeder: RefCell<Weak<Link>>,
    /// Whoever waits for the queue to become short; see [`Link::room`].
    pub(super) filler: RefCell<Option<Waker>>,
}
