//! Many runs of one prepared beginning, one per seed, on several threads.
//!
//! Each thread has one engine, which it refills for every run instead of making a new one, and takes the next seed when it
//! is done with one. What a run does depends on its seed alone, and summaries come in the order of the seeds, so the number
//! of threads can be told by nothing but the time. What a summary is and how summaries are put together is the caller's.
//! What a run does is a closure's ([`many`]) or an [`Operator`]'s ([`many_operated`]).

use super::operator::{Calls, Operator};
use super::oracle::Chance;
use super::{Engine, Limit, Observer, Seed};
use crate::machine::Effect;
use crate::time::SimTime;
use crate::world::World;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{mem, thread};

/// How many seeds a thread takes at once.
const BATCH: usize = 8;

/// How often an operator may act at one instant before it is taken for one that goes in circles.
const ROUNDS: u32 = 10_000;

/// As many threads as the machine has cores for this process.
#[must_use]
pub fn all_cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Runs `run` once per seed on a copy of `prepared` whose dice are of that seed; gives what it gave, in the order of the
/// seeds, whatever the number of threads.
///
/// Work that had begun in `prepared` keeps its fate. A panic in a run is passed on once all threads have ended.
///
/// ```
/// use sdrsim::engine::many::{all_cores, many};
/// use sdrsim::engine::{Chance, Engine, Limit, Seed};
/// use sdrsim::time::Calendar;
/// use sdrsim::world::{World, settings::Settings};
///
/// let world = World::empty("eu-de", 1, Calendar::default(), Settings::default());
/// let prepared = Engine::new(world, Chance::new(Seed(0)));
/// let seeds: Vec<Seed> = (0..100).map(Seed).collect();
/// let seen = many(&prepared, &seeds, all_cores(), |seed, engine| {
///     let _ = engine.run_until_quiet(Limit::events(1000));
///     (seed, engine.events())
/// });
/// assert_eq!(seen[7], (Seed(7), 0));
/// ```
pub fn many<W, T, F>(
    prepared: &Engine<Chance, W>,
    seeds: &[Seed],
    threads: NonZeroUsize,
    run: F,
) -> Vec<T>
where
    W: Observer + Clone + Sync,
    T: Send,
    F: Fn(Seed, &mut Engine<Chance, W>) -> T + Sync,
{
    let next = AtomicUsize::new(0);
    let work = || work(prepared, seeds, &next, &run);
    let threads = threads.get().min(seeds.len().div_ceil(BATCH));
    let mut parts: Vec<(usize, Vec<T>)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut parts = work();
        for other in others {
            parts.extend(
                other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        parts
    });
    parts.sort_unstable_by_key(|part| part.0);
    parts.into_iter().flat_map(|part| part.1).collect()
}

/// What one thread does: takes batches of seeds until there are none; gives each batch's summaries with its place.
fn work<W, T>(
    prepared: &Engine<Chance, W>,
    seeds: &[Seed],
    next: &AtomicUsize,
    run: impl Fn(Seed, &mut Engine<Chance, W>) -> T,
) -> Vec<(usize, Vec<T>)>
where
    W: Observer + Clone,
{
    // A beginning of this thread's own: threads that counted who shares what would wait for each other.
    let mut prepared = prepared.clone();
    prepared.world.unshare();
    let prepared = &prepared;
    let mut engine: Option<Engine<Chance, W>> = None;
    let mut parts = Vec::new();
    loop {
        let begin = next.fetch_add(BATCH, Ordering::Relaxed);
        if begin >= seeds.len() {
            return parts;
        }
        let batch = &seeds[begin..seeds.len().min(begin + BATCH)];
        let summaries = batch.iter().map(|&seed| {
            let engine = match &mut engine {
                Some(worn) => {
                    worn.clone_from(prepared);
                    worn
                }
                none => none.insert(prepared.clone()),
            };
            engine.oracle_mut().reseed(seed);
            run(seed, engine)
        });
        parts.push((begin, summaries.collect()));
    }
}

/// How a run under an operator ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a run may have ended at its limit"]
pub enum Operated {
    /// Nothing is to come, and the operator waits for nothing.
    Quiet,
    /// The limit came first.
    LimitHit,
    /// The operator acted 10,000 times at one instant.
    Circles,
}

/// What an operator has not seen yet.
#[derive(Debug, Default)]
pub struct Seen {
    effects: Vec<Effect>,
}

crate::world::refill::clone_by_field!(Seen { effects } trees {} maps {});

impl Observer for Seen {
    fn see(&mut self, _: SimTime, _: &World, effect: &Effect) {
        self.effects.push(*effect);
    }
}

/// Lets an operator run the service until nothing is to come or the limit is hit.
///
/// It acts first at the instant at which the run stands, and then at every instant at which something has happened, after
/// everything of that instant, and when it asked to be woken. Its calls are carried out when it has acted; they are answered
/// at once, and it acts on the answers at the same instant. Its notes are dropped.
pub fn operate(
    engine: &mut Engine<Chance, Seen>,
    operator: &mut impl Operator,
    limit: Limit,
) -> Operated {
    let last = limit.until.unwrap_or(SimTime::MAX);
    let most = limit
        .events
        .map(|events| engine.events().saturating_add(events));
    let left =
        |engine: &Engine<Chance, Seen>| most.map(|most| most.saturating_sub(engine.events()));
    let mut calls = Calls::default();
    let mut at = engine.now();
    loop {
        let now = Limit {
            events: left(engine),
            until: Some(last),
        };
        if engine.run_until(at, now) == super::RunEnd::LimitHit {
            return Operated::LimitHit;
        }
        if !act(engine, operator, &mut calls) {
            return Operated::Circles;
        }
        let wake = calls.wakes().map(|wake| wake.max(engine.now()));
        match engine.next_at().into_iter().chain(wake).min() {
            Some(next) => at = next,
            None => return Operated::Quiet,
        }
    }
}

/// Lets an operator run the service once per seed, from `prepared` on with dice of that seed, until nothing is to come or the
/// limit is hit. Gives a summary of each run in the order of the seeds, whatever the number of threads.
///
/// Every run has an operator of its own, which `operator` makes; `summary` sees it and the run at the end.
///
/// ```
/// use sdrsim::engine::many::{Operated, Seen, all_cores, many_operated};
/// use sdrsim::engine::{Calls, Chance, Engine, Limit, Operator, Seed};
/// use sdrsim::machine::{Effect, command::Call};
/// use sdrsim::scenario::Scenario;
/// use sdrsim::time::{SimTime, Span};
/// use sdrsim::world::World;
///
/// /// Fails over once, after ten minutes.
/// struct Drill(bool);
///
/// impl Operator for Drill {
///     fn act(&mut self, now: SimTime, _: &[Effect], _: &World, calls: &mut Calls) {
///         let at = SimTime::after_start(Span::mins(10));
///         if now < at {
///             calls.wake_at(at);
///         } else if !std::mem::replace(&mut self.0, true) {
///             calls.ask(Call::Failover { group: "shop".into() });
///         }
///     }
/// }
///
/// let text = "
/// version: 1
/// sites: {north: {}, south: {}}
/// azs: {az-1: {site: north}, az-2: {site: south}}
/// domains: {metro: {azs: [az-1, az-2]}}
/// vpcs: {net: {cidr: 10.0.0.0/16}}
/// disks: {disk: {count: 10, az: az-1, size: 10 GiB}}
/// groups: {shop: {domain: metro, vpc: net, protected: true}}
/// pairs: {data: {count: 10, group: shop, disk: disk}}
/// ";
/// let scenario = Scenario::load("drill.yaml", text).expect("the file is well-formed");
/// let world = scenario.world().clone();
/// let prepared = Engine::with_observer(world, Chance::new(Seed(0)), Seen::default());
/// let seeds: Vec<Seed> = (0..20).map(Seed).collect();
/// let ends = many_operated(
///     &prepared,
///     &seeds,
///     all_cores(),
///     Limit::events(10_000),
///     |_| Drill(false),
///     |seed, engine, _, end| (seed, end, engine.now()),
/// );
/// assert!(ends.iter().all(|end| end.1 == Operated::Quiet && end.2 > SimTime::after_start(Span::mins(10))));
/// assert!(ends.iter().map(|end| end.0).eq(seeds));
/// ```
pub fn many_operated<P, T>(
    prepared: &Engine<Chance, Seen>,
    seeds: &[Seed],
    threads: NonZeroUsize,
    limit: Limit,
    operator: impl Fn(Seed) -> P + Sync,
    summary: impl Fn(Seed, &Engine<Chance, Seen>, P, Operated) -> T + Sync,
) -> Vec<T>
where
    P: Operator,
    T: Send,
{
    many(prepared, seeds, threads, |seed, engine| {
        let mut operator = operator(seed);
        let end = operate(engine, &mut operator, limit);
        summary(seed, engine, operator, end)
    })
}

/// Lets an operator act at this instant until it has nothing more to ask; answers whether that came to an end.
fn act(engine: &mut Engine<Chance, Seen>, operator: &mut impl Operator, calls: &mut Calls) -> bool {
    for _ in 0..ROUNDS {
        engine.assess();
        let mut seen = mem::take(&mut engine.observer_mut().effects);
        calls.woken();
        operator.act(engine.now(), &seen, engine.world(), calls);
        seen.clear();
        engine.observer_mut().effects = seen;
        calls.drop_answers();
        calls.take_notes();
        for (ticket, command) in calls.take_asked() {
            let answer = engine.submit(&command);
            calls.bring(ticket, answer);
        }
        let due = calls.wakes().is_some_and(|wake| wake <= engine.now());
        if !calls.has_answers() && !due {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
