//! What comes between the admission of a call and the end of its job, and the code that the job ends with.

use super::*;
use crate::machine::Answer;
use crate::machine::command::{Call, Command};
use crate::machine::event::Outcome;
use crate::machine::fixture::{Fixture, attach, new_drill};
use crate::sdrs::status::Status;
use crate::world::machinery::Disk;
use crate::world::replica::Outage;
use crate::world::settings::Settings;

fn protected() -> Fixture {
    let mut f = Fixture::new();
    f.done(Call::StartProtection { group: "g".into() });
    f
}

fn begun(f: &mut Fixture, call: impl Into<Command>) -> JobKey {
    match f.ask(call) {
        Ok(Answer::Job(job)) => job,
        other => panic!("a job: {other:?}"),
    }
}

fn ended(f: &mut Fixture, job: JobKey) -> Option<u16> {
    while !f.due.is_empty() {
        f.end(Outcome::Done);
    }
    f.world.jobs[job].code.map(Code::number)
}

/// How a job ends if this happens after it was accepted.
fn ends(mut f: Fixture, call: Call, meanwhile: impl Fn(&mut Fixture)) -> Option<u16> {
    let job = begun(&mut f, call);
    meanwhile(&mut f);
    ended(&mut f, job)
}

fn dr_disk<'a>(f: &'a mut Fixture, pair: &str) -> &'a mut Disk {
    let disk = f.disks_of(pair)[Side::Target.index()].expect("it has one");
    &mut f.world.disks[disk]
}

#[test]
fn a_locked_dr_server_or_disk_is_not_deleted() {
    let delete = |delete_target_server| Call::DeleteProtectedInstance {
        instance: "i".into(),
        delete_target_server,
        delete_target_eip: false,
    };
    let lock_disk = |f: &mut Fixture| dr_disk(f, "i/vdb").locked = true;
    let lock_server = |f: &mut Fixture| f.server("i/dr").lock = Lock::Service;
    assert_eq!(ends(Fixture::new(), delete(true), |_| ()), None);
    assert_eq!(ends(Fixture::new(), delete(true), lock_server), Some(1307));
    assert_eq!(ends(Fixture::new(), delete(true), lock_disk), Some(1813));
    assert_eq!(ends(Fixture::new(), delete(false), lock_server), None);
}

#[test]
fn a_locked_dr_disk_is_not_deleted_with_its_pair() {
    let delete = |delete_target_volume| Call::DeleteReplicationPair {
        pair: "p".into(),
        server_group_id: None,
        delete_target_volume,
    };
    let lock = |f: &mut Fixture| dr_disk(f, "p").locked = true;
    assert_eq!(ends(Fixture::new(), delete(true), |_| ()), None);
    assert_eq!(ends(Fixture::new(), delete(true), lock), Some(1813));
    assert_eq!(ends(Fixture::new(), delete(false), lock), None);
}

#[test]
fn a_device_that_was_taken_meanwhile_is_not_taken_twice() {
    let call = || Call::AttachReplicationPair {
        instance: "i".into(),
        pair: "p".into(),
        device: "/dev/vdc".into(),
    };
    assert_eq!(ends(Fixture::new(), call(), |_| ()), None);
    let taken = |f: &mut Fixture| {
        f.ask(attach("spare", "web", "/dev/vdc")).unwrap();
    };
    assert_eq!(ends(Fixture::new(), call(), taken), Some(1807));
}

#[test]
fn a_production_server_that_the_system_locked_while_it_ran_keeps_the_failover_from_ending() {
    let failover = || Call::Failover { group: "g".into() };
    let lock = |f: &mut Fixture| f.server("web").lock = Lock::System;
    let lock_stopped = |f: &mut Fixture| {
        f.server("web").power = Power::Shutoff;
        f.server("web").lock = Lock::System;
    };
    assert_eq!(ends(protected(), failover(), |_| ()), None);
    assert_eq!(ends(protected(), failover(), lock), Some(1308));
    assert_eq!(ends(protected(), failover(), lock_stopped), None);
}

fn drill() -> Call {
    Call::CreateDrDrill(Box::new(new_drill()))
}

#[test]
fn a_drill_finds_no_place_where_quotas_or_machines_ran_out_meanwhile() {
    let vpcs = |more: i64| {
        move |f: &mut Fixture| {
            let project = f.world.default_project;
            let project = &mut f.world.projects[project];
            project.quotas.vpcs = project.usage.vpcs + more;
        }
    };
    assert_eq!(ends(protected(), drill(), vpcs(1)), None);
    assert_eq!(ends(protected(), drill(), vpcs(0)), Some(1925));
    let left = |free: u32| {
        move |f: &mut Fixture| {
            let az = f.disk("far").az;
            for (_, flavor) in &mut f.world.flavors {
                flavor.free.insert(az, free);
            }
        }
    };
    assert_eq!(ends(protected(), drill(), left(1)), None);
    assert_eq!(ends(protected(), drill(), left(0)), Some(1922));
}

/// Whether a drill of the group is the recovery, with this about its production server.
fn rescues(alter: impl Fn(&mut Fixture)) -> bool {
    let mut f = protected();
    alter(&mut f);
    begun(&mut f, drill());
    f.end(Outcome::Done);
    f.world.drills.values().all(|drill| drill.rescue)
}

#[test]
fn a_drill_is_a_rescue_where_production_was_lost_and_not_where_it_was_shut_off() {
    assert!(!rescues(|_| ()));
    assert!(!rescues(|f| f.server("web").power = Power::Shutoff));
    assert!(rescues(|f| f.server("web").power = Power::Error));
    assert!(rescues(|f| f.server("web").lost = 1));
    // What it wrote to is attached to another server as well, which still stands.
    assert!(rescues(|f| {
        f.server("web").lost = 1;
        f.server("web").disks.clear();
    }));
    assert!(rescues(|f| f.disk("web-data").broken = true));
}

#[test]
fn a_repetition_passes_by_what_has_turned() {
    let failover = || Call::Failover { group: "g".into() };
    let stop = || Call::StopProtection { group: "g".into() };
    let calls: [(&dyn Fn() -> Call, Status); 2] =
        [(&failover, Status::FailedOver), (&stop, Status::Available)];
    for (call, goal) in calls {
        let mut f = protected();
        let first = begun(&mut f, call());
        f.end(Outcome::Done);
        f.end(Outcome::Done);
        f.end(Outcome::Failed(Code::of(1030)));
        assert_eq!(ended(&mut f, first), Some(406));
        assert_eq!(f.world.jobs[first].subs.len(), 3);
        let again = begun(&mut f, call());
        assert_eq!(ended(&mut f, again), None);
        assert_eq!(f.world.jobs[again].subs.len(), 1);
        assert_eq!(f.status("g"), goal);
    }
}

#[test]
fn of_the_oldest_jobs_the_sub_jobs_are_forgotten_first() {
    let settings = Settings {
        subs_kept: 4,
        ..Settings::default()
    };
    let mut f = Fixture::with(settings);
    let start = begun(&mut f, Call::StartProtection { group: "g".into() });
    assert_eq!(ended(&mut f, start), None);
    assert_eq!(f.world.jobs[start].subs.len(), 3);
    let stop = begun(&mut f, Call::StopProtection { group: "g".into() });
    assert_eq!(ended(&mut f, stop), None);
    let kept = [start, stop].map(|job| f.world.jobs[job].subs.len());
    assert_eq!(kept, [0, 3]);
}

#[test]
fn in_a_consistency_group_a_failure_is_that_of_all_that_take_part() {
    let mut f = protected();
    for (_, group) in &mut f.world.groups {
        group.protection = ProtectionType::ConsistencyGroup;
        group.out = 1;
    }
    f.pair("p").life.status = Status::Error;
    let job = begun(&mut f, Call::Failover { group: "g".into() });
    f.end(Outcome::Done);
    f.end(Outcome::Failed(Code::of(1030)));
    assert_eq!(ended(&mut f, job), Some(406));
    for pair in ["i/vda", "i/vdb"] {
        assert_eq!(f.status(pair), Status::ErrorFailingOver, "{pair}");
    }
    assert_eq!(f.status("p"), Status::Error, "it took no part");
}

#[test]
fn a_failover_hangs_on_the_policy_for_copies_that_are_behind_wherever_they_are() {
    let mut f = protected();
    let Who::Pair(pair) = f.who("i/vda") else {
        panic!("it is a pair");
    };
    let named = |f: &Fixture, op| hangs_on(&f.world, op, pair).iter().collect::<Vec<_>>();
    assert_eq!(named(&f, Op::Failover), [], "all is whole");
    let outage = Outage {
        since: f.now,
        level: Level::Five,
        halted: None,
    };
    f.world.pairs[pair].change_drift(|drift| drift.outage = Some(outage));
    let behind = [Policy::FailoverDisconnected];
    assert_eq!(
        named(&f, Op::Failover),
        behind,
        "while the AZs reach each other"
    );
    assert_eq!(named(&f, Op::PlannedFailover), []);
}

#[test]
fn of_the_ended_jobs_the_newest_are_kept() {
    for kept in [0, 1] {
        let settings = Settings {
            jobs_kept: kept,
            ..Settings::default()
        };
        let mut f = Fixture::with(settings);
        f.done(Call::StartProtection { group: "g".into() });
        f.done(Call::StopProtection { group: "g".into() });
        let ops: Vec<Op> = f.world.jobs.values().map(|job| job.op).collect();
        assert_eq!(ops, [Op::StopProtection][..kept as usize]);
    }
}

/// A resize takes a place of the new flavor in the AZ of each server and gives back one of the old.
#[test]
fn a_resize_needs_a_free_place_of_the_new_flavor() {
    let resize = |dr: bool| Call::ResizeProtectedInstance {
        instance: "i".into(),
        flavor_ref: (!dr).then(|| "m2".into()),
        production_flavor_ref: None,
        dr_flavor_ref: dr.then(|| "m2".into()),
    };
    let places = |f: &Fixture, flavor: &str, az: &str| {
        let (Some(Who::Flavor(flavor)), Some(Who::Az(az))) =
            (f.world.find(flavor), f.world.find(az))
        else {
            panic!("{flavor} and {az} are there");
        };
        (flavor, az)
    };
    let set = |f: &mut Fixture, flavor: &str, az: &str, free: u32| {
        let (flavor, az) = places(f, flavor, az);
        f.world.flavors[flavor].free.insert(az, free);
    };
    let get = |f: &Fixture, flavor: &str, az: &str| {
        let (flavor, az) = places(f, flavor, az);
        f.world.flavors[flavor].free[&az]
    };
    for (dr, [east, west], code) in [
        (false, [1, 1], None),
        (false, [0, 1], Some(1329)),
        (false, [1, 0], Some(1329)),
        (true, [0, 1], None),
        (true, [1, 0], Some(1329)),
    ] {
        let mut f = Fixture::new();
        f.server("web").power = Power::Shutoff;
        for (az, free) in [("az-1", east), ("az-2", west)] {
            set(&mut f, "m1", az, 7);
            set(&mut f, "m2", az, free);
        }
        let job = begun(&mut f, resize(dr));
        assert_eq!(ended(&mut f, job), code, "{dr} {east} {west}");
        let moved = [u32::from(code.is_none() && !dr), u32::from(code.is_none())];
        for ((az, free), moved) in [("az-1", east), ("az-2", west)].into_iter().zip(moved) {
            assert_eq!(
                (get(&f, "m1", az), get(&f, "m2", az)),
                (7 + moved, free - moved),
                "{dr} {az}"
            );
        }
    }
}
