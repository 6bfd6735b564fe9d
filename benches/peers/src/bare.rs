//! Hand-written loops around the bare model: what no simulator can be much faster than.

use crate::work::{CLOSE, Contestant, Event, OPEN, Shape, Tally, Work, bits, length};
use sdrsim::engine::scheduler::Queue;
use sdrsim::time::SimTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A queue of instants and events of 32 bits.
pub trait Pending: Default {
    /// What the loop around it is called.
    const LOOP: &'static str;
    fn put(&mut self, at: u64, event: u32);
    fn take(&mut self) -> Option<(u64, u32)>;
}

/// The simulator's own queue, a ladder of radix buckets.
impl Pending for Queue<u32> {
    const LOOP: &'static str = "bare loop, ladder queue";

    #[inline]
    fn put(&mut self, at: u64, event: u32) {
        self.push(SimTime::from_micros(at), event);
    }

    #[inline]
    fn take(&mut self) -> Option<(u64, u32)> {
        self.pop().map(|(at, event)| (at.as_micros(), event))
    }
}

/// Without an order among equal instants of its own.
impl Pending for BinaryHeap<Reverse<(u64, u32)>> {
    const LOOP: &'static str = "bare loop, std BinaryHeap";

    #[inline]
    fn put(&mut self, at: u64, event: u32) {
        self.push(Reverse((at, event)));
    }

    #[inline]
    fn take(&mut self) -> Option<(u64, u32)> {
        self.pop().map(|Reverse(entry)| entry)
    }
}

/// A loop around the bare model.
pub struct Bare<Q> {
    work: Work,
    queue: Q,
}

impl<Q: Pending> Bare<Q> {
    pub fn new(shape: Shape) -> Bare<Q> {
        let work = Work::new(shape);
        let mut queue = Q::default();
        for (at, event) in work.beginning() {
            queue.put(at, event.packed());
        }
        Bare { work, queue }
    }
}

impl<Q: Pending> Contestant for Bare<Q> {
    fn name(&self) -> &'static str {
        Q::LOOP
    }

    fn run(&mut self, events: u64) -> Result<Tally, String> {
        let Bare { work, queue } = self;
        while work.tally.events < events
            && let Some((now, event)) = queue.take()
        {
            work.happen(now, Event::unpacked(event), |after, event| {
                queue.put(now + after, event.packed());
            });
        }
        Ok(work.tally)
    }
}

/// The same work with sub-jobs kept as data: only the ends of operations are dispatched, and a sub-job's end is worked out
/// when somebody looks, which here nobody does. Its events are *logical*: those that it stands for.
pub struct Settled {
    shape: Shape,
    turns: Vec<u32>,
    queue: Queue<u32>,
    tally: Tally,
}

impl Settled {
    pub fn new(shape: Shape) -> Settled {
        let mut settled = Settled {
            shape,
            turns: vec![0; shape.groups as usize],
            queue: Queue::new(),
            tally: Tally::default(),
        };
        for group in 0..shape.groups {
            settled.open(shape.begins(group) + OPEN, group);
        }
        settled
    }

    /// Opens an operation: when its last sub-job ends is all that the queue needs to know.
    fn open(&mut self, at: u64, group: u32) {
        let turn = self.turns[group as usize];
        let first = group * self.shape.pairs;
        // The longest sub-job is the one with the fewest bits, so one logarithm says how long it is.
        let least = (first..first + self.shape.pairs).fold(u64::MAX, |least, pair| {
            let bits = bits(pair, turn);
            if bits < least { bits } else { least }
        });
        let end = SimTime::from_micros(at + length(least) + CLOSE);
        self.queue.push(end, group);
    }
}

impl Contestant for Settled {
    fn name(&self) -> &'static str {
        "bare loop, sub-jobs kept as data"
    }

    fn run(&mut self, events: u64) -> Result<Tally, String> {
        while self.tally.events < events
            && let Some((at, group)) = self.queue.pop()
        {
            self.tally.now = at.as_micros();
            self.tally.events += self.shape.events_each();
            self.tally.operations += 1;
            self.turns[group as usize] += 1;
            if self.turns[group as usize] < self.shape.operations {
                self.open(self.tally.now + OPEN, group);
            }
        }
        Ok(self.tally)
    }
}
