//! Where things stand: projects, sites, availability zones, domains, networks and flavors.

use super::label::{Label, Name, Stable, Word};
use super::{AzKey, NodeKey, ServerKey, SiteKey, SubnetKey, VpcKey};
use crate::sdrs::net::Cidr;
use crate::time::Span;
use crate::units::Bytes;
use crate::world::refill::clone_by_field;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The limits of a project; -1 is unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quotas {
    /// Protection groups.
    pub server_groups: i64,
    /// Replication pairs.
    pub replications: i64,
    /// Protected instances of one group.
    pub instances_per_group: i64,
    /// Pairs attached to no instance.
    pub unattached_pairs: i64,
    /// VPCs, for the VPC that a drill creates.
    pub vpcs: i64,
    /// Subnets, for the subnets that a drill creates.
    pub subnets: i64,
}

impl Default for Quotas {
    fn default() -> Self {
        Quotas {
            server_groups: -1,
            replications: -1,
            instances_per_group: -1,
            unattached_pairs: -1,
            vpcs: -1,
            subnets: -1,
        }
    }
}

/// What a project owns of the things that have a quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Protection groups.
    pub server_groups: i64,
    /// Replication pairs.
    pub replications: i64,
    /// Pairs attached to no instance.
    pub unattached_pairs: i64,
    /// VPCs.
    pub vpcs: i64,
    /// Subnets.
    pub subnets: i64,
}

/// A tenant's project.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Project {
    /// Its label and name.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// Whether the account is frozen: nothing billed may be deleted.
    pub frozen: bool,
    /// Its limits.
    pub quotas: Quotas,
    /// What it uses of them.
    pub usage: Usage,
}

/// A building or campus: a shared fate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Site {
    /// Its label.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// How many faults hold it down; its AZs are dark while any does.
    pub dark: u32,
}

/// The block storage of an AZ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// How much it holds; None: any amount.
    pub capacity: Option<Bytes>,
    /// How many faults have it failed: its disks can be neither read nor written.
    pub failed: u32,
    /// How many faults have it read-only.
    pub read_only: u32,
    /// The sizes of its disks in all.
    pub used: Bytes,
}

/// An availability zone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Az {
    /// Its label, which is also the name that the API uses.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// The site it stands in.
    pub site: SiteKey,
    /// How many faults of its own hold it down; those of its site are counted there.
    pub dark: u32,
    /// Its block storage.
    pub pool: Pool,
}

/// Which side of a domain may go on writing when the path between them is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arbitration {
    /// The preferred one, always.
    #[default]
    Static,
    /// The one that reaches a witness, and the preferred one if both do.
    Witness {
        /// The witness.
        node: NodeKey,
        /// How long after the loss of the witness the domain falls back to static arbitration.
        fallback_after: Span,
    },
}

/// How a domain arbitrates at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// By its witness.
    Witness,
    /// Its witness is lost, and it has not given it up yet: a path lost now stops both sides.
    Window,
    /// For the preferred site.
    #[default]
    Static,
}

impl Mode {
    /// The word that transcripts and views use.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Witness => "witness",
            Mode::Window => "window",
            Mode::Static => "static",
        }
    }
}

/// An active-active domain: the pair of AZs between which groups may protect (page `sdrs_05_0301`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Domain {
    /// Its label.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Word,
    /// The two AZs it joins.
    pub azs: [AzKey; 2],
    /// Whether it takes no new group.
    pub sold_out: bool,
    /// Who goes on when its AZs lose each other.
    pub arbitration: Arbitration,
    /// How that is decided at the moment.
    pub mode: Mode,
    /// How many windows it has had.
    pub windows: u32,
}

/// A virtual private cloud.
#[derive(Debug, Serialize, Deserialize)]
pub struct Vpc {
    /// Its label.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// Its project.
    pub project: super::ProjectKey,
    /// Its name.
    pub name: Name,
    /// Its address block.
    pub cidr: Cidr,
    /// Its subnets in the order of creation.
    pub subnets: Vec<SubnetKey>,
    /// The drill it serves, if any.
    pub drill: Option<super::DrillKey>,
}

clone_by_field!(Vpc { label, stable, serial, project, name, cidr, subnets, drill } trees {  } maps {  });

/// A subnet of a VPC.
#[derive(Debug, Serialize, Deserialize)]
pub struct Subnet {
    /// Its label.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// The VPC.
    pub vpc: VpcKey,
    /// Its address block, inside the VPC's.
    pub cidr: Cidr,
    /// Addresses in use, the network's own left out.
    pub used: BTreeSet<u32>,
    /// Where the search for a free address begins.
    pub next: u32,
}

clone_by_field!(Subnet { label, stable, serial, vpc, cidr, next } trees { used } maps {  });

impl Subnet {
    /// The lowest free address from where the last search ended, if any is left. The first two addresses (network and
    /// gateway) and the last (broadcast) are never given out.
    pub fn free_address(&self) -> Option<u32> {
        let (first, last) = self.range()?;
        let start = self.next.clamp(first, last);
        (start..=last)
            .chain(first..start)
            .find(|ip| !self.used.contains(ip))
    }

    /// The first and the last address that a NIC may have, if there is one at all.
    pub fn range(&self) -> Option<(u32, u32)> {
        let size = self.cidr.size();
        let base = u64::from(u32::from(self.cidr.base()));
        (size > 3).then(|| ((base + 2) as u32, (base + size - 2) as u32))
    }
}

/// A network interface.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Nic {
    /// Its label.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// The subnet its address is of.
    pub subnet: SubnetKey,
    /// Its IPv4 address.
    pub ip: u32,
    /// Its MAC address, 48 bits.
    pub mac: u64,
    /// The server it is plugged into; None while set aside.
    pub server: Option<ServerKey>,
    /// Whether it is its server's primary NIC.
    pub primary: bool,
    /// The public address bound to it.
    pub eip: Option<super::EipKey>,
}

/// A public address (elastic IP).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Eip {
    /// Its label.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// Its project.
    pub project: super::ProjectKey,
    /// The address.
    pub address: u32,
    /// The NIC it is bound to.
    pub nic: Option<super::NicKey>,
}

/// A server flavor.
#[derive(Debug, Serialize, Deserialize)]
pub struct Flavor {
    /// Its label, which is also the id that the API uses.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// Its class, which decides whether the service can protect it.
    pub class: FlavorClass,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Memory in MiB.
    pub ram_mib: u32,
    /// By AZ: how many more servers of this flavor can be made there. Absent: unlimited.
    #[serde(with = "as_list")]
    pub free: BTreeMap<AzKey, u32>,
    /// By AZ: how many servers of this flavor may run there at once. Absent: any number.
    #[serde(with = "as_list")]
    pub running: BTreeMap<AzKey, Places>,
}

clone_by_field!(Flavor { label, stable, serial, class, vcpus, ram_mib } trees { free, running } maps {  });

impl Flavor {
    /// How many more servers of this flavor may start in an AZ now; None: any number.
    pub fn startable(&self, az: AzKey) -> Option<u32> {
        let places = self.running.get(&az)?;
        Some(places.most.saturating_sub(places.taken))
    }
}

/// The servers of a flavor that may run in an AZ at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// How many may.
    pub most: u32,
    /// How many do, or are about to.
    pub taken: u32,
}

/// A map with slot keys as a list of `[key, value]`: in JSON, which checkpoints are written in, a map's keys must be text.
pub(crate) mod as_list {
    use serde::de::{Deserialize, DeserializeOwned, Deserializer};
    use serde::ser::{Serialize, Serializer};
    use std::collections::BTreeMap;

    pub fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: DeserializeOwned + Ord,
        V: DeserializeOwned,
        D: Deserializer<'de>,
    {
        Vec::<(K, V)>::deserialize(deserializer).map(|list| list.into_iter().collect())
    }
}

/// The class of a flavor (page `sdrs_05_0501` names those that cannot be protected).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FlavorClass {
    /// Can be protected.
    General,
    /// Graphics accelerated.
    Gpu,
    /// FPGA accelerated.
    Fpga,
    /// Series C6.
    C6,
    /// Series C9.
    C9,
    /// Series S9.
    S9,
    /// Series I9.
    I9,
    /// Series M9.
    M9,
    /// Kunpeng processors.
    Kunpeng,
    /// Bare metal.
    BareMetal,
    /// Local disks.
    LocalDisks,
    /// Large memory on InfiniBand.
    LargeMemoryInfiniband,
    /// On a dedicated host.
    DedicatedHost,
}
