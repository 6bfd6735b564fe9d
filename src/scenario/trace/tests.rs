//! A trace is written whole, in order, and with names for what is gone.

use super::*;
use crate::engine::fixture::Fixture;
use crate::engine::{Chance, Engine, Limit, RunEnd, Seed};
use crate::machine::command::Call;
use crate::world::label::Label;
use serde_json::{Value, json};

fn begun() -> Trace<Vec<u8>> {
    Trace::begin(Vec::new(), &Header::of("a.yaml", "version: 1", 7)).unwrap()
}

fn lines(bytes: Vec<u8>) -> Vec<Value> {
    let text = String::from_utf8(bytes).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

fn end() -> End {
    End {
        end: SimTime::ZERO,
        digest: Digest::ZERO,
        events: 0,
    }
}

#[test]
fn a_run_is_a_header_its_effects_and_an_end() {
    let world = Fixture::idle_world();
    let mut engine = Engine::with_observer(world, Chance::new(Seed(7)), begun());
    let start = Call::StartProtection {
        group: "web".into(),
    };
    engine.submit(&start.into()).unwrap();
    assert_eq!(engine.run_until_quiet(Limit::events(100)), RunEnd::Quiet);
    let end = End {
        end: engine.now(),
        digest: engine.digest(),
        events: engine.events(),
    };
    let (world, trace) = engine.into_parts();
    let lines = lines(trace.finish(&world, &end).unwrap());
    assert_eq!(lines[0]["version"], 1);
    assert_eq!(lines[0]["seed"], 7);
    assert_eq!(lines[0]["file"], "a.yaml");
    let last = lines.last().unwrap();
    assert_eq!(last["end"], end.end.as_micros());
    assert_eq!(last["events"], end.events);
    assert_eq!(last["digest"], end.digest.to_string());
    let moved = json!({"at": 0, "label": "web", "effect": "moved", "from": "available", "to": "starting", "job": 1});
    assert!(lines.contains(&moved), "{lines:#?}");
    let job = lines.iter().rfind(|line| line["effect"] == "job").unwrap();
    assert_eq!(job["label"], "job 1");
    assert_eq!(job["status"], "SUCCESS");
    let body = &lines[1..lines.len() - 1];
    assert!(body.iter().all(|line| line["label"] != ""), "{lines:#?}");
}

#[test]
fn what_is_gone_keeps_its_label_in_the_call_that_ended_it() {
    let fix = Fixture::new();
    let mut world = fix.world;
    let who = Who::Pair(fix.pair);
    let label: Label = world.label_of(who).unwrap();
    let stable = world.stable(who).unwrap();
    world.pairs.remove(fix.pair);
    let mut trace = begun();
    let at = SimTime::from_micros(5);
    trace.see(at, &world, &Effect::InStep { pair: fix.pair });
    trace.see(at, &world, &Effect::TasksDeleted { count: 2 });
    let gone = Effect::Gone { who, label, stable };
    trace.see(at, &world, &gone);
    trace.see(at, &world, &Effect::InStep { pair: fix.pair });
    let lines = lines(trace.finish(&world, &end()).unwrap());
    let told = lines.iter().filter_map(|line| {
        let effect = line.get("effect")?.as_str()?;
        Some((effect, line["label"].as_str()?))
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("in_step", "data"),
            ("tasks_deleted", ""),
            ("gone", "data"),
            ("in_step", "data")
        ]
    );
}

#[test]
fn an_error_of_the_writer_is_answered_at_the_end() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(bytes.len())
                .ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let fix = Fixture::new();
    let mut trace = Trace::begin(Full(200), &Header::of("", "", 0)).unwrap();
    for _ in 0..10 {
        trace.see(
            SimTime::ZERO,
            &fix.world,
            &Effect::TasksDeleted { count: 1 },
        );
    }
    let error = trace.finish(&fix.world, &end()).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}
