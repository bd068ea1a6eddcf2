//! Gives freed memory back to the system when nothing happens any more. The allocator looks for what it can give back only
//! while it is used, so that a server whose clients have all gone would keep for ever what they had cost.

use super::exit::Failure;
use std::{hint::black_box, thread, time::Duration};

/// How often. Fixed: as long as mimalloc keeps freed memory for the next who wants some.
const PAUSE: Duration = Duration::from_secs(1);

/// Bytes of the block that is taken and given back, of which none is touched. Fixed: the least for which mimalloc goes to
/// where all threads have their memory from, and not to what this thread has anyhow.
const BLOCK: usize = 1 << 20;

/// From now on until the process ends.
pub fn tidy_for_ever() -> Result<(), Failure> {
    let tidy = || {
        loop {
            thread::sleep(PAUSE);
            drop(black_box(Vec::<u8>::with_capacity(BLOCK)));
        }
    };
    let thread = thread::Builder::new().name("memory".into()).spawn(tidy);
    thread.map(drop).map_err(|e| Failure::system("cannot start a thread", e))
}
