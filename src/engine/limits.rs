//! Limits that several parts of the engine share.

/// Script calls inside script calls. Fixed: the coroutines' stacks are made for it.
pub(in crate::engine) const MAX_CALL_LEVELS: usize = 64;

/// Nesting of expressions in one statement. Fixed, and the same in every build.
pub(in crate::engine) const MAX_EXPRESSION_DEPTH: usize = 64;

/// Operations between two looks at the clock, for whoever has no other thread that looks at it. Fixed: some 50 µs.
pub(in crate::engine) const CLOCK_MASK: u64 = 1023;
