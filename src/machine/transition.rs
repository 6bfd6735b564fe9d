//! The one place that assigns a status, and the ways in and out of existence.
//!
//! [`move_to`] asserts that the status is published for the kind, keeps the census and the group's counters, raises the
//! epoch (so that events aimed at what was are stale) and says so in an effect.

use super::effect::Effect;
use super::effects::Effects;
use crate::sdrs::op::Op;
use crate::sdrs::rules::{End, rule};
use crate::sdrs::status::{Kind, Status};
use crate::time::SimTime;
use crate::world::job::Detail;
use crate::world::life::{Life, Work};
use crate::world::{GroupKey, JobKey, PairKey, Who, World};

const LIVES: &str = "the caller names a resource that exists and has a status";

/// The life of a resource, and the instant at which it last changed.
#[inline]
fn life_mut(world: &mut World, who: Who) -> (&mut Life, &mut SimTime) {
    match who {
        Who::Pair(k) => world
            .pairs
            .get_mut(k)
            .map(|r| (&mut r.life, &mut r.updated)),
        Who::Group(k) => world
            .groups
            .get_mut(k)
            .map(|r| (&mut r.life, &mut r.updated)),
        Who::Instance(k) => { world.instances.get_mut(k) }.map(|r| (&mut r.life, &mut r.updated)),
        Who::Drill(k) => world
            .drills
            .get_mut(k)
            .map(|r| (&mut r.life, &mut r.updated)),
        _ => None,
    }
    .expect(LIVES)
}

/// The group of a member or drill, or the group itself.
pub(crate) fn group_of(world: &World, who: Who) -> Option<GroupKey> {
    match who {
        Who::Group(k) => Some(k),
        Who::Instance(k) => world.instances.get(k).map(|r| r.group),
        Who::Pair(k) => world.pairs.get(k).map(|r| r.group),
        Who::Drill(k) => world.drills.get(k).map(|r| r.group),
        _ => None,
    }
}

/// Keeps the census, and the group's counts of members that are `invalid` and of pairs that take no part.
#[inline]
fn count(world: &mut World, who: Who, status: Status, add: bool) {
    let kind = who.kind().expect(LIVES);
    step(&mut world.census[kind as usize][status as usize], add);
    if stands_out(status) {
        count_member(world, who, status, add);
    }
}

/// Counts a pair that leaves a status because an operation ended well, like `count`.
#[inline(always)]
pub(super) fn count_pair(world: &mut World, pair: PairKey, from: Status, to: Status) {
    let census = &mut world.census[Kind::ReplicationPair as usize];
    step(&mut census[from as usize], false);
    step(&mut census[to as usize], true);
    debug_assert!(
        !stands_out(to),
        "no operation leaves that when it ends well"
    );
    if stands_out(from) {
        count_member(world, Who::Pair(pair), from, false);
    }
}

/// Counts pairs of one group that changed their status alike, by the statuses they had.
pub(super) fn count_pairs(
    world: &mut World,
    group: GroupKey,
    from: &[u32; Status::ALL.len()],
    to: Status,
) {
    debug_assert!(!stands_out(to), "no operation under way stands out");
    let census = &mut world.census[Kind::ReplicationPair as usize];
    for (counted, moved) in census.iter_mut().zip(from) {
        *counted -= moved;
    }
    census[to as usize] += from.iter().sum::<u32>();
    let group = &mut world.groups[group];
    group.invalid -= from[Status::Invalid as usize];
    group.out -= from[Status::Error as usize] + from[Status::ErrorDeleting as usize];
}

/// Whether a group counts its members that show a status.
#[inline]
const fn stands_out(status: Status) -> bool {
    matches!(
        status,
        Status::Invalid | Status::Error | Status::ErrorDeleting
    )
}

#[cold]
fn count_member(world: &mut World, who: Who, status: Status, add: bool) {
    let pair = matches!(who, Who::Pair(_));
    if !pair && !matches!(who, Who::Instance(_)) {
        return;
    }
    let invalid = status == Status::Invalid;
    let group = group_of(world, who).expect("a member has a group");
    let group = &mut world.groups[group];
    if invalid {
        step(&mut group.invalid, add);
    } else if pair {
        step(&mut group.out, add);
    }
}

/// One more or one less.
fn step(count: &mut u32, add: bool) {
    *count = if add { *count + 1 } else { *count - 1 };
}

/// Assigns a status. Nothing happens if the resource shows it already.
#[inline]
pub(crate) fn move_to(
    world: &mut World,
    now: SimTime,
    who: Who,
    to: Status,
    job: u64,
    out: &mut Effects,
) {
    let kind = who.kind().expect(LIVES);
    assert!(kind.shows(to), "a {} never shows `{to}`", kind.name());
    let (life, updated) = life_mut(world, who);
    let from = life.status;
    if from == to {
        return;
    }
    life.status = to;
    life.epoch += 1;
    *updated = now;
    let epoch = life.epoch;
    count(world, who, from, false);
    count(world, who, to, true);
    out.push(Effect::Moved {
        who,
        epoch,
        from,
        to,
        job,
    });
}

/// Enters a new resource, which is in its slot already, into the index, the census and the effects.
pub(crate) fn enter(world: &mut World, who: Who, out: &mut Effects) {
    let stable = world.stable(who).expect("the new resource is in its slot");
    let before = world.index.insert(stable.0, who);
    debug_assert!(before.is_none(), "labels are unique: {}", world.label(who));
    let status = world.life(who).map(|life| life.status);
    if let Some(status) = status {
        count(world, who, status, true);
    }
    out.push(Effect::Created { who, status });
}

/// Takes a resource, which is still in its slot, out of the index and the census. The caller frees the slot.
pub(crate) fn leave(world: &mut World, who: Who, out: &mut Effects) {
    let label = world
        .label_of(who)
        .expect("the resource is still in its slot");
    let stable = world
        .stable(who)
        .expect("the resource is still in its slot");
    world.index.remove(stable.0, who);
    if let Some(status) = world.life(who).map(|life| life.status) {
        count(world, who, status, false);
        let epoch = world.life(who).map_or(0, |life| life.epoch);
        world.past.insert(stable.0, epoch + 1);
    }
    out.push(Effect::Gone { who, label, stable });
}

/// Marks an operation as under way on a resource: its own status follows, and those it belongs to know that it is busy.
#[inline]
pub(crate) fn begin_work(
    world: &mut World,
    now: SimTime,
    who: Who,
    op: Op,
    job: JobKey,
    out: &mut Effects,
) {
    let number = world.jobs[job].number;
    let during = rule(op)
        .moves_of(who.kind().expect(LIVES))
        .map(|m| m.during);
    let (life, _) = life_mut(world, who);
    debug_assert!(
        life.work().is_none(),
        "operations on one resource exclude each other"
    );
    life.set_work(Some(Work {
        op,
        job,
        resume: life.status,
    }));
    mark_busy(world, who, op, job, true);
    if let Some(during) = during {
        move_to(world, now, who, during, number, out);
    }
}

/// Ends the operation under way on a resource and gives it the status that the rule and the outcome ask for.
#[inline]
pub(crate) fn end_work(
    world: &mut World,
    now: SimTime,
    who: Who,
    success: bool,
    out: &mut Effects,
) {
    let (life, _) = life_mut(world, who);
    let Some(work) = life.work() else {
        return;
    };
    life.set_work(None);
    let number = world.jobs[work.job].number;
    mark_busy(world, who, work.op, work.job, false);
    let Some(moves) = rule(work.op).moves_of(who.kind().expect(LIVES)) else {
        return;
    };
    let end = if success { moves.done } else { moves.failed };
    let to = match end {
        End::Is(status) => status,
        End::Prior => work.resume,
        End::PriorOrCleared => match work.resume {
            Status::ErrorAttaching | Status::ErrorDetaching => follow_group(world, who),
            resume => resume,
        },
        End::FollowGroup => follow_group(world, who),
        End::Gone => return,
    };
    let to = if is_lost(world, who) && !matches!(to, Status::Error | Status::ErrorDeleting) {
        Status::Invalid
    } else {
        to
    };
    move_to(world, now, who, to, number, out);
}

/// Whether a member lost a server or disk to a native deletion.
pub(crate) fn is_lost(world: &World, who: Who) -> bool {
    match who {
        Who::Instance(k) => world.instances[k].lost,
        Who::Pair(k) => world.pairs[k].rest.lost,
        _ => false,
    }
}

/// `protected` if the group is protected, else `available`.
pub(crate) fn follow_group(world: &World, who: Who) -> Status {
    let group = group_of(world, who).expect("a member has a group");
    match world.groups[group].life.status {
        Status::Protected => Status::Protected,
        _ => Status::Available,
    }
}

/// Counts an operation of a member's own with its group and with the instances that it touches: those the pair is
/// attached to, and the one it is being attached to. Attachments change only after the operation's end is counted.
#[inline]
fn mark_busy(world: &mut World, who: Who, op: Op, job: JobKey, busy: bool) {
    if !rule(op).is_group_operation() {
        count_busy(world, who, job, busy);
    }
}

fn count_busy(world: &mut World, who: Who, job: JobKey, busy: bool) {
    let step = |n: &mut u32| step(n, busy);
    match who {
        Who::Instance(k) => step(&mut world.groups[world.instances[k].group].busy),
        Who::Pair(k) => {
            let pair = &world.pairs[k];
            step(&mut world.groups[pair.group].busy);
            for &(instance, _) in &pair.rest.attached {
                step(&mut world.instances[instance].busy);
            }
            if let Detail::Attach(instance, _) = world.jobs[job].detail {
                step(&mut world.instances[instance].busy);
            }
        }
        _ => {}
    }
}
