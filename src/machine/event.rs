//! What happens to the world by itself. Unlike a command an event cannot be refused; a stale one does nothing.

use crate::sdrs::codes::Code;
use crate::sdrs::op::Op;
use crate::world::job::Part;
use crate::world::machinery::Act;
use crate::world::{PairKey, Who};
use serde::{Deserialize, Serialize};

/// A piece of work that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// A part of a job.
    Job(Op, Part),
    /// A native act on a server.
    Act(Act),
}

/// How a piece of work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Well.
    Done,
    /// With this code.
    Failed(Code),
}

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Work that an `Effect::Begin` announced has ended.
    Settled {
        /// What it was work on.
        who: Who,
        /// The epoch at which it began.
        epoch: u32,
        /// The work.
        doing: Doing,
        /// How it ended.
        outcome: Outcome,
    },
    /// A copy that an `Effect::CopyBegan` announced has ended.
    Synced {
        /// The pair.
        pair: PairKey,
        /// The count at which it began.
        copies: u32,
    },
}
