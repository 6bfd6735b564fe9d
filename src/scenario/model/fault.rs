//! Faults as a timeline writes them.

use super::OneOrMany;
use crate::engine::distribution::Distribution;
use crate::scenario::yaml::Spanned;
use crate::time::SpanText;
use crate::units::Rate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use std::borrow::Cow;
use std::fmt;

/// What breaks, or is mended. All targets of one fault are struck at one instant.
///
/// A target is a label, a list of labels, or a [selection](SelectionModel); a template, or a part of one such as `web/vda`,
/// stands for all its members. Faults stack: a target is whole again when its last fault has ended. A `heal` names a fault
/// as it was when it began.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FaultModel {
    /// AZs that go dark: their servers, their storage and their ends of links are gone.
    #[schemars(with = "Option<TargetsModel>")]
    pub az: Option<Spanned<TargetsModel>>,
    /// Sites whose AZs go dark.
    #[schemars(with = "Option<TargetsModel>")]
    pub site: Option<Spanned<TargetsModel>>,
    /// AZs whose storage fails.
    #[schemars(with = "Option<TargetsModel>")]
    pub storage: Option<Spanned<TargetsModel>>,
    /// Groups whose production storage fails: the storage of the AZ in which each has its production when the fault begins.
    /// A `heal` of the same form mends what was struck, wherever production is by then.
    #[schemars(with = "Option<TargetsModel>")]
    pub production_storage: Option<Spanned<TargetsModel>>,
    /// Groups whose DR storage fails, in the same way.
    #[schemars(with = "Option<TargetsModel>")]
    pub dr_storage: Option<Spanned<TargetsModel>>,
    /// Groups whose AZ of production goes dark, in the same way.
    #[schemars(with = "Option<TargetsModel>")]
    pub production_az: Option<Spanned<TargetsModel>>,
    /// Groups whose AZ of the DR site goes dark, in the same way.
    #[schemars(with = "Option<TargetsModel>")]
    pub dr_az: Option<Spanned<TargetsModel>>,
    /// Links that are down; with `bandwidth` or `latency` they are degraded to that.
    #[schemars(with = "Option<TargetsModel>")]
    pub link: Option<Spanned<TargetsModel>>,
    /// Ducts, with all links in them.
    #[schemars(with = "Option<TargetsModel>")]
    pub duct: Option<Spanned<TargetsModel>>,
    /// Relays that are down.
    #[schemars(with = "Option<TargetsModel>")]
    pub relay: Option<Spanned<TargetsModel>>,
    /// Witnesses that are down.
    #[schemars(with = "Option<TargetsModel>")]
    pub witness: Option<Spanned<TargetsModel>>,
    /// Disks that are lost.
    #[schemars(with = "Option<TargetsModel>")]
    pub disk: Option<Spanned<TargetsModel>>,
    /// Servers that are lost, and with each the way to the disks that are attached to no other.
    #[schemars(with = "Option<TargetsModel>")]
    pub server: Option<Spanned<TargetsModel>>,
    /// Whether the control plane is down: calls answer HTTP 500 and jobs stand still.
    #[schemars(with = "Option<bool>")]
    pub control_plane: Option<Spanned<bool>>,
    /// Whether AZs, sites, disks and servers lose their content: their disks return blank.
    pub destroyed: bool,
    /// Whether storage can still be read.
    pub read_only: bool,
    /// What is left of the bandwidth of degraded links, more than 0.
    #[serde(deserialize_with = "super::network::carrying")]
    pub bandwidth: Option<Rate>,
    /// The one-way latency of degraded links.
    pub latency: Option<SpanText>,
}

/// Whom a fault strikes.
#[derive(Debug)]
pub enum TargetsModel {
    /// All of these.
    All(OneOrMany),
    /// Some of these.
    Some(Box<SelectionModel>),
}

/// So many of some, drawn without replacement.
///
/// A draw depends on the seed, on whose it is (of a hazard its label, of a step nothing) and on the words of the selection,
/// so the same words in a `fault` and its `heal` are the same targets, and what else the file holds shifts nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectionModel {
    /// How many; at most as many as there are.
    #[serde(default)]
    #[schemars(with = "Option<u32>")]
    pub count: Option<Spanned<u32>>,
    /// How many in percent, above 0 and up to 100: rounded to a whole number, a half up, which must not be none.
    #[serde(default)]
    #[schemars(with = "Option<f64>")]
    pub percent: Option<Spanned<f64>>,
    /// Of which: a label, a template or a list of them.
    #[schemars(with = "OneOrMany")]
    pub of: Spanned<OneOrMany>,
    /// A name that makes it another draw than one in the same words.
    #[serde(default)]
    pub draw: Option<String>,
}

impl<'de> Deserialize<'de> for TargetsModel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Targets;
        impl<'de> Visitor<'de> for Targets {
            type Value = TargetsModel;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a label, a list of labels, or a mapping with `count` or `percent`, and `of`",
                )
            }

            fn visit_str<E>(self, text: &str) -> Result<TargetsModel, E> {
                Ok(TargetsModel::All(OneOrMany::One(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<TargetsModel, A::Error> {
                let mut many = Vec::new();
                while let Some(text) = seq.next_element()? {
                    many.push(text);
                }
                Ok(TargetsModel::All(OneOrMany::Many(many)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TargetsModel, A::Error> {
                let some = SelectionModel::deserialize(MapAccessDeserializer::new(map))?;
                Ok(TargetsModel::Some(Box::new(some)))
            }
        }
        deserializer.deserialize_any(Targets)
    }
}

impl JsonSchema for TargetsModel {
    fn schema_name() -> Cow<'static, str> {
        "Targets".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                generator.subschema_for::<OneOrMany>(),
                generator.subschema_for::<SelectionModel>(),
            ],
        })
    }
}

/// Something that breaks and is mended again and again, beginning with an up time.
///
/// All its targets are struck at one instant: several targets, or a template, have one common cause. A run with hazards
/// ends with its last step and what the steps have started, because hazards have no end.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HazardModel {
    /// A template: there is one independent hazard for each of its members, and references to templates mean the member of
    /// the same number.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub each: Option<Spanned<String>>,
    /// What breaks. A selection is drawn once, when the run begins.
    #[schemars(with = "FaultModel")]
    pub on: Spanned<FaultModel>,
    /// How long it stays up before each fault; on average more than 0s.
    #[schemars(with = "Distribution")]
    pub up: Spanned<Distribution>,
    /// How long each fault lasts.
    #[schemars(with = "Distribution")]
    pub down: Spanned<Distribution>,
}

/// The control plane.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ControlPlaneModel {
    /// The AZ it stands in and falls with; absent: it is regional, and no AZ takes it down.
    #[serde(rename = "in")]
    #[schemars(with = "Option<String>")]
    pub az: Option<Spanned<String>>,
}
