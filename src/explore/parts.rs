//! The parts of a state that decide for themselves: each group with all that is in it, and what belongs to no group.
//!
//! While groups neither come nor go and every job has a worker at once, a call about a group, the end of a piece of its work
//! and an act on one of its servers read and change nothing but the group and what no group owns. What comes of them is
//! then the same wherever the group's part and the surroundings are the same, whatever the other groups are doing. Faults,
//! and the ends of arbitration's windows, concern all groups.
//!
//! A part is known by a hash of its pack with every member in its own place ([`Packer::part`]), so that an action has one
//! code, which says what it is about, in all states that have the part.

use super::{Action, Menu, Model, Packer, State};
use crate::hash::combine;
use crate::machine::Command;
use crate::machine::admissible::{candidates, powers, underway};
use crate::machine::admissible::{end_of_act, end_of_job, end_of_sub};
use crate::machine::command::{Ask, Call, Native, Ref};
use crate::machine::event::Event;
use crate::sdrs::op::Op;
use crate::sdrs::status::{Kind, Status};
use crate::world::{GroupKey, ServerKey, Who, World};
use slotmap::{Key, KeyData};

/// The statuses that were seen, a bit for each kind and status.
pub(super) type Seen = u128;

const _: () = assert!(Kind::ALL.len() * Status::ALL.len() <= Seen::BITS as usize);

/// The bit of a kind and a status.
pub(super) const fn bit(kind: Kind, status: Status) -> Seen {
    1 << (kind as usize * Status::ALL.len() + status as usize)
}

/// Where in a state's record the hash of the surroundings is, how much of the bounds is used, and the first part.
pub(super) const AROUND: usize = 0;
pub(super) const USED: usize = 1;
pub(super) const FIRST: usize = 2;

/// The parts of the states of a search: the groups by serial, and behind them what belongs to none.
#[derive(Debug)]
pub(super) struct Parts {
    groups: Vec<GroupKey>,
}

impl Parts {
    /// The parts of a search's states, if they decide for themselves.
    pub fn of(model: &Model) -> Option<Parts> {
        let world = &model.start().world;
        let local = |op: &Op| {
            use Op::{Failover, PlannedFailover, Reprotect, StartProtection, StopProtection};
            matches!(
                op,
                StartProtection | StopProtection | Failover | PlannedFailover | Reprotect
            )
        };
        let rests = world.jobs.values().all(|job| job.ended.is_some());
        // More than a code has room for.
        let most = 1 << 20;
        let few = world.pairs.capacity() < most
            && world.servers.capacity() < most
            && world.groups.len() < 1 << 12;
        let decides = model.menu().ops.iter().all(local)
            && !model.menu().deletions
            && !model.menu().disk_deletions
            && world.settings.workers.is_none()
            && few
            && rests;
        decides.then(|| {
            let mut groups: Vec<GroupKey> = world.groups.keys().collect();
            groups.sort_unstable_by_key(|&group| world.groups[group].serial);
            Parts { groups }
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.groups.len() + 1
    }

    /// The group of a part; None for what belongs to no group.
    pub fn group(&self, part: usize) -> Option<GroupKey> {
        self.groups.get(part).copied()
    }

    /// The part that an action is about; None if it may be about all.
    pub fn owner(&self, world: &World, action: &Action) -> Option<usize> {
        let who = match action {
            Action::Ask(command) => asked(&command.ask)?,
            Action::End(Event::Settled { who, .. }) => *who,
            Action::End(Event::Synced { pair, .. }) => Who::Pair(*pair),
            _ => return None,
        };
        let group = match who {
            Who::Server(server) => match group_of_server(world, server) {
                Some(group) => group,
                None => return Some(self.groups.len()),
            },
            Who::Job(job) => group_of(world, world.jobs.get(job)?.subject)?,
            who => group_of(world, who)?,
        };
        self.groups.iter().position(|&it| it == group)
    }

    /// The action that has a code in a world; only those that may have it are listed.
    pub fn action(
        &self,
        menu: &Menu,
        world: &World,
        sought: u32,
        room: &mut Room,
    ) -> Option<Action> {
        let has_code = |action: &Action| code(menu, world, action) == sought;
        match sought >> 28 {
            kind @ 1..=3 => {
                room.commands.clear();
                match kind {
                    3 => {
                        let op =
                            { menu.ops.iter() }.find(|op| place_of(**op) == sought >> 20 & 255)?;
                        candidates(world, *op, &Ref::from, &mut room.commands);
                    }
                    _ => powers(world, &Ref::from, &mut room.commands),
                }
                room.commands.drain(..).map(Action::Ask).find(has_code)
            }
            4..=7 => {
                let event = self.end(world, sought)?;
                Some(Action::End(match is_badly(sought) {
                    true => super::failed(event)?,
                    false => event,
                }))
            }
            8 | 9 => {
                room.events.clear();
                underway(world, &mut room.events);
                { room.events.iter() }
                    .map(|&event| Action::End(event))
                    .find(has_code)
            }
            kind => {
                let blow = *menu.faults.get((sought >> 20 & 255) as usize)?;
                Some(match kind {
                    10 => Action::Strike(blow),
                    _ => Action::Mend(blow),
                })
            }
        }
    }

    /// The end, done well, of what a code is about.
    fn end(&self, world: &World, sought: u32) -> Option<Event> {
        let place = sought & ((1 << 20) - 1);
        let pair = || { world.pairs.keys() }.find(|&pair| slot(Who::Pair(pair)) == place);
        match sought >> 28 {
            4 => {
                let mut servers = world.servers.keys();
                let server = servers.find(|&server| slot(Who::Server(server)) == place)?;
                end_of_act(world, server)
            }
            5 => {
                let mut groups = self.groups.iter();
                let group = groups.find(|&&group| slot(Who::Group(group)) == place)?;
                end_of_job(world, world.groups[*group].life.work()?.job)
            }
            6 => end_of_sub(world, pair()?),
            _ => {
                let pair = pair()?;
                let copies = world.pairs[pair].copies;
                Some(Event::Synced { pair, copies })
            }
        }
    }

    /// Writes down what a state is made of.
    pub fn record(&self, packer: &mut Packer, state: &State, out: &mut Vec<u64>) {
        out.push(around(packer, state));
        out.push(used(state));
        for part in 0..self.len() {
            out.push(packer.part(&state.world, self.group(part), true));
        }
    }

    /// The statuses that a part shows, and whether its group is `protected` or `available`.
    pub fn look(&self, world: &World, part: usize) -> (Seen, bool) {
        let Some(key) = self.group(part) else {
            return (0, true);
        };
        let group = &world.groups[key];
        let instances = group.instances.iter().map(Who::Instance);
        let pairs = group.pairs.iter().map(Who::Pair);
        let drills = group.drills.iter().map(|&drill| Who::Drill(drill));
        let all = instances.chain(pairs).chain(drills);
        let seen = all.fold(shown(world, Who::Group(key)), |seen, who| {
            seen | shown(world, who)
        });
        (seen, rests(group.life.status))
    }
}

/// The status that a resource reports, as a bit.
pub(super) fn shown(world: &World, who: Who) -> Seen {
    let kind = match who {
        Who::Group(_) => Kind::ProtectionGroup,
        Who::Instance(_) => Kind::ProtectedInstance,
        Who::Pair(_) => Kind::ReplicationPair,
        Who::Drill(_) => Kind::DisasterRecoveryDrill,
        _ => return 0,
    };
    world.reported(who).map_or(0, |status| bit(kind, status))
}

/// Whether a group with this status is where a way back leads.
pub(super) const fn rests(status: Status) -> bool {
    matches!(status, Status::Protected | Status::Available)
}

/// A hash of what no group owns, and of which faults are in force.
pub(super) fn around(packer: &mut Packer, state: &State) -> u64 {
    combine(packer.around(&state.world), state.struck)
}

/// How much of the menu's bounds is used up. One more failure adds one.
pub(super) fn used(state: &State) -> u64 {
    u64::from(state.faults) << 8 | u64::from(state.failures)
}

/// Whether another failure and another fault may come.
pub(super) fn may(menu: &Menu, used: u64) -> [bool; 2] {
    [
        used & 255 < menu.failures_max.into(),
        used >> 8 < menu.faults_max.into(),
    ]
}

/// The hash of a state with these surroundings, use of bounds, and sum of the hashes of parts.
pub(super) fn whole(around: u64, used: u64, sum: u64) -> u64 {
    combine(combine(around, used), sum)
}

/// What an action is, with what it is about, as a number that it has in every state in which it may come. Only for actions
/// that searches with parts offer.
pub(super) fn code(menu: &Menu, world: &World, action: &Action) -> u32 {
    let (kind, about, more) = match action {
        Action::Ask(command) => match &command.ask {
            Ask::Native(Native::StartServer { .. }) => (1, asked(&command.ask), 0),
            Ask::Native(_) => (2, asked(&command.ask), 0),
            Ask::Call(call) => (3, asked(&command.ask), sort(call)),
        },
        Action::End(event @ Event::Settled { who, doing, .. }) => {
            let failed = u32::from(super::is_failure(event));
            use crate::machine::event::Doing;
            match doing {
                Doing::Act(_) => (4, Some(*who), 0),
                Doing::Job(_, part) => {
                    let subject = match who {
                        Who::Job(job) => world.jobs.get(*job).map(|job| job.subject),
                        who => Some(*who),
                    };
                    let pair = u32::from(matches!(subject, Some(Who::Pair(_))));
                    (5 + pair, subject, *part as u32 * 2 + failed)
                }
            }
        }
        Action::End(Event::Synced { pair, .. }) => (7, Some(Who::Pair(*pair)), 0),
        Action::End(Event::WindowEnds { domain, .. }) => (8, Some(Who::Domain(*domain)), 0),
        Action::End(_) => (9, None, 0),
        Action::Strike(blow) | Action::Mend(blow) => {
            let place = menu.faults.iter().position(|it| it == blow).unwrap_or(0) as u32;
            let mends = u32::from(matches!(action, Action::Mend(_)));
            (10 + mends, None, place)
        }
    };
    kind << 28 | more << 20 | about.map_or(0, slot)
}

/// Whether the code of the end of a piece of a job's work is that of a failure.
const fn is_badly(code: u32) -> bool {
    matches!(code >> 28, 5 | 6) && code >> 20 & 1 == 1
}

/// Room for what is listed to find an action.
#[derive(Debug, Default)]
pub(super) struct Room {
    commands: Vec<Command>,
    events: Vec<Event>,
}

/// Tells the group operations apart.
fn sort(call: &Call) -> u32 {
    place_of(match call {
        Call::StartProtection { .. } => Op::StartProtection,
        Call::StopProtection { .. } => Op::StopProtection,
        Call::Reprotect { .. } => Op::Reprotect,
        Call::Failover { .. } => Op::Failover,
        _ => Op::PlannedFailover,
    })
}

const fn place_of(op: Op) -> u32 {
    match op {
        Op::StartProtection => 0,
        Op::StopProtection => 1,
        Op::Reprotect => 2,
        Op::Failover => 3,
        _ => 4,
    }
}

/// The place in its slot map of what an action is about.
fn slot(who: Who) -> u32 {
    let data: KeyData = match who {
        Who::Group(key) => key.data(),
        Who::Pair(key) => key.data(),
        Who::Server(key) => key.data(),
        Who::Domain(key) => key.data(),
        _ => return 0,
    };
    data.as_ffi() as u32
}

/// What a call or act that searches with parts offer is about.
fn asked(ask: &Ask) -> Option<Who> {
    let who = match ask {
        Ask::Call(
            Call::StartProtection { group }
            | Call::StopProtection { group }
            | Call::Reprotect { group }
            | Call::Failover { group }
            | Call::PlannedFailover { group, .. },
        ) => group,
        Ask::Native(Native::StartServer { server } | Native::StopServer { server }) => server,
        _ => return None,
    };
    match who {
        Ref::Key(who) => Some(*who),
        _ => None,
    }
}

fn group_of(world: &World, who: Who) -> Option<GroupKey> {
    match who {
        Who::Group(key) => Some(key),
        Who::Instance(key) => world.instances.get(key).map(|it| it.group),
        Who::Pair(key) => world.pairs.get(key).map(|it| it.group),
        Who::Drill(key) => world.drills.get(key).map(|it| it.group),
        _ => None,
    }
}

fn group_of_server(world: &World, server: ServerKey) -> Option<GroupKey> {
    let server = world.servers.get(server)?;
    let of_instance = server.instance.and_then(|it| world.instances.get(it));
    let of_drill = server.drill.and_then(|it| world.drills.get(it));
    of_instance
        .map(|it| it.group)
        .or(of_drill.map(|it| it.group))
}
