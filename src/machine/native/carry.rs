//! What native acts do to the world.

use super::{DiskPlan, NativePlan, ServerPlan};
use crate::hash;
use crate::machine::effect::{Effect, Property};
use crate::machine::effects::Effects;
use crate::machine::event::{Doing, Outcome};
use crate::machine::transition::move_to;
use crate::machine::{data, make};
use crate::sdrs::status::Status;
use crate::time::{SimTime, Span};
use crate::world::machinery::{Act, Lock, Power, Server};
use crate::world::protection::DrCopy;
use crate::world::replica::Load;
use crate::world::{DiskKey, DrillKey, ServerKey, Who, World};

/// Carries out an act that was admitted; the answer is what it made.
pub(in crate::machine) fn carry(
    world: &mut World,
    now: SimTime,
    plan: NativePlan,
    out: &mut Effects,
) -> Option<Who> {
    match plan {
        NativePlan::CreateServer(new) => return Some(create_server(world, *new, out)),
        NativePlan::Act { server, act } => begin(world, server, act, out),
        NativePlan::DeleteServer(server) => delete_server(world, now, server, out),
        NativePlan::CreateDisk(new) => return Some(create_disk(world, *new, out)),
        NativePlan::Attach {
            disk,
            server,
            device,
        } => make::attach_disk(world, disk, server, device, out),
        NativePlan::Detach { disk, server } => {
            make::detach_disk(world, disk, server, out);
            leave_drill(world, disk, world.servers[server].drill);
        }
        NativePlan::DeleteDisk(disk) => delete_disk(world, now, disk, out),
        NativePlan::Freeze { project, frozen } => {
            if world.projects[project].frozen != frozen {
                world.projects[project].frozen = frozen;
                let who = Who::Project(project);
                make::changed(who, Property::Frozen, u64::from(frozen), out);
            }
        }
        NativePlan::SetLoad { disk, load } => set_load(world, disk, load, out),
        NativePlan::Damage(disk) => damage(world, now, disk, out),
        NativePlan::SetDisk { .. }
        | NativePlan::SetServer { .. }
        | NativePlan::SetDomain { .. }
        | NativePlan::SetCapacity { .. } => set(world, plan, out),
        network => return carry_network(world, network, out),
    }
    None
}

fn carry_network(world: &mut World, plan: NativePlan, out: &mut Effects) -> Option<Who> {
    match plan {
        NativePlan::CreateVpc {
            label,
            name,
            project,
            cidr,
        } => {
            let label = make::label(world, &label);
            let name = make::name_or_label(world, name.as_deref(), label);
            let vpc = make::vpc(world, label, name, project, cidr, out);
            return Some(Who::Vpc(vpc));
        }
        NativePlan::DeleteVpc(vpc) => make::remove_vpc(world, vpc, out),
        NativePlan::CreateSubnet { label, vpc, cidr } => {
            let label = make::label(world, &label);
            let subnet = make::subnet(world, label, vpc, cidr, out);
            return Some(Who::Subnet(subnet));
        }
        NativePlan::DeleteSubnet(subnet) => make::remove_subnet(world, subnet, out),
        NativePlan::CreateNic {
            label,
            server,
            subnet,
            ip,
        } => {
            let label = make::label(world, &label);
            let nic = make::nic(world, label, subnet, ip, Some(server), out);
            return Some(Who::Nic(nic));
        }
        NativePlan::DeleteNic(nic) => make::remove_nic(world, nic, out),
        NativePlan::CreateEip {
            label,
            project,
            address,
        } => {
            let label = make::label(world, &label);
            return Some(Who::Eip(make::eip(world, label, project, address, out)));
        }
        NativePlan::BindEip { eip, to } => {
            if world.eips[eip].nic != to {
                make::bind_eip(world, eip, to, out);
            }
        }
        NativePlan::DeleteEip(eip) => make::remove_eip(world, eip, out),
        _ => unreachable!("only acts on networks come here"),
    }
    None
}

/// The disks of a pair carry the same work, wherever it runs.
fn set_load(world: &mut World, disk: DiskKey, load: Option<Load>, out: &mut Effects) {
    let pair = world.disks[disk]
        .pair
        .and_then(|pair| world.pairs.get_base(pair));
    let both = pair.map_or([Some(disk), None], |pair| pair.disks);
    for disk in both.into_iter().flatten() {
        if world.disks[disk].rest.load == load {
            continue;
        }
        data::touch_disk(world, disk);
        world.disks[disk].rest.change(|rest| rest.load = load);
        data::disk_changed(world, disk);
        let value = load.map_or(0, |load| hash::combine(load.rate.0, load.io_size.0));
        make::changed(Who::Disk(disk), Property::Load, value, out);
    }
}

fn damage(world: &mut World, now: SimTime, disk: DiskKey, out: &mut Effects) {
    let record = &mut world.disks[disk];
    if record.rest.damaged.is_none() {
        record.set_damaged(Some(now));
        make::changed(Who::Disk(disk), Property::Damage, 1, out);
    }
}

fn create_server(world: &mut World, new: ServerPlan, out: &mut Effects) -> Who {
    let label = make::label(world, &new.label);
    let name = make::name_or_label(world, new.name.as_deref(), label);
    let record = make::NewServer {
        label,
        project: new.project,
        name,
        az: new.az,
        vpc: new.vpc,
        flavor: new.flavor,
        hypervisor: new.hypervisor,
        power: new.power,
    };
    let server = make::server(world, record, out);
    if let Some((subnet, ip)) = new.nic {
        let nic = make::free_part(world, label, "nic");
        make::nic(world, nic, subnet, ip, Some(server), out);
    }
    Who::Server(server)
}

fn create_disk(world: &mut World, new: DiskPlan, out: &mut Effects) -> Who {
    let label = make::label(world, &new.label);
    let name = make::name_or_label(world, new.name.as_deref(), label);
    let record = make::NewDisk {
        label,
        project: new.project,
        name,
        az: new.az,
        size: new.size,
        kind: new.kind,
        bootable: new.bootable,
        shared: new.shared,
        encrypted: new.encrypted,
        grows_online: new.grows_online,
        write: new.write,
    };
    Who::Disk(make::disk(world, record, out))
}

/// Begins an act of a server, which the oracle will end.
fn begin(world: &mut World, server: ServerKey, act: Act, out: &mut Effects) {
    make::change_server(world, server, |record| {
        record.act = Some(act);
        record.epoch += 1;
        record.usable &= act != Act::Reboot;
    });
    announce(world, server, act, out);
}

fn announce(world: &World, server: ServerKey, act: Act, out: &mut Effects) {
    out.push(Effect::Begin {
        who: Who::Server(server),
        epoch: world.servers[server].epoch,
        doing: Doing::Act(act),
        delay: Span::ZERO,
    });
}

/// Boots a server that is shut off and that nobody asked to start. Where no more servers of its flavor may run it stays
/// shut off, and the effects say so.
pub(in crate::machine) fn boot(world: &mut World, server: ServerKey, out: &mut Effects) {
    let record = &world.servers[server];
    match make::may_run(world, record.flavor, record.az) {
        true => begin(world, server, Act::Boot, out),
        false => out.push(Effect::NoPlace { server }),
    }
}

/// Begins to initialize the guest system of a server that runs. Any later change of its power makes the end stale.
pub(in crate::machine) fn initialize(world: &mut World, server: ServerKey, out: &mut Effects) {
    world.servers[server].usable = false;
    announce(world, server, Act::Initialize, out);
}

/// An act of a server has ended. A stale end does nothing. A boot or reboot that fails leaves the server broken; a
/// shutdown that fails leaves it running. After a boot the guest system is initialized; if that fails, the server runs and
/// is not usable.
pub(in crate::machine) fn settled(
    world: &mut World,
    server: ServerKey,
    epoch: u32,
    act: Act,
    outcome: Outcome,
    out: &mut Effects,
) {
    let under_way = |record: &&Server| match act {
        Act::Initialize => record.power == Power::Active && !record.usable && record.act.is_none(),
        _ => record.act == Some(act),
    };
    let current = world.servers.get(server).filter(under_way);
    let Some(record) = current.filter(|record| record.epoch == epoch) else {
        return;
    };
    let to = match (act, outcome) {
        (Act::Initialize, Outcome::Failed(_)) => return,
        (Act::Initialize, Outcome::Done) => {
            world.servers[server].usable = true;
            out.push(Effect::Usable { server });
            return;
        }
        (Act::Boot | Act::Reboot, Outcome::Done) => Power::Active,
        (Act::Boot | Act::Reboot, Outcome::Failed(_)) => Power::Error,
        (Act::Shutdown, Outcome::Done) => Power::Shutoff,
        (Act::Shutdown, Outcome::Failed(_)) => record.power,
    };
    make::set_power(world, server, to, out);
    // A shutdown that failed may have come in between.
    if to == Power::Active && !world.servers[server].usable {
        initialize(world, server, out);
    }
}

/// Deletes a server. Its instance loses it; its disks stay, and those made for a drill are nobody's.
fn delete_server(world: &mut World, now: SimTime, server: ServerKey, out: &mut Effects) {
    let (instance, drill) = (world.servers[server].instance, world.servers[server].drill);
    let disks = world.servers[server].disks.clone();
    make::remove_server(world, server, out);
    for (_, disk) in disks {
        leave_drill(world, disk, drill);
    }
    if let Some(drill) = drill {
        world.drills[drill].servers.retain(|s| s.1 != server);
    }
    if let Some(instance) = instance {
        let record = &mut world.instances[instance];
        for place in &mut record.servers {
            *place = place.filter(|&s| s != server);
        }
        record.lost = true;
        invalidate(world, now, Who::Instance(instance), out);
    }
}

/// A disk made for a drill that is taken off the drill's server is no longer the drill's, which would not remove it.
fn leave_drill(world: &mut World, disk: DiskKey, drill: Option<DrillKey>) {
    if drill.is_some() && world.disks[disk].rest.drill == drill {
        world.disks[disk].rest.change(|rest| rest.drill = None);
    }
}

/// Deletes a disk that is attached nowhere. Its pair loses it: a copy that runs stops, and without its DR disk the pair
/// has no copy to use.
fn delete_disk(world: &mut World, now: SimTime, disk: DiskKey, out: &mut Effects) {
    let pair = world.disks[disk].pair;
    if let Some(pair) = pair {
        data::withdraw(world, pair);
    }
    make::remove_disk(world, disk, out);
    let Some(pair) = pair else { return };
    let dr = world.pairs[pair].station.other();
    if world.disks_of(pair)[dr.index()] == Some(disk) {
        data::set_dr_copy(world, pair, DrCopy::Missing);
    }
    for place in &mut world.pairs.base_mut(pair).disks {
        *place = place.filter(|&d| d != disk);
    }
    let record = &mut world.pairs[pair];
    record.rest.change(|rest| rest.lost = true);
    invalidate(world, now, Who::Pair(pair), out);
}

/// A member that lost a part is `invalid` as soon as nothing runs on it. One whose creation or deletion failed stays
/// what it is: it takes no part in anything anyway.
fn invalidate(world: &mut World, now: SimTime, who: Who, out: &mut Effects) {
    let Some(life) = world.life(who) else { return };
    let stays = matches!(life.status, Status::Error | Status::ErrorDeleting);
    if life.work().is_none() && !stays {
        move_to(world, now, who, Status::Invalid, 0, out);
    }
}

fn set(world: &mut World, plan: NativePlan, out: &mut Effects) {
    match plan {
        NativePlan::SetDisk {
            disk,
            locked,
            frozen,
            broken,
        } => {
            let record = &mut world.disks[disk];
            let (who, was) = (Who::Disk(disk), record.broken);
            put(&mut record.locked, locked, who, Property::Lock, out);
            put(&mut record.frozen, frozen, who, Property::Frozen, out);
            put(&mut record.broken, broken, who, Property::Health, out);
            if broken.is_some_and(|broken| broken != was) {
                world.marks.disks.push(disk);
                data::assess(world, world.now, out);
            }
        }
        NativePlan::SetServer {
            server,
            lock,
            broken,
        } => set_server(world, server, lock, broken, out),
        NativePlan::SetDomain { domain, sold_out } => {
            let (place, who) = (&mut world.domains[domain].sold_out, Who::Domain(domain));
            put(place, Some(sold_out), who, Property::SoldOut, out);
        }
        NativePlan::SetCapacity { flavor, az, free } => {
            let rooms = &mut world.flavors[flavor].free;
            let before = match free {
                Some(free) => rooms.insert(az, free),
                None => rooms.remove(&az),
            };
            if before != free {
                let room = free.map_or(u64::MAX, u64::from);
                let value = hash::combine(world.azs[az].stable.0, room);
                make::changed(Who::Flavor(flavor), Property::Capacity, value, out);
            }
        }
        _ => unreachable!("only settings come here"),
    }
}

/// Sets a switch if it is to be set, and says so if it changed.
fn put(place: &mut bool, to: Option<bool>, who: Who, property: Property, out: &mut Effects) {
    if let Some(to) = to
        && *place != to
    {
        *place = to;
        make::changed(who, property, u64::from(to), out);
    }
}

/// Locks a server, breaks it whatever it was doing, or mends it: a mended server is shut off.
fn set_server(
    world: &mut World,
    server: ServerKey,
    lock: Option<Lock>,
    broken: Option<bool>,
    out: &mut Effects,
) {
    let record = &mut world.servers[server];
    if let Some(lock) = lock
        && record.lock != lock
    {
        record.lock = lock;
        make::changed(Who::Server(server), Property::Lock, lock as u64, out);
    }
    match (broken, world.servers[server].power) {
        (Some(true), Power::Active | Power::Shutoff) => {
            make::set_power(world, server, Power::Error, out);
        }
        (Some(false), Power::Error) => make::set_power(world, server, Power::Shutoff, out),
        _ => {}
    }
}
