//! A small world for tests, built like any other, and hands to drive it without an engine.
//!
//! Sites `east` and `west` hold `az-1` and `az-2`, which the domain `metro` joins; flavors `m1`, that of all servers, and `m2`; VPC `net` with the
//! subnets `lan` and `lan-b`. Servers in `az-1`: `web` (disks `web-sys`, `web-data`), `app` (disk `app-sys`), both
//! running; disks `spare` and `vault` in `az-1` and `far` in `az-2` are attached nowhere. Group `g` is available and has
//! the instance `i` around `web`, with the pairs `i/vda` and `i/vdb` and the replica `i/dr`, and the pair `p` of `vault`,
//! which is attached nowhere.

use super::command::{
    Call, Command, CreateDisk, CreateDrDrill, CreateProtectedInstance, CreateProtectionGroup,
    CreateReplicationPair, CreateServer, Native,
};
use super::refusal::NativeRefusal;
use super::{
    Answer, Builder, Effect, Effects, Event, Outcome, Refusal, admit, build, commit, happen,
};
use crate::sdrs::device::Hypervisor;
use crate::sdrs::status::Status;
use crate::time::{Calendar, SimTime, UnixMicros};
use crate::units::Bytes;
use crate::world::machinery::{Disk, DiskType, Power, Server};
use crate::world::place::{FlavorClass, Quotas};
use crate::world::protection::{Instance, Pair};
use crate::world::settings::Settings;
use crate::world::{Who, World};
use std::collections::VecDeque;

/// The world, what the last call brought about, and what is under way.
pub(crate) struct Fixture {
    pub world: World,
    /// The effects of the last command or event.
    pub out: Effects,
    /// The instant at which commands are given.
    pub now: SimTime,
    /// What has begun and not ended, in the order in which it began; each ends well unless a test says otherwise.
    pub due: VecDeque<Event>,
}

impl Fixture {
    pub(crate) fn new() -> Fixture {
        Fixture::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Fixture {
        let calendar = Calendar {
            start: UnixMicros(0),
        };
        let mut builder = Builder::new("test", 1, calendar, settings);
        builder.project("other", Quotas::default(), false).unwrap();
        builder.site("east").unwrap();
        builder.site("west").unwrap();
        builder.az("az-1", "east").unwrap();
        builder.az("az-2", "west").unwrap();
        builder.domain("metro", ["az-1", "az-2"], false).unwrap();
        let flavor = build::NewFlavor {
            class: FlavorClass::General,
            vcpus: 2,
            ram_mib: 4096,
            free: Default::default(),
            running: Default::default(),
        };
        builder.flavor("m1", flavor.clone()).unwrap();
        let group = Call::CreateProtectionGroup(Box::new(new_group("g")));
        let calls = [group, instance(), pair()].map(Command::from);
        let commands = networks().into_iter().chain(machinery());
        for command in commands.map(Command::from).chain(calls) {
            builder.now(command).unwrap();
        }
        builder.flavor("m2", flavor).unwrap();
        Fixture {
            world: builder.finish(),
            out: Effects::new(),
            now: SimTime::ZERO,
            due: VecDeque::new(),
        }
    }

    /// Gives a command; its effects are in `out`.
    pub(crate) fn ask(&mut self, command: impl Into<Command>) -> Result<Answer, Refusal> {
        let admitted = admit(&self.world, &command.into())?;
        self.out.clear();
        let answer = commit(&mut self.world, self.now, admitted, &mut self.out);
        self.note();
        Ok(answer)
    }

    /// Gives a command and lets everything come to a good end.
    pub(crate) fn done(&mut self, command: impl Into<Command>) -> Answer {
        let answer = self.ask(command).unwrap();
        while !self.due.is_empty() {
            self.end(Outcome::Done);
        }
        answer
    }

    /// Ends what began first, so or so.
    pub(crate) fn end(&mut self, how: Outcome) {
        let mut event = self.due.pop_front().expect("something is under way");
        if let Event::Settled { outcome, .. } = &mut event {
            *outcome = how;
        }
        self.out.clear();
        happen(&mut self.world, self.now, event, &mut self.out);
        self.note();
    }

    fn note(&mut self) {
        for effect in &self.out {
            match *effect {
                Effect::Begin {
                    who, epoch, doing, ..
                } => self.due.push_back(Event::Settled {
                    who,
                    epoch,
                    doing,
                    outcome: Outcome::Done,
                    turn: 0,
                }),
                Effect::CopyBegan { pair, copies, .. } => {
                    self.due.push_back(Event::Synced { pair, copies });
                }
                _ => {}
            }
        }
    }

    /// The number of the code with which a command is refused.
    pub(crate) fn code(&self, command: impl Into<Command>) -> u16 {
        let refusal = admit(&self.world, &command.into()).unwrap_err();
        refusal.code().expect("a published code").number()
    }

    /// Why the cloud refuses a native act.
    pub(crate) fn native(&self, act: Native) -> NativeRefusal {
        match admit(&self.world, &act.into()).unwrap_err() {
            Refusal::Native(why) => why,
            other => panic!("{other}"),
        }
    }

    pub(crate) fn who(&self, label: &str) -> Who {
        self.world
            .find(label)
            .unwrap_or_else(|| panic!("no {label}"))
    }

    pub(crate) fn status(&self, label: &str) -> Status {
        self.world.reported(self.who(label)).unwrap()
    }

    pub(crate) fn server(&mut self, label: &str) -> &mut Server {
        match self.who(label) {
            Who::Server(key) => &mut self.world.servers[key],
            other => panic!("{label} is {other:?}"),
        }
    }

    pub(crate) fn disk(&mut self, label: &str) -> &mut Disk {
        match self.who(label) {
            Who::Disk(key) => &mut self.world.disks[key],
            other => panic!("{label} is {other:?}"),
        }
    }

    pub(crate) fn disks_of(&self, pair: &str) -> [Option<crate::world::DiskKey>; 2] {
        match self.who(pair) {
            Who::Pair(key) => self.world.disks_of(key),
            other => panic!("{pair} is {other:?}"),
        }
    }

    pub(crate) fn pair(&mut self, label: &str) -> &mut Pair {
        match self.who(label) {
            Who::Pair(key) => &mut self.world.pairs[key],
            other => panic!("{label} is {other:?}"),
        }
    }

    pub(crate) fn instance(&mut self, label: &str) -> &mut Instance {
        match self.who(label) {
            Who::Instance(key) => &mut self.world.instances[key],
            other => panic!("{label} is {other:?}"),
        }
    }
}

/// A drill `d` of `g`.
pub(crate) fn new_drill() -> CreateDrDrill {
    CreateDrDrill {
        label: Some("d".into()),
        server_group_id: "g".into(),
        name: None,
        drill_vpc_id: None,
    }
}

/// A server in `az-1` with the next free address of `lan`.
pub(crate) fn new_server(label: &str) -> CreateServer {
    CreateServer {
        label: label.into(),
        name: None,
        az: "az-1".into(),
        vpc: "net".into(),
        flavor: "m1".into(),
        hypervisor: Hypervisor::Kvm,
        power: Power::Active,
        subnet: None,
        ip: None,
    }
}

/// A disk of 40 GiB in an AZ.
pub(crate) fn new_disk(label: &str, az: &str, bootable: bool) -> CreateDisk {
    CreateDisk {
        label: label.into(),
        name: None,
        az: az.into(),
        size: Bytes::gib(40),
        kind: DiskType::Ssd,
        bootable,
        shared: false,
        encrypted: false,
        grows_online: true,
        load: None,
        throughput: None,
        write_latency: Default::default(),
    }
}

pub(crate) fn attach(disk: &str, server: &str, device: &str) -> Native {
    Native::AttachDisk {
        disk: disk.into(),
        server: server.into(),
        device: device.into(),
    }
}

fn networks() -> Vec<Native> {
    let subnet = |label: &str, cidr: &str| Native::CreateSubnet {
        label: label.into(),
        vpc: "net".into(),
        cidr: cidr.into(),
    };
    let vpc = Native::CreateVpc {
        label: "net".into(),
        name: None,
        cidr: "10.0.0.0/16".into(),
    };
    vec![
        vpc,
        subnet("lan", "10.0.1.0/24"),
        subnet("lan-b", "10.0.2.0/24"),
    ]
}

fn machinery() -> Vec<Native> {
    let disk = |label: &str, az: &str, bootable| {
        Native::CreateDisk(Box::new(new_disk(label, az, bootable)))
    };
    vec![
        Native::CreateServer(Box::new(new_server("web"))),
        Native::CreateServer(Box::new(new_server("app"))),
        disk("web-sys", "az-1", true),
        disk("web-data", "az-1", false),
        disk("app-sys", "az-1", true),
        disk("spare", "az-1", false),
        disk("vault", "az-1", false),
        disk("far", "az-2", false),
        attach("web-sys", "web", "/dev/vda"),
        attach("web-data", "web", "/dev/vdb"),
        attach("app-sys", "app", "/dev/vda"),
    ]
}

/// A group from `az-1` to `az-2`.
pub(crate) fn new_group(label: &str) -> CreateProtectionGroup {
    CreateProtectionGroup {
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
    }
}

fn instance() -> Call {
    Call::CreateProtectedInstance(Box::new(CreateProtectedInstance {
        label: Some("i".into()),
        server_group_id: "g".into(),
        server_id: "web".into(),
        name: None,
        description: None,
        primary_subnet_id: None,
        primary_ip_address: None,
        flavor_ref: None,
        tags: Vec::new(),
    }))
}

fn pair() -> Call {
    Call::CreateReplicationPair(Box::new(CreateReplicationPair {
        label: Some("p".into()),
        server_group_id: "g".into(),
        volume_id: "vault".into(),
        name: None,
        description: None,
    }))
}
