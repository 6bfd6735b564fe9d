//! Living through a history: its steps at their instants, operators among them, and properties looking on.

use super::history::History;
use super::property::{Judge, Property, Sight};
use super::step::{Deed, Hit, Step, asked};
use crate::engine::{Bench, Chance, Operator};
use crate::machine::{Effect, Refusal};
use crate::time::{SimTime, Span};

/// A property that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The name of the property.
    pub property: String,
    /// Why it did not hold.
    pub what: String,
    /// When.
    pub at: SimTime,
    /// The expectation that tells the property in a scenario file.
    pub(super) text: Option<String>,
}

/// How a history ends, after its last step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending<'a> {
    /// So much time passes.
    After(Span),
    /// All faults end, and something must be so within a time.
    Goal(&'a Property, Span),
}

/// A line of the timeline that tells a history.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub at: SimTime,
    pub text: String,
}

/// A history under way.
pub(super) struct Play<P: Operator> {
    pub bench: Bench<P, Chance, Vec<(SimTime, Effect)>>,
    pub told: Vec<Told>,
    /// The steps that were done.
    pub steps: Vec<Step>,
    /// Faults that have not ended, in the order in which they began.
    pub open: Vec<Hit>,
    legal: bool,
    /// The wait of steps that were left out.
    owed: Span,
    arrivals: usize,
    judges: Vec<(Property, Judge)>,
    looked: bool,
    left: u64,
}

impl<P: Operator> Play<P> {
    pub(super) fn new(
        bench: Bench<P, Chance, Vec<(SimTime, Effect)>>,
        properties: &[Property],
        (legal, events): (bool, u64),
    ) -> Play<P> {
        let judges = properties.iter().map(|one| (one.clone(), one.begin()));
        Play {
            bench,
            told: Vec::new(),
            steps: Vec::new(),
            open: Vec::new(),
            legal,
            owed: Span::ZERO,
            arrivals: 0,
            judges: judges.collect(),
            looked: false,
            left: events,
        }
    }

    /// Lives through all steps and the ending.
    pub(super) fn through(
        &mut self,
        history: &History,
        ending: Ending<'_>,
    ) -> Result<(), Violation> {
        for step in &history.steps {
            self.wait(step.after)?;
            self.perform(step.after, &step.deed);
        }
        self.end(ending)
    }

    /// Lets the wait before a step pass.
    pub(super) fn wait(&mut self, after: Span) -> Result<(), Violation> {
        self.reach(self.bench.now().saturating_add(after))
    }

    /// Does a step. In a legal history what would be refused is left out: since a refusal changes nothing, what remains is
    /// the same history.
    pub(super) fn perform(&mut self, after: Span, deed: &Deed) {
        self.note_arrivals();
        let at = self.bench.now();
        let idle = match deed {
            Deed::Strike(hit) => self.open.contains(hit),
            Deed::Heal(hit) => !self.open.contains(hit),
            Deed::Ask(_) | Deed::Script(_) => false,
        };
        let gone = match deed {
            Deed::Strike(hit) | Deed::Heal(hit) => hit.blow(self.bench.engine().world()).is_none(),
            Deed::Ask(_) | Deed::Script(_) => false,
        };
        let refused: Option<Refusal> = match gone || (self.legal && idle) {
            true => None,
            false => deed.perform(self.bench.engine_mut()).err(),
        };
        if gone || (self.legal && (idle || refused.is_some())) {
            self.owed = self.owed.saturating_add(after);
            return;
        }
        match deed {
            Deed::Strike(hit) => self.open.push(hit.clone()),
            Deed::Heal(hit) => {
                if let Some(place) = self.open.iter().position(|open| open == hit) {
                    self.open.remove(place);
                }
            }
            Deed::Ask(_) | Deed::Script(_) => {}
        }
        let text = deed.text(refused.as_ref());
        self.told.push(Told { at, text });
        let after = after.saturating_add(std::mem::take(&mut self.owed));
        let deed = deed.clone();
        self.steps.push(Step { after, deed });
    }

    /// Lets a history end.
    pub(super) fn end(&mut self, ending: Ending<'_>) -> Result<(), Violation> {
        match ending {
            Ending::After(span) => self.wait(span),
            Ending::Goal(goal, within) => {
                self.reach(self.bench.now())?;
                self.note_arrivals();
                for hit in std::mem::take(&mut self.open) {
                    let heal = Deed::Heal(hit);
                    let at = self.bench.now();
                    if heal.perform(self.bench.engine_mut()).is_ok() {
                        let text = heal.text(None);
                        self.told.push(Told { at, text });
                    }
                }
                self.come_to(goal, within)
            }
        }
    }

    /// Lets time pass until something is so.
    fn come_to(&mut self, goal: &Property, within: Span) -> Result<(), Violation> {
        let deadline = self.bench.now().saturating_add(within);
        let mut judge = goal.begin();
        let mut from = self.bench.now();
        loop {
            self.reach(from)?;
            let sight = Sight {
                now: self.bench.now(),
                world: self.bench.engine().world(),
                seen: &[],
            };
            let Err(what) = judge(&sight) else {
                return Ok(());
            };
            match self.bench.next_at() {
                Some(at) if at <= deadline => from = at,
                _ => {
                    self.reach(deadline)?;
                    let what = format!("not within {within} after all faults: {what}");
                    return Err(self.violation(goal, what));
                }
            }
        }
    }

    /// Lets everything up to an instant happen, looked at instant by instant, and sets the clock there.
    fn reach(&mut self, until: SimTime) -> Result<(), Violation> {
        loop {
            if self.bench.next_at() != Some(self.bench.now()) {
                self.look()?;
            }
            match self.bench.next_at() {
                Some(at) if at <= until => {}
                _ => break,
            }
            if self.left == 0 || self.bench.is_circling() {
                let rest = Property::at_rest();
                let what = "the history goes on and on".to_owned();
                return Err(Violation {
                    text: None,
                    ..self.violation(&rest, what)
                });
            }
            self.left -= 1;
            self.bench.step();
        }
        self.bench.engine_mut().advance_to(until);
        Ok(())
    }

    fn look(&mut self) -> Result<(), Violation> {
        self.bench.engine_mut().assess();
        let seen = std::mem::take(self.bench.observer_mut());
        if seen.is_empty() && self.looked {
            return Ok(());
        }
        self.looked = true;
        let sight = Sight {
            now: self.bench.now(),
            world: self.bench.engine().world(),
            seen: &seen,
        };
        let mut found = None;
        for (property, judge) in &mut self.judges {
            if let Err(what) = judge(&sight) {
                found = Some((property.clone(), what));
                break;
            }
        }
        match found {
            None => Ok(()),
            Some((property, what)) => Err(self.violation(&property, what)),
        }
    }

    fn violation(&mut self, property: &Property, what: String) -> Violation {
        self.note_arrivals();
        Violation {
            property: property.name().to_owned(),
            what,
            at: self.bench.now(),
            text: property.text().map(str::to_owned),
        }
    }

    /// Takes the calls of operators that have arrived since into the timeline.
    pub(super) fn note_arrivals(&mut self) {
        let arrivals = &self.bench.arrivals()[self.arrivals..];
        self.arrivals += arrivals.len();
        self.told.extend(arrivals.iter().map(|arrival| Told {
            at: arrival.at,
            text: asked(&arrival.command, arrival.answer.as_ref().err()),
        }));
    }
}
