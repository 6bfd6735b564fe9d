//! Measuring while a run goes.
//!
//! Effects only say what to look at again; it is looked at when the instant is over, because between two instants nothing
//! changes. So a span is exact, and what comes and goes within one instant leaves no trace.

use super::figures::RecoveryReport;
use super::guard::{Guard, Guarded, Standing};
use super::lane::{Lane, Marks};
use super::loss::{Discards, Losses};
use super::service::{Calls, Service, State};
use super::tally::{Drills, Faults, Jobs, Stalls};
use crate::time::SimTime;
use crate::world::label::Label;
use crate::world::protection::Copying;
use crate::world::replica::{Level, Recovery};
use crate::world::{DrillKey, GroupKey, InstanceKey, ServerKey, World};
use serde::{Deserialize, Serialize};
use slotmap::SecondaryMap;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// So many groups, the first ones, have a lane.
pub const LANES: usize = 64;

/// What is known of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct OfGroup {
    pub key: GroupKey,
    pub label: Label,
    pub service: Service,
    pub guard: Guarded,
    pub calls: Calls,
    pub losses: Losses,
    pub recovered: Vec<RecoveryReport>,
    pub discards: Discards,
    /// Bytes copied, as of the last look.
    pub copied: u64,
    /// Instances that have served; those that serve; those that are usable.
    pub counts: [u32; 3],
    /// Since when the counts are so, and instance-microseconds observed and served until then.
    pub counted: (SimTime, [u128; 2]),
    /// The last instant at which a fault touched it.
    pub struck: Option<SimTime>,
    /// Whether one of its instances fell at that instant.
    fell: bool,
    pub lane: Option<Lane>,
    painted: SimTime,
    /// How things stand since then.
    look: Marks,
    marked: bool,
    whole: bool,
}

/// What is known of an instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct OfInstance {
    pub key: InstanceKey,
    pub label: Label,
    pub group: u32,
    pub service: Service,
    pub guard: Guarded,
    pub losses: Losses,
    /// What the failover under way has taken so far.
    pub taken: Option<Recovery>,
    pub discards: Discards,
    /// Bytes copied, as of the last look.
    pub copied: u64,
    usable: bool,
    marked: bool,
}

/// Measures a run. It looks on as an observer of the engine; see the [module](super) for what it measures.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Meter {
    pub(super) groups: Vec<OfGroup>,
    pub(super) instances: Vec<OfInstance>,
    pub(super) group_at: SecondaryMap<GroupKey, u32>,
    pub(super) instance_at: SecondaryMap<InstanceKey, u32>,
    /// Which instance a server serves, a drill's server too.
    pub(super) servers: SecondaryMap<ServerKey, InstanceKey>,
    /// Servers that have booted and whose guest is not initialized yet.
    /// A set; its values are no `()`, which JSON does not tell from no value.
    pub(super) raw: SecondaryMap<ServerKey, bool>,
    /// Servers with an act whose end may come without an effect.
    pub(super) acting: Vec<ServerKey>,
    pub(super) marked_groups: Vec<u32>,
    pub(super) marked_instances: Vec<u32>,
    pub(super) jobs: Jobs,
    pub(super) faults: Faults,
    pub(super) drills: Drills,
    pub(super) stalls: Stalls,
    /// What the instances of rescue drills under way were recovered from.
    #[serde(with = "crate::world::place::as_list")]
    pub(super) rescues: BTreeMap<DrillKey, Vec<(InstanceKey, Recovery)>>,
}

impl Meter {
    /// Begins at the start of a run, in which the groups and instances of the world exist already.
    #[must_use]
    pub fn new(world: &World) -> Meter {
        let mut meter = Meter::default();
        let mut groups: Vec<(u32, GroupKey)> = world
            .groups
            .iter()
            .map(|(key, it)| (it.serial, key))
            .collect();
        groups.sort_unstable();
        for (_, key) in groups {
            meter.add_group(world, key);
        }
        let instances = world.instances.iter();
        let mut instances: Vec<(u32, InstanceKey)> =
            instances.map(|(key, it)| (it.serial, key)).collect();
        instances.sort_unstable();
        for (_, key) in instances {
            meter.add_instance(world, key);
        }
        meter
    }

    /// Whether what it says of itself by place is there, in the words of this world, and its counts add up; one that was read
    /// with serde may hold anything.
    pub(crate) fn is_whole(&self, world: &World) -> bool {
        let group = |&at: &u32| (at as usize) < self.groups.len();
        let instance = |&at: &u32| (at as usize) < self.instances.len();
        let groups = self.group_at.values().chain(&self.marked_groups);
        let instances = self.instance_at.values().chain(&self.marked_instances);
        let mut drills = self.drills.at.values();
        let of_group = |it: &OfGroup| {
            let lane = it.lane.as_ref().is_none_or(Lane::is_whole);
            lane && world.words.has_stem_of(it.label)
        };
        let of_instance = |it: &OfInstance| group(&it.group) && world.words.has_stem_of(it.label);
        let mut counts = vec![[0_u32; 3]; self.groups.len()];
        for it in &self.instances {
            if let Some(sums) = counts.get_mut(it.group as usize) {
                *sums = [0, 1, 2].map(|n| sums[n] + it.counts()[n]);
            }
        }
        let counted = self.groups.iter().map(|it| it.counts);
        groups.into_iter().all(group)
            && instances.into_iter().all(instance)
            && drills.all(|&at| (at as usize) < self.drills.listed.len())
            && self.groups.iter().all(of_group)
            && self.instances.iter().all(of_instance)
            && counted.eq(counts)
            && self.faults.is_whole()
    }

    pub(super) fn add_group(&mut self, world: &World, key: GroupKey) {
        let Some(record) = world.groups.get(key) else {
            return;
        };
        let place = self.groups.len() as u32;
        if self.group_at.get(key).is_some() {
            return;
        }
        self.group_at.insert(key, place);
        self.groups.push(OfGroup {
            key,
            label: record.label,
            service: Service::default(),
            guard: Guarded::default(),
            calls: Calls::default(),
            losses: Losses::default(),
            recovered: Vec::new(),
            discards: Discards::default(),
            copied: 0,
            counts: [0; 3],
            counted: (SimTime::ZERO, [0; 2]),
            struck: None,
            fell: false,
            lane: (self.groups.len() < LANES).then(Lane::default),
            painted: SimTime::ZERO,
            look: Marks::default(),
            marked: false,
            whole: false,
        });
        self.mark_group(key, true);
    }

    pub(super) fn add_instance(&mut self, world: &World, key: InstanceKey) {
        let Some(record) = world.instances.get(key) else {
            return;
        };
        let Some(&group) = self.group_at.get(record.group) else {
            return;
        };
        if self.instance_at.get(key).is_none() {
            self.instance_at.insert(key, self.instances.len() as u32);
            self.instances.push(OfInstance {
                key,
                label: record.label,
                group,
                service: Service::default(),
                guard: Guarded::default(),
                losses: Losses::default(),
                taken: None,
                discards: Discards::default(),
                copied: 0,
                usable: false,
                marked: false,
            });
        }
        self.mark_instance(key);
    }

    /// Looks at a group again at the end of the instant; `whole`: at its instances too.
    pub(super) fn mark_group(&mut self, key: GroupKey, whole: bool) {
        if let Some(&place) = self.group_at.get(key) {
            let group = &mut self.groups[place as usize];
            group.whole |= whole;
            if !std::mem::replace(&mut group.marked, true) {
                self.marked_groups.push(place);
            }
        }
    }

    /// Looks at an instance and its group again at the end of the instant.
    pub(super) fn mark_instance(&mut self, key: InstanceKey) {
        if let Some(&place) = self.instance_at.get(key) {
            self.mark_place(place);
        }
    }

    fn mark_place(&mut self, place: u32) {
        let instance = &mut self.instances[place as usize];
        if !std::mem::replace(&mut instance.marked, true) {
            self.marked_instances.push(place);
            let group = self.groups[instance.group as usize].key;
            self.mark_group(group, false);
        }
    }

    /// The same with everything of an instant looked at, so that the instant's figures can be read.
    #[must_use]
    pub fn settled(&self, world: &World, now: SimTime) -> Cow<'_, Meter> {
        if self.marked_groups.is_empty() && self.acting.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut own = self.clone();
        own.settle(world, now);
        Cow::Owned(own)
    }

    /// Looks at everything that may have changed in an instant that is over.
    pub(super) fn settle(&mut self, world: &World, at: SimTime) {
        self.acts_ended(world);
        // Marking members may mark groups, none of which is new: a member's group is marked before it.
        for place in 0..self.marked_groups.len() {
            let group = self.marked_groups[place] as usize;
            if std::mem::take(&mut self.groups[group].whole)
                && let Some(record) = world.groups.get(self.groups[group].key)
            {
                for instance in record.instances.iter() {
                    self.mark_instance(instance);
                }
            }
        }
        for instance in std::mem::take(&mut self.marked_instances) {
            self.settle_instance(world, at, instance as usize);
        }
        for group in std::mem::take(&mut self.marked_groups) {
            self.settle_group(world, at, group as usize);
        }
    }

    /// An act that leaves the power as it was ends without an effect.
    fn acts_ended(&mut self, world: &World) {
        let mut place = 0;
        while let Some(&server) = self.acting.get(place) {
            if world.servers.get(server).is_some_and(|it| it.act.is_some()) {
                place += 1;
                continue;
            }
            self.acting.swap_remove(place);
            if let Some(&instance) = self.servers.get(server) {
                self.mark_instance(instance);
            }
        }
    }

    fn settle_instance(&mut self, world: &World, at: SimTime, place: usize) {
        let instance = &mut self.instances[place];
        instance.marked = false;
        let before = instance.counts();
        let group = &mut self.groups[instance.group as usize];
        let key = instance.key;
        let (state, standing) = match world.instances.get(key) {
            None => (State::Unseen, Standing::default()),
            Some(record) => {
                for server in record.servers.into_iter().flatten() {
                    self.servers.insert(server, key);
                }
                let copied = record.pairs.iter().map(|&pair| world.copied.of(pair));
                instance.copied = copied.fold(0, u64::saturating_add);
                let state = match world.instance_serves(key) {
                    true => State::Up,
                    false if instance.service.first.is_some() => State::Down,
                    false => State::Unseen,
                };
                (state, standing(world, key))
            }
        };
        instance.usable = state == State::Up && is_usable(world, key, &self.raw);
        let fell = group.struck == Some(at);
        group.fell |= fell && instance.service.state == State::Up && state == State::Down;
        instance
            .service
            .set(at, state, instance.usable, fell, &group.calls);
        instance.guard.set(at, standing);
        let after = instance.counts();
        if before != after {
            group.counted = (at, group.counted_at(at));
            for n in 0..3 {
                group.counts[n] = group.counts[n] + after[n] - before[n];
            }
        }
    }

    fn settle_group(&mut self, world: &World, at: SimTime, place: usize) {
        let group = &mut self.groups[place];
        (group.marked, group.whole) = (false, false);
        group.paint(at);
        let [seen, serving, usable] = group.counts;
        let state = match seen {
            0 => State::Unseen,
            _ if serving == seen => State::Up,
            _ => State::Down,
        };
        let fell = std::mem::take(&mut group.fell);
        let ready = usable == seen;
        group.service.set(at, state, ready, fell, &group.calls);
        let standing = match world.groups.get(group.key) {
            None => Standing::default(),
            Some(record) => {
                group.copied = record.copied;
                Standing {
                    pairs: record.pairs.len(),
                    copying: record.copying as usize,
                    in_step: record.in_step as usize,
                    copies: record.copies as usize,
                    five: record.health[1] > 0,
                }
            }
        };
        group.guard.set(at, standing);
        group.look = group.look();
    }
}

impl OfInstance {
    /// Whether it has served, serves and is usable.
    fn counts(&self) -> [u32; 3] {
        let state = self.service.state;
        let is = [state != State::Unseen, state == State::Up, self.usable];
        is.map(u32::from)
    }
}

impl OfGroup {
    /// Instance-microseconds observed and served up to an instant.
    pub(super) fn counted_at(&self, at: SimTime) -> [u128; 2] {
        let (since, sums) = self.counted;
        let span = u128::from(at.saturating_since(since).as_micros());
        [0, 1].map(|n| sums[n] + span * u128::from(self.counts[n]))
    }

    /// Paints its lane up to an instant with how things stood until then.
    pub(super) fn paint(&mut self, at: SimTime) {
        if let Some(lane) = &mut self.lane {
            lane.paint(self.painted, at, self.look);
            self.painted = at;
        }
    }

    /// How things stand.
    fn look(&self) -> Marks {
        let service = match (self.service.state, self.counts[1]) {
            (State::Unseen, _) => Marks::default(),
            (State::Up, _) => Marks::SERVES,
            (State::Down, 0) => Marks::DOWN,
            (State::Down, _) => Marks::IN_PART,
        };
        service.and(match self.guard.state {
            Guard::Degraded => Marks::DEGRADED,
            Guard::Unprotected => Marks::UNPROTECTED,
            Guard::Nothing | Guard::Whole => Marks::default(),
        })
    }

    /// Marks its lane.
    pub(super) fn mark(&mut self, at: SimTime, marks: Marks) {
        if let Some(lane) = &mut self.lane {
            lane.mark(at, marks);
        }
    }
}

/// How the pairs of an instance stand.
fn standing(world: &World, key: InstanceKey) -> Standing {
    let pairs = &world.instances[key].pairs;
    let of = |wanted: fn(Copying) -> bool| {
        let copies = pairs.iter().map(|&pair| world.pairs[pair].copy);
        copies.filter(|&copy| wanted(copy)).count()
    };
    Standing {
        pairs: pairs.len(),
        copying: of(|copy| matches!(copy, Copying::Running | Copying::Waiting)),
        in_step: of(|copy| copy == Copying::Active),
        copies: pairs
            .iter()
            .filter(|&&pair| world.pairs[pair].has_copy())
            .count(),
        five: world.instance_level(key) == Level::Five,
    }
}

/// Whether what serves for an instance has an initialized guest: its production server, or the one of a rescue drill.
fn is_usable(world: &World, key: InstanceKey, raw: &SecondaryMap<ServerKey, bool>) -> bool {
    let ready = |server: ServerKey| !raw.contains_key(server) && world.serves(server);
    let record = &world.instances[key];
    let group = &world.groups[record.group];
    let production = record.servers[group.station.index()];
    let rescue = || {
        let drills = group.drills.iter().map(|&drill| &world.drills[drill]);
        let servers = drills.filter(|drill| drill.rescue);
        let mut servers = servers.flat_map(|drill| &drill.servers);
        servers.any(|&(of, server)| of == key && ready(server))
    };
    production.is_some_and(ready) || rescue()
}
