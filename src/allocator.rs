//! Counts what each thread has allocated, so that the host can tell what one handler makes. Whatever a script does ends in
//! the allocator, while the functions that make values are hundreds, half of them rhai's own; and one addition to a number
//! of the thread costs less than any of their checks would. The statistics of allocators are of no use for it: they are kept
//! for pages or for the whole process, and the finer ones are left out of release builds.
//!
//! Unsafe, because the standard library's trait for allocators is. Nothing is done here but to count and to pass on.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    hint::black_box,
};

thread_local! {
    /// Bytes that this thread has allocated, less those that it has freed. Less than zero where a thread frees what others
    /// have allocated. (Needs neither a start nor an end, so that an allocator may ask for it at any time.)
    static ALLOCATED: Cell<i64> = const { Cell::new(0) };
}

#[inline(always)]
fn count(bytes: i64) {
    ALLOCATED.with(|allocated| allocated.set(allocated.get().wrapping_add(bytes)));
}

/// An allocator that passes everything on to another one and counts, for each thread, what is allocated. With it as the
/// program's global allocator the memory of handlers is limited (`handler_memory`); without it that limit holds for single
/// large values only. The `rhost` command has it.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: rhost::CountingAllocator = rhost::CountingAllocator::new(std::alloc::System);
/// # fn main() {}
/// ```
#[derive(Debug, Default)]
pub struct CountingAllocator<A = System>(A);

impl<A> CountingAllocator<A> {
    /// Counts what goes to `inner`.
    pub const fn new(inner: A) -> Self {
        Self(inner)
    }
}

// SAFETY: every call is passed on as it came, and so is its answer; counting neither allocates nor unwinds.
unsafe impl<A: GlobalAlloc> GlobalAlloc for CountingAllocator<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promises are those that the inner allocator asks for.
        unsafe { self.0.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: as above.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: as above.
        unsafe { self.0.dealloc(block, layout) };
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: as above.
        unsafe { self.0.realloc(block, layout, size) }
    }
}

/// Bytes that this thread has allocated so far, less those that it has freed. Only the difference between two moments means
/// anything. Always 0 where nothing counts.
#[inline(always)]
pub(crate) fn allocated() -> i64 {
    ALLOCATED.with(Cell::get)
}

/// Counts here what another thread has made for this one, less what it has freed of what this one had handed to it: so
/// much, which is often less than zero.
pub(crate) fn settle(bytes: i64) {
    count(bytes);
}

/// Lets something run that hands `given` bytes of this thread, and whatever it makes of them, over to others: neither counts
/// here any more, whoever frees it.
pub(crate) fn handing_over<T>(given: usize, f: impl FnOnce() -> T) -> T {
    let before = allocated();
    let done = f();
    // Where nothing counts it stays 0.
    if before != 0 {
        ALLOCATED.set(before.wrapping_sub(given as i64));
    }
    done
}

/// Is the program's global allocator one that counts?
pub(crate) fn counts() -> bool {
    let before = allocated();
    let probe = black_box(Box::new(0_u64));
    let counts = allocated() != before;
    drop(probe);
    counts
}
