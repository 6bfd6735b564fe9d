//! What could be done next in a world, and one of it.

use super::bounds::{Bounds, Weights};
use super::draws::Draws;
use super::step::{Deed, Hit, HitKind};
use crate::engine::{ScriptedOutcome, Twist};
use crate::machine::admit;
use crate::machine::command::{
    Ask, Call, Command, CreateDrDrill, CreateProtectedInstance, CreateProtectionGroup,
    CreateReplicationPair, Gigabytes, Native, Ref, TagInput,
};
use crate::sdrs::op::Op;
use crate::sdrs::rules::rule;
use crate::units::Bytes;
use crate::world::job::Part;
use crate::world::machinery::Power;
use crate::world::{Who, World};

/// A sort of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Groups,
    Members,
    Drills,
    Natives,
    Faults,
    Heals,
    Failures,
    Hangs,
}

const SORTS: [Sort; 8] = [
    Sort::Groups,
    Sort::Members,
    Sort::Drills,
    Sort::Natives,
    Sort::Faults,
    Sort::Heals,
    Sort::Failures,
    Sort::Hangs,
];

fn weights(of: &Weights) -> [u32; 8] {
    [
        of.groups,
        of.members,
        of.drills,
        of.natives,
        of.faults,
        of.heals,
        of.failures,
        of.hangs,
    ]
}

/// One deed that could be done now; `open` are the faults that have not ended. None if nothing of a sort that comes is
/// possible.
pub(super) fn choose(
    world: &World,
    open: &[Hit],
    bounds: &Bounds,
    draws: &mut Draws,
) -> Option<Deed> {
    let mut weights = weights(&bounds.weights);
    while let Some(place) = draws.weighted(&weights) {
        let mut found = deeds(SORTS[place], world, open, bounds);
        if bounds.legal {
            found.retain(|deed| is_legal(world, deed));
        }
        if !found.is_empty() {
            let mut deed = found.swap_remove(draws.below(found.len()));
            if !bounds.legal {
                relabel(&mut deed, draws);
            }
            return Some(deed);
        }
        weights[place] = 0;
    }
    None
}

/// Gives what is to be made a label that no other step of the history gives, whether this one is refused or not.
fn relabel(deed: &mut Deed, draws: &mut Draws) {
    let Deed::Ask(command) = deed else { return };
    let Ask::Call(call) = &mut command.ask else {
        return;
    };
    let label = match call {
        Call::CreateProtectionGroup(new) => &mut new.label,
        Call::CreateProtectedInstance(new) => &mut new.label,
        Call::CreateReplicationPair(new) => &mut new.label,
        Call::CreateDrDrill(new) => &mut new.label,
        Call::AddNic { label, .. } => label,
        _ => return,
    };
    *label = Some(format!("new-{:x}", draws.bits() >> 24));
}

fn is_legal(world: &World, deed: &Deed) -> bool {
    match deed {
        Deed::Ask(command) => admit(world, command).is_ok(),
        Deed::Strike(_) | Deed::Heal(_) | Deed::Script(_) => true,
    }
}

/// Everything of a sort, in a defined order.
pub(super) fn deeds(sort: Sort, world: &World, open: &[Hit], bounds: &Bounds) -> Vec<Deed> {
    let mut calls = Vec::new();
    match sort {
        Sort::Groups => groups(world, bounds, &mut calls),
        Sort::Members => members(world, bounds, &mut calls),
        Sort::Drills => drills(world, bounds, &mut calls),
        Sort::Natives => natives(world, &mut calls),
        Sort::Faults if open.len() >= bounds.faults => {}
        Sort::Faults => {
            let hits = hits(world, bounds).into_iter();
            let new = hits.filter(|hit| {
                let same = |other: &Hit| other.kind == hit.kind && other.label == hit.label;
                !bounds.legal || !open.iter().any(same)
            });
            return new.map(Deed::Strike).collect();
        }
        Sort::Heals if bounds.legal => return open.iter().cloned().map(Deed::Heal).collect(),
        Sort::Heals => return hits(world, bounds).into_iter().map(Deed::Heal).collect(),
        Sort::Failures => return scripts(|error| Some(Twist::Fail(error))),
        Sort::Hangs => return scripts(|_| Some(Twist::Hang)),
    }
    let asks = calls
        .into_iter()
        .map(|command| Deed::Ask(Box::new(command)));
    asks.collect()
}

fn scripts(twist: impl Fn(crate::sdrs::codes::Code) -> Option<Twist>) -> Vec<Deed> {
    let rules = Op::ALL.iter().filter_map(|&op| {
        let outcome = ScriptedOutcome {
            op,
            part: Part::Work,
            target: None,
            count: 1,
            what: twist(rule(op).job?.error)?,
        };
        outcome.check().is_ok().then_some(Deed::Script(outcome))
    });
    rules.collect()
}

/// A label that nothing has.
fn fresh(world: &World) -> String {
    format!("new-{}", world.next_serial)
}

fn by(world: &World, who: Who) -> Ref {
    Ref::Label(world.label(who))
}

fn groups(world: &World, bounds: &Bounds, into: &mut Vec<Command>) {
    for key in world.groups.keys() {
        let group = || by(world, Who::Group(key));
        let station = |station: &str| Call::PlannedFailover {
            group: group(),
            priority_station: station.to_owned(),
        };
        let calls = [
            Call::StartProtection { group: group() },
            Call::Reprotect { group: group() },
            Call::StopProtection { group: group() },
            Call::Failover { group: group() },
            station("source"),
            station("target"),
            Call::DeleteProtectionGroup { group: group() },
            Call::DeleteGroupFailedTasks { group: group() },
        ];
        into.extend(calls.into_iter().map(Command::from));
        if !bounds.legal {
            into.push(station("moon").into());
        }
    }
    if !bounds.legal {
        // An id that nothing has: a label that nothing has is a fault of a file.
        let id = "00000000-0000-4000-8000-000000000000".to_owned();
        let group = Ref::Id { id };
        into.push(Call::Failover { group }.into());
    }
    let domain = world.domains.iter().next();
    let vpc = world.vpcs.keys().next();
    if let (Some((domain, record)), Some(vpc)) = (domain, vpc)
        && world.groups.len() < bounds.groups
    {
        into.push(
            Call::CreateProtectionGroup(Box::new(CreateProtectionGroup {
                label: Some(fresh(world)),
                name: None,
                description: None,
                source_availability_zone: by(world, Who::Az(record.azs[0])),
                target_availability_zone: by(world, Who::Az(record.azs[1])),
                domain_id: by(world, Who::Domain(domain)),
                source_vpc_id: by(world, Who::Vpc(vpc)),
                dr_type: None,
                protection_type: Default::default(),
                copy_rate: None,
            }))
            .into(),
        );
    }
}

fn members(world: &World, bounds: &Bounds, into: &mut Vec<Command>) {
    for group in world.groups.keys() {
        creations(world, group, bounds, into);
    }
    for (key, record) in &world.instances {
        let instance = || by(world, Who::Instance(key));
        into.extend(instance_calls(world, &instance).map(Command::from));
        for &pair in &record.pairs {
            let pair = by(world, Who::Pair(pair));
            let instance = instance();
            into.push(Call::DetachReplicationPair { instance, pair }.into());
        }
        let loose = world
            .pairs
            .iter()
            .filter(|(_, pair)| pair.group == record.group);
        for (pair, _) in loose.filter(|(_, pair)| pair.rest.attached.is_empty()) {
            let attach = Call::AttachReplicationPair {
                instance: instance(),
                pair: by(world, Who::Pair(pair)),
                device: "/dev/vdx".to_owned(),
            };
            into.push(attach.into());
        }
    }
    for key in world.pairs.keys() {
        let size = world.disks_of(key).into_iter().flatten().next();
        let size = size.map_or(Bytes::ZERO, |disk| world.disks[disk].size);
        let pair = || by(world, Who::Pair(key));
        let grown = i64::try_from(size.0 / Bytes::GIB + 10).unwrap_or(i64::MAX);
        let expand = Call::ExpandReplicationPair {
            pair: pair(),
            new_size: Gigabytes(grown),
        };
        let delete = Call::DeleteReplicationPair {
            pair: pair(),
            server_group_id: None,
            delete_target_volume: true,
        };
        into.extend([expand.into(), delete.into()]);
    }
}

fn instance_calls(world: &World, instance: &dyn Fn() -> Ref) -> impl Iterator<Item = Call> {
    let subnet = world.subnets.keys().next();
    let nic = subnet.map(|subnet| Call::AddNic {
        label: Some(fresh(world)),
        instance: instance(),
        subnet_id: by(world, Who::Subnet(subnet)),
        ip_address: None,
    });
    let resizes = world
        .flavors
        .keys()
        .map(|flavor| Call::ResizeProtectedInstance {
            instance: instance(),
            flavor_ref: Some(by(world, Who::Flavor(flavor))),
            production_flavor_ref: None,
            dr_flavor_ref: None,
        });
    let tags = vec![TagInput {
        key: "tier".to_owned(),
        value: Some("gold".to_owned()),
    }];
    let others = [
        Call::DeleteProtectedInstance {
            instance: instance(),
            delete_target_server: true,
            delete_target_eip: false,
        },
        Call::BatchAddTags {
            instance: instance(),
            tags,
        },
    ];
    let all: Vec<_> = nic.into_iter().chain(resizes).chain(others).collect();
    all.into_iter()
}

/// New instances and pairs of a group.
fn creations(
    world: &World,
    group: crate::world::GroupKey,
    bounds: &Bounds,
    into: &mut Vec<Command>,
) {
    let server_group_id = || by(world, Who::Group(group));
    let free = world.servers.iter().filter(|(_, server)| {
        !bounds.legal || (server.instance.is_none() && server.drill.is_none())
    });
    for (server, _) in free {
        let new = CreateProtectedInstance {
            label: Some(fresh(world)),
            server_group_id: server_group_id(),
            server_id: by(world, Who::Server(server)),
            name: None,
            description: None,
            primary_subnet_id: None,
            primary_ip_address: None,
            flavor_ref: None,
            tags: Vec::new(),
        };
        into.push(Call::CreateProtectedInstance(Box::new(new)).into());
    }
    let free = world
        .disks
        .iter()
        .filter(|(_, disk)| !bounds.legal || (disk.pair.is_none() && disk.rest.drill.is_none()));
    for (disk, _) in free {
        let new = CreateReplicationPair {
            label: Some(fresh(world)),
            server_group_id: server_group_id(),
            volume_id: by(world, Who::Disk(disk)),
            name: None,
            description: None,
        };
        into.push(Call::CreateReplicationPair(Box::new(new)).into());
    }
}

fn drills(world: &World, bounds: &Bounds, into: &mut Vec<Command>) {
    for drill in world.drills.keys() {
        let drill = by(world, Who::Drill(drill));
        into.push(Call::DeleteDrDrill { drill }.into());
    }
    if world.drills.len() >= bounds.groups {
        return;
    }
    for group in world.groups.keys() {
        let new = CreateDrDrill {
            label: Some(fresh(world)),
            server_group_id: by(world, Who::Group(group)),
            name: None,
            drill_vpc_id: None,
        };
        into.push(Call::CreateDrDrill(Box::new(new)).into());
    }
}

fn natives(world: &World, into: &mut Vec<Command>) {
    for (key, record) in &world.servers {
        let server = || by(world, Who::Server(key));
        into.push(match record.power {
            Power::Active => Native::StopServer { server: server() }.into(),
            _ => Native::StartServer { server: server() }.into(),
        });
        into.push(Native::RebootServer { server: server() }.into());
        if record.instance.is_none() && record.drill.is_none() {
            into.push(Native::DeleteServer { server: server() }.into());
        }
    }
    for key in world.disks.keys() {
        let disk = by(world, Who::Disk(key));
        into.push(Native::DeleteDisk { disk: disk.clone() }.into());
        into.push(Native::Damage { disk }.into());
    }
}

/// Everything that could be struck, whole or not.
fn hits(world: &World, bounds: &Bounds) -> Vec<Hit> {
    let harms = bounds.harms;
    let mut found = Vec::new();
    let mut hit = |kind, who: Option<Who>, may_be_destroyed: bool| {
        let label = who.map_or_else(String::new, |who| world.label(who));
        for destroyed in [false, true] {
            if !destroyed || (may_be_destroyed && harms.destroyed) {
                let label = label.clone();
                found.push(Hit {
                    kind,
                    label,
                    destroyed,
                });
            }
        }
    };
    if harms.network {
        let links = world.topology.links.keys();
        links.for_each(|key| hit(HitKind::Link, Some(Who::Link(key)), false));
        let nodes = world.topology.nodes.iter();
        for (key, node) in nodes {
            if node.kind == crate::world::topology::NodeKind::Witness {
                hit(HitKind::Witness, Some(Who::Node(key)), false);
            }
        }
    }
    if harms.places {
        for key in world.azs.keys() {
            hit(HitKind::Az, Some(Who::Az(key)), true);
            hit(HitKind::Storage, Some(Who::Az(key)), false);
        }
        let sites = world.sites.keys();
        sites.for_each(|key| hit(HitKind::Site, Some(Who::Site(key)), true));
    }
    if harms.parts {
        let servers = world.servers.keys();
        servers.for_each(|key| hit(HitKind::Server, Some(Who::Server(key)), true));
        let disks = world.disks.keys();
        disks.for_each(|key| hit(HitKind::Disk, Some(Who::Disk(key)), true));
    }
    if harms.control {
        hit(HitKind::ControlPlane, None, false);
    }
    found
}
