use super::*;
use crate::engine::fixture::Fixture;
use crate::engine::{Digest, RunEnd};
use crate::machine::command::Call;
use crate::time::Span;

const MANY: Limit = Limit::events(1_000_000);

fn seeds(count: u64) -> Vec<Seed> {
    (0..count).map(|n| Seed(n * 7)).collect()
}

fn start(engine: &mut Engine<Chance>) -> Digest {
    let call = Call::StartProtection {
        group: "web".into(),
    };
    engine.submit(&call.into()).unwrap();
    assert_eq!(engine.run_until_quiet(MANY), RunEnd::Quiet);
    engine.digest()
}

#[test]
fn summaries_come_in_the_order_of_seeds_whatever_the_threads() {
    let alone = |seed| start(&mut Engine::new(Fixture::idle_world(), Chance::new(seed)));
    let prepared = Engine::new(Fixture::idle_world(), Chance::new(Seed(99)));
    for count in [0, 1, 8, 61] {
        let seeds = seeds(count);
        let expected: Vec<Digest> = seeds.iter().map(|&seed| alone(seed)).collect();
        for threads in [1, 2, 5] {
            let threads = NonZeroUsize::new(threads).unwrap();
            let digests = many(&prepared, &seeds, threads, |_, engine| start(engine));
            assert_eq!(digests, expected);
        }
    }
}

/// Starts the protection a second after the beginning, and keeps the instants at which it acted.
#[derive(Default)]
struct Starter {
    acted: Vec<SimTime>,
    asked: bool,
}

impl Operator for Starter {
    fn act(&mut self, now: SimTime, seen: &[Effect], _: &World, calls: &mut Calls) {
        assert!(
            now > SimTime::ZERO || seen.is_empty(),
            "nothing has happened yet"
        );
        self.acted.push(now);
        let at = SimTime::after_start(Span::secs(1));
        if now < at {
            calls.wake_at(at);
        } else if !mem::replace(&mut self.asked, true) {
            calls.ask(Call::StartProtection {
                group: "web".into(),
            });
        }
    }
}

#[test]
fn an_operator_acts_when_it_asked_to_and_when_something_happened() {
    let world = Fixture::idle_world();
    let mut engine = Engine::with_observer(world, Chance::new(Seed(1)), Seen::default());
    let mut operator = Starter::default();
    assert_eq!(operate(&mut engine, &mut operator, MANY), Operated::Quiet);
    assert!(operator.asked && engine.events() > 0);
    let second = SimTime::after_start(Span::secs(1));
    assert_eq!(operator.acted[..3], [SimTime::ZERO, second, second]);
    assert!(operator.acted[3..].is_sorted() && operator.acted.last() == Some(&engine.now()));
    let limit = Limit::until(second);
    let mut engine =
        Engine::with_observer(Fixture::idle_world(), Chance::new(Seed(1)), Seen::default());
    let end = operate(&mut engine, &mut Starter::default(), limit);
    assert_eq!((end, engine.now()), (Operated::LimitHit, second));
}

/// Always wants to act again at once.
struct Restless;

impl Operator for Restless {
    fn act(&mut self, now: SimTime, _: &[Effect], _: &World, calls: &mut Calls) {
        calls.wake_at(now);
    }
}

#[test]
fn an_operator_that_goes_in_circles_is_stopped() {
    let mut engine =
        Engine::with_observer(Fixture::idle_world(), Chance::new(Seed(1)), Seen::default());
    assert_eq!(operate(&mut engine, &mut Restless, MANY), Operated::Circles);
}

#[test]
fn operated_runs_come_in_the_order_of_seeds_whatever_the_threads() {
    let prepared = || {
        let pace = serde_json::from_str::<crate::engine::Pace>(
            r#"{"start_protection": {"work": {"uniform": {"min": "1s", "max": "9s"}}}}"#,
        );
        let chance = Chance::new(Seed(99)).at_pace(pace.unwrap());
        Engine::with_observer(Fixture::idle_world(), chance, Seen::default())
    };
    let seeds = seeds(40);
    let alone = |&seed: &Seed| {
        let mut engine = prepared();
        engine.oracle_mut().reseed(seed);
        let end = operate(&mut engine, &mut Starter::default(), MANY);
        (seed, end, engine.now(), engine.digest())
    };
    let expected: Vec<_> = seeds.iter().map(alone).collect();
    assert_ne!(
        expected[0].2, expected[1].2,
        "seeds differ in what they draw"
    );
    for threads in [1, 2, 5] {
        let threads = NonZeroUsize::new(threads).unwrap();
        let operator = |_| Starter::default();
        let runs = many_operated(
            &prepared(),
            &seeds,
            threads,
            MANY,
            operator,
            |seed, engine, operator, end| {
                assert!(operator.asked, "it is the operator of this run");
                (seed, end, engine.now(), engine.digest())
            },
        );
        assert_eq!(runs, expected);
    }
}
