//! Networks, switches, and what a project sees.

use super::*;

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
        f.out[..],
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
