//! A collection that counts how often it was opened for writing.
//!
//! Whoever found something out by looking through it notes the count, and knows by it later whether that still holds. The
//! count is taken where Rust asks for a mutable reference, so no writer can forget it; it says too much rather than too
//! little, since not every reference is written through.
//!
//! By its openings it also knows a value that it has already: where a run is reset again and again and hardly ever touches its
//! disks, they are copied once.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use slotmap::{Key, SlotMap};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};

/// A value with the count of its openings. Written and shown as the value: a count means nothing in another process.
pub struct Watched<T> {
    value: T,
    openings: u64,
    /// No other has this number.
    number: u64,
    /// How often this one was opened. Unlike `openings`, which is that of what it was copied from, it never falls back.
    opened: u64,
    /// Which one wrote the value, and at which of its openings: where that is the same, so is the value.
    written: (u64, u64),
}

/// The number of the next one. It tells them apart, and nothing else comes of it.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl<T> Watched<T> {
    /// Never opened yet. Counts begin at 1, so that 0 is a count that never holds.
    #[must_use]
    pub fn new(value: T) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Watched {
            value,
            openings: 1,
            number,
            opened: 0,
            written: (number, 0),
        }
    }

    /// The value, for a change that nobody who looks can tell, nor misses in a copy: it is not counted, and a copy may be taken to have
    /// it already.
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

impl<T: Default> Default for Watched<T> {
    fn default() -> Self {
        Watched::new(T::default())
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
        self.opened += 1;
        self.written = (self.number, self.opened);
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
            openings: self.openings,
            written: self.written,
            ..Watched::new(self.value.clone())
        }
    }

    /// Into the room that is there, unless the value is there already, and with the count of the source.
    fn clone_from(&mut self, source: &Self) {
        if self.written != source.written {
            self.value.clone_from(&source.value);
            self.written = source.written;
        }
        self.openings = source.openings;
    }
}

impl<T: fmt::Debug> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
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

    /// A value that knows how often it was copied.
    #[derive(Debug, Default, PartialEq)]
    struct Told(u32, u32);

    impl Clone for Told {
        fn clone(&self) -> Self {
            Told(self.0, 0)
        }

        fn clone_from(&mut self, source: &Self) {
            *self = Told(source.0, self.1 + 1);
        }
    }

    #[test]
    fn what_is_there_already_is_not_copied_and_everything_else_is() {
        let mut first = Watched::new(Told(1, 0));
        let mut copy = first.clone();
        copy.clone_from(&first);
        assert_eq!(*copy, Told(1, 0));
        copy.0 = 2;
        copy.clone_from(&first);
        assert_eq!(*copy, Told(1, 1));
        // Both were opened once more, each by itself: equal counts, unequal values.
        let older = copy.clone();
        (first.0, copy.0) = (3, 4);
        copy.clone_from(&first);
        assert_eq!(*copy, Told(3, 2));
        copy.clone_from(&older);
        assert_eq!(*copy, Told(1, 3));
        copy.0 = 5;
        let mut other = copy.clone();
        copy.clone_from(&first);
        copy.0 = 6;
        other.clone_from(&copy);
        assert_eq!(*other, Told(6, 1));
        // The count of one that was copied into falls back, and what it writes then is no older value.
        let mut first = Watched::new(Told(1, 0));
        let older = first.clone();
        first.0 = 2;
        let mut copy = first.clone();
        first.clone_from(&older);
        first.0 = 3;
        copy.clone_from(&first);
        assert_eq!(copy.0, 3);
        // Two new ones have nothing to do with each other.
        let mut new = Watched::new(Told(7, 0));
        new.clone_from(&Watched::new(Told(8, 0)));
        assert_eq!(
            (*new == Told(8, 1), format!("{new:?}")),
            (true, "Told(8, 1)".to_owned())
        );
    }
}
