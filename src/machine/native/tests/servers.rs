//! Servers.

use super::*;

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
        assert!(
            !f.server("app").usable,
            "it was shut off, or its guest is not initialized yet"
        );
        if after == Power::Active {
            f.end(Outcome::Done);
            assert!(matches!(f.out[..], [Effect::Usable { server }] if Who::Server(server) == who));
            assert!(f.server("app").usable);
        }
    }
}

#[test]
fn a_guest_that_cannot_be_initialized_leaves_a_server_that_runs_and_is_not_usable() {
    let mut f = Fixture::new();
    f.done(stop("app"));
    f.ask(start("app")).unwrap();
    f.end(Outcome::Done);
    f.end(failed());
    assert_eq!(
        (f.server("app").power, f.server("app").usable),
        (Power::Active, false)
    );
    f.ask(reboot("app")).unwrap();
    f.end(Outcome::Done);
    f.end(Outcome::Done);
    assert!(f.server("app").usable);
}

#[test]
fn an_initialization_ends_with_the_power_of_its_server() {
    let mut f = Fixture::new();
    f.done(stop("app"));
    f.ask(start("app")).unwrap();
    f.end(Outcome::Done);
    f.ask(stop("app")).unwrap();
    f.end(Outcome::Done);
    assert!(
        !f.server("app").usable,
        "the end of the initialization is stale"
    );
    f.end(Outcome::Done);
    assert_eq!(
        (f.server("app").power, f.server("app").usable),
        (Power::Shutoff, false)
    );
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
    assert!(f.disk("web-sys").servers().is_empty());
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
    assert_eq!(f.world.disks[disks[0].1].rest.drill, None);
    f.done(delete_server(&label));
    assert!(f.world.drills[drill].servers.is_empty());
    assert_eq!(f.world.disks[disks[1].1].rest.drill, None);
    f.done(Call::DeleteDrDrill { drill: "d".into() });
    assert!(disks.iter().all(|d| f.world.disks.contains_key(d.1)));
}
