//! A bench for DR logic: an engine and the operators who act in it, each as far from the service as a real one is.
//!
//! News reach an operator late, its calls take their time, get lost or are answered with HTTP 500, and so are their answers.
//! What befalls an operator depends on the seed, its name and its own count of calls, and on nothing else: who is added
//! beside it shifts nothing. The bench decides nothing about the service and nothing for an operator; runbooks of scenario
//! files, which are answered at once, are driven by the scenario's own runner.
//!
//! # Order
//!
//! What comes first at an instant: everything that is due in the world; then calls that arrive, by the place of their
//! operator and their number, with everything due in the world again after each; then operators that have something to
//! look at, in the order in which they were added, each followed by the calls that it makes without delay. So a run is a
//! function of its seed, and the calls that arrived (see [`Bench::arrivals`]), made again at their instants, give it again
//! without its operators.

use super::dice::{Dice, Purpose, happens};
use super::distribution::Distribution;
use super::{Calls, Chance, Engine, Limit, Note, Observer, Operator, Oracle, Probability, RunEnd};
use super::{Seed, Ticket};
use crate::hash::{combine, hash_bytes};
use crate::machine::query::Question;
use crate::machine::{Answer, Command, Effect, Refusal};
use crate::sdrs::codes::Code;
use crate::sdrs::view::View;
use crate::time::{SimTime, Span};
use crate::world::World;
use std::collections::{BTreeMap, VecDeque};

/// How often operators may act at one instant before they are taken for going in circles.
const ROUNDS: u32 = 10_000;

/// The code of an answer with HTTP 500.
const NO_SERVICE: Code = Code::of(13);

/// How far an operator is from the service.
///
/// Delays are drawn for each instant of news and for each call. News keep their order: none overtakes an earlier one. Calls
/// and answers may overtake each other. The probabilities are looked at in the order of the fields, and at most one comes
/// true for a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Reach {
    /// How long after an effect the operator sees it.
    pub news: Distribution,
    /// How long a call or question takes to the service.
    pub calls: Distribution,
    /// How long the answer takes back.
    pub answers: Distribution,
    /// A call or question is lost: it never arrives, and nothing is answered.
    pub lost: Probability,
    /// A call or question is answered with HTTP 500 (`SDRS.0013`), and nothing was done.
    pub fails: Probability,
    /// A call is carried out, or refused, and answered with HTTP 500 (`SDRS.0013`) all the same.
    pub fails_late: Probability,
    /// The answer is lost: the call was carried out, or refused, and nothing is answered.
    pub unanswered: Probability,
}

impl Default for Reach {
    /// At once, and nothing is ever lost.
    fn default() -> Reach {
        Reach {
            news: Distribution::Fixed(Span::ZERO),
            calls: Distribution::Fixed(Span::ZERO),
            answers: Distribution::Fixed(Span::ZERO),
            lost: Probability::NEVER,
            fails: Probability::NEVER,
            fails_late: Probability::NEVER,
            unanswered: Probability::NEVER,
        }
    }
}

impl Reach {
    /// Every way takes the same span, and nothing is ever lost.
    #[must_use]
    pub const fn after(span: Span) -> Reach {
        Reach {
            news: Distribution::Fixed(span),
            calls: Distribution::Fixed(span),
            answers: Distribution::Fixed(span),
            lost: Probability::NEVER,
            fails: Probability::NEVER,
            fails_late: Probability::NEVER,
            unanswered: Probability::NEVER,
        }
    }
}

/// What befalls a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mishap {
    None,
    Lost,
    Fails,
    FailsLate,
    Unanswered,
}

/// What a draw is for; part of its key, so the numbers stay.
#[derive(Clone, Copy)]
enum Draw {
    News = 0,
    Call = 1,
    Answer = 2,
    Lost = 3,
    Fails = 4,
    FailsLate = 5,
    Unanswered = 6,
}

/// What is on its way to the service.
#[derive(Clone, Debug)]
enum Sent {
    Call(Command),
    Question(Box<Question>),
}

/// What is on its way to an operator.
#[derive(Clone, Debug)]
enum Mail {
    Answer(Result<Answer, Refusal>),
    View(Result<View, Refusal>),
}

/// A call that arrived at the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: SimTime,
    /// The place of the operator who made it, from 0.
    pub operator: usize,
    /// Its number.
    pub ticket: Ticket,
    /// The call or native act.
    pub command: Command,
    /// What the service did with it, which the operator may never hear of.
    pub answer: Result<Answer, Refusal>,
}

/// Collects the effects that operators are told of: what has happened, and not what the engine is asked for.
#[derive(Clone, Debug, Default)]
pub struct News(Vec<(SimTime, Effect)>);

impl Observer for News {
    fn see(&mut self, at: SimTime, _: &World, effect: &Effect) {
        let inner = matches!(
            effect,
            Effect::Begin { .. }
                | Effect::CopyBegan { .. }
                | Effect::Aim { .. }
                | Effect::Assess
                | Effect::Window { .. }
                | Effect::Again { .. }
                | Effect::HazardWaits { .. }
        );
        if !inner {
            self.0.push((at, *effect));
        }
    }
}

/// An operator at its post.
#[derive(Clone, Debug)]
struct Post<P> {
    name: String,
    stable: u64,
    reach: Reach,
    operator: P,
    calls: Calls,
    /// Effects, each with the instant at which it is seen; in order.
    news: VecDeque<(SimTime, Effect)>,
    /// When the last of them is seen.
    heard: SimTime,
    mail: BTreeMap<(SimTime, Ticket), Mail>,
    /// Whether it has yet to act for the first time, at the beginning.
    fresh: bool,
}

impl<P> Post<P> {
    fn draw(&self, dice: Dice, what: Draw, count: u64) -> u64 {
        let stable = combine(self.stable, what as u64);
        dice.draw(Purpose::Operator, stable, count)
    }

    fn mishap(&self, dice: Dice, ticket: Ticket) -> Mishap {
        let reach = &self.reach;
        let chances = [
            (reach.lost, Draw::Lost, Mishap::Lost),
            (reach.fails, Draw::Fails, Mishap::Fails),
            (reach.fails_late, Draw::FailsLate, Mishap::FailsLate),
            (reach.unanswered, Draw::Unanswered, Mishap::Unanswered),
        ];
        let strikes = |probability: Probability, what| {
            let number = probability.get();
            number > 0.0 && happens(self.draw(dice, what, ticket.number()), number)
        };
        let found = chances
            .into_iter()
            .find(|chance| strikes(chance.0, chance.1));
        found.map_or(Mishap::None, |chance| chance.2)
    }

    /// When it has something to look at.
    fn next_at(&self, now: SimTime) -> Option<SimTime> {
        let news = self.news.front().map(|(at, _)| *at);
        let mail = self.mail.keys().next().map(|(at, _)| *at);
        let due = [self.fresh.then_some(now), news, mail, self.calls.wakes()];
        due.into_iter().flatten().min().map(|at| at.max(now))
    }
}

/// An engine and the operators who act in it.
///
/// ```
/// use sdrsim::engine::{Bench, Calls, Chance, Limit, Operator, Reach, RunEnd, Seed};
/// use sdrsim::machine::{Effect, command::Call};
/// use sdrsim::scenario::Scenario;
/// use sdrsim::time::{SimTime, Span};
/// use sdrsim::world::World;
///
/// /// Fails the group over as soon as it hears of any fault.
/// struct Hasty;
///
/// impl Operator for Hasty {
///     fn act(&mut self, _: SimTime, seen: &[Effect], _: &World, calls: &mut Calls) {
///         if seen.iter().any(|effect| matches!(effect, Effect::Struck { .. })) {
///             calls.ask(Call::Failover { group: "shop".into() });
///         }
///     }
/// }
///
/// let text = include_str!("../../scenarios/disaster/production-site-witness.yaml");
/// let scenario = Scenario::load("site.yaml", text).expect("the file is well-formed");
/// let mut bench = Bench::new(scenario.world().clone(), Chance::new(Seed(1)), Seed(1));
/// bench.add("hasty", Reach::after(Span::secs(5)), Hasty);
/// let world = bench.engine().world();
/// let Some(sdrsim::world::Who::Az(az)) = world.find("az-1") else { panic!("there is an az-1") };
/// let dark = sdrsim::machine::Blow::Az { az, destroyed: false };
/// bench.engine_mut().schedule(SimTime::after_start(Span::mins(1)), sdrsim::machine::Event::Struck(dark));
/// assert_eq!(bench.run_until_quiet(Limit::events(10_000)), RunEnd::Quiet);
/// // Five seconds until it heard of the fault, five until its call arrived.
/// assert_eq!(bench.arrivals()[0].at, SimTime::after_start(Span::secs(70)));
/// ```
///
/// Whoever injects or submits through [`Bench::engine_mut`] does so at the instant at which the bench stands, before the
/// operators act on it.
#[derive(Debug)]
pub struct Bench<P: Operator, O: Oracle = Chance, W: Observer = ()> {
    engine: Engine<O, (News, W)>,
    dice: Dice,
    posts: Vec<Post<P>>,
    /// By arrival, place of the operator and number.
    sent: BTreeMap<(SimTime, usize, Ticket), (Sent, Mishap)>,
    arrivals: Vec<Arrival>,
    notes: Vec<(SimTime, usize, Note)>,
    /// How often operators have acted at an instant.
    rounds: (SimTime, u32),
}

impl<P: Operator, O: Oracle> Bench<P, O> {
    /// A world at its start, with nobody in it yet. `seed` is what befalls the operators; the oracle has its own.
    #[must_use]
    pub fn new(world: World, oracle: O, seed: Seed) -> Bench<P, O> {
        Bench::with_observer(world, oracle, seed, ())
    }
}

impl<P: Operator, O: Oracle, W: Observer> Bench<P, O, W> {
    /// The same with someone looking on.
    #[must_use]
    pub fn with_observer(world: World, oracle: O, seed: Seed, observer: W) -> Bench<P, O, W> {
        Bench::over(Engine::new(world, oracle), seed, observer)
    }

    /// A run that goes on with operators in it and someone looking on, for whom it begins here.
    #[must_use]
    pub fn over<V: Observer>(engine: Engine<O, V>, seed: Seed, observer: W) -> Bench<P, O, W> {
        Bench {
            engine: engine.watched_by((News::default(), observer)),
            dice: Dice::new(seed),
            posts: Vec::new(),
            sent: BTreeMap::new(),
            arrivals: Vec::new(),
            notes: Vec::new(),
            rounds: (SimTime::ZERO, 0),
        }
    }

    /// Adds an operator behind all others; answers its place. It acts for the first time at once, and sees what happens
    /// from here on. Draws are keyed by its name: two of one name meet the same.
    pub fn add(&mut self, name: &str, reach: Reach, operator: P) -> usize {
        self.spread();
        self.posts.push(Post {
            name: name.to_owned(),
            stable: hash_bytes(name.as_bytes()),
            reach,
            operator,
            calls: Calls::default(),
            news: VecDeque::new(),
            heard: SimTime::ZERO,
            mail: BTreeMap::new(),
            fresh: true,
        });
        self.posts.len() - 1
    }

    /// The engine.
    #[must_use]
    pub const fn engine(&self) -> &Engine<O, (News, W)> {
        &self.engine
    }

    /// The engine, to inject, schedule or submit something.
    pub const fn engine_mut(&mut self) -> &mut Engine<O, (News, W)> {
        &mut self.engine
    }

    /// Who looks on.
    #[must_use]
    pub const fn observer(&self) -> &W {
        &self.engine.observer().1
    }

    /// Who looks on, to be asked or emptied.
    pub const fn observer_mut(&mut self) -> &mut W {
        &mut self.engine.observer_mut().1
    }

    /// The instant.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.engine.now()
    }

    /// The operator at a place, if there is one.
    #[must_use]
    pub fn operator(&self, place: usize) -> Option<&P> {
        self.posts.get(place).map(|post| &post.operator)
    }

    /// The operators with their names, in order.
    pub fn operators(&self) -> impl Iterator<Item = (&str, &P)> {
        let posts = self.posts.iter();
        posts.map(|post| (post.name.as_str(), &post.operator))
    }

    /// The calls and acts that have arrived at the service, in order.
    #[must_use]
    pub fn arrivals(&self) -> &[Arrival] {
        &self.arrivals
    }

    /// What operators have told the readers of the run since, with the instant and the operator's place, in order.
    pub fn take_notes(&mut self) -> Vec<(SimTime, usize, Note)> {
        std::mem::take(&mut self.notes)
    }

    /// Whether operators have acted so often at this instant that they are taken for going in circles.
    #[must_use]
    pub fn is_circling(&self) -> bool {
        self.rounds.1 >= ROUNDS && self.rounds.0 == self.now()
    }

    /// The instant at which something happens next: in the world, to a call, or to an operator.
    #[must_use]
    pub fn next_at(&self) -> Option<SimTime> {
        let now = self.now();
        let engine = self.engine.next_at();
        let sent = self.sent.keys().next().map(|key| key.0);
        // News that were not spread yet are seen at the earliest now.
        let unspread = !self.posts.is_empty() && !self.engine.observer().0.0.is_empty();
        let posts = self.posts.iter().filter_map(|post| post.next_at(now));
        let others = [engine, sent, unspread.then_some(now)];
        posts.chain(others.into_iter().flatten()).min()
    }

    /// Lets the next thing happen: an event of the world, a call that arrives, or an operator that acts. Answers its
    /// instant, or None if nothing is to come.
    pub fn step(&mut self) -> Option<SimTime> {
        self.spread();
        let at = self.next_at()?;
        if self.engine.next_at() == Some(at) {
            self.engine.step();
            self.spread();
            return Some(at);
        }
        let now = self.engine.advance_to(at);
        match self.sent.first_entry() {
            Some(first) if first.key().0 <= now => {
                let ((_, place, ticket), (sent, mishap)) = first.remove_entry();
                self.arrive(place, ticket, sent, mishap);
            }
            _ => {
                let due = |post: &Post<P>| post.next_at(now).is_some_and(|at| at <= now);
                if let Some(place) = self.posts.iter().position(due) {
                    self.act(place);
                }
            }
        }
        self.spread();
        Some(at)
    }

    /// Lets everything up to an instant happen, and everything of that instant, and leaves the clock there. Events, calls
    /// that arrive and acting operators count alike against the limit.
    ///
    /// Ends with [`RunEnd::Reached`] or [`RunEnd::LimitHit`]; the latter also if operators go in circles.
    pub fn run_until(&mut self, at: SimTime, limit: Limit) -> RunEnd {
        let last = limit.until.map_or(at, |until| until.min(at));
        if !self.run(last, limit.events) {
            return RunEnd::LimitHit;
        }
        self.engine.advance_to(last);
        match self.now() < at {
            true => RunEnd::LimitHit,
            false => RunEnd::Reached,
        }
    }

    /// Lets everything happen until nothing is to come, in the world and for its operators.
    ///
    /// Ends with [`RunEnd::Quiet`] or [`RunEnd::LimitHit`]; an operator that asks to be woken again and again is never
    /// quiet.
    pub fn run_until_quiet(&mut self, limit: Limit) -> RunEnd {
        let last = limit.until.unwrap_or(SimTime::MAX);
        if !self.run(last, limit.events) {
            return RunEnd::LimitHit;
        }
        if self.next_at().is_none() {
            return RunEnd::Quiet;
        }
        self.engine.advance_to(last);
        RunEnd::LimitHit
    }

    fn run(&mut self, last: SimTime, events: Option<u64>) -> bool {
        let mut left = events.unwrap_or(u64::MAX);
        while self.next_at().is_some_and(|at| at <= last) {
            if left == 0 || self.is_circling() {
                return false;
            }
            left -= 1;
            self.step();
        }
        true
    }

    /// Sends what has happened to every operator.
    fn spread(&mut self) {
        let news = std::mem::take(&mut self.engine.observer_mut().0.0);
        let dice = self.dice;
        for post in &mut self.posts {
            for &(at, effect) in &news {
                let draw = post.draw(dice, Draw::News, at.as_micros());
                let seen = at.saturating_add(post.reach.news.sample(draw));
                post.heard = post.heard.max(seen);
                post.news.push_back((post.heard, effect));
            }
        }
    }

    /// A call or question comes to the service.
    fn arrive(&mut self, place: usize, ticket: Ticket, sent: Sent, mishap: Mishap) {
        let unavailable = Refusal::Unavailable { code: NO_SERVICE };
        let mail = match (sent, mishap) {
            (_, Mishap::Lost) => return,
            (Sent::Call(_), Mishap::Fails) => Mail::Answer(Err(unavailable)),
            (Sent::Call(command), _) => {
                let answer = self.engine.submit(&command);
                let heard = match mishap {
                    Mishap::FailsLate => Err(unavailable),
                    _ => answer.clone(),
                };
                self.arrivals.push(Arrival {
                    at: self.now(),
                    operator: place,
                    ticket,
                    command,
                    answer,
                });
                Mail::Answer(heard)
            }
            (Sent::Question(_), Mishap::Fails | Mishap::FailsLate) => Mail::View(Err(unavailable)),
            (Sent::Question(question), _) => {
                self.engine.assess();
                Mail::View(self.engine.query(&question))
            }
        };
        if mishap != Mishap::Unanswered {
            let post = &mut self.posts[place];
            let draw = post.draw(self.dice, Draw::Answer, ticket.number());
            let back = post.reach.answers.sample(draw);
            let at = self.engine.now().saturating_add(back);
            post.mail.insert((at, ticket), mail);
        }
    }

    /// Lets an operator act on what has come to it.
    fn act(&mut self, place: usize) {
        self.engine.assess();
        self.spread();
        let now = self.now();
        self.rounds = match self.rounds {
            (at, rounds) if at == now => (at, rounds + 1),
            _ => (now, 1),
        };
        let post = &mut self.posts[place];
        post.fresh = false;
        let due = post.news.iter().take_while(|(at, _)| *at <= now).count();
        let seen: Vec<Effect> = post.news.drain(..due).map(|(_, effect)| effect).collect();
        while let Some(first) = post.mail.first_entry()
            && first.key().0 <= now
        {
            let ((_, ticket), mail) = first.remove_entry();
            match mail {
                Mail::Answer(answer) => post.calls.bring(ticket, answer),
                Mail::View(view) => post.calls.show(ticket, view),
            }
        }
        post.calls.woken();
        let world = self.engine.world();
        post.operator.act(now, &seen, world, &mut post.calls);
        post.calls.drop_answers();
        let notes = post.calls.take_notes();
        let calls = post.calls.take_asked().into_iter();
        let questions = post.calls.take_looked().into_iter();
        let sent = calls
            .map(|(ticket, command)| (ticket, Sent::Call(command)))
            .chain(
                questions.map(|(ticket, question)| (ticket, Sent::Question(Box::new(question)))),
            );
        for (ticket, sent) in sent {
            let draw = post.draw(self.dice, Draw::Call, ticket.number());
            let at = now.saturating_add(post.reach.calls.sample(draw));
            let mishap = post.mishap(self.dice, ticket);
            self.sent.insert((at, place, ticket), (sent, mishap));
        }
        let notes = notes.into_iter().map(|note| (now, place, note));
        self.notes.extend(notes);
    }
}

impl<P: Operator + Clone, O: Oracle + Clone, W: Observer + Clone> Bench<P, O, W> {
    /// A second bench that goes on from here by itself, with its own copies of the operators and of who looks on.
    #[must_use]
    pub fn fork(&self) -> Bench<P, O, W> {
        Bench {
            engine: self.engine.fork(),
            dice: self.dice,
            posts: self.posts.clone(),
            sent: self.sent.clone(),
            arrivals: self.arrivals.clone(),
            notes: self.notes.clone(),
            rounds: self.rounds,
        }
    }
}

#[cfg(test)]
mod tests;
