//! Looking changes nothing: a run that is stopped and read at a thousand random instants goes the same way as one that is
//! not, and what is read at an instant does not depend on how the run came there.

use crate::faults::{FaultKind, blow, policies};
use crate::steps::{Checked, begin_in, begun};
use proptest::prelude::*;
use sdrsim::engine::{Limit, RunEnd};
use sdrsim::machine::Event;
use sdrsim::machine::command::{Call, Command, Native};
use sdrsim::machine::query::view_of;
use sdrsim::sdrs::policy::Policies;
use sdrsim::time::SimTime;
use sdrsim::world::Who;
use sdrsim::world::protection::{ProtectionType, Side};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// How long a run is looked at, in microseconds.
const LONG: u64 = 4 * 3_600_000_000;

/// What befalls a run: faults with the instant and the length of each, and commands with their instants.
#[derive(Clone, Debug)]
pub struct Plan {
    seed: u64,
    policies: (Policies, ProtectionType),
    faults: Vec<(u64, u64, &'static str, FaultKind)>,
    commands: Vec<(u64, Command)>,
}

/// Any plan.
pub fn plan() -> impl Strategy<Value = Plan> {
    let targets = vec![
        "ab", "ab", "aw", "bw", "wit", "duct", "az-1", "az-2", "s1", "s1-b",
    ];
    let kind = prop_oneof![
        3 => Just(FaultKind::Plain),
        1 => Just(FaultKind::Destroyed),
        3 => Just(FaultKind::Worse),
    ];
    let fault = (
        0..LONG,
        1_000_000..LONG / 4,
        prop::sample::select(targets),
        kind,
    );
    let g = || "g".into();
    let command = prop_oneof![
        3 => Just(Command::from(Native::StartServer { server: "s1".into() })),
        2 => Just(Command::from(Native::StartServer { server: "i/dr".into() })),
        1 => Just(Command::from(Native::StopServer { server: "s1".into() })),
        2 => Just(Command::from(Call::Failover { group: g() })),
        2 => Just(Command::from(Call::StartProtection { group: g() })),
    ];
    (
        0u64..1000,
        policies(),
        prop::collection::vec(fault, 0..6),
        prop::collection::vec((0..LONG, command), 0..6),
    )
        .prop_map(|(seed, policies, faults, mut commands)| {
            commands.sort_by_key(|command| command.0);
            Plan {
                seed,
                policies,
                faults,
                commands,
            }
        })
}

/// Everything that is a figure of an instant: progress, what is left, rates, recovery points, what links carried.
fn reading(engine: &Checked) -> String {
    let (world, now) = (engine.world(), engine.now());
    let mut text = String::new();
    for (key, pair) in &world.pairs {
        let rate = { pair.ticket() }.map(|ticket| world.flows.rate(ticket.flow));
        let sides = [Side::Source, Side::Target];
        writeln!(
            text,
            "{} {:?} {rate:?} {:?} {:?} {:?} {:?}",
            world.label(Who::Pair(key)),
            world.left(key, now),
            world.recovery(key, now),
            world.level(key),
            sides.map(|side| world.write_rate(key, side)),
            sides.map(|side| world.gap(key, side).bytes(now)),
        )
        .unwrap();
        writeln!(text, "{:?}", view_of(world, now, Who::Pair(key))).unwrap();
    }
    for group in world.groups.keys() {
        writeln!(text, "{:?}", world.group_recovery(group, now)).unwrap();
    }
    for link in world.topology.links.keys() {
        writeln!(text, "{:?}", world.flows.carried(now, link)).unwrap();
    }
    text
}

/// Lives through a plan, stops at these instants, and tells what was read at each of them.
fn live(plan: &Plan, stops: &BTreeSet<u64>) -> (Checked, BTreeMap<u64, String>) {
    let mut engine = begin_in(begun(Some(plan.policies)), plan.seed, 0.0);
    for &(at, lasts, target, kind) in &plan.faults {
        let blow = blow(engine.world(), target, kind).unwrap();
        let [from, to] = [at, at + lasts].map(SimTime::from_micros);
        engine.schedule(from, Event::Struck(blow));
        engine.schedule(to, Event::Mended(blow));
    }
    let mut read = BTreeMap::new();
    let mut commands = plan.commands.iter().peekable();
    let ends = [LONG];
    let asked = plan.commands.iter().map(|command| &command.0);
    let instants: BTreeSet<u64> = stops.iter().chain(asked).chain(&ends).copied().collect();
    for at in instants {
        let reached = engine.run_until(SimTime::from_micros(at), Limit::events(100_000));
        assert_eq!(reached, RunEnd::Reached);
        while let Some((_, command)) = commands.next_if(|command| command.0 == at) {
            let _ = engine.submit(command);
        }
        if stops.contains(&at) {
            read.insert(at, reading(&engine));
        }
    }
    let end = engine.run_until_quiet(Limit::events(100_000));
    assert_eq!(end, RunEnd::Quiet);
    if let Some((at, violation)) = engine.observer().violation() {
        panic!("at {at}: {}: {violation}", violation.name());
    }
    (engine, read)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_run_that_is_looked_at_a_thousand_times_goes_the_same_way(
        plan in plan(),
        stops in prop::collection::btree_set(0..LONG, 1000),
        probes in prop::collection::vec(any::<prop::sample::Index>(), 4),
    ) {
        let (unseen, _) = live(&plan, &BTreeSet::new());
        let (seen, read) = live(&plan, &stops);
        prop_assert_eq!(unseen.digest(), seen.digest());
        prop_assert_eq!(unseen.now(), seen.now());
        prop_assert_eq!(reading(&unseen), reading(&seen));
        let all: Vec<u64> = stops.iter().copied().collect();
        for probe in probes {
            let at = *probe.get(&all);
            let (once, alone) = live(&plan, &BTreeSet::from([at]));
            prop_assert_eq!(&alone[&at], &read[&at]);
            prop_assert_eq!(once.digest(), seen.digest());
        }
    }
}
