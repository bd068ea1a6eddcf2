//! Who took how many connections from a socket that several isolates share. The system wakes all of them and the quickest
//! takes it, which would leave some with a third of their share: one that is ahead lets the others go first.

use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicU64, Ordering},
};

/// Connections that an isolate may be ahead before it lets others go first. Fixed: fewer would make it wait more often than
/// a spread that nobody can see is worth.
const SLACK: u64 = 4;

/// One that is behind by more is busy or does not accept, and nobody waits for it. Fixed: so many times a moment is what it
/// can cost the others.
const LAG: u64 = 64;

/// The counts of everybody who accepts on a socket.
#[derive(Default)]
pub(super) struct AcceptBalancer(Mutex<Vec<Weak<AtomicU64>>>);

impl AcceptBalancer {
    /// One more accepts: on a par with whoever took most, so that it does not have to catch up.
    pub(super) fn join(self: &Arc<Self>) -> AcceptShare {
        let own = Arc::new(AtomicU64::new(self.most()));
        self.with(|counts| {
            counts.retain(|count| count.strong_count() > 0);
            counts.push(Arc::downgrade(&own));
        });
        AcceptShare { balancer: self.clone(), own }
    }

    fn with<T>(&self, f: impl FnOnce(&mut Vec<Weak<AtomicU64>>) -> T) -> T {
        // Counts are right whoever panicked.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn any(&self, is_so: impl Fn(u64) -> bool) -> bool {
        self.with(|counts| counts.iter().filter_map(load).any(is_so))
    }

    fn most(&self) -> u64 {
        self.with(|counts| counts.iter().filter_map(load).max().unwrap_or(0))
    }
}

fn load(count: &Weak<AtomicU64>) -> Option<u64> {
    count.upgrade().map(|count| count.load(Ordering::Relaxed))
}

/// One isolate's count.
pub(super) struct AcceptShare {
    balancer: Arc<AcceptBalancer>,
    own: Arc<AtomicU64>,
}

impl AcceptShare {
    /// Should others, who are not too far behind, have the next connection?
    pub(super) fn should_yield(&self) -> bool {
        let own = self.own.load(Ordering::Relaxed);
        self.balancer.any(|other| (other + SLACK..=other + LAG).contains(&own))
    }

    /// Counts a connection. Who was left behind does not catch up on all that it missed.
    pub(super) fn accepted(&self) {
        let least = self.balancer.most().saturating_sub(LAG);
        let own = self.own.load(Ordering::Relaxed);
        self.own.store(own.max(least) + 1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_ahead_waits_for_those_who_keep_up() {
        let balancer = Arc::new(AcceptBalancer::default());
        let (a, b) = (balancer.join(), balancer.join());
        (0..SLACK - 1).for_each(|_| a.accepted());
        assert!(!a.should_yield());
        a.accepted();
        assert!(a.should_yield() && !b.should_yield());
        (0..LAG).for_each(|_| a.accepted());
        assert!(!a.should_yield(), "the other is busy");
        b.accepted();
        assert!(a.should_yield(), "the other is back, and behind by no more than the lag");
        drop(b);
        assert!(!a.should_yield(), "one that is gone does not count");
    }
}
