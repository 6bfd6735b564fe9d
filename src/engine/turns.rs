//! How the engine goes from event to event: one by one, or, where nobody looks on, by the short way.
//!
//! Nearly every event of a large run is the end of a sub-job, and most others open or close the job of one. Effects that nobody
//! will look at need not be made: what a sub-job's end does goes from the machine straight into the digest, and what an opening
//! begins straight into the queue (where some wait to be taken in together). Nothing is decided here: the machine's short way is the same one that [`Engine::step`] takes,
//! and what it will not take goes through effects. `tests/turns.rs` and `tests/short_way.rs` hold runs to steps.

use super::Engine;
use super::agenda::{Agenda, Ending, Next, Subject, TakesEnds};
use super::announced::Announced;
use super::digest::{Begun, Running, Statuses};
use super::observer::Observer;
use super::oracle::Oracle;
use super::scheduler::Taken;
use crate::cache::fetch;
use crate::machine::{
    Doing, Effect, Event, HearsBegins, HearsEnds, Left, Outcome, close, end_shortly, open_shortly,
};
use crate::sdrs::op::Op;
use crate::sdrs::status::Status;
use crate::time::{SimTime, Span};
use crate::world::job::{JobStatus, Part};
use crate::world::protection::Pair;
use crate::world::replica::Recovery;
use crate::world::{JobKey, PairKey, Who, World};

/// So many pairs fit into a cache.
const FEW_PAIRS: usize = 20_000;

/// Whether an effect is the end of a job.
pub(super) fn ends_job(effect: &Effect) -> bool {
    let Effect::Job { status, .. } = effect else {
        return false;
    };
    matches!(status, JobStatus::Success | JobStatus::Fail)
}

/// Takes what the ends of sub-jobs do at an instant straight into a digest.
struct Ends<'a> {
    digest: &'a mut Running,
    at: SimTime,
}

impl HearsEnds for Ends<'_> {
    #[inline(always)]
    fn moved(&mut self, _: PairKey, pair: &Pair, from: Status, job: u64) {
        debug_assert!(job != 0, "jobs are numbered from 1");
        let what = Statuses::new(pair.life.epoch, (from, pair.life.status), true);
        self.digest.moved(self.at, pair.stable, what);
    }

    #[inline(always)]
    fn in_step(&mut self, _: PairKey, pair: &Pair) {
        self.digest.in_step(self.at, pair.stable);
    }

    #[inline(always)]
    fn taken(&mut self, _: PairKey, _: Recovery) {}
}

/// Takes ends of sub-jobs one after another.
struct Turns<'a> {
    world: &'a mut World,
    is_large: bool,
    digest: &'a mut Running,
    now: SimTime,
    /// The job that closes.
    closes: Option<JobKey>,
}

impl TakesEnds for Turns<'_> {
    #[inline(always)]
    fn listens(&self) -> bool {
        self.is_large
    }

    #[inline(always)]
    fn hear(&mut self, subject: Subject) {
        match subject {
            Subject::Pair(pair) => self.world.pairs.fetch(pair),
            Subject::Job(job) => fetch_job(self.world, job),
        }
    }

    #[inline(always)]
    fn hear_again(&mut self, subject: Subject) {
        match subject {
            Subject::Pair(pair) => fetch_work(self.world, pair),
            Subject::Job(job) => fetch_group(self.world, job),
        }
    }

    #[inline(always)]
    fn take(&mut self, at: SimTime, pair: (PairKey, u32), what: (Op, u32)) -> Taken {
        let digest = &mut *self.digest;
        let mut ends = Ends { digest, at };
        let Some(left) = end_shortly(self.world, at, pair, what, &mut ends) else {
            return Taken::No;
        };
        self.now = at;
        match left {
            Left::Others => Taken::Yes,
            Left::Close(job) => {
                self.closes = Some(job);
                Taken::Last
            }
        }
    }
}

/// Has what the work on a pair leads to fetched.
#[inline(always)]
fn fetch_work(world: &World, pair: PairKey) {
    let Some(pair) = world.pairs.get(pair) else {
        return;
    };
    if let Some(group) = world.groups.get(pair.group) {
        fetch(&group.plain_at);
    }
    if let Some(work) = pair.life.work()
        && let Some(job) = world.jobs.get(work.job)
    {
        job.subs.fetch(pair.sub);
    }
}

/// Has a job fetched.
#[inline(never)]
fn fetch_job(world: &World, job: JobKey) {
    if let Some(job) = world.jobs.get(job) {
        job.fetch();
    }
}

/// Has the group fetched in which a job works.
#[inline(never)]
fn fetch_group(world: &World, job: JobKey) {
    if let Some(job) = world.jobs.get(job)
        && let Some(group) = job.group
        && let Some(group) = world.groups.get(group)
    {
        group.fetch();
    }
}

/// Takes the sub-jobs that an operation begins at an instant straight into a digest and the queue.
struct Begins<'a> {
    digest: &'a mut Running,
    queue: &'a mut Agenda,
    begun: Announced<'a>,
}

impl HearsBegins for Begins<'_> {
    #[inline(always)]
    fn make_room(&mut self, _: usize) {}

    #[inline(always)]
    fn begun(&mut self, key: PairKey, pair: &Pair, _: Doing, delay: Span) {
        let who = (key, pair.stable, pair.life.epoch);
        self.begun.add(who, delay, self.digest, self.queue);
    }
}

impl<O: Oracle, W: Observer> Engine<O, W> {
    /// Goes to the next event, if it is not later than an instant.
    #[inline]
    pub(super) fn next_until(&mut self, last: SimTime) -> Option<Next> {
        let (at, next) = self.ahead.queue.pop_until(last)?;
        self.move_to(at);
        Some(next)
    }

    /// Takes in some events, none of them later than an instant, and not more than so many. Answers how many; none is due if
    /// it is zero. [`Engine::effects`] are those of the last event if that is the last one that is due or may be taken in, or
    /// if a job ended.
    #[inline]
    pub(super) fn turns(&mut self, last: SimTime, most: u64) -> u64 {
        let unseen = most > 1 && !self.observer.is_looking() && !self.is_defective();
        if unseen {
            let short = self.short_turns(last, most - 1);
            if short > 0 {
                return short;
            }
        }
        let Some(next) = self.next_until(last) else {
            return 0;
        };
        // The sub-jobs that an opening begins end by the end of time: where that is waited for, no opening is the last.
        let may_be_last = || last < SimTime::MAX && self.next_at().is_none_or(|at| at > last);
        if !unseen || may_be_last() || !self.opens_shortly(next) {
            self.take_in(next.event());
        }
        1
    }

    /// Takes in ends of sub-jobs, for as long as one follows another and nobody looks on: no effects are made of them, and what they
    /// do goes straight into the digest. Answers how many. It leaves at least one event that is due by `last`.
    #[inline]
    fn short_turns(&mut self, last: SimTime, most: u64) -> u64 {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut turns = Turns {
            is_large: self.world.pairs.len() > FEW_PAIRS,
            world: &mut self.world,
            digest: &mut self.ahead.digest,
            now: self.now,
            closes: None,
        };
        let taken = self.ahead.queue.drain_ends(last, most, &mut turns);
        let (now, closes) = (turns.now, turns.closes);
        (self.now, self.events) = (now, self.events + taken as u64);
        if taken > 0 {
            self.effects.clear();
        }
        if let Some(job) = closes {
            close(&mut self.world, job, &mut self.effects);
            self.absorb();
        }
        taken as u64
    }

    /// Takes in an event in the same way if it is the end of a group operation's opening whose sub-jobs all take what one law says;
    /// answers whether it did.
    fn opens_shortly(&mut self, next: Next) -> bool {
        let Next::Other(Event::Settled {
            who: Who::Job(job),
            doing: Doing::Job(op, Part::Open),
            outcome: Outcome::Done,
            turn,
            ..
        }) = next
        else {
            return false;
        };
        let (at, doing) = (self.now, Doing::Job(op, Part::Work));
        let Some(lots) = self.oracle.lots(doing) else {
            return false;
        };
        let Some(ending) = Ending::of(doing, Outcome::Done, turn) else {
            return false;
        };
        let mut begins = Begins {
            digest: &mut self.ahead.digest,
            queue: &mut self.ahead.queue,
            begun: Announced::new(
                at,
                Begun::at(at, doing),
                lots,
                (ending, &mut self.ahead.desk),
            ),
        };
        if !open_shortly(&mut self.world, at, job, (op, turn), &mut begins) {
            return false;
        }
        begins.begun.push(begins.digest, begins.queue);
        self.effects.clear();
        self.events += 1;
        true
    }

    /// Whether a defect was planted, which wants to see every event.
    #[inline(always)]
    const fn is_defective(&self) -> bool {
        #[cfg(feature = "defects")]
        return self.defect.is_some();
        #[cfg(not(feature = "defects"))]
        false
    }
}
