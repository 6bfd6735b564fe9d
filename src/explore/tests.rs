//! Packs leave nothing out that decides: worlds with equal packs have the same successors.

use super::*;
use crate::machine::command::Ref;
use crate::scenario::Scenario;
use crate::world::Who;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;

const TEXT: &str = "\
version: 1
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
network:
  witness: {w: {}}
  links: {trunk: {between: [az-1, az-2]}, left: {between: [az-1, w]}, right: {between: [az-2, w]}}
domains: {metro: {azs: [az-1, az-2], arbitration: {witness: w}}}
flavors: {m1: {}, m2: {}}
vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
servers:
  app: {count: 2, az: az-1, vpc: net, flavor: m1, power: active}
disks:
  data: {count: 2, az: az-1, size: 100 GiB, bootable: true, attached: {app: /dev/vda}, load: {rate: 4 MiB/s}}
  more: {az: az-1, size: 10 GiB}
groups: {g: {domain: metro, vpc: net, protected: true}}
instances: {i: {count: 2, group: g, server: app}}
";

/// What may come next, by hash: an action that leads there, and the pack.
type Successors = BTreeMap<u64, (Action, Vec<u8>)>;

/// What is in one and not in the other.
fn missing(from: &Successors, than: &Successors) -> Vec<(Action, Vec<u8>)> {
    let new = from.iter().filter(|(print, _)| !than.contains_key(print));
    new.map(|(_, what)| what.clone()).collect()
}

fn successors(model: &Model, packer: &mut Packer, state: &State) -> Successors {
    let (mut actions, mut effects) = (Vec::new(), Effects::new());
    model.actions(state, &Ref::from, &mut actions);
    let mut found = BTreeMap::new();
    for action in actions {
        let mut next = state.clone();
        if model.apply(&mut next, &action, &mut effects) {
            found.insert(
                model.print(packer, &next),
                (action, packer.pack(&next.world).to_vec()),
            );
        }
    }
    found
}

/// Walks at random and looks at every state that is met again; answers how many were.
fn walk(ops: &[Op], slow_powers: bool, walks: u64) -> u32 {
    let scenario = Scenario::load("a.yaml", TEXT).unwrap();
    let world = scenario.world().clone();
    let faults = ["trunk", "az-1", "az-2", "w", "left"].map(|label| match world.find(label) {
        Some(Who::Link(link)) => Blow::Link { link },
        Some(Who::Node(node)) => Blow::Node { node },
        Some(Who::Az(az)) => Blow::Az {
            az,
            destroyed: label == "az-2",
        },
        other => panic!("{other:?}"),
    });
    let menu = Menu {
        ops: ops.to_vec(),
        faults: faults.to_vec(),
        faults_max: 3,
        failures_max: 2,
        slow_powers,
        ..Menu::default()
    };
    let model = Model::new(world, menu);
    let mut packer = model.packer();
    let mut known: BTreeMap<u64, Successors> = BTreeMap::new();
    let mut met_again = 0;
    for walk in 0..walks {
        let mut dice = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(walk);
        let mut state = model.start().clone();
        for _ in 0..30 {
            let print = model.print(&mut packer, &state);
            let after = successors(&model, &mut packer, &state);
            if let Some(before) = known.insert(print, after.clone()) {
                met_again += 1;
                let (lost, new) = (missing(&before, &after), missing(&after, &before));
                assert!(
                    lost.is_empty() && new.is_empty(),
                    "walk {walk}: {lost:?}\n{new:?}"
                );
            }
            let (mut actions, mut effects) = (Vec::new(), Effects::new());
            model.actions(&state, &Ref::from, &mut actions);
            for _ in 0..100 {
                let action = &actions[dice.random_range(0..actions.len())];
                if model.apply(&mut state, action, &mut effects) {
                    break;
                }
            }
        }
    }
    met_again
}

#[test]
fn worlds_with_equal_packs_have_the_same_successors() {
    let met_again = walk(crate::machine::admissible::OFFERED, true, 70);
    assert!(met_again > 100, "only {met_again} states were met again");
    let met_again = walk(&Menu::default().ops, false, 40);
    assert!(met_again > 200, "only {met_again} states were met again");
}

/// A world of two groups, each with so many instances of one pair that is written to.
fn two_groups(instances: u32, more: &str) -> World {
    let (head, _) = TEXT.split_once("servers:\n").unwrap();
    let all = 2 * instances;
    let text = format!(
        "{head}servers:\n  app: {{count: {all}, az: az-1, vpc: net, flavor: m1, power: active}}\n\
         disks:\n  data: {{count: {all}, az: az-1, size: 100 GiB, bootable: true, attached: {{app: /dev/vda}}, load: {{rate: 4 MiB/s}}}}\n\
         groups:\n  g: {{count: 2, domain: metro, vpc: net{more}}}\n\
         instances:\n  i: {{count: {all}, group: g, server: app}}\n"
    );
    let loaded = Scenario::load("two.yaml", &text);
    loaded
        .unwrap_or_else(|faults| panic!("{faults:#?}"))
        .world()
        .clone()
}

/// What a search finds without what depends on which of equal states comes first: of paths, the statuses and lengths.
fn summary(found: &Found) -> impl PartialEq + std::fmt::Debug + use<> {
    let ends = found.dead_ends.as_ref().map(|ends| {
        let paths = ends.paths.iter();
        let length = |(of, path): &(Vec<_>, Path)| (of.clone(), path.actions.len());
        (ends.states, paths.map(length).collect::<Vec<_>>())
    });
    let violation = found.violation.as_ref().map(|it| it.path.actions.len());
    let counts = (found.states, found.transitions, found.depth, found.complete);
    (
        counts,
        found.seen.clone(),
        found.never.clone(),
        ends,
        violation,
    )
}

/// Remembering what comes of a part finds what asking the machine about every state finds.
#[test]
fn parts_decide_for_themselves() {
    let blow = |world: &World, label: &str| match world.find(label) {
        Some(Who::Link(link)) => Blow::Link { link },
        Some(Who::Node(node)) => Blow::Node { node },
        Some(Who::Az(az)) => Blow::Az {
            az,
            destroyed: false,
        },
        other => panic!("{other:?}"),
    };
    let quiet = Menu {
        failures_max: 0,
        powers: false,
        ..Menu::default()
    };
    let started = ", protected: true";
    let bound = ", protection_type: consistency-group";
    let cases = [
        (two_groups(1, ""), quiet.clone(), &[][..], 1, u32::MAX),
        (two_groups(2, ""), quiet.clone(), &[], 3, 16),
        (
            two_groups(1, bound),
            Menu {
                failures_max: 1,
                ..quiet.clone()
            },
            &[],
            1,
            11,
        ),
        (
            two_groups(1, started),
            Menu {
                ops: vec![Op::Failover, Op::Reprotect],
                powers: true,
                slow_powers: true,
                ..quiet.clone()
            },
            &[],
            1,
            7,
        ),
        (two_groups(1, started), quiet.clone(), &["trunk", "w"], 2, 6),
    ];
    for (n, (world, menu, faults, threads, depth)) in cases.into_iter().enumerate() {
        let menu = Menu {
            faults: faults.iter().map(|label| blow(&world, label)).collect(),
            faults_max: faults.len() as u8,
            ..menu
        };
        let model = Model::new(world, menu).sometimes("fails over", |world| {
            let any = { world.groups.values() }
                .any(|group| group.life.status == crate::sdrs::status::Status::FailedOver);
            any.then_some(()).ok_or_else(String::new)
        });
        let bounds = Bounds {
            threads,
            depth,
            dead_ends: true,
            ..Bounds::default()
        };
        let parts = parts::Parts::of(&model);
        assert!(parts.is_some(), "case {n}");
        let by_parts = search::search_by(&model, &bounds, parts.as_ref(), &mut |_, _| ());
        let by_world = search::search_by(&model, &bounds, None, &mut |_, _| ());
        assert_eq!(summary(&by_parts), summary(&by_world), "case {n}");
        assert!(by_parts.states > 100, "case {n}: {}", by_parts.states);
    }
}
