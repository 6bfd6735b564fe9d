//! Letting time pass, up to an instant or until something has ended, within the run's limits.

use super::{Progress, Runner, TICK};
use crate::engine::Observer;
use crate::scenario::report::VerdictKind;
use crate::time::SimTime;
use crate::world::{JobKey, ServerKey, Who, World};

/// Something that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}

impl<W: Observer> Runner<'_, W> {
    /// The instant.
    pub(super) fn now(&self) -> SimTime {
        self.engine.now()
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
                Some(at) if until.is_some_and(|until| at > until) => return Stop::Done,
                Some(at) if at > self.last => return self.limit("the time", self.last),
                Some(_) if self.engine.events() >= self.scenario.limit.events => {
                    return self.limit("the number of events", self.now());
                }
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
    pub(super) fn reach(&mut self, at: SimTime, progress: &mut impl Progress) {
        if at > self.last {
            self.go(Some(self.last), progress, |_| false);
            self.engine.advance_to(self.last);
            self.limit("the time", self.last);
        } else if self.go(Some(at), progress, |_| false) != Stop::Limit {
            self.engine.advance_to(at);
        }
    }

    /// Waits for what all steps have started, for runbooks that are under way, and for everything of that instant.
    pub(super) fn wait_for_all(&mut self, progress: &mut impl Progress) {
        let mut open: Vec<Pending> = self.pending.iter().map(|(_, pending)| *pending).collect();
        self.go(None, progress, |world| {
            open.retain(|pending| !pending.has_ended(world));
            open.is_empty()
        });
        while !self.over && self.runbooks.unfinished().next().is_some() {
            let Some(at) = self.next_at() else { break };
            self.reach(at, progress);
        }
        if !self.over {
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
}
