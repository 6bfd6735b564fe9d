//! What can be read of the world's health: what is usable, what is mirrored, and what a recovery would find.
//!
//! Everything here is computed from state, at an instant where an instant matters. A lost path is one record of its
//! group, the [`Cut`]; what it means for each pair is computed here, so that nobody walks a million pairs when a link
//! fails. The machine writes it down for a pair when it changes that pair.

use super::protection::{Copying, Cut, Group, Pair, ProtectionType, Side, Verdict};
use super::replica::{Dirty, Gap, Level, Outage, Recovery, Split, marked, write_latency};
use super::{AzKey, DiskKey, GroupKey, InstanceKey, PairKey, ServerKey, Who, World};
use crate::sdrs::policy::LossOfReplica;
use crate::sdrs::status::Status;
use crate::time::{SimTime, Span};
use crate::units::{Bytes, Rate};
use crate::world::machinery::{Act, Power};

impl World {
    /// Whether an AZ has power: no fault holds it or its site down.
    pub fn is_lit(&self, az: AzKey) -> bool {
        let az = &self.azs[az];
        az.dark == 0 && self.sites[az.site].dark == 0
    }

    /// Whether an AZ has power and its storage can be written.
    pub fn is_writable(&self, az: AzKey) -> bool {
        let pool = &self.azs[az].pool;
        self.is_lit(az) && pool.failed == 0 && pool.read_only == 0
    }

    /// Whether the storage of an AZ has room for so much more.
    pub fn has_pool_room(&self, az: AzKey, size: Bytes) -> bool {
        let pool = &self.azs[az].pool;
        let used = pool.used.saturating_add(size);
        pool.capacity.is_none_or(|capacity| used <= capacity)
    }

    /// Whether a disk can be read and written: neither it nor its pool, AZ or every server it is attached to is lost.
    pub fn is_usable(&self, disk: DiskKey) -> bool {
        let record = &self.disks[disk];
        let cut_off = !record.servers().is_empty()
            && record.servers().iter().all(|&s| self.servers[s].lost > 0);
        !record.broken && record.lost == 0 && !cut_off && self.is_writable(record.az)
    }

    /// Whether a pair's disk on one side can do its work. A production disk that came back blank has nothing to serve.
    pub fn is_side_usable(&self, pair: PairKey, side: Side) -> bool {
        let disk = self.disks_of(pair)[side.index()];
        let pair = &self.pairs[pair];
        disk.is_some_and(|disk| {
            let blank = self.disks[disk].blank && side == pair.station && pair.has_copy();
            self.is_usable(disk) && !blank
        })
    }

    /// Whether the two AZs of a group reach each other.
    pub fn is_connected(&self, group: &Group) -> bool {
        self.topology.routes[group.route].path.is_some()
    }

    /// Whether the control plane is down, by a fault of its own or with the AZ that it stands in.
    pub fn is_control_down(&self) -> bool {
        self.control.down > 0 || self.control.az.is_some_and(|az| !self.is_lit(az))
    }

    /// Whether no fault stands and nothing stands out about the disks of a group's pairs, as far as that was looked at since a
    /// disk was last opened for writing. Where it holds, most sub-jobs of the group's operations take a shorter way to the same
    /// end.
    #[inline]
    #[must_use]
    pub fn is_calm(&self, group: &Group) -> bool {
        group.is_calm(self.standing, self.disks.openings())
    }

    /// What keeps a pair from replicating, whether it was written down for the pair or follows from its group's cut.
    pub fn outage(&self, pair: PairKey) -> Option<Outage> {
        let record = &self.pairs[pair];
        record.drift().outage.or_else(|| self.unwritten(record))
    }

    /// The outage of a pair that follows from its group's cut and was not written down yet.
    pub(crate) fn unwritten(&self, pair: &Pair) -> Option<Outage> {
        if pair.drift().outage.is_some() || !pair.is_replicating() {
            return None;
        }
        let Cut {
            since,
            verdict,
            production_lost,
        } = self.groups[pair.group].cut?;
        let stops = production_lost || verdict != Verdict::Production;
        let level = match pair.copy == Copying::Active && stops {
            true => Level::Two,
            false => Level::Five,
        };
        let silent = self.settings.policies.on_replica_loss == LossOfReplica::Stop;
        let halted = (level == Level::Two || production_lost || silent).then_some(since);
        Some(Outage {
            since,
            level,
            halted,
        })
    }

    /// The fault level of a pair.
    pub fn level(&self, pair: PairKey) -> Level {
        self.outage(pair).map_or(Level::Zero, |outage| outage.level)
    }

    /// The worst fault level among the pairs of an instance.
    pub fn instance_level(&self, instance: InstanceKey) -> Level {
        let pairs = self.instances[instance].pairs.iter();
        pairs
            .map(|&pair| self.level(pair))
            .max()
            .unwrap_or_default()
    }

    /// What a resource reports as its status: a pair stored `protected` that has a fault level, and an instance with such
    /// a pair, report `fault`.
    pub fn reported(&self, who: Who) -> Option<Status> {
        let status = self.life(who)?.status;
        let level = match who {
            _ if status != Status::Protected => Level::Zero,
            Who::Pair(pair) => self.level(pair),
            Who::Instance(instance) => self.instance_level(instance),
            _ => Level::Zero,
        };
        Some(match level {
            Level::Zero => status,
            Level::Two | Level::Five => Status::Fault,
        })
    }

    /// The writes that went to one side of a pair alone.
    pub fn gap(&self, pair: PairKey, side: Side) -> Gap {
        let record = &self.pairs[pair];
        let mut gap = record.drift().gaps[side.index()];
        if side == record.station
            && let Some(Outage {
                since,
                halted: None,
                ..
            }) = self.unwritten(record)
        {
            gap.set_rate(since, record.drift().mirrored);
        }
        gap
    }

    /// What each side of a pair that a failover parted wrote alone, as of an instant; None where the side that is not
    /// production wrote nothing.
    pub fn split(&self, pair: PairKey, now: SimTime) -> Option<Split> {
        let record = &self.pairs[pair];
        let lost = record.drift().gaps[record.station.other().index()];
        let kept = record.drift().gaps[record.station.index()];
        if !record.parted || lost.bytes(now) == 0 {
            return None;
        }
        let bytes = |gap: Gap| u64::try_from(gap.bytes(now)).unwrap_or(u64::MAX);
        Some(Split {
            lost: bytes(lost),
            kept: bytes(kept),
            both: record.drift().both.span(now),
        })
    }

    /// Millionths of a byte that production of a pair acknowledged after the recovery point before what the gap holds: writes
    /// made alone that a resync has not made good yet, and writes that have gone to both sides while it ran. Until it is
    /// done the recovery point stands, so all of them are lost with it.
    pub fn behind(&self, pair: PairKey, now: SimTime) -> u128 {
        let record = &self.pairs[pair];
        let drift = record.drift();
        let runs = record.copy == Copying::Running && drift.stands.is_some();
        if !runs || drift.mirrored == 0 {
            return drift.behind;
        }
        let passed = self.flows.passed(now, self.groups[record.group].route);
        drift
            .behind
            .saturating_add(passed.since(drift.passed, drift.mirrored))
    }

    /// What of a pair's disks a copy would have to carry if it began at this instant: what the copy under way, or the last
    /// one, has not carried over, with what was written on either side alone since; all of a DR disk that came back blank.
    pub fn dirty(&self, pair: PairKey, now: SimTime) -> Dirty {
        let record = &self.pairs[pair];
        let mut dirty = record.dirty();
        if let Some(ticket) = record.ticket() {
            dirty = dirty.down_to(self.flows.left(now, ticket));
        }
        let dr = record.station.other();
        for side in [dr, record.station] {
            let Some(disk) = self.disks_of(pair)[side.index()].map(|disk| &self.disks[disk]) else {
                continue;
            };
            let (block, written) = (self.settings.block_size, self.gap(pair, side).bytes(now));
            dirty = marked(disk.size, block, disk.rest.load, written, dirty);
            if disk.blank && side == dr {
                dirty = Dirty::anywhere(disk.size);
            }
        }
        dirty
    }

    /// Bytes of a pair's disk that are not the same on both sides, as its bitmap knows them: see [`World::dirty`].
    pub fn left(&self, pair: PairKey, now: SimTime) -> Bytes {
        self.dirty(pair, now).bytes
    }

    /// Whether a pair's copy runs but can never end as things are: production's writes leave nothing of the path.
    pub fn is_stalled(&self, pair: PairKey) -> bool {
        let ticket = self.pairs[pair].ticket();
        ticket.is_some_and(|ticket| self.flows.is_stalled(ticket.flow))
    }

    /// Bytes that the copies of a pair have carried up to an instant, whole bytes of each copy rounded down.
    pub fn copied(&self, pair: PairKey, now: SimTime) -> u64 {
        let before = self.copied.of(pair);
        before.saturating_add(self.under_way(pair, now))
    }

    /// The same of all pairs that a group has or had. It walks the group's pairs only while copies are under way.
    pub fn group_copied(&self, group: GroupKey, now: SimTime) -> u64 {
        let record = &self.groups[group];
        let pairs = record.pairs.iter().filter(|_| record.copying > 0);
        pairs.fold(record.copied, |sum, pair| {
            sum.saturating_add(self.under_way(pair, now))
        })
    }

    /// Bytes that the copy of a pair that runs has carried since it began.
    fn under_way(&self, pair: PairKey, now: SimTime) -> u64 {
        let record = &self.pairs[pair];
        record.ticket().map_or(0, |ticket| {
            let left = self.flows.left(now, ticket);
            record.unsynced().0.saturating_sub(left.0)
        })
    }

    /// Bytes a second that are written on one side of a pair at this instant, acknowledged by whomever, rounded to the
    /// nearest.
    pub fn write_rate(&self, pair: PairKey, side: Side) -> u64 {
        let record = &self.pairs[pair];
        let alone = self.gap(pair, side).rate();
        if side == record.station
            && record.drift().outage.is_none()
            && self.unwritten(record).is_none()
        {
            let route = self.groups[record.group].route;
            let mirrored = record.drift().mirrored;
            let mirrored = self.flows.write_factor(route).nearest(mirrored);
            return alone.saturating_add(mirrored);
        }
        alone
    }

    /// Bytes a second that running servers would write to a disk, if they may; nothing where there is no disk, and to one
    /// that is lost or blank.
    pub fn demand(&self, disk: Option<DiskKey>) -> u64 {
        let Some(disk) = disk else { return 0 };
        let record = &self.disks[disk];
        let Some(load) = record.rest.load else {
            return 0;
        };
        let runs = |&server: &ServerKey| {
            let server = &self.servers[server];
            server.power == Power::Active && server.lost == 0
        };
        let blank = record.blank || !self.is_usable(disk);
        if blank || !record.servers().iter().any(runs) {
            return 0;
        }
        record
            .rest
            .throughput
            .map_or(load.rate, |most| most.min(load.rate))
            .0
    }

    /// How long one write of production to a pair takes now: a synchronous one while writes go to both disks, and one to
    /// the production disk alone while they do not. None while production may not write.
    pub fn write_latency(&self, pair: PairKey) -> Option<Span> {
        let record = &self.pairs[pair];
        if !self.is_writer(pair, record.station) {
            return None;
        }
        let latency = |side: Side| {
            self.disks_of(pair)[side.index()].map(|disk| self.disks[disk].rest.write_latency)
        };
        let local = latency(record.station)?;
        if !record.is_replicating() || self.outage(pair).is_some() {
            return Some(local);
        }
        let route = &self.topology.routes[self.groups[record.group].route];
        let (path, remote) = (route.path.as_ref()?, latency(record.station.other())?);
        Some(write_latency(local, remote, path.latency))
    }

    /// The most that can be written to a pair synchronously: the slowest of both disks and the path. None: no bound.
    pub fn write_throughput(&self, pair: PairKey) -> Option<Rate> {
        let record = &self.pairs[pair];
        let disks = self
            .disks_of(pair)
            .into_iter()
            .flatten()
            .filter_map(|disk| self.disks[disk].rest.throughput);
        let path = self.topology.routes[self.groups[record.group].route]
            .path
            .as_ref();
        let links = path.into_iter().flat_map(|path| &path.links);
        let links = links
            .map(|&link| self.topology.capacity(link))
            .filter(|rate| rate.0 < u64::MAX);
        disks.chain(links).min()
    }

    /// What recovering a pair from its DR copy now would use and lose; None before a first copy has finished.
    ///
    /// The recovery point is the latest instant whose every acknowledged write is on the DR disk: now, unless a write is
    /// missing there.
    pub fn recovery(&self, pair: PairKey, now: SimTime) -> Option<Recovery> {
        let record = &self.pairs[pair];
        if !record.has_copy() {
            return None;
        }
        let gap = self.gap(pair, record.station);
        let point = record.drift().stands.or(gap.first(now)).unwrap_or(now);
        let halted = self.outage(pair).and_then(|outage| outage.halted);
        let lost = gap.work(now).saturating_add(self.behind(pair, now)) / 1_000_000;
        let acknowledged = halted.unwrap_or(now);
        let disks = self.disks_of(pair);
        let damage = disks[record.station.index()].and_then(|disk| self.disks[disk].rest.damaged);
        let own =
            disks[record.station.other().index()].and_then(|disk| self.disks[disk].rest.damaged);
        Some(Recovery {
            earliest: point,
            latest: point,
            acknowledged,
            rpo: acknowledged.saturating_since(point),
            whole: lost == 0,
            lost: u64::try_from(lost).unwrap_or(u64::MAX),
            damaged: own.is_some() || damage.is_some_and(|since| since < point),
        })
    }

    /// The same of a group: the earliest of its pairs that take part, with the spread between them; None while one of them
    /// has no copy to recover from. The pairs of a consistency group have one recovery point.
    pub fn group_recovery(&self, group: GroupKey, now: SimTime) -> Option<Recovery> {
        let record = &self.groups[group];
        let pairs = record
            .pairs
            .iter()
            .filter(|&pair| !self.pairs[pair].is_out());
        self.recovery_of(record.protection, pairs, now)
    }

    /// What recovering some pairs of a group of this sort would use and lose; None while one of them has no copy, and of no
    /// pairs.
    pub fn recovery_of(
        &self,
        protection: ProtectionType,
        pairs: impl Iterator<Item = PairKey>,
        now: SimTime,
    ) -> Option<Recovery> {
        let mut whole: Option<Recovery> = None;
        for pair in pairs {
            self.recovery(pair, now)?.add_to(&mut whole);
        }
        let whole = whole?;
        Some(match protection {
            ProtectionType::ReplicationPair => whole,
            ProtectionType::ConsistencyGroup => Recovery {
                latest: whole.earliest,
                ..whole
            },
        })
    }

    /// Whether a server serves: it is active and booted, its AZ has power, and its disks can be written.
    pub fn serves(&self, server: ServerKey) -> bool {
        let record = &self.servers[server];
        record.power == Power::Active
            && record.act.is_none()
            && record.lost == 0
            && self.is_lit(record.az)
            && record.disks.iter().all(|&(_, disk)| self.may_write(disk))
    }

    /// The other server of a server's instance, if that runs or is starting. An instance that takes no part in a failover keeps its
    /// old production server running, so a fence alone does not keep its two servers apart.
    pub fn running_twin(&self, server: ServerKey) -> Option<ServerKey> {
        let instance = &self.instances[self.servers[server].instance?];
        let mut twins = instance.servers.into_iter().flatten();
        twins.find(|&twin| {
            let record = &self.servers[twin];
            let starts = matches!(record.act, Some(Act::Boot | Act::Reboot));
            twin != server && (record.power == Power::Active || starts)
        })
    }

    /// Whether a server may write to a disk at all: it is usable, and if it is one of a pair the pair lets it.
    pub fn may_write(&self, disk: DiskKey) -> bool {
        let Some(pair) = self.disks[disk].pair else {
            return self.is_usable(disk);
        };
        let side = match self.disks_of(pair)[Side::Source.index()] == Some(disk) {
            true => Side::Source,
            false => Side::Target,
        };
        self.is_side_usable(pair, side) && self.is_writer(pair, side)
    }

    /// Whether a pair accepts writes on a side.
    pub fn is_writer(&self, pair: PairKey, side: Side) -> bool {
        let record = &self.pairs[pair];
        match side == record.station {
            true => self
                .outage(pair)
                .is_none_or(|outage| outage.halted.is_none()),
            false => record.parted && !self.settings.policies.fencing.is_on(),
        }
    }

    /// Whether an instance serves: its production server does, or the server of a drill made while production was down.
    pub fn instance_serves(&self, instance: InstanceKey) -> bool {
        let record = &self.instances[instance];
        let group = &self.groups[record.group];
        let production = record.servers[group.station.index()];
        let rescued = || {
            let drills = group.drills.iter().map(|&drill| &self.drills[drill]);
            let mut servers = drills
                .filter(|drill| drill.rescue)
                .flat_map(|drill| &drill.servers);
            servers.any(|&(of, server)| of == instance && self.serves(server))
        };
        production.is_some_and(|server| self.serves(server)) || rescued()
    }
}
