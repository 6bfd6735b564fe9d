//! Running a scenario: step by step, with a verdict on everything that was expected.
//!
//! A step begins when its time has come, after everything that is due at that instant; it does what it does; and it is done
//! when the jobs and native acts it started have ended. A failed expectation does not end the run, so that one run tells
//! all. What can be waited for has an end: the run's limits, or the moment at which nothing is to come.
//!
//! A run can rest wherever it lets time pass, and go on as if it had not. So the place in the timeline is data
//! (`Phase`): whatever waits can be entered again, and does nothing twice.

mod checkpoint;
mod clock;
mod faults;
mod judge;
mod rest;
mod staff;

pub use checkpoint::{ResumeError, RunCheckpoint};

use super::Scenario;
use super::load::{Asking, Begin, Deed, Expected, Step, form_name, form_subject, push};
use super::narrate::Narrator;
use super::report::{
    Counts, Moment, REPORT_VERSION, RefusalReport, RunReport, Tally, TranscriptReport, Verdict,
    VerdictKind, ViolationReport,
};
use super::runbook::Runbooks;
use super::transcript::{Difference, compare};
use crate::engine::{Calls, Chance, Checker, Engine, Limit, Observer, Seed};
use crate::machine::build::Builder;
use crate::machine::query::{Question, query};
use crate::machine::{Answer, Blow};
use crate::report::Meter;
use crate::sdrs::policy::{Policies, PolicySet};
use crate::time::{SimTime, Span};
use crate::world::{Who, World};
use clock::Pending;
use judge::Answers;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use staff::Inbox;

/// Differences from the transcript that are kept.
const SHOWN: usize = 20;
/// After so many events whoever waits for the run hears of it.
const TICK: u64 = 4_096;

/// Hears how far a run has come; `()` does not care.
pub trait Progress {
    /// The run stands at step `step` (from 1) of `steps` and at the instant `now`, and has taken in so many events.
    fn tick(&mut self, step: usize, steps: usize, now: SimTime, events: u64);
}

impl Progress for () {
    fn tick(&mut self, _: usize, _: usize, _: SimTime, _: u64) {}
}

/// What a run leaves.
#[derive(Debug)]
pub struct Outcome<W = ()> {
    /// The summary.
    pub report: RunReport,
    /// The run as lines, as a file's transcript holds them.
    pub transcript: Vec<String>,
    /// How it differs from the file's transcript.
    pub difference: Option<Difference>,
    /// When it ended.
    pub end: SimTime,
    /// The world at its end.
    pub world: World,
    /// The policies on which it hung: another value would have decided an admission or an outcome differently.
    pub hung: PolicySet,
    /// Who looked on.
    pub observer: W,
}

type Watchers<W> = ((Narrator, (Tally, (Inbox, Meter))), (Option<Checker>, W));

/// Where a run stands within the step at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    /// The step before it is waited for.
    Begin,
    /// It begins at this instant.
    Due(SimTime),
    /// Its calls are made, and are waited for before its expectations are looked at.
    Asked,
    /// It waits for something until this instant.
    Waiting(SimTime),
}

/// A scenario that runs: about to begin, or at rest where [`Runner::run_until`] left it.
///
/// A run can be stopped, looked at, set aside and taken up again, and ends as if it had never been stopped:
///
/// ```
/// use sdrsim::engine::Limit;
/// use sdrsim::scenario::Scenario;
/// use sdrsim::time::{SimTime, Span};
///
/// let text = include_str!("../../../scenarios/basics/first.yaml");
/// let scenario = Scenario::load("first.yaml", text).expect("the file is well-formed");
/// let straight = scenario.start(None).run(&mut ());
///
/// let mut runner = scenario.start(None);
/// runner.run_until(Limit::until(SimTime::after_start(Span::secs(100))), &mut ());
/// let shop = runner.world().find("shop").expect("the group exists");
/// assert_eq!(runner.world().reported(shop).map(|status| status.name()), Some("failing-over"));
/// let kept = serde_json::to_string(&runner.checkpoint()).expect("a checkpoint has a serde form");
///
/// let checkpoint = serde_json::from_str(&kept).expect("it is as it was written");
/// let resumed = scenario.resume(checkpoint).expect("it is of this scenario").run(&mut ());
/// assert_eq!(resumed.report, straight.report);
/// ```
#[derive(Debug)]
pub struct Runner<'s, W: Observer = ()> {
    scenario: &'s Scenario,
    seed: u64,
    engine: Engine<Chance, Watchers<W>>,
    /// The last instant that the run may reach.
    last: SimTime,
    verdicts: Vec<Verdict>,
    /// Verdicts that held and that did not.
    tally: [u64; 2],
    refusals: Vec<RefusalReport>,
    counts: Counts,
    /// What steps have started and what is waited for.
    pending: Vec<(usize, Pending)>,
    /// How many steps are done.
    done: usize,
    /// The step that what happens is put down to, from 1; 0 if the timeline is empty.
    step: usize,
    /// Where it stands within that step.
    phase: Phase,
    over: bool,
    /// How far it may go before it rests, and whether it does.
    rest_at: Option<Limit>,
    resting: bool,
    /// Faults that name sides of groups and wait for a `heal`: their steps, from 0, and what they struck.
    open: Vec<(usize, Vec<Blow>)>,
    runbooks: Runbooks<'s>,
    calls: Calls,
}

impl Scenario {
    /// A run of the scenario, under another seed than the file's if one is given. The scenario can be run again.
    #[must_use]
    pub fn start(&self, seed: Option<u64>) -> Runner<'_> {
        self.start_watched(seed, ())
    }

    /// The policies that are in force in its runs.
    #[must_use]
    pub fn policies(&self) -> Policies {
        self.world.settings.policies
    }

    /// The same scenario with other policies in force from its start. What it expects and its transcript stay what they
    /// are, so a run may differ from them.
    #[must_use]
    pub fn under(mut self, policies: Policies) -> Scenario {
        self.world.settings.policies = policies;
        self
    }

    /// The engine of a run before its first step, with the file's hazards, pace and script: for who goes on in Rust. Steps
    /// and runbooks are not in it.
    #[must_use]
    pub fn engine(&self, seed: Option<u64>) -> Engine<Chance> {
        let seed = seed.unwrap_or(self.seed);
        let mut chance = Chance::new(Seed(seed)).at_pace(self.pace.clone());
        for rule in self.script.rules() {
            push(chance.script_mut(), *rule);
        }
        let mut builder = Builder::onto(self.world.clone().with_seed(seed));
        for hazard in &self.hazards {
            chance = hazard.join(Seed(seed), &mut builder, chance);
        }
        Engine::new(builder.finish(), chance)
    }

    /// The same as [`Scenario::start`] with someone looking on, who sees every effect.
    #[must_use]
    pub fn start_watched<W: Observer>(&self, seed: Option<u64>, observer: W) -> Runner<'_, W> {
        let seed = seed.unwrap_or(self.seed);
        let runbooks = Runbooks::new(&self.runbooks, &self.crews, Seed(seed));
        let inbox = Inbox::new(!runbooks.is_empty());
        let engine = self.engine(Some(seed));
        let looking = (inbox, Meter::new(engine.world()));
        let watchers = (
            (Narrator::default(), (Tally::default(), looking)),
            (None, observer),
        );
        self.runner(seed, engine.watched_by(watchers), runbooks)
    }

    /// A runner at the beginning of the timeline.
    fn runner<'s, W: Observer>(
        &'s self,
        seed: u64,
        engine: Engine<Chance, Watchers<W>>,
        runbooks: Runbooks<'s>,
    ) -> Runner<'s, W> {
        Runner {
            scenario: self,
            seed,
            engine,
            last: SimTime::after_start(self.limit.time.0),
            verdicts: Vec::new(),
            tally: [0; 2],
            refusals: Vec::new(),
            counts: Counts::default(),
            pending: Vec::new(),
            done: 0,
            step: 0,
            phase: Phase::Begin,
            over: false,
            rest_at: None,
            resting: false,
            open: Vec::new(),
            runbooks,
            calls: Calls::default(),
        }
    }
}

impl<'s, W: Observer> Runner<'s, W> {
    /// The same run with the simulator's own invariants checked as the checker says. The first violation ends it: no
    /// further step is begun, and the report holds it.
    #[must_use]
    pub fn checked(mut self, checker: Checker) -> Self {
        self.engine.observer_mut().1.0 = Some(checker);
        self
    }

    /// The same run without a transcript: nothing is told, and its outcome has no lines. Does nothing if the file has a
    /// transcript, with which the run is compared.
    #[must_use]
    pub fn untold(mut self) -> Self {
        if self.scenario.transcript.is_none() {
            self.engine.observer_mut().0.0 = Narrator::silent();
        }
        self
    }

    /// Whether an invariant was violated, which ends the run.
    fn violated(&self) -> bool {
        let checker = self.engine.observer().1.0.as_ref();
        checker.is_some_and(|checker| checker.violation().is_some())
    }

    /// Runs to the end: until every step is done and nothing is to come, or to the limit. Hazards have no end, so with any
    /// the end is when every step and what the steps have started is done.
    pub fn run(mut self, progress: &mut impl Progress) -> Outcome<W> {
        self.rest_at = None;
        self.play(progress);
        if self.violated() {
            return self.close();
        }
        let world = self.engine.world();
        let open: Vec<_> = self
            .pending
            .iter()
            .filter(|(_, pending)| !pending.has_ended(world))
            .copied()
            .collect();
        for (step, pending) in open {
            self.step = step;
            self.never_ends(pending);
        }
        self.unfinished();
        self.close()
    }

    /// Goes through the timeline and lets the rest happen, until the end or the place to rest at.
    fn play(&mut self, progress: &mut impl Progress) {
        self.resting = false;
        let scenario = self.scenario;
        let steps = &scenario.steps;
        while let Some(step) = steps.get(self.done) {
            self.step = self.done + 1;
            progress.tick(
                self.step,
                steps.len(),
                self.engine.now(),
                self.engine.events(),
            );
            let before = self.done.checked_sub(1).map(|before| &steps[before]);
            let is_common = self.phase == Phase::Begin && self.is_common(before, step);
            if !self.over && !is_common {
                self.begin(step, progress);
            }
            if self.violated() || self.resting {
                return;
            }
            match self.over {
                false => self.carry_out(step, progress),
                true => self.missed(step),
            }
            if self.resting {
                return;
            }
            self.done += 1;
            self.phase = Phase::Begin;
        }
        if !self.over && scenario.hazards.is_empty() {
            self.go(None, progress, |_| false);
        } else if !self.over {
            self.wait_for_all(progress);
        }
    }

    fn begin(&mut self, step: &Step, progress: &mut impl Progress) {
        if self.phase == Phase::Begin {
            match step.begin {
                Begin::At(at) if at < self.now() => {
                    let explain = "the step before it was done only now".to_owned();
                    let text = format!("the step begins at {}", Moment::from(at).clock);
                    return self.judge(VerdictKind::OnTime, step.line, &text, false, explain);
                }
                Begin::At(at) => self.phase = Phase::Due(at),
                Begin::After(_) | Begin::Next => {
                    self.wait_for(self.step - 1, progress);
                    if self.over || self.resting {
                        return;
                    }
                    let span = match step.begin {
                        Begin::After(span) => span,
                        Begin::At(_) | Begin::Next => Span::ZERO,
                    };
                    self.phase = Phase::Due(self.now().saturating_add(span));
                }
            }
        }
        if let Phase::Due(at) = self.phase {
            self.reach(at, progress);
        }
    }

    fn carry_out(&mut self, step: &'s Step, progress: &mut impl Progress) {
        let mut answer = None;
        match &step.deed {
            Deed::Nothing => {}
            Deed::Script(rules) => {
                for rule in rules {
                    push(self.engine.oracle_mut().script_mut(), *rule);
                }
            }
            Deed::Ask(asking) => {
                if self.phase != Phase::Asked {
                    self.ask(step, asking);
                    self.phase = Phase::Asked;
                }
                if step.waits && !step.expect.is_empty() {
                    self.wait_for(self.step, progress);
                    if !self.over && !self.resting {
                        self.reach(self.now(), progress);
                    }
                }
            }
            Deed::Query(question) => answer = self.query(step, question),
            Deed::Wait { until, limit } => self.wait_until(until, *limit, progress),
            Deed::Strike(fault, lasts) => self.strike(step, fault, *lasts),
            Deed::Heal(fault) => self.heal(step, fault),
        }
        if self.resting {
            return;
        }
        if !step.expect.is_empty() {
            self.engine.assess();
        }
        for expected in &step.expect {
            let (held, explain) = self.look(expected, answer.as_ref());
            self.judge(
                VerdictKind::Expect,
                expected.line,
                &expected.text,
                held,
                explain,
            );
        }
    }

    /// Makes the calls of a step.
    fn ask(&mut self, step: &Step, asking: &Asking) {
        let mut answers = Answers::default();
        for n in 1..=asking.count() {
            let (command, form) = asking.nth(n);
            self.counts.asked += 1;
            match self.engine.submit(&command) {
                Ok(answer) => {
                    answers.accepted += 1;
                    self.note(step, answer, asking, &form);
                }
                Err(refusal) => {
                    self.refused(&form, &refusal);
                    answers.refuse(&form, &refusal, step.refused);
                }
            }
        }
        self.judge_answers(step, form_name(&asking.form), &answers);
    }

    /// Notes what a call has started.
    fn note(&mut self, step: &Step, answer: Answer, asking: &Asking, form: &Value) {
        if !step.waits {
            return;
        }
        let world = self.engine.world();
        let pending = match answer {
            Answer::Job(key) => Pending::Job(
                key,
                world.jobs.get(key).map_or(world.last_job, |job| job.number),
            ),
            _ if asking.is_native() => match world.find(&form_subject(form)) {
                Some(Who::Server(server)) if world.servers[server].act.is_some() => {
                    Pending::Act(server)
                }
                _ => return,
            },
            _ => return,
        };
        self.pending.push((self.step, pending));
    }

    /// Asks the question of a step; answers what the API answers.
    fn query(&mut self, step: &Step, question: &Question) -> Option<Value> {
        let form = serde_json::to_value(&question.query).unwrap_or_default();
        let mut answers = Answers::default();
        self.counts.asked += 1;
        self.engine.assess();
        let answer = match query(self.engine.world(), self.now(), question) {
            Ok(view) => {
                answers.accepted += 1;
                Some(
                    serde_json::to_value(&view).expect("views have string keys and finite numbers"),
                )
            }
            Err(refusal) => {
                self.refused(&form, &refusal);
                answers.refuse(&form, &refusal, step.refused);
                None
            }
        };
        self.judge_answers(step, form_name(&form), &answers);
        answer
    }

    fn wait_until(&mut self, until: &Expected, limit: Option<Span>, progress: &mut impl Progress) {
        let deadline = match self.phase {
            Phase::Waiting(deadline) => deadline,
            _ => limit.map_or(SimTime::MAX, |limit| self.now().saturating_add(limit)),
        };
        self.phase = Phase::Waiting(deadline);
        let (held, explain) = loop {
            self.reach(self.now(), progress);
            if self.resting {
                return;
            }
            let (held, explain) = self.look(until, None);
            if held {
                break (true, explain);
            }
            let ends = match self.next_at() {
                _ if self.over => "the run met its limit",
                Some(at) if at <= deadline => {
                    self.reach(at, progress);
                    continue;
                }
                None if limit.is_none() => "nothing is to come",
                _ => {
                    self.reach(deadline, progress);
                    "the wait's limit is over"
                }
            };
            if self.resting {
                return;
            }
            break (false, format!("{ends}: {explain}"));
        };
        self.judge(VerdictKind::Wait, until.line, &until.text, held, explain);
    }

    fn close(mut self) -> Outcome<W> {
        let (scenario, end) = (self.scenario, self.engine.now());
        let (events, digest) = (self.engine.events(), self.engine.digest());
        let hung = self.engine.hung();
        let narrator = &mut self.engine.observer_mut().0.0;
        let (is_silent, mut transcript) = (narrator.is_silent(), narrator.finish());
        let (world, ((_, (jobs, (_, meter))), (checker, observer))) = self.engine.into_parts();
        let cost = meter.close(&world, end, hung);
        if cost.faults_struck > 0 && !is_silent {
            transcript.extend(cost.lines());
        }
        let difference = scenario
            .transcript
            .as_ref()
            .and_then(|expected| compare(expected, &transcript, SHOWN));
        let step = self.step;
        let violation = checker
            .and_then(|checker| checker.violation().cloned())
            .map(|(at, violation)| ViolationReport {
                invariant: violation.name().to_owned(),
                text: violation.to_string(),
                step: (step > 0).then_some(step),
                at: at.into(),
            });
        let counts = Counts {
            jobs: jobs.begun,
            jobs_succeeded: jobs.succeeded,
            jobs_failed: jobs.failed,
            groups: world.groups.len(),
            instances: world.instances.len(),
            pairs: world.pairs.len(),
            drills: world.drills.len(),
            servers: world.servers.len(),
            disks: world.disks.len(),
            ..self.counts
        };
        let report = RunReport {
            version: REPORT_VERSION,
            file: scenario.file.clone(),
            name: scenario.name().to_owned(),
            seed: self.seed,
            start: world.calendar.start.to_string(),
            end: end.into(),
            events,
            digest,
            held: self.tally[1] == 0 && difference.is_none() && violation.is_none(),
            verdicts_held: self.tally[0],
            verdicts_failed: self.tally[1],
            verdicts: self.verdicts,
            refusals: self.refusals,
            runbooks: self.runbooks.reports(),
            transcript: scenario.transcript.as_ref().map(|_| TranscriptReport {
                held: difference.is_none(),
                difference: difference.as_ref().map(ToString::to_string),
            }),
            counts,
            violation,
            cost,
        };
        Outcome {
            report,
            transcript,
            difference,
            end,
            world,
            hung,
            observer,
        }
    }
}
