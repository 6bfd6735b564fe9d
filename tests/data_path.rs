//! What faults do to replication, with figures worked out by hand.
//!
//! One group of one instance with two disks of 10 GiB between two AZs; the server writes 4 MiB a second to its second disk.
//! Everything that takes time in a job takes a second.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

mod common;
#[path = "data_path/measure.rs"]
mod measure;

use common::*;
use sdrsim::engine::{Checker, Engine, Limit, RunEnd};
use sdrsim::machine::build::NewLink;
use sdrsim::machine::command::{Call, Command, Native};
use sdrsim::machine::{Blow, Effect, Event};
use sdrsim::sdrs::policy::{AzFailover, LossOfReplica, Permission, Policy, Switch};
use sdrsim::time::{SimTime, Span};
use sdrsim::units::{Bytes, Rate};
use sdrsim::world::protection::{Copying, Side, Verdict};
use sdrsim::world::replica::{Dirty, Level, Load, marked};
use sdrsim::world::settings::Settings;
use sdrsim::world::topology::NodeKind;
use sdrsim::world::{PairKey, Who, World};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const LOAD: Load = Load::uniform(Rate(4 * MIB));

/// An engine that keeps every effect and checks every invariant after every event.
type Watched = Engine<Told, (Vec<(SimTime, Effect)>, Checker)>;

struct Bed {
    engine: Watched,
}

impl Drop for Bed {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.engine.observer().1.violation(), None);
        }
    }
}

impl Bed {
    /// A protected group in step whose server runs, and 1,000 MiB/s between the AZs. The clock stands at 1 h.
    fn new(settings: Settings, witness: bool) -> Bed {
        let mut region = region(settings);
        if witness {
            region.node("w", NodeKind::Witness).unwrap();
        }
        let link = |between: [&'static str; 2]| NewLink {
            between,
            bandwidth: Some(Rate(1000 * MIB)),
            latency: Span::micros(100),
            duct: None,
        };
        region.link("ab", link(["az-1", "az-2"])).unwrap();
        if witness {
            region.link("aw", link(["az-1", "w"])).unwrap();
            region.link("bw", link(["az-2", "w"])).unwrap();
            region.arbitrate("metro", "w", Span::secs(30)).unwrap();
        }
        region.now(create_group("g")).unwrap();
        region.now(create_instance("i", "s1")).unwrap();
        region
            .now(Native::SetLoad {
                disk: "s1-b".into(),
                load: Some(LOAD),
            })
            .unwrap();
        let mut bed = Bed {
            engine: Engine::with_observer(region.finish(), Told::default(), Default::default()),
        };
        bed.ask(start());
        bed.quiet();
        bed.ask(Native::StartServer {
            server: "s1".into(),
        });
        bed.quiet();
        bed.until(3600);
        assert_eq!(bed.pair().copy, Copying::Active);
        bed
    }

    fn world(&self) -> &World {
        self.engine.world()
    }

    fn key(&self) -> PairKey {
        match self.world().find("i/vdb") {
            Some(Who::Pair(key)) => key,
            other => panic!("the pair is {other:?}"),
        }
    }

    fn pair(&self) -> &sdrsim::world::protection::Pair {
        &self.world().pairs[self.key()]
    }

    fn level(&self) -> Level {
        self.world().level(self.key())
    }

    fn ask(&mut self, command: impl Into<Command>) {
        self.engine.submit(&command.into()).unwrap();
    }

    fn refused(&mut self, command: impl Into<Command>) -> String {
        let refusal = self.engine.submit(&command.into()).unwrap_err();
        refusal.code().unwrap().to_string()
    }

    fn until(&mut self, seconds: u64) {
        let end = self.engine.run_until(at(seconds), Limit::events(100_000));
        assert_eq!(end, RunEnd::Reached);
    }

    fn quiet(&mut self) {
        assert_eq!(
            self.engine.run_until_quiet(Limit::events(100_000)),
            RunEnd::Quiet
        );
    }

    fn blow(&self, label: &str) -> Blow {
        match self.world().find(label).unwrap() {
            Who::Az(az) => Blow::Az {
                az,
                destroyed: false,
            },
            Who::Link(link) => Blow::Link { link },
            Who::Node(node) => Blow::Node { node },
            Who::Disk(disk) => Blow::Disk {
                disk,
                destroyed: false,
            },
            Who::Server(server) => Blow::Server {
                server,
                destroyed: false,
            },
            other => panic!("no fault for {other:?}"),
        }
    }

    fn pool(&self, label: &str) -> Blow {
        match self.world().find(label).unwrap() {
            Who::Az(az) => Blow::Pool {
                az,
                read_only: false,
            },
            other => panic!("{other:?} is no AZ"),
        }
    }

    fn strike(&mut self, blow: Blow) {
        self.engine.inject(Event::Struck(blow));
        self.engine.assess();
    }

    fn mend(&mut self, blow: Blow) {
        self.engine.inject(Event::Mended(blow));
        self.engine.assess();
    }

    fn break_at(&mut self, seconds: u64, label: &str) {
        self.until(seconds);
        self.strike(self.blow(label));
    }

    fn mend_at(&mut self, seconds: u64, label: &str) {
        self.until(seconds);
        self.mend(self.blow(label));
    }

    fn told<T>(&self, pick: impl Fn(&Effect) -> Option<T>) -> Vec<T> {
        self.engine
            .observer()
            .0
            .iter()
            .filter_map(|(_, effect)| pick(effect))
            .collect()
    }

    fn failover(&mut self) {
        self.ask(Call::Failover { group: "g".into() });
        self.quiet();
    }
}

fn at(seconds: u64) -> SimTime {
    SimTime::from_micros(seconds * 1_000_000)
}

fn stopped(switch: impl Fn(&mut Settings)) -> Settings {
    let mut settings = settings();
    switch(&mut settings);
    settings
}

#[test]
fn a_lost_link_leaves_a_gap_that_a_resync_of_the_marked_blocks_closes() {
    let mut bed = Bed::new(settings(), false);
    bed.break_at(4000, "ab");
    assert_eq!(
        (
            bed.level(),
            bed.refused(Call::Failover { group: "g".into() })
        ),
        (Level::Five, "SDRS.1824".into())
    );
    assert_eq!(
        bed.pair().drift().outage,
        None,
        "a cut is one record of the group"
    );
    bed.until(4600);
    let world = bed.world();
    let recovery = world.recovery(bed.key(), at(4600)).unwrap();
    assert_eq!(
        (recovery.earliest, recovery.lost),
        (at(4000), 600 * 4 * MIB)
    );
    assert_eq!((recovery.rpo, recovery.whole), (Span::secs(600), false));
    // The other disk is written by nobody: nothing of it is missing.
    let Some(Who::Pair(other)) = world.find("i/vda") else {
        panic!("the pair exists")
    };
    assert_eq!(world.recovery(other, at(4600)).unwrap().rpo, Span::ZERO);
    bed.mend_at(4600, "ab");
    let written = u128::from(600 * 4 * MIB);
    let marked = marked(
        Bytes(10 * GIB),
        bed.world().settings.block_size,
        Some(LOAD),
        written,
        Dirty::default(),
    )
    .bytes;
    assert_eq!(
        (bed.level(), bed.world().left(bed.key(), at(4600))),
        (Level::Zero, marked)
    );
    assert_eq!(
        bed.world().recovery(bed.key(), at(4605)).unwrap().earliest,
        at(4000),
        "it stands until the resync is done"
    );
    // 100 MiB/s is the limit of one copy, far below what the writes leave of the link.
    let took = marked.0.div_ceil(100) * 1_000_000 / MIB;
    bed.quiet();
    assert!(
        bed.engine.now().as_micros().abs_diff(4_600_000_000 + took) <= 1,
        "{}",
        bed.engine.now()
    );
    assert_eq!(bed.pair().copy, Copying::Active);
    assert_eq!(
        bed.world()
            .recovery(bed.key(), bed.engine.now())
            .unwrap()
            .rpo,
        Span::ZERO
    );
}

#[test]
fn without_writes_nothing_is_missing_and_nothing_is_copied() {
    let mut bed = Bed::new(settings(), false);
    bed.ask(Native::SetLoad {
        disk: "s1-b".into(),
        load: None,
    });
    bed.break_at(4000, "ab");
    bed.mend_at(9000, "ab");
    assert_eq!(
        (bed.level(), bed.pair().copy),
        (Level::Zero, Copying::Active)
    );
    let copies = bed.told(|effect| matches!(effect, Effect::CopyBegan { .. }).then_some(()));
    assert_eq!(copies.len(), 2, "the first copies alone");
}

#[test]
fn production_that_stops_with_its_replica_loses_nothing() {
    let silent = stopped(|settings| settings.policies.on_replica_loss = LossOfReplica::Stop);
    let mut bed = Bed::new(silent, false);
    bed.break_at(4000, "ab");
    bed.until(5000);
    let recovery = bed.world().recovery(bed.key(), at(5000)).unwrap();
    assert_eq!(
        (bed.level(), recovery.rpo, recovery.lost),
        (Level::Five, Span::ZERO, 0)
    );
    assert_eq!(bed.world().write_rate(bed.key(), Side::Source), 0);
    bed.mend_at(5000, "ab");
    assert_eq!(bed.pair().copy, Copying::Active);
    assert_eq!(bed.world().write_rate(bed.key(), Side::Source), 4 * MIB);
    assert!(bed.engine.hung().has(Policy::OnReplicaLoss));
}

#[test]
fn lost_production_storage_is_level_two_under_any_arbitration_and_failover_is_the_cure() {
    let mut bed = Bed::new(settings(), false);
    bed.until(4000);
    bed.strike(bed.pool("az-1"));
    assert_eq!(bed.level(), Level::Two);
    let Some(Who::Server(server)) = bed.world().find("s1") else {
        panic!("the server exists")
    };
    assert!(!bed.world().serves(server));
    assert_eq!(
        bed.refused(planned("target")),
        "SDRS.1352",
        "the server still runs"
    );
    bed.break_at(4100, "ab");
    assert_eq!(bed.level(), Level::Two, "it stays");
    bed.failover();
    let recovered = bed.told(|effect| match effect {
        Effect::Recovered { recovery, .. } => Some(*recovery),
        _ => None,
    });
    assert_eq!((recovered[0].lost, recovered[0].rpo), (0, Span::ZERO));
    assert_eq!(bed.pair().station, Side::Target);
}

#[test]
fn a_degraded_pair_that_then_loses_production_is_recovered_by_a_drill_alone() {
    let mut bed = Bed::new(settings(), false);
    bed.break_at(4000, "ab");
    bed.until(4300);
    bed.strike(bed.pool("az-1"));
    bed.until(5000);
    assert_eq!(bed.level(), Level::Five);
    assert_eq!(
        bed.refused(Call::Failover { group: "g".into() }),
        "SDRS.1824"
    );
    bed.ask(create_drill("d"));
    bed.quiet();
    let rescued = bed.told(|effect| match effect {
        Effect::Snapshot {
            recovery, rescue, ..
        } => Some((*recovery, *rescue)),
        _ => None,
    });
    let (recovery, rescue) = rescued[0];
    let recovery = recovery.unwrap();
    assert!(rescue);
    assert_eq!(
        (recovery.earliest, recovery.rpo, recovery.lost),
        (at(4000), Span::secs(300), 300 * 4 * MIB)
    );
    let Some(Who::Instance(instance)) = bed.world().find("i") else {
        panic!("the instance exists")
    };
    assert!(bed.world().instance_serves(instance));
}

#[test]
fn a_dark_az_is_cured_where_the_witness_lets_the_dr_side_go_on_and_not_otherwise() {
    for (witness, admitted) in [(true, true), (false, false)] {
        let mut bed = Bed::new(settings(), witness);
        bed.break_at(4000, "az-1");
        assert_eq!(bed.level(), Level::Two, "faults of one instant are one");
        let verdicts = bed.told(|effect| match effect {
            Effect::Cut { verdict, .. } => Some(*verdict),
            _ => None,
        });
        let expected = if witness {
            Verdict::DrSide
        } else {
            Verdict::Production
        };
        assert_eq!(verdicts, [expected]);
        if admitted {
            bed.failover();
            assert_eq!(bed.pair().station, Side::Target);
        } else {
            assert_eq!(
                bed.refused(Call::Failover { group: "g".into() }),
                "SDRS.1824"
            );
        }
    }
    let drill_only = stopped(|settings| settings.policies.az_failover = AzFailover::DrillOnly);
    let mut bed = Bed::new(drill_only, true);
    bed.break_at(4000, "az-1");
    assert_eq!(
        bed.refused(Call::Failover { group: "g".into() }),
        "SDRS.1824"
    );
    assert!(bed.engine.hung().has(Policy::AzFailover));
}

#[test]
fn servers_of_a_dark_az_boot_again_when_it_returns_and_everything_is_in_step() {
    let mut bed = Bed::new(settings(), false);
    bed.break_at(4000, "az-1");
    bed.mend_at(5000, "az-1");
    assert_eq!(
        (bed.level(), bed.pair().copy),
        (Level::Zero, Copying::Active)
    );
    bed.quiet();
    let Some(Who::Server(server)) = bed.world().find("s1") else {
        panic!("the server exists")
    };
    assert!(bed.world().serves(server) && bed.world().servers[server].usable);
    assert_eq!(
        bed.engine.now(),
        at(5002),
        "a second to boot, one more to initialize"
    );
}

#[test]
fn faults_stack_and_end_in_any_order() {
    let mut bed = Bed::new(settings(), false);
    bed.break_at(4000, "ab");
    bed.break_at(4100, "ab");
    bed.until(4200);
    bed.strike(bed.pool("az-2"));
    bed.mend_at(4300, "ab");
    bed.mend_at(4400, "ab");
    assert_eq!(bed.level(), Level::Five, "the storage is still lost");
    bed.until(4500);
    bed.mend(bed.pool("az-2"));
    assert_eq!(bed.level(), Level::Zero);
    assert!(bed.pair().is_copying());
    bed.mend_at(4600, "ab");
    bed.quiet();
    assert_eq!(
        bed.pair().copy,
        Copying::Active,
        "an end without a beginning does nothing"
    );
}

#[test]
fn a_destroyed_replica_is_copied_anew_in_full() {
    let mut bed = Bed::new(settings(), false);
    bed.until(4000);
    let Some(Who::Az(az)) = bed.world().find("az-2") else {
        panic!("the AZ exists")
    };
    let blow = Blow::Az {
        az,
        destroyed: true,
    };
    bed.strike(blow);
    assert_eq!(bed.world().recovery(bed.key(), at(4000)), None);
    bed.until(4100);
    bed.mend(blow);
    assert_eq!(bed.world().left(bed.key(), at(4100)), Bytes(10 * GIB));
    bed.quiet();
    assert!(bed.world().recovery(bed.key(), bed.engine.now()).is_some());
}

#[test]
fn what_copies_have_carried_is_known_for_as_long_as_their_pair_is_there() {
    let mut bed = Bed::new(settings(), false);
    let kept = |bed: &Bed| bed.world().copied.iter().count();
    let copied = |bed: &Bed| bed.world().copied(bed.key(), bed.engine.now());
    assert_eq!((kept(&bed), copied(&bed)), (2, 10 * GIB), "the first copy");
    bed.break_at(4000, "ab");
    bed.mend_at(4600, "ab");
    let left = bed.world().left(bed.key(), bed.engine.now());
    bed.quiet();
    assert!(left > Bytes(0), "something was written meanwhile");
    assert_eq!(copied(&bed), 10 * GIB + left.0);
    bed.ask(Native::StopServer {
        server: "s1".into(),
    });
    bed.quiet();
    let stop = Call::StopProtection { group: "g".into() };
    let delete = Call::DeleteReplicationPair {
        pair: "i/vdb".into(),
        server_group_id: None,
        delete_target_volume: false,
    };
    for call in [stop, detach("i/vdb"), delete] {
        bed.ask(call);
        bed.quiet();
    }
    assert_eq!(kept(&bed), 1, "that of the other pair");
}

#[test]
fn a_failover_that_cannot_reach_live_production_fails_under_fencing_and_splits_the_brain_without() {
    let allowed = |fencing| {
        stopped(move |settings| {
            settings.policies.failover_disconnected = Permission::Allowed;
            settings.policies.fencing = fencing;
        })
    };
    let mut bed = Bed::new(allowed(Switch::On), false);
    bed.break_at(4000, "ab");
    bed.failover();
    let codes = bed.told(|effect| match effect {
        Effect::SubJob { code, .. } => code.map(|code| code.to_string()),
        _ => None,
    });
    assert_eq!(codes, ["SDRS.1030", "SDRS.1030"]);
    assert_eq!(bed.pair().station, Side::Source);

    let mut bed = Bed::new(allowed(Switch::Off), false);
    bed.break_at(4000, "ab");
    bed.failover();
    assert_eq!(bed.pair().station, Side::Target);
    assert_eq!(
        bed.world().write_rate(bed.key(), Side::Source),
        4 * MIB,
        "nobody told it to stop"
    );
    bed.until(4100);
    bed.ask(Native::StartServer {
        server: "i/dr".into(),
    });
    bed.quiet();
    assert_eq!(bed.world().write_rate(bed.key(), Side::Target), 4 * MIB);
    bed.mend_at(4201, "ab");
    let met = bed.told(|effect| match effect {
        Effect::Discarded {
            bytes, kept, both, ..
        } => Some((*bytes, *kept, *both)),
        _ => None,
    });
    assert_eq!(met, [(201 * 4 * MIB, 100 * 4 * MIB, Span::secs(100))]);
    assert_eq!(bed.world().write_rate(bed.key(), Side::Source), 0);
}

#[test]
fn jobs_stand_still_with_the_control_plane_and_the_data_path_goes_on() {
    let mut bed = Bed::new(settings(), false);
    bed.until(4000);
    bed.ask(Call::StopProtection { group: "g".into() });
    // Open, work and close take a second each.
    bed.until(4001);
    bed.engine.inject(Event::Struck(Blow::Control));
    assert_eq!(bed.refused(start()), "SDRS.0013");
    bed.engine.schedule(at(4101), Event::Mended(Blow::Control));
    bed.quiet();
    assert_eq!(
        bed.engine.now(),
        at(4103),
        "what was left of the job came after the standstill"
    );
    assert_eq!(bed.pair().copy, Copying::Stopped);
}

#[test]
fn damage_is_replicated_faithfully_and_an_earlier_recovery_point_is_clean() {
    let mut bed = Bed::new(settings(), false);
    bed.break_at(4000, "ab");
    bed.until(4100);
    bed.ask(Native::Damage {
        disk: "s1-b".into(),
    });
    let damaged = |bed: &Bed| {
        bed.world()
            .recovery(bed.key(), bed.engine.now())
            .unwrap()
            .damaged
    };
    assert!(!damaged(&bed));
    bed.mend_at(4200, "ab");
    bed.quiet();
    assert!(damaged(&bed));
}
