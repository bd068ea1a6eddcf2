//! Whether a look at a file may wait for a disk.

use rustix::fs::ResolveFlags;

/// On the blocking pool everything may wait. On an isolate's own thread nothing may: what the kernel does not have in
/// memory is refused as `WouldBlock`, and is for the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    Waits,
    AtOnce,
}

impl Patience {
    /// What the kernel is told when it resolves a path.
    pub(super) fn flags(self) -> ResolveFlags {
        match self {
            Patience::Waits => ResolveFlags::empty(),
            Patience::AtOnce => ResolveFlags::CACHED,
        }
    }
}
