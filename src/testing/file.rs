//! A history as a scenario file that fails as it did.

use super::failure::in_one_line;
use super::history::History;
use super::play::{Told, Violation};
use super::text::word;
use crate::scenario::Scenario;
use crate::time::SimTime;
use crate::world::{Who, World};
use serde_json::Value;
use std::fmt::Write as _;

/// Most characters of an expectation that pins a state.
const PIN: usize = 3_500;

/// The file: comment, world, timeline, and what is expected at last. `held`: whether the last expectation is to hold.
pub(super) fn write(
    title: &str,
    history: &History,
    told: &[Told],
    (at, expect): (SimTime, &str),
) -> String {
    let head = history.ground.head();
    let (version, world) = head.split_once('\n').unwrap_or((head, ""));
    let mut text = String::new();
    for line in title.lines() {
        // A name may hold what YAML takes for the end of a comment.
        text += &format!("# {}\n", in_one_line(line));
    }
    text += &format!("{version}\nseed: {}\n{world}timeline:\n", history.seed);
    for Told { at, text: step } in told {
        writeln!(text, "  - at: {}\n    {step}", at.since_start())
            .expect("a text takes everything");
    }
    text += &format!(
        "  - at: {}\n    expect: {}\n",
        at.since_start(),
        Value::from(expect)
    );
    text
}

/// What a file expects of a property that was violated: its own expectation, or that the run does not end in this state.
pub(super) fn expectation(violation: &Violation, world: &World) -> String {
    match &violation.text {
        Some(text) => text.clone(),
        None => format!("not ({})", pin(world)),
    }
}

/// The statuses and powers of a world as an expectation that holds.
pub(super) fn pin(world: &World) -> String {
    let mut text = String::new();
    let mut add = |what: &str, who: Who, field: &str, value: &str| {
        let and = if text.is_empty() { "" } else { " and " };
        let part = format!(
            "{and}{what}({}).{field} == {}",
            name(&world.label(who)),
            word(value)
        );
        if text.len() + part.len() <= PIN {
            text += &part;
        }
    };
    for key in world.groups.keys() {
        if let Some(status) = world.reported(Who::Group(key)) {
            add("group", Who::Group(key), "status", status.name());
        }
    }
    for key in world.instances.keys() {
        if let Some(status) = world.reported(Who::Instance(key)) {
            add("instance", Who::Instance(key), "status", status.name());
        }
    }
    for key in world.pairs.keys() {
        if let Some(status) = world.reported(Who::Pair(key)) {
            add("pair", Who::Pair(key), "status", status.name());
        }
    }
    for (key, server) in &world.servers {
        add("server", Who::Server(key), "power", server.power.name());
    }
    match text.is_empty() {
        true => "count(groups) == 0".to_owned(),
        false => text,
    }
}

/// A label as the expectation language takes it anywhere.
fn name(label: &str) -> String {
    Value::from(label).to_string()
}

/// Whether a run of the file fails at its last expectation and at nothing else; `fails`: or holds altogether.
pub(super) fn shows(text: &str, fails: bool) -> bool {
    let Ok(scenario) = Scenario::load("history.yaml", text) else {
        return false;
    };
    let report = scenario.start(None).run(&mut ()).report;
    let last = report.verdicts.iter().rev().find(|verdict| !verdict.held);
    match (fails, last) {
        (true, Some(last)) => report.verdicts_failed == 1 && last.step == Some(scenario.steps()),
        (true, None) => false,
        (false, _) => report.held,
    }
}
