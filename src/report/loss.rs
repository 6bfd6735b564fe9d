//! What recoveries lost, and what was written on both sides of a pair.

use crate::time::SimTime;
use crate::world::PairKey;
use crate::world::replica::{Recovery, Split};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The worst of some recoveries, each figure by itself.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Losses {
    pub count: u32,
    pub rpo: u64,
    pub lost: u64,
    pub copy_age: u64,
    pub damaged: bool,
}

impl Losses {
    /// Takes one more in, which happened at this instant.
    pub(super) fn add(&mut self, at: SimTime, recovery: Recovery) {
        let age = at.saturating_since(recovery.earliest).as_micros();
        self.count = self.count.saturating_add(1);
        self.rpo = self.rpo.max(recovery.rpo.as_micros());
        self.lost = self.lost.max(recovery.lost);
        self.copy_age = self.copy_age.max(age);
        self.damaged |= recovery.damaged;
    }
}

/// What was given up when sides met, by pair.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Discards(
    #[serde(with = "crate::world::place::as_list")] BTreeMap<PairKey, (Split, u64)>,
);

/// The same, of all pairs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Discarded {
    /// Bytes given up, split brain or not.
    pub bytes: u64,
    /// How long some pair was written on both sides, in microseconds: of several pairs the longest.
    pub split: u64,
    /// Of pairs that were written on both sides: bytes of the side that was given up, or would be.
    pub split_lost: u64,
    /// Of pairs that were written on both sides: bytes of the other side.
    pub split_kept: u64,
    /// Whether some pair is written on both sides, or was and has not met.
    pub open: bool,
}

impl Discards {
    /// Takes in what a pair gave up.
    pub(super) fn add(&mut self, pair: PairKey, split: Split) {
        let (sum, given_up) = self.0.entry(pair).or_default();
        *given_up = given_up.saturating_add(split.lost);
        if !split.both.is_zero() {
            *sum = sum.and(split);
        }
    }

    /// The sums, with what has not met yet.
    pub(super) fn with(&self, open: impl Iterator<Item = (PairKey, Split)>) -> Discarded {
        let mut all: BTreeMap<PairKey, Split> =
            self.0.iter().map(|(&pair, it)| (pair, it.0)).collect();
        let mut sum = Discarded {
            bytes: self.0.values().fold(0, |n, it| n.saturating_add(it.1)),
            ..Discarded::default()
        };
        for (pair, split) in open.filter(|(_, split)| !split.both.is_zero()) {
            let one = all.entry(pair).or_default();
            *one = one.and(split);
            sum.open = true;
        }
        for split in all.into_values() {
            sum.split = sum.split.max(split.both.as_micros());
            sum.split_lost = sum.split_lost.saturating_add(split.lost);
            sum.split_kept = sum.split_kept.saturating_add(split.kept);
        }
        sum
    }
}
