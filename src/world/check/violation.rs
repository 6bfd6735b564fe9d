//! What can be wrong: one variant per invariant, with what a report needs to name.

use crate::sdrs::status::{Kind, Status};
use crate::time::{SimTime, Span};
use thiserror::Error;

/// An invariant that does not hold. Resources are named by their labels.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    /// Under fencing the writes of a pair are accepted on one side at most.
    #[error("both sides of the pair `{pair}` accept writes under fencing")]
    TwoWriters {
        /// The pair.
        pair: String,
    },
    /// Under fencing the servers of one side of an instance run at most.
    #[error("both servers of the instance `{instance}` run under fencing")]
    BothSidesRun {
        /// The instance.
        instance: String,
    },
    /// What a project is said to use of a quota is what it owns.
    #[error("the project `{project}` is said to use {kept} {what} and owns {counted}")]
    Usage {
        /// The project.
        project: String,
        /// The quota.
        what: &'static str,
        /// What it owns.
        counted: i64,
        /// What is kept.
        kept: i64,
    },
    /// A project uses no more than its quotas allow.
    #[error("the project `{project}` uses {used} {what}, and its quota is {quota}")]
    OverQuota {
        /// The project.
        project: String,
        /// The quota.
        what: &'static str,
        /// What it uses.
        used: i64,
        /// What it may.
        quota: i64,
    },
    /// As many resources show a status as the census says.
    #[error("the census has {kept} of kind {} in status {status}, and there are {counted}", kind.name())]
    Census {
        /// The kind.
        kind: Kind,
        /// The status.
        status: Status,
        /// How many there are.
        counted: u32,
        /// What is kept.
        kept: u32,
    },
    /// A resource shows only statuses that are published for its kind.
    #[error("`{label}` shows the status {status}, which is not published for its kind")]
    Unpublished {
        /// The resource.
        label: String,
        /// The status.
        status: Status,
    },
    /// What a group or an instance counts of its members is so.
    #[error("`{label}` counts {kept} {what}, and there are {counted}")]
    Members {
        /// The group or instance.
        label: String,
        /// What is counted.
        what: &'static str,
        /// How many there are.
        counted: u64,
        /// What is kept.
        kept: u64,
    },
    /// The storage of an AZ holds its disks.
    #[error("the storage of `{az}` is said to hold {kept} B, and its disks have {counted} B")]
    Pool {
        /// The AZ.
        az: String,
        /// The sum over its disks.
        counted: u64,
        /// What is kept.
        kept: u64,
    },
    /// The control plane counts its jobs.
    #[error("the control plane counts {kept} {what}, and there are {counted}")]
    Jobs {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        counted: u64,
        /// What is kept.
        kept: u64,
    },
    /// The world counts every fault that holds something down.
    #[error("the world counts {kept} faults that stand, and {counted} hold something down")]
    Standing {
        /// How many hold something down.
        counted: u64,
        /// How many are counted; there may be more whose targets are gone.
        kept: u64,
    },
    /// Every resource is found by its stable key, and nothing else is.
    #[error("the index does not lead to `{label}`")]
    Index {
        /// The resource; where one is found that does not exist, nothing.
        label: String,
    },
    /// Whatever a resource names exists.
    #[error("`{label}` names what does not exist ({what})")]
    Dangling {
        /// The resource; of what belongs to none, nothing.
        label: String,
        /// By what it names it.
        what: &'static str,
    },
    /// What refers to another is referred to by it.
    #[error("`{one}` refers to `{other}`, which does not refer to it ({what})")]
    Reference {
        /// Who refers.
        one: String,
        /// To whom; nothing if it does not exist.
        other: String,
        /// By what.
        what: &'static str,
    },
    /// The addresses in use in a subnet are those of its NICs.
    #[error(
        "the subnet `{subnet}` has {kept} addresses in use, and {counted} NICs with one of them"
    )]
    Addresses {
        /// The subnet.
        subnet: String,
        /// NICs whose address is in use.
        counted: u64,
        /// Addresses in use.
        kept: u64,
    },
    /// The two disks of a pair are of one size, and no more of it than the disk can lack a copy.
    #[error("the pair `{pair}` lacks {unsynced} B of disks of {sizes:?} B")]
    Sizes {
        /// The pair.
        pair: String,
        /// The sizes of its disks by side.
        sizes: [Option<u64>; 2],
        /// What no copy has carried over.
        unsynced: u64,
    },
    /// A pair in step has nothing left to copy, and its DR disk holds what production's holds.
    #[error("the pair `{pair}` is in step and its DR disk is not: {what}, {left} B left to copy")]
    NotInStep {
        /// The pair.
        pair: String,
        /// What is wrong with it.
        what: &'static str,
        /// What is left to copy.
        left: u64,
    },
    /// The recovery point of a pair in step is now; of any pair it is never later, and what lies behind it is what is lost.
    #[error("the recovery point of the pair `{pair}` is {point:?} at {now:?}, with {lost} B lost")]
    RecoveryPoint {
        /// The pair.
        pair: String,
        /// Its recovery point.
        point: SimTime,
        /// The instant.
        now: SimTime,
        /// The bytes lost.
        lost: u64,
    },
    /// What is written to a pair is what its running servers write, on the sides that accept it.
    #[error(
        "the pair `{pair}` writes {kept} B/s ({what}), and its servers would write {counted} B/s"
    )]
    Writes {
        /// The pair.
        pair: String,
        /// Where: `mirrored`, `production` or `DR side`.
        what: &'static str,
        /// What its servers write.
        counted: u64,
        /// What is kept.
        kept: u64,
    },
    /// The foreground of a route is what its pairs mirror.
    #[error(
        "the route `{route}` carries {kept} B/s for synchronous writes, and its pairs mirror {counted} B/s"
    )]
    Foreground {
        /// The route's AZs.
        route: String,
        /// The sum over its pairs.
        counted: u64,
        /// What is kept.
        kept: u64,
    },
    /// No link carries more than it can.
    #[error("the link `{link}` carries {used} of {capacity} (2^-20 B/s)")]
    Overfull {
        /// The link.
        link: String,
        /// Foreground and copies.
        used: u128,
        /// What it can.
        capacity: u64,
    },
    /// Copies that share links get what a division from scratch gives them.
    #[error(
        "copies on the route `{route}` get {kept:?} each, and their share is {counted:?} (2^-20 B/s; none: no bound)"
    )]
    Share {
        /// The route's AZs.
        route: String,
        /// Their share.
        counted: Option<u64>,
        /// What they get.
        kept: Option<u64>,
    },
    /// A drill's servers, disks and NICs belong to nothing of its group.
    #[error("`{label}` is of a drill and of what the drill rehearses ({what})")]
    DrillTrace {
        /// The server, disk or NIC.
        label: String,
        /// What joins them.
        what: &'static str,
    },
    /// A recovery point moves back only where a resync overwrites a diverged copy.
    #[error("the recovery point of the pair `{pair}` moved back from {from:?} to {to:?}")]
    MovedBack {
        /// The pair.
        pair: String,
        /// Where it was.
        from: SimTime,
        /// Where it is.
        to: SimTime,
    },
    /// Writes that are missing on the DR disk are missing until a copy or a failover has ended that.
    #[error(
        "of {before} B missing on the DR disk of the pair `{pair}` {after} B are left, and nothing brought the rest"
    )]
    Forgotten {
        /// The pair.
        pair: String,
        /// What was missing.
        before: u64,
        /// What is.
        after: u64,
    },
    /// A failover that waits for arbitration and for copies that are behind loses no acknowledged write.
    #[error(
        "the failover of `{group}` lost {lost} B of acknowledged writes, with a recovery point {rpo:?} back"
    )]
    WritesLost {
        /// The group.
        group: String,
        /// The bytes lost.
        lost: u64,
        /// How far back it went.
        rpo: Span,
    },
    /// A planned failover turns a pair only when it is in step: its data loss is zero by construction.
    #[error(
        "a planned failover turned the pair `{pair}` with {left} B left to copy and {lost} B missing"
    )]
    TurnedBehind {
        /// The pair.
        pair: String,
        /// What was left to copy.
        left: u64,
        /// Acknowledged bytes that were missing on the DR disk.
        lost: u64,
    },
    /// A pair of which nothing was written is not copied.
    #[error(
        "a copy of the pair `{pair}` began though neither side was written since they were in step"
    )]
    NeedlessCopy {
        /// The pair.
        pair: String,
    },
    /// Making and deleting a drill changes nothing of its group.
    #[error("a drill changed the group `{group}`: {what}")]
    DrillChanged {
        /// The group.
        group: String,
        /// What changed.
        what: &'static str,
    },
    /// The fault levels of a group's pairs are what the last effect that spoke of them said.
    #[error(
        "{counted:?} pairs of `{group}` have fault levels 2 and 5, and {told:?} was the last that was told of it"
    )]
    Untold {
        /// The group.
        group: String,
        /// How many pairs have levels 2 and 5.
        counted: [u32; 2],
        /// How many were told to have them.
        told: [u32; 2],
    },
    /// A link carries no more in a span than it can.
    #[error("the link `{link}` carried {carried} B in {span:?}, and {could} B were the most")]
    Carried {
        /// The link.
        link: String,
        /// How long.
        span: Span,
        /// What it carried.
        carried: u64,
        /// The most that it could.
        could: u64,
    },
}

impl Violation {
    /// The names of all invariants, in the order of the variants.
    pub const NAMES: &[&str] = &[
        "one writer per pair",
        "one side runs",
        "usage adds up",
        "quotas hold",
        "the census adds up",
        "statuses are published",
        "members add up",
        "pools add up",
        "jobs add up",
        "the index is whole",
        "references are mutual",
        "addresses add up",
        "disks of a pair are alike",
        "in step is in step",
        "recovery points are what they say",
        "writes are what servers write",
        "foregrounds add up",
        "links are not overfull",
        "shares are fair",
        "drills stand apart",
        "recovery points do not move back",
        "missing writes are remembered",
        "a failover loses no acknowledged write",
        "a planned failover loses nothing",
        "no copy without writes",
        "drills leave no trace",
        "bytes are conserved on links",
        "fault levels are told",
        "what is named exists",
        "standing faults are counted",
    ];

    /// The invariant, in words.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        let place = match self {
            Violation::TwoWriters { .. } => 0,
            Violation::BothSidesRun { .. } => 1,
            Violation::Usage { .. } => 2,
            Violation::OverQuota { .. } => 3,
            Violation::Census { .. } => 4,
            Violation::Unpublished { .. } => 5,
            Violation::Members { .. } => 6,
            Violation::Pool { .. } => 7,
            Violation::Jobs { .. } => 8,
            Violation::Index { .. } => 9,
            Violation::Reference { .. } => 10,
            Violation::Addresses { .. } => 11,
            Violation::Sizes { .. } => 12,
            Violation::NotInStep { .. } => 13,
            Violation::RecoveryPoint { .. } => 14,
            Violation::Writes { .. } => 15,
            Violation::Foreground { .. } => 16,
            Violation::Overfull { .. } => 17,
            Violation::Share { .. } => 18,
            Violation::DrillTrace { .. } => 19,
            Violation::MovedBack { .. } => 20,
            Violation::Forgotten { .. } => 21,
            Violation::WritesLost { .. } => 22,
            Violation::TurnedBehind { .. } => 23,
            Violation::NeedlessCopy { .. } => 24,
            Violation::DrillChanged { .. } => 25,
            Violation::Carried { .. } => 26,
            Violation::Untold { .. } => 27,
            Violation::Dangling { .. } => 28,
            Violation::Standing { .. } => 29,
        };
        Violation::NAMES[place]
    }
}
