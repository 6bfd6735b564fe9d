//! A run that nobody looks on takes in many events at once, and makes effects of few of them; whatever it was asked for, what it leaves is
//! what steps leave. Two engines meet the same calls and faults, at the instants of events too; one runs, the other steps.

use sdrsim::engine::distribution::{Distribution, DurationLaw};
use sdrsim::engine::{Chance, Engine, Limit, Pace, Probability, RunEnd, Seed};
use sdrsim::hash::mix;
use sdrsim::machine::command::{Call, Ref};
use sdrsim::machine::{Blow, Effect, Event};
use sdrsim::scenario::Scenario;
use sdrsim::sdrs::op::Op;
use sdrsim::time::{SimTime, Span};
use sdrsim::world::{GroupKey, Who, World};
use std::fmt::Write as _;

/// The operations that have sub-jobs.
const OPS: [Op; 5] = [
    Op::StartProtection,
    Op::StopProtection,
    Op::PlannedFailover,
    Op::Failover,
    Op::Reprotect,
];

/// Groups of so many pairs, the last one a consistency group.
fn region(groups: u32, pairs: u32) -> World {
    let mut text = "
version: 1
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
network: {links: {ab: {between: [az-1, az-2], bandwidth: 1 GiB/s}}}
domains: {metro: {azs: [az-1, az-2]}}
vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
timeline: []
"
    .to_owned();
    let mut section = |name: &str, line: &dyn Fn(u32) -> String| {
        writeln!(text, "{name}:").expect("a text takes it");
        for group in 0..groups {
            writeln!(text, "  {}", line(group)).expect("a text takes it");
        }
    };
    section("disks", &|g| {
        format!("d{g}: {{count: {pairs}, az: az-1, size: 1 GiB}}")
    });
    section("groups", &|g| {
        let kind = match g + 1 == groups {
            true => "consistency-group",
            false => "replication-pair",
        };
        format!("g{g}: {{domain: metro, vpc: net, protection_type: {kind}, protected: true}}")
    });
    section("pairs", &|g| {
        format!("p{g}: {{count: {pairs}, group: g{g}, disk: d{g}}}")
    });
    let scenario = Scenario::load("region.yaml", &text).expect("the file is well-formed");
    scenario.world().clone()
}

/// Laws under which ends crowd together, come at one instant, fail, never come, or are as usual.
fn pace(kind: u64) -> Pace {
    let law = |mean| DurationLaw::of(Distribution::Exponential { mean });
    let (work, stagger, fails) = match kind % 5 {
        0 => (law(Span::micros(3)), Span::ZERO, 0.0),
        1 => (DurationLaw::fixed(Span::secs(2)), Span::ZERO, 0.0),
        2 => (law(Span::secs(60)), Span::millis(16), 0.05),
        3 => (DurationLaw::fixed(Span::MAX), Span::millis(16), 0.0),
        _ => (law(Span::secs(60)), Span::ZERO, 0.0),
    };
    let mut pace = Pace::default();
    for op in OPS {
        let job = pace.job_mut(op).expect("the operation starts a job");
        job.work = work.clone();
        job.stagger = stagger;
        job.fails = Probability::try_from(fails).expect("it is one");
        if kind.is_multiple_of(5) {
            job.open = DurationLaw::fixed(Span::ZERO);
            job.close = DurationLaw::fixed(Span::ZERO);
        }
    }
    pace
}

/// One runs, the other steps.
struct Twins {
    run: Engine,
    steps: Engine,
    down: Vec<Blow>,
    draws: u64,
}

impl Twins {
    fn new(world: &World, seed: u64) -> Twins {
        let chance = Chance::new(Seed(seed)).at_pace(pace(seed));
        let run = Engine::new(world.clone(), chance);
        Twins {
            steps: run.fork(),
            run,
            down: Vec::new(),
            draws: mix(seed),
        }
    }

    fn draw(&mut self, choices: u64) -> u64 {
        self.draws = mix(self.draws);
        self.draws % choices
    }

    fn call(&mut self) {
        let keys: Vec<GroupKey> = self.run.world().groups.keys().collect();
        let key = keys[self.draw(keys.len() as u64) as usize];
        let group = Ref::from(Who::Group(key));
        let call = match self.draw(6) {
            0 => Call::StartProtection { group },
            1 => Call::StopProtection { group },
            2 | 3 => Call::Reprotect { group },
            4 => Call::PlannedFailover {
                group,
                priority_station: self.run.world().groups[key].station.other().name().into(),
            },
            _ => Call::Failover { group },
        };
        let command = call.into();
        assert_eq!(self.run.submit(&command), self.steps.submit(&command));
    }

    /// Something happens now, or behind the events of the next instant.
    fn happen(&mut self, event: Event) {
        if self.draw(2) == 0 {
            self.run.inject(event);
            self.steps.inject(event);
        } else {
            let at = self.run.next_at().unwrap_or(self.run.now());
            self.run.schedule(at, event);
            self.steps.schedule(at, event);
        }
    }

    fn strike(&mut self) {
        let world = self.run.world();
        let az = world.azs.keys().next().expect("there are two");
        let link = world.topology.links.keys().next().expect("there is one");
        let destroyed = false;
        let blow = match self.draw(4) {
            0 => Blow::Az { az, destroyed },
            1 => Blow::Link { link },
            _ => Blow::Control,
        };
        self.down.push(blow);
        self.happen(Event::Struck(blow));
    }

    /// Both go on, and stand at one place.
    fn go_on(&mut self, most: u64) {
        let events = self.draw(most) * self.draw(2) + self.draw(3);
        let limit = Limit::events(events);
        match self.draw(4) {
            0 => {
                let end = self.run.run_until_quiet(limit);
                self.step(events, SimTime::MAX);
                assert_eq!(end == RunEnd::Quiet, self.steps.next_at().is_none());
            }
            1 => {
                // The instant of an event, one just before it, or one that has passed.
                let order = self.run.queue().in_order();
                let place = self.draw(1 + order.len() as u64) as usize;
                let at = order.get(place).map_or(SimTime::ZERO, |entry| entry.0);
                let early = u64::from(self.draw(5) == 0);
                let at = SimTime::from_micros(at.as_micros().saturating_sub(early));
                let all = self.draw(2) == 0;
                let limit = if all { Limit::until(at) } else { limit };
                let _ = self.run.run_until(at, limit);
                self.step(limit.events.unwrap_or(u64::MAX), at);
                if self.steps.next_at().is_none_or(|next| next > at) {
                    self.steps.advance_to(at);
                }
            }
            2 => {
                let before = self.run.events();
                let end = self.run.run_until_job_ends(limit);
                let taken = self.run.events() - before;
                self.step(taken, SimTime::MAX);
                let ended = { self.steps.effects().iter() }.any(|effect| match effect {
                    Effect::Job { status, .. } => ["SUCCESS", "FAIL"].contains(&status.name()),
                    _ => false,
                });
                assert_eq!(end == RunEnd::Reached, taken > 0 && ended);
            }
            _ => {}
        }
    }

    fn step(&mut self, events: u64, last: SimTime) {
        for _ in 0..events {
            if self.steps.next_at().is_none_or(|at| at > last) {
                return;
            }
            self.steps.step();
        }
    }

    fn compare(&self, whole: bool) {
        let (run, steps) = (&self.run, &self.steps);
        assert_eq!(run.effects(), steps.effects());
        assert_eq!(run.digest(), steps.digest());
        assert_eq!(run.hung(), steps.hung());
        assert_eq!((run.now(), run.events()), (steps.now(), steps.events()));
        assert_eq!(run.pending(), steps.pending());
        if whole {
            let text = |engine: &Engine| serde_json::to_string(engine.world()).expect("it is data");
            assert_eq!(text(run), text(steps));
            assert_eq!(run.queue().in_order(), steps.queue().in_order());
        }
    }
}

fn play(world: &World, seeds: std::ops::Range<u64>, rounds: u32, most: u64, whole: bool) -> u64 {
    let mut events = 0;
    for seed in seeds {
        let mut twins = Twins::new(world, seed);
        for round in 0..rounds {
            match twins.draw(8) {
                // Every third history meets no fault, so that the short way is taken at all times.
                0 if !seed.is_multiple_of(3) => twins.strike(),
                1 | 2 if !twins.down.is_empty() => {
                    let blow = twins.down.pop().expect("it has one");
                    twins.happen(Event::Mended(blow));
                }
                0..=4 => twins.call(),
                _ => {}
            }
            twins.go_on(most);
            // The whole of both is compared now and then: it takes longer than all else.
            twins.compare(whole && round % 10 == 9);
        }
        events += twins.run.events();
    }
    events
}

#[test]
fn runs_leave_what_steps_leave() {
    let events = play(&region(5, 7), 0..40, 90, 21, true);
    assert!(events > 4_000, "{events} events");
}

#[test]
fn runs_in_which_an_opening_may_be_all_that_is_to_come_do_too() {
    // One group of pairs by themselves, more than are put into the queue together.
    let events = play(&region(2, 40), 40..60, 90, 120, true);
    assert!(events > 6_000, "{events} events");
}

#[test]
fn runs_of_a_region_that_is_looked_ahead_at_do_too() {
    let events = play(&region(5, 4_100), 4..6, 9, 8_000, false);
    assert!(events > 5_000, "{events} events");
}
