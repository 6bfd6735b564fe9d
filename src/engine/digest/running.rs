//! The digest of a run that goes on.

use super::{AllMoved, Begun, Digest, InStep, Keys, Moved, Statuses};
use crate::hash::{RowHash, Rows};
use crate::machine::{Effect, Moves};
use crate::sdrs::codes::Code;
use crate::time::{SimTime, Span};
use crate::world::job::JobStatus;
use crate::world::label::Stable;
use std::fmt;

/// A digest, and the most frequent effects that are not in it yet: prints of many are computed in hardly more time than that of one.
/// The digest is a sum, so it does not matter when they come.
#[derive(Default)]
pub(in crate::engine) struct Running {
    digest: Digest,
    moved: Rows<3>,
    in_step: Rows<2>,
}

/// A clone has nothing left to take in.
impl Clone for Running {
    fn clone(&self) -> Self {
        Running::from(self.digest())
    }

    fn clone_from(&mut self, source: &Self) {
        self.digest = source.digest();
        self.moved.clear();
        self.in_step.clear();
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digest().fmt(f)
    }
}

/// That of a run which has come so far.
impl From<Digest> for Running {
    fn from(digest: Digest) -> Running {
        Running {
            digest,
            ..Running::default()
        }
    }
}

impl Running {
    /// The digest of all there was.
    pub(in crate::engine) fn digest(&self) -> Digest {
        let mut digest = self.digest;
        digest.add(self.moved.sum(&Moved));
        digest.add(self.in_step.sum(&InStep));
        digest
    }

    /// Takes in an effect. `keys` knows the stable keys of what the effect speaks of.
    pub(in crate::engine) fn take(&mut self, at: SimTime, effect: &Effect, keys: Keys<'_>) {
        self.digest.take(at, effect, keys);
    }

    /// Takes in an `Effect::Begin` of what has this stable key.
    #[inline(always)]
    pub(in crate::engine) fn begun(&mut self, begun: Begun, key: Stable, epoch: u32, delay: Span) {
        let row = [&key.0, &epoch.into(), &delay.as_micros()];
        self.digest.add(begun.of(0, row));
    }

    /// Takes in many of these.
    #[inline(always)]
    pub(in crate::engine) fn all_begun(&mut self, begun: &Begun, rows: &Rows<3>) {
        self.digest.add(rows.sum(begun));
    }

    /// Takes in an `Effect::Moved` of what has this stable key.
    #[inline(always)]
    pub(in crate::engine) fn moved(&mut self, at: SimTime, key: Stable, what: Statuses) {
        if self.moved.add([at.as_micros(), key.0, what.0]) {
            self.digest.add(self.moved.sum(&Moved));
            self.moved.clear();
        }
    }

    /// Takes in the same of many pairs.
    pub(in crate::engine) fn all_moved(&mut self, at: SimTime, moves: Moves<'_>) {
        let all = AllMoved::at(at, moves.to, moves.job != 0);
        for block in moves.blocks {
            self.digest.add(block.sum(&all));
        }
    }

    /// Takes in an `Effect::InStep` of a pair that has this stable key.
    #[inline(always)]
    pub(in crate::engine) fn in_step(&mut self, at: SimTime, key: Stable) {
        if self.in_step.add([at.as_micros(), key.0]) {
            self.digest.add(self.in_step.sum(&InStep));
            self.in_step.clear();
        }
    }

    /// Takes in an `Effect::Job` of a job that has this stable key.
    pub(in crate::engine) fn job(
        &mut self,
        at: SimTime,
        key: Stable,
        status: JobStatus,
        code: Option<Code>,
    ) {
        self.digest
            .add(super::of_job(at, key, status, code).print());
    }
}
