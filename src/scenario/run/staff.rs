//! Operators in a run: when they act, and how their calls come to the service.
//!
//! They act at an instant after everything that is due then has happened, and before the steps of the timeline that begin
//! then. Their calls are answered at once, and they may act on the answers.

use super::Runner;
use crate::engine::{Observer, Operator};
use crate::machine::command::Ask;
use crate::machine::{Answer, Command, Effect, Refusal};
use crate::scenario::report::VerdictKind;
use crate::time::SimTime;
use crate::world::World;
use serde::{Deserialize, Serialize};

/// How often operators may act on answers at one instant before the run is taken for one that goes in circles.
const ROUNDS: u32 = 10_000;

/// What operators have not seen yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Inbox {
    /// Whether there are any operators.
    on: bool,
    /// Whether anything has happened, or the run begins.
    stirred: bool,
    seen: Vec<Effect>,
}

impl Inbox {
    pub(super) fn new(on: bool) -> Inbox {
        Inbox {
            on,
            stirred: on,
            seen: Vec::new(),
        }
    }
}

impl Observer for Inbox {
    fn see(&mut self, _: SimTime, _: &World, effect: &Effect) {
        if self.on {
            self.stirred = true;
            // Of single effects, operators look at faults alone; all else they read from the world.
            if matches!(effect, Effect::Struck { .. }) {
                self.seen.push(*effect);
            }
        }
    }
}

impl<W: Observer> Runner<'_, W> {
    /// The instant at which something happens next, of itself or because an operator acts.
    pub(super) fn next_at(&self) -> Option<SimTime> {
        let wake = self.calls.wakes().map(|wake| wake.max(self.now()));
        self.engine.next_at().into_iter().chain(wake).min()
    }

    /// Lets operators act at this instant, if something has happened or they asked for it, until they wait.
    pub(super) fn let_operators_act(&mut self) {
        for _ in 0..ROUNDS {
            let due = self.calls.wakes().is_some_and(|wake| wake <= self.now());
            let stirred = std::mem::take(&mut self.engine.observer_mut().0.1.1.0.stirred);
            if !stirred && !due && !self.calls.has_answers() {
                return;
            }
            self.engine.assess();
            let seen = std::mem::take(&mut self.engine.observer_mut().0.1.1.0.seen);
            self.calls.woken();
            let now = self.now();
            self.runbooks
                .act(now, &seen, self.engine.world(), &mut self.calls);
            self.calls.drop_answers();
            for note in self.calls.take_notes() {
                let narrator = &mut self.engine.observer_mut().0.0;
                narrator.noted(now, note.label, note.what);
            }
            for (ticket, command) in self.calls.take_asked() {
                let answer = self.ask_for_operator(&command);
                self.calls.bring(ticket, answer);
            }
            for (ticket, question) in self.calls.take_looked() {
                let view = self.engine.query(&question);
                self.calls.show(ticket, view);
            }
        }
        let explain = format!("they acted {ROUNDS} times at one instant");
        let text = "the runbooks come to rest";
        self.judge(VerdictKind::Limit, 0, text, false, explain);
        self.over = true;
    }

    fn ask_for_operator(&mut self, command: &Command) -> Result<Answer, Refusal> {
        self.counts.asked += 1;
        let answer = self.engine.submit(command);
        if let Err(refusal) = &answer {
            let form = match &command.ask {
                Ask::Call(call) => serde_json::to_value(call),
                Ask::Native(act) => serde_json::to_value(act),
            };
            self.refused(&form.unwrap_or_default(), refusal);
        }
        answer
    }

    /// Runbooks that were set off and never end.
    pub(super) fn unfinished(&mut self) {
        let stuck: Vec<_> = self.runbooks.unfinished().collect();
        for (name, line, what) in stuck {
            let text = format!("runbook `{name}` ends");
            self.judge(VerdictKind::Ends, line, &text, false, what);
        }
    }
}
