//! Verdicts: what was expected, whether it was so, and why.

use super::Runner;
use super::clock::Pending;
use crate::engine::Observer;
use crate::machine::Refusal;
use crate::scenario::figures::FIGURES;
use crate::scenario::load::{Expected, Step, form_name, form_subject};
use crate::scenario::model::Refused;
use crate::scenario::report::{MAX_LISTED, RefusalReport, Verdict, VerdictKind};
use crate::scenario::scope::Sight;
use serde_json::Value;

/// What the calls of one step came to.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// How many were accepted.
    pub accepted: u32,
    /// How many were refused.
    pub refused: u32,
    /// What the first refusal says.
    first: Option<String>,
    /// What the first refusal says that is not the expected one.
    other: Option<String>,
}

impl Answers {
    /// Takes a refusal in.
    pub(super) fn refuse(&mut self, form: &Value, refusal: &Refusal, expected: Option<Refused>) {
        self.refused += 1;
        let fits = match expected {
            Some(Refused::Code(code)) => refusal.code() == Some(code),
            Some(Refused::Cloud) => refusal.code().is_none(),
            None => true,
        };
        if self.first.is_some() && (fits || self.other.is_some()) {
            return;
        }
        let label = form_subject(form);
        let said = match label.is_empty() {
            true => refusal.to_string(),
            false => format!("`{label}`: {refusal}"),
        };
        if !fits && self.other.is_none() {
            self.other = Some(said.clone());
        }
        self.first.get_or_insert(said);
    }
}

impl<W: Observer> Runner<'_, W> {
    /// What the step at hand started is waited for and does not end.
    pub(super) fn never_ends(&mut self, pending: Pending) {
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

    /// Notes a refusal in the transcript and the report.
    pub(super) fn refused(&mut self, form: &Value, refusal: &Refusal) {
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

    /// The verdict on whether the calls of a step were refused as it says.
    pub(super) fn judge_answers(&mut self, step: &Step, what: &str, answers: &Answers) {
        let Answers {
            accepted,
            refused,
            first,
            other,
        } = answers;
        let Some(expected) = step.refused else {
            let Some(first) = first else { return };
            let more = match refused - 1 {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let text = format!("{what} is accepted");
            let explain = format!("refused: {first}{more}");
            return self.judge(VerdictKind::Accepted, step.line, &text, false, explain);
        };
        let text = match expected {
            Refused::Code(code) => format!("{what} is refused with {code}"),
            Refused::Cloud => format!("{what} is refused"),
        };
        let (held, explain) = match (accepted, other, first) {
            (0, None, Some(first)) => (true, first.clone()),
            (_, Some(other), _) => (false, other.clone()),
            _ => (false, "it was accepted".to_owned()),
        };
        self.judge(VerdictKind::Refused, step.line, &text, held, explain);
    }

    /// Whether an expectation holds now, and why.
    pub(super) fn look(&self, expected: &Expected, answer: Option<&Value>) -> (bool, String) {
        let (world, now) = (self.engine.world(), self.now());
        let meter = &self.engine.observer().0.1.1.1;
        // Only who reads figures pays for those of an instant that is not over.
        let meter = expected
            .parsed
            .mentions(FIGURES)
            .then(|| meter.settled(world, now));
        let sight = Sight {
            world,
            now,
            answer,
            meter: meter.as_deref(),
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
    pub(super) fn missed(&mut self, step: &Step) {
        let explain = "the run met its limit before this step".to_owned();
        self.judge(
            VerdictKind::Limit,
            step.line,
            "the step is reached",
            false,
            explain,
        );
    }

    /// Notes a verdict.
    pub(super) fn judge(
        &mut self,
        kind: VerdictKind,
        line: usize,
        text: &str,
        held: bool,
        explain: String,
    ) {
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
}
