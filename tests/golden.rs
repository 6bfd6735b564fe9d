//! The drawings and pages that are computed from the rules, compared with the files in `tests/golden/`.
//!
//! After a wanted change `BLESS=1 cargo test --test golden` writes them anew; the commit says why they changed.

#![allow(clippy::unwrap_used)] // Helpers of tests, which clippy does not know as such.

use sdrsim::render::{draw, matrix};
use sdrsim::sdrs::status::Kind;
use std::collections::BTreeSet;
use std::path::Path;

fn compare(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, now).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .replace("\r\n", "\n");
    let differs = golden
        .lines()
        .zip(now.lines())
        .position(|(golden, now)| golden != now)
        .unwrap_or_else(|| golden.lines().count().min(now.lines().count()));
    assert!(
        golden == now,
        "{} differs at line {}:\n- {:?}\n+ {:?}\nif this is wanted: BLESS=1 cargo test --test golden",
        path.display(),
        differs + 1,
        golden.lines().nth(differs),
        now.lines().nth(differs)
    );
}

#[test]
fn status_graphs() {
    for &kind in Kind::ALL {
        compare(&format!("{}.dot", kind.name()), &draw::dot(kind));
        compare(&format!("{}.mmd", kind.name()), &draw::mermaid(kind));
    }
}

#[test]
fn admission_matrix() {
    compare("admission.txt", &matrix::text(Kind::ALL));
    compare("admission.md", &matrix::markdown(Kind::ALL));
    compare("admission.json", &matrix::to_json(Kind::ALL));
}

/// The transitions of a Mermaid drawing, but those of a deletion.
fn transitions(drawing: &str) -> BTreeSet<(&str, &str)> {
    let arrows = drawing.lines().filter_map(|line| {
        let (arrow, _label) = line.split_once(':')?;
        let (from, to) = arrow.split_once("-->")?;
        Some((from.trim(), to.trim()))
    });
    arrows
        .filter(|(from, to)| !from.contains("deleting") && !to.contains("deleting"))
        .collect()
}

#[test]
fn the_readme_draws_the_group_as_the_rules_have_it() {
    let readme = include_str!("../README.md").replace("\r\n", "\n");
    let drawing = readme
        .split_once("```mermaid\n")
        .and_then(|(_, rest)| rest.split_once("```"))
        .expect("the README holds a drawing")
        .0;
    let computed = draw::mermaid(Kind::ProtectionGroup);
    assert_eq!(transitions(drawing), transitions(&computed));
}
