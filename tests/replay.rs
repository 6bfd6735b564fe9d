//! A run that is stopped, set aside and taken up ends as the one that goes straight on; a trace is run again and compared.

#![allow(clippy::unwrap_used)] // Helpers of tests, which clippy does not know as such.

#[path = "common/scenario_files.rs"]
mod scenario_files;

use scenario_files::{all, load};
use sdrsim::engine::Limit;
use sdrsim::scenario::report::RunReport;
use sdrsim::scenario::run::{ResumeError, RunCheckpoint, Runner};
use sdrsim::scenario::{Outcome, Scenario};
use sdrsim::time::{SimTime, Span};

fn told(outcome: &Outcome) -> (&RunReport, &[String]) {
    (&outcome.report, &outcome.transcript)
}

fn bytes(runner: &Runner) -> Vec<u8> {
    let mut bytes = Vec::new();
    runner.checkpoint().write(&mut bytes).unwrap();
    bytes
}

fn again(runner: &Runner) -> RunCheckpoint {
    RunCheckpoint::read(bytes(runner).as_slice()).unwrap()
}

/// Runs with a stop wherever `next` says, and goes on from what was written at each; answers how many stops there were.
fn relay(scenario: &Scenario, mut next: impl FnMut(&Runner) -> Limit) -> (Outcome, usize) {
    let mut runner = scenario.start(None);
    let mut stops = 0;
    while runner.run_until(next(&runner), &mut ()) {
        runner = scenario.resume(again(&runner)).unwrap();
        stops += 1;
    }
    (runner.run(&mut ()), stops)
}

#[test]
fn a_relay_over_events_ends_as_the_straight_run() {
    let mut stops = 0;
    for file in all() {
        let scenario = load(&file);
        let straight = scenario.start(None).run(&mut ());
        let stride = straight.report.events / 10 + 1;
        let (relayed, times) = relay(&scenario, |runner| Limit::events(runner.events() + stride));
        assert_eq!(told(&relayed), told(&straight), "{}", file.display());
        stops += times;
    }
    assert!(stops > 300, "only {stops} stops");
}

#[test]
fn a_relay_over_instants_ends_as_the_straight_run() {
    let mut stops = 0;
    for file in all() {
        let scenario = load(&file);
        let straight = scenario.start(None).run(&mut ());
        let stride = Span::micros(straight.end.as_micros() / 11 + 1);
        let mut at = SimTime::ZERO;
        let (relayed, times) = relay(&scenario, |_| {
            at = at.saturating_add(stride);
            Limit::until(at)
        });
        assert_eq!(told(&relayed), told(&straight), "{}", file.display());
        stops += times;
    }
    assert!(stops > 300, "only {stops} stops");
}

#[test]
fn a_run_rests_before_what_comes_later_and_tells_where() {
    let scenario = load("scenarios/basics/first.yaml".as_ref());
    let mut runner = scenario.start(None);
    let at = SimTime::after_start(Span::secs(179));
    assert!(runner.run_until(Limit::until(at), &mut ()));
    assert_eq!(
        (runner.steps_done(), runner.now().as_micros()),
        (0, 130_000_000)
    );
    // Resting where it rests changes nothing.
    let before = bytes(&runner);
    assert!(runner.run_until(Limit::until(at), &mut ()));
    assert_eq!(bytes(&runner), before);
    assert!(!runner.run_until(Limit::until(SimTime::MAX), &mut ()));
    assert_eq!(runner.steps_done(), scenario.steps());
    let straight = scenario.start(None).run(&mut ());
    assert_eq!(told(&runner.run(&mut ())), told(&straight));
}

#[test]
fn a_run_is_taken_up_from_a_whole_checkpoint_of_its_own_scenario_alone() {
    let scenario = load("scenarios/runbooks/crews.yaml".as_ref());
    let mut runner = scenario.start(Some(9));
    assert!(runner.run_until(Limit::events(20), &mut ()));
    let whole = bytes(&runner);
    for length in (0..whole.len()).step_by(97) {
        assert!(RunCheckpoint::read(&whole[..length]).is_err(), "{length}");
    }
    let mut changed = whole.clone();
    let place = changed.len() - 9;
    changed[place] ^= 1;
    let error = RunCheckpoint::read(changed.as_slice()).unwrap_err();
    assert!(matches!(error, ResumeError::Damaged { .. }), "{error}");
    let later =
        String::from_utf8(whole)
            .unwrap()
            .replacen("\"checkpoint\":1", "\"checkpoint\":2", 1);
    let error = RunCheckpoint::read(later.as_bytes()).unwrap_err();
    assert!(
        matches!(error, ResumeError::Version { found: 2 }),
        "{error}"
    );

    let other = load("scenarios/basics/first.yaml".as_ref());
    let error = other.resume(again(&runner)).unwrap_err();
    assert!(matches!(error, ResumeError::Scenario { .. }), "{error}");
    let resumed = scenario.resume(again(&runner)).unwrap().run(&mut ());
    assert_eq!(resumed.report.seed, 9);
    assert_eq!(resumed.report, runner.run(&mut ()).report);
}
