//! The command's allocator: mimalloc by its plain entry points. Those for aligned memory, which its crate takes for every
//! block, cost more, and make a block larger whenever no page has one left of a size that is no power of two.
#![allow(unsafe_code)]

use libmimalloc_sys as ffi;
use std::alloc::{GlobalAlloc, Layout};

/// Bytes to which every block is aligned that is as large. Fixed: what mimalloc promises on 64-bit machines.
const ALIGNED: usize = 16;

/// Every block that the command allocates comes from here.
#[derive(Debug, Default)]
pub struct Mimalloc;

/// Is the plain entry point good enough?
#[inline(always)]
fn is_plain(layout: Layout) -> bool {
    layout.align() <= ALIGNED && layout.align() <= layout.size()
}

// SAFETY: mimalloc gives blocks of the size and, as `is_plain` knows, of the alignment that is asked for, takes every block
// of its own back by its address, and does not unwind.
unsafe impl GlobalAlloc for Mimalloc {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: any size and any power of two may be asked for.
        let block = unsafe {
            if is_plain(layout) {
                ffi::mi_malloc(layout.size())
            } else {
                ffi::mi_malloc_aligned(layout.size(), layout.align())
            }
        };
        block.cast()
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        let block = unsafe {
            if is_plain(layout) {
                ffi::mi_zalloc(layout.size())
            } else {
                ffi::mi_zalloc_aligned(layout.size(), layout.align())
            }
        };
        block.cast()
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the caller promises that the block came from here.
        unsafe { ffi::mi_free(block.cast()) };
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above; the alignment stays what it was.
        unsafe { ffi::mi_realloc_aligned(block.cast(), size, layout.align()).cast() }
    }
}
