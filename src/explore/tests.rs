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
flavors: {m1: {}}
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
