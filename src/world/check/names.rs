//! Whether whatever is named exists: keys lead to slots and words to texts.
//!
//! It is the first of all checks, and the only one that takes nothing for granted: the others follow the keys that it has
//! seen lead somewhere. It does not ask whether what is named names back, which is the matter of `links`.

use super::Violation;
use crate::sdrs::op::Op;
use crate::sdrs::rules::rule;
use crate::world::flow::Ticket;
use crate::world::job::{Detail, Job, JobStatus};
use crate::world::label::{Label, Word};
use crate::world::life::Life;
use crate::world::place::Arbitration;
use crate::world::protection::{Copying, Group, Instance, Pair};
use crate::world::{PairKey, Who, World};

/// Errs unless `exists`.
fn named(world: &World, by: Who, what: &'static str, exists: bool) -> Result<(), Violation> {
    match exists {
        true => Ok(()),
        false => Err(Violation::Dangling {
            label: world.label(by),
            what,
        }),
    }
}

/// Errs unless a part of the world that belongs to no resource is in order.
fn kept(what: &'static str, holds: bool) -> Result<(), Violation> {
    match holds {
        true => Ok(()),
        false => Err(Violation::Dangling {
            label: String::new(),
            what,
        }),
    }
}

/// Everything, words first: whatever is told of the rest is told by labels.
pub(super) fn all(world: &World) -> Result<(), Violation> {
    kept("a word", words(world))?;
    places(world)?;
    networks(world)?;
    machines(world)?;
    protected(world)?;
    jobs(world)?;
    let has_az = |az| world.azs.contains_key(az);
    kept("the network", world.topology.is_whole(has_az))?;
    let copies = world.flows.is_whole(
        |link| world.topology.links.contains_key(link),
        |route| world.topology.routes.contains_key(route),
        |pair| world.pairs.contains_key(pair),
    );
    kept("copies under way", copies)?;
    let mut copied = world.copied.iter();
    let copied = copied.all(|(pair, _)| world.pairs.contains_key(pair));
    kept("what copies have carried", copied)
}

/// Whether all labels, names and descriptions have their texts.
fn words(world: &World) -> bool {
    let label = |label: Label| world.words.has_stem_of(label);
    let word = |word: Option<Word>| word.is_none_or(|word| world.words.has(word));
    macro_rules! labels {
        ($($($map:ident).+),*) => {
            $(world.$($map).+.values().all(|r| label(r.label)))&&*
        };
    }
    macro_rules! names {
        ($($map:ident),*) => {
            $(world.$map.values().all(|r| label(r.name)))&&*
        };
    }
    let tasks = world.tasks.values().all(|task| {
        let group = task.group.is_none_or(|group| label(group.1));
        label(task.resource.1) && group
    });
    labels!(
        projects,
        sites,
        azs,
        domains,
        vpcs,
        subnets,
        nics,
        eips,
        flavors,
        servers,
        disks,
        groups,
        instances,
        drills,
        topology.links,
        topology.nodes,
        topology.ducts
    ) && names!(domains, vpcs, servers, groups, instances, drills, jobs)
        && world.disks.values().all(|r| label(r.name()))
        && { world.pairs.keys() }.all(|key| label(world.pair_name(key)))
        && { world.pairs.keys() }.all(|key| label(world.pairs.base(key).label))
        && tasks
        && world.domains.values().all(|r| word(Some(r.description)))
        && world.groups.values().all(|r| word(r.description))
        && world.instances.values().all(|r| word(r.description))
        && world.pairs.values().all(|r| word(r.rest.description))
}

/// AZs and domains, and what belongs to the world as a whole.
fn places(world: &World) -> Result<(), Violation> {
    let project = world.projects.contains_key(world.default_project);
    kept("the default project", project)?;
    kept("staggers", world.staggers.len() == Op::ALL.len())?;
    let az = world.control.az.is_none_or(|az| world.azs.contains_key(az));
    kept("the AZ of the control plane", az)?;
    for (key, az) in &world.azs {
        named(
            world,
            Who::Az(key),
            "site",
            world.sites.contains_key(az.site),
        )?;
    }
    for (key, domain) in &world.domains {
        let azs = domain.azs.into_iter().all(|az| world.azs.contains_key(az));
        named(world, Who::Domain(key), "azs", azs)?;
        if let Arbitration::Witness { node, .. } = domain.arbitration {
            let witness = world.topology.nodes.contains_key(node);
            named(world, Who::Domain(key), "witness", witness)?;
        }
    }
    let marks = &world.marks;
    let azs = marks.azs.iter().all(|&az| world.azs.contains_key(az));
    kept("an AZ that was struck", azs)
}

/// VPCs, subnets, NICs and public addresses.
fn networks(world: &World) -> Result<(), Violation> {
    for (key, vpc) in &world.vpcs {
        let by = Who::Vpc(key);
        named(
            world,
            by,
            "project",
            world.projects.contains_key(vpc.project),
        )?;
        let drill = vpc
            .drill
            .is_none_or(|drill| world.drills.contains_key(drill));
        named(world, by, "drill", drill)?;
    }
    for (key, subnet) in &world.subnets {
        named(
            world,
            Who::Subnet(key),
            "vpc",
            world.vpcs.contains_key(subnet.vpc),
        )?;
    }
    for (key, nic) in &world.nics {
        let by = Who::Nic(key);
        named(world, by, "subnet", world.subnets.contains_key(nic.subnet))?;
    }
    for (key, eip) in &world.eips {
        let by = Who::Eip(key);
        named(
            world,
            by,
            "project",
            world.projects.contains_key(eip.project),
        )?;
    }
    Ok(())
}

/// Servers and disks.
fn machines(world: &World) -> Result<(), Violation> {
    for (key, server) in &world.servers {
        let by = Who::Server(key);
        let disks = server.disks.iter().all(|at| world.disks.contains_key(at.1));
        let nics = server.nics.iter().all(|&nic| world.nics.contains_key(nic));
        let instance = server.instance;
        for (what, exists) in [
            ("project", world.projects.contains_key(server.project)),
            ("az", world.azs.contains_key(server.az)),
            ("vpc", world.vpcs.contains_key(server.vpc)),
            ("flavor", world.flavors.contains_key(server.flavor)),
            ("disks", disks),
            ("nics", nics),
            (
                "instance",
                instance.is_none_or(|r| world.instances.contains_key(r)),
            ),
            (
                "drill",
                server.drill.is_none_or(|r| world.drills.contains_key(r)),
            ),
        ] {
            named(world, by, what, exists)?;
        }
    }
    for (key, disk) in &world.disks {
        let by = Who::Disk(key);
        let mut servers = disk.servers().iter();
        for (what, exists) in [
            ("project", world.projects.contains_key(disk.project)),
            ("az", world.azs.contains_key(disk.az)),
            ("servers", servers.all(|&r| world.servers.contains_key(r))),
            (
                "pair",
                disk.pair.is_none_or(|r| world.pairs.contains_key(r)),
            ),
        ] {
            named(world, by, what, exists)?;
        }
    }
    Ok(())
}

/// Groups, instances, pairs and drills.
fn protected(world: &World) -> Result<(), Violation> {
    let works = |life: &Life| {
        life.work()
            .is_none_or(|work| world.jobs.contains_key(work.job))
    };
    for (key, group) in &world.groups {
        let by = Who::Group(key);
        named(world, by, "work", works(&group.life))?;
        of_group(world, by, group)?;
    }
    for (key, instance) in &world.instances {
        let by = Who::Instance(key);
        named(world, by, "work", works(&instance.life))?;
        of_instance(world, by, instance)?;
    }
    for (key, pair) in &world.pairs {
        let by = Who::Pair(key);
        named(world, by, "work", works(&pair.life))?;
        named(world, by, "sub-job", works_as_sub_job(world, key, pair))?;
        of_pair(world, key, pair)?;
    }
    for (key, drill) in &world.drills {
        let by = Who::Drill(key);
        let mut servers = drill.servers.iter();
        for (what, exists) in [
            ("work", works(&drill.life)),
            ("group", world.groups.contains_key(drill.group)),
            ("vpc", drill.vpc.is_none_or(|r| world.vpcs.contains_key(r))),
            ("servers", servers.all(|r| world.servers.contains_key(r.1))),
        ] {
            named(world, by, what, exists)?;
        }
    }
    Ok(())
}

fn of_group(world: &World, by: Who, group: &Group) -> Result<(), Violation> {
    let mut azs = group.azs.into_iter();
    let mut drills = group.drills.iter();
    let rosters = group.instances.is_whole() && group.pairs.is_whole();
    for (what, exists) in [
        ("project", world.projects.contains_key(group.project)),
        ("domain", world.domains.contains_key(group.domain)),
        ("azs", azs.all(|az| world.azs.contains_key(az))),
        ("vpc", world.vpcs.contains_key(group.vpc)),
        ("members", rosters),
        (
            "instances",
            group
                .instances
                .iter()
                .all(|r| world.instances.contains_key(r)),
        ),
        (
            "pairs",
            group.pairs.iter().all(|r| world.pairs.contains_key(r)),
        ),
        ("drills", drills.all(|&r| world.drills.contains_key(r))),
        ("route", world.topology.routes.contains_key(group.route)),
    ] {
        named(world, by, what, exists)?;
    }
    Ok(())
}

fn of_instance(world: &World, by: Who, instance: &Instance) -> Result<(), Violation> {
    let mut servers = instance.servers.into_iter().flatten();
    let mut pairs = instance.pairs.iter();
    for (what, exists) in [
        ("group", world.groups.contains_key(instance.group)),
        ("servers", servers.all(|r| world.servers.contains_key(r))),
        (
            "set aside",
            instance
                .set_aside
                .is_none_or(|r| world.nics.contains_key(r)),
        ),
        ("pairs", pairs.all(|&r| world.pairs.contains_key(r))),
    ] {
        named(world, by, what, exists)?;
    }
    Ok(())
}

fn of_pair(world: &World, key: PairKey, pair: &Pair) -> Result<(), Violation> {
    let by = Who::Pair(key);
    let mut disks = world.disks_of(key).into_iter().flatten();
    let mut attached = pair.rest.attached.iter();
    let route = |ticket: Ticket| world.flows.route_of(ticket.flow);
    let runs = pair.copy != Copying::Running || pair.ticket().and_then(route).is_some();
    for (what, exists) in [
        ("group", world.groups.contains_key(pair.group)),
        ("disks", disks.all(|r| world.disks.contains_key(r))),
        (
            "attached",
            attached.all(|r| world.instances.contains_key(r.0)),
        ),
        ("copy", runs),
    ] {
        named(world, by, what, exists)?;
    }
    Ok(())
}

/// Whether a pair that a group operation works on finds its sub-job, once there are sub-jobs.
fn works_as_sub_job(world: &World, key: PairKey, pair: &Pair) -> bool {
    let job = pair.life.work().and_then(|work| world.jobs.get(work.job));
    let Some(job) = job.filter(|job| rule(job.op).members && !job.subs.is_empty()) else {
        return true;
    };
    job.subs.pair(pair.sub) == Some(key)
}

/// Jobs and failed tasks. What an ended job was about may be gone.
fn jobs(world: &World) -> Result<(), Violation> {
    for (key, job) in &world.jobs {
        let by = Who::Job(key);
        named(world, by, "sub-jobs", job.subs.is_whole())?;
        named(
            world,
            by,
            "project",
            world.projects.contains_key(job.project),
        )?;
        let is_open = matches!(job.status, JobStatus::Init | JobStatus::Running);
        if is_open {
            named(world, by, "subject", world.stable(job.subject).is_some())?;
            let group = job
                .group
                .is_none_or(|group| world.groups.contains_key(group));
            named(world, by, "group", group)?;
            named(world, by, "detail", of_detail(world, job))?;
        }
    }
    let tasks = world
        .tasks
        .values()
        .all(|task| world.projects.contains_key(task.project));
    kept("the project of a failed task", tasks)?;
    let ended = world.finished.iter().chain(&world.subs_kept.1);
    let mut listed = ended.chain(&world.control.waiting);
    kept(
        "a job of a list",
        listed.all(|&job| world.jobs.contains_key(job)),
    )
}

fn of_detail(world: &World, job: &Job) -> bool {
    match job.detail {
        Detail::CreateInstance { nic, flavor } => {
            nic.is_none_or(|nic| world.nics.contains_key(nic)) && world.flavors.contains_key(flavor)
        }
        Detail::Attach(instance, _) | Detail::Detach(instance) => {
            world.instances.contains_key(instance)
        }
        Detail::Resize(flavors) => {
            let mut flavors = flavors.into_iter().flatten();
            flavors.all(|flavor| world.flavors.contains_key(flavor))
        }
        Detail::None
        | Detail::Station(_)
        | Detail::Expand(_)
        | Detail::DeleteInstance { .. }
        | Detail::DeletePair { .. }
        | Detail::AddNic(_)
        | Detail::DeleteNic(_) => true,
    }
}
