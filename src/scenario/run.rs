//! Running a scenario: step by step, with a verdict on everything that was expected.
//!
//! A step begins when its time has come, after everything that is due at that instant; it does what it does; and it is done
//! when the jobs and native acts it started have ended. A failed expectation does not end the run, so that one run tells
//! all. What can be waited for has an end: the run's limits, or the moment at which nothing is to come.

use super::Scenario;
use super::load::{Asking, Begin, Deed, Expected, Step, form_name, form_subject, push};
use super::model::Refused;
use super::narrate::Narrator;
use super::pending::Pending;
use super::report::{
    Counts, MAX_LISTED, Moment, REPORT_VERSION, RefusalReport, RunReport, Tally, TranscriptReport,
    Verdict, VerdictKind,
};
use super::scope::Sight;
use super::transcript::{Difference, compare};
use crate::engine::{Chance, Engine, Observer, Seed};
use crate::machine::query::{Question, query};
use crate::machine::{Answer, Refusal};
use crate::time::{SimTime, Span};
use crate::world::{Who, World};
use serde_json::Value;

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
    /// Who looked on.
    pub observer: W,
}

type Watchers<W> = ((Narrator, Tally), W);

/// A scenario about to run.
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
    /// The step at hand, from 1.
    step: usize,
    over: bool,
}

/// Why the clock stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Done,
    Quiet,
    Limit,
}

impl Scenario {
    /// A run of the scenario, under another seed than the file's if one is given. The scenario can be run again.
    #[must_use]
    pub fn start(&self, seed: Option<u64>) -> Runner<'_> {
        self.start_watched(seed, ())
    }

    /// The same with someone looking on, who sees every effect.
    #[must_use]
    pub fn start_watched<W: Observer>(&self, seed: Option<u64>, observer: W) -> Runner<'_, W> {
        let seed = seed.unwrap_or(self.seed);
        let mut chance = Chance::new(Seed(seed)).at_pace(self.pace.clone());
        for rule in self.script.rules() {
            push(chance.script_mut(), *rule);
        }
        let watchers = ((Narrator::default(), Tally::default()), observer);
        Runner {
            scenario: self,
            seed,
            engine: Engine::with_observer(self.world.clone().with_seed(seed), chance, watchers),
            last: SimTime::after_start(self.limit.time.0),
            verdicts: Vec::new(),
            tally: [0; 2],
            refusals: Vec::new(),
            counts: Counts::default(),
            pending: Vec::new(),
            step: 0,
            over: false,
        }
    }
}

impl<W: Observer> Runner<'_, W> {
    /// Runs to the end: until every step is done and nothing is to come, or to the limit.
    pub fn run(mut self, progress: &mut impl Progress) -> Outcome<W> {
        let steps = &self.scenario.steps;
        for (place, step) in steps.iter().enumerate() {
            self.step = place + 1;
            progress.tick(
                self.step,
                steps.len(),
                self.engine.now(),
                self.engine.events(),
            );
            if !self.over {
                self.begin(step, progress);
            }
            match self.over {
                false => self.carry_out(step, progress),
                true => self.missed(step),
            }
        }
        if !self.over {
            self.go(None, progress, |_| false);
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
        self.close()
    }

    fn now(&self) -> SimTime {
        self.engine.now()
    }

    /// Lets time pass until something is so, everything up to an instant has happened, or nothing is to come.
    fn go(
        &mut self,
        until: Option<SimTime>,
        progress: &mut impl Progress,
        mut done: impl FnMut(&World) -> bool,
    ) -> Stop {
        loop {
            if done(self.engine.world()) {
                return Stop::Done;
            }
            match self.engine.next_at() {
                Some(at) if until.is_some_and(|until| at > until) => return Stop::Done,
                Some(at) if at > self.last => return self.limit("the time", self.last),
                Some(_) if self.engine.events() >= self.scenario.limit.events => {
                    return self.limit("the number of events", self.now());
                }
                Some(_) => {}
                None => return Stop::Quiet,
            }
            self.engine.step();
            if self.engine.events().is_multiple_of(TICK) {
                progress.tick(
                    self.step,
                    self.scenario.steps.len(),
                    self.now(),
                    self.engine.events(),
                );
            }
        }
    }

    /// The run has met a limit and is over.
    fn limit(&mut self, what: &str, at: SimTime) -> Stop {
        if !self.over {
            self.over = true;
            self.engine.advance_to(at);
            let explain = format!(
                "{what} of the run is used up, with {} events to come",
                self.engine.pending()
            );
            self.judge(
                VerdictKind::Limit,
                0,
                "the run ends within its limit",
                false,
                explain,
            );
        }
        Stop::Limit
    }

    /// Lets everything up to an instant happen and sets the clock there.
    fn reach(&mut self, at: SimTime, progress: &mut impl Progress) {
        if at > self.last {
            self.go(Some(self.last), progress, |_| false);
            self.engine.advance_to(self.last);
            self.limit("the time", self.last);
        } else if self.go(Some(at), progress, |_| false) != Stop::Limit {
            self.engine.advance_to(at);
        }
    }

    fn begin(&mut self, step: &Step, progress: &mut impl Progress) {
        match step.begin {
            Begin::At(at) if at < self.now() => {
                let explain = "the step before it was done only now".to_owned();
                let due = Moment::from(at).clock;
                self.judge(
                    VerdictKind::OnTime,
                    step.line,
                    &format!("the step begins at {due}"),
                    false,
                    explain,
                );
            }
            Begin::At(at) => self.reach(at, progress),
            Begin::After(span) => {
                self.wait_for(self.step - 1, progress);
                if !self.over {
                    self.reach(self.now().saturating_add(span), progress);
                }
            }
            Begin::Next => {
                self.wait_for(self.step - 1, progress);
                if !self.over {
                    self.reach(self.now(), progress);
                }
            }
        }
    }

    /// Waits for what a step has started.
    fn wait_for(&mut self, step: usize, progress: &mut impl Progress) {
        let world = self.engine.world();
        self.pending
            .retain(|(_, pending)| !pending.has_ended(world));
        let mut open: Vec<Pending> = self
            .pending
            .iter()
            .filter(|(of, _)| *of == step)
            .map(|(_, pending)| *pending)
            .collect();
        let stop = self.go(None, progress, |world| {
            while open.last().is_some_and(|pending| pending.has_ended(world)) {
                open.pop();
            }
            open.is_empty()
        });
        if stop == Stop::Done {
            return;
        }
        let world = self.engine.world();
        open.retain(|pending| !pending.has_ended(world));
        self.pending.retain(|(_, pending)| !open.contains(pending));
        let at_hand = std::mem::replace(&mut self.step, step);
        for pending in open {
            self.never_ends(pending);
        }
        self.step = at_hand;
    }

    /// What the step at hand started is waited for and does not end.
    fn never_ends(&mut self, pending: Pending) {
        let explain = match self.over {
            true => "it had not ended when the run met its limit",
            false => "nothing is to come that could end it: it hangs",
        };
        let line = self
            .step
            .checked_sub(1)
            .map_or(0, |place| self.scenario.steps[place].line);
        let text = pending.text(self.engine.world());
        self.judge(VerdictKind::Ends, line, &text, false, explain.to_owned());
    }

    fn carry_out(&mut self, step: &Step, progress: &mut impl Progress) {
        let mut answer = None;
        match &step.deed {
            Deed::Nothing => {}
            Deed::Script(rules) => {
                for rule in rules {
                    push(self.engine.oracle_mut().script_mut(), *rule);
                }
            }
            Deed::Ask(asking) => {
                self.ask(step, asking);
                if step.waits && !step.expect.is_empty() {
                    self.wait_for(self.step, progress);
                    if !self.over {
                        self.reach(self.now(), progress);
                    }
                }
            }
            Deed::Query(question) => answer = self.query(step, question),
            Deed::Wait { until, limit } => self.wait_until(until, *limit, progress),
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
        let mut refused = Vec::new();
        let mut accepted = 0u32;
        for n in 1..=asking.count() {
            let (command, form) = asking.nth(n);
            self.counts.asked += 1;
            match self.engine.submit(&command) {
                Ok(answer) => {
                    accepted += 1;
                    self.note(step, answer, asking, &form);
                }
                Err(refusal) => {
                    self.refused(&form, &refusal);
                    refused.push((form, refusal));
                }
            }
        }
        self.judge_refusals(step, form_name(&asking.form), accepted, &refused);
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

    fn refused(&mut self, form: &Value, refusal: &Refusal) {
        let (operation, label) = (form_name(form).to_owned(), form_subject(form));
        let why = match (refusal.code(), refusal) {
            (Some(code), _) => code.to_string(),
            (None, Refusal::Native(why)) => why.to_string(),
            (None, other) => other.to_string(),
        };
        let now = self.now();
        let narrator = &mut self.engine.observer_mut().0.0;
        narrator.refused(now, label.clone(), &operation, why);
        self.counts.refused += 1;
        if self.refusals.len() < MAX_LISTED {
            self.refusals.push(RefusalReport {
                step: self.step,
                operation,
                label,
                code: refusal.code(),
                message: refusal.to_string(),
                at: now.into(),
            });
        }
    }

    fn judge_refusals(
        &mut self,
        step: &Step,
        what: &str,
        accepted: u32,
        refused: &[(Value, Refusal)],
    ) {
        let said = |(form, refusal): &(Value, Refusal)| {
            let label = form_subject(form);
            match label.is_empty() {
                true => refusal.to_string(),
                false => format!("`{label}`: {refusal}"),
            }
        };
        let Some(expected) = step.refused else {
            let Some(first) = refused.first() else { return };
            let more = match refused.len() - 1 {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let explain = format!("refused: {}{more}", said(first));
            return self.judge(
                VerdictKind::Accepted,
                step.line,
                &format!("{what} is accepted"),
                false,
                explain,
            );
        };
        let text = match expected {
            Refused::Code(code) => format!("{what} is refused with {code}"),
            Refused::Cloud => format!("{what} is refused"),
        };
        let fits = |refusal: &Refusal| match expected {
            Refused::Code(code) => refusal.code() == Some(code),
            Refused::Cloud => refusal.code().is_none(),
        };
        let other = refused.iter().find(|(_, refusal)| !fits(refusal));
        let (held, explain) = match (accepted, other, refused.first()) {
            (0, None, Some(first)) => (true, said(first)),
            (_, Some(other), _) => (false, said(other)),
            _ => (false, "it was accepted".to_owned()),
        };
        self.judge(VerdictKind::Refused, step.line, &text, held, explain);
    }

    fn query(&mut self, step: &Step, question: &Question) -> Option<Value> {
        let form = serde_json::to_value(&question.query).unwrap_or_default();
        self.counts.asked += 1;
        match query(self.engine.world(), self.now(), question) {
            Ok(view) => {
                self.judge_refusals(step, form_name(&form), 1, &[]);
                Some(
                    serde_json::to_value(&view).expect("views have string keys and finite numbers"),
                )
            }
            Err(refusal) => {
                self.refused(&form, &refusal);
                let name = form_name(&form).to_owned();
                self.judge_refusals(step, &name, 0, &[(form, refusal)]);
                None
            }
        }
    }

    fn wait_until(&mut self, until: &Expected, limit: Option<Span>, progress: &mut impl Progress) {
        let begun = self.now();
        let deadline = limit.map_or(SimTime::MAX, |limit| begun.saturating_add(limit));
        let (held, explain) = loop {
            self.reach(self.now(), progress);
            let (held, explain) = self.look(until, None);
            if held {
                break (true, explain);
            }
            let ends = match self.engine.next_at() {
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
            break (false, format!("{ends}: {explain}"));
        };
        self.judge(VerdictKind::Wait, until.line, &until.text, held, explain);
    }

    /// Whether an expectation holds now, and why.
    fn look(&self, expected: &Expected, answer: Option<&Value>) -> (bool, String) {
        let sight = Sight {
            world: self.engine.world(),
            now: self.now(),
            answer,
        };
        match expected.parsed.evaluate(&sight) {
            Ok(verdict) => (verdict.held, verdict.explain),
            Err(error) => match error.help() {
                Some(help) => (false, format!("{error}; {help}")),
                None => (false, error.to_string()),
            },
        }
    }

    /// The run was over before this step.
    fn missed(&mut self, step: &Step) {
        let explain = "the run met its limit before this step".to_owned();
        self.judge(
            VerdictKind::Limit,
            step.line,
            "the step is reached",
            false,
            explain,
        );
    }

    fn judge(&mut self, kind: VerdictKind, line: usize, text: &str, held: bool, explain: String) {
        let count = &mut self.tally[usize::from(!held)];
        *count += 1;
        if *count <= MAX_LISTED as u64 {
            self.verdicts.push(Verdict {
                kind,
                step: (kind != VerdictKind::Limit || line > 0).then_some(self.step),
                line,
                text: text.to_owned(),
                held,
                explain,
                at: self.now().into(),
            });
        }
    }

    fn close(mut self) -> Outcome<W> {
        let (scenario, end) = (self.scenario, self.engine.now());
        let (events, digest) = (self.engine.events(), self.engine.digest());
        let transcript = self.engine.observer_mut().0.0.finish();
        let difference = scenario
            .transcript
            .as_ref()
            .and_then(|expected| compare(expected, &transcript, SHOWN));
        let (world, ((_, jobs), observer)) = self.engine.into_parts();
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
            held: self.tally[1] == 0 && difference.is_none(),
            verdicts_held: self.tally[0],
            verdicts_failed: self.tally[1],
            verdicts: self.verdicts,
            refusals: self.refusals,
            transcript: scenario.transcript.as_ref().map(|_| TranscriptReport {
                held: difference.is_none(),
                difference: difference.as_ref().map(ToString::to_string),
            }),
            counts,
        };
        Outcome {
            report,
            transcript,
            difference,
            end,
            world,
            observer,
        }
    }
}
