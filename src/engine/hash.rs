//! A fast hasher for tables of names.

use std::hash::{BuildHasherDefault, Hasher};

/// FNV-1a: names are short, and the standard hasher would cost 20 ns for each access.
#[derive(Clone)]
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

pub(crate) type Fast = BuildHasherDefault<Fnv>;
