//! A run set aside: everything that decides how it goes on and what it will have told in the end.
//!
//! It holds the engine's own checkpoint, the place in the timeline, where the runbooks stand, and what was told so far. It
//! does not hold the scenario, which is read again from its file; the file's hash says whether it is the same one. Who
//! looked on beside the runner is not part of it either.

use super::clock::Pending;
use super::staff::Inbox;
use super::{Phase, Runner};
use crate::engine::{Calls, Chance, Checkpoint, Engine, Observer, Seed};
use crate::hash::hash_bytes;
use crate::machine::Blow;
use crate::report::Meter;
use crate::scenario::Scenario;
use crate::scenario::narrate::Narrator;
use crate::scenario::report::{Counts, RefusalReport, Tally, Verdict};
use crate::scenario::runbook::{Runbooks, Standing};
use crate::world::check::{Violation, check};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read, Write};

/// The version of the files that hold a run set aside, and the only one that is read.
const VERSION: u32 = 1;

/// A run set aside. It is made by [`Runner::checkpoint`] and taken up by [`Scenario::resume`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunCheckpoint {
    crate_version: String,
    scenario: String,
    seed: u64,
    done: usize,
    step: usize,
    phase: Phase,
    over: bool,
    verdicts: Vec<Verdict>,
    tally: [u64; 2],
    refusals: Vec<RefusalReport>,
    counts: Counts,
    pending: Vec<(usize, Pending)>,
    runbooks: Standing,
    calls: Calls,
    narrator: Narrator,
    jobs: Tally,
    inbox: Inbox,
    meter: Meter,
    open: Vec<(usize, Vec<Blow>)>,
    engine: Checkpoint<Chance>,
}

/// Why a run cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// The file is not a checkpoint.
    #[error("it is not a checkpoint: {why}")]
    NoCheckpoint {
        /// What is wrong with it.
        why: String,
    },
    /// The file is of another version.
    #[error("it is a checkpoint of version {found}; version {VERSION} is read")]
    Version {
        /// The version.
        found: u32,
    },
    /// The file was cut off or changed.
    #[error(
        "it is damaged: its content has the hash {found} and not {hash}, so it was cut off or changed"
    )]
    Damaged {
        /// The hash that the file tells.
        hash: String,
        /// The hash of what it holds.
        found: String,
    },
    /// The first line is of another run than the second, so one of them was changed by hand.
    #[error("it is damaged: its first line tells the {what} {told}, and its content {held}")]
    Cover {
        /// What they tell differently.
        what: &'static str,
        /// What the first line says.
        told: String,
        /// What the content says.
        held: String,
    },
    /// Another version of the simulator wrote it, which may go on differently.
    #[error("sdrsim {found} wrote it, and this is sdrsim {}: a run is gone on with by the version that began it", env!("CARGO_PKG_VERSION"))]
    Simulator {
        /// The version that wrote it.
        found: String,
    },
    /// It is of another scenario, or the scenario was changed.
    #[error(
        "it is of the scenario with the hash {expected}, and this one has {found}: another scenario, or it was changed"
    )]
    Scenario {
        /// The hash of the scenario that ran.
        expected: String,
        /// The hash of the scenario at hand.
        found: String,
    },
    /// Its parts do not fit the scenario, so it was changed by hand.
    #[error("it does not fit the scenario, although it says that it is of this one")]
    Misfit,
    /// It holds a world that no run leads to, so it was changed by hand.
    #[error("it was changed by hand: {0}")]
    Broken(#[from] Violation),
}

/// The first line of a file: what it is of, for people, and what proves that the second line is whole.
#[derive(Serialize, Deserialize)]
struct Cover {
    checkpoint: u32,
    crate_version: String,
    scenario: String,
    seed: u64,
    hash: String,
}

impl Cover {
    /// Whether it says what the content says: its own hash is of the content alone.
    fn agrees_with(self, checkpoint: &RunCheckpoint) -> Result<(), ResumeError> {
        let seeds = [self.seed, checkpoint.seed].map(|seed| seed.to_string());
        let versions = [self.crate_version, checkpoint.crate_version.clone()];
        let scenarios = [self.scenario, checkpoint.scenario.clone()];
        for (what, [told, held]) in [
            ("seed", seeds),
            ("version of sdrsim", versions),
            ("hash of the scenario", scenarios),
        ] {
            if told != held {
                return Err(ResumeError::Cover { what, told, held });
            }
        }
        Ok(())
    }
}

fn hash(body: &[u8]) -> String {
    format!("{:016x}", hash_bytes(body))
}

impl RunCheckpoint {
    /// The seed under which the run goes.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Writes it as two lines of JSON: what it is of, and itself.
    ///
    /// # Errors
    /// What the writer answers.
    pub fn write(&self, mut to: impl Write) -> io::Result<()> {
        let body = serde_json::to_vec(self)?;
        let cover = Cover {
            checkpoint: VERSION,
            crate_version: self.crate_version.clone(),
            scenario: self.scenario.clone(),
            seed: self.seed,
            hash: hash(&body),
        };
        serde_json::to_writer(&mut to, &cover)?;
        to.write_all(b"\n")?;
        to.write_all(&body)?;
        to.write_all(b"\n")?;
        to.flush()
    }

    /// Reads what [`RunCheckpoint::write`] has written.
    ///
    /// # Errors
    /// [`ResumeError::Read`], [`ResumeError::NoCheckpoint`], [`ResumeError::Version`], [`ResumeError::Simulator`],
    /// [`ResumeError::Damaged`], [`ResumeError::Cover`].
    pub fn read(mut from: impl BufRead) -> Result<RunCheckpoint, ResumeError> {
        #[derive(Deserialize)]
        struct Versioned {
            checkpoint: u32,
        }
        let none = |error: serde_json::Error| ResumeError::NoCheckpoint {
            why: error.to_string(),
        };
        let mut first = Vec::new();
        (&mut from).take(1 << 16).read_until(b'\n', &mut first)?;
        // Another version may have another cover, so the number is looked at alone.
        let Versioned { checkpoint } = serde_json::from_slice(&first).map_err(none)?;
        if checkpoint != VERSION {
            return Err(ResumeError::Version { found: checkpoint });
        }
        let cover: Cover = serde_json::from_slice(&first).map_err(none)?;
        if cover.crate_version != env!("CARGO_PKG_VERSION") {
            let found = cover.crate_version;
            return Err(ResumeError::Simulator { found });
        }
        let mut body = Vec::new();
        from.read_to_end(&mut body)?;
        let found = hash(body.strip_suffix(b"\n").unwrap_or(&body));
        if found != cover.hash {
            let hash = cover.hash;
            return Err(ResumeError::Damaged { hash, found });
        }
        let checkpoint: RunCheckpoint = serde_json::from_slice(&body).map_err(none)?;
        cover.agrees_with(&checkpoint)?;
        Ok(checkpoint)
    }
}

impl<W: Observer> Runner<'_, W> {
    /// Sets the run aside as it is. The observer is not part of it.
    #[must_use]
    pub fn checkpoint(&self) -> RunCheckpoint {
        let (narrator, (jobs, (inbox, meter))) = &self.engine.observer().0;
        RunCheckpoint {
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: self.scenario.fingerprint.clone(),
            seed: self.seed,
            done: self.done,
            step: self.step,
            phase: self.phase,
            over: self.over,
            verdicts: self.verdicts.clone(),
            tally: self.tally,
            refusals: self.refusals.clone(),
            counts: self.counts,
            pending: self.pending.clone(),
            runbooks: self.runbooks.standing(),
            calls: self.calls.clone(),
            narrator: narrator.clone(),
            jobs: *jobs,
            inbox: inbox.clone(),
            meter: meter.clone(),
            open: self.open.clone(),
            engine: self.engine.checkpoint(),
        }
    }
}

impl Scenario {
    /// Takes up a run that was set aside. It ends as the run would have ended that goes straight on.
    ///
    /// Every invariant of its world is checked first, whatever wrote it, so this takes time linear in the size of the world.
    /// What was changed by hand and keeps all of them is taken up, and goes on from a state that no run may lead to: it
    /// may then end in a panic.
    ///
    /// # Errors
    /// [`ResumeError::Simulator`], [`ResumeError::Scenario`], [`ResumeError::Misfit`], [`ResumeError::Broken`].
    pub fn resume(&self, checkpoint: RunCheckpoint) -> Result<Runner<'_>, ResumeError> {
        self.resume_watched(checkpoint, ())
    }

    /// The same with someone looking on from here.
    ///
    /// # Errors
    /// As [`Scenario::resume`].
    pub fn resume_watched<W: Observer>(
        &self,
        checkpoint: RunCheckpoint,
        observer: W,
    ) -> Result<Runner<'_, W>, ResumeError> {
        if checkpoint.crate_version != env!("CARGO_PKG_VERSION") {
            let found = checkpoint.crate_version;
            return Err(ResumeError::Simulator { found });
        }
        if checkpoint.scenario != self.fingerprint {
            return Err(ResumeError::Scenario {
                expected: checkpoint.scenario,
                found: self.fingerprint.clone(),
            });
        }
        let mut runbooks = Runbooks::new(&self.runbooks, &self.crews, Seed(checkpoint.seed));
        let fits = runbooks.take_up(checkpoint.runbooks)
            && checkpoint.done <= self.steps.len()
            && checkpoint.step <= self.steps.len()
            && checkpoint
                .open
                .iter()
                .all(|(step, _)| *step < self.steps.len());
        if !fits {
            return Err(ResumeError::Misfit);
        }
        let engine = Engine::restore(checkpoint.engine);
        check(engine.world(), engine.now())?;
        let ahead = engine.next_at().is_none_or(|next| next >= engine.now());
        if !ahead || !checkpoint.meter.is_whole(engine.world()) {
            return Err(ResumeError::Misfit);
        }
        let looking = (checkpoint.jobs, (checkpoint.inbox, checkpoint.meter));
        let watchers = ((checkpoint.narrator, looking), (None, observer));
        let engine = engine.watched_by(watchers);
        Ok(Runner {
            done: checkpoint.done,
            step: checkpoint.step,
            phase: checkpoint.phase,
            over: checkpoint.over,
            verdicts: checkpoint.verdicts,
            tally: checkpoint.tally,
            refusals: checkpoint.refusals,
            counts: checkpoint.counts,
            pending: checkpoint.pending,
            open: checkpoint.open,
            calls: checkpoint.calls,
            ..self.runner(checkpoint.seed, engine, runbooks)
        })
    }
}
