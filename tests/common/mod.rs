//! A small region and the calls that the integration tests make in it.
#![allow(dead_code)] // Each test binary uses its own part.

use sdrsim::engine::oracle::{Fate, Oracle};
use sdrsim::machine::build::NewFlavor;
use sdrsim::machine::command::{
    Call, CreateDisk, CreateDrDrill, CreateProtectedInstance, CreateProtectionGroup,
    CreateReplicationPair, CreateServer, Gigabytes, Native, Ref,
};
use sdrsim::machine::{Builder, Doing, Outcome};
use sdrsim::sdrs::codes::Code;
use sdrsim::sdrs::op::Op;
use sdrsim::sdrs::policy::Permission;
use sdrsim::time::{Calendar, SimTime, Span, UnixMicros};
use sdrsim::units::Bytes;
use sdrsim::world::job::Part;
use sdrsim::world::machinery::{DiskType, Power};
use sdrsim::world::place::FlavorClass;
use sdrsim::world::settings::Settings;
use sdrsim::world::{Who, World};

/// Work lasts a second; one operation may be told to fail or to hang.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Work of this operation fails with the code.
    pub fail: Option<(Op, Code)>,
    /// Work of this operation never ends.
    pub hang: Option<Op>,
}

impl Oracle for Told {
    fn fate(&mut self, _: &World, _: SimTime, _: Who, _: u32, doing: Doing) -> Fate {
        let mut fate = Fate {
            after: Some(Span::secs(1)),
            outcome: Outcome::Done,
        };
        if let Doing::Job(op, Part::Work) = doing {
            if self.hang == Some(op) {
                fate.after = None;
            }
            if let Some((failing, code)) = self.fail
                && failing == op
            {
                fate.outcome = Outcome::Failed(code);
            }
        }
        fate
    }
}

/// Two AZs in two sites, a domain, a VPC with two subnets, three servers with two disks each and spare disks.
pub fn region(settings: Settings) -> Builder {
    let calendar = Calendar {
        start: UnixMicros(1_554_120_000_000_000),
    };
    let mut region = Builder::new("test", 7, calendar, settings);
    for n in ["1", "2"] {
        region.site(&format!("site-{n}")).unwrap();
        region.az(&format!("az-{n}"), &format!("site-{n}")).unwrap();
    }
    region.domain("metro", ["az-1", "az-2"], false).unwrap();
    for (label, class) in [
        ("m1", FlavorClass::General),
        ("m2", FlavorClass::General),
        ("gpu", FlavorClass::Gpu),
    ] {
        let new = NewFlavor {
            class,
            vcpus: 2,
            ram_mib: 4096,
            free: Default::default(),
            running: Default::default(),
        };
        region.flavor(label, new).unwrap();
    }
    let vpc = |label: &str| Native::CreateVpc {
        label: label.into(),
        name: None,
        cidr: "10.0.0.0/16".into(),
    };
    region.now(vpc("net")).unwrap();
    region.now(vpc("drill-net")).unwrap();
    for (label, vpc) in [("lan", "net"), ("drill-lan", "drill-net")] {
        let subnet = Native::CreateSubnet {
            label: label.into(),
            vpc: vpc.into(),
            cidr: "10.0.1.0/24".into(),
        };
        region.now(subnet).unwrap();
    }
    for n in 1..=3 {
        add_server(&mut region, &format!("s{n}"));
    }
    for n in 1..=3 {
        region
            .now(disk(&format!("spare-{n}"), "az-1", false))
            .unwrap();
    }
    region
}

fn add_server(region: &mut Builder, label: &str) {
    region
        .now(Native::CreateServer(Box::new(CreateServer {
            label: label.into(),
            name: None,
            az: "az-1".into(),
            vpc: "net".into(),
            flavor: "m1".into(),
            hypervisor: Default::default(),
            power: Power::Shutoff,
            subnet: None,
            ip: None,
        })))
        .unwrap();
    for (letter, bootable) in [("a", true), ("b", false)] {
        let name = format!("{label}-{letter}");
        region.now(disk(&name, "az-1", bootable)).unwrap();
        let device = format!("/dev/vd{letter}");
        region
            .now(Native::AttachDisk {
                disk: name.as_str().into(),
                server: label.into(),
                device,
            })
            .unwrap();
    }
}

/// A new disk of 10 GiB.
pub fn disk(label: &str, az: &str, bootable: bool) -> Native {
    Native::CreateDisk(Box::new(CreateDisk {
        label: label.into(),
        name: None,
        az: az.into(),
        size: Bytes::gib(10),
        kind: DiskType::Ssd,
        bootable,
        shared: false,
        encrypted: false,
        grows_online: true,
        load: None,
        throughput: None,
        write_latency: Default::default(),
    }))
}

/// The settings of most tests: native deletion of paired disks is allowed, so that `invalid` pairs can be had.
pub fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.policies.native_disk_delete = Permission::Allowed;
    settings
}

/// Creates the group `g`.
pub fn create_group(label: &str) -> Call {
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

/// Creates an instance of `g` around a server.
pub fn create_instance(label: &str, server: &str) -> Call {
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

/// Creates a pair of `g` around a disk.
pub fn create_pair(label: &str, disk: &str) -> Call {
    Call::CreateReplicationPair(Box::new(CreateReplicationPair {
        label: Some(label.into()),
        server_group_id: "g".into(),
        volume_id: disk.into(),
        name: None,
        description: None,
    }))
}

/// Creates a drill of `g` in the drill VPC.
pub fn create_drill(label: &str) -> Call {
    Call::CreateDrDrill(Box::new(CreateDrDrill {
        label: Some(label.into()),
        server_group_id: "g".into(),
        name: None,
        drill_vpc_id: Some("drill-net".into()),
    }))
}

/// `start_protection` of `g`, which in a group that has failed over is `reprotect`.
pub fn start() -> Call {
    Call::StartProtection { group: "g".into() }
}

/// Planned failover of `g` to the station.
pub fn planned(station: &str) -> Call {
    Call::PlannedFailover {
        group: "g".into(),
        priority_station: station.into(),
    }
}

/// Attaches a pair to `i` as `/dev/vdc`.
pub fn attach(pair: &str) -> Call {
    Call::AttachReplicationPair {
        instance: "i".into(),
        pair: pair.into(),
        device: "/dev/vdc".into(),
    }
}

/// Detaches a pair from `i`.
pub fn detach(pair: &str) -> Call {
    Call::DetachReplicationPair {
        instance: "i".into(),
        pair: pair.into(),
    }
}

/// Expands a pair to 20 GB.
pub fn expand(pair: &str) -> Call {
    Call::ExpandReplicationPair {
        pair: pair.into(),
        new_size: Gigabytes(20),
    }
}

/// Adds the NIC `n2` to `i`.
pub fn add_nic() -> Call {
    Call::AddNic {
        label: Some("n2".into()),
        instance: "i".into(),
        subnet_id: "lan".into(),
        ip_address: None,
    }
}

/// Resizes `i` to the flavor `m2`.
pub fn resize() -> Call {
    Call::ResizeProtectedInstance {
        instance: "i".into(),
        flavor_ref: Some("m2".into()),
        production_flavor_ref: None,
        dr_flavor_ref: None,
    }
}

/// A reference by label.
pub fn by(label: &str) -> Ref {
    label.into()
}
