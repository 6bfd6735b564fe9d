//! The same run everywhere: digests that are committed, declarations in another order, and the same faults for everyone.
//!
//! `tests/golden/digests.md` holds the digest of every scenario file under three seeds, of larger worlds and of random
//! histories. It is compared in every build that the tests are run in, so debug, release and 32-bit targets have to agree.
//! After a wanted change `BLESS=1 cargo test --test digests` writes it anew; the commit says why it changed.
//!
//! That threads change nothing is tested beside `engine::many` and in `tests/explore.rs`, that checkpoints change nothing
//! in `tests/replay.rs`.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

#[path = "digests/order.rs"]
mod order;
#[path = "../benches/region/mod.rs"]
mod region;
#[path = "common/scenario_files.rs"]
mod scenario_files;

use sdrsim::engine::{Chance, Digest, Engine, Limit, Observer, Pace, Seed};
use sdrsim::hash::combine;
use sdrsim::machine::command::{Call, Ref};
use sdrsim::machine::{Blow, Effect, Event};
use sdrsim::scenario::Scenario;
use sdrsim::sdrs::policy::Policy;
use sdrsim::testing::{Bounds, Choices, History, Suite};
use sdrsim::time::{SimTime, Span};
use sdrsim::units::Rate;
use sdrsim::world::{Who, World};
use std::fmt::Write;

const GOLDEN: &str = "tests/golden/digests.md";

/// The page's first lines.
const HEAD: &str = "\
Digests of runs, the same in every build: debug and optimized, 64-bit and 32-bit. `tests/digests.rs` compares them; where
that was done last stands in README.md under \"Determinism\".

";

/// Enough for every run here.
const PLENTY: Limit = Limit::events(1_000_000);

/// Every scenario file under its own seed and two others.
fn scenarios(page: &mut String) {
    page.push_str(
        "| scenario | events | own seed | seed 1000 | seed 1001 |\n|---|---|---|---|---|\n",
    );
    for file in scenario_files::all() {
        let scenario = scenario_files::load(&file);
        let run = |seed| scenario.start(seed).run(&mut ()).report;
        let (own, others) = (run(None), [1000, 1001].map(|seed| run(Some(seed)).digest));
        let name: Vec<_> = { file.components().skip(1) }
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        let (name, events) = (name.join("/"), own.events);
        let [second, third] = others;
        writeln!(
            page,
            "| {name} | {events} | {} | {second} | {third} |",
            own.digest
        )
        .unwrap();
    }
}

/// Work takes as long as the dice say.
const PACE: &str = r#"{
    "start_protection": {"open": "1s", "work": {"uniform": {"min": "1s", "max": "9s"}}},
    "failover": {"work": {"lognormal": {"mean": "60s", "cv": 0.5}}, "close": {"exponential": {"mean": "9s"}}}
}"#;

/// A region in which every group is protected, cut off, joined again and failed over.
fn lived(groups: u32, pairs: u32, seed: u64) -> Engine<Chance> {
    let world = region::region(groups, pairs, Some(Rate(125_000_000)));
    let pace: Pace = serde_json::from_str(PACE).unwrap();
    let mut engine = Engine::new(world, Chance::new(Seed(seed)).at_pace(pace));
    let all = |engine: &mut Engine<Chance>, call: &dyn Fn(String) -> Call| {
        for group in 0..groups {
            engine.submit(&call(format!("g{group}")).into()).unwrap();
        }
    };
    all(&mut engine, &|group| Call::StartProtection {
        group: group.as_str().into(),
    });
    let pass = |engine: &mut Engine<Chance>, span| {
        let at = engine.now().saturating_add(span);
        let _ = engine.run_until(at, PLENTY);
    };
    pass(&mut engine, Span::mins(10));
    let Some(Who::Link(link)) = engine.world().find("ab") else {
        panic!("the region has a link");
    };
    engine.inject(Event::Struck(Blow::Link { link }));
    engine.assess();
    pass(&mut engine, Span::mins(5));
    engine.inject(Event::Mended(Blow::Link { link }));
    engine.assess();
    let _ = engine.run_until_quiet(PLENTY);
    all(&mut engine, &|group| Call::Failover {
        group: group.as_str().into(),
    });
    let _ = engine.run_until_quiet(PLENTY);
    engine
}

/// Sub-jobs that take what chance says, and such as take equally long and begin one after another.
const TURNS: &str = r#"{
    "failover": {"work": {"exponential": {"mean": "60s"}}},
    "reprotect": {"work": "8s", "stagger": "100ms"}
}"#;

/// A region in which nothing breaks and nobody looks on, after every group operation.
fn in_turn(groups: u32, pairs: u32, seed: u64) -> Engine<Chance> {
    let pace: Pace = serde_json::from_str(TURNS).unwrap();
    let chance = Chance::new(Seed(seed)).at_pace(pace);
    let mut engine = Engine::new(region::region(groups, pairs, None), chance);
    let operations: [fn(Ref) -> Call; 4] = [
        |group| Call::StartProtection { group },
        |group| Call::Failover { group },
        |group| Call::Reprotect { group },
        |group| Call::StopProtection { group },
    ];
    for call in operations {
        for group in 0..groups {
            let call = call(format!("g{group}").as_str().into());
            engine.submit(&call.into()).unwrap();
        }
        let _ = engine.run_until_quiet(PLENTY);
    }
    engine
}

/// Sub-jobs are taken in by 64: as many, one more, and several times as many.
fn turns(page: &mut String) {
    page.push_str("\n| all operations | events | seed 1 | seed 2 |\n|---|---|---|---|\n");
    for (groups, pairs) in [(1, 64), (1, 65), (3, 200)] {
        let runs = [1, 2].map(|seed| in_turn(groups, pairs, seed));
        line(page, (groups, pairs), &runs);
    }
}

/// What two runs of a region came to.
fn line(page: &mut String, (groups, pairs): (u32, u32), runs: &[Engine<Chance>; 2]) {
    let (events, [first, second]) = (runs[0].events(), runs.each_ref().map(Engine::digest));
    assert_ne!(first, second, "the seed decides something");
    writeln!(
        page,
        "| {groups} groups of {pairs} pairs | {events} | {first} | {second} |"
    )
    .unwrap();
}

fn regions(page: &mut String) {
    page.push_str("\n| region | events | seed 1 | seed 2 |\n|---|---|---|---|\n");
    for (groups, pairs) in [(1, 1), (7, 30), (200, 10)] {
        let runs = [1, 2].map(|seed| lived(groups, pairs, seed));
        line(page, (groups, pairs), &runs);
    }
}

/// What a history comes to.
fn digest_of(history: &History) -> Digest {
    let world = history.ground.world().clone().with_seed(history.seed);
    let mut engine = Engine::new(world, Chance::new(Seed(history.seed)));
    for step in &history.steps {
        let at = engine.now().saturating_add(step.after);
        let _ = engine.run_until(at, PLENTY);
        // Refusals are part of histories.
        let _ = step.deed.perform(&mut engine);
        engine.assess();
    }
    let at = engine.now().saturating_add(Span::hours(4));
    let _ = engine.run_until(at, PLENTY);
    engine.digest()
}

fn histories(page: &mut String) {
    page.push_str("\n| histories | steps | digests as one |\n|---|---|---|\n");
    let any = Bounds {
        policies: Choices::Any,
        ..Bounds::default()
    };
    for (name, bounds) in [
        ("100 legal ones", Bounds::default()),
        ("100 under any policies", any),
        ("100 of any calls under any policies", any.arbitrary()),
    ] {
        let suite = Suite::new(bounds).seed(4);
        let (mut steps, mut all) = (0, 0);
        for case in 0..100 {
            let history = suite.history(case);
            steps += history.steps.len();
            all = combine(all, digest_of(&history).bits());
        }
        writeln!(page, "| {name} | {steps} | {all:016x} |").unwrap();
    }
}

#[test]
fn digests_are_what_they_were_in_every_build() {
    let mut page = HEAD.to_owned();
    scenarios(&mut page);
    regions(&mut page);
    turns(&mut page);
    histories(&mut page);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(GOLDEN, &page).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(GOLDEN)
        .unwrap()
        .replace("\r\n", "\n");
    let differing: Vec<String> = { golden.lines().zip(page.lines()) }
        .filter(|(golden, now)| golden != now)
        .map(|(golden, now)| format!("- {golden}\n+ {now}"))
        .collect();
    assert!(
        golden == page,
        "{} lines of {GOLDEN} differ or are missing; if this is wanted: BLESS=1 cargo test --test digests\n{}",
        differing.len(),
        differing.join("\n")
    );
}

/// The faults of hazards: when, what, and whether it begins.
#[derive(Debug, Default, PartialEq, Eq)]
struct Faults(Vec<(SimTime, String, bool)>);

impl Observer for Faults {
    fn see(&mut self, at: SimTime, world: &World, effect: &Effect) {
        let (blow, begins) = match *effect {
            Effect::Struck { blow } => (blow, true),
            Effect::Mended { blow } => (blow, false),
            _ => return,
        };
        let target = blow.target().map(|who| world.label(who));
        let target = target.unwrap_or_else(|| "control plane".to_owned());
        self.0
            .push((at, format!("{target} {}", blow.words()), begins));
    }
}

const UNSTEADY: &str = "\
version: 1
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
network:
  witness: {w: {}}
  links: {trunk: {between: [az-1, az-2]}, left: {between: [az-1, w]}, right: {between: [az-2, w]}}
domains: {metro: {azs: [az-1, az-2], arbitration: {witness: w}}}
flavors: {m1: {}}
vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
servers:
  vm: {count: 6, az: az-1, vpc: net, flavor: m1, power: active, disks: {/dev/vda: {size: 40 GiB, bootable: true, load: {rate: 1 MiB/s}}}}
groups: {shop: {count: 6, domain: metro, vpc: net, protected: true}}
instances: {web: {count: 6, group: shop, server: vm}}
hazards:
  flaps: {on: {link: trunk}, up: {exponential: {mean: 10d}}, down: {lognormal: {mean: 1h, cv: 2}}}
  dark: {on: {az: az-1}, up: {exponential: {mean: 60d}}, down: {uniform: {min: 1h, max: 9h}}}
  worn: {each: vm, on: {disk: vm/vda}, up: {weibull: {scale: 60d, shape: 2}}, down: {uniform: {min: 1h, max: 2h}}}
  mute: {on: {control_plane: true}, up: {exponential: {mean: 20d}}, down: 2h}
limit: {time: 9000h}
timeline: [{at: 8000h, expect: count(groups) == 6}]
";

/// Whoever reacts to them, and how.
const RUNBOOKS: [&str; 3] = [
    "",
    "runbooks:\n  hasty: {each: shop, on: {fault: {az: az-1}}, do: [{call: {failover: {group: shop}}}]}\n",
    "crews: {night: 1}\nrunbooks:\n  slow: {each: shop, on: {fault: {az: az-1}}, after: 30m, crew: night, \
     do: [{call: {failover: {group: shop}}}, {start: [web]}, {pause: 2h}]}\n",
];

/// A run of a year: its faults, and what it came to.
fn year(runbook: &str, policy: Option<Policy>, seed: u64) -> (Faults, Digest) {
    let text = format!("{UNSTEADY}{runbook}");
    let scenario = Scenario::load("a.yaml", &text).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let policies = scenario.policies();
    let scenario = scenario.under(policy.map_or(policies, |policy| policies.but(policy)));
    let outcome = { scenario.start_watched(Some(seed), Faults::default()) }.run(&mut ());
    (outcome.observer, outcome.report.digest)
}

/// Policies and runbooks decide what is made of faults, and never which come and when.
#[test]
fn under_one_seed_everyone_meets_the_same_faults() {
    for seed in [1, 2] {
        let (faults, _) = year("", None, seed);
        for target in ["trunk", "az-1", "vm-3/vda", "control plane"] {
            let own = faults.0.iter().filter(|it| it.1.starts_with(target));
            assert!(own.count() > 3, "{target}: {faults:?}");
        }
        let mut digests = Vec::new();
        for runbook in RUNBOOKS {
            for policy in std::iter::once(None).chain(Policy::ALL.iter().copied().map(Some)) {
                let (other, digest) = year(runbook, policy, seed);
                assert_eq!(other, faults, "{policy:?}\n{runbook}");
                digests.push(digest);
            }
        }
        digests.sort_unstable();
        digests.dedup();
        assert!(
            digests.len() > 6,
            "what is made of them differs: {digests:?}"
        );
        assert_ne!(year("", None, seed + 7).0, faults);
    }
}
