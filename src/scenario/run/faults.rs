//! Faults of the timeline: struck and mended. Faults of one instant are taken in together, so nothing else is done here.

use super::Runner;
use crate::engine::Observer;
use crate::machine::{Blow, Event};
use crate::scenario::load::{Begin, Deed, Drawer, Fault, Step};
use crate::scenario::report::VerdictKind;
use crate::time::Span;

impl<W: Observer> Runner<'_, W> {
    /// Whether a step's fault is of the instant of the one before it, so that both are taken in together.
    pub(super) fn is_common(&self, before: Option<&Step>, step: &Step) -> bool {
        let fault = |step: &Step| matches!(step.deed, Deed::Strike(..) | Deed::Heal(_));
        let at_once = match step.begin {
            Begin::At(at) => at == self.now(),
            Begin::Next => true,
            Begin::After(_) => false,
        };
        let plain = |before: &Step| fault(before) && before.expect.is_empty();
        at_once && fault(step) && before.is_some_and(plain)
    }

    /// Strikes the targets of a fault, and mends them after a span if one is given.
    pub(super) fn strike(&mut self, step: &Step, fault: &Fault, lasts: Option<Span>) {
        let ends = lasts.map(|span| self.now().saturating_add(span));
        let blows = self.blows(step, fault);
        for &blow in &blows {
            self.engine.inject(Event::Struck(blow));
            if let Some(at) = ends {
                self.engine.schedule(at, Event::Mended(blow));
            }
        }
        if fault.is_relative() && ends.is_none() {
            self.open.push((self.done, blows));
        }
    }

    /// Mends the targets of a fault: where sides of groups are named, those that the first open fault of this form struck.
    pub(super) fn heal(&mut self, step: &Step, fault: &Fault) {
        let blows = match fault.is_relative() {
            false => self.blows(step, fault),
            true => {
                let steps = &self.scenario.steps;
                let struck = |step: usize| match &steps[step].deed {
                    Deed::Strike(open, _) => open == fault,
                    _ => false,
                };
                let place = self.open.iter().position(|(step, _)| struck(*step));
                match place.map(|place| self.open.remove(place)) {
                    Some((_, blows)) => blows,
                    None => {
                        let title = "the fault that is mended has begun";
                        let explain = "no fault of this form waits for its `heal`".to_owned();
                        self.judge(VerdictKind::Accepted, step.line, title, false, explain);
                        Vec::new()
                    }
                }
            }
        };
        for blow in blows {
            self.engine.inject(Event::Mended(blow));
        }
    }

    /// What a fault strikes; a target that is gone is a verdict.
    fn blows(&mut self, step: &Step, fault: &Fault) -> Vec<Blow> {
        let (mut blows, mut gone) = (Vec::new(), Vec::new());
        for blow in fault.blows(self.engine.world(), Drawer::step(self.seed)) {
            match blow {
                Ok(blow) => blows.push(blow),
                Err(label) => gone.push(format!("there is no `{label}` any more")),
            }
        }
        if !gone.is_empty() {
            let title = "the fault has its targets";
            let gone = gone.join(", ");
            self.judge(VerdictKind::Accepted, step.line, title, false, gone);
        }
        blows
    }
}
