//! Servers, disks and networks.

use super::{changed, serial};
use crate::hash;
use crate::machine::data;
use crate::machine::effect::{Effect, Property};
use crate::machine::effects::Effects;
use crate::machine::transition::{enter, leave};
use crate::sdrs::device::{Device, Hypervisor};
use crate::sdrs::net::Cidr;
use crate::units::Bytes;
use crate::world::label::{Label, Name};
use crate::world::machinery::{Disk, DiskRest, DiskType, Power, Server, Writing};
use crate::world::place::{Eip, Nic, Subnet, Vpc};
use crate::world::rare::{Plain, Rare};
use crate::world::{
    AzKey, DiskKey, EipKey, FlavorKey, NicKey, ProjectKey, ServerKey, SubnetKey, VpcKey, Who, World,
};
use std::collections::BTreeSet;

/// What a new server is made of.
pub(crate) struct NewServer {
    pub label: Label,
    pub project: ProjectKey,
    pub name: Name,
    pub az: AzKey,
    pub vpc: VpcKey,
    pub flavor: FlavorKey,
    pub hypervisor: Hypervisor,
    pub power: Power,
}

/// Makes a server without disks and NICs, taking its place from the flavor's capacity.
pub(crate) fn server(world: &mut World, new: NewServer, out: &mut Effects) -> ServerKey {
    let serial = serial(world);
    take_room(world, new.flavor, new.az);
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
        usable: new.power == Power::Active,
        lock: Default::default(),
        fenced: false,
        lost: 0,
        resumes: false,
        disks: Vec::new(),
        nics: Vec::new(),
        instance: None,
        drill: None,
    });
    count_place(world, key, false);
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

/// Whether an AZ lets another server of a flavor run.
pub(crate) fn may_run(world: &World, flavor: FlavorKey, az: AzKey) -> bool {
    world.flavors[flavor].startable(az) != Some(0)
}

/// Changes a server and keeps count of those of its flavor that run.
pub(crate) fn change_server(world: &mut World, key: ServerKey, change: impl FnOnce(&mut Server)) {
    let (before, flavor, az) = (
        world.servers[key].takes_place(),
        world.servers[key].flavor,
        world.servers[key].az,
    );
    change(&mut world.servers[key]);
    if before && let Some(places) = world.flavors[flavor].running.get_mut(&az) {
        places.taken = places.taken.saturating_sub(1);
    }
    count_place(world, key, false);
}

/// Takes the place of a server that runs, or gives it back.
fn count_place(world: &mut World, key: ServerKey, back: bool) {
    let server = &world.servers[key];
    if server.takes_place()
        && let Some(places) = world.flavors[server.flavor].running.get_mut(&server.az)
    {
        places.taken = match back {
            true => places.taken.saturating_sub(1),
            false => places.taken.saturating_add(1),
        };
    }
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
    count_place(world, key, true);
    let server = world
        .servers
        .remove(key)
        .expect("the caller names a server that exists");
    give_room(world, server.flavor, server.az);
}

fn take_room(world: &mut World, flavor: FlavorKey, az: AzKey) {
    if let Some(free) = world.flavors[flavor].free.get_mut(&az) {
        *free = free.saturating_sub(1);
    }
}

fn give_room(world: &mut World, flavor: FlavorKey, az: AzKey) {
    if let Some(free) = world.flavors[flavor].free.get_mut(&az) {
        *free = free.saturating_add(1);
    }
}

/// Gives a server another flavor: it takes a place of the new one and gives back that of the old one.
pub(crate) fn resize_server(world: &mut World, key: ServerKey, to: FlavorKey) {
    let (from, az) = (world.servers[key].flavor, world.servers[key].az);
    give_room(world, from, az);
    take_room(world, to, az);
    change_server(world, key, |server| server.flavor = to);
}

/// Sets the power of a server; an act under way ends with it.
pub(crate) fn set_power(world: &mut World, key: ServerKey, to: Power, out: &mut Effects) {
    let from = world.servers[key].power;
    change_server(world, key, |server| {
        server.act = None;
        server.epoch += 1;
        server.power = to;
        server.usable &= to == Power::Active;
    });
    if from != to {
        out.push(Effect::Power {
            server: key,
            epoch: world.servers[key].epoch,
            from,
            to,
        });
    }
    data::server_changed(world, key);
}

/// What a new disk is made of.
pub(crate) struct NewDisk {
    pub label: Label,
    pub project: ProjectKey,
    pub name: Name,
    pub az: AzKey,
    pub size: Bytes,
    pub kind: DiskType,
    pub bootable: bool,
    pub shared: bool,
    pub encrypted: bool,
    pub grows_online: bool,
    pub write: Writing,
}

/// Makes a disk.
pub(crate) fn disk(world: &mut World, new: NewDisk, out: &mut Effects) -> DiskKey {
    let serial = serial(world);
    let named = new.label.keep_beside(new.name);
    let key = world.disks.insert(Disk {
        label: new.label,
        named: named.unwrap_or_default(),
        stable: new.label.stable(&world.words),
        serial,
        project: new.project,
        az: new.az,
        size: new.size,
        kind: new.kind,
        broken: false,
        lost: 0,
        blank: false,
        bootable: new.bootable,
        shared: new.shared,
        locked: false,
        frozen: false,
        grows_online: new.grows_online,
        pair: None,
        rest: Rare::of(DiskRest {
            name: named.is_none().then_some(new.name),
            encrypted: new.encrypted,
            load: new.write.load,
            throughput: new.write.throughput,
            write_latency: new.write.latency,
            ..DiskRest::PLAIN.clone()
        }),
    });
    let used = &mut world.azs[new.az].pool.used;
    *used = used.saturating_add(new.size);
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
        name: like.name(),
        az,
        size: like.size,
        kind: like.kind,
        bootable: like.bootable,
        shared: like.shared,
        encrypted: like.rest.encrypted,
        grows_online: like.grows_online,
        write: Writing {
            load: like.rest.load,
            throughput: like.rest.throughput,
            latency: like.rest.write_latency,
        },
    };
    disk(world, new, out)
}

/// Removes a disk, detaching it wherever it is attached.
pub(crate) fn remove_disk(world: &mut World, key: DiskKey, out: &mut Effects) {
    for server in world.disks[key].servers().to_vec() {
        detach_disk(world, key, server, out);
    }
    leave(world, Who::Disk(key), out);
    if let Some(disk) = world.disks.remove(key) {
        let used = &mut world.azs[disk.az].pool.used;
        *used = used.saturating_sub(disk.size);
    }
}

/// Grows a disk.
pub(crate) fn grow_disk(world: &mut World, key: DiskKey, size: Bytes, out: &mut Effects) {
    let disk = &mut world.disks[key];
    let grown = size.saturating_sub(disk.size);
    disk.size = size;
    let used = &mut world.azs[disk.az].pool.used;
    *used = used.saturating_add(grown);
    changed(Who::Disk(key), Property::Size, size.0, out);
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
    world.disks[disk]
        .rest
        .change(|rest| rest.servers.push(server));
    changed(
        Who::Disk(disk),
        Property::Attachment,
        world.servers[server].stable.0,
        out,
    );
    data::disk_changed(world, disk);
}

/// Detaches a disk from a server; nothing happens if it is not attached.
pub(crate) fn detach_disk(world: &mut World, disk: DiskKey, server: ServerKey, out: &mut Effects) {
    let record = &mut world.disks[disk];
    let before = record.servers().len();
    record
        .rest
        .change(|rest| rest.servers.retain(|&s| s != server));
    if record.servers().len() == before {
        return;
    }
    world.servers[server].disks.retain(|d| d.1 != disk);
    changed(
        Who::Disk(disk),
        Property::Attachment,
        !world.servers[server].stable.0,
        out,
    );
    data::disk_changed(world, disk);
}

/// Makes a VPC.
pub(crate) fn vpc(
    world: &mut World,
    label: Label,
    name: Name,
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

/// Removes a VPC that has no subnet and that nothing uses.
pub(crate) fn remove_vpc(world: &mut World, key: VpcKey, out: &mut Effects) {
    leave(world, Who::Vpc(key), out);
    let vpc = world
        .vpcs
        .remove(key)
        .expect("the caller names a VPC that exists");
    world.projects[vpc.project].usage.vpcs -= 1;
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

/// Removes a subnet none of whose addresses is in use.
pub(crate) fn remove_subnet(world: &mut World, key: SubnetKey, out: &mut Effects) {
    leave(world, Who::Subnet(key), out);
    let subnet = world
        .subnets
        .remove(key)
        .expect("the caller names a subnet that exists");
    let vpc = &mut world.vpcs[subnet.vpc];
    vpc.subnets.retain(|&s| s != key);
    world.projects[vpc.project].usage.subnets -= 1;
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

/// Unplugs all NICs of a server; answers them in their order, in the list that was the server's.
pub(crate) fn unplug_all(world: &mut World, server: ServerKey, out: &mut Effects) -> Vec<NicKey> {
    let nics = std::mem::take(&mut world.servers[server].nics);
    for &nic in &nics {
        world.nics[nic].server = None;
        let (from, to) = (Some(server), None);
        out.push(Effect::NicMoved { nic, from, to });
    }
    nics
}

/// Plugs NICs into a server that has none, in their order; the list becomes the server's. `from` is where they were.
pub(crate) fn plug_all(
    world: &mut World,
    nics: Vec<NicKey>,
    from: Option<ServerKey>,
    server: ServerKey,
    out: &mut Effects,
) {
    for (place, &nic) in nics.iter().enumerate() {
        let record = &mut world.nics[nic];
        (record.server, record.primary) = (Some(server), place == 0);
        let to = Some(server);
        out.push(Effect::NicMoved { nic, from, to });
    }
    world.servers[server].nics = nics;
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

/// Makes a public address, bound to nothing.
pub(crate) fn eip(
    world: &mut World,
    label: Label,
    project: ProjectKey,
    address: u32,
    out: &mut Effects,
) -> EipKey {
    let serial = serial(world);
    let stable = label.stable(&world.words);
    let key = world.eips.insert(Eip {
        label,
        stable,
        serial,
        project,
        address,
        nic: None,
    });
    enter(world, Who::Eip(key), out);
    key
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
