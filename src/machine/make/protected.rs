//! Groups, instances, pairs and drills.

use super::{plug, remove_nic, serial};
use crate::machine::data;
use crate::machine::effects::Effects;
use crate::machine::transition::{enter, leave};
use crate::sdrs::device::Device;
use crate::sdrs::status::Status;
use crate::time::SimTime;
use crate::units::Rate;
use crate::world::label::{Label, Name, Word};
use crate::world::life::Life;
use crate::world::protection::{
    Copying, DrCopy, Drill, Group, Instance, Pair, PairBase, PairRest, ProtectionType, Side,
};
use crate::world::rare::{Plain, Rare};
use crate::world::replica::Dirty;
use crate::world::roster::Roster;
use crate::world::{
    AzKey, DiskKey, DomainKey, DrillKey, GroupKey, InstanceKey, PairKey, ProjectKey, ServerKey,
    VpcKey, Who, World,
};
use std::collections::BTreeMap;

/// The life of a new resource. Under a label that was used before, epochs go on where they ended, so that neither jobs
/// nor draws of the two are ever taken for each other's.
fn newborn(world: &mut World, label: Label, status: Status) -> Life {
    let stable = label.stable(&world.words);
    Life::new(status, world.past.remove(&stable.0).unwrap_or(0))
}

/// What a new group is made of.
pub(crate) struct NewGroup {
    pub label: Label,
    pub project: ProjectKey,
    pub name: Name,
    pub description: Option<Word>,
    pub domain: DomainKey,
    pub azs: [AzKey; 2],
    pub vpc: VpcKey,
    pub protection: ProtectionType,
    pub copy_rate: Option<Rate>,
}

/// Makes a group.
pub(crate) fn group(
    world: &mut World,
    now: SimTime,
    new: NewGroup,
    status: Status,
    out: &mut Effects,
) -> GroupKey {
    let serial = serial(world);
    let life = newborn(world, new.label, status);
    let route = data::route(world, new.azs);
    let key = world.groups.insert(Group {
        label: new.label,
        stable: new.label.stable(&world.words),
        serial,
        project: new.project,
        life,
        name: new.name,
        description: new.description,
        domain: new.domain,
        azs: new.azs,
        vpc: new.vpc,
        station: Side::Source,
        protection: new.protection,
        copy_rate: new.copy_rate,
        instances: Roster::default(),
        pairs: Roster::default(),
        members: None,
        drills: Vec::new(),
        busy: 0,
        invalid: 0,
        copying: 0,
        in_step: 0,
        copies: 0,
        route,
        cut: None,
        health: [0, 0],
        told: [0, 0],
        recovery: None,
        plain_at: 0,
        copied: 0,
        out: 0,
        children: 0,
        last_drill: None,
        created: now,
        updated: now,
    });
    world.projects[new.project].usage.server_groups += 1;
    enter(world, Who::Group(key), out);
    key
}

/// Removes a group that has no member and no drill left.
pub(crate) fn remove_group(world: &mut World, key: GroupKey, out: &mut Effects) {
    leave(world, Who::Group(key), out);
    let group = world
        .groups
        .remove(key)
        .expect("the caller names a group that exists");
    world.projects[group.project].usage.server_groups -= 1;
}

/// Makes an instance around a server; its replica comes later.
pub(crate) fn instance(
    world: &mut World,
    now: SimTime,
    (group, label, name, description): (GroupKey, Label, Name, Option<Word>),
    server: ServerKey,
    status: Status,
    out: &mut Effects,
) -> InstanceKey {
    let serial = serial(world);
    let mut servers = [None; 2];
    servers[world.groups[group].station.index()] = Some(server);
    let life = newborn(world, label, status);
    let key = world.instances.insert(Instance {
        label,
        stable: label.stable(&world.words),
        serial,
        group,
        life,
        name,
        description,
        servers,
        set_aside: None,
        pairs: Vec::new(),
        tags: BTreeMap::new(),
        busy: 0,
        lost: false,
        created: now,
        updated: now,
    });
    world.servers[server].instance = Some(key);
    world.groups[group].instances.push(serial, key);
    enter(world, Who::Instance(key), out);
    key
}

/// Removes an instance whose pairs are detached; its servers stay.
pub(crate) fn remove_instance(world: &mut World, key: InstanceKey, out: &mut Effects) {
    leave(world, Who::Instance(key), out);
    let instance = world
        .instances
        .remove(key)
        .expect("the caller names an instance that exists");
    for server in instance.servers.into_iter().flatten() {
        world.servers[server].instance = None;
    }
    if let Some(nic) = instance.set_aside {
        let station = world.groups[instance.group].station;
        match instance.servers[station.other().index()] {
            Some(old) => plug(world, nic, Some(old), out),
            None => remove_nic(world, nic, out),
        }
    }
    world.groups[instance.group]
        .instances
        .remove(instance.serial);
}

/// Makes a pair around a production disk; its replica comes later.
pub(crate) fn pair(
    world: &mut World,
    now: SimTime,
    (group, label, name, description): (GroupKey, Label, Name, Option<Word>),
    disk: DiskKey,
    status: Status,
    out: &mut Effects,
) -> PairKey {
    let serial = serial(world);
    let station = world.groups[group].station;
    let mut disks = [None; 2];
    disks[station.index()] = Some(disk);
    let life = newborn(world, label, status);
    let pair = Pair {
        stable: label.stable(&world.words),
        group,
        life,
        station,
        copy: Copying::Inactive,
        dr_copy: DrCopy::Missing,
        parted: false,
        copies: 0,
        sub: 0,
        updated: now,
        rest: Rare::of(PairRest {
            name: (name != label).then_some(name),
            description,
            created: now,
            dirty: Dirty::anywhere(world.disks[disk].size),
            ..PairRest::PLAIN.clone()
        }),
        version: 0,
    };
    let base = PairBase {
        label,
        serial,
        disks,
    };
    let key = world.pairs.insert(pair, base);
    world.disks[disk].pair = Some(key);
    let record = &mut world.groups[group];
    record.pairs.push(serial, key);
    record.members = None;
    let usage = &mut world.projects[world.groups[group].project].usage;
    usage.replications += 1;
    usage.unattached_pairs += 1;
    enter(world, Who::Pair(key), out);
    data::refresh(world, now, key);
    key
}

/// Removes a pair that is attached to no instance; its disks stay.
pub(crate) fn remove_pair(world: &mut World, key: PairKey, out: &mut Effects) {
    data::withdraw(world, key);
    leave(world, Who::Pair(key), out);
    let base = *world.pairs.base(key);
    let pair = world
        .pairs
        .remove(key)
        .expect("the caller names a pair that exists");
    world.copied.forget(key);
    for disk in base.disks.into_iter().flatten() {
        world.disks[disk].pair = None;
    }
    let group = &mut world.groups[pair.group];
    group.pairs.remove(base.serial);
    group.members = None;
    group.copies -= u32::from(pair.has_copy());
    let usage = &mut world.projects[group.project].usage;
    usage.replications -= 1;
    usage.unattached_pairs -= 1;
}

/// Attaches a pair to an instance, in the books; the disks are attached by the caller.
pub(crate) fn attach_pair(world: &mut World, pair: PairKey, instance: InstanceKey, device: Device) {
    let record = &mut world.pairs[pair];
    if record.rest.attached.is_empty() {
        world.projects[world.groups[record.group].project]
            .usage
            .unattached_pairs -= 1;
    }
    record
        .rest
        .change(|rest| rest.attached.push((instance, device)));
    world.instances[instance].pairs.push(pair);
}

/// Detaches a pair from an instance, in the books; the disks are detached by the caller.
pub(crate) fn detach_pair(world: &mut World, pair: PairKey, instance: InstanceKey) {
    let record = &mut world.pairs[pair];
    let before = record.rest.attached.len();
    record
        .rest
        .change(|rest| rest.attached.retain(|a| a.0 != instance));
    if before > 0 && record.rest.attached.is_empty() {
        world.projects[world.groups[record.group].project]
            .usage
            .unattached_pairs += 1;
    }
    if let Some(record) = world.instances.get_mut(instance) {
        record.pairs.retain(|&p| p != pair);
    }
}

/// Makes a drill.
pub(crate) fn drill(
    world: &mut World,
    now: SimTime,
    (group, label, name): (GroupKey, Label, Name),
    vpc: Option<VpcKey>,
    status: Status,
    out: &mut Effects,
) -> DrillKey {
    let serial = serial(world);
    let life = newborn(world, label, status);
    let key = world.drills.insert(Drill {
        label,
        stable: label.stable(&world.words),
        serial,
        group,
        life,
        name,
        vpc,
        members: Vec::new(),
        servers: Vec::new(),
        recovery: None,
        rescue: false,
        created: now,
        updated: now,
    });
    world.groups[group].drills.push(key);
    world.groups[group].last_drill = Some(now);
    if let Some(vpc) = vpc {
        world.vpcs[vpc].drill = Some(key);
    }
    enter(world, Who::Drill(key), out);
    key
}

/// Removes a drill whose servers are gone; its VPC stays.
pub(crate) fn remove_drill(world: &mut World, key: DrillKey, out: &mut Effects) {
    leave(world, Who::Drill(key), out);
    let drill = world
        .drills
        .remove(key)
        .expect("the caller names a drill that exists");
    world.groups[drill.group].drills.retain(|&d| d != key);
    if let Some(vpc) = drill.vpc.and_then(|vpc| world.vpcs.get_mut(vpc)) {
        vpc.drill = None;
    }
}
