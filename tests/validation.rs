//! Results that nobody here wrote and that the simulation must reproduce: queueing and reliability theory, published
//! examples. `tests/contract/validation.toml` says what they are and where they come from.
//!
//! Exact cases hold to the microsecond or to float error. Statistical cases follow one rule, in
//! `tests/validation/statistics.rs`. `cargo test --test validation -- --nocapture` shows the figures.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

mod common;
#[path = "validation/control_plane.rs"]
mod control_plane;
#[path = "validation/exact.rs"]
mod exact;
#[path = "validation/hazards.rs"]
mod hazards;
#[path = "validation/statistics.rs"]
mod statistics;

use std::collections::BTreeSet;
use toml::Table;

/// Makes a test of each case of the contract that is reproduced, and the list of their names.
macro_rules! cases {
    ($($case:literal => $module:ident::$test:ident,)*) => {
        const REPRODUCED: &[&str] = &[$($case),*];

        $(
            #[test]
            fn $test() {
                $module::$test();
            }
        )*
    };
}

cases! {
    "parent job ends with its last sub-job" => exact::parent_job,
    "control plane as a queue" => control_plane::many_workers,
    "single control-plane worker" => control_plane::one_worker,
    "mirrored pair" => hazards::mirrored_pair,
    "two AZs" => hazards::two_azs,
    "clock" => exact::clock,
}

/// Cases of what is not simulated yet. The list only ever shrinks.
const TO_COME: &[&str] = &[
    "full copy",
    "dirty blocks",
    "bitmap granularity",
    "synchronous write latency",
    "synchronous throughput",
    "fair sharing of a path",
    "recovery point under a degraded link",
    "no writes, no copy",
];

#[test]
fn every_case_of_the_contract_has_a_test() {
    let contract: Table = include_str!("contract/validation.toml").parse().unwrap();
    let cases = contract["case"].as_array().unwrap();
    let contract: BTreeSet<&str> = cases
        .iter()
        .map(|case| case["name"].as_str().unwrap())
        .collect();
    assert_eq!(contract.len(), cases.len(), "names are unique");
    let known: Vec<&str> = [REPRODUCED, TO_COME].concat();
    assert_eq!(known.len(), cases.len(), "no case is listed twice");
    assert_eq!(known.into_iter().collect::<BTreeSet<_>>(), contract);
}
