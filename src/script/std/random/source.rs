//! Where random bits come from, and what is made of them. The rules are written out here, and not those of a crate: a
//! seed must give the same values in every version.

use rand::{Rng, SeedableRng, rngs::Xoshiro256PlusPlus};

/// Bits that a fraction between 0 and 1 has.
const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS;

/// A generator.
pub(super) enum Source {
    /// That of the thread, which the system seeds again and again: fit for secrets.
    System,
    /// One that gives the same values for the same seed, for tests: not fit for secrets.
    Seeded(Xoshiro256PlusPlus),
}

impl Source {
    pub(super) fn seeded(seed: u64) -> Self {
        Self::Seeded(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    pub(super) fn bits(&mut self) -> u64 {
        match self {
            Self::System => rand::rng().next_u64(),
            Self::Seeded(generator) => generator.next_u64(),
        }
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        match self {
            Self::System => rand::rng().fill_bytes(bytes),
            Self::Seeded(generator) => generator.fill_bytes(bytes),
        }
    }

    /// A number below `end`, each as likely as the others. `end` is not 0.
    ///
    /// The upper half of the product of the bits and `end` is that number; products whose lower half is among the first
    /// few would make some numbers more likely, and are drawn again.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        let surplus = end.wrapping_neg() % end;
        loop {
            let product = u128::from(self.bits()) * u128::from(end);
            if product as u64 >= surplus {
                return (product >> 64) as u64;
            }
        }
    }

    /// A whole number from `min` to `max`, both included. `min` is not above `max`.
    pub(super) fn int(&mut self, min: i64, max: i64) -> i64 {
        let count = (max.wrapping_sub(min) as u64).wrapping_add(1);
        // Of all 2^64 numbers there is no count.
        let step = if count == 0 { self.bits() } else { self.below(count) };
        min.wrapping_add(step as i64)
    }

    /// A number from 0 up to 1, which is not reached.
    pub(super) fn fraction(&mut self) -> f64 {
        (self.bits() >> (u64::BITS - FRACTION_BITS)) as f64 / (1_u64 << FRACTION_BITS) as f64
    }

    /// Puts values into any order, each as likely as the others.
    pub(super) fn shuffle<T>(&mut self, values: &mut [T]) {
        for end in (1..values.len()).rev() {
            values.swap(end, self.below(end as u64 + 1) as usize);
        }
    }

    /// So many different places below `len`, in any order. `count` is at most `len`.
    pub(super) fn places(&mut self, len: usize, count: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..len).collect();
        for at in 0..count {
            all.swap(at, at + self.below((len - at) as u64) as usize);
        }
        all.truncate(count);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_values_for_ever() {
        let mut source = Source::seeded(42);
        let drawn: Vec<i64> = (0..8).map(|_| source.int(1, 100)).collect();
        assert_eq!(drawn, [82, 32, 99, 71, 80, 59, 13, 61]);
        let mut again = Source::seeded(42);
        assert!(drawn.iter().all(|n| again.int(1, 100) == *n));
        assert_ne!(Source::seeded(43).bits(), Source::seeded(42).bits());
    }

    #[test]
    fn whole_numbers_keep_their_limits_and_reach_them() {
        let mut source = Source::seeded(1);
        let mut seen = [0_u32; 6];
        for _ in 0..6000 {
            seen[usize::try_from(source.int(1, 6) - 1).expect("1 to 6")] += 1;
        }
        // Six standard deviations of 29 around 1000: a fair die of this seed does not leave them.
        assert!(seen.iter().all(|n| (826..=1174).contains(n)), "{seen:?}");
        assert_eq!(source.int(5, 5), 5);
        assert_eq!(source.int(i64::MAX, i64::MAX), i64::MAX);
        let (mut low, mut high) = (false, false);
        for _ in 0..100 {
            let any = source.int(i64::MIN, i64::MAX);
            (low, high) = (low | (any < 0), high | (any > 0));
        }
        assert!(low && high);
    }

    #[test]
    fn no_number_is_more_likely_where_the_bits_do_not_divide() {
        // Two thirds of all bits would fall below half of this range if a remainder were taken.
        let end = (1_u64 << 63) + (1 << 62);
        let mut source = Source::seeded(7);
        let below = (0..4000).filter(|_| source.below(end) < 1 << 62).count();
        // A third of 4000, six standard deviations of 30 around it; the remainder would give half.
        assert!((1150..=1516).contains(&below), "{below}");
    }

    #[test]
    fn fractions_lie_between_0_and_1() {
        let mut source = Source::System;
        let drawn: Vec<f64> = (0..1000).map(|_| source.fraction()).collect();
        assert!(drawn.iter().all(|n| (0.0..1.0).contains(n)));
        assert!(drawn.iter().any(|n| *n < 0.1) && drawn.iter().any(|n| *n > 0.9));
    }

    #[test]
    fn a_shuffle_keeps_all_values_and_changes_their_order() {
        let mut source = Source::seeded(3);
        let mut values: Vec<u32> = (0..100).collect();
        source.shuffle(&mut values);
        assert!(!values.is_sorted());
        values.sort_unstable();
        assert!(values.into_iter().eq(0..100));
        let mut firsts = [0_u32; 3];
        for _ in 0..3000 {
            let mut three = [0, 1, 2];
            source.shuffle(&mut three);
            firsts[three[0]] += 1;
        }
        assert!(firsts.iter().all(|n| (845..=1155).contains(n)), "{firsts:?}");
        source.shuffle::<u32>(&mut []);
    }

    #[test]
    fn places_are_different_ones() {
        let mut source = Source::seeded(9);
        let mut places = source.places(10, 10);
        places.sort_unstable();
        assert!(places.into_iter().eq(0..10));
        assert!(source.places(10, 0).is_empty());
        let some = source.places(1000, 3);
        assert_eq!(some.len(), 3);
        assert!(some[0] != some[1] && some[1] != some[2] && some[0] != some[2]);
    }
}
