//! Random histories of legal and illegal calls and of faults: nothing panics, every invariant holds after every event, a
//! refusal changes nothing, projects see nothing of each other, the same seed gives the same run, a fork changes nothing but
//! itself, and looking changes nothing at all.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

mod common;
#[path = "properties/faults.rs"]
mod faults;
#[path = "properties/steps.rs"]
mod steps;
#[path = "properties/stops.rs"]
mod stops;

use faults::{blow, in_force, policies, step_or_fault};
use proptest::prelude::*;
use sdrsim::engine::{Digest, Limit};
use sdrsim::machine::Event;
use sdrsim::machine::query::{ListParameters, Query, Question, view_of};
use sdrsim::machine::refusal::Refusal;
use sdrsim::sdrs::ids::format_uuid;
use sdrsim::time::{SimTime, Span};
use sdrsim::world::check::check as invariants;
use sdrsim::world::{Who, World};
use serde_json::Value;
use std::collections::BTreeSet;
use steps::{Checked, Step, begin, begin_in, begun, step};

/// Takes a step; the refusal, if there is one.
fn take(engine: &mut Checked, step: &Step) -> Option<Refusal> {
    match step {
        Step::Ask(command) => engine.submit(command).err(),
        Step::Query(question) => engine.query(question).err(),
        Step::Wait(events) => {
            let _ = engine.run_until_quiet(Limit::events(u64::from(*events)));
            None
        }
        Step::Fault {
            target,
            kind,
            begins,
            taken_in,
        } => {
            if let Some(blow) = blow(engine.world(), target, *kind) {
                engine.inject(match begins {
                    true => Event::Struck(blow),
                    false => Event::Mended(blow),
                });
                if *taken_in {
                    engine.assess();
                }
            }
            None
        }
        Step::Mend(place) => {
            let blows = in_force(engine.world());
            if let Some(&blow) = blows.get(place % blows.len().max(1)) {
                engine.inject(Event::Mended(blow));
            }
            None
        }
        Step::Pass(seconds) => {
            let at = engine.now().saturating_add(Span::secs(*seconds));
            let _ = engine.run_until(at, Limit::events(100_000));
            None
        }
    }
}

/// The labels in a step that name what exists and belongs to another project than the one that asks.
fn foreign(world: &World, step: &Step) -> Vec<String> {
    let (project, form) = match step {
        Step::Ask(command) => (&command.project, serde_json::to_value(&command.ask)),
        Step::Query(question) => (&question.project, serde_json::to_value(&question.query)),
        _ => return Vec::new(),
    };
    let asks = match project.as_deref() {
        None => world.default_project,
        Some(label) => match world.find(label) {
            Some(Who::Project(key)) => key,
            other => panic!("{label} is {other:?}"),
        },
    };
    let mut named = Vec::new();
    texts(&form.unwrap(), &mut named);
    named.retain(|text| world.find(text).is_some_and(|who| !world.is_of(who, asks)));
    named
}

/// All texts in a form but the labels of what it makes.
fn texts(form: &Value, into: &mut Vec<String>) {
    match form {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(map) => {
            let others = map.iter().filter(|(key, _)| *key != "as");
            others.for_each(|(_, value)| texts(value, into));
        }
        _ => {}
    }
}

/// A label that no step gives.
const NOTHING: &str = "nothing-has-this-label";

/// The same form with these labels made into one that nothing has.
fn without(form: Value, labels: &[String]) -> Value {
    match form {
        Value::String(text) if labels.contains(&text) => Value::from(NOTHING),
        Value::Array(items) => items
            .into_iter()
            .map(|item| without(item, labels))
            .collect(),
        Value::Object(map) => {
            let hidden = |(key, value)| match key == "as" {
                true => (key, value),
                false => (key, without(value, labels)),
            };
            map.into_iter().map(hidden).collect()
        }
        other => other,
    }
}

/// The step with these labels made into one that nothing has.
fn hidden(step: &Step, labels: &[String]) -> Step {
    match step {
        Step::Ask(command) => {
            let form = without(serde_json::to_value(command).unwrap(), labels);
            Step::Ask(serde_json::from_value(form).unwrap())
        }
        Step::Query(question) => {
            let form = without(serde_json::to_value(question).unwrap(), labels);
            Step::Query(serde_json::from_value(form).unwrap())
        }
        other => other.clone(),
    }
}

/// What is another project's is refused as what does not exist is, word for word.
fn check_hidden(engine: &Checked, step: &Step, refusal: Option<&Refusal>) {
    let foreign = foreign(engine.world(), step);
    if foreign.is_empty() {
        return;
    }
    let refusal = refusal.unwrap_or_else(|| panic!("{foreign:?} in {step:?} is taken"));
    let unknown = take(&mut engine.fork(), &hidden(step, &foreign));
    let told = serde_json::to_value(refusal).unwrap();
    let unknown = serde_json::to_value(unknown).unwrap();
    assert!(
        told == unknown || without(told.clone(), &foreign) == unknown,
        "{foreign:?} in {step:?}: {told} and not {unknown}"
    );
}

/// Every invariant held after every event so far, and the world at this instant keeps them too.
fn check(engine: &Checked) {
    if let Some((at, violation)) = engine.observer().violation() {
        panic!("at {at}: {}: {violation}", violation.name());
    }
    if let Err(violation) = invariants(engine.world(), engine.now()) {
        panic!("at {}: {}: {violation}", engine.now(), violation.name());
    }
}

/// What a project's lists hold: exactly what is its own.
fn check_lists(engine: &Checked) {
    let world = engine.world();
    let all = ListParameters::default;
    for (key, project) in &world.projects {
        let lists = [
            (
                Query::ListProtectionGroups(all()),
                "server_groups",
                world.groups.keys().map(Who::Group).collect::<Vec<_>>(),
            ),
            (
                Query::ListProtectedInstances(all()),
                "protected_instances",
                world.instances.keys().map(Who::Instance).collect(),
            ),
            (
                Query::ListReplicationPairs(all()),
                "replications",
                world.pairs.keys().map(Who::Pair).collect(),
            ),
            (
                Query::ListDrDrills(all()),
                "disaster_recovery_drills",
                world.drills.keys().map(Who::Drill).collect(),
            ),
        ];
        for (query, items, every) in lists {
            let question = Question {
                project: Some(project.label.text(&world.words).into_owned()),
                query,
            };
            let listed = serde_json::to_value(engine.query(&question).unwrap()).unwrap();
            let listed: BTreeSet<String> = listed[items]
                .as_array()
                .unwrap_or_else(|| panic!("{items} in {listed}"))
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned())
                .collect();
            let own: BTreeSet<String> = every
                .into_iter()
                .filter(|&who| world.is_of(who, key))
                .map(|who| format_uuid(world.uuid(world.stable(who).unwrap())))
                .collect();
            assert_eq!(listed, own, "{items}");
        }
    }
}

/// Everything that can be seen of a run: its digest, its clock, its world, and the views of what stands in it.
#[derive(Debug, PartialEq)]
struct Image {
    digest: Digest,
    now: SimTime,
    events: u64,
    pending: usize,
    world: String,
    views: Vec<Option<Value>>,
}

fn image(engine: &Checked) -> Image {
    let world = engine.world();
    let groups = world.groups.keys().map(Who::Group);
    let instances = world.instances.keys().map(Who::Instance);
    let pairs = world.pairs.keys().map(Who::Pair);
    let drills = world.drills.keys().map(Who::Drill);
    let jobs = world.jobs.keys().map(Who::Job);
    let every = groups
        .chain(instances)
        .chain(pairs)
        .chain(drills)
        .chain(jobs);
    Image {
        digest: engine.digest(),
        now: engine.now(),
        events: engine.events(),
        pending: engine.pending(),
        world: serde_json::to_string(world).unwrap(),
        views: every.map(|who| view_of(world, engine.now(), who)).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn histories_keep_the_worlds_rules(
        seed in 0u64..1000,
        fails in prop_oneof![Just(0.0), Just(0.2)],
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut engine = begin(seed, fails);
        let mut twin = begin(seed, fails);
        for step in &steps {
            let before = (engine.digest(), serde_json::to_string(engine.world()).unwrap());
            let asked = engine.fork();
            let refusal = take(&mut engine, step);
            check_hidden(&asked, step, refusal.as_ref());
            if refusal.is_some() || matches!(step, Step::Query(_)) {
                prop_assert_eq!(before.0, engine.digest());
                prop_assert_eq!(before.1, serde_json::to_string(engine.world()).unwrap());
            }
            check(&engine);
            check_lists(&engine);
            take(&mut twin, step);
        }
        for engine in [&mut engine, &mut twin] {
            let _ = engine.run_until_quiet(Limit::events(100_000));
            check(engine);
            check_lists(engine);
        }
        prop_assert_eq!(image(&engine), image(&twin));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// At the start of each chapter two forks are taken. One lives through the chapter at once, the other through the
    /// next one; then the original lives through it.
    #[test]
    fn forks_change_nothing_but_themselves(
        seed in 0u64..1000,
        chapters in prop::collection::vec(prop::collection::vec(step(), 1..20), 2..6),
    ) {
        let mut engine = begin(seed, 0.1);
        let mut forks = Vec::new();
        for (n, chapter) in chapters.iter().enumerate() {
            let before = image(&engine);
            let mut ahead = engine.fork();
            let mut astray = engine.fork();
            prop_assert_eq!(&before, &image(&ahead));
            for step in chapter {
                take(&mut ahead, step);
            }
            for step in &chapters[(n + 1) % chapters.len()] {
                take(&mut astray, step);
            }
            prop_assert_eq!(&before, &image(&engine));
            for step in chapter {
                take(&mut engine, step);
            }
            prop_assert_eq!(image(&ahead), image(&engine));
            for fork in [ahead, astray] {
                forks.push((image(&fork), fork));
            }
        }
        for (left, fork) in forks {
            prop_assert_eq!(left, image(&fork));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Whatever breaks in whatever order while whatever is asked, every invariant holds after every event.
    #[test]
    fn histories_with_faults_keep_the_invariants(
        seed in 0u64..1000,
        fails in prop_oneof![Just(0.0), Just(0.1)],
        policies in policies(),
        steps in prop::collection::vec(step_or_fault(), 1..80),
    ) {
        let mut engine = begin_in(begun(Some(policies)), seed, fails);
        let mut twin = begin_in(begun(Some(policies)), seed, fails);
        for step in &steps {
            take(&mut engine, step);
            check(&engine);
            take(&mut twin, step);
        }
        for engine in [&mut engine, &mut twin] {
            let _ = engine.run_until_quiet(Limit::events(100_000));
            check(engine);
        }
        prop_assert_eq!(image(&engine), image(&twin));
    }
}
