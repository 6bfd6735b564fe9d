//! What the machine counts as it goes, counted anew.

use super::Violation;
use crate::sdrs::rules::rule;
use crate::sdrs::status::{Kind, Status};
use crate::units::Bytes;
use crate::world::job::{Detail, JobStatus};
use crate::world::life::Life;
use crate::world::place::{Project, Usage};
use crate::world::protection::Copying;
use crate::world::replica::Level;
use crate::world::{AzKey, GroupKey, InstanceKey, ProjectKey, Who, World};
use slotmap::SecondaryMap;

/// Everything that has a status.
fn lives(world: &World) -> impl Iterator<Item = (Kind, Who, Life)> + '_ {
    let groups = world
        .groups
        .iter()
        .map(|(key, r)| (Kind::ProtectionGroup, Who::Group(key), r.life));
    let instances = world
        .instances
        .iter()
        .map(|(key, r)| (Kind::ProtectedInstance, Who::Instance(key), r.life));
    let pairs = world
        .pairs
        .iter()
        .map(|(key, r)| (Kind::ReplicationPair, Who::Pair(key), r.life));
    let drills = world
        .drills
        .iter()
        .map(|(key, r)| (Kind::DisasterRecoveryDrill, Who::Drill(key), r.life));
    groups.chain(instances).chain(pairs).chain(drills)
}

/// The census, and that nothing shows what is not published.
pub(super) fn statuses(world: &World) -> Result<(), Violation> {
    let mut census = [[0u32; Status::ALL.len()]; Kind::ALL.len()];
    for (kind, who, life) in lives(world) {
        census[kind as usize][life.status as usize] += 1;
        if !kind.published().contains(&life.status) {
            return Err(Violation::Unpublished {
                label: world.label(who),
                status: life.status,
            });
        }
    }
    for &kind in Kind::ALL {
        for &status in Status::ALL {
            let counted = census[kind as usize][status as usize];
            let kept = world.census[kind as usize][status as usize];
            if counted != kept {
                return Err(Violation::Census {
                    kind,
                    status,
                    counted,
                    kept,
                });
            }
        }
    }
    Ok(())
}

/// Counts of a group by its members.
#[derive(Clone, Copy, Default)]
struct Tally {
    copying: u32,
    in_step: u32,
    copies: u32,
    out: u32,
    invalid: u32,
    busy: u32,
    /// Pairs at fault levels 2 and 5.
    levels: [u32; 2],
}

/// Whether an operation of its own runs on a member.
fn runs_its_own(life: Life) -> bool {
    life.work()
        .is_some_and(|work| !rule(work.op).is_group_operation())
}

/// What groups and instances count of their members.
pub(super) fn groups(world: &World) -> Result<(), Violation> {
    let mut groups: SecondaryMap<GroupKey, Tally> = SecondaryMap::new();
    let mut busy: SecondaryMap<InstanceKey, u32> = SecondaryMap::new();
    for key in world.groups.keys() {
        groups.insert(key, Tally::default());
    }
    for (key, instance) in &world.instances {
        busy.insert(key, 0);
        if let Some(tally) = groups.get_mut(instance.group) {
            tally.invalid += u32::from(instance.life.status == Status::Invalid);
            tally.busy += u32::from(runs_its_own(instance.life));
        }
    }
    for (key, pair) in &world.pairs {
        let own = runs_its_own(pair.life);
        if let Some(tally) = groups.get_mut(pair.group) {
            let level = world.level(key);
            tally.levels[0] += u32::from(level == Level::Two);
            tally.levels[1] += u32::from(level == Level::Five);
            tally.copying += u32::from(pair.is_copying());
            tally.in_step += u32::from(pair.copy == Copying::Active);
            tally.copies += u32::from(pair.has_copy());
            tally.out += u32::from(pair.is_out());
            tally.invalid += u32::from(pair.life.status == Status::Invalid);
            tally.busy += u32::from(own);
        }
        let joins = pair.life.work().filter(|_| own).and_then(|work| {
            match world.jobs.get(work.job).map(|job| &job.detail) {
                Some(Detail::Attach(instance, _)) => Some(*instance),
                _ => None,
            }
        });
        let touches = pair.rest.attached.iter().map(|at| at.0).chain(joins);
        for instance in touches.filter(|_| own) {
            if let Some(count) = busy.get_mut(instance) {
                *count += 1;
            }
        }
    }
    for (key, tally) in &groups {
        let group = &world.groups[key];
        let figures = [
            ("copies under way", tally.copying, group.copying),
            ("pairs in step", tally.in_step, group.in_step),
            ("pairs with a copy", tally.copies, group.copies),
            ("pairs that take no part", tally.out, group.out),
            ("invalid members", tally.invalid, group.invalid),
            ("members at work", tally.busy, group.busy),
            ("pairs at level 2", tally.levels[0], group.health[0]),
            ("pairs at level 5", tally.levels[1], group.health[1]),
        ];
        for (what, counted, kept) in figures {
            members(world, Who::Group(key), what, counted, kept)?;
        }
    }
    for (key, &counted) in &busy {
        let kept = world.instances[key].busy;
        members(world, Who::Instance(key), "pairs at work", counted, kept)?;
    }
    Ok(())
}

fn members(
    world: &World,
    who: Who,
    what: &'static str,
    counted: u32,
    kept: u32,
) -> Result<(), Violation> {
    match counted == kept {
        true => Ok(()),
        false => Err(Violation::Members {
            label: world.label(who),
            what,
            counted: u64::from(counted),
            kept: u64::from(kept),
        }),
    }
}

/// What projects use, and what they may.
pub(super) fn projects(world: &World) -> Result<(), Violation> {
    let mut owned: SecondaryMap<ProjectKey, Usage> = SecondaryMap::new();
    for key in world.projects.keys() {
        owned.insert(key, Usage::default());
    }
    for group in world.groups.values() {
        owned[group.project].server_groups += 1;
    }
    for pair in world.pairs.values() {
        let usage = &mut owned[world.groups[pair.group].project];
        usage.replications += 1;
        usage.unattached_pairs += i64::from(pair.rest.attached.is_empty());
    }
    for vpc in world.vpcs.values() {
        owned[vpc.project].vpcs += 1;
    }
    for subnet in world.subnets.values() {
        owned[world.vpcs[subnet.vpc].project].subnets += 1;
    }
    for (key, counted) in &owned {
        project(world, key, counted)?;
    }
    for group in world.groups.values() {
        let quota = world.projects[group.project].quotas.instances_per_group;
        let used = group.instances.len() as i64;
        if quota >= 0 && used > quota {
            return Err(Violation::OverQuota {
                project: world.label(Who::Project(group.project)),
                what: "instances of one group",
                used,
                quota,
            });
        }
    }
    Ok(())
}

fn project(world: &World, key: ProjectKey, owned: &Usage) -> Result<(), Violation> {
    let Project { usage, quotas, .. } = &world.projects[key];
    let label = || world.label(Who::Project(key));
    let figures = [
        (
            "protection groups",
            owned.server_groups,
            usage.server_groups,
            quotas.server_groups,
        ),
        (
            "replication pairs",
            owned.replications,
            usage.replications,
            quotas.replications,
        ),
        (
            "unattached pairs",
            owned.unattached_pairs,
            usage.unattached_pairs,
            quotas.unattached_pairs,
        ),
        ("VPCs", owned.vpcs, usage.vpcs, quotas.vpcs),
        ("subnets", owned.subnets, usage.subnets, quotas.subnets),
    ];
    for (what, counted, kept, quota) in figures {
        if counted != kept {
            return Err(Violation::Usage {
                project: label(),
                what,
                counted,
                kept,
            });
        }
        // What the cloud is asked for directly, and what detaches, is not held by the quota of what the service makes.
        let held = matches!(what, "protection groups" | "replication pairs");
        if held && quota >= 0 && kept > quota {
            return Err(Violation::OverQuota {
                project: label(),
                what,
                used: kept,
                quota,
            });
        }
    }
    Ok(())
}

/// What the storage of each AZ holds.
pub(super) fn pools(world: &World) -> Result<(), Violation> {
    let mut sums: SecondaryMap<AzKey, Bytes> = SecondaryMap::new();
    for disk in world.disks.values() {
        let sum = sums.get(disk.az).copied().unwrap_or(Bytes(0));
        sums.insert(disk.az, sum.saturating_add(disk.size));
    }
    for (key, az) in &world.azs {
        let counted = sums.get(key).copied().unwrap_or(Bytes(0));
        // A sum that no number holds is not kept exactly.
        if counted != az.pool.used && counted.0 < u64::MAX && az.pool.used.0 < u64::MAX {
            return Err(Violation::Pool {
                az: world.label(Who::Az(key)),
                counted: counted.0,
                kept: az.pool.used.0,
            });
        }
    }
    Ok(())
}

/// Faults that hold something down.
pub(super) fn standing(world: &World) -> Result<(), Violation> {
    let sum = |counts: &mut dyn Iterator<Item = u32>| counts.map(u64::from).sum::<u64>();
    let net = &world.topology;
    let counted = sum(&mut world.sites.values().map(|site| site.dark))
        + sum(&mut world
            .azs
            .values()
            .map(|az| az.dark + az.pool.failed + az.pool.read_only))
        + sum(&mut net.nodes.values().map(|node| node.down))
        + sum(&mut net.ducts.values().map(|duct| duct.down))
        + sum(&mut net
            .links
            .values()
            .map(|link| link.down + link.slowed.len() as u32))
        + sum(&mut world.disks.values().map(|disk| disk.lost))
        + sum(&mut world.servers.values().map(|server| server.lost))
        + u64::from(world.control.down);
    let kept = u64::from(world.standing);
    if kept < counted {
        return Err(Violation::Standing { counted, kept });
    }
    Ok(())
}

/// What the control plane counts of its jobs.
pub(super) fn control(world: &World) -> Result<(), Violation> {
    let (mut running, mut waiting, mut ended, mut subs) = (0u64, 0u64, 0u64, 0u64);
    for job in world.jobs.values() {
        match job.status {
            JobStatus::Init => waiting += 1,
            JobStatus::Running => running += 1,
            JobStatus::Success | JobStatus::Fail => {
                ended += 1;
                subs += job.subs.len() as u64;
            }
        }
    }
    let most = world.settings.workers.map_or(u64::MAX, u64::from);
    let figures = [
        ("jobs running", running, u64::from(world.control.running)),
        ("jobs waiting", waiting, world.control.waiting.len() as u64),
        ("jobs ended", ended, world.finished.len() as u64),
        ("sub-jobs of ended jobs", subs, world.subs_kept.0 as u64),
        ("workers at work", running.min(most), running),
    ];
    for (what, counted, kept) in figures {
        if counted != kept {
            return Err(Violation::Jobs {
                what,
                counted,
                kept,
            });
        }
    }
    Ok(())
}
