//! Letting time pass, up to an instant or until something has ended, within the run's limits.

use super::{Progress, Runner, TICK};
use crate::engine::Observer;
use crate::scenario::report::VerdictKind;
use crate::time::SimTime;
use crate::world::{JobKey, ServerKey, Who, World};
use serde::{Deserialize, Serialize};

/// Something that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Pending {
    Job(JobKey, u64),
    Act(ServerKey),
}

impl Pending {
    /// Whether it has ended, or what it is about is gone.
    pub(super) fn has_ended(self, world: &World) -> bool {
        match self {
            Pending::Job(job, _) => world.jobs.get(job).is_none_or(|job| job.ended.is_some()),
            Pending::Act(server) => world
                .servers
                .get(server)
                .is_none_or(|server| server.act.is_none()),
        }
    }

    /// What is waited for, in words.
    pub(super) fn text(self, world: &World) -> String {
        match self {
            Pending::Job(_, number) => format!("job {number} ends"),
            Pending::Act(server) => {
                format!("the act on `{}` ends", world.label(Who::Server(server)))
            }
        }
    }
}

/// Why the clock stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Done,
    Quiet,
    Limit,
    /// The run rests here.
    Rest,
}

impl<W: Observer> Runner<'_, W> {
    /// Whether an instant comes after the one at which the run is to rest.
    fn is_beyond(&self, at: SimTime) -> bool {
        !self.over
            && self
                .rest_at
                .and_then(|limit| limit.until)
                .is_some_and(|until| at > until)
    }

    /// Whether the run has taken in as many events as it may before it rests.
    fn is_tired(&self) -> bool {
        !self.over
            && self
                .rest_at
                .and_then(|limit| limit.events)
                .is_some_and(|events| self.engine.events() >= events)
    }

    fn rest(&mut self) -> Stop {
        self.resting = true;
        Stop::Rest
    }

    /// Lets time pass until something is so, everything up to an instant has happened, or nothing is to come.
    pub(super) fn go(
        &mut self,
        until: Option<SimTime>,
        progress: &mut impl Progress,
        mut done: impl FnMut(&World) -> bool,
    ) -> Stop {
        loop {
            if self.engine.next_at() != Some(self.now()) {
                self.let_operators_act();
            }
            if done(self.engine.world()) {
                return Stop::Done;
            }
            if self.violated() {
                self.over = true;
                return Stop::Limit;
            }
            match self.next_at() {
                Some(at) if until.is_some_and(|until| at > until && !self.is_beyond(until)) => {
                    return Stop::Done;
                }
                Some(at) if self.is_beyond(at) => return self.rest(),
                Some(at) if at > self.last => return self.limit("the time", self.last),
                Some(_) if self.engine.events() >= self.scenario.limit.events => {
                    return self.limit("the number of events", self.now());
                }
                Some(_) if self.is_tired() => return self.rest(),
                Some(_) => {}
                None => return Stop::Quiet,
            }
            if self.engine.next_at() == self.next_at() {
                self.engine.step();
            } else if let Some(at) = self.next_at() {
                self.engine.advance_to(at);
            }
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
    pub(super) fn limit(&mut self, what: &str, at: SimTime) -> Stop {
        if !self.over {
            self.over = true;
            self.engine.advance_to(at);
            let to_come = match self.engine.pending() {
                1 => "1 event".to_owned(),
                n => format!("{n} events"),
            };
            let explain = format!("{what} of the run is used up, with {to_come} to come");
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
    pub(super) fn reach(&mut self, at: SimTime, progress: &mut impl Progress) {
        let late = at > self.last;
        let at = at.min(self.last);
        match self.go(Some(at), progress, |_| false) {
            Stop::Rest => {}
            _ if self.is_beyond(at) => self.resting = true,
            Stop::Limit if !late => {}
            _ => {
                self.engine.advance_to(at);
                if late {
                    self.limit("the time", at);
                }
            }
        }
    }

    /// Waits for what all steps have started, for runbooks that are under way, and for everything of that instant.
    pub(super) fn wait_for_all(&mut self, progress: &mut impl Progress) {
        let mut open: Vec<Pending> = self.pending.iter().map(|(_, pending)| *pending).collect();
        self.go(None, progress, |world| {
            open.retain(|pending| !pending.has_ended(world));
            open.is_empty()
        });
        while !self.over && !self.resting && self.runbooks.unfinished().next().is_some() {
            let Some(at) = self.next_at() else { break };
            self.reach(at, progress);
        }
        if !self.over && !self.resting {
            self.reach(self.now(), progress);
        }
    }

    /// Waits for what a step has started.
    pub(super) fn wait_for(&mut self, step: usize, progress: &mut impl Progress) {
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
        if matches!(stop, Stop::Done | Stop::Rest) {
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
}
