//! What stands when the run begins: servers, disks, addresses, groups, instances and pairs.

use super::count;
use crate::machine::command::grows_online;
use crate::scenario::yaml::{Labelled, Spanned};
use crate::sdrs::device::Hypervisor;
use crate::time::SpanText;
use crate::units::{Bytes, Rate};
use crate::world::machinery::{DiskType, Power};
use crate::world::protection::ProtectionType;
use crate::world::replica::Load;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A server, or a template of servers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerModel {
    /// Makes it a template of so many.
    #[serde(default, deserialize_with = "count::template")]
    #[schemars(with = "Option<u32>")]
    pub count: Option<Spanned<u32>>,
    /// Its AZ.
    #[schemars(with = "String")]
    pub az: Spanned<String>,
    /// Its VPC.
    #[schemars(with = "String")]
    pub vpc: Spanned<String>,
    /// Its flavor.
    #[schemars(with = "String")]
    pub flavor: Spanned<String>,
    /// How its devices are named; absent: kvm.
    #[serde(default)]
    pub hypervisor: Hypervisor,
    /// Whether it runs; absent: active.
    #[serde(default)]
    pub power: Power,
    /// The subnet of its primary NIC; absent: the VPC's first subnet, if it has one.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub subnet: Option<Spanned<String>>,
    /// The address of its primary NIC; absent: the next free one.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub ip: Option<Spanned<String>>,
    /// Its disks by device name; each is labelled by the server and the device, as in `web/vda`.
    #[serde(default)]
    pub disks: Labelled<InlineDisk>,
    /// Its name; absent: the label.
    #[serde(default)]
    pub name: Option<String>,
    /// Its project; absent: `default`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub project: Option<Spanned<String>>,
}

/// A disk that is written with its server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InlineDisk {
    /// Its size, whole GiB.
    #[schemars(with = "Bytes")]
    pub size: Spanned<Bytes>,
    /// Its type; absent: SSD.
    #[serde(default, rename = "type")]
    pub kind: DiskType,
    /// Whether a system boots from it.
    #[serde(default)]
    pub bootable: bool,
    /// Whether it is encrypted.
    #[serde(default)]
    pub encrypted: bool,
    /// Whether it can grow while in use; absent: true.
    #[serde(default = "grows_online")]
    pub grows_online: bool,
    /// What a running server writes to it; absent: nothing.
    #[serde(default)]
    #[schemars(with = "Option<Load>")]
    pub load: Option<Spanned<Load>>,
    /// The most that can be written to it; absent: no bound.
    #[serde(default)]
    pub throughput: Option<Rate>,
    /// How long one write to it takes; absent: no time.
    #[serde(default)]
    pub write_latency: SpanText,
}

/// A disk, or a template of disks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiskModel {
    /// Makes it a template of so many.
    #[serde(default, deserialize_with = "count::template")]
    #[schemars(with = "Option<u32>")]
    pub count: Option<Spanned<u32>>,
    /// Its AZ.
    #[schemars(with = "String")]
    pub az: Spanned<String>,
    /// Its size, whole GiB.
    #[schemars(with = "Bytes")]
    pub size: Spanned<Bytes>,
    /// Its type; absent: SSD.
    #[serde(default, rename = "type")]
    pub kind: DiskType,
    /// Whether a system boots from it.
    #[serde(default)]
    pub bootable: bool,
    /// Whether it may be attached to several servers.
    #[serde(default)]
    pub shared: bool,
    /// Whether it is encrypted.
    #[serde(default)]
    pub encrypted: bool,
    /// Whether it can grow while in use; absent: true.
    #[serde(default = "grows_online")]
    pub grows_online: bool,
    /// What a running server writes to it; absent: nothing.
    #[serde(default)]
    #[schemars(with = "Option<Load>")]
    pub load: Option<Spanned<Load>>,
    /// The most that can be written to it; absent: no bound.
    #[serde(default)]
    pub throughput: Option<Rate>,
    /// How long one write to it takes; absent: no time.
    #[serde(default)]
    pub write_latency: SpanText,
    /// The servers it is attached to, each with the device name it has there.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub attached: Labelled<Spanned<String>>,
    /// Its name; absent: the label.
    #[serde(default)]
    pub name: Option<String>,
    /// Its project; absent: `default`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub project: Option<Spanned<String>>,
}

/// A public address.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EipModel {
    /// The address.
    #[schemars(with = "String")]
    pub address: Spanned<String>,
    /// The server to whose primary NIC it is bound.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub server: Option<Spanned<String>>,
    /// Its project; absent: `default`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub project: Option<Spanned<String>>,
}

/// A protection group, or a template of groups.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupModel {
    /// Makes it a template of so many.
    #[serde(default, deserialize_with = "count::template")]
    #[schemars(with = "Option<u32>")]
    pub count: Option<Spanned<u32>>,
    /// The active-active domain.
    #[schemars(with = "String")]
    pub domain: Spanned<String>,
    /// The AZ of the production site; absent: the first of the domain's.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub source: Option<Spanned<String>>,
    /// The AZ of the DR site; absent: the other one of the domain's.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub target: Option<Spanned<String>>,
    /// The VPC of the servers.
    #[schemars(with = "String")]
    pub vpc: Spanned<String>,
    /// Whether it is a consistency group; absent: each pair has its own recovery point.
    #[serde(default)]
    pub protection_type: ProtectionType,
    /// The most that the copy of one of its pairs takes, not 0; absent, or above the world's `copy_rate`: that.
    #[serde(default)]
    #[schemars(with = "Option<Rate>")]
    pub copy_rate: Option<Spanned<Rate>>,
    /// Whether protection has been started and the first copy has ended when the run begins.
    #[serde(default)]
    pub protected: bool,
    /// Its name; absent: the label.
    #[serde(default)]
    pub name: Option<String>,
    /// Its description.
    #[serde(default)]
    pub description: Option<String>,
    /// Its project, and that of its members; absent: `default`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub project: Option<Spanned<String>>,
}

/// A protected instance, or a template of instances. The server's disks become replication pairs, each labelled by the
/// instance and the device, as in `web/vda`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstanceModel {
    /// Makes it a template of so many.
    #[serde(default, deserialize_with = "count::template")]
    #[schemars(with = "Option<u32>")]
    pub count: Option<Spanned<u32>>,
    /// The group.
    #[schemars(with = "String")]
    pub group: Spanned<String>,
    /// The server to protect.
    #[schemars(with = "String")]
    pub server: Spanned<String>,
    /// The subnet of the DR server's primary NIC; absent: that of the server's.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub subnet: Option<Spanned<String>>,
    /// The address of the DR server's primary NIC; only with a subnet.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub ip: Option<Spanned<String>>,
    /// The flavor of the DR server; absent: that of the server.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub flavor: Option<Spanned<String>>,
    /// Its tags, at most 10.
    #[serde(default)]
    pub tags: Labelled<String>,
    /// Its name; absent: the label.
    #[serde(default)]
    pub name: Option<String>,
    /// Its description.
    #[serde(default)]
    pub description: Option<String>,
}

/// A replication pair of a disk that no instance brings along, or a template of such pairs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairModel {
    /// Makes it a template of so many.
    #[serde(default, deserialize_with = "count::template")]
    #[schemars(with = "Option<u32>")]
    pub count: Option<Spanned<u32>>,
    /// The group.
    #[schemars(with = "String")]
    pub group: Spanned<String>,
    /// The disk to protect.
    #[schemars(with = "String")]
    pub disk: Spanned<String>,
    /// The instances it is attached to, each with the device name it has there.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub attached: Labelled<Spanned<String>>,
    /// Its name; absent: the label.
    #[serde(default)]
    pub name: Option<String>,
    /// Its description.
    #[serde(default)]
    pub description: Option<String>,
}
