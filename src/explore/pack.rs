//! What of a world decides what can happen in it: a canonical form without serials, labels, jobs' numbers and instants.
//!
//! Two worlds with equal packs admit the same calls, and whatever happens to both leads to equal packs again (a test walks
//! random pairs to see it). Everything that decides is discrete: of sizes and instants only whether there is anything to
//! copy counts. Instances of a group that could change places, groups that could, count as the same: their parts of the
//! pack are sorted. A resource that a fault or a property names by itself is marked and changes places with none.

use crate::hash;
use crate::world::job::{Detail, JobStatus};
use crate::world::protection::{Copying, Cut, Instance, Life, Pair, ProtectionType, Side};
use crate::world::{DrillKey, GroupKey, InstanceKey, PairKey, ServerKey, Who, World};
use std::collections::BTreeSet;

/// Makes packs; keeps its room.
#[derive(Clone, Debug, Default)]
pub struct Packer {
    /// What changes places with nothing.
    marked: BTreeSet<u64>,
    out: Vec<u8>,
}

impl Packer {
    /// A maker of packs for which these resources, by stable key, are unlike any other.
    #[must_use]
    pub fn new(marked: BTreeSet<u64>) -> Packer {
        Packer {
            marked,
            out: Vec::new(),
        }
    }

    /// The pack of a world.
    pub fn pack(&mut self, world: &World) -> &[u8] {
        let mut out = std::mem::take(&mut self.out);
        out.clear();
        surroundings(world, &mut out);
        let mut groups: Vec<Vec<u8>> = in_order(world.groups.iter().map(|(k, g)| (g.serial, k)))
            .map(|group| self.group(world, group))
            .collect();
        groups.sort_unstable();
        for group in groups {
            out.extend_from_slice(&(group.len() as u32).to_le_bytes());
            out.extend_from_slice(&group);
        }
        let mut loose: Vec<Vec<u8>> = Vec::new();
        for (key, server) in &world.servers {
            if server.instance.is_none() && server.drill.is_none() {
                loose.push(self.server(world, Some(key)));
            }
        }
        for (key, disk) in &world.disks {
            if disk.pair.is_none() && disk.servers().is_empty() && disk.rest.drill.is_none() {
                let mut part = vec![u8::MAX];
                self.mark(world, Who::Disk(key), &mut part);
                disk_of(world, Some(key), &mut part);
                loose.push(part);
            }
        }
        loose.sort_unstable();
        loose.iter().for_each(|part| out.extend_from_slice(part));
        self.out = out;
        &self.out
    }

    /// A hash of the pack.
    pub fn print(&mut self, world: &World) -> u64 {
        let pack = self.pack(world);
        let mut print = pack.len() as u64;
        for chunk in pack.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            print = hash::combine(print, u64::from_le_bytes(word));
        }
        print
    }

    fn mark(&self, world: &World, who: Who, out: &mut Vec<u8>) {
        let stable = world.stable(who).filter(|it| self.marked.contains(&it.0));
        if let Some(stable) = stable {
            out.extend_from_slice(&stable.0.to_le_bytes());
        }
        out.push(u8::from(stable.is_some()));
    }

    fn group(&self, world: &World, key: GroupKey) -> Vec<u8> {
        let group = &world.groups[key];
        let mut out = Vec::with_capacity(256);
        self.mark(world, Who::Group(key), &mut out);
        life(world, &group.life, &mut out);
        out.extend([
            group.station as u8,
            u8::from(group.protection == ProtectionType::ConsistencyGroup),
            u8::from(group.last_drill.is_some()),
        ]);
        let domain = world.domains[group.domain].serial;
        let azs = group.azs.map(|az| world.azs[az].serial);
        for serial in [domain, azs[0], azs[1]] {
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
        let members: Vec<InstanceKey> = group.instances.iter().collect();
        let shared = group
            .pairs
            .iter()
            .any(|pair| world.pairs[pair].rest.attached.len() > 1);
        let mut parts: Vec<Vec<u8>> = members
            .iter()
            .enumerate()
            .map(|(place, &member)| {
                let mut part = self.instance(world, member);
                if shared {
                    part.insert(0, place as u8);
                }
                part
            })
            .collect();
        parts.sort_unstable();
        let mut rest: Vec<Vec<u8>> = Vec::new();
        for pair in group.pairs.iter() {
            let record = &world.pairs[pair];
            if record.rest.attached.len() != 1 {
                let mut part = self.pair(world, pair);
                let place = |it: &InstanceKey| members.iter().position(|member| member == it);
                part.extend(
                    record
                        .rest
                        .attached
                        .iter()
                        .map(|a| place(&a.0).map_or(255, |p| p as u8)),
                );
                rest.push(part);
            }
        }
        rest.sort_unstable();
        let mut drills: Vec<Vec<u8>> = { group.drills.iter() }
            .map(|&drill| self.drill(world, drill))
            .collect();
        drills.sort_unstable();
        for list in [parts, rest, drills] {
            out.push(list.len() as u8);
            list.iter().for_each(|part| out.extend_from_slice(part));
        }
        out
    }

    fn instance(&self, world: &World, key: InstanceKey) -> Vec<u8> {
        let instance: &Instance = &world.instances[key];
        let mut out = Vec::with_capacity(128);
        self.mark(world, Who::Instance(key), &mut out);
        life(world, &instance.life, &mut out);
        out.extend([
            u8::from(instance.lost),
            u8::from(instance.set_aside.is_some()),
        ]);
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
            out.extend(self.server(world, server));
        }
        let mut pairs: Vec<Vec<u8>> = { instance.pairs.iter() }
            .filter(|pair| world.pairs[**pair].rest.attached.len() == 1)
            .map(|&pair| self.pair(world, pair))
            .collect();
        pairs.sort_unstable();
        out.push(pairs.len() as u8);
        pairs.iter().for_each(|part| out.extend_from_slice(part));
        out
    }

    fn server(&self, world: &World, key: Option<ServerKey>) -> Vec<u8> {
        let mut out = Vec::with_capacity(32);
        let Some(key) = key else {
            out.push(0);
            return out;
        };
        let server = &world.servers[key];
        self.mark(world, Who::Server(key), &mut out);
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
        ] {
            out.extend_from_slice(&serial.to_le_bytes());
        }
        out
    }

    fn pair(&self, world: &World, key: PairKey) -> Vec<u8> {
        let pair: &Pair = &world.pairs[key];
        let mut out = Vec::with_capacity(64);
        self.mark(world, Who::Pair(key), &mut out);
        life(world, &pair.life, &mut out);
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
            pair.consistent,
            pair.has_copy,
            pair.drift().stands.is_some(),
            pair.drift().behind > 0,
            pair.parted,
            pair.lost,
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
        for disk in pair.disks {
            disk_of(world, disk, &mut out);
            if let Some(disk) = disk {
                self.mark(world, Who::Disk(disk), &mut out);
            }
        }
        out
    }

    fn drill(&self, world: &World, key: DrillKey) -> Vec<u8> {
        let drill = &world.drills[key];
        let mut out = Vec::with_capacity(32);
        life(world, &drill.life, &mut out);
        out.extend([u8::from(drill.rescue), u8::from(drill.vpc.is_some())]);
        let mut servers: Vec<Vec<u8>> = { drill.servers.iter() }
            .map(|&(_, server)| self.server(world, Some(server)))
            .collect();
        servers.sort_unstable();
        out.extend([drill.members.len() as u8, servers.len() as u8]);
        servers.iter().for_each(|part| out.extend_from_slice(part));
        out
    }
}

fn in_order<K>(all: impl Iterator<Item = (u32, K)>) -> impl Iterator<Item = K> {
    let mut all: Vec<(u32, K)> = all.collect();
    all.sort_unstable_by_key(|it| it.0);
    all.into_iter().map(|it| it.1)
}

/// What no group owns: places, the network, who arbitrates how, the control plane.
fn surroundings(world: &World, out: &mut Vec<u8>) {
    let count = |n: u32| n.min(255) as u8;
    for site in in_order(world.sites.iter().map(|(k, it)| (it.serial, k))) {
        out.push(count(world.sites[site].dark));
    }
    for az in in_order(world.azs.iter().map(|(k, it)| (it.serial, k))) {
        let az = &world.azs[az];
        out.extend([az.dark, az.pool.failed, az.pool.read_only].map(count));
    }
    let net = &world.topology;
    for link in in_order(net.links.iter().map(|(k, it)| (it.serial, k))) {
        let link = &net.links[link];
        out.extend([count(link.down), count(link.slowed.len() as u32)]);
    }
    for duct in in_order(net.ducts.iter().map(|(k, it)| (it.serial, k))) {
        out.push(count(net.ducts[duct].down));
    }
    for node in in_order(net.nodes.iter().map(|(k, it)| (it.serial, k))) {
        out.push(count(net.nodes[node].down));
    }
    for domain in in_order(world.domains.iter().map(|(k, it)| (it.serial, k))) {
        let domain = &world.domains[domain];
        out.extend([domain.mode as u8, u8::from(domain.sold_out)]);
    }
    for project in in_order(world.projects.iter().map(|(k, it)| (it.serial, k))) {
        out.push(u8::from(world.projects[project].frozen));
    }
    out.extend([
        count(world.control.down),
        u8::from(world.control.since.is_some()),
    ]);
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
