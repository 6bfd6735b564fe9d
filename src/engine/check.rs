//! Looking on for violations: the invariants of a state after every call, and those that only two states in succession
//! show.
//!
//! [`Checker`] is an [`Observer`], so a run that is not checked pays nothing, and any engine can be: a test's, a
//! scenario's or a user's own. It remembers the first violation and changes nothing; whoever drives the engine asks for
//! it and stops. It is not in `world/` because it reads effects, which a world does not know.

use super::observer::Observer;
use crate::machine::Effect;
use crate::sdrs::policy::Permission;
use crate::time::SimTime;
use crate::units::{Bytes, Rate};
use crate::world::check::{Violation, check};
use crate::world::flow::{Carried, Passed, Ticket};
use crate::world::life::Life;
use crate::world::protection::{Copying, Cut, Pair, Side};
use crate::world::replica::{Gap, Level, Outage};
use crate::world::{DiskKey, GroupKey, LinkKey, NicKey, PairKey, ServerKey, Who, World};
use slotmap::SecondaryMap;

/// Checks a run as it goes and keeps the first violation.
///
/// ```
/// use sdrsim::engine::{Chance, Checker, Engine, Seed};
/// use sdrsim::time::Calendar;
/// use sdrsim::world::{World, settings::Settings};
///
/// let world = World::empty("eu-de", 1, Calendar::default(), Settings::default());
/// let mut engine = Engine::with_observer(world, Chance::new(Seed(1)), Checker::new());
/// engine.step();
/// assert_eq!(engine.observer().violation(), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Checker {
    watcher: Watcher,
    /// Every how many calls a state is checked; 0 and 1: each.
    every: u64,
    calls: u64,
    found: Option<(SimTime, Violation)>,
    /// An invariant of a test's own.
    #[cfg(test)]
    planted: Option<fn(&World) -> Option<Violation>>,
}

impl Checker {
    /// Checks after every call.
    #[must_use]
    pub fn new() -> Checker {
        Checker::default()
    }

    /// Checks after every so many calls, each time against the state before the call, and what a failover lost after
    /// each: a check is linear in the size of the world.
    #[must_use]
    pub fn every(calls: u64) -> Checker {
        Checker {
            every: calls,
            ..Checker::default()
        }
    }

    /// Checks after every call, and an invariant of the test's own with the rest.
    #[cfg(test)]
    pub fn planted(invariant: fn(&World) -> Option<Violation>) -> Checker {
        Checker {
            planted: Some(invariant),
            ..Checker::default()
        }
    }

    /// The first violation and its instant.
    #[must_use]
    pub const fn violation(&self) -> Option<&(SimTime, Violation)> {
        self.found.as_ref()
    }
}

impl Observer for Checker {
    fn see(&mut self, _: SimTime, _: &World, _: &Effect) {}

    fn after(&mut self, at: SimTime, world: &World, effects: &[Effect]) {
        if self.found.is_some() {
            return;
        }
        self.calls += 1;
        let every = self.every.max(1);
        let seen = match self.calls % every {
            0 => self
                .watcher
                .see(at, world, effects)
                .and_then(|()| check(world, at)),
            turn => {
                self.watcher.hear(effects);
                self.watcher.last = None;
                if turn == every - 1 {
                    self.watcher.remember(at, world);
                }
                writes_lost(world, effects)
            }
        };
        #[cfg(test)]
        let seen = seen.and_then(|()| {
            let found = self.planted.and_then(|invariant| invariant(world));
            found.map_or(Ok(()), Err)
        });
        self.found = seen.err().map(|violation| (at, violation));
    }
}

/// What a pair was when it was last seen.
#[derive(Clone, Debug)]
struct PairSeen {
    point: Option<SimTime>,
    station: Side,
    gaps: [Gap; 2],
    behind: u128,
    /// Bytes a second that add to what is behind, with what had passed of them when it was written down.
    adds: (u64, Passed),
    unsynced: Bytes,
    left: Bytes,
    sizes: [Option<Bytes>; 2],
    /// Whether a copy of it has begun before.
    begun: bool,
}

/// What a group was when it was last seen, as far as a drill must not change it.
#[derive(Clone, Debug, PartialEq)]
struct GroupSeen {
    status: (Life, Side, Option<Cut>),
    pairs: Vec<PairState>,
    members: Vec<Member>,
}

type PairState = (
    Life,
    (Copying, Option<Ticket>),
    Bytes,
    [Gap; 2],
    u64,
    Option<Outage>,
    (Option<SimTime>, u128, bool),
);
type Member = (Life, [Option<(ServerKey, Vec<NicKey>)>; 2], Option<NicKey>);

#[derive(Clone, Debug)]
struct Seen {
    at: SimTime,
    pairs: SecondaryMap<PairKey, PairSeen>,
    groups: SecondaryMap<GroupKey, GroupSeen>,
    links: SecondaryMap<LinkKey, (Carried, Rate)>,
}

/// Remembers what it must of one state to judge the next.
#[derive(Clone, Debug, Default)]
pub struct Watcher {
    last: Option<Seen>,
    /// By group: how many of its pairs were last told to have fault levels 2 and 5.
    told: SecondaryMap<GroupKey, [u32; 2]>,
}

impl Watcher {
    /// Takes in the state after a call at an instant, with the call's effects in order.
    ///
    /// Errors: the first violation. A state whose faults have not been assessed is passed over, and the next one is
    /// compared with the one before it.
    pub fn see(&mut self, at: SimTime, world: &World, effects: &[Effect]) -> Result<(), Violation> {
        self.hear(effects);
        writes_lost(world, effects)?;
        if !world.marks.is_empty() {
            return Ok(());
        }
        self.levels_are_told(world)?;
        if let Some(last) = &self.last {
            last.needless_copies(at, world, effects)?;
            last.pairs_go_on(at, world)?;
            last.links_conserve(at, world)?;
            last.drills_leave_no_trace(world, effects)?;
        }
        self.remember(at, world);
        Ok(())
    }

    /// Takes in what effects say of fault levels.
    fn hear(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Health { group, two, five } = *effect {
                self.told.insert(group, [two, five]);
            }
        }
    }

    /// Who follows the effects knows the fault levels of every group. A group of which nothing was heard yet was told of
    /// before this watcher began.
    fn levels_are_told(&mut self, world: &World) -> Result<(), Violation> {
        for (key, group) in &world.groups {
            let mut counted = [0; 2];
            for pair in group.pairs.iter() {
                match world.level(pair) {
                    Level::Zero => {}
                    Level::Two => counted[0] += 1,
                    Level::Five => counted[1] += 1,
                }
            }
            let told = self.told.get(key).copied().unwrap_or(group.told);
            self.told.insert(key, told);
            if told != counted {
                return Err(Violation::Untold {
                    group: world.label(Who::Group(key)),
                    counted,
                    told,
                });
            }
        }
        Ok(())
    }

    fn remember(&mut self, at: SimTime, world: &World) {
        self.last = world.marks.is_empty().then(|| Seen::of(at, world));
    }
}

/// A failover that the published rules admit finds every acknowledged write on the DR disk. Other services take one that
/// is behind, and without a fence production goes on writing.
fn writes_lost(world: &World, effects: &[Effect]) -> Result<(), Violation> {
    let policies = &world.settings.policies;
    if policies.failover_disconnected == Permission::Allowed || !policies.fencing.is_on() {
        return Ok(());
    }
    for effect in effects {
        if let Effect::Recovered { group, recovery } = *effect
            && recovery.lost > 0
        {
            return Err(Violation::WritesLost {
                group: world.label(Who::Group(group)),
                lost: recovery.lost,
                rpo: recovery.rpo,
            });
        }
    }
    Ok(())
}

fn size(world: &World, disk: Option<DiskKey>) -> Option<Bytes> {
    disk.and_then(|disk| world.disks.get(disk))
        .map(|disk| disk.size)
}

/// What adds to what a pair's copy is behind: writes to both sides while it runs.
fn adds(pair: &Pair) -> (u64, Passed) {
    let drift = pair.drift();
    let runs = pair.copy == Copying::Running && drift.stands.is_some();
    (if runs { drift.mirrored } else { 0 }, drift.passed)
}

fn group_seen(world: &World, group: GroupKey) -> GroupSeen {
    let record = &world.groups[group];
    let pairs = record.pairs.iter().map(|pair| {
        let r = &world.pairs[pair];
        let point = (r.drift().stands, r.drift().behind, r.is_consistent());
        (
            r.life,
            (r.copy, r.ticket()),
            r.unsynced(),
            r.drift().gaps,
            r.drift().mirrored,
            r.drift().outage,
            point,
        )
    });
    let members = record.instances.iter().map(|instance| {
        let r = &world.instances[instance];
        let nics = |server: Option<ServerKey>| {
            server.map(|server| (server, world.servers[server].nics.clone()))
        };
        (r.life, r.servers.map(nics), r.set_aside)
    });
    GroupSeen {
        status: (record.life, record.station, record.cut),
        pairs: pairs.collect(),
        members: members.collect(),
    }
}

impl Seen {
    fn of(at: SimTime, world: &World) -> Seen {
        let pair_seen = |key: PairKey| {
            let pair = &world.pairs[key];
            PairSeen {
                point: world.recovery(key, at).map(|recovery| recovery.earliest),
                station: pair.station,
                gaps: [Side::Source, Side::Target].map(|side| world.gap(key, side)),
                behind: pair.drift().behind,
                adds: adds(pair),
                unsynced: pair.unsynced(),
                left: world.left(key, at),
                sizes: world.disks_of(key).map(|disk| size(world, disk)),
                begun: pair.copy != Copying::Inactive,
            }
        };
        let link_seen = |link: LinkKey| {
            let carried = world.flows.carried(at, link);
            (carried, world.topology.capacity(link))
        };
        Seen {
            at,
            pairs: world
                .pairs
                .keys()
                .map(|pair| (pair, pair_seen(pair)))
                .collect(),
            groups: world
                .groups
                .keys()
                .map(|group| (group, group_seen(world, group)))
                .collect(),
            links: world
                .topology
                .links
                .keys()
                .map(|link| (link, link_seen(link)))
                .collect(),
        }
    }

    /// What is missing on a DR disk is missing until a copy has brought it or a failover has given it up, and the
    /// recovery point stands or goes on.
    fn pairs_go_on(&self, now: SimTime, world: &World) -> Result<(), Violation> {
        for (key, was) in &self.pairs {
            let Some(pair) = world.pairs.get(key) else {
                continue;
            };
            let label = || world.label(Who::Pair(key));
            let is = world.recovery(key, now).map(|recovery| recovery.earliest);
            if let (Some(from), Some(to)) = (was.point, is)
                && to < from
            {
                let pair = label();
                return Err(Violation::MovedBack { pair, from, to });
            }
            let bytes = |gap: Gap, behind: u128| {
                let sum = gap.work(now).saturating_add(behind) / 1_000_000;
                u64::try_from(sum).unwrap_or(u64::MAX)
            };
            let side = was.station;
            let (rate, since) = was.adds;
            let route = world.groups[pair.group].route;
            let passed = world.flows.passed(now, route).since(since, rate);
            let before = bytes(was.gaps[side.index()], was.behind.saturating_add(passed));
            let after = bytes(world.gap(key, side), world.behind(key, now));
            if pair.station != side {
                if !pair.parted && (before > 0 || was.left > Bytes(0)) {
                    return Err(Violation::TurnedBehind {
                        pair: label(),
                        left: was.left.0,
                        lost: before,
                    });
                }
                continue;
            }
            let whole = pair.copy == Copying::Active && world.outage(key).is_none();
            if !whole && before != after {
                return Err(Violation::Forgotten {
                    pair: label(),
                    before,
                    after,
                });
            }
        }
        Ok(())
    }

    /// A copy begins where something was written, or was never copied, or came back blank or larger.
    fn needless_copies(
        &self,
        now: SimTime,
        world: &World,
        effects: &[Effect],
    ) -> Result<(), Violation> {
        for effect in effects {
            let Effect::CopyBegan { pair, .. } = *effect else {
                continue;
            };
            let (Some(was), Some(base)) = (self.pairs.get(pair), world.pairs.get_base(pair)) else {
                continue;
            };
            let disks = base.disks;
            let blank = disks
                .into_iter()
                .flatten()
                .any(|disk| world.disks[disk].blank);
            let written = was.gaps.iter().any(|gap| gap.bytes(now) > 0);
            let grown = disks.map(|disk| size(world, disk)) != was.sizes;
            let needed = blank || written || grown || was.unsynced > Bytes(0) || !was.begun;
            if !needed {
                return Err(Violation::NeedlessCopy {
                    pair: world.label(Who::Pair(pair)),
                });
            }
        }
        Ok(())
    }

    /// What a link carried since is no more than it could.
    fn links_conserve(&self, now: SimTime, world: &World) -> Result<(), Violation> {
        let span = now.saturating_since(self.at);
        for (key, &(was, capacity)) in &self.links {
            if !world.topology.links.contains_key(key) || capacity.0 == u64::MAX {
                continue;
            }
            let is = world.flows.carried(now, key);
            let sum =
                |carried: Carried| u128::from(carried.copies.0) + u128::from(carried.foreground.0);
            // Both figures are whole bytes, rounded down.
            let carried = sum(is).saturating_sub(sum(was));
            let could = u128::from(capacity.0) * u128::from(span.as_micros()) / 1_000_000 + 2;
            if carried > could || sum(is) < sum(was) {
                return Err(Violation::Carried {
                    link: world.label(Who::Link(key)),
                    span,
                    carried: u64::try_from(carried).unwrap_or(u64::MAX),
                    could: u64::try_from(could).unwrap_or(u64::MAX),
                });
            }
        }
        Ok(())
    }

    /// A call that makes or removes a drill changes nothing of any group.
    fn drills_leave_no_trace(&self, world: &World, effects: &[Effect]) -> Result<(), Violation> {
        let of_drill = |effect: &Effect| match *effect {
            Effect::Created { who, .. } | Effect::Moved { who, .. } | Effect::Gone { who, .. } => {
                matches!(who, Who::Drill(_))
            }
            Effect::Snapshot { .. } => true,
            _ => false,
        };
        if !effects.iter().any(of_drill) {
            return Ok(());
        }
        for (key, was) in &self.groups {
            if !world.groups.contains_key(key) {
                continue;
            }
            let is = group_seen(world, key);
            let what = match (
                is.status == was.status,
                is.pairs == was.pairs,
                is.members == was.members,
            ) {
                (false, ..) => "its status, production site or cut",
                (_, false, _) => "the replication of its pairs",
                (.., false) => "its servers or their NICs",
                _ => continue,
            };
            return Err(Violation::DrillChanged {
                group: world.label(Who::Group(key)),
                what,
            });
        }
        Ok(())
    }
}
