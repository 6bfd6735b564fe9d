use super::*;
use crate::hash::mix;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

fn at(micros: u64) -> SimTime {
    SimTime::from_micros(micros)
}

fn drain<E: Copy>(mut queue: Queue<E>) -> Vec<(SimTime, E)> {
    std::iter::from_fn(move || queue.pop()).collect()
}

#[test]
fn earliest_first_and_equal_instants_in_turn() {
    let mut queue = Queue::new();
    for (micros, name) in [
        (5, "a"),
        (1, "b"),
        (5, "c"),
        (0, "d"),
        (5, "e"),
        (u64::MAX, "f"),
    ] {
        queue.push(at(micros), name);
    }
    assert_eq!(queue.peek(), Some((at(0), &"d")));
    assert_eq!(queue.pop_until(at(0)), Some((at(0), "d")));
    assert_eq!(queue.pop_until(at(0)), None);
    assert_eq!(queue.len(), 5);
    let names: Vec<&str> = drain(queue).into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["b", "a", "c", "e", "f"]);
}

#[test]
fn steady_state_keeps_its_room() {
    let mut queue = Queue::with_capacity(64);
    let room = queue.capacity();
    assert!(room >= 64, "room for {room} of 64");
    for n in 0..10_000_u64 {
        queue.push(at(n * 7 % 101), n);
        if queue.len() == 64 {
            queue.pop();
        }
    }
    assert_eq!(queue.capacity(), room);
    queue.clear();
    assert!(queue.is_empty());
    assert_eq!(queue.capacity(), room);
}

#[test]
fn a_checkpoint_forgets_the_past() {
    let mut worn = Queue::new();
    worn.push(at(9), "x");
    worn.push(at(0), "gone");
    worn.push(at(9), "y");
    worn.pop();
    let text = serde_json::to_string(&worn).unwrap();
    assert_eq!(text, r#"[[9,"x"],[9,"y"]]"#);
    let mut back: Queue<&str> = serde_json::from_str(&text).unwrap();
    back.push(at(9), "z");
    assert_eq!(drain(back), [(at(9), "x"), (at(9), "y"), (at(9), "z")]);
}

/// The queue as it is meant: a heap of instants and sequence numbers.
#[derive(Default)]
struct Model {
    heap: BinaryHeap<Reverse<(u64, u32)>>,
    pushed: u32,
}

impl Model {
    fn push(&mut self, micros: u64) -> u32 {
        self.heap.push(Reverse((micros, self.pushed)));
        self.pushed += 1;
        self.pushed - 1
    }

    fn pop(&mut self) -> Option<(SimTime, u32)> {
        self.heap
            .pop()
            .map(|Reverse((micros, number))| (at(micros), number))
    }

    fn rest(mut self) -> Vec<(SimTime, u32)> {
        std::iter::from_fn(move || self.pop()).collect()
    }
}

/// What is done with a queue.
#[derive(Clone, Debug)]
enum Step {
    /// Entries for instants that lie so far behind what came out last.
    Push(Vec<u64>),
    /// Entries for these instants, whatever has come out.
    PushAt(Vec<u64>),
    /// Entries for these instants in their order, at once.
    PushRising(Vec<u64>),
    /// The same in no order, so far behind what came out last.
    PushAll(Vec<u64>),
    Pop(usize),
    /// So often take one out that is due at most so much later than what came out last.
    PopUntil(usize, u64),
    /// Offer so many that are due at most so much later; so many are taken, and the next one stays or is the last.
    Drain(usize, u64, usize, Taken),
    /// So often: take one out, put one in so much later.
    Hold(usize, u64),
    /// Put some in order if one is due at most so much later than what came out last.
    Prepare(u64),
    Copy,
    Restore,
    Clear,
}

fn span() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => Just(0_u64),
        4 => 0_u64..8,
        4 => 0_u64..5_000,
        4 => (0_u32..64, any::<u64>()).prop_map(|(bits, any)| any >> bits),
        1 => Just(u64::MAX),
    ]
}

/// So many instants within so many bits.
fn crowd(bits: u32, many: u64) -> Vec<u64> {
    let within = (1 << bits) - 1;
    (0..many).map(|n| mix(n) & within).collect()
}

/// Instants, near each other or not, of which none is before the one before it.
fn rising() -> impl Strategy<Value = Vec<u64>> {
    let steps = prop::collection::vec((span(), 0_u64..3), 1..100);
    (span(), 0_u32..40, steps).prop_map(|(mut now, bits, steps)| {
        let step = |(span, times): (u64, u64)| {
            now = now.saturating_add((span >> (63 - bits)).saturating_mul(times));
            now
        };
        steps.into_iter().map(step).collect()
    })
}

fn step() -> impl Strategy<Value = Step> {
    let spans = |most| prop::collection::vec(span(), 1..most);
    let same = (span(), 1_usize..200).prop_map(|(span, times)| vec![span; times]);
    prop_oneof![
        6 => spans(8).prop_map(Step::Push),
        2 => spans(300).prop_map(Step::Push),
        1 => (0_u32..40, 600_u64..1500).prop_map(|(bits, many)| Step::Push(crowd(bits, many))),
        2 => same.prop_map(Step::Push),
        1 => spans(20).prop_map(Step::PushAt),
        2 => rising().prop_map(Step::PushRising),
        2 => spans(80).prop_map(Step::PushAll),
        6 => (1_usize..8).prop_map(Step::Pop),
        2 => (1_usize..300).prop_map(Step::Pop),
        2 => (1_usize..20, span()).prop_map(|(times, span)| Step::PopUntil(times, span)),
        4 => (0_usize..200, span(), 0_usize..100, any::<bool>()).prop_map(|(most, span, taken, last)| {
            Step::Drain(most, span, taken, if last { Taken::Last } else { Taken::No })
        }),
        4 => (1_usize..200, span()).prop_map(|(times, span)| Step::Hold(times, span)),
        1 => span().prop_map(Step::Prepare),
        1 => Just(Step::Copy),
        1 => Just(Step::Restore),
        1 => Just(Step::Clear),
    ]
}

/// Both queues and the instant of what came out last.
#[derive(Default)]
struct Twins {
    queue: Queue<u32>,
    spare: Queue<u32>,
    model: Model,
    now: u64,
}

impl Twins {
    fn push(&mut self, micros: u64) {
        let number = self.model.push(micros);
        self.queue.push(at(micros), number);
    }

    fn pop(&mut self) -> Result<(), TestCaseError> {
        let (ours, theirs) = (self.queue.pop(), self.model.pop());
        prop_assert_eq!(ours, theirs);
        self.now = theirs.map_or(self.now, |(due, _)| due.as_micros());
        Ok(())
    }

    fn pop_until(&mut self, limit: u64) -> Result<(), TestCaseError> {
        let due = { self.model.heap.peek() }.is_some_and(|first| first.0.0 <= limit);
        if due {
            let theirs = self.model.pop();
            prop_assert_eq!(self.queue.pop_until(at(limit)), theirs);
            self.now = theirs.map_or(self.now, |(due, _)| due.as_micros());
        } else {
            prop_assert_eq!(self.queue.pop_until(at(limit)), None);
        }
        Ok(())
    }

    fn drain(
        &mut self,
        (most, limit): (usize, u64),
        (stop, then): (usize, Taken),
    ) -> Result<(), TestCaseError> {
        let mut offered = Vec::new();
        let taken = self
            .queue
            .drain(at(limit), most, &mut |due, &number: &u32| {
                offered.push((due, number));
                if offered.len() > stop {
                    then
                } else {
                    Taken::Yes
                }
            });
        let refused = usize::from(offered.len() > stop && then == Taken::No);
        prop_assert_eq!(taken + refused, offered.len());
        prop_assert!(offered.len() <= most.min(stop + 1));
        for &ours in &offered[..taken] {
            prop_assert_eq!(Some(ours), self.model.pop());
            self.now = ours.0.as_micros();
        }
        let left = self.model.heap.peek().map(|first| first.0);
        if refused > 0 {
            let stays = left.map(|(micros, number)| (at(micros), number));
            prop_assert_eq!(offered.last().copied(), stays);
        }
        if taken > 0 {
            prop_assert!(left.is_some_and(|(micros, _)| micros <= limit));
        }
        Ok(())
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Drain(most, span, stop, then) => {
                self.drain((most, self.now.saturating_add(span)), (stop, then))?;
            }
            Step::Prepare(span) => drop(self.queue.prepare(at(self.now.saturating_add(span)))),
            Step::Push(spans) => {
                for span in spans {
                    self.push(self.now.saturating_add(span));
                }
            }
            Step::PushAt(instants) => instants.into_iter().for_each(|micros| self.push(micros)),
            Step::PushRising(instants) => {
                let number = |micros| (at(micros), self.model.push(micros));
                let entries: Vec<_> = instants.into_iter().map(number).collect();
                self.queue.push_rising(entries.into_iter());
            }
            Step::PushAll(spans) => {
                let number = |span| {
                    let micros = self.now.saturating_add(span);
                    (at(micros), self.model.push(micros))
                };
                let entries: Vec<_> = spans.into_iter().map(number).collect();
                self.queue.push_all(entries.into_iter());
            }
            Step::Pop(times) => {
                for _ in 0..times {
                    self.pop()?;
                }
            }
            Step::PopUntil(times, span) => {
                let limit = self.now.saturating_add(span);
                for _ in 0..times {
                    self.pop_until(limit)?;
                }
            }
            Step::Hold(times, span) => {
                for turn in 0..times as u64 {
                    self.pop()?;
                    self.push(self.now.saturating_add(span).saturating_add(turn % 3));
                }
            }
            Step::Copy => {
                // The one that goes on has the room, and once had the entries, of another.
                self.spare.clone_from(&self.queue);
                std::mem::swap(&mut self.spare, &mut self.queue);
            }
            Step::Restore => {
                let entries = self.queue.in_order();
                let restored = entries.into_iter().map(|(due, &number)| (due, number));
                let mut queue = Queue::new();
                queue.extend(restored);
                self.queue = queue;
            }
            Step::Clear => {
                self.queue.clear();
                self.model.heap.clear();
            }
        }
        let least = self
            .model
            .heap
            .peek()
            .map(|&Reverse((micros, number))| (at(micros), number));
        prop_assert_eq!(self.queue.len(), self.model.heap.len());
        prop_assert_eq!(self.queue.peek_time(), least.map(|(due, _)| due));
        prop_assert_eq!(self.queue.peek().map(|(due, &number)| (due, number)), least);
        Ok(())
    }
}

/// What is done with a queue in which so many entries wait that some of those in order are kept when it is filled again; the
/// instants lie as close together as they do.
fn step_of_many() -> impl Strategy<Value = Step> {
    let span = || (0_u64..200).prop_map(|entries| entries << 12);
    let spans = |most| prop::collection::vec(span(), 1..most);
    prop_oneof![
        6 => (1_usize..200).prop_map(|most| Step::Drain(most, u64::MAX >> 1, usize::MAX - 1, Taken::No)),
        3 => (1_usize..200, span(), 0_usize..100).prop_map(|(most, span, taken)| Step::Drain(most, span, taken, Taken::No)),
        6 => Just(Step::Prepare(u64::MAX >> 1)),
        2 => span().prop_map(Step::Prepare),
        3 => spans(8).prop_map(Step::Push),
        2 => spans(80).prop_map(Step::PushAll),
        1 => (6_u32..16, 100_u64..400).prop_map(|(bits, many)| Step::Push(crowd(bits, many))),
        1 => (0_u32..30).prop_map(|bits| Step::PushAt(crowd(bits, 5))),
        2 => (1_usize..40).prop_map(Step::Pop),
        2 => (1_usize..20, span()).prop_map(|(times, span)| Step::PopUntil(times, span)),
        1 => Just(Step::Copy),
        1 => Just(Step::Restore),
    ]
}

/// All that is in the queue of twins is what is in the other one.
fn compare(twins: Twins) -> Result<(), TestCaseError> {
    let Twins { queue, model, .. } = twins;
    let in_order = queue.in_order().into_iter();
    let listed: Vec<_> = in_order.map(|(due, &number)| (due, number)).collect();
    let rest = model.rest();
    prop_assert_eq!(&drain(queue.clone()), &rest);
    prop_assert_eq!(&drain(queue), &rest);
    prop_assert_eq!(&listed, &rest);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn behaves_like_that_with_many_entries(
        many in any::<bool>(),
        steps in prop::collection::vec(step_of_many(), 0..60),
    ) {
        let mut twins = Twins::default();
        // Lying apart, so that a bucket takes few, and close together, so that it takes many.
        twins.take(Step::Push(crowd(if many { 22 } else { 25 }, 8_000)))?;
        for step in steps {
            twins.take(step)?;
        }
        compare(twins)?;
    }

    #[test]
    fn behaves_like_a_heap_with_sequence_numbers(steps in prop::collection::vec(step(), 0..40)) {
        let mut twins = Twins::default();
        for step in steps {
            twins.take(step)?;
        }
        compare(twins)?;
    }
}

#[test]
fn those_in_order_are_offered_to_the_last_if_another_is_due_after_them() {
    let mut queue = Queue::new();
    for n in 0..30 {
        queue.push(at((1 << 20) + n), n);
    }
    queue.push(at(1 << 40), 30);
    let all =
        |queue: &mut Queue<u64>, limit| queue.drain(at(limit), 100, &mut |_, _: &u64| Taken::Yes);
    assert_eq!(all(&mut queue, u64::MAX), 0, "none is in order");
    queue.prepare(at(1 << 19));
    assert_eq!(all(&mut queue, u64::MAX), 0, "none was due");
    queue.prepare(at(1 << 20));
    // The last one that is due has to stay.
    assert_eq!(all(&mut queue.clone(), 1 << 39), 29);
    assert_eq!(all(&mut queue, u64::MAX), 30);
    assert_eq!(queue.pop(), Some((at(1 << 40), 30)));
}

#[test]
fn nothing_is_put_in_order_while_something_waits_beside() {
    let mut queue = Queue::new();
    for n in 0..30 {
        queue.push(at((1 << 20) + 2 * n), n);
    }
    queue.push(at(1 << 40), 31);
    // One is taken out, and one is pushed for the instant of the last one of those in order; then these are taken out.
    assert_eq!(queue.pop(), Some((at(1 << 20), 0)));
    queue.push(at((1 << 20) + 59), 30);
    let rest: Vec<_> = (0..29).filter_map(|_| queue.pop()).collect();
    assert_eq!(rest.last(), Some(&(at((1 << 20) + 58), 29)));
    queue.prepare(at(u64::MAX));
    queue.push(at((1 << 20) + 59), 32);
    let rest: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
    let instant = at((1 << 20) + 59);
    assert_eq!(rest, [(instant, 30), (instant, 32), (at(1 << 40), 31)]);
}

#[test]
fn an_emptied_queue_begins_again() {
    let mut queue = Queue::new();
    for round in 0..3_u64 {
        for n in (0..1000_u64).rev() {
            queue.push(at(n / 3 + round), n);
        }
        let out: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(out.len(), 1000);
        assert!(out.is_sorted_by_key(|&(due, n)| (due, u64::MAX - n)));
    }
}

/// Takes out and puts in again, one for one, with delays within so many bits, and compares every one.
fn hold_within(bits: u32, pending: u64, turns: u64) {
    let (mut queue, mut model) = (Queue::new(), Model::default());
    let push = |queue: &mut Queue<u32>, model: &mut Model, micros: u64| {
        let number = model.push(micros);
        queue.push(at(micros), number);
    };
    for n in 0..pending {
        push(&mut queue, &mut model, mix(n) >> (64 - bits));
    }
    for n in 0..turns {
        let (ours, theirs) = (queue.pop(), model.pop());
        assert_eq!(ours, theirs, "{bits} bits, turn {n}");
        let now = theirs.map_or(0, |(due, _)| due.as_micros());
        push(
            &mut queue,
            &mut model,
            now + (mix(n + pending) >> (64 - bits)),
        );
    }
    assert_eq!(drain(queue), model.rest());
}

#[test]
fn whatever_the_delays_are_many_turns_keep_the_order() {
    // From many at one instant to few in wide buckets: all that is pushed may be before what was sorted, or none of it.
    for bits in [1, 4, 9, 15, 17, 20, 23, 26, 33] {
        for pending in [3, 70, 500, 3_000] {
            hold_within(bits, pending, 4_000);
        }
    }
}

#[test]
fn a_great_many_at_one_instant_come_out_in_turn_while_more_are_pushed_for_it() {
    let (mut queue, mut model) = (Queue::new(), Model::default());
    for n in 0..3_000_u64 {
        let micros = if n.is_multiple_of(7) {
            1_000_001
        } else {
            1_000_000
        };
        queue.push(at(micros), model.push(micros));
    }
    for turn in 0..2_900_u64 {
        assert_eq!(queue.pop(), model.pop());
        if turn.is_multiple_of(3) && turn < 1_500 {
            queue.push(at(1_000_000), model.push(1_000_000));
        }
    }
    assert_eq!(drain(queue), model.rest());
}

#[test]
fn what_is_ready_is_what_comes_next() {
    let mut queue = Queue::new();
    for n in 0..2_000_u64 {
        queue.push(at(mix(n) % 6_000_000), n);
    }
    let mut seen = 0;
    for _ in 0..100 {
        queue.pop();
        let ready = (0..64).map_while(|others| queue.ready().after(others).copied());
        let ready: Vec<u64> = ready.collect();
        seen += ready.len();
        let mut copy = queue.clone();
        let next: Vec<u64> = std::iter::from_fn(|| copy.pop())
            .map(|entry| entry.1)
            .take(ready.len())
            .collect();
        assert_eq!(ready, next);
    }
    assert!(seen > 100, "something is ready more often than not");
}

#[test]
fn of_many_some_are_kept_for_those_who_look_ahead() {
    let mut queue = Queue::new();
    for n in 0..10_000_u64 {
        queue.push(at(n << 12), n);
    }
    let (mut next, mut kept) = (0, Vec::new());
    for _ in 0..50 {
        kept.extend(queue.prepare(SimTime::MAX));
        let ahead = |queue: &Queue<u64>, others| queue.ready().after(others).copied();
        assert_eq!(ahead(&queue, 0), Some(next));
        assert_eq!(ahead(&queue, 15), Some(next + 15));
        next += queue.drain(SimTime::MAX, usize::MAX, &mut |_, _: &u64| Taken::Yes) as u64;
    }
    assert_eq!(kept[0], 0, "none was in order");
    assert!(kept.len() == 50 && kept[1..].iter().all(|&kept| kept == KEPT));
    assert!(next > 500);
}

#[test]
fn what_is_kept_comes_first_when_the_run_goes_back_to_the_buckets() {
    let (mut queue, mut model) = (Queue::new(), Model::default());
    for n in 0..10_000_u64 {
        queue.push(at(n << 6), model.push(n << 6));
    }
    for _ in 0..1_100 {
        assert_eq!(queue.pop(), model.pop());
    }
    queue.drain(SimTime::MAX, usize::MAX, &mut |due, &number: &u32| {
        assert_eq!(model.pop(), Some((due, number)));
        Taken::Yes
    });
    assert_eq!(queue.prepare(SimTime::MAX), Some(KEPT));
    for n in 0..400 {
        let micros = (1 << 17) + n;
        queue.push(at(micros), model.push(micros));
    }
    let rest = model.rest();
    let listed: Vec<_> = queue
        .in_order()
        .into_iter()
        .map(|(due, &n)| (due, n))
        .collect();
    assert_eq!(listed, rest, "listed");
    assert_eq!(queue.peek_time(), Some(rest[0].0), "peeked");
    assert_eq!(drain(queue), rest);
}
