//! What cannot stand in a world cannot be built: each is told by an error with data, never by a panic, and changes
//! nothing.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

mod common;

use common::*;
use sdrsim::machine::build::{NewFlavor, NewLink};
use sdrsim::machine::command::{Call, Command, CreateDisk, Native, Ref};
use sdrsim::machine::refusal::{NativeRefusal, Refusal};
use sdrsim::machine::{BuildError, Builder};
use sdrsim::sdrs::op::Op;
use sdrsim::time::{Calendar, Span, UnixMicros};
use sdrsim::units::{Bytes, Rate};
use sdrsim::world::fault::Blow;
use sdrsim::world::place::{FlavorClass, Quotas};
use sdrsim::world::settings::Settings;
use sdrsim::world::{Who, World};

/// Builds something in the small region; the error, when the world is as it was before.
fn refused<T>(build: impl FnOnce(&mut Builder) -> Result<T, BuildError>) -> BuildError {
    let mut region = region(settings());
    let before = serde_json::to_value(region.world()).unwrap();
    let Err(error) = build(&mut region) else {
        panic!("this can be built");
    };
    let after = serde_json::to_value(region.world()).unwrap();
    assert_eq!(before, after, "{error}");
    error
}

fn flavor(vcpus: u32, ram_mib: u32, free: &[(&str, u32)]) -> NewFlavor {
    NewFlavor {
        class: FlavorClass::General,
        vcpus,
        ram_mib,
        free: free.iter().map(|(az, n)| ((*az).to_owned(), *n)).collect(),
        running: Default::default(),
    }
}

fn unknown(word: &'static str, label: &str) -> BuildError {
    let label = label.to_owned();
    BuildError::Unknown { word, label }
}

fn native(why: NativeRefusal) -> BuildError {
    BuildError::Refused(Refusal::Native(why))
}

fn subnet(label: &str, vpc: &str, cidr: &str) -> Native {
    Native::CreateSubnet {
        label: label.into(),
        vpc: vpc.into(),
        cidr: cidr.into(),
    }
}

#[test]
fn places_lead_to_places_that_exist() {
    assert_eq!(
        refused(|r| r.az("az-3", "nowhere")),
        unknown("site", "nowhere")
    );
    assert_eq!(refused(|r| r.az("az-3", "az-1")), unknown("site", "az-1"));
    assert_eq!(
        refused(|r| r.domain("d", ["az-1", "moon"], false)),
        unknown("AZ", "moon")
    );
    assert_eq!(
        refused(|r| r.domain("d", ["site-1", "az-2"], false)),
        unknown("AZ", "site-1")
    );
    assert_eq!(
        refused(|r| r.flavor("m3", flavor(1, 1, &[("moon", 2)]))),
        unknown("AZ", "moon")
    );
}

#[test]
fn labels_are_given_once_and_have_one_form() {
    let long = "x".repeat(65);
    for bad in ["", "a b", "a/b", "ü", "a\n", &long] {
        let told = BuildError::NotALabel(bad.to_owned());
        assert_eq!(refused(|r| r.site(bad)), told);
        assert_eq!(refused(|r| r.az(bad, "site-1")), told);
        assert_eq!(refused(|r| r.domain(bad, ["az-1", "az-2"], false)), told);
        assert_eq!(refused(|r| r.flavor(bad, flavor(1, 1, &[]))), told);
        assert_eq!(refused(|r| r.project(bad, Quotas::default(), false)), told);
    }
    for taken in ["az-1", "default", "s1", "metro"] {
        let told = BuildError::LabelTaken(taken.to_owned());
        assert_eq!(refused(|r| r.site(taken)), told);
        assert_eq!(refused(|r| r.az(taken, "site-1")), told);
        assert_eq!(refused(|r| r.domain(taken, ["az-1", "az-2"], false)), told);
        assert_eq!(refused(|r| r.flavor(taken, flavor(1, 1, &[]))), told);
    }
    let taken = |label: &str| BuildError::LabelTaken(label.to_owned());
    let quotas = Quotas::default();
    assert_eq!(refused(|r| r.project("az-1", quotas, false)), taken("az-1"));
    let mut region = region(settings());
    region.project("other", quotas, false).unwrap();
    assert_eq!(
        region.project("other", quotas, true),
        Err(taken("other")),
        "a project is not overwritten by another one"
    );
}

#[test]
fn what_commands_make_is_labelled_like_the_rest_or_as_a_part() {
    for bad in ["", "a b", "/a", "a/", "a//b", "ä/b"] {
        let told = BuildError::NotALabel(bad.to_owned());
        assert_eq!(refused(|r| r.now(disk(bad, "az-1", false))), told);
        assert_eq!(refused(|r| r.now(subnet(bad, "net", "10.0.2.0/24"))), told);
        assert_eq!(refused(|r| r.now(create_group(bad))), told);
        assert_eq!(refused(|r| r.now(create_instance(bad, "s1"))), told);
        assert_eq!(refused(|r| r.now(create_pair(bad, "spare-1"))), told);
        assert_eq!(refused(|r| r.now(create_drill(bad))), told);
    }
    let taken = BuildError::Refused(Refusal::LabelTaken("s1".into()));
    assert_eq!(refused(|r| r.now(disk("s1", "az-1", false))), taken);
    assert_eq!(refused(|r| r.now(create_group("s1"))), taken);
    region(settings())
        .now(disk("s1/log", "az-1", false))
        .unwrap();
}

#[test]
fn values_are_possible() {
    assert_eq!(
        refused(|r| r.domain("d", ["az-1", "az-1"], false)),
        BuildError::SameAz("d".into())
    );
    for (vcpus, ram) in [(0, 1), (1, 0)] {
        let told = BuildError::EmptyFlavor("m3".into());
        assert_eq!(refused(|r| r.flavor("m3", flavor(vcpus, ram, &[]))), told);
    }
    for (of, set) in [
        (
            "protection groups",
            (|q, n| q.server_groups = n) as fn(&mut Quotas, i64),
        ),
        ("replication pairs", |q, n| q.replications = n),
        ("protected instances per group", |q, n| {
            q.instances_per_group = n
        }),
        ("unattached pairs", |q, n| q.unattached_pairs = n),
        ("VPCs", |q, n| q.vpcs = n),
        ("subnets", |q, n| q.subnets = n),
    ] {
        for (label, limit) in [("default", -2), ("other", i64::MIN)] {
            let mut quotas = Quotas::default();
            set(&mut quotas, limit);
            let project = label.to_owned();
            assert_eq!(
                refused(|r| r.project(label, quotas, false)),
                BuildError::Quota { project, of, limit }
            );
        }
        let mut quotas = Quotas::default();
        set(&mut quotas, 0);
        region(settings()).project("other", quotas, true).unwrap();
    }
    for size in [0, 1, Bytes::GIB + 1] {
        let Native::CreateDisk(new) = disk("d", "az-1", false) else {
            panic!("a disk is made by its act");
        };
        let size = Bytes(size);
        let new = Native::CreateDisk(Box::new(CreateDisk { size, ..*new }));
        let told = native(NativeRefusal::BadValue(size.to_string()));
        assert_eq!(refused(|r| r.now(new)), told);
    }
    for cidr in [
        "10.0.1.0/25",
        "10.1.0.0/24",
        "10.0.0.0/8",
        "10.0.2.1/24",
        "lan",
    ] {
        let told = native(NativeRefusal::BadValue(cidr.into()));
        assert_eq!(refused(|r| r.now(subnet("l", "net", cidr))), told);
    }
}

#[test]
fn commands_are_refused_as_in_a_run() {
    let missing = NativeRefusal::NotFound {
        word: "AZ".into(),
        id: "moon".into(),
    };
    assert_eq!(
        refused(|r| r.now(disk("d", "moon", false))),
        native(missing)
    );
    let code = |error: BuildError| match error {
        BuildError::Refused(refusal) => refusal.code().unwrap().to_string(),
        other => panic!("{other}"),
    };
    assert_eq!(code(refused(|r| r.now(start()))), "SDRS.1013");
    let twice = |r: &mut Builder| r.now(create_instance("i", "s1"));
    assert_eq!(code(refused(twice)), "SDRS.1013");
    let mut stranger = Command::from(start());
    stranger.project = Some("nobody".into());
    assert_eq!(
        refused(|r| r.now(stranger)),
        BuildError::Refused(Refusal::NoProject("nobody".into()))
    );
}

#[test]
fn a_key_of_another_world_leads_nowhere() {
    let mut larger = region(settings());
    let mut keys = Vec::new();
    for n in 0..3 {
        larger.now(create_group(&format!("g{n}"))).unwrap();
        let who = larger.world().find(&format!("g{n}")).unwrap();
        keys.push(who);
    }
    let disk_of_the_larger = larger.world().find("s1").unwrap();
    for who in keys {
        let group = Ref::Key(who);
        refused(|r| r.now(Call::StartProtection { group }));
    }
    // A key of another kind is no key of a disk.
    let disk = Ref::Key(disk_of_the_larger);
    refused(|r| r.now(Native::DeleteDisk { disk }));
}

fn link<'a>(between: [&'a str; 2], duct: Option<&'a str>) -> NewLink<'a> {
    NewLink {
        between,
        bandwidth: None,
        latency: Span::millis(1),
        duct,
    }
}

#[test]
fn links_and_witnesses_join_what_exists() {
    let nowhere = |label| unknown("AZ, relay or witness", label);
    for (between, label) in [
        (["az-1", "moon"], "moon"),
        (["moon", "az-1"], "moon"),
        (["site-1", "az-1"], "site-1"),
    ] {
        assert_eq!(
            refused(|r| r.link("l", link(between, None))),
            nowhere(label)
        );
    }
    let same = BuildError::SameEnd("l".into());
    assert_eq!(refused(|r| r.link("l", link(["az-1", "az-1"], None))), same);
    let across = ["az-1", "az-2"];
    for duct in ["trench", "az-1"] {
        let told = unknown("duct", duct);
        assert_eq!(refused(|r| r.link("l", link(across, Some(duct)))), told);
    }
    let taken = BuildError::LabelTaken("az-1".into());
    assert_eq!(refused(|r| r.link("az-1", link(across, None))), taken);

    let span = Span::mins(1);
    for domain in ["moon", "az-1"] {
        let told = unknown("domain", domain);
        assert_eq!(refused(|r| r.arbitrate(domain, "az-1", span)), told);
    }
    for witness in ["moon", "az-1"] {
        let told = unknown("witness", witness);
        assert_eq!(refused(|r| r.arbitrate("metro", witness, span)), told);
    }
    assert_eq!(refused(|r| r.control_in("moon")), unknown("AZ", "moon"));
}

#[test]
fn a_hazard_has_a_label_of_its_own_and_strikes_what_exists() {
    let mut other = region(settings());
    let key = other.link("trunk", link(["az-1", "az-2"], None)).unwrap();
    let blow = || vec![Blow::Link { link: key }];
    let missing = unknown("target of the hazard", "flaps");
    assert_eq!(refused(|r| r.hazard("flaps", blow())), missing);
    let form = BuildError::NotALabel("a b".into());
    assert_eq!(refused(|r| r.hazard("a b", vec![])), form);
    let harmless = BuildError::Harmless("flaps".into());
    assert_eq!(refused(|r| r.hazard("flaps", vec![])), harmless);
    let taken = |label: &str| Err(BuildError::LabelTaken(label.into()));
    assert_eq!(other.hazard("trunk", blow()), taken("trunk"));
    other.hazard("flaps", blow()).unwrap();
    assert_eq!(other.hazard("flaps", blow()), taken("flaps"));
    other.hazard("flaps-2", blow()).unwrap();
    assert_eq!(other.world().hazards.len(), 2);
    other.stagger(Op::Failover, Span::secs(9));
    let staggers = &other.world().staggers;
    assert_eq!(staggers[Op::Failover as usize], Span::secs(9));
    assert_ne!(staggers[Op::Reprotect as usize], Span::secs(9));
    other.control_in("az-2").unwrap();
    let az = other.world().find("az-2");
    assert_eq!(other.world().control.az.map(Who::Az), az);
}

/// The greatest values that are possible at all neither overflow nor divide by nothing.
#[test]
fn the_greatest_and_the_least_values_are_carried() {
    for (rate, begin) in [(0, i64::MIN), (1, i64::MAX), (u64::MAX, 0)] {
        let settings = Settings {
            copy_rate: Rate(rate),
            workers: Some(0),
            jobs_kept: 0,
            failed_tasks_kept: 0,
            subs_kept: 0,
            ..settings()
        };
        let mut region = region(settings);
        let calendar = Calendar {
            start: UnixMicros(begin),
        };
        assert!(
            World::builder("", u64::MAX, calendar, settings)
                .finish()
                .find("default")
                .is_some()
        );
        for label in ["vast-1", "vast-2"] {
            let Native::CreateDisk(new) = disk(label, "az-1", false) else {
                panic!("a disk is made by its act");
            };
            let size = Bytes(u64::MAX >> 30 << 30);
            region
                .now(Native::CreateDisk(Box::new(CreateDisk { size, ..*new })))
                .unwrap();
        }
        // Without a worker nothing that takes a job ends; what has been asked for is seen, and nothing breaks.
        let _ = region.now(create_group("g"));
        let _ = region.now(create_pair("p", "vast-1"));
        let _ = region.now(create_pair("p2", "vast-2"));
        let _ = region.now(start());
        region.finish();
    }
}

#[test]
fn what_is_built_stands_at_rest() {
    let mut region = region(settings());
    for call in [
        create_group("g"),
        create_instance("i", "s1"),
        create_pair("p", "spare-1"),
        start(),
        create_drill("d"),
    ] {
        region.now(call).unwrap();
    }
    let world = region.finish();
    assert!(world.jobs.is_empty() && world.finished.is_empty() && world.control.waiting.is_empty());
    assert_eq!((world.control.running, world.last_job), (0, 0));
    assert!(world.servers.values().all(|server| server.act.is_none()));
    assert!(
        world
            .groups
            .values()
            .all(|group| group.busy == 0 && group.copying == 0)
    );
}
