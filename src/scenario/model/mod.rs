//! What a scenario file says: its keys as serde types, from which `sdrsim schema` derives the JSON Schema.
//!
//! These types know shapes only. Whether a reference leads anywhere, a number makes sense in its place or the service
//! would take what is asked is decided after reading, where every fault still has its place in the file. Labels are 1 to
//! 64 letters, digits, `.`, `_` and `-`, and unique in a file. `count: n` makes a template: it stands for `web-1` to
//! `web-n`, and a reference from one template to another means the member of the same number; when the template that
//! refers is k times as large, k members in a row refer to the same one. In a fault a template stands for all its members,
//! `{count: 3, of: web}` for three of them, and a hazard is a fault with two laws:
//! `flaps: {on: {link: trunk}, up: {exponential: {mean: 60d}}, down: 20m}`.

mod count;
mod fault;
mod network;
mod place;
mod resource;
mod runbook;
mod step;

pub use fault::{ControlPlaneModel, FaultModel, HazardModel, SelectionModel, TargetsModel};
pub use network::{
    ArbitrationModel, DEFAULT_FALLBACK, DuctModel, LinkModel, NetworkModel, NodeModel, WitnessModel,
};
pub use place::{
    AzModel, DomainModel, FlavorModel, PoolModel, ProjectModel, QuotaModel, SiteModel, VpcModel,
};
pub use resource::{
    DiskModel, EipModel, GroupModel, InlineDisk, InstanceModel, PairModel, ServerModel,
};
pub use runbook::{RetryModel, RunbookModel, TaskModel, TriggerModel};
pub use step::{OneOrMany, Refused, ScriptModel, StepModel, Wait, WaitUntil, When};

use super::yaml::{Labelled, Spanned};
use crate::engine::Pace;
use crate::time::{Span, SpanText, UnixMicros};
use crate::world::settings::Settings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny};
use std::borrow::Cow;

/// The versions of the file format that are read.
pub const VERSIONS: &[u64] = &[1];
/// The seed of a file that names none.
pub const DEFAULT_SEED: u64 = 1;
/// The region of a file that names none.
pub const DEFAULT_REGION: &str = "region-1";
/// The start of a file that names none: 2024-01-01T00:00:00+00:00.
pub const DEFAULT_START: UnixMicros = UnixMicros(1_704_067_200_000_000);
/// How far a run may go in virtual time unless the file says otherwise.
pub const DEFAULT_TIME: Span = Span::days(366);
/// How many events a run may take in unless the file says otherwise.
pub const DEFAULT_EVENTS: u64 = 100_000_000;

/// A scenario file, version 1.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "sdrsim scenario")]
pub struct ScenarioModel {
    /// The version of the format, and the first key: 1.
    pub version: u64,
    /// A name for lists of scenarios; absent: the file's.
    #[serde(default)]
    pub name: Option<String>,
    /// What it shows.
    #[serde(default)]
    pub about: Option<String>,
    /// What ids and chance derive from.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// When the run begins: RFC 3339 with an offset.
    #[serde(default)]
    pub start: Start,
    /// Reserved for sweeps over many runs; a file of this version cannot hold it.
    #[serde(default)]
    pub parameters: Reserved,
    /// The region's name.
    #[serde(default = "default_region")]
    pub region: String,
    /// The tenants' projects; `default` is always there.
    #[serde(default)]
    pub projects: Labelled<ProjectModel>,
    /// Buildings and campuses.
    #[serde(default)]
    pub sites: Labelled<SiteModel>,
    /// Availability zones.
    #[serde(default)]
    pub azs: Labelled<AzModel>,
    /// The network between AZs; absent: ideal.
    #[serde(default)]
    pub network: NetworkModel,
    /// Active-active domains.
    #[serde(default)]
    pub domains: Labelled<DomainModel>,
    /// Server flavors.
    #[serde(default)]
    pub flavors: Labelled<FlavorModel>,
    /// VPCs and their subnets.
    #[serde(default)]
    pub vpcs: Labelled<VpcModel>,
    /// Servers.
    #[serde(default)]
    pub servers: Labelled<ServerModel>,
    /// Disks that are not written with a server.
    #[serde(default)]
    pub disks: Labelled<DiskModel>,
    /// Public addresses.
    #[serde(default)]
    pub eips: Labelled<EipModel>,
    /// Protection groups.
    #[serde(default)]
    pub groups: Labelled<GroupModel>,
    /// Protected instances.
    #[serde(default)]
    pub instances: Labelled<InstanceModel>,
    /// Replication pairs.
    #[serde(default)]
    pub pairs: Labelled<PairModel>,
    /// What breaks again and again, at instants drawn from the seed.
    #[serde(default)]
    pub hazards: Labelled<HazardModel>,
    /// Where the control plane stands; absent: it is regional.
    #[serde(default)]
    pub control_plane: ControlPlaneModel,
    /// Policies, the speed of copies, the control plane's workers, and how much is kept.
    #[serde(default)]
    pub settings: Settings,
    /// How long jobs and native acts take.
    #[serde(default)]
    pub job_durations: Pace,
    /// Scripted outcomes that hold from the start.
    #[serde(default)]
    pub script: Vec<ScriptModel>,
    /// How many crews of each sort there are, for runbooks that need one.
    #[serde(default)]
    pub crews: Labelled<u32>,
    /// What operators do by themselves when something happens.
    #[serde(default)]
    pub runbooks: Labelled<RunbookModel>,
    /// What happens.
    #[serde(default)]
    #[schemars(with = "Vec<StepModel>")]
    pub timeline: Vec<Spanned<StepModel>>,
    /// How far the run may go; to meet a limit is a failed expectation.
    #[serde(default)]
    pub limit: LimitModel,
    /// The expected run; the last key. `sdrsim bless` writes it.
    #[serde(default)]
    pub transcript: Option<String>,
}

fn default_seed() -> u64 {
    DEFAULT_SEED
}

fn default_region() -> String {
    DEFAULT_REGION.to_owned()
}

/// How far a run may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitModel {
    /// So much virtual time.
    pub time: SpanText,
    /// So many events.
    pub events: u64,
}

impl Default for LimitModel {
    fn default() -> Self {
        LimitModel {
            time: SpanText(DEFAULT_TIME),
            events: DEFAULT_EVENTS,
        }
    }
}

/// The start of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start(pub UnixMicros);

impl Default for Start {
    fn default() -> Self {
        Start(DEFAULT_START)
    }
}

impl<'de> Deserialize<'de> for Start {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Start).map_err(D::Error::custom)
    }
}

impl JsonSchema for Start {
    fn schema_name() -> Cow<'static, str> {
        "Start".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "An instant with an offset. Absent: 2024-01-01T00:00:00+00:00.",
        })
    }
}

/// A key that files of this version cannot hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reserved;

impl<'de> Deserialize<'de> for Reserved {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer)?;
        Err(D::Error::custom(
            "`parameters` is reserved for sweeps over many runs and cannot be used yet",
        ))
    }
}

impl JsonSchema for Reserved {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Reserved".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::from(false)
    }
}
