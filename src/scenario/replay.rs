//! Running a recorded run again and comparing it with its trace, effect by effect.
//!
//! The same scenario under the same seed gives the same trace, byte for byte, unless the scenario or the simulator was
//! changed. Then the first effect that is different says what the change has done first. Nothing is written: what this run
//! would have written is compared line by line with what is read, so a trace may be larger than the memory. Where they part,
//! this run has a state to show; of the recorded one there is what its effects have told ([`Parting::accounts`]).

use super::Scenario;
use super::run::Progress;
use super::trace::diff::Context;
use super::trace::{
    DiffError, End, Header, Parting, Reader, Trace, TraceError, TraceLine, TraceSide,
};
use crate::engine::{Limit, Observer};
use crate::machine::Effect;
use crate::machine::query::{job_number, view_of};
use crate::time::SimTime;
use crate::world::{Who, World};
use serde_json::Value;
use std::io::{self, BufRead, Write};

/// After so many events the replay looks whether there is any reason to go on.
const SLICE: u64 = 10_000;

/// A resource in this run, right after the first effect that was different.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Its label.
    pub label: String,
    /// What an expectation would see of it; None: it does not exist.
    pub view: Option<Value>,
}

/// Where this run parts from the recorded one.
#[derive(Clone, Debug, PartialEq)]
pub struct Parted {
    /// The lines: on the left what was recorded, on the right what happened now.
    pub parting: Parting,
    /// The instant at which the states were taken.
    pub at: SimTime,
    /// The resources of the two lines as they are in this run.
    pub states: Vec<State>,
}

/// What came of a replay.
#[derive(Clone, Debug, PartialEq)]
pub enum Replayed {
    /// Everything happened again.
    Same {
        /// How many effects there were.
        effects: u64,
        /// How both runs ended.
        end: End,
    },
    /// Something else happened.
    Parted(Box<Parted>),
}

/// Runs a scenario under the seed of a trace and compares what happens with what is recorded. Up to `context` lines before
/// the first difference are kept.
///
/// # Errors
/// If the trace is not whole and this run does not part from it before that shows. The side is [`TraceSide::Left`].
pub fn replay<R: BufRead>(
    scenario: &Scenario,
    recorded: Reader<R>,
    context: usize,
    progress: &mut impl Progress,
) -> Result<Replayed, DiffError> {
    let header = recorded.header().clone();
    let follow = Follow {
        trace: begin(recorded, &header, context),
        seen: None,
    };
    let mut runner = scenario.start_watched(Some(header.seed), follow);
    while runner.run_until(
        Limit::events(runner.events().saturating_add(SLICE)),
        progress,
    ) {
        if runner.observer().compared().is_over() {
            return runner.into_observer().close(None);
        }
    }
    let outcome = runner.run(progress);
    let end = End {
        end: outcome.end,
        digest: outcome.report.digest,
        events: outcome.report.events,
    };
    outcome.observer.close(Some((&outcome.world, &end)))
}

fn begin<R: BufRead>(recorded: Reader<R>, header: &Header, context: usize) -> Trace<Compare<R>> {
    let compare = Compare {
        recorded,
        pending: Vec::new(),
        begun: false,
        number: 1,
        same: Context::of(context),
        ended: None,
        found: None,
    };
    Trace::begin(compare, header).expect("what only compares takes every line")
}

/// Looks on and keeps the states of what was different.
#[derive(Debug)]
struct Follow<R: BufRead> {
    trace: Trace<Compare<R>>,
    seen: Option<(SimTime, Vec<State>)>,
}

impl<R: BufRead> Follow<R> {
    fn compared(&self) -> &Compare<R> {
        self.trace.writer()
    }

    /// Tells what came of it; with the world and the end if the run went there.
    fn close(self, ended: Option<(&World, &End)>) -> Result<Replayed, DiffError> {
        let Follow { trace, mut seen } = self;
        let compared = match ended {
            None => trace.into_writer(),
            Some((world, end)) => {
                let compared = trace
                    .finish(world, end)
                    .expect("what only compares takes every line");
                seen = seen.or_else(|| Some((end.end, compared.states(world, end.end))));
                compared
            }
        };
        let effects = compared.same.effects();
        match (compared.found, compared.ended) {
            (Some(Found::Parting(parting)), _) => {
                let at = parting.right.at;
                let (at, states) = seen.unwrap_or((at, Vec::new()));
                Ok(Replayed::Parted(Box::new(Parted {
                    parting: *parting,
                    at,
                    states,
                })))
            }
            (Some(Found::Fault(error)), _) => Err(DiffError {
                side: TraceSide::Left,
                effects,
                error,
            }),
            (None, end) => {
                let end = end.expect("the last line was compared, and nothing was found");
                Ok(Replayed::Same { effects, end })
            }
        }
    }
}

impl<R: BufRead> Observer for Follow<R> {
    fn see(&mut self, at: SimTime, world: &World, effect: &Effect) {
        if self.compared().is_over() {
            return;
        }
        self.trace.see(at, world, effect);
        if self.compared().is_over() {
            self.seen = Some((at, self.compared().states(world, at)));
        }
    }
}

/// Takes the lines of this run and compares them with those recorded.
#[derive(Debug)]
struct Compare<R> {
    recorded: Reader<R>,
    /// The beginning of a line.
    pending: Vec<u8>,
    /// Whether this run's header, which is not compared, was passed over.
    begun: bool,
    /// Lines of this run.
    number: u64,
    same: Context,
    ended: Option<End>,
    found: Option<Found>,
}

/// Why nothing more is compared.
#[derive(Debug)]
enum Found {
    Parting(Box<Parting>),
    Fault(TraceError),
}

impl<R: BufRead> Compare<R> {
    fn is_over(&self) -> bool {
        self.found.is_some()
    }

    fn line(&mut self, text: &str) {
        if !std::mem::replace(&mut self.begun, true) || self.is_over() {
            return;
        }
        self.number += 1;
        let recorded = match self.recorded.next_line() {
            Ok(line) => line.expect("both end together or part before"),
            Err(error) => return self.found = Some(Found::Fault(error)),
        };
        if recorded.text != text {
            let now = TraceLine::parse(self.number, text)
                .expect("the lines of this run are effects and its end");
            if !recorded.says_what(&now) {
                self.found = Some(Found::Parting(self.same.part(recorded, now)));
                return;
            }
        }
        match recorded.end {
            Some(end) => self.ended = Some(end),
            None => self.same.push(recorded),
        }
    }

    /// What the two lines that part are about, as it is in this run.
    fn states(&self, world: &World, now: SimTime) -> Vec<State> {
        let Some(Found::Parting(parting)) = &self.found else {
            return Vec::new();
        };
        let mut labels = vec![parting.left.label.clone(), parting.right.label.clone()];
        labels.dedup();
        labels.retain(|label| !label.is_empty());
        let state = |label: String| {
            let who = match label.strip_prefix("job ").map(str::parse) {
                Some(Ok(number)) => job_number(world, number).map(Who::Job),
                _ => world.find(&label),
            };
            let view = who.and_then(|who| view_of(world, now, who));
            State { label, view }
        };
        labels.into_iter().map(state).collect()
    }
}

impl<R: BufRead> Write for Compare<R> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.pending.extend_from_slice(part);
            if self.pending.last() == Some(&b'\n') {
                let line = std::mem::take(&mut self.pending);
                let text = String::from_utf8_lossy(&line[..line.len() - 1]);
                self.line(&text);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
