//! Every refusal of the cloud, and what each act does to the world.

use crate::machine::command::{Call, Command, CreateDrDrill, Native};
use crate::machine::effect::{Effect, Property};
use crate::machine::event::{Doing, Outcome};
use crate::machine::fixture::{Fixture, attach, new_disk, new_server};
use crate::machine::refusal::{NativeRefusal, Refusal};
use crate::machine::{Answer, admit};
use crate::sdrs::codes::Code;
use crate::sdrs::device::Hypervisor;
use crate::sdrs::policy::{Permission, Policies, Switch};
use crate::sdrs::status::Status;
use crate::units::Bytes;
use crate::world::Who;
use crate::world::machinery::{Act, Lock, Power};
use crate::world::protection::Copying;
use crate::world::settings::Settings;
use NativeRefusal::*;

fn start(server: &str) -> Native {
    Native::StartServer {
        server: server.into(),
    }
}

fn stop(server: &str) -> Native {
    Native::StopServer {
        server: server.into(),
    }
}

fn reboot(server: &str) -> Native {
    Native::RebootServer {
        server: server.into(),
    }
}

fn delete_server(server: &str) -> Native {
    Native::DeleteServer {
        server: server.into(),
    }
}

fn delete_disk(disk: &str) -> Native {
    Native::DeleteDisk { disk: disk.into() }
}

fn detach(disk: &str, server: &str) -> Native {
    Native::DetachDisk {
        disk: disk.into(),
        server: server.into(),
    }
}

fn delete_nic(nic: &str) -> Native {
    Native::DeleteNic { nic: nic.into() }
}

fn vpc(label: &str, cidr: &str) -> Native {
    Native::CreateVpc {
        label: label.into(),
        name: None,
        cidr: cidr.into(),
    }
}

fn subnet(label: &str, vpc: &str, cidr: &str) -> Native {
    Native::CreateSubnet {
        label: label.into(),
        vpc: vpc.into(),
        cidr: cidr.into(),
    }
}

fn nic(label: &str, subnet: &str, ip: Option<&str>) -> Native {
    Native::CreateNic {
        label: label.into(),
        server: "app".into(),
        subnet: subnet.into(),
        ip: ip.map(str::to_owned),
    }
}

fn eip(label: &str, address: &str) -> Native {
    Native::CreateEip {
        label: label.into(),
        address: address.into(),
    }
}

fn bind(eip: &str, nic: &str) -> Native {
    Native::BindEip {
        eip: eip.into(),
        nic: nic.into(),
    }
}

fn delete_eip(eip: &str) -> Native {
    Native::DeleteEip { eip: eip.into() }
}

fn lock(server: &str, lock: Lock) -> Native {
    Native::SetServer {
        server: server.into(),
        lock: Some(lock),
        broken: None,
    }
}

fn broken(server: &str, broken: bool) -> Native {
    Native::SetServer {
        server: server.into(),
        lock: None,
        broken: Some(broken),
    }
}

fn freeze(frozen: bool) -> Native {
    Native::FreezeAccount { frozen }
}

fn failed() -> Outcome {
    Outcome::Failed(Code::of(1308))
}

fn policies(policies: Policies) -> Settings {
    Settings {
        policies,
        ..Settings::default()
    }
}

fn power_is(server: &str, power: &str) -> NativeRefusal {
    NativeRefusal::Power {
        server: server.into(),
        power: power.into(),
    }
}

#[test]
fn a_server_takes_time_to_start_stop_and_reboot() {
    let mut f = Fixture::new();
    for (act, doing, before, after) in [
        (stop("app"), Act::Shutdown, Power::Active, Power::Shutoff),
        (start("app"), Act::Boot, Power::Shutoff, Power::Active),
        (reboot("app"), Act::Reboot, Power::Active, Power::Active),
    ] {
        let epoch = f.server("app").epoch;
        assert_eq!(f.ask(act), Ok(Answer::Done));
        assert_eq!(
            (f.server("app").power, f.server("app").act),
            (before, Some(doing))
        );
        let begin = f.out[0];
        let who = f.who("app");
        assert!(
            matches!(begin, Effect::Begin { who: w, epoch: e, doing: Doing::Act(a), .. }
            if w == who && e == epoch + 1 && a == doing)
        );
        for again in [start("app"), stop("app"), reboot("app")] {
            assert_eq!(f.native(again), Busy("app".into()));
        }
        f.end(Outcome::Done);
        assert_eq!((f.server("app").power, f.server("app").act), (after, None));
    }
}

#[test]
fn a_boot_that_fails_breaks_the_server_and_a_shutdown_that_fails_does_not() {
    let mut f = Fixture::new();
    f.ask(stop("app")).unwrap();
    f.end(failed());
    assert_eq!(
        (f.server("app").power, f.server("app").act),
        (Power::Active, None)
    );
    f.done(stop("app"));
    f.ask(start("app")).unwrap();
    f.end(failed());
    assert_eq!(f.server("app").power, Power::Error);
    assert!(matches!(
        f.out[0],
        Effect::Power {
            from: Power::Shutoff,
            to: Power::Error,
            ..
        }
    ));
    for act in [start("app"), stop("app"), reboot("app")] {
        assert_eq!(f.native(act), power_is("app", "error"));
    }
    f.done(broken("app", false));
    f.done(start("app"));
    f.ask(reboot("app")).unwrap();
    f.end(failed());
    assert_eq!(f.server("app").power, Power::Error);
}

#[test]
fn the_end_of_an_act_that_was_cut_short_does_nothing() {
    let mut f = Fixture::new();
    f.ask(reboot("app")).unwrap();
    f.ask(broken("app", true)).unwrap();
    f.end(Outcome::Done);
    assert_eq!(
        (f.server("app").power, f.out.len()),
        (Power::Error, 0),
        "what broke stays broken"
    );
    f.ask(reboot("web")).unwrap();
    f.ask(delete_server("web")).unwrap();
    f.end(Outcome::Done);
    assert!(f.out.is_empty());
}

#[test]
fn power_and_locks_are_asked_for() {
    let mut f = Fixture::new();
    assert_eq!(f.native(start("app")), power_is("app", "active"));
    f.done(stop("app"));
    assert_eq!(f.native(stop("app")), power_is("app", "shutoff"));
    assert_eq!(f.native(reboot("app")), power_is("app", "shutoff"));
    for by in [Lock::System, Lock::Service] {
        f.done(lock("app", by));
        for act in [
            start("app"),
            stop("app"),
            reboot("app"),
            delete_server("app"),
        ] {
            assert_eq!(f.native(act), Locked("app".into()));
        }
    }
    f.done(lock("app", Lock::None));
    f.done(start("app"));
}

#[test]
fn under_fencing_only_the_production_side_starts() {
    let mut f = Fixture::new();
    assert_eq!(f.native(start("i/dr")), DrSide("i/dr".into()));
    f.done(Call::StartProtection { group: "g".into() });
    f.done(Call::Failover { group: "g".into() });
    assert_eq!(f.native(start("web")), Fenced("web".into()));
    f.done(start("i/dr"));
    f.done(stop("i/dr"));
    f.done(Call::Reprotect { group: "g".into() });
    assert_eq!(f.native(start("web")), DrSide("web".into()));
}

#[test]
fn without_fencing_both_sides_start() {
    let off = Policies {
        fencing: Switch::Off,
        ..Policies::default()
    };
    let mut f = Fixture::with(policies(off));
    f.done(start("i/dr"));
    assert_eq!(
        (f.server("web").power, f.server("i/dr").power),
        (Power::Active, Power::Active)
    );
}

#[test]
fn a_new_server_needs_a_label_a_place_room_and_an_address() {
    let mut f = Fixture::new();
    let made = |change: &dyn Fn(&mut crate::machine::command::CreateServer)| {
        let mut new = new_server("db");
        change(&mut new);
        Native::CreateServer(Box::new(new))
    };
    let taken = admit(&f.world, &made(&|s| s.label = "web".into()).into());
    assert_eq!(taken.unwrap_err(), Refusal::LabelTaken("web".into()));
    assert_eq!(
        f.native(made(&|s| s.label = String::new())),
        BadValue(String::new())
    );
    for (act, word) in [
        (made(&|s| s.az = "x".into()), "AZ"),
        (made(&|s| s.vpc = "x".into()), "VPC"),
        (made(&|s| s.flavor = "x".into()), "flavor"),
        (made(&|s| s.subnet = Some("x".into())), "subnet"),
    ] {
        let (word, id) = (word.to_owned(), "x".to_owned());
        assert_eq!(f.native(act), NotFound { word, id });
    }
    f.done(vpc("alone", "10.1.0.0/16"));
    assert_eq!(
        f.native(made(&|s| {
            s.vpc = "alone".into();
            s.subnet = Some("lan".into());
        })),
        Elsewhere("lan".into())
    );
    for ip in ["10.0.1.1", "10.0.2.5", "10.0.1.255", "ten", "10.0.1.2"] {
        let act = made(&|s| s.ip = Some(ip.into()));
        assert_eq!(f.native(act), Address(ip.into()));
    }
    let act = made(&|s| {
        s.vpc = "alone".into();
        s.ip = Some("10.1.0.9".into());
    });
    assert_eq!(f.native(act), Address("10.1.0.9".into()));
    f.done(subnet("tiny", "alone", "10.1.0.0/30"));
    let mut only = new_server("only");
    only.vpc = "alone".into();
    f.done(Native::CreateServer(Box::new(only)));
    let act = made(&|s| s.vpc = "alone".into());
    assert_eq!(f.native(act), Address("10.1.0.0/30".into()));
}

#[test]
fn a_new_server_takes_a_place_and_leaves_it_when_it_is_deleted() {
    let mut f = Fixture::new();
    let capacity = |free| Native::SetCapacity {
        flavor: "m1".into(),
        az: "az-1".into(),
        free,
    };
    let create = || {
        let mut new = new_server("db");
        new.subnet = Some("lan-b".into());
        new.ip = Some("10.0.2.77".into());
        Native::CreateServer(Box::new(new))
    };
    f.done(capacity(Some(0)));
    assert!(matches!(
        f.out[..],
        [Effect::Changed {
            property: Property::Capacity,
            ..
        }]
    ));
    assert_eq!(f.native(create()), NoCapacity("m1".into()));
    f.done(capacity(Some(1)));
    let answer = f.done(create());
    assert_eq!(answer, Answer::Made(f.who("db")));
    let Who::Nic(nic) = f.who("db/nic") else {
        panic!("db/nic is a NIC")
    };
    assert!(f.world.nics[nic].primary);
    assert_eq!(f.world.nics[nic].ip, 0x0a00_024d);
    assert_eq!(f.native(capacity_probe()), NoCapacity("m1".into()));
    f.done(delete_server("db"));
    assert!(f.world.find("db").is_none() && f.world.find("db/nic").is_none());
    f.done(create());
    f.done(capacity(None));
    f.ask(capacity(None)).unwrap();
    assert!(f.out.is_empty(), "nothing changed");
    f.done(capacity_probe());
}

fn capacity_probe() -> Native {
    Native::CreateServer(Box::new(new_server("more")))
}

#[test]
fn a_frozen_account_deletes_nothing_that_is_billed() {
    let mut f = Fixture::new();
    f.done(eip("e", "80.0.0.1"));
    f.done(freeze(true));
    assert!(matches!(
        f.out[..],
        [Effect::Changed {
            property: Property::Frozen,
            value: 1,
            ..
        }]
    ));
    for act in [delete_server("app"), delete_disk("spare"), delete_eip("e")] {
        assert_eq!(f.native(act), Frozen);
    }
    f.ask(freeze(true)).unwrap();
    assert!(f.out.is_empty(), "nothing changed");
    f.done(freeze(false));
    for act in [delete_server("app"), delete_disk("spare"), delete_eip("e")] {
        f.done(act);
    }
}

#[test]
fn a_deleted_server_leaves_its_disks_and_an_invalid_instance() {
    let mut f = Fixture::new();
    f.done(delete_server("web"));
    assert!(f.disk("web-sys").servers.is_empty());
    assert_eq!(f.status("i"), Status::Invalid);
    assert_eq!(f.status("i/vda"), Status::Available);
    let replica = f.who("i/dr");
    let instance = f.instance("i");
    assert!(instance.lost && instance.servers[0].is_none());
    assert_eq!(instance.servers[1].map(Who::Server), Some(replica));
    assert_eq!(f.code(Call::StartProtection { group: "g".into() }), 1314);
    f.done(delete_server("i/dr"));
    assert_eq!(f.instance("i").servers, [None; 2]);
}

#[test]
fn an_instance_that_loses_a_server_during_an_operation_is_invalid_at_its_end() {
    let mut f = Fixture::new();
    f.ask(Call::StartProtection { group: "g".into() }).unwrap();
    f.ask(delete_server("i/dr")).unwrap();
    assert_eq!(f.status("i"), Status::Starting);
    while !f.due.is_empty() {
        f.end(Outcome::Done);
    }
    assert_eq!(f.status("g"), Status::Protected);
    assert_eq!(f.status("i"), Status::Invalid);
}

#[test]
fn a_server_of_a_drill_goes_and_its_disks_are_nobodys() {
    let mut f = Fixture::new();
    f.done(Call::StartProtection { group: "g".into() });
    f.done(Call::CreateDrDrill(Box::new(CreateDrDrill {
        label: Some("d".into()),
        server_group_id: "g".into(),
        name: None,
        drill_vpc_id: None,
    })));
    let Who::Drill(drill) = f.who("d") else {
        panic!("d is a drill")
    };
    let (_, server) = f.world.drills[drill].servers[0];
    let disks = f.world.servers[server].disks.clone();
    assert_eq!(disks.len(), 2);
    let label = f.world.label(Who::Server(server));
    let taken = f.world.label(Who::Disk(disks[0].1));
    f.done(detach(&taken, &label));
    assert_eq!(f.world.disks[disks[0].1].drill, None);
    f.done(delete_server(&label));
    assert!(f.world.drills[drill].servers.is_empty());
    assert_eq!(f.world.disks[disks[1].1].drill, None);
    f.done(Call::DeleteDrDrill { drill: "d".into() });
    assert!(disks.iter().all(|d| f.world.disks.contains_key(d.1)));
}

#[test]
fn a_disk_has_whole_gibibytes_and_is_attached_where_it_fits() {
    let mut f = Fixture::new();
    for size in [0, (1 << 30) + 1] {
        let mut new = new_disk("d", "az-1", false);
        new.size = Bytes(size);
        let shown = Bytes(size).to_string();
        assert_eq!(f.native(Native::CreateDisk(Box::new(new))), BadValue(shown));
    }
    let device = |device: &str| Device {
        server: "app".into(),
        device: device.into(),
    };
    assert_eq!(
        f.native(attach("far", "app", "/dev/vdb")),
        Elsewhere("far".into())
    );
    for bad in ["vdb", "/dev/vda", "/dev/sda"] {
        assert_eq!(f.native(attach("spare", "app", bad)), device(bad));
    }
    assert_eq!(
        f.native(attach("web-data", "app", "/dev/vdb")),
        Attached("web-data".into())
    );
    f.done(attach("spare", "app", "/dev/sdb"));
    let devices: Vec<String> = f
        .server("app")
        .disks
        .iter()
        .map(|d| d.0.to_string())
        .collect();
    assert_eq!(devices, ["/dev/vda", "/dev/vdb"]);
    assert!(matches!(
        f.out[..],
        [Effect::Changed {
            property: Property::Attachment,
            ..
        }]
    ));
    f.done(detach("spare", "app"));
    assert!(f.disk("spare").servers.is_empty() && f.server("app").disks.len() == 1);
    let (disk, server) = ("spare".to_owned(), "app".to_owned());
    assert_eq!(
        f.native(detach("spare", "app")),
        NotAttached { disk, server }
    );
}

#[test]
fn only_a_shared_disk_is_attached_twice_and_never_to_the_same_server() {
    let mut f = Fixture::new();
    let mut new = new_disk("quorum", "az-1", false);
    new.shared = true;
    let answer = f.done(Native::CreateDisk(Box::new(new)));
    assert_eq!(answer, Answer::Made(f.who("quorum")));
    let mut xen = new_server("xen");
    xen.hypervisor = Hypervisor::Xen;
    f.done(Native::CreateServer(Box::new(xen)));
    f.done(attach("quorum", "app", "/dev/vdb"));
    assert_eq!(
        f.native(attach("quorum", "app", "/dev/vdc")),
        Attached("quorum".into())
    );
    f.done(attach("quorum", "xen", "/dev/vdb"));
    assert_eq!(f.server("xen").disks[0].0.to_string(), "/dev/sdb");
    assert_eq!(f.disk("quorum").servers.len(), 2);
}

#[test]
fn under_fencing_no_other_server_gets_the_disk_that_replication_writes() {
    let mut new = new_server("thief");
    new.az = "az-2".into();
    let create = || Native::CreateServer(Box::new(new.clone()));
    let mut f = Fixture::new();
    f.done(create());
    assert_eq!(
        f.native(attach("p/dr", "thief", "/dev/vda")),
        Paired("p/dr".into())
    );
    f.done(detach("i/vdb/dr", "i/dr"));
    assert_eq!(
        f.native(attach("i/vdb/dr", "thief", "/dev/vda")),
        Paired("i/vdb/dr".into())
    );
    f.done(attach("i/vdb/dr", "i/dr", "/dev/vdb"));
    f.done(attach("vault", "app", "/dev/vdb"));
    let off = Policies {
        fencing: Switch::Off,
        ..Policies::default()
    };
    let mut f = Fixture::with(policies(off));
    f.done(create());
    f.done(attach("p/dr", "thief", "/dev/vda"));
}

#[test]
fn a_disk_of_a_pair_can_be_detached_and_then_the_service_cannot() {
    let mut f = Fixture::new();
    f.done(detach("web-data", "web"));
    f.done(Call::DetachReplicationPair {
        instance: "i".into(),
        pair: "i/vdb".into(),
    });
    assert_eq!(f.status("i/vdb"), Status::ErrorDetaching);
    assert_eq!(f.pair("i/vdb").failure, Some(Code::of(1804)));
}

#[test]
fn a_disk_is_deleted_when_it_is_free_unlocked_and_in_no_pair() {
    let mut f = Fixture::new();
    assert_eq!(
        f.native(delete_disk("web-data")),
        Attached("web-data".into())
    );
    assert_eq!(f.native(delete_disk("vault")), Paired("vault".into()));
    let locked = |locked| Native::SetDisk {
        disk: "spare".into(),
        locked: Some(locked),
        frozen: None,
        broken: None,
    };
    f.done(locked(true));
    assert_eq!(f.native(delete_disk("spare")), Locked("spare".into()));
    f.done(locked(false));
    f.done(delete_disk("spare"));
    assert!(f.world.find("spare").is_none());
    assert_eq!(f.world.disks.len(), 5 + 3);
}

#[test]
fn where_the_policy_allows_it_a_pair_loses_its_disk_and_is_invalid() {
    let allowed = Policies {
        native_disk_delete: Permission::Allowed,
        ..Policies::default()
    };
    for (disk, side) in [("vault", 0), ("p/dr", 1)] {
        let mut f = Fixture::with(policies(allowed));
        f.done(Call::StartProtection { group: "g".into() });
        assert!(f.pair("p").consistent);
        f.done(delete_disk(disk));
        assert_eq!(f.status("p"), Status::Invalid);
        let pair = f.pair("p");
        assert!(pair.lost && pair.disks[side].is_none() && pair.disks[1 - side].is_some());
        assert_eq!(pair.consistent, side == 0);
        assert_eq!(f.code(Call::Failover { group: "g".into() }), 1314);
    }
    let mut f = Fixture::with(policies(allowed));
    f.ask(Call::StartProtection { group: "g".into() }).unwrap();
    f.ask(delete_disk("vault")).unwrap();
    assert_eq!(f.status("p"), Status::Starting);
    while !f.due.is_empty() {
        f.end(Outcome::Done);
    }
    assert_eq!(f.status("p"), Status::Invalid);
}

#[test]
fn a_copy_ends_with_the_disk_that_it_read() {
    let allowed = Policies {
        native_disk_delete: Permission::Allowed,
        ..Policies::default()
    };
    let mut f = Fixture::with(policies(allowed));
    f.ask(Call::StartProtection { group: "g".into() }).unwrap();
    while !f.pair("p").is_copying() {
        f.end(Outcome::Done);
    }
    let Who::Group(group) = f.who("g") else {
        panic!("g is a group")
    };
    let before = f.world.groups[group].copying;
    f.ask(delete_disk("vault")).unwrap();
    assert_eq!(f.pair("p").copy, Copying::Stopped);
    assert_eq!(f.world.groups[group].copying, before - 1);
    while !f.due.is_empty() {
        f.end(Outcome::Done);
    }
    assert_eq!(f.world.groups[group].copying, 0);
    assert!(!f.pair("p").consistent);
}

#[test]
fn vpcs_and_subnets_nest_and_go_when_nothing_uses_them() {
    let mut f = Fixture::new();
    let usage = f.world.projects[f.world.default_project].usage;
    assert_eq!(
        f.native(vpc("v", "10.0.0.1/16")),
        BadValue("10.0.0.1/16".into())
    );
    for cidr in ["10.1.0.0/24", "10.0.1.128/25", "10.0.0.0/16", "lan"] {
        assert_eq!(f.native(subnet("s", "net", cidr)), BadValue(cidr.into()));
    }
    assert_eq!(f.done(vpc("v", "10.0.0.0/16")), Answer::Made(f.who("v")));
    let answer = f.done(subnet("s", "v", "10.0.1.0/24"));
    assert_eq!(answer, Answer::Made(f.who("s")));
    let delete_vpc = |vpc: &str| Native::DeleteVpc { vpc: vpc.into() };
    let delete_subnet = |subnet: &str| Native::DeleteSubnet {
        subnet: subnet.into(),
    };
    assert_eq!(f.native(delete_subnet("lan")), InUse("lan".into()));
    for used in ["v", "net"] {
        assert_eq!(f.native(delete_vpc(used)), InUse(used.into()));
    }
    f.done(delete_subnet("s"));
    let mut bare = new_server("bare");
    bare.vpc = "v".into();
    f.done(Native::CreateServer(Box::new(bare)));
    assert_eq!(f.native(delete_vpc("v")), InUse("v".into()));
    f.done(delete_server("bare"));
    f.done(delete_vpc("v"));
    assert!(f.world.find("v").is_none());
    assert_eq!(f.world.projects[f.world.default_project].usage, usage);
}

#[test]
fn a_primary_nic_goes_last_and_one_set_aside_never() {
    let mut f = Fixture::new();
    f.done(vpc("v", "10.9.0.0/16"));
    f.done(subnet("s", "v", "10.9.1.0/24"));
    assert_eq!(f.native(nic("n", "s", None)), Elsewhere("s".into()));
    assert_eq!(
        f.native(nic("n", "lan", Some("10.0.1.2"))),
        Address("10.0.1.2".into())
    );
    assert_eq!(
        f.done(nic("n", "lan-b", Some("10.0.2.9"))),
        Answer::Made(f.who("n"))
    );
    assert_eq!(f.native(delete_nic("app/nic")), InUse("app/nic".into()));
    f.done(delete_nic("n"));
    f.done(delete_nic("app/nic"));
    assert!(f.server("app").nics.is_empty());
    f.done(Call::StartProtection { group: "g".into() });
    f.done(Call::Failover { group: "g".into() });
    let aside = f.instance("i").set_aside.unwrap();
    let label = f.world.label(Who::Nic(aside));
    assert_eq!(f.native(delete_nic(&label)), InUse(label));
}

#[test]
fn an_eip_is_bound_to_one_nic_and_deleted_when_it_is_free() {
    let mut f = Fixture::new();
    assert_eq!(f.native(eip("e", "80.0.0")), Address("80.0.0".into()));
    assert_eq!(f.done(eip("e", "80.0.0.1")), Answer::Made(f.who("e")));
    assert_eq!(f.native(eip("e2", "80.0.0.1")), Address("80.0.0.1".into()));
    f.done(eip("e2", "80.0.0.2"));
    f.done(bind("e", "app/nic"));
    let (Who::Eip(key), Who::Nic(nic)) = (f.who("e"), f.who("app/nic")) else {
        panic!("e is an EIP")
    };
    assert_eq!(
        f.out,
        [Effect::EipBound {
            eip: key,
            to: Some(nic)
        }]
    );
    assert_eq!(f.world.nics[nic].eip, Some(key));
    assert_eq!(f.native(bind("e", "web/nic")), InUse("e".into()));
    assert_eq!(f.native(bind("e2", "app/nic")), InUse("app/nic".into()));
    assert_eq!(f.native(delete_eip("e")), InUse("e".into()));
    let unbind = || Native::UnbindEip { eip: "e".into() };
    f.done(unbind());
    assert_eq!(f.world.nics[nic].eip, None);
    f.ask(unbind()).unwrap();
    assert!(f.out.is_empty(), "nothing was bound");
    f.done(delete_eip("e"));
    assert!(f.world.find("e").is_none());
}

#[test]
fn switches_say_what_changed_and_only_that() {
    let mut f = Fixture::new();
    let disk = |on| Native::SetDisk {
        disk: "spare".into(),
        locked: Some(on),
        frozen: None,
        broken: Some(on),
    };
    let domain = Native::SetDomain {
        domain: "metro".into(),
        sold_out: true,
    };
    let said = |f: &Fixture| -> Vec<(Property, u64)> {
        let changes = f.out.iter().filter_map(|effect| match *effect {
            Effect::Changed {
                property, value, ..
            } => Some((property, value)),
            _ => None,
        });
        changes.collect()
    };
    f.ask(disk(true)).unwrap();
    assert_eq!(said(&f), [(Property::Lock, 1), (Property::Health, 1)]);
    assert!(f.disk("spare").locked && f.disk("spare").broken && !f.disk("spare").frozen);
    f.ask(disk(true)).unwrap();
    assert!(f.out.is_empty());
    f.ask(domain.clone()).unwrap();
    assert_eq!(said(&f), [(Property::SoldOut, 1)]);
    f.ask(domain).unwrap();
    assert!(f.out.is_empty());
    f.ask(lock("app", Lock::Service)).unwrap();
    assert_eq!(said(&f), [(Property::Lock, 2)]);
    f.ask(broken("app", false)).unwrap();
    assert!(f.out.is_empty(), "it was not broken");
}

#[test]
fn another_project_sees_nothing() {
    let f = Fixture::new();
    let acts = [
        (start("web"), "server", "web"),
        (delete_disk("spare"), "disk", "spare"),
        (delete_nic("app/nic"), "NIC", "app/nic"),
    ];
    for (act, word, id) in acts {
        let command = Command {
            project: Some("other".into()),
            ..act.into()
        };
        let (word, id) = (word.to_owned(), id.to_owned());
        assert_eq!(
            admit(&f.world, &command).unwrap_err(),
            Refusal::Native(NotFound { word, id })
        );
    }
}
