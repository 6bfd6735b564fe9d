//! The queue of what is to come: the earliest first, and among equal instants first come, first served.
//!
//! What it promises is a total order that never depends on its inner layout; this is what equal instants rely on
//! everywhere. How it keeps the promise without comparing most of its entries is told in `wheel`. There is no way to take
//! an entry back: what no longer holds is known by its epoch when it comes up, which is cheaper than finding it here.
//!
//! Pushing and popping allocate only while the queue grows past the most it has held.

mod wheel;

use crate::time::SimTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
pub(super) use wheel::KEPT;
use wheel::Wheel;

/// What becomes of an entry that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It stays, and so does everything behind it.
    No,
    /// It is taken, and the next one is offered.
    Yes,
    /// It is taken, and no other is offered.
    Last,
}

/// Entries that are in order already, and come out next but for what is pushed before them, or waits to come out between them.
#[derive(Debug)]
pub(super) struct Ahead<'a, E>(&'a [(u64, E)]);

impl<E> Ahead<'_, E> {
    /// The one that comes after so many others; there may be none.
    #[inline(always)]
    pub(super) fn after(&self, others: usize) -> Option<&E> {
        let place = self.0.len().checked_sub(others + 1)?;
        self.0.get(place).map(|entry| &entry.1)
    }
}

/// Who is offered entries.
pub(super) trait Takes<E> {
    /// These come after the one that is offered next.
    fn ahead(&mut self, entries: &Ahead<'_, E>);
    /// Takes an entry that is due now, or does not.
    fn take(&mut self, at: SimTime, entry: &E) -> Taken;
}

/// One who does not look ahead.
impl<E, F: FnMut(SimTime, &E) -> Taken> Takes<E> for F {
    #[inline(always)]
    fn ahead(&mut self, _: &Ahead<'_, E>) {}

    #[inline(always)]
    fn take(&mut self, at: SimTime, entry: &E) -> Taken {
        self(at, entry)
    }
}

/// Entries with the instants they are due at.
///
/// Serialized as the list of `[instant, entry]` in the order they would come out, so that queues that will behave alike
/// look alike; a list read back may be in any order, and equal instants keep the order of the list.
#[derive(Debug)]
pub struct Queue<E> {
    wheel: Wheel<E>,
}

impl<E: Copy> Clone for Queue<E> {
    fn clone(&self) -> Self {
        let wheel = self.wheel.clone();
        Self { wheel }
    }

    /// Allocates nothing if the entries fit.
    fn clone_from(&mut self, source: &Self) {
        self.wheel.clone_from(&source.wheel);
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
            wheel: Wheel::new(),
        }
    }

    /// An empty queue with room for so many entries.
    #[must_use]
    pub fn with_capacity(entries: usize) -> Self {
        let mut queue = Self::new();
        queue.reserve(entries);
        queue
    }

    /// Makes room for so many more entries.
    pub fn reserve(&mut self, more: usize) {
        self.wheel.reserve(more);
    }

    /// How many entries fit without allocating, at least, whatever their instants are; those pushed for an instant before
    /// what has come out, or what was last put in order, take room of their own.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.wheel.capacity()
    }

    /// The instant of the entry that is due first.
    #[inline]
    #[must_use]
    pub fn peek_time(&self) -> Option<SimTime> {
        self.wheel.least().map(SimTime::from_micros)
    }

    /// The entry that is due first, with its instant. May look at a few dozen entries, and at more before the first is
    /// taken out.
    #[must_use]
    pub fn peek(&self) -> Option<(SimTime, &E)> {
        let (at, event) = self.wheel.peek()?;
        Some((SimTime::from_micros(at), event))
    }

    /// How many entries there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.wheel.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.wheel.len() == 0
    }

    /// Drops all entries and keeps the room.
    pub fn clear(&mut self) {
        self.wheel.clear();
    }

    /// All entries in the order they would come out. Sorts, so it is for checkpoints and displays, not for every event.
    #[must_use]
    pub fn in_order(&self) -> Vec<(SimTime, &E)> {
        let entries = self.wheel.in_order().into_iter();
        entries
            .map(|(at, event)| (SimTime::from_micros(at), event))
            .collect()
    }
}

impl<E: Copy> Queue<E> {
    /// Some of the entries that will come out soon.
    pub(super) fn ready(&self) -> Ahead<'_, E> {
        self.wheel.ready()
    }

    /// Adds an entry, behind all that are due at the same instant. Any instant will do, also one before what has come out.
    #[inline]
    pub fn push(&mut self, at: SimTime, event: E) {
        self.wheel.push(at.as_micros(), event);
    }

    /// Adds entries of which none is due before the one before it, each as [`Queue::push`] does, in fewer steps.
    #[inline]
    pub(super) fn push_rising(&mut self, entries: impl Iterator<Item = (SimTime, E)>) {
        let entries = entries.map(|(at, event)| (at.as_micros(), event));
        self.wheel.push_rising(entries);
    }

    /// Adds entries, each as [`Queue::push`] does.
    #[inline]
    pub(super) fn push_all(&mut self, entries: impl Iterator<Item = (SimTime, E)>) {
        let entries = entries.map(|(at, event)| (at.as_micros(), event));
        self.wheel.push_all(entries);
    }

    /// Takes out the entry that is due first, with its instant.
    #[inline]
    pub fn pop(&mut self) -> Option<(SimTime, E)> {
        let (at, event) = self.wheel.pop()?;
        Some((SimTime::from_micros(at), event))
    }

    /// Puts some of the entries that are due first in order, if none or few are in order yet and another one is due at `limit` at the
    /// latest. Answers how many were in order before, if it did.
    #[inline]
    pub(super) fn prepare(&mut self, limit: SimTime) -> Option<usize> {
        self.wheel.prepare(limit.as_micros())
    }

    /// Takes out entries that are due first, in turn, as far as somebody takes them; none that is later than `limit`, and at most
    /// so many. Answers how many. It takes those alone that are in order already, so that it may take none though there are some;
    /// and something that is due at `limit` at the latest is left whenever it has taken any.
    #[inline(always)]
    pub(super) fn drain(
        &mut self,
        limit: SimTime,
        most: usize,
        takes: &mut impl Takes<E>,
    ) -> usize {
        self.wheel.drain(limit.as_micros(), most, takes)
    }

    /// Takes out the entry that is due first, unless that is later than `limit`.
    #[inline]
    pub fn pop_until(&mut self, limit: SimTime) -> Option<(SimTime, E)> {
        let (at, event) = self.wheel.pop_until(limit.as_micros())?;
        Some((SimTime::from_micros(at), event))
    }
}

impl<E: Copy> Extend<(SimTime, E)> for Queue<E> {
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

impl<'de, E: Copy + Deserialize<'de>> Deserialize<'de> for Queue<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<(SimTime, E)>::deserialize(deserializer)?;
        let mut queue = Self::with_capacity(entries.len());
        queue.extend(entries);
        Ok(queue)
    }
}

#[cfg(test)]
mod tests;
