//! A run that is stopped, set aside and taken up ends as the one that goes straight on; a trace is run again and compared.

#![allow(clippy::unwrap_used)] // Helpers of tests, which clippy does not know as such.

#[path = "common/command.rs"]
mod command;
#[path = "common/scenario_files.rs"]
mod scenario_files;

use scenario_files::{all, load};
use sdrsim::engine::Limit;
use sdrsim::machine::query::{job_number, view_of};
use sdrsim::scenario::report::RunReport;
use sdrsim::scenario::run::{ResumeError, RunCheckpoint, Runner};
use sdrsim::scenario::trace::{Accounts, End, Header, Reader, Trace};
use sdrsim::scenario::{Outcome, Scenario};
use sdrsim::time::{SimTime, Span};
use sdrsim::world::Who;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn told(outcome: &Outcome) -> (&RunReport, &[String]) {
    (&outcome.report, &outcome.transcript)
}

fn bytes(runner: &Runner) -> Vec<u8> {
    let mut bytes = Vec::new();
    runner.checkpoint().write(&mut bytes).unwrap();
    bytes
}

fn again(runner: &Runner) -> RunCheckpoint {
    RunCheckpoint::read(bytes(runner).as_slice()).unwrap()
}

/// Runs with a stop wherever `next` says, and goes on from what was written at each; answers how many stops there were.
fn relay(scenario: &Scenario, mut next: impl FnMut(&Runner) -> Limit) -> (Outcome, usize) {
    let mut runner = scenario.start(None);
    let mut stops = 0;
    while runner.run_until(next(&runner), &mut ()) {
        runner = scenario.resume(again(&runner)).unwrap();
        stops += 1;
    }
    (runner.run(&mut ()), stops)
}

#[test]
fn a_relay_over_events_ends_as_the_straight_run() {
    let mut stops = 0;
    for file in all() {
        let scenario = load(&file);
        let straight = scenario.start(None).run(&mut ());
        let stride = straight.report.events / 10 + 1;
        let (relayed, times) = relay(&scenario, |runner| Limit::events(runner.events() + stride));
        assert_eq!(told(&relayed), told(&straight), "{}", file.display());
        stops += times;
    }
    assert!(stops > 300, "only {stops} stops");
}

#[test]
fn a_relay_over_instants_ends_as_the_straight_run() {
    let mut stops = 0;
    for file in all() {
        let scenario = load(&file);
        let straight = scenario.start(None).run(&mut ());
        let stride = Span::micros(straight.end.as_micros() / 11 + 1);
        let mut at = SimTime::ZERO;
        let (relayed, times) = relay(&scenario, |_| {
            at = at.saturating_add(stride);
            Limit::until(at)
        });
        assert_eq!(told(&relayed), told(&straight), "{}", file.display());
        stops += times;
    }
    assert!(stops > 300, "only {stops} stops");
}

#[test]
fn a_run_rests_before_what_comes_later_and_tells_where() {
    let scenario = load("scenarios/basics/first.yaml".as_ref());
    let mut runner = scenario.start(None);
    let at = SimTime::after_start(Span::secs(179));
    assert!(runner.run_until(Limit::until(at), &mut ()));
    assert_eq!(
        (runner.steps_done(), runner.now().as_micros()),
        (0, 130_000_000)
    );
    // Resting where it rests changes nothing.
    let before = bytes(&runner);
    assert!(runner.run_until(Limit::until(at), &mut ()));
    assert_eq!(bytes(&runner), before);
    assert!(!runner.run_until(Limit::until(SimTime::MAX), &mut ()));
    assert_eq!(runner.steps_done(), scenario.steps());
    let straight = scenario.start(None).run(&mut ());
    assert_eq!(told(&runner.run(&mut ())), told(&straight));
}

#[test]
fn a_run_is_taken_up_from_a_whole_checkpoint_of_its_own_scenario_alone() {
    let scenario = load("scenarios/runbooks/crews.yaml".as_ref());
    let mut runner = scenario.start(Some(9));
    assert!(runner.run_until(Limit::events(20), &mut ()));
    let whole = bytes(&runner);
    for length in (0..whole.len()).step_by(97) {
        assert!(RunCheckpoint::read(&whole[..length]).is_err(), "{length}");
    }
    let mut changed = whole.clone();
    let place = changed.len() - 9;
    changed[place] ^= 1;
    let error = RunCheckpoint::read(changed.as_slice()).unwrap_err();
    assert!(matches!(error, ResumeError::Damaged { .. }), "{error}");
    let whole = String::from_utf8(whole).unwrap();
    // The first line is not under the hash of the second, which says the same again.
    for (what, told) in [
        ("seed", "\"seed\":9"),
        ("hash of the scenario", "\"scenario\":\""),
    ] {
        let other = whole.replacen(told, &format!("{told}7"), 1);
        let error = RunCheckpoint::read(other.as_bytes()).unwrap_err();
        let is = matches!(&error, ResumeError::Cover { what: of, .. } if *of == what);
        assert!(is, "{error}");
    }
    let later = whole.replacen("\"checkpoint\":1", "\"checkpoint\":2", 1);
    let error = RunCheckpoint::read(later.as_bytes()).unwrap_err();
    assert!(
        matches!(error, ResumeError::Version { found: 2 }),
        "{error}"
    );

    let other = load("scenarios/basics/first.yaml".as_ref());
    let error = other.resume(again(&runner)).unwrap_err();
    assert!(matches!(error, ResumeError::Scenario { .. }), "{error}");
    let resumed = scenario.resume(again(&runner)).unwrap().run(&mut ());
    assert_eq!(resumed.report.seed, 9);
    assert_eq!(resumed.report, runner.run(&mut ()).report);
}

/// A folder with a scenario and its trace, and the command.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    /// The scenario `crews`, which has runbooks, and what it does under seed 3.
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let bench = Bench { folder };
        fs::copy("scenarios/runbooks/crews.yaml", bench.path("a.yaml")).unwrap();
        let (code, _, err) = bench.run(&["run", "a.yaml", "--seed", "3", "--trace", "a.jsonl"]);
        assert_eq!(code, 0, "{err}");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Runs in the folder: exit code, standard output, standard error.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        self.run_with("", args)
    }

    fn run_with(&self, input: &str, args: &[&str]) -> (i32, String, String) {
        command::run(self.folder.path(), input, args)
    }
}

#[test]
fn what_was_recorded_happens_again() {
    let bench = Bench::new();
    let (code, out, err) = bench.run(&["replay", "a.jsonl"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.starts_with("same: ") && out.contains("until 02:00:00.000, digest "),
        "{out}"
    );
    let trace = bench.read("a.jsonl");
    let effects = trace.lines().count() - 2;
    let (code, out, _) = bench.run_with(&trace, &["replay", "-", "--json"]);
    let page: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &page["outcome"], &page["effects"]),
        (0, &"same".into(), &effects.into())
    );
    assert_eq!(page["end"]["end"], 7_200_000_000_u64);
}

#[test]
fn the_first_difference_is_shown_with_the_state_of_what_it_is_about() {
    let bench = Bench::new();
    let changed = bench.read("a.yaml").replacen("after: 10m", "after: 11m", 1);
    bench.write("a.yaml", &changed);
    let (code, out, err) = bench.run(&["replay", "a.jsonl"]);
    assert_eq!(code, 1);
    assert!(
        err.contains("a.yaml was changed since it was recorded"),
        "{err}"
    );
    let recorded = r#"  recorded {"at":4200000000,"label":"shop-1","effect":"moved""#;
    let now = r#"  now      {"at":4260000000,"label":"shop-1","effect":"moved""#;
    assert!(out.starts_with("different at line "), "{out}");
    assert!(out.contains(recorded) && out.contains(now), "{out}");
    assert!(
        out.contains("`shop-1` is now {") && out.contains(r#""status":"failing-over""#),
        "{out}"
    );
    // Both sides: the trace up to its line, and this run right after its own.
    let told = r#"  `shop-1` as the trace tells it: {"#;
    let told = out.lines().find(|line| line.starts_with(told)).unwrap();
    assert!(
        told.contains(r#""status":"failing-over""#) && told.contains(r#""told_at":4200000000"#),
        "{told}"
    );
    assert_eq!(out.lines().count(), 1 + 3 + 2 + 2, "{out}");

    let (code, out, _) = bench.run(&["replay", "a.jsonl", "--json", "--context", "1"]);
    let page: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &page["outcome"], &page["exit"]),
        (1, &"different".into(), &1.into())
    );
    assert_eq!(page["before"].as_array().unwrap().len(), 1);
    assert_eq!(page["recorded"]["said"]["label"], "shop-1");
    assert_eq!(page["states"]["shop-1"]["status"], "failing-over");
    let told = &page["told"]["shop-1"];
    assert_eq!(told["recorded"]["told_at"], 4_200_000_000_u64);
    assert_eq!(told["now"]["told_at"], 4_260_000_000_u64);
    assert_eq!(told["now"]["status"], "failing-over");

    // Two traces: what each tells, and no state of a run.
    let args = ["run", "a.yaml", "--seed", "3", "--trace", "b.jsonl"];
    assert_eq!(
        bench.run(&args).0,
        1,
        "what it expects was of the other run"
    );
    let (code, out, _) = bench.run(&["diff", "a.jsonl", "b.jsonl"]);
    let [a, b] = ["A", "B"].map(|side| {
        let told = format!("  `shop-1` as {side} tells it: {{");
        out.lines()
            .find(|line| line.starts_with(&told))
            .unwrap()
            .to_owned()
    });
    assert!(
        code == 1 && a.contains("4200000000") && b.contains("4260000000"),
        "{out}"
    );
    assert!(!out.contains("is now"), "{out}");
    let (_, out, _) = bench.run(&["diff", "a.jsonl", "b.jsonl", "--json"]);
    let page: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(page["told"]["shop-1"]["a"]["told_at"], 4_200_000_000_u64);
    assert_eq!(page["told"]["shop-1"]["b"]["told_at"], 4_260_000_000_u64);
    assert_eq!(page["states"], serde_json::json!({}));
    assert_eq!(page["notes"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_different_is_told_of_both_resources_and_for_each_side() {
    let bench = Bench::new();
    let trace = bench.read("a.jsonl");
    let lines: Vec<&str> = trace.lines().collect();
    // The last effect is of another resource in B, of which nothing was told before.
    let mut changed = lines.clone();
    let last = lines.len() - 2;
    let other = r#"{"at":7100000000,"label":"nobody","effect":"station","to":"target"}"#;
    changed[last] = other;
    bench.write("b.jsonl", &(changed.join("\n") + "\n"));
    let label: Value = serde_json::from_str(lines[last]).unwrap();
    let label = label["label"].as_str().unwrap();
    let (code, out, _) = bench.run(&["diff", "a.jsonl", "b.jsonl"]);
    assert_eq!(code, 1);
    for told in [
        format!("  `{label}` as A tells it: {{"),
        format!("  `{label}` as B tells it: {{"),
        "  `nobody`: A has told nothing of it".to_owned(),
        r#"  `nobody` as B tells it: {"station":"target","told_at":7100000000}"#.to_owned(),
    ] {
        assert!(
            out.lines().any(|line| line.starts_with(&told)),
            "{told}: {out}"
        );
    }
    let (code, out, _) = bench.run(&["replay", "b.jsonl"]);
    assert_eq!(code, 1);
    for told in [
        r#"  `nobody` as the trace tells it: {"station":"target","told_at":7100000000}"#.to_owned(),
        "  there is no `nobody` now".to_owned(),
        format!("  `{label}` as the trace tells it: {{"),
        format!("  `{label}` is now {{"),
    ] {
        assert!(
            out.lines().any(|line| line.starts_with(&told)),
            "{told}: {out}"
        );
    }
}

/// What a trace has told at its end is what the world is then, as far as it says anything.
#[test]
fn what_traces_tell_agrees_with_the_worlds_at_their_ends() {
    let (mut compared, mut effects) = (0, 0);
    for file in all() {
        let scenario = load(&file);
        let trace = Trace::begin(Vec::new(), &Header::of("", "", scenario.seed())).unwrap();
        let outcome = scenario.start_watched(None, trace).run(&mut ());
        let end = End {
            end: outcome.end,
            digest: outcome.report.digest,
            events: outcome.report.events,
        };
        let (world, now) = (&outcome.world, outcome.end);
        let bytes = outcome.observer.finish(world, &end).unwrap();
        let mut reader = Reader::open(bytes.as_slice()).unwrap();
        let (mut told, mut labels) = (Accounts::default(), BTreeSet::new());
        while let Some(line) = reader.next_line().unwrap() {
            let about = !line.label.is_empty();
            assert_eq!(told.take(&line), about, "{}: {}", file.display(), line.text);
            effects += u64::from(about);
            labels.insert(line.label);
        }
        for label in labels {
            let Some(told) = told.of(&label) else {
                continue;
            };
            let at = || format!("{}: {label}: {told}", file.display());
            let who = match label.strip_prefix("job ") {
                Some(number) => job_number(world, number.parse().unwrap()).map(Who::Job),
                None => world.find(&label),
            };
            if told.get("gone").is_some() {
                assert_eq!(who, None, "{}", at());
            }
            let Some(view) = who.and_then(|who| view_of(world, now, who)) else {
                continue;
            };
            for (key, field) in [
                ("status", "status"),
                ("power", "power"),
                ("usable", "usable"),
                ("station", "priority_station"),
                ("server", "server"),
                ("nic", "nic"),
                ("mode", "mode"),
                ("cut", "cut"),
            ] {
                if let (Some(told), Some(is)) = (told.get(key), view.get(field)) {
                    assert_eq!(told, is, "{key}: {}", at());
                    compared += 1;
                }
            }
        }
    }
    assert!(
        compared > 1_500 && effects > 10_000,
        "{compared} of {effects}"
    );
}

#[test]
fn every_changed_line_is_found_where_it_is() {
    let bench = Bench::new();
    let trace = bench.read("a.jsonl");
    let lines: Vec<&str> = trace.lines().collect();
    for place in [1, 2, lines.len() / 2, lines.len() - 2] {
        let mut changed = lines.clone();
        let other = changed[place].replacen("\"at\":", "\"at\":1", 1);
        changed[place] = &other;
        bench.write("b.jsonl", &(changed.join("\n") + "\n"));
        for args in [&["replay", "b.jsonl"][..], &["diff", "a.jsonl", "b.jsonl"]] {
            let (code, out, err) = bench.run(args);
            assert_eq!(code, 1, "{args:?}: {err}");
            let told = format!("different at line {},", place + 1);
            assert!(out.starts_with(&told), "{args:?}: {out}");
        }
    }
    // Sooner or later at an end: an effect more than the other.
    let mut less = lines.clone();
    less.remove(lines.len() - 2);
    bench.write("b.jsonl", &(less.join("\n") + "\n"));
    for args in [
        &["replay", "b.jsonl"][..],
        &["diff", "b.jsonl", "a.jsonl"],
        &["diff", "a.jsonl", "b.jsonl"],
    ] {
        let (code, out, _) = bench.run(args);
        assert_eq!(code, 1, "{args:?}");
        assert!(out.contains("\"digest\""), "{args:?}: {out}");
    }
}

#[test]
fn a_trace_that_is_not_whole_is_an_error_unless_a_part_will_do() {
    let bench = Bench::new();
    let trace = bench.read("a.jsonl");
    bench.write("cut.jsonl", &trace[..trace.len() / 2]);
    for args in [
        &["replay", "cut.jsonl"][..],
        &["diff", "a.jsonl", "cut.jsonl"],
    ] {
        let (code, out, err) = bench.run(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains("cut.jsonl: it is cut off after line"), "{err}");
        let (code, out, err) = bench.run(&[args, &["--partial"]].concat());
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert!(out.starts_with("same as far as it goes: "), "{out}");
    }
    // To take a part does not help where there is too much.
    bench.write("twice.jsonl", &(trace.clone() + &trace));
    for args in [
        &["replay", "twice.jsonl"][..],
        &["diff", "a.jsonl", "twice.jsonl"],
    ] {
        for args in [args.to_vec(), [args, &["--partial"]].concat()] {
            let (code, out, err) = bench.run(&args);
            assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
            assert!(
                err.contains("follows the line that tells the end; the effects before"),
                "{err}"
            );
            assert!(!err.contains("--partial"), "{args:?}: {err}");
        }
    }
    bench.write(
        "broken.jsonl",
        &trace.replacen("\"effect\":\"struck\"", "\"effect\":", 1),
    );
    bench.write(
        "later.jsonl",
        &trace.replacen("\"version\":1", "\"version\":2", 1),
    );
    for (args, told) in [
        (&["replay", "broken.jsonl", "--partial"][..], "is broken"),
        (&["replay", "later.jsonl"], "version 2"),
        (&["replay", "a.yaml"], "not a trace"),
        (&["diff", "a.jsonl", "a.yaml"], "not a trace"),
        (&["diff", "a.jsonl", "none"], "cannot read none"),
        (&["diff", "-", "-"], "given twice"),
        (
            &["replay", "a.jsonl", "--scenario", "none.yaml"],
            "none.yaml",
        ),
    ] {
        let (code, out, err) = bench.run(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains(told), "{args:?}: {err}");
    }
    fs::rename(bench.path("a.yaml"), bench.path("b.yaml")).unwrap();
    let (code, _, err) = bench.run(&["replay", "a.jsonl"]);
    assert!(
        code == 2 && err.contains("name it with --scenario"),
        "{err}"
    );
    assert_eq!(
        bench.run(&["replay", "a.jsonl", "--scenario", "b.yaml"]).0,
        0
    );
}

#[test]
fn traces_of_two_seeds_part_or_are_the_same() {
    let bench = Bench::new();
    let args = ["run", "a.yaml", "--seed", "4", "--trace", "b.jsonl"];
    assert_eq!(bench.run(&args).0, 0);
    let other = bench.read("b.jsonl");
    let (code, out, err) = bench.run_with(&other, &["diff", "a.jsonl", "-"]);
    assert_eq!(code, 0, "{out}");
    assert!(err.contains("note: seeds: 3 and 4"), "{err}");
    let (code, out, _) = bench.run_with(&other, &["diff", "-", "a.jsonl", "--json"]);
    let page: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &page["outcome"]), (0, &"same".into()));
}

#[test]
fn a_run_in_parts_ends_as_the_whole_one() {
    let bench = Bench::new();
    let report = |out: &str| {
        let page: Value = serde_json::from_str(out).unwrap();
        page["scenarios"][0].clone()
    };
    let whole = report(&bench.run(&["run", "a.yaml", "--json"]).1);
    for until in ["0s", "75m", "2024-01-01T01:15:00+00:00", "9h"] {
        let part = [
            "run",
            "a.yaml",
            "--until",
            until,
            "--checkpoint",
            "mid",
            "--json",
        ];
        let (code, out, err) = bench.run(&part);
        assert_eq!(code, 0, "{until}: {err}");
        let stopped = report(&out);
        assert_eq!(stopped["outcome"], "stopped");
        assert!(
            stopped["stopped"]["at"]["micros"].as_u64()
                <= whole["report"]["end"]["micros"].as_u64()
        );
        let (code, out, err) = bench.run(&["run", "a.yaml", "--from", "mid", "--json"]);
        assert_eq!(code, 0, "{until}: {err}");
        assert_eq!(report(&out), whole, "{until}");
    }
    assert!(
        bench
            .run(&["run", "a.yaml", "--until", "75m"])
            .1
            .contains("1 of 4 steps done")
    );
    for (args, told) in [
        (&["run", "a.yaml", "--until", "soon"][..], "--until soon"),
        (
            &["run", "a.yaml", "--until", "2023-01-01T00:00:00Z"],
            "--until 2023",
        ),
        (
            &["run", "a.yaml", "--from", "mid", "--until", "1m"],
            "stands at",
        ),
        (&["run", "a.yaml", "--from", "a.jsonl"], "not a checkpoint"),
        (&["run", "a.yaml", "--from", "mid", "--seed", "2"], "--seed"),
        (&["run", "a.yaml", "--checkpoint", "x"], "--until"),
        (
            &["run", "a.yaml", "--until", "1m", "--checkpoint", "a.yaml"],
            "replace the scenario",
        ),
        (&["run", ".", "b.yaml", "--until", "1m"], "b.yaml"),
    ] {
        let (code, _, err) = bench.run(args);
        assert_eq!(code, 2, "{args:?}");
        assert!(err.contains(told), "{args:?}: {err}");
    }
    bench.write(
        "a.yaml",
        &bench.read("a.yaml").replacen("after: 10m", "after: 12m", 1),
    );
    let (code, _, err) = bench.run(&["run", "a.yaml", "--from", "mid"]);
    assert!(
        code == 2 && err.contains("another scenario, or it was changed"),
        "{err}"
    );
}
