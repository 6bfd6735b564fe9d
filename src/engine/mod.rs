//! Time and chance: what comes next, how long work takes, and how the dice fall.
//!
//! [`Engine`] drives the machine: it hands commands and events in with the instant, and turns the effects that come out
//! into a digest, a view for an observer and events to come. Nothing here knows a rule of the service beyond the code that
//! a failed job ends with; the engine only decides *when* and *how* things end. It reads no clock, and its order is fixed:
//! events by instant, and among equal instants in the order in which they were announced.

mod absorb;
pub mod agenda;
mod announced;
pub mod bench;
pub mod check;
pub mod checkpoint;
pub mod dice;
pub mod digest;
pub mod distribution;
pub mod hazard;
pub mod many;
pub mod observer;
pub mod operator;
pub mod oracle;
pub mod pace;
pub mod scheduler;
pub mod script;
mod turns;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

pub use agenda::Agenda;
pub use bench::{Arrival, Bench, Reach};
pub use check::{Checker, Watcher};
pub use checkpoint::{CHECKPOINT_VERSION, Checkpoint};
pub use dice::Seed;
pub use digest::Digest;
pub use hazard::{Hazard, HazardError};
pub use observer::{Observer, Watch};
pub use operator::{Calls, Note, Operator, Ticket};
pub use oracle::{Chance, Fate, Lots, Oracle};
pub use pace::{JobPace, Pace, Probability};
pub use script::{Ending, Factor, Script, ScriptError, ScriptedOutcome, Twist};

use crate::machine::admit::hangs_on;
use crate::machine::query::{Question, query};
use crate::machine::{Answer, Command, Effect, Effects, Event, Refusal, admit, commit, happen};
use crate::sdrs::op::Op;
use crate::sdrs::policy::PolicySet;
use crate::sdrs::view::View;
use crate::time::SimTime;
use crate::world::World;
use absorb::Absorber;
use checkpoint::Version;

/// How far a run may go at most. Every loop that waits for the world has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// So many events; None: any number.
    pub events: Option<u64>,
    /// Up to this instant and including it; None: any instant.
    pub until: Option<SimTime>,
}

impl Limit {
    /// At most so many events.
    #[must_use]
    pub const fn events(events: u64) -> Limit {
        Limit {
            events: Some(events),
            until: None,
        }
    }

    /// At most up to this instant and including it.
    #[must_use]
    pub const fn until(at: SimTime) -> Limit {
        Limit {
            events: None,
            until: Some(at),
        }
    }

    /// The same, and at most up to this instant and including it.
    #[must_use]
    pub const fn and_until(self, at: SimTime) -> Limit {
        Limit {
            until: Some(at),
            ..self
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a run may have ended at its limit"]
pub enum RunEnd {
    /// The clock stands at the instant asked for, and everything up to it has happened; or an event has ended a job, where that
    /// was asked for.
    Reached,
    /// Nothing is to come. What hangs is not waited for.
    Quiet,
    /// The limit came first. The clock stands at the limit's instant if that was it, else at the last event.
    LimitHit,
}

/// A world in virtual time.
///
/// ```
/// use sdrsim::engine::{Chance, Engine, Limit, RunEnd, Seed};
/// use sdrsim::machine::command::Call;
/// use sdrsim::time::{Calendar, SimTime};
/// use sdrsim::world::{World, settings::Settings};
///
/// let world = World::empty("eu-de", 1, Calendar::default(), Settings::default());
/// let mut engine = Engine::new(world, Chance::new(Seed(1)));
/// let refused = engine.submit(&Call::StartProtection { group: "web".into() }.into());
/// assert_eq!(refused.unwrap_err().code().unwrap().to_string(), "SDRS.1013");
/// assert_eq!(engine.run_until_quiet(Limit::events(1000)), RunEnd::Quiet);
/// assert_eq!(engine.now(), SimTime::ZERO);
/// ```
///
/// In the steady state a call allocates nothing for itself: queue, effects and the rest keep their room.
#[derive(Debug)]
pub struct Engine<O: Oracle = Chance, W: Observer = ()> {
    world: World,
    now: SimTime,
    oracle: O,
    observer: W,
    ahead: Absorber,
    events: u64,
    hung: PolicySet,
    effects: Effects,
    #[cfg(feature = "defects")]
    defect: Option<Defect>,
}

/// A defect for the tests of the test bench: changes what the machine left of a command or event, behind its back.
#[cfg(feature = "defects")]
pub type Defect = fn(&mut World, &mut Effects);

impl<O: Oracle> Engine<O> {
    /// Takes a world at its start. Its staggers become what the oracle says.
    #[must_use]
    pub fn new(world: World, oracle: O) -> Engine<O> {
        Engine::with_observer(world, oracle, ())
    }

    /// Takes up a run that was set aside, with nobody looking on; see [`Engine::watched_by`].
    #[must_use]
    pub fn restore(checkpoint: Checkpoint<O>) -> Engine<O> {
        let Checkpoint {
            version: _,
            now,
            events,
            hung,
            digest,
            oracle,
            queue,
            mut world,
        } = checkpoint;
        world.reindex();
        Engine {
            world,
            now,
            oracle,
            observer: (),
            ahead: Absorber::of(queue, digest),
            events,
            hung,
            effects: Effects::new(),
            #[cfg(feature = "defects")]
            defect: None,
        }
    }
}

impl<O: Oracle, W: Observer> Engine<O, W> {
    /// Takes a world at its start, with someone looking on. Its staggers become what the oracle says.
    #[must_use]
    pub fn with_observer(mut world: World, oracle: O, observer: W) -> Engine<O, W> {
        for &op in Op::ALL {
            if let Some(stagger) = oracle.stagger(op) {
                world.staggers[op as usize] = stagger;
            }
        }
        let waits = |hazard: usize| Effect::HazardWaits {
            hazard: hazard as u32,
            turn: 0,
            broken: false,
        };
        let mut engine = Engine {
            effects: (0..world.hazards.len()).map(waits).collect(),
            world,
            now: SimTime::ZERO,
            oracle,
            observer,
            ahead: Absorber::default(),
            events: 0,
            hung: PolicySet::default(),
            #[cfg(feature = "defects")]
            defect: None,
        };
        engine.absorb();
        engine.effects.clear();
        engine
    }

    /// The same run, with someone else looking on from here.
    #[must_use]
    pub fn watched_by<V: Observer>(self, observer: V) -> Engine<O, V> {
        Engine {
            world: self.world,
            now: self.now,
            oracle: self.oracle,
            observer,
            ahead: self.ahead,
            events: self.events,
            hung: self.hung,
            effects: self.effects,
            #[cfg(feature = "defects")]
            defect: self.defect,
        }
    }

    /// Asks something of the world at this instant. A refusal changes nothing.
    ///
    /// Faults of this instant are taken in first.
    pub fn submit(&mut self, command: &Command) -> Result<Answer, Refusal> {
        self.assess();
        self.effects.clear();
        self.hung = self.hung.and(hangs_on(&self.world, command));
        let admitted = admit(&self.world, command)?;
        let answer = commit(&mut self.world, self.now, admitted, &mut self.effects);
        self.absorb();
        Ok(answer)
    }

    /// Answers a question now. It takes no time and changes nothing.
    pub fn query(&self, question: &Question) -> Result<View, Refusal> {
        query(&self.world, self.now, question)
    }

    /// Takes in what the faults of this instant mean, if that has not been done. Commands do it by themselves; whoever reads
    /// the world in the instant of a fault asks for it.
    pub fn assess(&mut self) {
        if !self.world.marks.is_empty() {
            self.inject(Event::Assess);
        }
    }

    /// The policies of which another value would have decided something differently so far.
    #[must_use]
    pub fn hung(&self) -> PolicySet {
        self.hung.and(self.world.hung)
    }

    /// Makes something happen at this instant, before everything that is pending. It counts as an event.
    pub fn inject(&mut self, event: Event) {
        self.take_in(event);
    }

    #[inline]
    fn take_in(&mut self, event: Event) {
        self.effects.clear();
        self.events += 1;
        happen(&mut self.world, self.now, event, &mut self.effects);
        self.absorb();
    }

    /// Makes something happen at an instant to come, behind everything that is pending for it; an instant that has passed
    /// means now.
    pub fn schedule(&mut self, at: SimTime, event: Event) {
        self.ahead.queue.push(at.max(self.now), event);
    }

    /// Goes to the next event and takes it in; answers its instant, or None if nothing is to come.
    pub fn step(&mut self) -> Option<SimTime> {
        let next = self.next_until(SimTime::MAX)?;
        self.take_in(next.event());
        Some(self.now)
    }

    /// Takes in everything up to an instant, and everything of that instant, and leaves the clock there.
    ///
    /// Ends with [`RunEnd::Reached`] or [`RunEnd::LimitHit`]. An instant that has passed is reached at once.
    pub fn run_until(&mut self, at: SimTime, limit: Limit) -> RunEnd {
        let last = limit.until.map_or(at, |until| until.min(at));
        if !self.run(last, limit.events) {
            return RunEnd::LimitHit;
        }
        self.move_to(last);
        match self.now < at {
            true => RunEnd::LimitHit,
            false => RunEnd::Reached,
        }
    }

    /// Takes in everything until nothing is to come, and leaves the clock at the last event.
    ///
    /// Ends with [`RunEnd::Quiet`] or [`RunEnd::LimitHit`].
    pub fn run_until_quiet(&mut self, limit: Limit) -> RunEnd {
        let last = limit.until.unwrap_or(SimTime::MAX);
        if !self.run(last, limit.events) {
            return RunEnd::LimitHit;
        }
        if self.ahead.queue.is_empty() {
            return RunEnd::Quiet;
        }
        self.move_to(last);
        RunEnd::LimitHit
    }

    /// Takes in everything up to the end of a job, an instant, or a number of events.
    ///
    /// Ends with [`RunEnd::Reached`] when an event has ended a job, which [`Engine::effects`] names, and the clock stands there;
    /// with [`RunEnd::Quiet`] if nothing is to come; else with [`RunEnd::LimitHit`]. To wait for what was asked for is to call
    /// this until it names that job:
    ///
    /// ```
    /// use sdrsim::engine::{Limit, RunEnd};
    /// use sdrsim::machine::command::Call;
    /// use sdrsim::machine::{Answer, Effect};
    /// use sdrsim::scenario::Scenario;
    ///
    /// let text = "
    /// version: 1
    /// sites: {north: {}, south: {}}
    /// azs: {az-1: {site: north}, az-2: {site: south}}
    /// domains: {metro: {azs: [az-1, az-2]}}
    /// vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
    /// disks: {ledger: {az: az-1, size: 40 GiB}}
    /// groups: {shop: {domain: metro, vpc: net, protected: true}}
    /// pairs: {copy: {group: shop, disk: ledger}}
    /// timeline: []
    /// ";
    /// let scenario = Scenario::load("shop.yaml", text).expect("the file is well-formed");
    /// let mut engine = scenario.start(None).fork();
    /// let answer = engine.submit(&Call::StopProtection { group: "shop".into() }.into())?;
    /// assert_eq!(engine.run_until_job_ends(Limit::events(1_000)), RunEnd::Reached);
    /// let ended = |effect: &Effect| matches!(*effect, Effect::Job { job, .. } if answer == Answer::Job(job));
    /// assert!(engine.effects().iter().any(ended));
    /// # Ok::<(), sdrsim::machine::Refusal>(())
    /// ```
    pub fn run_until_job_ends(&mut self, limit: Limit) -> RunEnd {
        let last = limit.until.unwrap_or(SimTime::MAX);
        let mut left = limit.events.unwrap_or(u64::MAX);
        while left > 0 {
            match self.turns(last, left) {
                0 => break,
                taken => left -= taken,
            }
            if self.effects.iter().any(turns::ends_job) {
                return RunEnd::Reached;
            }
        }
        match self.next_at() {
            None => RunEnd::Quiet,
            Some(at) => {
                if at > last {
                    self.move_to(last);
                }
                RunEnd::LimitHit
            }
        }
    }

    /// Takes in everything up to an instant; answers whether the number of events sufficed.
    fn run(&mut self, last: SimTime, events: Option<u64>) -> bool {
        let mut left = events.unwrap_or(u64::MAX);
        while left > 0 {
            match self.turns(last, left) {
                0 => return true,
                taken => left -= taken,
            }
        }
        self.next_at().is_none_or(|at| at > last)
    }

    /// Moves the clock forward without taking in any event: to this instant, or to the next event if that is earlier.
    /// Never moves it back. Answers where it stands.
    ///
    /// So a command can be submitted at an instant ahead of that instant's events.
    pub fn advance_to(&mut self, at: SimTime) -> SimTime {
        let target = self.next_at().map_or(at, |next| next.min(at));
        self.move_to(target);
        self.now
    }

    /// Moves the clock on, never back. Whoever looks on hears that the instant is over.
    fn move_to(&mut self, at: SimTime) {
        if at > self.now {
            self.observer.rest(self.now, &self.world);
            self.now = at;
        }
    }

    /// The instant.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.now
    }

    /// The world as it is now.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// How many events are to come. Those that have gone stale count until their instant.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.ahead.queue.len()
    }

    /// The events to come.
    #[must_use]
    pub const fn queue(&self) -> &Agenda {
        &self.ahead.queue
    }

    /// The instant of the next event.
    #[must_use]
    pub fn next_at(&self) -> Option<SimTime> {
        self.ahead.queue.peek_time()
    }

    /// The effects of the last command or event, in order; none of a refused command. The first look may allocate: see [`Effects`].
    #[must_use]
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// How many events have been taken in.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// The digest of everything that has happened.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.ahead.digest.digest()
    }

    /// The oracle.
    #[must_use]
    pub const fn oracle(&self) -> &O {
        &self.oracle
    }

    /// The oracle, to be scripted. Work that has begun has its fate already.
    pub const fn oracle_mut(&mut self) -> &mut O {
        &mut self.oracle
    }

    /// The observer.
    #[must_use]
    pub const fn observer(&self) -> &W {
        &self.observer
    }

    /// The observer, to be asked or emptied.
    pub const fn observer_mut(&mut self) -> &mut W {
        &mut self.observer
    }

    /// The world and the observer, at the end of a run.
    #[must_use]
    pub fn into_parts(self) -> (World, W) {
        (self.world, self.observer)
    }

    /// From here on every command and event is followed by the defect.
    #[cfg(feature = "defects")]
    pub fn plant(&mut self, defect: Defect) {
        self.defect = Some(defect);
    }

    fn absorb(&mut self) {
        #[cfg(feature = "defects")]
        if let Some(defect) = self.defect {
            defect(&mut self.world, &mut self.effects);
        }
        // It is asked once, so that it is shown all of a call or nothing.
        let is_looking = self.observer.is_looking();
        self.ahead.take_in(
            &mut self.effects,
            &self.world,
            self.now,
            &mut self.oracle,
            (&mut self.observer, is_looking),
        );
        if is_looking {
            self.observer.after(self.now, &self.world, &self.effects);
        }
    }
}

/// A second run that goes on from here by itself, with its own copy of the observer.
impl<O: Oracle + Clone, W: Observer + Clone> Clone for Engine<O, W> {
    fn clone(&self) -> Self {
        self.fork_unseen().watched_by(self.observer.clone())
    }

    /// Refills the room of a run that is over, which then allocates nothing unless the other is larger.
    fn clone_from(&mut self, source: &Self) {
        self.world.keep_room(&source.world);
        self.world.clone_from(&source.world);
        self.oracle.clone_from(&source.oracle);
        self.observer.clone_from(&source.observer);
        self.ahead.clone_from(&source.ahead);
        self.effects.clone_from(&source.effects);
        (self.now, self.events, self.hung) = (source.now, source.events, source.hung);
    }
}

impl<O: Oracle + Clone, W: Observer> Engine<O, W> {
    /// A second run that goes on from here by itself, with its own copy of the observer. Both will do the same if the same
    /// is asked of them, so what comes out differently is due to what was asked:
    ///
    /// ```
    /// use sdrsim::engine::{Limit, RunEnd};
    /// use sdrsim::machine::command::Call;
    /// use sdrsim::scenario::Scenario;
    /// use sdrsim::time::{SimTime, Span};
    ///
    /// // An AZ is dark for half an hour. What if one fails over after ten minutes, and what if one waits?
    /// let text = "
    /// version: 1
    /// sites: {north: {}, south: {}}
    /// azs: {az-1: {site: north}, az-2: {site: south}}
    /// network: {witness: {w: {}}}
    /// domains: {metro: {azs: [az-1, az-2], arbitration: {witness: w}}}
    /// flavors: {m1: {}}
    /// vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
    /// servers:
    ///   web: {az: az-1, vpc: net, flavor: m1, disks: {/dev/vda: {size: 40 GiB, bootable: true}}}
    /// groups: {shop: {domain: metro, vpc: net, protected: true}}
    /// instances: {front: {group: shop, server: web}}
    /// timeline: [{at: 2h, fault: {az: az-1}, for: 30m}]
    /// ";
    /// let scenario = Scenario::load("dark.yaml", text).expect("the file is well-formed");
    /// let at = |minutes| SimTime::after_start(Span::mins(minutes));
    /// let mut runner = scenario.start(None);
    /// assert!(runner.run_until(Limit::until(at(130)), &mut ()));
    ///
    /// let mut waits = runner.fork();
    /// let mut fails_over = waits.fork();
    /// fails_over.submit(&Call::Failover { group: "shop".into() }.into())?;
    /// let mut ends = Vec::new();
    /// for engine in [&mut waits, &mut fails_over] {
    ///     assert_eq!(engine.run_until_quiet(Limit::events(10_000)), RunEnd::Quiet);
    ///     let shop = engine.world().find("shop").expect("the group exists");
    ///     ends.push(engine.world().reported(shop).map(|status| status.name()));
    /// }
    /// assert_eq!(ends, [Some("protected"), Some("failed-over")]);
    /// # Ok::<(), sdrsim::machine::Refusal>(())
    /// ```
    #[must_use]
    pub fn fork(&self) -> Engine<O, W>
    where
        W: Clone,
    {
        self.clone()
    }

    /// A second run that goes on from here by itself, with nobody looking on.
    #[must_use]
    pub fn fork_unseen(&self) -> Engine<O> {
        Engine {
            world: self.world.clone(),
            now: self.now,
            oracle: self.oracle.clone(),
            observer: (),
            ahead: self.ahead.clone(),
            events: self.events,
            hung: self.hung,
            effects: self.effects.clone(),
            #[cfg(feature = "defects")]
            defect: self.defect,
        }
    }

    /// Sets the run aside as it is, to be written with serde. The observer is not part of it.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint<O> {
        Checkpoint {
            version: Version::CURRENT,
            now: self.now,
            events: self.events,
            hung: self.hung,
            digest: self.digest(),
            oracle: self.oracle.clone(),
            queue: self.ahead.queue.clone(),
            world: self.world.clone(),
        }
    }
}
