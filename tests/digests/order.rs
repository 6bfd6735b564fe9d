//! Declarations in another order: every resource sees the same effects at the same instants, and the digest is the same.

use crate::scenario_files::all;
use sdrsim::engine::Digest;
use sdrsim::scenario::Scenario;
use sdrsim::scenario::trace::{End, Header, Trace};
use sdrsim::time::SimTime;
use serde_json::Value;
use std::collections::BTreeMap;

/// The parts of a file in which what stands side by side has no order.
const UNORDERED: [&str; 11] = [
    "projects:",
    "sites:",
    "azs:",
    "network:",
    "domains:",
    "flavors:",
    "vpcs:",
    "servers:",
    "disks:",
    "groups:",
    "instances:",
];

/// How far a line is indented.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The blocks of lines that begin at an indentation.
fn blocks<'a>(lines: &[&'a str], at: usize) -> Vec<Vec<&'a str>> {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    for &line in lines {
        let begins = indent(line) <= at && !line.trim().is_empty();
        match blocks.last_mut() {
            Some(block) if !begins => block.push(line),
            _ => blocks.push(vec![line]),
        }
    }
    blocks
}

fn joined(blocks: Vec<Vec<&str>>) -> (Vec<String>, usize) {
    let count = blocks.len();
    let lines = blocks.into_iter().flatten().map(str::to_owned);
    (lines.collect(), count)
}

/// Declarations in reverse order, each in itself as it was; how many there are.
fn reverse(lines: &[&str]) -> (Vec<String>, usize) {
    let mut blocks = blocks(lines, 2);
    blocks.reverse();
    joined(blocks)
}

/// The same for links, witnesses and ducts, which stand a step deeper.
fn in_network(lines: &[&str]) -> (Vec<String>, usize) {
    let (mut all, mut count) = (Vec::new(), 0);
    for sort in blocks(lines, 2).into_iter().rev() {
        let mut within = blocks(&sort[1..], 4);
        within.push(vec![sort[0]]);
        within.reverse();
        let (lines, more) = joined(within);
        all.extend(lines);
        count += more;
    }
    (all, count)
}

/// Instances, those of one group in their order, the groups in reverse: sub-jobs of one group begin in the order of its
/// members, so these are not unrelated.
fn by_group(lines: &[&str]) -> (Vec<String>, usize) {
    let group = |block: &Vec<&str>| {
        let text = block.join(" ");
        let rest = text.split("group: ").nth(1).unwrap_or_default().to_owned();
        let word = rest.split([',', ' ', '}']).next();
        word.unwrap_or_default().to_owned()
    };
    let blocks = blocks(lines, 2);
    let mut groups: Vec<String> = blocks.iter().map(group).collect();
    groups.dedup();
    let place = |block: &Vec<&str>| groups.iter().position(|it| *it == group(block));
    let mut moved: Vec<_> = blocks.clone();
    moved.sort_by_key(|block| std::cmp::Reverse(place(block)));
    let differ = moved != blocks;
    let (lines, count) = joined(moved);
    (lines, if differ { count } else { 1 })
}

/// A scenario's text without its transcript and with what has no order declared backwards; how many declarations moved.
fn backwards(text: &str) -> (String, usize) {
    let mut parts: Vec<Vec<&str>> = Vec::new();
    for line in text.lines() {
        let begins = indent(line) == 0 && !line.trim().is_empty() && !line.starts_with('#');
        match parts.last_mut() {
            Some(part) if !begins => part.push(line),
            _ => parts.push(vec![line]),
        }
    }
    let (mut out, mut moved) = (Vec::new(), 0);
    for part in parts {
        let head = part[0];
        if head.starts_with("transcript:") {
            continue;
        }
        out.push(head.to_owned());
        let body = &part[1..];
        let unordered = UNORDERED.iter().any(|key| head.starts_with(key));
        if !unordered {
            out.extend(body.iter().map(|&line| line.to_owned()));
            continue;
        }
        let (body, count) = match head {
            _ if head.starts_with("network:") => in_network(body),
            _ if head.starts_with("instances:") => by_group(body),
            _ => reverse(body),
        };
        moved += count.saturating_sub(1);
        out.extend(body);
    }
    (out.join("\n") + "\n", moved)
}

/// What a run says of each resource, in order, without the numbers of jobs; and its digest.
fn told(text: &str) -> (BTreeMap<String, Vec<String>>, Digest) {
    let scenario =
        Scenario::load("a.yaml", text).unwrap_or_else(|faults| panic!("{text}\n{}", faults[0]));
    let trace = Trace::begin(Vec::new(), &Header::of("", "", 0)).unwrap();
    let outcome = scenario.start_watched(None, trace).run(&mut ());
    let digest = outcome.report.digest;
    let end = End {
        end: SimTime::ZERO,
        digest: Digest::ZERO,
        events: 0,
    };
    let bytes = outcome.observer.finish(&outcome.world, &end).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let mut by_label: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let lines: Vec<&str> = text.lines().collect();
    for line in &lines[1..lines.len() - 1] {
        let mut effect: Value = serde_json::from_str(line).unwrap();
        let fields = effect.as_object_mut().unwrap();
        fields.remove("job");
        let label = fields.remove("label").unwrap();
        let label = label.as_str().unwrap();
        let label = if label.starts_with("job ") {
            "jobs"
        } else {
            label
        };
        let told = by_label.entry(label.to_owned()).or_default();
        told.push(effect.to_string());
    }
    // Jobs have only numbers for names: what is said of all of them together.
    if let Some(jobs) = by_label.get_mut("jobs") {
        jobs.sort();
    }
    (by_label, digest)
}

#[test]
fn declared_in_another_order_everything_happens_the_same() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for file in all() {
        let text = std::fs::read_to_string(&file).unwrap();
        let (other, moved) = backwards(&text);
        if moved == 0 {
            continue;
        }
        tried += 1;
        let (forth, back) = (told(&text), told(&other));
        if forth.1 != back.1 || forth.0 != back.0 {
            let differs = forth
                .0
                .iter()
                .find(|(label, lines)| back.0.get(*label) != Some(lines));
            wrong.push(format!("{}: {differs:?}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}: {wrong:#?}", wrong.len());
    assert!(
        tried > 60,
        "{tried} scenarios have something to declare in another order"
    );
}
