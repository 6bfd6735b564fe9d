//! Operators: whoever decides what is asked of the service, a runbook, a controller or a script.
//!
//! An operator has no clock of its own. It acts when something has happened, at an instant that it asked to be woken at,
//! and when its calls are answered; it sees effects and the world, and asks. Whoever drives it hands its calls to an
//! [`Engine`](super::Engine) and brings the answers back, at once or late or not at all: an operator that must not wait
//! for ever asks to be woken.

use crate::machine::query::Question;
use crate::machine::{Answer, Command, Effect, Refusal};
use crate::sdrs::view::View;
use crate::time::SimTime;
use crate::world::World;
use serde::{Deserialize, Serialize};

/// DR logic: decides what to ask of the service.
pub trait Operator {
    /// Acts at an instant, after everything of that instant has happened. `seen` are the effects that have come through
    /// since it acted last, in order. What it asks sets out when it returns, in order.
    ///
    /// In a [`Bench`](super::Bench) an operator stands at its [`Reach`](super::Reach) from the service. That holds for:
    ///
    /// - `seen`: late by [`Reach::news`](super::Reach::news). It may tell of what has changed again since or is gone;
    /// - what it asks by [`Calls::ask`], and the answers that it takes by [`Calls::answer`]: late, lost or answered with HTTP
    ///   500, as the reach says;
    /// - what it asks to be shown by [`Calls::look`], and [`Calls::view`]: a view is of the instant at which the question
    ///   arrived, and as old as its way back.
    ///
    /// Not delayed, and not to be decided by:
    ///
    /// - `world`, which is the truth at this instant, whatever has come through of it. It is handed over to turn labels into
    ///   keys and back. An operator that reads a status or a power from it knows more than a real one can, and a test of it
    ///   proves less;
    /// - `now` and being woken ([`Calls::wake_at`]): an operator's own clock is right.
    ///
    /// Runbooks of scenario files are no further away than an expectation: they see everything at once.
    fn act(&mut self, now: SimTime, seen: &[Effect], world: &World, calls: &mut Calls);
}

/// Nobody: asks nothing.
impl Operator for () {
    fn act(&mut self, _: SimTime, _: &[Effect], _: &World, _: &mut Calls) {}
}

/// Whoever stands behind a pointer.
impl<P: Operator + ?Sized> Operator for Box<P> {
    fn act(&mut self, now: SimTime, seen: &[Effect], world: &World, calls: &mut Calls) {
        (**self).act(now, seen, world, calls);
    }
}

/// The number of a call of one operator, by which its answer is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ticket(u64);

impl Ticket {
    /// The number: the first call or question of an operator has 1.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// What an operator tells the readers of a run: one line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Who speaks.
    pub label: String,
    /// What it says.
    pub what: String,
}

/// Between an operator and the service: what it asks, what was answered, when it acts next.
///
/// Its serde form is that of an operator at rest, all of whose calls are answered and taken: what is on its way is not in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Calls {
    given: u64,
    #[serde(skip)]
    asked: Vec<(Ticket, Command)>,
    #[serde(skip)]
    looked: Vec<(Ticket, Question)>,
    #[serde(skip)]
    answered: Vec<(Ticket, Result<Answer, Refusal>)>,
    #[serde(skip)]
    shown: Vec<(Ticket, Result<View, Refusal>)>,
    wake: Option<SimTime>,
    #[serde(skip)]
    notes: Vec<Note>,
}

impl Calls {
    /// Asks something of the service; the answer is found by the ticket when the operator acts again.
    pub fn ask(&mut self, command: impl Into<Command>) -> Ticket {
        self.given += 1;
        let ticket = Ticket(self.given);
        self.asked.push((ticket, command.into()));
        ticket
    }

    /// Asks to be shown something, as the API shows it; the view is found by the ticket when the operator acts again. Unlike
    /// the world that an operator is handed, it is as old as its way back.
    pub fn look(&mut self, question: impl Into<Question>) -> Ticket {
        self.given += 1;
        let ticket = Ticket(self.given);
        self.looked.push((ticket, question.into()));
        ticket
    }

    /// Takes a view that was asked for, once it has come.
    pub fn view(&mut self, ticket: Ticket) -> Option<Result<View, Refusal>> {
        let place = self.shown.iter().position(|(of, _)| *of == ticket)?;
        Some(self.shown.swap_remove(place).1)
    }

    /// Takes the answer to a call, once it has come.
    pub fn answer(&mut self, ticket: Ticket) -> Option<Result<Answer, Refusal>> {
        let place = self.answered.iter().position(|(of, _)| *of == ticket)?;
        Some(self.answered.swap_remove(place).1)
    }

    /// Asks to act at an instant, or at the earliest of several. It holds until the operator acts next; an instant that has
    /// passed means at once.
    pub fn wake_at(&mut self, at: SimTime) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    /// Tells something to the readers of the run.
    pub fn note(&mut self, label: impl Into<String>, what: impl Into<String>) {
        let (label, what) = (label.into(), what.into());
        self.notes.push(Note { label, what });
    }

    /// For who drives the operator: when it wants to act next.
    #[must_use]
    pub const fn wakes(&self) -> Option<SimTime> {
        self.wake
    }

    /// For who drives the operator, right before it acts: the earlier wish to be woken is used up.
    pub const fn woken(&mut self) {
        self.wake = None;
    }

    /// For who drives the operator: what was asked since, in order.
    pub fn take_asked(&mut self) -> Vec<(Ticket, Command)> {
        std::mem::take(&mut self.asked)
    }

    /// For who drives the operator: what it wants to be shown since, in order.
    pub fn take_looked(&mut self) -> Vec<(Ticket, Question)> {
        std::mem::take(&mut self.looked)
    }

    /// For who drives the operator: what was told since, in order.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// For who drives the operator: brings an answer.
    pub fn bring(&mut self, ticket: Ticket, answer: Result<Answer, Refusal>) {
        self.answered.push((ticket, answer));
    }

    /// For who drives the operator: brings a view.
    pub fn show(&mut self, ticket: Ticket, view: Result<View, Refusal>) {
        self.shown.push((ticket, view));
    }

    /// For who drives the operator: whether answers or views wait to be looked at.
    #[must_use]
    pub const fn has_answers(&self) -> bool {
        !self.answered.is_empty() || !self.shown.is_empty()
    }

    /// For who drives the operator, after it has acted: answers and views that it did not take are dropped.
    pub fn drop_answers(&mut self) {
        self.answered.clear();
        self.shown.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::command::Call;
    use crate::time::Span;

    #[test]
    fn an_answer_is_found_by_its_ticket_once() {
        let mut calls = Calls::default();
        let ask = || Call::StopProtection { group: "g".into() };
        let (first, second) = (calls.ask(ask()), calls.ask(ask()));
        assert_eq!(calls.take_asked().len(), 2);
        calls.bring(second, Ok(Answer::Done));
        assert!(calls.has_answers());
        assert_eq!(calls.answer(first), None);
        assert_eq!(calls.answer(second), Some(Ok(Answer::Done)));
        assert_eq!(calls.answer(second), None);
        calls.bring(first, Ok(Answer::Done));
        calls.drop_answers();
        assert_eq!(calls.answer(first), None);
    }

    #[test]
    fn the_earliest_wish_to_be_woken_counts() {
        let at = |seconds| SimTime::after_start(Span::secs(seconds));
        let mut calls = Calls::default();
        calls.wake_at(at(9));
        calls.wake_at(at(4));
        calls.wake_at(at(7));
        assert_eq!(calls.wakes(), Some(at(4)));
        calls.woken();
        assert_eq!(calls.wakes(), None);
    }
}
