//! What disasters cost, with figures worked out by hand.
//!
//! One group of one instance with two disks of 10 GiB between two AZs; the server writes 4 MiB a second to its second disk.
//! Every piece of work takes a second, so a group operation takes 3 s: pairs change in its second 2, the group in second 3.
//! The first copies of 10 GiB at 100 MiB/s each run from 2 s to 104.4 s; the server boots then, so it serves from 105.4 s.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

mod common;

use common::*;
use sdrsim::engine::{Engine, Limit, RunEnd};
use sdrsim::machine::build::NewLink;
use sdrsim::machine::command::{Call, Command, Native};
use sdrsim::machine::{Blow, Event};
use sdrsim::report::{Figures, Meter, Report};
use sdrsim::scenario::Scenario;
use sdrsim::sdrs::policy::{LossOfReplica, Permission, Switch};
use sdrsim::time::{SimTime, Span};
use sdrsim::units::Rate;
use sdrsim::world::Who;
use sdrsim::world::replica::Load;
use sdrsim::world::settings::Settings;
use sdrsim::world::topology::NodeKind;
use serde_json::Value;
use std::collections::BTreeSet;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const S: u64 = 1_000_000;
/// When the first copy is done, and when the server serves.
const COPIED: u64 = 104_400_000;
const FIRST: u64 = 105_400_000;

fn at(seconds: u64) -> SimTime {
    SimTime::from_micros(seconds * S)
}

struct Bed {
    engine: Engine<Told, Meter>,
}

impl Bed {
    fn new(settings: Settings, witness: bool) -> Bed {
        let mut region = region(settings);
        let link = |between: [&'static str; 2]| NewLink {
            between,
            bandwidth: Some(Rate(1000 * MIB)),
            latency: Span::micros(100),
            duct: None,
        };
        if witness {
            region.node("w", NodeKind::Witness).unwrap();
        }
        region.link("ab", link(["az-1", "az-2"])).unwrap();
        if witness {
            region.link("aw", link(["az-1", "w"])).unwrap();
            region.link("bw", link(["az-2", "w"])).unwrap();
            region.arbitrate("metro", "w", Span::secs(30)).unwrap();
        }
        region.now(create_group("g")).unwrap();
        region.now(create_instance("i", "s1")).unwrap();
        let load = Some(Load::uniform(Rate(4 * MIB)));
        let disk = "s1-b".into();
        region.now(Native::SetLoad { disk, load }).unwrap();
        let world = region.finish();
        let meter = Meter::new(&world);
        let mut bed = Bed {
            engine: Engine::with_observer(world, Told::default(), meter),
        };
        bed.ask(start());
        let limit = Limit::events(100_000);
        assert_eq!(bed.engine.run_until_quiet(limit), RunEnd::Quiet);
        bed.boot("s1");
        bed.until(3600);
        bed
    }

    fn ask(&mut self, command: impl Into<Command>) {
        self.engine.submit(&command.into()).unwrap();
    }

    fn boot(&mut self, server: &str) {
        self.ask(Native::StartServer {
            server: server.into(),
        });
    }

    fn until(&mut self, seconds: u64) {
        let end = self.engine.run_until(at(seconds), Limit::events(100_000));
        assert_eq!(end, RunEnd::Reached);
    }

    fn blow(&self, label: &str) -> Blow {
        match self.engine.world().find(label).unwrap() {
            Who::Az(az) => Blow::Az {
                az,
                destroyed: false,
            },
            Who::Link(link) => Blow::Link { link },
            other => panic!("no fault for {other:?}"),
        }
    }

    fn strike(&mut self, seconds: u64, label: &str) {
        self.until(seconds);
        self.engine.inject(Event::Struck(self.blow(label)));
    }

    fn mend(&mut self, seconds: u64, label: &str) {
        self.until(seconds);
        self.engine.inject(Event::Mended(self.blow(label)));
    }

    /// Calls a failover and has the DR server started 3 s later.
    fn fail_over(&mut self, seconds: u64) {
        self.until(seconds);
        self.ask(Call::Failover { group: "g".into() });
        self.until(seconds + 3);
        self.boot("i/dr");
    }

    /// The figures of the group at the end, which are those of its only instance too.
    fn close(mut self, seconds: u64) -> (Figures, Report) {
        self.until(seconds);
        let (end, hung) = (self.engine.now(), self.engine.hung());
        let (world, meter) = self.engine.into_parts();
        let report = meter.close(&world, end, hung);
        let group = report.groups[0].figures.clone();
        assert_eq!(report.groups[0].label, "g");
        assert_eq!(report.instances[0].figures, group);
        assert_eq!(group.first_served_us, Some(FIRST));
        assert_eq!(group.observed_us, seconds * S - FIRST);
        (group, report)
    }
}

#[test]
fn a_planned_failover_costs_the_time_of_its_steps_and_no_data() {
    let mut bed = Bed::new(settings(), false);
    bed.ask(Native::StopServer {
        server: "s1".into(),
    });
    bed.until(3601);
    bed.ask(planned("target"));
    bed.until(3604);
    bed.boot("i/dr");
    let (group, report) = bed.close(4000);
    // It is down from the order to shut down until the other server has booted, and no fault did that.
    assert_eq!((group.downtime_us, group.outages), (5 * S, 1));
    assert_eq!(group.availability_ppm, Some(998_716));
    assert_eq!(
        (group.rto_running_us, group.rto_call_running_us),
        (None, Some(4 * S))
    );
    assert_eq!(
        (group.recoveries, group.rpo_us, group.lost_bytes),
        (0, None, None)
    );
    assert_eq!((group.unprotected_us, group.degraded_us), (COPIED, 0));
    assert_eq!(group.copied_bytes, 20 * GIB);
    let planned = report.jobs["planned_failover"];
    assert_eq!(
        (planned.accepted, planned.succeeded, planned.failed),
        (1, 1, 0)
    );
    assert_eq!(planned.duration_mean_us, Some(3 * S));
    assert!(report.faults.is_empty());
}

#[test]
fn a_failover_after_the_loss_of_an_az_loses_nothing_and_takes_the_operators_time() {
    let mut bed = Bed::new(settings(), true);
    bed.strike(3600, "az-1");
    bed.fail_over(3660);
    let (group, report) = bed.close(4000);
    assert_eq!(
        (group.rpo_us, group.lost_bytes, group.recoveries),
        (Some(0), Some(0), 1)
    );
    // The pairs are taken in second 2 of the failover, which ends in second 3.
    assert_eq!(group.copy_age_us, Some(S));
    assert_eq!(group.downtime_us, 64 * S);
    assert_eq!(
        (group.rto_running_us, group.rto_call_running_us),
        (Some(64 * S), Some(4 * S))
    );
    // Unprotected until the first copy is done, and from the failover on.
    let parted = (4000 - 3662) * S;
    assert_eq!(
        (group.unprotected_us, group.degraded_us),
        (COPIED + parted, 0)
    );
    assert_eq!(
        group.line(),
        "RPO 0s, 0 B lost, down 1m4s, RTO 1m4s (4s from the call), usable after 1m5s, unprotected 7m22.4s"
    );
    let recovered = &report.groups[0].recovered[0];
    assert_eq!((recovered.at_us, recovered.point_us), (3663 * S, 3662 * S));
    assert_eq!(
        (report.faults[0].at_us, report.faults[0].until_us),
        (3600 * S, None)
    );
}

#[test]
fn a_rescue_drill_from_a_degraded_copy_is_the_recovery() {
    let mut bed = Bed::new(settings(), false);
    bed.strike(3600, "ab");
    bed.until(4200);
    let Who::Az(az) = bed.engine.world().find("az-1").unwrap() else {
        panic!("az-1 is an AZ");
    };
    let read_only = false;
    bed.engine
        .inject(Event::Struck(Blow::Pool { az, read_only }));
    bed.until(4500);
    bed.ask(create_drill("rescue"));
    let (group, report) = bed.close(4600);
    // The link was down for ten minutes of writes before production stopped.
    assert_eq!(group.rpo_us, Some(600 * S));
    assert_eq!(group.lost_bytes, Some(600 * 4 * MIB));
    assert_eq!(group.copy_age_us, Some(903 * S));
    assert_eq!(
        (group.rto_running_us, group.rto_call_running_us),
        (Some(303 * S), Some(3 * S))
    );
    assert_eq!(group.degraded_us, 1000 * S);
    let drill = &report.drills[0];
    assert!(drill.rescue && drill.servers[0].boots);
    assert_eq!(
        (drill.from.rpo_us, drill.from.at_us),
        (Some(600 * S), 4503 * S)
    );
    assert_eq!(
        report.groups[0].recovered[0].drill.as_deref(),
        Some("rescue")
    );
}

#[test]
fn a_split_brain_is_measured_while_it_lasts_and_after_it_met() {
    let mut settings = settings();
    settings.policies.fencing = Switch::Off;
    settings.policies.failover_disconnected = Permission::Allowed;
    let mut bed = Bed::new(settings, false);
    bed.strike(3600, "ab");
    bed.fail_over(3700);
    bed.until(3804);
    // Both sides have been written since 3704 s, and the old one alone since the link failed.
    let world = bed.engine.world();
    let Who::Group(key) = world.find("g").unwrap() else {
        panic!("g is a group");
    };
    let meter = bed.engine.observer().settled(world, at(3804));
    let open = meter.group(world, at(3804), key).unwrap();
    assert!(open.split_brain_open);
    assert_eq!((open.split_brain_us, open.discarded_bytes), (100 * S, 0));
    assert_eq!(open.split_brain_lost_bytes, 204 * 4 * MIB);
    assert_eq!(open.split_brain_kept_bytes, 100 * 4 * MIB);
    drop(meter);
    bed.mend(4000, "ab");
    let (group, report) = bed.close(4100);
    assert!(!group.split_brain_open);
    assert_eq!(group.split_brain_us, 296 * S);
    assert_eq!(group.split_brain_lost_bytes, 400 * 4 * MIB);
    assert_eq!(group.split_brain_kept_bytes, 296 * 4 * MIB);
    assert_eq!(group.discarded_bytes, 400 * 4 * MIB);
    // The failover took a copy that was 102 s behind a production that wrote on.
    assert_eq!(
        (group.rpo_us, group.lost_bytes),
        (Some(102 * S), Some(102 * 4 * MIB))
    );
    // Production stands on the other side from 3703 s on, and its server boots for a second: no fault did that.
    assert_eq!((group.downtime_us, group.rto_running_us), (S, None));
    assert_eq!(group.rto_call_running_us, Some(4 * S));
    let hung: Vec<(&str, &str)> = report.hung.iter().map(|it| (it.policy, it.value)).collect();
    assert!(hung.contains(&("fencing", "off")), "{hung:?}");
    assert!(
        hung.contains(&("failover_disconnected", "allowed")),
        "{hung:?}"
    );
}

#[test]
fn when_both_sides_are_down_only_power_brings_them_back() {
    let mut bed = Bed::new(settings(), false);
    for az in ["az-1", "az-2"] {
        bed.strike(3600, az);
    }
    for az in ["az-1", "az-2"] {
        bed.mend(4200, az);
    }
    let (group, report) = bed.close(5000);
    // The server boots for a second when its AZ is lit again.
    assert_eq!((group.downtime_us, group.outages), (601 * S, 1));
    assert_eq!(
        (group.rto_running_us, group.rto_call_running_us),
        (Some(601 * S), None)
    );
    assert_eq!((group.recoveries, group.degraded_us), (0, 0));
    assert_eq!(report.faults_struck, 2);
    assert_eq!(report.faults[1].until_us, Some(4200 * S));
}

#[test]
fn writes_that_stop_with_the_link_are_an_outage() {
    let mut settings = settings();
    settings.policies.on_replica_loss = LossOfReplica::Stop;
    let mut bed = Bed::new(settings, false);
    bed.strike(3600, "ab");
    bed.mend(4800, "ab");
    let (group, _) = bed.close(5000);
    assert_eq!(group.rto_running_us, Some(1200 * S));
    assert_eq!((group.degraded_us, group.downtime_us), (1200 * S, 1200 * S));
    assert_eq!(group.lost_bytes, None);
}

#[test]
fn an_instant_can_be_read_before_it_is_over_and_reading_changes_nothing() {
    let run = |read: bool| {
        let mut bed = Bed::new(settings(), true);
        bed.strike(3600, "az-1");
        if read {
            bed.engine.assess();
            let world = bed.engine.world();
            let meter = bed.engine.observer().settled(world, at(3600));
            let Who::Group(key) = world.find("g").unwrap() else {
                panic!("g is a group");
            };
            let figures = meter.group(world, at(3600), key).unwrap();
            assert!(!figures.serves && figures.outages == 1);
        }
        bed.fail_over(3660);
        bed.close(4000).1
    };
    assert_eq!(run(true), run(false));
}

/// The one table of figures and fields, in the module's documentation.
const TABLE: &str = include_str!("../src/report/mod.rs");

/// The first cells of the table's rows.
fn documented() -> impl Iterator<Item = &'static str> {
    let rows = TABLE.lines().filter_map(|line| line.strip_prefix("//! | "));
    rows.filter_map(|row| row.split(" | ").next())
}

/// Every key of a report is in the table, so that nobody has to guess its unit.
#[test]
fn the_table_has_every_figure_of_a_report() {
    let text = include_str!("../scenarios/disaster/degraded-then-lost.yaml");
    let scenario = Scenario::load("a.yaml", text).unwrap();
    let report = scenario.start(None).run(&mut ()).report.cost;
    let form = serde_json::to_value(&report).unwrap();
    let mut keys = BTreeSet::new();
    let mut left = vec![&form];
    while let Some(value) = left.pop() {
        match value {
            Value::Object(map) => {
                keys.extend(map.keys().map(String::as_str));
                left.extend(map.values());
            }
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    // Lists by themselves, and the operations that jobs are listed by.
    let named = |key: &str| {
        let lists = [
            "groups",
            "instances",
            "recovered",
            "drills",
            "faults",
            "hung",
        ];
        lists.contains(&key) || report.jobs.contains_key(key) || ["jobs", "servers"].contains(&key)
    };
    let all: String = documented().collect();
    let missing = keys
        .into_iter()
        .filter(|key| !named(key) && !all.contains(&format!("`{key}`")));
    assert_eq!(missing.collect::<Vec<_>>(), [""; 0]);
    assert!(!report.drills.is_empty() && !report.faults.is_empty() && !report.hung.is_empty());
}

/// What the table says that an expectation can ask for can be asked for, of what it says.
#[test]
fn expectations_know_every_field_of_the_table() {
    let text = include_str!("../scenarios/disaster/link.yaml");
    let (head, _) = text.split_once("timeline:").unwrap();
    let (_, fields) = TABLE.split_once("//! | field | of | unit").unwrap();
    let mut asked = 0;
    for row in fields
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `"))
    {
        let cells: Vec<&str> = row.split(" | ").collect();
        for of in cells[1].split(", ").filter(|of| *of != "drill") {
            for field in format!("`{}", cells[0])
                .split(", ")
                .map(|it| it.trim_matches('`'))
            {
                let ask =
                    format!("{head}timeline:\n  - expect: count({of}s[{field}!=null]) >= 0\n");
                let outcome = Scenario::load("a.yaml", &ask);
                assert!(outcome.is_ok(), "{of}.{field}: {:?}", outcome.unwrap_err());
                asked += 1;
            }
        }
    }
    assert!(asked > 20, "{asked}");
}
