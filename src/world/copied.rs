//! What the copies of pairs have carried. Kept beside the pairs, of which few have copied anything.

use super::PairKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use slotmap::SecondaryMap;

/// By pair: bytes that its ended and interrupted copies have carried, where that is any. Written as the pairs that have some.
#[derive(Debug, Default)]
pub struct Copied {
    of: SecondaryMap<PairKey, u64>,
    /// What was read and not yet entered. A key that leads nowhere must not make room for itself.
    read: Vec<(PairKey, u64)>,
}

impl Copied {
    /// How much a pair's copies have carried.
    #[must_use]
    pub fn of(&self, pair: PairKey) -> u64 {
        self.of.get(pair).copied().unwrap_or(0)
    }

    /// The pairs whose copies have carried anything, with how much.
    pub fn iter(&self) -> impl Iterator<Item = (PairKey, u64)> + '_ {
        let entered = self.of.iter().map(|(pair, &bytes)| (pair, bytes));
        entered.chain(self.read.iter().copied())
    }

    /// Adds what a copy has carried of a pair that exists.
    pub(crate) fn add(&mut self, pair: PairKey, bytes: u64) {
        if bytes > 0 {
            let sum = self.of(pair).saturating_add(bytes);
            self.of.insert(pair, sum);
        }
    }

    /// Forgets a pair that is gone.
    pub(crate) fn forget(&mut self, pair: PairKey) {
        self.of.remove(pair);
    }

    /// Enters what was read of pairs that exist.
    pub(crate) fn enter(&mut self, exists: impl Fn(PairKey) -> bool) {
        for (pair, bytes) in std::mem::take(&mut self.read) {
            match exists(pair) {
                true => self.add(pair, bytes),
                false => self.read.push((pair, bytes)),
            }
        }
    }
}

impl Clone for Copied {
    fn clone(&self) -> Self {
        Copied {
            of: self.of.clone(),
            read: self.read.clone(),
        }
    }

    /// Allocates only for pairs that there was no room for.
    fn clone_from(&mut self, source: &Self) {
        self.of.retain(|pair, _| source.of.contains_key(pair));
        for (pair, &bytes) in &source.of {
            self.of.insert(pair, bytes);
        }
        self.read.clone_from(&source.read);
    }
}

impl Serialize for Copied {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Copied {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Copied {
            read: Vec::deserialize(deserializer)?,
            ..Copied::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use slotmap::KeyData;

    fn pair(slot: u64) -> PairKey {
        KeyData::from_ffi(1 << 32 | slot).into()
    }

    #[test]
    fn it_is_refilled_and_read_as_what_it_was() {
        let mut copied = Copied::default();
        for (slot, bytes) in [(1, 5), (2, 0), (3, 7), (1, u64::MAX)] {
            copied.add(pair(slot), bytes);
        }
        let all: Vec<_> = copied.iter().collect();
        assert_eq!(all, [(pair(1), u64::MAX), (pair(3), 7)]);
        let mut other = Copied::default();
        other.add(pair(2), 9);
        other.add(pair(9), 9);
        other.clone_from(&copied);
        assert_eq!(other.iter().collect::<Vec<_>>(), all);
        let text = serde_json::to_string(&other).unwrap();
        let mut back: Copied = serde_json::from_str(&text).unwrap();
        back.enter(|_| true);
        assert_eq!(back.of(pair(3)), 7);
        back.forget(pair(1));
        assert_eq!(serde_json::to_string(&back).unwrap(), {
            copied.forget(pair(1));
            serde_json::to_string(&copied).unwrap()
        });
    }

    #[test]
    fn a_key_that_leads_nowhere_makes_no_room_for_itself() {
        let far = pair(u64::from(u32::MAX - 1));
        let text = serde_json::to_string(&[(far, 1)]).unwrap();
        let mut copied: Copied = serde_json::from_str(&text).unwrap();
        copied.enter(|_| false);
        assert_eq!(copied.iter().collect::<Vec<_>>(), [(far, 1)]);
        assert_eq!(
            copied.of.capacity(),
            SecondaryMap::<PairKey, u64>::new().capacity()
        );
    }
}
