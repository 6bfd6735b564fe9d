//! What can be asked of the world: calls of the published API that change something, and native acts behind its back.
//!
//! A command is data: a timeline step, a line of a trace and a counterexample are the same serde form. Fields that the
//! API publishes keep their published names; references are labels, or ids as the API would be given them.

use crate::sdrs::device::Hypervisor;
use crate::time::SpanText;
use crate::units::{Bytes, Rate};
use crate::world::Who;
use crate::world::machinery::{DiskType, Power};
use crate::world::protection::{ProtectionType, Side};
use crate::world::replica::Load;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A reference to a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Ref {
    /// By slot: what library code uses. It has no serde form; see [`Ref::Label`].
    #[serde(skip)]
    Key(Who),
    /// By label.
    Label(String),
    /// By the id that the API would be given, which may be malformed or unknown.
    Id {
        /// The id as sent.
        id: String,
    },
}

impl From<Who> for Ref {
    fn from(who: Who) -> Ref {
        Ref::Key(who)
    }
}

impl From<&str> for Ref {
    fn from(label: &str) -> Ref {
        Ref::Label(label.to_owned())
    }
}

/// A tag as a request body gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TagInput {
    /// The key.
    pub key: String,
    /// The value; null is refused where a value is needed.
    #[serde(default)]
    pub value: Option<String>,
}

/// Body of `create_protection_group` (`sdrs_05_0401`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProtectionGroup {
    /// The label of the new group; absent: `group-N`.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its name; absent: the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The AZ of the production site.
    pub source_availability_zone: Ref,
    /// The AZ of the DR site.
    pub target_availability_zone: Ref,
    /// The active-active domain.
    pub domain_id: Ref,
    /// The VPC of the servers.
    pub source_vpc_id: Ref,
    /// `migration`, the only published value, or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dr_type: Option<String>,
    /// Whether it is a consistency group; the API has no such field.
    #[serde(default)]
    pub protection_type: ProtectionType,
    /// The most that the copy of one of its pairs takes, below the world's own limit; the API has no such field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_rate: Option<Rate>,
}

/// Body of `create_protected_instance` (`sdrs_05_0501`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProtectedInstance {
    /// The label of the new instance; absent: `GROUP/instance-N`.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The group.
    pub server_group_id: Ref,
    /// The server to protect.
    pub server_id: Ref,
    /// Its name; absent: the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The subnet of the DR server's primary NIC; absent: that of the server's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_subnet_id: Option<Ref>,
    /// The address of the DR server's primary NIC; only with a subnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_ip_address: Option<String>,
    /// The flavor of the DR server; absent: that of the server.
    #[serde(default, rename = "flavorRef", skip_serializing_if = "Option::is_none")]
    pub flavor_ref: Option<Ref>,
    /// Tags, at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<TagInput>,
}

/// Body of `create_replication_pair` (`sdrs_05_0601`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateReplicationPair {
    /// The label of the new pair; absent: `GROUP/pair-N`.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The group.
    pub server_group_id: Ref,
    /// The disk to protect.
    pub volume_id: Ref,
    /// Its name; absent: the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Body of `create_dr_drill` (`sdrs_05_0701`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateDrDrill {
    /// The label of the new drill; absent: `GROUP/drill-N`.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The group.
    pub server_group_id: Ref,
    /// Its name; absent: the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The VPC to run in; absent: one is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill_vpc_id: Option<Ref>,
}

/// A call of the published API that may change something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
#[allow(missing_docs)] // Variants are the published operations and fields the published parameters.
pub enum Call {
    CreateProtectionGroup(Box<CreateProtectionGroup>),
    DeleteProtectionGroup {
        group: Ref,
    },
    RenameProtectionGroup {
        group: Ref,
        name: String,
    },
    /// The call `start-server-group`: in a group that has failed over it means reprotection.
    StartProtection {
        group: Ref,
    },
    /// The same call as `start_protection`; the group's status selects the meaning.
    Reprotect {
        group: Ref,
    },
    StopProtection {
        group: Ref,
    },
    Failover {
        group: Ref,
    },
    PlannedFailover {
        group: Ref,
        priority_station: String,
    },
    /// The raw action call on a group: the keys of its body, exactly one of which must be a known action.
    GroupAction {
        group: Ref,
        actions: Vec<String>,
        #[serde(default)]
        priority_station: String,
    },
    CreateProtectedInstance(Box<CreateProtectedInstance>),
    RenameProtectedInstance {
        instance: Ref,
        name: String,
    },
    DeleteProtectedInstance {
        instance: Ref,
        #[serde(default)]
        delete_target_server: bool,
        #[serde(default)]
        delete_target_eip: bool,
    },
    AttachReplicationPair {
        instance: Ref,
        pair: Ref,
        device: String,
    },
    DetachReplicationPair {
        instance: Ref,
        pair: Ref,
    },
    AddNic {
        /// The label of the new NIC; absent: `SERVER/nic-N`.
        #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
        label: Option<String>,
        instance: Ref,
        subnet_id: Ref,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ip_address: Option<String>,
    },
    DeleteNic {
        instance: Ref,
        nic_id: Ref,
    },
    ResizeProtectedInstance {
        instance: Ref,
        #[serde(default, rename = "flavorRef", skip_serializing_if = "Option::is_none")]
        flavor_ref: Option<Ref>,
        #[serde(
            default,
            rename = "production_flavorRef",
            skip_serializing_if = "Option::is_none"
        )]
        production_flavor_ref: Option<Ref>,
        #[serde(
            default,
            rename = "dr_flavorRef",
            skip_serializing_if = "Option::is_none"
        )]
        dr_flavor_ref: Option<Ref>,
    },
    CreateReplicationPair(Box<CreateReplicationPair>),
    RenameReplicationPair {
        pair: Ref,
        name: String,
    },
    DeleteReplicationPair {
        pair: Ref,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server_group_id: Option<Ref>,
        #[serde(default)]
        delete_target_volume: bool,
    },
    /// `new_size` is the API's number: GiB, whose fraction is dropped; it is kept as the text of that number.
    ExpandReplicationPair {
        pair: Ref,
        new_size: Gigabytes,
    },
    /// The raw action call on a pair: the keys of its body, exactly one of which must be a known action.
    PairAction {
        pair: Ref,
        actions: Vec<String>,
        #[serde(default)]
        new_size: Gigabytes,
    },
    CreateDrDrill(Box<CreateDrDrill>),
    RenameDrDrill {
        drill: Ref,
        name: String,
    },
    DeleteDrDrill {
        drill: Ref,
    },
    AddTag {
        instance: Ref,
        key: String,
        #[serde(default)]
        value: Option<String>,
    },
    BatchAddTags {
        instance: Ref,
        tags: Vec<TagInput>,
    },
    BatchDeleteTags {
        instance: Ref,
        tags: Vec<TagInput>,
    },
    /// The raw batch call: `action` must be `create` or `delete`.
    TagAction {
        instance: Ref,
        action: String,
        tags: Vec<TagInput>,
    },
    DeleteTag {
        instance: Ref,
        key: String,
    },
    DeleteFailedTask {
        task: Ref,
    },
    DeleteGroupFailedTasks {
        group: Ref,
    },
    DeleteAllFailedTasks {},
}

/// A size as the API's bodies give it: a number of GiB ("GB" on the pages), whose fraction is dropped when it is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Gigabytes(pub i64);

impl<'de> Deserialize<'de> for Gigabytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl serde::de::Visitor<'_> for Number {
            type Value = Gigabytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of GB as the API takes it, for example 100")
            }
            fn visit_i64<E>(self, n: i64) -> Result<Gigabytes, E> {
                Ok(Gigabytes(n))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Gigabytes, E> {
                Ok(Gigabytes(i64::try_from(n).unwrap_or(i64::MAX)))
            }
            fn visit_f64<E: serde::de::Error>(self, x: f64) -> Result<Gigabytes, E> {
                if x.is_finite() {
                    Ok(Gigabytes(x as i64))
                } else {
                    Err(E::custom("not a finite number of GB"))
                }
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// An act on the cloud's servers, disks and networks, which the service neither asks for nor announces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
#[allow(missing_docs)] // Fields are those of the resource that the variant makes or names.
pub enum Native {
    CreateServer(Box<CreateServer>),
    StartServer {
        server: Ref,
    },
    StopServer {
        server: Ref,
    },
    RebootServer {
        server: Ref,
    },
    DeleteServer {
        server: Ref,
    },
    CreateDisk(Box<CreateDisk>),
    AttachDisk {
        disk: Ref,
        server: Ref,
        device: String,
    },
    DetachDisk {
        disk: Ref,
        server: Ref,
    },
    DeleteDisk {
        disk: Ref,
    },
    CreateVpc {
        #[serde(rename = "as")]
        label: String,
        #[serde(default)]
        name: Option<String>,
        cidr: String,
    },
    DeleteVpc {
        vpc: Ref,
    },
    CreateSubnet {
        #[serde(rename = "as")]
        label: String,
        vpc: Ref,
        cidr: String,
    },
    DeleteSubnet {
        subnet: Ref,
    },
    CreateNic {
        #[serde(rename = "as")]
        label: String,
        server: Ref,
        subnet: Ref,
        #[serde(default)]
        ip: Option<String>,
    },
    DeleteNic {
        nic: Ref,
    },
    CreateEip {
        #[serde(rename = "as")]
        label: String,
        address: String,
    },
    BindEip {
        eip: Ref,
        nic: Ref,
    },
    UnbindEip {
        eip: Ref,
    },
    DeleteEip {
        eip: Ref,
    },
    /// Freezes or thaws the account: while frozen nothing that is billed may be deleted.
    FreezeAccount {
        frozen: bool,
    },
    /// Locks, freezes, breaks or mends a disk.
    SetDisk {
        disk: Ref,
        #[serde(default)]
        locked: Option<bool>,
        #[serde(default)]
        frozen: Option<bool>,
        #[serde(default)]
        broken: Option<bool>,
    },
    /// Sets what running servers write to a disk, and to the other disk of its pair; absent: nothing.
    SetLoad {
        disk: Ref,
        #[serde(default)]
        load: Option<Load>,
    },
    /// Damages the content of a disk from this instant on, as a wrong command on its server would. Replication carries it
    /// faithfully; copies with an earlier recovery point are clean.
    Damage {
        disk: Ref,
    },
    /// Locks a server, or breaks or mends it.
    SetServer {
        server: Ref,
        #[serde(default)]
        lock: Option<crate::world::machinery::Lock>,
        #[serde(default)]
        broken: Option<bool>,
    },
    /// Sells a domain out or reopens it.
    SetDomain {
        domain: Ref,
        sold_out: bool,
    },
    /// Sets how many more servers of a flavor an AZ can hold; absent: any number.
    SetCapacity {
        flavor: Ref,
        az: Ref,
        #[serde(default)]
        free: Option<u32>,
    },
}

/// A new server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateServer {
    /// Its label.
    #[serde(rename = "as")]
    pub label: String,
    /// Its name; absent: the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its AZ.
    pub az: Ref,
    /// The VPC of its NICs.
    pub vpc: Ref,
    /// Its flavor.
    pub flavor: Ref,
    /// Its virtualization.
    #[serde(default)]
    pub hypervisor: Hypervisor,
    /// Whether it runs; absent: active.
    #[serde(default)]
    pub power: Power,
    /// The subnet of its primary NIC; absent: the VPC's first subnet, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<Ref>,
    /// The address of its primary NIC; absent: the next free one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
}

/// A new disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateDisk {
    /// Its label.
    #[serde(rename = "as")]
    pub label: String,
    /// Its name; absent: the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its AZ.
    pub az: Ref,
    /// Its size, whole GiB.
    pub size: Bytes,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// The most that can be written to it; absent: no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<Rate>,
    /// How long one write to it takes; absent: no time.
    #[serde(default)]
    pub write_latency: SpanText,
}

/// Disks of servers and of files, too, grow online unless they say otherwise.
pub(crate) const fn grows_online() -> bool {
    true
}

/// Something asked of the world by a project: it may be refused, and a refusal changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The project that asks, by label; absent: `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// What it asks.
    #[serde(flatten)]
    pub ask: Ask,
}

/// A call of the API or a native act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// A call of the published API.
    Call(Call),
    /// A native act.
    Native(Native),
}

impl From<Call> for Command {
    fn from(call: Call) -> Command {
        Command {
            project: None,
            ask: Ask::Call(call),
        }
    }
}

impl From<Native> for Command {
    fn from(act: Native) -> Command {
        Command {
            project: None,
            ask: Ask::Native(act),
        }
    }
}

impl Side {
    /// The side that the API's word names.
    pub fn named(word: &str) -> Option<Side> {
        [Side::Source, Side::Target]
            .into_iter()
            .find(|side| side.name() == word)
    }
}
