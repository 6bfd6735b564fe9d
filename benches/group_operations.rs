//! How fast a region of 1,000 groups x 100 pairs starts, fails over and reprotects them all: events per second of the
//! full engine, digest on, nobody looking on. Run with `cargo bench --bench group_operations`.

mod region;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use region::region;
use sdrsim::engine::{Chance, Engine, Limit, RunEnd, Seed};
use sdrsim::machine::command::{Call, Ref};
use sdrsim::world::Who;

/// Starts, fails over and reprotects every group; gives the number of events.
fn rounds(engine: &mut Engine) -> u64 {
    let groups: Vec<Ref> = engine
        .world()
        .groups
        .keys()
        .map(|key| Ref::from(Who::Group(key)))
        .collect();
    let calls: [fn(Ref) -> Call; 3] = [
        |group| Call::StartProtection { group },
        |group| Call::Failover { group },
        |group| Call::Reprotect { group },
    ];
    for call in calls {
        for group in &groups {
            engine
                .submit(&call(group.clone()).into())
                .expect("the group is in the status before");
        }
        assert_eq!(
            engine.run_until_quiet(Limit::events(u64::MAX)),
            RunEnd::Quiet
        );
    }
    engine.events()
}

fn group_operations(c: &mut Criterion) {
    let mut group = c.benchmark_group("start, fail over, reprotect");
    group.sample_size(10);
    for (groups, pairs) in [(10, 100), (100, 100), (1000, 100)] {
        let world = region(groups, pairs, None);
        let fresh = || Engine::new(world.clone(), Chance::new(Seed(1)));
        group.throughput(Throughput::Elements(rounds(&mut fresh())));
        group.bench_function(format!("{groups} groups x {pairs} pairs"), |b| {
            b.iter_batched_ref(fresh, rounds, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, group_operations);
criterion_main!(benches);
