//! How fast a region of 1,000 groups x 100 pairs starts, fails over and reprotects them all: events per second of the
//! full engine, digest on, nobody looking on. Run with `cargo bench --bench group_operations`.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sdrsim::engine::{Chance, Engine, Limit, RunEnd, Seed};
use sdrsim::machine::Builder;
use sdrsim::machine::build::NewFlavor;
use sdrsim::machine::command::{
    Call, CreateDisk, CreateProtectionGroup, CreateReplicationPair, Native, Ref,
};
use sdrsim::time::Calendar;
use sdrsim::units::Bytes;
use sdrsim::world::machinery::DiskType;
use sdrsim::world::place::FlavorClass;
use sdrsim::world::settings::Settings;
use sdrsim::world::{Who, World};

/// A region of `groups` groups with `pairs` pairs each, never protected yet.
fn region(groups: u32, pairs: u32) -> World {
    let mut region = Builder::new("bench", 1, Calendar::default(), Settings::default());
    for n in ["1", "2"] {
        region
            .site(&format!("site-{n}"))
            .expect("the labels are new");
        region
            .az(&format!("az-{n}"), &format!("site-{n}"))
            .expect("the labels are new");
    }
    region
        .domain("metro", ["az-1", "az-2"], false)
        .expect("both AZs exist");
    let flavor = NewFlavor {
        class: FlavorClass::General,
        vcpus: 2,
        ram_mib: 4096,
        free: Default::default(),
    };
    region.flavor("m1", flavor).expect("the label is new");
    let vpc = Native::CreateVpc {
        label: "net".into(),
        name: None,
        cidr: "10.0.0.0/16".into(),
    };
    region.now(vpc).expect("the label is new");
    for g in 0..groups {
        let group = format!("g{g}");
        region
            .now(create_group(&group))
            .expect("the group is well-formed");
        for p in 0..pairs {
            let disk = format!("d{g}-{p}");
            region
                .now(create_disk(&disk))
                .expect("the disk is well-formed");
            region
                .now(create_pair(&group, &disk))
                .expect("the pair is well-formed");
        }
    }
    region.finish()
}

fn create_group(label: &str) -> Call {
    Call::CreateProtectionGroup(Box::new(CreateProtectionGroup {
        label: Some(label.into()),
        name: None,
        description: None,
        source_availability_zone: "az-1".into(),
        target_availability_zone: "az-2".into(),
        domain_id: "metro".into(),
        source_vpc_id: "net".into(),
        dr_type: None,
        protection_type: Default::default(),
    }))
}

fn create_disk(label: &str) -> Native {
    Native::CreateDisk(Box::new(CreateDisk {
        label: label.into(),
        name: None,
        az: "az-1".into(),
        size: Bytes::gib(10),
        kind: DiskType::Ssd,
        bootable: false,
        shared: false,
        encrypted: false,
        grows_online: true,
        load: None,
        throughput: None,
        write_latency: Default::default(),
    }))
}

fn create_pair(group: &str, disk: &str) -> Call {
    Call::CreateReplicationPair(Box::new(CreateReplicationPair {
        label: None,
        server_group_id: group.into(),
        volume_id: disk.into(),
        name: None,
        description: None,
    }))
}

/// Starts, fails over and reprotects every group; gives the number of events.
fn rounds(engine: &mut Engine) -> u64 {
    let groups: Vec<Ref> = engine
        .world()
        .groups
        .keys()
        .map(|key| Ref::from(Who::Group(key)))
        .collect();
    let calls: [fn(Ref) -> Call; 3] = [
        |group| Call::StartProtection { group },
        |group| Call::Failover { group },
        |group| Call::Reprotect { group },
    ];
    for call in calls {
        for group in &groups {
            engine
                .submit(&call(group.clone()).into())
                .expect("the group is in the status before");
        }
        assert_eq!(
            engine.run_until_quiet(Limit::events(u64::MAX)),
            RunEnd::Quiet
        );
    }
    engine.events()
}

fn group_operations(c: &mut Criterion) {
    let mut group = c.benchmark_group("start, fail over, reprotect");
    group.sample_size(10);
    for (groups, pairs) in [(10, 100), (100, 100), (1000, 100)] {
        let world = region(groups, pairs);
        let fresh = || Engine::new(world.clone(), Chance::new(Seed(1)));
        group.throughput(Throughput::Elements(rounds(&mut fresh())));
        group.bench_function(format!("{groups} groups x {pairs} pairs"), |b| {
            b.iter_batched_ref(fresh, rounds, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, group_operations);
criterion_main!(benches);
