//! Every invariant fires when its rule is broken: a world that is right is altered on purpose, or told of an effect that
//! did not happen, and the check names what was broken. The last assertion proves that no invariant is left out.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

mod common;
#[path = "check/runs.rs"]
mod runs;

use common::*;
use sdrsim::engine::oracle::{Fate, Oracle};
use sdrsim::engine::{Chance, Checker, Checkpoint, Engine, Limit, Observer, RunEnd, Seed, Watcher};
use sdrsim::machine::build::NewLink;
use sdrsim::machine::command::{Call, Command, Native};
use sdrsim::machine::{Blow, Doing, Effect, Event};
use sdrsim::scenario::Scenario;
use sdrsim::sdrs::codes::Code;
use sdrsim::sdrs::op::Op;
use sdrsim::sdrs::policy::{Permission, Policy, Switch};
use sdrsim::sdrs::status::{Kind, Status};
use sdrsim::time::{SimTime, Span};
use sdrsim::units::{Bytes, Rate};
use sdrsim::world::check::{Violation, check};
use sdrsim::world::job::{Part, Task};
use sdrsim::world::label::{Name, Stable};
use sdrsim::world::machinery::Power;
use sdrsim::world::protection::{Copying, Cut, DrCopy, Instance, ProtectionType, Side, Verdict};
use sdrsim::world::replica::{Load, Recovery};
use sdrsim::world::settings::Settings;
use sdrsim::world::{
    AzKey, DiskKey, DomainKey, DrillKey, GroupKey, LinkKey, NicKey, PairKey, ServerKey, SubnetKey,
    Who, World,
};
use std::collections::BTreeSet;

type Run = Engine<Told, Checker>;

fn at(seconds: u64) -> SimTime {
    SimTime::from_micros(seconds * 1_000_000)
}

fn quiet(engine: &mut Run) {
    let end = engine.run_until_quiet(Limit::events(10_000));
    assert_eq!(end, RunEnd::Quiet);
}

fn ask(engine: &mut Run, command: impl Into<Command>) {
    engine.submit(&command.into()).unwrap();
}

/// The group `g` around the running server `s1`, which writes 4 MiB/s to its second disk over a link of 100 MiB/s.
fn built(settings: Settings) -> World {
    let mut region = region(settings);
    let link = NewLink {
        between: ["az-1", "az-2"],
        bandwidth: Some(Rate(100 << 20)),
        latency: Span::micros(100),
        duct: None,
    };
    region.link("ab", link).unwrap();
    region.now(create_group("g")).unwrap();
    region.now(create_instance("i", "s1")).unwrap();
    let load = Some(Load::uniform(Rate(4 << 20)));
    let disk = "s1-b".into();
    region.now(Native::SetLoad { disk, load }).unwrap();
    let server = "s1".into();
    region.now(Native::StartServer { server }).unwrap();
    region.finish()
}

/// It is protected and in step, a drill stands beside it, and everything held. The clock stands at 1 h.
fn in_step(settings: Settings) -> Run {
    let mut engine = Engine::with_observer(built(settings), Told::default(), Checker::new());
    ask(&mut engine, start());
    quiet(&mut engine);
    ask(&mut engine, create_drill("d"));
    quiet(&mut engine);
    let reached = engine.run_until(at(3600), Limit::events(10_000));
    assert_eq!(reached, RunEnd::Reached);
    assert_eq!(engine.observer().violation(), None);
    engine
}

/// The same while its first copy runs.
fn copying() -> Run {
    let mut engine = Engine::with_observer(built(settings()), Told::default(), Checker::new());
    ask(&mut engine, start());
    let reached = engine.run_until(at(30), Limit::events(10_000));
    assert_eq!(reached, RunEnd::Reached);
    engine
}

/// The same ten minutes after its link was lost.
fn cut() -> Run {
    let mut engine = in_step(settings());
    let link = link(engine.world());
    engine.inject(Event::Struck(Blow::Link { link }));
    let reached = engine.run_until(at(4200), Limit::events(10_000));
    assert_eq!(reached, RunEnd::Reached);
    engine
}

/// Without a fence both sides have been written since the link was lost and a failover was taken.
fn parted() -> Run {
    let mut settings = settings();
    settings.policies.fencing = Switch::Off;
    settings.policies.failover_disconnected = Permission::Allowed;
    let mut engine = in_step(settings);
    let link = link(engine.world());
    engine.inject(Event::Struck(Blow::Link { link }));
    engine.assess();
    ask(&mut engine, Call::Failover { group: "g".into() });
    quiet(&mut engine);
    let server = "i/dr".into();
    ask(&mut engine, Native::StartServer { server });
    quiet(&mut engine);
    assert_eq!(engine.observer().violation(), None);
    engine
}

macro_rules! keys {
    ($($name:ident: $kind:ident => $key:ty, $label:literal;)*) => {
        $(fn $name(world: &World) -> $key {
            match world.find($label) {
                Some(Who::$kind(key)) => key,
                other => panic!("{} is {other:?}", $label),
            }
        })*
    };
}

keys! {
    az: Az => AzKey, "az-1";
    lan: Subnet => SubnetKey, "lan";
    server: Server => ServerKey, "s1";
    replica: Server => ServerKey, "i/dr";
    disk: Disk => DiskKey, "s1-b";
    group: Group => GroupKey, "g";
    pair: Pair => PairKey, "i/vdb";
    drill: Drill => DrillKey, "d";
    link: Link => LinkKey, "ab";
}

/// A rule broken in a world that keeps it.
type Plant = (&'static str, fn() -> Run, fn(&mut World));

/// By invariant of one state: a world that is right, and what breaks it.
const PLANTS: &[Plant] = &[
    ("one writer per pair", parted, |world| {
        world.settings.policies.fencing = Switch::On;
    }),
    ("one side runs", held, |world| {
        let replica = replica(world);
        world.servers[replica].power = Power::Active;
    }),
    ("usage adds up", held, |world| {
        world.projects[world.default_project].usage.vpcs += 1;
    }),
    ("quotas hold", held, |world| {
        world.projects[world.default_project].quotas.server_groups = 0;
    }),
    ("the census adds up", held, |world| {
        world.census[Kind::DisasterRecoveryDrill as usize][Status::Creating as usize] += 1;
    }),
    ("statuses are published", held, |world| {
        let unknown = |status: &&Status| !Kind::ProtectionGroup.published().contains(status);
        let status = *Status::ALL.iter().find(unknown).unwrap();
        let group = group(world);
        world.groups[group].life.status = status;
    }),
    ("members add up", held, |world| {
        let group = group(world);
        world.groups[group].copying += 1;
    }),
    ("members add up", cut, |world| {
        let group = group(world);
        world.groups[group].health = [0, 1];
    }),
    ("pools add up", held, |world| {
        let az = az(world);
        world.azs[az].pool.used = Bytes(1);
    }),
    ("jobs add up", held, |world| world.control.running += 1),
    ("standing faults are counted", held, |world| {
        let server = server(world);
        world.servers[server].lost += 1;
    }),
    ("the index is whole", held, |world| {
        let server = server(world);
        world.servers[server].stable = Stable(1);
    }),
    ("what is named exists", held, |world| {
        let group = group(world);
        world.groups[group].domain = DomainKey::default();
    }),
    ("references are mutual", held, |world| {
        let server = server(world);
        world.servers[server].disks.pop();
    }),
    ("addresses add up", held, |world| {
        let lan = lan(world);
        world.subnets[lan].used.insert(7);
    }),
    ("disks of a pair are alike", held, |world| {
        let (az, disk) = (az(world), disk(world));
        world.disks[disk].size = Bytes::gib(11);
        let used = world.azs[az].pool.used.0;
        world.azs[az].pool.used = Bytes(used + (1 << 30));
    }),
    ("in step is in step", held, |world| {
        let pair = pair(world);
        world.pairs[pair]
            .rest
            .change(|rest| rest.dirty.bytes = Bytes(1));
    }),
    ("recovery points are what they say", held, |world| {
        let pair = pair(world);
        world.pairs[pair].change_drift(|drift| drift.stands = Some(at(3000)));
    }),
    ("recovery points are what they say", stopped, |world| {
        let pair = pair(world);
        world.pairs[pair].change_drift(|drift| drift.stands = Some(at(10_000)));
    }),
    ("recovery points are what they say", stopped, |world| {
        let pair = pair(world);
        world.pairs[pair].change_drift(|drift| drift.behind = 5_000_000);
    }),
    ("quotas hold", held, |world| {
        world.projects[world.default_project]
            .quotas
            .instances_per_group = 0;
    }),
    ("references are mutual", held, |world| {
        let replica = replica(world);
        world.servers[replica].instance = None;
    }),
    ("in step is in step", held, |world| {
        let pair = pair(world);
        world.pairs[pair].dr_copy = DrCopy::Torn;
    }),
    ("writes are what servers write", held, |world| {
        let disk = disk(world);
        world.disks[disk].rest.change(|rest| rest.load = None);
    }),
    ("foregrounds add up", held, |world| {
        let route = world.groups[group(world)].route;
        world.topology.routes[route].foreground += 1;
    }),
    ("links are not overfull", held, |world| {
        let link = link(world);
        world.topology.links[link].bandwidth = Rate(1);
    }),
    ("drills stand apart", held, |world| {
        let (drill, group) = (drill(world), group(world));
        world.drills[drill].vpc = Some(world.groups[group].vpc);
    }),
];

fn held() -> Run {
    in_step(settings())
}

/// Its protection was stopped before anything was written since.
fn stopped() -> Run {
    let mut engine = in_step(settings());
    let server = "s1".into();
    ask(&mut engine, Native::StopServer { server });
    quiet(&mut engine);
    let group = "g".into();
    ask(&mut engine, Call::StopProtection { group });
    quiet(&mut engine);
    engine
}

/// What is found in a world after it was altered.
fn found(right: fn() -> Run, alter: fn(&mut World)) -> Violation {
    let engine = right();
    let mut world = engine.world().clone();
    assert_eq!(check(&world, engine.now()), Ok(()));
    alter(&mut world);
    check(&world, engine.now()).unwrap_err()
}

/// The speed of a class is no figure that anyone outside can alter, so it is altered in what a checkpoint holds.
fn unfair() -> Violation {
    let run = copying();
    let engine = Engine::new(run.world().clone(), Chance::new(Seed(1)));
    let form = serde_json::to_string(&engine.checkpoint()).unwrap();
    let (before, after) = form.split_once("\"speed\":").expect("a copy runs");
    let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap();
    let half = after[..digits].parse::<u64>().unwrap() / 2;
    let form = format!("{before}\"speed\":{half}{}", &after[digits..]);
    let checkpoint: Checkpoint<Chance> = serde_json::from_str(&form).unwrap();
    let engine = Engine::restore(checkpoint);
    check(engine.world(), run.now()).unwrap_err()
}

/// What is seen of a run that goes on for a while after `before` altered what is remembered and `after` what is seen.
fn seen(
    right: fn() -> Run,
    before: fn(&mut World),
    after: fn(&mut World),
    told: fn(&World) -> Vec<Effect>,
) -> Violation {
    let mut engine = right();
    let mut watcher = Watcher::default();
    let mut world = engine.world().clone();
    before(&mut world);
    watcher.see(engine.now(), &world, &[]).unwrap();
    let later = engine.now().saturating_add(Span::secs(10));
    let mut honest = Watcher::default();
    honest.see(engine.now(), engine.world(), &[]).unwrap();
    let reached = engine.run_until(later, Limit::events(10_000));
    assert_eq!(reached, RunEnd::Reached);
    honest.see(later, engine.world(), &[]).unwrap();
    let mut world = engine.world().clone();
    after(&mut world);
    let told = told(&world);
    watcher.see(later, &world, &told).unwrap_err()
}

fn nothing(_: &mut World) {}

fn silence(_: &World) -> Vec<Effect> {
    Vec::new()
}

/// The pairs of the group are at level 5, and nobody says so.
fn cut_off_in_silence(world: &mut World) {
    let group = group(world);
    world.groups[group].cut = Some(Cut {
        since: at(3600),
        verdict: Verdict::Production,
        production_lost: false,
    });
}

fn recovered(lost: u64) -> Recovery {
    Recovery {
        earliest: at(1),
        latest: at(1),
        acknowledged: at(2),
        rpo: Span::secs(1),
        whole: lost == 0,
        lost,
        damaged: false,
    }
}

/// The invariants of two states in succession.
fn seen_violations() -> Vec<Violation> {
    vec![
        seen(
            held,
            nothing,
            |world| {
                let pair = pair(world);
                world.pairs[pair].change_drift(|drift| drift.stands = Some(at(3000)));
            },
            silence,
        ),
        seen(
            cut,
            nothing,
            |world| {
                let group = group(world);
                world.groups[group].cut.as_mut().unwrap().since = at(4000);
            },
            silence,
        ),
        seen(held, nothing, nothing, |world| {
            let (group, recovery) = (group(world), recovered(5));
            vec![Effect::Recovered { group, recovery }]
        }),
        seen(
            cut,
            nothing,
            |world| {
                let pair = pair(world);
                world.pairs[pair].station = Side::Target;
            },
            silence,
        ),
        seen(held, nothing, nothing, |world| {
            let (pair, copies) = (pair(world), 9);
            vec![Effect::CopyBegan { pair, copies }]
        }),
        seen(
            held,
            nothing,
            |world| {
                let group = group(world);
                world.groups[group].station = Side::Target;
            },
            |world| {
                let (drill, recovery) = (drill(world), recovered(0));
                let rescue = false;
                vec![Effect::Snapshot {
                    drill,
                    recovery: Some(recovery),
                    rescue,
                }]
            },
        ),
        seen(
            held,
            |world| {
                let link = link(world);
                world.topology.links[link].bandwidth = Rate(1 << 20);
            },
            nothing,
            silence,
        ),
        seen(held, nothing, nothing, |world| {
            let (group, two, five) = (group(world), 0, 1);
            vec![Effect::Health { group, two, five }]
        }),
        seen(held, nothing, cut_off_in_silence, silence),
    ]
}

#[test]
fn every_invariant_fires_when_its_rule_is_broken_and_none_is_left_out() {
    let mut fired = BTreeSet::new();
    for &(name, right, alter) in PLANTS {
        let violation = found(right, alter);
        assert_eq!(violation.name(), name, "{violation}");
        assert!(!violation.to_string().is_empty());
        fired.insert(violation.name());
    }
    let names = [
        "recovery points do not move back",
        "missing writes are remembered",
        "a failover loses no acknowledged write",
        "a planned failover loses nothing",
        "no copy without writes",
        "drills leave no trace",
        "bytes are conserved on links",
        "fault levels are told",
        "fault levels are told",
    ];
    let seen = seen_violations();
    let told: Vec<&str> = seen.iter().map(Violation::name).collect();
    assert_eq!(told, names, "{seen:?}");
    fired.extend(told);
    let unfair = unfair();
    assert_eq!(unfair.name(), "shares are fair", "{unfair}");
    fired.insert(unfair.name());
    let all: BTreeSet<&str> = Violation::NAMES.iter().copied().collect();
    assert_eq!(fired, all);
    assert_eq!(all.len(), Violation::NAMES.len(), "names are unique");
}

#[test]
fn an_observer_finds_what_is_wrong_and_keeps_the_first() {
    let mut world = built(settings());
    world.control.running += 1;
    let engine = Engine::with_observer(world, Told::default(), (Checker::new(), ()));
    let (at, violation) = engine.observer().0.violation().unwrap();
    assert_eq!((*at, violation.name()), (SimTime::ZERO, "jobs add up"));
    let told = "the control plane counts 1 jobs running, and there are 0";
    assert_eq!(violation.to_string(), told);
}

#[test]
fn a_sampled_run_checks_now_and_then() {
    let mut world = built(settings());
    world.control.running += 1;
    let mut engine = Engine::with_observer(world, Told::default(), Checker::every(3));
    assert_eq!(engine.observer().violation(), None);
    engine.inject(Event::Assess);
    assert_eq!(engine.observer().violation(), None);
    engine.inject(Event::Assess);
    assert!(engine.observer().violation().is_some());
}

/// A failover that nothing is written in and its way back copy nothing.

#[test]
fn a_quota_that_is_reached_holds() {
    let engine = held();
    let mut world = engine.world().clone();
    let project = world.default_project;
    let quotas = &mut world.projects[project].quotas;
    (quotas.instances_per_group, quotas.server_groups) = (1, 1);
    assert_eq!(check(&world, engine.now()), Ok(()));
}

#[test]
fn an_instance_that_names_what_is_not_there_is_found_by_each_of_its_names() {
    let engine = held();
    let named = |alter: fn(&mut Instance)| {
        let mut world = engine.world().clone();
        let instance = world.instances.values_mut().next().unwrap();
        alter(instance);
        match check(&world, engine.now()).unwrap_err() {
            Violation::Dangling { label, what } => (label, what),
            other => panic!("{other}"),
        }
    };
    let i = |what| ("i".to_owned(), what);
    assert_eq!(named(|i| i.group = GroupKey::default()), i("group"));
    assert_eq!(
        named(|i| i.servers[1] = Some(ServerKey::default())),
        i("servers")
    );
    assert_eq!(
        named(|i| i.set_aside = Some(NicKey::default())),
        i("set aside")
    );
    assert_eq!(named(|i| i.pairs.push(PairKey::default())), i("pairs"));
}

#[test]
fn a_sampled_check_compares_with_the_state_before_the_call() {
    let mut engine = cut();
    let before = engine.world().clone();
    let later = engine.now().saturating_add(Span::secs(10));
    let reached = engine.run_until(later, Limit::events(10_000));
    assert_eq!(reached, RunEnd::Reached);
    let mut moved = engine.world().clone();
    let group = group(&moved);
    moved.groups[group].cut.as_mut().unwrap().since = at(4000);
    let alone = Watcher::default().see(later, &moved, &[]);
    assert_eq!(
        alone.and_then(|()| check(&moved, later)),
        Ok(()),
        "only two states show it"
    );
    for calls in [2, 3, 4] {
        let mut checker = Checker::every(calls);
        for _ in 1..calls {
            checker.after(at(4200), &before, &[]);
            assert_eq!(checker.violation(), None);
        }
        checker.after(later, &moved, &[]);
        assert!(checker.violation().is_some(), "every {calls}");
    }
}

#[test]
fn a_failed_task_whose_name_is_no_word_is_found() {
    let engine = held();
    let mut region = region(settings());
    for n in 0..600_u16 {
        let [first, second] = [n / 26, n % 26].map(|n| char::from(b'a' + n as u8));
        let label = format!("disk-{first}{second}");
        region.now(common::disk(&label, "az-1", false)).unwrap();
    }
    let stranger = region.finish().disks.values().last().unwrap().name();
    let with = |resource: Name, group: Option<Name>| {
        let mut world = engine.world().clone();
        let failed = Task {
            stable: Stable(1),
            serial: 1,
            project: world.default_project,
            op: Op::StartProtection,
            job: 1,
            resource: (Stable(2), resource),
            group: group.map(|name| (Stable(3), name)),
            group_level: false,
            code: Code::of(1007),
            began: SimTime::ZERO,
            ended: SimTime::ZERO,
        };
        let key = world.tasks.insert(failed);
        world.failures.push_back(key);
        check(&world, engine.now())
    };
    let own = engine.world().servers.values().next().unwrap().name;
    assert_eq!(with(own, Some(own)), Ok(()));
    assert!(with(stranger, None).is_err());
    assert!(with(own, Some(stranger)).is_err());
}

#[test]
fn a_lost_path_hangs_on_a_policy_only_where_pairs_could_go_on() {
    let hangs = |start: bool| {
        let world = built(settings());
        let link = link(&world);
        let mut engine = Engine::with_observer(world, Told::default(), Checker::new());
        if start {
            ask(&mut engine, Call::StartProtection { group: "g".into() });
            quiet(&mut engine);
        }
        engine.inject(Event::Struck(Blow::Link { link }));
        let later = engine.now().saturating_add(Span::secs(60));
        let reached = engine.run_until(later, Limit::events(10_000));
        assert_eq!(reached, RunEnd::Reached);
        engine.world().hung.has(Policy::OnReplicaLoss)
    };
    assert!(hangs(true));
    assert!(!hangs(false), "nothing was protected yet");
}
