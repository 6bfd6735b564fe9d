//! The protected side: groups, instances, pairs and drills.

use super::arena::{Arena, Record};
use super::flow::{Passed, Ticket};
use super::job::Member;
use super::label::{Label, Name, Stable, Word};
use super::life::Life;
use super::rare::{Plain, Rare};
use super::replica::{Dirty, Gap, Outage, Overlap, Recovery};
use super::roster::Roster;
use super::{
    AzKey, DiskKey, DomainKey, DrillKey, GroupKey, InstanceKey, NicKey, PairKey, ProjectKey,
    RouteKey, ServerKey, VpcKey,
};
use crate::cache::fetch;
use crate::sdrs::codes::Code;
use crate::sdrs::device::Device;
use crate::sdrs::status::Status;
use crate::time::SimTime;
use crate::units::{Bytes, Rate};
use crate::world::refill::clone_by_field;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One of the two sides of a group; sides keep their AZ for ever, what changes is which of them is production.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Where production was when the group was made ("original production site").
    Source,
    /// Where the replicas were made.
    Target,
}

impl Side {
    /// The other side.
    pub const fn other(self) -> Side {
        match self {
            Side::Source => Side::Target,
            Side::Target => Side::Source,
        }
    }

    /// The published word.
    pub const fn name(self) -> &'static str {
        match self {
            Side::Source => "source",
            Side::Target => "target",
        }
    }

    /// The side's place in an array of two.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// How the recovery points of a group's pairs hang together.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ProtectionType {
    /// Each pair has a recovery point of its own (the default, as published job names say).
    #[default]
    ReplicationPair,
    /// A consistency group: nothing is half done. The API shows it as null.
    ConsistencyGroup,
}

/// Who goes on after the path between the two sides of a group was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Production goes on; the DR side will not take over.
    Production,
    /// The DR side may take over; production has stopped.
    DrSide,
    /// Neither: both have stopped.
    Neither,
}

impl Verdict {
    /// The words that transcripts use.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Production => "production goes on",
            Verdict::DrSide => "the DR side may take over",
            Verdict::Neither => "both sides stop",
        }
    }

    /// The word that views use.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Production => "production",
            Verdict::DrSide => "dr-side",
            Verdict::Neither => "neither",
        }
    }
}

/// The loss of the path between the two sides of a group: one record for all its pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Since when.
    pub since: SimTime,
    /// What arbitration said about the pairs that were in step.
    pub verdict: Verdict,
    /// Whether the production AZ or its storage was lost at the same instant.
    pub production_lost: bool,
}

/// A protection group (pages `sdrs_05_0401` to `sdrs_05_0409`).
///
/// What the end of a sub-job looks at comes last, so that it lies together, and beside what the slot map notes of the slot: the order
/// here is the order in memory.
#[derive(Debug, Serialize, Deserialize)]
#[repr(C)]
pub struct Group {
    /// Its label.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// Its project.
    pub project: ProjectKey,
    /// Status and operation under way.
    pub life: Life,
    /// Its name, which may repeat.
    pub name: Name,
    /// Its description.
    pub description: Option<Word>,
    /// Its domain.
    pub domain: DomainKey,
    /// The AZs of its source and target side.
    pub azs: [AzKey; 2],
    /// The VPC of its servers.
    pub vpc: VpcKey,
    /// Which side is production now (`priority_station`).
    pub station: Side,
    /// Whether it is a consistency group.
    pub protection: ProtectionType,
    /// The most that the copy of one of its pairs takes, below the world's own limit.
    pub copy_rate: Option<Rate>,
    /// Its instances by serial.
    pub instances: Roster<InstanceKey>,
    /// Its pairs by serial.
    pub pairs: Roster<PairKey>,
    /// The same as jobs name them; None: nobody has asked since pairs came or went.
    #[serde(skip)]
    pub(crate) members: Option<Arc<[Member]>>,
    /// Its drills by serial.
    pub drills: Vec<DrillKey>,
    /// How many members run an operation of their own.
    pub busy: u32,
    /// How many members are `invalid`.
    pub invalid: u32,
    /// How many pairs are copying or wait to go on copying.
    pub copying: u32,
    /// The way between its AZs.
    pub route: RouteKey,
    /// How many pairs have fault levels 2 and 5.
    pub health: [u32; 2],
    /// The same as the last effect told it; different only while a command or event is being carried out.
    pub told: [u32; 2],
    /// Bytes that ended copies of its pairs have carried, with what interrupted ones had; see `World::group_copied`.
    pub copied: u64,
    /// How many pairs take no part in group operations: their creation or deletion failed.
    pub out: u32,
    /// How many children it has had, for the keys of unlabelled ones.
    pub children: u32,
    /// The instant at which its last drill was created.
    pub last_drill: Option<SimTime>,
    /// When it was created.
    pub created: SimTime,
    /// When it last changed.
    pub updated: SimTime,
    /// What the failover under way has recovered so far.
    pub recovery: Option<Recovery>,
    /// The loss of the way between its AZs, while it lasts.
    pub cut: Option<Cut>,
    /// The count of the world's disks at which it was last seen that nothing stands out about those of its pairs; 0: never.
    #[serde(skip)]
    pub(crate) plain_at: u64,
    /// How many pairs are in step, or were when an outage began.
    pub in_step: u32,
    /// How many pairs have a copy: a first one has finished, and its disk is not blank or gone since.
    pub copies: u32,
}

clone_by_field!(Group { members, label, stable, serial, project, life, name, description, domain, azs, vpc, station, protection, copy_rate, instances, pairs, drills, busy, invalid, copying, in_step, copies, route, cut, health, told, recovery, plain_at, out, copied, children, last_drill, created, updated } trees {  } maps {  });

impl Group {
    /// Has it fetched, but for its members.
    pub(crate) fn fetch(&self) {
        fetch(&self.label);
        fetch(&self.life);
        fetch(&self.azs);
        fetch(&self.pairs);
        fetch(&self.drills);
        fetch(&self.health);
        fetch(&self.created);
        fetch(&self.recovery);
        fetch(&self.plain_at);
    }

    /// Its pairs as jobs name them.
    pub(crate) fn members(&mut self, pairs: &Arena<PairKey, Pair>) -> Arc<[Member]> {
        let made = || {
            self.pairs
                .iter()
                .map(|key| (key, pairs[key].stable))
                .collect()
        };
        self.members.get_or_insert_with(made).clone()
    }

    /// See `World::is_calm`; asked with so many faults standing, and the disks opened so often.
    #[inline]
    pub(crate) fn is_calm(&self, standing: u32, openings: u64) -> bool {
        standing == 0 && self.plain_at == openings && self.cut.is_none()
    }
}

/// A protected instance: a server and its replica (pages `sdrs_05_0501` to `sdrs_05_0510`).
#[derive(Debug, Serialize, Deserialize)]
pub struct Instance {
    /// Its label.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// Its group.
    pub group: GroupKey,
    /// Status and operation under way.
    pub life: Life,
    /// Its name, which may repeat.
    pub name: Name,
    /// Its description.
    pub description: Option<Word>,
    /// Its servers by side; None where none was made or one was deleted natively.
    pub servers: [Option<ServerKey>; 2],
    /// The DR server's own primary NIC, while a failover has set it aside.
    pub set_aside: Option<NicKey>,
    /// Its pairs in the order of attachment.
    pub pairs: Vec<PairKey>,
    /// Its tags by key.
    pub tags: BTreeMap<String, String>,
    /// How many of its pairs run an operation of their own.
    pub busy: u32,
    /// Whether one of its servers was deleted natively: it is then `invalid` whenever nothing runs on it.
    pub lost: bool,
    /// When it was created.
    pub created: SimTime,
    /// When it last changed.
    pub updated: SimTime,
}

clone_by_field!(Instance { label, stable, serial, group, life, name, description, servers, set_aside, pairs, busy, lost, created, updated } trees { tags } maps {  });

/// Where a pair's copy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Copying {
    /// Protection was never started.
    Inactive,
    /// A copy runs; see [`Pair::ticket`].
    Running,
    /// A copy was interrupted by an outage and goes on when that ends.
    Waiting,
    /// In step, or behind by what was written since an outage began.
    Active,
    /// Stopped; the bitmap knows what changed since.
    Stopped,
}

/// What a pair's DR copy is good for, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DrCopy {
    /// No first copy has finished since the pair was made or its DR disk came back blank, or that disk is gone.
    Missing,
    /// One has, another has begun since, and that has not finished: it cannot be used as it is.
    Torn,
    /// A server boots from it.
    Consistent,
}

/// A replication pair: two disks of equal size and type (pages `sdrs_05_0601` to `sdrs_05_0606`).
///
/// There may be millions. What a pair in step that is attached to nothing has nothing of is kept apart, in [`PairRest`], and so is what
/// is hardly ever asked, in [`PairBase`].
#[derive(Debug, Serialize, Deserialize)]
pub struct Pair {
    /// Its stable key.
    pub stable: Stable,
    /// Its group.
    pub group: GroupKey,
    /// Status and operation under way.
    pub life: Life,
    /// Which side's disk is written by production now. Differs from the group's only between a partial failure and its cure.
    pub station: Side,
    /// Where its copy stands.
    pub copy: Copying,
    /// What its DR copy is good for.
    pub dr_copy: DrCopy,
    /// Whether a failover parted the sides, until reprotection.
    pub parted: bool,
    /// Rises with every start and re-aim of a copy: an end that carries another count is stale.
    pub copies: u32,
    /// Its place among the sub-jobs of the group operation under way.
    pub sub: u32,
    /// When it last changed.
    pub updated: SimTime,
    /// What else there is to it.
    pub rest: Rare<PairRest>,
    /// The version of its key.
    #[serde(skip)]
    pub(crate) version: u32,
}

clone_by_field!(Pair { stable, group, life, station, copy, dr_copy, parted, copies, sub, updated, rest, version } trees {  } maps {  });

impl Record for Pair {
    type Base = PairBase;

    #[inline(always)]
    fn version(&self) -> u32 {
        self.version
    }

    fn set_version(&mut self, version: u32) {
        self.version = version;
    }
}

/// What a pair is, as opposed to how it is doing.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PairBase {
    /// Its label.
    pub label: Label,
    /// Its place in lists.
    pub serial: u32,
    /// Its disks by side; None where none was made or one was deleted natively.
    pub disks: [Option<DiskKey>; 2],
}

/// What pairs in step that are attached to nothing have nothing of.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct PairRest {
    /// Its name, which may repeat, if it is not its label.
    pub name: Option<Name>,
    /// Its description.
    pub description: Option<Word>,
    /// The instances it is attached to, with the device name it has there.
    pub attached: Vec<(InstanceKey, Device)>,
    /// The code of the job that left it in an error status.
    pub failure: Option<Code>,
    /// Whether one of its disks was deleted natively: it is then `invalid` whenever nothing runs on it.
    pub lost: bool,
    /// When it was created.
    pub created: SimTime,
    /// What no copy has carried over yet, as of the last time this was written down.
    pub dirty: Dirty,
    /// How its two disks differ, and why.
    pub drift: Rare<Drift>,
}

clone_by_field!(PairRest { name, description, attached, failure, lost, created, dirty, drift } trees {  } maps {  });

impl Plain for PairRest {
    const PLAIN: &'static PairRest = &PairRest {
        name: None,
        description: None,
        attached: Vec::new(),
        failure: None,
        lost: false,
        created: SimTime::ZERO,
        dirty: Dirty::anywhere(Bytes(0)),
        drift: Rare::plain(),
    };
}

/// How the two disks of a pair differ and why; nothing of it while the pair is in step and nothing is written to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Its copy, while that runs.
    pub ticket: Option<Ticket>,
    /// Bytes a second of production's writes that go to both disks, or did when the group's cut began.
    pub mirrored: u64,
    /// By side: what was written there alone since the sides were last in step.
    pub gaps: [Gap; 2],
    /// What keeps it from replicating, where that was written down; see `World::outage`.
    pub outage: Option<Outage>,
    /// The recovery point, while writes before what is written now are missing on the DR disk.
    pub stands: Option<SimTime>,
    /// Millionths of a byte acknowledged after the recovery point, as far as they were written down: those that a resync has
    /// to make good, and those that have gone to both sides while it ran; see `World::behind`.
    pub behind: u128,
    /// What had passed of its route's foreground when `behind` was written down.
    pub passed: Passed,
    /// How long both sides have been written at once since a failover parted them.
    pub both: Overlap,
}

impl Plain for Drift {
    const PLAIN: &'static Drift = &Drift {
        ticket: None,
        mirrored: 0,
        gaps: [Gap::NONE; 2],
        outage: None,
        stands: None,
        behind: 0,
        passed: Passed::NONE,
        both: Overlap::NONE,
    };
}

impl Drift {
    /// The two disks are alike again, and no copy runs.
    pub(crate) fn in_step(&mut self) {
        (self.ticket, self.stands, self.behind) = (None, None, 0);
        self.passed = Passed::NONE;
    }
}

impl Drill {
    /// Whether a server of it boots. A rescue of which none does recovers nothing.
    pub fn boots(&self) -> bool {
        self.members.iter().any(|member| member.1)
    }
}

impl super::World {
    /// The disks of a pair that exists, by side; None where none was made or one was deleted natively.
    pub fn disks_of(&self, pair: PairKey) -> [Option<DiskKey>; 2] {
        self.pairs.base(pair).disks
    }

    /// The name of a pair that exists, which may repeat.
    pub fn pair_name(&self, pair: PairKey) -> Name {
        let name = self.pairs[pair].rest.name;
        name.unwrap_or_else(|| self.pairs.base(pair).label)
    }
}

impl Pair {
    /// How its two disks differ, and why.
    #[inline]
    pub fn drift(&self) -> &Drift {
        &self.rest.drift
    }

    /// Changes how its two disks differ, and why.
    pub fn change_drift<R>(&mut self, change: impl FnOnce(&mut Drift) -> R) -> R {
        self.rest.change(|rest| rest.drift.change(change))
    }

    /// What no copy has carried over yet, as of the last time it was written down.
    #[inline]
    pub fn dirty(&self) -> Dirty {
        self.rest.dirty
    }

    /// The bytes of it.
    #[inline]
    pub fn unsynced(&self) -> Bytes {
        self.rest.dirty.bytes
    }

    /// Writes down what no copy has carried over yet.
    pub(crate) fn set_dirty(&mut self, dirty: Dirty) {
        if self.rest.dirty != dirty {
            self.rest.change(|rest| rest.dirty = dirty);
        }
    }

    /// Writes down why a job failed, or that none did.
    pub(crate) fn set_failure(&mut self, code: Option<Code>) {
        if self.rest.failure != code {
            self.rest.change(|rest| rest.failure = code);
        }
    }

    /// Whether its two disks were never known to differ since it last came into step.
    #[inline]
    pub fn is_alike(&self) -> bool {
        self.rest.is_untouched()
            || (self.rest.dirty.bytes == Bytes(0) && self.rest.drift.is_untouched())
    }

    /// Gives back the room of what it has nothing of any more.
    pub(crate) fn tidy(&mut self) {
        if !self.rest.is_untouched() {
            self.rest.change(|rest| rest.drift.tidy());
            self.rest.tidy();
        }
    }

    /// Whether the DR copy can be used: every copy that has begun has finished, and one has.
    #[inline]
    pub fn is_consistent(&self) -> bool {
        self.dr_copy == DrCopy::Consistent
    }

    /// Whether a first copy has finished since the pair was made or its DR disk came back blank, and that disk is there.
    #[inline]
    pub fn has_copy(&self) -> bool {
        self.dr_copy != DrCopy::Missing
    }

    /// Its copy, if one runs.
    pub fn ticket(&self) -> Option<Ticket> {
        match self.copy {
            Copying::Running => self.drift().ticket,
            _ => None,
        }
    }

    /// Whether a copy runs, or waits to go on.
    pub fn is_copying(&self) -> bool {
        matches!(self.copy, Copying::Running | Copying::Waiting)
    }

    /// Whether protection is on: writes of production are meant to go to both sides.
    pub fn is_replicating(&self) -> bool {
        self.is_copying() || self.copy == Copying::Active
    }

    /// The statuses of a pair whose creation or deletion failed.
    pub(crate) const OUT: [Status; 2] = [Status::Error, Status::ErrorDeleting];

    /// Whether its creation or deletion failed, so that group operations pass it by.
    pub fn is_out(&self) -> bool {
        Pair::OUT.contains(&self.life.status)
    }
}

/// A DR drill (pages `sdrs_05_0701` to `sdrs_05_0705`).
#[derive(Debug, Serialize, Deserialize)]
pub struct Drill {
    /// Its label.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// Its group.
    pub group: GroupKey,
    /// Status and operation under way.
    pub life: Life,
    /// Its name, which may repeat.
    pub name: Name,
    /// The VPC it runs in; None until one is made for it.
    pub vpc: Option<VpcKey>,
    /// The instances it rehearses and whether their servers will boot, fixed when its job begins.
    pub members: Vec<(InstanceKey, bool)>,
    /// The instances it rehearses and the servers made for them.
    pub servers: Vec<(InstanceKey, ServerKey)>,
    /// What it was made from, fixed when its job begins.
    pub recovery: Option<Recovery>,
    /// Whether production was down when its job began: the drill is then the recovery.
    pub rescue: bool,
    /// When it was created.
    pub created: SimTime,
    /// When it last changed.
    pub updated: SimTime,
}

clone_by_field!(Drill { label, stable, serial, group, life, name, vpc, members, servers, recovery, rescue, created, updated } trees {  } maps {  });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::machinery::Disk;

    #[test]
    fn records_of_which_there_may_be_millions_stay_small() {
        assert!(size_of::<Option<Pair>>() <= 64, "a line of memory");
        assert!(size_of::<Disk>() <= 80, "{}", size_of::<Disk>());
    }
}
