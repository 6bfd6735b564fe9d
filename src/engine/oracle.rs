//! Who decides how long work takes and how it ends.
//!
//! An oracle is asked once for every piece of work, when it begins. The engine's own is [`Chance`]; a test or a search may
//! bring another. An oracle may read the world and never changes it.

use super::dice::{Dice, Purpose, Seed, happens};
use super::distribution::{DurationLaw, Resolved};
use super::hazard::Hazard;
use super::pace::{Pace, Probability};
use super::script::{Script, Twist};
use crate::hash::Rows;
use crate::lanes::Column;
use crate::machine::event::{Doing, Outcome};
use crate::sdrs::op::Op;
use crate::sdrs::rules::rule;
use crate::time::{SimTime, Span};
use crate::units::Bytes;
use crate::world::job::Part;
use crate::world::label::Stable;
use crate::world::machinery::Act;
use crate::world::{DiskKey, PairKey, Who, World};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What becomes of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fate {
    /// How long it takes from when it begins; None: it hangs for ever.
    pub after: Option<Span>,
    /// How it ends.
    pub outcome: Outcome,
}

/// A piece of work whose fate is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// When it begins.
    pub begins: SimTime,
    /// What it is work on.
    pub who: Who,
    /// The stable key of that.
    pub stable: Stable,
    /// The epoch of that.
    pub epoch: u32,
    /// The work.
    pub doing: Doing,
}

/// How long work of one kind takes that cannot fail, does not depend on sizes and that no script speaks of.
#[derive(Clone, Copy, Debug)]
pub struct Lots<'a> {
    dice: Dice,
    law: Resolved<'a>,
    part: u8,
}

impl Lots<'_> {
    /// What has this stable key draws this at this epoch.
    #[inline(always)]
    #[must_use]
    pub fn draw(&self, stable: Stable, epoch: u32) -> u64 {
        let count = u64::from(epoch) << 8 | u64::from(self.part);
        self.dice.duration(stable.0, count)
    }

    /// The span that a draw stands for.
    #[inline(always)]
    #[must_use]
    pub fn span(&self, draw: u64) -> Span {
        self.law.sample(draw)
    }

    /// The span of each of some rows of a stable key, an epoch and something else, in microseconds; what stands behind them is of no account.
    #[inline(always)]
    pub(super) fn spans(&self, rows: &Rows<3>) -> Column {
        let draws = || rows.each(&self.dice.durations(self.part));
        self.law.sample_all(rows.len(), draws)
    }
}

/// Decides how long work takes and how it ends.
pub trait Oracle {
    /// The fate of the work `doing` on `who`, which exists; the work begins at the instant `begins`.
    ///
    /// Asked once per [`crate::machine::Effect::Begin`], in the order of the effects, with the world as it is after the
    /// call that began the work.
    fn fate(&mut self, world: &World, begins: SimTime, who: Who, epoch: u32, doing: Doing) -> Fate;

    /// The same, asked by one who knows the stable key already. What the engine calls; whoever implements [`Oracle::fate`] need
    /// not care.
    #[inline]
    fn fate_of(&mut self, world: &World, work: Work) -> Fate {
        self.fate(world, work.begins, work.who, work.epoch, work.doing)
    }

    /// What decides how long work of this kind takes, if that depends on nothing but what is worked on and its epoch, and the
    /// work ends well: then [`Oracle::fate_of`] would say what it says. None: each is asked for by itself.
    ///
    /// It holds for the effects of one call, during which nobody changes the oracle but [`Oracle::fate_of`] of other work.
    #[inline]
    fn lots(&self, doing: Doing) -> Option<Lots<'_>> {
        let _ = doing;
        None
    }

    /// How long a hazard stays as it is, broken or whole, before its turn of this number; None: for ever.
    ///
    /// Asked once per [`crate::machine::Effect::HazardWaits`].
    fn hazard(&mut self, world: &World, hazard: u32, turn: u64, broken: bool) -> Option<Span> {
        let _ = (world, hazard, turn, broken);
        None
    }

    /// How long after one sub-job of an operation the next one begins; None: as the world has it.
    ///
    /// Asked when an engine is made, which then sets the world's staggers.
    fn stagger(&self, op: Op) -> Option<Span> {
        let _ = op;
        None
    }
}

impl<O: Oracle + ?Sized> Oracle for &mut O {
    fn fate(&mut self, world: &World, begins: SimTime, who: Who, epoch: u32, doing: Doing) -> Fate {
        (**self).fate(world, begins, who, epoch, doing)
    }

    fn fate_of(&mut self, world: &World, work: Work) -> Fate {
        (**self).fate_of(world, work)
    }

    #[inline]
    fn lots(&self, doing: Doing) -> Option<Lots<'_>> {
        (**self).lots(doing)
    }

    fn hazard(&mut self, world: &World, hazard: u32, turn: u64, broken: bool) -> Option<Span> {
        (**self).hazard(world, hazard, turn, broken)
    }

    fn stagger(&self, op: Op) -> Option<Span> {
        (**self).stagger(op)
    }
}

/// The standard oracle: the dice of a seed, thrown at a pace, unless a script says otherwise.
///
/// What a piece of work draws depends on the seed, the stable key of what is worked on, its epoch and the part, and on
/// nothing else: neither on the order of work nor on what else exists. A script changes the fate of the work it is for and
/// of no other.
#[derive(Debug, Serialize, Deserialize)]
pub struct Chance {
    dice: Dice,
    pace: Arc<Pace>,
    script: Script,
    /// The laws of the world's hazards, by stable key.
    hazards: Arc<BTreeMap<Stable, Arc<Hazard>>>,
}

crate::world::refill::clone_by_field!(Chance { dice, pace, script, hazards } trees {} maps {});

impl Chance {
    /// The oracle of a run with this seed, at the default pace and without a script.
    #[must_use]
    pub fn new(seed: Seed) -> Chance {
        Chance {
            dice: Dice::new(seed),
            pace: Arc::default(),
            script: Script::default(),
            hazards: Arc::default(),
        }
    }

    /// The same at another pace.
    #[must_use]
    pub fn at_pace(self, pace: impl Into<Arc<Pace>>) -> Chance {
        Chance {
            pace: pace.into(),
            ..self
        }
    }

    /// The same with another script.
    #[must_use]
    pub fn with_script(self, script: Script) -> Chance {
        Chance { script, ..self }
    }

    /// The same with the laws of the hazard that has this label in its world; see [`crate::machine::build::Builder::hazard`].
    /// A hazard without laws never strikes.
    #[must_use]
    pub fn with_hazard(mut self, label: &str, laws: impl Into<Arc<Hazard>>) -> Chance {
        Arc::make_mut(&mut self.hazards).insert(Stable::of(label), laws.into());
        self
    }

    /// Throws the dice of another seed from here. Work that has begun has its fate already.
    pub const fn reseed(&mut self, seed: Seed) {
        self.dice = Dice::new(seed);
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> Seed {
        self.dice.seed()
    }

    /// The pace.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// What is still scripted.
    #[must_use]
    pub const fn script(&self) -> &Script {
        &self.script
    }

    /// What is still scripted, to be added to.
    pub const fn script_mut(&mut self) -> &mut Script {
        &mut self.script
    }

    /// The fate of a part of a job before the script has its say.
    fn job_fate(&self, world: &World, who: Who, key: Key, op: Op, part: Part) -> Fate {
        let pace = self
            .pace
            .job(op)
            .expect("only operations that start jobs have work to do");
        let mut fate = Fate {
            after: Some(self.span(world, who, key, pace.part(part))),
            outcome: Outcome::Done,
        };
        if part == Part::Work && pace.fails > Probability::NEVER {
            let draw = self.dice.draw(Purpose::Outcome, key.stable, key.count);
            if happens(draw, pace.fails.get()) {
                let facts = rule(op).job;
                fate.outcome =
                    Outcome::Failed(facts.expect("an operation with a pace has a job").error);
            }
        }
        fate
    }

    #[inline]
    fn span(&self, world: &World, who: Who, key: Key, law: &DurationLaw) -> Span {
        let draw = self.dice.duration(key.stable, key.count);
        let size = match law.per_gib {
            Some(_) => size(world, who),
            None => Bytes::ZERO,
        };
        law.sample(draw, size)
    }
}

impl Oracle for Chance {
    fn fate(&mut self, world: &World, begins: SimTime, who: Who, epoch: u32, doing: Doing) -> Fate {
        let stable = world.stable(who).expect("what is worked on exists");
        let work = Work {
            begins,
            who,
            stable,
            epoch,
            doing,
        };
        self.fate_of(world, work)
    }

    #[inline]
    fn fate_of(&mut self, world: &World, work: Work) -> Fate {
        match self.lots(work.doing) {
            Some(lots) => Fate {
                after: Some(lots.span(lots.draw(work.stable, work.epoch))),
                outcome: Outcome::Done,
            },
            None => self.any_fate(world, work),
        }
    }

    #[inline]
    fn lots(&self, doing: Doing) -> Option<Lots<'_>> {
        let Doing::Job(op, part) = doing else {
            return None;
        };
        let pace = self.pace.job(op)?;
        let law = pace.part(part);
        let fails = part == Part::Work && pace.fails > Probability::NEVER;
        if fails || law.per_gib.is_some() || !self.script.is_empty() {
            return None;
        }
        Some(Lots {
            dice: self.dice,
            law: law.base.resolved(),
            part: part_of(doing),
        })
    }

    fn hazard(&mut self, world: &World, hazard: u32, turn: u64, broken: bool) -> Option<Span> {
        let stable = world.hazards.get(hazard as usize)?.stable;
        let laws = self.hazards.get(&stable)?;
        Some(laws.span(self.dice.seed(), stable, turn / 2, broken))
    }

    fn stagger(&self, op: Op) -> Option<Span> {
        self.pace.job(op).map(|job| job.stagger)
    }
}

impl Chance {
    /// The fate of any work.
    fn any_fate(&mut self, world: &World, work: Work) -> Fate {
        let Work { who, doing, .. } = work;
        let key = Key::of(work);
        let mut fate = match doing {
            Doing::Job(op, part) => self.job_fate(world, who, key, op, part),
            Doing::Act(act) => Fate {
                after: Some(self.span(world, who, key, self.pace.act(act))),
                outcome: Outcome::Done,
            },
        };
        if self.script.is_empty() {
            return fate;
        }
        match self.script.take(world, who, doing) {
            None => {}
            Some(Twist::Fail(code)) => fate.outcome = Outcome::Failed(code),
            Some(Twist::Hang) => fate.after = None,
            Some(Twist::Stretch(factor)) => fate.after = fate.after.map(|span| factor.of(span)),
            Some(Twist::End(ending)) => {
                fate.after = Some(ending.after.0);
                fate.outcome = ending.code.map_or(Outcome::Done, Outcome::Failed);
            }
        }
        fate
    }
}

/// What a draw is keyed by, besides seed and purpose.
#[derive(Clone, Copy)]
struct Key {
    stable: u64,
    /// The epoch, and below it what is done: a part of a job or an act.
    count: u64,
}

impl Key {
    #[inline]
    const fn of(work: Work) -> Key {
        Key {
            stable: work.stable.0,
            count: (work.epoch as u64) << 8 | part_of(work.doing) as u64,
        }
    }
}

/// The number of what is done in a draw's count.
#[inline]
const fn part_of(doing: Doing) -> u8 {
    match doing {
        Doing::Job(_, Part::Open) => 0,
        Doing::Job(_, Part::Work) => 1,
        Doing::Job(_, Part::Close) => 2,
        Doing::Act(Act::Boot) => 3,
        Doing::Act(Act::Shutdown) => 4,
        Doing::Act(Act::Reboot) => 5,
        Doing::Act(Act::Initialize) => 6,
    }
}

/// The size that a part per GiB goes by: of a pair its disk's, of an instance, group or drill the sum over the pairs, of a
/// server the sum over its disks, of a job its subject's; zero of what has no disks.
fn size(world: &World, who: Who) -> Bytes {
    let disk = |key: DiskKey| world.disks.get(key).map_or(Bytes::ZERO, |disk| disk.size);
    let pair = |key: PairKey| {
        let disks = world
            .pairs
            .get_base(key)
            .map_or([None; 2], |base| base.disks);
        disks.into_iter().flatten().next().map_or(Bytes::ZERO, disk)
    };
    let group = |key| {
        let group = world.groups.get(key);
        group.map_or(Bytes::ZERO, |group| sum(group.pairs.iter().map(pair)))
    };
    match who {
        Who::Disk(key) => disk(key),
        Who::Pair(key) => pair(key),
        Who::Instance(key) => {
            let instance = world.instances.get(key);
            instance.map_or(Bytes::ZERO, |one| sum(one.pairs.iter().copied().map(pair)))
        }
        Who::Group(key) => group(key),
        Who::Drill(key) => world
            .drills
            .get(key)
            .map_or(Bytes::ZERO, |one| group(one.group)),
        Who::Server(key) => {
            let server = world.servers.get(key);
            server.map_or(Bytes::ZERO, |one| {
                sum(one.disks.iter().map(|&(_, key)| disk(key)))
            })
        }
        Who::Job(key) => match world.jobs.get(key).map(|job| job.subject) {
            None | Some(Who::Job(_)) => Bytes::ZERO,
            Some(subject) => size(world, subject),
        },
        _ => Bytes::ZERO,
    }
}

fn sum(sizes: impl Iterator<Item = Bytes>) -> Bytes {
    sizes.fold(Bytes::ZERO, Bytes::saturating_add)
}

#[cfg(test)]
mod tests;
