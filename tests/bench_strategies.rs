//! The strategies of the test bench, and its reference state machine with a system under test.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestError, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use sdrsim::engine::{Chance, Checkpoint, Engine, Limit, RunEnd};
use sdrsim::machine::admit;
use sdrsim::testing::reference::{Reference, Setting, State};
use sdrsim::testing::strategy::{calls, faults, histories, worlds};
use sdrsim::testing::{Bounds, Choices, Property, Step, Suite, laws};

fn config(cases: u32) -> Config {
    Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    }
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn worlds_keep_their_bounds_and_calls_are_taken(
        (ground, call) in worlds(Bounds { policies: Choices::Any, ..Bounds::default() }).prop_flat_map(|ground| {
            let call = calls(ground.world(), &Bounds::default()).unwrap();
            (Just(ground), call)
        }),
    ) {
        let world = ground.world();
        prop_assert!(world.groups.len() <= 2 && world.instances.len() <= 4 && world.pairs.len() <= 8);
        prop_assert!(admit(world, &call).is_ok());
    }

    #[test]
    fn faults_have_targets((ground, hit) in worlds(Bounds::default()).prop_flat_map(|ground| {
        let hit = faults(ground.world(), &Bounds::default()).unwrap();
        (Just(ground), hit)
    })) {
        prop_assert!(hit.blow(ground.world()).is_some());
    }

    #[test]
    fn histories_are_legal_and_keep_the_laws(history in histories(Bounds::default())) {
        let suite = Suite::new(Bounds::default());
        prop_assert!(history.steps.len() <= 20);
        prop_assert_eq!(suite.holds_in(&history, &laws()), Ok(()));
    }
}

#[test]
fn histories_shrink_to_the_step_that_matters() {
    let suite = Suite::new(Bounds::default());
    let property = [Property::expect("none groups.status == failed-over").unwrap()];
    let mut runner = TestRunner::new(config(256));
    let result = runner.run(&histories(Bounds::default()), |history| {
        let held = suite.holds_in(&history, &property);
        held.map_err(|violation| TestCaseError::fail(violation.what))
    });
    match result {
        Err(TestError::Fail(_, history)) => assert_eq!(history.steps.len(), 1, "{history}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_shrinks_further_is_never_larger() {
    let mut runner = TestRunner::deterministic();
    let mut tree = histories(Bounds::default()).new_tree(&mut runner).unwrap();
    let mut before = tree.current().steps.len();
    for _ in 0..30 {
        if !tree.simplify() {
            break;
        }
        let now = tree.current().steps.len();
        assert!(now <= before);
        before = now;
    }
}

/// Small worlds and everything that may happen in them.
struct Small;

impl Setting for Small {
    fn bounds() -> Bounds {
        Bounds::smallest()
    }
}

/// A simulation that is set aside as text and taken up again before every step: it must go as one that is not.
struct TakenUp(Engine<Chance>);

impl StateMachineTest for TakenUp {
    type SystemUnderTest = TakenUp;
    type Reference = Reference<Small>;

    fn init_test(state: &State) -> TakenUp {
        TakenUp(state.engine.fork())
    }

    fn apply(TakenUp(engine): TakenUp, _: &State, step: Step) -> TakenUp {
        let text = serde_json::to_string(&engine.checkpoint()).unwrap();
        let checkpoint: Checkpoint<Chance> = serde_json::from_str(&text).unwrap();
        let mut engine = Engine::restore(checkpoint);
        let at = engine.now().saturating_add(step.after);
        assert_eq!(
            engine.run_until(at, Limit::events(100_000)),
            RunEnd::Reached
        );
        engine.assess();
        step.deed.perform(&mut engine).unwrap();
        TakenUp(engine)
    }

    fn check_invariants(TakenUp(engine): &TakenUp, state: &State) {
        assert_eq!(engine.digest(), state.engine.digest());
        assert_eq!(engine.now(), state.engine.now());
    }
}

prop_state_machine! {
    #![proptest_config(config(12))]

    #[test]
    fn a_simulation_taken_up_again_goes_the_same_way(sequential 1..12 => TakenUp);
}

#[test]
fn the_reference_takes_only_what_is_possible() {
    let strategy = Reference::<Small>::sequential_strategy(1..10);
    let mut runner = TestRunner::new(config(12));
    let checked = runner.run(&strategy, |(mut state, steps, _)| {
        for step in steps {
            prop_assert!(Reference::<Small>::preconditions(&state, &step));
            state = Reference::<Small>::apply(state, &step);
        }
        Ok(())
    });
    checked.unwrap();
}
