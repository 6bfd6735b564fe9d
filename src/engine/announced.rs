//! Sub-jobs that an opening begins: their beginnings on the way into the digest, their ends on the way into the queue.
//!
//! Some of them go together, for two reasons. Hashes of many are computed in hardly more time than that of one. And where an end goes
//! depends on how long its sub-job takes, which takes long to compute: a processor that has guessed wrongly where one goes
//! finds out late, and has by then begun what comes behind it. So all lengths are computed first, in which nothing is to be
//! guessed.

use super::agenda::{Agenda, Ending};
use super::digest::{Begun, Running};
use super::oracle::Lots;
use crate::hash::Rows;
use crate::lanes::MANY;
use crate::time::{SimTime, Span};
use crate::world::PairKey;
use crate::world::label::Stable;

/// Sub-jobs whose beginnings are not in the digest yet, nor their ends in the queue.
pub(super) struct Announced<'a> {
    now: SimTime,
    begun: Begun,
    lots: Lots<'a>,
    ending: Ending,
    desk: &'a mut Desk,
}

/// Where they wait.
#[derive(Debug)]
pub(super) struct Desk {
    pairs: [PairKey; MANY],
    /// Stable keys, epochs and delays.
    rows: Rows<3>,
}

impl Default for Desk {
    fn default() -> Desk {
        Desk {
            pairs: [PairKey::default(); MANY],
            rows: Rows::default(),
        }
    }
}

impl<'a> Announced<'a> {
    /// None yet, of sub-jobs that are announced at an instant, take what these lots say and end so.
    #[inline]
    pub(super) fn new(
        now: SimTime,
        begun: Begun,
        lots: Lots<'a>,
        (ending, desk): (Ending, &'a mut Desk),
    ) -> Announced<'a> {
        desk.rows.clear();
        Announced {
            now,
            begun,
            lots,
            ending,
            desk,
        }
    }

    /// Adds that on a pair, which begins so long after it is announced.
    #[inline(always)]
    pub(super) fn add(
        &mut self,
        (pair, stable, epoch): (PairKey, Stable, u32),
        delay: Span,
        digest: &mut Running,
        queue: &mut Agenda,
    ) {
        let Desk { pairs, rows } = &mut *self.desk;
        pairs[rows.len() % MANY] = pair;
        if rows.add([stable.0, epoch.into(), delay.as_micros()]) {
            self.push(digest, queue);
        }
    }

    /// Takes in what was not taken in yet.
    #[inline(never)]
    pub(super) fn push(&mut self, digest: &mut Running, queue: &mut Agenda) {
        let Desk { pairs, rows } = &mut *self.desk;
        if rows.len() == 0 {
            return;
        }
        let spans = self.lots.spans(rows);
        let announced = pairs.iter().zip(&spans.0).zip(rows.iter());
        let ends = announced.map(|((pair, span), [_, epoch, delay])| {
            let begins = self.now.saturating_add(Span::micros(delay));
            let ends = begins.saturating_add(Span::micros(*span));
            (ends, *pair, epoch as u32)
        });
        queue.push_ends(ends, self.ending);
        digest.all_begun(&self.begun, rows);
        rows.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Chance, Oracle, Seed};
    use crate::machine::{Doing, Outcome};
    use crate::sdrs::op::Op;
    use crate::world::job::Part;

    #[test]
    fn what_one_who_gave_up_has_left_on_the_desk_is_not_taken_in() {
        let (at, doing) = (SimTime::ZERO, Doing::Job(Op::Failover, Part::Work));
        let chance = Chance::new(Seed(1));
        let announce = |desk: &mut Desk, ends: bool| {
            let lots = chance.lots(doing).expect("one law says how long it takes");
            let ending = Ending::of(doing, Outcome::Done, 0).expect("it fits");
            let (mut digest, mut queue) = (Running::default(), Agenda::default());
            let mut begun = Announced::new(at, Begun::at(at, doing), lots, (ending, desk));
            for epoch in 0..5 {
                let who = (PairKey::default(), Stable(7), epoch);
                begun.add(who, Span::ZERO, &mut digest, &mut queue);
            }
            if ends {
                begun.push(&mut digest, &mut queue);
            }
            (queue.len(), digest.digest())
        };
        let mut desk = Desk::default();
        let clean = announce(&mut desk, true);
        assert_eq!(clean.0, 5);
        assert_eq!(announce(&mut desk, false).0, 0);
        assert_eq!(announce(&mut desk, true), clean);
    }
}
