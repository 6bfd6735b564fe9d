//! The inside of the queue: a radix heap whose buckets are chains of pooled chunks, and a short sorted run in front of it.
//!
//! An entry's bucket is the highest digit in which its instant differs from `base`, and that digit's value; digits have six
//! bits. Whatever the instants are, an entry is moved at most once per digit, always forward and in streams, which is what
//! caches like; there is no width to guess, so no pattern of instants is a bad one. The lowest bucket holds the earliest
//! entries. When it is small it is sorted into the run; when it is large, `base` becomes its least instant and its entries
//! move to lower buckets.
//!
//! Nothing is compared by a sequence number: a bucket is first in, first out, equal instants always share a bucket, and
//! sorting is stable, so equal instants come out in turn by themselves. Entries before `base`, which no engine pushes, wait
//! in a heap of their own.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Bits of a digit.
const BITS: u32 = 6;
/// Values of a digit.
const DIGITS: usize = 1 << BITS;
/// Digits of an instant.
const LEVELS: usize = u64::BITS.div_ceil(BITS) as usize;
/// Entries of a chunk.
const CHUNK: usize = 16;
/// A bucket of at most so many entries is sorted instead of spread.
const SMALL: u32 = 96;
/// A run that has grown to so many entries goes back to the buckets.
const LONG: usize = 192;
/// No chunk.
const NONE: u32 = u32::MAX;

/// An entry and the instant it is due at.
pub(super) type Entry<E> = (u64, E);

/// A chain of chunks.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// The least instant in it.
    least: u64,
    /// The slot of its first entry.
    first: u32,
    /// The slot after its last entry.
    end: u32,
    len: u32,
}

/// Where nothing was ever put.
const EMPTY: Bucket = Bucket {
    least: u64::MAX,
    first: 0,
    end: 0,
    len: 0,
};

/// How many buckets there are.
const BUCKETS: usize = LEVELS * DIGITS;

/// Entries by instant.
#[derive(Debug)]
pub(super) struct Wheel<E> {
    /// The least instants, the earliest last; while there are any, all up to `reach` are here.
    run: Vec<Entry<E>>,
    reach: u64,
    /// No entry in a bucket is due earlier.
    base: u64,
    /// Which levels have entries, a bit each.
    levels: u32,
    /// Which buckets have entries, a bit each, by level.
    digits: [u64; LEVELS],
    /// By level and digit; only where there is a bit does one mean something.
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
    /// How often the run was filled.
    sorted: u64,
    len: usize,
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
            reach: 0,
            base: 0,
            levels: 0,
            digits: [0; LEVELS],
            buckets: Vec::new(),
            slots: Vec::new(),
            next: Vec::new(),
            free: NONE,
            early: BinaryHeap::new(),
            turns: 0,
            sorted: 0,
            len: 0,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// How many entries fit whatever their instants are: a chunk may hold a single entry, but only one in each bucket,
    /// and one more where the first ones of a bucket have been taken.
    pub(super) fn capacity(&self) -> usize {
        let chunks = self.next.capacity().min(self.slots.capacity() / CHUNK);
        chunks.max(chunks.saturating_sub(BUCKETS + 1) * CHUNK)
    }

    /// Makes room for so many more entries.
    pub(super) fn reserve(&mut self, more: usize) {
        let entries = self.len.saturating_add(more);
        let needed = entries.min((entries.div_ceil(CHUNK)).saturating_add(BUCKETS + 1));
        let chunks = needed.saturating_sub(self.next.len());
        self.next.reserve(chunks);
        self.slots.reserve(chunks.saturating_mul(CHUNK));
        self.run.reserve(LONG - self.run.len());
        self.buckets.reserve(BUCKETS - self.buckets.len());
    }

    /// Drops all entries and keeps the room.
    pub(super) fn clear(&mut self) {
        self.run.clear();
        self.early.clear();
        self.slots.clear();
        self.next.clear();
        self.free = NONE;
        self.digits = [0; LEVELS];
        (self.levels, self.base, self.reach) = (0, 0, 0);
        (self.turns, self.len) = (0, 0);
    }

    /// The earliest entry. Looks through the lowest bucket.
    pub(super) fn peek(&self) -> Option<(u64, &E)> {
        if let Some(early) = self.early.peek() {
            return Some((early.at, &early.event));
        }
        if let Some((at, event)) = self.run.last() {
            return Some((*at, event));
        }
        let (_, place) = self.lowest()?;
        let least = self.buckets[place].least;
        let mut first = None;
        self.walk(place, |at, event| {
            if at == least && first.is_none() {
                first = Some((at, event));
            }
        });
        first
    }

    /// All entries in the order they would come out.
    pub(super) fn in_order(&self) -> Vec<(u64, &E)> {
        let mut all = Vec::with_capacity(self.len);
        let mut early: Vec<&Early<E>> = self.early.iter().collect();
        early.sort_unstable_by_key(|early| early.key());
        all.extend(early.into_iter().map(|early| (early.at, &early.event)));
        all.extend(self.run.iter().rev().map(|(at, event)| (*at, event)));
        let sorted = all.len();
        for (level, digits) in self.digits.iter().enumerate() {
            for digit in (0..DIGITS).filter(|digit| digits & 1 << digit != 0) {
                self.walk(level * DIGITS + digit, |at, event| all.push((at, event)));
            }
        }
        all[sorted..].sort_by_key(|&(at, _)| at);
        all
    }

    /// Shows the entries of a bucket in turn.
    fn walk<'a>(&'a self, place: usize, mut see: impl FnMut(u64, &'a E)) {
        let bucket = &self.buckets[place];
        let mut slot = bucket.first as usize;
        for left in (0..bucket.len).rev() {
            let (at, event) = &self.slots[slot];
            see(*at, event);
            slot += 1;
            if left > 0 && slot.is_multiple_of(CHUNK) {
                slot = self.next[slot / CHUNK - 1] as usize * CHUNK;
            }
        }
    }

    /// The instant of the earliest entry.
    #[inline]
    pub(super) fn least(&self) -> Option<u64> {
        if let Some(early) = self.early.peek() {
            return Some(early.at);
        }
        match self.run.last() {
            Some(&(at, _)) => Some(at),
            None => self.lowest().map(|(_, place)| self.buckets[place].least),
        }
    }

    /// The level and place of the bucket with the earliest entries.
    #[inline]
    fn lowest(&self) -> Option<(usize, usize)> {
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros() as usize;
        let digit = self.digits[level].trailing_zeros() as usize;
        Some((level, level * DIGITS + digit))
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
        let Self {
            run,
            reach,
            base,
            levels,
            digits,
            buckets,
            slots,
            next,
            free,
            early,
            turns,
            sorted,
            len,
        } = source;
        self.run.clone_from(run);
        self.buckets.clone_from(buckets);
        self.slots.clone_from(slots);
        self.next.clone_from(next);
        self.early.clone_from(early);
        self.digits = *digits;
        (self.reach, self.base, self.levels) = (*reach, *base, *levels);
        (self.free, self.turns, self.len) = (*free, *turns, *len);
        self.sorted = *sorted;
    }
}

impl<E: Copy> Wheel<E> {
    /// Adds an entry behind all of the same instant.
    #[inline]
    pub(super) fn push(&mut self, at: u64, event: E) {
        self.len += 1;
        if at < self.base {
            self.push_early(at, event);
        } else if at <= self.reach && !self.run.is_empty() {
            self.push_near(at, event);
        } else {
            self.file(at, event);
        }
    }

    #[cold]
    fn push_early(&mut self, at: u64, event: E) {
        let turn = self.turns;
        self.turns += 1;
        self.early.push(Early { at, turn, event });
    }

    /// Puts an entry into the run.
    fn push_near(&mut self, at: u64, event: E) {
        if self.run.len() >= LONG {
            self.spill();
            return self.file(at, event);
        }
        let place = self.run.partition_point(|&(due, _)| due > at);
        self.run.insert(place, (at, event));
    }

    /// Puts the run back into the buckets, all of which are later.
    #[cold]
    fn spill(&mut self) {
        while let Some((at, event)) = self.run.pop() {
            self.file(at, event);
        }
    }

    /// Puts an entry into its bucket.
    #[inline]
    fn file(&mut self, at: u64, event: E) {
        let level = ((at ^ self.base) | 1).ilog2() / BITS;
        let digit = (at >> (level * BITS)) as usize % DIGITS;
        let (bit, place) = (1 << digit, level as usize * DIGITS + digit);
        let digits = &mut self.digits[level as usize];
        if *digits & bit == 0 {
            *digits |= bit;
            self.levels |= 1 << level;
            self.open(place, at, event);
            return;
        }
        let bucket = &mut self.buckets[place];
        bucket.least = bucket.least.min(at);
        bucket.len += 1;
        let end = bucket.end as usize;
        if !end.is_multiple_of(CHUNK) {
            bucket.end += 1;
            self.slots[end] = (at, event);
            return;
        }
        let chunk = self.chunk((at, event));
        self.next[end / CHUNK - 1] = chunk;
        self.buckets[place].end = chunk * CHUNK as u32 + 1;
    }

    /// Begins a bucket with an entry.
    fn open(&mut self, place: usize, at: u64, event: E) {
        if place >= self.buckets.len() {
            let level = place / DIGITS;
            self.buckets.resize((level + 1) * DIGITS, EMPTY);
        }
        let first = self.chunk((at, event)) * CHUNK as u32;
        self.buckets[place] = Bucket {
            least: at,
            first,
            end: first + 1,
            len: 1,
        };
    }

    /// A chunk whose first slot holds this entry.
    #[inline]
    fn chunk(&mut self, entry: Entry<E>) -> u32 {
        let chunk = self.free;
        if chunk != NONE {
            self.free = self.next[chunk as usize];
            self.slots[chunk as usize * CHUNK] = entry;
            return chunk;
        }
        self.grow(entry)
    }

    /// A new chunk.
    #[cold]
    fn grow(&mut self, entry: Entry<E>) -> u32 {
        let chunk = self.next.len();
        assert!(
            chunk < NONE as usize / CHUNK,
            "so many entries do not fit into any memory"
        );
        self.next.push(NONE);
        // What fills the rest of the chunk is written over before it is read.
        self.slots.resize((chunk + 1) * CHUNK, entry);
        chunk as u32
    }

    /// Gives a chunk back.
    #[inline]
    fn release(&mut self, chunk: usize) {
        self.next[chunk] = self.free;
        self.free = chunk as u32;
    }

    /// Takes out the earliest entry unless it is later than `limit`.
    #[inline]
    pub(super) fn pop_until(&mut self, limit: u64) -> Option<Entry<E>> {
        if self.early.is_empty()
            && let Some(&entry) = self.run.last()
        {
            if entry.0 > limit {
                return None;
            }
            self.run.pop();
            self.len -= 1;
            return Some(entry);
        }
        match self.least()? <= limit {
            true => self.pop(),
            false => None,
        }
    }

    /// The entries that were sorted last and have not come out yet, the earliest last; none while there is an early one.
    pub(super) fn run(&self) -> &[Entry<E>] {
        match self.early.is_empty() {
            true => &self.run,
            false => &[],
        }
    }

    /// How often entries were sorted.
    #[inline]
    pub(super) const fn sorted(&self) -> u64 {
        self.sorted
    }

    /// Takes out the earliest entry.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Entry<E>> {
        if !self.early.is_empty() {
            return self.pop_early();
        }
        let entry = match self.run.pop() {
            Some(entry) => entry,
            None => self.advance()?,
        };
        self.len -= 1;
        Some(entry)
    }

    #[cold]
    fn pop_early(&mut self) -> Option<Entry<E>> {
        let early = self.early.pop()?;
        self.len -= 1;
        Some((early.at, early.event))
    }

    /// Takes the earliest entry from the buckets; the run is empty, and may be filled.
    fn advance(&mut self) -> Option<Entry<E>> {
        loop {
            let (level, place) = self.lowest()?;
            let bucket = self.buckets[place];
            self.base = bucket.least;
            if level == 0 {
                return Some(self.take_first(place));
            }
            self.close(level, place);
            if bucket.len > SMALL {
                self.spread(bucket);
                continue;
            }
            self.sort(bucket);

            self.reach = bucket.least | ((1 << (level as u32 * BITS)) - 1);
            return self.run.pop();
        }
    }

    /// Marks a bucket as empty.
    fn close(&mut self, level: usize, place: usize) {
        self.digits[level] &= !(1 << (place % DIGITS));
        if self.digits[level] == 0 {
            self.levels &= !(1 << level);
        }
    }

    /// Takes the first entry of a bucket of one instant.
    fn take_first(&mut self, place: usize) -> Entry<E> {
        let bucket = &mut self.buckets[place];
        let slot = bucket.first as usize;
        bucket.first += 1;
        bucket.len -= 1;
        let emptied = bucket.len == 0;
        let entry = self.slots[slot];
        if emptied {
            self.close(0, place);
            self.release(slot / CHUNK);
        } else if (slot + 1).is_multiple_of(CHUNK) {
            let chunk = slot / CHUNK;
            self.buckets[place].first = self.next[chunk] * CHUNK as u32;
            self.release(chunk);
        }
        entry
    }

    /// Moves the entries of a bucket to lower ones.
    fn spread(&mut self, bucket: Bucket) {
        let (mut slot, mut left) = (bucket.first as usize, bucket.len as usize);
        loop {
            let chunk = slot / CHUNK;
            let stop = left.min(CHUNK - slot % CHUNK);
            for place in slot..slot + stop {
                let (at, event) = self.slots[place];
                self.file(at, event);
            }
            left -= stop;
            let next = self.next[chunk];
            self.release(chunk);
            if left == 0 {
                return;
            }
            slot = next as usize * CHUNK;
        }
    }

    /// Moves the entries of a bucket to the run.
    fn sort(&mut self, bucket: Bucket) {
        if self.run.capacity() < LONG {
            self.run.reserve_exact(LONG);
        }
        let (mut slot, mut left) = (bucket.first as usize, bucket.len as usize);
        loop {
            let chunk = slot / CHUNK;
            let stop = left.min(CHUNK - slot % CHUNK);
            self.run.extend_from_slice(&self.slots[slot..slot + stop]);
            left -= stop;
            let next = self.next[chunk];
            self.release(chunk);
            if left == 0 {
                break;
            }
            slot = next as usize * CHUNK;
        }
        self.sorted += 1;
        self.run.reverse();
        self.run.sort_by_key(|entry| std::cmp::Reverse(entry.0));
    }
}
