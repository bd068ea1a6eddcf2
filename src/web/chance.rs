//! Random bytes for tests, the same in every run. Tests only.

/// A xorshift generator: enough to make input that nobody thought of.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    /// Any bytes, fewer than `end`.
    pub(crate) fn bytes(&mut self, end: usize) -> Vec<u8> {
        (0..self.below(end)).map(|_| self.below(256) as u8).collect()
    }

    /// Bytes of an alphabet, fewer than `end`: more of them make sense to a parser.
    pub(crate) fn bytes_of(&mut self, alphabet: &[u8], end: usize) -> Vec<u8> {
        (0..self.below(end)).map(|_| alphabet[self.below(alphabet.len())]).collect()
    }
}
