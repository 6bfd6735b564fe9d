//! A collection that counts how often it was opened for writing.
//!
//! Whoever found something out by looking through it notes the count, and knows by it later whether that still holds. The
//! count is taken where Rust asks for a mutable reference, so no writer can forget it; it says too much rather than too
//! little, since not every reference is written through.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use slotmap::{Key, SlotMap};
use std::ops::{Deref, DerefMut};

/// A value with the count of its openings. Serialized as the value: a count means nothing in another process.
#[derive(Debug)]
pub struct Watched<T> {
    value: T,
    openings: u64,
}

impl<T> Watched<T> {
    /// Never opened yet. Counts begin at 1, so that 0 is a count that never holds.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Watched { value, openings: 1 }
    }

    /// The value, for a change that nobody who looks can tell. It is not counted.
    pub(super) const fn unseen(&mut self) -> &mut T {
        &mut self.value
    }

    /// How often it was opened for writing.
    #[inline]
    #[must_use]
    pub const fn openings(&self) -> u64 {
        self.openings
    }
}

impl<T> Deref for Watched<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Watched<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.openings += 1;
        &mut self.value
    }
}

impl<'a, K: Key, V> IntoIterator for &'a Watched<SlotMap<K, V>> {
    type Item = (K, &'a V);
    type IntoIter = slotmap::basic::Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.value.iter()
    }
}

impl<T: Clone> Clone for Watched<T> {
    fn clone(&self) -> Self {
        Watched {
            value: self.value.clone(),
            openings: self.openings,
        }
    }

    /// Into the room that is there, with the count of the source.
    fn clone_from(&mut self, source: &Self) {
        self.value.clone_from(&source.value);
        self.openings = source.openings;
    }
}

impl<T: Serialize> Serialize for Watched<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Watched<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Watched::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_is_not_counted_and_writing_is() {
        let mut list = Watched::new(vec![1]);
        assert_eq!((list[0], list.len(), list.openings()), (1, 1, 1));
        list[0] = 2;
        list.push(3);
        assert_eq!((list.as_slice(), list.openings()), (&[2, 3][..], 3));
        let mut copy = list.clone();
        copy.push(4);
        copy.clone_from(&list);
        assert_eq!((copy.len(), copy.openings()), (2, 3));
        let text = serde_json::to_string(&list).unwrap();
        let back: Watched<Vec<i32>> = serde_json::from_str(&text).unwrap();
        assert_eq!((text.as_str(), back.openings()), ("[2,3]", 1));
    }
}
