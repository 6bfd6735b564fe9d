//! The inside of the queue: a radix heap whose buckets are chains of pooled chunks, and a sorted run in front of it.
//!
//! An entry's bucket is the highest digit in which its instant differs from `base`, and that digit's value; digits have
//! eight bits. Whatever the instants are, an entry is moved at most once per digit, always forward and in streams, which is
//! what caches like; there is no width to guess, so no pattern of instants is a bad one. The lowest bucket holds the earliest
//! entries. When it is small it is sorted into the run, by counting, in hardly more steps than a move takes, or turned around if it is in order; when it is large
//! or what is in it lies close together, `base` becomes its least instant and its entries move to lower buckets.
//!
//! Nothing is compared by a sequence number: a bucket is first in, first out, equal instants always share a bucket, and
//! sorting is stable, so equal instants come out in turn by themselves. Entries before `base`, which an engine hardly ever pushes, wait
//! in a heap of their own.

mod enter;
mod out;
mod sort;

use crate::cache::fetch;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Bits of a digit.
const BITS: u32 = 8;
/// Values of a digit.
const DIGITS: usize = 1 << BITS;
/// Digits of an instant.
const LEVELS: usize = u64::BITS.div_ceil(BITS) as usize;
/// Entries of a chunk.
const CHUNK: usize = 16;
/// So many entries, or a few less, lie in a line of memory.
const ENTRIES_OF_LINE: usize = 2;
/// A bucket of at most so many entries is sorted instead of spread.
const SMALL: usize = 1536;
/// So many entries are put beside a run before they are merged into it.
const BESIDE: usize = 64;
/// Beside a run of which nothing is left no more than so many entries are put.
const ALONE: usize = 8;
/// After so many merges a run goes back to the buckets.
const MERGES: u32 = 4;
/// Where many entries wait, the run is filled again when so many are left of it, so that whoever looks ahead sees what comes behind
/// them in time.
pub(in super::super) const KEPT: usize = 32;
/// So many entries are many.
const MANY: usize = 4096;
/// The longest run.
const LONG: usize = SMALL + KEPT + BESIDE * MERGES as usize;
/// No chunk.
const NONE: u32 = u32::MAX;

/// An entry and the instant it is due at.
pub(super) type Entry<E> = (u64, E);

/// A chain of chunks, or nothing.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// The least instant in it.
    least: u64,
    /// The slot of its first entry.
    first: u32,
    /// The slot after its last entry; 0 if there is no entry.
    end: u32,
    /// How many chunks it has.
    chunks: u32,
}

/// A bucket of nothing.
const EMPTY: Bucket = Bucket {
    least: u64::MAX,
    first: 0,
    end: 0,
    chunks: 0,
};

impl Bucket {
    /// How many entries it has.
    #[inline]
    const fn len(&self) -> usize {
        let (first, end) = (self.first as usize % CHUNK, (self.end as usize - 1) % CHUNK);
        (self.chunks as usize - 1) * CHUNK + end + 1 - first
    }
}

/// How many buckets there are.
const BUCKETS: usize = LEVELS * DIGITS;
/// Words that hold a bit for each bucket.
const WORDS: usize = BUCKETS / 64;

/// Entries by instant.
#[derive(Debug)]
pub(super) struct Wheel<E> {
    /// The least instants, the earliest at the end of what is left; behind that is room.
    run: Vec<Entry<E>>,
    /// How many entries of the run have not come out.
    left: usize,
    /// When no more than so many are left, it is time to fill the run again.
    low: usize,
    /// What was pushed since for an instant that the run reaches, the earliest last.
    near: Vec<Entry<E>>,
    /// What is about to go there.
    fresh: Vec<Entry<E>>,
    /// How often that was merged into the run since it was filled.
    merges: u32,
    /// The instant of the earliest entry that is neither in the run nor in a bucket; the last of all instants if there is none.
    aside: u64,
    /// No entry in a bucket is due earlier.
    base: u64,
    /// So many microseconds from `base` on no entry is in a bucket.
    span: u64,
    /// Which words of `marks` have a bit, a bit each.
    words: u32,
    /// Which buckets have entries, a bit each.
    marks: [u64; WORDS],
    /// By level and digit.
    buckets: Vec<Bucket>,
    /// The chunks.
    slots: Vec<Entry<E>>,
    /// The chunk after each chunk in its chain.
    next: Vec<u32>,
    /// The first chunk that is in no bucket.
    free: u32,
    /// Entries before `base`.
    early: BinaryHeap<Early<E>>,
    /// How many early entries there ever were.
    turns: u64,
    /// How many entries are not in the run.
    waiting: usize,
}

/// An entry that came too late for the buckets.
#[derive(Clone, Copy, Debug)]
struct Early<E> {
    at: u64,
    turn: u64,
    event: E,
}

impl<E> Early<E> {
    const fn key(&self) -> (u64, u64) {
        (self.at, self.turn)
    }
}

impl<E> PartialEq for Early<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<E> Eq for Early<E> {}

impl<E> PartialOrd for Early<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Backwards, since the heap of `std` brings up the greatest.
impl<E> Ord for Early<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl<E> Wheel<E> {
    pub(super) const fn new() -> Self {
        Self {
            run: Vec::new(),
            left: 0,
            low: 0,
            near: Vec::new(),
            fresh: Vec::new(),
            merges: 0,
            aside: u64::MAX,
            base: 0,
            span: 0,
            words: 0,
            marks: [0; WORDS],
            buckets: Vec::new(),
            slots: Vec::new(),
            next: Vec::new(),
            free: NONE,
            early: BinaryHeap::new(),
            turns: 0,
            waiting: 0,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.left + self.waiting
    }

    /// How many entries fit whatever their instants are: a chunk may hold a single entry, but only one in each bucket,
    /// and one more where the first ones of a bucket have been taken.
    pub(super) fn capacity(&self) -> usize {
        let chunks = self.next.capacity().min(self.slots.capacity() / CHUNK);
        chunks.max(chunks.saturating_sub(BUCKETS + 1) * CHUNK)
    }

    /// Makes room for so many more entries.
    pub(super) fn reserve(&mut self, more: usize) {
        let entries = self.len().saturating_add(more);
        let needed = entries.min((entries.div_ceil(CHUNK)).saturating_add(BUCKETS + 1));
        let chunks = needed.saturating_sub(self.next.len());
        self.next.reserve(chunks);
        self.slots.reserve(chunks.saturating_mul(CHUNK));
        self.run.reserve(LONG.saturating_sub(self.run.len()));
        self.make_room_beside();
        self.buckets.reserve(BUCKETS - self.buckets.len());
    }

    /// Makes room for all that is ever beside the run, or about to go there.
    pub(super) fn make_room_beside(&mut self) {
        for room in [&mut self.near, &mut self.fresh] {
            room.reserve_exact(BESIDE.saturating_sub(room.len()));
        }
    }

    /// Drops all entries and keeps the room.
    pub(super) fn clear(&mut self) {
        (self.left, self.low) = (0, 0);
        self.near.clear();
        self.early.clear();
        self.aside = u64::MAX;
        self.slots.clear();
        self.next.clear();
        self.free = NONE;
        while let Some(place) = self.lowest() {
            self.close(place);
        }
        (self.base, self.span) = (0, 0);
        (self.turns, self.waiting) = (0, 0);
    }

    /// The earliest entry. Looks through the lowest bucket.
    pub(super) fn peek(&self) -> Option<(u64, &E)> {
        if let Some(early) = self.early.peek()
            && self.rest().last().is_none_or(|first| early.at < first.0)
        {
            return Some((early.at, &early.event));
        }
        let first = match (self.rest().last(), self.near.last()) {
            (Some(first), Some(near)) if near.0 < first.0 => near,
            (Some(first), _) | (None, Some(first)) => first,
            (None, None) => {
                let bucket = &self.buckets[self.lowest()?];
                let mut entries = self.pieces(bucket).flatten();
                entries.find(|entry| entry.0 == bucket.least)?
            }
        };
        Some((first.0, &first.1))
    }

    /// All entries in the order they would come out.
    pub(super) fn in_order(&self) -> Vec<(u64, &E)> {
        let mut all = Vec::with_capacity(self.len());
        let mut early: Vec<&Early<E>> = self.early.iter().collect();
        early.sort_unstable_by_key(|early| early.key());
        all.extend(self.rest().iter().rev().map(|(at, event)| (*at, event)));
        all.extend(early.into_iter().map(|early| (early.at, &early.event)));
        all.extend(self.near.iter().rev().map(|(at, event)| (*at, event)));
        for place in self.places() {
            let entries = self.pieces(&self.buckets[place]).flatten();
            all.extend(entries.map(|(at, event)| (*at, event)));
        }
        all.sort_by_key(|&(at, _)| at);
        all
    }

    /// The places of the buckets that have entries.
    fn places(&self) -> impl Iterator<Item = usize> + '_ {
        let (mut words, mut word, mut marks) = (self.words, 0, 0);
        std::iter::from_fn(move || {
            if marks == 0 {
                if words == 0 {
                    return None;
                }
                word = words.trailing_zeros() as usize;
                words &= words - 1;
                marks = self.marks[word];
            }
            let place = word * 64 + marks.trailing_zeros() as usize;
            marks &= marks - 1;
            Some(place)
        })
    }

    /// The entries of a bucket in turn, chunk by chunk.
    #[inline]
    fn pieces(&self, bucket: &Bucket) -> impl Iterator<Item = &[Entry<E>]> {
        let (mut slot, mut left) = (bucket.first as usize, bucket.len());
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let stop = left.min(CHUNK - slot % CHUNK);
            let piece = &self.slots[slot..slot + stop];
            left -= stop;
            if left > 0 {
                self.fetch_after(slot / CHUNK);
                slot = self.next[slot / CHUNK] as usize * CHUNK;
            }
            Some(piece)
        })
    }

    /// Has the chunk fetched that comes after the one behind this one.
    #[inline(always)]
    fn fetch_after(&self, chunk: usize) {
        let after = |chunk: usize| {
            self.next
                .get(chunk)
                .map_or(usize::MAX, |&next| next as usize)
        };
        let begin = after(after(chunk)).saturating_mul(CHUNK);
        if let Some(entries) = self.slots.get(begin..begin.saturating_add(CHUNK)) {
            entries.iter().step_by(ENTRIES_OF_LINE).for_each(fetch);
        }
    }

    /// The entries of the run that have not come out yet, the earliest last.
    #[inline]
    fn rest(&self) -> &[Entry<E>] {
        &self.run[..self.left]
    }

    /// The instant of the earliest entry.
    #[inline]
    pub(super) fn least(&self) -> Option<u64> {
        match self.rest().last() {
            Some(&(at, _)) => Some(at.min(self.aside)),
            None if self.early.is_empty() && self.near.is_empty() => {
                self.lowest().map(|place| self.buckets[place].least)
            }
            None => Some(self.aside),
        }
    }

    /// The place of the bucket with the earliest entries.
    #[inline]
    fn lowest(&self) -> Option<usize> {
        if self.words == 0 {
            return None;
        }
        let word = self.words.trailing_zeros() as usize;
        Some(word * 64 + self.marks[word].trailing_zeros() as usize)
    }

    /// Empties a bucket.
    fn close(&mut self, place: usize) {
        let word = place / 64;
        self.marks[word] &= !(1 << (place % 64));
        if self.marks[word] == 0 {
            self.words &= !(1 << word);
        }
        self.buckets[place] = EMPTY;
    }
}

impl<E: Copy> Clone for Wheel<E> {
    fn clone(&self) -> Self {
        let mut copy = Self::new();
        copy.clone_from(self);
        copy
    }

    /// A few copies of memory, into the room that is there.
    fn clone_from(&mut self, source: &Self) {
        self.run.clear();
        self.run.extend_from_slice(source.rest());
        if self.buckets.len() < source.buckets.len() {
            self.buckets.clone_from(&source.buckets);
        } else {
            while let Some(place) = self.lowest() {
                self.close(place);
            }
            for place in source.places() {
                self.buckets[place] = source.buckets[place];
            }
        }
        self.slots.clone_from(&source.slots);
        self.next.clone_from(&source.next);
        self.early.clone_from(&source.early);
        self.near.clone_from(&source.near);
        (self.words, self.marks) = (source.words, source.marks);
        (self.left, self.low) = (source.left, source.low);
        (self.merges, self.aside) = (source.merges, source.aside);
        (self.base, self.span) = (source.base, source.span);
        (self.free, self.turns) = (source.free, source.turns);
        self.waiting = source.waiting;
    }
}
