//! What `-` stands for in the commands that read and write runs, and the pages that they print as JSON.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

#[path = "common/command.rs"]
mod command;

use command::run;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A folder with a scenario that holds, and nothing else.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::copy("scenarios/basics/first.yaml", folder.path().join("a.yaml")).unwrap();
    folder
}

/// No file was written that is called `-`, or any other.
fn assert_only_the_scenario(folder: &Path) {
    let names = fs::read_dir(folder).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["a.yaml"]);
}

#[test]
fn a_trace_goes_to_standard_output_and_the_report_makes_way() {
    let folder = folder();
    let at = folder.path();
    let (code, trace, err) = run(at, "", &["run", "a.yaml", "--trace", "-"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("held: 4 of 4 expectations"), "{err}");
    let first: Value = serde_json::from_str(trace.lines().next().unwrap()).unwrap();
    assert_eq!(first["file"], "a.yaml");
    assert_only_the_scenario(at);
    let (code, out, err) = run(at, &trace, &["replay", "-"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("same: "), "{out}");
    // The same as what a file holds.
    let args = ["run", "-q", "a.yaml", "--trace", "a.jsonl"];
    assert_eq!(run(at, "", &args), (0, String::new(), String::new()));
    assert_eq!(fs::read_to_string(at.join("a.jsonl")).unwrap(), trace);
}

#[test]
fn a_run_goes_on_from_standard_input() {
    let folder = folder();
    let at = folder.path();
    let part = ["run", "a.yaml", "--until", "2m", "--checkpoint", "-"];
    let (code, checkpoint, err) = run(at, "", &part);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("stopped: "), "{err}");
    let whole = run(at, "", &["run", "a.yaml"]);
    assert_eq!(whole.0, 0);
    let rest = run(at, &checkpoint, &["run", "a.yaml", "--from", "-"]);
    assert_eq!(rest, whole);
    assert_only_the_scenario(at);
}

#[test]
fn one_stream_takes_one_thing() {
    let folder = folder();
    let at = folder.path();
    let text = fs::read_to_string(at.join("a.yaml")).unwrap();
    for (args, told) in [
        (
            &["run", "a.yaml", "--json", "--trace", "-"][..],
            "--trace - writes to standard output",
        ),
        (
            &[
                "run",
                "a.yaml",
                "--json",
                "--until",
                "1m",
                "--checkpoint",
                "-",
            ],
            "--checkpoint - writes to standard output",
        ),
        (&["run", "-", "--from", "-"], "given twice"),
        (
            &["shrink", "a.yaml", "--expect-fail", "--json", "-o", "-"],
            "--output - writes to standard output",
        ),
        (
            &["explore", "a.yaml", "--json", "-o", "-"],
            "-o - writes to standard output",
        ),
        (
            &["run", "a.yaml", "--until", "1m", "--trace", "-"],
            "cannot be used with",
        ),
        (
            &["run", "a.yaml", "--from", "x", "--trace", "-"],
            "cannot be used with",
        ),
    ] {
        let (code, out, err) = run(at, &text, args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains(told), "{args:?}: {err}");
    }
    assert_only_the_scenario(at);
    // Where it is said that those two do not go together.
    let (_, help, _) = run(at, "", &["run", "--help"]);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for (words, times) in [
        ("neither with --until nor with --from", 2),
        ("Not with --trace", 2),
        ("Not with --from", 1),
    ] {
        assert_eq!(help.matches(words).count(), times, "{words}: {help}");
    }
}

#[test]
fn what_is_shrunk_never_replaces_the_scenario() {
    let folder = folder();
    let at = folder.path();
    let path = at.join("a.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replacen("web.fenced == true", "web.fenced == false", 1);
    fs::write(&path, &text).unwrap();
    let sub = at.join("sub");
    fs::create_dir(&sub).unwrap();
    for output in ["a.yaml", "./sub/../a.yaml"] {
        let args = ["shrink", "a.yaml", "--expect-fail", "-o", output];
        let (code, out, err) = run(at, "", &args);
        assert_eq!((code, out.as_str()), (2, ""), "{output}");
        assert!(err.contains("would replace the scenario itself"), "{err}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "{output}");
    }
    fs::remove_dir(sub).unwrap();
    let (code, out, err) = run(at, "", &["shrink", "a.yaml", "--expect-fail", "-o", "-"]);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("web.fenced == false") && out.len() < text.len(),
        "{out}"
    );
    assert_only_the_scenario(at);
}

#[test]
fn a_way_goes_to_standard_output_and_what_was_found_makes_way() {
    let folder = folder();
    let at = folder.path();
    fs::copy("tests/findings/small.yaml", at.join("a.yaml")).unwrap();
    let search = |never: &str| {
        let args = ["explore", "a.yaml", "--call", "failover", "-o", "-"];
        run(at, "", &[&args[..], &["--never", never]].concat())
    };
    let (code, way, err) = search("shop.status == failed-over");
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("violated: never shop.status"), "{err}");
    assert!(err.contains("wrote the way to standard output"), "{err}");
    let (code, out, err) = run(at, &way, &["run", "-"]);
    assert_eq!(code, 1, "{way}{err}");
    assert!(out.contains("not (shop.status == failed-over)"), "{out}");
    let (code, way, err) = search("shop.status == reprotecting");
    assert_eq!((code, way.as_str()), (0, ""), "{err}");
    assert!(
        err.contains("nothing was written: nothing is violated\n"),
        "{err}"
    );
    assert_only_the_scenario(at);
}

/// Of a scenario that cannot be read, every command prints the same page.
#[test]
fn what_is_wrong_with_a_scenario_is_one_page_everywhere() {
    let folder = folder();
    let at = folder.path();
    let (code, _, err) = run(at, "", &["run", "-q", "a.yaml", "--trace", "a.jsonl"]);
    assert_eq!(code, 0, "{err}");
    fs::write(at.join("a.yaml"), "version: 1\nsits: {}\n").unwrap();
    let wrong = run(at, "", &["check", "a.yaml", "--json"]);
    assert_eq!((wrong.0, wrong.2.as_str()), (2, ""));
    let page: Value = serde_json::from_str(&wrong.1).unwrap();
    assert_eq!(page["scenarios"][0]["outcome"], "faulty");
    for args in [
        &["run", "a.yaml", "--json"][..],
        &["explore", "a.yaml", "--json"],
        &["replay", "a.jsonl", "--json"],
        &["shrink", "a.yaml", "--expect-fail", "--json", "-o", "s"],
    ] {
        assert_eq!(run(at, "", args), wrong, "{args:?}");
        let (_, help, _) = run(at, "", &[args[0], "--help"]);
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_described = help
            .contains("prints what `sdrsim check --json` prints: {version, held, exit, scenarios}");
        assert_eq!(is_described, args[0] != "run", "{help}");
    }
}

/// Every key of a page stands in the help of its command, in the list of the page.
fn assert_described(page: &Value, help: &str) {
    let (_, list) = help.split_once("--json prints one object").unwrap();
    for key in page.as_object().unwrap().keys() {
        let is = |word: &str| word.trim_end_matches(',') == key;
        let described = list.lines().any(|line| {
            let keys = line.trim_start().split("  ").next().unwrap_or_default();
            line.starts_with("  ") && keys.split(' ').any(is)
        });
        assert!(described, "`{key}` is not described:\n{list}");
    }
}

#[test]
fn the_pages_are_described_by_the_help() {
    let folder = folder();
    let at = folder.path();
    let record = |name: &str| run(at, "", &["run", "-q", "a.yaml", "--trace", name]);
    let text = fs::read_to_string(at.join("a.yaml")).unwrap();
    assert_eq!(record("a.jsonl").0, 0);
    let page = |args: &[&str]| -> Value {
        let (_, out, err) = run(at, "", args);
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("{args:?}: {err}"))
    };
    let help = |command: &str| run(at, "", &[command, "--help"]).1;
    let same = page(&["replay", "a.jsonl", "--json"]);
    assert_eq!(same["whole"], true);
    assert_described(&same, &help("replay"));
    let changed = text.replacen("at: 1m", "at: 2m", 1);
    assert_ne!(changed, text);
    fs::write(at.join("a.yaml"), &changed).unwrap();
    let different = page(&["replay", "a.jsonl", "--json"]);
    assert_eq!(different["outcome"], "different");
    assert_described(&different, &help("replay"));

    record("b.jsonl");
    let mut different = page(&["diff", "a.jsonl", "b.jsonl", "--json"]);
    let keys = different.as_object_mut().unwrap();
    assert!(keys.remove("a").is_some() && keys.remove("b").is_some());
    assert_described(&different, &help("replay"));
    let diff = help("diff");
    let diff = diff.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        diff.contains("`a` and `b` for `recorded` and `now`"),
        "{diff}"
    );

    let failing = text.replacen("web.fenced == true", "web.fenced == false", 1);
    fs::write(at.join("a.yaml"), failing).unwrap();
    let args = [
        "shrink",
        "a.yaml",
        "--expect-fail",
        "--json",
        "-o",
        "s.yaml",
    ];
    let shrunk = page(&args);
    assert_described(&shrunk, &help("shrink"));
    let failure = shrunk["failure"].as_object().unwrap();
    let keys: Vec<_> = failure.keys().map(String::as_str).collect();
    assert_eq!(keys, ["explain", "kind", "line", "text"]);
}
