//! What each effect makes the meter look at again, and what it takes from it.

use super::figures::{DrillFrom, DrillReport, DrillServer, RecoveryReport};
use super::lane::Marks;
use super::meter::Meter;
use super::tally::LISTED_MAX;
use crate::engine::Observer;
use crate::machine::Effect;
use crate::machine::event::Doing;
use crate::sdrs::op::Op;
use crate::time::SimTime;
use crate::world::fault::Blow;
use crate::world::job::JobStatus;
use crate::world::machinery::{Act, Power};
use crate::world::replica::{Recovery, Split};
use crate::world::{
    AzKey, DiskKey, DrillKey, GroupKey, InstanceKey, JobKey, PairKey, ServerKey, Who, World,
};

impl Observer for Meter {
    fn see(&mut self, at: SimTime, world: &World, effect: &Effect) {
        match *effect {
            Effect::CopyBegan { pair, .. } | Effect::InStep { pair } => {
                self.mark_pair(world, pair);
            }
            Effect::Created { who, .. } => match who {
                Who::Group(group) => self.add_group(world, group),
                Who::Instance(instance) => self.add_instance(world, instance),
                other => self.mark(world, other),
            },
            Effect::Moved { who, .. } | Effect::Changed { who, .. } => self.mark(world, who),
            Effect::Gone { who, .. } => self.gone(who),
            Effect::Begin {
                who: Who::Server(server),
                doing: Doing::Act(act),
                ..
            } => self.acts(server, act),
            Effect::Power { server, to, .. } => {
                if to == Power::Active {
                    self.raw.insert(server, true);
                }
                self.mark(world, Who::Server(server));
            }
            Effect::Usable { server } => {
                self.raw.remove(server);
                self.mark(world, Who::Server(server));
            }
            Effect::Job { job, status, .. } => self.job(at, world, job, status),
            Effect::Struck { blow } => {
                self.faults.struck(world, at, blow);
                self.blow(at, world, blow);
            }
            Effect::Mended { blow } => {
                self.faults.mended(at, blow);
                self.blow(at, world, blow);
            }
            Effect::Cut { group, .. } => self.touch(at, group),
            Effect::Stalled { route } => self.stalls.stalled(world, at, route),
            Effect::Joined { group } | Effect::Station { group, .. } => {
                self.mark_group(group, true);
            }
            // What gave its members other levels marked them: a cut and its end, a fault, a pair's job, a copy's beginning.
            Effect::Health { group, .. } => self.mark_group(group, false),
            ref other => self.take(at, world, other),
        }
    }

    fn rest(&mut self, at: SimTime, world: &World) {
        self.settle(world, at);
    }
}

impl Meter {
    /// Takes in what was recovered and what was given up.
    fn take(&mut self, at: SimTime, world: &World, effect: &Effect) {
        match *effect {
            Effect::Taken { pair, recovery } => {
                for instance in attached(world, pair) {
                    if let Some(&place) = self.instance_at.get(instance) {
                        recovery.add_to(&mut self.instances[place as usize].taken);
                    }
                }
                self.mark_pair(world, pair);
            }
            Effect::Recovered { group, recovery } => {
                self.recovered(at, world, group, recovery, None);
            }
            Effect::Snapshot {
                drill,
                recovery,
                rescue,
            } => self.drilled(at, world, drill, recovery, rescue),
            Effect::Discarded {
                pair,
                bytes,
                kept,
                both,
            } => {
                let split = Split {
                    lost: bytes,
                    kept,
                    both,
                };
                for instance in attached(world, pair) {
                    if let Some(&place) = self.instance_at.get(instance) {
                        self.instances[place as usize].discards.add(pair, split);
                    }
                }
                let group = world.pairs.get(pair).map(|pair| pair.group);
                if let Some(&place) = group.and_then(|group| self.group_at.get(group)) {
                    self.groups[place as usize].discards.add(pair, split);
                }
                self.mark_pair(world, pair);
            }
            _ => {}
        }
    }

    fn recovered(
        &mut self,
        at: SimTime,
        world: &World,
        group: GroupKey,
        recovery: Recovery,
        drill: Option<DrillKey>,
    ) {
        self.mark_group(group, true);
        let Some(&place) = self.group_at.get(group) else {
            return;
        };
        let meter = &mut self.groups[place as usize];
        meter.losses.add(at, recovery);
        let (mark, label) = match drill {
            None => (Marks::RECOVERED, None),
            Some(drill) => (Marks::RESCUED, Some(world.label(Who::Drill(drill)))),
        };
        meter.mark(at, mark);
        if meter.recovered.len() < LISTED_MAX {
            meter
                .recovered
                .push(RecoveryReport::of(at, recovery, label));
        }
        match drill.and_then(|drill| self.rescues.remove(&drill)) {
            Some(rescued) => {
                for (instance, recovery) in rescued {
                    if let Some(&place) = self.instance_at.get(instance) {
                        self.instances[place as usize].losses.add(at, recovery);
                    }
                }
            }
            None => {
                for instance in members(world, group) {
                    if let Some(&place) = self.instance_at.get(instance) {
                        let instance = &mut self.instances[place as usize];
                        if let Some(taken) = instance.taken.take() {
                            instance.losses.add(at, taken);
                        }
                    }
                }
            }
        }
    }

    fn drilled(
        &mut self,
        at: SimTime,
        world: &World,
        key: DrillKey,
        recovery: Option<Recovery>,
        rescue: bool,
    ) {
        let Some(drill) = world.drills.get(key) else {
            return;
        };
        for &(instance, server) in &drill.servers {
            self.servers.insert(server, instance);
            self.raw.insert(server, true);
            self.mark_instance(instance);
        }
        match recovery.filter(|_| rescue && drill.boots()) {
            Some(recovery) => self.recovered(at, world, drill.group, recovery, Some(key)),
            None => drop(self.rescues.remove(&key)),
        }
        if self.drills.listed.len() < LISTED_MAX {
            let server = |&(instance, boots): &(InstanceKey, bool)| DrillServer {
                instance: world.label(Who::Instance(instance)),
                boots,
            };
            let place = self.drills.listed.len() as u32;
            self.drills.at.insert(key, place);
            self.drills.listed.push(DrillReport {
                label: world.label(Who::Drill(key)),
                group: world.label(Who::Group(drill.group)),
                rescue,
                from: DrillFrom::of(at, recovery),
                servers: drill.members.iter().map(server).collect(),
            });
        }
    }

    fn job(&mut self, at: SimTime, world: &World, key: JobKey, status: JobStatus) {
        let ended = match status {
            JobStatus::Init | JobStatus::Running => None,
            JobStatus::Success => self.jobs.ended(key, at, true),
            JobStatus::Fail => self.jobs.ended(key, at, false),
        };
        if let Some(job) = ended {
            if let Some(group) = job.group {
                // What a pair is attached to changes without a word about the instance.
                let joins = matches!(
                    job.op,
                    Op::AttachReplicationPair
                        | Op::DetachReplicationPair
                        | Op::DeleteReplicationPair
                );
                self.mark_group(group, joins);
                if let Some(&place) = self.group_at.get(group) {
                    self.groups[place as usize].calls.ended(key, at);
                }
            }
            return;
        }
        let new = self.jobs.seen(world, key);
        let drill = match world.jobs.get(key).map(|job| job.subject) {
            Some(Who::Drill(drill)) => world.drills.get(drill).map(|record| (drill, record)),
            _ => None,
        };
        let group = new.and_then(|job| job.group);
        if let (Some(job), Some(&place)) = (new, group.and_then(|key| self.group_at.get(key))) {
            let group = &mut self.groups[place as usize];
            group.mark(at, Marks::JOB);
            let counts = matches!(job.op, Op::Failover | Op::PlannedFailover);
            if counts || job.op == Op::CreateDrDrill {
                let idle = !group.service.is_troubled();
                group.calls.accepted(key, at, counts, idle);
            }
        }
        if let Some((drill, record)) = drill
            && status == JobStatus::Running
            && record.rescue
        {
            self.rescues_begin(at, world, key, drill);
        }
    }

    /// A drill is the recovery: what its members are recovered from is fixed now.
    fn rescues_begin(&mut self, at: SimTime, world: &World, job: JobKey, key: DrillKey) {
        let drill = &world.drills[key];
        if let Some(&place) = self.group_at.get(drill.group)
            && drill.boots()
        {
            self.groups[place as usize].calls.rescues(job);
        }
        let of = |instance: InstanceKey| {
            let pairs = world.instances[instance].pairs.iter();
            let each = pairs.filter_map(|&pair| world.recovery(pair, at));
            Some((instance, each.reduce(Recovery::and)?))
        };
        let members = drill.members.iter();
        let boot = members.filter(|member| member.1);
        let rescued = boot.filter_map(|&(instance, _)| of(instance)).collect();
        self.rescues.insert(key, rescued);
    }

    fn acts(&mut self, server: ServerKey, act: Act) {
        match act {
            Act::Boot => {}
            Act::Shutdown => self.acting.push(server),
            Act::Initialize => drop(self.raw.insert(server, true)),
            Act::Reboot => {
                self.raw.insert(server, true);
                self.acting.push(server);
            }
        }
        if let Some(&instance) = self.servers.get(server) {
            self.mark_instance(instance);
        }
    }

    fn mark(&mut self, world: &World, who: Who) {
        match who {
            Who::Group(group) => self.mark_group(group, false),
            Who::Instance(instance) => self.mark_instance(instance),
            Who::Pair(pair) => self.mark_pair(world, pair),
            Who::Server(server) => {
                if let Some(&instance) = self.servers.get(server) {
                    self.mark_instance(instance);
                }
            }
            Who::Disk(disk) => self.mark_disk(world, disk),
            _ => {}
        }
    }

    fn mark_pair(&mut self, world: &World, pair: PairKey) {
        let Some(record) = world.pairs.get(pair) else {
            return;
        };
        self.mark_group(record.group, false);
        for &(instance, _) in &record.rest.attached {
            self.mark_instance(instance);
        }
    }

    fn mark_disk(&mut self, world: &World, disk: DiskKey) {
        let Some(record) = world.disks.get(disk) else {
            return;
        };
        if let Some(pair) = record.pair {
            self.mark_pair(world, pair);
        }
        for &server in record.servers() {
            self.mark(world, Who::Server(server));
        }
    }

    fn gone(&mut self, who: Who) {
        match who {
            Who::Instance(instance) => self.mark_instance(instance),
            Who::Group(group) => self.mark_group(group, false),
            Who::Server(server) => {
                self.raw.remove(server);
                if let Some(instance) = self.servers.remove(server) {
                    self.mark_instance(instance);
                }
            }
            _ => {}
        }
    }

    /// A fault touches a group: it and its instances are looked at, and what falls at this instant falls by it.
    fn touch(&mut self, at: SimTime, group: GroupKey) {
        self.mark_group(group, true);
        if let Some(&place) = self.group_at.get(group) {
            self.groups[place as usize].struck = Some(at);
        }
    }

    /// A fault begins or ends. What it does to a path is told by the groups that are cut.
    fn blow(&mut self, at: SimTime, world: &World, blow: Blow) {
        match blow {
            Blow::Az { az, .. } | Blow::Pool { az, .. } => self.touch_az(at, world, az),
            Blow::Site { site, .. } => {
                let azs = world.azs.iter();
                for (az, _) in azs.filter(|(_, az)| az.site == site) {
                    self.touch_az(at, world, az);
                }
            }
            Blow::Disk { disk, .. } => self.touch_disk(at, world, disk),
            Blow::Server { server, .. } => {
                if let Some(instance) = self.servers.get(server).copied() {
                    self.touch_instance(at, world, instance);
                }
                for &(_, disk) in world.servers.get(server).into_iter().flat_map(|s| &s.disks) {
                    self.touch_disk(at, world, disk);
                }
            }
            Blow::Link { .. }
            | Blow::Slow { .. }
            | Blow::Duct { .. }
            | Blow::Node { .. }
            | Blow::Control => {}
        }
    }

    fn touch_az(&mut self, at: SimTime, world: &World, az: AzKey) {
        for (group, record) in &world.groups {
            if record.azs.contains(&az) {
                self.touch(at, group);
            }
        }
    }

    fn touch_disk(&mut self, at: SimTime, world: &World, disk: DiskKey) {
        let Some(record) = world.disks.get(disk) else {
            return;
        };
        if let Some(pair) = record.pair.and_then(|pair| world.pairs.get(pair)) {
            self.touch(at, pair.group);
        }
        for &server in record.servers() {
            if let Some(instance) = self.servers.get(server).copied() {
                self.touch_instance(at, world, instance);
            }
        }
    }

    fn touch_instance(&mut self, at: SimTime, world: &World, instance: InstanceKey) {
        if let Some(record) = world.instances.get(instance) {
            self.touch(at, record.group);
        }
    }
}

impl DrillFrom {
    fn of(at: SimTime, recovery: Option<Recovery>) -> DrillFrom {
        let of = |figure: fn(&Recovery) -> u64| recovery.as_ref().map(figure);
        let age = |it: Recovery| at.saturating_since(it.earliest).as_micros();
        DrillFrom {
            at_us: at.as_micros(),
            point_us: of(|it| it.earliest.as_micros()),
            skew_us: of(|it| it.skew().as_micros()),
            rpo_us: of(|it| it.rpo.as_micros()),
            lost_bytes: of(|it| it.lost),
            copy_age_us: recovery.map(age),
            damaged: recovery.is_some_and(|it| it.damaged),
        }
    }
}

impl RecoveryReport {
    fn of(at: SimTime, recovery: Recovery, drill: Option<String>) -> RecoveryReport {
        RecoveryReport {
            at_us: at.as_micros(),
            drill,
            point_us: recovery.earliest.as_micros(),
            skew_us: recovery.skew().as_micros(),
            rpo_us: recovery.rpo.as_micros(),
            lost_bytes: recovery.lost,
            copy_age_us: at.saturating_since(recovery.earliest).as_micros(),
            damaged: recovery.damaged,
        }
    }
}

fn attached(world: &World, pair: PairKey) -> impl Iterator<Item = InstanceKey> + '_ {
    let pair = world.pairs.get(pair).into_iter();
    pair.flat_map(|pair| pair.rest.attached.iter().map(|it| it.0))
}

fn members(world: &World, group: GroupKey) -> impl Iterator<Item = InstanceKey> + '_ {
    let group = world.groups.get(group).into_iter();
    group.flat_map(|group| group.instances.iter())
}
