//! The command as a user meets it: answers, exit codes, wrong input, standard input, colors and closed pipes.

#![allow(clippy::unwrap_used)] // Helpers of tests, which clippy does not know as such.

#[path = "cli/explore.rs"]
mod explore;
#[path = "cli/report.rs"]
mod report;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn sdrsim(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sdrsim"));
    command
        .args(args)
        .env_remove("NO_COLOR")
        .stdin(Stdio::null());
    command
}

/// Runs to the end: exit code, standard output, standard error.
fn run(args: &[&str]) -> (i32, String, String) {
    ended(sdrsim(args).output().unwrap())
}

fn ended(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().expect("not ended by a signal"),
        text(output.stdout),
        text(output.stderr),
    )
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn help_and_version_are_answers_and_wrong_words_are_not() {
    for args in [&["--help"][..], &["run", "--help"], &["--version"]] {
        let (code, out, err) = run(args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert!(out.contains("sdrsim"), "{args:?}");
    }
    let (_, help, _) = run(&["--help"]);
    assert!(help.contains("Exit codes") && help.contains("Examples"));
    for args in [
        &[][..],
        &["walk"],
        &["table", "--format", "svg"],
        &["table", "--kind", "tree"],
        &["codes", "--answered", "perhaps"],
        &["run"],
        &["run", "--seed", "-1", "a.yaml"],
        &["run", "--json", "--quiet", "a.yaml"],
        &["bless"],
    ] {
        let (code, out, err) = run(args);
        assert_eq!(code, 2, "{args:?}");
        assert_eq!(out, "", "{args:?}");
        assert!(!err.is_empty(), "{args:?}");
    }
}

#[test]
fn table_answers_in_five_forms() {
    let (code, text, err) = run(&["table", "--kind", "drill"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        text.contains("delete_dr_drill . + . + +  SDRS.1913"),
        "{text}"
    );
    assert!(!text.contains("replication_pair\n"), "{text}");

    let (_, markdown, _) = run(&["table", "--format", "markdown", "--kind", "drill"]);
    assert!(markdown.contains("| delete_dr_drill | 1913 | yes | 1913 | yes | yes |"));

    let page = json(&run(&["table", "--format", "json"]).1);
    assert_eq!(page["version"], 1);
    assert_eq!(page["kinds"].as_array().unwrap().len(), 4);

    let (_, dot, _) = run(&[
        "table", "--format", "dot", "--kind", "group", "--kind", "drill",
    ]);
    assert_eq!(dot.matches("digraph ").count(), 2);

    let (_, one, _) = run(&["table", "--format", "mermaid", "--kind", "pair"]);
    assert!(one.starts_with("stateDiagram-v2\n"));
    let (_, all, _) = run(&["table", "--format", "mermaid"]);
    assert_eq!(all.matches("```mermaid\n").count(), 4);
}

#[test]
fn codes_are_found_by_their_beginning() {
    let (code, text, _) = run(&["codes", "SDRS.1020"]);
    assert_eq!(code, 0);
    assert!(text.starts_with("SDRS.1020  400  "), "{text}");
    assert!(text.contains("start_protection"), "{text}");

    let page = json(&run(&["codes", "13", "--format", "json"]).1);
    let codes = page["codes"].as_array().unwrap();
    assert!(codes.len() > 10);
    assert!(
        codes
            .iter()
            .all(|row| row["code"].as_str().unwrap().starts_with("SDRS.13"))
    );

    let never = json(&run(&["codes", "--answered", "no", "--format", "json"]).1);
    for row in never["codes"].as_array().unwrap() {
        assert!(row["reason"].is_string(), "{row}");
    }

    let (code, out, err) = run(&["codes", "SDRS.9999"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("SDRS.9999"), "{err}");
}

#[test]
fn policies_show_defaults_and_decisions() {
    let (code, text, _) = run(&["policies"]);
    assert_eq!(code, 0);
    assert!(text.contains("fencing: on | off   (default on)"), "{text}");
    let page = json(&run(&["policies", "--format", "json"]).1);
    assert_eq!(page["version"], 1);
    assert!(!page["decisions"].as_array().unwrap().is_empty());
}

#[test]
fn color_is_for_terminals_unless_asked_for() {
    let colored = |args: &[&str], no_color: Option<&str>| {
        let mut command = sdrsim(args);
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        let (_, _, err) = ended(command.output().unwrap());
        err.contains('\u{1b}')
    };
    let wrong = ["codes", "SDRS.9999"];
    let always = ["codes", "SDRS.9999", "--color", "always"];
    assert!(!colored(&wrong, None), "not a terminal");
    assert!(!colored(&wrong, Some("1")));
    assert!(colored(&always, None));
    assert!(
        colored(&always, Some("1")),
        "what is asked for outright wins"
    );
    assert!(!colored(&["codes", "SDRS.9999", "--color", "never"], None));
}

#[test]
fn a_closed_pipe_ends_quietly() {
    for args in [
        &["codes"][..],
        &["table", "--format", "json"],
        &["table", "--format", "dot"],
        &["policies"],
        &["schema"],
    ] {
        let mut child = sdrsim(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{args:?}");
        assert_eq!(err, "", "{args:?}");
    }
}

/// A scenario in which a group is renamed, is refused protection and is deleted.
const SCENARIO: &str = "# A note.
version: 1
sites: {a: {}, b: {}}
azs: {az1: {site: a}, az2: {site: b}}
domains:
  metro: {azs: [az1, az2]} # both
vpcs: {net: {cidr: 10.0.0.0/16}}
groups:
  web: {domain: metro, vpc: net}
timeline:
  - call: {rename_protection_group: {group: web, name: shop}}
    expect: web.name == \"shop\"
  - call: {start_protection: {group: web}}
    refused: SDRS.1608
  - call: {delete_protection_group: {group: web}}
  - expect: count(groups) == 0
";

/// A folder of scenarios that goes away with the value.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn name(&self) -> &str {
        self.0.path().to_str().unwrap()
    }
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn with_stdin(args: &[&str], input: &str) -> (i32, String, String) {
    let mut child = sdrsim(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    ended(child.wait_with_output().unwrap())
}

#[test]
fn run_gives_every_expectation_its_line() {
    let folder = Folder::new();
    let held = folder.write("a.yaml", SCENARIO);
    let (code, out, err) = run(&["run", &held]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(
        out.contains("ok    00:00:00.000  line 12   expect: web.name == \"shop\"\n"),
        "{out}"
    );
    assert!(
        out.contains("line 16   expect: count(groups) == 0\n"),
        "{out}"
    );
    assert!(out.ends_with("1 scenario: 1 held\n"), "{out}");

    let failed = folder.write("b.yaml", &SCENARIO.replace("== 0", "== 7"));
    let (code, out, _) = run(&["run", &failed, &held]);
    assert_eq!(code, 1);
    assert!(
        out.contains("FAIL  00:00:10.000  line 16   expect: count(groups) == 7\n"),
        "{out}"
    );
    assert!(out.contains("count(groups) is 0\n"), "{out}");
    assert!(out.ends_with("2 scenarios: 1 held, 1 failed\n"), "{out}");

    let (code, out, err) = run(&["run", "--quiet", &held]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));
    let (code, out, _) = run(&["run", "-q", &failed]);
    assert_eq!(code, 1);
    assert!(out.contains("FAIL") && !out.contains("ok  "), "{out}");
}

#[test]
fn run_reads_standard_input_once() {
    let (code, out, err) = with_stdin(&["run", "-"], SCENARIO);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("<stdin>\n"), "{out}");
    let (code, _, err) = with_stdin(&["check", "-"], "version: 2\n");
    assert_eq!(code, 2);
    assert!(
        err.contains("<stdin>:1:10") && err.contains("version"),
        "{err}"
    );
    let (code, _, err) = run(&["run", "-", "-"]);
    assert_eq!(code, 2);
    assert!(err.contains("twice"), "{err}");
}

#[test]
fn run_takes_folders_and_says_what_is_missing() {
    let folder = Folder::new();
    folder.write("z.yaml", SCENARIO);
    folder.write("sub/a.yml", SCENARIO);
    folder.write("note.txt", "not a scenario");
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(""), folder.path("sub/loop")).unwrap();
    let (code, out, _) = run(&["run", folder.name()]);
    assert_eq!(code, 0, "{out}");
    let (first, second) = (out.find("a.yml").unwrap(), out.find("z.yaml").unwrap());
    assert!(
        first < second && out.ends_with("2 scenarios: 2 held\n"),
        "{out}"
    );

    let empty = Folder::new();
    let (code, out, err) = run(&["run", empty.name()]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("no scenario below"), "{err}");
    let (code, _, err) = run(&["run", empty.path("none.yaml").to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(err.contains("none.yaml"), "{err}");
}

#[test]
fn a_fault_is_shown_with_its_place_and_does_not_hide_the_others() {
    let folder = Folder::new();
    let bad = folder.write("bad.yaml", &SCENARIO.replace("groups:\n", "gruops:\n"));
    let binary = folder.path("binary.yaml");
    std::fs::write(&binary, b"version: 1\nname: \xff\n").unwrap();
    let good = folder.write("good.yaml", SCENARIO);
    let (code, out, err) = run(&["run", &bad, binary.to_str().unwrap(), &good]);
    assert_eq!(code, 2);
    assert!(
        err.contains("bad.yaml:8:1") && err.contains("did you mean `groups`"),
        "{err}"
    );
    assert!(err.contains("UTF-8"), "{err}");
    assert!(!err.contains('\u{1b}'), "{err}");
    assert!(out.ends_with("3 scenarios: 1 held, 2 faulty\n"), "{out}");

    let (_, _, err) = run(&["check", "--color", "always", &bad]);
    assert!(err.contains('\u{1b}'), "{err}");
}

#[test]
fn check_reads_and_does_not_run() {
    let folder = Folder::new();
    let failing = folder.write("a.yaml", &SCENARIO.replace("== 0", "== 7"));
    let (code, out, err) = run(&["check", &failing]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.ends_with("a.yaml: ok, 4 steps\n1 scenario: 1 ok\n"),
        "{out}"
    );
    let bad = folder.write("b.yaml", "version: 1\nstites: {}\n");
    let (code, out, err) = run(&["check", "--json", folder.name()]);
    assert_eq!((code, err.as_str()), (2, ""));
    let page = json(&out);
    assert_eq!(
        (&page["version"], &page["held"], &page["exit"]),
        (&1.into(), &false.into(), &2.into())
    );
    assert_eq!(page["scenarios"][0]["outcome"], "read");
    let fault = &page["scenarios"][1]["faults"][0];
    assert_eq!((&fault["file"], &fault["line"]), (&bad.into(), &2.into()));
}

#[test]
fn a_checked_run_tells_the_same_as_one_that_is_not() {
    let folder = Folder::new();
    let file = folder.write("a.yaml", SCENARIO);
    let (code, out, err) = run(&["run", "--check", &file]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, run(&["run", &file]).1);
    let (_, out, _) = run(&["run", "--check", "--json", &file]);
    assert!(json(&out)["scenarios"][0]["report"]["violation"].is_null());

    // The figures of a checked run are the same too.
    let figures = run(&["run", "--report", &file]);
    assert_eq!(run(&["run", "--check", "--report", &file]), figures);
    let stormy = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/scenarios/regressions/arbitration-repeated.yaml"
    );
    let (code, out, err) = run(&["run", "--check", "--report", stormy]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("  figures") && out.contains("a column shows the worst"));
}

#[test]
fn json_holds_the_reports() {
    let folder = Folder::new();
    let file = folder.write("a.yaml", &SCENARIO.replace("== 0", "== 7"));
    let (code, out, err) = run(&["run", "--json", "--seed", "9", &file]);
    assert_eq!((code, err.as_str()), (1, ""));
    let page = json(&out);
    assert_eq!(page["version"], 1);
    assert_eq!(page["held"], false);
    let entry = &page["scenarios"][0];
    assert_eq!(entry["outcome"], "failed");
    assert_eq!(entry["report"]["seed"], 9);
    assert_eq!(entry["report"]["verdicts_failed"], 1);
    assert_eq!(entry["faults"], serde_json::json!([]));
}

#[test]
fn bless_changes_the_transcript_alone_and_then_nothing() {
    let folder = Folder::new();
    let file = folder.write("a.yaml", SCENARIO);
    let (code, out, err) = run(&["bless", &file]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("a.yaml: blessed\n"), "{out}");
    let blessed = read(&file);
    let added = blessed.strip_prefix(SCENARIO).unwrap();
    assert!(
        added.starts_with("\ntranscript: |\n  00:00:00.000  web  name changed\n"),
        "{added}"
    );
    assert_eq!(run(&["run", &file]).0, 0);

    let (code, out, _) = run(&["bless", &file]);
    assert_eq!(code, 0);
    assert!(out.contains("a.yaml: unchanged\n"), "{out}");
    assert_eq!(read(&file), blessed);

    folder.write("a.yaml", &blessed.replace("name changed", "name kept"));
    let (code, out, _) = run(&["run", &file]);
    assert_eq!(code, 1);
    assert!(
        out.contains("FAIL  transcript") && out.contains("web  name kept"),
        "{out}"
    );
    let (code, _, _) = run(&["run", "--seed", "2", &file]);
    assert_eq!(code, 0, "a transcript holds for the scenario's own seed");
    assert_eq!(
        std::fs::read_dir(folder.path("")).unwrap().count(),
        1,
        "nothing is left over"
    );
}

#[test]
fn what_fails_is_not_blessed() {
    let folder = Folder::new();
    let text = SCENARIO.replace("== 0", "== 7");
    let file = folder.write("a.yaml", &text);
    let (code, out, _) = run(&["bless", &file]);
    assert_eq!(code, 1);
    assert!(out.contains("FAIL"), "{out}");
    assert_eq!(read(&file), text);
    assert_eq!(
        run(&["bless", folder.name()]).0,
        2,
        "a folder is not blessed"
    );
}

#[test]
fn a_trace_is_whole_or_absent() {
    let folder = Folder::new();
    let file = folder.write("a.yaml", SCENARIO);
    let trace = folder.path("a.jsonl");
    let trace = trace.to_str().unwrap();
    let (code, _, err) = run(&["run", &file, "--trace", trace, "--seed", "3"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let first = read(trace);
    let lines: Vec<_> = first.lines().map(json).collect();
    assert_eq!(
        (&lines[0]["version"], &lines[0]["seed"]),
        (&1.into(), &3.into())
    );
    assert_eq!(lines.last().unwrap()["end"], 10_000_000);
    let gone = serde_json::json!({"at": 10_000_000, "label": "web", "effect": "gone", "kind": "protection group"});
    assert!(lines.contains(&gone), "{first}");
    assert_eq!(run(&["run", &file, "--trace", trace, "--seed", "3"]).0, 0);
    assert_eq!(read(trace), first);

    let (code, _, err) = run(&["run", &file, "--trace", &file]);
    assert_eq!(code, 2);
    assert!(err.contains("replace the scenario"), "{err}");
    assert_eq!(read(&file), SCENARIO);
    let other = folder.write("b.yaml", SCENARIO);
    assert_eq!(run(&["run", &file, &other, "--trace", trace]).0, 2);
    let nowhere = folder.path("no/where.jsonl");
    let (code, _, err) = run(&["run", &file, "--trace", nowhere.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(err.contains("where.jsonl"), "{err}");
}

#[test]
fn schema_describes_scenarios() {
    let (code, out, err) = run(&["schema"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let schema = json(&out);
    assert!(schema["properties"]["timeline"].is_object());
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn a_closed_pipe_ends_a_run_quietly() {
    let folder = Folder::new();
    let file = folder.write("a.yaml", SCENARIO);
    let mut child = sdrsim(&["run", &file])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(0));
    assert_eq!(String::from_utf8(done.stderr).unwrap(), "");
}
