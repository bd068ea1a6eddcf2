//! Which handlers of one isolate wait, told without being asked: the isolate writes, the host reads, and nobody waits for
//! anybody longer than it takes to copy a few lines.

mod crowd;
mod ticket;
mod waiter;

pub(crate) use crowd::Crowding;
pub(crate) use ticket::Ticket;
pub(crate) use waiter::Waiter;

use super::counter::Counter;
use crowd::Crowd;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// How many wait, for those who ask often.
    count: Counter,
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    last_key: u64,
    /// By the order in which they began to wait.
    waiters: BTreeMap<u64, Waiter>,
    /// The key of the one that belongs to a connection, which has one at a time.
    by_connection: HashMap<u64, u64>,
    crowd: Crowd,
}

impl Waiting {
    pub(crate) fn count(&self) -> u64 {
        self.count.get()
    }

    /// One more waits. `room` is how many may; whoever is told of a crowd has to say so.
    fn enter(&self, waiter: Waiter, room: usize) -> (u64, Option<Crowding>) {
        let mut list = self.lock();
        list.last_key += 1;
        let key = list.last_key;
        if let Some(connection) = waiter.connection {
            list.by_connection.insert(connection, key);
        }
        list.waiters.insert(key, waiter);
        let count = list.waiters.len();
        self.count.set(count as u64);
        (key, list.crowd.has_risen(count, room))
    }

    fn leave(&self, key: u64) {
        let mut list = self.lock();
        let Some(waiter) = list.waiters.remove(&key) else { return };
        if let Some(connection) = waiter.connection
            && list.by_connection.get(&connection) == Some(&key)
        {
            list.by_connection.remove(&connection);
        }
        let count = list.waiters.len();
        self.count.set(count as u64);
        list.crowd.has_fallen(count);
    }

    fn waits_in(&self, key: u64, what: &'static str) {
        if let Some(waiter) = self.lock().waiters.get_mut(&key) {
            waiter.waits_in = what;
        }
    }

    /// This connection closes or is closed: whoever waits for it sends in vain.
    pub(crate) fn connection_goes(&self, connection: u64) {
        if self.count() == 0 {
            return;
        }
        let mut list = self.lock();
        if let Some(key) = list.by_connection.get(&connection).copied()
            && let Some(waiter) = list.waiters.get_mut(&key)
        {
            waiter.is_gone = true;
        }
    }

    /// Those that have waited for longest, so many at most.
    pub(crate) fn longest(&self, most: usize) -> Vec<Waiter> {
        self.lock().waiters.values().take(most).cloned().collect()
    }

    /// Place and generation of each that runs code of another generation than this.
    pub(crate) fn not_of(&self, generation: i64) -> Vec<(u64, i64)> {
        let list = self.lock();
        let others = list.waiters.values().filter(|waiter| waiter.generation != generation);
        others.map(|waiter| (waiter.place, waiter.generation)).collect()
    }

    /// The place where most of them wait, and how many those are.
    pub(crate) fn most_at(&self) -> Option<(u64, usize)> {
        let mut counts = HashMap::new();
        for waiter in self.lock().waiters.values() {
            *counts.entry(waiter.place).or_insert(0) += 1;
        }
        counts.into_iter().max_by_key(|(place, count)| (*count, *place))
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        // A panic elsewhere leaves a line too many at worst.
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn enter(
        waiting: &Arc<Waiting>,
        place: u64,
        generation: i64,
        connection: Option<u64>,
    ) -> Ticket {
        let waiter = Waiter { place, generation, connection, ..Waiter::example() };
        Ticket::take(waiting, waiter, 100).0
    }

    #[test]
    fn whoever_ends_leaves_no_trace() {
        let waiting = Arc::<Waiting>::default();
        let (first, second) = (enter(&waiting, 1, 0, Some(7)), enter(&waiting, 2, 0, None));
        assert_eq!((waiting.count(), waiting.longest(9).len()), (2, 2));
        drop(first);
        assert_eq!(waiting.longest(9)[0].place, 2);
        drop(second);
        assert_eq!((waiting.count(), waiting.longest(9).len()), (0, 0));
        assert!(waiting.lock().by_connection.is_empty());
    }

    #[test]
    fn the_longest_waiting_come_first() {
        let waiting = Arc::<Waiting>::default();
        let all: Vec<_> = (0..5).map(|place| enter(&waiting, place, 0, None)).collect();
        let longest = waiting.longest(3);
        assert_eq!(longest.iter().map(|w| w.place).collect::<Vec<_>>(), [0, 1, 2]);
        drop(all);
    }

    #[test]
    fn a_connection_that_goes_marks_its_own_handler_only() {
        let waiting = Arc::<Waiting>::default();
        let _all = [enter(&waiting, 1, 0, Some(7)), enter(&waiting, 2, 0, Some(8))];
        waiting.connection_goes(8);
        waiting.connection_goes(9);
        let gone: Vec<_> = waiting.longest(9).iter().map(|w| w.is_gone).collect();
        assert_eq!(gone, [false, true]);
    }

    #[test]
    fn those_on_old_code_and_the_fullest_place_are_found() {
        let waiting = Arc::<Waiting>::default();
        let places = [(1, 0), (1, 0), (2, 1), (3, 1)];
        let _all = places.map(|(place, generation)| enter(&waiting, place, generation, None));
        assert_eq!(waiting.not_of(1), [(1, 0), (1, 0)]);
        assert_eq!(waiting.most_at(), Some((1, 2)));
    }
}
