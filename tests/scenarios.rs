//! The scenario tree: every file is a test of its own, and together they use every operation and every status. The
//! transitions that none of them shows yet are a golden list, which may only become shorter.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

use sdrsim::machine::Effect;
use sdrsim::render::graph::{Node, arrows, status_graph};
use sdrsim::scenario::Scenario;
use sdrsim::sdrs::op::Op;
use sdrsim::sdrs::status::{Class, Kind, Status};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");

/// Statuses that no scenario can bring about yet.
const EXCEPTIONS: &[(Kind, Status, &str)] = &[
    (
        Kind::ProtectedInstance,
        Status::Fault,
        "only a fault of the infrastructure causes it",
    ),
    (
        Kind::ReplicationPair,
        Status::Fault,
        "only a fault of the infrastructure causes it",
    ),
];

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

/// Runs one file: everything that it expects holds, and the run is the one that it tells.
fn holds(name: &str) {
    let scenario = load(&Path::new(ROOT).join(name));
    let outcome = scenario.start(None).run(&mut ());
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
    basics_native_disk "basics/native-disk.yaml",
    basics_native "basics/native.yaml",
    basics_pairs "basics/pairs.yaml",
    basics_projects "basics/projects.yaml",
    basics_protect "basics/protect.yaml",
    basics_script "basics/script.yaml",
    basics_templates "basics/templates.yaml",
    drill_drill "drill/drill.yaml",
    drill_no_boot "drill/no-boot.yaml",
    failover_consistency_group "failover/consistency-group.yaml",
    failover_failover "failover/failover.yaml",
    failover_partial "failover/partial.yaml",
    failover_planned "failover/planned.yaml",
    failover_started_by_the_service "failover/started-by-the-service.yaml",
    failover_without_fencing "failover/without-fencing.yaml",
    jobs_group_errors "jobs/group-errors.yaml",
    jobs_group_level_tasks "jobs/group-level-tasks.yaml",
    jobs_hang "jobs/hang.yaml",
    jobs_member_errors "jobs/member-errors.yaml",
    jobs_published_timing "jobs/published-timing.yaml",
    jobs_workers "jobs/workers.yaml",
    refusals_inputs "refusals/inputs.yaml",
    refusals_reads "refusals/reads.yaml",
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
        assert!(
            text.starts_with("# "),
            "{} opens with a comment",
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
    let mut shown = BTreeSet::new();
    let mut moved = BTreeSet::new();
    for name in LISTED {
        let path = Path::new(ROOT).join(name);
        let whole = std::fs::read_to_string(&path).unwrap();
        text.push_str(whole.split("\ntranscript:").next().unwrap());
        let seen: Vec<(sdrsim::time::SimTime, Effect)> = Vec::new();
        let outcome = load(&path).start_watched(None, seen).run(&mut ());
        for (_, effect) in outcome.observer {
            match effect {
                Effect::Moved { who, from, to, .. } => {
                    moved.insert((who.kind().unwrap(), from, to));
                    shown.insert((who.kind().unwrap(), to));
                }
                Effect::Created {
                    who,
                    status: Some(status),
                } => {
                    shown.insert((who.kind().unwrap(), status));
                }
                _ => {}
            }
        }
    }
    let unused: Vec<&Op> = Op::ALL
        .iter()
        .filter(|op| !text.contains(&format!("{op}:")))
        .collect();
    assert!(unused.is_empty(), "no scenario uses {unused:?}");
    let mut missing = Vec::new();
    for &kind in Kind::ALL {
        for &status in kind.published() {
            let excepted = EXCEPTIONS.iter().any(|e| e.0 == kind && e.1 == status);
            assert!(
                !(excepted && shown.contains(&(kind, status))),
                "{status} is no exception any more"
            );
            if !excepted && !shown.contains(&(kind, status)) {
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
                unmoved.push(format!("{} {from} -> {to}", kind.name()));
            }
        }
    }
    let text = unmoved
        .iter()
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/golden/transitions-without-a-scenario.txt"
    );
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let known = std::fs::read_to_string(path).unwrap();
    assert!(
        text == known,
        "the transitions that no scenario shows are not those of {path}:\n{text}"
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
