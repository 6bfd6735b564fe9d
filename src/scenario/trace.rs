//! The trace of a run: every effect as one line of JSON, for programs.
//!
//! JSON Lines, version 1. The first line is a [`Header`], the last an [`End`]; a file without its last line was cut off.
//! Every line between them is an effect:
//!
//! ```json
//! {"at":8016000,"label":"web","effect":"moved","from":"starting","to":"protected","job":1}
//! ```
//!
//! `at` is in microseconds since the start, `label` is what the effect is about (empty if it is about nothing in
//! particular), `effect` says which further keys there are. Resources are named by their labels and jobs as `job 7`; the
//! slots in which the simulator keeps them never appear, so that two versions of it write the same trace. Within a
//! version keys are only added. Spans are microseconds, missing values are null.
//!
//! [`Reader`] reads it line by line, [`Accounts`] gather what it tells of each resource, [`diff()`] compares two of them, and
//! [`super::replay`] a trace with a run of today.
//!
//! This is not the transcript, which is for people and leaves out what they need not see.

mod account;
pub(super) mod diff;
mod quick;
mod read;
#[cfg(test)]
mod tests;

pub use account::{Account, Accounts};
pub use diff::{Diff, DiffError, Parting, Side as TraceSide, diff};
pub use read::{Line as TraceLine, Reader, TraceError};

use crate::engine::{Digest, Observer};
use crate::machine::{Doing, Effect};
use crate::sdrs::codes::Code;
use crate::sdrs::op::Op;
use crate::sdrs::status::Status;
use crate::time::SimTime;
use crate::world::fault::Blow;
use crate::world::job::{JobStatus, Part};
use crate::world::machinery::{Act, Power};
use crate::world::place::Mode;
use crate::world::protection::{Side, Verdict};
use crate::world::replica::Recovery;
use crate::world::{JobKey, Who, World};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};

/// The version of the format.
pub const VERSION: u32 = 1;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format.
    pub version: u32,
    /// The version of the simulator.
    pub crate_version: String,
    /// The scenario file as it was named when it ran; empty in traces that do not say.
    #[serde(default)]
    pub file: String,
    /// The hash of the scenario file's text, as 16 hexadecimal digits.
    pub scenario: String,
    /// The seed under which it ran.
    pub seed: u64,
}

impl Header {
    /// The header of a run of the scenario file with this name and text.
    #[must_use]
    pub fn of(file: &str, text: &str, seed: u64) -> Header {
        Header {
            version: VERSION,
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            file: file.to_owned(),
            scenario: fingerprint(text),
            seed,
        }
    }
}

/// The hash of a scenario file's text, as 16 hexadecimal digits: whether it is still the same file.
#[must_use]
pub fn fingerprint(text: &str) -> String {
    format!("{:016x}", crate::hash::hash_bytes(text.as_bytes()))
}

/// The last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The instant at which the run ended.
    pub end: SimTime,
    /// The digest of everything that happened.
    pub digest: Digest,
    /// How many events were taken in.
    pub events: u64,
}

/// One effect.
#[derive(Serialize)]
struct Line {
    at: SimTime,
    label: String,
    #[serde(flatten)]
    what: What,
}

#[derive(Serialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
enum What {
    Begin {
        #[serde(flatten)]
        work: Work,
        delay: u64,
    },
    CopyBegan,
    InStep,
    Created {
        kind: &'static str,
        status: Option<Status>,
    },
    Moved {
        from: Status,
        to: Status,
        job: Option<u64>,
    },
    Gone {
        kind: &'static str,
    },
    Job {
        status: JobStatus,
        code: Option<Code>,
    },
    SubJob {
        job: String,
        code: Option<Code>,
    },
    Station {
        to: Side,
    },
    Power {
        from: Power,
        to: Power,
    },
    NicMoved {
        from: Option<String>,
        to: Option<String>,
    },
    EipBound {
        to: Option<String>,
    },
    Changed {
        property: &'static str,
    },
    TasksDeleted {
        count: u32,
    },
    Struck {
        fault: &'static str,
    },
    Mended {
        fault: &'static str,
    },
    Stalled,
    Arbitration {
        mode: Mode,
    },
    CutOff {
        verdict: Verdict,
    },
    Joined,
    FaultLevels {
        two: u32,
        five: u32,
    },
    Recovered {
        #[serde(flatten)]
        recovery: Told,
    },
    Snapshot {
        #[serde(flatten)]
        recovery: Option<Told>,
        rescue: bool,
    },
    Discarded {
        bytes: u64,
        kept: u64,
        both: u64,
    },
    ControlPlane {
        down: bool,
    },
    Usable,
    NoPlace,
}

/// A recovery: instants and spans in microseconds, sizes in bytes.
#[derive(Serialize)]
struct Told {
    recovery_point: u64,
    latest_point: u64,
    last_acknowledged: u64,
    rpo: u64,
    skew: u64,
    bytes_lost: u64,
    damaged: bool,
}

impl Told {
    fn of(recovery: Recovery) -> Told {
        Told {
            recovery_point: recovery.earliest.as_micros(),
            latest_point: recovery.latest.as_micros(),
            last_acknowledged: recovery.acknowledged.as_micros(),
            rpo: recovery.rpo.as_micros(),
            skew: recovery.skew().as_micros(),
            bytes_lost: recovery.lost,
            damaged: recovery.damaged,
        }
    }
}

/// The work that begins: a part of a job, or a native act.
#[derive(Serialize)]
#[serde(untagged)]
enum Work {
    Job { operation: Op, part: Part },
    Act { act: Act },
}

/// Writes a trace while it looks on.
///
/// An error of the writer is kept, and [`Trace::finish`] answers it; nothing is written after it.
#[derive(Debug)]
pub struct Trace<W: Write> {
    writer: W,
    failed: Option<io::Error>,
    /// Effects that speak of something whose label is not known yet.
    waiting: VecDeque<(SimTime, Effect)>,
    names: Names,
    now: SimTime,
    /// The line at hand, and how much of it is what all lines of the instant begin with. Kept for its room.
    text: Vec<u8>,
    head: usize,
}

/// The labels of what the world has no longer.
#[derive(Debug, Default)]
struct Names {
    gone: BTreeMap<Who, String>,
    jobs: BTreeMap<JobKey, u64>,
}

impl Names {
    /// Notes what the world will not know when the line is written.
    fn learn(&mut self, world: &World, effect: &Effect) {
        match *effect {
            Effect::Gone { who, label, .. } => {
                self.gone.insert(who, label.text(&world.words).into_owned());
            }
            Effect::Job { job, .. } => {
                if let Some(record) = world.jobs.get(job) {
                    self.jobs.insert(job, record.number);
                }
            }
            _ => {}
        }
    }

    fn forget(&mut self) {
        if !self.gone.is_empty() || !self.jobs.is_empty() {
            *self = Names::default();
        }
    }

    /// The label of a resource; None if it is gone and its end has not been seen yet.
    fn label(&self, world: &World, who: Who) -> Option<String> {
        let now = world.label(who);
        if !now.is_empty() {
            return Some(now);
        }
        match who {
            Who::Job(job) => self.jobs.get(&job).map(|number| format!("job {number}")),
            _ => self.gone.get(&who).cloned(),
        }
    }
}

impl<W: Write> Trace<W> {
    /// Begins a trace with its header.
    ///
    /// # Errors
    /// What the writer answers.
    pub fn begin(mut writer: W, header: &Header) -> io::Result<Trace<W>> {
        line(&mut writer, header)?;
        Ok(Trace {
            writer,
            failed: None,
            waiting: VecDeque::new(),
            names: Names::default(),
            now: SimTime::ZERO,
            text: Vec::new(),
            head: 0,
        })
    }

    /// Where it is written.
    pub(super) const fn writer(&self) -> &W {
        &self.writer
    }

    /// Gives the trace up without its last line.
    pub(super) fn into_writer(self) -> W {
        self.writer
    }

    /// Ends a trace with its last line and gives back the writer, flushed.
    ///
    /// # Errors
    /// The first error of the writer.
    pub fn finish(mut self, world: &World, end: &End) -> io::Result<W> {
        self.drain(world, true);
        if let Some(error) = self.failed {
            return Err(error);
        }
        line(&mut self.writer, end)?;
        self.writer.flush()?;
        Ok(self.writer)
    }

    /// Writes the line of an effect at once, if it is one of the frequent kind and nothing has to come before it.
    fn write_quickly(&mut self, at: SimTime, world: &World, effect: &Effect) -> bool {
        if !self.waiting.is_empty() {
            return false;
        }
        if self.head == 0 {
            self.text.clear();
            self.head = quick::begin(&mut self.text, at);
        }
        self.text.truncate(self.head);
        let done = quick::write(&mut self.text, world, effect);
        if done && self.failed.is_none() {
            self.failed = self.writer.write_all(&self.text).err();
        }
        done
    }

    /// Writes what can be named, in order; with `all`, also what cannot, under no label.
    fn drain(&mut self, world: &World, all: bool) {
        while let Some(&(at, effect)) = self.waiting.front() {
            let names = &self.names;
            let mut unnamed = false;
            let found = describe(world, &effect, &mut |who| {
                names.label(world, who).unwrap_or_else(|| {
                    unnamed = true;
                    String::new()
                })
            });
            if unnamed && !all {
                return;
            }
            self.waiting.pop_front();
            let (label, what) = found;
            if self.failed.is_none() {
                self.failed = line(&mut self.writer, &Line { at, label, what }).err();
            }
        }
    }
}

impl<W: Write> Observer for Trace<W> {
    fn see(&mut self, at: SimTime, world: &World, effect: &Effect) {
        if at != self.now {
            // What is gone is spoken of in the call that ended it, and not at a later instant.
            self.now = at;
            self.head = 0;
            self.drain(world, true);
            self.names.forget();
        }
        if !is_told(effect) {
            return;
        }
        self.names.learn(world, effect);
        if !self.write_quickly(at, world, effect) {
            self.waiting.push_back((at, *effect));
            self.drain(world, false);
        }
    }
}

fn line<W: Write, T: Serialize>(writer: &mut W, value: &T) -> io::Result<()> {
    serde_json::to_writer(&mut *writer, value).map_err(io::Error::from)?;
    writer.write_all(b"\n")
}

/// What an effect is about, and the effect with names for keys.
fn describe(world: &World, effect: &Effect, name: &mut dyn FnMut(Who) -> String) -> (String, What) {
    match *effect {
        Effect::Begin {
            who, doing, delay, ..
        } => {
            let work = match doing {
                Doing::Job(operation, part) => Work::Job { operation, part },
                Doing::Act(act) => Work::Act { act },
            };
            let delay = delay.as_micros();
            (name(who), What::Begin { work, delay })
        }
        Effect::CopyBegan { pair, .. } => (name(Who::Pair(pair)), What::CopyBegan),
        Effect::InStep { pair } => (name(Who::Pair(pair)), What::InStep),
        Effect::Created { who, status } => {
            let kind = who.word();
            (name(who), What::Created { kind, status })
        }
        Effect::Moved {
            who, from, to, job, ..
        } => {
            let job = (job != 0).then_some(job);
            (name(who), What::Moved { from, to, job })
        }
        Effect::Gone { who, .. } => (name(who), What::Gone { kind: who.word() }),
        Effect::Job { job, status, code } => (name(Who::Job(job)), What::Job { status, code }),
        Effect::SubJob { job, pair, code } => {
            let job = name(Who::Job(job));
            (name(Who::Pair(pair)), What::SubJob { job, code })
        }
        Effect::Station { group, to } => (name(Who::Group(group)), What::Station { to }),
        Effect::Power {
            server, from, to, ..
        } => (name(Who::Server(server)), What::Power { from, to }),
        Effect::NicMoved { nic, from, to } => {
            let from = from.map(|server| name(Who::Server(server)));
            let to = to.map(|server| name(Who::Server(server)));
            (name(Who::Nic(nic)), What::NicMoved { from, to })
        }
        Effect::EipBound { eip, to } => {
            let to = to.map(|nic| name(Who::Nic(nic)));
            (name(Who::Eip(eip)), What::EipBound { to })
        }
        Effect::Changed { who, property, .. } => {
            let property = property.name();
            (name(who), What::Changed { property })
        }
        Effect::TasksDeleted { count } => (String::new(), What::TasksDeleted { count }),
        ref other => disaster(world, other, name),
    }
}

/// The same for faults, arbitration and recoveries. What only asks for an event is not in a trace; see [`is_told`].
fn disaster(world: &World, effect: &Effect, name: &mut dyn FnMut(Who) -> String) -> (String, What) {
    let mut target = |blow: Blow| {
        blow.target()
            .map_or_else(|| "control-plane".to_owned(), &mut *name)
    };
    match *effect {
        Effect::Struck { blow } => (
            target(blow),
            What::Struck {
                fault: blow.words(),
            },
        ),
        Effect::Mended { blow } => (
            target(blow),
            What::Mended {
                fault: blow.words(),
            },
        ),
        Effect::Mode { domain, mode } => (name(Who::Domain(domain)), What::Arbitration { mode }),
        Effect::Cut { group, verdict } => (name(Who::Group(group)), What::CutOff { verdict }),
        Effect::Joined { group } => (name(Who::Group(group)), What::Joined),
        Effect::Health { group, two, five } => {
            (name(Who::Group(group)), What::FaultLevels { two, five })
        }
        Effect::Recovered { group, recovery } => {
            let recovery = Told::of(recovery);
            (name(Who::Group(group)), What::Recovered { recovery })
        }
        Effect::Snapshot {
            drill,
            recovery,
            rescue,
        } => {
            let recovery = recovery.map(Told::of);
            (name(Who::Drill(drill)), What::Snapshot { recovery, rescue })
        }
        Effect::Discarded {
            pair,
            bytes,
            kept,
            both,
        } => {
            let both = both.as_micros();
            (name(Who::Pair(pair)), What::Discarded { bytes, kept, both })
        }
        Effect::Control { down } => ("control-plane".to_owned(), What::ControlPlane { down }),
        Effect::Usable { server } => (name(Who::Server(server)), What::Usable),
        Effect::NoPlace { server } => (name(Who::Server(server)), What::NoPlace),
        Effect::Stalled { route } => {
            let azs = world.topology.routes.get(route).map(|route| route.azs);
            let azs = azs.map(|azs| azs.map(|az| name(Who::Az(az))));
            let between = azs.map_or_else(String::new, |[a, b]| format!("{a} - {b}"));
            (between, What::Stalled)
        }
        _ => (String::new(), What::Stalled),
    }
}

/// Whether an effect says that something has happened; the others only ask for an event.
fn is_told(effect: &Effect) -> bool {
    !matches!(
        effect,
        Effect::Aim { .. }
            | Effect::Assess
            | Effect::Taken { .. }
            | Effect::Window { .. }
            | Effect::Again { .. }
            | Effect::HazardWaits { .. }
    )
}
