//! Policies: every value of each has a scenario that hangs on it, and a run says on which policies its result hung.
//!
//! The second is proved by experiment: every scenario of the tree is run again with one policy flipped. Where the two runs
//! differ, they do so from a first decision on, and both must have noted the policy there; a run that did not note it must
//! be the same under its other value.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

#[path = "common/side_by_side.rs"]
mod side_by_side;

use sdrsim::scenario::{Outcome, Scenario};
use sdrsim::sdrs::policy::{Policies, Policy};
use serde_json::Value;
use side_by_side::side_by_side;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");

/// The scenario that shows a value, which its opening comment names.
const SHOWN: &[(Policy, &str, &str)] = &[
    (Policy::Fencing, "on", "disaster/fenced-old-production"),
    (Policy::Fencing, "off", "disaster/split-brain"),
    (
        Policy::StartAfterFailover,
        "false",
        "disaster/production-storage",
    ),
    (
        Policy::StartAfterFailover,
        "true",
        "disaster/production-site-started",
    ),
    (
        Policy::NativeDiskDelete,
        "refused",
        "basics/native-disk-refused",
    ),
    (Policy::NativeDiskDelete, "allowed", "basics/native-disk"),
    (
        Policy::AzFailover,
        "allowed",
        "disaster/production-site-witness",
    ),
    (
        Policy::AzFailover,
        "drill-only",
        "disaster/production-site-drill-only",
    ),
    (Policy::OnReplicaLoss, "continue", "disaster/link"),
    (Policy::OnReplicaLoss, "stop", "disaster/link-stop"),
    (
        Policy::FailoverDisconnected,
        "refused",
        "disaster/degraded-then-lost",
    ),
    (
        Policy::FailoverDisconnected,
        "allowed",
        "disaster/disconnected-fenced",
    ),
    (
        Policy::RestartAfterOutage,
        "true",
        "disaster/production-site-static",
    ),
    (Policy::RestartAfterOutage, "false", "disaster/no-restart"),
];

fn word(policies: Policies, policy: Policy) -> String {
    match &serde_json::to_value(policies).unwrap()[policy.name()] {
        Value::String(word) => word.clone(),
        other => other.to_string(),
    }
}

fn load(path: &Path) -> Scenario {
    let text = std::fs::read_to_string(path).unwrap();
    Scenario::load(&path.display().to_string(), &text).unwrap()
}

fn run(scenario: &Scenario) -> Outcome {
    scenario.start(None).run(&mut ())
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "yaml") {
            found.push(path);
        }
    }
    found.sort();
}

#[test]
fn every_value_of_every_policy_has_a_scenario_that_hangs_on_it() {
    for &policy in Policy::ALL {
        let default = Policies::default();
        for policies in [default, default.but(policy)] {
            let value = word(policies, policy);
            let row = SHOWN.iter().find(|row| row.0 == policy && row.1 == value);
            let (.., file) = row.unwrap_or_else(|| panic!("{}: {value}", policy.name()));
            let path = Path::new(ROOT).join(format!("{file}.yaml"));
            let text = std::fs::read_to_string(&path).unwrap();
            let comment = text.lines().take_while(|line| line.starts_with('#'));
            let comment: String = comment.collect();
            let named = format!("`{}: {value}`", policy.name());
            assert!(comment.contains(&named), "{file} names {named}");
            assert_eq!(policies.value(policy), value, "{}", policy.name());
            let scenario = load(&path);
            assert_eq!(word(scenario.policies(), policy), value, "{file}");
            let outcome = run(&scenario);
            assert!(outcome.report.held, "{file}");
            assert!(outcome.hung.has(policy), "{file} hangs on {named}");
            let other = run(&load(&path).under(scenario.policies().but(policy)));
            assert_ne!(
                outcome.report.digest, other.report.digest,
                "{file}: {named}"
            );
        }
    }
}

#[test]
fn a_run_says_on_which_policies_it_hung() {
    let mut found = Vec::new();
    files(Path::new(ROOT), &mut found);
    let told = side_by_side(&found, |path| {
        let (mut differ, mut wrong) = (0, Vec::new());
        let ours = run(&load(path));
        for &policy in Policy::ALL {
            let scenario = load(path);
            let flipped = scenario.policies().but(policy);
            let other = run(&scenario.under(flipped));
            if ours.report.digest == other.report.digest {
                continue;
            }
            differ += 1;
            if !(ours.hung.has(policy) && other.hung.has(policy)) {
                let said = [ours.hung.has(policy), other.hung.has(policy)];
                wrong.push(format!("{}: {}: {said:?}", path.display(), policy.name()));
            }
        }
        (differ, wrong)
    });
    let differ: u32 = told.iter().map(|file| file.0).sum();
    let wrong: Vec<String> = told.into_iter().flat_map(|file| file.1).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(differ > 60, "{differ} runs differ under another value");
}

/// Where no policy has a say, none is named.
#[test]
fn a_run_without_a_fault_and_a_failover_hangs_on_nothing() {
    for file in ["basics/protect", "jobs/workers", "tags/tags"] {
        let outcome = run(&load(&Path::new(ROOT).join(format!("{file}.yaml"))));
        assert_eq!(outcome.hung.iter().count(), 0, "{file}");
    }
}

/// A refusal under the same code is the same decision: where arbitration holds the DR side back, no policy would have let a
/// failover pass, and one that loses production in step does not ask whether it goes on without its replica.
#[test]
fn a_policy_without_a_say_is_not_named() {
    let outcome = run(&load(
        &Path::new(ROOT).join("disaster/production-site-static.yaml"),
    ));
    let named: Vec<Policy> = outcome.hung.iter().collect();
    assert_eq!(named, [Policy::RestartAfterOutage]);
    let outcome = run(&load(
        &Path::new(ROOT).join("disaster/production-site-witness.yaml"),
    ));
    assert!(!outcome.hung.has(Policy::OnReplicaLoss));
    assert!(!outcome.hung.has(Policy::RestartAfterOutage));
}
