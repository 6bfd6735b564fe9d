//! The replication-jobs workload, which other engines run as a bare model: groups of 100 pairs without instances and without
//! writes, in step, each group for ever issuing the next group operation, with an exponential sub-job per pair. The full
//! engine, digest on, nobody looking on.
//!
//! `cargo bench --bench jobs` prints million events per second for 1e3, 1e5 and 1e6 pairs. `cargo bench --bench jobs --
//! PAIRS EVENTS` runs one size once, which is what callgrind is for: run it with two numbers of events and divide the difference
//! of the instruction counts by the difference of the events.

mod region;

use region::region;
use sdrsim::engine::distribution::{Distribution, DurationLaw};
use sdrsim::engine::{Chance, Engine, Limit, Pace, RunEnd, Seed};
use sdrsim::machine::command::{Call, Ref};
use sdrsim::machine::{Command, Effect};
use sdrsim::sdrs::op::Op;
use sdrsim::time::Span;
use sdrsim::world::job::JobStatus;
use sdrsim::world::{Who, World};
use std::time::Instant;

/// The operations in the order in which a group issues them; the last one leads back to the first.
const OPS: [(Op, fn(Ref) -> Call); 4] = [
    (Op::Failover, |group| Call::Failover { group }),
    (Op::Reprotect, |group| Call::Reprotect { group }),
    (Op::StopProtection, |group| Call::StopProtection { group }),
    (Op::StartProtection, |group| Call::StartProtection { group }),
];

fn pace() -> Pace {
    let mut pace = Pace::default();
    for (op, _) in OPS {
        let job = pace.job_mut(op).expect("group operations start jobs");
        job.stagger = Span::ZERO;
        job.work = DurationLaw::of(Distribution::Exponential {
            mean: Span::secs(60),
        });
    }
    pace
}

/// An engine whose groups are all in step, and the commands of each operation by group.
fn prepared(pairs: u32) -> (Engine, Vec<Vec<Command>>) {
    let world = region(pairs.div_ceil(100), pairs.min(100), None);
    let groups: Vec<_> = world.groups.keys().collect();
    let commands = OPS.map(|(_, call)| {
        let command = |&group| Command::from(call(Ref::from(Who::Group(group))));
        groups.iter().map(command).collect()
    });
    let mut engine = Engine::new(world, Chance::new(Seed(1)).at_pace(pace()));
    for command in &commands[OPS.len() - 1] {
        engine.submit(command).expect("the group is new");
    }
    let end = engine.run_until_quiet(Limit::events(u64::MAX));
    assert_eq!(end, RunEnd::Quiet);
    (engine, commands.into())
}

/// The place of a group among the groups, which were made in order.
fn place(world: &World, who: Who) -> usize {
    let first = world.groups.values().next().map_or(0, |group| group.serial);
    let serial = world.serial(who).expect("the group exists");
    let step = world.groups.values().nth(1).map_or(1, |g| g.serial - first);
    ((serial - first) / step) as usize
}

/// Goes on for so many events, each group issuing its next operation when the last one has ended.
fn run(engine: &mut Engine, commands: &[Vec<Command>], turns: &mut [usize], events: u64) {
    let until = engine.events() + events;
    while engine.events() < until {
        engine.step().expect("every group goes on for ever");
        let Some(&Effect::Job { job, status, .. }) = engine.effects().last() else {
            continue;
        };
        if status == JobStatus::Running {
            continue;
        }
        assert_eq!(status, JobStatus::Success);
        let group = place(engine.world(), engine.world().jobs[job].subject);
        issue(engine, commands, turns, group);
    }
}

fn issue(engine: &mut Engine, commands: &[Vec<Command>], turns: &mut [usize], group: usize) {
    let command = &commands[turns[group] % OPS.len()][group];
    turns[group] += 1;
    engine.submit(command).expect("the operations go in a ring");
}

/// Runs so many events after as many pairs have been warmed up; gives the seconds that they took.
fn measure(pairs: u32, events: u64) -> f64 {
    let (mut engine, commands) = prepared(pairs);
    let mut turns = vec![0; engine.world().groups.len()];
    for group in 0..turns.len() {
        issue(&mut engine, &commands, &mut turns, group);
    }
    run(&mut engine, &commands, &mut turns, u64::from(pairs) * 5);
    let start = Instant::now();
    run(&mut engine, &commands, &mut turns, events);
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{pairs} pairs, {events} events: {:.2} M/s, digest {}",
        events as f64 / seconds / 1e6,
        engine.digest()
    );
    seconds
}

fn main() {
    let numbers: Vec<u64> = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .collect();
    match *numbers.as_slice() {
        [pairs, events] => {
            measure(u32::try_from(pairs).expect("a number of pairs"), events);
        }
        _ => {
            for pairs in [1_000, 100_000, 1_000_000] {
                measure(pairs, 10_000_000);
            }
        }
    }
}
