//! Making and unmaking resources: what `commit`, `settle`, the native acts and the world's builder have in common.
//!
//! These functions check nothing: whoever calls them has.

use super::effect::{Effect, Effects, Property};
use super::transition::{enter, leave};
use crate::hash;
use crate::sdrs::device::Device;
use crate::sdrs::device::Hypervisor;
use crate::sdrs::net::Cidr;
use crate::sdrs::status::Status;
use crate::time::SimTime;
use crate::units::Bytes;
use crate::world::label::{Label, Stable, Word};
use crate::world::machinery::{Disk, DiskType, Power, Server};
use crate::world::place::{Nic, Subnet, Vpc};
use crate::world::protection::{Copying, Drill, Group, Instance, Life, Pair, ProtectionType, Side};
use crate::world::roster::Roster;
use crate::world::{
    AzKey, DiskKey, DomainKey, DrillKey, EipKey, FlavorKey, GroupKey, InstanceKey, NicKey, PairKey,
    ProjectKey, ServerKey, SubnetKey, VpcKey, Who, World,
};
use std::collections::{BTreeMap, BTreeSet};

/// The next serial, which is never used again.
pub(crate) fn serial(world: &mut World) -> u32 {
    let serial = world.next_serial;
    world.next_serial += 1;
    serial
}

/// A plain label.
pub(crate) fn plain(world: &mut World, text: &str) -> Label {
    Label::plain(world.words.intern(text))
}

/// The label of a part: `PARENT/part`.
pub(crate) fn part(world: &mut World, parent: Label, part: &str) -> Label {
    if parent.is_part() {
        let text = format!("{}/{part}", parent.text(&world.words));
        return plain(world, &text);
    }
    let part = world.words.intern(part);
    parent.part(part)
}

/// The first of `PARENT/part`, `PARENT/part-2`, ... that no resource has.
pub(crate) fn free_part(world: &mut World, parent: Label, stem: &str) -> Label {
    let mut nth = 1u32;
    loop {
        let text = if nth == 1 {
            stem.to_owned()
        } else {
            format!("{stem}-{nth}")
        };
        let label = part(world, parent, &text);
        if world.at(label.stable(&world.words)).is_none() {
            return label;
        }
        nth += 1;
    }
}

/// The name of a resource: the one given, or its label.
pub(crate) fn name_or_label(world: &mut World, name: Option<&str>, label: Label) -> Word {
    match name {
        Some(name) => world.words.intern(name),
        None => label.as_name(&mut world.words),
    }
}

fn newborn(status: Status) -> Life {
    Life {
        status,
        epoch: 0,
        work: None,
    }
}

/// What a new group is made of.
pub(crate) struct NewGroup {
    pub label: Label,
    pub project: ProjectKey,
    pub name: Word,
    pub description: Option<Word>,
    pub domain: DomainKey,
    pub azs: [AzKey; 2],
    pub vpc: VpcKey,
    pub protection: ProtectionType,
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
    let key = world.groups.insert(Group {
        label: new.label,
        stable: new.label.stable(&world.words),
        serial,
        project: new.project,
        life: newborn(status),
        name: new.name,
        description: new.description,
        domain: new.domain,
        azs: new.azs,
        vpc: new.vpc,
        station: Side::Source,
        protection: new.protection,
        instances: Roster::default(),
        pairs: Roster::default(),
        drills: Vec::new(),
        busy: 0,
        invalid: 0,
        copying: 0,
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
    (group, label, name, description): (GroupKey, Label, Word, Option<Word>),
    server: ServerKey,
    status: Status,
    out: &mut Effects,
) -> InstanceKey {
    let serial = serial(world);
    let mut servers = [None; 2];
    servers[world.groups[group].station.index()] = Some(server);
    let key = world.instances.insert(Instance {
        label,
        stable: label.stable(&world.words),
        serial,
        group,
        life: newborn(status),
        name,
        description,
        servers,
        set_aside: None,
        pairs: Vec::new(),
        tags: BTreeMap::new(),
        children: 0,
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
        remove_nic(world, nic, out);
    }
    world.groups[instance.group]
        .instances
        .remove(instance.serial);
}

/// Makes a pair around a production disk; its replica comes later.
pub(crate) fn pair(
    world: &mut World,
    now: SimTime,
    (group, label, name, description): (GroupKey, Label, Word, Option<Word>),
    disk: DiskKey,
    status: Status,
    out: &mut Effects,
) -> PairKey {
    let serial = serial(world);
    let station = world.groups[group].station;
    let mut disks = [None; 2];
    disks[station.index()] = Some(disk);
    let key = world.pairs.insert(Pair {
        label,
        stable: label.stable(&world.words),
        serial,
        group,
        life: newborn(status),
        name,
        description,
        disks,
        station,
        copy: Copying::Inactive,
        unsynced: world.disks[disk].size,
        consistent: false,
        lost: false,
        copies: 0,
        sub: 0,
        attached: Vec::new(),
        failure: None,
        created: now,
        updated: now,
    });
    world.disks[disk].pair = Some(key);
    world.groups[group].pairs.push(serial, key);
    let usage = &mut world.projects[world.groups[group].project].usage;
    usage.replications += 1;
    usage.unattached_pairs += 1;
    enter(world, Who::Pair(key), out);
    key
}

/// Removes a pair that is attached to no instance; its disks stay.
pub(crate) fn remove_pair(world: &mut World, key: PairKey, out: &mut Effects) {
    leave(world, Who::Pair(key), out);
    let pair = world
        .pairs
        .remove(key)
        .expect("the caller names a pair that exists");
    for disk in pair.disks.into_iter().flatten() {
        world.disks[disk].pair = None;
    }
    let group = &mut world.groups[pair.group];
    group.pairs.remove(pair.serial);
    if pair.is_copying() {
        group.copying -= 1;
    }
    let usage = &mut world.projects[group.project].usage;
    usage.replications -= 1;
    usage.unattached_pairs -= 1;
}

/// Attaches a pair to an instance, in the books; the disks are attached by the caller.
pub(crate) fn attach_pair(world: &mut World, pair: PairKey, instance: InstanceKey, device: Device) {
    let record = &mut world.pairs[pair];
    if record.attached.is_empty() {
        world.projects[world.groups[record.group].project]
            .usage
            .unattached_pairs -= 1;
    }
    record.attached.push((instance, device));
    world.instances[instance].pairs.push(pair);
}

/// Detaches a pair from an instance, in the books; the disks are detached by the caller.
pub(crate) fn detach_pair(world: &mut World, pair: PairKey, instance: InstanceKey) {
    let record = &mut world.pairs[pair];
    let before = record.attached.len();
    record.attached.retain(|a| a.0 != instance);
    if before > 0 && record.attached.is_empty() {
        world.projects[world.groups[record.group].project]
            .usage
            .unattached_pairs += 1;
    }
    world.instances[instance].pairs.retain(|&p| p != pair);
}

/// Makes a drill.
pub(crate) fn drill(
    world: &mut World,
    now: SimTime,
    (group, label, name): (GroupKey, Label, Word),
    vpc: Option<VpcKey>,
    status: Status,
    out: &mut Effects,
) -> DrillKey {
    let serial = serial(world);
    let key = world.drills.insert(Drill {
        label,
        stable: label.stable(&world.words),
        serial,
        group,
        life: newborn(status),
        name,
        vpc,
        servers: Vec::new(),
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

/// What a new server is made of.
pub(crate) struct NewServer {
    pub label: Label,
    pub project: ProjectKey,
    pub name: Word,
    pub az: AzKey,
    pub vpc: VpcKey,
    pub flavor: FlavorKey,
    pub hypervisor: Hypervisor,
    pub power: Power,
}

/// Makes a server without disks and NICs, taking its place from the flavor's capacity.
pub(crate) fn server(world: &mut World, new: NewServer, out: &mut Effects) -> ServerKey {
    let serial = serial(world);
    if let Some(free) = world.flavors[new.flavor].free.get_mut(&new.az) {
        *free = free.saturating_sub(1);
    }
    let key = world.servers.insert(Server {
        label: new.label,
        stable: new.label.stable(&world.words),
        serial,
        project: new.project,
        name: new.name,
        az: new.az,
        vpc: new.vpc,
        flavor: new.flavor,
        hypervisor: new.hypervisor,
        power: new.power,
        epoch: 0,
        act: None,
        lock: Default::default(),
        fenced: false,
        disks: Vec::new(),
        nics: Vec::new(),
        instance: None,
        drill: None,
    });
    enter(world, Who::Server(key), out);
    key
}

/// Whether an AZ has room for another server of a flavor.
pub(crate) fn has_room(world: &World, flavor: FlavorKey, az: AzKey) -> bool {
    world.flavors[flavor]
        .free
        .get(&az)
        .is_none_or(|&free| free > 0)
}

/// Removes a server with its NICs; its disks are detached and stay.
pub(crate) fn remove_server(world: &mut World, key: ServerKey, out: &mut Effects) {
    let disks: Vec<DiskKey> = world.servers[key].disks.iter().map(|d| d.1).collect();
    for disk in disks {
        detach_disk(world, disk, key, out);
    }
    for nic in world.servers[key].nics.clone() {
        remove_nic(world, nic, out);
    }
    leave(world, Who::Server(key), out);
    let server = world
        .servers
        .remove(key)
        .expect("the caller names a server that exists");
    if let Some(free) = world.flavors[server.flavor].free.get_mut(&server.az) {
        *free = free.saturating_add(1);
    }
}

/// Sets the power of a server; an act under way ends with it.
pub(crate) fn set_power(world: &mut World, key: ServerKey, to: Power, out: &mut Effects) {
    let server = &mut world.servers[key];
    server.act = None;
    server.epoch += 1;
    let from = server.power;
    if from != to {
        server.power = to;
        out.push(Effect::Power {
            server: key,
            epoch: server.epoch,
            from,
            to,
        });
    }
}

/// What a new disk is made of.
pub(crate) struct NewDisk {
    pub label: Label,
    pub project: ProjectKey,
    pub name: Word,
    pub az: AzKey,
    pub size: Bytes,
    pub kind: DiskType,
    pub bootable: bool,
    pub shared: bool,
    pub encrypted: bool,
    pub grows_online: bool,
}

/// Makes a disk.
pub(crate) fn disk(world: &mut World, new: NewDisk, out: &mut Effects) -> DiskKey {
    let serial = serial(world);
    let key = world.disks.insert(Disk {
        label: new.label,
        stable: new.label.stable(&world.words),
        serial,
        project: new.project,
        name: new.name,
        az: new.az,
        size: new.size,
        kind: new.kind,
        broken: false,
        bootable: new.bootable,
        shared: new.shared,
        encrypted: new.encrypted,
        locked: false,
        frozen: false,
        grows_online: new.grows_online,
        servers: Vec::new(),
        pair: None,
        drill: None,
    });
    enter(world, Who::Disk(key), out);
    key
}

/// Makes a disk like another one, elsewhere.
pub(crate) fn disk_like(
    world: &mut World,
    like: DiskKey,
    label: Label,
    az: AzKey,
    out: &mut Effects,
) -> DiskKey {
    let like = world.disks[like].clone();
    let new = NewDisk {
        label,
        project: like.project,
        name: like.name,
        az,
        size: like.size,
        kind: like.kind,
        bootable: like.bootable,
        shared: like.shared,
        encrypted: like.encrypted,
        grows_online: like.grows_online,
    };
    disk(world, new, out)
}

/// Removes a disk, detaching it wherever it is attached.
pub(crate) fn remove_disk(world: &mut World, key: DiskKey, out: &mut Effects) {
    for server in world.disks[key].servers.clone() {
        detach_disk(world, key, server, out);
    }
    leave(world, Who::Disk(key), out);
    world.disks.remove(key);
}

/// Attaches a disk to a server.
pub(crate) fn attach_disk(
    world: &mut World,
    disk: DiskKey,
    server: ServerKey,
    device: Device,
    out: &mut Effects,
) {
    let place = world.servers[server]
        .disks
        .partition_point(|d| d.0 < device);
    world.servers[server].disks.insert(place, (device, disk));
    world.disks[disk].servers.push(server);
    changed(
        Who::Disk(disk),
        Property::Attachment,
        world.servers[server].stable.0,
        out,
    );
}

/// Detaches a disk from a server; nothing happens if it is not attached.
pub(crate) fn detach_disk(world: &mut World, disk: DiskKey, server: ServerKey, out: &mut Effects) {
    let before = world.disks[disk].servers.len();
    world.disks[disk].servers.retain(|&s| s != server);
    if world.disks[disk].servers.len() == before {
        return;
    }
    world.servers[server].disks.retain(|d| d.1 != disk);
    changed(
        Who::Disk(disk),
        Property::Attachment,
        !world.servers[server].stable.0,
        out,
    );
}

/// Makes a VPC.
pub(crate) fn vpc(
    world: &mut World,
    label: Label,
    name: Word,
    project: ProjectKey,
    cidr: Cidr,
    out: &mut Effects,
) -> VpcKey {
    let serial = serial(world);
    let stable = label.stable(&world.words);
    let key = world.vpcs.insert(Vpc {
        label,
        stable,
        serial,
        project,
        name,
        cidr,
        subnets: Vec::new(),
        drill: None,
    });
    world.projects[project].usage.vpcs += 1;
    enter(world, Who::Vpc(key), out);
    key
}

/// Makes a subnet.
pub(crate) fn subnet(
    world: &mut World,
    label: Label,
    vpc: VpcKey,
    cidr: Cidr,
    out: &mut Effects,
) -> SubnetKey {
    let serial = serial(world);
    let stable = label.stable(&world.words);
    let key = world.subnets.insert(Subnet {
        label,
        stable,
        serial,
        vpc,
        cidr,
        used: BTreeSet::new(),
        next: 0,
    });
    world.vpcs[vpc].subnets.push(key);
    world.projects[world.vpcs[vpc].project].usage.subnets += 1;
    enter(world, Who::Subnet(key), out);
    key
}

/// Makes a NIC with an address that is free, plugged into a server or set aside for one.
pub(crate) fn nic(
    world: &mut World,
    label: Label,
    subnet: SubnetKey,
    ip: u32,
    server: Option<ServerKey>,
    out: &mut Effects,
) -> NicKey {
    let serial = serial(world);
    let stable = label.stable(&world.words);
    let mac = 0xfa16_3e00_0000 | (hash::mix(stable.0) & 0xff_ffff);
    let record = &mut world.subnets[subnet];
    record.used.insert(ip);
    record.next = ip.wrapping_add(1);
    let key = world.nics.insert(Nic {
        label,
        stable,
        serial,
        subnet,
        ip,
        mac,
        server: None,
        primary: false,
        eip: None,
    });
    enter(world, Who::Nic(key), out);
    if let Some(server) = server {
        plug(world, key, Some(server), out);
    }
    key
}

/// Plugs a NIC into a server, or sets it aside. A server's first NIC is its primary one.
pub(crate) fn plug(world: &mut World, nic: NicKey, to: Option<ServerKey>, out: &mut Effects) {
    let from = world.nics[nic].server;
    if let Some(server) = from {
        world.servers[server].nics.retain(|&n| n != nic);
    }
    if let Some(server) = to {
        world.nics[nic].primary = world.servers[server].nics.is_empty();
        world.servers[server].nics.push(nic);
    }
    world.nics[nic].server = to;
    out.push(Effect::NicMoved { nic, from, to });
}

/// Removes a NIC: its address is free again and its EIP unbound.
pub(crate) fn remove_nic(world: &mut World, key: NicKey, out: &mut Effects) {
    if let Some(eip) = world.nics[key].eip {
        bind_eip(world, eip, None, out);
    }
    let nic = world.nics[key].clone();
    if let Some(server) = nic.server {
        world.servers[server].nics.retain(|&n| n != key);
    }
    world.subnets[nic.subnet].used.remove(&nic.ip);
    leave(world, Who::Nic(key), out);
    world.nics.remove(key);
}

/// Binds a public address to a NIC, or unbinds it.
pub(crate) fn bind_eip(world: &mut World, eip: EipKey, to: Option<NicKey>, out: &mut Effects) {
    if let Some(nic) = world.eips[eip].nic {
        world.nics[nic].eip = None;
    }
    if let Some(nic) = to {
        world.nics[nic].eip = Some(eip);
    }
    world.eips[eip].nic = to;
    out.push(Effect::EipBound { eip, to });
}

/// Removes a public address.
pub(crate) fn remove_eip(world: &mut World, eip: EipKey, out: &mut Effects) {
    if world.eips[eip].nic.is_some() {
        bind_eip(world, eip, None, out);
    }
    leave(world, Who::Eip(eip), out);
    world.eips.remove(eip);
}

/// Says that a property changed.
pub(crate) fn changed(who: Who, property: Property, value: u64, out: &mut Effects) {
    out.push(Effect::Changed {
        who,
        property,
        value,
    });
}

/// A fingerprint of a text, for [`Effect::Changed`].
pub(crate) fn print_of(text: &str) -> u64 {
    Stable::of(text).0
}
