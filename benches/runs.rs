//! What a fork, a reset and a short run cost: a fork of 1,000 pairs beside a copy of as many bytes, the reset of a run that
//! is over, and runs of 100 pairs x 1,000 events on one thread and on two. Run with `cargo bench --bench runs`.

mod region;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use region::region;
use sdrsim::engine::many::many;
use sdrsim::engine::{Chance, Digest, Engine, Limit, RunEnd, Seed};
use sdrsim::machine::command::{Call, Ref};
use sdrsim::world::Who;
use std::hint::black_box;
use std::mem::size_of;
use std::num::NonZeroUsize;

/// Events of a run.
const EVENTS: u64 = 1000;

/// The bytes of the records of a world's pairs, disks and groups and of its index, which are nearly all there is.
fn bytes(engine: &Engine) -> usize {
    use sdrsim::world::machinery::Disk;
    use sdrsim::world::protection::{Group, Pair, PairBase};
    let world = engine.world();
    let (pairs, disks, groups) = (world.pairs.len(), world.disks.len(), world.groups.len());
    let index = (pairs + disks + groups) * (size_of::<u64>() + size_of::<Who>());
    pairs * (size_of::<Pair>() + size_of::<PairBase>())
        + disks * size_of::<Disk>()
        + groups * size_of::<Group>()
        + index
}

fn fork(c: &mut Criterion) {
    let mut group = c.benchmark_group("1,000 pairs");
    let engine = Engine::new(region(10, 100, None), Chance::new(Seed(1)));
    let memory = vec![1_u8; bytes(&engine)];
    let mut copy = memory.clone();
    group.throughput(Throughput::Bytes(memory.len() as u64));
    group.bench_function("memcpy", |b| {
        b.iter(|| black_box(&mut copy).copy_from_slice(black_box(&memory)));
    });
    group.bench_function("memcpy into fresh memory", |b| {
        b.iter_with_large_drop(|| black_box(&memory).clone());
    });
    group.bench_function("fork", |b| {
        b.iter_with_large_drop(|| black_box(&engine).fork_unseen())
    });
    group.bench_function("fork that is dropped at once", |b| {
        b.iter(|| black_box(&engine).fork_unseen());
    });
    let mut worn = engine.fork_unseen();
    group.bench_function("reset", |b| b.iter(|| worn.clone_from(black_box(&engine))));
    group.finish();
}

/// The operations of a group in step, one after the other. Stopped, it is started again from the other side.
const RING: [fn(Ref) -> Call; 4] = [
    |group| Call::Failover { group },
    |group| Call::Reprotect { group },
    |group| Call::StopProtection { group },
    |group| Call::StartProtection { group },
];

fn groups(engine: &Engine) -> Vec<Ref> {
    let groups = engine.world().groups.keys();
    groups.map(|key| Ref::from(Who::Group(key))).collect()
}

/// A group of 100 pairs in step.
fn in_step() -> Engine {
    let mut engine = Engine::new(region(1, 100, None), Chance::new(Seed(0)));
    for group in groups(&engine) {
        engine
            .submit(&Call::StartProtection { group }.into())
            .expect("the group was never started");
    }
    assert_eq!(
        engine.run_until_quiet(Limit::events(u64::MAX)),
        RunEnd::Quiet
    );
    engine
}

/// Goes on with group operations, one after the other, for so many events.
fn run(_: Seed, engine: &mut Engine) -> Digest {
    let groups = groups(engine);
    let last = engine.events() + EVENTS;
    for call in RING.iter().cycle() {
        for group in &groups {
            engine
                .submit(&call(group.clone()).into())
                .expect("the group is in the status before");
        }
        let end = engine.run_until_quiet(Limit::events(last - engine.events()));
        if end == RunEnd::LimitHit || engine.events() == last {
            break;
        }
    }
    assert_eq!(engine.events(), last);
    engine.digest()
}

fn runs(c: &mut Criterion) {
    let prepared = in_step();
    let seeds: Vec<Seed> = (0..1000).map(Seed).collect();
    let mut group = c.benchmark_group("runs of 100 pairs x 1,000 events");
    group.sample_size(10);
    group.throughput(Throughput::Elements(seeds.len() as u64));
    for threads in [1, 2] {
        let threads = NonZeroUsize::new(threads).expect("there is a thread");
        group.bench_function(format!("on {threads} threads"), |b| {
            b.iter(|| many(&prepared, &seeds, threads, run));
        });
    }
    // What is left of a run without its events.
    let one = NonZeroUsize::MIN;
    group.bench_function("without events", |b| {
        b.iter(|| many(&prepared, &seeds, one, |_, engine| engine.digest()));
    });
    group.finish();
}

criterion_group!(benches, fork, runs);
criterion_main!(benches);
