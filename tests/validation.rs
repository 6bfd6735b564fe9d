//! Results that nobody here wrote and that the simulation must reproduce: queueing and reliability theory, published
//! examples. `tests/contract/validation.toml` says what they are and where they come from.
//!
//! Exact cases hold to the microsecond or to float error. Statistical cases follow one rule, in
//! `tests/validation/statistics.rs`. `cargo test --release --test validation
//! -- --nocapture` runs them with optimization and shows the figures; plain `cargo test` leaves them out, because they take minutes
//! without it.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

mod common;
#[path = "validation/control_plane.rs"]
mod control_plane;
#[path = "validation/data_path.rs"]
mod data_path;
#[path = "validation/exact.rs"]
mod exact;
#[path = "validation/hazards.rs"]
mod hazards;
#[path = "validation/sharing.rs"]
mod sharing;
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
    "full copy" => data_path::full_copy,
    "dirty blocks" => data_path::dirty_blocks,
    "bitmap granularity" => data_path::bitmap_granularity,
    "synchronous write latency" => data_path::write_latency,
    "synchronous throughput" => data_path::write_throughput,
    "fair sharing of a path" => sharing::fair_sharing,
    "control plane as a queue" => control_plane::many_workers,
    "single control-plane worker" => control_plane::one_worker,
    "mirrored pair" => hazards::mirrored_pair,
    "two AZs" => hazards::two_azs,
    "recovery point under a degraded link" => data_path::degraded_link,
    "no writes, no copy" => data_path::no_writes,
    "clock" => exact::clock,
}

#[test]
fn every_case_of_the_contract_has_a_test() {
    let contract: Table = include_str!("contract/validation.toml").parse().unwrap();
    let cases = contract["case"].as_array().unwrap();
    let contract: BTreeSet<&str> = cases
        .iter()
        .map(|case| case["name"].as_str().unwrap())
        .collect();
    assert_eq!(contract.len(), cases.len(), "names are unique");
    assert_eq!(REPRODUCED.len(), cases.len(), "no case is listed twice");
    assert_eq!(
        REPRODUCED.iter().copied().collect::<BTreeSet<_>>(),
        contract
    );
}
