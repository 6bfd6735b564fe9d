//! A small world for the engine's own tests.

use crate::machine::make::{self, NewDisk, NewGroup, NewServer};
use crate::machine::{Answer, Effects, admit, command::Call, commit};
use crate::sdrs::device::{Device, Hypervisor};
use crate::sdrs::net::Cidr;
use crate::sdrs::status::Status;
use crate::time::{Calendar, SimTime};
use crate::units::Bytes;
use crate::world::label::Label;
use crate::world::machinery::{DiskType, Power};
use crate::world::place::{Az, Domain, Eip, Flavor, FlavorClass, Nic, Site};
use crate::world::protection::{ProtectionType, Side};
use crate::world::settings::Settings;
use crate::world::{
    AzKey, DiskKey, EipKey, GroupKey, InstanceKey, JobKey, NicKey, PairKey, ServerKey, Who, World,
};
use std::net::Ipv4Addr;

/// Group `web` with the instance `web-server`, its pair `data` of 100 GiB and the loose pair `spare` of 20 GiB, and the
/// empty group `other`. All is `available`; a job that starts the protection of `web` is accepted and has not begun.
pub(crate) struct Fixture {
    pub world: World,
    pub group: GroupKey,
    pub other_group: GroupKey,
    pub instance: InstanceKey,
    pub pair: PairKey,
    pub server: ServerKey,
    pub nic: NicKey,
    pub eip: EipKey,
    pub job: JobKey,
}

impl Fixture {
    pub(crate) fn new() -> Fixture {
        Fixture::of(&["web", "other"])
    }

    /// The same with other things before it, so that slots, serials and words differ.
    pub(crate) fn crowded() -> Fixture {
        Fixture::of(&["first", "other", "second", "web"])
    }

    /// The world before the job was accepted.
    pub(crate) fn idle_world() -> World {
        Yard::of(&["web", "other"]).world
    }

    /// The same with other things before it.
    pub(crate) fn crowded_idle_world() -> World {
        Yard::of(&["first", "other", "second", "web"]).world
    }

    fn of(groups: &[&str]) -> Fixture {
        let Yard { mut world, made } = Yard::of(groups);
        let (group, instance, pair, server) = made.expect("one of the groups is `web`");
        let start = Call::StartProtection {
            group: "web".into(),
        };
        world.settings.workers = Some(0);
        let admitted = admit(&world, &start.into()).unwrap();
        let Answer::Job(job) = commit(&mut world, SimTime::ZERO, admitted, &mut Effects::new())
        else {
            panic!("starting protection is a job");
        };
        let Some(Who::Group(other_group)) = world.find("other") else {
            panic!("one of the groups is `other`");
        };
        let (nic, eip) = address(&mut world, server);
        Fixture {
            world,
            group,
            other_group,
            instance,
            pair,
            server,
            nic,
            eip,
            job,
        }
    }
}

type Made = (GroupKey, InstanceKey, PairKey, ServerKey);

struct Yard {
    world: World,
    made: Option<Made>,
}

impl Yard {
    fn of(groups: &[&str]) -> Yard {
        let calendar = Calendar::default();
        let mut world = World::empty("region", 1, calendar, Settings::default());
        let azs = azs(&mut world);
        let mut made = None;
        for &name in groups {
            let group = group(&mut world, name, azs);
            if name != "other" {
                let members = members(&mut world, name, group, azs);
                if name == "web" {
                    made = Some(members);
                }
            }
        }
        world.reindex();
        Yard { world, made }
    }
}

fn named(world: &mut World, text: &str) -> (Label, u32) {
    (make::label(world, text), make::serial(world))
}

fn azs(world: &mut World) -> [AzKey; 2] {
    let (label, serial) = named(world, "site");
    let stable = label.stable(&world.words);
    let site = world.sites.insert(Site {
        label,
        stable,
        serial,
        dark: 0,
    });
    ["az1", "az2"].map(|name| {
        let (label, serial) = named(world, name);
        let stable = label.stable(&world.words);
        world.azs.insert(Az {
            label,
            stable,
            serial,
            site,
            dark: 0,
            pool: Default::default(),
        })
    })
}

fn group(world: &mut World, name: &str, azs: [AzKey; 2]) -> GroupKey {
    let (label, serial) = named(world, &format!("{name}-domain"));
    let stable = label.stable(&world.words);
    let description = world.words.intern("");
    let domain = world.domains.insert(Domain {
        label,
        stable,
        serial,
        name: label,
        description,
        azs,
        sold_out: false,
        arbitration: Default::default(),
        mode: Default::default(),
        windows: 0,
    });
    let cidr = Cidr::around(Ipv4Addr::new(10, 0, 0, 0), 16).unwrap();
    let label = make::label(world, &format!("{name}-vpc"));
    let project = world.default_project;
    let out = &mut Effects::new();
    let vpc = make::vpc(world, label, label, project, cidr, out);
    let label = make::label(world, name);
    let new = NewGroup {
        label,
        project,
        name: label,
        description: None,
        domain,
        azs,
        vpc,
        protection: ProtectionType::default(),
        copy_rate: None,
    };
    make::group(world, SimTime::ZERO, new, Status::Available, out)
}

fn members(world: &mut World, name: &str, group: GroupKey, azs: [AzKey; 2]) -> Made {
    let out = &mut Effects::new();
    let servers = [0, 1].map(|side| server(world, name, group, azs, side));
    let label = make::label(world, &format!("{name}-server"));
    let facts = (group, label, label, None);
    let now = SimTime::ZERO;
    let instance = make::instance(world, now, facts, servers[0], Status::Available, out);
    world.instances[instance].servers[1] = Some(servers[1]);
    world.servers[servers[1]].instance = Some(instance);
    let prefix = if name == "web" { "" } else { name };
    let data = pair(world, &format!("{prefix}data"), group, azs, 100);
    pair(world, &format!("{prefix}spare"), group, azs, 20);
    let device = Device::nth(Hypervisor::default(), 0).unwrap();
    make::attach_pair(world, data, instance, device);
    for side in [Side::Source, Side::Target] {
        let disk = world.disks_of(data)[side.index()].unwrap();
        make::attach_disk(world, disk, servers[side.index()], device, out);
    }
    (group, instance, data, servers[0])
}

fn server(
    world: &mut World,
    name: &str,
    group: GroupKey,
    azs: [AzKey; 2],
    side: usize,
) -> ServerKey {
    let (label, serial) = named(world, &format!("{name}-flavor-{side}"));
    let stable = label.stable(&world.words);
    let flavor = world.flavors.insert(Flavor {
        label,
        stable,
        serial,
        class: FlavorClass::General,
        vcpus: 1,
        ram_mib: 1024,
        free: [(azs[side], 3)].into(),
        running: Default::default(),
    });
    let label = make::label(world, &format!("{name}-server-{side}"));
    let new = NewServer {
        label,
        project: world.default_project,
        name: label,
        az: azs[side],
        vpc: world.groups[group].vpc,
        flavor,
        hypervisor: Hypervisor::default(),
        power: [Power::Active, Power::Shutoff][side],
    };
    make::server(world, new, &mut Effects::new())
}

fn disk(world: &mut World, name: &str, az: AzKey, gib: u32) -> DiskKey {
    let label = make::label(world, name);
    let new = NewDisk {
        label,
        project: world.default_project,
        name: label,
        az,
        size: Bytes::gib(gib),
        kind: DiskType::Ssd,
        bootable: false,
        shared: false,
        encrypted: false,
        grows_online: true,
        write: Default::default(),
    };
    make::disk(world, new, &mut Effects::new())
}

fn pair(world: &mut World, name: &str, group: GroupKey, azs: [AzKey; 2], gib: u32) -> PairKey {
    let disks = [0, 1].map(|side| disk(world, &format!("{name}-disk-{side}"), azs[side], gib));
    let label = make::label(world, name);
    let facts = (group, label, label, None);
    let out = &mut Effects::new();
    let key = make::pair(
        world,
        SimTime::ZERO,
        facts,
        disks[0],
        Status::Available,
        out,
    );
    world.pairs.base_mut(key).disks[1] = Some(disks[1]);
    world.disks[disks[1]].pair = Some(key);
    key
}

fn address(world: &mut World, server: ServerKey) -> (NicKey, EipKey) {
    let cidr = Cidr::around(Ipv4Addr::new(10, 0, 1, 0), 24).unwrap();
    let label = make::label(world, "subnet");
    let vpc = world.servers[server].vpc;
    let subnet = make::subnet(world, label, vpc, cidr, &mut Effects::new());
    let (label, serial) = named(world, "nic");
    let stable = label.stable(&world.words);
    let nic = world.nics.insert(Nic {
        label,
        stable,
        serial,
        subnet,
        ip: 0x0a00_0102,
        mac: 1,
        server: Some(server),
        primary: true,
        eip: None,
    });
    world.servers[server].nics.push(nic);
    let (label, serial) = named(world, "eip");
    let stable = label.stable(&world.words);
    let project = world.default_project;
    let eip = world.eips.insert(Eip {
        label,
        stable,
        serial,
        project,
        address: 7,
        nic: None,
    });
    world.reindex();
    (nic, eip)
}
