//! What a DR drill is made of, and how it goes away without a trace.
//!
//! A drill takes snapshots of the side that is not production now: the DR copy, or in a group that has failed over the
//! stale side. Disks made from the snapshots are attached to one server per instance in a VPC of the drill's own.

use super::effect::Effect;
use super::effects::Effects;
use super::{data, make, native};
use crate::sdrs::codes::Code;
use crate::sdrs::net::Cidr;
use crate::sdrs::status::Status;
use crate::time::SimTime;
use crate::units::Bytes;
use crate::world::label::Label;
use crate::world::machinery::Power;
use crate::world::{DrillKey, FlavorKey, InstanceKey, ServerKey, SubnetKey, VpcKey, World};
use std::collections::BTreeMap;

/// Fixes, when the drill's job begins, which instances it rehearses (those that are whole, are not invalid and have a
/// pair) and which of their servers will boot: those whose copies are all consistent at this moment. Its recovery point is
/// that of what boots, or where nothing does that of all; none if a copy is missing.
pub(super) fn choose(world: &mut World, now: SimTime, drill: DrillKey) {
    let key = world.drills[drill].group;
    let rescue = data::is_down(world, key);
    let group = &world.groups[key];
    let members = group.instances.iter().filter_map(|key| {
        let instance = &world.instances[key];
        let status = instance.life.status;
        let gone = matches!(status, Status::Invalid | Status::Error | Status::Deleting);
        // One that was never made has no replica, whichever side is DR now.
        let made = instance.servers.iter().all(Option::is_some);
        let whole = !gone && !instance.lost && made;
        let boots = instance
            .pairs
            .iter()
            .all(|&pair| world.pairs[pair].is_consistent());
        (whole && !instance.pairs.is_empty()).then_some((key, boots))
    });
    let members: Vec<(InstanceKey, bool)> = members.collect();
    let any = members.iter().any(|member| member.1);
    let taken = members.iter().filter(|member| member.1 || !any);
    let pairs = taken.flat_map(|&(instance, _)| world.instances[instance].pairs.iter().copied());
    let recovery = world.recovery_of(group.protection, pairs, now);
    world.drills[drill].members = members;
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
    if !has_places(world, drill) {
        return Some(Code::of(1922));
    }
    if !has_disks(world, drill) {
        return Some(Code::of(1905));
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

/// Whether enough servers of each flavor can be made for a drill on the DR side, and those that boot can run.
fn has_places(world: &World, drill: DrillKey) -> bool {
    let record = &world.drills[drill];
    let group = &world.groups[record.group];
    let dr = group.station.other();
    let az = group.azs[dr.index()];
    let mut asked: BTreeMap<FlavorKey, [u32; 2]> = BTreeMap::new();
    for instance in rehearsed(world, drill) {
        if let Some(replica) = world.instances[instance].servers[dr.index()] {
            let boots = record.members.contains(&(instance, true));
            let [made, run] = asked.entry(world.servers[replica].flavor).or_default();
            *made += 1;
            *run += u32::from(boots);
        }
    }
    asked.into_iter().all(|(flavor, [made, run])| {
        let flavor = &world.flavors[flavor];
        let free = flavor.free.get(&az).is_none_or(|&free| made <= free);
        free && flavor.startable(az).is_none_or(|most| run <= most)
    })
}

/// Whether the copies that a drill is made from can be read, and the pool has room for what is made from them.
fn has_disks(world: &World, drill: DrillKey) -> bool {
    let group = &world.groups[world.drills[drill].group];
    let dr = group.station.other();
    let instances = rehearsed(world, drill).into_iter();
    let pairs = instances.flat_map(|instance| world.instances[instance].pairs.as_slice());
    let mut room = Bytes::ZERO;
    for &pair in pairs {
        if !world.is_side_usable(pair, dr) {
            return false;
        }
        if let Some(disk) = world.disks_of(pair)[dr.index()] {
            room = room.saturating_add(world.disks[disk].size);
        }
    }
    world.has_pool_room(group.azs[dr.index()], room)
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
    out.push(Effect::Snapshot {
        drill,
        recovery: record.recovery,
        rescue: record.rescue,
    });
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
    copy_disks(world, drill, (instance, server), label, out);
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
    if boots {
        native::initialize(world, server, out);
    }
}

/// Makes a disk from each snapshot of an instance and attaches it to the drill's server.
fn copy_disks(
    world: &mut World,
    drill: DrillKey,
    (instance, server): (InstanceKey, ServerKey),
    label: Label,
    out: &mut Effects,
) {
    let dr = world.groups[world.drills[drill].group].station.other();
    for pair in world.instances[instance].pairs.clone() {
        let record = &world.pairs[pair];
        let attached = record.rest.attached.iter().find(|a| a.0 == instance);
        let (Some(&(_, device)), Some(copy)) = (attached, world.disks_of(pair)[dr.index()]) else {
            continue;
        };
        let word = device.to_string();
        let label = make::free_part(world, label, word.trim_start_matches("/dev/"));
        let disk = make::disk_like(world, copy, label, world.servers[server].az, out);
        world.disks[disk]
            .rest
            .change(|rest| rest.drill = Some(drill));
        let recovery = world.drills[drill].recovery;
        if recovery.is_some_and(|recovery| recovery.damaged) {
            world.disks[disk].set_damaged(Some(world.now));
        }
        make::attach_disk(world, disk, server, device, out);
    }
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
            if world.disks[disk].rest.drill == Some(drill) {
                make::remove_disk(world, disk, out);
            }
        }
    }
    make::remove_drill(world, drill, out);
}

#[cfg(test)]
mod tests {
    use crate::machine::command::Call;
    use crate::machine::fixture::{Fixture, new_drill};
    use crate::sdrs::status::Status;
    use crate::world::Who;
    use crate::world::protection::Instance;

    /// How many instances a drill takes after something happened to `i`.
    fn rehearsed(happened: impl Fn(&mut Instance)) -> usize {
        let mut f = Fixture::new();
        f.done(Call::StartProtection { group: "g".into() });
        happened(f.instance("i"));
        let drill = Call::CreateDrDrill(Box::new(new_drill()));
        f.ask(drill).unwrap();
        match f.who("d") {
            Who::Drill(key) => f.world.drills[key].members.len(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_drill_rehearses_what_is_whole_and_nothing_else() {
        assert_eq!(rehearsed(|_| ()), 1);
        for status in [Status::Invalid, Status::Error, Status::Deleting] {
            assert_eq!(rehearsed(|i| i.life.status = status), 0, "{status:?}");
        }
        assert_eq!(rehearsed(|i| i.lost = true), 0);
        assert_eq!(rehearsed(|i| i.servers[1] = None), 0);
        assert_eq!(rehearsed(|i| i.pairs.clear()), 0);
    }
}
