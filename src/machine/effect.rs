//! What happened: the machine's only output besides answers.
//!
//! Transcripts, traces, digests, reports and operators all read these. Effects of one call come in the order in which
//! they took place. `Begin` and `CopyBegan` also ask the engine for an event.

use super::event::Doing;
use crate::sdrs::codes::Code;
use crate::sdrs::status::Status;
use crate::time::Span;
use crate::world::job::JobStatus;
use crate::world::label::{Label, Stable};
use crate::world::machinery::Power;
use crate::world::protection::Side;
use crate::world::{EipKey, GroupKey, JobKey, NicKey, PairKey, ServerKey, Who};
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
    /// A copy begins or is re-aimed; the engine schedules `Event::Synced` after the span.
    CopyBegan {
        /// The pair.
        pair: PairKey,
        /// The count that the event must carry.
        copies: u32,
        /// How long it takes; None: it never ends.
        after: Option<Span>,
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
}

/// The effects of a call, in order. The engine hands in one buffer again and again.
pub type Effects = Vec<Effect>;
