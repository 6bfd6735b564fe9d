//! What of a world decides what can happen in it: a canonical form without serials, labels, jobs' numbers and instants.
//!
//! Two worlds with equal packs admit the same calls, and whatever happens to both leads to equal packs again (a test walks
//! random pairs to see it). Everything that decides is discrete: of sizes and instants only whether there is anything to
//! copy counts. Instances of a group that could change places, groups that could, count as the same: their parts of the
//! pack are sorted. A resource that a fault or a property names by itself is marked and changes places with none.

use crate::hash::{self, mix};
use crate::sdrs::device::Device;
use crate::world::job::{Detail, JobStatus};
use crate::world::label::Stable;
use crate::world::life::Life;
use crate::world::protection::{Copying, Cut, Instance, Pair, ProtectionType, Side};
use crate::world::{DrillKey, FlavorKey, GroupKey, InstanceKey, NicKey, PairKey, ServerKey};
use crate::world::{SubnetKey, VpcKey, Who, World};
use std::collections::BTreeSet;

/// Makes packs; keeps its room.
#[derive(Clone, Debug, Default)]
pub struct Packer {
    /// What changes places with nothing.
    marked: BTreeSet<u64>,
    /// Whether everything is so.
    all: bool,
    /// Whether every part stays in its own place, whatever it is.
    exact: bool,
    out: Vec<u8>,
    /// Room for sorting.
    sorted: Vec<u8>,
    /// Room for where parts end.
    rooms: Vec<Vec<usize>>,
}

impl Packer {
    /// A maker of packs for which these resources, by stable key, are unlike any other.
    #[must_use]
    pub fn new(marked: BTreeSet<u64>) -> Packer {
        Packer {
            marked,
            ..Packer::default()
        }
    }

    /// The same where every resource is unlike any other, with addresses and device names, which tell equal ones apart.
    #[must_use]
    pub fn telling_all_apart(mut self) -> Packer {
        self.all = true;
        self
    }

    /// The pack of a world.
    pub fn pack(&mut self, world: &World) -> &[u8] {
        let mut out = std::mem::take(&mut self.out);
        out.clear();
        surroundings(world, &mut out);
        let mut ends = self.begin(&out);
        in_order(world.groups.iter().map(|(k, g)| (g.serial, k)), |group| {
            let length = out.len();
            out.extend_from_slice(&[0; 4]);
            self.group(world, group, &mut out);
            let bytes = (out.len() - length - 4) as u32;
            out[length..length + 4].copy_from_slice(&bytes.to_le_bytes());
            ends.push(out.len());
        });
        self.sort(&mut out, ends);
        self.loose(world, &mut out);
        self.out = out;
        &self.out
    }

    /// A hash of the pack: equal packs have equal hashes.
    pub fn print(&mut self, world: &World) -> u64 {
        hash::combine(self.around(world), self.sum(world))
    }

    /// The sum of the scrambled hashes of all parts, so that their order does not count.
    pub(super) fn sum(&mut self, world: &World) -> u64 {
        let loose = mix(self.part(world, None, false));
        world.groups.keys().fold(loose, |sum, group| {
            sum.wrapping_add(mix(self.part(world, Some(group), false)))
        })
    }

    /// A hash of what no group owns.
    pub(super) fn around(&mut self, world: &World) -> u64 {
        self.hashed(|_, out| surroundings(world, out))
    }

    /// A hash of a group's part of the pack, or of what belongs to no group; `exact`: with every member in its own place.
    pub(super) fn part(&mut self, world: &World, group: Option<GroupKey>, exact: bool) -> u64 {
        self.exact = exact;
        let hash = self.hashed(|packer, out| match group {
            Some(group) => packer.group(world, group, out),
            None => packer.loose(world, out),
        });
        self.exact = false;
        hash
    }

    fn hashed(&mut self, write: impl FnOnce(&mut Packer, &mut Vec<u8>)) -> u64 {
        let mut out = std::mem::take(&mut self.out);
        out.clear();
        write(self, &mut out);
        let hash = hash::hash_bytes(&out);
        self.out = out;
        hash
    }

    /// Begins a list of parts that may change places; see [`Packer::sort`].
    fn begin(&mut self, out: &[u8]) -> Vec<usize> {
        let mut ends = self.rooms.pop().unwrap_or_default();
        ends.clear();
        ends.push(out.len());
        ends
    }

    /// Sorts the parts at the end of what is written: where the first one begins, and where each ends.
    fn sort(&mut self, out: &mut [u8], ends: Vec<usize>) {
        let part = |n: usize| &out[ends[n]..ends[n + 1]];
        let parts = ends.len() - 1;
        if !self.exact && !(1..parts).all(|n| part(n - 1) <= part(n)) {
            let mut order = self.rooms.pop().unwrap_or_default();
            order.clear();
            order.extend(0..parts);
            order.sort_unstable_by(|&a, &b| part(a).cmp(part(b)));
            self.sorted.clear();
            for &n in &order {
                self.sorted.extend_from_slice(part(n));
            }
            out[ends[0]..].copy_from_slice(&self.sorted);
            self.rooms.push(order);
        }
        self.rooms.push(ends);
    }

    /// Servers and disks that belong to nothing.
    fn loose(&mut self, world: &World, out: &mut Vec<u8>) {
        let mut ends = self.begin(out);
        for (key, server) in &world.servers {
            if server.instance.is_none() && server.drill.is_none() {
                self.server(world, Some(key), out);
                ends.push(out.len());
            }
        }
        for (key, disk) in &world.disks {
            if disk.pair.is_none() && disk.servers().is_empty() && disk.rest.drill.is_none() {
                out.push(u8::MAX);
                self.mark(world, Who::Disk(key), out);
                disk_of(world, Some(key), out);
                out.extend_from_slice(&world.azs[disk.az].serial.to_le_bytes());
                ends.push(out.len());
            }
        }
        self.sort(out, ends);
    }

    fn mark(&self, world: &World, who: Who, out: &mut Vec<u8>) {
        if self.marked.is_empty() && !self.all {
            out.push(0);
            return;
        }
        let is_marked = |it: &Stable| self.all || self.marked.contains(&it.0);
        let stable = world.stable(who).filter(is_marked);
        if let Some(stable) = stable {
            out.extend_from_slice(&stable.0.to_le_bytes());
        }
        out.push(u8::from(stable.is_some()));
    }

    fn group(&mut self, world: &World, key: GroupKey, out: &mut Vec<u8>) {
        let group = &world.groups[key];
        self.mark(world, Who::Group(key), out);
        life(world, &group.life, out);
        out.extend([
            group.station as u8,
            u8::from(group.protection == ProtectionType::ConsistencyGroup),
            u8::from(group.last_drill.is_some()),
        ]);
        let domain = world.domains[group.domain].serial;
        let azs = group.azs.map(|az| world.azs[az].serial);
        for serial in [domain, azs[0], azs[1], vpc_of(world, group.vpc)] {
            out.extend_from_slice(&serial.to_le_bytes());
        }
        match group.cut {
            None => out.push(0),
            Some(Cut {
                verdict,
                production_lost,
                ..
            }) => out.extend([1 + verdict as u8, u8::from(production_lost)]),
        }
        let shared = { group.pairs.iter() }.any(|pair| world.pairs[pair].rest.attached.len() > 1);
        let mut ends = self.open(out);
        for (place, member) in group.instances.iter().enumerate() {
            if shared {
                out.push(place as u8);
            }
            self.instance(world, member, out);
            ends.push(out.len());
        }
        self.close(out, ends);
        let mut ends = self.open(out);
        for pair in group.pairs.iter() {
            let record = &world.pairs[pair];
            if record.rest.attached.len() != 1 {
                self.pair(world, pair, out);
                let place = |it: InstanceKey| group.instances.iter().position(|key| key == it);
                for &(instance, _) in &record.rest.attached {
                    out.push(place(instance).map_or(255, |place| place as u8));
                }
                ends.push(out.len());
            }
        }
        self.close(out, ends);
        let mut ends = self.open(out);
        for &drill in &group.drills {
            self.drill(world, drill, out);
            ends.push(out.len());
        }
        self.close(out, ends);
    }

    /// Begins a list of parts that says how many they are.
    fn open(&mut self, out: &mut Vec<u8>) -> Vec<usize> {
        out.push(0);
        self.begin(out)
    }

    /// Ends it.
    fn close(&mut self, out: &mut [u8], ends: Vec<usize>) {
        out[ends[0] - 1] = (ends.len() - 1) as u8;
        self.sort(out, ends);
    }

    fn instance(&mut self, world: &World, key: InstanceKey, out: &mut Vec<u8>) {
        let instance: &Instance = &world.instances[key];
        self.mark(world, Who::Instance(key), out);
        life(world, &instance.life, out);
        self.equipment(world, instance, out);
        out.extend([
            u8::from(instance.lost),
            u8::from(instance.set_aside.is_some()),
        ]);
        if let Some(nic) = instance.set_aside {
            self.nic(world, nic, out);
        }
        // Who takes part in a drill, and what is being attached to whom, is said with the instance, so that instances can change places.
        for &drill in &world.groups[instance.group].drills {
            let member = { world.drills[drill].members.iter() }.find(|member| member.0 == key);
            out.push(member.map_or(0, |member| 1 + u8::from(member.1)));
        }
        let joined = world.jobs.values().filter(|job| {
            let (Detail::Attach(of, _) | Detail::Detach(of)) = job.detail else {
                return false;
            };
            of == key && job.ended.is_none()
        });
        out.push(joined.count() as u8);
        for server in instance.servers {
            self.server(world, server, out);
        }
        let mut ends = self.open(out);
        for &pair in &instance.pairs {
            if world.pairs[pair].rest.attached.len() == 1 {
                self.pair(world, pair, out);
                ends.push(out.len());
            }
        }
        self.close(out, ends);
    }

    fn server(&self, world: &World, key: Option<ServerKey>, out: &mut Vec<u8>) {
        let Some(key) = key else {
            out.push(0);
            return;
        };
        let server = &world.servers[key];
        self.mark(world, Who::Server(key), out);
        out.extend([
            1 + server.power as u8,
            server.act.map_or(0, |act| 1 + act as u8),
            server.lock as u8,
            u8::from(server.fenced) | u8::from(server.resumes) << 1,
            server.lost.min(255) as u8,
            server.nics.len() as u8,
            server.disks.len() as u8,
        ]);
        let bound = |nic: &&crate::world::NicKey| world.nics[**nic].eip.is_some();
        out.push(server.nics.iter().filter(bound).count() as u8);
        for serial in [
            world.azs[server.az].serial,
            world.flavors[server.flavor].serial,
            vpc_of(world, server.vpc),
        ] {
            out.extend_from_slice(&serial.to_le_bytes());
        }
        for &(device, disk) in &server.disks {
            if world.disks[disk].pair.is_none() {
                disk_of(world, Some(disk), out);
                self.mark(world, Who::Disk(disk), out);
            }
            self.device(device, out);
        }
        for &nic in &server.nics {
            self.nic(world, nic, out);
        }
    }

    /// The name of a device, if it matters.
    fn device(&self, device: Device, out: &mut Vec<u8>) {
        if self.all {
            out.extend_from_slice(device.to_string().as_bytes());
            out.push(0);
        }
    }

    /// Where a NIC is, whether it is the primary one, and which one it is, if that matters.
    fn nic(&self, world: &World, key: NicKey, out: &mut Vec<u8>) {
        let nic = &world.nics[key];
        out.push(subnet_of(world, nic.subnet) | u8::from(nic.primary) << 7);
        if !self.all {
            return;
        }
        self.mark(world, Who::Nic(key), out);
        out.extend_from_slice(&nic.ip.to_le_bytes());
        if let Some(eip) = nic.eip {
            self.mark(world, Who::Eip(eip), out);
        }
    }

    /// Which NIC or flavor the job of an instance is about.
    fn equipment(&self, world: &World, instance: &Instance, out: &mut Vec<u8>) {
        let job = { instance.life.work() }.and_then(|work| world.jobs.get(work.job));
        let flavor = |key: FlavorKey, out: &mut Vec<u8>| {
            out.extend_from_slice(&world.flavors[key].serial.to_le_bytes());
        };
        match job.map(|job| &job.detail) {
            Some(&Detail::CreateInstance { nic, flavor: of }) => {
                flavor(of, out);
                out.push(u8::from(nic.is_some()));
                if let Some(nic) = nic {
                    self.nic(world, nic, out);
                }
            }
            Some(&Detail::AddNic(nic)) if world.nics.contains_key(nic) => {
                self.nic(world, nic, out);
            }
            Some(&Detail::DeleteNic(nic)) => {
                let servers = instance.servers.into_iter().flatten();
                let mut nics = servers.flat_map(|server| &world.servers[server].nics);
                let place = nics.position(|it| *it == nic);
                out.push(place.map_or(255, |place| place as u8));
            }
            Some(Detail::Resize(flavors)) => {
                for of in flavors {
                    out.push(u8::from(of.is_some()));
                    if let Some(of) = *of {
                        flavor(of, out);
                    }
                }
            }
            _ => {}
        }
    }

    fn pair(&self, world: &World, key: PairKey, out: &mut Vec<u8>) {
        let pair: &Pair = &world.pairs[key];
        self.mark(world, Who::Pair(key), out);
        life(world, &pair.life, out);
        if let Some(work) = pair.life.work() {
            let job = world.jobs.get(work.job);
            let sub = job.and_then(|job| job.subs.iter().find(|sub| sub.pair == key));
            out.push(sub.map_or(0, |sub| 1 + u8::from(sub.ended.is_some())));
        }
        let gap = |side: Side| {
            let gap = &pair.drift().gaps[side.index()];
            u8::from(gap.rate() > 0 || gap.bytes(world.now) > 0)
        };
        let copy = match pair.copy {
            Copying::Inactive => 0,
            Copying::Running => 1,
            Copying::Waiting => 2,
            Copying::Active => 3,
            Copying::Stopped => 4,
        };
        let flags = [
            pair.unsynced().0 > 0,
            pair.is_consistent(),
            pair.has_copy(),
            pair.drift().stands.is_some(),
            pair.drift().behind > 0,
            pair.parted,
            pair.rest.lost,
            world.is_stalled(key),
        ];
        let flags =
            { flags.into_iter().enumerate() }.fold(0, |sum, (n, flag)| sum | u8::from(flag) << n);
        let outage = match world.outage(key) {
            None => 0,
            Some(outage) => 1 + outage.level as u8 * 2 + u8::from(outage.halted.is_some()),
        };
        out.extend([
            pair.station as u8,
            copy,
            flags,
            gap(Side::Source) | gap(Side::Target) << 1,
            outage,
        ]);
        for disk in world.disks_of(key) {
            disk_of(world, disk, out);
            if let Some(disk) = disk {
                self.mark(world, Who::Disk(disk), out);
            }
        }
        for &(instance, device) in &pair.rest.attached {
            if self.all {
                self.mark(world, Who::Instance(instance), out);
            }
            self.device(device, out);
        }
    }

    fn drill(&mut self, world: &World, key: DrillKey, out: &mut Vec<u8>) {
        let drill = &world.drills[key];
        self.mark(world, Who::Drill(key), out);
        if let Some(vpc) = drill.vpc
            && self.all
        {
            self.mark(world, Who::Vpc(vpc), out);
        }
        life(world, &drill.life, out);
        out.extend([u8::from(drill.rescue), u8::from(drill.vpc.is_some())]);
        out.push(drill.members.len() as u8);
        let mut ends = self.open(out);
        for &(_, server) in &drill.servers {
            self.server(world, Some(server), out);
            ends.push(out.len());
        }
        self.close(out, ends);
    }
}

/// Calls for each, in the order of the serials. Slots that were never used again hold them in that order already.
fn in_order<K>(all: impl Iterator<Item = (u32, K)> + Clone, mut each: impl FnMut(K)) {
    if all.clone().is_sorted_by_key(|it| it.0) {
        all.for_each(|it| each(it.1));
        return;
    }
    let mut all: Vec<(u32, K)> = all.collect();
    all.sort_unstable_by_key(|it| it.0);
    all.into_iter().for_each(|it| each(it.1));
}

/// What no group owns: places, the network, who arbitrates how, the control plane.
fn surroundings(world: &World, out: &mut Vec<u8>) {
    macro_rules! each {
        ($($map:ident).+, $write:expr) => {
            in_order(world.$($map).+.iter().map(|(_, it)| (it.serial, it)), $write)
        };
    }
    let count = |n: u32| n.min(255) as u8;
    each!(sites, |it| out.push(count(it.dark)));
    each!(azs, |it| out.extend(
        [it.dark, it.pool.failed, it.pool.read_only].map(count)
    ));
    each!(topology.links, |it| out
        .extend([count(it.down), count(it.slowed.len() as u32)]));
    each!(topology.ducts, |it| out.push(count(it.down)));
    each!(topology.nodes, |it| out.push(count(it.down)));
    each!(domains, |it| out
        .extend([it.mode as u8, u8::from(it.sold_out)]));
    each!(projects, |it| out.push(u8::from(it.frozen)));
    out.extend([
        count(world.control.down),
        u8::from(world.control.since.is_some()),
    ]);
}

/// The place in lists of a VPC, and 0 of one that is gone.
fn vpc_of(world: &World, vpc: VpcKey) -> u32 {
    world.vpcs.get(vpc).map_or(0, |vpc| vpc.serial)
}

/// Which of its VPC's subnets a subnet is, below 128.
fn subnet_of(world: &World, subnet: SubnetKey) -> u8 {
    let vpc = world
        .subnets
        .get(subnet)
        .and_then(|it| world.vpcs.get(it.vpc));
    let place = vpc.and_then(|vpc| vpc.subnets.iter().position(|it| *it == subnet));
    place.map_or(127, |place| place.min(126) as u8)
}

fn disk_of(world: &World, disk: Option<crate::world::DiskKey>, out: &mut Vec<u8>) {
    let Some(disk) = disk else {
        out.push(0);
        return;
    };
    let disk = &world.disks[disk];
    let flags = [
        disk.broken,
        disk.blank,
        disk.rest.damaged.is_some(),
        disk.locked,
        disk.frozen,
        disk.rest.load.is_some(),
    ];
    let flags =
        { flags.into_iter().enumerate() }.fold(1, |sum, (n, flag)| sum | u8::from(flag) << (n + 1));
    out.extend([flags, disk.lost.min(255) as u8, disk.servers().len() as u8]);
    out.extend_from_slice(&disk.size.0.to_le_bytes());
}

/// Status and operation, and how far the operation's job is.
fn life(world: &World, life: &Life, out: &mut Vec<u8>) {
    out.push(life.status as u8);
    let Some(work) = life.work() else {
        out.push(255);
        return;
    };
    out.extend([work.op as u8, work.resume as u8]);
    let Some(job) = world.jobs.get(work.job) else {
        out.push(255);
        return;
    };
    let waiting = { world.control.waiting.iter() }.position(|it| *it == work.job);
    out.extend([
        match job.status {
            JobStatus::Init => 1 + waiting.unwrap_or(0).min(200) as u8,
            _ => 0,
        },
        job.part as u8,
        job.failed.min(255) as u8,
    ]);
    let code = job.code.map_or(0, |code| code.number());
    out.extend_from_slice(&code.to_le_bytes());
    match job.detail {
        Detail::Station(side) => out.push(1 + side as u8),
        Detail::Expand(size) => out.extend_from_slice(&size.0.to_le_bytes()),
        Detail::DeleteInstance {
            target_server,
            target_eip,
        } => out.push(u8::from(target_server) | u8::from(target_eip) << 1),
        Detail::DeletePair { target_volume } => out.push(u8::from(target_volume)),
        _ => {}
    }
}
