//! What searches find about the published service stays found: every command in `src/explore/findings.md`, and every search
//! in the README, is run, and what stands below it is what it says.
//!
//! A block of text begins with the command; `...` stands for lines that are left out. A change of a rule that changes a
//! finding fails here: then the finding is written anew, or taken out, with a word why.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

use sdrsim::explore::{Bounds, Menu, Model, search};
use sdrsim::machine::event::Blow;
use sdrsim::scenario::Scenario;
use sdrsim::scenario::report::{Verdict, VerdictKind};
use sdrsim::sdrs::policy::Policy;
use sdrsim::world::machinery::Power;
use sdrsim::world::protection::Side;
use sdrsim::world::{Who, World};
use std::process::Command;

/// The commands of a page, each with the lines below it.
fn blocks(page: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if let Some(command) = line.strip_prefix("$ sdrsim explore ") {
            found.push((command.to_owned(), Vec::new()));
            inside = true;
        } else if line.starts_with("```") {
            inside = false;
        } else if inside {
            let (command, lines) = found.last_mut().unwrap();
            match command.strip_suffix('\\') {
                Some(begun) => *command = format!("{begun}{}", line.trim_start()),
                None => lines.push(line.to_owned()),
            }
        }
    }
    found
}

/// Words as a shell parts them, as far as these commands need it.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in command.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The first run of lines that is not in the output behind those before it.
fn missing(output: &str, told: &[String]) -> Option<String> {
    let mut rest: Vec<&str> = output.lines().collect();
    for part in told.split(|line| line.trim() == "...") {
        if part.is_empty() {
            continue;
        }
        let place = rest.windows(part.len()).position(|lines| lines == part);
        match place {
            Some(place) => drop(rest.drain(..place + part.len())),
            None => return Some(part.join("\n")),
        }
    }
    None
}

fn holds(page: &str, least: usize) {
    let text = std::fs::read_to_string(page).unwrap();
    let blocks = blocks(&text);
    assert!(
        blocks.len() >= least,
        "{page} has {} commands",
        blocks.len()
    );
    for (command, told) in blocks {
        assert!(!told.is_empty(), "{page}: nothing stands below {command}");
        let run = Command::new(env!("CARGO_BIN_EXE_sdrsim"))
            .arg("explore")
            .args(words(&command))
            .output()
            .unwrap();
        let output = String::from_utf8(run.stdout).unwrap();
        let errors = String::from_utf8(run.stderr).unwrap();
        if let Some(part) = missing(&output, &told) {
            panic!("{page}: {command}\nsays\n{output}{errors}\nand not\n{part}");
        }
    }
}

#[test]
fn findings_are_what_the_searches_say() {
    holds("src/explore/findings.md", 10);
}

#[test]
fn the_readme_shows_what_searches_say() {
    holds("README.md", 2);
}

/// What stands behind a timeline's world holds: calls are refused with the code that is given, others are accepted.
fn plays(file: &str, timeline: &str) {
    let world = std::fs::read_to_string(format!("tests/findings/{file}.yaml")).unwrap();
    let text = format!("{world}timeline:\n{timeline}");
    let scenario = Scenario::load("a.yaml", &text).unwrap_or_else(|faults| panic!("{}", faults[0]));
    let report = scenario.start(None).run(&mut ()).report;
    // Copies in these worlds go on beyond any limit.
    let ends = |verdict: &&Verdict| verdict.kind != VerdictKind::Limit;
    let failures: Vec<&Verdict> = report.failures().filter(ends).collect();
    assert!(failures.is_empty(), "{file}:\n{timeline}{failures:#?}");
}

/// The codes that the findings name.
#[test]
fn refusals_have_the_codes_that_the_findings_name() {
    let failover = "  - {after: 2m, call: {failover: {group: shop}}";
    let dark = "  - {after: 2m, fault: {az: az-1}}\n";
    let stop = "  - {call: {stop_protection: {group: shop}}}\n";
    let cases = [
        (
            "small",
            format!(
                "{stop}{dark}{failover}, refused: SDRS.1022}}\n  - {{call: {{start_protection: {{group: shop}}}}, expect: shop.status == error-starting}}\n"
            ),
        ),
        (
            "small",
            format!(
                "{stop}  - {{after: 1m, call: {{start_protection: {{group: shop}}}}}}\n{failover}, refused: SDRS.1830}}\n{dark}{failover}, refused: SDRS.1824}}\n"
            ),
        ),
        (
            "small",
            format!("  - {{fault: {{link: trunk}}}}\n{dark}{failover}, refused: SDRS.1824}}\n"),
        ),
        (
            "small",
            format!("{dark}  - {{after: 2m, fault: {{link: trunk}}}}\n{failover}}}\n"),
        ),
        (
            "small",
            format!("  - {{fault: {{witness: w}}}}\n{dark}{failover}, refused: SDRS.1824}}\n"),
        ),
        (
            "drill-only",
            format!("{dark}{failover}, refused: SDRS.1824}}\n"),
        ),
        (
            "small",
            format!(
                "{failover}}}\n  - {{fault: {{az: az-2}}}}\n{failover}, refused: SDRS.1022}}\n  - {{native: {{start_server: {{server: app}}}}, refused: true}}\n"
            ),
        ),
        (
            "small",
            format!(
                "{failover}}}\n  - {{fault: {{az: az-1, destroyed: true}}}}\n  - {{call: {{delete_protected_instance: {{instance: web, delete_target_server: true}}}}, refused: SDRS.1330}}\n  - {{call: {{delete_protected_instance: {{instance: web}}}}}}\n"
            ),
        ),
        (
            "small",
            format!(
                "  - {{native: {{delete_server: {{server: app}}}}}}\n{failover}, refused: SDRS.1314}}\n"
            ),
        ),
        (
            "two",
            format!(
                "  - {{fault: {{disk: web-1/vda/dr}}}}\n{dark}{failover}, refused: SDRS.1824}}\n"
            ),
        ),
    ];
    for (file, timeline) in cases {
        plays(file, &timeline);
    }
}

fn blow(world: &World, label: &str) -> Blow {
    match world.find(label) {
        Some(Who::Link(link)) => Blow::Link { link },
        Some(Who::Az(az)) => Blow::Az {
            az,
            destroyed: false,
        },
        Some(Who::Server(server)) => Blow::Server {
            server,
            destroyed: false,
        },
        other => panic!("{label} is {other:?}"),
    }
}

fn one_side_runs(world: &World) -> Result<(), String> {
    let runs = |server| world.servers[server].power == Power::Active;
    let mut instances = world.instances.values();
    let both = instances.any(|it| it.servers.iter().all(|server| server.is_some_and(runs)));
    if both { Err("both run".into()) } else { Ok(()) }
}

fn one_side_writes(world: &World) -> Result<(), String> {
    let both = |pair| {
        [Side::Source, Side::Target]
            .into_iter()
            .all(|side| world.is_writer(pair, side))
    };
    match world.pairs.keys().any(both) {
        true => Err("both write".into()),
        false => Ok(()),
    }
}

/// Fencing keeps its promise in every state, whatever two faults and one failure come between, also while servers take their
/// time to boot and to stop, and with one fault under every other policy.
#[test]
fn under_fencing_one_side_runs_and_writes() {
    let text = std::fs::read_to_string("tests/findings/small.yaml").unwrap();
    let scenario = || Scenario::load("small.yaml", &text).unwrap();
    let policies = Policy::ALL
        .iter()
        .filter(|policy| **policy != Policy::Fencing);
    for policy in std::iter::once(None).chain(policies.map(|policy| Some(*policy))) {
        let given = scenario().policies();
        let under = scenario().under(policy.map_or(given, |policy| given.but(policy)));
        let world = under.world().clone();
        let wide = (&["az-1", "trunk", "app"][..], 2, false);
        let slow = (&["az-1"][..], 1, true);
        let narrow = (&["az-1", "trunk"][..], 1, false);
        let searches = if policy.is_none() {
            vec![wide, slow]
        } else {
            vec![narrow]
        };
        for (faults, faults_max, slow_powers) in searches {
            let menu = Menu {
                faults: faults.iter().map(|label| blow(&world, label)).collect(),
                faults_max,
                slow_powers,
                ..Menu::default()
            };
            let model = Model::new(world.clone(), menu)
                .always("one side runs", one_side_runs)
                .always("one side writes", one_side_writes);
            let bounds = Bounds {
                threads: 2,
                ..Bounds::default()
            };
            let found = search(&model, &bounds);
            assert!(found.complete, "{policy:?}");
            assert!(
                found.violation.is_none(),
                "{policy:?}: {:#?}",
                found.violation
            );
        }
    }
}
