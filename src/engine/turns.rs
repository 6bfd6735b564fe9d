//! How the engine goes from event to event: one by one, or, where nobody looks on, by the short way.
//!
//! Nearly every event of a large run is the end of a sub-job, and most others open or close the job of one. Effects that nobody
//! will look at need not be made: what a sub-job's end does goes from the machine straight into the digest, and what an opening
//! begins straight into the queue (where some wait to be taken in together). Nothing is decided here: the machine's short way is the same one that [`Engine::step`] takes,
//! and what it will not take goes through effects. `tests/turns.rs` and `tests/short_way.rs` hold runs to steps.

use super::Engine;
use super::agenda::{AHEAD, Agenda, Ending, Next};
use super::announced::Announced;
use super::digest::{Begun, Running, Statuses};
use super::observer::Observer;
use super::oracle::Oracle;
use super::scheduler::Taken;
use crate::machine::{
    Doing, Effect, Event, HearsBegins, HearsEnds, Left, Outcome, close, end_shortly, open_shortly,
};
use crate::sdrs::status::Status;
use crate::time::{SimTime, Span};
use crate::world::job::{JobStatus, Part};
use crate::world::protection::Pair;
use crate::world::replica::Recovery;
use crate::world::{GroupKey, JobKey, PairKey, Who, World};

/// So many pairs fit into a cache.
const FEW_PAIRS: usize = 20_000;

/// What a pair leads to.
#[derive(Clone, Copy, Default)]
struct Sought {
    job: JobKey,
    sub: u32,
    group: GroupKey,
}

/// Looks at what the next events are about. It changes nothing: where a world is larger than the caches, a processor fetches
/// the records of many events at once in hardly more time than that of one. So it looks at records of one kind after
/// another, none of which waits for another of its kind.
fn warm(world: &World, pairs: impl Iterator<Item = PairKey>) {
    let mut works = [Sought::default(); AHEAD];
    let (mut known, mut seen) = (0, 0);
    for pair in pairs {
        if let Some(pair) = world.pairs.get(pair)
            && let Some(work) = pair.life.work()
        {
            works[known] = Sought {
                job: work.job,
                sub: pair.sub,
                group: pair.group,
            };
            known += 1;
            seen ^= pair.updated.as_micros();
        }
    }
    let works = &works[..known];
    for work in works {
        let group = world.groups.get(work.group);
        seen ^= group.map_or(0, |group| group.plain_at);
    }
    let ends = works.iter().filter_map(|work| {
        let subs = &world.jobs.get(work.job)?.subs;
        subs.ended_at(work.sub)
    });
    std::hint::black_box(ends.fold(seen, |seen, end| seen ^ end.as_micros()));
}

/// Looks ahead if the world is large, unless that was done for the events that come next. Answers for how many events it holds,
/// if the world is large.
#[inline]
fn look_ahead(world: &World, queue: &mut Agenda) -> Option<usize> {
    if world.pairs.len() <= FEW_PAIRS {
        return None;
    }
    if let Some(pairs) = queue.look_ahead() {
        warm(world, pairs);
    }
    Some(queue.seen())
}

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
        look_ahead(&self.world, &mut self.ahead.queue);
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
        let mut most = usize::try_from(most).unwrap_or(usize::MAX);
        let (world, queue) = (&mut self.world, &mut self.ahead.queue);
        queue.prepare(last);
        if let Some(seen) = look_ahead(world, queue) {
            most = most.min(seen);
        }
        let (digest, mut now, mut closes) = (&mut self.ahead.digest, self.now, None);
        let taken = queue.drain_ends(last, most, |at, pair, what| {
            let mut ends = Ends { digest, at };
            let Some(left) = end_shortly(world, at, pair, what, &mut ends) else {
                return Taken::No;
            };
            now = at;
            match left {
                Left::Others => Taken::Yes,
                Left::Close(job) => {
                    closes = Some(job);
                    Taken::Last
                }
            }
        });
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
            begun: Announced::new(at, Begun::at(at, doing), lots, ending),
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
