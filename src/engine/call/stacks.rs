//! How much stack there is for what rhai does with values by recursion: to drop, copy, compare or hash a value it calls
//! itself for each level that the value is nested, and nobody can stop it on the way. So there is stack for more levels
//! than the host allows (see [`nesting`](crate::engine::call::nesting)). It is address space: pages that are never touched cost nothing.

use rustix::process::{Resource, getrlimit};
use std::{fs, io, panic::resume_unwind, sync::OnceLock, thread};

/// Bytes of stack for one value, where address space costs nothing. Fixed: rhai needs up to 700 to drop one level, and
/// between two looks at how deep values are nested some 100 000 levels can come into being.
const AMPLE: usize = 256 << 20;

/// The least that there is. Fixed.
const SCANT: usize = 4 << 20;

/// The part of a limited address space (`ulimit -v`) that one stack may take. Fixed: dozens are kept.
const PART_OF_LIMIT: u64 = 256;

/// Bytes that the greediest of rhai's functions needs for one level, which is to hash it. Measured.
const PER_LEVEL: usize = 1536;

/// Levels that a value may be nested where there is ample stack. Fixed: nobody writes data of that depth, and a list of
/// plain values that has so many links is copied as a whole for each link that is added.
const MAX_LEVELS: usize = 10_000;

/// Bytes of stack that a script leaves to rhai's own recursion over values.
pub(crate) fn reserve() -> usize {
    static RESERVE: OnceLock<usize> = OnceLock::new();
    *RESERVE.get_or_init(|| {
        // Where every mapping counts against what there is, stacks that are never used would take it away from others.
        let policy = fs::read_to_string("/proc/sys/vm/overcommit_memory").unwrap_or_default();
        if policy.trim() == "2" {
            return SCANT;
        }
        let limit = getrlimit(Resource::As).current.unwrap_or(u64::MAX);
        usize::try_from(limit / PART_OF_LIMIT).unwrap_or(AMPLE).clamp(SCANT, AMPLE)
    })
}

/// Levels that a value may be nested.
pub(crate) fn max_levels() -> usize {
    MAX_LEVELS.min(reserve() / 2 / PER_LEVEL)
}

/// Runs something that makes values on a thread with so much stack, and waits for it.
pub(crate) fn on_large_stack<T: Send>(own: usize, f: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(own + reserve()).spawn_scoped(scope, f)?;
        thread.join().or_else(|panic| resume_unwind(panic))
    })
}
