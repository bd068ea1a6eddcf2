//! How much of one kind an isolate writes to its log: strangers, or a script that fails with every message, must not fill
//! the disk. What is written may not enter.

use std::cell::Cell;

/// Lines of one kind that one isolate writes to the log in a second. Fixed: a person reads less.
const MAX_LINES: u32 = 50;

/// Counts the lines of one kind.
pub(crate) struct Ration {
    /// Lines that are written in one second.
    max: u32,
    second: Cell<u64>,
    shown: Cell<u32>,
    hidden: Cell<u64>,
}

impl Default for Ration {
    fn default() -> Self {
        Self::of(MAX_LINES)
    }
}

impl Ration {
    /// One of so many lines a second.
    pub(crate) fn of(max: u32) -> Self {
        Self { max, second: Cell::new(0), shown: Cell::new(0), hidden: Cell::new(0) }
    }

    /// May another line be written in this second of a clock? If so, what is to be added to it: how many `things` before
    /// it were not shown.
    pub(crate) fn take(&self, second: u64, things: &str) -> Option<String> {
        if self.second.replace(second) != second {
            self.shown.set(0);
        }
        if self.shown.get() >= self.max {
            self.hidden.set(self.hidden.get() + 1);
            return None;
        }
        self.shown.set(self.shown.get() + 1);
        Some(match self.hidden.take() {
            0 => String::new(),
            n => format!("\n({n} more {things} before this one were not shown)"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_is_counted_and_told_with_the_next_line() {
        let ration = Ration::default();
        let shown = |second| ration.take(second, "lines");
        assert!((0..MAX_LINES).all(|_| shown(7).as_deref() == Some("")));
        assert_eq!((shown(7), shown(7)), (None, None));
        assert_eq!(shown(8).as_deref(), Some("\n(2 more lines before this one were not shown)"));
        assert_eq!(shown(8).as_deref(), Some(""));
    }
}
