//! Every refusal of the cloud, and what each act does to the world.

use crate::machine::command::{Call, Command, CreateDrDrill, Native};
use crate::machine::effect::{Effect, Property};
use crate::machine::event::{Doing, Outcome};
use crate::machine::fixture::{Fixture, attach, new_disk, new_server};
use crate::machine::refusal::{NativeRefusal, Refusal};
use crate::machine::{Answer, admit};
use crate::sdrs::codes::Code;
use crate::sdrs::device::Hypervisor;
use crate::sdrs::policy::{Permission, Policies, Switch};
use crate::sdrs::status::Status;
use crate::units::Bytes;
use crate::world::Who;
use crate::world::machinery::{Act, Lock, Power};
use crate::world::protection::Copying;
use crate::world::settings::Settings;
use NativeRefusal::*;

mod disks;
mod networks;
mod servers;

fn start(server: &str) -> Native {
    Native::StartServer {
        server: server.into(),
    }
}

fn stop(server: &str) -> Native {
    Native::StopServer {
        server: server.into(),
    }
}

fn reboot(server: &str) -> Native {
    Native::RebootServer {
        server: server.into(),
    }
}

fn delete_server(server: &str) -> Native {
    Native::DeleteServer {
        server: server.into(),
    }
}

fn delete_disk(disk: &str) -> Native {
    Native::DeleteDisk { disk: disk.into() }
}

fn detach(disk: &str, server: &str) -> Native {
    Native::DetachDisk {
        disk: disk.into(),
        server: server.into(),
    }
}

fn delete_nic(nic: &str) -> Native {
    Native::DeleteNic { nic: nic.into() }
}

fn vpc(label: &str, cidr: &str) -> Native {
    Native::CreateVpc {
        label: label.into(),
        name: None,
        cidr: cidr.into(),
    }
}

fn subnet(label: &str, vpc: &str, cidr: &str) -> Native {
    Native::CreateSubnet {
        label: label.into(),
        vpc: vpc.into(),
        cidr: cidr.into(),
    }
}

fn nic(label: &str, subnet: &str, ip: Option<&str>) -> Native {
    Native::CreateNic {
        label: label.into(),
        server: "app".into(),
        subnet: subnet.into(),
        ip: ip.map(str::to_owned),
    }
}

fn eip(label: &str, address: &str) -> Native {
    Native::CreateEip {
        label: label.into(),
        address: address.into(),
    }
}

fn bind(eip: &str, nic: &str) -> Native {
    Native::BindEip {
        eip: eip.into(),
        nic: nic.into(),
    }
}

fn delete_eip(eip: &str) -> Native {
    Native::DeleteEip { eip: eip.into() }
}

fn lock(server: &str, lock: Lock) -> Native {
    Native::SetServer {
        server: server.into(),
        lock: Some(lock),
        broken: None,
    }
}

fn broken(server: &str, broken: bool) -> Native {
    Native::SetServer {
        server: server.into(),
        lock: None,
        broken: Some(broken),
    }
}

fn freeze(frozen: bool) -> Native {
    Native::FreezeAccount { frozen }
}

fn failed() -> Outcome {
    Outcome::Failed(Code::of(1308))
}

fn policies(policies: Policies) -> Settings {
    Settings {
        policies,
        ..Settings::default()
    }
}

fn power_is(server: &str, power: &str) -> NativeRefusal {
    NativeRefusal::Power {
        server: server.into(),
        power: power.into(),
    }
}
