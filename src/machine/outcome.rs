//! What operations do to the world when they end well.
//!
//! Nothing here decides whether: `obstacle` has been asked before.

use super::effect::Effect;
use super::effects::Effects;
use super::transition::end_work;
use super::{data, drills, make, native};
use crate::sdrs::codes::Code;
use crate::sdrs::op::Op;
use crate::sdrs::policy::{Policy, Switch};
use crate::sdrs::rules::{End, rule};
use crate::sdrs::status::{Kind, Status};
use crate::time::SimTime;
use crate::units::Bytes;
use crate::world::job::Detail;
use crate::world::machinery::Power;
use crate::world::protection::{PairBase, Side};
use crate::world::{DiskKey, GroupKey, InstanceKey, JobKey, PairKey, ServerKey, Who, World};

/// Gives a pair the data role that its sub-job brought about.
pub(super) fn turn_pair(
    world: &mut World,
    now: SimTime,
    op: Op,
    pair: PairKey,
    aim: Side,
    out: &mut Effects,
) {
    match op {
        Op::StartProtection | Op::Reprotect => data::begin_copy(world, now, pair, out),
        Op::StopProtection => data::stop_copy(world, now, pair),
        Op::Failover => data::part(world, now, pair, aim, out),
        Op::PlannedFailover => data::turn(world, now, pair, aim),
        _ => unreachable!("only group operations have sub-jobs"),
    }
}

/// What a successful group operation changes together at close.
pub(super) fn turn_group(world: &mut World, op: Op, group: GroupKey, aim: Side, out: &mut Effects) {
    let mut place = 0;
    while let Some(instance) = world.groups[group].instances.next_from(&mut place) {
        if world.instances[instance]
            .life
            .work()
            .is_none_or(|work| work.op != op)
        {
            continue;
        }
        match op {
            Op::Failover => fail_over_instance(world, instance, aim, out),
            Op::PlannedFailover => {
                stays_down(world, instance, aim);
                exchange_nics(world, instance, out);
            }
            Op::Reprotect => reprotect_instance(world, instance, aim, out),
            _ => {}
        }
    }
    if matches!(op, Op::Failover | Op::PlannedFailover) {
        world.groups[group].station = aim;
        out.push(Effect::Station { group, to: aim });
    }
    if op == Op::Failover
        && let Some(recovery) = world.groups[group].recovery.take()
    {
        out.push(Effect::Recovered { group, recovery });
    }
}

/// A server that ran when its AZ went dark does not boot again once it has become the DR side, where fencing lets none start.
fn stays_down(world: &mut World, instance: InstanceKey, aim: Side) {
    let old = world.instances[instance].servers[aim.other().index()];
    if let Some(old) = old
        && world.servers[old].resumes
    {
        world.hung.add(Policy::Fencing);
        world.servers[old].resumes = !world.settings.policies.fencing.is_on();
    }
}

fn fail_over_instance(world: &mut World, instance: InstanceKey, aim: Side, out: &mut Effects) {
    let servers = world.instances[instance].servers;
    let (old, new) = (servers[aim.other().index()], servers[aim.index()]);
    if let Some(old) = old {
        world.hung.add(Policy::Fencing);
        if world.servers[old].power != Power::Error && is_in_reach(world, instance) {
            make::set_power(world, old, Power::Shutoff, out);
        }
        world.servers[old].resumes &= !world.settings.policies.fencing.is_on();
        if world.settings.policies.fencing == Switch::On {
            set_fence(world, old, true, out);
        }
    }
    let Some(new) = new else { return };
    if let Some(old) = old {
        move_nics(world, instance, old, new, out);
    }
    let record = &world.servers[new];
    if record.power == Power::Shutoff && record.act.is_none() {
        world.hung.add(Policy::StartAfterFailover);
        if world.settings.policies.start_after_failover {
            native::boot(world, new, out);
        }
    }
}

/// Whether the old production servers of an instance can be told to stop: without a fence only where the sides reach each
/// other. A fence acts on the storage too, so under fencing a server that cannot be reached writes nothing.
fn is_in_reach(world: &World, instance: InstanceKey) -> bool {
    let group = &world.groups[world.instances[instance].group];
    world.settings.policies.fencing.is_on() || world.is_connected(group)
}

/// Moves the NICs of the old production server to the new one. The new one's own primary NIC is set aside.
fn move_nics(
    world: &mut World,
    instance: InstanceKey,
    old: ServerKey,
    new: ServerKey,
    out: &mut Effects,
) {
    if world.servers[old].nics.is_empty() {
        return;
    }
    let mut own = make::unplug_all(world, new, out);
    let moved = std::mem::take(&mut world.servers[old].nics);
    make::plug_all(world, moved, Some(old), new, out);
    if let Some((&primary, others)) = own.split_first() {
        world.instances[instance].set_aside = Some(primary);
        for &nic in others {
            make::plug(world, nic, Some(new), out);
        }
    }
    // The two servers exchange the room of their lists, so that going to and fro allocates nothing.
    own.clear();
    world.servers[old].nics = own;
}

fn exchange_nics(world: &mut World, instance: InstanceKey, out: &mut Effects) {
    let [Some(a), Some(b)] = world.instances[instance].servers else {
        return;
    };
    let of_a = make::unplug_all(world, a, out);
    let of_b = make::unplug_all(world, b, out);
    make::plug_all(world, of_a, None, b, out);
    make::plug_all(world, of_b, None, a, out);
}

/// The old production server is the DR side now: the NIC set aside for it is plugged in and the fence is lifted.
fn reprotect_instance(world: &mut World, instance: InstanceKey, aim: Side, out: &mut Effects) {
    let Some(old) = world.instances[instance].servers[aim.other().index()] else {
        return;
    };
    if let Some(nic) = world.instances[instance].set_aside.take() {
        make::plug(world, nic, Some(old), out);
    }
    set_fence(world, old, false, out);
}

fn set_fence(world: &mut World, server: ServerKey, fenced: bool, out: &mut Effects) {
    if world.servers[server].fenced != fenced {
        world.servers[server].fenced = fenced;
        let property = super::effect::Property::Fence;
        make::changed(Who::Server(server), property, u64::from(fenced), out);
    }
}

/// Ends a job that is not a group operation.
pub(super) fn finish_own(
    world: &mut World,
    now: SimTime,
    job: JobKey,
    code: Option<Code>,
    out: &mut Effects,
) {
    let record = &world.jobs[job];
    let (op, subject, detail) = (record.op, record.subject, record.detail.clone());
    let success = code.is_none();
    if let Who::Pair(pair) = subject {
        world.pairs[pair].set_failure(code);
    }
    if op == Op::CreateProtectedInstance {
        finish_instance_creation(world, now, job, code, out);
        return;
    }
    end_work(world, now, subject, success, out);
    if !success {
        if let (Op::AddNic, Detail::AddNic(nic)) = (op, &detail)
            && world.nics.contains_key(*nic)
        {
            make::remove_nic(world, *nic, out);
        }
        return;
    }
    match (subject, detail) {
        (Who::Group(group), _) if is_gone(op) => make::remove_group(world, group, out),
        (Who::Drill(drill), _) if is_gone(op) => drills::remove(world, drill, out),
        (Who::Drill(drill), _) => drills::fill(world, now, drill, out),
        (
            Who::Instance(instance),
            Detail::DeleteInstance {
                target_server,
                target_eip,
            },
        ) => {
            delete_instance(world, instance, target_server, target_eip, out);
        }
        (Who::Instance(instance), Detail::AddNic(nic)) => add_nic(world, instance, nic, out),
        (_, Detail::DeleteNic(nic)) if world.nics.contains_key(nic) => {
            make::remove_nic(world, nic, out)
        }
        (Who::Instance(instance), Detail::Resize(flavors)) => resize(world, instance, flavors, out),
        (Who::Pair(pair), Detail::Attach(instance, device)) => {
            make::attach_pair(world, pair, instance, device);
            join_disks(world, pair, instance, Some(device), out);
        }
        (Who::Pair(pair), Detail::Detach(instance)) => {
            join_disks(world, pair, instance, None, out);
            make::detach_pair(world, pair, instance);
        }
        (Who::Pair(pair), Detail::Expand(size)) => expand(world, now, pair, size, out),
        (Who::Pair(pair), Detail::DeletePair { target_volume }) => {
            let disk = world.disks_of(pair)[Side::Target.index()];
            make::remove_pair(world, pair, out);
            if let (true, Some(disk)) = (target_volume, disk) {
                make::remove_disk(world, disk, out);
            }
        }
        (Who::Pair(pair), _) => replicate(world, now, pair, None, out),
        _ => {}
    }
}

fn is_gone(op: Op) -> bool {
    Kind::ALL.iter().any(|&kind| {
        rule(op)
            .moves_of(kind)
            .is_some_and(|moves| moves.done == End::Gone)
    })
}

/// Makes the DR disk of a new pair; in a protected group its copy begins.
fn replicate(
    world: &mut World,
    now: SimTime,
    pair: PairKey,
    server: Option<ServerKey>,
    out: &mut Effects,
) {
    let record = &world.pairs[pair];
    let (group, station) = (record.group, record.station);
    let PairBase { label, disks, .. } = *world.pairs.base(pair);
    let protected = record.life.status == Status::Protected;
    let source = disks[station.index()];
    let az = world.groups[group].azs[station.other().index()];
    let Some(source) = source else { return };
    let label = make::free_part(world, label, "dr");
    let disk = make::disk_like(world, source, label, az, out);
    world.disks[disk].pair = Some(pair);
    world.pairs.base_mut(pair).disks[station.other().index()] = Some(disk);
    if let (Some(server), Some(&(_, device))) = (server, world.pairs[pair].rest.attached.first()) {
        make::attach_disk(world, disk, server, device, out);
    }
    if protected {
        data::begin_copy(world, now, pair, out);
    }
}

fn finish_instance_creation(
    world: &mut World,
    now: SimTime,
    job: JobKey,
    code: Option<Code>,
    out: &mut Effects,
) {
    let record = &world.jobs[job];
    let (Who::Instance(instance), Detail::CreateInstance { nic, flavor }) =
        (record.subject, record.detail.clone())
    else {
        return;
    };
    let success = code.is_none();
    let mut replica = None;
    if success {
        replica = Some(make_replica(world, instance, nic, flavor, out));
    } else if let Some(nic) = nic {
        make::remove_nic(world, nic, out);
    }
    for pair in world.instances[instance].pairs.clone() {
        world.pairs[pair].set_failure(code);
        end_work(world, now, Who::Pair(pair), success, out);
        if success {
            replicate(world, now, pair, replica, out);
        }
    }
    end_work(world, now, Who::Instance(instance), success, out);
}

fn make_replica(
    world: &mut World,
    instance: InstanceKey,
    nic: Option<crate::world::NicKey>,
    flavor: crate::world::FlavorKey,
    out: &mut Effects,
) -> ServerKey {
    let record = &world.instances[instance];
    let group = &world.groups[record.group];
    let dr = group.station.other();
    let az = group.azs[dr.index()];
    let source = record.servers[group.station.index()];
    let label = record.label;
    let (project, vpc, name, hypervisor) = match source {
        Some(s) => {
            let s = &world.servers[s];
            (s.project, s.vpc, s.name, s.hypervisor)
        }
        None => (group.project, group.vpc, record.name, Default::default()),
    };
    let label = make::free_part(world, label, "dr");
    let new = make::NewServer {
        label,
        project,
        name,
        az,
        vpc,
        flavor,
        hypervisor,
        power: Power::Shutoff,
    };
    let server = make::server(world, new, out);
    world.servers[server].instance = Some(instance);
    world.instances[instance].servers[dr.index()] = Some(server);
    if let Some(nic) = nic {
        make::plug(world, nic, Some(server), out);
    }
    server
}

fn delete_instance(
    world: &mut World,
    instance: InstanceKey,
    target_server: bool,
    target_eip: bool,
    out: &mut Effects,
) {
    let replica = world.instances[instance].servers[Side::Target.index()];
    if let (true, Some(server)) = (target_eip, replica) {
        for nic in world.servers[server].nics.clone() {
            if let Some(eip) = world.nics[nic].eip {
                make::remove_eip(world, eip, out);
            }
        }
    }
    let mut spared: Vec<DiskKey> = Vec::new();
    for pair in world.instances[instance].pairs.clone() {
        make::detach_pair(world, pair, instance);
        if world.pairs[pair].rest.attached.is_empty() {
            make::remove_pair(world, pair, out);
        } else if let Some(disk) = world.disks_of(pair)[Side::Target.index()] {
            spared.push(disk);
        }
    }
    for server in world.instances[instance].servers.into_iter().flatten() {
        set_fence(world, server, false, out);
    }
    make::remove_instance(world, instance, out);
    if let (true, Some(server)) = (target_server, replica) {
        let disks: Vec<DiskKey> = world.servers[server].disks.iter().map(|d| d.1).collect();
        make::remove_server(world, server, out);
        for disk in disks.into_iter().filter(|disk| !spared.contains(disk)) {
            make::remove_disk(world, disk, out);
        }
    }
}

fn add_nic(world: &mut World, instance: InstanceKey, nic: crate::world::NicKey, out: &mut Effects) {
    let station = world.groups[world.instances[instance].group].station;
    let server = world.instances[instance].servers[station.index()];
    if let Some(server) = server
        && world.nics.contains_key(nic)
    {
        make::plug(world, nic, Some(server), out);
    }
}

fn resize(
    world: &mut World,
    instance: InstanceKey,
    flavors: [Option<crate::world::FlavorKey>; 2],
    out: &mut Effects,
) {
    for (server, flavor) in world.instances[instance].servers.into_iter().zip(flavors) {
        if let (Some(server), Some(flavor)) = (server, flavor) {
            make::resize_server(world, server, flavor);
            let value = world.flavors[flavor].stable.0;
            make::changed(
                Who::Server(server),
                super::effect::Property::Flavor,
                value,
                out,
            );
        }
    }
}

/// Attaches the disks of a pair to the servers of an instance, or detaches them. A detachment that follows a failed
/// attachment only clears a status: its instance, which it does not touch, may be gone by now.
fn join_disks(
    world: &mut World,
    pair: PairKey,
    instance: InstanceKey,
    device: Option<crate::sdrs::device::Device>,
    out: &mut Effects,
) {
    let Some(record) = world.instances.get(instance) else {
        return;
    };
    let ends = record.servers.into_iter().zip(world.disks_of(pair));
    for (server, disk) in ends {
        let (Some(server), Some(disk)) = (server, disk) else {
            continue;
        };
        match device {
            Some(device) => make::attach_disk(world, disk, server, device, out),
            None => make::detach_disk(world, disk, server, out),
        }
    }
}

/// Grows both disks of a pair; what was added is copied like the rest.
fn expand(world: &mut World, now: SimTime, pair: PairKey, size: Bytes, out: &mut Effects) {
    let mut grown = Bytes(0);
    for disk in world.disks_of(pair).into_iter().flatten() {
        grown = size.saturating_sub(world.disks[disk].size);
        make::grow_disk(world, disk, size, out);
    }
    data::grown(world, now, pair, grown, out);
}
