//! Failing scenarios become as short as they can be, by hand-checked examples, and fail as they did.

#![allow(clippy::unwrap_used)] // Helpers of tests, which clippy does not know as such.

use sdrsim::scenario::shrink::{Alike, Bounds, Shrunk, Wanted, shrink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, str};

/// A file with a slip in it.
fn slip(file: &str, right: &str, wrong: &str) -> String {
    let text = fs::read_to_string(Path::new("scenarios").join(file)).unwrap();
    assert!(text.contains(right), "{right}");
    text.replacen(right, wrong, 1)
}

/// Shrinks a file; what comes out is no longer, fails alike and cannot be shrunk further.
fn small(text: &str, bounds: Bounds) -> Shrunk {
    let alike = bounds.alike;
    let shrunk = shrink("a.yaml", text, bounds, &mut ()).expect("it fails");
    assert!(shrunk.is_minimal && shrunk.text.len() < text.len());
    let bounds = Bounds {
        alike,
        wanted: Wanted::Like(shrunk.failure.clone()),
        ..Bounds::default()
    };
    let again = shrink("a.yaml", &shrunk.text, bounds, &mut ()).expect("it still fails");
    assert_eq!(again.text, shrunk.text);
    assert!(again.failure.is_like(&shrunk.failure, alike));
    shrunk
}

/// What follows the opening comment and the version.
fn body(shrunk: &Shrunk) -> &str {
    let (head, body) = shrunk.text.split_once("version: 1\n").unwrap();
    assert!(
        head.starts_with("# ") && head.contains("sdrs_05_"),
        "{head}"
    );
    body
}

#[test]
fn an_expectation_keeps_what_makes_it_fail() {
    let text = slip(
        "basics/first.yaml",
        "shop.status == failed-over",
        "shop.status == protected",
    );
    let shrunk = small(&text, Bounds::default());
    assert_eq!(
        body(&shrunk),
        "sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
domains: {metro: {azs: [az-1, az-2]}}
flavors: {m1: {}}
vpcs: {net: {cidr: 10.0.0.0/16}}
servers:
  web: {az: az-1, vpc: net, flavor: m1, disks: {/dev/vda: {size: 40 GiB, bootable: true}}}
groups:
  shop: {domain: metro, vpc: net, protected: true}
instances:
  front: {group: shop, server: web}
timeline:
  - call: {failover: {group: shop}}
    expect: [shop.status == protected]
"
    );
    assert_eq!(shrunk.failure.explain, "shop.status is failed-over");
}

#[test]
fn runbooks_and_templates_shrink_with_the_rest() {
    let text = slip(
        "runbooks/crews.yaml",
        "count(groups[status=failed-over]) == 4",
        "count(groups[status=failed-over]) == 5",
    );
    // Four of eight are recovered after 25 minutes by two crews; four of five are enough to show it, and so are four.
    let shrunk = small(&text, Bounds::default());
    let body = body(&shrunk);
    assert!(
        body.contains("shop: {count: 4,") && !body.contains("count: 8"),
        "{body}"
    );
    assert!(body.contains("call: {failover: {group: shop}}"), "{body}");
    assert!(
        body.ends_with("    expect:\n      - count(groups[status=failed-over]) == 5\n"),
        "{body}"
    );
    for gone in [
        "links",
        "job_durations",
        "wait",
        "transcript",
        "power",
        "subnets",
        "pause",
    ] {
        assert!(!body.contains(gone), "{gone}: {body}");
    }
    // If whatever is found will do, nothing at all will.
    let bounds = Bounds {
        alike: Alike::Text,
        ..Bounds::default()
    };
    let shrunk = small(&text, bounds);
    let least = "timeline:\n  - expect:\n      - count(groups[status=failed-over]) == 5\n";
    assert!(
        shrunk.text.ends_with(&format!("version: 1\n{least}")),
        "{}",
        shrunk.text
    );
}

#[test]
fn a_wrong_refusal_keeps_its_cause() {
    let text = slip(
        "disaster/link.yaml",
        "refused: SDRS.1824",
        "refused: SDRS.1013",
    );
    let shrunk = small(&text, Bounds::default());
    let body = body(&shrunk);
    let timeline = "timeline:
  - fault: {link: trunk}
  - call: {failover: {group: shop}}
    refused: SDRS.1013
";
    assert!(body.ends_with(timeline), "{body}");
    assert!(
        body.contains("network:\n  links:\n    trunk: {between: [az-1, az-2]}\n"),
        "{body}"
    );
    assert!(!body.contains("data:") && !body.contains("load"), "{body}");
}

#[test]
fn a_job_that_never_ends_keeps_its_script() {
    let text = slip("jobs/hang.yaml", "    wait: false\n", "");
    let shrunk = small(&text, Bounds::default());
    let body = body(&shrunk);
    assert!(shrunk.failure.text.ends_with(" ends"), "{}", shrunk.failure);
    let end = "script:
  - {op: failover, what: hang}
timeline:
  - call: {failover: {group: shop}}
";
    assert!(body.ends_with(end), "{body}");
    assert!(!body.contains("/dev/vdb"), "{body}");
}

#[test]
fn the_failure_of_a_line_is_kept_although_others_come_before_it() {
    let text = slip(
        "basics/first.yaml",
        "shop.status == failed-over, web.fenced == true",
        "web.fenced == false",
    )
    .replacen("power == active", "power == shutoff", 1);
    let line = 1 + text
        .lines()
        .position(|line| line.contains("power == shutoff"))
        .unwrap();
    let bounds = Bounds {
        wanted: Wanted::Line(line),
        ..Bounds::default()
    };
    let shrunk = small(&text, bounds);
    assert!(
        shrunk.failure.text.contains("power == shutoff"),
        "{}",
        shrunk.failure
    );
    assert!(!body(&shrunk).contains("fenced"), "{}", shrunk.text);
    let bounds = Bounds {
        wanted: Wanted::Line(1),
        ..Bounds::default()
    };
    assert_eq!(shrink("a.yaml", &text, bounds, &mut ()), None);
}

fn sdrsim(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sdrsim"))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| str::from_utf8(bytes).unwrap().to_owned();
    let code = output.status.code().expect("not ended by a signal");
    (code, text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_command_writes_a_file_that_fails_in_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (long, short) = (path("long.yaml"), path("short.yaml"));
    fs::write(
        &long,
        slip(
            "basics/first.yaml",
            "web.fenced == true",
            "web.fenced == false",
        ),
    )
    .unwrap();

    let text = fs::read_to_string(&long).unwrap();
    let fails = |line: &str| line.contains("web.fenced == false");
    let line = 1 + text.lines().position(fails).unwrap();
    let (code, _, err) = sdrsim(&["shrink", &long, "--expect-fail=1"]);
    assert_eq!(code, 2);
    let told = format!("nothing fails in line 1 (but in line {line}), so there is nothing");
    assert!(err.contains(&told), "{err}");

    let (code, out, err) = sdrsim(&["shrink", &long, "--expect-fail"]);
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("3 steps 1") && err.contains("still fails: web.fenced == false"),
        "{err}"
    );

    let (code, page, err) = sdrsim(&["shrink", &long, "--expect-fail", "-o", &short, "--json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(fs::read_to_string(&short).unwrap(), out);
    let page: serde_json::Value = serde_json::from_str(&page).unwrap();
    assert_eq!(
        (&page["version"], &page["minimal"]),
        (&1.into(), &true.into())
    );
    assert_eq!(page["to"]["steps"], 1);
    assert_eq!(page["failure"]["kind"], "expect");

    let (code, out, _) = sdrsim(&["run", &short]);
    assert_eq!(code, 1);
    assert!(
        out.contains("FAIL") && out.contains("web.fenced == false"),
        "{out}"
    );
    let (code, _, err) = sdrsim(&[
        "shrink",
        &long,
        "--expect-fail",
        "--tries",
        "5",
        "-o",
        &short,
    ]);
    assert_eq!(code, 0);
    assert!(err.contains("5 tries; the tries are used up"), "{err}");
}

#[test]
fn what_does_not_fail_or_cannot_be_read_is_an_error() {
    let first = "scenarios/basics/first.yaml";
    for (args, told) in [
        (&["shrink", first, "--expect-fail"][..], "nothing fails"),
        (
            &["shrink", first, "--expect-fail=3"],
            "nothing fails in line 3, so",
        ),
        (&["shrink", first, "--expect-fail=0"], "invalid value '0'"),
        (&["shrink", first], "--expect-fail"),
        (&["shrink", "Cargo.toml", "--expect-fail"], "Cargo.toml:1"),
        (&["shrink", "none.yaml", "--expect-fail"], "none.yaml"),
        (&["shrink", first, "--expect-fail", "--json"], "--output"),
        (&["shrink", first, "--expect-fail", "--tries", "0"], "0"),
    ] {
        let (code, out, err) = sdrsim(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains(told), "{args:?}: {err}");
    }
}
