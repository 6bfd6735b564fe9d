//! How entries go in: into a bucket, beside the run, or among those that come too early for either.

use super::{ALONE, BESIDE, BITS, CHUNK, DIGITS, EMPTY, Early, Entry, LONG, MERGES, NONE, Wheel};

impl<E: Copy> Wheel<E> {
    /// Adds an entry behind all of the same instant.
    #[inline]
    pub(in super::super) fn push(&mut self, at: u64, event: E) {
        if at < self.base {
            self.push_early(at, event);
        } else if at - self.base < self.span {
            self.push_near(at, event);
        } else {
            self.waiting += 1;
            self.file(at, event);
        }
    }

    #[cold]
    fn push_early(&mut self, at: u64, event: E) {
        let turn = self.turns;
        self.turns += 1;
        self.waiting += 1;
        self.aside = self.aside.min(at);
        self.early.push(Early { at, turn, event });
    }

    /// Puts an entry beside the run.
    #[inline(never)]
    fn push_near(&mut self, at: u64, event: E) {
        self.waiting += 1;
        if self.near.len() >= ALONE && self.left == 0 {
            self.spill();
            return self.file(at, event);
        }
        if self.near.len() == BESIDE {
            if self.merges == MERGES {
                self.spill();
                return self.file(at, event);
            }
            self.merge();
        }
        self.make_room_beside();
        self.aside = self.aside.min(at);
        self.near.push((at, event));
        insert_last(&mut self.near);
    }

    /// Adds entries, each behind all of the same instant; those that go beside the run go there together.
    #[inline]
    pub(in super::super) fn push_all(&mut self, entries: impl Iterator<Item = Entry<E>>) {
        for (at, event) in entries {
            if at < self.base || at - self.base >= self.span {
                self.push(at, event);
                continue;
            }
            self.fresh.push((at, event));
            if self.near.len() + self.fresh.len() >= BESIDE {
                self.push_fresh();
            }
        }
        if !self.fresh.is_empty() {
            self.push_fresh();
        }
    }

    #[inline(never)]
    fn push_fresh(&mut self) {
        let (near, more) = (self.near.len(), self.fresh.len());
        let most = if self.left == 0 { ALONE } else { BESIDE };
        let mut fresh = std::mem::take(&mut self.fresh);
        if near + more > most {
            for (at, event) in fresh.drain(..) {
                self.push(at, event);
            }
            self.fresh = fresh;
            return;
        }
        for many in 1..=more {
            insert_last(&mut fresh[..many]);
        }
        let earliest = fresh[more - 1];
        self.waiting += more;
        self.aside = self.aside.min(earliest.0);
        self.near.resize(near + more, earliest);
        merge_behind(&mut self.near, near, &mut fresh);
        self.fresh = fresh;
        self.make_room_beside();
    }

    /// Merges what is beside the run into it, behind what is due at the same instants.
    #[inline(never)]
    fn merge(&mut self) {
        self.merges += 1;
        let (left, more) = (self.left, self.near.len());
        self.waiting -= more;
        self.left = left + more;
        if self.run.len() < self.left {
            self.run.reserve_exact(LONG - self.run.len());
            self.run.resize(self.left, self.near[0]);
        }
        merge_behind(&mut self.run[..left + more], left, &mut self.near);
        self.aside = self.early.peek().map_or(u64::MAX, |early| early.at);
    }

    /// Puts the run and what is beside it back into the buckets, all of which are later; but for those that were kept of the run before, to
    /// which no bucket reaches back. These stay.
    #[inline(never)]
    fn spill(&mut self) {
        let ends = self.rest().iter().rev();
        let kept = ends.take_while(|entry| entry.0 < self.base).count();
        let more = self.left - kept;
        self.waiting += more;
        for place in (0..more).rev() {
            let (at, event) = self.run[place];
            self.file(at, event);
        }
        self.run.copy_within(more..self.left, 0);
        self.left = kept;
        while let Some((at, event)) = self.near.pop() {
            self.file(at, event);
        }
        self.aside = self.early.peek().map_or(u64::MAX, |early| early.at);
        self.span = 0;
    }

    /// Adds entries of which none is due before the one before it, each behind all of the same instant: the bucket that takes one
    /// takes those behind it too, as far as it reaches.
    #[inline]
    pub(in super::super) fn push_rising(&mut self, entries: impl Iterator<Item = Entry<E>>) {
        let mut entries = entries.peekable();
        while let Some((at, event)) = entries.next() {
            self.push(at, event);
            if at < self.base || at - self.base < self.span {
                continue;
            }
            let (place, shift) = self.place_of(at);
            let reach = at | ((1 << shift) - 1);
            let bucket = &mut self.buckets[place];
            let begin = bucket.end as usize;
            let mut end = begin;
            while !end.is_multiple_of(CHUNK)
                && let Some(entry) = entries.next_if(|entry| entry.0 <= reach)
            {
                debug_assert!(self.slots[end - 1].0 <= entry.0, "they do not rise");
                self.slots[end] = entry;
                end += 1;
            }
            bucket.end = end as u32;
            self.waiting += end - begin;
        }
    }

    /// The place of the bucket for an instant, and how many of its bits it leaves open.
    #[inline]
    const fn place_of(&self, at: u64) -> (usize, u32) {
        let shift = ((at ^ self.base) | 1).ilog2() & !(BITS - 1);
        let digit = (at >> shift) as usize % DIGITS;
        (shift as usize * (DIGITS / BITS as usize) + digit, shift)
    }

    /// Puts an entry into its bucket.
    #[inline]
    pub(super) fn file(&mut self, at: u64, event: E) {
        let (place, _) = self.place_of(at);
        if let Some(bucket) = self.buckets.get_mut(place)
            && !(bucket.end as usize).is_multiple_of(CHUNK)
        {
            self.slots[bucket.end as usize] = (at, event);
            bucket.least = bucket.least.min(at);
            bucket.end += 1;
            return;
        }
        self.extend(place, at, event);
    }

    /// Puts an entry into a new chunk of a bucket, which is empty or whose chunks are full.
    #[inline(never)]
    fn extend(&mut self, place: usize, at: u64, event: E) {
        let chunk = match self.free {
            NONE => self.grow(at, event),
            free => {
                self.free = self.next[free as usize];
                free
            }
        };
        if place >= self.buckets.len() {
            self.buckets.resize((place / DIGITS + 1) * DIGITS, EMPTY);
        }
        let slot = chunk * CHUNK as u32;
        let first = &mut self.slots[slot as usize];
        // One by one: a processor that reads in one piece what it has just written in several has to wait.
        (first.0, first.1) = (at, event);
        let bucket = &mut self.buckets[place];
        if bucket.end == 0 {
            self.marks[place / 64] |= 1 << (place % 64);
            self.words |= 1 << (place / 64);
            bucket.first = slot;
        } else {
            self.next[bucket.end as usize / CHUNK - 1] = chunk;
        }
        bucket.least = bucket.least.min(at);
        bucket.chunks += 1;
        bucket.end = slot + 1;
    }

    /// A new chunk.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, at: u64, event: E) -> u32 {
        let chunk = self.next.len();
        assert!(
            chunk < NONE as usize / CHUNK,
            "so many entries do not fit into any memory"
        );
        self.next.push(NONE);
        // What fills the chunk is written over before it is read.
        self.slots.resize((chunk + 1) * CHUNK, (at, event));
        chunk as u32
    }

    /// Gives a chunk back.
    #[inline]
    pub(super) fn release(&mut self, chunk: usize) {
        self.next[chunk] = self.free;
        self.free = chunk as u32;
    }
}

/// Moves the last entry to its place among those before it, the earliest of which is last: before all that are not later. Few are there, and
/// moving them one by one is quicker than to search and to ask the system to move what it finds.
#[inline]
fn insert_last<E: Copy>(entries: &mut [Entry<E>]) {
    let mut place = entries.len() - 1;
    let entry = entries[place];
    while place > 0 && entries[place - 1].0 <= entry.0 {
        entries[place] = entries[place - 1];
        place -= 1;
    }
    entries[place] = entry;
}

/// Merges entries into others, of which there are `left`, with room for all; the earliest of both are last. Of one instant those come
/// out first that were there.
#[inline]
fn merge_behind<E: Copy>(into: &mut [Entry<E>], mut left: usize, from: &mut Vec<Entry<E>>) {
    let mut to = into.len();
    while let Some(&entry) = from.last() {
        to -= 1;
        if left > 0 && into[left - 1].0 <= entry.0 {
            left -= 1;
            into[to] = into[left];
        } else {
            into[to] = entry;
            from.pop();
        }
    }
}
