//! How often scripts may reload themselves: one that calls `Worker::reload()` at its own start would do nothing else.

use std::time::{Duration, Instant};

/// Time between two reloads that scripts ask for. Fixed: a person does not see the difference, and a script that asks at
/// each start leaves its clients nearly all of the time.
const PAUSE: Duration = Duration::from_secs(1);

/// What becomes of a script's wish.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pace {
    Now,
    /// It comes when the pause is over; this is the first wish that has to wait for it.
    Later,
    /// One that waits already will do.
    Merged,
}

/// When scripts were last given a reload, and when the next one is due.
#[derive(Default)]
pub(super) struct ReloadPace {
    last: Option<Instant>,
    due: Option<Instant>,
}

impl ReloadPace {
    /// A script asks at this time.
    pub(super) fn ask(&mut self, now: Instant) -> Pace {
        if self.due.is_some() {
            return Pace::Merged;
        }
        match self.last.map(|last| last + PAUSE).filter(|free| *free > now) {
            Some(free) => {
                self.due = Some(free);
                Pace::Later
            }
            None => {
                self.last = Some(now);
                Pace::Now
            }
        }
    }

    /// When the wish that waits is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Returns whether a wish has waited long enough, and counts it as done.
    pub(super) fn take_due(&mut self, now: Instant) -> bool {
        let is_due = self.due.is_some_and(|due| due <= now);
        if is_due {
            (self.due, self.last) = (None, Some(now));
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_within_a_second_become_one_reload_at_its_end() {
        let (mut pace, start) = (ReloadPace::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(pace.ask(at(0)), Pace::Now);
        assert_eq!(pace.ask(at(10)), Pace::Later);
        assert_eq!(pace.ask(at(20)), Pace::Merged);
        assert_eq!(pace.due(), Some(at(1000)));
        assert!(!pace.take_due(at(999)));
        assert!(pace.take_due(at(1000)));
        assert_eq!(pace.due(), None);
        // The late one counts, too.
        assert_eq!(pace.ask(at(1500)), Pace::Later);
        assert!(pace.take_due(at(2000)));
        assert_eq!(pace.ask(at(3000)), Pace::Now);
    }
}
