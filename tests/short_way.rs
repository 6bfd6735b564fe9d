//! Sub-jobs of pairs about which nothing stands out take a short way through the machine; what comes of it is what the long
//! way makes of it. Two runs of one world meet the same calls, faults, loads and waits; in one of them a fault is said to
//! stand from the beginning, which sends everything the long way and is otherwise believed by nobody. A third run of that world takes
//! in many events at once where the two take steps, with nobody looking on.

use sdrsim::engine::{Chance, Engine, Limit, Observer, Pace, RunEnd, Seed};
use sdrsim::hash::mix;
use sdrsim::machine::command::{Call, Command, Native, Ref};
use sdrsim::machine::{Effect, Event};
use sdrsim::scenario::Scenario;
use sdrsim::time::{SimTime, Span};
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

/// Counts changes of status and beginnings that it is shown, and says that nothing is made of them.
#[derive(Clone, Default)]
struct Blind(u64);

impl Observer for Blind {
    fn see(&mut self, _: SimTime, _: &World, effect: &Effect) {
        self.0 += u64::from(matches!(
            effect,
            Effect::Moved { .. } | Effect::Begin { .. }
        ));
    }

    fn is_looking(&self) -> bool {
        false
    }
}

/// The runs of one history.
struct Twins {
    short: Engine<Chance, Blind>,
    long: Engine,
    /// Takes in many events at once where the others take steps.
    run: Engine<Chance, Blind>,
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
            short: engine(world.clone()).watched_by(Blind::default()),
            long: engine(disturbed),
            run: engine(world.clone()).watched_by(Blind::default()),
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
        assert_eq!(self.run.submit(command), answers[0]);
        self.compare_run();
    }

    fn inject(&mut self, event: Event) {
        self.short.inject(event);
        self.long.inject(event);
        self.compare();
        self.run.inject(event);
        self.compare_run();
    }

    fn advance_to(&mut self, at: SimTime) {
        assert_eq!(self.short.advance_to(at), self.long.advance_to(at));
        assert_eq!(self.run.advance_to(at), self.short.now());
    }

    /// Steps behind, the run comes to where the others are.
    fn catch_up(&mut self, steps: u64) {
        let (limit, now) = (Limit::events(steps), self.short.now());
        let events = self.run.events() + steps;
        match self.draw(3) {
            _ if steps == 0 => {}
            0 => drop(self.run.run_until_quiet(limit)),
            1 => drop(self.run.run_until(now, limit)),
            _ => {
                while self.run.events() < events {
                    let left = Limit::events(events - self.run.events());
                    let end = self.run.run_until_job_ends(left.and_until(now));
                    let ended = |effect: &Effect| match effect {
                        Effect::Job { status, .. } => status.name() != "RUNNING",
                        _ => false,
                    };
                    let ended = self.run.effects().iter().any(ended);
                    assert_eq!(end == RunEnd::Reached, ended, "{end:?}");
                }
            }
        }
        self.compare_run();
    }

    fn compare_run(&self) {
        let (run, short) = (&self.run, &self.short);
        assert_eq!(run.effects(), short.effects());
        assert_eq!(run.digest(), short.digest());
        assert_eq!(run.hung(), short.hung());
        assert_eq!(run.queue().in_order(), short.queue().in_order());
        assert_eq!((run.now(), run.events()), (short.now(), short.events()));
    }

    fn step(&mut self) {
        let calm = |effects: &[Effect], world: &World| {
            let moved = effects.iter().find_map(|effect| match *effect {
                Effect::Moved {
                    who: Who::Pair(pair),
                    ..
                } => Some(pair),
                _ => None,
            });
            moved.map(|pair| world.is_calm(&world.groups[world.pairs[pair].group]))
        };
        assert_eq!(self.short.step(), self.long.step());
        self.compare();
        let (short, long) = (&self.short, &self.long);
        let sent = calm(long.effects(), long.world());
        assert_ne!(sent, Some(true), "it was sent the long way");
        if let Some(calm) = calm(short.effects(), short.world()) {
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
        let before = self.short.events();
        for _ in 0..self.draw(30) {
            self.step();
        }
        self.catch_up(self.short.events() - before);
    }
}

fn same(twins: &Twins) {
    let state = |world: &World, extra: u32| {
        let mut world = world.clone();
        world.standing -= extra;
        serde_json::to_string(&world).expect("a world can be written")
    };
    let short = state(twins.short.world(), 0);
    assert_eq!(short, state(twins.long.world(), 1));
    assert_eq!(short, state(twins.run.world(), 0));
}

#[test]
fn the_short_way_ends_where_the_long_way_does() {
    let scenario = Scenario::load("region.yaml", REGION).expect("the file is well-formed");
    let (mut ends, mut shown) = ([0; 2], [0; 2]);
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
                    twins.advance_to(at);
                }
                _ => twins.wait(),
            }
        }
        same(&twins);
        ends = [ends[0] + twins.ends[0], ends[1] + twins.ends[1]];
        let seen = [&twins.short, &twins.run].map(|engine| engine.observer().0);
        shown = [shown[0] + seen[0], shown[1] + seen[1]];
    }
    let [calm, other] = ends;
    assert!(calm > 500 && other > 500, "{calm} calm, {other} not");
    // A run shows the blind only what does not go the short way, and what stands last.
    assert!(shown[1] + 300 < shown[0], "{shown:?}");
}
