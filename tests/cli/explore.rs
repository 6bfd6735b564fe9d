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
            "nothing is labelled `shoop`",
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
        (&["--states", "1"][..], 4, "undecided: a bound came first"),
        (&["--depth", "0"], 4, "undecided"),
        (&["--memory", "0", "--always", seen], 4, "undecided"),
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
        (&["--sometimes", seen, "--states", "5"], 0, "held"),
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
        assert_eq!(
            (ended, &json(&out)["verdict"]),
            (code, &verdict.into()),
            "{args:?}"
        );
    }
    let many = (0..64).flat_map(|_| ["--sometimes", seen]);
    let many: Vec<&str> = many
        .chain(["--sometimes", "shop.status == creating"])
        .collect();
    assert_eq!(explore(&many).0, 1);
}

/// The keys of the JSON form are those that the README lists.
#[test]
fn the_json_form_is_as_the_readme_says() {
    let (_, out, _) = explore(&["--json", "--dead-ends"]);
    let page = json(&out);
    let keys: Vec<&String> = page.as_object().unwrap().keys().collect();
    let readme = std::fs::read_to_string("README.md").unwrap();
    for key in &keys {
        assert!(
            readme.contains(&format!("| `{key}` |")),
            "the README has no `{key}`"
        );
    }
    assert!(page["widest"].as_u64() > Some(1) && page["dead_ends"]["states"] == 0);
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
