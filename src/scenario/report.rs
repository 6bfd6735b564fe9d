//! What a run tells programs: a summary as JSON.
//!
//! Version 1. Within a version keys are only added. Instants are microseconds since the start, with a clock beside them
//! for people; codes are as published; ids do not appear. What the run cost in data and time is defined in [`crate::report`].

use super::narrate::{clock, is_fine};
use crate::engine::{Digest, Observer};
use crate::machine::Effect;
use crate::report::Report;
use crate::sdrs::codes::Code;
use crate::time::SimTime;
use crate::world::World;
use crate::world::job::JobStatus;
use serde::{Deserialize, Serialize};

/// The version of the report's form.
pub const REPORT_VERSION: u32 = 1;
/// Most refusals and verdicts of each kind that a report lists; all are counted.
pub const MAX_LISTED: usize = 10_000;

/// An instant of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Microseconds since the start.
    pub micros: u64,
    /// The same as hours, minutes and seconds.
    pub clock: String,
}

impl From<SimTime> for Moment {
    fn from(at: SimTime) -> Moment {
        Moment {
            micros: at.as_micros(),
            clock: clock(at, is_fine(at)),
        }
    }
}

/// What a verdict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// An `expect`.
    Expect,
    /// A `wait` with `until`.
    Wait,
    /// A `refused`.
    Refused,
    /// A call, act or query without `refused` was refused. There is no verdict if it was not.
    Accepted,
    /// A job or act that is waited for never ends. There is no verdict if it does.
    Ends,
    /// A step could not begin at its instant. There is no verdict if it could.
    OnTime,
    /// The run met its limit. There is no verdict if it did not.
    Limit,
}

/// Whether something that was expected was so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What it is about.
    pub kind: VerdictKind,
    /// The step, counted from 1; null: the run as a whole.
    pub step: Option<usize>,
    /// The line in the file; 0: none in particular.
    pub line: usize,
    /// What was expected.
    pub text: String,
    /// Whether it was so.
    pub held: bool,
    /// The actual values that decided it.
    pub explain: String,
    /// When it was looked at.
    pub at: Moment,
}

/// A call, act or query that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalReport {
    /// The step, counted from 1.
    pub step: usize,
    /// What was asked.
    pub operation: String,
    /// The label of what it was about; may be empty.
    pub label: String,
    /// The published code; null if the cloud refused, which has none.
    pub code: Option<Code>,
    /// Why, in words.
    pub message: String,
    /// When.
    pub at: Moment,
}

/// How the run compares with the file's transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TranscriptReport {
    /// Whether they are the same.
    pub held: bool,
    /// How they differ; null if they do not.
    pub difference: Option<String>,
}

/// An invariant of the simulator that was violated, which is a fault of the simulator and not of the scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ViolationReport {
    /// The invariant, in words; one of [`crate::world::check::Violation::NAMES`].
    pub invariant: String,
    /// What was found, with the labels of the resources.
    pub text: String,
    /// The step at hand, counted from 1; null: before the first.
    pub step: Option<usize>,
    /// When.
    pub at: Moment,
}

/// What became of a runbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunbookState {
    /// It has been set off and has not ended.
    UnderWay,
    /// There was no reason any more when operators had decided.
    StoodDown,
    /// Something could not be done.
    GaveUp,
    /// Everything was done.
    Done,
}

/// A runbook, or one member of it, that was set off; the last time, if it was set off several times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunbookReport {
    /// Its name, with the number of the member.
    pub runbook: String,
    /// How often it was set off.
    pub times: u32,
    /// What became of it.
    pub state: RunbookState,
    /// Why it stood down or gave up, or what it waits for; null if it is done.
    pub why: Option<String>,
    /// When its event came.
    pub set_off: Option<Moment>,
    /// When it began, with its crew; null if it did not.
    pub began: Option<Moment>,
    /// When it ended; null if it has not.
    pub ended: Option<Moment>,
}

/// How much of what there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Calls, acts and queries made.
    pub asked: u64,
    /// Those refused.
    pub refused: u64,
    /// Jobs accepted.
    pub jobs: u64,
    /// Jobs that ended well.
    pub jobs_succeeded: u64,
    /// Jobs that failed.
    pub jobs_failed: u64,
    /// Protection groups at the end.
    pub groups: usize,
    /// Protected instances at the end.
    pub instances: usize,
    /// Replication pairs at the end.
    pub pairs: usize,
    /// DR drills at the end.
    pub drills: usize,
    /// Servers at the end.
    pub servers: usize,
    /// Disks at the end.
    pub disks: usize,
}

/// The summary of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunReport {
    /// The version of this form: [`REPORT_VERSION`].
    pub version: u32,
    /// The file.
    pub file: String,
    /// The scenario's name.
    pub name: String,
    /// The seed it ran under.
    pub seed: u64,
    /// The instant of its start, as RFC 3339.
    pub start: String,
    /// When it ended.
    pub end: Moment,
    /// How many events it took in.
    pub events: u64,
    /// The digest of everything that happened.
    pub digest: Digest,
    /// Whether every verdict held and the transcript, if there is one, is the same.
    pub held: bool,
    /// How many verdicts held.
    pub verdicts_held: u64,
    /// How many verdicts did not.
    pub verdicts_failed: u64,
    /// The verdicts in order; of either sort at most [`MAX_LISTED`].
    pub verdicts: Vec<Verdict>,
    /// The refusals in order, at most [`MAX_LISTED`].
    pub refusals: Vec<RefusalReport>,
    /// The runbooks that were set off, in the order of the file.
    pub runbooks: Vec<RunbookReport>,
    /// The comparison with the transcript; null if the file has none.
    pub transcript: Option<TranscriptReport>,
    /// How much of what there was.
    pub counts: Counts,
    /// The violation that ended the run; null: none, or nobody checked.
    pub violation: Option<ViolationReport>,
    /// What the run cost: `groups`, `instances`, `drills`, `jobs`, `faults`, `faults_struck` and `hung`.
    #[serde(flatten)]
    pub cost: Report,
}

impl RunReport {
    /// Whether everything was as expected.
    #[must_use]
    pub const fn held(&self) -> bool {
        self.held
    }

    /// The same without a comparison with the transcript, which was written under another seed.
    #[must_use]
    pub fn without_transcript(self) -> RunReport {
        RunReport {
            transcript: None,
            held: self.verdicts_failed == 0 && self.violation.is_none(),
            ..self
        }
    }

    /// The verdicts that did not hold.
    pub fn failures(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|verdict| !verdict.held)
    }
}

/// Counts jobs while it looks on.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Tally {
    pub begun: u64,
    pub succeeded: u64,
    pub failed: u64,
}

impl Observer for Tally {
    fn see(&mut self, _: SimTime, world: &World, effect: &Effect) {
        if let Effect::Job { status, .. } = effect {
            match status {
                JobStatus::Success => self.succeeded += 1,
                JobStatus::Fail => self.failed += 1,
                JobStatus::Init | JobStatus::Running => {}
            }
        }
        self.begun = world.last_job;
    }
}
