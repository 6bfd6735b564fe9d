//! Disks.

use super::*;

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
    assert!(f.disk("spare").servers().is_empty() && f.server("app").disks.len() == 1);
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
    assert_eq!(f.disk("quorum").servers().len(), 2);
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
    assert_eq!(f.pair("i/vdb").rest.failure, Some(Code::of(1804)));
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
        assert!(f.pair("p").is_consistent());
        f.done(delete_disk(disk));
        assert_eq!(f.status("p"), Status::Invalid);
        let disks = f.disks_of("p");
        let pair = f.pair("p");
        assert!(pair.rest.lost && disks[side].is_none() && disks[1 - side].is_some());
        assert_eq!(pair.is_consistent(), side == 0);
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
    assert!(!f.pair("p").is_consistent());
}
