//! What a DR drill is made of, and how it goes away without a trace.
//!
//! A drill takes snapshots of the side that is not production now: the DR copy, or in a group that has failed over the
//! stale side. Disks made from the snapshots are attached to one server per instance in a VPC of the drill's own.

use super::effect::{Effect, Effects};
use super::{data, make};
use crate::sdrs::codes::Code;
use crate::sdrs::net::Cidr;
use crate::sdrs::status::Status;
use crate::time::SimTime;
use crate::world::machinery::Power;
use crate::world::{DrillKey, InstanceKey, ServerKey, SubnetKey, VpcKey, World};

/// Fixes, when the drill's job begins, which instances it rehearses (those that are whole, are not invalid and have a
/// pair) and which of their servers will boot: those whose copies are all consistent at this moment.
pub(super) fn choose(world: &mut World, now: SimTime, drill: DrillKey) {
    let key = world.drills[drill].group;
    let (recovery, rescue) = data::snapshot(world, now, key);
    let group = &world.groups[key];
    let dr = group.station.other().index();
    let members = group.instances.iter().filter_map(|key| {
        let instance = &world.instances[key];
        let status = instance.life.status;
        let gone = matches!(status, Status::Invalid | Status::Error | Status::Deleting);
        let whole = !gone && !instance.lost && instance.servers[dr].is_some();
        let boots = instance
            .pairs
            .iter()
            .all(|&pair| world.pairs[pair].consistent);
        (whole && !instance.pairs.is_empty()).then_some((key, boots))
    });
    world.drills[drill].members = members.collect();
    world.drills[drill].recovery = recovery;
    world.drills[drill].rescue = rescue;
}

/// The members that still exist: one deleted meanwhile is left out.
fn rehearsed(world: &World, drill: DrillKey) -> Vec<InstanceKey> {
    let members = world.drills[drill].members.iter();
    members
        .map(|m| m.0)
        .filter(|&i| world.instances.contains_key(i))
        .collect()
}

/// What keeps a drill from being made at the end of its job.
pub(super) fn obstacle(world: &World, drill: DrillKey) -> Option<Code> {
    let record = &world.drills[drill];
    let group = &world.groups[record.group];
    let dr = group.station.other();
    let az = group.azs[dr.index()];
    let instances = rehearsed(world, drill);
    for (n, &instance) in instances.iter().enumerate() {
        let Some(replica) = world.instances[instance].servers[dr.index()] else {
            continue;
        };
        let flavor = world.servers[replica].flavor;
        let same = instances[..n].iter().filter(|&&i| {
            world.instances[i].servers[dr.index()]
                .is_some_and(|s| world.servers[s].flavor == flavor)
        });
        if world.flavors[flavor]
            .free
            .get(&az)
            .is_some_and(|&free| free as usize <= same.count())
        {
            return Some(Code::of(1922));
        }
        let broken = world.instances[instance]
            .pairs
            .iter()
            .any(|&pair| !world.is_side_usable(&world.pairs[pair], dr));
        if broken {
            return Some(Code::of(1905));
        }
    }
    let project = &world.projects[group.project];
    match record.vpc {
        None if project.quotas.vpcs >= 0 && project.usage.vpcs >= project.quotas.vpcs => {
            Some(Code::of(1925))
        }
        Some(vpc) if !world.vpcs.contains_key(vpc) => Some(Code::of(1922)),
        Some(vpc) if is_address_taken(world, drill, vpc) => Some(Code::of(1912)),
        _ => None,
    }
}

/// The subnets and addresses that the servers of a drill need, by instance.
fn addresses(world: &World, drill: DrillKey, instance: InstanceKey) -> Vec<(Cidr, u32)> {
    let group = &world.groups[world.drills[drill].group];
    let Some(server) = world.instances[instance].servers[group.station.index()] else {
        return Vec::new();
    };
    let nics = world.servers[server]
        .nics
        .iter()
        .map(|&nic| &world.nics[nic]);
    nics.map(|nic| (world.subnets[nic.subnet].cidr, nic.ip))
        .collect()
}

fn subnet_like(world: &World, vpc: VpcKey, cidr: Cidr) -> Option<SubnetKey> {
    world.vpcs[vpc]
        .subnets
        .iter()
        .copied()
        .find(|&s| world.subnets[s].cidr == cidr)
}

fn is_address_taken(world: &World, drill: DrillKey, vpc: VpcKey) -> bool {
    rehearsed(world, drill)
        .into_iter()
        .flat_map(|i| addresses(world, drill, i))
        .any(|(cidr, ip)| {
            subnet_like(world, vpc, cidr)
                .is_none_or(|subnet| world.subnets[subnet].used.contains(&ip))
        })
}

/// Makes the VPC if none was given, and the servers with their disks and NICs.
pub(super) fn fill(world: &mut World, now: SimTime, drill: DrillKey, out: &mut Effects) {
    let vpc = match world.drills[drill].vpc {
        Some(vpc) => vpc,
        None => make_vpc(world, drill, out),
    };
    for (instance, boots) in world.drills[drill].members.clone() {
        if world.instances.contains_key(instance) {
            make_server(world, drill, (instance, boots), vpc, out);
        }
    }
    let group = world.drills[drill].group;
    world.groups[group].last_drill = Some(now);
    let record = &world.drills[drill];
    if let Some(recovery) = record.recovery {
        let rescue = record.rescue;
        out.push(Effect::Snapshot {
            drill,
            recovery,
            rescue,
        });
    }
}

fn make_vpc(world: &mut World, drill: DrillKey, out: &mut Effects) -> VpcKey {
    let (label, group) = (world.drills[drill].label, world.drills[drill].group);
    let like = world.vpcs[world.groups[group].vpc].clone();
    let label = make::free_part(world, label, "vpc");
    let name = make::name_or_label(world, None, label);
    let vpc = make::vpc(world, label, name, like.project, like.cidr, out);
    for subnet in like.subnets {
        let cidr = world.subnets[subnet].cidr;
        let label = make::free_part(world, label, "subnet");
        make::subnet(world, label, vpc, cidr, out);
    }
    world.drills[drill].vpc = Some(vpc);
    world.vpcs[vpc].drill = Some(drill);
    vpc
}

fn make_server(
    world: &mut World,
    drill: DrillKey,
    (instance, boots): (InstanceKey, bool),
    vpc: VpcKey,
    out: &mut Effects,
) {
    let group = &world.groups[world.drills[drill].group];
    let dr = group.station.other().index();
    let (az, project) = (group.azs[dr], group.project);
    let Some(replica) = world.instances[instance].servers[dr] else {
        return;
    };
    let (flavor, hypervisor) = (
        world.servers[replica].flavor,
        world.servers[replica].hypervisor,
    );
    let stem = world.instances[instance]
        .label
        .text(&world.words)
        .into_owned();
    let label = make::free_part(world, world.drills[drill].label, &stem);
    let name = make::name_or_label(world, None, label);
    let pairs = world.instances[instance].pairs.clone();
    let power = if boots { Power::Active } else { Power::Shutoff };
    let new = make::NewServer {
        label,
        project,
        name,
        az,
        vpc,
        flavor,
        hypervisor,
        power,
    };
    let server = make::server(world, new, out);
    world.servers[server].drill = Some(drill);
    for pair in pairs {
        let device = world.pairs[pair]
            .attached
            .iter()
            .find(|a| a.0 == instance)
            .map(|a| a.1);
        let (Some(device), Some(copy)) = (device, world.pairs[pair].disks[dr]) else {
            continue;
        };
        let word = device.to_string();
        let label = make::free_part(world, label, word.trim_start_matches("/dev/"));
        let disk = make::disk_like(world, copy, label, az, out);
        world.disks[disk].drill = Some(drill);
        if world.drills[drill]
            .recovery
            .is_some_and(|recovery| recovery.damaged)
        {
            world.disks[disk].damaged = Some(world.now);
        }
        make::attach_disk(world, disk, server, device, out);
    }
    for (cidr, ip) in addresses(world, drill, instance) {
        let Some(subnet) = subnet_like(world, vpc, cidr) else {
            continue;
        };
        if !world.subnets[subnet].used.contains(&ip) {
            let label = make::free_part(world, label, "nic");
            make::nic(world, label, subnet, ip, Some(server), out);
        }
    }
    world.drills[drill].servers.push((instance, server));
}

/// Removes a drill with its servers, disks and NICs; its VPC stays.
pub(super) fn remove(world: &mut World, drill: DrillKey, out: &mut Effects) {
    let servers: Vec<ServerKey> = world.drills[drill].servers.iter().map(|s| s.1).collect();
    for server in servers {
        if !world.servers.contains_key(server) {
            continue;
        }
        let disks: Vec<_> = world.servers[server].disks.iter().map(|d| d.1).collect();
        make::remove_server(world, server, out);
        for disk in disks {
            if world.disks[disk].drill == Some(drill) {
                make::remove_disk(world, disk, out);
            }
        }
    }
    make::remove_drill(world, drill, out);
}
