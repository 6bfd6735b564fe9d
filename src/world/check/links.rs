//! What refers to what: the index, and every reference from both of its ends.

use super::Violation;
use crate::world::protection::Side;
use crate::world::{InstanceKey, Who, World};

/// Errs unless `holds`.
fn mutual(
    world: &World,
    one: Who,
    other: Who,
    what: &'static str,
    holds: Option<bool>,
) -> Result<(), Violation> {
    match holds {
        Some(true) => Ok(()),
        _ => Err(Violation::Reference {
            one: world.label(one),
            other: world.label(other),
            what,
        }),
    }
}

/// Every resource that the index must lead to.
fn everything(world: &World) -> impl Iterator<Item = Who> + '_ {
    let places = world.projects.keys().map(Who::Project);
    let places = places.chain(world.sites.keys().map(Who::Site));
    let places = places.chain(world.azs.keys().map(Who::Az));
    let places = places.chain(world.domains.keys().map(Who::Domain));
    let nets = world.vpcs.keys().map(Who::Vpc);
    let nets = nets.chain(world.subnets.keys().map(Who::Subnet));
    let nets = nets.chain(world.nics.keys().map(Who::Nic));
    let nets = nets.chain(world.eips.keys().map(Who::Eip));
    let machines = world.flavors.keys().map(Who::Flavor);
    let machines = machines.chain(world.servers.keys().map(Who::Server));
    let machines = machines.chain(world.disks.keys().map(Who::Disk));
    let protected = world.groups.keys().map(Who::Group);
    let protected = protected.chain(world.instances.keys().map(Who::Instance));
    let protected = protected.chain(world.pairs.keys().map(Who::Pair));
    let protected = protected.chain(world.drills.keys().map(Who::Drill));
    let network = world.topology.links.keys().map(Who::Link);
    let network = network.chain(world.topology.nodes.keys().map(Who::Node));
    let network = network.chain(world.topology.ducts.keys().map(Who::Duct));
    places
        .chain(nets)
        .chain(machines)
        .chain(protected)
        .chain(network)
        .chain(world.jobs.keys().map(Who::Job))
}

/// The index leads to every resource and to nothing else.
pub(super) fn index(world: &World) -> Result<(), Violation> {
    let mut count = 0;
    for who in everything(world) {
        count += 1;
        let found = world.stable(who).and_then(|stable| world.at(stable));
        if found != Some(who) {
            return Err(Violation::Index {
                label: world.label(who),
            });
        }
    }
    match count == world.index.len() {
        true => Ok(()),
        false => Err(Violation::Index {
            label: String::new(),
        }),
    }
}

/// Servers and disks, and disks and their pairs.
pub(super) fn machines(world: &World) -> Result<(), Violation> {
    for (key, server) in &world.servers {
        for &(_, disk) in &server.disks {
            let back = world
                .disks
                .get(disk)
                .map(|disk| disk.servers().contains(&key));
            mutual(world, Who::Server(key), Who::Disk(disk), "disks", back)?;
        }
        for (place, &nic) in server.nics.iter().enumerate() {
            let back = world
                .nics
                .get(nic)
                .map(|nic| nic.server == Some(key) && nic.primary == (place == 0));
            mutual(world, Who::Server(key), Who::Nic(nic), "nics", back)?;
        }
        if let Some(instance) = server.instance {
            let back = world
                .instances
                .get(instance)
                .map(|instance| instance.servers.contains(&Some(key)));
            let (one, other) = (Who::Server(key), Who::Instance(instance));
            mutual(world, one, other, "instance", back)?;
        }
    }
    for (key, disk) in &world.disks {
        for &server in disk.servers() {
            let back = world
                .servers
                .get(server)
                .map(|server| server.disks.iter().any(|at| at.1 == key));
            mutual(world, Who::Disk(key), Who::Server(server), "servers", back)?;
        }
        if let Some(pair) = disk.pair {
            let back = world
                .pairs
                .get_base(pair)
                .map(|base| base.disks.contains(&Some(key)));
            mutual(world, Who::Disk(key), Who::Pair(pair), "pair", back)?;
        }
    }
    Ok(())
}

/// NICs, subnets, VPCs and public addresses.
pub(super) fn networks(world: &World) -> Result<(), Violation> {
    let mut addressed: slotmap::SecondaryMap<_, u64> = slotmap::SecondaryMap::new();
    for (key, nic) in &world.nics {
        if let Some(server) = nic.server {
            let back = world
                .servers
                .get(server)
                .map(|server| server.nics.contains(&key));
            mutual(world, Who::Nic(key), Who::Server(server), "server", back)?;
        }
        if let Some(eip) = nic.eip {
            let back = world.eips.get(eip).map(|eip| eip.nic == Some(key));
            mutual(world, Who::Nic(key), Who::Eip(eip), "eip", back)?;
        }
        let used = world.subnets.get(nic.subnet).map(|subnet| &subnet.used);
        if used.is_some_and(|used| used.contains(&nic.ip)) {
            let count = addressed.get(nic.subnet).copied().unwrap_or(0);
            addressed.insert(nic.subnet, count + 1);
        }
    }
    for (key, eip) in &world.eips {
        if let Some(nic) = eip.nic {
            let back = world.nics.get(nic).map(|nic| nic.eip == Some(key));
            mutual(world, Who::Eip(key), Who::Nic(nic), "nic", back)?;
        }
    }
    let mut nics: slotmap::SecondaryMap<_, u64> = slotmap::SecondaryMap::new();
    for nic in world.nics.values() {
        let count = nics.get(nic.subnet).copied().unwrap_or(0);
        nics.insert(nic.subnet, count + 1);
    }
    for (key, subnet) in &world.subnets {
        let back = world
            .vpcs
            .get(subnet.vpc)
            .map(|vpc| vpc.subnets.contains(&key));
        let (one, other) = (Who::Subnet(key), Who::Vpc(subnet.vpc));
        mutual(world, one, other, "vpc", back)?;
        let counted = addressed.get(key).copied().unwrap_or(0);
        let kept = subnet.used.len() as u64;
        if counted != kept || nics.get(key).copied().unwrap_or(0) != kept {
            return Err(Violation::Addresses {
                subnet: world.label(Who::Subnet(key)),
                counted,
                kept,
            });
        }
    }
    for (key, vpc) in &world.vpcs {
        for &subnet in &vpc.subnets {
            let back = world.subnets.get(subnet).map(|subnet| subnet.vpc == key);
            mutual(world, Who::Vpc(key), Who::Subnet(subnet), "subnets", back)?;
        }
    }
    Ok(())
}

/// Groups and their members, instances and their servers and pairs, pairs and their disks.
pub(super) fn protection(world: &World) -> Result<(), Violation> {
    let (mut instances, mut pairs) = (0, 0);
    for (key, group) in &world.groups {
        let one = Who::Group(key);
        for instance in group.instances.iter() {
            instances += 1;
            let back = world.instances.get(instance).map(|r| r.group == key);
            mutual(world, one, Who::Instance(instance), "instances", back)?;
        }
        for pair in group.pairs.iter() {
            pairs += 1;
            let back = world.pairs.get(pair).map(|r| r.group == key);
            mutual(world, one, Who::Pair(pair), "pairs", back)?;
        }
        for &drill in &group.drills {
            let back = world.drills.get(drill).map(|r| r.group == key);
            mutual(world, one, Who::Drill(drill), "drills", back)?;
        }
    }
    for (key, instance) in &world.instances {
        let whole = (instances == world.instances.len()).then_some(true);
        let one = Who::Instance(key);
        mutual(world, one, Who::Group(instance.group), "group", whole)?;
        members_of(world, key)?;
    }
    for (key, group) in &world.groups {
        let members = group
            .members
            .iter()
            .flat_map(|members| members.iter().copied());
        let pairs = group
            .pairs
            .iter()
            .map(|pair| (pair, world.stable(Who::Pair(pair)).unwrap_or_default()));
        let same = group.members.is_none() || members.eq(pairs);
        mutual(
            world,
            Who::Group(key),
            Who::Group(key),
            "members",
            Some(same),
        )?;
    }
    for (key, pair) in &world.pairs {
        let whole = (pairs == world.pairs.len()).then_some(true);
        let one = Who::Pair(key);
        mutual(world, one, Who::Group(pair.group), "group", whole)?;
        for disk in world.disks_of(key).into_iter().flatten() {
            let back = world.disks.get(disk).map(|disk| disk.pair == Some(key));
            mutual(world, one, Who::Disk(disk), "disks", back)?;
        }
        for &(instance, _) in &pair.rest.attached {
            let back = world
                .instances
                .get(instance)
                .map(|instance| instance.pairs.contains(&key));
            mutual(world, one, Who::Instance(instance), "attached", back)?;
        }
    }
    Ok(())
}

fn members_of(world: &World, key: InstanceKey) -> Result<(), Violation> {
    let (one, instance) = (Who::Instance(key), &world.instances[key]);
    for server in instance.servers.into_iter().flatten() {
        let back = world
            .servers
            .get(server)
            .map(|server| server.instance == Some(key));
        mutual(world, one, Who::Server(server), "servers", back)?;
    }
    for &pair in &instance.pairs {
        let back = world
            .pairs
            .get(pair)
            .map(|pair| pair.rest.attached.iter().any(|at| at.0 == key));
        mutual(world, one, Who::Pair(pair), "pairs", back)?;
    }
    if let Some(nic) = instance.set_aside {
        let back = world.nics.get(nic).map(|nic| nic.server.is_none());
        mutual(world, one, Who::Nic(nic), "set aside", back)?;
    }
    Ok(())
}

/// Drills stand apart from what they rehearse.
pub(super) fn drills(world: &World) -> Result<(), Violation> {
    let trace = |who: Who, what: &'static str| {
        Err(Violation::DrillTrace {
            label: world.label(who),
            what,
        })
    };
    for (key, drill) in &world.drills {
        let group = &world.groups[drill.group];
        let back = Some(group.drills.contains(&key));
        let (one, other) = (Who::Drill(key), Who::Group(drill.group));
        mutual(world, one, other, "group", back)?;
        for &(_, server) in &drill.servers {
            let back = world.servers.get(server).map(|s| s.drill == Some(key));
            mutual(world, one, Who::Server(server), "servers", back)?;
        }
        if drill.vpc == Some(group.vpc) {
            return trace(one, "its VPC is its group's");
        }
    }
    for (key, server) in &world.servers {
        let Some(drill) = server.drill else { continue };
        let back = world
            .drills
            .get(drill)
            .map(|drill| drill.servers.iter().any(|at| at.1 == key));
        mutual(world, Who::Server(key), Who::Drill(drill), "drill", back)?;
        let shared = server
            .disks
            .iter()
            .any(|&(_, disk)| world.disks[disk].pair.is_some());
        if server.instance.is_some() {
            return trace(Who::Server(key), "the server of an instance");
        }
        if shared {
            return trace(Who::Server(key), "a disk of a pair is attached to it");
        }
        let group = &world.groups[world.drills[drill].group];
        for &nic in &server.nics {
            if world.subnets[world.nics[nic].subnet].vpc == group.vpc {
                return trace(Who::Nic(nic), "its address is of the group's VPC");
            }
        }
    }
    for (key, disk) in &world.disks {
        if disk.rest.drill.is_some() && disk.pair.is_some() {
            return trace(Who::Disk(key), "the disk of a pair");
        }
    }
    for instance in world.instances.values() {
        let group = &world.groups[instance.group];
        for side in [Side::Source, Side::Target] {
            let Some(server) = instance.servers[side.index()] else {
                continue;
            };
            let nics = world.servers[server].nics.iter().copied();
            for nic in nics.chain(instance.set_aside) {
                let vpc = world.subnets[world.nics[nic].subnet].vpc;
                if vpc != group.vpc && world.vpcs[vpc].drill.is_some() {
                    return trace(
                        Who::Nic(nic),
                        "it is plugged into the server of an instance",
                    );
                }
            }
        }
    }
    Ok(())
}
