//! The figures of a run against the simplest way to get them: look at everything after every instant.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use sdrsim::engine::Observer;
use sdrsim::machine::Effect;
use sdrsim::report::Figures;
use sdrsim::scenario::Scenario;
use sdrsim::time::SimTime;
use sdrsim::world::protection::Copying;
use sdrsim::world::replica::Level;
use sdrsim::world::{InstanceKey, PairKey, Who, World};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How something stands at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Now {
    serves: bool,
    seen: bool,
    unprotected: bool,
    degraded: bool,
}

/// Sums of spans.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sums {
    bare: bool,
    now: Now,
    up: u64,
    down: u64,
    unprotected: u64,
    degraded: u64,
    outages: u32,
}

impl Sums {
    fn pass(&mut self, micros: u64) {
        self.up += if self.now.serves { micros } else { 0 };
        self.down += if self.now.seen && !self.now.serves {
            micros
        } else {
            0
        };
        self.unprotected += if self.now.unprotected { micros } else { 0 };
        self.degraded += if self.now.degraded { micros } else { 0 };
    }

    fn is(&mut self, serves: bool, seen: bool, world: &World, pairs: &[PairKey]) {
        let copies: Vec<Copying> = pairs.iter().map(|&pair| world.pairs[pair].copy).collect();
        let idle = |copy: &Copying| matches!(copy, Copying::Inactive | Copying::Stopped);
        let lacks = pairs.iter().any(|&pair| !world.pairs[pair].has_copy());
        self.bare |= lacks || copies.iter().any(idle);
        self.bare &= lacks || !copies.iter().all(|copy| *copy == Copying::Active);
        let behind = |copy: &Copying| matches!(copy, Copying::Running | Copying::Waiting);
        let five = pairs.iter().any(|&pair| world.level(pair) == Level::Five);
        let degraded = five || copies.iter().any(behind);
        self.outages += u32::from(self.now.serves && seen && !serves);
        self.now = Now {
            serves,
            seen,
            unprotected: self.bare && !pairs.is_empty(),
            degraded: degraded && !self.bare && !pairs.is_empty(),
        };
    }

    fn check(&self, figures: &Figures, of: &str) {
        let measured = (
            figures.observed_us - figures.downtime_us,
            figures.downtime_us,
            figures.unprotected_us,
            figures.degraded_us,
            figures.outages,
            figures.serves,
        );
        let looked = (
            self.up,
            self.down,
            self.unprotected,
            self.degraded,
            self.outages,
            self.now.serves,
        );
        assert_eq!(
            measured, looked,
            "{of}: up, down, unprotected, degraded, outages, serves"
        );
    }
}

/// Looks at everything whenever the clock moves.
#[derive(Default)]
struct Brute {
    since: SimTime,
    groups: BTreeMap<String, Sums>,
    instances: BTreeMap<String, Sums>,
    served: BTreeMap<InstanceKey, ()>,
    all: [u128; 2],
}

impl Brute {
    fn look(&mut self, world: &World) {
        let gone = |label: &String| world.find(label).is_none();
        let all = self.groups.iter_mut().chain(self.instances.iter_mut());
        for (_, sums) in all.filter(|(label, _)| gone(label)) {
            sums.is(false, false, world, &[]);
        }
        for (key, record) in &world.instances {
            let serves = world.instance_serves(key);
            if serves {
                self.served.insert(key, ());
            }
            let seen = self.served.contains_key(&key);
            let sums = self.instances.entry(world.label(Who::Instance(key)));
            sums.or_default().is(serves, seen, world, &record.pairs);
        }
        for (key, record) in &world.groups {
            let seen: Vec<InstanceKey> = record
                .instances
                .iter()
                .filter(|it| self.served.contains_key(it))
                .collect();
            let serves = !seen.is_empty() && seen.iter().all(|&it| world.instance_serves(it));
            let pairs: Vec<PairKey> = record.pairs.iter().collect();
            let sums = self.groups.entry(world.label(Who::Group(key))).or_default();
            sums.is(serves, !seen.is_empty(), world, &pairs);
        }
    }

    fn pass(&mut self, until: SimTime) {
        let micros = until.saturating_since(self.since).as_micros();
        for sums in self.groups.values_mut().chain(self.instances.values_mut()) {
            sums.pass(micros);
        }
        for sums in self.instances.values() {
            self.all[0] += u128::from(micros * u64::from(sums.now.seen));
            self.all[1] += u128::from(micros * u64::from(sums.now.serves));
        }
        self.since = until;
    }
}

impl Observer for Brute {
    fn see(&mut self, _: SimTime, _: &World, _: &Effect) {}

    fn rest(&mut self, at: SimTime, world: &World) {
        if self.since < at {
            self.pass(at);
        }
        self.look(world);
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn measuring_gives_what_looking_at_everything_gives() {
    let mut found = Vec::new();
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"),
        &mut found,
    );
    found.sort();
    let mut outages = 0;
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let scenario = Scenario::load(&name, &text).unwrap();
        let outcome = scenario.start_watched(None, Brute::default()).run(&mut ());
        let mut brute = outcome.observer;
        brute.pass(outcome.end);
        brute.look(&outcome.world);
        let cost = &outcome.report.cost;
        for group in &cost.groups {
            let again = cost
                .groups
                .iter()
                .filter(|it| it.label == group.label)
                .count()
                > 1;
            if !again {
                outages += group.figures.outages;
                brute.groups[&group.label]
                    .check(&group.figures, &format!("{name}: {}", group.label));
            }
        }
        for instance in &cost.instances {
            let alike = cost
                .instances
                .iter()
                .filter(|it| it.label == instance.label);
            if alike.count() == 1 {
                let of = format!("{name}: {}", instance.label);
                brute.instances[&instance.label].check(&instance.figures, &of);
            }
        }
        let sum = |of: fn(&Figures) -> u64| -> u128 {
            cost.groups
                .iter()
                .map(|it| u128::from(of(&it.figures)))
                .sum()
        };
        let measured = [
            sum(|it| it.observed_instance_us),
            sum(|it| it.served_instance_us),
        ];
        assert_eq!(measured, brute.all, "{name}: instances observed and served");
    }
    assert!(
        outages > 20,
        "{outages} outages are too few to show anything"
    );
}
