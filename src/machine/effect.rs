//! What happened: the machine's only output besides answers.
//!
//! Transcripts, traces, digests, reports and operators all read these. Effects of one call come in the order in which
//! they took place. `Begin` and `CopyBegan` also ask the engine for an event.

use super::event::{Blow, Doing, Event};
use crate::sdrs::codes::Code;
use crate::sdrs::status::Status;
use crate::time::Span;
use crate::world::job::JobStatus;
use crate::world::label::{Label, Stable};
use crate::world::machinery::Power;
use crate::world::place::Mode;
use crate::world::protection::{Side, Verdict};
use crate::world::replica::Recovery;
use crate::world::{
    DomainKey, DrillKey, EipKey, FlowKey, GroupKey, JobKey, NicKey, PairKey, RouteKey, ServerKey,
    Who,
};
use serde::{Deserialize, Serialize};

/// Which property of a resource changed at once, without a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// The name.
    Name,
    /// The tags.
    Tags,
    /// The size.
    Size,
    /// The flavor.
    Flavor,
    /// Which servers or instances it is attached to.
    Attachment,
    /// Whether it is frozen.
    Frozen,
    /// Whether it is locked.
    Lock,
    /// Whether it is broken.
    Health,
    /// Whether it is fenced.
    Fence,
    /// Whether it is sold out.
    SoldOut,
    /// How much room is left.
    Capacity,
    /// What is written to it.
    Load,
    /// Whether its content is damaged.
    Damage,
}

impl Property {
    /// The word that transcripts use.
    pub const fn name(self) -> &'static str {
        match self {
            Property::Name => "name",
            Property::Tags => "tags",
            Property::Size => "size",
            Property::Flavor => "flavor",
            Property::Attachment => "attachment",
            Property::Frozen => "frozen",
            Property::Lock => "lock",
            Property::Health => "health",
            Property::Fence => "fence",
            Property::SoldOut => "sold out",
            Property::Capacity => "capacity",
            Property::Load => "load",
            Property::Damage => "damaged",
        }
    }
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// Work begins whose length and end chance decides: the engine asks its oracle and schedules `Event::Settled`.
    Begin {
        /// What it is work on.
        who: Who,
        /// The epoch that the event must carry.
        epoch: u32,
        /// The work.
        doing: Doing,
        /// How long after this instant it begins: sub-jobs begin one `stagger` after another.
        delay: Span,
    },
    /// A copy begins, or begins anew with more to carry. When it ends follows from its class; see `Aim`.
    CopyBegan {
        /// The pair.
        pair: PairKey,
        /// How many copies of the pair have begun.
        copies: u32,
    },
    /// The next end in a class of copies; the engine schedules `Event::Due` after the span. It replaces earlier news of the
    /// class, and is no part of a digest: it says nothing that has happened.
    Aim {
        /// The class.
        flow: FlowKey,
        /// What the event must carry.
        turn: u32,
        /// How long until then; None: nothing of it moves.
        after: Option<Span>,
    },
    /// Copies between two AZs have a way that leaves nothing for them: as things are they never end.
    Stalled {
        /// The route.
        route: RouteKey,
    },
    /// A pair came into step.
    InStep {
        /// The pair.
        pair: PairKey,
    },
    /// A resource came to be; those with a status show it.
    Created {
        /// The resource.
        who: Who,
        /// Its first status.
        status: Option<Status>,
    },
    /// A resource changed its status.
    Moved {
        /// The resource.
        who: Who,
        /// Its epoch after the change.
        epoch: u32,
        /// The status before.
        from: Status,
        /// The status now.
        to: Status,
        /// The job whose beginning or end did it; 0: none.
        job: u64,
    },
    /// A resource ceased to be.
    Gone {
        /// What it was.
        who: Who,
        /// Its label.
        label: Label,
        /// Its stable key.
        stable: Stable,
    },
    /// A job was accepted (INIT), begun (RUNNING) or ended (SUCCESS, FAIL).
    Job {
        /// The job.
        job: JobKey,
        /// Its status now.
        status: JobStatus,
        /// Why it failed.
        code: Option<Code>,
    },
    /// A sub-job ended.
    SubJob {
        /// The job.
        job: JobKey,
        /// The pair it worked on.
        pair: PairKey,
        /// Why it failed.
        code: Option<Code>,
    },
    /// A group's production site changed.
    Station {
        /// The group.
        group: GroupKey,
        /// Production stands here now.
        to: Side,
    },
    /// A server runs, stopped or broke.
    Power {
        /// The server.
        server: ServerKey,
        /// Its epoch after the change.
        epoch: u32,
        /// Before.
        from: Power,
        /// Now.
        to: Power,
    },
    /// A NIC was unplugged from one server and plugged into another, or set aside.
    NicMoved {
        /// The NIC.
        nic: NicKey,
        /// Where it was.
        from: Option<ServerKey>,
        /// Where it is.
        to: Option<ServerKey>,
    },
    /// A public address was bound to a NIC or released.
    EipBound {
        /// The address.
        eip: EipKey,
        /// The NIC.
        to: Option<NicKey>,
    },
    /// A property changed.
    Changed {
        /// The resource.
        who: Who,
        /// Which one.
        property: Property,
        /// A fingerprint of the value, so that two runs that differ in it differ here.
        value: u64,
    },
    /// Failed tasks were deleted.
    TasksDeleted {
        /// How many.
        count: u32,
    },
    /// A fault began.
    Struck {
        /// The fault.
        blow: Blow,
    },
    /// A fault ended.
    Mended {
        /// The fault.
        blow: Blow,
    },
    /// Faults have been counted: the engine schedules `Event::Assess` for the end of this instant.
    Assess,
    /// A domain arbitrates in another way from now on.
    Mode {
        /// The domain.
        domain: DomainKey,
        /// The mode.
        mode: Mode,
    },
    /// A witness was lost: the engine schedules `Event::WindowEnds` after the span.
    Window {
        /// The domain.
        domain: DomainKey,
        /// What the event must carry.
        windows: u32,
        /// How long the window lasts.
        after: Span,
    },
    /// The two sides of a group lost each other, or were judged again.
    Cut {
        /// The group.
        group: GroupKey,
        /// What arbitration said.
        verdict: Verdict,
    },
    /// The two sides of a group reach each other again.
    Joined {
        /// The group.
        group: GroupKey,
    },
    /// How many pairs of a group have which fault level.
    Health {
        /// The group.
        group: GroupKey,
        /// Pairs at level 2.
        two: u32,
        /// Pairs at level 5.
        five: u32,
    },
    /// A failover has taken a pair's DR copy as it is. It is no part of a digest: `Recovered` says it of the group.
    Taken {
        /// The pair.
        pair: PairKey,
        /// What was used and lost.
        recovery: Recovery,
    },
    /// A failover has recovered a group from its DR copies.
    Recovered {
        /// The group.
        group: GroupKey,
        /// From what.
        recovery: Recovery,
    },
    /// A drill was made from snapshots of a group.
    Snapshot {
        /// The drill.
        drill: DrillKey,
        /// From what: the copies of what boots, or where nothing does all; None: a copy is missing.
        recovery: Option<Recovery>,
        /// Whether production was down: then the drill is the recovery, if a server boots.
        rescue: bool,
    },
    /// Writes that one side of a pair acknowledged alone are given up for those of the other.
    Discarded {
        /// The pair.
        pair: PairKey,
        /// Bytes given up: all that this side holds alone.
        bytes: u64,
        /// Bytes that the other side acknowledged since the failover.
        kept: u64,
        /// How long both sides were being written at once.
        both: Span,
    },
    /// The control plane went down or came back.
    Control {
        /// Whether it is down now.
        down: bool,
    },
    /// An event of a job comes later, because the control plane stood still: the engine schedules it again.
    Again {
        /// The event.
        event: Event,
        /// How long from now.
        after: Span,
    },
    /// A hazard waits for its next turn: the engine asks its oracle how long, and schedules `Event::Hazard`.
    HazardWaits {
        /// The hazard.
        hazard: u32,
        /// What the event must carry.
        turn: u64,
        /// Whether the target is broken meanwhile.
        broken: bool,
    },
    /// A server's guest system is initialized: what runs on it can be used.
    Usable {
        /// The server.
        server: ServerKey,
    },
    /// A server that was to start by itself stays shut off: no more servers of its flavor may run in its AZ.
    NoPlace {
        /// The server.
        server: ServerKey,
    },
}
