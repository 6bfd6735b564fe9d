//! How a bucket comes into the run: by counting, where that is quick, and by moving it to lower buckets where it is not.
//!
//! The span that a bucket stands for is cut into up to twice as many cells as there are entries. One pass counts the entries of
//! each cell, one puts every entry where its cell begins, and what is out of order then is so by a place or two. It is rarely
//! out of order, which a processor foretells better than one cell for each entry. Where many entries share a cell, the bucket is
//! not as wide as it seems, and lower buckets tell its entries apart.

use super::{Bucket, CHUNK, Entry, KEPT, LONG, SMALL, Wheel};
use std::cmp::Reverse;

/// At most so many entries are put in order one by one.
const FEW: usize = 12;
/// So many entries are some.
const SOME: usize = 64;
/// The most cells.
const CELLS: usize = 1024;
/// A cell with more entries is sorted by itself.
const CROWD: u16 = 12;
/// In a bucket with a cell of more entries, counting does not pay.
const CROWDED: u16 = 96;

impl<E: Copy> Wheel<E> {
    /// Moves the entries of a bucket to lower ones.
    pub(super) fn spread(&mut self, bucket: Bucket) {
        let (mut slot, mut left) = (bucket.first as usize, bucket.len());
        loop {
            let chunk = slot / CHUNK;
            let stop = left.min(CHUNK - slot % CHUNK);
            self.fetch_after(chunk);
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

    /// Moves the first entries of a bucket of one instant to the run, which is empty. What is pushed for that instant later
    /// comes behind those that stay.
    pub(super) fn take(&mut self, place: usize, bucket: Bucket) {
        let count = bucket.len().min(SMALL);
        let whole = count == bucket.len();
        self.make_room(count, bucket.first as usize);
        let (mut slot, mut to, mut chunks) = (bucket.first as usize, count, bucket.chunks);
        while to > 0 {
            let stop = to.min(CHUNK - slot % CHUNK);
            for place in slot..slot + stop {
                to -= 1;
                self.run[to] = self.slots[place];
            }
            slot += stop;
            if slot.is_multiple_of(CHUNK) && !(whole && to == 0) {
                let chunk = slot / CHUNK - 1;
                slot = self.next[chunk] as usize * CHUNK;
                self.release(chunk);
                chunks -= 1;
            }
        }
        if whole {
            self.close(place);
            self.release((slot - 1) / CHUNK);
        } else {
            let rest = &mut self.buckets[place];
            (rest.first, rest.chunks) = (slot as u32, chunks);
        }
        self.span = 0;
        self.left = count;
        self.waiting -= count;
    }

    /// Sorts the entries of a bucket, all of which are due at `reach` at the latest, into the run, which is empty. Answers
    /// false and does nothing if they lie so close together that this would take long.
    pub(super) fn sort(&mut self, bucket: Bucket, reach: u64) -> bool {
        let count = bucket.len();
        self.make_room(count, bucket.first as usize);
        let mut run = std::mem::take(&mut self.run);
        let room = &mut run[..count];
        let done = match count {
            ..=FEW => self.sort_few(&bucket, room),
            _ if self.turn_around(&bucket, room) => true,
            _ if count <= SOME => self.sort_some::<SOME>(&bucket, reach, room),
            _ => self.sort_some::<CELLS>(&bucket, reach, room),
        };
        self.run = run;
        if done {
            self.drop_chunks(bucket);
            self.span = reach - bucket.least + 1;
            self.left = count;
            self.waiting -= count;
        }
        done
    }

    /// Makes room for so many entries in the run, and for what is kept of the one before; what fills it is written over before it is read.
    fn make_room(&mut self, count: usize, slot: usize) {
        let room = count + KEPT;
        if self.run.len() < room {
            self.run.reserve_exact(LONG - self.run.len());
            self.run.resize(room, self.slots[slot]);
        }
    }

    /// Puts the entries of a bucket in order one by one, the earliest last.
    fn sort_few(&self, bucket: &Bucket, run: &mut [Entry<E>]) -> bool {
        let mut to = run.len();
        for &entry in self.pieces(bucket).flatten() {
            to -= 1;
            let mut place = to;
            while let Some(&after) = run.get(place + 1)
                && after.0 > entry.0
            {
                run[place] = after;
                place += 1;
            }
            run[place] = entry;
        }
        true
    }

    /// Turns the entries of a bucket around, if they are in order already, as those of an operation are whose sub-jobs begin one after
    /// another and take equally long; answers whether they are. If not, that mostly shows at the first few.
    fn turn_around(&self, bucket: &Bucket, run: &mut [Entry<E>]) -> bool {
        let (mut to, mut last) = (run.len(), 0);
        for piece in self.pieces(bucket) {
            for &entry in piece {
                if entry.0 < last {
                    return false;
                }
                last = entry.0;
                to -= 1;
                run[to] = entry;
            }
        }
        true
    }

    /// Puts the entries of a bucket in order by counting, the earliest last.
    #[inline]
    fn sort_some<const N: usize>(&self, bucket: &Bucket, reach: u64, run: &mut [Entry<E>]) -> bool {
        let cells = (2 * run.len()).min(N);
        let bits = cells.ilog2();
        let shift = (u64::BITS - (reach - bucket.least).leading_zeros()).saturating_sub(bits);
        let cell = |at: u64| ((at - bucket.least) >> shift) as usize & (N - 1);
        let mut ends = [0_u16; N];
        for piece in self.pieces(bucket) {
            for entry in piece {
                ends[cell(entry.0)] += 1;
            }
        }
        let (mut sum, mut most) = (0, 0);
        for end in ends[..1 << bits].iter_mut().rev() {
            most = most.max(*end);
            sum += *end;
            *end = sum;
        }
        if most > CROWDED {
            return false;
        }
        for piece in self.pieces(bucket) {
            for &entry in piece {
                let end = &mut ends[cell(entry.0)];
                *end -= 1;
                run[*end as usize] = entry;
            }
        }
        if most > CROWD {
            sort_crowds(&ends[..1 << bits], run);
        }
        settle(run);
        true
    }

    /// Gives the chunks of a bucket back.
    fn drop_chunks(&mut self, bucket: Bucket) {
        let last = (bucket.end as usize - 1) / CHUNK;
        self.next[last] = self.free;
        self.free = bucket.first / CHUNK as u32;
    }
}

/// Sorts the cells that hold many entries; they begin at these places.
#[inline(never)]
fn sort_crowds<E: Copy>(begins: &[u16], run: &mut [Entry<E>]) {
    let mut end = run.len();
    for &begin in begins {
        let begin = begin as usize;
        if end - begin > CROWD as usize {
            run[begin..end].sort_by_key(|entry| Reverse(entry.0));
        }
        end = begin;
    }
}

/// Moves what is out of order by a few places to where it belongs. Equal instants stay as they are.
#[inline]
fn settle<E: Copy>(run: &mut [Entry<E>]) {
    let mut last = u64::MAX;
    for place in 0..run.len() {
        let at = run[place].0;
        if at <= last {
            last = at;
        } else {
            sink(run, place);
        }
    }
}

/// Moves an entry to where it belongs among those before it, which are in order.
#[inline]
fn sink<E: Copy>(run: &mut [Entry<E>], from: usize) {
    let (entry, mut to) = (run[from], from);
    while to > 0 && run[to - 1].0 < entry.0 {
        run[to] = run[to - 1];
        to -= 1;
    }
    run[to] = entry;
}
