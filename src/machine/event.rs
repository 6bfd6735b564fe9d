//! What happens to the world by itself. Unlike a command an event cannot be refused; a stale one does nothing.

use crate::sdrs::codes::Code;
use crate::sdrs::op::Op;
pub use crate::world::fault::Blow;
use crate::world::job::Part;
use crate::world::machinery::Act;
use crate::world::{DomainKey, FlowKey, PairKey, Who};
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
        /// How many standstills of the control plane had ended when it was announced.
        turn: u32,
    },
    /// A copy that an `Effect::CopyBegan` announced has ended, whatever its arithmetic says: for drivers that know no
    /// time, such as a builder or a search.
    Synced {
        /// The pair.
        pair: PairKey,
        /// The count at which it began.
        copies: u32,
    },
    /// A class of copies has come to the end that an `Effect::Aim` announced.
    Due {
        /// The class.
        flow: FlowKey,
        /// What the announcement said.
        turn: u32,
    },
    /// A fault begins. What it means is taken in when `Assess` comes, after all faults of the instant.
    Struck(Blow),
    /// A fault ends. Faults stack: the target is whole when its last one has ended.
    Mended(Blow),
    /// All faults of this instant have been counted.
    Assess,
    /// The window after the loss of a witness has ended.
    WindowEnds {
        /// The domain.
        domain: DomainKey,
        /// Which of its windows.
        windows: u32,
    },
    /// A hazard's target breaks or is mended.
    Hazard {
        /// The hazard.
        hazard: u32,
        /// Which of its turns.
        turn: u64,
    },
}

impl Event {
    /// The same event as announced after so many standstills of the control plane.
    #[must_use]
    pub(crate) fn renewed(self, turns: u32) -> Event {
        match self {
            Event::Settled {
                who,
                epoch,
                doing,
                outcome,
                ..
            } => Event::Settled {
                who,
                epoch,
                doing,
                outcome,
                turn: turns,
            },
            other => other,
        }
    }
}
