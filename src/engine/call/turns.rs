//! Which code of one isolate runs right now, and whether its time is up. The isolate's thread writes what runs; another
//! thread looks now and then for how long, so that nobody has to read a clock for each call or each operation.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// Stands for every turn where a turn's number is expected.
const EVERY: u64 = u64::MAX;

/// Why a script has to end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Overdue {
    /// It ran longer than this without waiting.
    TooLong(Duration),
    /// The host stops and does not wait any more.
    Stopping,
}

/// The turns of one isolate. A turn is a handler, or a top level, from its start or its last wait to its end or its next
/// wait; each has a number of its own, from 1.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    /// The number of the turn that was begun last.
    turn: AtomicU64,
    /// The number of the turn whose time is up; a later turn is not meant.
    overdue: AtomicU64,
    /// Where the code stands that runs right now; 0 if none does.
    place: AtomicU64,
    /// Nanoseconds that a turn may take; 0 is without a limit.
    limit: AtomicU64,
    /// Bytes that a handler may make anew; 0 is without a limit.
    memory: AtomicU64,
    /// The turn that ran at the last look, and when that was first seen.
    seen: Mutex<Option<(u64, Instant)>>,
}

impl Turns {
    /// With these limits of one turn's time, and of a handler's memory.
    pub(crate) fn limited(limit: Duration, memory: u64) -> Self {
        let turns = Self::default();
        turns.set_limit(limit);
        turns.memory.store(memory, Relaxed);
        turns
    }

    /// The code of this place runs from now on.
    #[inline]
    pub(crate) fn enter(&self, place: u64) {
        self.turn.store(self.turn.load(Relaxed) + 1, Relaxed);
        self.place.store(place, Relaxed);
    }

    /// The same code runs on, with all its time again.
    pub(crate) fn begin_anew(&self) {
        self.enter(self.place.load(Relaxed));
    }

    /// It waits, or has ended.
    #[inline]
    pub(crate) fn leave(&self) {
        self.place.store(0, Relaxed);
    }

    /// How long a turn may take; zero is without a limit.
    pub(crate) fn set_limit(&self, limit: Duration) {
        self.limit.store(u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }

    /// Bytes that a handler may make anew; 0 is without a limit.
    pub(crate) fn memory(&self) -> u64 {
        self.memory.load(Relaxed)
    }

    pub(crate) fn limit(&self) -> Duration {
        Duration::from_nanos(self.limit.load(Relaxed))
    }

    /// Is the time of the running turn up? As long as nobody's is, this is one load.
    #[inline(always)]
    pub(crate) fn is_overdue(&self) -> bool {
        let overdue = self.overdue.load(Relaxed);
        overdue != 0 && (overdue == self.turn.load(Relaxed) || overdue == EVERY)
    }

    /// Why it is.
    pub(crate) fn overdue(&self) -> Option<Overdue> {
        let is_every = self.overdue.load(Relaxed) == EVERY;
        let why = if is_every { Overdue::Stopping } else { Overdue::TooLong(self.limit()) };
        self.is_overdue().then_some(why)
    }

    /// Whatever runs from now on is to end.
    pub(crate) fn end_every(&self) {
        self.overdue.store(EVERY, Relaxed);
    }

    /// Looks what runs, and ends it if it has been seen for longer than the limit. A turn counts from when it is first
    /// seen, so none is ended too early.
    pub(crate) fn look(&self) {
        let (place, turn) = self.running();
        let mut seen = self.seen();
        *seen = match *seen {
            _ if place == 0 => None,
            Some((known, since)) if known == turn => Some((known, since)),
            _ => Some((turn, Instant::now())),
        };
        let limit = self.limit();
        if let Some((turn, since)) = *seen
            && !limit.is_zero()
            && since.elapsed() > limit
        {
            // A number never gets smaller, and so does not take `EVERY` back.
            self.overdue.fetch_max(turn, Relaxed);
        }
    }

    /// The place of the code that runs, and for how long that has been seen.
    pub(crate) fn busy(&self) -> Option<(u64, Duration)> {
        let (place, turn) = self.running();
        let (_, since) = self.seen().filter(|(seen, _)| *seen == turn && place != 0)?;
        Some((place, since.elapsed()))
    }

    fn running(&self) -> (u64, u64) {
        let turn = self.turn.load(Relaxed);
        (self.place.load(Relaxed), turn)
    }

    fn seen(&self) -> MutexGuard<'_, Option<(u64, Instant)>> {
        // It is replaced whole: a panic elsewhere leaves nothing half done.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(1);

    /// Turns whose first one has been seen for longer than the limit.
    fn overdue() -> Turns {
        let turns = Turns::limited(LIMIT, 0);
        turns.enter(7);
        turns.look();
        let since = Instant::now();
        while since.elapsed() <= LIMIT {}
        turns.look();
        turns
    }

    #[test]
    fn a_turn_that_is_seen_for_longer_than_the_limit_is_overdue() {
        assert_eq!(overdue().overdue(), Some(Overdue::TooLong(LIMIT)));
    }

    #[test]
    fn whoever_goes_on_after_a_wait_has_all_the_time_again() {
        let turns = overdue();
        turns.leave();
        turns.enter(7);
        assert_eq!(turns.overdue(), None);
        turns.look();
        assert_eq!(turns.overdue(), None);
    }

    #[test]
    fn nobody_is_overdue_without_a_limit() {
        let turns = overdue();
        turns.set_limit(Duration::ZERO);
        turns.enter(7);
        turns.look();
        turns.look();
        assert_eq!(turns.overdue(), None);
    }

    #[test]
    fn an_end_for_all_holds_for_whatever_comes() {
        let turns = overdue();
        turns.end_every();
        turns.look();
        turns.enter(8);
        assert_eq!(turns.overdue(), Some(Overdue::Stopping));
    }
}
