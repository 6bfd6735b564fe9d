//! The protected side: groups, instances, pairs and drills.

use super::flow::{Passed, Ticket};
use super::label::{Label, Name, Stable, Word};
use super::replica::{Dirty, Gap, Outage, Overlap, Recovery};
use super::roster::Roster;
use super::{
    AzKey, DiskKey, DomainKey, DrillKey, GroupKey, InstanceKey, JobKey, NicKey, PairKey,
    ProjectKey, RouteKey, ServerKey, VpcKey,
};
use crate::sdrs::codes::Code;
use crate::sdrs::device::Device;
use crate::sdrs::op::Op;
use crate::sdrs::status::Status;
use crate::time::SimTime;
use crate::units::{Bytes, Rate};
use crate::world::refill::clone_by_field;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

/// What group, instance, pair and drill share: a status and the operation that is changing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// The stored status.
    pub status: Status,
    /// Rises with every change of status: an event that carries another epoch is stale and dies.
    pub epoch: u32,
    /// The operation under way.
    pub work: Option<Work>,
}

/// An operation under way on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The operation.
    pub op: Op,
    /// Its job.
    pub job: JobKey,
    /// The status held before.
    pub resume: Status,
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
#[derive(Debug, Serialize, Deserialize)]
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
    /// Its drills by serial.
    pub drills: Vec<DrillKey>,
    /// How many members run an operation of their own.
    pub busy: u32,
    /// How many members are `invalid`.
    pub invalid: u32,
    /// How many pairs are copying or wait to go on copying.
    pub copying: u32,
    /// How many pairs are in step, or were when an outage began.
    pub in_step: u32,
    /// How many pairs have a copy: a first one has finished, and its disk is not blank or gone since.
    pub copies: u32,
    /// The way between its AZs.
    pub route: RouteKey,
    /// The loss of that way, while it lasts.
    pub cut: Option<Cut>,
    /// How many pairs have fault levels 2 and 5.
    pub health: [u32; 2],
    /// The same as the last effect told it; different only while a command or event is being carried out.
    pub told: [u32; 2],
    /// What the failover under way has recovered so far.
    pub recovery: Option<Recovery>,
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
}

clone_by_field!(Group { label, stable, serial, project, life, name, description, domain, azs, vpc, station, protection, copy_rate, instances, pairs, drills, busy, invalid, copying, in_step, copies, route, cut, health, told, recovery, out, copied, children, last_drill, created, updated } trees {  } maps {  });

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
    /// A copy runs.
    Running(Ticket),
    /// A copy was interrupted by an outage and goes on when that ends.
    Waiting,
    /// In step, or behind by what was written since an outage began.
    Active,
    /// Stopped; the bitmap knows what changed since.
    Stopped,
}

/// A replication pair: two disks of equal size and type (pages `sdrs_05_0601` to `sdrs_05_0606`).
#[derive(Debug, Serialize, Deserialize)]
pub struct Pair {
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
    /// Its disks by side; None where none was made or one was deleted natively.
    pub disks: [Option<DiskKey>; 2],
    /// Which side's disk is written by production now. Differs from the group's only between a partial failure and its cure.
    pub station: Side,
    /// Where its copy stands.
    pub copy: Copying,
    /// Bytes of the disk that no copy has carried over yet, as of the last time this was written down.
    pub unsynced: Bytes,
    /// The part of the disk that was written last, and how much of `unsynced` lies there; see [`Pair::dirty`].
    pub hot: [Bytes; 2],
    /// Bytes that its ended copies have carried, with what interrupted ones had; see `World::copied`.
    pub copied: u64,
    /// Whether the DR copy can be used: a first copy has finished and no copy is under way.
    pub consistent: bool,
    /// Whether a first copy has finished since the pair was made or a disk came back blank.
    pub has_copy: bool,
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
    /// Whether a failover parted the sides, until reprotection.
    pub parted: bool,
    /// How long both sides have been written at once since then.
    pub both: Overlap,
    /// Whether one of its disks was deleted natively: it is then `invalid` whenever nothing runs on it.
    pub lost: bool,
    /// Rises with every start and re-aim of a copy: an end that carries another count is stale.
    pub copies: u32,
    /// Its place among the sub-jobs of the group operation under way.
    pub sub: u32,
    /// The instances it is attached to, with the device name it has there.
    pub attached: Vec<(InstanceKey, Device)>,
    /// The code of the job that left it in an error status.
    pub failure: Option<Code>,
    /// When it was created.
    pub created: SimTime,
    /// When it last changed.
    pub updated: SimTime,
}

clone_by_field!(Pair { label, stable, serial, group, life, name, description, disks, station, copy, unsynced, hot, consistent, has_copy, mirrored, gaps, outage, stands, behind, passed, parted, both, lost, copies, copied, sub, attached, failure, created, updated } trees {  } maps {  });

impl Drill {
    /// Whether a server of it boots. A rescue of which none does recovers nothing.
    pub fn boots(&self) -> bool {
        self.members.iter().any(|member| member.1)
    }
}

impl Pair {
    /// What no copy has carried over yet, as of the last time it was written down.
    pub const fn dirty(&self) -> Dirty {
        let [set, within] = self.hot;
        Dirty {
            bytes: self.unsynced,
            set,
            within,
        }
    }

    /// Writes down what no copy has carried over yet.
    pub(crate) const fn set_dirty(&mut self, dirty: Dirty) {
        self.unsynced = dirty.bytes;
        self.hot = [dirty.set, dirty.within];
    }

    /// Whether a copy runs, or waits to go on.
    pub fn is_copying(&self) -> bool {
        matches!(self.copy, Copying::Running(_) | Copying::Waiting)
    }

    /// Whether protection is on: writes of production are meant to go to both sides.
    pub fn is_replicating(&self) -> bool {
        self.is_copying() || self.copy == Copying::Active
    }

    /// Whether its creation or deletion failed, so that group operations pass it by.
    pub fn is_out(&self) -> bool {
        matches!(self.life.status, Status::Error | Status::ErrorDeleting)
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
