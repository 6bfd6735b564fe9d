//! What could be asked of a world now: calls and acts with the plainest body, about everything that exists.
//!
//! Searches walk these. Renaming, tags, failed tasks and what is answered without changing a status are left out. What is to
//! be made gets the first label and the lowest address that are free, so that both follow from what there is and not from
//! what there was.

use super::command::{Call, Command, CreateDrDrill, CreateProtectedInstance};
use super::command::{CreateProtectionGroup, CreateReplicationPair, Gigabytes, Native, Ref};
use super::{Event, admit};
use crate::machine::event::{Doing, Outcome};
use crate::sdrs::op::Op;
use crate::world::job::{Job, JobStatus, Part};
use crate::world::place::Mode;
use crate::world::protection::{Copying, Side};
use crate::world::{DiskKey, GroupKey, InstanceKey, JobKey, PairKey, ServerKey, SubnetKey};
use crate::world::{Who, World};

/// The operations that [`candidates`] offers calls of.
pub const OFFERED: &[Op] = &[
    Op::CreateProtectionGroup,
    Op::DeleteProtectionGroup,
    Op::StartProtection,
    Op::Reprotect,
    Op::StopProtection,
    Op::Failover,
    Op::PlannedFailover,
    Op::CreateProtectedInstance,
    Op::DeleteProtectedInstance,
    Op::AttachReplicationPair,
    Op::DetachReplicationPair,
    Op::AddNic,
    Op::DeleteNic,
    Op::ResizeProtectedInstance,
    Op::CreateReplicationPair,
    Op::DeleteReplicationPair,
    Op::ExpandReplicationPair,
    Op::CreateDrDrill,
    Op::DeleteDrDrill,
];

/// The keys of a slot map, in the order in which their resources were made.
macro_rules! in_order {
    ($map:expr) => {{
        let mut all: Vec<_> = $map.iter().map(|(key, it)| (it.serial, key)).collect();
        all.sort_unstable_by_key(|it| it.0);
        all.into_iter().map(|it| it.1)
    }};
}

/// The keys of the pairs, in the order in which they were made.
fn pairs_in_order(world: &World) -> impl Iterator<Item = PairKey> + use<> {
    let all = world.pairs.keys();
    let mut all: Vec<_> = all.map(|key| (world.pairs.base(key).serial, key)).collect();
    all.sort_unstable_by_key(|it| it.0);
    all.into_iter().map(|it| it.1)
}

/// How a command refers to something: by its slot, or by its label.
pub type Naming<'a> = dyn Fn(Who) -> Ref + 'a;

/// Every call of an operation about what exists, whether or not it would be admitted; in the order of the serials of what
/// it is about. Operations that are not [`OFFERED`] have none.
pub fn candidates(world: &World, op: Op, name: &Naming<'_>, out: &mut Vec<Command>) {
    match op {
        Op::DeleteProtectionGroup
        | Op::StartProtection
        | Op::Reprotect
        | Op::StopProtection
        | Op::Failover
        | Op::PlannedFailover
        | Op::CreateDrDrill => {
            let groups = in_order!(world.groups);
            out.extend(groups.map(|group| of_group(world, op, group, name).into()));
        }
        Op::CreateProtectionGroup => new_groups(world, name, out),
        Op::CreateProtectedInstance | Op::CreateReplicationPair => {
            creations(world, op, name, out);
        }
        Op::AddNic | Op::DeleteNic | Op::ResizeProtectedInstance => {
            for instance in in_order!(world.instances) {
                match op {
                    Op::AddNic => new_nics(world, instance, name, out),
                    Op::DeleteNic => old_nics(world, instance, name, out),
                    _ => sizes(world, instance, name, out),
                }
            }
        }
        Op::DeleteProtectedInstance => {
            let delete = |instance: InstanceKey| Call::DeleteProtectedInstance {
                instance: name(Who::Instance(instance)),
                delete_target_server: at_source(world, world.instances[instance].group),
                delete_target_eip: false,
            };
            out.extend(in_order!(world.instances).map(|instance| delete(instance).into()));
        }
        Op::AttachReplicationPair | Op::DetachReplicationPair => {
            for pair in pairs_in_order(world) {
                let group = world.pairs[pair].group;
                for instance in world.groups[group].instances.iter() {
                    out.extend(attachment(world, op, (instance, pair), name).map(Command::from));
                }
            }
        }
        Op::DeleteReplicationPair => {
            let delete = |pair: PairKey| Call::DeleteReplicationPair {
                pair: name(Who::Pair(pair)),
                server_group_id: None,
                delete_target_volume: at_source(world, world.pairs[pair].group),
            };
            out.extend(pairs_in_order(world).map(|pair| delete(pair).into()));
        }
        Op::ExpandReplicationPair => {
            out.extend(pairs_in_order(world).filter_map(|pair| larger(world, pair, name)));
        }
        Op::DeleteDrDrill => {
            let delete = |drill| Call::DeleteDrDrill {
                drill: name(Who::Drill(drill)),
            };
            out.extend(in_order!(world.drills).map(|drill| delete(drill).into()));
        }
        _ => {}
    }
}

/// Whether a deletion may take the DR side's servers and disks with it: only while production stands where it began.
fn at_source(world: &World, group: GroupKey) -> bool {
    world.groups[group].station == Side::Source
}

/// Instances of every server, or pairs of every disk, that belongs to nothing yet, in every group.
fn creations(world: &World, op: Op, name: &Naming<'_>, out: &mut Vec<Command>) {
    let free_server = |server: &ServerKey| {
        let server = &world.servers[*server];
        server.instance.is_none() && server.drill.is_none()
    };
    let free_disk = |disk: &DiskKey| {
        let disk = &world.disks[*disk];
        disk.pair.is_none() && disk.servers().is_empty() && disk.rest.drill.is_none()
    };
    for group in in_order!(world.groups) {
        if op == Op::CreateProtectedInstance {
            let servers = in_order!(world.servers).filter(free_server);
            out.extend(servers.map(|server| new_instance(world, group, server, name).into()));
        } else {
            let disks = in_order!(world.disks).filter(free_disk);
            out.extend(disks.map(|disk| new_pair(world, group, disk, name).into()));
        }
    }
}

/// A group for every two AZs of a domain, in both directions, in every VPC that no drill runs in.
fn new_groups(world: &World, name: &Naming<'_>, out: &mut Vec<Command>) {
    let label = free_label(world, "group");
    for domain in in_order!(world.domains) {
        let azs = &world.domains[domain].azs;
        for &source in azs {
            for &target in azs.iter().filter(|&&az| az != source) {
                for vpc in in_order!(world.vpcs).filter(|&vpc| world.vpcs[vpc].drill.is_none()) {
                    let new = CreateProtectionGroup {
                        label: label.clone(),
                        name: None,
                        description: None,
                        source_availability_zone: name(Who::Az(source)),
                        target_availability_zone: name(Who::Az(target)),
                        domain_id: name(Who::Domain(domain)),
                        source_vpc_id: name(Who::Vpc(vpc)),
                        dr_type: None,
                        protection_type: Default::default(),
                        copy_rate: None,
                    };
                    out.push(Call::CreateProtectionGroup(Box::new(new)).into());
                }
            }
        }
    }
}

/// A NIC more in every subnet of the group's VPC.
fn new_nics(world: &World, instance: InstanceKey, name: &Naming<'_>, out: &mut Vec<Command>) {
    let group = &world.groups[world.instances[instance].group];
    let Some(vpc) = world.vpcs.get(group.vpc) else {
        return;
    };
    for &subnet in &vpc.subnets {
        let add = Call::AddNic {
            label: None,
            instance: name(Who::Instance(instance)),
            subnet_id: name(Who::Subnet(subnet)),
            ip_address: free_address(world, subnet),
        };
        out.push(add.into());
    }
}

/// A NIC less of the production server.
fn old_nics(world: &World, instance: InstanceKey, name: &Naming<'_>, out: &mut Vec<Command>) {
    let station = world.groups[world.instances[instance].group].station;
    let server = world.instances[instance].servers[station.index()];
    let nics = server.map_or(&[][..], |server| &world.servers[server].nics);
    let delete = |&nic| Call::DeleteNic {
        instance: name(Who::Instance(instance)),
        nic_id: name(Who::Nic(nic)),
    };
    out.extend(nics.iter().map(|nic| Command::from(delete(nic))));
}

/// Both servers, or one of them, of every flavor.
fn sizes(world: &World, instance: InstanceKey, name: &Naming<'_>, out: &mut Vec<Command>) {
    for flavor in in_order!(world.flavors) {
        for (both, production, dr) in [
            (true, false, false),
            (false, true, false),
            (false, false, true),
        ] {
            let flavor = |asked: bool| asked.then(|| name(Who::Flavor(flavor)));
            let resize = Call::ResizeProtectedInstance {
                instance: name(Who::Instance(instance)),
                flavor_ref: flavor(both),
                production_flavor_ref: flavor(production),
                dr_flavor_ref: flavor(dr),
            };
            out.push(resize.into());
        }
    }
}

/// `STEM-N` with the first N that is free. Unlike the label of what is made without one, a scenario can give it.
fn free_label(world: &World, stem: &str) -> Option<String> {
    let mut labels = (1_u32..).map(|nth| format!("{stem}-{nth}"));
    labels.find(|label| world.find(label).is_none())
}

/// The lowest address that is free in a subnet.
fn free_address(world: &World, subnet: SubnetKey) -> Option<String> {
    let subnet = &world.subnets[subnet];
    let (first, last) = subnet.range()?;
    let free = (first..=last).find(|ip| !subnet.used.contains(ip))?;
    Some(std::net::Ipv4Addr::from(free).to_string())
}

/// The start and the stop of every server, whether or not it would be admitted, in the order of serials.
pub fn powers(world: &World, name: &Naming<'_>, out: &mut Vec<Command>) {
    for server in in_order!(world.servers) {
        let who = || name(Who::Server(server));
        out.push(Native::StartServer { server: who() }.into());
        out.push(Native::StopServer { server: who() }.into());
    }
}

/// The native deletion of every server, whether or not it would be admitted, in the order of serials.
pub fn deletions(world: &World, name: &Naming<'_>, out: &mut Vec<Command>) {
    for server in in_order!(world.servers) {
        let server = name(Who::Server(server));
        out.push(Native::DeleteServer { server }.into());
    }
}

/// The native deletion of every disk, whether or not it would be admitted, in the order of serials.
pub fn disk_deletions(world: &World, name: &Naming<'_>, out: &mut Vec<Command>) {
    for disk in in_order!(world.disks) {
        let disk = name(Who::Disk(disk));
        out.push(Native::DeleteDisk { disk }.into());
    }
}

/// Every call of [`OFFERED`] operations, and every start or stop of a server, that would be admitted now; in the order of
/// the API reference, then of serials, then the acts.
pub fn admissible(world: &World, out: &mut Vec<Command>) {
    for &op in OFFERED {
        candidates(world, op, &Ref::from, out);
    }
    powers(world, &Ref::from, out);
    out.retain(|command| admit(world, command).is_ok());
}

/// Everything under way that can end, as the event with which it ends well; sub-jobs and other work in the order of job
/// numbers and pairs, then acts of servers, copies, and the windows of lost witnesses. What the control plane holds back
/// while it stands still is not among them, and neither is the initialization of guests, on which nothing depends.
pub fn underway(world: &World, out: &mut Vec<Event>) {
    if world.control.since.is_none() {
        let mut jobs: Vec<_> = world.jobs.iter().collect();
        jobs.retain(|(_, job)| job.status == JobStatus::Running);
        jobs.sort_unstable_by_key(|(_, job)| job.number);
        for (key, job) in jobs {
            if job.part != Part::Work || job.subs.is_empty() {
                out.extend(end_of_job(world, key));
                continue;
            }
            let open = job.subs.iter().filter(|sub| sub.ended.is_none());
            out.extend(open.filter_map(|sub| {
                let epoch = world.pairs.get(sub.pair)?.life.epoch;
                Some(settled(world, job, Who::Pair(sub.pair), epoch))
            }));
        }
    }
    out.extend(in_order!(world.servers).filter_map(|server| end_of_act(world, server)));
    for pair in pairs_in_order(world) {
        let record = &world.pairs[pair];
        if let Copying::Running = record.copy {
            let copies = record.copies;
            out.push(Event::Synced { pair, copies });
        }
    }
    for domain in in_order!(world.domains) {
        let record = &world.domains[domain];
        if record.mode == Mode::Window {
            let windows = record.windows;
            out.push(Event::WindowEnds { domain, windows });
        }
    }
}

/// What of [`underway`] a world without time ends at once: the first opening of a job, or if `acts` say so the first act of a
/// server.
pub fn at_once(world: &World, acts: bool) -> Option<Event> {
    let runs = |job: &Job| job.status == JobStatus::Running && job.part == Part::Open;
    let opening = { world.jobs.iter() }
        .filter(|(_, job)| world.control.since.is_none() && runs(job))
        .min_by_key(|(_, job)| job.number);
    if let Some((key, _)) = opening {
        return end_of_job(world, key);
    }
    let servers = world.servers.iter().filter(|_| acts);
    let acting = servers.filter(|(_, server)| server.act.is_some());
    let (key, _) = acting.min_by_key(|(_, server)| server.serial)?;
    end_of_act(world, key)
}

/// The end of a running job's opening or closing, or of its one piece of work; what the control plane does counts for nothing.
pub fn end_of_job(world: &World, key: JobKey) -> Option<Event> {
    let job = world.jobs.get(key)?;
    let (who, epoch) = match job.part {
        Part::Open | Part::Close => (Who::Job(key), job.part as u32),
        Part::Work => (job.subject, world.life(job.subject)?.epoch),
    };
    Some(settled(world, job, who, epoch))
}

/// The end of a sub-job on a pair.
pub fn end_of_sub(world: &World, pair: PairKey) -> Option<Event> {
    let life = &world.pairs.get(pair)?.life;
    let job = world.jobs.get(life.work()?.job)?;
    Some(settled(world, job, Who::Pair(pair), life.epoch))
}

fn settled(world: &World, job: &Job, who: Who, epoch: u32) -> Event {
    Event::Settled {
        who,
        epoch,
        doing: Doing::Job(job.op, job.part),
        outcome: Outcome::Done,
        turn: world.control.turn(),
    }
}

/// The end of what a server is doing.
pub fn end_of_act(world: &World, key: ServerKey) -> Option<Event> {
    let server = world.servers.get(key)?;
    Some(Event::Settled {
        who: Who::Server(key),
        epoch: server.epoch,
        doing: Doing::Act(server.act?),
        outcome: Outcome::Done,
        turn: 0,
    })
}

fn of_group(world: &World, op: Op, key: GroupKey, name: &Naming<'_>) -> Call {
    let group = name(Who::Group(key));
    match op {
        Op::DeleteProtectionGroup => Call::DeleteProtectionGroup { group },
        Op::StartProtection => Call::StartProtection { group },
        Op::Reprotect => Call::Reprotect { group },
        Op::StopProtection => Call::StopProtection { group },
        Op::PlannedFailover => Call::PlannedFailover {
            group,
            priority_station: world.groups[key].station.other().name().to_owned(),
        },
        Op::CreateDrDrill => Call::CreateDrDrill(Box::new(CreateDrDrill {
            label: free_label(world, "drill"),
            server_group_id: group,
            name: None,
            drill_vpc_id: None,
        })),
        _ => Call::Failover { group },
    }
}

fn new_instance(world: &World, group: GroupKey, server: ServerKey, name: &Naming<'_>) -> Call {
    let primary = world.servers[server].nics.first();
    let subnet = primary.map(|&nic| world.nics[nic].subnet);
    Call::CreateProtectedInstance(Box::new(CreateProtectedInstance {
        label: free_label(world, "instance"),
        server_group_id: name(Who::Group(group)),
        server_id: name(Who::Server(server)),
        name: None,
        description: None,
        primary_subnet_id: subnet.map(|subnet| name(Who::Subnet(subnet))),
        primary_ip_address: subnet.and_then(|subnet| free_address(world, subnet)),
        flavor_ref: None,
        tags: Default::default(),
    }))
}

fn new_pair(world: &World, group: GroupKey, disk: DiskKey, name: &Naming<'_>) -> Call {
    Call::CreateReplicationPair(Box::new(CreateReplicationPair {
        label: free_label(world, "pair"),
        server_group_id: name(Who::Group(group)),
        volume_id: name(Who::Disk(disk)),
        name: None,
        description: None,
    }))
}

fn attachment(
    world: &World,
    op: Op,
    (instance, pair): (InstanceKey, PairKey),
    name: &Naming<'_>,
) -> Option<Call> {
    let attached = world.pairs[pair]
        .rest
        .attached
        .iter()
        .any(|a| a.0 == instance);
    let (who, pair) = (name(Who::Instance(instance)), name(Who::Pair(pair)));
    match (op, attached) {
        (Op::DetachReplicationPair, true) => Some(Call::DetachReplicationPair {
            instance: who,
            pair,
        }),
        (Op::AttachReplicationPair, false) => {
            let taken: Vec<String> = world.instances[instance]
                .servers
                .into_iter()
                .flatten()
                .flat_map(|server| &world.servers[server].disks)
                .map(|(device, _)| device.to_string())
                .collect();
            let names = ('b'..='z').map(|letter| format!("/dev/vd{letter}"));
            let device = { names }.find(|name| !taken.contains(name))?;
            Some(Call::AttachReplicationPair {
                instance: who,
                pair,
                device,
            })
        }
        _ => None,
    }
}

fn larger(world: &World, pair: PairKey, name: &Naming<'_>) -> Option<Command> {
    let mut disks = world.disks_of(pair).into_iter().flatten();
    let size = disks.next().map(|disk| world.disks[disk].size.0 >> 30)?;
    let new_size = Gigabytes(i64::try_from(size).ok()?.checked_add(10)?);
    let pair = name(Who::Pair(pair));
    Some(Call::ExpandReplicationPair { pair, new_size }.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::command::Ask;
    use crate::machine::fixture::Fixture;

    fn named(world: &World, offer: impl Fn(&Naming<'_>, &mut Vec<Command>)) -> Vec<Command> {
        let mut all = Vec::new();
        offer(&|who| Ref::Label(world.label(who)), &mut all);
        all
    }

    #[test]
    fn every_server_is_offered_to_be_started_and_stopped() {
        let world = Fixture::new().world;
        let all = named(&world, |name, out| powers(&world, name, out));
        let start = |server: &str| {
            Command::from(Native::StartServer {
                server: server.into(),
            })
        };
        let stop = |server: &str| {
            Command::from(Native::StopServer {
                server: server.into(),
            })
        };
        let servers = ["web", "app", "i/dr"];
        let expected: Vec<Command> = servers.iter().flat_map(|s| [start(s), stop(s)]).collect();
        assert_eq!(all, expected);
    }

    #[test]
    fn what_is_admissible_is_what_is_admitted_of_all_candidates() {
        let world = Fixture::new().world;
        let mut admitted = Vec::new();
        admissible(&world, &mut admitted);
        let mut all = Vec::new();
        for &op in OFFERED {
            candidates(&world, op, &Ref::from, &mut all);
        }
        powers(&world, &Ref::from, &mut all);
        let refused = all.iter().filter(|it| !admitted.contains(it));
        assert!(refused.clone().all(|it| admit(&world, it).is_err()));
        assert_eq!(refused.count() + admitted.len(), all.len());
        let group = || Ref::from(Who::Group(world.groups.keys().next().unwrap()));
        let start = Call::StartProtection { group: group() };
        assert!(admitted.contains(&start.into()), "the group is available");
        let failover = Call::Failover { group: group() };
        assert!(!admitted.contains(&failover.into()), "it is not protected");
    }

    #[test]
    fn every_operation_has_its_candidates() {
        let mut f = Fixture::new();
        let attach = |device: &str| Call::AttachReplicationPair {
            instance: "i".into(),
            pair: "p".into(),
            device: device.into(),
        };
        let detach = |pair: &str| Call::DetachReplicationPair {
            instance: "i".into(),
            pair: pair.into(),
        };
        let group = || Ref::from("g");
        let whole = [
            (
                Op::DeleteProtectionGroup,
                Call::DeleteProtectionGroup { group: group() },
            ),
            (
                Op::StartProtection,
                Call::StartProtection { group: group() },
            ),
            (Op::Reprotect, Call::Reprotect { group: group() }),
            (Op::StopProtection, Call::StopProtection { group: group() }),
            (Op::Failover, Call::Failover { group: group() }),
        ];
        let offered =
            |f: &Fixture, op| named(&f.world, |name, out| candidates(&f.world, op, name, out));
        for (op, call) in whole {
            assert_eq!(offered(&f, op), [call.into()], "{op}");
        }
        let at = |op| offered(&f, op).len();
        assert_eq!((at(Op::PlannedFailover), at(Op::CreateDrDrill)), (1, 1));
        assert_eq!(
            (
                at(Op::CreateProtectedInstance),
                at(Op::CreateReplicationPair)
            ),
            (1, 2)
        );
        assert_eq!(
            (at(Op::DeleteReplicationPair), at(Op::ExpandReplicationPair)),
            (3, 3)
        );
        assert_eq!(at(Op::RenameDrDrill), 0);
        // The domain's two AZs either way; a NIC of each subnet; both servers or one of them, of each flavor.
        assert_eq!((at(Op::CreateProtectionGroup), at(Op::AddNic)), (2, 2));
        assert_eq!(at(Op::ResizeProtectedInstance), 2 * 3);
        let server = f.world.instances.values().next().unwrap().servers[0].unwrap();
        assert_eq!(at(Op::DeleteNic), f.world.servers[server].nics.len());
        // A label and an address that are taken are not given again.
        let made = |f: &Fixture, op| match offered(f, op).swap_remove(0).ask {
            Ask::Call(Call::CreateDrDrill(new)) => new.label.unwrap(),
            Ask::Call(Call::AddNic { ip_address, .. }) => ip_address.unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(made(&f, Op::CreateDrDrill), "drill-1");
        let ip = made(&f, Op::AddNic);
        let add = offered(&f, Op::AddNic).swap_remove(0);
        f.done(add);
        assert_ne!(made(&f, Op::AddNic), ip);
        assert_eq!(offered(&f, Op::DeleteNic).len(), 2);
        let delete = |whole| Call::DeleteProtectedInstance {
            instance: "i".into(),
            delete_target_server: whole,
            delete_target_eip: false,
        };
        let op = Op::DeleteProtectedInstance;
        assert_eq!(offered(&f, op), [delete(true).into()]);
        let group = f.world.groups.keys().next().unwrap();
        f.world.groups[group].station = Side::Target;
        assert_eq!(offered(&f, op), [delete(false).into()]);
        f.world.groups[group].station = Side::Source;
        let attached = [detach("i/vda").into(), detach("i/vdb").into()];
        assert_eq!(offered(&f, Op::DetachReplicationPair), attached);
        let free = [attach("/dev/vdc").into()];
        assert_eq!(offered(&f, Op::AttachReplicationPair), free);
        f.done(attach("/dev/vdc"));
        assert_eq!(offered(&f, Op::AttachReplicationPair), []);
    }
}
