//! The committed corpus of the fuzzers, tried in the ordinary suite by the same functions: what once broke stays mended.

#![allow(clippy::unwrap_used)] // Helpers of tests, which clippy does not know as such.

#[path = "fuzz/src/lib.rs"]
mod fuzz;
#[path = "common/side_by_side.rs"]
mod side_by_side;

use side_by_side::side_by_side;
use std::fs;
use std::path::Path;

/// Tries every file of a target's corpus, and answers for how many it is.
#[track_caller]
fn tries(target: &str, least: usize, attempt: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/corpus")
        .join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(
        paths.len() >= least,
        "only {} files in {}",
        paths.len(),
        folder.display()
    );
    side_by_side(&paths, |path| {
        let told = std::panic::catch_unwind(|| attempt(&fs::read(path).unwrap()));
        assert!(told.is_ok(), "{}", path.display());
    });
}

#[test]
fn scenarios_are_read_and_run_or_have_faults() {
    tries("scenario", 50, fuzz::scenario::try_bytes);
}

#[test]
fn expectations_are_read_and_judged_or_have_a_fault() {
    tries("expectation", 50, fuzz::expectation::try_bytes);
}

#[test]
fn traces_are_compared_and_replayed_or_refused() {
    tries("trace", 20, fuzz::trace::try_bytes);
}

#[test]
fn checkpoints_are_taken_up_or_refused() {
    tries("checkpoint", 20, fuzz::checkpoint::try_bytes);
}

#[test]
fn histories_of_any_calls_keep_every_invariant() {
    tries("calls", 50, fuzz::calls::try_bytes);
}
