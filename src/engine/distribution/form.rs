//! The form of a law in a scenario file: a span alone, or a map with one law's key and, for a duration, `per_gib` beside it.
//!
//! The reader is written out because an untagged enum would answer every mistake with "did not match any variant"; here the
//! error names the key that is wrong and the keys there are, and stands where the mistake does.

use super::{CV, Distribution, DurationLaw, SHAPE};
use crate::time::{Span, SpanError, SpanText};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Error as _, MapAccess};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The keys that choose a law.
const LAWS: &str = "fixed, uniform, exponential, lognormal, triangular, weibull, empirical";

/// The keys a map may have.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Fixed,
    Uniform,
    Exponential,
    LogNormal,
    Triangular,
    Weibull,
    Empirical,
    #[serde(rename = "per_gib")]
    PerGib,
}

/// The shortest and the longest span.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct UniformForm {
    min: SpanText,
    max: SpanText,
}

/// The mean.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct ExponentialForm {
    mean: SpanText,
}

/// The mean and the standard deviation divided by it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct LogNormalForm {
    mean: SpanText,
    #[schemars(range(min = CV.0, max = CV.1))]
    cv: f64,
}

/// The shortest, the likeliest and the longest span.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct TriangularForm {
    min: SpanText,
    mode: SpanText,
    max: SpanText,
}

/// The span that all but 1/e of the draws fall below, and the shape: above 1 what ages, below 1 what settles in.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct WeibullForm {
    scale: SpanText,
    #[schemars(range(min = SHAPE.0, max = SHAPE.1))]
    shape: f64,
}

impl Key {
    /// Reads the value of a law's key; `None` for `per_gib`, whose value is left to the caller.
    fn law<'de, A: MapAccess<'de>>(self, map: &mut A) -> Result<Option<Distribution>, A::Error> {
        let law = match self {
            Self::Fixed => Distribution::Fixed(map.next_value::<SpanText>()?.0),
            Self::Uniform => {
                let UniformForm { min, max } = map.next_value()?;
                Distribution::Uniform {
                    min: min.0,
                    max: max.0,
                }
            }
            Self::Exponential => {
                let ExponentialForm { mean } = map.next_value()?;
                Distribution::Exponential { mean: mean.0 }
            }
            Self::LogNormal => {
                let LogNormalForm { mean, cv } = map.next_value()?;
                Distribution::LogNormal { mean: mean.0, cv }
            }
            Self::Triangular => {
                let TriangularForm { min, mode, max } = map.next_value()?;
                Distribution::Triangular {
                    min: min.0,
                    mode: mode.0,
                    max: max.0,
                }
            }
            Self::Weibull => {
                let WeibullForm { scale, shape } = map.next_value()?;
                Distribution::Weibull {
                    scale: scale.0,
                    shape,
                }
            }
            Self::Empirical => {
                let spans: Vec<SpanText> = map.next_value()?;
                Distribution::Empirical(spans.into_iter().map(Span::from).collect())
            }
            Self::PerGib => return Ok(None),
        };
        law.check().map(Some).map_err(A::Error::custom)
    }
}

/// Reads a law, with `per_gib` beside it if that is allowed.
struct LawVisitor {
    per_gib_allowed: bool,
}

impl<'de> de::Visitor<'de> for LawVisitor {
    type Value = DurationLaw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a span such as 8s, or a map with one of {LAWS}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<DurationLaw, E> {
        Span::parse(text).map(DurationLaw::fixed).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<DurationLaw, E> {
        Err(E::custom(SpanError::BareNumber {
            number: number.to_string(),
        }))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<DurationLaw, E> {
        Err(E::custom(SpanError::BareNumber {
            number: number.to_string(),
        }))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DurationLaw, A::Error> {
        let mut base: Option<Distribution> = None;
        let mut per_gib = None;
        while let Some(key) = map.next_key::<Key>()? {
            match key.law(&mut map)? {
                Some(law) => {
                    if let Some(first) = &base {
                        let (first, second) = (first.name(), law.name());
                        return Err(A::Error::custom(format_args!(
                            "a span has one law, not both {first} and {second}"
                        )));
                    }
                    base = Some(law);
                }
                None if !self.per_gib_allowed => {
                    return Err(A::Error::custom(
                        "per_gib belongs to the duration of work; this span has no size to go by",
                    ));
                }
                None if per_gib.is_some() => return Err(A::Error::duplicate_field("per_gib")),
                None => per_gib = Some(map.next_value::<SpanText>()?.0),
            }
        }
        match base {
            Some(base) => Ok(DurationLaw { base, per_gib }),
            None => Err(A::Error::custom(format_args!(
                "the law is missing; write one of {LAWS}"
            ))),
        }
    }
}

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(LawVisitor {
                per_gib_allowed: false,
            })
            .map(|law| law.base)
    }
}

impl<'de> Deserialize<'de> for DurationLaw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LawVisitor {
            per_gib_allowed: true,
        })
    }
}

/// Writes a law as the reader reads it: a fixed span with nothing beside it as the span alone.
fn write<S: Serializer>(
    base: &Distribution,
    per_gib: Option<Span>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if let (Distribution::Fixed(span), None) = (base, per_gib) {
        return serializer.collect_str(span);
    }
    let mut map = serializer.serialize_map(Some(1 + usize::from(per_gib.is_some())))?;
    map.serialize_key(base.name())?;
    match *base {
        Distribution::Fixed(span) => map.serialize_value(&SpanText(span))?,
        Distribution::Uniform { min, max } => {
            map.serialize_value(&UniformForm {
                min: min.into(),
                max: max.into(),
            })?;
        }
        Distribution::Exponential { mean } => {
            map.serialize_value(&ExponentialForm { mean: mean.into() })?
        }
        Distribution::LogNormal { mean, cv } => map.serialize_value(&LogNormalForm {
            mean: mean.into(),
            cv,
        })?,
        Distribution::Triangular { min, mode, max } => {
            map.serialize_value(&TriangularForm {
                min: min.into(),
                mode: mode.into(),
                max: max.into(),
            })?;
        }
        Distribution::Weibull { scale, shape } => map.serialize_value(&WeibullForm {
            scale: scale.into(),
            shape,
        })?,
        Distribution::Empirical(ref spans) => {
            let spans: Vec<SpanText> = spans.iter().copied().map(SpanText).collect();
            map.serialize_value(&spans)?;
        }
    }
    if let Some(span) = per_gib {
        map.serialize_entry("per_gib", &SpanText(span))?;
    }
    map.end()
}

impl Serialize for Distribution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self, None, serializer)
    }
}

impl Serialize for DurationLaw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(&self.base, self.per_gib, serializer)
    }
}

/// The schema of a law, with or without `per_gib` beside it.
fn schema(generator: &mut SchemaGenerator, per_gib: bool) -> Schema {
    let span = generator.subschema_for::<SpanText>();
    let laws = [
        ("fixed", span.clone()),
        ("uniform", generator.subschema_for::<UniformForm>()),
        ("exponential", generator.subschema_for::<ExponentialForm>()),
        ("lognormal", generator.subschema_for::<LogNormalForm>()),
        ("triangular", generator.subschema_for::<TriangularForm>()),
        ("weibull", generator.subschema_for::<WeibullForm>()),
        (
            "empirical",
            json_schema!({ "type": "array", "items": span, "minItems": 1 }),
        ),
    ];
    let mut forms = vec![span.clone()];
    for (name, form) in laws {
        forms.push(match per_gib {
            true => json_schema!({
                "type": "object",
                "properties": { name: form, "per_gib": span },
                "required": [name],
                "additionalProperties": false,
            }),
            false => json_schema!({
                "type": "object",
                "properties": { name: form },
                "required": [name],
                "additionalProperties": false,
            }),
        });
    }
    json_schema!({ "anyOf": forms })
}

impl JsonSchema for Distribution {
    fn schema_name() -> Cow<'static, str> {
        "Distribution".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = schema(generator, false);
        schema.insert(
            "description".into(),
            "A span, or the law it is drawn from.".into(),
        );
        schema
    }
}

impl JsonSchema for DurationLaw {
    fn schema_name() -> Cow<'static, str> {
        "DurationLaw".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = schema(generator, true);
        let text =
            "How long work takes: a span, or the law it is drawn from, and what every GiB adds.";
        schema.insert("description".into(), text.into());
        schema
    }
}
