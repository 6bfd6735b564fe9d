//! What the data path costs under 1,000,000 pairs: a link that fails and comes back, a dark AZ, and 1,000,000 copies that
//! end on one link. Run with `cargo bench --bench data_path`; it also prints the memory of a pair.

mod region;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use region::region;
use sdrsim::engine::{Chance, Engine, Limit, RunEnd, Seed};
use sdrsim::machine::command::{Call, Ref};
use sdrsim::machine::{Blow, Event};
use sdrsim::units::{Bytes, Rate};
use sdrsim::world::flow::Flows;
use sdrsim::world::machinery::Disk;
use sdrsim::world::protection::{Pair, PairBase};
use sdrsim::world::{LinkKey, PairKey, RouteKey, Who};
use slotmap::SlotMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

const PAIRS: u32 = 1_000_000;
const GROUPS: u32 = 1_000;

/// A million pairs in step over one link.
fn in_step() -> Engine {
    let world = region(GROUPS, PAIRS / GROUPS, Some(Rate(1 << 40)));
    let mut engine = Engine::new(world, Chance::new(Seed(1)));
    let groups: Vec<Ref> = engine
        .world()
        .groups
        .keys()
        .map(|key| Who::Group(key).into())
        .collect();
    for group in groups {
        let call = Call::StartProtection { group };
        engine
            .submit(&call.into())
            .expect("the group was never protected");
    }
    quiet(&mut engine);
    engine
}

fn quiet(engine: &mut Engine) {
    assert_eq!(
        engine.run_until_quiet(Limit::events(u64::MAX)),
        RunEnd::Quiet
    );
}

/// Times a blow and its end apart: `rounds` of them, each followed by everything that it brings about.
fn blow(engine: &mut Engine, blow: Blow, rounds: u64) -> [Duration; 2] {
    let mut spent = [Duration::ZERO; 2];
    for _ in 0..rounds {
        for (event, spent) in [Event::Struck(blow), Event::Mended(blow)]
            .into_iter()
            .zip(&mut spent)
        {
            let begun = Instant::now();
            engine.inject(event);
            engine.assess();
            quiet(engine);
            *spent += begun.elapsed();
        }
    }
    spent
}

fn faults(c: &mut Criterion) {
    let mut engine = in_step();
    let find = |label: &str| engine.world().find(label).expect("the region has it");
    let Who::Link(link) = find("ab") else {
        unreachable!("it is a link");
    };
    let Who::Az(az) = find("az-1") else {
        unreachable!("it is an AZ");
    };
    let (link, dark) = (
        Blow::Link { link },
        Blow::Az {
            az,
            destroyed: false,
        },
    );
    let mut group = c.benchmark_group("1,000,000 pairs");
    group.sample_size(10);
    for (name, fault, part) in [
        ("link fails", link, 0),
        ("link returns", link, 1),
        ("AZ goes dark", dark, 0),
        ("AZ returns", dark, 1),
    ] {
        group.bench_function(name, |b| {
            b.iter_custom(|rounds| blow(&mut engine, fault, rounds)[part]);
        });
    }
    group.finish();
    println!(
        "memory: a pair {} bytes, a disk {} bytes, an event {} bytes",
        size_of::<Pair>() + size_of::<PairBase>(),
        size_of::<Disk>(),
        size_of::<Event>()
    );
}

/// Starts a million copies of different sizes on one link and ends them one by one.
fn end_all() -> usize {
    let mut routes: SlotMap<RouteKey, ()> = SlotMap::with_key();
    let mut links: SlotMap<LinkKey, ()> = SlotMap::with_key();
    let mut pairs: SlotMap<PairKey, ()> = SlotMap::with_key();
    let (route, link) = (routes.insert(()), links.insert(()));
    let mut flows = Flows::default();
    let mut now = sdrsim::time::SimTime::ZERO;
    flows.set_link(link, Rate(1 << 33));
    flows.set_route(now, route, Some(&[link]));
    for serial in 0..PAIRS {
        let size = Bytes((1 << 30) + u64::from(serial) * 4096);
        flows.start(now, route, None, size, serial, pairs.insert(()));
    }
    let (mut aims, mut ended) = (Vec::new(), Vec::new());
    flows.settle(now, &mut aims);
    while let Some(aim) = aims.pop() {
        let Some(at) = aim.at else { continue };
        now = at;
        flows.due(now, aim.flow, aim.turn, &mut ended);
        aims.clear();
        flows.settle(now, &mut aims);
    }
    ended.len()
}

fn copies(c: &mut Criterion) {
    let mut group = c.benchmark_group("copies on one link");
    group.sample_size(10);
    group.throughput(Throughput::Elements(PAIRS.into()));
    group.bench_function("1,000,000 start and end", |b| {
        b.iter(|| assert_eq!(black_box(end_all()), PAIRS as usize));
    });
    group.finish();
}

criterion_group!(benches, copies, faults);
criterion_main!(benches);
