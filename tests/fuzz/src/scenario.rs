//! Scenario files: a text is a scenario or has faults, and a scenario runs, checked after every few effects.

use super::words::{SIZES, text};
use sdrsim::engine::{Checker, Limit};
use sdrsim::scenario::Scenario;

/// Most events of a run.
const EVENTS: u64 = 600;

/// Reads a text; if it is a scenario, runs it to its end or for so many events, sets it aside, and takes it up again.
pub fn try_bytes(data: &[u8]) {
    let text = text(data);
    match Scenario::load_within(SIZES, "fuzz.yaml", text) {
        Err(faults) => {
            assert!(!faults.is_empty(), "a text is a scenario or has faults");
            for fault in &faults {
                assert!(!fault.render(false).is_empty());
            }
        }
        Ok(scenario) => run(&scenario),
    }
}

fn run(scenario: &Scenario) {
    let mut runner = scenario.start(None).checked(Checker::every(4));
    let rests = runner.run_until(Limit::events(EVENTS), &mut ());
    if rests {
        let again = scenario
            .resume(runner.checkpoint())
            .expect("it is of this scenario");
        assert_eq!(again.digest(), runner.digest());
        return;
    }
    let outcome = runner.run(&mut ());
    assert_eq!(outcome.report.violation, None, "of the simulator itself");
    if outcome.report.events > EVENTS / 4 {
        return;
    }
    let mut runner = scenario.start(None);
    let half = Limit::events(outcome.report.events / 2);
    if runner.run_until(half, &mut ()) {
        let resumed = scenario.resume(runner.checkpoint());
        runner = resumed.expect("it is of this scenario");
    }
    let again = runner.run(&mut ());
    assert_eq!(again.report.digest, outcome.report.digest);
    assert_eq!(again.transcript, outcome.transcript);
}
