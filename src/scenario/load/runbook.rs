//! The runbooks of a file, checked and made ready: labels lead somewhere, and every key has something to say.

use super::fault::{self, Bearer, Fault};
use super::names::{Kind, Names, Pattern};
use super::source::Source;
use super::timeline::{Asking, Checked, Prepare};
use crate::engine::distribution::Distribution;
use crate::machine::command::Ask;
use crate::scenario::diagnostic::{Diagnostic, nearest};
use crate::scenario::expect::Expectation;
use crate::scenario::model::{
    OneOrMany, RunbookModel, ScenarioModel, StepModel, TaskModel, TriggerModel, Wait,
};
use crate::scenario::yaml::{Place, Spanned};
use crate::sdrs::names::is_name;
use crate::time::Span;

/// Most tasks of runbooks, counted for each member of a template.
const MAX_TASKS: u64 = 1_000_000;

/// A runbook, or one for each member of a template.
#[derive(Debug)]
pub(in crate::scenario) struct Book {
    pub line: usize,
    pub label: String,
    /// How many members the template has; None: it is one runbook.
    pub count: Option<u32>,
    pub trigger: Trigger,
    pub after: Distribution,
    pub only_if: Option<Condition>,
    /// Which of the file's crews it needs.
    pub crew: Option<usize>,
    pub times: u32,
    pub tasks: Vec<Task>,
}

impl Book {
    /// What the nth member is called.
    pub fn name(&self, n: u32) -> String {
        match self.count {
            None => self.label.clone(),
            Some(_) => format!("{}-{n}", self.label),
        }
    }
}

/// What sets a runbook off.
#[derive(Debug)]
pub(in crate::scenario) enum Trigger {
    Fault(Fault),
    /// A condition has held for so long.
    When(Condition, Span),
}

/// What must hold, for each member.
#[derive(Debug)]
pub(in crate::scenario) struct Condition {
    pub text: String,
    each: Vec<Expectation>,
}

impl Condition {
    /// What must hold for the nth member.
    pub fn of(&self, n: u32) -> &Expectation {
        let last = self.each.len() - 1;
        &self.each[last.min(n as usize - 1)]
    }
}

/// One thing that is done.
#[derive(Debug)]
pub(in crate::scenario) struct Task {
    pub only_if: Option<Condition>,
    pub errand: Errand,
    /// How long after a failure it is tried again, and how often.
    pub retry: Option<(Span, u32)>,
    pub anyway: bool,
}

/// What is done.
#[derive(Debug)]
pub(in crate::scenario) enum Errand {
    /// A call or act, and whether its job is waited for.
    Ask(Asking, bool),
    /// Servers by tier.
    Start(Vec<Vec<Pattern>>),
    Pause(Span),
    Until(Condition, Option<Span>),
}

/// Prepares the runbooks of a file; faults are collected.
pub(super) fn prepare(
    source: Source<'_>,
    model: &ScenarioModel,
    names: &Names,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Book> {
    let mut books = Vec::with_capacity(model.runbooks.len());
    let mut total: u64 = 0;
    for (crew, size) in &model.crews {
        if *size == 0 {
            let title = format!("`{}` has no crew: runbooks would wait for ever", crew.value);
            faults.push(source.fault(crew, title));
        }
    }
    for (label, book) in &model.runbooks {
        let mut shelf = Shelf {
            source,
            model,
            prepare: Prepare::new(source, model, names, faults),
            names,
            own: None,
        };
        match shelf.book(label, book) {
            Ok(book) => {
                let each = 1 + book.tasks.len() as u64;
                total = total.saturating_add(each.saturating_mul(book.count.unwrap_or(1).into()));
                books.push(book);
            }
            Err(fault) => faults.push(*fault),
        }
        if total > MAX_TASKS {
            let title = format!("the runbooks have more than {MAX_TASKS} tasks in all");
            faults.push(source.fault(label, title));
            break;
        }
    }
    books
}

struct Shelf<'a, 'f> {
    source: Source<'a>,
    model: &'a ScenarioModel,
    prepare: Prepare<'a, 'f>,
    names: &'a Names,
    /// How many members the runbook at hand is for.
    own: Option<u32>,
}

impl Shelf<'_, '_> {
    fn book(&mut self, label: &Spanned<String>, it: &RunbookModel) -> Checked<Book> {
        if !is_name(&label.value) {
            let title = format!("`{}` cannot be a label", label.value);
            let help = "labels are 1 to 64 letters, digits, `.`, `_` and `-`";
            return Err(self.fault(label, title, help));
        }
        self.own = match &it.each {
            None => None,
            Some(each) => match self.names.count(&each.value) {
                Some(count) => Some(count),
                None => {
                    let title = format!("`{}` is not a template", each.value);
                    return Err(Box::new(self.source.fault(each, title)));
                }
            },
        };
        if it.tasks.value.is_empty() {
            let help = "write what is done, such as `- call: {failover: {group: ...}}`";
            return Err(self.fault(&it.tasks, "this runbook does nothing", help));
        }
        let tasks = it.tasks.value.iter().map(|task| self.task(it, task));
        let tasks = tasks.collect::<Checked<_>>()?;
        Ok(Book {
            line: label.place.line(),
            label: label.value.clone(),
            count: self.own,
            tasks,
            trigger: self.trigger(&it.on)?,
            after: it.after.clone(),
            only_if: self.optional(it.only_if.as_ref())?,
            crew: self.crew(it)?,
            times: it.times.get(),
        })
    }

    fn fault<T>(&self, at: &Spanned<T>, title: impl Into<String>, help: &str) -> Box<Diagnostic> {
        let fault = self.source.fault(at, title);
        Box::new(fault.with_help(Some(help.to_owned())))
    }

    fn crew(&self, it: &RunbookModel) -> Checked<Option<usize>> {
        let Some(crew) = &it.crew else {
            return Ok(None);
        };
        let place = self
            .model
            .crews
            .labels()
            .position(|known| known == crew.value);
        if place.is_none() {
            let near = nearest(&crew.value, self.model.crews.labels());
            let help = near.map_or_else(
                || "name it under the key `crews`, as in `crews: {night: 2}`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let title = format!("there is no crew `{}`", crew.value);
            return Err(self.fault(crew, title, &help));
        }
        Ok(place)
    }

    fn trigger(&mut self, on: &Spanned<TriggerModel>) -> Checked<Trigger> {
        let TriggerModel { fault, when, held } = &on.value;
        match (fault, when) {
            (Some(fault), None) => {
                if let Some(held) = held {
                    let title = "`for` says how long a `when` must have held";
                    return Err(Box::new(self.source.fault(held, title)));
                }
                let fault = fault::check(self.source, self.names, Bearer::Trigger, fault)?;
                Ok(Trigger::Fault(fault))
            }
            (None, Some(when)) => {
                let held = held.as_ref().map_or(Span::ZERO, |held| held.value.0);
                let condition = self.condition(&when.value, when.place)?;
                Ok(Trigger::When(condition, held))
            }
            _ => {
                let help = "write `on: {fault: {az: ...}}` or `on: {when: \"...\"}`";
                Err(self.fault(on, "a runbook is set off by one event", help))
            }
        }
    }

    fn optional(&mut self, text: Option<&Spanned<String>>) -> Checked<Option<Condition>> {
        text.map(|text| self.condition(&text.value, text.place))
            .transpose()
    }

    /// Understands what must hold for each member.
    fn condition(&mut self, text: &str, at: Place) -> Checked<Condition> {
        let (own, names) = (self.own, self.names);
        let parsed = self.prepare.parsed(text, at)?;
        if text.contains(".report.") {
            let fault = self
                .source
                .place(at, "operators do not see what a run costs");
            let help = "ask for what can be seen, such as `shop.health_status == abnormal`";
            return Err(Box::new(fault.with_help(Some(help.to_owned()))));
        }
        let of_member = |n: u32| {
            parsed.relabelled(&mut |label| match names.pattern(label, None, own) {
                Ok(pattern @ Pattern::Member { .. }) => Some(pattern.nth(n)),
                _ => None,
            })
        };
        let each: Vec<_> = (1..=own.unwrap_or(1)).map(of_member).collect();
        if let Some(first) = each.first() {
            self.prepare.meant(first, text, at, false)?;
        }
        Ok(Condition {
            text: text.to_owned(),
            each,
        })
    }

    fn task(&mut self, book: &RunbookModel, at: &Spanned<TaskModel>) -> Checked<Task> {
        let task = &at.value;
        self.shape(at)?;
        let waits = !matches!(
            task.wait.as_ref().map(|wait| &wait.value),
            Some(Wait::Job(false))
        );
        let step = StepModel {
            each: book.each.clone(),
            project: book.project.clone(),
            ..StepModel::default()
        };
        let errand = if let Some(call) = &task.call {
            let ask = Ask::Call(call.value.clone());
            Errand::Ask(self.prepare.asking(&step, call, ask, false)?, waits)
        } else if let Some(act) = &task.native {
            let ask = Ask::Native(act.value.clone());
            Errand::Ask(self.prepare.asking(&step, act, ask, true)?, waits)
        } else if let Some(tiers) = &task.start {
            if tiers.value.is_empty() {
                let title = "an empty list starts nothing";
                return Err(Box::new(self.source.fault(tiers, title)));
            }
            let tiers = tiers.value.iter().map(|tier| self.tier(tier));
            Errand::Start(tiers.collect::<Checked<_>>()?)
        } else if let Some(pause) = &task.pause {
            Errand::Pause(pause.value.0)
        } else if let Some(Wait::Until(wait)) = task.wait.as_ref().map(|wait| &wait.value) {
            let until = self.condition(&wait.until.value, wait.until.place)?;
            Errand::Until(until, wait.limit.map(Span::from))
        } else {
            return Err(self.nothing(at));
        };
        Ok(Task {
            only_if: self.optional(task.only_if.as_ref())?,
            errand,
            retry: task.retry.as_ref().map(|retry| {
                let retry = retry.value;
                (retry.every.0, retry.times.get())
            }),
            anyway: task.anyway,
        })
    }

    fn nothing(&self, at: &Spanned<TaskModel>) -> Box<Diagnostic> {
        let help = "write one of `call`, `native`, `start`, `pause` and `wait: {until: ...}`";
        self.fault(at, "this task does nothing", help)
    }

    /// Whether the keys of a task go together.
    fn shape(&self, at: &Spanned<TaskModel>) -> Checked<()> {
        let task = &at.value;
        let until = |wait: &Spanned<Wait>| matches!(wait.value, Wait::Until(_));
        let asks = task.call.is_some() || task.native.is_some();
        let waits = task.wait.as_ref().is_some_and(until);
        let deeds = usize::from(task.call.is_some())
            + usize::from(task.native.is_some())
            + usize::from(task.start.is_some())
            + usize::from(task.pause.is_some())
            + usize::from(waits);
        if deeds > 1 {
            let help = "write a task for each of `call`, `native`, `start`, `pause` and `wait`";
            return Err(self.fault(at, "a task does one thing", help));
        }
        if deeds == 0 {
            return Err(self.nothing(at));
        }
        if let Some(wait) = task.wait.as_ref().filter(|wait| !until(wait) && !asks) {
            let title = "only the job of a call can be left to itself";
            return Err(Box::new(self.source.fault(wait, title)));
        }
        let may_fail = asks || task.start.is_some();
        match &task.retry {
            Some(retry) if !may_fail => {
                let title = "`retry` goes with `call`, `native` and `start`";
                Err(Box::new(self.source.fault(retry, title)))
            }
            Some(retry) if retry.value.every.0.is_zero() => {
                let title = "a retry at once would be refused for the same reason for ever";
                Err(self.fault(retry, title, "write a span, as in `every: 1m`"))
            }
            _ if task.anyway && !may_fail && !waits => {
                let help = "a pause always ends: leave `anyway` out";
                Err(self.fault(at, "`anyway` goes with what can fail", help))
            }
            _ => Ok(()),
        }
    }

    /// The servers, instances and groups of a tier; a whole template is all of its members, or with `each` the one of the
    /// same number.
    fn tier(&self, at: &Spanned<OneOrMany>) -> Checked<Vec<Pattern>> {
        let one;
        let labels = match &at.value {
            OneOrMany::One(label) => {
                one = [at.with_value(label.clone())];
                one.as_slice()
            }
            OneOrMany::Many(many) => many.as_slice(),
        };
        if labels.is_empty() {
            let title = "an empty tier starts nothing";
            return Err(Box::new(self.source.fault(at, title)));
        }
        let mut aims = Vec::new();
        for label in labels {
            let text = &label.value;
            if let Some(kind) = self.names.kind(text)
                && !text.contains('/')
                && !matches!(kind, Kind::Server | Kind::Instance | Kind::Group)
            {
                let title = format!("`{text}` is {}, which cannot be started", kind.word());
                let help = "name servers, protected instances or protection groups";
                return Err(self.fault(label, title, help));
            }
            let (head, tail) = text
                .find('/')
                .map_or((text.as_str(), ""), |at| text.split_at(at));
            match (self.names.count(head), self.own) {
                (Some(count), None) => {
                    aims.extend((1..=count).map(|n| Pattern::Fixed(format!("{head}-{n}{tail}"))));
                }
                _ => match self.names.pattern(text, None, self.own) {
                    Ok(pattern) => aims.push(pattern),
                    Err(lost) => {
                        let fault = self.source.fault(label, format!("there is no `{text}`"));
                        let help = lost.help(text);
                        return Err(Box::new(fault.with_label(lost.to_string()).with_help(help)));
                    }
                },
            }
        }
        Ok(aims)
    }
}
