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

/// Every word and number that the frequent lines are made of, and labels of every form, some of which must be escaped.
fn frequent(world: &World, job: JobKey) -> Vec<Effect> {
    let codes = [None, Some(Code::of(213)), Some(Code::of(1013))];
    let statuses = [
        JobStatus::Init,
        JobStatus::Running,
        JobStatus::Success,
        JobStatus::Fail,
    ];
    let parts = [Part::Open, Part::Work, Part::Close];
    let acts = [Act::Boot, Act::Shutdown, Act::Reboot, Act::Initialize];
    let pair = world.pairs.keys().next().expect("the world has a pair");
    let who = Who::Pair(pair);
    let begin = |doing| Effect::Begin {
        who,
        epoch: 3,
        doing,
        delay: crate::time::Span::micros(1_234_567_890),
    };
    let moved = |from, to, job| Effect::Moved {
        who,
        epoch: 3,
        from,
        to,
        job,
    };
    let mut effects = vec![
        Effect::InStep { pair },
        Effect::CopyBegan { pair, copies: 2 },
    ];
    effects.extend(acts.map(|act| begin(Doing::Act(act))));
    for &op in Op::ALL {
        effects.extend(parts.map(|part| begin(Doing::Job(op, part))));
    }
    for (n, &status) in Status::ALL.iter().enumerate() {
        effects.push(moved(status, Status::Error, n as u64));
        effects.push(moved(Status::Error, status, u64::MAX - n as u64));
    }
    for code in codes {
        effects.push(Effect::SubJob { job, pair, code });
        effects.extend(statuses.map(|status| Effect::Job { job, status, code }));
    }
    let resources = world.servers.keys().map(Who::Server);
    let resources = resources.chain(world.disks.keys().map(Who::Disk));
    effects.extend(resources.map(|who| Effect::Moved {
        who,
        epoch: 1,
        from: Status::Starting,
        to: Status::Protected,
        job: 7,
    }));
    effects
}

#[test]
fn the_frequent_lines_have_the_bytes_of_the_form() {
    let mut world = Fixture::idle_world();
    let texts = [
        "a",
        "a-7",
        "a/vda",
        "a-7/vda",
        "wéb-0",
        "a\"b",
        "a\\b",
        "a\nb",
        "",
        "a-4294967294",
        "a-123",
        "a-1234",
        "a-98765",
        "-5",
        "a\"b-3",
        "a-3/v\"d",
    ];
    for text in texts {
        let label = Label::of(text, &mut world.words);
        let mut disk = world.disks.values().next().unwrap().clone();
        disk.label = label;
        world.disks.insert(disk);
    }
    let start = Call::StartProtection {
        group: "web".into(),
    };
    let mut engine = Engine::new(world, Chance::new(Seed(7)));
    engine.submit(&start.into()).unwrap();
    let world = engine.world();
    let job = world.jobs.keys().next().unwrap();
    let (mut quickly, mut escaped) = (0, 0);
    for (n, effect) in frequent(world, job).iter().enumerate() {
        let at = SimTime::from_micros(10_u64.pow(n as u32 % 19) - u64::from(n > 30));
        let (label, what) = describe(world, effect, &mut |who| world.label(who));
        let mut form = Vec::new();
        line(&mut form, &Line { at, label, what }).unwrap();
        let mut text = Vec::new();
        quick::begin(&mut text, at);
        match quick::write(&mut text, world, effect) {
            true => assert_eq!(
                String::from_utf8(text),
                String::from_utf8(form),
                "{effect:?}"
            ),
            false => escaped += 1,
        }
        quickly += 1;
    }
    assert_eq!(
        escaped, 7,
        "five are escaped, one is empty, and one begins with its number"
    );
    assert!(quickly > 200);
}

#[test]
fn a_frequent_line_waits_for_those_before_it() {
    let fix = Fixture::new();
    let mut world = fix.world;
    let who = Who::Pair(fix.pair);
    let (label, stable) = (world.label_of(who).unwrap(), world.stable(who).unwrap());
    world.pairs.remove(fix.pair);
    let group = Who::Group(world.groups.keys().next().unwrap());
    let moved = Effect::Moved {
        who: group,
        epoch: 1,
        from: Status::Starting,
        to: Status::Protected,
        job: 0,
    };
    let mut trace = begun();
    trace.see(SimTime::ZERO, &world, &Effect::InStep { pair: fix.pair });
    trace.see(SimTime::ZERO, &world, &moved);
    trace.see(SimTime::ZERO, &world, &Effect::Gone { who, label, stable });
    let lines = lines(trace.finish(&world, &end()).unwrap());
    let told: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["effect"].as_str())
        .collect();
    assert_eq!(told, ["in_step", "moved", "gone"]);
}
