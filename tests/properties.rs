//! Random histories of legal and illegal calls: nothing panics, nothing shows an unpublished status, a refusal changes
//! nothing, the counts add up, and the same seed gives the same run.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

mod common;

use common::*;
use proptest::prelude::*;
use sdrsim::engine::{Chance, Engine, Limit, Seed};
use sdrsim::machine::command::{Call, Command, Gigabytes, Native, TagInput};
use sdrsim::machine::query::{ListParameters, Query, Question, Scalar};
use sdrsim::sdrs::status::{Kind, Status};
use sdrsim::world::machinery::Power;
use sdrsim::world::{Who, World};

/// One step of a history.
#[derive(Clone, Debug)]
enum Step {
    Ask(Box<Command>),
    /// Ask a question, which must change nothing.
    Query(Box<Query>),
    /// Let so many events happen.
    Wait(u16),
}

fn group() -> impl Strategy<Value = String> {
    prop_oneof![8 => Just("g".to_owned()), 1 => Just("g2".to_owned()), 1 => Just("nowhere".to_owned())]
}

fn instance() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just("i".to_owned()), 2 => Just("i2".to_owned()), 1 => Just("nobody".to_owned())]
}

fn pair() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["p", "p2", "i/vda", "i/vdb", "nothing"]).prop_map(str::to_owned)
}

fn server() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["s1", "s2", "s3", "i/dr", "i2/dr", "d/i"]).prop_map(str::to_owned)
}

fn disk_label() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "spare-1", "spare-2", "p/dr", "s1-b", "i/vda/dr", "i/vdb/dr",
    ])
    .prop_map(str::to_owned)
}

fn query() -> impl Strategy<Value = Query> {
    let list = || {
        (group(), 0i64..1200).prop_map(|(g, limit)| ListParameters {
            limit: Some(Scalar::Integer(limit)),
            server_group_id: Some(g.as_str().into()),
            ..ListParameters::default()
        })
    };
    prop_oneof![
        group().prop_map(|g| Query::ShowProtectionGroup {
            group: g.as_str().into()
        }),
        pair().prop_map(|p| Query::ShowReplicationPair {
            pair: p.as_str().into()
        }),
        instance().prop_map(|i| Query::ShowProtectedInstance {
            instance: i.as_str().into()
        }),
        (1u32..40).prop_map(|n| Query::ShowJob {
            job: format!("job-{n}").as_str().into()
        }),
        list().prop_map(Query::ListReplicationPairs),
        list().prop_map(Query::ListProtectedInstances),
        list().prop_map(Query::ListFailedTasks),
        Just(Query::ShowQuotas {}),
        Just(Query::ListProjectTags {}),
    ]
}

fn group_call() -> impl Strategy<Value = Call> {
    let station = prop::sample::select(vec!["source", "target", "moon"]);
    prop_oneof![
        2 => group().prop_map(|g| create_group(&g)),
        6 => group().prop_map(|g| Call::StartProtection { group: g.as_str().into() }),
        3 => group().prop_map(|g| Call::StopProtection { group: g.as_str().into() }),
        4 => group().prop_map(|g| Call::Failover { group: g.as_str().into() }),
        4 => (group(), station).prop_map(|(g, s)| Call::PlannedFailover {
            group: g.as_str().into(),
            priority_station: s.into(),
        }),
        1 => group().prop_map(|g| Call::DeleteProtectionGroup { group: g.as_str().into() }),
        1 => group().prop_map(|g| Call::RenameProtectionGroup { group: g.as_str().into(), name: "x".into() }),
        2 => Just(create_drill("d")),
        1 => Just(Call::DeleteDrDrill { drill: "d".into() }),
        1 => group().prop_map(|g| Call::DeleteGroupFailedTasks { group: g.as_str().into() }),
        1 => Just(Call::DeleteAllFailedTasks {}),
    ]
}

fn member_call() -> impl Strategy<Value = Call> {
    let device = prop::sample::select(vec!["/dev/vdc", "/dev/sdb", "/dev/vda", "sdz"]);
    prop_oneof![
        3 => (instance(), server()).prop_map(|(i, s)| create_instance(&i, &s)),
        1 => (instance(), any::<bool>()).prop_map(|(i, both)| Call::DeleteProtectedInstance {
            instance: i.as_str().into(),
            delete_target_server: both,
            delete_target_eip: both,
        }),
        3 => (pair(), disk_label()).prop_map(|(p, d)| create_pair(&p, &d)),
        2 => (pair(), any::<bool>()).prop_map(|(p, both)| Call::DeleteReplicationPair {
            pair: p.as_str().into(),
            server_group_id: None,
            delete_target_volume: both,
        }),
        2 => (pair(), -5i64..40).prop_map(|(p, gib)| Call::ExpandReplicationPair {
            pair: p.as_str().into(),
            new_size: Gigabytes(gib),
        }),
        3 => (instance(), pair(), device).prop_map(|(i, p, d)| Call::AttachReplicationPair {
            instance: i.as_str().into(),
            pair: p.as_str().into(),
            device: d.into(),
        }),
        2 => (instance(), pair()).prop_map(|(i, p)| Call::DetachReplicationPair {
            instance: i.as_str().into(),
            pair: p.as_str().into(),
        }),
        1 => instance().prop_map(|i| Call::DeleteTag { instance: i.as_str().into(), key: "tier".into() }),
        1 => instance().prop_map(|i| Call::BatchDeleteTags {
            instance: i.as_str().into(),
            tags: vec![TagInput { key: "tier".into(), value: None }],
        }),
        1 => Just(add_nic()),
        1 => Just(Call::DeleteNic { instance: "i".into(), nic_id: "n2".into() }),
        1 => Just(resize()),
        1 => instance().prop_map(|i| Call::BatchAddTags {
            instance: i.as_str().into(),
            tags: vec![TagInput { key: "tier".into(), value: Some("gold".into()) }],
        }),
    ]
}

fn native() -> impl Strategy<Value = Native> {
    prop_oneof![
        3 => server().prop_map(|s| Native::StartServer { server: s.as_str().into() }),
        3 => server().prop_map(|s| Native::StopServer { server: s.as_str().into() }),
        1 => server().prop_map(|s| Native::RebootServer { server: s.as_str().into() }),
        1 => server().prop_map(|s| Native::DeleteServer { server: s.as_str().into() }),
        1 => disk_label().prop_map(|d| Native::DeleteDisk { disk: d.as_str().into() }),
        1 => (disk_label(), server()).prop_map(|(d, s)| Native::DetachDisk {
            disk: d.as_str().into(),
            server: s.as_str().into(),
        }),
        1 => (disk_label(), any::<bool>()).prop_map(|(d, broken)| Native::SetDisk {
            disk: d.as_str().into(),
            locked: None,
            frozen: None,
            broken: Some(broken),
        }),
        1 => any::<bool>().prop_map(|frozen| Native::FreezeAccount { frozen }),
        1 => Just(disk("s9", "az-1", false)),
        1 => (disk_label(), server()).prop_map(|(d, s)| Native::AttachDisk {
            disk: d.as_str().into(),
            server: s.as_str().into(),
            device: "/dev/vde".into(),
        }),
        1 => Just(Native::CreateNic { label: "n9".into(), server: "s1".into(), subnet: "lan".into(), ip: None }),
        1 => Just(Native::DeleteNic { nic: "n9".into() }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => group_call().prop_map(|call| Step::Ask(Box::new(call.into()))),
        4 => member_call().prop_map(|call| Step::Ask(Box::new(call.into()))),
        2 => native().prop_map(|act| Step::Ask(Box::new(act.into()))),
        2 => query().prop_map(|query| Step::Query(Box::new(query))),
        6 => (1u16..60).prop_map(Step::Wait),
    ]
}

fn begin(seed: u64, fails: f64) -> Engine {
    let mut pace = sdrsim::engine::Pace::default();
    for &op in sdrsim::sdrs::op::Op::ALL {
        if let Ok(job) = pace.job_mut(op) {
            job.fails = fails.try_into().unwrap();
        }
    }
    let mut region = region(settings());
    region.now(create_group("g")).unwrap();
    region.now(create_instance("i", "s1")).unwrap();
    Engine::new(region.finish(), Chance::new(Seed(seed)).at_pace(pace))
}

/// Takes a step; whether a command was refused.
fn take(engine: &mut Engine, step: &Step) -> bool {
    match step {
        Step::Ask(command) => engine.submit(command).is_err(),
        Step::Query(query) => engine.query(&Question::from((**query).clone())).is_err(),
        Step::Wait(events) => {
            let _ = engine.run_until_quiet(Limit::events(u64::from(*events)));
            false
        }
    }
}

/// What must be so of every world.
fn check(world: &World) {
    for &kind in Kind::ALL {
        for &status in Status::ALL {
            let shown = census(world, kind, status);
            assert_eq!(
                world.census[kind as usize][status as usize] as usize, shown,
                "{kind:?} {status}"
            );
            assert!(shown == 0 || kind.published().contains(&status));
        }
    }
    for (_, group) in &world.groups {
        let pairs = || group.pairs.iter().map(|p| &world.pairs[p]);
        assert_eq!(
            group.copying as usize,
            pairs().filter(|p| p.is_copying()).count()
        );
        assert_eq!(group.out as usize, pairs().filter(|p| p.is_out()).count());
        let invalid = pairs().filter(|p| p.life.status == Status::Invalid).count()
            + group
                .instances
                .iter()
                .filter(|&i| world.instances[i].life.status == Status::Invalid)
                .count();
        assert_eq!(group.invalid as usize, invalid);
    }
    let project = &world.projects[world.default_project];
    assert_eq!(project.usage.server_groups as usize, world.groups.len());
    assert_eq!(project.usage.replications as usize, world.pairs.len());
    let loose = world
        .pairs
        .values()
        .filter(|p| p.attached.is_empty())
        .count();
    assert_eq!(project.usage.unattached_pairs as usize, loose);
    for instance in world.instances.values() {
        let runs =
            |server: Option<_>| server.is_some_and(|s| world.servers[s].power == Power::Active);
        assert!(
            !(runs(instance.servers[0]) && runs(instance.servers[1])),
            "both sides of an instance run"
        );
    }
    for (key, nic) in &world.nics {
        assert!(world.subnets[nic.subnet].used.contains(&nic.ip));
        assert!(
            nic.server
                .is_none_or(|s| world.servers[s].nics.contains(&key))
        );
    }
}

fn census(world: &World, kind: Kind, status: Status) -> usize {
    let every = match kind {
        Kind::ProtectionGroup => world.groups.keys().map(Who::Group).collect::<Vec<_>>(),
        Kind::ProtectedInstance => world.instances.keys().map(Who::Instance).collect(),
        Kind::ReplicationPair => world.pairs.keys().map(Who::Pair).collect(),
        Kind::DisasterRecoveryDrill => world.drills.keys().map(Who::Drill).collect(),
    };
    every
        .into_iter()
        .filter(|&who| world.life(who).unwrap().status == status)
        .count()
}

proptest! {
    #[test]
    fn histories_keep_the_worlds_rules(
        seed in 0u64..1000,
        fails in prop_oneof![Just(0.0), Just(0.2)],
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut engine = begin(seed, fails);
        let mut twin = begin(seed, fails);
        let mut forked = None;
        for (n, step) in steps.iter().enumerate() {
            let before = (engine.digest(), serde_json::to_string(engine.world()).unwrap());
            let refused = take(&mut engine, step);
            if refused || matches!(step, Step::Query(_)) {
                prop_assert_eq!(before.0, engine.digest());
                prop_assert_eq!(before.1, serde_json::to_string(engine.world()).unwrap());
            }
            check(engine.world());
            take(&mut twin, step);
            if n == steps.len() / 2 {
                forked = Some(engine.fork());
            } else if let Some(fork) = &mut forked {
                take(fork, step);
            }
        }
        let mut ends = vec![engine, twin];
        ends.extend(forked);
        let digests: Vec<_> = ends
            .iter_mut()
            .map(|engine| {
                let _ = engine.run_until_quiet(Limit::events(100_000));
                check(engine.world());
                (engine.digest(), engine.now(), engine.events())
            })
            .collect();
        prop_assert!(digests.windows(2).all(|w| w[0] == w[1]), "{:?}", digests);
    }
}
