//! A region for benchmarks.

use sdrsim::machine::Builder;
use sdrsim::machine::build::{NewFlavor, NewLink};
use sdrsim::machine::command::{
    Call, CreateDisk, CreateProtectionGroup, CreateReplicationPair, Native,
};
use sdrsim::time::{Calendar, Span};
use sdrsim::units::{Bytes, Rate};
use sdrsim::world::World;
use sdrsim::world::machinery::DiskType;
use sdrsim::world::place::FlavorClass;
use sdrsim::world::settings::Settings;

/// A region of `groups` groups with `pairs` pairs each, never protected yet, between two AZs with one link, or without a
/// network.
pub fn region(groups: u32, pairs: u32, link: Option<Rate>) -> World {
    let mut region = Builder::new("bench", 1, Calendar::default(), Settings::default());
    for n in ["1", "2"] {
        region
            .site(&format!("site-{n}"))
            .expect("the labels are new");
        region
            .az(&format!("az-{n}"), &format!("site-{n}"))
            .expect("the labels are new");
    }
    if let Some(bandwidth) = link {
        let link = NewLink {
            between: ["az-1", "az-2"],
            bandwidth: Some(bandwidth),
            latency: Span::ZERO,
            duct: None,
        };
        region.link("ab", link).expect("both AZs exist");
    }
    region
        .domain("metro", ["az-1", "az-2"], false)
        .expect("both AZs exist");
    let flavor = NewFlavor {
        class: FlavorClass::General,
        vcpus: 2,
        ram_mib: 4096,
        free: Default::default(),
        running: Default::default(),
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
        copy_rate: None,
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
