//! What can stand in the way of an operation at the moment when it would end.
//!
//! A fault or a native act that arrives while an operation runs decides when the work ends, not before: each operation
//! has its needs, and what is missing then makes the sub-job or the job fail.

use super::{data, drills, make};
use crate::sdrs::codes::Code;
use crate::sdrs::op::Op;
use crate::sdrs::policy::{AzFailover, Permission, Policies, Policy, PolicySet};
use crate::sdrs::rules::rule;
use crate::units::Bytes;
use crate::world::job::{Detail, Job};
use crate::world::machinery::{Lock, Power};
use crate::world::protection::{Copying, ProtectionType, Side};
use crate::world::replica::Level;
use crate::world::{AzKey, GroupKey, InstanceKey, JobKey, PairKey, ServerKey, Who, World};

/// What keeps a sub-job from ending well: start and reprotection need the path and both disks, a planned failover needs them
/// and a pair in step, a failover the DR disk with a copy that is not behind and that arbitration lets the DR side go on,
/// a stop nothing.
pub(super) fn of_sub_job(world: &World, policies: Policies, op: Op, pair: PairKey) -> Option<Code> {
    let record = &world.pairs[pair];
    let usable = |side: Side| world.is_side_usable(pair, side);
    let group = &world.groups[record.group];
    let dr = group.station.other();
    let joined = || usable(Side::Source) && usable(Side::Target) && world.is_connected(group);
    let free = match op {
        Op::StopProtection => true,
        Op::Failover => {
            let behind = world.level(pair) == Level::Five
                && policies.failover_disconnected == Permission::Refused;
            let takes_over = may_take_over(world, policies, record.group);
            usable(dr) && record.is_consistent() && !behind && takes_over
        }
        // What was written behind the service's back while the path was lost is not on the DR disk before its resync ends.
        Op::PlannedFailover => joined() && record.copy == Copying::Active,
        _ => joined(),
    };
    if free { None } else { job_error(op) }
}

/// The policies of which another value would have ended a sub-job differently now.
#[inline]
pub(super) fn hangs_on(world: &World, op: Op, pair: PairKey) -> PolicySet {
    let mut set = PolicySet::default();
    if op != Op::Failover {
        return set;
    }
    let group = &world.groups[world.pairs[pair].group];
    let whole = world.is_connected(group)
        && world.is_lit(world.production_az(group))
        && world.level(pair) != Level::Five;
    if whole {
        return set;
    }
    let policies = world.settings.policies;
    let ours = of_sub_job(world, policies, op, pair);
    for &policy in Policy::ALL {
        if of_sub_job(world, policies.but(policy), op, pair) != ours {
            set.add(policy);
        }
    }
    set
}

/// Whether a failover under way may go on: arbitration, the policy for a dark AZ and the fence let it.
fn may_take_over(world: &World, policies: Policies, group: GroupKey) -> bool {
    let dark = !world.is_lit(world.production_az(&world.groups[group]));
    let drill_only = dark && policies.az_failover == AzFailover::DrillOnly;
    let held = drill_only || data::is_held(world, group);
    !held && !data::is_beyond_fence(world, policies, group)
}

fn job_error(op: Op) -> Option<Code> {
    rule(op).job.map(|job| job.error)
}

/// The pairs of a consistency group, which turn together at the job's close.
fn members_of(world: &World, job: JobKey) -> impl Iterator<Item = PairKey> + '_ {
    let record = &world.jobs[job];
    let group = record.group.map(|group| &world.groups[group]);
    let bound = group.filter(|group| {
        rule(record.op).members && group.protection == ProtectionType::ConsistencyGroup
    });
    let pairs = bound.into_iter().flat_map(|group| group.pairs.iter());
    pairs.filter(move |&pair| {
        let work = world.pairs[pair].life.work();
        work.is_some_and(|work| work.job == job)
    })
}

/// What keeps the pairs of a consistency group at the close from what their sub-jobs were free to do: something may have
/// broken since.
fn of_members(world: &World, job: JobKey) -> Option<Code> {
    let (op, policies) = (world.jobs[job].op, world.settings.policies);
    members_of(world, job).find_map(|pair| of_sub_job(world, policies, op, pair))
}

/// The policies on which it hangs whether a job's members end well at its close.
pub(super) fn close_hangs_on(world: &World, job: JobKey) -> PolicySet {
    let op = world.jobs[job].op;
    members_of(world, job).fold(PolicySet::default(), |set, pair| {
        set.and(hangs_on(world, op, pair))
    })
}

/// What keeps a job from ending well when everything else is done.
pub(super) fn at_close(world: &World, job: JobKey) -> Option<Code> {
    of_members(world, job).or_else(|| of_job(world, job))
}

fn of_job(world: &World, job: JobKey) -> Option<Code> {
    let record = &world.jobs[job];
    match record.op {
        Op::Failover => {
            let stuck = production_servers(world, record.group?).any(|server| {
                world.servers[server].power == Power::Active
                    && world.servers[server].lock == Lock::System
            });
            stuck.then_some(Code::of(1308))
        }
        Op::PlannedFailover | Op::Reprotect => {
            let group = &world.groups[record.group?];
            let side = if record.op == Op::Reprotect {
                group.station.other()
            } else {
                group.station
            };
            let runs = servers_at(world, record.group?, side).any(|server| {
                world.servers[server].power == Power::Active || world.servers[server].act.is_some()
            });
            runs.then(|| job_error(record.op)).flatten()
        }
        Op::CreateProtectedInstance | Op::CreateReplicationPair => of_creation(world, record),
        Op::DeleteProtectedInstance => of_instance_deletion(world, record),
        Op::DeleteReplicationPair => match (&record.detail, record.subject) {
            (
                Detail::DeletePair {
                    target_volume: true,
                },
                Who::Pair(pair),
            ) => {
                let disk = world.disks_of(pair)[Side::Target.index()];
                disk.is_some_and(|d| world.disks[d].locked)
                    .then_some(Code::of(1813))
            }
            _ => None,
        },
        Op::AttachReplicationPair => of_attachment(world, record),
        Op::DetachReplicationPair => match (&record.detail, record.subject) {
            (Detail::Detach(instance), Who::Pair(pair)) => of_detachment(world, *instance, pair),
            _ => None,
        },
        Op::ExpandReplicationPair => match (&record.detail, record.subject) {
            (Detail::Expand(size), Who::Pair(pair)) => {
                let lost = world.pairs[pair].rest.lost || !has_room_to_grow(world, pair, *size);
                lost.then(|| job_error(record.op)).flatten()
            }
            _ => None,
        },
        Op::AddNic => of_new_nic(world, record),
        Op::ResizeProtectedInstance => of_resize(world, record),
        Op::CreateDrDrill => match record.subject {
            Who::Drill(drill) => drills::obstacle(world, drill),
            _ => None,
        },
        _ => None,
    }
}

/// A new instance needs a free server of its flavor on the DR side, and what is copied needs room in the pool there.
fn of_creation(world: &World, job: &Job) -> Option<Code> {
    let group = &world.groups[job.group?];
    let az = group.azs[group.station.other().index()];
    let placed = match job.detail {
        Detail::CreateInstance { flavor, .. } => make::has_room(world, flavor, az),
        _ => true,
    };
    (!placed || !has_room_for_copies(world, job, az))
        .then(|| job_error(job.op))
        .flatten()
}

/// Whether the pool of an AZ has room for the copies that a new instance or pair still needs there.
fn has_room_for_copies(world: &World, job: &Job, az: AzKey) -> bool {
    let pairs = match job.subject {
        Who::Instance(instance) => world.instances[instance].pairs.as_slice(),
        Who::Pair(ref pair) => std::slice::from_ref(pair),
        _ => &[],
    };
    let copied = pairs.iter().filter_map(|&pair| match world.disks_of(pair) {
        [Some(disk), None] | [None, Some(disk)] => Some(world.disks[disk].size),
        _ => None,
    });
    world.has_pool_room(az, copied.fold(Bytes::ZERO, Bytes::saturating_add))
}

/// Whether the pools of both disks of a pair have room for them to grow to a size.
fn has_room_to_grow(world: &World, pair: PairKey, size: Bytes) -> bool {
    let mut disks = world.disks_of(pair).into_iter().flatten();
    disks.all(|disk| {
        let disk = &world.disks[disk];
        world.has_pool_room(disk.az, size.saturating_sub(disk.size))
    })
}

fn of_new_nic(world: &World, job: &Job) -> Option<Code> {
    let Who::Instance(instance) = job.subject else {
        return None;
    };
    let station = world.groups[job.group?].station;
    match world.instances[instance].servers[station.index()] {
        Some(_) => None,
        None => job_error(job.op),
    }
}

/// A server that changes its flavor needs a free place of the new one in its AZ.
fn of_resize(world: &World, job: &Job) -> Option<Code> {
    let (Detail::Resize(flavors), Who::Instance(instance)) = (&job.detail, job.subject) else {
        return None;
    };
    let servers = world.instances[instance].servers;
    let mut resized = servers.into_iter().zip(*flavors);
    let placed = resized.all(|resized| match resized {
        (Some(server), Some(flavor)) => make::has_room(world, flavor, world.servers[server].az),
        _ => true,
    });
    (!placed).then(|| job_error(job.op)).flatten()
}

fn of_instance_deletion(world: &World, job: &Job) -> Option<Code> {
    let (
        Detail::DeleteInstance {
            target_server: true,
            ..
        },
        Who::Instance(instance),
    ) = (&job.detail, job.subject)
    else {
        return None;
    };
    let server = world.instances[instance].servers[Side::Target.index()]?;
    if world.servers[server].lock != Lock::None {
        return Some(Code::of(1307));
    }
    let locked = world.servers[server]
        .disks
        .iter()
        .any(|d| world.disks[d.1].locked);
    locked.then_some(Code::of(1813))
}

fn of_attachment(world: &World, job: &Job) -> Option<Code> {
    let (Detail::Attach(instance, device), Who::Pair(pair)) = (&job.detail, job.subject) else {
        return None;
    };
    let servers = world.instances[*instance].servers;
    let disks = world.disks_of(pair);
    let blocked = servers.into_iter().zip(disks).any(|ends| match ends {
        (Some(server), Some(disk)) => {
            let attached = &world.disks[disk];
            let taken = world.servers[server].disks.iter().any(|d| d.0 == *device);
            taken || !world.is_usable(disk) || (!attached.shared && !attached.servers().is_empty())
        }
        _ => true,
    });
    blocked.then_some(Code::of(1807))
}

fn of_detachment(world: &World, instance: InstanceKey, pair: PairKey) -> Option<Code> {
    if !world.pairs[pair]
        .rest
        .attached
        .iter()
        .any(|a| a.0 == instance)
    {
        return None;
    }
    let ends = world.instances[instance]
        .servers
        .into_iter()
        .zip(world.disks_of(pair));
    let mut both = ends.filter_map(|(server, disk)| Some((server?, disk?)));
    both.any(|(server, disk)| !world.disks[disk].servers().contains(&server))
        .then_some(Code::of(1804))
}

fn servers_at(world: &World, group: GroupKey, side: Side) -> impl Iterator<Item = ServerKey> + '_ {
    let instances = world.groups[group].instances.iter();
    instances.filter_map(move |i| world.instances[i].servers[side.index()])
}

fn production_servers(world: &World, group: GroupKey) -> impl Iterator<Item = ServerKey> + '_ {
    servers_at(world, group, world.groups[group].station)
}

#[cfg(test)]
mod tests;
