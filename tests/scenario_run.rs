//! Scenarios that run: steps, waits, refusals, scripts, templates, limits and transcripts.

use sdrsim::scenario::report::VerdictKind;
use sdrsim::scenario::{Outcome, RunReport, Scenario};
use std::fs;
use std::path::Path;

/// A group `web` with an instance `app` of one disk, and two loose disks.
const BASE: &str = "\
version: 1
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
domains: {metro: {azs: [az-1, az-2]}}
flavors: {m1: {}}
vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
servers:
  vm: {az: az-1, vpc: net, flavor: m1, disks: {/dev/vda: {size: 10 GiB, bootable: true}}}
eips: {public: {address: 203.0.113.7, server: vm}}
groups: {web: {domain: metro, vpc: net, protected: true}}
instances: {app: {group: web, server: vm}}
";

fn run(added: &str) -> Outcome {
    let text = format!("{BASE}{added}");
    let scenario = Scenario::load("a.yaml", &text).unwrap_or_else(|faults| {
        panic!(
            "{}",
            faults
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        )
    });
    scenario.start(None).run(&mut ())
}

#[test]
fn a_run_that_nobody_is_told_of_is_the_same_run() {
    let steps = "timeline:
  - at: 1m
    fault: {az: az-1}
    for: 20m
  - native: {start_server: {server: nobody}}
    refused: true
";
    let steps = steps.replace("nobody", "vm");
    let load = |text: &str| Scenario::load("a.yaml", text).expect("the file is well-formed");
    let scenario = load(&format!("{BASE}{steps}"));
    let told = scenario.start(None).run(&mut ());
    let untold = scenario.start(None).untold().run(&mut ());
    assert!(!told.transcript.is_empty() && untold.transcript.is_empty());
    assert_eq!(told.report, untold.report);
    // A file that has a transcript is compared with it.
    let scenario = load(&format!("{BASE}{steps}transcript: |\n  nothing\n"));
    let compared = scenario.start(None).untold().run(&mut ());
    assert_eq!(compared.transcript, told.transcript);
    assert!(compared.difference.is_some() && !compared.report.held());
}

#[track_caller]
fn holds(added: &str) -> Outcome {
    let outcome = run(added);
    let failures: Vec<_> = outcome.report.failures().collect();
    assert!(
        outcome.report.held(),
        "{failures:#?}\n{}",
        outcome.transcript.join("\n")
    );
    outcome
}

/// The failed verdicts: kind, line behind the base, and explanation.
fn failures(report: &RunReport) -> Vec<(VerdictKind, usize, &str)> {
    let failed = report.failures();
    failed
        .map(|verdict| {
            (
                verdict.kind,
                verdict.line.saturating_sub(11),
                verdict.explain.as_str(),
            )
        })
        .collect()
}

#[test]
fn every_scenario_of_the_basics_runs_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/basics");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 3);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.display().to_string();
        let scenario = Scenario::load(&name, &text).unwrap();
        assert!(scenario.transcript().is_some(), "{name}");
        let outcome = scenario.start(None).run(&mut ());
        let failures: Vec<_> = outcome.report.failures().collect();
        assert!(
            outcome.report.held(),
            "{name}: {failures:#?} {}",
            outcome
                .difference
                .map_or_else(String::new, |d| d.to_string())
        );
        let again = scenario.start(None).run(&mut ());
        assert_eq!(again.report, outcome.report);
        let other = scenario.start(Some(77)).run(&mut ());
        assert_eq!(other.report.seed, 77);
    }
}

#[test]
fn a_step_begins_when_the_jobs_of_the_one_before_have_ended() {
    let outcome = holds(
        "timeline:
  - call: {stop_protection: {group: web}}
  - call: {start_protection: {group: web}}
    wait: false
  - expect: web.status == starting
  - at: 1m
    expect: web.status == protected
  - after: 30s
    query: {show_job: {job: job-2}}
    expect: [answer.status == SUCCESS, job(2).operation == start_protection]
",
    );
    let clocks: Vec<&str> = outcome
        .report
        .verdicts
        .iter()
        .map(|verdict| verdict.at.clock.as_str())
        .collect();
    assert_eq!(
        clocks,
        [
            "00:00:08.009",
            "00:01:00.000",
            "00:01:30.000",
            "00:01:30.000"
        ]
    );
    assert_eq!(outcome.report.counts.jobs, 2);
    assert_eq!(outcome.report.counts.jobs_succeeded, 2);
}

#[test]
fn a_planned_failover_waits_for_the_shutdown_and_moves_the_address() {
    let outcome = holds(
        "timeline:
  - call: {planned_failover: {group: web, priority_station: target}}
    refused: SDRS.1352
  - native: {stop_server: {server: vm}}
    expect: vm.power == shutoff
  - call: {planned_failover: {group: web, priority_station: target}}
    expect:
      - web.priority_station == target
      - public.nic == \"vm/nic\" and \"app/dr\".eip == public
  - native: {start_server: {server: vm}}
    refused: true
  - native: {start_server: {server: app/dr}}
    expect: '\"app/dr\".power == active'
",
    );
    let text = outcome.transcript.join("\n");
    assert!(text.contains("vm       active -> shutoff"), "{text}");
    assert!(text.contains("vm/nic   moves from vm to app/dr"), "{text}");
    assert!(text.contains("start_server refused"), "{text}");
    assert_eq!(outcome.report.refusals.len(), 2);
    assert_eq!(outcome.report.counts.refused, 2);
    let uuid = |word: &&str| word.len() == 36 && word.matches('-').count() == 4;
    assert!(!text.split_whitespace().any(|word| uuid(&word)));
}

#[test]
fn refusals_are_judged_in_both_directions() {
    let outcome = run("timeline:
  - call: {start_protection: {group: web}}
  - call: {stop_protection: {group: web}}
    refused: SDRS.1020
  - call: {start_protection: {group: web}}
    refused: SDRS.1013
    wait: false
  - query: {show_protection_group: {group: {id: x}}}
  - native: {start_server: {server: vm}}
");
    let failed = failures(&outcome.report);
    let kinds: Vec<_> = failed
        .iter()
        .map(|(kind, line, _)| (*kind, *line))
        .collect();
    use VerdictKind::{Accepted, Refused};
    assert_eq!(
        kinds,
        [
            (Accepted, 2),
            (Refused, 3),
            (Refused, 5),
            (Accepted, 8),
            (Accepted, 9)
        ]
    );
    assert!(failed[0].2.contains("SDRS.1020"), "{failed:?}");
    assert_eq!(failed[1].2, "it was accepted");
    assert_eq!(failed[2].2, "it was accepted");
    assert!(failed[3].2.contains("SDRS.0207"), "{failed:?}");
    assert!(failed[4].2.contains("`vm` is active"), "{failed:?}");
}

#[test]
fn what_hangs_is_named_and_does_not_stop_the_rest() {
    let outcome = run("timeline:
  - script: [{op: stop_protection, what: hang}]
  - call: {stop_protection: {group: web}}
    expect: web.status == available
  - expect: web.status == stopping
");
    let failed = failures(&outcome.report);
    assert_eq!(failed.len(), 2, "{failed:#?}");
    assert_eq!((failed[0].0, failed[0].1), (VerdictKind::Ends, 3));
    assert_eq!(outcome.report.failures().next().unwrap().text, "job 1 ends");
    assert_eq!(
        failed[0].2,
        "nothing is to come that could end it: it hangs"
    );
    assert_eq!(
        (failed[1].0, failed[1].2),
        (VerdictKind::Expect, "web.status is stopping")
    );
    let last = run("script: [{op: stop_protection, what: hang}]
timeline: [{call: {stop_protection: {group: web}}}]
");
    assert_eq!(failures(&last.report)[0].0, VerdictKind::Ends);
    holds(
        "script: [{op: stop_protection, what: hang}]
timeline: [{call: {stop_protection: {group: web}}, wait: false}]
",
    );
}

#[test]
fn waits_end_with_what_they_wait_for_or_with_their_limit() {
    let outcome = run("timeline:
  - call: {stop_protection: {group: web}}
    wait: false
  - wait: {until: web.status == available, limit: 1m}
  - wait: {until: web.status == protected, limit: 10s}
  - wait: {until: web.status == protected}
  - at: 1s
    expect: web.status == available
");
    let failed = failures(&outcome.report);
    let kinds: Vec<_> = failed
        .iter()
        .map(|(kind, line, _)| (*kind, *line))
        .collect();
    assert_eq!(
        kinds,
        [
            (VerdictKind::Wait, 5),
            (VerdictKind::Wait, 6),
            (VerdictKind::OnTime, 7)
        ]
    );
    assert_eq!(
        failed[0].2,
        "the wait's limit is over: web.status is available"
    );
    assert_eq!(failed[1].2, "nothing is to come: web.status is available");
    let clocks: Vec<&str> = outcome
        .report
        .verdicts
        .iter()
        .map(|verdict| verdict.at.clock.as_str())
        .collect();
    assert_eq!(clocks[..2], ["00:00:08.009", "00:00:18.009"]);
}

#[test]
fn the_limits_of_a_run_end_it_with_a_verdict() {
    let steps = "timeline:
  - call: {stop_protection: {group: web}}
  - expect: web.status == available
";
    for limit in ["limit: {time: 5s}\n", "limit: {events: 2}\n"] {
        let outcome = run(&format!("{limit}{steps}"));
        let failed = failures(&outcome.report);
        assert!(
            failed.iter().any(|it| it.0 == VerdictKind::Limit),
            "{failed:?}"
        );
        assert!(
            failed
                .iter()
                .any(|it| it.2 == "the run met its limit before this step"),
            "{failed:?}"
        );
        assert!(outcome.end.as_micros() < 8_000_000);
    }
    // The job takes so long that the step behind it would begin too late, which only the run knows.
    let late = run(
        "limit: {time: 10s}\ntimeline:\n  - call: {stop_protection: {group: web}}\n  \
         - {after: 5s, expect: web.status == available}\n",
    );
    assert_eq!(failures(&late.report)[0].0, VerdictKind::Limit);
}

#[test]
fn templates_make_numbered_members_and_each_calls_them_all() {
    let outcome = holds(
        "disks: {d: {count: 20, az: az-1, size: 1 GiB}}
timeline:
  - each: d
    call: {create_replication_pair: {as: p, server_group_id: web, volume_id: d}}
    expect: [count(pairs) == 21, 'p-7.disks[0] == d-7']
  - each: d
    native: {delete_disk: {disk: d}}
    refused: true
",
    );
    let text = outcome.transcript.join("\n");
    assert!(text.contains("p-1..p-20 (20)"), "{text}");
    assert!(text.contains("jobs 1..20 SUCCESS"), "{text}");
    assert!(text.contains("d-1..d-20 (20)"), "{text}");
    assert_eq!(outcome.report.counts.refused, 20);
}

#[test]
fn projects_see_their_own() {
    holds(
        "projects: {tenant: {quotas: {server_groups: 0}}}
timeline:
  - {project: tenant, query: {list_protection_groups: {}}, expect: answer.count == 0}
  - {query: {list_protection_groups: {}}, expect: answer.count == 1}
  - {project: tenant, call: {failover: {group: web}}, refused: SDRS.1013}
  - expect: [quota(\"tenant/server_groups\").quota == 0, quota(server_groups).used == 1]
",
    );
}

#[test]
fn a_report_is_stable_json() {
    let outcome = run("timeline: [{expect: web.status == protected}]\n");
    let json = serde_json::to_value(&outcome.report).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["start"], "2024-01-01T00:00:00Z");
    assert_eq!(json["verdicts"][0]["kind"], "expect");
    assert_eq!(json["verdicts"][0]["step"], 1);
    assert_eq!(json["verdicts"][0]["line"], 12);
    assert_eq!(json["transcript"], serde_json::Value::Null);
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "counts",
            "digest",
            "drills",
            "end",
            "events",
            "faults",
            "faults_struck",
            "file",
            "groups",
            "held",
            "hung",
            "instances",
            "jobs",
            "name",
            "refusals",
            "runbooks",
            "seed",
            "stalled_pairs",
            "stalls",
            "stalls_begun",
            "start",
            "transcript",
            "verdicts",
            "verdicts_failed",
            "verdicts_held",
            "version",
            "violation"
        ]
    );
}

#[test]
fn the_schema_names_the_keys() {
    let schema = Scenario::schema();
    assert_eq!(schema["additionalProperties"], false);
    for key in [
        "version",
        "timeline",
        "transcript",
        "pairs",
        "job_durations",
    ] {
        assert!(schema["properties"].get(key).is_some(), "{key}");
    }
    assert_eq!(schema["required"], serde_json::json!(["version"]));
}
