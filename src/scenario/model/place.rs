//! Where things stand: projects, sites, AZs, domains, flavors and networks.

use super::network::ArbitrationModel;
use crate::scenario::yaml::{Labelled, Place, Spanned};
use crate::units::Bytes;
use crate::world::place::FlavorClass;
use schemars::JsonSchema;
use serde::Deserialize;

/// A project.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectModel {
    /// Whether the account is frozen, so that nothing billed can be deleted.
    #[serde(default)]
    pub frozen: bool,
    /// Its quotas; what is left out is unlimited.
    #[serde(default)]
    pub quotas: QuotaModel,
}

/// Quotas; what is left out is unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QuotaModel {
    /// Protection groups.
    pub server_groups: Option<u32>,
    /// Replication pairs.
    pub replications: Option<u32>,
    /// Protected instances of one group.
    pub instances_per_group: Option<u32>,
    /// Pairs attached to no instance.
    pub unattached_pairs: Option<u32>,
    /// VPCs.
    pub vpcs: Option<u32>,
    /// Subnets.
    pub subnets: Option<u32>,
}

/// A site.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteModel {}

/// An availability zone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AzModel {
    /// The site it stands in.
    #[schemars(with = "String")]
    pub site: Spanned<String>,
    /// Its block storage.
    #[serde(default)]
    pub pool: PoolModel,
}

/// The block storage of an AZ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PoolModel {
    /// How much it holds; absent: any amount.
    pub capacity: Option<Bytes>,
}

/// An active-active domain.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainModel {
    /// The two AZs it joins.
    #[schemars(with = "[String; 2]")]
    pub azs: Spanned<Vec<Spanned<String>>>,
    /// Which side goes on when the two lose each other; absent: static, the preferred one.
    #[serde(default)]
    pub arbitration: ArbitrationModel,
    /// Whether it takes no new group.
    #[serde(default)]
    pub sold_out: bool,
}

/// A server flavor.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlavorModel {
    /// Its class, which decides whether the service can protect it; absent: general.
    #[serde(default = "general")]
    pub class: FlavorClass,
    /// Virtual CPUs; absent: 2.
    #[serde(default = "two")]
    pub vcpus: u32,
    /// Memory, whole MiB; absent: 4 GiB.
    #[serde(default = "four_gib")]
    #[schemars(with = "Bytes")]
    pub ram: Spanned<Bytes>,
    /// By AZ: how many more servers of this flavor it can hold; AZs that are left out hold any number.
    #[serde(default)]
    pub free: Labelled<u32>,
    /// By AZ: how many servers of this flavor may run there at once; AZs that are left out let any number run. A start
    /// above it is refused, and what starts by itself stays shut off.
    #[serde(default)]
    pub running: Labelled<u32>,
}

fn general() -> FlavorClass {
    FlavorClass::General
}

fn two() -> u32 {
    2
}

fn four_gib() -> Spanned<Bytes> {
    Spanned {
        value: Bytes::gib(4),
        place: Place::UNKNOWN,
    }
}

/// A VPC.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VpcModel {
    /// Its addresses, such as 10.0.0.0/16.
    #[schemars(with = "String")]
    pub cidr: Spanned<String>,
    /// Its subnets and their addresses.
    #[serde(default)]
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub subnets: Labelled<Spanned<String>>,
    /// Its name; absent: the label.
    #[serde(default)]
    pub name: Option<String>,
    /// Its project; absent: `default`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub project: Option<Spanned<String>>,
}
