//! The machine driven by hand: lives of groups, instances, pairs and drills without an engine.

use super::command::{
    Call, CreateDrDrill, CreateProtectedInstance, CreateProtectionGroup, CreateReplicationPair, Ref,
};
use super::{
    Answer, Command, Effect, Effects, Event, Outcome, Refusal, admit, commit, happen, make,
};
use crate::sdrs::codes::Code;
use crate::sdrs::device::{Device, Hypervisor};
use crate::sdrs::op::Op;
use crate::sdrs::status::Status;
use crate::time::{Calendar, SimTime, UnixMicros};
use crate::units::Bytes;
use crate::world::job::Part;
use crate::world::machinery::{DiskType, Power};
use crate::world::place::{Az, Domain, Flavor, FlavorClass, Site};
use crate::world::settings::Settings;
use crate::world::{Who, World};
use std::collections::VecDeque;

/// A world and the events that are due, taken in the order in which they were asked for.
struct Hand {
    world: World,
    out: Effects,
    due: VecDeque<Event>,
    /// Work of these operations fails once with the code.
    fail: Vec<(Op, Code)>,
}

impl Hand {
    fn new() -> Hand {
        let calendar = Calendar {
            start: UnixMicros(0),
        };
        let mut world = World::empty("test", 1, calendar, Settings::default());
        let mut out = Effects::new();
        let w = &mut world;
        let mut azs = Vec::new();
        for n in 1..=2 {
            let (label, serial) = (make::label(w, &format!("site-{n}")), make::serial(w));
            let stable = label.stable(&w.words);
            let site = w.sites.insert(Site {
                label,
                stable,
                serial,
                dark: 0,
            });
            super::transition::enter(w, Who::Site(site), &mut out);
            let (label, serial) = (make::label(w, &format!("az-{n}")), make::serial(w));
            let stable = label.stable(&w.words);
            azs.push(w.azs.insert(Az {
                label,
                stable,
                serial,
                site,
                dark: 0,
                pool: Default::default(),
            }));
            super::transition::enter(w, Who::Az(azs[n - 1]), &mut out);
        }
        let (label, serial) = (make::label(w, "metro"), make::serial(w));
        let (stable, name) = (label.stable(&w.words), make::label(w, "metro"));
        let domain = Domain {
            label,
            stable,
            serial,
            name,
            description: w.words.intern(""),
            azs: [azs[0], azs[1]],
            sold_out: false,
            arbitration: Default::default(),
            mode: Default::default(),
            windows: 0,
        };
        let domain = w.domains.insert(domain);
        super::transition::enter(w, Who::Domain(domain), &mut out);
        let (label, serial) = (make::label(w, "m1"), make::serial(w));
        let stable = label.stable(&w.words);
        let class = FlavorClass::General;
        let flavor = Flavor {
            label,
            stable,
            serial,
            class,
            vcpus: 2,
            ram_mib: 4096,
            free: Default::default(),
            running: Default::default(),
        };
        let flavor = w.flavors.insert(flavor);
        super::transition::enter(w, Who::Flavor(flavor), &mut out);
        let (label, name) = (make::label(w, "net"), make::label(w, "net"));
        let project = w.default_project;
        let vpc = make::vpc(
            w,
            label,
            name,
            project,
            "10.0.0.0/16".parse().unwrap(),
            &mut out,
        );
        let label = make::label(w, "lan");
        let subnet = make::subnet(w, label, vpc, "10.0.1.0/24".parse().unwrap(), &mut out);
        for n in 1..=2u16 {
            let (label, name) = (make::label(w, &format!("s{n}")), make::label(w, "server"));
            let new = make::NewServer {
                label,
                project,
                name,
                az: azs[0],
                vpc,
                flavor,
                hypervisor: Hypervisor::Kvm,
                power: Power::Active,
            };
            let server = make::server(w, new, &mut out);
            let nic = make::free_part(w, label, "nic");
            let ip = w.subnets[subnet].free_address().unwrap();
            make::nic(w, nic, subnet, ip, Some(server), &mut out);
            for d in 0..2u16 {
                let label = make::label(w, &format!("s{n}-d{d}"));
                let disk = new_disk(label, project, name, azs[0], d == 0);
                let disk = make::disk(w, disk, &mut out);
                let device = Device::nth(Hypervisor::Kvm, d).unwrap();
                make::attach_disk(w, disk, server, device, &mut out);
            }
        }
        let (label, name) = (make::label(w, "spare"), make::label(w, "spare"));
        make::disk(w, new_disk(label, project, name, azs[0], false), &mut out);
        Hand {
            world,
            out: Effects::new(),
            due: VecDeque::new(),
            fail: Vec::new(),
        }
    }

    fn take_in(&mut self) {
        for effect in self.out.drain() {
            match effect {
                Effect::Begin {
                    who, epoch, doing, ..
                } => {
                    let failing = match doing {
                        super::Doing::Job(op, Part::Work) => {
                            self.fail.iter().position(|f| f.0 == op)
                        }
                        _ => None,
                    };
                    let outcome = match failing {
                        Some(n) => Outcome::Failed(self.fail.remove(n).1),
                        None => Outcome::Done,
                    };
                    self.due.push_back(Event::Settled {
                        who,
                        epoch,
                        doing,
                        outcome,
                        turn: 0,
                    });
                }
                Effect::CopyBegan { pair, copies, .. } => {
                    self.due.push_back(Event::Synced { pair, copies })
                }
                _ => {}
            }
        }
    }

    fn ask(&mut self, call: Call) -> Result<Answer, Refusal> {
        let admitted = admit(&self.world, &Command::from(call))?;
        let answer = commit(&mut self.world, SimTime::ZERO, admitted, &mut self.out);
        self.take_in();
        Ok(answer)
    }

    /// Asks and lets everything come to its end.
    fn done(&mut self, call: Call) {
        self.ask(call).unwrap();
        self.settle();
    }

    fn settle(&mut self) {
        while let Some(event) = self.due.pop_front() {
            happen(&mut self.world, SimTime::ZERO, event, &mut self.out);
            self.take_in();
        }
    }

    fn status(&self, label: &str) -> Status {
        self.world
            .reported(self.world.find(label).unwrap())
            .unwrap()
    }

    fn code(&mut self, call: Call) -> u16 {
        self.ask(call).unwrap_err().code().unwrap().number()
    }

    fn server(&self, label: &str) -> &crate::world::machinery::Server {
        match self.world.find(label) {
            Some(Who::Server(key)) => &self.world.servers[key],
            other => panic!("{label} is {other:?}"),
        }
    }

    /// A protected group `g` with instance `i` around server `s1`, in step.
    fn protected() -> Hand {
        let mut hand = Hand::new();
        hand.done(group());
        hand.done(instance("i", "s1"));
        hand.done(Call::StartProtection { group: "g".into() });
        hand
    }

    fn stop(&mut self, label: &str) {
        let Some(Who::Server(key)) = self.world.find(label) else {
            panic!("{label}")
        };
        make::set_power(&mut self.world, key, Power::Shutoff, &mut self.out);
    }
}

fn new_disk(
    label: crate::world::label::Label,
    project: crate::world::ProjectKey,
    name: crate::world::label::Name,
    az: crate::world::AzKey,
    bootable: bool,
) -> make::NewDisk {
    make::NewDisk {
        label,
        project,
        name,
        az,
        size: Bytes::gib(40),
        kind: DiskType::Ssd,
        bootable,
        shared: false,
        encrypted: false,
        grows_online: true,
        write: Default::default(),
    }
}

fn group() -> Call {
    Call::CreateProtectionGroup(Box::new(CreateProtectionGroup {
        label: Some("g".into()),
        name: None,
        description: None,
        source_availability_zone: "az-1".into(),
        target_availability_zone: "az-2".into(),
        domain_id: "metro".into(),
        source_vpc_id: "net".into(),
        dr_type: None,
        protection_type: Default::default(),
        copy_rate: None,
    }))
}

fn instance(label: &str, server: &str) -> Call {
    Call::CreateProtectedInstance(Box::new(CreateProtectedInstance {
        label: Some(label.into()),
        server_group_id: "g".into(),
        server_id: server.into(),
        name: None,
        description: None,
        primary_subnet_id: None,
        primary_ip_address: None,
        flavor_ref: None,
        tags: Vec::new(),
    }))
}

fn planned(station: &str) -> Call {
    Call::PlannedFailover {
        group: "g".into(),
        priority_station: station.into(),
    }
}

#[test]
fn a_group_is_made_protected_switched_over_and_back() {
    let mut hand = Hand::protected();
    for label in ["g", "i", "i/vda", "i/vdb"] {
        assert_eq!(hand.status(label), Status::Protected, "{label}");
    }
    assert_eq!(hand.code(planned("target")), 1352);
    let before = hand.server("s1").nics.clone();
    hand.stop("s1");
    assert_eq!(hand.code(planned("source")), 216);
    hand.done(planned("target"));
    assert_eq!(hand.status("g"), Status::Protected);
    assert_eq!(hand.server("i/dr").nics, before);
    hand.done(planned("source"));
    assert_eq!(hand.server("s1").nics, before);
    hand.done(Call::StopProtection { group: "g".into() });
    assert_eq!(hand.status("i/vda"), Status::Available);
}

#[test]
fn a_failover_fences_moves_the_nics_and_is_undone_by_reprotection() {
    let mut hand = Hand::protected();
    let moved = hand.server("s1").nics.clone();
    let own = hand.server("i/dr").nics.clone();
    hand.done(Call::Failover { group: "g".into() });
    assert_eq!(hand.status("g"), Status::FailedOver);
    assert_eq!(hand.status("i/vda"), Status::FailedOver);
    assert!(hand.server("s1").fenced && hand.server("s1").power == Power::Shutoff);
    assert_eq!(hand.server("i/dr").nics, moved);
    assert!(hand.server("s1").nics.is_empty());
    hand.done(Call::StartProtection { group: "g".into() });
    assert_eq!(hand.status("g"), Status::Protected);
    assert!(!hand.server("s1").fenced);
    assert_eq!(hand.server("s1").nics, own);
}

#[test]
fn a_sub_job_that_fails_leaves_the_rest_done_and_a_repetition_finishes_it() {
    let mut hand = Hand::protected();
    hand.fail.push((Op::Failover, Code::of(1030)));
    hand.done(Call::Failover { group: "g".into() });
    assert_eq!(hand.status("g"), Status::ErrorFailingOver);
    assert_eq!(hand.status("i"), Status::ErrorFailingOver);
    assert_eq!(hand.status("i/vda"), Status::ErrorFailingOver);
    assert_eq!(hand.status("i/vdb"), Status::FailedOver);
    assert_eq!(
        hand.server("s1").power,
        Power::Active,
        "servers stay as they were"
    );
    hand.done(Call::Failover { group: "g".into() });
    assert_eq!(hand.status("i/vda"), Status::FailedOver);
    assert_eq!(hand.server("s1").power, Power::Shutoff);
}

#[test]
fn failover_after_a_partial_planned_failover_aims_at_the_same_station() {
    let mut hand = Hand::protected();
    hand.stop("s1");
    hand.fail.push((Op::PlannedFailover, Code::of(1029)));
    hand.done(planned("target"));
    assert_eq!(hand.status("g"), Status::ErrorReversing);
    hand.done(Call::Failover { group: "g".into() });
    assert_eq!(hand.status("g"), Status::FailedOver);
    let Some(Who::Group(key)) = hand.world.find("g") else {
        panic!()
    };
    assert_eq!(hand.world.groups[key].station.name(), "target");
}

#[test]
fn pairs_are_made_attached_expanded_detached_and_deleted() {
    let mut hand = Hand::protected();
    hand.done(Call::CreateReplicationPair(Box::new(
        CreateReplicationPair {
            label: Some("p".into()),
            server_group_id: "g".into(),
            volume_id: "spare".into(),
            name: None,
            description: None,
        },
    )));
    assert_eq!(hand.status("p"), Status::Protected);
    let attach = |device: &str| Call::AttachReplicationPair {
        instance: "i".into(),
        pair: "p".into(),
        device: device.into(),
    };
    assert_eq!(
        hand.code(attach("/dev/sdb")),
        1603,
        "the other prefix is translated first"
    );
    hand.done(attach("/dev/sdc"));
    assert_eq!(hand.server("i/dr").disks.len(), 3);
    let delete = || Call::DeleteReplicationPair {
        pair: "p".into(),
        server_group_id: None,
        delete_target_volume: true,
    };
    assert_eq!(hand.code(delete()), 1605);
    hand.done(Call::ExpandReplicationPair {
        pair: "p".into(),
        new_size: super::command::Gigabytes(50),
    });
    assert_eq!(hand.status("p"), Status::Protected);
    hand.done(Call::DetachReplicationPair {
        instance: "i".into(),
        pair: "p".into(),
    });
    assert_eq!(hand.server("s1").disks.len(), 2);
    hand.done(delete());
    assert!(hand.world.find("p").is_none() && hand.world.find("p/dr").is_none());
    assert!(hand.world.find("spare").is_some());
}

#[test]
fn a_drill_runs_beside_production_and_leaves_no_trace_but_its_vpc() {
    let mut hand = Hand::protected();
    let servers = hand.world.servers.len();
    hand.done(Call::CreateDrDrill(Box::new(CreateDrDrill {
        label: Some("d".into()),
        server_group_id: "g".into(),
        name: None,
        drill_vpc_id: None,
    })));
    assert_eq!(hand.status("d"), Status::Available);
    assert_eq!(hand.server("d/i").power, Power::Active);
    assert_eq!(hand.server("d/i").disks.len(), 2);
    assert_eq!(
        hand.code(Call::DeleteProtectionGroup { group: "g".into() }),
        1001
    );
    hand.done(Call::DeleteDrDrill { drill: "d".into() });
    assert_eq!(hand.world.servers.len(), servers);
    assert!(hand.world.find("d/vpc").is_some());
}

#[test]
fn everything_can_be_deleted_again_and_the_counts_come_to_nothing() {
    let mut hand = Hand::protected();
    hand.done(Call::DeleteProtectedInstance {
        instance: "i".into(),
        delete_target_server: true,
        delete_target_eip: true,
    });
    hand.done(Call::DeleteProtectionGroup { group: "g".into() });
    assert!(hand.world.census.iter().flatten().all(|&n| n == 0));
    let usage = hand.world.projects[hand.world.default_project].usage;
    assert_eq!(
        (
            usage.server_groups,
            usage.replications,
            usage.unattached_pairs
        ),
        (0, 0, 0)
    );
    assert_eq!(hand.world.servers.len(), 2);
    assert_eq!(hand.world.disks.len(), 5);
}

#[test]
fn an_unknown_id_a_malformed_one_and_a_refusal_change_nothing() {
    let hand = Hand::protected();
    let before = serde_json::to_string(&hand.world).unwrap();
    let unknown = Ref::Id {
        id: "00000000-0000-4000-8000-000000000000".into(),
    };
    let bad = Ref::Id { id: "web".into() };
    for (group, code) in [(unknown, 1013), (bad, 207), ("g".into(), 1020)] {
        let refusal = admit(&hand.world, &Call::StartProtection { group }.into()).unwrap_err();
        assert_eq!(refusal.code().unwrap().number(), code);
    }
    assert_eq!(serde_json::to_string(&hand.world).unwrap(), before);
}

#[test]
fn a_label_may_be_used_again_and_its_jobs_are_new_ones() {
    let mut hand = Hand::protected();
    let drill = || {
        Call::CreateDrDrill(Box::new(CreateDrDrill {
            label: Some("d".into()),
            server_group_id: "g".into(),
            name: None,
            drill_vpc_id: None,
        }))
    };
    for _ in 0..3 {
        hand.done(drill());
        hand.done(Call::DeleteDrDrill { drill: "d".into() });
    }
    let mut ids: Vec<u64> = hand.world.jobs.values().map(|job| job.stable.0).collect();
    let jobs = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), jobs);
}
