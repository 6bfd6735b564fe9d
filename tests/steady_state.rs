//! What a long run allocates: nothing per event. Once queue, effects and lists of sub-jobs have found their size, a round
//! of group operations costs the same few allocations, or none, however many pairs there are.
//!
//! This is a binary of its own, because it counts every allocation of the process.

use sdrsim::engine::{Chance, Engine, Limit, Observer, RunEnd, Seed, Watch};
use sdrsim::machine::command::{Call, Native, Ref};
use sdrsim::machine::{Command, Effect};
use sdrsim::scenario::Scenario;
use sdrsim::time::SimTime;
use sdrsim::world::protection::Side;
use sdrsim::world::{Who, World};

const GROUPS: u32 = 5;
const WARM_UP: u32 = 4;
const ROUNDS: u32 = 6;

/// A region of groups whose servers have one disk each, and of which some finished jobs are kept.
fn region(servers: u32) -> World {
    let text = format!(
        "version: 1
sites: {{north: {{}}, south: {{}}}}
azs: {{az-1: {{site: north}}, az-2: {{site: south}}}}
domains: {{metro: {{azs: [az-1, az-2]}}}}
flavors: {{m1: {{class: general, vcpus: 2, ram: 4 GiB}}}}
vpcs: {{net: {{cidr: 10.0.0.0/8, subnets: {{lan: 10.0.0.0/16}}}}}}
servers: {{vm: {{count: {all}, az: az-1, vpc: net, flavor: m1, disks: {{/dev/vda: {{size: 10 GiB, bootable: true}}}}}}}}
groups: {{app: {{count: {GROUPS}, domain: metro, vpc: net}}}}
instances: {{inst: {{count: {all}, group: app, server: vm}}}}
timeline: []
",
        all = servers * GROUPS,
    );
    let scenario = Scenario::load("region.yaml", &text).expect("the file is well-formed");
    let mut world = scenario.world().clone();
    world.settings.jobs_kept = 2 * GROUPS;
    world
}

/// Everything that can be done to groups, in an order that ends where it began: out by a failover and home by a planned
/// one, for which the servers are shut down.
fn round(world: &World) -> Vec<Vec<Command>> {
    let groups = |call: fn(Ref) -> Call| -> Vec<Command> {
        let groups = world.groups.keys().map(|key| Who::Group(key).into());
        groups.map(|group| call(group).into()).collect()
    };
    let servers = |side: Side, act: fn(Ref) -> Native| -> Vec<Command> {
        let instances = world.instances.values();
        let servers = instances.filter_map(|instance| instance.servers[side.index()]);
        servers
            .map(|server| act(Who::Server(server).into()).into())
            .collect()
    };
    vec![
        groups(|group| Call::StartProtection { group }),
        groups(|group| Call::Failover { group }),
        servers(Side::Target, |server| Native::StartServer { server }),
        groups(|group| Call::Reprotect { group }),
        servers(Side::Target, |server| Native::StopServer { server }),
        groups(|group| Call::PlannedFailover {
            group,
            priority_station: "source".into(),
        }),
        groups(|group| Call::StopProtection { group }),
        servers(Side::Source, |server| Native::StartServer { server }),
    ]
}

fn play<W: Observer>(engine: &mut Engine<Chance, W>, round: &[Vec<Command>], times: u32) {
    for _ in 0..times {
        for commands in round {
            for command in commands {
                engine
                    .submit(command)
                    .expect("the group is in the status before");
            }
            let end = engine.run_until_quiet(Limit::events(u64::MAX));
            assert_eq!(end, RunEnd::Quiet);
        }
    }
}

/// Events and allocations of a run that has warmed up, with somebody looking on or nobody.
fn measured(servers: u32, observer: impl Observer) -> (u64, u64) {
    let world = region(servers);
    let round = round(&world);
    let mut engine = Engine::with_observer(world, Chance::new(Seed(1)), observer);
    play(&mut engine, &round, WARM_UP);
    let before = engine.events();
    let info = allocation_counter::measure(|| play(&mut engine, &round, ROUNDS));
    (engine.events() - before, info.count_total)
}

#[test]
fn events_allocate_nothing_once_a_run_has_warmed_up() {
    hold_steady([50, 100, 200].map(|servers| measured(servers, ())));
    let looks = || Watch(|_: SimTime, _: &World, _: &Effect| {});
    hold_steady([50, 100, 200].map(|servers| measured(servers, looks())));
}

fn hold_steady(counts: [(u64, u64); 3]) {
    for (events, allocations) in counts {
        assert!(
            allocations * 100 < events,
            "{allocations} allocations in {events} events"
        );
    }
    let [(few, some), (_, same), (many, last)] = counts;
    assert!(many > 3 * few, "four times the pairs make more events");
    assert_eq!(
        (some, some),
        (same, last),
        "allocations do not grow with the number of pairs"
    );
}

#[test]
fn a_reset_allocates_nothing() {
    let world = region(20);
    let round = round(&world);
    let prepared = Engine::new(world, Chance::new(Seed(1)));
    let mut engine = prepared.clone();
    let mut digests = Vec::new();
    for _ in 0..2 {
        play(&mut engine, &round, 2);
        digests.push(engine.digest());
        let info = allocation_counter::measure(|| engine.clone_from(&prepared));
        assert_eq!(info.count_total, 0, "the room of the run before is there");
    }
    assert_eq!(digests[0], digests[1], "a reset run begins anew");
    let text = |engine: &Engine| serde_json::to_string(&engine.checkpoint()).expect("it is data");
    assert_eq!(text(&engine), text(&prepared));
}

#[test]
fn a_reset_to_the_middle_of_a_run_allocates_nothing() {
    let world = region(20);
    let round = round(&world);
    let mut prepared = Engine::new(world, Chance::new(Seed(1)));
    play(&mut prepared, &round, 1);
    for command in &round[0] {
        prepared.submit(command).expect("the groups are idle");
    }
    let mut engine = prepared.clone();
    for _ in 0..2 {
        assert_eq!(
            engine.run_until_quiet(Limit::events(u64::MAX)),
            RunEnd::Quiet
        );
        engine.clone_from(&prepared);
    }
    assert!(engine.pending() > 0, "work is under way");
    let info = allocation_counter::measure(|| engine.clone_from(&prepared));
    assert_eq!(info.count_total, 0);
}

/// 5,000 pairs of no server, in step, all at work at once.
fn at_work() -> Engine {
    let text = "version: 1
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
domains: {metro: {azs: [az-1, az-2]}}
vpcs: {net: {cidr: 10.0.0.0/8}}
disks: {disk: {count: 5000, az: az-1, size: 10 GiB}}
groups: {app: {count: 50, domain: metro, vpc: net, protected: true}}
pairs: {data: {count: 5000, group: app, disk: disk}}
timeline: []
";
    let scenario = Scenario::load("pairs.yaml", text).expect("the file is well-formed");
    let mut engine = scenario.engine(None);
    for group in engine.world().groups.keys().collect::<Vec<_>>() {
        let group = Ref::from(Who::Group(group));
        let answer = engine.submit(&Call::Failover { group }.into());
        answer.expect("the groups are protected");
    }
    // The openings of the jobs, with which the sub-jobs begin.
    assert_eq!(engine.run_until_quiet(Limit::events(50)), RunEnd::LimitHit);
    assert_eq!(engine.pending(), 5000);
    engine
}

#[test]
fn a_pair_its_disks_and_its_event_to_come_take_little_room() {
    let engine = at_work();
    let world = engine.world();
    let each = |make: &dyn Fn()| {
        let held = allocation_counter::measure(make).bytes_max;
        held as f64 / 5000.0
    };
    let pairs = each(&|| drop(world.pairs.clone()));
    let disks = each(&|| drop(world.disks.clone()));
    let events = each(&|| drop(engine.queue().clone()));
    assert!(pairs <= 96.1, "the record of a pair takes {pairs} bytes");
    assert!(disks <= 176.1, "two disks take {disks} bytes");
    assert!(events <= 40.0, "an event takes {events} bytes");
    assert!(
        pairs > 50.0 && disks > 100.0 && events > 16.0,
        "it is counted"
    );
}

#[test]
fn a_fork_makes_no_copy_of_each_record() {
    let engine = at_work();
    let fork = allocation_counter::measure(|| drop(engine.fork_unseen()));
    // A few lists for the world, and a few for each of the 50 groups and their jobs.
    assert!(fork.count_total < 1000, "{} allocations", fork.count_total);
    let fresh = region(20);
    let fork = allocation_counter::measure(|| drop(fresh.clone()));
    assert!(fork.count_total > 10, "they are counted");
}

#[test]
fn allocations_are_counted() {
    let info = allocation_counter::measure(|| drop(vec![0_u8; 64]));
    assert_eq!(info.count_total, 1);
}
