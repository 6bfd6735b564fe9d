//! What is to come, as a user of an engine sees it: every event waits as it was announced, whatever it is about, and comes
//! in its turn. How an engine stores them does not matter here.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

mod common;

use common::{Told, region, settings};
use sdrsim::engine::{Agenda, Engine};
use sdrsim::machine::{Doing, Event, Outcome};
use sdrsim::sdrs::codes::Code;
use sdrsim::sdrs::op::Op;
use sdrsim::time::SimTime;
use sdrsim::world::job::Part;
use sdrsim::world::machinery::Act;
use sdrsim::world::{DrillKey, GroupKey, InstanceKey, JobKey, PairKey, ServerKey, Who};
use slotmap::KeyData;

/// Slots of every shape: the first, one that was used again, and the last that a key can name.
const SLOTS: [u64; 3] = [1 << 32, 7 << 33 | 1 << 32 | 5, u64::MAX];

fn at(micros: u64) -> SimTime {
    SimTime::from_micros(micros)
}

fn ends_of(who: Who) -> Vec<Event> {
    let parts = [Part::Open, Part::Work, Part::Close];
    let jobs = Op::ALL
        .iter()
        .flat_map(|&op| parts.map(|part| Doing::Job(op, part)));
    let acts = [Act::Boot, Act::Shutdown, Act::Reboot, Act::Initialize];
    let doings: Vec<Doing> = jobs.chain(acts.map(Doing::Act)).collect();
    let failed = [0, 1, 1019, 9999].map(|number| Outcome::Failed(Code::of(number)));
    let outcomes = [Outcome::Done].into_iter().chain(failed);
    // Few and many standstills of the control plane, and few and many statuses that its subject had.
    let counts = [
        (0, 0),
        (1, u32::MAX),
        (63, 1),
        (64, 2),
        (127, 3),
        (128, 4),
        (u32::MAX, 5),
    ];
    outcomes
        .flat_map(|outcome| {
            let doings = doings.iter();
            doings.flat_map(move |&doing| {
                counts.map(|(turn, epoch)| Event::Settled {
                    who,
                    epoch,
                    doing,
                    outcome,
                    turn,
                })
            })
        })
        .collect()
}

fn subjects() -> Vec<Who> {
    SLOTS
        .iter()
        .flat_map(|&slot| {
            let key = KeyData::from_ffi(slot);
            [
                Who::Pair(PairKey::from(key)),
                Who::Job(JobKey::from(key)),
                Who::Group(GroupKey::from(key)),
                Who::Instance(InstanceKey::from(key)),
                Who::Drill(DrillKey::from(key)),
                Who::Server(ServerKey::from(key)),
            ]
        })
        .collect()
}

#[test]
fn every_event_waits_as_it_was_announced() {
    for who in subjects() {
        let mut engine = Engine::new(region(settings()).finish(), Told::default());
        let events = ends_of(who);
        for &event in &events {
            engine.schedule(at(5), event);
        }
        let waiting = engine.queue().in_order();
        assert_eq!(waiting.len(), events.len());
        for (&event, waits) in events.iter().zip(waiting) {
            assert_eq!(waits, (at(5), event));
        }
    }
}

#[test]
fn it_says_how_many_events_are_to_come_and_when_the_first_is_due() {
    let mut engine = Engine::new(region(settings()).finish(), Told::default());
    assert!(engine.queue().is_empty());
    assert_eq!(
        (engine.queue().len(), engine.queue().peek_time()),
        (0, None)
    );
    engine.schedule(at(9), Event::Assess);
    assert!(!engine.queue().is_empty());
    engine.schedule(at(7), Event::Assess);
    assert_eq!(
        (engine.queue().len(), engine.queue().peek_time()),
        (2, Some(at(7)))
    );
    assert_eq!(engine.next_at(), Some(at(7)));
    for _ in 0..5_000 {
        engine.schedule(at(8), Event::Assess);
    }
    assert_eq!((engine.queue().len(), engine.pending()), (5_002, 5_002));
    let room = engine.queue().capacity();
    assert!(room > 1, "room for {room} without allocating");
}

#[test]
fn a_copy_and_what_was_written_hold_the_same_events() {
    let mut engine = Engine::new(region(settings()).finish(), Told::default());
    let plain = ends_of(subjects()[0])[0];
    for (micros, event) in [
        (3, Event::Assess),
        (1, plain),
        (3, plain),
        (2, Event::Assess),
    ] {
        engine.schedule(at(micros), event);
    }
    let expected = [
        (at(1), plain),
        (at(2), Event::Assess),
        (at(3), Event::Assess),
        (at(3), plain),
    ];
    let agenda = engine.queue();
    assert_eq!(agenda.in_order(), expected);
    assert_eq!(agenda.clone().in_order(), expected);
    let mut other = Agenda::default();
    other.clone_from(agenda);
    assert_eq!((other.len(), other.in_order()), (4, expected.to_vec()));
    let text = serde_json::to_string(agenda).expect("events can be written");
    let back: Agenda = serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!((back.len(), back.in_order()), (4, expected.to_vec()));
}
