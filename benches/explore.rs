//! States per second of an exhaustive search: two groups of two pairs without instances, on one thread and on two, with
//! and without a property, which makes the search look at every state's world; and with a fault, which concerns both
//! groups at once. Run with `cargo bench --bench explore`.

mod region;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use region::region;
use sdrsim::explore::{Bounds, Menu, Model, search};
use sdrsim::machine::event::Blow;
use sdrsim::world::Who;

/// How many sub-jobs may fail in all.
const FAILURES: u8 = 2;

fn model(property: bool, fault: bool) -> Model {
    let world = region(2, 2, None);
    let az = match world.find("az-1") {
        Some(Who::Az(az)) if fault => Some(az),
        _ => None,
    };
    let menu = Menu {
        failures_max: FAILURES,
        faults: az
            .map(|az| Blow::Az {
                az,
                destroyed: false,
            })
            .into_iter()
            .collect(),
        faults_max: 1,
        ..Menu::default()
    };
    let model = Model::new(world, menu);
    match property {
        false => model,
        true => model.always("groups stay", |world| {
            let stay = world.groups.len() == 2;
            stay.then_some(()).ok_or_else(|| "one is gone".to_owned())
        }),
    }
}

fn explore(c: &mut Criterion) {
    let mut group = c.benchmark_group("two groups of two pairs");
    group.sample_size(10);
    let cases = [
        ("no property", false, false),
        ("a property", true, false),
        ("a fault", false, true),
    ];
    for (name, property, fault) in cases {
        let model = model(property, fault);
        for threads in [1, 2] {
            let bounds = Bounds {
                threads,
                ..Bounds::default()
            };
            let found = search(&model, &bounds);
            assert!(found.complete && found.violation.is_none());
            group.throughput(Throughput::Elements(found.states as u64));
            group.bench_function(format!("{name}, {threads} threads"), |b| {
                b.iter(|| search(&model, &bounds));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, explore);
criterion_main!(benches);
