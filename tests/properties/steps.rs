//! The steps that histories are made of, and where they begin.

use crate::common::*;
use crate::faults::{FaultKind, join};
use proptest::prelude::*;
use sdrsim::engine::{Chance, Checker, Engine, Pace, Seed};
use sdrsim::machine::command::{
    Ask, Call, Command, CreateDisk, CreateDrDrill, CreateProtectedInstance, CreateProtectionGroup,
    CreateReplicationPair, CreateServer, Gigabytes, Native, Ref, TagInput,
};
use sdrsim::machine::query::{ListParameters, Query, Question, Scalar};
use sdrsim::sdrs::op::Op;
use sdrsim::sdrs::policy::Policies;
use sdrsim::units::{Bytes, Rate};
use sdrsim::world::World;
use sdrsim::world::machinery::Power;
use sdrsim::world::place::Quotas;
use sdrsim::world::protection::ProtectionType;
use sdrsim::world::replica::Load;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A run whose invariants are checked after every event.
pub type Checked = Engine<Chance, Checker>;

/// One step of a history.
#[derive(Clone, Debug)]
pub enum Step {
    /// Ask something of the world.
    Ask(Box<Command>),
    /// Ask a question, which must change nothing.
    Query(Box<Question>),
    /// Let so many events happen.
    Wait(u16),
    /// Something breaks or, unless it `begins`, is mended; what was never broken stays whole.
    Fault {
        /// The label of what it strikes; empty: the control plane.
        target: String,
        /// Which of the faults of such a target.
        kind: FaultKind,
        /// Whether it begins.
        begins: bool,
        /// Whether the world takes it in before the next step, or together with others.
        taken_in: bool,
    },
    /// One of the faults in force ends.
    Mend(usize),
    /// Let so many seconds pass.
    Pass(u64),
}

/// Any of these labels.
pub fn any_of(labels: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(labels).prop_map(str::to_owned)
}

pub fn group() -> impl Strategy<Value = String> {
    prop_oneof![8 => Just("g".to_owned()), 3 => any_of(&["g2", "other-g"]), 1 => Just("nowhere".to_owned())]
}

fn instance() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just("i".to_owned()), 3 => any_of(&["i2", "other-i", "nobody"])]
}

fn pair() -> impl Strategy<Value = String> {
    any_of(&["p", "p2", "i/vda", "i/vdb", "other-p", "nothing"])
}

pub fn server() -> impl Strategy<Value = String> {
    any_of(&["s1", "s2", "s3", "i/dr", "i2/dr", "d/i", "new-s", "other-s"])
}

pub fn disk_label() -> impl Strategy<Value = String> {
    any_of(&[
        "spare-1", "spare-2", "p/dr", "s1-b", "i/vda/dr", "i/vdb/dr", "new-d", "other-d",
    ])
}

fn drill() -> impl Strategy<Value = String> {
    any_of(&["d", "d2", "other-drill"])
}

fn vpc() -> impl Strategy<Value = String> {
    any_of(&["net", "net", "drill-net", "new-net", "other-net"])
}

fn subnet() -> impl Strategy<Value = String> {
    any_of(&["lan", "drill-lan", "new-lan", "other-lan"])
}

/// Half of what is made has a label of its own, the rest gets one.
fn label(of: impl Strategy<Value = String>) -> impl Strategy<Value = Option<String>> {
    prop::option::of(of)
}

fn creation() -> impl Strategy<Value = Call> {
    let azs = prop::sample::select(vec![("az-1", "az-2"), ("az-1", "az-2"), ("az-2", "az-1")]);
    let protection = prop::sample::select(vec![
        ProtectionType::ReplicationPair,
        ProtectionType::ConsistencyGroup,
    ]);
    prop_oneof![
        2 => (label(group()), azs, vpc(), protection).prop_map(|(label, azs, vpc, protection_type)| {
            Call::CreateProtectionGroup(Box::new(CreateProtectionGroup {
                label,
                name: None,
                description: None,
                source_availability_zone: azs.0.into(),
                target_availability_zone: azs.1.into(),
                domain_id: "metro".into(),
                source_vpc_id: vpc.as_str().into(),
                dr_type: None,
                protection_type,
                copy_rate: None,
            }))
        }),
        3 => (label(instance()), group(), server(), prop::option::of(subnet())).prop_map(|(label, group, server, subnet)| {
            Call::CreateProtectedInstance(Box::new(CreateProtectedInstance {
                label,
                server_group_id: group.as_str().into(),
                server_id: server.as_str().into(),
                name: None,
                description: None,
                primary_subnet_id: subnet.as_deref().map(Ref::from),
                primary_ip_address: None,
                flavor_ref: None,
                tags: Vec::new(),
            }))
        }),
        3 => (label(pair()), group(), disk_label()).prop_map(|(label, group, disk)| {
            Call::CreateReplicationPair(Box::new(CreateReplicationPair {
                label,
                server_group_id: group.as_str().into(),
                volume_id: disk.as_str().into(),
                name: None,
                description: None,
            }))
        }),
        3 => (label(drill()), group(), prop::option::of(vpc())).prop_map(|(label, group, vpc)| {
            Call::CreateDrDrill(Box::new(CreateDrDrill {
                label,
                server_group_id: group.as_str().into(),
                name: None,
                drill_vpc_id: vpc.as_deref().map(Ref::from),
            }))
        }),
    ]
}

fn native_creation() -> impl Strategy<Value = Native> {
    let az = || prop::sample::select(vec!["az-1", "az-1", "az-2"]);
    let power = prop::sample::select(vec![Power::Active, Power::Shutoff]);
    prop_oneof![
        2 => (any_of(&["new-s", "s3", "other-s"]), az(), vpc(), power, prop::option::of(subnet())).prop_map(
            |(label, az, vpc, power, subnet)| {
                Native::CreateServer(Box::new(CreateServer {
                    label,
                    name: None,
                    az: az.into(),
                    vpc: vpc.as_str().into(),
                    flavor: "m1".into(),
                    hypervisor: Default::default(),
                    power,
                    subnet: subnet.as_deref().map(Ref::from),
                    ip: None,
                }))
            },
        ),
        2 => (any_of(&["new-d", "spare-2", "other-d"]), az(), 0u64..1 << 34, any::<bool>()).prop_map(
            |(label, az, gib, shared)| {
                Native::CreateDisk(Box::new(CreateDisk {
                    label,
                    name: None,
                    az: az.into(),
                    // Small ones and the greatest that there are.
                    size: Bytes(if gib % 8 == 0 { gib << 30 } else { (gib % 40) << 30 }),
                    kind: Default::default(),
                    bootable: false,
                    shared,
                    encrypted: false,
                    grows_online: true,
                    load: None,
                    throughput: None,
                    write_latency: Default::default(),
                }))
            },
        ),
        1 => vpc().prop_map(|label| Native::CreateVpc { label, name: None, cidr: "10.0.0.0/8".into() }),
        1 => (subnet(), vpc(), 1u8..4).prop_map(|(label, vpc, n)| Native::CreateSubnet {
            label,
            vpc: vpc.as_str().into(),
            cidr: format!("10.0.{n}.0/24"),
        }),
    ]
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
        6 => group().prop_map(|g| Call::StartProtection { group: g.as_str().into() }),
        3 => group().prop_map(|g| Call::StopProtection { group: g.as_str().into() }),
        4 => group().prop_map(|g| Call::Failover { group: g.as_str().into() }),
        4 => (group(), station).prop_map(|(g, s)| Call::PlannedFailover {
            group: g.as_str().into(),
            priority_station: s.into(),
        }),
        1 => group().prop_map(|g| Call::DeleteProtectionGroup { group: g.as_str().into() }),
        1 => group().prop_map(|g| Call::RenameProtectionGroup { group: g.as_str().into(), name: "x".into() }),
        1 => drill().prop_map(|d| Call::DeleteDrDrill { drill: d.as_str().into() }),
        1 => group().prop_map(|g| Call::DeleteGroupFailedTasks { group: g.as_str().into() }),
        1 => Just(Call::DeleteAllFailedTasks {}),
    ]
}

fn member_call() -> impl Strategy<Value = Call> {
    let device = prop::sample::select(vec!["/dev/vdc", "/dev/sdb", "/dev/vda", "sdz"]);
    prop_oneof![
        1 => (instance(), any::<bool>()).prop_map(|(i, both)| Call::DeleteProtectedInstance {
            instance: i.as_str().into(),
            delete_target_server: both,
            delete_target_eip: both,
        }),
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
        1 => (disk_label(), server()).prop_map(|(d, s)| Native::AttachDisk {
            disk: d.as_str().into(),
            server: s.as_str().into(),
            device: "/dev/vde".into(),
        }),
        1 => (server(), subnet()).prop_map(|(server, subnet)| Native::CreateNic {
            label: "n9".into(),
            server: server.as_str().into(),
            subnet: subnet.as_str().into(),
            ip: None,
        }),
        1 => Just(Native::DeleteNic { nic: "n9".into() }),
    ]
}

/// What belongs to the first project, and the like of it in the second.
const ALIKE: &[(&str, &str)] = &[
    ("g", "other-g"),
    ("i", "other-i"),
    ("p", "other-p"),
    ("i/vda", "other-i/vda"),
    ("d", "other-drill"),
    ("s1", "other-s"),
    ("i/dr", "other-i/dr"),
    ("spare-1", "other-d"),
    ("net", "other-net"),
    ("lan", "other-lan"),
];

/// The same form with the labels of the second project.
fn moved(form: Value) -> Value {
    match form {
        Value::String(text) => match ALIKE.iter().find(|(first, _)| *first == text) {
            Some((_, second)) => Value::from(*second),
            None => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(moved).collect(),
        Value::Object(map) => map.into_iter().map(|(key, of)| (key, moved(of))).collect(),
        other => other,
    }
}

/// Who asks, and whether of what is its own: mostly the first project; the second asks as often of its own as of what
/// the first one would ask.
fn asked_by<T: Serialize + DeserializeOwned>(
    what: T,
    (second, own): (bool, bool),
) -> (Option<String>, T) {
    let project = second.then(|| OTHER.to_owned());
    if !(second && own) {
        return (project, what);
    }
    let form = moved(serde_json::to_value(what).unwrap());
    (project, serde_json::from_value(form).unwrap())
}

fn moved_call(call: Call) -> Call {
    asked_by(call, (true, true)).1
}

fn asker() -> impl Strategy<Value = (bool, bool)> {
    prop_oneof![2 => Just((false, true)), 1 => any::<bool>().prop_map(|own| (true, own))]
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        3 => creation().prop_map(Ask::Call),
        4 => group_call().prop_map(Ask::Call),
        4 => member_call().prop_map(Ask::Call),
        1 => native_creation().prop_map(Ask::Native),
        2 => native().prop_map(Ask::Native),
    ]
}

/// Any step.
pub fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (asker(), ask()).prop_map(|(asker, ask)| {
            let (project, ask) = asked_by(ask, asker);
            Step::Ask(Box::new(Command { project, ask }))
        }),
        2 => (asker(), query()).prop_map(|(asker, query)| {
            let (project, query) = asked_by(query, asker);
            Step::Query(Box::new(Question { project, query }))
        }),
        6 => (1u16..60).prop_map(Step::Wait),
    ]
}

/// The label of the second project; what it owns when the run begins is called `other-...`.
pub const OTHER: &str = "other";

fn quotas(server_groups: i64, replications: i64) -> Quotas {
    Quotas {
        server_groups,
        replications,
        instances_per_group: 2,
        vpcs: 3,
        ..Quotas::default()
    }
}

/// How long jobs last, and how often they fail.
pub fn pace(fails: f64) -> Pace {
    let mut pace = Pace::default();
    for &op in Op::ALL {
        if let Ok(job) = pace.job_mut(op) {
            job.fails = fails.try_into().unwrap();
        }
    }
    pace
}

/// Two projects, each with a protected group of an instance and a pair, and with quotas that are soon reached.
pub fn begin(seed: u64, fails: f64) -> Checked {
    begin_in(begun(None), seed, fails)
}

/// A run of a world that checks every invariant after every event.
pub fn begin_in(world: World, seed: u64, fails: f64) -> Checked {
    let chance = Chance::new(Seed(seed)).at_pace(pace(fails));
    Engine::with_observer(world, chance, Checker::new())
}

/// The world that histories begin in. Where it `breaks` it has links in a duct, a witness that arbitrates, writes, and the
/// policies and the kind of groups that are asked for.
pub fn begun(breaks: Option<(Policies, ProtectionType)>) -> World {
    let mut chosen = settings();
    let mut create = create_group("g");
    if let Some((policies, protection)) = breaks {
        chosen.policies = policies;
        if let Call::CreateProtectionGroup(group) = &mut create {
            group.protection_type = protection;
        }
    }
    let mut region = region(chosen);
    region.project("default", quotas(3, 6), false).unwrap();
    if breaks.is_some() {
        join(&mut region);
    }
    region.now(create.clone()).unwrap();
    region.now(create_instance("i", "s1")).unwrap();
    region.now(create_pair("p", "spare-1")).unwrap();
    region.now(start()).unwrap();
    region.project(OTHER, quotas(2, 3), false).unwrap();
    let mut other = |ask: Ask| {
        let project = Some(OTHER.to_owned());
        region.now(Command { project, ask }).unwrap();
    };
    other(Ask::Native(Native::CreateVpc {
        label: "other-net".into(),
        name: None,
        cidr: "10.0.0.0/16".into(),
    }));
    other(Ask::Native(Native::CreateSubnet {
        label: "other-lan".into(),
        vpc: "other-net".into(),
        cidr: "10.0.1.0/24".into(),
    }));
    other(Ask::Native(Native::CreateServer(Box::new(CreateServer {
        label: "other-s".into(),
        name: None,
        az: "az-1".into(),
        vpc: "other-net".into(),
        flavor: "m1".into(),
        hypervisor: Default::default(),
        power: Power::Active,
        subnet: None,
        ip: None,
    }))));
    other(Ask::Native(disk("other-d", "az-1", false)));
    other(Ask::Native(disk("other-s-a", "az-1", true)));
    other(Ask::Native(Native::AttachDisk {
        disk: "other-s-a".into(),
        server: "other-s".into(),
        device: "/dev/vda".into(),
    }));
    other(Ask::Call(moved_call(create)));
    other(Ask::Call(moved_call(create_instance("i", "s1"))));
    other(Ask::Call(moved_call(create_pair("p", "spare-1"))));
    other(Ask::Call(moved_call(start())));
    if breaks.is_some() {
        let server = by("s1");
        region.now(Native::StartServer { server }).unwrap();
        for disk in ["s1-b", "other-s-a"] {
            let mut load = Command::from(Native::SetLoad {
                disk: disk.into(),
                load: Some(Load::uniform(Rate(8 << 20))),
            });
            load.project = disk.starts_with(OTHER).then(|| OTHER.to_owned());
            region.now(load).unwrap();
        }
    }
    region.finish()
}
