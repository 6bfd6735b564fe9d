//! The steps of the timeline, checked and made ready to be carried out.

use super::fault::{self, Bearer, Fault};
use super::names::{Kind, Lost, Names, Pattern};
use super::source::{Source, title_of};
use super::{meaning, refs};
use crate::engine::ScriptedOutcome;
use crate::machine::command::{Ask, Command};
use crate::machine::query::Question;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::expect::Expectation;
use crate::scenario::model::{
    FaultModel, OneOrMany, Refused, ScenarioModel, ScriptModel, StepModel, Wait, When,
};
use crate::scenario::yaml::{Place, Spanned};
use crate::time::{Calendar, SimTime, Span};
use crate::world::label::Stable;
use serde_json::Value;

/// A step.
#[derive(Debug)]
pub(in crate::scenario) struct Step {
    /// Its line in the file.
    pub line: usize,
    pub begin: Begin,
    pub deed: Deed,
    /// Whether later steps wait for its jobs.
    pub waits: bool,
    pub refused: Option<Refused>,
    pub expect: Vec<Expected>,
}

/// When a step begins.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum Begin {
    At(SimTime),
    After(Span),
    /// When the step before it is done.
    Next,
}

/// What a step does, besides expecting.
#[derive(Debug)]
pub(in crate::scenario) enum Deed {
    Ask(Asking),
    Query(Question),
    Wait {
        until: Expected,
        limit: Option<Span>,
    },
    Script(Vec<ScriptedOutcome>),
    /// A fault, and how long it lasts.
    Strike(Fault, Option<Span>),
    Heal(Fault),
    Nothing,
}

/// A call or act, made once or once for each member of a template.
#[derive(Debug)]
pub(in crate::scenario) struct Asking {
    pub project: Option<String>,
    /// The serialized form, in which labels stand as the file has them.
    pub form: Value,
    native: bool,
    once: Ask,
    each: Option<(u32, Vec<Pattern>)>,
}

impl Asking {
    /// How often it is made.
    pub fn count(&self) -> u32 {
        self.each.as_ref().map_or(1, |(count, _)| *count)
    }

    /// Whether it is an act of the cloud.
    pub fn is_native(&self) -> bool {
        self.native
    }

    /// The nth, from 1, and its serialized form.
    pub fn nth(&self, n: u32) -> (Command, Value) {
        let command = |ask| Command {
            project: self.project.clone(),
            ask,
        };
        let Some((_, patterns)) = &self.each else {
            return (command(self.once.clone()), self.form.clone());
        };
        let mut form = self.form.clone();
        let mut patterns = patterns.iter();
        refs::references(&mut form, &mut |_, label| {
            if let Some(pattern) = patterns.next() {
                *label = pattern.nth(n);
            }
        });
        refs::rename_made(&mut form, |label| format!("{label}-{n}"));
        const SAME: &str = "only labels were replaced";
        let ask = match self.native {
            true => Ask::Native(serde_json::from_value(form.clone()).expect(SAME)),
            false => Ask::Call(serde_json::from_value(form.clone()).expect(SAME)),
        };
        (command(ask), form)
    }
}

/// An expectation with its text and its line.
#[derive(Debug)]
pub(in crate::scenario) struct Expected {
    pub text: String,
    pub line: usize,
    pub parsed: Expectation,
}

/// Prepares the steps and tasks of a file.
pub(super) struct Prepare<'a, 'f> {
    source: Source<'a>,
    names: &'a Names,
    calendar: Calendar,
    faults: &'f mut Vec<Diagnostic>,
    /// The byte at which the step at hand ends.
    end: usize,
    calls: u64,
    /// Targets of faults.
    targets: u64,
    /// The last `at`, and where it stands.
    latest: Option<SimTime>,
    /// How long the run may take.
    limit: Span,
    /// The instant before which the step at hand cannot begin.
    earliest: SimTime,
}

/// Prepares the steps of a file; faults are collected.
pub(super) fn prepare(
    source: Source<'_>,
    model: &ScenarioModel,
    names: &Names,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Step> {
    let mut prepare = Prepare::new(source, model, names, faults);
    let starts: Vec<usize> = model
        .timeline
        .iter()
        .map(|step| {
            step.place
                .bytes()
                .map_or(source.text.len(), |span| span.start)
        })
        .collect();
    let mut steps = Vec::with_capacity(model.timeline.len());
    for (place, step) in model.timeline.iter().enumerate() {
        prepare.end = starts.get(place + 1).copied().unwrap_or(source.text.len());
        match prepare.step(step) {
            Ok(step) => steps.push(step),
            Err(fault) => prepare.faults.push(*fault),
        }
    }
    steps
}

/// The scripted outcomes of a list, checked; faults are collected.
pub(super) fn rules(
    source: Source<'_>,
    models: &[ScriptModel],
    names: &Names,
    faults: &mut Vec<Diagnostic>,
) -> Vec<ScriptedOutcome> {
    let mut rules = Vec::new();
    for model in models {
        if let Some(target) = &model.target
            && let Err(lost) = names.pattern(&target.value, None, None)
        {
            let title = format!("there is no `{}`", target.value);
            faults.push(
                source
                    .fault(target, title)
                    .with_label(lost.to_string())
                    .with_help(lost.help(&target.value)),
            );
            continue;
        }
        let rule = ScriptedOutcome {
            op: model.op.value,
            part: model.part,
            target: model
                .target
                .as_ref()
                .map(|target| Stable::of(&target.value)),
            count: model.count,
            what: model.what,
        };
        match rule.check() {
            Ok(()) => rules.push(rule),
            Err(error) => faults.push(source.fault(&model.op, error.to_string())),
        }
    }
    rules
}

/// Something checked, or its fault.
pub(super) type Checked<T> = Result<T, Box<Diagnostic>>;

impl<'a, 'f> Prepare<'a, 'f> {
    pub(super) fn new(
        source: Source<'a>,
        model: &ScenarioModel,
        names: &'a Names,
        faults: &'f mut Vec<Diagnostic>,
    ) -> Prepare<'a, 'f> {
        Prepare {
            source,
            names,
            calendar: Calendar {
                start: model.start.0,
            },
            faults,
            end: source.text.len(),
            calls: 0,
            targets: 0,
            latest: None,
            limit: model.limit.time.0,
            earliest: SimTime::ZERO,
        }
    }

    fn step(&mut self, at: &Spanned<StepModel>) -> Checked<Step> {
        let step = &at.value;
        self.shape(at)?;
        let begin = self.begin(step)?;
        let mut waits = true;
        let deed = if let Some(call) = &step.call {
            Deed::Ask(self.asking(step, call, Ask::Call(call.value.clone()), false)?)
        } else if let Some(act) = &step.native {
            Deed::Ask(self.asking(step, act, Ask::Native(act.value.clone()), true)?)
        } else if let Some(query) = &step.query {
            let mut form = serde_json::to_value(&query.value).unwrap_or_default();
            self.references(query, &mut form, None)?;
            Deed::Query(Question {
                project: self.project(step)?,
                query: query.value.clone(),
            })
        } else if let Some(script) = &step.script {
            Deed::Script(rules(self.source, &script.value, self.names, self.faults))
        } else if let Some(fault) = &step.fault {
            let lasts = step.lasts.as_ref().map(|lasts| lasts.value.0);
            Deed::Strike(self.fault(fault)?, lasts)
        } else if let Some(heal) = &step.heal {
            Deed::Heal(self.fault(heal)?)
        } else {
            Deed::Nothing
        };
        let deed = match step.wait.as_ref().map(|wait| &wait.value) {
            Some(Wait::Job(wait)) => {
                waits = *wait;
                deed
            }
            Some(Wait::Until(wait)) => Deed::Wait {
                until: self.expected(&wait.until.value, wait.until.place, false)?,
                limit: wait.limit.map(Span::from),
            },
            None => deed,
        };
        let answered = step.query.is_some();
        let mut expect = Vec::new();
        match step.expect.as_ref().map(|expect| (&expect.value, expect)) {
            None => {}
            Some((OneOrMany::One(text), whole)) => {
                expect.push(self.expected(text, whole.place, answered)?)
            }
            Some((OneOrMany::Many(many), whole)) => {
                if many.is_empty() {
                    return Err(Box::new(
                        self.source.fault(whole, "an empty list expects nothing"),
                    ));
                }
                for text in many {
                    expect.push(self.expected(&text.value, text.place, answered)?);
                }
            }
        }
        Ok(Step {
            line: at.place.line(),
            begin,
            deed,
            waits,
            refused: step.refused.as_ref().map(|refused| refused.value),
            expect,
        })
    }

    /// Understands what breaks or is mended.
    fn fault(&mut self, at: &Spanned<FaultModel>) -> Checked<Fault> {
        let fault = fault::check(self.source, self.names, Bearer::Step, at)?;
        let before = self.targets;
        self.targets = before.saturating_add(fault.size());
        let most = self.source.sizes.calls;
        if before <= most && self.targets > most {
            let title = format!("the timeline's faults have more than {most} targets in all");
            return Err(Box::new(self.source.fault(at, title)));
        }
        Ok(fault)
    }

    /// Whether the keys of a step go together.
    fn shape(&self, at: &Spanned<StepModel>) -> Checked<()> {
        let step = &at.value;
        let asks = [
            step.call.is_some(),
            step.native.is_some(),
            step.query.is_some(),
        ];
        let until = matches!(
            step.wait.as_ref().map(|wait| &wait.value),
            Some(Wait::Until(_))
        );
        let deeds = asks.iter().filter(|ask| **ask).count()
            + usize::from(until)
            + usize::from(step.script.is_some())
            + usize::from(step.fault.is_some())
            + usize::from(step.heal.is_some());
        let fault = |title: &str, help: &str| {
            Err(Box::new(
                self.source
                    .fault(at, title)
                    .with_help(Some(help.to_owned())),
            ))
        };
        if deeds > 1 {
            return fault(
                "a step does one thing",
                "write a step for each of `call`, `native`, `query`, `fault`, `heal`, `wait` and `script`",
            );
        }
        if deeds == 0 && step.expect.is_none() {
            return fault(
                "this step does nothing",
                "write one of `call`, `native`, `query`, `fault`, `heal`, `wait: {until: ...}`, `expect` and `script`",
            );
        }
        if let (Some(_), Some(after)) = (&step.at, &step.after) {
            let title = "a step begins `at` an instant or `after` a span, not both";
            return Err(Box::new(self.source.fault(after, title)));
        }
        if let (None, Some(lasts)) = (&step.fault, &step.lasts) {
            let title = "`for` says how long a `fault` lasts";
            return Err(Box::new(self.source.fault(lasts, title)));
        }
        self.companions(step)
    }

    /// Whether what stands beside a deed goes with it.
    fn companions(&self, step: &StepModel) -> Checked<()> {
        let asked = step.call.is_some() || step.native.is_some() || step.query.is_some();
        let starts_job = step.call.is_some() || step.native.is_some();
        if let Some(wait) = &step.wait
            && matches!(wait.value, Wait::Job(_))
            && !starts_job
        {
            return Err(Box::new(
                self.source
                    .fault(wait, "only the job of a call can be waited for")
                    .with_help(Some(
                        "to wait for something write `wait: {until: ...}`".to_owned(),
                    )),
            ));
        }
        if let Some(each) = step.each.as_ref().filter(|_| !starts_job) {
            return Err(Box::new(
                self.source
                    .fault(each, "`each` goes with `call` and `native`"),
            ));
        }
        if let Some(project) = step.project.as_ref().filter(|_| !asked) {
            return Err(Box::new(self.source.fault(
                project,
                "`project` goes with `call`, `native` and `query`",
            )));
        }
        match &step.refused {
            Some(refused) if !asked => Err(Box::new(
                self.source
                    .fault(refused, "`refused` goes with `call`, `native` and `query`"),
            )),
            Some(refused) if step.native.is_some() != (refused.value == Refused::Cloud) => {
                let title = match step.native.is_some() {
                    true => "the cloud's refusals have no codes",
                    false => "the refusal of a call has a code",
                };
                let help = match step.native.is_some() {
                    true => "write `refused: true`",
                    false => "write it as in `refused: SDRS.1013`",
                };
                Err(Box::new(
                    self.source
                        .fault(refused, title)
                        .with_help(Some(help.to_owned())),
                ))
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, step: &StepModel) -> Checked<Begin> {
        if let Some(after) = &step.after {
            let begin = self.earliest.saturating_add(after.value.0);
            self.within_limit(after, begin)?;
            return Ok(Begin::After(after.value.0));
        }
        let Some(at) = &step.at else {
            return Ok(Begin::Next);
        };
        let instant = match at.value {
            When::Since(span) => SimTime::after_start(span),
            When::Instant(instant) => self
                .calendar
                .time_of(instant)
                .map_err(|error| Box::new(self.source.fault(at, error.to_string())))?,
        };
        if self.latest.is_some_and(|latest| instant < latest) {
            let title = "this step would begin before one above it";
            return Err(Box::new(self.source.fault(at, title).with_help(Some(
                "steps stand in the order in which they happen".to_owned(),
            ))));
        }
        self.within_limit(at, instant.max(self.earliest))?;
        self.latest = Some(instant);
        Ok(Begin::At(instant))
    }

    /// Whether a step that begins no sooner than `begin` can begin in the run at all.
    fn within_limit<T>(&mut self, at: &Spanned<T>, begin: SimTime) -> Checked<()> {
        if begin > SimTime::after_start(self.limit) {
            let title = format!(
                "the run ends at its limit of {} before this step",
                self.limit
            );
            let help = "raise `time` under the key `limit`, or let the step begin sooner";
            let fault = self.source.fault(at, title);
            return Err(Box::new(fault.with_help(Some(help.to_owned()))));
        }
        self.earliest = begin;
        Ok(())
    }

    fn project(&self, step: &StepModel) -> Checked<Option<String>> {
        let Some(project) = &step.project else {
            return Ok(None);
        };
        self.source
            .refer(self.names, project, Kind::Project, None)
            .map_err(Box::new)?;
        Ok(Some(project.value.clone()))
    }

    /// Understands a call or act.
    pub(super) fn asking<T: serde::Serialize>(
        &mut self,
        step: &StepModel,
        at: &Spanned<T>,
        once: Ask,
        native: bool,
    ) -> Checked<Asking> {
        let mut form = serde_json::to_value(&at.value).unwrap_or_default();
        let own = match &step.each {
            None => None,
            Some(each) => match self.names.count(&each.value) {
                Some(count) => Some(count),
                None => {
                    let title = format!("`{}` is not a template", each.value);
                    return Err(Box::new(self.source.fault(each, title)));
                }
            },
        };
        let before = self.calls;
        self.calls = self.calls.saturating_add(u64::from(own.unwrap_or(1)));
        let most = self.source.sizes.calls;
        if before <= most && self.calls > most {
            let title = format!("the timeline makes more than {most} calls in all");
            return Err(Box::new(self.source.fault(at, title)));
        }
        let patterns = self.references(at, &mut form, own)?;
        Ok(Asking {
            project: self.project(step)?,
            form,
            native,
            once,
            each: own.map(|own| (own, patterns)),
        })
    }

    /// Understands the references of a form, in order.
    fn references<T>(
        &mut self,
        at: &Spanned<T>,
        form: &mut Value,
        own: Option<u32>,
    ) -> Checked<Vec<Pattern>> {
        let mut patterns = Vec::new();
        let mut fault = None;
        refs::references(
            form,
            &mut |kind, label| match self.names.pattern(label, Some(kind), own) {
                Ok(pattern) => patterns.push(pattern),
                Err(lost) => {
                    fault.get_or_insert_with(|| self.lost(at, label, kind, &lost));
                }
            },
        );
        fault.map_or(Ok(patterns), |fault| Err(Box::new(fault)))
    }

    fn lost<T>(&self, at: &Spanned<T>, text: &str, kind: Kind, lost: &Lost) -> Diagnostic {
        let help = match lost {
            Lost::Unknown { nearest: None } => Some(format!(
                "to ask for what does not exist, give an id: {{id: \"{text}\"}}"
            )),
            other => other.help(text),
        };
        let found = self
            .source
            .word(at, self.end, text, title_of(text, kind, lost));
        found.with_label(lost.to_string()).with_help(help)
    }

    /// Reads an expectation and checks whether it can mean something.
    fn expected(&self, text: &str, at: Place, answered: bool) -> Checked<Expected> {
        let parsed = self.parsed(text, at)?;
        self.meant(&parsed, text, at, answered)?;
        Ok(Expected {
            text: text.to_owned(),
            line: at.line(),
            parsed,
        })
    }

    /// Reads an expectation.
    pub(super) fn parsed(&self, text: &str, at: Place) -> Checked<Expectation> {
        Expectation::parse(text).map_err(|error| {
            let found = self.within(text, at, error.span.clone(), error.to_string());
            Box::new(found.with_help(error.help()))
        })
    }

    /// Checks whether an expectation can mean something.
    pub(super) fn meant(
        &self,
        parsed: &Expectation,
        text: &str,
        at: Place,
        answered: bool,
    ) -> Checked<()> {
        meaning::check(parsed, self.names, answered).map_err(|fault| {
            let meaning::Fault { span, misfit } = fault;
            let found = self.within(text, at, span, misfit.to_string());
            Box::new(found.with_label(misfit.label()).with_help(misfit.help()))
        })
    }

    /// A fault at a part of a text.
    fn within(
        &self,
        text: &str,
        at: Place,
        part: std::ops::Range<usize>,
        title: String,
    ) -> Diagnostic {
        let node = at.bytes().unwrap_or(0..0);
        Diagnostic::within(self.source.file, self.source.text, node, text, part, title)
    }
}
