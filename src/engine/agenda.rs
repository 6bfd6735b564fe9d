//! What is to come, packed: 16 bytes beside the instant for the end of a piece of work, which nearly every event is.
//!
//! A million pairs at work have a million events pending, so what an event takes decides how much of the queue a cache holds.
//! Ends of work are packed into their entry; the few others, and ends that do not fit, wait in a list beside the queue and
//! their entries say where. Order and meaning are those of a plain queue of events, and so is what is written to a checkpoint.

mod packed;

use super::scheduler::{Ahead, KEPT, Queue, Taken, Takes};
use crate::machine::Event;
use crate::sdrs::op::Op;
use crate::time::SimTime;
use crate::world::{PairKey, Who};
use packed::Packed;
pub(super) use packed::{Ending, Subject};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// After so many others what an event is about is looked ahead at for the first time.
const FIRST: usize = KEPT;
/// After so many others it is looked ahead at for the second time.
const SECOND: usize = 16;

/// Who is offered good ends of sub-jobs.
pub(super) trait TakesEnds {
    /// Whether it makes anything of what it hears.
    fn listens(&self) -> bool;
    /// An event about this comes before long.
    fn hear(&mut self, subject: Subject);
    /// It comes soon. Most of those of which this is said were heard of.
    fn hear_again(&mut self, subject: Subject);
    /// A sub-job ends well now, on a pair at an epoch: of an operation, announced after so many standstills.
    fn take(&mut self, at: SimTime, pair: (PairKey, u32), what: (Op, u32)) -> Taken;
}

/// Offers what is packed.
struct Offers<'a, T>(&'a mut T);

impl<T: TakesEnds> Takes<Packed> for Offers<'_, T> {
    #[inline(always)]
    fn ahead(&mut self, entries: &Ahead<'_, Packed>) {
        if !self.0.listens() {
            return;
        }
        let subject = |others| entries.after(others)?.subject();
        if let Some(subject) = subject(FIRST) {
            self.0.hear(subject);
        }
        if let Some(subject) = subject(SECOND) {
            self.0.hear_again(subject);
        }
    }

    #[inline(always)]
    fn take(&mut self, at: SimTime, packed: &Packed) -> Taken {
        match packed.good_end_of_sub_job() {
            Some((pair, op, turn)) => self.0.take(at, (pair, packed.epoch()), (op, turn)),
            None => Taken::No,
        }
    }
}

/// Events by instant; of equal instants first come, first served.
#[derive(Debug, Default)]
pub struct Agenda {
    queue: Queue<Packed>,
    /// What is not packed, where an entry says so.
    odd: Vec<Event>,
    /// Places of `odd` that no entry names.
    free: Vec<u32>,
}

impl Clone for Agenda {
    fn clone(&self) -> Self {
        Agenda {
            queue: self.queue.clone(),
            odd: self.odd.clone(),
            free: self.free.clone(),
        }
    }

    fn clone_from(&mut self, source: &Self) {
        self.queue.clone_from(&source.queue);
        self.odd.clone_from(&source.odd);
        self.free.clone_from(&source.free);
    }
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The end of work on a pair, as it is kept.
    End {
        /// The pair.
        pair: PairKey,
        /// The epoch at which it began.
        epoch: u32,
        /// The work and its end.
        ending: Ending,
    },
    /// Anything else.
    Other(Event),
}

impl Next {
    /// The same as an event.
    #[inline]
    pub(super) fn event(self) -> Event {
        match self {
            Next::End {
                pair,
                epoch,
                ending,
            } => ending.event(Who::Pair(pair), epoch),
            Next::Other(event) => event,
        }
    }
}

impl Agenda {
    /// Adds an event, behind all that are due at the same instant.
    #[inline]
    pub(super) fn push(&mut self, at: SimTime, event: Event) {
        let packed = match Packed::of(event) {
            Some(packed) => packed,
            None => self.put_aside(event),
        };
        self.queue.push(at, packed);
    }

    #[cold]
    fn put_aside(&mut self, event: Event) -> Packed {
        let place = match self.free.pop() {
            Some(place) => {
                self.odd[place as usize] = event;
                place
            }
            None => {
                self.odd.push(event);
                self.odd.len() as u32 - 1
            }
        };
        Packed::odd(place)
    }

    /// Adds the end of work on a pair, behind all that is due at the same instant.
    #[inline]
    pub(super) fn push_end(&mut self, at: SimTime, pair: PairKey, epoch: u32, ending: Ending) {
        self.queue.push(at, Packed::of_pair(pair, epoch, ending));
    }

    /// Adds ends of work on pairs that end alike, by their instants, pairs and epochs, each behind all that is due at the same instant.
    #[inline]
    pub(super) fn push_ends(
        &mut self,
        ends: impl Iterator<Item = (SimTime, PairKey, u32)> + Clone,
        ending: Ending,
    ) {
        let pack = |(at, pair, epoch)| (at, Packed::of_pair(pair, epoch, ending));
        let entries = ends.map(pack);
        // They rise where sub-jobs begin one after another and take equally long. Where they do not, that mostly shows at the first few.
        if entries.clone().is_sorted_by_key(|entry| entry.0) {
            return self.queue.push_rising(entries);
        }
        self.queue.push_all(entries);
    }

    /// Takes out what is due first, unless that is later than `limit`.
    #[inline]
    pub(super) fn pop_until(&mut self, limit: SimTime) -> Option<(SimTime, Next)> {
        let (at, packed) = self.queue.pop_until(limit)?;
        let next = match packed.pair() {
            Some((pair, ending)) => Next::End {
                pair,
                epoch: packed.epoch(),
                ending,
            },
            None => Next::Other(self.unpack(packed)),
        };
        Some((at, next))
    }

    /// The event of an entry that has come out.
    #[inline(never)]
    fn unpack(&mut self, packed: Packed) -> Event {
        packed.event().unwrap_or_else(|place| {
            self.free.push(place);
            self.odd[place as usize]
        })
    }

    /// Offers good ends of sub-jobs that are due first, in turn, as far as somebody takes them; see `Queue::drain`.
    #[inline(always)]
    pub(super) fn drain_ends<T: TakesEnds>(
        &mut self,
        limit: SimTime,
        most: usize,
        takes: &mut T,
    ) -> usize {
        if let Some(kept) = self.queue.prepare(limit)
            && takes.listens()
        {
            // What the calls below have missed, or come too late for.
            let ready = self.queue.ready();
            let subjects = |to| (kept..=to).filter_map(|others| ready.after(others)?.subject());
            subjects(FIRST).for_each(|subject| takes.hear(subject));
            subjects(SECOND).for_each(|subject| takes.hear_again(subject));
        }
        self.queue.drain(limit, most, &mut Offers(takes))
    }

    /// The instant of the event that is due first.
    #[inline]
    #[must_use]
    pub fn peek_time(&self) -> Option<SimTime> {
        self.queue.peek_time()
    }

    /// How many events there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many events fit without allocating, at least.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.queue.capacity()
    }

    /// All events in the order they would come. Sorts, so it is for checkpoints and displays, not for every event.
    #[must_use]
    pub fn in_order(&self) -> Vec<(SimTime, Event)> {
        let entries = self.queue.in_order().into_iter();
        let event = |packed: &Packed| {
            let odd = |place| self.odd[place as usize];
            packed.event().unwrap_or_else(odd)
        };
        entries.map(|(at, packed)| (at, event(packed))).collect()
    }
}

impl Serialize for Agenda {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.in_order())
    }
}

impl<'de> Deserialize<'de> for Agenda {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut agenda = Agenda::default();
        for (at, event) in Vec::<(SimTime, Event)>::deserialize(deserializer)? {
            agenda.push(at, event);
        }
        Ok(agenda)
    }
}

#[cfg(test)]
mod tests {
    use super::packed::{ACTS, TURNS};
    use super::*;
    use crate::engine::fixture::Fixture;
    use crate::hash::mix;
    use crate::machine::{Doing, Outcome};
    use crate::sdrs::codes::Code;
    use crate::sdrs::op::Op;
    use crate::time::Span;
    use crate::world::JobKey;
    use crate::world::job::Part;
    use slotmap::KeyData;
    use std::collections::BTreeMap;

    fn settled(who: Who, doing: Doing, outcome: Outcome, turn: u32) -> Event {
        Event::Settled {
            who,
            epoch: u32::MAX,
            doing,
            outcome,
            turn,
        }
    }

    fn next(agenda: &mut Agenda, limit: SimTime) -> Option<(SimTime, Event)> {
        let (at, next) = agenda.pop_until(limit)?;
        Some((at, next.event()))
    }

    #[test]
    fn every_end_of_work_comes_back_as_it_was() {
        let fix = Fixture::new();
        let subjects = [
            Who::Pair(fix.pair),
            Who::Group(fix.group),
            Who::Server(fix.server),
            Who::Job(JobKey::from(KeyData::from_ffi(u64::MAX))),
        ];
        let parts = [Part::Open, Part::Work, Part::Close];
        let jobs = { Op::ALL.iter() }.flat_map(|&op| parts.map(|part| Doing::Job(op, part)));
        let doings: Vec<Doing> = jobs.chain(ACTS.map(Doing::Act)).collect();
        let outcomes = [0, 1, 9999].map(|n| Outcome::Failed(Code::of(n)));
        for who in subjects {
            for &doing in &doings {
                for outcome in outcomes.into_iter().chain([Outcome::Done]) {
                    for turn in [0, 1, TURNS - 1] {
                        let event = settled(who, doing, outcome, turn);
                        let packed = Packed::of(event).expect("it fits");
                        assert_eq!(packed.event(), Ok(event));
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_packed_keeps_its_turn_and_its_room_is_used_again() {
        let fix = Fixture::new();
        let doing = Doing::Job(Op::Failover, Part::Work);
        let late = settled(Who::Pair(fix.pair), doing, Outcome::Done, TURNS);
        let plain = settled(Who::Pair(fix.pair), doing, Outcome::Done, 0);
        let at = SimTime::from_micros(5);
        let mut agenda = Agenda::default();
        for _ in 0..3 {
            let events = [late, plain, Event::Assess, plain];
            for event in events {
                agenda.push(at, event);
            }
            let text = serde_json::to_string(&agenda).unwrap();
            let mut back: Agenda = serde_json::from_str(&text).unwrap();
            for event in events {
                assert_eq!(next(&mut agenda, at), Some((at, event)));
                assert_eq!(next(&mut back, at), Some((at, event)));
            }
            assert_eq!(next(&mut agenda, SimTime::MAX), None);
            assert_eq!(agenda.odd.len(), 2);
        }
    }

    /// Takes what it is offered, and counts how often it heard of each pair and job.
    #[derive(Default)]
    struct Listener {
        heard: BTreeMap<Subject, [u32; 2]>,
        taken: Vec<(SimTime, PairKey)>,
    }

    impl TakesEnds for Listener {
        fn listens(&self) -> bool {
            true
        }

        fn hear(&mut self, subject: Subject) {
            self.heard.entry(subject).or_default()[0] += 1;
        }

        fn hear_again(&mut self, subject: Subject) {
            self.heard.entry(subject).or_default()[1] += 1;
        }

        fn take(&mut self, at: SimTime, (pair, _): (PairKey, u32), _: (Op, u32)) -> Taken {
            self.taken.push((at, pair));
            Taken::Yes
        }
    }

    /// How often beyond once it was heard of at either time; it has to be once at both.
    fn again(listener: &Listener, subject: Subject) -> u32 {
        let [first, second] = listener.heard.get(&subject).copied().unwrap_or_default();
        assert!(first > 0 && second > 0, "{subject:?} came as a surprise");
        first + second - 2
    }

    #[test]
    fn of_many_ends_each_is_heard_of_twice_before_it_comes() {
        let job = |n| JobKey::from(KeyData::from_ffi(1 << 32 | n));
        let closing = Doing::Job(Op::Failover, Part::Close);
        let closes = |n| settled(Who::Job(job(n)), closing, Outcome::Done, 0);
        let ending = Ending::of(Doing::Job(Op::Failover, Part::Work), Outcome::Done, 0);
        // Lying apart, so that a bucket takes few, and close together, so that it takes many.
        for apart in [20, 12] {
            let end = |n: u64| {
                let at = SimTime::from_micros(mix(n) % (10_000 << apart));
                (at, PairKey::from(KeyData::from_ffi(1 << 32 | n)), 1)
            };
            let mut agenda = Agenda::default();
            for first in (0..10_000).step_by(100) {
                let ends = (first..first + 100).map(end);
                agenda.push_ends(ends, ending.expect("it fits"));
                agenda.push(end(!first).0, closes(first));
            }
            let (mut listener, mut jobs, mut again) = (Listener::default(), 0, 0);
            let mut most = (1..).map(|turn| mix(turn) as usize % 90 + 1);
            while listener.taken.len() < 5_000 {
                let most = most.next().expect("there is always a next one");
                if agenda.drain_ends(SimTime::MAX, most, &mut listener) == 0 {
                    let next = next(&mut agenda, SimTime::MAX).expect("many wait");
                    let Event::Settled {
                        who: Who::Job(job), ..
                    } = next.1
                    else {
                        panic!("{next:?} was to be taken");
                    };
                    again += self::again(&listener, Subject::Job(job));
                    jobs += 1;
                }
            }
            assert!(jobs > 30, "{jobs} jobs came out among the ends");
            assert!(listener.taken.is_sorted_by_key(|taken| taken.0));
            for (_, pair) in &listener.taken {
                again += self::again(&listener, Subject::Pair(*pair));
            }
            // A job's event is offered twice where others were taken before it, and what comes after it is told of twice then.
            assert!(again <= 2 * jobs, "{again} times too often, {jobs} jobs");
        }
    }

    /// The agenda as it is meant: a list in order, where a new event goes behind all of its instant.
    #[derive(Default)]
    struct Plain(Vec<(SimTime, Event)>);

    impl Plain {
        fn push(&mut self, at: SimTime, event: Event) {
            let place = self.0.partition_point(|entry| entry.0 <= at);
            self.0.insert(place, (at, event));
        }

        fn pop_until(&mut self, limit: SimTime) -> Option<(SimTime, Event)> {
            let due = self.0.first().is_some_and(|entry| entry.0 <= limit);
            due.then(|| self.0.remove(0))
        }
    }

    /// The ends that an operation of so many pairs announces, some of which fail or are told from the others by their turn.
    fn operation(draw: u64, pairs: u64) -> impl Iterator<Item = (u64, Event)> {
        let law = [0, 15, 1_000, 30_000_000, u64::MAX][draw as usize % 5];
        (0..pairs).map(move |place| {
            let bits = mix(draw ^ place);
            let turn = if bits.is_multiple_of(50) { TURNS } else { 3 };
            let outcome = match bits % 20 {
                1 => Outcome::Failed(Code::of(1030)),
                _ => Outcome::Done,
            };
            let pair = PairKey::from(KeyData::from_ffi(1 << 32 | (bits & 0xff)));
            let doing = Doing::Job(Op::ALL[draw as usize % Op::ALL.len()], Part::Work);
            let after = if law == 0 { 0 } else { (bits >> 8) % law };
            (after, settled(Who::Pair(pair), doing, outcome, turn))
        })
    }

    #[test]
    fn operations_and_single_events_come_in_order_through_copies_and_checkpoints() {
        for seed in 0..20 {
            let (mut agenda, mut spare, mut plain) =
                (Agenda::default(), Agenda::default(), Plain::default());
            let mut now = SimTime::ZERO;
            for turn in 0..120 {
                let draw = mix(seed << 32 | turn);
                let after = |micros: u64| now.saturating_add(Span::micros(micros));
                if draw.is_multiple_of(3) {
                    for (micros, event) in operation(draw >> 8, draw >> 2 & 0x7f) {
                        agenda.push(after(micros), event);
                        plain.push(after(micros), event);
                    }
                }
                agenda.push(after(draw >> 40), Event::Assess);
                plain.push(after(draw >> 40), Event::Assess);
                let limit = [SimTime::MAX, after(0), after(draw >> 38)][(draw >> 4) as usize % 3];
                for _ in 0..draw >> 20 & 0x3f {
                    let due = plain.pop_until(limit);
                    now = due.map_or(now, |entry| entry.0);
                    assert_eq!(next(&mut agenda, limit), due, "seed {seed}, turn {turn}");
                }
                match draw >> 30 & 7 {
                    0 => {
                        // The one that goes on has the room, and once had the events, of another.
                        spare.clone_from(&agenda);
                        std::mem::swap(&mut spare, &mut agenda);
                    }
                    1 => {
                        let text = serde_json::to_string(&agenda).expect("it is data");
                        let meant = serde_json::to_string(&plain.0).expect("it is data");
                        assert_eq!(text, meant);
                        agenda = serde_json::from_str(&text).expect("it was written so");
                    }
                    _ => {}
                }
                assert_eq!(agenda.len(), plain.0.len());
                assert_eq!(agenda.peek_time(), plain.0.first().map(|entry| entry.0));
            }
            assert_eq!(agenda.in_order(), plain.0);
        }
    }
}
