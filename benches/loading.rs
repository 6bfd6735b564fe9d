//! Reading scenario files of many pairs, by templates and spelled out, beside the parser alone: the same reader of YAML
//! with the same bounds, which keeps nothing of what it reads. Run with `cargo bench --bench loading`; it takes minutes,
//! because its largest file has 1,000,000 pairs.

#[path = "region/text.rs"]
mod text;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sdrsim::scenario::{Scenario, yaml};
use serde::de::IgnoredAny;
use std::hint::black_box;
use std::time::Duration;

fn load(text: &str) -> usize {
    let scenario = Scenario::load("pairs.yaml", text).expect("the file is well-formed");
    scenario.world().pairs.len()
}

fn loading(c: &mut Criterion) {
    let mut group = c.benchmark_group("load");
    for pairs in [10_000, 100_000, 1_000_000] {
        group.throughput(Throughput::Elements(pairs.into()));
        let (templates, spelled) = (text::by_templates(pairs), text::spelled_out(pairs));
        group.bench_function(BenchmarkId::new("templates", pairs), |b| {
            b.iter(|| assert_eq!(load(&templates), pairs as usize));
        });
        group.bench_function(BenchmarkId::new("spelled out", pairs), |b| {
            b.iter(|| assert_eq!(load(&spelled), pairs as usize));
        });
        group.bench_function(BenchmarkId::new("spelled out, parser alone", pairs), |b| {
            b.iter(|| {
                let read = yaml::from_str::<IgnoredAny>("pairs.yaml", black_box(&spelled));
                read.expect("the file is well-formed")
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_secs(2));
    targets = loading
}
criterion_main!(benches);
