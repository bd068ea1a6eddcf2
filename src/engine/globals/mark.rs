//! What code does with a variable, written into the variable's name for whoever looks it up: Rhai asks for a variable in the
//! same words when it reads it, when it assigns to it and when a closure captures it.

use rhai::ImmutableString;

/// What is done with the variable that a name means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::engine) enum Mark {
    /// It gets another value.
    Assigned,
    /// It gets a value that is made of the one that it has.
    Changed,
    /// A closure captures it, and it is assigned to somewhere: there is one for both from now on.
    Shared,
    /// A closure has captured this constant, and calls a method of it that may change it.
    Constant,
    /// A closure has captured this constant, and assigns to a part of it.
    Fixed,
    /// A closure captures it, and nobody assigns to it: what is a reference by itself can be captured as a copy. That gives
    /// each turn of a loop its own.
    Kept,
}

impl Mark {
    /// The last character of the name. No script can have such a one.
    fn sign(self) -> char {
        match self {
            Mark::Assigned => '\u{1}',
            Mark::Changed => '\u{2}',
            Mark::Shared => '\u{3}',
            Mark::Kept => '\u{4}',
            Mark::Constant => '\u{5}',
            Mark::Fixed => '\u{6}',
        }
    }

    /// The mark of a name, and the name without it.
    #[inline(always)]
    pub(in crate::engine) fn of(name: &str) -> Option<(Mark, &str)> {
        let mark = match name.as_bytes().last()? {
            1 => Mark::Assigned,
            2 => Mark::Changed,
            3 => Mark::Shared,
            4 => Mark::Kept,
            5 => Mark::Constant,
            6 => Mark::Fixed,
            _ => return None,
        };
        Some((mark, &name[..name.len() - 1]))
    }

    pub(in crate::engine) fn put(self, name: &mut ImmutableString) {
        if Mark::of(name).is_none() {
            *name = format!("{name}{}", self.sign()).into();
        }
    }
}
