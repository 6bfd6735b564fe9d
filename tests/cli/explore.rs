//! `explore` as a user meets it: what it refuses, what it writes, and with which exit code it ends.

use super::{json, run};
use sdrsim::machine::admissible::OFFERED;
use sdrsim::sdrs::op::Op;
use std::path::Path;

const SMALL: &str = "tests/findings/small.yaml";

fn explore(args: &[&str]) -> (i32, String, String) {
    run(&[&["explore", SMALL][..], args].concat())
}

/// The error of what is refused.
fn refused(args: &[&str]) -> String {
    let (code, out, err) = explore(args);
    assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
    err
}

#[test]
fn what_a_search_cannot_judge_is_refused_with_its_place() {
    for (option, text, says) in [
        (
            "--never",
            "any jobs.status == FAIL",
            "`jobs` speaks of jobs",
        ),
        (
            "--sometimes",
            "any tasks.operation == failover",
            "failed tasks",
        ),
        ("--never", "any groups.rpo_us > 100000000", "(column 12)"),
        (
            "--goal",
            "all pairs.progress == 100",
            "leaves quantities out",
        ),
        (
            "--never",
            "shop.updated_at > \"2024-01-01\"",
            "leaves time out",
        ),
        (
            "--never",
            "shop.status == faild-over",
            "did you mean `failed-over`?",
        ),
        ("--never", "app.power == running", "is never `running`"),
        (
            "--always",
            "shop.cut == dr_side",
            "(column 13); did you mean `dr-side`?",
        ),
        (
            "--always",
            "any pairs.group == shoop",
            "no call of this search makes it (column 20); did you mean `shop`?",
        ),
        (
            "--never",
            "ap.power == active",
            "nothing is labelled `ap`; did you mean `app`?",
        ),
    ] {
        let err = refused(&[option, text]);
        assert!(err.contains(says), "{err}");
    }
}

#[test]
fn a_search_that_a_bound_ends_is_undecided() {
    let seen = "shop.status == protected";
    for (args, code, says) in [
        (&["--states", "1"][..], 4, "undecided: --states came first"),
        (&["--depth", "0"], 4, "undecided: --depth came first"),
        (
            &["--memory", "0", "--always", seen],
            4,
            "undecided: --memory came first",
        ),
        (
            &["--depth", "2"],
            4,
            "2 steps deep; not all: --depth came first",
        ),
        (&["--memory", "17592186044416"], 0, "held: nothing"),
        (
            &["--depth", "3", "--dead-ends"],
            4,
            "dead ends: not looked for",
        ),
        (
            &["--sometimes", "shop.status == failed-over", "--states", "5"],
            4,
            "not seen so far: sometimes shop.status == failed-over",
        ),
        (
            &["--sometimes", seen, "--states", "5"],
            0,
            "not all: --states came first",
        ),
        (
            &["--sometimes", seen, "--states", "5"],
            0,
            "held: all that must hold sometimes was seen to, and nothing else was asked",
        ),
        (
            &["--never", seen, "--states", "5"],
            1,
            "it ends with the first violation",
        ),
        (
            &["--sometimes", "shop.status == creating"],
            1,
            "never seen: ",
        ),
    ] {
        let (ended, out, err) = explore(args);
        assert_eq!(ended, code, "{args:?}: {out}{err}");
        assert!(out.contains(says), "{args:?}: {out}");
        let (ended, out, _) = explore(&[args, &["--json"]].concat());
        let verdict = ["held", "violated", "", "", "undecided"][code as usize];
        let page = json(&out);
        assert_eq!(
            (ended, &page["verdict"]),
            (code, &verdict.into()),
            "{args:?}"
        );
        let bound = says.split(' ').find_map(|word| word.strip_prefix("--"));
        if let Some(bound) = bound {
            assert_eq!(page["bound"], bound, "{args:?}");
        }
    }
    let (_, help, _) = run(&["explore", "--help"]);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        help.contains(
            "or a bound came first, nothing but --sometimes was asked, and all of it was seen"
        ),
        "{help}"
    );
    let many = (0..64).flat_map(|_| ["--sometimes", seen]);
    let many: Vec<&str> = many
        .chain(["--sometimes", "shop.status == creating"])
        .collect();
    assert_eq!(explore(&many).0, 1);
}

/// The keys of the JSON form are those that the README and the help list.
#[test]
fn the_json_form_is_as_the_readme_and_the_help_say() {
    let (_, out, _) = explore(&["--json", "--dead-ends"]);
    let page = json(&out);
    let keys: Vec<&String> = page.as_object().unwrap().keys().collect();
    let readme = std::fs::read_to_string("README.md").unwrap();
    let (_, help, _) = run(&["explore", "--help"]);
    let (_, list) = help.split_once("--json prints one object:").unwrap();
    for key in &keys {
        let is = |word: &str| word.trim_end_matches(',') == key.as_str();
        assert!(list.split_whitespace().any(is), "the help has no `{key}`");
        assert!(
            readme.contains(&format!("| `{key}` |")),
            "the README has no `{key}`"
        );
    }
    assert!(page["widest"].as_u64() > Some(1) && page["dead_ends"]["states"] == 0);
    assert!(page["bound"].is_null() && page["complete"] == true);
}

/// The violating state is seen like the ones before it, on any number of threads.
#[test]
fn statuses_are_those_of_the_violating_state_too() {
    for (always, path, seen) in [
        (
            "shop.status == protected",
            1,
            "[\"protected\",\"stopping\"]",
        ),
        ("shop.status == failed-over", 0, "[\"protected\"]"),
    ] {
        let page = |threads: &str| {
            let (code, out, err) = explore(&[
                "--call",
                "stop_protection",
                "--always",
                always,
                "--threads",
                threads,
                "--json",
            ]);
            assert_eq!(code, 1, "{err}");
            json(&out)
        };
        let one = page("1");
        assert_eq!(one["violation"]["path"].as_array().unwrap().len(), path);
        assert_eq!(one["statuses"]["protection_group"].to_string(), seen);
        assert_eq!(one, page("3"));
    }
}

/// What is given twice counts once, by whatever name.
#[test]
fn an_option_that_is_given_twice_counts_once() {
    let counts = |args: &[&str]| {
        let (code, out, err) = explore(args);
        assert_eq!(code, 0, "{err}");
        out.lines().next().unwrap().to_owned()
    };
    for (once, more) in [
        (&["--call", "failover"][..], &["--call", "failover"][..]),
        (
            &["--call", "failover", "--fault", "az:az-1", "--faults", "2"],
            &["--fault", "az:az-1"],
        ),
        (
            &["--call", "failover", "--fault", "node:w", "--faults", "2"],
            &["--fault", "witness:w"],
        ),
    ] {
        assert_eq!(counts(once), counts(&[once, more].concat()));
    }
    let many = ["--fault", "az:az-1"].repeat(65);
    assert_eq!(explore(&[&["--depth", "0"][..], &many].concat()).0, 4);
}

#[test]
fn one_is_said_as_one() {
    let (code, out, err) = explore(&["--states", "1", "--no-power", "--call", "failover"]);
    assert_eq!(code, 4, "{err}");
    assert!(
        out.starts_with("1 state, 1 transition, 0 steps deep; not all: "),
        "{out}"
    );
    let goal = "shop.status == failed-over";
    let args = ["--call", "reprotect", "--no-power", "--failures", "0"];
    let (code, out, err) = explore(&[&args[..], &["--goal", goal]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("1 state has no way back to shop"), "{out}");
}

/// What has no effect is refused where it needs another option, and noted where it needs a call.
#[test]
fn options_without_effect_are_not_silent() {
    for option in [&["--faults", "3"][..], &["--no-heal"]] {
        assert!(
            refused(option).contains("--fault <KIND:LABEL>"),
            "{option:?}"
        );
    }
    let plain = ["--call", "failover"];
    for (args, note) in [
        (
            &["--fault", "az:az-1", "--faults", "0"][..],
            "note: --faults 0 lets nothing break that --fault names",
        ),
        (
            &["--drills", "2"],
            "note: --drills bounds create_dr_drill, which is not called without --call create_dr_drill",
        ),
        (
            &["--groups", "0"],
            "note: --groups bounds create_protection_group",
        ),
        (&["--nics", "2"], "note: --nics bounds add_nic"),
        (
            &["--expansions", "2"],
            "note: --expansions bounds expand_replication_pair",
        ),
    ] {
        let (code, _, err) = explore(&[&plain[..], args].concat());
        assert_eq!(code, 0, "{err}");
        assert!(err.starts_with(note), "{err}");
    }
    let (_, _, err) = explore(&plain);
    assert_eq!(err, "");
}

#[test]
fn what_is_asked_in_the_wrong_words_is_refused_with_the_reason() {
    let near = [
        (
            &["--fault", "az:az-1:read-only"][..],
            "`read-only` is not for az, which may be `destroyed`",
        ),
        (
            &["--fault", "bogus:az-1"],
            "nothing of the kind `bogus` breaks: write one of az, site,",
        ),
        (&["--fault", "az:nope"], "nothing is labelled `nope`"),
        (
            &["--fault", "link:trnk"],
            "nothing is labelled `trnk`; did you mean `trunk`?",
        ),
        (&["--fault", "relay:v"], "nothing is labelled `v`"),
        (
            &["--fault", "az:app"],
            "the label `app` is that of a server",
        ),
        (&["--fault", "az"], "write KIND:LABEL"),
        (&["--threads", "0"], "--threads"),
        (&["--call", "fail_over"], "did you mean `failover`?"),
    ];
    for (args, says) in near {
        let err = refused(args);
        assert!(err.contains(says), "{args:?}: {err}");
    }
    for op in Op::ALL.iter().filter(|op| !OFFERED.contains(op)) {
        let err = refused(&["--call", op.name()]);
        assert!(err.contains("a search does not call it"), "{err}");
    }
    let (_, help, _) = run(&["explore", "--help"]);
    let readme = std::fs::read_to_string("README.md").unwrap();
    for name in OFFERED.iter().map(|op| op.name()) {
        assert!(help.contains(name), "the help has no {name}");
    }
    assert!(help.contains("undecided") && readme.contains("undecided"));
    let (code, _, err) = run(&["explore", "tests/findings"]);
    assert!(
        code == 2 && err.contains("a search is of one scenario, but 4 were given"),
        "{err}"
    );
}

#[test]
fn what_is_written_replaces_no_scenario_and_has_failed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (world, found) = (path("world.yaml"), path("found.yaml"));
    std::fs::copy(SMALL, &world).unwrap();
    let before = std::fs::read(&world).unwrap();
    let search = |never: &str, output: &str| {
        run(&[
            "explore", &world, "--call", "failover", "--never", never, "-o", output,
        ])
    };
    let never = "shop.status == failed-over";
    let (code, _, err) = search(never, &world);
    assert!(
        code == 2 && err.contains("would replace the scenario itself"),
        "{err}"
    );
    assert_eq!(std::fs::read(&world).unwrap(), before);
    let (code, _, err) = search(never, &found);
    assert!(code == 1 && err.contains("fails the same way"), "{err}");
    assert_eq!(run(&["run", &found]).0, 1);
    let (code, _, err) = search("shop.status == error-reversing", &found);
    assert_eq!(code, 0);
    assert!(
        err.contains("nothing was written: nothing is violated;"),
        "{err}"
    );
    assert!(err.contains("stays as it was"), "{err}");
    assert_eq!(run(&["run", &found]).0, 1);
    let (_, _, err) = search("shop.status == error-reversing", &path("none.yaml"));
    assert!(!err.contains("stays") && !Path::new(&path("none.yaml")).exists());
}
