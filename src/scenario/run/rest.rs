//! A run at rest: stopped before its end, and looked at.

use super::{Progress, Runner};
use crate::engine::{Digest, Engine, Limit, Observer};
use crate::scenario::report::Verdict;
use crate::time::SimTime;
use crate::world::World;

impl<W: Observer> Runner<'_, W> {
    /// Runs on and rests: before anything that comes later than the limit's instant, or when the run has taken in as many
    /// events as the limit says, counted from its start. Answers whether it rests; if not, nothing is to come, and
    /// [`Runner::run`] ends the run.
    ///
    /// The clock stays at what happened last. What a step does at one instant is not interrupted, so a few more events may
    /// have been taken in than the limit says. A run that has met the scenario's own limit does not rest.
    pub fn run_until(&mut self, limit: Limit, progress: &mut impl Progress) -> bool {
        self.rest_at = Some(limit);
        self.play(progress);
        self.resting
    }

    /// The seed under which it runs.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The instant.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.engine.now()
    }

    /// The world as it is.
    #[must_use]
    pub const fn world(&self) -> &World {
        self.engine.world()
    }

    /// How many events have been taken in.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.engine.events()
    }

    /// The digest of everything that has happened.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.engine.digest()
    }

    /// How many steps of the timeline are done.
    #[must_use]
    pub const fn steps_done(&self) -> usize {
        self.done
    }

    /// The verdicts so far.
    #[must_use]
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// Who looks on.
    #[must_use]
    pub const fn observer(&self) -> &W {
        &self.engine.observer().1.1
    }

    /// Gives the run up and answers who looked on.
    #[must_use]
    pub fn into_observer(self) -> W {
        self.engine.into_parts().1.1.1
    }

    /// The run from here as one of the caller's: the engine as it stands, with nobody looking on. The timeline and the
    /// runbooks are not part of it.
    #[must_use]
    pub fn fork(&self) -> Engine {
        self.engine.fork_unseen()
    }
}
