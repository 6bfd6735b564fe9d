//! The numbers that a history is made from: one source per history, so that a case is a function of its seed.

use crate::engine::Seed;
use crate::engine::dice::{Purpose, draw, pick};

/// Draws one after another.
#[derive(Clone, Debug)]
pub(super) struct Draws {
    seed: Seed,
    count: u64,
}

impl Draws {
    pub(super) const fn new(seed: u64) -> Draws {
        Draws {
            seed: Seed(seed),
            count: 0,
        }
    }

    /// The next 64 bits.
    pub(super) const fn bits(&mut self) -> u64 {
        self.count += 1;
        draw(self.seed, Purpose::History, 0, self.count)
    }

    /// One of `0..choices`; 0 if there is none.
    pub(super) const fn below(&mut self, choices: usize) -> usize {
        pick(self.bits(), choices as u64) as usize
    }

    /// From the least to the greatest, both included.
    pub(super) const fn within(&mut self, least: usize, greatest: usize) -> usize {
        least + self.below(greatest.saturating_sub(least) + 1)
    }

    /// True in so many of a hundred draws.
    pub(super) const fn percent(&mut self, hundredths: usize) -> bool {
        self.below(100) < hundredths
    }

    /// One of `0..weights.len()`, each as likely as its weight says; None if all are 0.
    pub(super) fn weighted(&mut self, weights: &[u32]) -> Option<usize> {
        let sum: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
        let mut left = pick(self.bits(), sum);
        weights.iter().position(|&weight| {
            let weight = u64::from(weight);
            let hit = left < weight;
            left = left.saturating_sub(weight);
            hit
        })
    }
}
