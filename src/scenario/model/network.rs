//! The network between AZs, and who arbitrates when it parts.

use crate::scenario::yaml::{Labelled, Spanned};
use crate::time::{Span, SpanText};
use crate::units::Rate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor, value::MapAccessDeserializer};
use std::borrow::Cow;
use std::fmt;

/// How long a domain waits for a lost witness before it is in static mode, unless the file says otherwise.
pub const DEFAULT_FALLBACK: Span = Span::secs(30);

/// The network between AZs. Without links it is ideal: every AZ is joined with every other, at any rate and at once.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkModel {
    /// Places where links meet outside AZs.
    pub relays: Labelled<NodeModel>,
    /// Quorum witnesses, which arbitrate and carry nothing.
    pub witness: Labelled<NodeModel>,
    /// Ducts; the links in one fail together.
    pub ducts: Labelled<DuctModel>,
    /// Links. With the first one, only what links join is joined.
    pub links: Labelled<LinkModel>,
}

/// A relay or a witness.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeModel {}

/// A duct.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DuctModel {}

/// A bandwidth that carries something: what carries nothing is a link that is down.
pub(super) fn carrying<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Rate>, D::Error> {
    match Option::deserialize(from)? {
        Some(Rate::ZERO) => Err(D::Error::custom(
            "a link with 0 B/s carries nothing: leave `bandwidth` out of a fault and it is down",
        )),
        rate => Ok(rate),
    }
}

/// A link, alike in both directions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkModel {
    /// The two places it joins: AZs, relays or witnesses.
    #[schemars(with = "[String; 2]")]
    pub between: Spanned<Vec<Spanned<String>>>,
    /// How much it carries, more than 0; absent: any rate.
    #[serde(default, deserialize_with = "carrying")]
    pub bandwidth: Option<Rate>,
    /// Its latency one way; absent: none.
    #[serde(default)]
    pub latency: SpanText,
    /// The duct it lies in.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub duct: Option<Spanned<String>>,
}

/// Which side of a domain goes on when its AZs lose each other.
#[derive(Debug, Default)]
pub enum ArbitrationModel {
    /// The preferred one.
    #[default]
    Static,
    /// The one that reaches a witness.
    Witness(WitnessModel),
}

/// Arbitration by a witness.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WitnessModel {
    /// The witness that both sides ask.
    #[schemars(with = "String")]
    pub witness: Spanned<String>,
    /// How long after the loss of the witness the domain is in static mode; absent: 30s.
    #[serde(default = "default_fallback")]
    pub fallback_after: SpanText,
}

fn default_fallback() -> SpanText {
    SpanText(DEFAULT_FALLBACK)
}

impl<'de> Deserialize<'de> for ArbitrationModel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StaticOrWitness;
        impl<'de> Visitor<'de> for StaticOrWitness {
            type Value = ArbitrationModel;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`static`, or a mapping with `witness`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<ArbitrationModel, E> {
                match text {
                    "static" => Ok(ArbitrationModel::Static),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ArbitrationModel, A::Error> {
                let witness = WitnessModel::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ArbitrationModel::Witness(witness))
            }
        }
        deserializer.deserialize_any(StaticOrWitness)
    }
}

impl JsonSchema for ArbitrationModel {
    fn schema_name() -> Cow<'static, str> {
        "Arbitration".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "const": "static" }, generator.subschema_for::<WitnessModel>()] })
    }
}
