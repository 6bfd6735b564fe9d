//! Jobs from acceptance to their end.
//!
//! A job waits as INIT until a worker takes it; then come its parts `open`, the sub-jobs, and `close`. Pairs settle as
//! their sub-jobs end; group, instances, servers, NICs and `priority_station` change together at close. A job that fails
//! leaves a failed task, and everything it touched reports the error status of its row.

use super::effect::Effect;
use super::effects::{Effects, Mover};
use super::event::{Doing, Outcome};
use super::plain::HearsBegins;
use super::transition::{count_pairs, end_work, move_to};
use super::{data, obstacle, outcome, plain, tasks};
use crate::sdrs::codes::Code;
use crate::sdrs::op::Op;
use crate::sdrs::policy::{Permission, Policy};
use crate::sdrs::rules::rule;
use crate::sdrs::status::{Kind, Status};
use crate::time::{SimTime, Span};
use crate::world::job::{Detail, Job, JobStatus, Member, Part};
use crate::world::life::Work;
use crate::world::protection::{Pair, ProtectionType, Side};
use crate::world::{GroupKey, JobKey, PairKey, Who, World};
use std::sync::Arc;

/// A sub-job that failed makes its job fail with this code; the sub-job keeps its own.
const SUB_JOB_FAILED: Code = Code::of(406);

/// The status that a group operation would bring a pair to; at the right station, a repetition passes such a pair by.
const fn goal_of(op: Op) -> Option<Status> {
    match op {
        Op::StartProtection | Op::Reprotect | Op::PlannedFailover => Some(Status::Protected),
        Op::StopProtection => Some(Status::Available),
        Op::Failover => Some(Status::FailedOver),
        _ => None,
    }
}

/// Marks a group operation as under way on the pairs that it takes: what `begin_work` does, with what all pairs share asked
/// once.
pub(super) fn begin_pairs(
    world: &mut World,
    now: SimTime,
    group: GroupKey,
    (op, aim, job): (Op, Side, JobKey),
    out: &mut Effects,
) {
    let number = world.jobs[job].number;
    let during = rule(op)
        .moves_of(Kind::ReplicationPair)
        .expect("a group operation moves pairs")
        .during;
    debug_assert!(rule(op).is_group_operation() && Kind::ReplicationPair.shows(during));
    let (members, pairs) = (&world.groups[group].pairs, &mut world.pairs);
    let mut moved = [0; Status::ALL.len()];
    // The statuses in which a pair is passed by, a bit each: wherever it stands, and where it stands already where the operation leads.
    const { assert!(Status::ALL.len() <= u64::BITS as usize) };
    let bit = |status: Status| 1_u64 << status as u32;
    let anywhere = Pair::OUT.into_iter().fold(0, |bits, out| bits | bit(out));
    let at_aim = anywhere | goal_of(op).map_or(0, bit);
    let mut movers = out.movers(members.len());
    for key in members.iter() {
        let pair = &mut pairs[key];
        let passed_by = if pair.station == aim {
            at_aim
        } else {
            anywhere
        };
        if passed_by & bit(pair.life.status) != 0 {
            continue;
        }
        let life = &mut pair.life;
        let from = life.status;
        debug_assert!(
            life.work().is_none(),
            "operations on one resource exclude each other"
        );
        life.set_work(Some(Work {
            op,
            job,
            resume: from,
        }));
        if from == during {
            continue;
        }
        life.status = during;
        life.epoch += 1;
        pair.updated = now;
        moved[from as usize] += 1;
        movers.add(Mover {
            pair: key,
            stable: pair.stable,
            epoch: life.epoch,
            from,
        });
    }
    movers.have_come_to(during, number);
    count_pairs(world, group, &moved, during);
}

/// Hands an accepted job to the control plane.
pub(super) fn enqueue(world: &mut World, now: SimTime, job: JobKey, out: &mut Effects) {
    if world
        .settings
        .workers
        .is_none_or(|workers| world.control.running < workers)
    {
        begin(world, now, job, out);
    } else {
        world.control.waiting.push_back(job);
        out.push(Effect::Job {
            job,
            status: JobStatus::Init,
            code: None,
        });
    }
}

fn begin(world: &mut World, now: SimTime, job: JobKey, out: &mut Effects) {
    world.control.running += 1;
    let record = &mut world.jobs[job];
    record.status = JobStatus::Running;
    record.began = Some(now);
    let (op, subject) = (record.op, record.subject);
    if let (Op::CreateDrDrill, Who::Drill(drill)) = (op, subject) {
        super::drills::choose(world, now, drill);
    }
    out.push(Effect::Job {
        job,
        status: JobStatus::Running,
        code: None,
    });
    begin_part(world, job, Part::Open, out);
}

fn begin_part(world: &mut World, job: JobKey, part: Part, out: &mut Effects) {
    let record = &mut world.jobs[job];
    record.part = part;
    let doing = Doing::Job(record.op, part);
    out.push(Effect::Begin {
        who: Who::Job(job),
        epoch: part as u32,
        doing,
        delay: Span::ZERO,
    });
}

/// A part of a job has ended. Stale ends do nothing.
pub(super) fn part_ended(
    world: &mut World,
    now: SimTime,
    job: JobKey,
    part: Part,
    outcome: Outcome,
    out: &mut Effects,
) {
    let Some(record) = world.jobs.get(job) else {
        return;
    };
    if record.status != JobStatus::Running || record.part != part {
        return;
    }
    match (part, outcome) {
        (_, Outcome::Failed(code)) => finish(world, now, job, Some(code), out),
        (Part::Open, Outcome::Done) => begin_work_parts(world, now, job, out),
        (Part::Work, Outcome::Done) => {}
        (Part::Close, Outcome::Done) => {
            world.hung = world.hung.and(obstacle::close_hangs_on(world, job));
            let record = &world.jobs[job];
            let code = match (record.failed > 0, record.code) {
                (true, None) => Some(SUB_JOB_FAILED),
                (_, code) => code,
            };
            let code = code.or_else(|| obstacle::at_close(world, job));
            finish(world, now, job, code, out);
        }
    }
}

fn begin_work_parts(world: &mut World, now: SimTime, job: JobKey, out: &mut Effects) {
    let record = &mut world.jobs[job];
    let (op, subject) = (record.op, record.subject);
    if rule(op).members {
        if begin_sub_jobs(world, now, job, out) == 0 {
            begin_part(world, job, Part::Close, out);
        }
        return;
    }
    record.part = Part::Work;
    record.left = 1;
    let epoch = world
        .life(subject)
        .expect("a job's subject exists until it ends")
        .epoch;
    out.push(Effect::Begin {
        who: subject,
        epoch,
        doing: Doing::Job(op, Part::Work),
        delay: Span::ZERO,
    });
}

/// Begins the sub-jobs of a group operation whose opening has ended; answers how many there are.
#[inline(always)]
fn begin_sub_jobs<H: HearsBegins>(
    world: &mut World,
    now: SimTime,
    job: JobKey,
    out: &mut H,
) -> u32 {
    let record = &mut world.jobs[job];
    record.part = Part::Work;
    let group = record.group.expect("a group operation works in a group");
    let doing = Doing::Job(record.op, Part::Work);
    let stagger = world.staggers[record.op as usize];
    plain::look_over(world, group);
    let mut subs = world.spare_subs();
    let pairs = &mut world.pairs;
    let members = world.groups[group].members(pairs);
    subs.open(now, stagger);
    out.make_room(members.len());
    // Those that take part, if not all do.
    let mut some: Option<Vec<Member>> = None;
    let mut many = 0;
    for &(key, stable) in members.iter() {
        let pair = &mut pairs[key];
        if !pair.life.is_of(job) {
            some.get_or_insert_with(|| members[..many as usize].to_vec());
            continue;
        }
        if let Some(some) = &mut some {
            some.push((key, stable));
        }
        pair.sub = many;
        many += 1;
        out.begun(key, pair, doing, subs.delay(pair.sub));
    }
    subs.wait(some.map_or(members, Arc::from));
    let record = &mut world.jobs[job];
    (record.left, record.subs) = (many, subs);
    many
}

/// Takes in the good end of the opening of a group operation that was announced after `turn` standstills, and tells of its sub-jobs one
/// who hears only them; answers whether it did, and did nothing if it did not. It is what [`part_ended`] does.
///
/// A job without sub-jobs is left to that.
#[inline(always)]
pub(super) fn opened<H: HearsBegins>(
    world: &mut World,
    now: SimTime,
    (job, op): (JobKey, Op),
    out: &mut H,
) -> bool {
    let opens = |record: &&Job| {
        let opens = record.status == JobStatus::Running && record.part == Part::Open;
        opens && record.op == op && rule(op).members
    };
    let Some(record) = world.jobs.get(job).filter(opens) else {
        return false;
    };
    let group = record.group.expect("a group operation works in a group");
    let taken = |key: PairKey| world.pairs[key].life.is_of(job);
    if !world.groups[group].pairs.iter().any(taken) {
        return false;
    }
    begin_sub_jobs(world, now, job, out);
    true
}

/// A sub-job, or the one piece of work of a job without sub-jobs, has ended. Stale ends do nothing.
pub(super) fn work_ended(
    world: &mut World,
    now: SimTime,
    who: Who,
    epoch: u32,
    op: Op,
    outcome: Outcome,
    out: &mut Effects,
) {
    let rule = rule(op);
    let Some(life) = world.life(who) else { return };
    let Some(work) = life
        .work()
        .filter(|work| life.epoch == epoch && work.op == op)
    else {
        return;
    };
    let job = work.job;
    if rule.members
        && let Who::Pair(pair) = who
    {
        sub_job_ended(world, now, (job, op), pair, outcome, out);
    } else if let Outcome::Failed(code) = outcome {
        world.jobs[job].code = Some(code);
    }
    one_less(world, job, out);
}

/// One piece of a job's work has ended. After the last one the job closes.
fn one_less(world: &mut World, job: JobKey, out: &mut Effects) {
    let record = &mut world.jobs[job];
    record.left -= 1;
    if record.left == 0 {
        close(world, job, out);
    }
}

/// All of a job's work has ended: it closes.
#[cold]
pub(crate) fn close(world: &mut World, job: JobKey, out: &mut Effects) {
    begin_part(world, job, Part::Close, out);
}

fn sub_job_ended(
    world: &mut World,
    now: SimTime,
    (job, op): (JobKey, Op),
    pair: PairKey,
    outcome: Outcome,
    out: &mut Effects,
) {
    let code = match outcome {
        Outcome::Failed(code) => Some(code),
        Outcome::Done => {
            world.hung = world.hung.and(obstacle::hangs_on(world, op, pair));
            obstacle::of_sub_job(world, world.settings.policies, op, pair)
        }
    };
    let policies = &world.settings.policies;
    if op == Op::Failover
        && policies.failover_disconnected == Permission::Allowed
        && data::is_out_of_reach(world, world.pairs[pair].group)
    {
        world.hung.add(Policy::Fencing);
    }
    let sub = world.pairs[pair].sub;
    let record = &mut world.jobs[job];
    record.subs.end(sub, now, code);
    if code.is_some() {
        record.failed += 1;
        out.push(Effect::SubJob { job, pair, code });
    }
    let group = record.group.expect("a group operation works in a group");
    if world.groups[group].protection == ProtectionType::ReplicationPair {
        settle_pair(world, now, job, pair, code, out);
    }
}

/// Gives a pair its data role and status at the end of its sub-job.
fn settle_pair(
    world: &mut World,
    now: SimTime,
    job: JobKey,
    pair: PairKey,
    code: Option<Code>,
    out: &mut Effects,
) {
    let record = &world.jobs[job];
    let (op, aim) = (record.op, aim_of(&record.detail));
    world.pairs[pair].set_failure(code);
    end_work(world, now, Who::Pair(pair), code.is_none(), out);
    if code.is_none() {
        outcome::turn_pair(world, now, op, pair, aim, out);
    }
}

fn aim_of(detail: &Detail) -> Side {
    match detail {
        Detail::Station(side) => *side,
        _ => unreachable!("a group operation aims at a station"),
    }
}

/// Ends a job: well if `code` is None.
fn finish(world: &mut World, now: SimTime, job: JobKey, code: Option<Code>, out: &mut Effects) {
    let op = world.jobs[job].op;
    {
        let record = &mut world.jobs[job];
        record.ended = Some(now);
        record.code = code;
        record.status = if code.is_none() {
            JobStatus::Success
        } else {
            JobStatus::Fail
        };
    }
    if rule(op).members {
        finish_group(world, now, job, code, out);
    } else {
        outcome::finish_own(world, now, job, code, out);
    }
    let status = world.jobs[job].status;
    out.push(Effect::Job { job, status, code });
    if let Some(code) = code {
        tasks::record(world, now, job, code);
    }
    retire(world, job);
    world.control.running -= 1;
    while world
        .settings
        .workers
        .is_none_or(|workers| world.control.running < workers)
    {
        let Some(next) = world.control.waiting.pop_front() else {
            break;
        };
        begin(world, now, next, out);
    }
}

fn finish_group(
    world: &mut World,
    now: SimTime,
    job: JobKey,
    code: Option<Code>,
    out: &mut Effects,
) {
    let group = world.jobs[job]
        .group
        .expect("a group operation works in a group");
    let aim = aim_of(&world.jobs[job].detail);
    let op = world.jobs[job].op;
    settle_rest(world, now, job, group, code, out);
    if code.is_none() {
        outcome::turn_group(world, op, group, aim, out);
    }
    end_work(world, now, Who::Group(group), code.is_none(), out);
    let mut place = 0;
    while let Some(instance) = world.groups[group].instances.next_from(&mut place) {
        if world.instances[instance]
            .life
            .work()
            .is_some_and(|work| work.job == job)
        {
            end_work(world, now, Who::Instance(instance), code.is_none(), out);
        }
    }
}

/// Settles the pairs that have not been: all of a consistency group, and those whose sub-jobs never began. A job that has
/// come to its close has no others.
fn settle_rest(
    world: &mut World,
    now: SimTime,
    job: JobKey,
    group: GroupKey,
    code: Option<Code>,
    out: &mut Effects,
) {
    let whole = world.groups[group].protection == ProtectionType::ConsistencyGroup;
    if !whole && world.jobs[job].part == Part::Close {
        return;
    }
    let mut place = 0;
    while let Some(pair) = world.groups[group].pairs.next_from(&mut place) {
        if world.pairs[pair].life.is_of(job) {
            settle_pair(world, now, job, pair, code, out);
        }
    }
    if whole && code.is_some() {
        level_down(world, now, job, group, out);
    }
}

/// In a consistency group nothing is half done: pairs that an earlier run had brought to the goal fail with the rest.
fn level_down(world: &mut World, now: SimTime, job: JobKey, group: GroupKey, out: &mut Effects) {
    let record = &world.jobs[job];
    let (op, number) = (record.op, record.number);
    let Some(crate::sdrs::rules::End::Is(status)) = rule(op)
        .moves_of(crate::sdrs::status::Kind::ReplicationPair)
        .map(|moves| moves.failed)
    else {
        return;
    };
    let mut place = 0;
    while let Some(pair) = world.groups[group].pairs.next_from(&mut place) {
        if !world.pairs[pair].is_out() && world.pairs[pair].life.work().is_none() {
            move_to(world, now, Who::Pair(pair), status, number, out);
        }
    }
}

/// Keeps a finished job for `show_job`, and forgets the oldest above the bounds.
fn retire(world: &mut World, job: JobKey) {
    world.finished.push_back(job);
    let subs = world.jobs[job].subs.len();
    if subs > 0 {
        world.subs_kept.0 += subs;
        world.subs_kept.1.push_back(job);
    }
    while world.subs_kept.0 > world.settings.subs_kept as usize {
        let Some(oldest) = world.subs_kept.1.pop_front() else {
            break;
        };
        drop_subs(world, oldest);
    }
    while world.finished.len() > world.settings.jobs_kept as usize {
        let Some(oldest) = world.finished.pop_front() else {
            break;
        };
        if world.subs_kept.1.front() == Some(&oldest) {
            world.subs_kept.1.pop_front();
            drop_subs(world, oldest);
        }
        if let Some(record) = world.jobs.remove(oldest) {
            world.index.remove(record.stable.0, Who::Job(oldest));
        }
    }
    // They come next, and nobody has looked at them for a long time.
    if let Some(oldest) = world.finished.front()
        && let Some(record) = world.jobs.get(*oldest)
    {
        record.subs.fetch_all();
    }
    if let Some(second) = world.finished.get(1)
        && let Some(record) = world.jobs.get(*second)
    {
        record.fetch();
    }
}

fn drop_subs(world: &mut World, job: JobKey) {
    if let Some(record) = world.jobs.get_mut(job) {
        let mut subs = std::mem::take(&mut record.subs);
        world.subs_kept.0 -= subs.len();
        subs.clear();
        world.spare.push(subs);
    }
}
