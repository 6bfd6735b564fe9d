//! Ends of sub-jobs that an opening announces, on their way to the queue.
//!
//! Where an end goes depends on how long its sub-job takes, which takes long to compute. A processor that has guessed wrongly where one
//! goes finds out late, and has by then begun what comes behind it. So lengths are computed for some sub-jobs at once, in
//! which nothing is to be guessed, and then all of them go into the queue.

use super::agenda::{Agenda, Ending};
use super::oracle::Lots;
use crate::time::SimTime;
use crate::world::PairKey;
use crate::world::label::Stable;

/// So many go into the queue together.
const TOGETHER: usize = 32;

/// A sub-job that begins.
#[derive(Clone, Copy, Default)]
struct Begun {
    pair: PairKey,
    epoch: u32,
    /// When it begins; when it ends, once that is known.
    at: SimTime,
    /// What it draws, of which its length is made.
    draw: u64,
}

/// Ends that are not in the queue yet.
pub(super) struct Announced<'a> {
    lots: Lots<'a>,
    ending: Ending,
    waiting: [Begun; TOGETHER],
    many: usize,
}

impl<'a> Announced<'a> {
    /// None yet, of sub-jobs that take what these lots say and end so.
    #[inline]
    pub(super) fn new(lots: Lots<'a>, ending: Ending) -> Announced<'a> {
        Announced {
            lots,
            ending,
            waiting: [Begun::default(); TOGETHER],
            many: 0,
        }
    }

    /// Adds that of a sub-job on a pair, which begins at an instant.
    #[inline(always)]
    pub(super) fn add(
        &mut self,
        (pair, stable, epoch): (PairKey, Stable, u32),
        begins: SimTime,
        queue: &mut Agenda,
    ) {
        self.waiting[self.many] = Begun {
            pair,
            epoch,
            at: begins,
            draw: self.lots.draw(stable, epoch),
        };
        self.many += 1;
        if self.many == TOGETHER {
            self.push(queue);
        }
    }

    /// Puts into the queue what is not there yet.
    #[inline(never)]
    pub(super) fn push(&mut self, queue: &mut Agenda) {
        let waiting = &mut self.waiting[..self.many];
        self.many = 0;
        for begun in waiting.iter_mut() {
            begun.at = begun.at.saturating_add(self.lots.span(begun.draw));
        }
        for begun in waiting {
            queue.push_end(begun.at, begun.pair, begun.epoch, self.ending);
        }
    }
}
