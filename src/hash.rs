//! The one mixing function: stable keys, ids and dice all hash through here.
//!
//! It is written out instead of borrowed because its values are part of what the simulator promises: the same scenario and
//! seed give the same ids and the same fates in every build. `std`'s hashers make no such promise. It is not cryptographic
//! and no defence against chosen collisions; nothing here needs one.

mod rows;

pub(crate) use rows::{RowHash, Rows};
use std::hash::Hasher;

/// The step of the SplitMix64 sequence, the odd number nearest to 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
/// What SplitMix64 multiplies by.
const FIRST: u64 = 0xBF58_476D_1CE4_E5B9;
const SECOND: u64 = 0x94D0_49BB_1331_11EB;

/// Scrambles 64 bits into 64 bits, one to one: the first output of SplitMix64 started at `value`.
///
/// Every input bit flips about half of the output bits, so neighbouring inputs give unrelated outputs.
#[inline]
#[must_use]
pub const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(FIRST);
    z = (z ^ (z >> 27)).wrapping_mul(SECOND);
    z ^ (z >> 31)
}

/// Joins two values into one; the order counts, and for either argument held fixed no two values of the other collide.
///
/// Longer keys are folds: `combine(combine(a, b), c)`.
#[inline]
#[must_use]
pub const fn combine(first: u64, second: u64) -> u64 {
    join(mix(first), second)
}

/// The rest of [`combine`] after its first value was mixed, for one who joins many values to the same first one.
#[inline]
#[must_use]
pub const fn join(mixed: u64, second: u64) -> u64 {
    mix(mixed ^ second)
}

/// A hash in the making, or many at once, each by itself. It begins as zero.
pub(crate) trait Hashing: Sized {
    /// A number for each.
    type Numbers;

    /// Mixes it; see [`mix()`].
    fn mix(self) -> Self;

    /// Joins it, which has to be mixed, with `(number << up) ^ flips`; see [`join`].
    fn join_with(self, numbers: &Self::Numbers, up: u32, flips: u64) -> Self;

    /// Joins it, which has to be mixed, with a number; see [`join`].
    #[inline(always)]
    fn join(self, numbers: &Self::Numbers) -> Self {
        self.join_with(numbers, 0, 0)
    }
}

impl Hashing for u64 {
    type Numbers = u64;

    #[inline(always)]
    fn mix(self) -> u64 {
        mix(self)
    }

    #[inline(always)]
    fn join_with(self, &number: &u64, up: u32, flips: u64) -> u64 {
        join(self, (number << up) ^ flips)
    }
}

/// Hashes bytes: the length, then the bytes as little-endian words of eight, the last one filled up with zeros.
///
/// The length goes first, so that trailing zeros and the empty string have hashes of their own.
#[must_use]
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    hash_parts(&[bytes])
}

/// [`hash_bytes`] of what these parts are one after another, without putting them together.
#[must_use]
pub(crate) fn hash_parts(parts: &[&[u8]]) -> u64 {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let (mut hash, mut word, mut bits) = (mix(length as u64), 0, 0);
    for &byte in parts.iter().copied().flatten() {
        word |= u64::from(byte) << bits;
        bits += 8;
        if bits == u64::BITS {
            hash = combine(hash, word);
            (word, bits) = (0, 0);
        }
    }
    match bits {
        0 => hash,
        _ => combine(hash, word),
    }
}

/// Hashes what is a hash already to itself, for tables that are only asked and never listed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ByItself(u64);

impl Hasher for ByItself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn mix_is_splitmix64() {
        // The published first outputs of SplitMix64 for the states 0 and 1234567.
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(mix(1_234_567), 6_457_827_717_110_365_317);
        assert_eq!(
            mix(1_234_567_u64.wrapping_add(GOLDEN)),
            3_203_168_211_198_807_973
        );
    }

    #[test]
    fn values_are_stable() {
        assert_eq!(combine(1, 2), 0xBCD9_DBB4_9673_066B);
        assert_eq!(hash_bytes(b""), 0xE220_A839_7B1D_CDAF);
        assert_eq!(hash_bytes(b"web"), 0x73D0_396F_A64C_4794);
        assert_eq!(hash_bytes(b"eu-de-01/web-1"), 0x8713_00A6_F12B_2B9D);
    }

    #[test]
    fn words_are_of_eight_bytes_and_the_last_one_is_filled_up() {
        let (one, two) = (u64::from_le_bytes(*b"12345678"), u64::from(b'9'));
        let whole = combine(mix(8), one);
        assert_eq!(hash_bytes(b"12345678"), whole);
        let both = combine(combine(mix(16), one), one);
        assert_eq!(hash_bytes(b"1234567812345678"), both);
        let more = combine(combine(mix(9), one), two);
        assert_eq!(hash_bytes(b"123456789"), more);
    }

    #[test]
    fn parts_hash_as_what_they_are_together() {
        let text = b"eu-de-01/web-17 and so on";
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let parts = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(hash_parts(&parts), hash_bytes(text));
            }
        }
    }

    #[test]
    fn order_and_length_count() {
        assert_ne!(combine(1, 2), combine(2, 1));
        let texts: [&[u8]; 6] = [
            b"",
            b"\0",
            b"\0\0",
            b"12345678",
            b"12345678\0",
            b"12345678\0\0\0\0\0\0\0\0",
        ];
        let hashes: BTreeSet<u64> = texts.iter().map(|text| hash_bytes(text)).collect();
        assert_eq!(hashes.len(), texts.len());
    }

    #[test]
    fn one_bit_flips_about_half() {
        for bit in 0..64 {
            let flipped: u32 = (0..256_u64)
                .map(|n| (mix(n) ^ mix(n ^ (1 << bit))).count_ones())
                .sum();
            let mean = f64::from(flipped) / 256.0;
            assert!(
                (29.0..35.0).contains(&mean),
                "bit {bit} flips {mean} bits on average"
            );
        }
    }
}
