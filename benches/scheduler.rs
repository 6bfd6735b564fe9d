//! How fast the queue is: the hold model (take the earliest out, put one in later) at several sizes and distributions of
//! delays, and filling and emptying in sorted and reverse order; ours beside `std`'s binary heap over (u64, u32) in the same
//! run. Run with `cargo bench --bench scheduler`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sdrsim::engine::scheduler::Queue;
use sdrsim::hash::mix;
use sdrsim::time::SimTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Duration;

/// Turns of one measurement.
const TURNS: usize = 1 << 16;

/// What both queues can do.
trait Pending {
    fn put(&mut self, at: u64, event: u32);
    fn take(&mut self) -> Option<(u64, u32)>;
}

impl Pending for Queue<u32> {
    fn put(&mut self, at: u64, event: u32) {
        self.push(SimTime::from_micros(at), event);
    }

    fn take(&mut self) -> Option<(u64, u32)> {
        self.pop().map(|(at, event)| (at.as_micros(), event))
    }
}

impl Pending for BinaryHeap<Reverse<(u64, u32)>> {
    fn put(&mut self, at: u64, event: u32) {
        self.push(Reverse((at, event)));
    }

    fn take(&mut self) -> Option<(u64, u32)> {
        self.pop().map(|Reverse(entry)| entry)
    }
}

/// A way to draw a delay in microseconds from 64 random bits.
type Law = fn(u64) -> u64;

/// Exponential with this mean.
fn exponential(bits: u64, mean: f64) -> u64 {
    let share = ((bits >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    (-libm::log(share) * mean) as u64
}

const LAWS: [(&str, Law); 5] = [
    ("exponential", |bits| exponential(bits, 6e7)),
    ("all equal", |_| 60_000_000),
    ("two clusters", |bits| {
        [1000, 60_000_000][bits as usize % 2] + (bits >> 8) % 1000
    }),
    ("far future", |bits| match bits % 100 {
        0 => 1 << 50,
        _ => exponential(bits, 6e7),
    }),
    ("bimodal", |bits| match bits % 10 {
        0 => exponential(bits, 6e9),
        _ => exponential(bits, 6e7),
    }),
];

fn filled(mut queue: impl Pending, size: usize, delays: &[u64]) -> impl Pending {
    for n in 0..size {
        queue.put(
            delays[n % delays.len()] + (n / delays.len()) as u64,
            n as u32,
        );
    }
    queue
}

fn hold(queue: &mut impl Pending, delays: &[u64]) {
    for delay in delays {
        let (at, event) = queue.take().expect("as many go in as come out");
        queue.put(at + delay, black_box(event));
    }
}

fn hold_model(c: &mut Criterion) {
    for (name, law) in LAWS {
        let mut group = c.benchmark_group(format!("hold, {name}"));
        group.throughput(Throughput::Elements(TURNS as u64));
        let delays: Vec<u64> = (0..TURNS as u64).map(|n| law(mix(n))).collect();
        for size in [1_000, 100_000, 1_000_000] {
            let mut ours = filled(Queue::new(), size, &delays);
            group.bench_function(BenchmarkId::new("ours", size), |b| {
                b.iter(|| hold(&mut ours, &delays));
            });
            let mut heap = filled(BinaryHeap::new(), size, &delays);
            group.bench_function(BenchmarkId::new("heap", size), |b| {
                b.iter(|| hold(&mut heap, &delays));
            });
        }
        group.finish();
    }
}

/// Puts all in, then takes all out; the queue is empty before and after.
fn through(queue: &mut impl Pending, instants: impl Iterator<Item = u64>) {
    for at in instants {
        queue.put(at, 0);
    }
    while let Some(entry) = queue.take() {
        black_box(entry);
    }
}

fn in_and_out(c: &mut Criterion) {
    let mut group = c.benchmark_group("fill and empty");
    for size in [1_000_u64, 100_000, 1_000_000] {
        group.throughput(Throughput::Elements(size));
        // Each measurement is later than the one before, as time is; only instants within one are reversed.
        let (mut ours, mut heap, mut turn) = (Queue::new(), BinaryHeap::new(), 0);
        let mut next = move || {
            turn += 1;
            turn * size * 1000
        };
        group.bench_function(BenchmarkId::new("sorted, ours", size), |b| {
            b.iter(|| {
                let start = next();
                through(&mut ours, (0..size).map(|n| start + n * 1000));
            });
        });
        group.bench_function(BenchmarkId::new("sorted, heap", size), |b| {
            b.iter(|| through(&mut heap, (0..size).map(|n| n * 1000)));
        });
        group.bench_function(BenchmarkId::new("reverse, ours", size), |b| {
            b.iter(|| {
                let start = next();
                through(&mut ours, (0..size).rev().map(|n| start + n * 1000));
            });
        });
        group.bench_function(BenchmarkId::new("reverse, heap", size), |b| {
            b.iter(|| through(&mut heap, (0..size).rev().map(|n| n * 1000)));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = hold_model, in_and_out
}
criterion_main!(benches);
