//! The statuses that each kind shows, and how each reads, against `statuses.csv`, in both directions.

use sdrsim::sdrs::status::{Class, Kind};
use std::collections::BTreeSet;

const STATUSES: &str = include_str!("statuses.csv");

/// Where the crate wants to differ: line, reason. Nowhere today; an entry that is not needed fails.
const DEVIATIONS: &[(&str, &str)] = &[];

fn word(class: Class) -> &'static str {
    match class {
        Class::Transient => "transient",
        Class::Stable => "stable",
        Class::Error => "error",
        Class::Fault => "fault",
    }
}

/// The lines that the contract would hold for the crate's statuses.
fn ours() -> Vec<String> {
    let mut lines = Vec::new();
    for kind in Kind::ALL {
        for status in kind.published() {
            let class = word(status.class());
            lines.push(format!("{},{status},{class}", kind.name()));
        }
    }
    lines
}

/// The lines that only one side has, and those that a side holds twice.
fn differences<'a>(left: &[&'a str], right: &[&'a str]) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    for (side, other) in [(left, right), (right, left)] {
        let mut seen = BTreeSet::new();
        for &line in side {
            if !seen.insert(line) || !other.contains(&line) {
                found.insert(line);
            }
        }
    }
    found
}

fn published() -> Vec<&'static str> {
    let mut lines = STATUSES.lines();
    assert_eq!(lines.next(), Some("resource,status,class"));
    lines.collect()
}

#[test]
fn the_statuses_are_the_published_ones() {
    let ours = ours();
    let ours: Vec<&str> = ours.iter().map(String::as_str).collect();
    let mut found = differences(&published(), &ours);
    for &(line, reason) in DEVIATIONS {
        assert!(
            found.remove(line),
            "{line} is named as a deviation ({reason}) and is none"
        );
    }
    assert!(found.is_empty(), "on one side only: {found:#?}");
    assert_eq!(ours.len(), 70);
}

#[test]
fn whatever_is_spoiled_in_the_statuses_is_found() {
    let ours = ours();
    let ours: Vec<&str> = ours.iter().map(String::as_str).collect();
    for at in 0..ours.len() {
        let mut without = published();
        let line = without.remove(at);
        assert_eq!(differences(&without, &ours), [line].into());
        let mut twice = published();
        twice.push(line);
        assert_eq!(differences(&twice, &ours), [line].into());
        let (front, _) = line.rsplit_once(',').expect("three columns");
        let other = format!("{front},asleep");
        let mut other_class = published();
        other_class[at] = &other;
        assert_eq!(differences(&other_class, &ours), [line, &other].into());
    }
}

#[test]
fn a_kind_lists_its_statuses_in_the_order_of_all() {
    for kind in Kind::ALL {
        assert!(kind.published().is_sorted(), "{}", kind.name());
    }
}
