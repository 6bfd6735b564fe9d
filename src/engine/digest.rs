//! The digest of a run: 64 bits that tell whether two runs saw the same things happen at the same instants.
//!
//! It is a wrapping sum over the effects, so the order of unrelated resources never matters; what an effect adds is a hash
//! of its instant, of the stable keys it speaks of and of everything else it says. The order on one resource is kept by
//! instants and epochs. Slots, serials, words and job numbers are left out, since they depend on what else there is; so is
//! memory, so that a faster queue or storage keeps the digest. Goldens hold the encoding of every kind of effect.
//! That of the most frequent ones is written for one and for many at once; see `crate::hash::Hashing`.

use crate::hash::{Hashing, RowHash, mix};
use crate::machine::effect::Property;
use crate::machine::{Doing, Effect, Mover};
use crate::sdrs::codes::Code;
use crate::sdrs::status::Status;
use crate::time::SimTime;
use crate::world::fault::Blow;
use crate::world::job::JobStatus;
use crate::world::label::Stable;
use crate::world::machinery::Act;
use crate::world::replica::Recovery;
use crate::world::{Who, World};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

mod running;

pub(super) use running::Running;

/// The digest of what has happened so far; of nothing it is zero.
///
/// Printed and serialized as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(u64);

impl Digest {
    /// The digest before anything has happened.
    pub const ZERO: Digest = Digest(0);

    /// The 64 bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Takes in an effect. `keys` knows the stable keys of what the effect speaks of.
    fn take(&mut self, at: SimTime, effect: &Effect, keys: Keys<'_>) {
        if let Some(print) = print(at, effect, keys) {
            self.add(print);
        }
    }

    /// Takes in what has this print, or what have this sum of prints.
    #[inline]
    const fn add(&mut self, print: u64) {
        self.0 = self.0.wrapping_add(print);
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Hex;
        impl de::Visitor<'_> for Hex {
            type Value = Digest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a digest of 16 hexadecimal digits")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Digest, E> {
                let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
                match u64::from_str_radix(text, 16) {
                    Ok(bits) if digits => Ok(Digest(bits)),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_str(Hex)
    }
}

/// Where the stable keys are: in the world, or among those that one call has removed.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    pub world: &'a World,
    /// In the order of `Who`.
    pub gone: &'a [(Who, Stable)],
}

impl Keys<'_> {
    /// The stable key; 0 of a job that left the record within the call.
    #[inline]
    pub(super) fn of(self, who: Who) -> Stable {
        match self.world.stable(who) {
            Some(stable) => stable,
            None => self.of_gone(who),
        }
    }

    #[cold]
    fn of_gone(self, who: Who) -> Stable {
        let place = self.gone.binary_search_by_key(&who, |entry| entry.0);
        place.map_or(Stable(0), |place| self.gone[place].1)
    }

    #[inline]
    fn word(self, who: Who) -> u64 {
        self.of(who).0
    }
}

impl Keys<'_> {
    /// A fault: its kind and what it says, and its target.
    fn blow(self, fold: Fold, blow: Blow) -> Fold {
        let fold = fold.word(blow.target().map_or(0, |who| self.word(who)));
        match blow {
            Blow::Az { destroyed, .. } => fold.word(1).word(destroyed.into()),
            Blow::Site { destroyed, .. } => fold.word(2).word(destroyed.into()),
            Blow::Pool { read_only, .. } => fold.word(3).word(read_only.into()),
            Blow::Link { .. } => fold.word(4),
            Blow::Slow { slow, .. } => fold
                .word(5)
                .maybe(slow.bandwidth.map(|rate| rate.0))
                .maybe(slow.latency.map(|span| span.as_micros())),
            Blow::Duct { .. } => fold.word(6),
            Blow::Node { .. } => fold.word(7),
            Blow::Disk { destroyed, .. } => fold.word(8).word(destroyed.into()),
            Blow::Server { destroyed, .. } => fold.word(9).word(destroyed.into()),
            Blow::Control => fold.word(10),
        }
    }
}

/// A hash in the making, or many at once.
#[derive(Clone, Copy)]
struct Fold<H = u64>(H);

impl<H: Hashing> Fold<H> {
    /// That of an effect with this number.
    #[inline(always)]
    fn begin(hashes: H, number: u64, at: &H::Numbers) -> Fold<H> {
        Fold(hashes.join_with(at, 0, mix(number)))
    }

    /// Takes in a word, or one for each.
    #[inline(always)]
    fn words(self, words: &H::Numbers) -> Fold<H> {
        Fold(self.0.mix().join(words))
    }

    /// What is added to the digest.
    #[inline(always)]
    fn print(self) -> H {
        self.0.mix()
    }
}

impl Fold {
    /// That of an effect with this number at an instant.
    #[inline]
    fn of(number: u64, at: SimTime) -> Fold {
        Fold::begin(0, number, &at.as_micros())
    }

    /// Takes in a word.
    #[inline(always)]
    fn word(self, word: u64) -> Fold {
        self.words(&word)
    }

    fn recovery(self, recovery: Recovery) -> Fold {
        let Recovery {
            earliest,
            latest,
            acknowledged,
            rpo,
            lost,
            whole,
            damaged,
        } = recovery;
        let instants = self.word(earliest.as_micros()).word(latest.as_micros());
        instants
            .word(acknowledged.as_micros())
            .word(rpo.as_micros())
            .word(whole.into())
            .word(lost)
            .word(damaged.into())
    }

    /// A word that may be absent: told apart from every word that is there.
    fn maybe(self, word: Option<u64>) -> Fold {
        match word {
            None => self.word(0),
            Some(word) => self.word(1).word(word),
        }
    }
}

/// `Effect::Begin` of what is done at an instant, which is every third effect of a group operation: a stable key, the epoch and the
/// delay.
#[derive(Clone, Copy)]
pub(super) struct Begun {
    /// What all of these begin with, mixed for the word that comes next.
    prefix: u64,
    doing: u64,
}

impl Begun {
    /// Of all that begins to be done so at an instant.
    #[inline]
    pub(super) fn at(at: SimTime, doing: Doing) -> Begun {
        Begun {
            prefix: Fold::of(1, at).0.mix(),
            doing: doing_word(doing),
        }
    }
}

impl RowHash<3> for Begun {
    #[inline(always)]
    fn of<H: Hashing>(&self, hashes: H, [key, epoch, delay]: [&H::Numbers; 3]) -> H {
        let of_key = hashes.join_with(key, 0, self.prefix);
        // What is done is below the epoch.
        let of_doing = of_key.mix().join_with(epoch, 32, self.doing);
        Fold(of_doing).words(delay).print()
    }
}

/// The number of `Effect::Moved`.
const MOVED: u64 = 5;

/// `Effect::Moved`, which is every other effect of a group operation: the instant, a stable key and the [`Statuses`].
struct Moved;

impl RowHash<3> for Moved {
    #[inline(always)]
    fn of<H: Hashing>(&self, hashes: H, [at, key, what]: [&H::Numbers; 3]) -> H {
        Fold::begin(hashes, MOVED, at)
            .words(key)
            .words(what)
            .print()
    }
}

/// The same of pairs that a job has brought into one status at an instant: a stable key, and what [`Mover::said`] says.
struct AllMoved {
    /// What all of these begin with, mixed for the word that comes next.
    prefix: u64,
    /// What all say beside that.
    to: u64,
}

impl AllMoved {
    fn at(at: SimTime, to: Status, by_job: bool) -> AllMoved {
        AllMoved {
            prefix: Fold::of(MOVED, at).0.mix(),
            to: Statuses::to(to, by_job),
        }
    }
}

impl RowHash<2> for AllMoved {
    #[inline(always)]
    fn of<H: Hashing>(&self, hashes: H, [key, said]: [&H::Numbers; 2]) -> H {
        let of_key = hashes.join_with(key, 0, self.prefix);
        // They have no bit in common, so the one flips what the other lacks.
        Fold(of_key.mix().join_with(said, 0, self.to)).print()
    }
}

/// `Effect::InStep`: the instant and a stable key.
struct InStep;

impl RowHash<2> for InStep {
    #[inline(always)]
    fn of<H: Hashing>(&self, hashes: H, [at, key]: [&H::Numbers; 2]) -> H {
        Fold::begin(hashes, 3, at).words(key).print()
    }
}

/// What else an `Effect::Moved` says, beside the instant and the stable key.
#[derive(Clone, Copy)]
pub(super) struct Statuses(u64);

impl Statuses {
    /// The epoch, the status before and the one since, and whether a job did it.
    #[inline(always)]
    pub(super) const fn new(epoch: u32, (from, to): (Status, Status), by_job: bool) -> Statuses {
        Statuses(Mover::said(epoch, from) | Statuses::to(to, by_job))
    }

    #[inline(always)]
    const fn to(to: Status, by_job: bool) -> u64 {
        (to as u64) << 8 | by_job as u64
    }
}

/// The hash of `Effect::Job`.
fn of_job(at: SimTime, key: Stable, status: JobStatus, code: Option<Code>) -> Fold {
    let fold = Fold::of(7, at).word(key.0).word(status as u64);
    fold.maybe(code.map(|code| code.number().into()))
}

/// The print of an effect: the hash of its number and instant, the stable key, then its fields in the order of their declaration. None
/// of what only asks for an event and says nothing that has happened.
fn print(at: SimTime, effect: &Effect, keys: Keys<'_>) -> Option<u64> {
    let fold = |number: u64, key: u64| Fold::of(number, at).word(key);
    let on = |number, who| fold(number, keys.word(who));
    let fold_of = match *effect {
        Effect::Begin {
            who,
            epoch,
            doing,
            delay,
        } => {
            let row = [&keys.word(who), &epoch.into(), &delay.as_micros()];
            return Some(Begun::at(at, doing).of(0, row));
        }
        Effect::CopyBegan { pair, copies } => on(2, Who::Pair(pair)).word(u64::from(copies)),
        Effect::InStep { pair } => on(3, Who::Pair(pair)),
        Effect::Created { who, status } => on(4, who).maybe(status.map(|status| status as u64)),
        Effect::Moved {
            who,
            epoch,
            from,
            to,
            job,
        } => {
            let what = Statuses::new(epoch, (from, to), job != 0);
            return Some(Moved.of(0, [&at.as_micros(), &keys.word(who), &what.0]));
        }
        Effect::Gone {
            who: _,
            label: _,
            stable,
        } => fold(6, stable.0),
        Effect::Job { job, status, code } => of_job(at, keys.of(Who::Job(job)), status, code),
        Effect::SubJob { job, pair, code } => on(8, Who::Pair(pair))
            .word(keys.word(Who::Job(job)))
            .maybe(code.map(|code| code.number().into())),
        Effect::Station { group, to } => on(9, Who::Group(group)).word(to as u64),
        Effect::Power {
            server,
            epoch,
            from,
            to,
        } => on(10, Who::Server(server))
            .word(u64::from(epoch) << 32 | (from as u64) << 8 | to as u64),
        Effect::NicMoved { nic, from, to } => on(11, Who::Nic(nic))
            .maybe(from.map(|server| keys.word(Who::Server(server))))
            .maybe(to.map(|server| keys.word(Who::Server(server)))),
        Effect::EipBound { eip, to } => {
            on(12, Who::Eip(eip)).maybe(to.map(|nic| keys.word(Who::Nic(nic))))
        }
        Effect::Changed {
            who,
            property,
            value,
        } => on(13, who).word(property_word(property)).word(value),
        Effect::TasksDeleted { count } => fold(14, 0).word(count.into()),
        Effect::Struck { blow } => keys.blow(fold(15, 0), blow),
        Effect::Mended { blow } => keys.blow(fold(16, 0), blow),
        Effect::Mode { domain, mode } => on(17, Who::Domain(domain)).word(mode as u64),
        Effect::Cut { group, verdict } => on(18, Who::Group(group)).word(verdict as u64),
        Effect::Joined { group } => on(19, Who::Group(group)),
        Effect::Health { group, two, five } => {
            on(20, Who::Group(group)).word(u64::from(two) << 32 | u64::from(five))
        }
        Effect::Recovered { group, recovery } => on(21, Who::Group(group)).recovery(recovery),
        Effect::Snapshot {
            drill,
            recovery,
            rescue,
        } => {
            let made = on(22, Who::Drill(drill));
            let made = recovery.map_or(made, |recovery| made.recovery(recovery));
            made.word(rescue.into())
        }
        Effect::Discarded {
            pair,
            bytes,
            kept,
            both,
        } => on(23, Who::Pair(pair))
            .word(bytes)
            .word(kept)
            .word(both.as_micros()),
        Effect::Control { down } => fold(24, 0).word(down.into()),
        Effect::Usable { server } => on(25, Who::Server(server)),
        Effect::NoPlace { server } => on(27, Who::Server(server)),
        Effect::Stalled { route } => {
            let azs = keys.world.topology.routes.get(route).map(|route| route.azs);
            let [a, b] = azs.map_or([0, 0], |azs| azs.map(|az| keys.word(Who::Az(az))));
            fold(26, a ^ b)
        }
        Effect::Aim { .. }
        | Effect::Assess
        | Effect::Taken { .. }
        | Effect::Window { .. }
        | Effect::Again { .. }
        | Effect::HazardWaits { .. } => return None,
    };
    Some(fold_of.print())
}

/// What is done, in the lower 32 bits.
const fn doing_word(doing: Doing) -> u64 {
    match doing {
        Doing::Job(op, part) => 1 << 16 | (op as u64) << 8 | part as u64,
        Doing::Act(act) => {
            2 << 16
                | match act {
                    Act::Boot => 0,
                    Act::Shutdown => 1,
                    Act::Reboot => 2,
                    Act::Initialize => 3,
                }
        }
    }
}

/// A number that stays when properties are added or sorted anew.
const fn property_word(property: Property) -> u64 {
    match property {
        Property::Name => 1,
        Property::Tags => 2,
        Property::Size => 3,
        Property::Flavor => 4,
        Property::Attachment => 5,
        Property::Frozen => 6,
        Property::Lock => 7,
        Property::Health => 8,
        Property::Fence => 9,
        Property::SoldOut => 10,
        Property::Capacity => 11,
        Property::Load => 12,
        Property::Damage => 13,
    }
}

#[cfg(test)]
mod tests;
