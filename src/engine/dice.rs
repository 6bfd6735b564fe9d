//! Keyed draws: what the dice show is a function of who throws them, not of how often they were thrown before.
//!
//! A draw depends on the seed, the purpose, the stable key of what draws and a count (an epoch, an attempt, a serial of
//! faults). So adding a resource or a draw elsewhere shifts nothing, two policies under one seed meet the same faults, and a
//! fork needs no copy of a generator's state: there is none. It is deliberately not a stream of random numbers; where a
//! purpose needs several numbers at once, [`Dice::generator`] opens one that begins at the draw.
//!
//! The values are promised: they rest on [`crate::hash`] and on a generator whose algorithm is fixed, so a seed means the
//! same in every build. The tests hold some of them.

use crate::hash::{Hashing, RowHash, combine, join, mix};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// The number a whole run is drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

/// What a draw is for. Draws for different purposes are independent, even of the same thing at the same count.
///
/// The numbers are part of every draw: a new purpose takes a new number, and none is ever given out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// How long a piece of work takes.
    Duration = 1,
    /// Whether a piece of work succeeds.
    Outcome = 2,
    /// With which code a piece of work fails.
    Code = 3,
    /// How long after the one before it a sub-job starts.
    Stagger = 4,
    /// How long something stays up before a fault.
    Uptime = 5,
    /// How long a fault lasts.
    Downtime = 6,
    /// What a fault hits.
    Target = 7,
    /// The id that a resource or a job is given.
    Id = 8,
    /// An address that a network interface is given.
    Address = 9,
    /// How much is written to a disk.
    Load = 10,
    /// What a user of the service does next.
    Operator = 11,
    /// The seeds of a sweep's runs.
    Sweep = 12,
    /// What a history of the test bench is made of.
    History = 13,
}

impl Purpose {
    /// The number that stands for this purpose in a draw.
    #[must_use]
    pub const fn tag(self) -> u64 {
        self as u64
    }
}

/// 64 random bits for one purpose of one thing, the `count`-th time.
#[must_use]
pub const fn draw(seed: Seed, purpose: Purpose, stable: u64, count: u64) -> u64 {
    combine(combine(combine(seed.0, purpose.tag()), stable), count)
}

/// A draw as a number strictly between 0 and 1: an odd multiple of 2^-53, exactly.
///
/// Neither end is ever reached, so a logarithm or a quantile function may be applied to it as it is.
#[inline]
#[must_use]
pub fn unit(draw: u64) -> f64 {
    // 52 bits and a half need 53 bits, which is what an f64 holds; one bit more would round up to 1. A processor has an
    // instruction for numbers with a sign.
    ((draw >> 12).cast_signed() as f64 + 0.5) / 4_503_599_627_370_496.0
}

/// Whether something of this probability happens on this draw: never at 0, always at 1.
#[must_use]
pub fn happens(draw: u64, probability: f64) -> bool {
    unit(draw) < probability
}

/// A draw as one of `0..choices`, all equally likely to within 2^-64 times `choices`; 0 if there is no choice.
#[must_use]
pub const fn pick(draw: u64, choices: u64) -> u64 {
    ((draw as u128 * choices as u128) >> 64) as u64
}

/// The dice of one run: a seed with the draws as methods. Holds no state and may be copied freely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Seed", into = "Seed")]
pub struct Dice {
    seed: Seed,
    /// What all draws of a duration begin with, mixed.
    durations: u64,
}

impl Default for Dice {
    fn default() -> Self {
        Dice::new(Seed::default())
    }
}

impl From<Seed> for Dice {
    fn from(seed: Seed) -> Dice {
        Dice::new(seed)
    }
}

impl From<Dice> for Seed {
    fn from(dice: Dice) -> Seed {
        dice.seed
    }
}

/// [`Dice::duration`] of what has a stable key, at a count that is an epoch with a byte below it; the third number of a row is
/// of no account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Durations {
    first: u64,
    byte: u8,
}

impl RowHash<3> for Durations {
    #[inline(always)]
    fn of<H: Hashing>(&self, hashes: H, [stable, epoch, _]: [&H::Numbers; 3]) -> H {
        let of_stable = hashes.join_with(stable, 0, self.first);
        of_stable.mix().join_with(epoch, u8::BITS, self.byte.into())
    }
}

impl Dice {
    /// The dice of the run with this seed.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        Self {
            seed,
            durations: mix(combine(seed.0, Purpose::Duration.tag())),
        }
    }

    /// [`Dice::draw`] for [`Purpose::Duration`], which every piece of work draws.
    #[inline(always)]
    #[must_use]
    pub const fn duration(&self, stable: u64, count: u64) -> u64 {
        combine(join(self.durations, stable), count)
    }

    /// [`Dice::duration`] for many.
    #[inline]
    pub(super) const fn durations(&self, byte: u8) -> Durations {
        let first = self.durations;
        Durations { first, byte }
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> Seed {
        self.seed
    }

    /// 64 random bits; see [`draw`].
    #[must_use]
    pub const fn draw(&self, purpose: Purpose, stable: u64, count: u64) -> u64 {
        draw(self.seed, purpose, stable, count)
    }

    /// A number strictly between 0 and 1; see [`unit()`].
    #[must_use]
    pub fn unit(&self, purpose: Purpose, stable: u64, count: u64) -> f64 {
        unit(self.draw(purpose, stable, count))
    }

    /// Whether something of this probability happens; see [`happens`].
    #[must_use]
    pub fn happens(&self, purpose: Purpose, stable: u64, count: u64, probability: f64) -> bool {
        happens(self.draw(purpose, stable, count), probability)
    }

    /// A generator for purposes that need several numbers, begun at the draw.
    ///
    /// Its state is the first four outputs of SplitMix64 after the draw, as the authors of xoshiro advise.
    #[must_use]
    pub fn generator(&self, purpose: Purpose, stable: u64, count: u64) -> Xoshiro256PlusPlus {
        let mut word = self.draw(purpose, stable, count);
        let mut seed = [0; 32];
        for bytes in seed.chunks_exact_mut(8) {
            word = mix(word);
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Xoshiro256PlusPlus::from_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn values_are_stable() {
        let dice = Dice::new(Seed(1));
        assert_eq!(dice.draw(Purpose::Duration, 7, 0), 0x4BFF_0F31_545E_89D4);
        assert_eq!(dice.draw(Purpose::Id, 7, 0), 0x7B70_AFB9_DFC1_6BD8);
        assert_eq!(
            Dice::new(Seed(2)).draw(Purpose::Duration, 7, 0),
            0x0959_AF6A_9257_EBE1
        );
        let mut generator = dice.generator(Purpose::Load, 7, 0);
        assert_eq!(
            [generator.next_u64(), generator.next_u64()],
            [0xAF34_B2A1_167D_B80B, 0x9222_A31C_E6B8_6999]
        );
    }

    #[test]
    fn durations_are_drawn_like_the_rest() {
        let dice = Dice::new(Seed(9));
        assert_eq!(dice.duration(7, 3), dice.draw(Purpose::Duration, 7, 3));
        let back: Dice = serde_json::from_str(&serde_json::to_string(&dice).unwrap()).unwrap();
        assert_eq!(back, dice);
    }

    #[test]
    fn many_durations_are_drawn_like_one() {
        let dice = Dice::new(Seed(9));
        for (stable, epoch, byte) in [(7, 3, 0), (1 << 63, u32::MAX, 6), (0, 1, 1)] {
            let many = dice.durations(byte);
            let one = dice.duration(stable, u64::from(epoch) << 8 | u64::from(byte));
            assert_eq!(many.of(0, [&stable, &epoch.into(), &5]), one);
        }
    }

    #[test]
    fn purposes_keep_their_numbers() {
        use Purpose::*;
        let all = [
            Duration, Outcome, Code, Stagger, Uptime, Downtime, Target, Id, Address, Load,
            Operator, Sweep, History,
        ];
        assert!(all.iter().map(|purpose| purpose.tag()).eq(1..=13));
    }

    #[test]
    fn every_part_of_the_key_counts() {
        let base = draw(Seed(1), Purpose::Outcome, 2, 3);
        assert_ne!(base, draw(Seed(2), Purpose::Outcome, 2, 3));
        assert_ne!(base, draw(Seed(1), Purpose::Stagger, 2, 3));
        assert_ne!(base, draw(Seed(1), Purpose::Outcome, 3, 3));
        assert_ne!(base, draw(Seed(1), Purpose::Outcome, 2, 4));
        assert_ne!(base, draw(Seed(1), Purpose::Outcome, 3, 2));
    }

    #[test]
    fn the_unit_interval_is_open_and_even() {
        assert_eq!(unit(0), f64::EPSILON / 2.0);
        assert_eq!(unit(u64::MAX), 1.0 - f64::EPSILON / 2.0);
        assert_eq!(unit(1 << 63), 0.5 + f64::EPSILON / 2.0);
        let dice = Dice::new(Seed(1));
        let mut tenths = [0_u32; 10];
        for count in 0..100_000 {
            tenths[(dice.unit(Purpose::Duration, 1, count) * 10.0) as usize] += 1;
        }
        // Six standard deviations of a binomial count around its mean of 10000 are 570.
        assert!(
            tenths.iter().all(|n| n.abs_diff(10_000) < 570),
            "{tenths:?}"
        );
    }

    #[test]
    fn probabilities_at_their_ends() {
        for draw in [0, 1, u64::MAX / 2, u64::MAX] {
            assert!(!happens(draw, 0.0));
            assert!(happens(draw, 1.0));
        }
        assert!(happens(0, 0.5) && !happens(u64::MAX, 0.5));
        let dice = Dice::new(Seed(1));
        let hits = (0..100_000)
            .filter(|&count| dice.happens(Purpose::Outcome, 1, count, 0.2))
            .count();
        assert!(
            hits.abs_diff(20_000) < 760,
            "{hits} of 100000 at one in five"
        );
    }

    #[test]
    fn picks_stay_in_range() {
        assert_eq!(pick(u64::MAX, 0), 0);
        assert_eq!(
            (pick(0, 3), pick(u64::MAX / 2, 3), pick(u64::MAX, 3)),
            (0, 1, 2)
        );
        assert_eq!(pick(u64::MAX, u64::MAX), u64::MAX - 1);
    }
}
