//! Each need alone: a call that is taken, one thing about the world or the body altered, and the code that it is refused
//! with. The codes come from the rows, which `tests/contract.rs` compares with the published pages.

use super::*;
use crate::machine::command::{Command, CreateReplicationPair, Gigabytes, Native};
use crate::machine::fixture::{Fixture, new_group};
use crate::sdrs::codes::Code;
use crate::sdrs::rules::rule;
use crate::world::machinery::{Act, DiskType, Lock};
use crate::world::protection::DrCopy;
use crate::world::{DrillKey, Who};

/// What a need is broken by: something about the world, or about the body of the call.
type Alter<B> = fn(&mut Fixture, &mut B);

/// Every need of the row but those left out is broken by its cases, and by nothing before.
fn each_is_broken<B>(
    op: Op,
    left_out: &[Need],
    plain: fn(&mut Fixture) -> B,
    call: fn(B) -> Command,
    cases: &[(Need, Alter<B>)],
) {
    let mut f = Fixture::new();
    let body = plain(&mut f);
    assert!(f.ask(call(body)).is_ok(), "{op}: the plain call is taken");
    for &(need, code) in rule(op).needs {
        let mut own = cases.iter().filter(|case| case.0 == need).peekable();
        assert_eq!(own.peek().is_none(), left_out.contains(&need), "{need:?}");
        for (place, (_, alter)) in own.enumerate() {
            let mut f = Fixture::new();
            let mut body = plain(&mut f);
            alter(&mut f, &mut body);
            assert_eq!(f.code(call(body)), code.number(), "{op}: {need:?}, {place}");
        }
    }
}

fn flavor(f: &mut Fixture, label: &str) -> FlavorKey {
    match f.who(label) {
        Who::Flavor(key) => key,
        other => panic!("{label} is {other:?}"),
    }
}

fn other_vpc(f: &mut Fixture) -> VpcKey {
    f.done(Native::CreateVpc {
        label: "net-2".into(),
        name: None,
        cidr: "10.9.0.0/16".into(),
    });
    match f.who("net-2") {
        Who::Vpc(key) => key,
        other => panic!("{other:?}"),
    }
}

fn quotas(f: &mut Fixture) -> &mut crate::world::place::Quotas {
    let Some(Who::Project(key)) = f.world.find("default") else {
        panic!("there is a default project");
    };
    &mut f.world.projects[key].quotas
}

fn new_instance(_: &mut Fixture) -> CreateProtectedInstance {
    CreateProtectedInstance {
        label: Some("new".into()),
        server_group_id: "g".into(),
        server_id: "app".into(),
        name: None,
        description: None,
        primary_subnet_id: None,
        primary_ip_address: None,
        flavor_ref: None,
        tags: Vec::new(),
    }
}

#[test]
fn an_instance_is_made_of_a_whole_server_that_stands_still_in_the_right_place() {
    let cases: &[(Need, Alter<CreateProtectedInstance>)] = &[
        (Need::BadName, |_, new| new.name = Some("no spaces".into())),
        (Need::BadDescription, |_, new| {
            new.description = Some("<".into())
        }),
        (Need::UnknownServer, |_, new| new.server_id = "ghost".into()),
        (Need::ServerProtected, |_, new| new.server_id = "web".into()),
        (Need::ServerElsewhere, |f, _| {
            let az = f.disk("far").az;
            f.server("app").az = az;
        }),
        (Need::ServerInOtherVpc, |f, _| {
            let vpc = other_vpc(f);
            f.server("app").vpc = vpc;
        }),
        (Need::ServerUnsettled, |f, _| {
            f.server("app").power = Power::Error
        }),
        (Need::ServerUnsettled, |f, _| {
            f.server("app").act = Some(Act::Boot)
        }),
        (Need::ServerLockedBySystem, |f, _| {
            f.server("app").lock = Lock::System
        }),
        (Need::ServerLockedByService, |f, _| {
            f.server("app").lock = Lock::Service
        }),
        (Need::FlavorClass, |f, _| {
            let key = flavor(f, "m1");
            f.world.flavors[key].class = FlavorClass::Gpu;
        }),
        (Need::DrFlavor, |_, new| {
            new.flavor_ref = Some("ghost".into())
        }),
        (Need::NoDisk, |f, _| f.server("app").disks.clear()),
        (Need::NoSystemDisk, |f, _| {
            f.disk("app-sys").bootable = false
        }),
        (Need::SharedDisk, |f, _| f.disk("app-sys").shared = true),
        (Need::ServerDiskType, |f, _| {
            f.disk("app-sys").kind = DiskType::Essd
        }),
        (Need::SystemDiskError, |f, _| {
            f.disk("app-sys").broken = true
        }),
        (Need::ServerDiskEncrypted, |f, _| {
            f.disk("app-sys").rest.change(|rest| rest.encrypted = true)
        }),
        (Need::ServerDiskPaired, |f, _| {
            let pair = f.disk("vault").pair;
            f.disk("app-sys").pair = pair;
        }),
        (Need::PrimarySubnet, |_, new| {
            new.primary_subnet_id = Some("ghost".into())
        }),
        (Need::PrimaryAddress, |_, new| {
            new.primary_ip_address = Some("10.0.1.9".into())
        }),
        (Need::PrimaryAddress, |_, new| {
            new.primary_subnet_id = Some("lan".into());
            new.primary_ip_address = Some("10.0.2.9".into());
        }),
        (Need::PrimaryAddressTaken, |f, new| {
            let (ip, nic) = ("10.0.2.9", Some("extra".to_owned()));
            f.done(Call::AddNic {
                label: nic,
                instance: "i".into(),
                subnet_id: "lan-b".into(),
                ip_address: Some(ip.into()),
            });
            new.primary_subnet_id = Some("lan-b".into());
            new.primary_ip_address = Some(ip.into());
        }),
        (Need::InstanceLimit, |f, _| {
            quotas(f).instances_per_group = 1
        }),
        (Need::PairQuota, |f, _| quotas(f).replications = 3),
    ];
    let op = Op::CreateProtectedInstance;
    let call = |new| Call::CreateProtectedInstance(Box::new(new)).into();
    each_is_broken(
        op,
        &[Need::TooManyTagsAtCreation],
        new_instance,
        call,
        cases,
    );
}

#[test]
fn limits_are_reached_and_not_passed() {
    let call = |f: &mut Fixture| Call::CreateProtectedInstance(Box::new(new_instance(f)));
    for (instances, pairs) in [(2, 4), (-1, -1)] {
        let mut f = Fixture::new();
        quotas(&mut f).instances_per_group = instances;
        quotas(&mut f).replications = pairs;
        let call = call(&mut f);
        assert!(f.ask(call).is_ok(), "{instances} instances, {pairs} pairs");
    }
}

#[test]
fn an_instance_needs_room_for_a_pair_of_each_disk() {
    for (pairs, code) in [(4, Some(Code::of(306))), (5, None)] {
        let mut f = Fixture::new();
        f.done(Native::AttachDisk {
            disk: "spare".into(),
            server: "app".into(),
            device: "/dev/vdb".into(),
        });
        quotas(&mut f).replications = pairs;
        let call = Call::CreateProtectedInstance(Box::new(new_instance(&mut f)));
        let told = f.ask(call).err().and_then(|refusal| refusal.code());
        assert_eq!(told, code, "room for {pairs}");
    }
}

fn new_pair(_: &mut Fixture) -> CreateReplicationPair {
    CreateReplicationPair {
        label: Some("new".into()),
        server_group_id: "g".into(),
        volume_id: "spare".into(),
        name: None,
        description: None,
    }
}

#[test]
fn a_pair_is_made_of_a_disk_that_is_free_and_plain() {
    let cases: &[(Need, Alter<CreateReplicationPair>)] = &[
        (Need::BadName, |_, new| new.name = Some("no spaces".into())),
        (Need::BadDescription, |_, new| {
            new.description = Some("<".into())
        }),
        (Need::UnknownDisk, |_, new| new.volume_id = "ghost".into()),
        (Need::DiskFrozen, |f, _| f.disk("spare").frozen = true),
        (Need::DiskLocked, |f, _| f.disk("spare").locked = true),
        (Need::DiskPaired, |_, new| new.volume_id = "vault".into()),
        (Need::DiskInDrill, |f, _| {
            f.disk("spare")
                .rest
                .change(|rest| rest.drill = Some(DrillKey::default()))
        }),
        (Need::DiskNotAvailable, |_, new| {
            new.volume_id = "app-sys".into()
        }),
        (Need::DiskEncrypted, |f, _| {
            f.disk("spare").rest.change(|rest| rest.encrypted = true)
        }),
        (Need::DiskType, |f, _| {
            f.disk("spare").kind = DiskType::Gpssd
        }),
        (Need::DiskElsewhere, |_, new| new.volume_id = "far".into()),
        (Need::PairQuota, |f, _| quotas(f).replications = 3),
        (Need::UnattachedLimit, |f, _| quotas(f).unattached_pairs = 1),
    ];
    let op = Op::CreateReplicationPair;
    let call = |new| Call::CreateReplicationPair(Box::new(new)).into();
    each_is_broken(op, &[], new_pair, call, cases);
}

#[test]
fn a_pair_grows_where_both_disks_can() {
    let cases: &[(Need, Alter<i64>)] = &[
        (Need::NotLarger, |_, size| *size = 40),
        (Need::NotLarger, |_, size| *size = -1),
        (Need::NotLarger, |_, size| *size = i64::MAX),
        (Need::PairDiskLocked, |f, _| {
            f.disk("web-data").locked = true
        }),
        (Need::SharedPairInUse, |f, _| {
            f.disk("web-data").shared = true
        }),
        (Need::PairDiskUnsettled, |f, _| {
            f.disk("web-data").broken = true
        }),
        (Need::NoOnlineExpansion, |f, _| {
            f.disk("web-data").grows_online = false
        }),
    ];
    let call = |size| {
        let (pair, new_size) = ("i/vdb".into(), Gigabytes(size));
        Call::ExpandReplicationPair { pair, new_size }.into()
    };
    each_is_broken(Op::ExpandReplicationPair, &[], |_| 41, call, cases);
}

#[test]
fn a_pair_is_attached_within_its_group_where_the_device_is_free() {
    type Body = (&'static str, &'static str);
    let cases: &[(Need, Alter<Body>)] = &[
        (Need::PairInOtherGroup, |f, _| {
            f.done(Call::CreateProtectionGroup(Box::new(new_group("h"))));
            let Who::Group(group) = f.who("h") else {
                panic!("h is a group");
            };
            f.pair("p").group = group;
        }),
        (Need::AttachedOrDeviceTaken, |_, body| body.1 = "/dev/vdb"),
        (Need::AttachedOrDeviceTaken, |_, body| body.1 = "/dev/sdb"),
        (Need::AttachedOrDeviceTaken, |_, body| body.0 = "i/vdb"),
    ];
    let call = |(pair, device): Body| {
        let instance = "i".into();
        let (pair, device) = (pair.into(), device.into());
        Call::AttachReplicationPair {
            instance,
            pair,
            device,
        }
        .into()
    };
    let op = Op::AttachReplicationPair;
    each_is_broken(op, &[], |_| ("p", "/dev/vdc"), call, cases);
}

fn nic(subnet: &str, ip: Option<&str>) -> Call {
    Call::AddNic {
        label: None,
        instance: "i".into(),
        subnet_id: subnet.into(),
        ip_address: ip.map(Into::into),
    }
}

#[test]
fn a_nic_is_plugged_where_an_address_and_a_slot_are_free() {
    type Body = (&'static str, Option<&'static str>);
    let cases: &[(Need, Alter<Body>)] = &[
        (Need::Subnet, |_, body| body.0 = "ghost"),
        (Need::Address, |_, body| body.1 = Some("10.0.1.9")),
        (Need::Address, |_, body| body.1 = Some("nonsense")),
        (Need::AddressTaken, |f, body| {
            f.done(nic("lan-b", Some("10.0.2.9")));
            body.1 = Some("10.0.2.9");
        }),
        (Need::NicLimit, |f, _| {
            for _ in 1..limits::NICS_PER_INSTANCE {
                f.done(nic("lan-b", None));
            }
        }),
    ];
    let call = |(subnet, ip): Body| nic(subnet, ip).into();
    each_is_broken(Op::AddNic, &[], |_| ("lan-b", None), call, cases);
}

#[test]
fn a_group_is_made_between_two_azs_that_one_domain_joins() {
    type Body = CreateProtectionGroup;
    let cases: &[(Need, Alter<Body>)] = &[
        (Need::BadName, |_, new| new.name = Some("no spaces".into())),
        (Need::BadDescription, |_, new| {
            new.description = Some("<".into())
        }),
        (Need::BadAzs, |_, new| {
            new.source_availability_zone = "ghost".into()
        }),
        (Need::BadAzs, |_, new| {
            new.target_availability_zone = "ghost".into()
        }),
        (Need::BadAzs, |_, new| {
            new.target_availability_zone = "az-1".into()
        }),
        (Need::BadDomain, |_, new| new.domain_id = "ghost".into()),
        (Need::BadDomain, |f, _| {
            for (_, domain) in &mut f.world.domains {
                domain.sold_out = true;
            }
        }),
        (Need::BadDomain, |f, _| {
            for (_, domain) in &mut f.world.domains {
                domain.azs[0] = domain.azs[1];
            }
        }),
        (Need::UnknownVpc, |_, new| {
            new.source_vpc_id = "ghost".into()
        }),
        (Need::BadDrType, |_, new| {
            new.dr_type = Some("rescue".into())
        }),
        (Need::GroupQuota, |f, _| quotas(f).server_groups = 1),
    ];
    let call = |new| Call::CreateProtectionGroup(Box::new(new)).into();
    let op = Op::CreateProtectionGroup;
    each_is_broken(op, &[], |_| new_group("h"), call, cases);
}

#[test]
fn a_pair_is_deleted_from_the_group_that_is_named_when_nothing_hangs_on_it() {
    type Body = (&'static str, &'static str, bool);
    let cases: &[(Need, Alter<Body>)] = &[
        (Need::PairNotInGivenGroup, |f, body| {
            f.done(Call::CreateProtectionGroup(Box::new(new_group("h"))));
            body.1 = "h";
        }),
        (Need::PairAttached, |_, body| body.0 = "i/vdb"),
        (Need::TargetVolumeAfterSwitch, |f, body| {
            for (_, group) in &mut f.world.groups {
                group.station = Side::Target;
            }
            body.2 = true;
        }),
        (Need::TargetVolumeFrozen, |f, body| {
            for (_, project) in &mut f.world.projects {
                project.frozen = true;
            }
            body.2 = true;
        }),
    ];
    let call = |(pair, group, delete_target_volume): Body| {
        let (pair, server_group_id) = (pair.into(), Some(group.into()));
        Call::DeleteReplicationPair {
            pair,
            server_group_id,
            delete_target_volume,
        }
        .into()
    };
    let op = Op::DeleteReplicationPair;
    each_is_broken(op, &[], |_| ("p", "g", false), call, cases);
}

#[test]
fn a_raw_action_is_the_call_that_it_names() {
    for (action, op, taken) in [
        ("start-server-group", Op::StartProtection, true),
        ("stop-server-group", Op::StopProtection, false),
        ("failover-server-group", Op::Failover, false),
        ("reverse-server-group", Op::PlannedFailover, false),
    ] {
        let mut f = Fixture::new();
        let raw = |actions: &[&str]| Call::GroupAction {
            group: "g".into(),
            actions: actions.iter().map(|&action| action.into()).collect(),
            priority_station: "target".into(),
        };
        for wrong in [&[][..], &[action, action], &["start"]] {
            assert_eq!(f.code(raw(wrong)), 206, "{wrong:?}");
        }
        if taken {
            f.done(raw(&[action]));
            continue;
        }
        let admits = rule(op).admitted_in(crate::sdrs::status::Kind::ProtectionGroup);
        let code = admits.expect("it asks for a status").code;
        assert_eq!(f.code(raw(&[action])), code.number(), "{action}");
    }
}

#[test]
fn a_change_of_status_is_an_update_of_who_changes() {
    let mut f = Fixture::new();
    f.now = crate::time::SimTime::from_micros(7);
    f.done(Call::StartProtection { group: "g".into() });
    assert!(f.world.groups.values().all(|group| group.updated == f.now));
    assert!(f.world.pairs.values().all(|pair| pair.updated == f.now));
    assert!(f.world.instances.values().all(|it| it.updated == f.now));
}

#[test]
fn a_failover_needs_a_copy_of_every_pair_that_can_be_used() {
    let cases: &[(Need, Alter<()>)] = &[
        (Need::NoPair, |f, _| {
            for (_, group) in &mut f.world.groups {
                group.out = 3;
            }
        }),
        (Need::MemberInvalid, |f, _| {
            for (_, group) in &mut f.world.groups {
                group.invalid = 1;
            }
        }),
        (Need::DrUnusable, |f, _| {
            let disk = f.disks_of("i/vda")[Side::Target.index()];
            f.world.disks[disk.expect("it has one")].broken = true;
        }),
        (Need::CopyInconsistent, |f, _| {
            f.pair("p").dr_copy = DrCopy::Torn;
        }),
    ];
    let plain = |f: &mut Fixture| {
        f.done(Call::StartProtection { group: "g".into() });
    };
    // What arbitration and the level of faults say needs faults: `tests/arbitration.rs`, `tests/data_path.rs`.
    let by_faults = [Need::DrillOnly, Need::ArbitrationHolds, Need::Disconnected];
    let call = |()| Call::Failover { group: "g".into() }.into();
    each_is_broken(Op::Failover, &by_faults, plain, call, cases);
}

#[test]
fn names_of_another_text_are_told_apart_by_their_prints() {
    let mut f = Fixture::new();
    let mut prints = std::collections::BTreeSet::new();
    for name in ["one", "two", "one"] {
        let (group, name) = ("g".into(), name.to_owned());
        f.done(Call::RenameProtectionGroup { group, name });
        let told = f.out.iter().filter_map(|effect| match effect {
            crate::machine::Effect::Changed { value, .. } => Some(*value),
            _ => None,
        });
        prints.extend(told);
    }
    assert_eq!(prints.len(), 2, "{prints:?}");
}
