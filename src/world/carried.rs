//! What the copies of pairs have carried. Kept beside the pairs, of which few have copied anything.

use super::PairKey;
use super::refill::refill;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use slotmap::SecondaryMap;

/// By pair: bytes that its ended and interrupted copies have carried, where that is any. Written as the pairs that have some.
#[derive(Debug, Default)]
pub struct Carried(SecondaryMap<PairKey, u64>);

impl Carried {
    /// How much a pair's copies have carried.
    #[must_use]
    pub fn of(&self, pair: PairKey) -> u64 {
        self.0.get(pair).copied().unwrap_or(0)
    }

    /// The pairs of which copies have carried anything.
    pub fn pairs(&self) -> impl Iterator<Item = PairKey> + '_ {
        self.0.keys()
    }

    pub(crate) fn add(&mut self, pair: PairKey, bytes: u64) {
        if bytes > 0 {
            let sum = self.of(pair).saturating_add(bytes);
            self.0.insert(pair, sum);
        }
    }

    /// Forgets a pair that is gone.
    pub(crate) fn forget(&mut self, pair: PairKey) {
        self.0.remove(pair);
    }
}

impl Clone for Carried {
    fn clone(&self) -> Self {
        Carried(self.0.clone())
    }

    fn clone_from(&mut self, source: &Self) {
        refill(&mut self.0, &source.0);
    }
}

impl Serialize for Carried {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl<'de> Deserialize<'de> for Carried {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut carried = Carried::default();
        for (pair, bytes) in Vec::<(PairKey, u64)>::deserialize(deserializer)? {
            carried.add(pair, bytes);
        }
        Ok(carried)
    }
}
