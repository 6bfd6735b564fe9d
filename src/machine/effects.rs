//! The effects of one call, in order.
//!
//! A group operation brings all pairs of its group into one status at once. Where nobody looks on, only a digest is made of that, so
//! what is said of these pairs is kept by itself, in less room, and written out as [`Effect::Moved`] when somebody looks.

use super::effect::Effect;
use crate::hash::Rows;
use crate::sdrs::status::Status;
use crate::world::label::Stable;
use crate::world::{PairKey, Who};
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;
use std::vec::Drain;

/// Movers whose prints are computed together.
pub(crate) type Block = Rows<2>;

/// A pair that has left a status.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mover {
    pub pair: PairKey,
    pub stable: Stable,
    /// Its epoch after the change.
    pub epoch: u32,
    /// The status before.
    pub from: Status,
}

impl Mover {
    /// The epoch and the status in one number, in which room is left below.
    #[inline(always)]
    pub(crate) const fn said(epoch: u32, from: Status) -> u64 {
        (epoch as u64) << 32 | (from as u64) << 16
    }

    fn of((pair, [stable, said]): (&PairKey, [u64; 2])) -> Mover {
        Mover {
            pair: *pair,
            stable: Stable(stable),
            epoch: (said >> 32) as u32,
            from: Status::ALL[usize::from((said >> 16) as u16)],
        }
    }
}

/// Where all movers of a call have come to.
#[derive(Clone, Copy, Debug)]
struct Aim {
    to: Status,
    job: u64,
    /// How many movers there are.
    many: usize,
    /// So many other effects come before them.
    before: usize,
}

/// Pairs that a job has brought into one status, in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moves<'a> {
    /// So many other effects come before them.
    before: usize,
    pairs: &'a [PairKey],
    /// Of each its stable key, and what [`Mover::said`] says.
    pub blocks: &'a [Block],
    /// The status now.
    pub to: Status,
    /// The number of the job.
    pub job: u64,
}

impl<'a> Moves<'a> {
    fn movers(self) -> impl Iterator<Item = Mover> + use<'a> {
        let rows = self.blocks.iter().flat_map(Block::iter);
        self.pairs.iter().zip(rows).map(Mover::of)
    }

    fn effects(self) -> impl Iterator<Item = Effect> + use<'a> {
        let Moves { to, job, .. } = self;
        self.movers().map(move |mover| Effect::Moved {
            who: Who::Pair(mover.pair),
            epoch: mover.epoch,
            from: mover.from,
            to,
            job,
        })
    }
}

/// Takes down movers.
pub(crate) struct Movers<'a> {
    pairs: &'a mut [PairKey],
    blocks: &'a mut [Block],
    many: usize,
    before: usize,
    aim: &'a mut Option<Aim>,
}

impl Movers<'_> {
    /// One more, for whom there has to be room.
    #[inline(always)]
    pub(crate) fn add(&mut self, mover: Mover) {
        let said = Mover::said(mover.epoch, mover.from);
        self.pairs[self.many] = mover.pair;
        self.blocks[self.many / Block::ROOM].put(self.many % Block::ROOM, [mover.stable.0, said]);
        self.many += 1;
    }

    /// All of them were brought into this status by the job of this number.
    pub(crate) fn have_come_to(self, to: Status, job: u64) {
        let Movers { many, before, .. } = self;
        for (place, block) in self.blocks.iter_mut().enumerate() {
            block.keep(many.saturating_sub(place * Block::ROOM));
        }
        *self.aim = (many > 0).then_some(Aim {
            to,
            job,
            many,
            before,
        });
    }
}

/// The effects of a call, in order: a slice to whoever looks. The engine hands in one buffer again and again.
///
/// Pairs that moved together are kept apart until somebody looks, so the first look after such a call allocates; [`Effects::clear`] keeps
/// the room, but gives up what that look has made.
#[derive(Default)]
pub struct Effects {
    /// All but the movers.
    list: Vec<Effect>,
    /// Room for movers; their aim says how many there are.
    pairs: Vec<PairKey>,
    blocks: Vec<Block>,
    aim: Option<Aim>,
    /// All, once somebody has looked while there were movers.
    all: OnceLock<Vec<Effect>>,
}

impl Effects {
    /// No effects yet, and no room.
    #[must_use]
    pub const fn new() -> Effects {
        Effects {
            list: Vec::new(),
            pairs: Vec::new(),
            blocks: Vec::new(),
            aim: None,
            all: OnceLock::new(),
        }
    }

    /// Adds one.
    #[inline]
    pub fn push(&mut self, effect: Effect) {
        self.list.push(effect);
        if self.aim.is_some() {
            self.all.take();
        }
    }

    /// Makes room for so many more.
    #[inline]
    pub fn reserve(&mut self, more: usize) {
        self.list.reserve(more);
    }

    /// For how many there is room, and for how many movers.
    #[cfg(test)]
    pub(crate) const fn room(&self) -> [usize; 2] {
        [self.list.capacity(), self.pairs.capacity()]
    }

    /// Gives up all of them, and keeps the room.
    #[inline]
    pub fn clear(&mut self) {
        self.list.clear();
        self.give_up_movers();
    }

    /// Gives up those that are not to be kept.
    pub fn retain(&mut self, keep: impl FnMut(&Effect) -> bool) {
        self.write_out();
        self.list.retain(keep);
    }

    /// Takes all of them out.
    pub fn drain(&mut self) -> Drain<'_, Effect> {
        self.write_out();
        self.list.drain(..)
    }

    /// Who takes down at most so many movers, which come next.
    #[inline]
    pub(crate) fn movers(&mut self, most: usize) -> Movers<'_> {
        self.write_out();
        let blocks = most.div_ceil(Block::ROOM);
        if self.blocks.len() < blocks {
            self.blocks.resize(blocks, Block::default());
            self.pairs.resize(blocks * Block::ROOM, PairKey::default());
        }
        Movers {
            pairs: &mut self.pairs,
            blocks: &mut self.blocks[..blocks],
            many: 0,
            before: self.list.len(),
            aim: &mut self.aim,
        }
    }

    /// Puts the movers among the others.
    pub(crate) fn write_out(&mut self) {
        if let Some(moves) = moves(&self.pairs, &self.blocks, self.aim) {
            let (before, others) = (moves.before, self.list.len());
            self.list.extend(moves.effects());
            self.list[before..].rotate_left(others - before);
            self.give_up_movers();
        }
    }

    #[inline]
    fn give_up_movers(&mut self) {
        if self.aim.take().is_some() {
            self.all.take();
        }
    }

    /// Those that are written out.
    pub(crate) fn written(&self) -> &[Effect] {
        &self.list
    }

    /// Those that are not.
    pub(crate) fn moves(&self) -> Option<Moves<'_>> {
        moves(&self.pairs, &self.blocks, self.aim)
    }
}

fn moves<'a>(pairs: &'a [PairKey], blocks: &'a [Block], aim: Option<Aim>) -> Option<Moves<'a>> {
    let Aim {
        to,
        job,
        many,
        before,
    } = aim?;
    Some(Moves {
        before,
        pairs: &pairs[..many],
        blocks: &blocks[..many.div_ceil(Block::ROOM)],
        to,
        job,
    })
}

impl Deref for Effects {
    type Target = [Effect];

    #[inline]
    fn deref(&self) -> &[Effect] {
        let Some(moves) = self.moves() else {
            return &self.list;
        };
        self.all.get_or_init(|| {
            let (first, last) = self.list.split_at(moves.before);
            let mut all = Vec::with_capacity(self.list.len() + moves.pairs.len());
            all.extend_from_slice(first);
            all.extend(moves.effects());
            all.extend_from_slice(last);
            all
        })
    }
}

impl<'a> IntoIterator for &'a Effects {
    type Item = &'a Effect;
    type IntoIter = std::slice::Iter<'a, Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Effect> for Effects {
    fn from_iter<I: IntoIterator<Item = Effect>>(effects: I) -> Effects {
        Effects {
            list: effects.into_iter().collect(),
            ..Effects::new()
        }
    }
}

impl Clone for Effects {
    fn clone(&self) -> Self {
        let mut clone = Effects::new();
        clone.clone_from(self);
        clone
    }

    /// Keeps the room.
    fn clone_from(&mut self, source: &Self) {
        self.clear();
        self.list.clone_from(&source.list);
        if let Some(moves) = source.moves() {
            let mut movers = self.movers(moves.pairs.len());
            moves.movers().for_each(|mover| movers.add(mover));
            movers.have_come_to(moves.to, moves.job);
        }
        self.aim = source.aim;
    }
}

impl fmt::Debug for Effects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[..].fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use slotmap::KeyData;

    fn mover(epoch: u32) -> Mover {
        Mover {
            pair: PairKey::default(),
            stable: Stable(3),
            epoch,
            from: Status::Available,
        }
    }

    fn moved(epoch: u32, job: u64) -> Effect {
        Effect::Moved {
            who: Who::Pair(PairKey::default()),
            epoch,
            from: Status::Available,
            to: Status::FailedOver,
            job,
        }
    }

    /// One before, two movers of a job and one after.
    fn some() -> Effects {
        let mut some = Effects::new();
        some.push(Effect::Assess);
        let mut movers = some.movers(3);
        movers.add(mover(7));
        movers.add(mover(9));
        movers.have_come_to(Status::FailedOver, 5);
        some.push(Effect::TasksDeleted { count: 1 });
        some
    }

    const WRITTEN: [Effect; 2] = [Effect::Assess, Effect::TasksDeleted { count: 1 }];

    fn all() -> [Effect; 4] {
        [WRITTEN[0], moved(7, 5), moved(9, 5), WRITTEN[1]]
    }

    #[test]
    fn movers_stand_where_they_came_to_whoever_looks() {
        let mut some = some();
        assert_eq!(some.written(), WRITTEN);
        assert_eq!(some[..], all());
        // What comes after somebody has looked is seen too.
        some.push(Effect::Assess);
        assert_eq!(some[..], [&all()[..], &[Effect::Assess]].concat());
        assert_eq!(some.moves().unwrap().movers().count(), 2);
        let shown = format!("{some:?}");
        some.write_out();
        assert_eq!(some.written(), [&all()[..], &[Effect::Assess]].concat());
        assert!(some.moves().is_none() && shown == format!("{some:?}"));
    }

    #[test]
    fn movers_of_a_second_job_come_after_those_of_the_first() {
        let mut some = some();
        let mut movers = some.movers(1);
        movers.add(mover(7));
        movers.have_come_to(Status::FailedOver, 6);
        some.push(Effect::Assess);
        let more = [moved(7, 6), Effect::Assess];
        assert_eq!(some[..], [&all()[..], &more].concat());
        some.movers(9).have_come_to(Status::FailedOver, 7);
        assert_eq!(some[..], [&all()[..], &more].concat());
        assert!(some.moves().is_none(), "nobody moved");
    }

    #[test]
    fn what_is_given_up_is_seen_no_more() {
        let mut effects = some();
        assert_eq!(effects.len(), 4);
        effects.clear();
        assert!(effects.is_empty() && effects.moves().is_none());
        let mut movers = effects.movers(1);
        movers.add(mover(8));
        movers.have_come_to(Status::FailedOver, 6);
        assert_eq!(effects[..], [moved(8, 6)]);
        effects.clear();
        effects.push(Effect::Assess);
        assert_eq!(effects[..], [Effect::Assess]);
        let mut effects = some();
        effects.retain(|effect| *effect != moved(9, 5));
        assert_eq!(effects[..], [WRITTEN[0], moved(7, 5), WRITTEN[1]]);
        assert_eq!(some().drain().collect::<Vec<_>>(), all());
    }

    #[test]
    fn clones_say_the_same() {
        let some = some();
        assert_eq!(some.clone()[..], all());
        let mut other: Effects = [moved(1, 1)].into_iter().collect();
        let mut movers = other.movers(1);
        movers.add(mover(7));
        movers.have_come_to(Status::Available, 1);
        assert_eq!(other.len(), 2);
        other.clone_from(&some);
        assert_eq!(other[..], all());
        other.clone_from(&Effects::new());
        assert!(other.is_empty());
    }

    /// What is done to a buffer.
    #[derive(Clone, Debug)]
    enum Step {
        Push(u32),
        /// So many, of whom so many more were expected, by this job.
        Move(Vec<(u32, u32, usize)>, usize, u64),
        Clear,
        Retain(u32),
        Refill,
        WriteOut,
        Look,
    }

    fn step() -> impl Strategy<Value = Step> {
        let mover = (any::<u32>(), any::<u32>(), 0..Status::ALL.len());
        let many = prop_oneof![0..4_usize, 62..67_usize, 126..131_usize];
        let movers = many.prop_flat_map(move |many| vec(mover.clone(), many));
        prop_oneof![
            (0..9_u32).prop_map(Step::Push),
            (movers, 0..99_usize, 1..9_u64).prop_map(|(a, b, c)| Step::Move(a, b, c)),
            Just(Step::Clear),
            (2..5_u32).prop_map(Step::Retain),
            Just(Step::Refill),
            Just(Step::WriteOut),
            Just(Step::Look),
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_done_they_are_what_a_list_would_hold(steps in vec(step(), 0..20)) {
            let (mut effects, mut other, mut model) = (Effects::new(), Effects::new(), vec![]);
            for step in steps {
                match step {
                    Step::Push(count) => {
                        effects.push(Effect::TasksDeleted { count });
                        model.push(Effect::TasksDeleted { count });
                    }
                    Step::Move(some, more, job) => {
                        let mut movers = effects.movers(some.len() + more);
                        for (key, epoch, from) in some {
                            let pair = KeyData::from_ffi(1 << 32 | u64::from(key)).into();
                            let (stable, from) = (Stable(key.into()), Status::ALL[from]);
                            movers.add(Mover { pair, stable, epoch, from });
                            let (who, to) = (Who::Pair(pair), Status::FailedOver);
                            model.push(Effect::Moved { who, epoch, from, to, job });
                        }
                        movers.have_come_to(Status::FailedOver, job);
                    }
                    Step::Clear => {
                        effects.clear();
                        model.clear();
                    }
                    Step::Retain(n) => {
                        let keep = |effect: &Effect| match effect {
                            Effect::Moved { epoch, .. } => epoch % n > 0,
                            _ => true,
                        };
                        effects.retain(keep);
                        model.retain(keep);
                    }
                    Step::Refill => {
                        other.clone_from(&effects);
                        std::mem::swap(&mut other, &mut effects);
                    }
                    Step::WriteOut => effects.write_out(),
                    Step::Look => prop_assert_eq!(&effects[..], &model[..]),
                }
                let rows = |moves: Moves<'_>| moves.blocks.iter().map(Block::len).sum();
                let apart: usize = effects.moves().map_or(0, rows);
                prop_assert_eq!(apart + effects.written().len(), model.len());
            }
            prop_assert_eq!(&effects[..], &model[..]);
        }
    }
}
