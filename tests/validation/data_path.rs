//! The data path: what replication costs, what a lost link leaves behind, and what a recovery from it finds.
//!
//! Each case is a whole world: one server with one disk in `az-1`, protected to `az-2` over one link, and the calls and
//! faults of the case.

use crate::common::{Told, create_drill, create_group, create_instance, planned, region, start};
use sdrsim::engine::{Engine, Limit, RunEnd};
use sdrsim::machine::build::NewLink;
use sdrsim::machine::command::{Call, CreateDisk, CreateServer, Native};
use sdrsim::machine::{Blow, Effect, Event};
use sdrsim::sdrs::policy::LossOfReplica;
use sdrsim::time::{SimTime, Span};
use sdrsim::units::{Bytes, Rate};
use sdrsim::world::machinery::{DiskType, Power};
use sdrsim::world::protection::{Copying, Side};
use sdrsim::world::replica::{Dirty, Load, Recovery, marked, occupied};
use sdrsim::world::settings::Settings;
use sdrsim::world::{LinkKey, PairKey, Who, World};

const MIB: u64 = 1 << 20;

/// What happened, with its instants.
type Seen = Vec<(SimTime, Effect)>;

/// A world of one pair.
struct Stage {
    settings: Settings,
    size: Bytes,
    load: Option<Load>,
    disk_throughput: Option<Rate>,
    disk_latency: Span,
    bandwidth: Option<Rate>,
    latency: Span,
    /// Whether protection has been started and its first copy has finished.
    protected: bool,
}

impl Default for Stage {
    fn default() -> Stage {
        Stage {
            settings: Settings::default(),
            size: Bytes::gib(60),
            load: None,
            disk_throughput: None,
            disk_latency: Span::ZERO,
            bandwidth: Some(Rate(100 * MIB)),
            latency: Span::ZERO,
            protected: true,
        }
    }
}

/// The world at its start, and where its pair and its link are.
struct Play {
    engine: Engine<Told, Seen>,
    pair: PairKey,
    link: LinkKey,
}

impl Stage {
    fn play(self) -> Play {
        let mut region = region(self.settings);
        let link = NewLink {
            between: ["az-1", "az-2"],
            bandwidth: self.bandwidth,
            latency: self.latency,
            duct: None,
        };
        let link = region.link("fibre", link).unwrap();
        let disk = CreateDisk {
            label: "web-sys".into(),
            name: None,
            az: "az-1".into(),
            size: self.size,
            kind: DiskType::Ssd,
            bootable: true,
            shared: false,
            encrypted: false,
            grows_online: true,
            load: self.load,
            throughput: self.disk_throughput,
            write_latency: sdrsim::time::SpanText(self.disk_latency),
        };
        let server = CreateServer {
            label: "web".into(),
            name: None,
            az: "az-1".into(),
            vpc: "net".into(),
            flavor: "m1".into(),
            hypervisor: Default::default(),
            power: Power::Active,
            subnet: None,
            ip: None,
        };
        let attach = Native::AttachDisk {
            disk: "web-sys".into(),
            server: "web".into(),
            device: "/dev/vda".into(),
        };
        region.now(Native::CreateServer(Box::new(server))).unwrap();
        region.now(Native::CreateDisk(Box::new(disk))).unwrap();
        region.now(attach).unwrap();
        region.now(create_group("g")).unwrap();
        region.now(create_instance("i", "web")).unwrap();
        if self.protected {
            region.now(start()).unwrap();
        }
        let world = region.finish();
        let Some(Who::Pair(pair)) = world.find("i/vda") else {
            panic!("the instance has a pair");
        };
        Play {
            engine: Engine::with_observer(world, Told::default(), Seen::new()),
            pair,
            link,
        }
    }
}

impl Play {
    fn to(&mut self, at: SimTime) {
        assert_eq!(
            self.engine.run_until(at, Limit::events(1_000)),
            RunEnd::Reached
        );
    }

    fn to_the_end(&mut self) {
        assert_eq!(
            self.engine.run_until_quiet(Limit::events(1_000)),
            RunEnd::Quiet
        );
    }

    /// A call that is accepted, and what it starts to its end.
    fn call(&mut self, call: Call) {
        self.engine.submit(&call.into()).unwrap();
        self.to_the_end();
    }

    fn strike(&mut self, at: SimTime, blow: Blow) {
        self.engine.schedule(at, Event::Struck(blow));
    }

    fn world(&self) -> &World {
        self.engine.world()
    }

    fn seen(&self) -> &Seen {
        self.engine.observer()
    }

    /// How long the only copy took; None: it began and never ended.
    fn copy(&self) -> Option<Span> {
        let when = |what: fn(&Effect) -> bool| {
            let mut found = self.seen().iter().filter(|(_, effect)| what(effect));
            let first = found.next().map(|&(at, _)| at);
            assert!(found.next().is_none(), "there is one copy");
            first
        };
        let began = when(|effect| matches!(effect, Effect::CopyBegan { .. }));
        let ended = when(|effect| matches!(effect, Effect::InStep { .. }));
        let began = began.expect("a copy begins");
        ended.map(|ended| ended.saturating_since(began))
    }
}

fn at(seconds: u64) -> SimTime {
    SimTime::after_start(Span::secs(seconds))
}

/// `full copy`.
pub fn full_copy() {
    for (foreground, millis) in [
        (0, Some(614_400)),
        (20, Some(768_000)),
        (50, Some(1_228_800)),
        (100, None),
    ] {
        let mut play = Stage {
            load: (foreground > 0).then(|| Load::uniform(Rate(foreground * MIB))),
            protected: false,
            ..Stage::default()
        }
        .play();
        play.call(start());
        assert_eq!(
            play.copy(),
            millis.map(Span::millis),
            "with {foreground} MiB/s"
        );
        let stalled = play
            .seen()
            .iter()
            .any(|(_, effect)| matches!(effect, Effect::Stalled { .. }));
        assert_eq!(stalled, millis.is_none());
        let copies = matches!(play.world().pairs[play.pair].copy, Copying::Running);
        assert_eq!(copies, stalled, "what is stalled is not ended");
    }
}

/// `dirty blocks`: the law, and what a bitmap marks by it.
pub fn dirty_blocks() {
    let distinct = occupied(1_000.0, 1_000.0);
    assert_eq!(format!("{distinct:.3}"), "632.305");
    let exact = 1_000.0 * (1.0 - 0.999_f64.powi(1_000));
    assert!((distinct - exact).abs() < 1e-9, "{distinct} {exact}");
    let (block, load) = (4_096, Load::uniform(Rate(1)));
    let disk = Bytes(1_000 * block);
    let written = u128::from(1_000 * block);
    let marks = marked(disk, Bytes(block), Some(load), written, Dirty::default()).bytes;
    assert_eq!(marks, Bytes(632 * block), "whole blocks");
}

/// `bitmap granularity`: what is to be copied when the link is back after ten minutes.
pub fn bitmap_granularity() {
    for (block, percent) in [(4 << 10, "4.474"), (1 << 20, "99.999")] {
        let mut play = Stage {
            settings: Settings {
                block_size: Bytes(block),
                ..Settings::default()
            },
            size: Bytes::gib(100),
            load: Some(Load::uniform(Rate(2_000 * 4_096))),
            ..Stage::default()
        }
        .play();
        let link = Blow::Link { link: play.link };
        play.strike(at(100), link);
        play.engine.schedule(at(700), Event::Mended(link));
        play.to(at(700));
        let left = play.world().left(play.pair, at(700));
        let share = 100.0 * left.0 as f64 / Bytes::gib(100).0 as f64;
        assert_eq!(format!("{share:.3}"), percent);
    }
}

/// `synchronous write latency`.
pub fn write_latency() {
    let play = Stage {
        disk_latency: Span::millis(3),
        latency: Span::micros(100),
        ..Stage::default()
    }
    .play();
    assert_eq!(
        play.world().write_latency(play.pair),
        Some(Span::micros(3_200))
    );
}

/// `synchronous throughput`: the bound, and what a server gets that would write as fast as its disk.
pub fn write_throughput() {
    let [disk, path] = [600, 110].map(|megabytes| Rate(megabytes * 1_000_000));
    let play = Stage {
        load: Some(Load::uniform(disk)),
        disk_throughput: Some(disk),
        bandwidth: Some(path),
        ..Stage::default()
    }
    .play();
    assert_eq!(play.world().write_throughput(play.pair), Some(path));
    let passes = play.world().write_rate(play.pair, Side::Source);
    assert_eq!(passes, path.0);
}

/// Seconds at which the link fails, production storage fails, and the operator acts.
const LINK: u64 = 100;
const STORAGE: u64 = 1_000;
const OPERATOR: u64 = 1_500;
/// What is written, in bytes a second.
const WRITES: u64 = 3 * MIB;

/// A lost link, then a lost production: the recovery by a drill, and the rates of writing before and after the link failed.
fn recovered(on_replica_loss: LossOfReplica) -> (Recovery, [u64; 2]) {
    let mut settings = Settings::default();
    settings.policies.on_replica_loss = on_replica_loss;
    let mut play = Stage {
        settings,
        load: Some(Load::uniform(Rate(WRITES))),
        ..Stage::default()
    }
    .play();
    let link = Blow::Link { link: play.link };
    let Some(Who::Az(az)) = play.world().find("az-1") else {
        panic!("az-1 is an AZ");
    };
    play.strike(at(LINK), link);
    let storage = Blow::Pool {
        az,
        read_only: false,
    };
    play.strike(at(STORAGE), storage);
    let rate = |play: &Play| play.world().write_rate(play.pair, Side::Source);
    let before = rate(&play);
    play.to(at(LINK));
    let after = rate(&play);
    play.to(at(OPERATOR));
    assert_eq!(rate(&play), 0, "production is dead");
    let failover = Call::Failover { group: "g".into() };
    let refusal = play.engine.submit(&failover.into()).unwrap_err();
    assert_eq!(refusal.code().unwrap().to_string(), "SDRS.1824");
    play.call(create_drill("d"));
    let mut snapshots = play.seen().iter().filter_map(|(_, effect)| match effect {
        Effect::Snapshot {
            recovery, rescue, ..
        } => Some((*recovery, *rescue)),
        _ => None,
    });
    let (recovery, rescue) = snapshots.next().expect("the drill is made");
    assert!(rescue, "production is down, so the drill is the recovery");
    let Some(Who::Server(server)) = play.world().find("d/i") else {
        panic!("the drill has a server");
    };
    assert!(play.world().servers[server].power == Power::Active);
    (
        recovery.expect("the drill has a copy of each disk"),
        [before, after],
    )
}

/// `recovery point under a degraded link`.
pub fn degraded_link() {
    let (recovery, rates) = recovered(LossOfReplica::Continue);
    assert_eq!(rates, [WRITES, WRITES], "writes go on");
    assert_eq!(recovery.rpo, Span::secs(STORAGE - LINK));
    assert_eq!(recovery.lost, WRITES * (STORAGE - LINK));
    let age = at(OPERATOR).saturating_since(recovery.earliest);
    assert_eq!(age, Span::secs(OPERATOR - LINK));
    assert!(!recovery.whole);

    let (recovery, rates) = recovered(LossOfReplica::Stop);
    assert_eq!(rates, [WRITES, 0], "writes stop with the link");
    assert_eq!((recovery.rpo, recovery.lost), (Span::ZERO, 0));
    assert!(recovery.whole);
    assert_eq!(recovery.acknowledged, at(LINK));
}

/// `no writes, no copy`: production writes until the failover parts the sides, and nobody after it.
pub fn no_writes() {
    let mut play = Stage {
        load: Some(Load::uniform(Rate(WRITES))),
        ..Stage::default()
    }
    .play();
    play.to(at(LINK));
    play.call(Call::Failover { group: "g".into() });
    play.call(start());
    play.call(planned("source"));
    let group = play.world().groups.values().next().unwrap();
    assert_eq!(group.station, Side::Source, "production is back");
    let now = play.engine.now();
    let carried = play.world().flows.carried(now, play.link);
    assert_eq!(carried.copies, Bytes::ZERO);
    assert!(carried.foreground > Bytes::ZERO, "the writes were mirrored");
    let copied = play
        .seen()
        .iter()
        .any(|(_, effect)| matches!(effect, Effect::CopyBegan { .. } | Effect::Discarded { .. }));
    assert!(!copied, "no copy and no divergence");
    assert_eq!(play.world().left(play.pair, now), Bytes::ZERO);
}
