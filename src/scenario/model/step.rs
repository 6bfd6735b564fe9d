//! A step of the timeline.

use super::FaultModel;
use crate::engine::Twist;
use crate::machine::command::{Call, Native};
use crate::machine::query::Query;
use crate::scenario::yaml::Spanned;
use crate::sdrs::codes::Code;
use crate::sdrs::op::Op;
use crate::time::{Span, SpanText, UnixMicros};
use crate::world::job::Part;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use std::borrow::Cow;
use std::fmt;

/// A step: when, and what.
///
/// Without `at` and `after` it begins when the step before it is done: when the jobs that it started have ended. Exactly
/// one of `call`, `native`, `query`, `wait` (with `until`), `expect` and `script` says what it does; a call, native act or
/// query may have an `expect` beside it, which is looked at when the step is done.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StepModel {
    /// The instant: a span since the start, or RFC 3339 with an offset. What is due at that instant happens first.
    #[schemars(with = "Option<When>")]
    pub at: Option<Spanned<When>>,
    /// The span after the step before it was done.
    #[schemars(with = "Option<SpanText>")]
    pub after: Option<Spanned<SpanText>>,
    /// The project that asks; absent: `default`.
    #[schemars(with = "Option<String>")]
    pub project: Option<Spanned<String>>,
    /// A template: the call or act is made once for each of its members, and references to templates mean the member of
    /// the same number.
    #[schemars(with = "Option<String>")]
    pub each: Option<Spanned<String>>,
    /// A call of the API.
    #[schemars(with = "Option<Call>")]
    pub call: Option<Spanned<Call>>,
    /// An act on the cloud that the service is not asked about.
    #[schemars(with = "Option<Native>")]
    pub native: Option<Spanned<Native>>,
    /// A question to the API. In the `expect` beside it, `answer` is what the API answers.
    #[schemars(with = "Option<Query>")]
    pub query: Option<Spanned<Query>>,
    /// The refusal that is expected: a code of the API, or `true` for an act that the cloud refuses.
    #[schemars(with = "Option<Refused>")]
    pub refused: Option<Spanned<Refused>>,
    /// `false` beside a call: nothing waits for its job. With `until`: the step waits for something to become so.
    #[schemars(with = "Option<Wait>")]
    pub wait: Option<Spanned<Wait>>,
    /// One or more expectations, each of which must hold.
    #[schemars(with = "Option<OneOrMany>")]
    pub expect: Option<Spanned<OneOrMany>>,
    /// Outcomes of the work that begins from here on.
    #[schemars(with = "Option<Vec<ScriptModel>>")]
    pub script: Option<Spanned<Vec<ScriptModel>>>,
    /// What breaks.
    #[schemars(with = "Option<FaultModel>")]
    pub fault: Option<Spanned<FaultModel>>,
    /// How long the fault lasts; absent: until a `heal` of the same form.
    #[serde(rename = "for")]
    #[schemars(with = "Option<SpanText>")]
    pub lasts: Option<Spanned<SpanText>>,
    /// What is mended: a fault in the form in which it began.
    #[schemars(with = "Option<FaultModel>")]
    pub heal: Option<Spanned<FaultModel>>,
}

/// An instant: a span since the start, or a date with an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So long after the start.
    Since(Span),
    /// An instant.
    Instant(UnixMicros),
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = When;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a span since the start such as 20m, or an instant such as 2024-01-01T00:20:00+00:00")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<When, E> {
                if text.contains(':') || text.matches('-').count() > 1 {
                    return text.parse().map(When::Instant).map_err(E::custom);
                }
                Span::parse(text).map(When::Since).map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<When, E> {
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(Text)
    }
}

impl JsonSchema for When {
    fn schema_name() -> Cow<'static, str> {
        "When".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                generator.subschema_for::<SpanText>(),
                { "type": "string", "format": "date-time" },
            ],
        })
    }
}

/// An expected refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// With this code.
    Code(Code),
    /// By the cloud, which has no codes.
    Cloud,
}

impl<'de> Deserialize<'de> for Refused {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CodeOrTrue;
        impl Visitor<'_> for CodeOrTrue {
            type Value = Refused;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a code such as SDRS.1013, or `true` for a native act")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Refused, E> {
                text.parse().map(Refused::Code).map_err(E::custom)
            }

            fn visit_bool<E: de::Error>(self, refused: bool) -> Result<Refused, E> {
                match refused {
                    true => Ok(Refused::Cloud),
                    false => Err(E::invalid_value(de::Unexpected::Bool(false), &self)),
                }
            }
        }
        deserializer.deserialize_any(CodeOrTrue)
    }
}

impl JsonSchema for Refused {
    fn schema_name() -> Cow<'static, str> {
        "Refused".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [generator.subschema_for::<Code>(), { "const": true }] })
    }
}

/// Whether, or for what, a step waits.
#[derive(Debug)]
pub enum Wait {
    /// Whether later steps wait for the job of this one.
    Job(bool),
    /// Until something is so.
    Until(WaitUntil),
}

/// Until when a step waits.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitUntil {
    /// The expectation that must come to hold. It is looked at whenever everything of an instant has happened.
    #[schemars(with = "String")]
    pub until: Spanned<String>,
    /// How long it may take; absent: as long as the run may.
    #[serde(default)]
    pub limit: Option<SpanText>,
}

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FlagOrUntil;
        impl<'de> Visitor<'de> for FlagOrUntil {
            type Value = Wait;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`false`, or a mapping with `until`")
            }

            fn visit_bool<E>(self, wait: bool) -> Result<Wait, E> {
                Ok(Wait::Job(wait))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Wait, A::Error> {
                WaitUntil::deserialize(MapAccessDeserializer::new(map)).map(Wait::Until)
            }
        }
        deserializer.deserialize_any(FlagOrUntil)
    }
}

impl JsonSchema for Wait {
    fn schema_name() -> Cow<'static, str> {
        "Wait".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "boolean" }, generator.subschema_for::<WaitUntil>()] })
    }
}

/// One text, or a list of them.
#[derive(Debug)]
pub enum OneOrMany {
    /// One; its place is that of the whole.
    One(String),
    /// Several.
    Many(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrList;
        impl<'de> Visitor<'de> for TextOrList {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
                let mut many = Vec::new();
                while let Some(text) = seq.next_element()? {
                    many.push(text);
                }
                Ok(OneOrMany::Many(many))
            }
        }
        deserializer.deserialize_any(TextOrList)
    }
}

impl JsonSchema for OneOrMany {
    fn schema_name() -> Cow<'static, str> {
        "OneOrMany".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }],
        })
    }
}

/// A scripted outcome: what becomes of the next pieces of work of an operation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptModel {
    /// The operation.
    #[schemars(with = "String")]
    pub op: Spanned<Op>,
    /// The part of its jobs; absent: the sub-jobs, or the one piece of work.
    #[serde(default = "work")]
    pub part: Part,
    /// The only resource concerned: what is worked on, its group, or what the job was asked for; absent: any.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub target: Option<Spanned<String>>,
    /// How many pieces of work; absent: one.
    #[serde(default = "one")]
    pub count: u32,
    /// What becomes of each.
    pub what: Twist,
}

fn work() -> Part {
    Part::Work
}

fn one() -> u32 {
    1
}
