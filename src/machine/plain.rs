//! The short way of sub-jobs: ends on pairs about which nothing stands out.
//!
//! Nearly every event of a large run is the end of a sub-job in a group where nothing is broken, no disk has a load and none
//! is marked. There each question of the long way (`obstacle`, `data`) has one answer, known without a look at the disks: no
//! fault stands ([`World::standing`]), the group was looked over and no disk was opened for writing since ([`look_over`]), and
//! the pair has nothing that few pairs have. In every other case the event goes the long way. Nothing is decided here that is
//! not decided there: `tests/short_way.rs` holds one to the other, and so do the digests of all scenarios.

use super::effect::Effect;
use super::effects::Effects;
use super::event::Doing;
use super::transition::count_pair;
use crate::sdrs::op::Op;
use crate::sdrs::policy::Policy;
use crate::sdrs::rules::{End, RULES};
use crate::sdrs::status::{Kind, Status};
use crate::time::{SimTime, Span};
use crate::world::job::Detail;
use crate::world::protection::{Copying, DrCopy, Group, Pair, ProtectionType, Side};
use crate::world::replica::Recovery;
use crate::world::{GroupKey, JobKey, PairKey, Who, World};

/// Notes whether nothing stands out about any disk of a group's pairs; that holds until some disk is opened for writing.
pub(super) fn look_over(world: &mut World, group: GroupKey) {
    let seen = world.disks.openings();
    let record = &world.groups[group];
    let alone = record.protection == ProtectionType::ReplicationPair;
    if record.plain_at == seen || !alone || !world.is_connected(record) {
        return;
    }
    let plain = |pair: PairKey| {
        let mut disks = world.disks_of(pair).into_iter();
        disks.all(|disk| disk.is_some_and(|disk| world.disks[disk].is_plain()))
    };
    if record.pairs.iter().all(plain) {
        world.groups[group].plain_at = seen;
    }
}

/// Whether nothing stands out about a pair but its disks.
#[inline(always)]
fn is_plain_pair(pair: &Pair) -> bool {
    let rest = &pair.rest;
    let plain = || pair.is_alike() && rest.failure.is_none() && !rest.lost;
    (rest.is_untouched() || plain()) && !pair.is_copying()
}

/// What a sub-job's end does besides the status.
#[derive(Clone, Copy)]
enum Turn {
    /// Protection is on, and there is nothing to copy.
    On,
    /// Replication stops.
    Off,
    /// The DR side takes over, from a copy that lacks nothing.
    Over,
    /// The sides change places.
    Exchange,
}

/// By operation: the status that a sub-job's good end leaves on its pair, if the operation has sub-jobs and that is one status.
const ENDS: [Option<Status>; Op::ALL.len()] = {
    let mut ends = [None; Op::ALL.len()];
    let mut place = 0;
    while place < ends.len() {
        let rule = &RULES[place];
        if let (true, Some(moves)) = (rule.members, rule.moves_of(Kind::ReplicationPair))
            && let End::Is(to) = moves.done
        {
            ends[place] = Some(to);
        }
        place += 1;
    }
    ends
};

/// Who hears which sub-jobs begin.
pub(crate) trait HearsBegins {
    /// So many are going to be told of.
    fn make_room(&mut self, many: usize);
    /// Work begins on the pair, so long after this instant.
    fn begun(&mut self, key: PairKey, pair: &Pair, doing: Doing, delay: Span);
}

/// Who hears what the end of a sub-job does to its pair.
pub(crate) trait HearsEnds {
    /// The pair, as it is now, has left this status; by a job of this number.
    fn moved(&mut self, key: PairKey, pair: &Pair, from: Status, job: u64);
    /// The pair came into step.
    fn in_step(&mut self, key: PairKey, pair: &Pair);
    /// The DR side of the pair took over.
    fn taken(&mut self, key: PairKey, recovery: Recovery);
}

impl HearsBegins for Effects {
    #[inline(always)]
    fn make_room(&mut self, many: usize) {
        self.reserve(many);
    }

    #[inline(always)]
    fn begun(&mut self, key: PairKey, pair: &Pair, doing: Doing, delay: Span) {
        self.push(Effect::Begin {
            who: Who::Pair(key),
            epoch: pair.life.epoch,
            doing,
            delay,
        });
    }
}

impl HearsEnds for Effects {
    #[inline(always)]
    fn moved(&mut self, key: PairKey, pair: &Pair, from: Status, job: u64) {
        self.push(Effect::Moved {
            who: Who::Pair(key),
            epoch: pair.life.epoch,
            from,
            to: pair.life.status,
            job,
        });
    }

    #[inline(always)]
    fn in_step(&mut self, key: PairKey, _: &Pair) {
        self.push(Effect::InStep { pair: key });
    }

    #[inline(always)]
    fn taken(&mut self, key: PairKey, recovery: Recovery) {
        self.push(Effect::Taken {
            pair: key,
            recovery,
        });
    }
}

/// What is left of a job after the end of a sub-job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Other sub-jobs.
    Others,
    /// Its close, which is to be begun: see `settle::close`.
    Close(JobKey),
}

/// Ends a sub-job that ended well, if it may go the short way; None, and nothing done, if it may not. A stale end is left to the
/// long way.
#[inline(always)]
pub(crate) fn sub_job_ended<H: HearsEnds>(
    world: &mut World,
    now: SimTime,
    key: PairKey,
    (epoch, op): (u32, Op),
    out: &mut H,
) -> Option<Left> {
    let pair = world.pairs.get_mut(key)?;
    let (work, to) = (pair.life.work()?, ENDS[op as usize]?);
    let group = world.groups.get_mut(pair.group)?;
    let job = world.jobs.get_mut(work.job)?;
    let fits = pair.life.epoch == epoch && work.op == op;
    // The two sides of the group are joined as they were when it was looked over: only a fault takes a path away.
    let calm = group.is_calm(world.standing, world.disks.openings());
    let Detail::Station(aim) = job.detail else {
        return None;
    };
    if !fits || !calm || !is_plain_pair(pair) {
        return None;
    }
    let turn = match op {
        Op::StartProtection | Op::Reprotect => Turn::On,
        Op::StopProtection => Turn::Off,
        Op::Failover if !pair.is_consistent() => return None,
        Op::Failover if pair.station == aim => Turn::Off,
        Op::Failover => Turn::Over,
        Op::PlannedFailover if pair.copy == Copying::Active => Turn::Exchange,
        _ => return None,
    };
    job.subs.end(pair.sub, now, None);
    let from = pair.life.status;
    pair.life.set_work(None);
    if from != to {
        debug_assert!(Kind::ReplicationPair.shows(to));
        pair.life.status = to;
        pair.life.epoch += 1;
        pair.updated = now;
        out.moved(key, pair, from, job.number);
    }
    if matches!(turn, Turn::Over) && !pair.rest.is_untouched() && !pair.rest.attached.is_empty() {
        world.hung.add(Policy::Fencing);
    }
    carry_out(turn, now, key, aim, pair, group, out);
    job.left -= 1;
    let left = match job.left {
        0 => Left::Close(work.job),
        _ => Left::Others,
    };
    if from != to {
        count_pair(world, key, from, to);
    }
    Some(left)
}

/// What `data::begin_copy`, `stop_copy`, `part` and `turn` do to a pair whose disks are alike and stay so.
#[inline(always)]
fn carry_out<H: HearsEnds>(
    turn: Turn,
    now: SimTime,
    key: PairKey,
    aim: Side,
    pair: &mut Pair,
    group: &mut Group,
    out: &mut H,
) {
    let was_active = pair.copy == Copying::Active;
    match turn {
        Turn::On => {
            group.in_step += u32::from(!was_active);
            group.copies += u32::from(!pair.has_copy());
            pair.parted = false;
            pair.copy = Copying::Active;
            pair.dr_copy = DrCopy::Consistent;
            if !was_active {
                out.in_step(key, pair);
            }
        }
        Turn::Exchange => pair.station = aim,
        Turn::Off | Turn::Over => {
            group.in_step -= u32::from(was_active);
            pair.copy = Copying::Stopped;
            pair.copies += 1;
            if matches!(turn, Turn::Over) {
                pair.station = aim;
                pair.parted = true;
                let recovery = Recovery::whole(now);
                out.taken(key, recovery);
                recovery.add_to(&mut group.recovery);
            }
        }
    }
}

#[cfg(test)]
mod tests;
