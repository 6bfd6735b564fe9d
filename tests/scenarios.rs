//! The scenario tree: every file is a test of its own, and together they use every operation, every status and every
//! transition but the named exceptions.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

use sdrsim::engine::{Checker, Watch};
use sdrsim::machine::Effect;
use sdrsim::render::graph::{Node, arrows, status_graph};
use sdrsim::scenario::Scenario;
use sdrsim::sdrs::op::Op;
use sdrsim::sdrs::status::{Class, Kind, Status};
use sdrsim::time::SimTime;
use sdrsim::world::{Who, World};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");

const SPLIT: &str = "a planned failover is refused while a pair reports `fault`";
const AT_GOAL: &str = "a pair at the goal is passed by when the operation is repeated";

/// Transitions that the rules allow one by one and that cannot come about, or not yet.
const UNMOVED: &[(Kind, Status, Status, &str)] = {
    use Kind::{ProtectedInstance as I, ReplicationPair as P};
    use Status::*;
    &[
        (
            I,
            ErrorResizing,
            Reprotecting,
            "resizing needs a group that is available or protected, and a failover ends its error",
        ),
        (I, Fault, Reversing, SPLIT),
        (
            P,
            Available,
            Stopping,
            "in a group that is protected no pair is available",
        ),
        (P, Protected, Starting, AT_GOAL),
        (P, Protected, Reprotecting, AT_GOAL),
        (P, FailedOver, FailingOver, AT_GOAL),
        (
            P,
            Detaching,
            ErrorDeleting,
            "a pair is attached to nothing when its deletion begins",
        ),
        (
            P,
            Detaching,
            ErrorReprotecting,
            "nothing is detached while the group is error-reprotecting",
        ),
        (
            P,
            ErrorDeleting,
            Detaching,
            "a pair is attached to nothing when its deletion begins",
        ),
        (
            P,
            ErrorExtending,
            Reprotecting,
            "expansion needs a pair that is available or protected, and a failover ends its error",
        ),
        (
            P,
            ErrorReprotecting,
            Detaching,
            "nothing is detached while the group is error-reprotecting",
        ),
        (
            P,
            ErrorAttaching,
            Reprotecting,
            "attachment needs a group that is available or protected, and a failover ends its error",
        ),
        (P, Fault, Reversing, SPLIT),
    ]
};

fn line(kind: Kind, from: Status, to: Status) -> String {
    format!("{} {from} -> {to}", kind.name())
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
    found.sort();
}

fn load(path: &Path) -> Scenario {
    let text = std::fs::read_to_string(path).unwrap();
    Scenario::load(&path.display().to_string(), &text).unwrap_or_else(|faults| {
        panic!(
            "{}",
            faults.iter().map(|f| f.render(false)).collect::<String>()
        )
    })
}

/// What a run of the tree showed: statuses, and which followed which, as they are reported.
#[derive(Default)]
struct Seen {
    shown: BTreeSet<(Kind, Status)>,
    moved: BTreeSet<(Kind, Status, Status)>,
    /// Pairs and instances that report `fault`.
    struck: BTreeSet<Who>,
}

impl Seen {
    fn take(&mut self, world: &World, effect: &Effect) {
        match effect {
            Effect::Moved { who, from, to, .. } => {
                let kind = who.kind().unwrap();
                let was = match self.struck.contains(who) {
                    true => Status::Fault,
                    false => *from,
                };
                let is = match is_struck(world, *who) {
                    true => Status::Fault,
                    false => *to,
                };
                self.moved.insert((kind, was, is));
                self.shown.insert((kind, is));
                self.note(world, *who);
            }
            Effect::Created {
                who,
                status: Some(status),
            } => {
                self.shown.insert((who.kind().unwrap(), *status));
            }
            Effect::Health { group, .. } => {
                let members = &world.groups[*group];
                let pairs = members.pairs.iter().map(Who::Pair);
                for who in pairs.chain(members.instances.iter().map(Who::Instance)) {
                    let (kind, was) = (who.kind().unwrap(), self.struck.contains(&who));
                    self.note(world, who);
                    let is = self.struck.contains(&who);
                    if is && !was {
                        self.shown.insert((kind, Status::Fault));
                        self.moved.insert((kind, Status::Protected, Status::Fault));
                    }
                    if was && !is {
                        self.moved.insert((kind, Status::Fault, Status::Protected));
                    }
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, world: &World, who: Who) {
        if is_struck(world, who) {
            self.struck.insert(who);
        } else {
            self.struck.remove(&who);
        }
    }
}

fn is_struck(world: &World, who: Who) -> bool {
    world.stable(who).is_some() && world.reported(who) == Some(Status::Fault)
}

/// Runs one file: everything that it expects holds, and the run is the one that it tells.
fn holds(name: &str) {
    let scenario = load(&Path::new(ROOT).join(name));
    // A check is linear in the size of the world: the large ones are checked now and then.
    let checker = Checker::every(1 + scenario.world().pairs.len() as u64 / 10);
    let outcome = scenario.start(None).checked(checker).run(&mut ());
    if let Some(violation) = &outcome.report.violation {
        panic!("{name}: {violation:?}");
    }
    for verdict in &outcome.report.verdicts {
        assert!(
            verdict.held,
            "{name}:{}: {}: {}",
            verdict.line, verdict.text, verdict.explain
        );
    }
    if let Some(difference) = outcome.difference {
        panic!("{name}: {difference}");
    }
}

macro_rules! scenarios {
    ($($test:ident $file:literal),* $(,)?) => {
        $(#[test] fn $test() { holds($file); })*

        const LISTED: &[&str] = &[$($file),*];
    };
}

scenarios! {
    basics_first "basics/first.yaml",
    basics_instance "basics/instance.yaml",
    basics_lifecycle "basics/lifecycle.yaml",
    basics_native_disk_refused "basics/native-disk-refused.yaml",
    basics_native_disk "basics/native-disk.yaml",
    basics_native "basics/native.yaml",
    basics_pairs "basics/pairs.yaml",
    basics_projects "basics/projects.yaml",
    basics_protect "basics/protect.yaml",
    basics_script "basics/script.yaml",
    basics_templates "basics/templates.yaml",
    disaster_consistency_group_suspended "disaster/consistency-group-suspended.yaml",
    disaster_a_year_of_link_flaps "disaster/a-year-of-link-flaps.yaml",
    disaster_control_plane_in_an_az "disaster/control-plane-in-an-az.yaml",
    disaster_percent_of_disks "disaster/percent-of-disks.yaml",
    disaster_control_plane "disaster/control-plane.yaml",
    disaster_copy_rate "disaster/copy-rate.yaml",
    disaster_damage "disaster/damage.yaml",
    disaster_dark_during_failover "disaster/dark-during-failover.yaml",
    disaster_dark_during_planned_failover "disaster/dark-during-planned-failover.yaml",
    disaster_degraded_then_lost "disaster/degraded-then-lost.yaml",
    disaster_destroyed "disaster/destroyed.yaml",
    disaster_disconnected_fenced "disaster/disconnected-fenced.yaml",
    disaster_disconnected_split "disaster/disconnected-split.yaml",
    disaster_dr_site_stop "disaster/dr-site-stop.yaml",
    disaster_dr_site "disaster/dr-site.yaml",
    disaster_dr_storage_stop "disaster/dr-storage-stop.yaml",
    disaster_dr_storage "disaster/dr-storage.yaml",
    disaster_during_a_fault "disaster/during-a-fault.yaml",
    disaster_failover_during_resync "disaster/failover-during-resync.yaml",
    disaster_failover_while_copying "disaster/failover-while-copying.yaml",
    disaster_fenced_old_production "disaster/fenced-old-production.yaml",
    disaster_link_degraded "disaster/link-degraded.yaml",
    disaster_link_lost_during_failover "disaster/link-lost-during-failover.yaml",
    disaster_link_stop "disaster/link-stop.yaml",
    disaster_link "disaster/link.yaml",
    disaster_no_restart "disaster/no-restart.yaml",
    disaster_production_site_drill_only "disaster/production-site-drill-only.yaml",
    disaster_production_site_started "disaster/production-site-started.yaml",
    disaster_production_site_static "disaster/production-site-static.yaml",
    disaster_production_site_witness "disaster/production-site-witness.yaml",
    disaster_production_storage_drill_only "disaster/production-storage-drill-only.yaml",
    disaster_production_storage "disaster/production-storage.yaml",
    disaster_rescue_drill_deleted "disaster/rescue-drill-deleted.yaml",
    disaster_second_fault_during_failover "disaster/second-fault-during-failover.yaml",
    disaster_second_fault_during_reprotect "disaster/second-fault-during-reprotect.yaml",
    disaster_server_lost "disaster/server-lost.yaml",
    disaster_skew "disaster/skew.yaml",
    disaster_split_brain "disaster/split-brain.yaml",
    disaster_witness_window "disaster/witness-window.yaml",
    drill_drill "drill/drill.yaml",
    drill_no_boot "drill/no-boot.yaml",
    failover_after_a_partial_planned_failover "failover/after-a-partial-planned-failover.yaml",
    failover_broken_dr_disk "failover/broken-dr-disk.yaml",
    failover_consistency_group "failover/consistency-group.yaml",
    failover_failover "failover/failover.yaml",
    failover_lost_before_both_stopped "failover/lost-before-both-stopped.yaml",
    failover_partial "failover/partial.yaml",
    failover_planned "failover/planned.yaml",
    failover_started_by_the_service "failover/started-by-the-service.yaml",
    failover_without_fencing "failover/without-fencing.yaml",
    incidents_aws_2012 "incidents/aws-2012.yaml",
    incidents_aws_2012_noticing "incidents/aws-2012-noticing.yaml",
    incidents_aws_ebs_2011_limited "incidents/aws-ebs-2011-limited.yaml",
    incidents_aws_ebs_2011 "incidents/aws-ebs-2011.yaml",
    incidents_erfurt_2019 "incidents/erfurt-2019.yaml",
    incidents_europe_west9_2023 "incidents/europe-west9-2023.yaml",
    incidents_github_2018_impatient "incidents/github-2018-impatient.yaml",
    incidents_github_2018_patient "incidents/github-2018-patient.yaml",
    incidents_github_2018_patience "incidents/github-2018-patience.yaml",
    incidents_github_2018_patience_fenced "incidents/github-2018-patience-fenced.yaml",
    incidents_kakao_2022 "incidents/kakao-2022.yaml",
    incidents_nirs_2025 "incidents/nirs-2025.yaml",
    incidents_otc_2019 "incidents/otc-2019.yaml",
    incidents_ovh_2021 "incidents/ovh-2021.yaml",
    jobs_group_errors "jobs/group-errors.yaml",
    jobs_group_level_tasks "jobs/group-level-tasks.yaml",
    jobs_hang "jobs/hang.yaml",
    jobs_member_errors "jobs/member-errors.yaml",
    jobs_published_timing "jobs/published-timing.yaml",
    jobs_workers "jobs/workers.yaml",
    members_errors_end_with_a_failover "members/errors-end-with-a-failover.yaml",
    members_errors_end_with_a_planned_failover "members/errors-end-with-a-planned-failover.yaml",
    members_errors_end_with_a_reprotect "members/errors-end-with-a-reprotect.yaml",
    members_errors_end_with_a_start "members/errors-end-with-a-start.yaml",
    members_errors_end_with_a_stop "members/errors-end-with-a-stop.yaml",
    members_errors_taken_apart "members/errors-taken-apart.yaml",
    members_invalid_pair_detached "members/invalid-pair-detached.yaml",
    members_lost_during_an_operation "members/lost-during-an-operation.yaml",
    members_of_a_group_failed_over "members/of-a-group-failed-over.yaml",
    members_of_a_protected_group "members/of-a-protected-group.yaml",
    members_of_an_available_group "members/of-an-available-group.yaml",
    recovery_after_a_failed_failover "recovery/after-a-failed-failover.yaml",
    recovery_after_a_failed_planned_failover "recovery/after-a-failed-planned-failover.yaml",
    recovery_after_a_failed_reprotect "recovery/after-a-failed-reprotect.yaml",
    recovery_after_a_failed_start "recovery/after-a-failed-start.yaml",
    recovery_after_a_failed_stop "recovery/after-a-failed-stop.yaml",
    recovery_lost_during_failover "recovery/lost-during-failover.yaml",
    recovery_lost_during_planned_failover "recovery/lost-during-planned-failover.yaml",
    recovery_lost_during_reprotect "recovery/lost-during-reprotect.yaml",
    recovery_lost_during_start "recovery/lost-during-start.yaml",
    recovery_lost_during_stop "recovery/lost-during-stop.yaml",
    regressions_arbitration_repeated "regressions/arbitration-repeated.yaml",
    regressions_bytes_lost_during_resync "regressions/bytes-lost-during-resync.yaml",
    regressions_bytes_lost_under_a_narrow_link "regressions/bytes-lost-under-a-narrow-link.yaml",
    regressions_left_out_of_a_failover "regressions/left-out-of-a-failover.yaml",
    regressions_progress_while_cut_off "regressions/progress-while-cut-off.yaml",
    regressions_rescue_during_resync "regressions/rescue-during-resync.yaml",
    regressions_rescue_without_a_copy "regressions/rescue-without-a-copy.yaml",
    regressions_split_brain_figures "regressions/split-brain-figures.yaml",
    regressions_stalled_copies "regressions/stalled-copies.yaml",
    regressions_working_set_twice "regressions/working-set-twice.yaml",
    refusals_inputs "refusals/inputs.yaml",
    refusals_reads "refusals/reads.yaml",
    runbooks_capacity "runbooks/capacity.yaml",
    runbooks_crews "runbooks/crews.yaml",
    runbooks_failover_by_an_operator "runbooks/failover-by-an-operator.yaml",
    runbooks_flap "runbooks/flap.yaml",
    tags_tags "tags/tags.yaml",
}

#[test]
fn every_file_is_listed_and_opens_with_what_it_shows() {
    let mut found = Vec::new();
    files(Path::new(ROOT), &mut found);
    let names: BTreeSet<String> = found
        .iter()
        .map(|p| p.strip_prefix(ROOT).unwrap().display().to_string())
        .collect();
    assert_eq!(
        names,
        LISTED.iter().map(|name| (*name).to_owned()).collect()
    );
    assert!(names.len() >= 20);
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        let comment: String = text
            .lines()
            .take_while(|line| line.starts_with('#'))
            .collect();
        assert!(
            comment.contains("sdrs_05_"),
            "{} opens with what it shows and the page it follows",
            path.display()
        );
        assert!(
            text.contains("\ntranscript: |"),
            "{} carries its transcript",
            path.display()
        );
    }
}

#[test]
fn together_they_use_every_operation_and_every_status() {
    let mut text = String::new();
    let mut seen = Seen::default();
    for name in LISTED {
        let path = Path::new(ROOT).join(name);
        let whole = std::fs::read_to_string(&path).unwrap();
        text.push_str(whole.split("\ntranscript:").next().unwrap());
        seen.struck.clear();
        let watch = Watch(|_: SimTime, world: &World, effect: &Effect| seen.take(world, effect));
        load(&path).start_watched(None, watch).run(&mut ());
    }
    let Seen { shown, moved, .. } = seen;
    let unused: Vec<&Op> = Op::ALL
        .iter()
        .filter(|op| !text.contains(&format!("{op}:")))
        .collect();
    assert!(unused.is_empty(), "no scenario uses {unused:?}");
    let mut missing = Vec::new();
    for &kind in Kind::ALL {
        for &status in kind.published() {
            if !shown.contains(&(kind, status)) {
                missing.push((kind, status, status.class() == Class::Error));
            }
        }
    }
    assert!(missing.is_empty(), "no scenario brings about {missing:?}");
    let mut unmoved = Vec::new();
    for &kind in Kind::ALL {
        for (from, to, _) in arrows(&status_graph(kind)) {
            if let (Node::Shows(from), Node::Shows(to)) = (from, to)
                && !moved.contains(&(kind, from, to))
            {
                unmoved.push(line(kind, from, to));
            }
        }
    }
    let known: Vec<String> = UNMOVED
        .iter()
        .map(|(kind, from, to, _)| line(*kind, *from, *to))
        .collect();
    assert_eq!(
        unmoved, known,
        "the transitions that no scenario shows, and the exceptions"
    );
}

#[test]
fn the_readme_shows_the_first_scenario_as_it_is() {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let text = std::fs::read_to_string(Path::new(ROOT).join("basics/first.yaml")).unwrap();
    let (scenario, transcript) = text.split_once("\n\ntranscript: |\n").unwrap();
    let (_, scenario) = scenario.split_once('\n').unwrap();
    assert!(readme.contains(scenario.trim_end()), "the scenario");
    for line in transcript.lines() {
        assert!(readme.contains(line.trim_start()), "{line}");
    }
}
