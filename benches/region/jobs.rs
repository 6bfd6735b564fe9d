//! Replication jobs on the full engine: every group of a region for ever issues its next group operation, with one sub-job
//! of exponential length for every pair. Nobody looks on.
//!
//! All groups are started and come into step first. From then on each is failed over, reprotected, stopped and started from
//! the other side, again and again. An operation is as many events as a group has pairs, and two.

use super::region::region;
use sdrsim::engine::distribution::{Distribution, DurationLaw};
use sdrsim::engine::{Chance, Engine, Limit, Pace, RunEnd, Seed};
use sdrsim::machine::command::{Call, Command, Ref};
use sdrsim::machine::effect::Effect;
use sdrsim::sdrs::op::Op;
use sdrsim::time::Span;
use sdrsim::world::job::JobStatus;
use sdrsim::world::{GroupKey, JobKey, Who};
use std::collections::BTreeMap;

/// From an operation's beginning until its sub-jobs begin, and from their end until its own.
const OPEN: Span = Span::secs(1);
const CLOSE: Span = Span::secs(3);
/// The mean of a sub-job.
const MEAN: Span = Span::secs(60);

/// An operation, and the one that a group issues after it.
const RING: [(Op, Op); 4] = [
    (Op::StartProtection, Op::Failover),
    (Op::Failover, Op::Reprotect),
    (Op::Reprotect, Op::StopProtection),
    (Op::StopProtection, Op::StartProtection),
];

/// An engine, and who calls it.
pub struct Jobs {
    pub engine: Engine,
    /// Operations that have ended, without the first start.
    pub operations: u64,
    /// Events of the first start.
    before: u64,
    /// Operations that each group still issues, if it ever rests.
    left: BTreeMap<GroupKey, u32>,
}

fn pace() -> Pace {
    let mut pace = Pace::default();
    for (op, _) in RING {
        let job = pace.job_mut(op).expect("the operation starts a job");
        job.open = DurationLaw::fixed(OPEN);
        job.stagger = Span::ZERO;
        job.work = DurationLaw::of(Distribution::Exponential { mean: MEAN });
        job.close = DurationLaw::fixed(CLOSE);
    }
    pace
}

fn call(op: Op, group: GroupKey) -> Command {
    let group = Ref::from(Who::Group(group));
    match op {
        Op::StartProtection => Call::StartProtection { group },
        Op::Failover => Call::Failover { group },
        Op::Reprotect => Call::Reprotect { group },
        _ => Call::StopProtection { group },
    }
    .into()
}

impl Jobs {
    /// A region of so many groups of so many pairs, in step. Each group issues its first operation so many microseconds
    /// later as `begins` says, and rests after so many operations (`u32::MAX`: never).
    pub fn new(groups: u32, pairs: u32, operations: u32, begins: impl Fn(u32) -> u64) -> Jobs {
        let world = region(groups, pairs, None);
        let keys: Vec<GroupKey> = world.groups.keys().collect();
        let mut jobs = Jobs {
            engine: Engine::new(world, Chance::new(Seed(1)).at_pace(pace())),
            operations: 0,
            before: 0,
            left: BTreeMap::new(),
        };
        for &group in &keys {
            jobs.issue(Op::StartProtection, group);
        }
        let end = jobs.engine.run_until_quiet(Limit::events(u64::MAX));
        assert_eq!(end, RunEnd::Quiet, "nothing bounds it");
        jobs.before = jobs.engine.events();
        if operations < u32::MAX {
            jobs.left = keys.iter().map(|&key| (key, operations)).collect();
        }
        jobs.begin((0..groups).map(begins).zip(keys).collect());
        jobs
    }

    /// Each group issues its first operation so many microseconds from now.
    fn begin(&mut self, mut starts: Vec<(u64, GroupKey)>) {
        starts.sort_unstable();
        let now = self.engine.now();
        for (after, group) in starts {
            let at = now.saturating_add(Span::micros(after));
            while self.engine.next_at().is_some_and(|next| next <= at) {
                self.step();
            }
            let end = self.engine.run_until(at, Limit::events(0));
            assert_eq!(end, RunEnd::Reached, "nothing is left until then");
            self.issue(Op::Failover, group);
        }
    }

    /// The same, each group beginning at an instant of its own within five minutes, about as long as an operation takes.
    #[allow(dead_code)] // Not every benchmark has everything to choose.
    pub fn spread(groups: u32, pairs: u32) -> Jobs {
        let begins = |group: u32| sdrsim::hash::mix(group.into()) % 300_000_000;
        Jobs::new(groups, pairs, u32::MAX, begins)
    }

    fn issue(&mut self, op: Op, group: GroupKey) {
        if let Some(left) = self.left.get_mut(&group) {
            match left.checked_sub(1) {
                None => return,
                Some(less) => *left = less,
            }
        }
        self.engine
            .submit(&call(op, group))
            .expect("the operations go in a ring");
    }

    /// The next event, and the next operation if it ends one.
    fn step(&mut self) {
        if self.engine.step().is_some() {
            self.go_on();
        }
    }

    /// The next operation, if the last event ended one.
    fn go_on(&mut self) {
        let mut ended: Option<JobKey> = None;
        for effect in self.engine.effects() {
            if let &Effect::Job { job, status, .. } = effect {
                assert_ne!(status, JobStatus::Fail, "nothing fails");
                if status == JobStatus::Success {
                    ended = Some(job);
                }
            }
        }
        if let Some(job) = ended {
            self.operations += 1;
            let job = &self.engine.world().jobs[job];
            let (group, op) = (job.group.expect("it is of a group"), job.op);
            let next = RING.iter().find(|(this, _)| *this == op);
            self.issue(next.expect("it is one of the ring").1, group);
        }
    }

    /// Events that have been, without those of the first start.
    pub fn events(&self) -> u64 {
        self.engine.events() - self.before
    }

    /// Goes on until so many events have been, without those of the first start, or nothing is to come.
    pub fn run_to(&mut self, events: u64) {
        let events = self.before + events;
        while let Some(left) = events.checked_sub(self.engine.events())
            && left > 0
            && self.engine.run_until_job_ends(Limit::events(left)) == RunEnd::Reached
        {
            self.go_on();
        }
    }
}
