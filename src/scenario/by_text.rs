//! Where texts stand in a list: what a file spells out by the million is looked up by hash and not by bisection.
//!
//! Whoever writes a file may choose its texts so that a known hash is the same for all, so this one is another in every
//! process. That reaches nothing: a table is only asked and never listed.

use crate::hash::ByItself;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, RandomState};
use std::sync::LazyLock;

/// What texts are hashed with.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Places of texts. The list that has the texts is somebody else's, who says whether a text stands at a place.
#[derive(Clone, Default)]
pub(super) struct ByText(HashMap<u64, u32, BuildHasherDefault<ByItself>>);

impl fmt::Debug for ByText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByText").finish_non_exhaustive()
    }
}

impl ByText {
    /// Where a text stands.
    pub(super) fn get(&self, text: &str, stands_at: impl Fn(u32) -> bool) -> Option<u32> {
        self.find(text, stands_at).ok()
    }

    /// Enters the place of a text that has none; answers the place that it has.
    pub(super) fn insert(
        &mut self,
        text: &str,
        place: u32,
        stands_at: impl Fn(u32) -> bool,
    ) -> Result<(), u32> {
        match self.find(text, stands_at) {
            Ok(place) => Err(place),
            Err(free) => {
                self.0.insert(free, place);
                Ok(())
            }
        }
    }

    /// The place of a text, or the key under which it can be entered: its hash, or behind others with that hash.
    fn find(&self, text: &str, stands_at: impl Fn(u32) -> bool) -> Result<u32, u64> {
        let mut key = HASHER.hash_one(text);
        while let Some(&place) = self.0.get(&key) {
            if stands_at(place) {
                return Ok(place);
            }
            key = key.wrapping_add(1);
        }
        Err(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_where_they_stand_also_behind_others_with_their_hash() {
        let texts = ["web", "db", "", "web-1"];
        let mut places = ByText::default();
        // Somebody else is in the way of the first.
        let before = HASHER.hash_one("web");
        places.0.insert(before, 3);
        places.0.insert(before.wrapping_add(1), 2);
        for (place, text) in (0..).zip(texts) {
            let stands_at = |place: u32| texts[place as usize] == text;
            assert_eq!(places.get(text, stands_at), None);
            assert_eq!(places.insert(text, place, stands_at), Ok(()));
            assert_eq!(places.insert(text, 9, stands_at), Err(place));
            assert_eq!(places.get(text, stands_at), Some(place));
        }
        assert_eq!(places.0.get(&before.wrapping_add(2)), Some(&0));
    }
}
