//! What holds in every world, whatever is asked of it and whatever breaks.

use super::property::{Judge, Property, Sight};
use crate::machine::Effect;
use crate::sdrs::status::{Kind, Status};
use crate::world::check::check;
use crate::world::machinery::Power;
use crate::world::place::Usage;
use crate::world::protection::{Group, Side};
use crate::world::{ProjectKey, Who, World};
use std::collections::BTreeMap;

/// All laws of the bench that hold under every policy, for [`super::Suite::always`].
#[must_use]
pub fn laws() -> Vec<Property> {
    vec![
        Property::state("statuses are published and counted", counted),
        Property::state("groups count their members", members),
        Property::state("work belongs to a job that has not ended", work),
        Property::state("projects use what they own", usage),
        Property::state("attachments agree on both sides", attachments),
        Property::state("pairs stand where their group does", stations),
        Property::state("roles of servers do not overlap", roles),
        Property::run("effects tell every change of status", told),
        Property::run("epochs never fall", epochs),
        Property::run("serials are given once", serials),
    ]
}

/// The invariants of a world, as [`crate::world::check`] has them: under every policy, and those of fencing where it is on.
#[must_use]
pub fn invariants() -> Property {
    Property::run("the world's invariants hold", || {
        Box::new(|sight| check(sight.world, sight.now).map_err(|violation| violation.to_string()))
    })
}

/// Under `fencing: on`: never do both servers of a protected instance run.
#[must_use]
pub fn one_side_runs() -> Property {
    Property::state("one side of an instance runs", |world| {
        for (key, instance) in &world.instances {
            let runs = |side: Side| {
                let server = instance.servers[side.index()];
                server.is_some_and(|server| world.servers[server].power == Power::Active)
            };
            if runs(Side::Source) && runs(Side::Target) {
                return Err(format!(
                    "both servers of {} run",
                    label(world, Who::Instance(key))
                ));
            }
        }
        Ok(())
    })
}

/// Under `fencing: on`: never are both disks of a replication pair written at once.
#[must_use]
pub fn one_side_writes() -> Property {
    Property::state("one side of a pair is written", |world| {
        for key in world.pairs.keys() {
            if world.is_writer(key, Side::Source) && world.is_writer(key, Side::Target) {
                return Err(format!(
                    "both disks of {} are written",
                    label(world, Who::Pair(key))
                ));
            }
        }
        Ok(())
    })
}

fn label(world: &World, who: Who) -> String {
    format!("`{}`", world.label(who))
}

fn lives(world: &World) -> impl Iterator<Item = Who> + '_ {
    let groups = world.groups.keys().map(Who::Group);
    let instances = world.instances.keys().map(Who::Instance);
    let pairs = world.pairs.keys().map(Who::Pair);
    let drills = world.drills.keys().map(Who::Drill);
    groups.chain(instances).chain(pairs).chain(drills)
}

fn counted(world: &World) -> Result<(), String> {
    let mut census = [[0; Status::ALL.len()]; Kind::ALL.len()];
    for who in lives(world) {
        if let (Some(life), Some(kind)) = (world.life(who), who.kind()) {
            census[kind as usize][life.status as usize] += 1;
            if !kind.published().contains(&life.status) {
                return Err(format!("{} is {}", label(world, who), life.status));
            }
        }
    }
    match census == world.census {
        true => Ok(()),
        false => Err("the census counts something else than there is".to_owned()),
    }
}

fn members(world: &World) -> Result<(), String> {
    let count = |group: &Group, of: &dyn Fn(&crate::world::protection::Pair) -> bool| {
        let pairs = group.pairs.iter().filter(|&pair| of(&world.pairs[pair]));
        pairs.count() as u32
    };
    for (key, group) in &world.groups {
        let invalid_instances = group
            .instances
            .iter()
            .filter(|&one| world.instances[one].life.status == Status::Invalid)
            .count() as u32;
        let invalid = count(group, &|pair| pair.life.status == Status::Invalid);
        let counts = [
            (
                "copying",
                group.copying,
                count(group, &|pair| pair.is_copying()),
            ),
            ("out", group.out, count(group, &|pair| pair.is_out())),
            ("invalid", group.invalid, invalid + invalid_instances),
        ];
        for (what, said, are) in counts {
            if said != are {
                let group = label(world, Who::Group(key));
                return Err(format!(
                    "{group} counts {said} members {what} and has {are}"
                ));
            }
        }
    }
    Ok(())
}

fn work(world: &World) -> Result<(), String> {
    for who in lives(world) {
        let Some(work) = world.life(who).and_then(|life| life.work()) else {
            continue;
        };
        let ended = world
            .jobs
            .get(work.job)
            .is_none_or(|job| job.ended.is_some());
        if ended {
            let who = label(world, who);
            return Err(format!("{who} is worked on by a job that has ended"));
        }
    }
    Ok(())
}

fn usage(world: &World) -> Result<(), String> {
    for (key, project) in &world.projects {
        if project.usage != owned(world, key) {
            let project = label(world, Who::Project(key));
            return Err(format!(
                "{project} is charged for something else than it has"
            ));
        }
    }
    Ok(())
}

fn owned(world: &World, project: ProjectKey) -> Usage {
    let count = |every: &mut dyn Iterator<Item = Who>| {
        every.filter(|&who| world.is_of(who, project)).count() as i64
    };
    let unattached = world
        .pairs
        .iter()
        .filter(|(_, pair)| pair.rest.attached.is_empty());
    Usage {
        server_groups: count(&mut world.groups.keys().map(Who::Group)),
        replications: count(&mut world.pairs.keys().map(Who::Pair)),
        unattached_pairs: count(&mut unattached.map(|(key, _)| Who::Pair(key))),
        vpcs: count(&mut world.vpcs.keys().map(Who::Vpc)),
        subnets: count(&mut world.subnets.keys().map(Who::Subnet)),
    }
}

fn attachments(world: &World) -> Result<(), String> {
    for (key, pair) in &world.pairs {
        for (instance, _) in &pair.rest.attached {
            let both = world.instances.get(*instance);
            if both.is_none_or(|instance| !instance.pairs.contains(&key)) {
                let pair = label(world, Who::Pair(key));
                return Err(format!(
                    "{pair} is attached to an instance that does not know it"
                ));
            }
        }
    }
    for (key, instance) in &world.instances {
        for pair in &instance.pairs {
            let known = world.pairs.get(*pair);
            if known.is_none_or(|pair| !pair.rest.attached.iter().any(|(one, _)| *one == key)) {
                let instance = label(world, Who::Instance(key));
                return Err(format!("{instance} has a pair that is not attached to it"));
            }
        }
    }
    Ok(())
}

/// In a group at its goal every pair that takes part has its production disk on the group's side.
fn stations(world: &World) -> Result<(), String> {
    let goals = [Status::Protected, Status::FailedOver];
    for (key, pair) in &world.pairs {
        let group = &world.groups[pair.group];
        let settled = goals.contains(&pair.life.status) && goals.contains(&group.life.status);
        if settled && pair.station != group.station {
            let pair = label(world, Who::Pair(key));
            return Err(format!("{pair} stands on the other side than its group"));
        }
    }
    Ok(())
}

fn roles(world: &World) -> Result<(), String> {
    for (key, server) in &world.servers {
        let belongs = server.instance.is_none_or(|instance| {
            let record = world.instances.get(instance);
            record.is_some_and(|record| record.servers.contains(&Some(key)))
        });
        if !belongs || (server.instance.is_some() && server.drill.is_some()) {
            let server = label(world, Who::Server(key));
            return Err(format!(
                "{server} is taken for a part of what does not have it"
            ));
        }
    }
    Ok(())
}

/// The statuses that effects have told are those of the world.
fn told() -> Judge {
    let mut known: Option<BTreeMap<Who, Status>> = None;
    Box::new(move |sight: &Sight<'_>| {
        let world = sight.world;
        let now = || {
            let all = lives(world).filter_map(|who| Some((who, world.life(who)?.status)));
            all.collect::<BTreeMap<_, _>>()
        };
        let Some(known) = &mut known else {
            known = Some(now());
            return Ok(());
        };
        for (_, effect) in sight.seen {
            match *effect {
                Effect::Created {
                    who,
                    status: Some(status),
                } => drop(known.insert(who, status)),
                Effect::Moved { who, to, .. } => drop(known.insert(who, to)),
                Effect::Gone { who, .. } => drop(known.remove(&who)),
                _ => {}
            }
        }
        let now = now();
        let differs = now
            .iter()
            .find(|(who, status)| known.get(who) != Some(status));
        if let Some((who, status)) = differs {
            let who = label(world, *who);
            return Err(format!("{who} is {status}, and no effect has told it"));
        }
        match known.len() == now.len() {
            true => Ok(()),
            false => Err("something is gone, and no effect has told it".to_owned()),
        }
    })
}

fn epochs() -> Judge {
    let mut known: BTreeMap<Who, u32> = BTreeMap::new();
    Box::new(move |sight: &Sight<'_>| {
        for who in lives(sight.world) {
            let Some(life) = sight.world.life(who) else {
                continue;
            };
            let before = known.insert(who, life.epoch);
            if before.is_some_and(|before| before > life.epoch) {
                return Err(format!("the epoch of {} falls", label(sight.world, who)));
            }
        }
        Ok(())
    })
}

fn serials() -> Judge {
    Box::new(|sight: &Sight<'_>| {
        let world = sight.world;
        let servers = world.servers.keys().map(Who::Server);
        let disks = world.disks.keys().map(Who::Disk);
        let mut seen = BTreeMap::new();
        for who in lives(world).chain(servers).chain(disks) {
            let serial = world.serial(who).unwrap_or_default();
            if let Some(other) = seen.insert(serial, who) {
                let (one, other) = (label(world, who), label(world, other));
                return Err(format!("{one} and {other} have one serial"));
            }
            if serial >= world.next_serial {
                return Err(format!("{} has a serial to come", label(world, who)));
            }
        }
        Ok(())
    })
}
