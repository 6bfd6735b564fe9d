//! Faults as a timeline writes them.

use super::OneOrMany;
use crate::scenario::yaml::Spanned;
use crate::time::SpanText;
use crate::units::Rate;
use schemars::JsonSchema;
use serde::Deserialize;

/// What breaks, or is mended. All targets of one fault are struck at one instant.
///
/// Faults stack: a target is whole again when its last fault has ended. A `heal` names a fault as it was when it began.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FaultModel {
    /// AZs that go dark: their servers, their storage and their ends of links are gone.
    #[schemars(with = "Option<OneOrMany>")]
    pub az: Option<Spanned<OneOrMany>>,
    /// Sites whose AZs go dark.
    #[schemars(with = "Option<OneOrMany>")]
    pub site: Option<Spanned<OneOrMany>>,
    /// AZs whose storage fails.
    #[schemars(with = "Option<OneOrMany>")]
    pub storage: Option<Spanned<OneOrMany>>,
    /// Links that are down; with `bandwidth` or `latency` they are degraded to that.
    #[schemars(with = "Option<OneOrMany>")]
    pub link: Option<Spanned<OneOrMany>>,
    /// Ducts, with all links in them.
    #[schemars(with = "Option<OneOrMany>")]
    pub duct: Option<Spanned<OneOrMany>>,
    /// Relays that are down.
    #[schemars(with = "Option<OneOrMany>")]
    pub relay: Option<Spanned<OneOrMany>>,
    /// Witnesses that are down.
    #[schemars(with = "Option<OneOrMany>")]
    pub witness: Option<Spanned<OneOrMany>>,
    /// Disks that are lost.
    #[schemars(with = "Option<OneOrMany>")]
    pub disk: Option<Spanned<OneOrMany>>,
    /// Servers that are lost, and with each the way to the disks that are attached to no other.
    #[schemars(with = "Option<OneOrMany>")]
    pub server: Option<Spanned<OneOrMany>>,
    /// Whether the control plane is down: calls answer HTTP 500 and jobs stand still.
    #[schemars(with = "Option<bool>")]
    pub control_plane: Option<Spanned<bool>>,
    /// Whether AZs, sites, disks and servers lose their content: their disks return blank.
    pub destroyed: bool,
    /// Whether storage can still be read.
    pub read_only: bool,
    /// What is left of the bandwidth of degraded links.
    pub bandwidth: Option<Rate>,
    /// The one-way latency of degraded links.
    pub latency: Option<SpanText>,
}
