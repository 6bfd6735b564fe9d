//! A second statement of the service's rules agrees with the machine over random histories.
//!
//! The model (`independent/model.rs`, `calls.rs`, `members.rs`, `ends.rs`) is written from the published facts in
//! `tests/contract/` as plain statements, without a table and without code of the crate but the names of calls and
//! operations. It keeps groups, instances, pairs, drills and jobs, and of servers and disks only what decides about calls.
//! Machine and model take the same random steps: calls, ends of parts of jobs in any order, well or not, ends of copies,
//! and servers started, stopped and deleted behind the service's back. After each step all statuses, stations, copies,
//! ended jobs and work under way are compared, and for each call whether it was taken, or the code of its refusal.
//!
//! The long run is `cargo test --release --test independent -- --ignored`; both runs begin with the seed 20190401 and print
//! how often each operation was taken and refused, and with which codes. On 2026-11-24 it made its 10,000,000 calls in 24 s
//! of one core, and machine and model agreed in all of them; the operation that was taken least, `delete_nic`, was taken
//! 14,315 times.
//!
//! It is deliberately no model of faults, queries, tags or time; `tests/properties.rs` and the scenarios speak of those.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

#[path = "independent/calls.rs"]
mod calls;
#[path = "independent/choose.rs"]
mod choose;
#[path = "common/mod.rs"]
mod common;
#[path = "independent/ends.rs"]
mod ends;
#[path = "independent/members.rs"]
mod members;
#[path = "independent/model.rs"]
mod model;
#[path = "independent/twin.rs"]
mod twin;

use choose::Chooser;
use common::{attach, by, create_group, create_instance, create_pair, detach, disk, region};
use model::{Defect, Disk, Model, Server};
use sdrsim::machine::command::{Call, CreateDrDrill};
use sdrsim::sdrs::op::Op;
use sdrsim::world::settings::Settings;
use twin::{Start, Step, Tally, Twin, play, shrink};

fn ask(call: Call) -> Step {
    Step::Ask(call)
}

/// Steps of one history; then the next one begins in a fresh world.
const STEPS: usize = 600;

/// The seed of the first history; the others follow.
const SEED: u64 = 20_190_401;

/// The region of the other tests with spare disks on both sides, in both.
fn start() -> Start {
    let mut region = region(Settings::default());
    for n in 4..=6 {
        region
            .now(disk(&format!("spare-{n}"), "az-2", false))
            .unwrap();
    }
    let mut model = Model::default();
    let spare = |side| Disk {
        side,
        gib: 10,
        ..Disk::default()
    };
    for n in 1..=6 {
        model.disks.insert(format!("spare-{n}"), spare(n / 4));
    }
    for n in 1..=3 {
        let name = format!("s{n}");
        let mut server = Server {
            nics: vec![format!("{name}/nic")],
            flavor: "m1".to_owned(),
            ..Server::default()
        };
        for letter in ['a', 'b'] {
            let disk = Disk {
                bootable: letter == 'a',
                server: Some(name.clone()),
                ..spare(0)
            };
            server.disks.insert(letter, format!("{name}-{letter}"));
            model.disks.insert(format!("{name}-{letter}"), disk);
        }
        model.servers.insert(name, server);
    }
    Start {
        world: region.finish(),
        model,
    }
}

/// Plays histories until so many calls have been made; fails with the shortest form of the first that differs.
fn calls(start: &Start, wanted: u64, tally: &mut Tally) -> Result<(), String> {
    let (mut made, mut seed) = (0, SEED);
    while made < wanted {
        let workers = [None, None, Some(2)][(seed % 3) as usize];
        let start = start.with(workers, start.model.defect);
        let (mut twin, mut chooser) = (Twin::new(&start), Chooser::new(seed));
        let mut steps: Vec<Step> = Vec::with_capacity(STEPS);
        for _ in 0..STEPS {
            let step = chooser.step(&twin.model, twin.is_idle());
            made += u64::from(matches!(step, Step::Ask(_)));
            steps.push(step);
            let step = steps.last().expect("it was pushed");
            let taken =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| twin.step(step, tally)));
            if !matches!(taken, Ok(Ok(()))) {
                let (steps, how) = shrink(&start, steps);
                let last: Vec<String> = steps.iter().map(|step| format!("  {step:?}")).collect();
                return Err(format!(
                    "seed {seed}, workers {workers:?}, call {made}: {how}\n{}",
                    last.join("\n")
                ));
            }
        }
        seed += 1;
    }
    Ok(())
}

/// The operations on groups, instances, pairs and drills that start a job.
const OPERATIONS: &[Op] = &[
    Op::CreateProtectionGroup,
    Op::DeleteProtectionGroup,
    Op::StartProtection,
    Op::Reprotect,
    Op::StopProtection,
    Op::Failover,
    Op::PlannedFailover,
    Op::CreateProtectedInstance,
    Op::DeleteProtectedInstance,
    Op::AttachReplicationPair,
    Op::DetachReplicationPair,
    Op::AddNic,
    Op::DeleteNic,
    Op::ResizeProtectedInstance,
    Op::CreateReplicationPair,
    Op::DeleteReplicationPair,
    Op::ExpandReplicationPair,
    Op::CreateDrDrill,
    Op::DeleteDrDrill,
];

/// Both agree, and every operation was taken and refused often enough for that to mean something.
fn agrees(wanted: u64, least: u64) {
    let mut tally = Tally::new();
    if let Err(how) = calls(&start(), wanted, &mut tally) {
        panic!("{how}");
    }
    for &op in OPERATIONS {
        let codes = &tally[&op];
        let taken = codes.get(&0).copied().unwrap_or(0);
        let refused: u64 = codes
            .iter()
            .filter(|(code, _)| **code != 0)
            .map(|c| c.1)
            .sum();
        println!(
            "{:28} taken {taken:8}, refused {refused:8} {codes:?}",
            op.name()
        );
        assert!(taken >= least, "{op} was taken {taken} times");
        assert!(refused >= least, "{op} was refused {refused} times");
    }
}

#[test]
fn machine_and_model_agree_over_a_hundred_thousand_calls() {
    agrees(100_000, 100);
}

#[test]
#[ignore = "half a minute: cargo test --release --test independent -- --ignored"]
fn machine_and_model_agree_over_ten_million_calls() {
    agrees(10_000_000, 10_000);
}

/// A history that differs is found within the calls of the short run, and shrunk to one that still differs.
fn is_found(defect: Defect) {
    let start = start().with(None, Some(defect));
    let how = calls(&start, 100_000, &mut Tally::new()).expect_err("the planted error is found");
    let steps = how.lines().count() - 1;
    assert!(steps <= 60, "{defect:?}: {steps} steps are left:\n{how}");
}

#[test]
fn planted_errors_are_found() {
    for defect in [
        Defect::StartLeavesAvailable,
        Defect::FailedStopReadsStarting,
        Defect::FailoverKeepsStation,
        Defect::BusyMemberForgotten,
        Defect::DetachClearsNothing,
        Defect::GoalForgotten,
        Defect::ConsistencyHalfDone,
        Defect::ReverseAfterFailedFailover,
        Defect::OutTakesPart,
        Defect::WrongCode,
        Defect::LeftOutDeleted,
        Defect::NicFailureShows,
    ] {
        is_found(defect);
    }
}

/// After a failed attachment the detachment names an instance that it does not touch, and that may be deleted meanwhile.
#[test]
fn an_instance_may_go_while_a_detachment_only_clears_a_status() {
    let mut steps = vec![ask(create_group("g"))];
    let end = |well| Step::End { pick: 0, well };
    let ends = |steps: &mut Vec<Step>, last| steps.extend([end(true), end(last), end(true)]);
    ends(&mut steps, true);
    for (call, well) in [
        (create_instance("i", "s1"), true),
        (create_pair("p", "spare-1"), true),
        (attach("p"), false),
    ] {
        steps.push(ask(call));
        ends(&mut steps, well);
    }
    steps.push(ask(detach("p")));
    steps.push(ask(Call::DeleteProtectedInstance {
        instance: by("i"),
        delete_target_server: false,
        delete_target_eip: false,
    }));
    // The detachment is the first under way; the deletion ends before it.
    steps.extend(std::iter::repeat_n(
        Step::End {
            pick: 1,
            well: true,
        },
        3,
    ));
    ends(&mut steps, true);
    assert_eq!(play(&start(), &steps), None);
}

/// An instance that was never made is no member of a drill, whichever side its one server stands at.
#[test]
fn a_drill_leaves_out_an_instance_that_was_never_made() {
    let mut steps = Vec::new();
    let end = |well| Step::End { pick: 0, well };
    let group = || by("g");
    let delete = Call::DeleteProtectedInstance {
        instance: by("i"),
        delete_target_server: false,
        delete_target_eip: false,
    };
    // Each job with its sub-job for `p`, one after another.
    for (call, outcomes) in [
        (create_group("g"), [true, true, true]),
        (create_instance("i", "s1"), [true, false, true]),
        (create_pair("p", "spare-1"), [true, true, true]),
        (common::start(), [true, true, true]),
        (delete, [true, false, true]),
        (Call::Failover { group: group() }, [true, true, true]),
        (common::start(), [true, true, true]),
    ] {
        steps.push(ask(call));
        steps.extend(outcomes.map(end));
        steps.push(Step::Sync { pick: 0 });
    }
    let drill = CreateDrDrill {
        label: Some("d".to_owned()),
        server_group_id: group(),
        name: None,
        drill_vpc_id: None,
    };
    steps.push(ask(Call::CreateDrDrill(Box::new(drill))));
    steps.push(ask(common::planned("source")));
    steps.extend(std::iter::repeat_n(
        Step::End {
            pick: 1,
            well: true,
        },
        3,
    ));
    steps.extend([true, true, true].map(end));
    assert_eq!(play(&start(), &steps), None);
}

#[test]
fn a_sound_history_is_not_reported() {
    let start = start();
    let (mut twin, mut chooser) = (Twin::new(&start), Chooser::new(SEED));
    let mut steps = Vec::new();
    for _ in 0..100 {
        let step = chooser.step(&twin.model, twin.is_idle());
        twin.step(&step, &mut Tally::new()).unwrap();
        steps.push(step);
    }
    assert_eq!(play(&start, &steps), None);
}
