//! Checkpoints that were changed by hand and say that they are whole: each is refused or taken up, and none ends the
//! command in a panic.

#![allow(clippy::unwrap_used)] // Helpers of tests, which clippy does not know as such.

#[path = "fuzz/src/forge.rs"]
mod forge;
#[path = "common/scenario_files.rs"]
mod scenario_files;
#[path = "common/side_by_side.rs"]
mod side_by_side;

use scenario_files::load;
use sdrsim::engine::Limit;
use sdrsim::scenario::Scenario;
use sdrsim::scenario::run::{ResumeError, RunCheckpoint};
use sdrsim::world::check::Violation;
use side_by_side::side_by_side;
use std::fs;
use std::ops::Range;
use std::panic::catch_unwind;
use std::process::Command;

/// Scenarios with jobs, copies, faults, drills, hazards and runbooks, and after how many events each is set aside.
const CASES: &[(&str, u64)] = &[
    ("scenarios/runbooks/crews.yaml", 20),
    ("scenarios/disaster/copy-rate.yaml", 6),
    ("scenarios/drill/no-boot.yaml", 12),
    ("scenarios/disaster/production-site-witness.yaml", 9),
    ("scenarios/jobs/workers.yaml", 4),
    ("scenarios/disaster/a-year-of-link-flaps.yaml", 9),
];

/// What stands in the place of a number.
const NEW: &[&str] = &[
    "0",
    "1",
    "7",
    "3000000000",
    "4294967295",
    "18446744073709551615",
];

/// Every so many numbers one is changed here; all of them take some minutes.
const STRIDE: usize = 97;

/// A run that was set aside after so many events.
fn set_aside(path: &str, events: u64) -> (Scenario, Vec<u8>) {
    let scenario = load(path.as_ref());
    let mut runner = scenario.start(None);
    assert!(runner.run_until(Limit::events(events), &mut ()), "{path}");
    let mut file = Vec::new();
    runner.checkpoint().write(&mut file).unwrap();
    (scenario, file)
}

fn taken_up(scenario: &Scenario, file: &[u8]) -> Result<(), ResumeError> {
    let checkpoint = RunCheckpoint::read(file)?;
    scenario.resume(checkpoint).map(drop)
}

/// The text of a body.
fn body(file: &[u8]) -> &str {
    std::str::from_utf8(forge::lines(file).unwrap().1).unwrap()
}

/// Where the number stands that follows a text, in the body of a file.
fn behind(file: &[u8], text: &str) -> Range<usize> {
    let start = body(file).find(text).unwrap() + text.len();
    let mut numbers = forge::numbers(body(file).as_bytes()).into_iter();
    numbers.find(|number| number.start >= start).unwrap()
}

#[test]
fn whatever_number_was_changed_the_checkpoint_is_refused_or_taken_up() {
    let told = side_by_side(CASES, |(path, events)| {
        let (mut refused, mut taken) = (0, 0);
        let (scenario, file) = set_aside(path, *events);
        taken_up(&scenario, &file).unwrap();
        let numbers = forge::numbers(body(&file).as_bytes());
        for part in numbers.into_iter().step_by(STRIDE) {
            for new in NEW {
                let told = catch_unwind(|| taken_up(&scenario, &forge::forged(&file, &part, new)));
                let before = &body(&file)[part.start.saturating_sub(80)..part.start];
                match told.unwrap_or_else(|_| panic!("{path}: {new} behind {before}")) {
                    Ok(()) => taken += 1,
                    Err(_) => refused += 1,
                }
            }
        }
        (refused, taken)
    });
    let both = |sum: (u32, u32), case: (u32, u32)| (sum.0 + case.0, sum.1 + case.1);
    let (refused, taken) = told.into_iter().fold((0, 0), both);
    assert!(
        refused > 300 && taken > 300,
        "{refused} refused, {taken} taken up"
    );
}

#[test]
fn a_checkpoint_whose_world_breaks_an_invariant_is_refused_by_its_name() {
    let (scenario, file) = set_aside("scenarios/disaster/copy-rate.yaml", 6);
    let refused = |text, new| taken_up(&scenario, &forge::forged(&file, &behind(&file, text), new));
    // The group's domain lies in a slot that nothing is in.
    let error = refused("\"domain\":", "77").unwrap_err();
    let ResumeError::Broken(Violation::Dangling { what: "domain", .. }) = error else {
        panic!("{error}");
    };
    // So does a server of an instance.
    let error = refused("\"servers\":[{\"idx\":", "77").unwrap_err();
    let ResumeError::Broken(Violation::Dangling {
        what: "servers", ..
    }) = error
    else {
        panic!("{error}");
    };
    // A copy more runs than there are pairs that are copied.
    let error = refused("\"copying\":", "9").unwrap_err();
    let ResumeError::Broken(Violation::Members { .. }) = error else {
        panic!("{error}");
    };
    assert!(error.to_string().contains("copies under way"), "{error}");
    // What is to come has passed already.
    let error = refused("{\"version\":5,\"now\":", "99999999999999").unwrap_err();
    assert!(
        matches!(error, ResumeError::Misfit | ResumeError::Broken(_)),
        "{error}"
    );
}

#[test]
fn what_copies_have_carried_is_refused_of_a_pair_that_there_is_not() {
    let (scenario, file) = set_aside("scenarios/disaster/copy-rate.yaml", 8);
    let key = behind(&file, "\"copied\":[[{\"idx\":");
    // As many places would take 48 GB.
    let error = taken_up(&scenario, &forge::forged(&file, &key, "3000000000")).unwrap_err();
    let ResumeError::Broken(Violation::Dangling { what, .. }) = error else {
        panic!("{error}");
    };
    assert_eq!(what, "what copies have carried");
}

/// Goes on from a file by the command: exit code and standard error.
fn gone_on_with(scenario: &str, file: &[u8]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forged");
    fs::write(&path, file).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sdrsim"));
    let output = command
        .args(["run", scenario, "--from"])
        .arg(&path)
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), err)
}

#[test]
fn the_command_says_what_is_wrong_with_a_forged_checkpoint() {
    let scenario = "scenarios/disaster/copy-rate.yaml";
    let (_, file) = set_aside(scenario, 6);
    assert_eq!(gone_on_with(scenario, &file).0, Some(0));
    let dangling = forge::forged(&file, &behind(&file, "\"domain\":"), "77");
    let (code, err) = gone_on_with(scenario, &dangling);
    assert_eq!(code, Some(2), "{err}");
    assert!(
        err.contains("it was changed by hand: ") && err.contains("(domain)"),
        "{err}"
    );
    assert!(!err.contains("panicked"), "{err}");
}

#[test]
fn the_command_goes_on_from_a_forged_checkpoint_or_says_that_it_cannot() {
    let scenario = "scenarios/runbooks/crews.yaml";
    let (loaded, file) = set_aside(scenario, 20);
    // No invariant says how often a server was started; the next start is one more than a number holds.
    let often = "4294967295";
    let mut derailed = 0;
    for (place, shut_off) in body(&file).match_indices("\"power\":\"shutoff\",\"epoch\":0") {
        let end = place + shut_off.len();
        let forged = forge::forged(&file, &(end - 1..end), often);
        taken_up(&loaded, &forged).unwrap();
        let (code, err) = gone_on_with(scenario, &forged);
        if code == Some(2) {
            assert!(err.contains("the run cannot go on from it"), "{err}");
            derailed += 1;
        } else {
            // Who is not started again does no harm, nor does anyone where numbers begin anew.
            assert!(matches!(code, Some(0 | 1)), "{code:?}: {err}");
        }
    }
    assert_eq!(derailed > 0, cfg!(debug_assertions), "{derailed}");
}
