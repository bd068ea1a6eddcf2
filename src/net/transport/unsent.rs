//! What the kernel still holds of what was written to a socket, because the peer has not taken it. A socket takes megabytes
//! for a peer that was fast once, so only this tells whether a slow one reads at all.

#![allow(unsafe_code)]

use rustix::ioctl::{Getter, ioctl};
use std::os::fd::AsFd;

/// `SIOCOUTQ`: of TCP the bytes that the peer has not acknowledged, of a Unix socket the memory of what it has not read.
const OUTPUT_QUEUE: rustix::ioctl::Opcode = 0x5411;

/// Bytes that the peer of this socket has not taken yet; 0 if the kernel does not say.
pub(super) fn unsent(socket: impl AsFd) -> usize {
    // SAFETY: for sockets Linux writes one `int` to the pointer that this request takes, and does nothing else.
    let held = unsafe { ioctl(socket, Getter::<OUTPUT_QUEUE, i32>::new()) };
    held.ok().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0)
}
