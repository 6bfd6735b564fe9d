//! Runbooks at work: operators that notice, decide, wait for a crew and do one thing after another.
//!
//! Each runbook, and each member of one that is written for a template, is a small state machine ([`Run`]). It costs
//! nothing while it waits for an instant, a crew or a fault; only what waits for the world to become so is looked at
//! whenever something has happened. Runs act in the order of the file, so who comes first gets the crew.

mod task;

use super::load::{Book, Condition, Trigger};
use super::report::{Moment, RunbookReport, RunbookState};
use super::scope::Sight;
use crate::engine::dice::{Purpose, draw};
use crate::engine::{Calls, Operator, Seed, Ticket};
use crate::machine::Effect;
use crate::machine::event::Blow;
use crate::time::SimTime;
use crate::world::label::Stable;
use crate::world::machinery::Power;
use crate::world::{JobKey, ServerKey, World};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};

/// All runbooks of a file, with their crews.
#[derive(Debug)]
pub(super) struct Runbooks<'s> {
    books: &'s [Book],
    seed: Seed,
    crews: Vec<Crew>,
    runs: Vec<Run>,
    /// Runs with something to do at an instant; some entries may have gone stale, which does no harm.
    due: BTreeSet<(SimTime, usize)>,
    /// Runs that look at the world whenever something has happened.
    open: BTreeSet<usize>,
    /// Runs that have something to do now.
    ready: BTreeSet<usize>,
}

/// Where all runs stand: what a checkpoint keeps of [`Runbooks`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Standing {
    crews: Vec<Crew>,
    runs: Vec<Run>,
    due: BTreeSet<(SimTime, usize)>,
    open: BTreeSet<usize>,
    ready: BTreeSet<usize>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Crew {
    free: u32,
    queue: VecDeque<usize>,
}

/// One runbook, or one member of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Run {
    book: usize,
    /// Which member, from 1.
    member: u32,
    state: State,
    /// Whether its condition was seen not to hold, or has not been looked at yet.
    armed: bool,
    /// How often it was set off.
    times: u32,
    has_crew: bool,
    /// The task at hand, the tier in it, how often it was tried again, and how many of its servers do not run.
    task: usize,
    tier: usize,
    tries: u32,
    missing: u32,
    set_off: Option<SimTime>,
    began: Option<SimTime>,
    ended: Option<SimTime>,
    fate: Fate,
}

/// What became of a run the last time it was set off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fate {
    None,
    StoodDown(String),
    GaveUp(String),
    Done,
}

/// What a run waits for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// Its event; since when its condition holds.
    Idle { since: Option<SimTime> },
    /// The end of noticing and deciding.
    Deciding(SimTime),
    /// A crew.
    Queued,
    /// Nothing: its next task begins.
    Next,
    /// The end of a pause, or the instant of another try; then whether the task is done.
    Until { at: SimTime, done: bool },
    /// An answer; the server whose act is waited for then, and the power that it should come to have.
    Asked(Ticket, Option<(String, Power)>),
    /// The end of a job.
    Job(JobKey, u64),
    /// The end of a server's act.
    Act(ServerKey, Power),
    /// Answers to the starts of a tier.
    Starting(Vec<Ticket>, Vec<ServerKey>),
    /// Servers of a tier to become usable.
    Booting(Vec<ServerKey>),
    /// A condition, until an instant.
    Condition(Option<SimTime>),
    /// It is not set off again.
    Ended,
}

/// When a run goes on.
enum Pace {
    /// At once.
    Now,
    /// Whenever something has happened, and at the instant if there is one.
    Open(Option<SimTime>),
    /// At the instant.
    At(SimTime),
    /// When someone else says so.
    Rest,
}

impl<'s> Runbooks<'s> {
    /// The runbooks of a file at the start of a run.
    pub(super) fn new(books: &'s [Book], crews: &[u32], seed: Seed) -> Runbooks<'s> {
        let crew = |&free: &u32| Crew {
            free,
            queue: VecDeque::new(),
        };
        let mut runs = Vec::new();
        for (place, book) in books.iter().enumerate() {
            for member in 1..=book.count.unwrap_or(1) {
                runs.push(Run {
                    book: place,
                    member,
                    state: State::Idle { since: None },
                    armed: true,
                    times: 0,
                    has_crew: false,
                    task: 0,
                    tier: 0,
                    tries: 0,
                    missing: 0,
                    set_off: None,
                    began: None,
                    ended: None,
                    fate: Fate::None,
                });
            }
        }
        let open = (0..runs.len())
            .filter(|&run| matches!(books[runs[run].book].trigger, Trigger::When(..)))
            .collect();
        Runbooks {
            books,
            crews: crews.iter().map(crew).collect(),
            runs,
            due: BTreeSet::new(),
            open,
            ready: BTreeSet::new(),
            seed,
        }
    }

    /// Where all runs stand.
    pub(super) fn standing(&self) -> Standing {
        Standing {
            crews: self.crews.clone(),
            runs: self.runs.clone(),
            due: self.due.clone(),
            open: self.open.clone(),
            ready: self.ready.clone(),
        }
    }

    /// Takes up where all runs stood; answers whether it fits these runbooks.
    pub(super) fn take_up(&mut self, standing: Standing) -> bool {
        let Standing {
            crews,
            runs,
            due,
            open,
            ready,
        } = standing;
        let same = |a: &Run, b: &Run| (a.book, a.member) == (b.book, b.member);
        let known = |place: &usize| *place < runs.len();
        let of_books = |run: &Run| run.task <= self.books[run.book].tasks.len();
        let fits = crews.len() == self.crews.len()
            && runs.len() == self.runs.len()
            && runs.iter().zip(&self.runs).all(|(a, b)| same(a, b))
            && runs.iter().all(of_books)
            && crews.iter().all(|crew| crew.queue.iter().all(known))
            && due.iter().all(|(_, place)| known(place))
            && open.iter().chain(&ready).all(known);
        if fits {
            (self.crews, self.runs) = (crews, runs);
            (self.due, self.open, self.ready) = (due, open, ready);
        }
        fits
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The runs that have been set off and have not ended: name, line of the file and what they wait for.
    pub(super) fn unfinished(&self) -> impl Iterator<Item = (String, usize, String)> + '_ {
        self.runs.iter().filter_map(|run| {
            let book = &self.books[run.book];
            let what = self.waits_for(run)?;
            Some((book.name(run.member), book.line, what))
        })
    }

    fn waits_for(&self, run: &Run) -> Option<String> {
        let book = &self.books[run.book];
        Some(match &run.state {
            State::Idle { .. } | State::Ended => return None,
            State::Queued => "it waits for a crew".to_owned(),
            State::Job(_, number) => format!("it waits for job {number}"),
            State::Condition(_) => match book.tasks.get(run.task).map(|task| &task.errand) {
                Some(super::load::Errand::Until(until, _)) => {
                    format!("it waits for {}", until.text)
                }
                _ => "it waits".to_owned(),
            },
            State::Act(..) | State::Starting(..) | State::Booting(_) => {
                "it waits for servers to start or stop".to_owned()
            }
            State::Asked(..) => "it waits for an answer".to_owned(),
            State::Deciding(at) | State::Until { at, .. } => {
                format!("it goes on at {}", Moment::from(*at).clock)
            }
            State::Next => "it has something to do".to_owned(),
        })
    }

    /// What became of each run that was set off.
    pub(super) fn reports(&self) -> Vec<RunbookReport> {
        let moment = |at: Option<SimTime>| at.map(Moment::from);
        let told = |run: &Run| {
            let (state, why) = match (&run.state, &run.fate) {
                (State::Idle { .. } | State::Ended, Fate::None) => return None,
                (State::Idle { .. } | State::Ended, Fate::Done) => (RunbookState::Done, None),
                (State::Idle { .. } | State::Ended, Fate::StoodDown(why)) => {
                    (RunbookState::StoodDown, Some(why.clone()))
                }
                (State::Idle { .. } | State::Ended, Fate::GaveUp(why)) => {
                    (RunbookState::GaveUp, Some(why.clone()))
                }
                _ => (RunbookState::UnderWay, self.waits_for(run)),
            };
            Some(RunbookReport {
                runbook: self.books[run.book].name(run.member),
                times: run.times,
                state,
                why,
                set_off: moment(run.set_off),
                began: moment(run.began),
                ended: moment(run.ended),
            })
        };
        self.runs.iter().filter_map(told).collect()
    }

    /// Sets off what waits for a fault that was seen.
    fn see(&mut self, now: SimTime, world: &World, struck: Blow, calls: &mut Calls) {
        for place in 0..self.runs.len() {
            let run = &self.runs[place];
            let book = &self.books[run.book];
            let Trigger::Fault(fault) = &book.trigger else {
                continue;
            };
            let member = book.count.map(|count| (run.member, count));
            if matches!(run.state, State::Idle { .. }) && fault.is_struck_by(world, struck, member)
            {
                self.set_off(place, now, calls);
                self.ready.insert(place);
            }
        }
    }

    /// The event has come: operators notice and decide.
    fn set_off(&mut self, place: usize, now: SimTime, calls: &mut Calls) {
        let run = &mut self.runs[place];
        let book = &self.books[run.book];
        let name = book.name(run.member);
        let stable = Stable::of(&format!("runbook {name}"));
        let bits = draw(self.seed, Purpose::Operator, stable.0, run.times.into());
        let delay = book.after.sample(bits);
        run.armed = false;
        run.times += 1;
        run.task = 0;
        run.tries = 0;
        run.fate = Fate::None;
        run.set_off = Some(now);
        (run.began, run.ended) = (None, None);
        run.state = State::Deciding(now.saturating_add(delay));
        if !delay.is_zero() {
            calls.note(name, "set off");
        }
    }

    /// Goes on with a run until it waits.
    fn advance(&mut self, place: usize, now: SimTime, world: &World, calls: &mut Calls) {
        loop {
            let pace = match self.runs[place].state {
                State::Idle { since } => self.idle(place, since, now, world, calls),
                State::Deciding(at) if now < at => Pace::At(at),
                State::Deciding(_) => self.decide(place, now, world, calls),
                State::Queued | State::Ended => Pace::Rest,
                _ => self.work(place, now, world, calls),
            };
            match pace {
                Pace::Now => {}
                Pace::Open(at) => {
                    self.open.insert(place);
                    self.due.extend(at.map(|at| (at, place)));
                    return;
                }
                Pace::At(at) => {
                    self.due.insert((at, place));
                    return;
                }
                Pace::Rest => return,
            }
        }
    }

    /// Looks whether the condition of a run has come to hold, and has held for long enough.
    fn idle(
        &mut self,
        place: usize,
        since: Option<SimTime>,
        now: SimTime,
        world: &World,
        calls: &mut Calls,
    ) -> Pace {
        let run = &mut self.runs[place];
        let Trigger::When(condition, held) = &self.books[run.book].trigger else {
            return Pace::Rest;
        };
        if !holds(condition, run.member, world, now) {
            run.armed = true;
            run.state = State::Idle { since: None };
            return Pace::Open(None);
        }
        if !run.armed {
            return Pace::Open(None);
        }
        let since = since.unwrap_or(now);
        let due = since.saturating_add(*held);
        if now < due {
            run.state = State::Idle { since: Some(since) };
            return Pace::Open(Some(due));
        }
        self.set_off(place, now, calls);
        Pace::Now
    }

    /// Operators have noticed and decided: is there still a reason, and is a crew free?
    fn decide(&mut self, place: usize, now: SimTime, world: &World, calls: &mut Calls) -> Pace {
        let run = &mut self.runs[place];
        let book = &self.books[run.book];
        let name = book.name(run.member);
        if let Some(only_if) = &book.only_if
            && !holds(only_if, run.member, world, now)
        {
            let why = format!("{} does not hold", only_if.text);
            calls.note(name, format!("stands down: {why}"));
            return self.end(place, now, Fate::StoodDown(why), calls);
        }
        if let Some(crew) = book.crew {
            let crew = &mut self.crews[crew];
            if crew.free == 0 {
                crew.queue.push_back(place);
                run.state = State::Queued;
                calls.note(name, "waits for a crew");
                return Pace::Rest;
            }
            crew.free -= 1;
            run.has_crew = true;
        }
        self.begin(place, now, calls);
        Pace::Now
    }

    fn begin(&mut self, place: usize, now: SimTime, calls: &mut Calls) {
        let run = &mut self.runs[place];
        run.state = State::Next;
        run.began = Some(now);
        calls.note(self.books[run.book].name(run.member), "begins");
    }

    /// A run is over; its crew goes to who has waited longest.
    fn end(&mut self, place: usize, now: SimTime, fate: Fate, calls: &mut Calls) -> Pace {
        let run = &mut self.runs[place];
        let book = &self.books[run.book];
        run.ended = Some(now);
        run.fate = fate;
        let again = run.times < book.times;
        run.state = match again {
            true => State::Idle { since: None },
            false => State::Ended,
        };
        let had_crew = std::mem::take(&mut run.has_crew);
        if let Some(crew) = book.crew.filter(|_| had_crew) {
            let crew = &mut self.crews[crew];
            match crew.queue.pop_front() {
                None => crew.free += 1,
                Some(next) => {
                    self.runs[next].has_crew = true;
                    self.begin(next, now, calls);
                    self.ready.insert(next);
                }
            }
        }
        match (again, &book.trigger) {
            (true, Trigger::When(..)) => Pace::Now,
            _ => Pace::Rest,
        }
    }
}

impl Operator for Runbooks<'_> {
    fn act(&mut self, now: SimTime, seen: &[Effect], world: &World, calls: &mut Calls) {
        self.ready.append(&mut self.open);
        while let Some(&(at, place)) = self.due.first()
            && at <= now
        {
            self.due.pop_first();
            self.ready.insert(place);
        }
        for effect in seen {
            if let Effect::Struck { blow } = *effect {
                self.see(now, world, blow, calls);
            }
        }
        while let Some(place) = self.ready.pop_first() {
            self.advance(place, now, world, calls);
        }
        if let Some(&(at, _)) = self.due.first() {
            calls.wake_at(at);
        }
    }
}

/// Whether a condition holds for a member. What speaks of something that does not exist does not hold.
fn holds(condition: &Condition, member: u32, world: &World, now: SimTime) -> bool {
    let sight = Sight {
        world,
        now,
        answer: None,
        meter: None,
    };
    let verdict = condition.of(member).evaluate(&sight);
    verdict.is_ok_and(|verdict| verdict.held)
}
