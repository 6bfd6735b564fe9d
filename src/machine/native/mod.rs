//! Acts on servers, disks and networks behind the service's back: what the cloud takes and what it then does.
//!
//! [`admit()`] looks everything up and refuses, [`carry`] changes the world and cannot fail, [`settled`] ends the acts of
//! servers that take time. The service notices nothing of all this until one of its jobs needs what is gone; only a
//! deleted server or disk shows at once, as `invalid`. Under fencing these acts never let both sides of a pair be
//! written: that is asked when a server starts and when a disk is attached.

mod admit;
mod carry;
#[cfg(test)]
mod tests;

pub(in crate::machine) use admit::admit;
pub(in crate::machine) use carry::{boot, carry, initialize, settled};

use crate::sdrs::device::{Device, Hypervisor};
use crate::sdrs::net::Cidr;
use crate::units::Bytes;
use crate::world::machinery::{Act, DiskType, Lock, Power, Writing};
use crate::world::replica::Load;
use crate::world::{
    AzKey, DiskKey, DomainKey, EipKey, FlavorKey, NicKey, ProjectKey, ServerKey, SubnetKey, VpcKey,
};

/// A native act that the cloud takes, with everything looked up.
#[derive(Clone, Debug)]
pub(in crate::machine) enum NativePlan {
    CreateServer(Box<ServerPlan>),
    Act {
        server: ServerKey,
        act: Act,
    },
    DeleteServer(ServerKey),
    CreateDisk(Box<DiskPlan>),
    Attach {
        disk: DiskKey,
        server: ServerKey,
        device: Device,
    },
    Detach {
        disk: DiskKey,
        server: ServerKey,
    },
    DeleteDisk(DiskKey),
    CreateVpc {
        label: String,
        name: Option<String>,
        project: ProjectKey,
        cidr: Cidr,
    },
    DeleteVpc(VpcKey),
    CreateSubnet {
        label: String,
        vpc: VpcKey,
        cidr: Cidr,
    },
    DeleteSubnet(SubnetKey),
    CreateNic {
        label: String,
        server: ServerKey,
        subnet: SubnetKey,
        ip: u32,
    },
    DeleteNic(NicKey),
    CreateEip {
        label: String,
        project: ProjectKey,
        address: u32,
    },
    BindEip {
        eip: EipKey,
        to: Option<NicKey>,
    },
    DeleteEip(EipKey),
    Freeze {
        project: ProjectKey,
        frozen: bool,
    },
    SetLoad {
        disk: DiskKey,
        load: Option<Load>,
    },
    Damage(DiskKey),
    SetDisk {
        disk: DiskKey,
        locked: Option<bool>,
        frozen: Option<bool>,
        broken: Option<bool>,
    },
    SetServer {
        server: ServerKey,
        lock: Option<Lock>,
        broken: Option<bool>,
    },
    SetDomain {
        domain: DomainKey,
        sold_out: bool,
    },
    SetCapacity {
        flavor: FlavorKey,
        az: AzKey,
        free: Option<u32>,
    },
}

/// A server to make.
#[derive(Clone, Debug)]
pub(in crate::machine) struct ServerPlan {
    label: String,
    name: Option<String>,
    project: ProjectKey,
    az: AzKey,
    vpc: VpcKey,
    flavor: FlavorKey,
    hypervisor: Hypervisor,
    power: Power,
    /// The subnet and address of its primary NIC; None in a VPC without subnets.
    nic: Option<(SubnetKey, u32)>,
}

/// A disk to make.
#[derive(Clone, Debug)]
pub(in crate::machine) struct DiskPlan {
    label: String,
    name: Option<String>,
    project: ProjectKey,
    az: AzKey,
    size: Bytes,
    kind: DiskType,
    bootable: bool,
    shared: bool,
    encrypted: bool,
    grows_online: bool,
    write: Writing,
}
