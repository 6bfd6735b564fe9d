//! How entries come out: from the run, from what is beside it, or from a bucket that becomes the run.

use super::super::{Ahead, Taken, Takes};
use super::{BITS, DIGITS, Entry, KEPT, MANY, SMALL, Wheel};
use crate::time::SimTime;

impl<E: Copy> Wheel<E> {
    /// Takes out the earliest entry unless it is later than `limit`.
    #[inline]
    pub(in super::super) fn pop_until(&mut self, limit: u64) -> Option<Entry<E>> {
        if self.left > 0 {
            let entry = self.run[self.left - 1];
            if entry.0 <= limit && entry.0 <= self.aside {
                self.left -= 1;
                return Some(entry);
            }
        }
        self.pop_slowly(limit)
    }

    /// Puts some entries in order if none or few are yet, and another one is due at `limit` at the latest. Answers how many were in
    /// order before, if it did.
    #[inline]
    pub(in super::super) fn prepare(&mut self, limit: u64) -> Option<usize> {
        if self.left > self.low || self.is_beside() {
            return None;
        }
        self.prepare_some(limit)
    }

    #[inline(never)]
    fn prepare_some(&mut self, limit: u64) -> Option<usize> {
        let (kept, mut filled) = (self.left, None);
        while (filled.is_none() || self.left <= self.low) && self.is_more_due(limit) {
            self.fill_behind();
            filled = Some(kept);
        }
        filled
    }

    /// Fills the run behind what is left of it, which are few entries, with nothing beside it.
    fn fill_behind(&mut self) {
        self.make_room_beside();
        self.near.extend_from_slice(&self.run[..self.left]);
        self.left = 0;
        self.fill();
        let left = self.left + self.near.len();
        self.run[self.left..left].copy_from_slice(&self.near);
        self.left = left;
        self.near.clear();
    }

    /// Whether there are entries neither in the run nor in buckets.
    #[inline]
    fn is_beside(&self) -> bool {
        !self.early.is_empty() || !self.near.is_empty()
    }

    /// Whether an entry in a bucket is due at `limit` at the latest.
    #[inline]
    fn is_more_due(&self, limit: u64) -> bool {
        let lowest = self.lowest();
        lowest.is_some_and(|place| self.buckets[place].least <= limit)
    }

    /// Takes out entries in turn, as long as somebody takes them: at most so many, from among those that are in order already, and
    /// each only while another is left that is due at `limit` at the latest. Answers how many.
    #[inline(always)]
    pub(in super::super) fn drain<T: Takes<E>>(
        &mut self,
        limit: u64,
        most: usize,
        takes: &mut T,
    ) -> usize {
        // So many of the run are later than that: mostly none.
        let late = match self.rest().first() {
            Some(last) if last.0 > limit => self.rest().partition_point(|entry| entry.0 > limit),
            _ => 0,
        };
        let is_more_due = self.is_more_due(limit);
        let stays = late + usize::from(late > 0 || !is_more_due);
        let late = match is_more_due && !self.is_beside() {
            true => late.max(self.low),
            false => late,
        };
        let mut count = 0;
        while count < most && self.left > late {
            let first = self.run[self.left - 1];
            let beside = first.0 > self.aside;
            let entry = match self.near.last() {
                Some(&near) if beside && near.0 == self.aside => near,
                _ if beside || self.left == stays => break,
                _ => first,
            };
            takes.ahead(&Ahead(&self.run[..self.left - 1]));
            let taken = takes.take(SimTime::from_micros(entry.0), &entry.1);
            if taken == Taken::No {
                break;
            }
            count += 1;
            match beside {
                true => drop(self.pop_near()),
                false => self.left -= 1,
            }
            if taken == Taken::Last {
                break;
            }
        }
        count
    }

    /// Takes out the earliest entry beside the run.
    fn pop_near(&mut self) -> Option<Entry<E>> {
        self.waiting -= 1;
        let entry = self.near.pop();
        self.note_aside();
        entry
    }

    /// Notes what is earliest of what is neither in the run nor in a bucket.
    #[inline]
    fn note_aside(&mut self) {
        let near = self.near.last().map_or(u64::MAX, |entry| entry.0);
        self.aside = self.early.peek().map_or(near, |early| early.at);
    }

    /// Takes out the earliest entry.
    #[inline]
    pub(in super::super) fn pop(&mut self) -> Option<Entry<E>> {
        self.pop_until(u64::MAX)
    }

    /// Takes out the earliest entry where that is not the run's.
    #[inline(never)]
    fn pop_slowly(&mut self, limit: u64) -> Option<Entry<E>> {
        let least = self.least()?;
        if least > limit {
            return None;
        }
        if !self.is_beside() {
            self.fill()?;
            self.left -= 1;
            return Some(self.run[self.left]);
        }
        let Some(early) = self.early.pop() else {
            return self.pop_near();
        };
        self.waiting -= 1;
        self.note_aside();
        Some((early.at, early.event))
    }

    /// The entries that will come out next, as far as they are in order already, if nothing is pushed before them.
    pub(in super::super) fn ready(&self) -> Ahead<'_, E> {
        Ahead(self.rest())
    }

    /// Fills the run, which is empty, from the lowest bucket; None if there is none.
    #[inline(never)]
    fn fill(&mut self) -> Option<()> {
        loop {
            let place = self.lowest()?;
            let bucket = self.buckets[place];
            self.base = bucket.least;
            let level = place / DIGITS;
            if level == 0 {
                self.take(place, bucket);
                break;
            }
            self.close(place);
            let reach = bucket.least | ((1 << (level as u32 * BITS)) - 1);
            if bucket.len() > SMALL || !self.sort(bucket, reach) {
                self.spread(bucket);
                continue;
            }
            break;
        }
        self.merges = 0;
        self.low = if self.waiting < MANY { 0 } else { KEPT };
        Some(())
    }
}
