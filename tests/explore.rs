//! The search: counts of small worlds, the same with any number of threads, and what it finds.

use sdrsim::explore::{Bounds, Found, Menu, Model, search};
use sdrsim::scenario::Scenario;
use sdrsim::sdrs::op::Op;

const HEAD: &str = "\
version: 1
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
network:
  links: {trunk: {between: [az-1, az-2]}}
domains: {metro: {azs: [az-1, az-2]}}
flavors: {m1: {}}
vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
";

/// A world of so many groups, each with so many instances of one pair.
fn world(groups: u32, instances: u32, more: &str) -> sdrsim::world::World {
    let all = groups * instances;
    let text = format!(
        "{HEAD}servers: {{app: {{count: {all}, az: az-1, vpc: net, flavor: m1}}}}\n\
         disks: {{data: {{count: {all}, az: az-1, size: 100 GiB, bootable: true, attached: {{app: /dev/vda}}, load: {{rate: 4 MiB/s}}}}}}\n\
         groups: {{g: {{count: {groups}, domain: metro, vpc: net{more}}}}}\n\
         instances: {{i: {{count: {all}, group: g, server: app}}}}\n"
    );
    let loaded = Scenario::load("a.yaml", &text);
    loaded.unwrap_or_else(|faults| panic!("{faults:#?}")).world().clone()
}

fn all(model: &Model, threads: usize) -> Found {
    let bounds = Bounds { threads, dead_ends: true, ..Bounds::default() };
    search(model, &bounds)
}

#[test]
fn try_it() {
    for (g, i) in [(1, 1), (1, 2), (1, 3), (2, 1)] {
        let begin = std::time::Instant::now();
        let model = Model::new(world(g, i, ""), Menu { failures_max: 1, ..Menu::default() });
        let found = all(&model, 1);
        println!("{g}x{i}: {} states {} transitions depth {} complete {} bytes {} dead {:?} {:?} {:?}", found.states, found.transitions, found.depth, found.complete, found.bytes, found.dead_ends.as_ref().map(|d| (d.states, d.paths.len())), begin.elapsed(), found.seen.len());
        if let Some(d) = &found.dead_ends { for (s, p) in d.paths.iter().take(3) { println!("{s:?} {} {:?}", p.actions.len(), p.actions.last()); } }
    }
    let _ = Op::ALL;
}
