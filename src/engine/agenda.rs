//! What is to come, packed: 16 bytes beside the instant for the end of a piece of work, which nearly every event is.
//!
//! A million pairs at work have a million events pending, so what an event takes decides how much of the queue a cache holds.
//! Ends of work are packed into their entry; the few others, and ends that do not fit, wait in a list beside the queue and
//! their entries say where. Order and meaning are those of a plain queue of events, and so is what is written to a checkpoint.

use super::scheduler::Queue;
use crate::machine::{Doing, Event, Outcome};
use crate::sdrs::codes::Code;
use crate::sdrs::op::Op;
use crate::time::SimTime;
use crate::world::job::Part;
use crate::world::machinery::Act;
use crate::world::{PairKey, Who};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use slotmap::{Key, KeyData};

/// Events by instant; of equal instants first come, first served.
#[derive(Debug, Default)]
pub struct Agenda {
    queue: Queue<Packed>,
    /// What is not packed, where an entry says so.
    odd: Vec<Event>,
    /// Places of `odd` that no entry names.
    free: Vec<u32>,
    /// The queue's round at which somebody looked ahead.
    seen: u64,
}

impl Clone for Agenda {
    fn clone(&self) -> Self {
        Agenda {
            queue: self.queue.clone(),
            odd: self.odd.clone(),
            free: self.free.clone(),
            seen: self.seen,
        }
    }

    fn clone_from(&mut self, source: &Self) {
        self.queue.clone_from(&source.queue);
        self.odd.clone_from(&source.odd);
        self.free.clone_from(&source.free);
        self.seen = source.seen;
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
        Packed {
            key: u64::from(place),
            epoch: 0,
            word: ODD,
        }
    }

    /// Takes out the event that is due first, unless that is later than `limit`.
    #[inline]
    pub(super) fn pop_until(&mut self, limit: SimTime) -> Option<(SimTime, Event)> {
        let (at, packed) = self.queue.pop_until(limit)?;
        let event = match packed.event() {
            Some(event) => event,
            None => {
                let place = packed.key as u32;
                self.free.push(place);
                self.odd[place as usize]
            }
        };
        Some((at, event))
    }

    /// The pairs that the next few events are about, once for each time the queue makes some ready; then None until it does
    /// so again.
    #[inline]
    pub(super) fn look_ahead(&mut self) -> Option<impl Iterator<Item = PairKey> + '_> {
        let round = self.queue.rounds();
        if round == self.seen {
            return None;
        }
        self.seen = round;
        let pairs = self.queue.ready().filter(|packed| packed.word & 7 == 0);
        Some(pairs.map(|packed| KeyData::from_ffi(packed.key).into()))
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
            let odd = || self.odd[packed.key as usize];
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

/// The end of a piece of work, or where an event is.
#[derive(Clone, Copy, Debug)]
struct Packed {
    /// The slot of what was worked on.
    key: u64,
    epoch: u32,
    /// From below: 3 bits of the kind of what was worked on, 8 of what was done, 14 of how it ended, 7 of how many standstills
    /// there had been.
    word: u32,
}

/// The kind that says that the event is elsewhere.
const ODD: u32 = 7;
/// Where the parts of the word begin.
const DOING: u32 = 3;
const END: u32 = 11;
const TURN: u32 = 25;
/// One turn more than fits.
const TURNS: u32 = 1 << (32 - TURN);
/// The number that stands for an act, where others stand for a part of a job.
const ACT: u32 = 3;

impl Packed {
    /// An event packed; None if it is no end of work or does not fit.
    #[inline]
    fn of(event: Event) -> Option<Packed> {
        let Event::Settled {
            who,
            epoch,
            doing,
            outcome,
            turn,
        } = event
        else {
            return None;
        };
        let (kind, key) = match who {
            Who::Pair(key) => (0, key.data()),
            Who::Job(key) => (1, key.data()),
            Who::Group(key) => (2, key.data()),
            Who::Instance(key) => (3, key.data()),
            Who::Drill(key) => (4, key.data()),
            Who::Server(key) => (5, key.data()),
            _ => return None,
        };
        if turn >= TURNS {
            return None;
        }
        let doing = match doing {
            Doing::Job(op, part) => (op as u32) << 2 | part as u32,
            Doing::Act(act) => (act as u32) << 2 | ACT,
        };
        let end = match outcome {
            Outcome::Done => 0,
            Outcome::Failed(code) => u32::from(code.number()) + 1,
        };
        Some(Packed {
            key: key.as_ffi(),
            epoch,
            word: kind | doing << DOING | end << END | turn << TURN,
        })
    }

    /// The event; None if it is elsewhere.
    #[inline]
    fn event(self) -> Option<Event> {
        let key = KeyData::from_ffi(self.key);
        let who = match self.word & ((1 << DOING) - 1) {
            0 => Who::Pair(key.into()),
            1 => Who::Job(key.into()),
            2 => Who::Group(key.into()),
            3 => Who::Instance(key.into()),
            4 => Who::Drill(key.into()),
            5 => Who::Server(key.into()),
            _ => return None,
        };
        let doing = self.word >> DOING & ((1 << (END - DOING)) - 1);
        let place = (doing >> 2) as usize;
        let doing = match doing & 3 {
            0 => Doing::Job(Op::ALL[place], Part::Open),
            1 => Doing::Job(Op::ALL[place], Part::Work),
            2 => Doing::Job(Op::ALL[place], Part::Close),
            _ => Doing::Act(ACTS[place]),
        };
        let outcome = match self.word >> END & ((1 << (TURN - END)) - 1) {
            0 => Outcome::Done,
            code => Outcome::Failed(Code::of(code as u16 - 1)),
        };
        Some(Event::Settled {
            who,
            epoch: self.epoch,
            doing,
            outcome,
            turn: self.word >> TURN,
        })
    }
}

/// The acts by number.
const ACTS: [Act; 4] = [Act::Boot, Act::Shutdown, Act::Reboot, Act::Initialize];

// What the fields of the word have to hold.
const _: () = assert!(Op::ALL.len() <= 1 << (END - DOING - 2) && 10_000 < 1 << (TURN - END));
const _: () = assert!(size_of::<Packed>() == 16);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixture::Fixture;
    use crate::world::JobKey;

    fn settled(who: Who, doing: Doing, outcome: Outcome, turn: u32) -> Event {
        Event::Settled {
            who,
            epoch: u32::MAX,
            doing,
            outcome,
            turn,
        }
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
                        assert_eq!(packed.event(), Some(event));
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
                assert_eq!(agenda.pop_until(at), Some((at, event)));
                assert_eq!(back.pop_until(at), Some((at, event)));
            }
            assert_eq!(agenda.pop_until(SimTime::MAX), None);
            assert_eq!(agenda.odd.len(), 2);
        }
    }
}
