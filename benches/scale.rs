//! How the time of an event grows with the number of pairs, from 1e3 to 1e6, and what one group operation on 1,000,000 pairs
//! takes. An AZ that goes dark under 1,000,000 pairs and 1,000,000 copies on one link are in `data_path`. Run with
//! `cargo bench --bench scale`.

#[path = "region/jobs.rs"]
mod jobs;
mod region;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jobs::Jobs;
use std::time::{Duration, Instant};

/// Events of one measurement.
const EVENTS: u64 = 200_000;

fn events(c: &mut Criterion) {
    let mut group = c.benchmark_group("events, groups of 100 pairs");
    group.throughput(Throughput::Elements(EVENTS));
    for groups in [10, 100, 1_000, 10_000] {
        let mut jobs = Jobs::spread(groups, 100);
        jobs.run_to(2 * u64::from(groups) * 102);
        group.bench_function(BenchmarkId::from_parameter(groups * 100), |b| {
            b.iter(|| jobs.run_to(jobs.events() + EVENTS));
        });
    }
    group.finish();
}

/// Operations of one group of 1,000,000 pairs, from the call to the job's end.
fn one_group(c: &mut Criterion) {
    const PAIRS: u32 = 1_000_000;
    let mut jobs = Jobs::spread(1, PAIRS);
    let each = u64::from(PAIRS) + 2;
    let mut group = c.benchmark_group("one group of 1,000,000 pairs");
    group.throughput(Throughput::Elements(each));
    group.bench_function("an operation", |b| {
        b.iter_custom(|rounds| {
            let begun = Instant::now();
            jobs.run_to(jobs.events() + rounds * each);
            begun.elapsed()
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(3));
    targets = events, one_group
}
criterion_main!(benches);
