//! Sub-jobs of pairs about which nothing stands out take a short way through the machine; what comes of it is what the long
//! way makes of it. Two runs of one world meet the same calls, faults, loads and waits; in one of them a fault is said to
//! stand from the beginning, which sends everything the long way and is otherwise believed by nobody.

use sdrsim::engine::{Chance, Engine, Pace, Seed};
use sdrsim::hash::mix;
use sdrsim::machine::command::{Call, Command, Native, Ref};
use sdrsim::machine::{Effect, Event};
use sdrsim::scenario::Scenario;
use sdrsim::time::Span;
use sdrsim::units::Rate;
use sdrsim::world::fault::Blow;
use sdrsim::world::replica::Load;
use sdrsim::world::{Who, World};

/// Groups with pairs alone, with servers that write and that do not, and a consistency group.
const REGION: &str = "
version: 1
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
network: {links: {ab: {between: [az-1, az-2], bandwidth: 1 GiB/s}}}
domains: {metro: {azs: [az-1, az-2]}}
flavors: {m1: {}}
vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
servers:
  web: {count: 3, az: az-1, vpc: net, flavor: m1, disks: {/dev/vda: {size: 1 GiB, bootable: true}}}
  busy: {az: az-1, vpc: net, flavor: m1, disks: {/dev/vda: {size: 1 GiB, bootable: true}}}
disks:
  spare: {count: 6, az: az-1, size: 1 GiB}
  bound: {count: 3, az: az-1, size: 1 GiB}
groups:
  bare: {domain: metro, vpc: net, protected: true}
  shop: {domain: metro, vpc: net, protected: true}
  writer: {domain: metro, vpc: net, protected: true}
  whole: {domain: metro, vpc: net, protection_type: consistency-group, protected: true}
instances:
  front: {count: 3, group: shop, server: web}
  ledger: {group: writer, server: busy}
pairs:
  apart: {count: 6, group: bare, disk: spare}
  tied: {count: 3, group: whole, disk: bound}
timeline: []
";

/// The runs of one history.
struct Twins {
    short: Engine,
    long: Engine,
    draws: u64,
    /// Ends of sub-jobs in calm groups, and others.
    ends: [u32; 2],
}

impl Twins {
    fn new(world: &World, seed: u64) -> Twins {
        let engine = |world: World| {
            let chance = Chance::new(Seed(seed)).at_pace(Pace::default());
            Engine::new(world, chance)
        };
        let mut disturbed = world.clone();
        disturbed.standing += 1;
        Twins {
            short: engine(world.clone()),
            long: engine(disturbed),
            draws: mix(seed),
            ends: [0; 2],
        }
    }

    fn draw(&mut self, choices: u64) -> u64 {
        self.draws = mix(self.draws);
        self.draws % choices
    }

    fn compare(&self) {
        assert_eq!(self.short.effects(), self.long.effects());
        assert_eq!(self.short.digest(), self.long.digest());
        assert_eq!(self.short.hung(), self.long.hung());
    }

    fn submit(&mut self, command: &Command) {
        let answers = [self.short.submit(command), self.long.submit(command)];
        assert_eq!(answers[0], answers[1]);
        self.compare();
    }

    fn inject(&mut self, event: Event) {
        self.short.inject(event);
        self.long.inject(event);
        self.compare();
    }

    fn step(&mut self) {
        let calm = |engine: &Engine| {
            let moved = engine.effects().iter().find_map(|effect| match *effect {
                Effect::Moved {
                    who: Who::Pair(pair),
                    ..
                } => Some(pair),
                _ => None,
            });
            let world = engine.world();
            moved.map(|pair| world.is_calm(&world.groups[world.pairs[pair].group]))
        };
        assert_eq!(self.short.step(), self.long.step());
        self.compare();
        assert_ne!(calm(&self.long), Some(true), "it was sent the long way");
        if let Some(calm) = calm(&self.short) {
            self.ends[usize::from(!calm)] += 1;
        }
    }

    fn call(&mut self) {
        let keys: Vec<_> = self.short.world().groups.keys().collect();
        let key = keys[self.draw(keys.len() as u64) as usize];
        let group = Ref::from(Who::Group(key));
        let station = self.short.world().groups[key].station.other().name();
        let call = match self.draw(6) {
            0 => Call::StartProtection { group },
            1 => Call::StopProtection { group },
            2 | 3 => Call::Reprotect { group },
            4 => Call::PlannedFailover {
                group,
                priority_station: station.into(),
            },
            _ => Call::Failover { group },
        };
        self.submit(&call.into());
    }

    /// A fault, a load or a broken disk, and its end after a while.
    fn disturb(&mut self) {
        let world = self.short.world();
        let az = world.azs.keys().next().expect("there are two");
        let link = world.topology.links.keys().next().expect("there is one");
        let disks: Vec<_> = world.disks.keys().collect();
        let disk = disks[self.draw(disks.len() as u64) as usize];
        let destroyed = self.draw(4) == 0;
        let blow = match self.draw(5) {
            0 => Blow::Az { az, destroyed },
            1 => Blow::Link { link },
            2 => Blow::Disk { disk, destroyed },
            3 => {
                let disk = Ref::from(Who::Disk(disk));
                let load = (self.draw(2) == 0).then(|| Load::uniform(Rate(1 << 20)));
                return self.submit(&Native::SetLoad { disk, load }.into());
            }
            _ => {
                let set = |broken| Native::SetDisk {
                    disk: Ref::from(Who::Disk(disk)),
                    locked: None,
                    frozen: None,
                    broken: Some(broken),
                };
                self.submit(&set(true).into());
                self.wait();
                return self.submit(&set(false).into());
            }
        };
        self.inject(Event::Struck(blow));
        self.wait();
        self.inject(Event::Mended(blow));
    }

    fn wait(&mut self) {
        for _ in 0..self.draw(12) {
            self.step();
        }
    }
}

fn same(twins: &Twins) {
    let state = |engine: &Engine, extra: u32| {
        let mut world = engine.world().clone();
        world.standing -= extra;
        serde_json::to_string(&world).expect("a world can be written")
    };
    assert_eq!(state(&twins.short, 0), state(&twins.long, 1));
}

#[test]
fn the_short_way_ends_where_the_long_way_does() {
    let scenario = Scenario::load("region.yaml", REGION).expect("the file is well-formed");
    let mut ends = [0; 2];
    for seed in 0..60 {
        let mut twins = Twins::new(scenario.world(), seed);
        // The first histories meet no disturbance, so that the short way is taken at all times.
        let calm = seed < 20;
        for _ in 0..60 {
            match twins.draw(6) {
                0 if !calm => twins.disturb(),
                0..=2 => twins.call(),
                3 => {
                    let at = twins.short.now().saturating_add(Span::secs(1));
                    assert_eq!(twins.short.advance_to(at), twins.long.advance_to(at));
                }
                _ => twins.wait(),
            }
        }
        same(&twins);
        ends = [ends[0] + twins.ends[0], ends[1] + twins.ends[1]];
    }
    let [calm, other] = ends;
    assert!(calm > 500 && other > 500, "{calm} calm, {other} not");
}
