use super::fixture::Fixture;
use super::*;
use crate::machine::command::Call;
use crate::machine::{Blow, Doing, Outcome};
use crate::sdrs::codes::Code;
use crate::sdrs::status::Status;
use crate::time::Span;
use crate::world::job::{JobStatus, Part};
use crate::world::{JobKey, Who};

type Kept = Vec<(SimTime, Effect)>;

const MANY: Limit = Limit::events(1000);

fn at(millis: u64) -> SimTime {
    SimTime::after_start(Span::millis(millis))
}

fn engine() -> Engine<Chance, Kept> {
    Engine::with_observer(Fixture::idle_world(), Chance::new(Seed(1)), Kept::new())
}

fn call<W: Observer>(engine: &mut Engine<Chance, W>, call: Call) -> JobKey {
    match engine.submit(&call.into()) {
        Ok(Answer::Job(job)) => job,
        other => panic!("expected a job: {other:?}"),
    }
}

fn start<W: Observer>(engine: &mut Engine<Chance, W>) -> JobKey {
    let group = "web".into();
    call(engine, Call::StartProtection { group })
}

fn stop<W: Observer>(engine: &mut Engine<Chance, W>) -> JobKey {
    let group = "web".into();
    call(engine, Call::StopProtection { group })
}

fn status<W: Observer>(engine: &Engine<Chance, W>, label: &str) -> Status {
    let world = engine.world();
    world.reported(world.find(label).unwrap()).unwrap()
}

fn scripted(op: Op, what: Twist) -> ScriptedOutcome {
    ScriptedOutcome {
        op,
        part: Part::Work,
        target: None,
        count: 1,
        what,
    }
}

#[test]
fn stopping_protection_of_two_pairs_takes_the_published_time() {
    let mut engine = engine();
    start(&mut engine);
    assert_eq!(engine.run_until_quiet(MANY), RunEnd::Quiet);
    assert_eq!(status(&engine, "web"), Status::Protected);
    let begun = engine.now();
    let job = stop(&mut engine);
    assert_eq!(status(&engine, "web"), Status::Stopping);
    assert_eq!(engine.run_until_quiet(MANY), RunEnd::Quiet);
    assert_eq!(engine.now().checked_since(begun), Some(Span::millis(8016)));
    assert_eq!(engine.world().jobs[job].status, JobStatus::Success);
    assert_eq!(status(&engine, "web"), Status::Available);
    let instants = engine.observer().iter().map(|seen| seen.0);
    assert!(instants.is_sorted());
}

#[test]
fn a_run_ends_where_it_should() {
    let mut engine = engine();
    assert_eq!(engine.step(), None);
    assert_eq!(engine.run_until(at(500), MANY), RunEnd::Reached);
    assert_eq!(engine.now(), at(500));
    start(&mut engine);
    assert_eq!((engine.pending(), engine.next_at()), (1, Some(at(1585))));
    assert_eq!(engine.run_until(at(100), MANY), RunEnd::Reached);
    assert_eq!(engine.now(), at(500), "time does not go back");
    assert_eq!(engine.run_until(at(1584), MANY), RunEnd::Reached);
    assert_eq!((engine.now(), engine.events()), (at(1584), 0));
    assert_eq!(engine.run_until(at(1585), MANY), RunEnd::Reached);
    assert_eq!(engine.events(), 1, "the instant itself is taken in");
    assert_eq!(
        engine.run_until(at(9000), Limit::events(1)),
        RunEnd::LimitHit
    );
    assert_eq!((engine.now(), engine.events()), (at(5515), 2));
    let limit = Limit::events(9).and_until(at(5600));
    assert_eq!(engine.run_until(at(9000), limit), RunEnd::LimitHit);
    assert_eq!((engine.now(), engine.events()), (at(5600), 3));
    let limit = Limit::until(at(6000));
    assert_eq!(engine.run_until_quiet(limit), RunEnd::LimitHit);
    assert_eq!((engine.now(), engine.events()), (at(6000), 3));
    assert_eq!(engine.run_until_quiet(Limit::events(0)), RunEnd::LimitHit);
    assert_eq!(engine.advance_to(at(7000)), at(7000));
    assert_eq!(engine.advance_to(at(6500)), at(7000));
    assert_eq!(engine.advance_to(at(90_000)), at(8516), "not past an event");
    assert_eq!(engine.step(), Some(at(8516)));
    assert_eq!(engine.events(), 4);
    assert_eq!(status(&engine, "web"), Status::Protected);
    assert_eq!(engine.run_until_quiet(MANY), RunEnd::Quiet);
    assert_eq!(engine.run_until_quiet(Limit::events(0)), RunEnd::Quiet);
}

#[test]
fn a_refusal_leaves_everything_as_it_was() {
    let mut engine = engine();
    start(&mut engine);
    engine.step();
    let before = serde_json::to_string(&engine.checkpoint()).unwrap();
    let seen = engine.observer().len();
    let group = "web".into();
    let again = engine.submit(&Call::StopProtection { group }.into());
    assert!(matches!(again, Err(Refusal::Status { .. })), "{again:?}");
    assert!(engine.effects().is_empty());
    assert_eq!(engine.observer().len(), seen);
    let after = serde_json::to_string(&engine.checkpoint()).unwrap();
    assert_eq!(after, before);
}

#[test]
fn the_effects_of_the_last_call_are_at_hand() {
    let mut engine = engine();
    let mut unseen = engine.fork_unseen();
    let before = engine.observer().len();
    start(&mut engine);
    let shown = engine.observer()[before..].iter().map(|seen| &seen.1);
    assert!(shown.eq(engine.effects()));
    start(&mut unseen);
    let moved = |effect: &&Effect| {
        let who = match effect {
            Effect::Moved { who, .. } => who,
            _ => return false,
        };
        matches!(who, Who::Pair(_))
    };
    assert_eq!(unseen.effects().iter().filter(moved).count(), 2);
    assert_eq!(unseen.effects(), engine.effects());
    assert_eq!(unseen.clone().effects(), engine.effects());
    assert_eq!(unseen.digest(), engine.digest());
    let began = |effect: &&Effect| matches!(effect, Effect::Begin { .. });
    assert_eq!(engine.effects().iter().filter(began).count(), 1);
    engine.step();
    assert_eq!(engine.effects().iter().filter(began).count(), 2);
    let seen: Vec<Effect> = engine.observer().iter().map(|seen| seen.1).collect();
    assert!(seen.ends_with(engine.effects()));
}

#[test]
fn the_script_decides_how_jobs_end() {
    let mut engine = engine();
    let code = Code::of(1027);
    let mut push = |what| {
        let rule = scripted(Op::StartProtection, what);
        engine.oracle_mut().script_mut().push(rule).unwrap();
    };
    push(Twist::Fail(code));
    push(Twist::Stretch(Factor::permille(2000)));
    let job = start(&mut engine);
    assert_eq!(engine.run_until(at(60_000), MANY), RunEnd::Reached);
    let record = &engine.world().jobs[job];
    assert_eq!(record.status, JobStatus::Fail);
    // The second sub-job takes twice its time.
    assert_eq!(record.ended, Some(at(1085 + 7 + 2 * 3930 + 2994)));
    assert_eq!(status(&engine, "web"), Status::ErrorStarting);

    let hang = scripted(Op::StartProtection, Twist::Hang);
    engine.oracle_mut().script_mut().push(hang).unwrap();
    let job = start(&mut engine);
    assert_eq!(engine.run_until_quiet(MANY), RunEnd::Quiet);
    assert_eq!(engine.world().jobs[job].status, JobStatus::Running);
    assert_eq!(status(&engine, "web"), Status::Starting);
}

#[test]
fn events_can_be_made_to_happen_and_stale_ones_do_nothing() {
    let mut engine = engine();
    let job = start(&mut engine);
    let open = Event::Settled {
        who: Who::Job(job),
        epoch: Part::Open as u32,
        doing: Doing::Job(Op::StartProtection, Part::Open),
        outcome: Outcome::Done,
        turn: 0,
    };
    engine.schedule(at(10), open);
    assert_eq!(engine.step(), Some(at(10)));
    assert_eq!(engine.world().jobs[job].part, Part::Work);
    let (digest, pending) = (engine.digest(), engine.pending());
    engine.inject(open);
    assert_eq!((engine.digest(), engine.pending()), (digest, pending));
    assert_eq!(engine.events(), 2);
    assert!(engine.effects().is_empty());
}

#[test]
fn a_fork_goes_the_same_way_and_its_own() {
    let mut engine = engine();
    start(&mut engine);
    engine.step();
    let mut fork = engine.fork();
    let mut unseen = engine.fork_unseen();
    let mut other = engine.fork();
    other
        .oracle_mut()
        .script_mut()
        .push(scripted(Op::StopProtection, Twist::Hang))
        .unwrap();
    assert_eq!(engine.run_until_quiet(MANY), RunEnd::Quiet);
    assert_eq!(fork.run_until_quiet(MANY), RunEnd::Quiet);
    assert_eq!(unseen.run_until_quiet(MANY), RunEnd::Quiet);
    assert_eq!(fork.observer(), engine.observer());
    assert_eq!(unseen.digest(), engine.digest());
    assert!(engine.oracle().script().rules().is_empty());
    assert_eq!(other.run_until_quiet(MANY), RunEnd::Quiet);
    stop(&mut other);
    stop(&mut engine);
    let _ = (engine.run_until_quiet(MANY), other.run_until_quiet(MANY));
    assert_ne!(other.digest(), engine.digest());
}

#[test]
fn a_checkpoint_goes_the_same_way() {
    let mut engine = engine();
    let hang = scripted(Op::StopProtection, Twist::Hang);
    engine.oracle_mut().script_mut().push(hang).unwrap();
    start(&mut engine);
    engine.step();
    engine.step();
    let text = serde_json::to_string(&engine.checkpoint()).unwrap();
    let checkpoint: Checkpoint<Chance> = serde_json::from_str(&text).unwrap();
    let mut restored = Engine::restore(checkpoint).watched_by(engine.observer().clone());
    assert_eq!(serde_json::to_string(&restored.checkpoint()).unwrap(), text);
    assert_eq!((restored.now(), restored.events()), (engine.now(), 2));
    let finish = |engine: &mut Engine<Chance, Kept>| {
        let first = engine.run_until_quiet(MANY);
        stop(engine);
        (first, engine.run_until_quiet(MANY))
    };
    assert_eq!(finish(&mut restored), finish(&mut engine));
    assert_eq!(restored.digest(), engine.digest());
    assert_eq!(restored.observer(), engine.observer());
    assert_eq!(
        status(&restored, "web"),
        Status::Stopping,
        "scripted to hang"
    );

    let newer = text.replacen("\"version\":5", "\"version\":6", 1);
    let error = serde_json::from_str::<Checkpoint<Chance>>(&newer).unwrap_err();
    let message = "the checkpoint has version 6; version 5 is supported";
    assert!(error.to_string().starts_with(message), "{error}");
}

#[test]
fn the_digest_knows_seeds_and_instants_but_not_what_else_there_is() {
    let run = |world: World, seed, wait| {
        let mut pace = Pace::default();
        let work = &mut pace.job_mut(Op::StartProtection).unwrap().work;
        work.base = distribution::Distribution::Uniform {
            min: Span::secs(1),
            max: Span::secs(9),
        };
        let mut engine = Engine::new(world, Chance::new(Seed(seed)).at_pace(pace));
        let _ = engine.run_until(at(wait), MANY);
        start(&mut engine);
        let end = engine.run_until_quiet(MANY);
        assert_eq!(
            (end, status(&engine, "web")),
            (RunEnd::Quiet, Status::Protected)
        );
        engine.digest()
    };
    let plain = run(Fixture::idle_world(), 1, 0);
    assert_eq!(run(Fixture::idle_world(), 1, 0), plain);
    assert_eq!(run(Fixture::crowded_idle_world(), 1, 0), plain);
    assert_ne!(run(Fixture::idle_world(), 2, 0), plain);
    assert_ne!(run(Fixture::idle_world(), 1, 1), plain);
}

#[test]
fn a_worn_engine_takes_no_more_room() {
    let mut engine = engine().watched_by(());
    let mut round = |rounds: u32| {
        for _ in 0..rounds {
            start(&mut engine);
            assert_eq!(engine.run_until_quiet(MANY), RunEnd::Quiet);
            stop(&mut engine);
            assert_eq!(engine.run_until_quiet(MANY), RunEnd::Quiet);
        }
        (engine.queue().capacity(), engine.effects.room())
    };
    let room = round(1);
    assert_eq!(round(50), room);
}

#[test]
fn what_is_to_come_is_counted_until_its_instant() {
    let mut engine = engine();
    assert_eq!(engine.pending(), 0);
    engine.schedule(at(1), Event::Struck(Blow::Control));
    engine.schedule(at(2), Event::Mended(Blow::Control));
    assert_eq!(engine.pending(), 2);
    assert_eq!(engine.run_until(at(1), MANY), RunEnd::Reached);
    assert_eq!(engine.pending(), 1);
}
