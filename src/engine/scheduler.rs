//! The queue of what is to come: the earliest first, and among equal instants first come, first served.
//!
//! A binary heap over (instant, sequence number), both in one 128-bit key. The sequence number makes the order total, so it
//! never depends on the heap's inner layout; this is what equal instants rely on everywhere. There is no way to take an entry
//! back: what no longer holds is known by its epoch when it comes up, which is cheaper than finding it here.
//!
//! Pushing and popping allocate only while the queue grows past the most it has held.

use crate::time::SimTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Entries with the instants they are due at.
///
/// Serialized as the list of `[instant, entry]` in the order they would come out, so that queues that will behave alike
/// look alike; a list read back may be in any order, and equal instants keep the order of the list.
#[derive(Clone, Debug)]
pub struct Queue<E> {
    heap: BinaryHeap<Entry<E>>,
    /// How many entries were ever pushed. At one per nanosecond it would last for 584 years.
    pushed: u64,
}

/// An entry, compared by its key alone and backwards, since the heap of `std` brings up the greatest.
#[derive(Clone, Debug)]
struct Entry<E> {
    /// The instant in the upper half, the sequence number in the lower.
    key: u128,
    event: E,
}

impl<E> Entry<E> {
    const fn at(&self) -> SimTime {
        SimTime::from_micros((self.key >> 64) as u64)
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.cmp(&self.key)
    }
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Queue<E> {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            pushed: 0,
        }
    }

    /// An empty queue with room for so many entries.
    #[must_use]
    pub fn with_capacity(entries: usize) -> Self {
        Self {
            heap: BinaryHeap::with_capacity(entries),
            pushed: 0,
        }
    }

    /// Makes room for so many more entries.
    pub fn reserve(&mut self, more: usize) {
        self.heap.reserve(more);
    }

    /// How many entries fit without allocating.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.heap.capacity()
    }

    /// Adds an entry, behind all that are due at the same instant. Any instant will do, also one before what has come out.
    pub fn push(&mut self, at: SimTime, event: E) {
        let key = (u128::from(at.as_micros()) << 64) | u128::from(self.pushed);
        self.pushed += 1;
        self.heap.push(Entry { key, event });
    }

    /// Takes out the entry that is due first, with its instant.
    pub fn pop(&mut self) -> Option<(SimTime, E)> {
        self.heap.pop().map(|entry| (entry.at(), entry.event))
    }

    /// Takes out the entry that is due first, unless that is later than `limit`.
    pub fn pop_until(&mut self, limit: SimTime) -> Option<(SimTime, E)> {
        if self.peek_time()? <= limit {
            self.pop()
        } else {
            None
        }
    }

    /// The instant of the entry that is due first.
    #[must_use]
    pub fn peek_time(&self) -> Option<SimTime> {
        self.heap.peek().map(Entry::at)
    }

    /// The entry that is due first, with its instant.
    #[must_use]
    pub fn peek(&self) -> Option<(SimTime, &E)> {
        self.heap.peek().map(|entry| (entry.at(), &entry.event))
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Drops all entries and keeps the room.
    pub fn clear(&mut self) {
        self.heap.clear();
    }

    /// All entries in the order they would come out. Sorts, so it is for checkpoints and displays, not for every event.
    #[must_use]
    pub fn in_order(&self) -> Vec<(SimTime, &E)> {
        let mut entries: Vec<&Entry<E>> = self.heap.iter().collect();
        entries.sort_unstable_by_key(|entry| entry.key);
        entries
            .into_iter()
            .map(|entry| (entry.at(), &entry.event))
            .collect()
    }
}

impl<E> Extend<(SimTime, E)> for Queue<E> {
    fn extend<I: IntoIterator<Item = (SimTime, E)>>(&mut self, entries: I) {
        for (at, event) in entries {
            self.push(at, event);
        }
    }
}

impl<E: Serialize> Serialize for Queue<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.in_order())
    }
}

impl<'de, E: Deserialize<'de>> Deserialize<'de> for Queue<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<(SimTime, E)>::deserialize(deserializer)?;
        let mut queue = Self::with_capacity(entries.len());
        queue.extend(entries);
        Ok(queue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(micros: u64) -> SimTime {
        SimTime::from_micros(micros)
    }

    fn drain<E>(mut queue: Queue<E>) -> Vec<(SimTime, E)> {
        std::iter::from_fn(move || queue.pop()).collect()
    }

    #[test]
    fn earliest_first_and_equal_instants_in_turn() {
        let mut queue = Queue::new();
        for (micros, name) in [
            (5, "a"),
            (1, "b"),
            (5, "c"),
            (0, "d"),
            (5, "e"),
            (u64::MAX, "f"),
        ] {
            queue.push(at(micros), name);
        }
        assert_eq!(queue.peek(), Some((at(0), &"d")));
        assert_eq!(queue.pop_until(at(0)), Some((at(0), "d")));
        assert_eq!(queue.pop_until(at(0)), None);
        assert_eq!(queue.len(), 5);
        let names: Vec<&str> = drain(queue).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["b", "a", "c", "e", "f"]);
    }

    #[test]
    fn steady_state_keeps_its_room() {
        let mut queue = Queue::with_capacity(64);
        let room = queue.capacity();
        for n in 0..10_000_u64 {
            queue.push(at(n * 7 % 101), n);
            if queue.len() == 64 {
                queue.pop();
            }
        }
        assert_eq!(queue.capacity(), room);
        queue.clear();
        assert!(queue.is_empty());
        assert_eq!(queue.capacity(), room);
    }

    #[test]
    fn a_checkpoint_forgets_the_past() {
        let mut worn = Queue::new();
        worn.push(at(9), "x");
        worn.push(at(0), "gone");
        worn.push(at(9), "y");
        worn.pop();
        let text = serde_json::to_string(&worn).unwrap();
        assert_eq!(text, r#"[[9,"x"],[9,"y"]]"#);
        let mut back: Queue<&str> = serde_json::from_str(&text).unwrap();
        back.push(at(9), "z");
        assert_eq!(drain(back), [(at(9), "x"), (at(9), "y"), (at(9), "z")]);
    }

    proptest! {
        #[test]
        fn behaves_like_a_sorted_list(steps in prop::collection::vec(prop::option::weighted(0.6, 0_u64..8), 0..200)) {
            let mut queue = Queue::new();
            let mut model: Vec<(SimTime, usize)> = Vec::new();
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Some(micros) => {
                        queue.push(at(micros), number);
                        let place = model.partition_point(|&(due, _)| due <= at(micros));
                        model.insert(place, (at(micros), number));
                    }
                    None => {
                        let first = if model.is_empty() { None } else { Some(model.remove(0)) };
                        prop_assert_eq!(queue.pop(), first);
                    }
                }
                prop_assert_eq!(queue.len(), model.len());
                prop_assert_eq!(queue.peek_time(), model.first().map(|&(due, _)| due));
            }
            let copy = queue.clone();
            let listed: Vec<_> = queue.in_order().into_iter().map(|(due, &number)| (due, number)).collect();
            prop_assert_eq!(&listed, &model);
            prop_assert_eq!(&drain(queue), &model);
            prop_assert_eq!(&drain(copy), &model);
        }
    }
}
