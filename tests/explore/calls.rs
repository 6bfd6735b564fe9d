//! Calls that make, change and delete resources: ways with each of them can be told, threads change nothing, and what is
//! equal changes places.

use super::{FREE, HEAD, blow, quiet, text, world};
use sdrsim::explore::{Bounds, Claim, Found, Menu, Model, search, tell};
use sdrsim::machine::admissible::OFFERED;
use sdrsim::scenario::Scenario;
use sdrsim::scenario::expect::Expectation;
use sdrsim::sdrs::op::Op;
use sdrsim::sdrs::status::Status;
use std::collections::BTreeSet;

/// A world in which everything can be made, and whether its group is protected.
fn free(protected: bool) -> String {
    let head = HEAD.replace("m1: {}", "m1: {}, m2: {}");
    let groups = match protected {
        true => "vpc: net, protected: true}}",
        false => "vpc: net}}",
    };
    format!("{head}{}", FREE.replace("vpc: net}}", groups))
}

fn menu(ops: &[Op]) -> Menu {
    Menu {
        ops: ops.to_vec(),
        failures_max: 1,
        ..quiet()
    }
}

/// What a search must never see, by whether the group is protected and what is called. A way there names what was made on it.
const WAYS: &[(bool, &[Op], &str)] = &[
    (
        false,
        &[Op::CreateProtectionGroup, Op::DeleteProtectionGroup],
        "any groups.status == error-deleting",
    ),
    (
        false,
        &[Op::CreateProtectionGroup, Op::CreateReplicationPair],
        "count(groups) == 2 and count(pairs) == 2 and all pairs.status == available",
    ),
    (
        false,
        &[Op::StartProtection],
        "any groups.status == error-starting",
    ),
    (
        true,
        &[Op::StopProtection],
        "any groups.status == error-stopping",
    ),
    (
        true,
        &[Op::Failover, Op::Reprotect],
        "any groups.status == error-reprotecting",
    ),
    (
        true,
        &[Op::PlannedFailover],
        "any groups.status == error-reversing",
    ),
    (
        false,
        &[Op::CreateProtectedInstance, Op::DeleteProtectedInstance],
        "count(instances) == 2 and any instances.status == error-deleting and any instances.status == available",
    ),
    (
        false,
        &[Op::CreateReplicationPair, Op::AttachReplicationPair],
        "any pairs.status == error-attaching",
    ),
    (
        false,
        &[Op::DetachReplicationPair],
        "any pairs.status == error-detaching",
    ),
    (
        false,
        &[Op::AddNic, Op::DeleteNic],
        "any instances.status == nic-deleting",
    ),
    (
        false,
        &[Op::ResizeProtectedInstance],
        "any instances.status == error-resizing",
    ),
    (
        false,
        &[
            Op::CreateReplicationPair,
            Op::ExpandReplicationPair,
            Op::DeleteReplicationPair,
        ],
        "any pairs.status == error-deleting",
    ),
    (
        false,
        &[Op::CreateReplicationPair, Op::ExpandReplicationPair],
        "count(pairs) == 2 and any pairs.status == error-extending",
    ),
    (
        true,
        &[Op::CreateDrDrill, Op::DeleteDrDrill],
        "any drills.status == error-deleting",
    ),
];

/// A way to a violation is told as a scenario that fails in the same way, whatever was called on it.
#[test]
fn a_way_with_any_call_is_told_as_a_scenario() {
    let mut called = BTreeSet::new();
    for &(protected, ops, never) in WAYS {
        let text = free(protected);
        let expectation = Expectation::parse(never).expect("it is one");
        let model = Model::new(world(&text), menu(ops));
        let model = model.expect(Claim::Never, "it", &expectation);
        let model = model.unwrap_or_else(|unfit| panic!("{never}: {unfit}"));
        let violation = search(&model, &Bounds::default()).violation;
        let path = violation.unwrap_or_else(|| panic!("never {never}")).path;
        let expected = format!("not ({never})");
        let told = tell(&text, &model, &path, Some(&expected));
        let told = told.unwrap_or_else(|untold| panic!("{never}: {untold}\n{path:#?}"));
        let scenario = Scenario::load("told.yaml", &told).unwrap_or_else(|it| panic!("{it:#?}"));
        let report = scenario.start(None).run(&mut ()).report;
        let failures: Vec<&str> = report.failures().map(|it| it.text.as_str()).collect();
        assert_eq!(failures, [expected], "{told}");
        called.extend(
            OFFERED
                .iter()
                .filter(|op| told.contains(&format!("{{\"{}\"", op.name()))),
        );
    }
    let all: BTreeSet<Op> = OFFERED.iter().copied().collect();
    assert_eq!(called, all, "each is on some way");
}

/// Where groups come and go, states have no parts that decide for themselves; threads share such layers too.
#[test]
fn threads_change_nothing_where_groups_come_and_go() {
    let ops = [
        Op::CreateProtectionGroup,
        Op::DeleteProtectionGroup,
        Op::CreateProtectedInstance,
        Op::DeleteProtectedInstance,
    ];
    let menu = Menu {
        powers: true,
        ..menu(&ops)
    };
    let model = Model::new(world(&free(false)), menu);
    let bounds = Bounds {
        dead_ends: true,
        ..Bounds::default()
    };
    let one = search(&model, &bounds);
    assert!(one.complete && one.widest > 512, "{} share", one.widest);
    let threads = 3;
    let many = search(&model, &Bounds { threads, ..bounds });
    let bytes = one.bytes;
    assert_eq!(one, Found { bytes, ..many });
}

/// Pairs, instances and groups that are equal change places. Where everything is told apart, each order is a state.
#[test]
fn what_is_equal_changes_places() {
    for (groups, instances) in [(1, 2), (2, 1)] {
        let world = world(&text(groups, instances, ""));
        let count = |model: Model| search(&model, &Bounds::default()).states;
        let alike = count(Model::new(world.clone(), quiet()));
        let apart = count(Model::new(world.clone(), quiet()).mark_all());
        // Of two equal ones, every state but those in which they stand alike is counted twice.
        assert!(alike < apart && apart < 2 * alike, "{alike} of {apart}");
        // A fault marks what it strikes.
        let menu = Menu {
            faults: vec![blow(&world, "trunk")],
            faults_max: 0,
            ..quiet()
        };
        assert_eq!(count(Model::new(world, menu)), alike);
    }
}

/// Properties are looked at some layers late, and each thread looks at states of many layers; what is told is the first
/// violation all the same, and nothing that was found beyond it.
#[test]
fn the_first_violation_is_the_same_on_any_number_of_threads() {
    let model = super::wide().always("one stays", |world| {
        let mut groups = world.groups.values();
        match groups.all(|group| group.life.status == Status::FailedOver) {
            true => Err("both fail over".into()),
            false => Ok(()),
        }
    });
    let one = search(&model, &Bounds::default());
    let violation = one.violation.clone().expect("both groups may fail over");
    let steps = violation.path.actions.len() as u32;
    assert!(one.depth <= steps + 1, "{} steps deep", one.depth);
    // Threads share a layer to look from, whatever its width.
    assert!(one.widest > 100, "threads share {} states", one.widest);
    for threads in [2, 3] {
        let bounds = Bounds {
            threads,
            ..Bounds::default()
        };
        let bytes = one.bytes;
        assert_eq!(
            one,
            Found {
                bytes,
                ..search(&model, &bounds)
            }
        );
    }
    let bounds = Bounds {
        depth: steps - 1,
        ..Bounds::default()
    };
    let short = search(&model, &bounds);
    assert!(short.violation.is_none() && short.states < one.states);
}
