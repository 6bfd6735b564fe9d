//! The queue alone: take the earliest out, put one in later; beside the binary heap of `std`, and in patterns that queues of
//! buckets dislike.

use crate::bare::Pending;
use crate::measure::{Table, bar, count, figure, median, ratio, seconds};
use crate::work::length;
use sdrsim::engine::scheduler::Queue;
use sdrsim::hash::mix;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

type Heap = BinaryHeap<Reverse<(u64, u32)>>;

/// A way to draw a delay in microseconds from 64 random bits.
type Law = fn(u64) -> u64;

const LAWS: [(&str, Law); 6] = [
    ("hold, exponential", length),
    ("hold, uniform", |bits| bits % 120_000_000),
    ("hold, all equal", |_| 60_000_000),
    ("hold, two clusters", |bits| {
        [1000, 60_000_000][bits as usize % 2] + (bits >> 8) % 1000
    }),
    ("hold, far future", |bits| match bits % 100 {
        0 => 1 << 50,
        _ => length(mix(bits)),
    }),
    ("hold, bimodal", |bits| match bits % 10 {
        0 => 100 * length(mix(bits)),
        _ => length(mix(bits)),
    }),
];

fn filled<Q: Pending>(size: usize, delays: &[u64]) -> Q {
    let mut queue = Q::default();
    for n in 0..size {
        let lap = (n / delays.len()) as u64;
        queue.put(delays[n % delays.len()] + lap, n as u32);
    }
    queue
}

/// Turns; answers the sum of the instants, which both queues must agree on.
fn turns<Q: Pending>(queue: &mut Q, delays: &[u64]) -> u64 {
    let mut sum = 0_u64;
    for delay in delays {
        let (at, event) = queue.take().expect("as many go in as come out");
        sum = sum.wrapping_add(at);
        queue.put(at + delay, event);
    }
    black_box(sum)
}

/// Puts all in and takes all out.
fn through<Q: Pending>(queue: &mut Q, instants: impl Iterator<Item = u64>) -> u64 {
    instants.for_each(|at| queue.put(at, 0));
    let mut sum = 0_u64;
    while let Some((at, _)) = queue.take() {
        sum = sum.wrapping_mul(3).wrapping_add(at);
    }
    black_box(sum)
}

/// Nanoseconds of ours and of the heap, by round.
type Nanos = [Vec<f64>; 2];

/// One round of each; they must do the same.
fn round(
    nanos: &mut Nanos,
    turns: usize,
    ours: impl FnOnce() -> u64,
    heap: impl FnOnce() -> u64,
) -> Result<(), String> {
    let ((one, first), (other, second)) = (seconds(ours), seconds(heap));
    nanos[0].push(first / turns as f64 * 1e9);
    nanos[1].push(second / turns as f64 * 1e9);
    match one == other {
        true => Ok(()),
        false => Err("the two queues do not agree".into()),
    }
}

fn hold(law: Law, size: usize, rounds: usize) -> Result<Nanos, String> {
    let delays: Vec<u64> = (0..1_u64 << 18).map(|n| law(mix(n))).collect();
    let (mut ours, mut heap) = (
        filled::<Queue<u32>>(size, &delays),
        filled::<Heap>(size, &delays),
    );
    let mut nanos = Nanos::default();
    for _ in 0..rounds {
        let (ours, heap) = (|| turns(&mut ours, &delays), || turns(&mut heap, &delays));
        round(&mut nanos, delays.len(), ours, heap)?;
    }
    Ok(nanos)
}

fn in_and_out(reversed: bool, size: usize, rounds: usize) -> Result<Nanos, String> {
    let (mut ours, mut heap) = (Queue::default(), Heap::default());
    let mut nanos = Nanos::default();
    let laps = (100_000 / size).max(1);
    for turn in 0..rounds {
        // Each filling is later than the one before, as time is.
        let instants = |lap: usize| {
            let base = ((turn * laps + lap + 1) * size * 1000) as u64;
            let place = move |n: usize| if reversed { size - n } else { n };
            (0..size).map(move |n| base + place(n) as u64 * 1000)
        };
        let (ours, heap) = (
            || {
                (0..laps).fold(0, |sum: u64, lap| {
                    sum.wrapping_add(through(&mut ours, instants(lap)))
                })
            },
            || {
                (0..laps).fold(0, |sum: u64, lap| {
                    sum.wrapping_add(through(&mut heap, instants(lap)))
                })
            },
        );
        round(&mut nanos, laps * size, ours, heap)?;
    }
    Ok(nanos)
}

/// Measures and prints.
pub fn run(sizes: &[u32], rounds: usize) -> Result<(), String> {
    let bar = bar((LAWS.len() + 2) * sizes.len());
    let mut table = Table::new(
        ["nanoseconds, ours / std BinaryHeap".to_owned()]
            .into_iter()
            .chain(sizes.iter().flat_map(|&size| {
                [
                    format!("{} pending", count(size.into())),
                    "faster by".to_owned(),
                ]
            })),
    );
    let mut rows: Vec<(&str, Vec<Nanos>)> = Vec::new();
    for (name, law) in LAWS {
        let mut row = Vec::new();
        for &size in sizes {
            bar.set_message(format!("{name}, {}", count(size.into())));
            row.push(hold(law, size as usize, rounds)?);
            bar.inc(1);
        }
        rows.push((name, row));
    }
    for (name, reversed) in [
        ("fill and empty, sorted", false),
        ("fill and empty, reverse", true),
    ] {
        let mut row = Vec::new();
        for &size in sizes {
            bar.set_message(format!("{name}, {}", count(size.into())));
            row.push(in_and_out(reversed, size as usize, rounds)?);
            bar.inc(1);
        }
        rows.push((name, row));
    }
    bar.finish_and_clear();
    for (name, row) in rows {
        let cells = row.iter().flat_map(|[ours, heap]| {
            let both = format!("{} / {}", figure(median(ours)), figure(median(heap)));
            [both, figure(ratio(heap, ours))]
        });
        table.row([name.to_owned()].into_iter().chain(cells));
    }
    table.print();
    Ok(())
}
