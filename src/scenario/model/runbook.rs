//! Runbooks: what operators do when something happens, and how long they take to notice and decide.

use super::{FaultModel, OneOrMany, Wait};
use crate::engine::distribution::Distribution;
use crate::machine::command::{Call, Native};
use crate::scenario::yaml::Spanned;
use crate::time::{Span, SpanText};
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroU32;

/// What operators do when something happens.
///
/// A runbook is set off by its event, takes `after` to notice and decide, looks whether its `if` holds, waits for a crew,
/// and then does one thing after another. While it is at it, its event does not set it off again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunbookModel {
    /// A template: there is one such runbook for each of its members, and references to templates mean the member of the
    /// same number.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub each: Option<Spanned<String>>,
    /// The project that its calls belong to; absent: `default`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub project: Option<Spanned<String>>,
    /// The event that sets it off.
    #[schemars(with = "TriggerModel")]
    pub on: Spanned<TriggerModel>,
    /// How long operators take to notice and to decide: a span, or a law from which it is drawn each time.
    #[serde(default = "at_once")]
    pub after: Distribution,
    /// What must still hold after that; otherwise it stands down.
    #[serde(default, rename = "if")]
    #[schemars(with = "Option<String>")]
    pub only_if: Option<Spanned<String>>,
    /// The crews of which it needs one until it is done; first come, first served.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub crew: Option<Spanned<String>>,
    /// How often it may be set off.
    #[serde(default = "once")]
    pub times: NonZeroU32,
    /// What is done, in order: each begins when the one before it is done.
    #[serde(rename = "do")]
    #[schemars(with = "Vec<TaskModel>")]
    pub tasks: Spanned<Vec<Spanned<TaskModel>>>,
}

fn at_once() -> Distribution {
    Distribution::Fixed(Span::ZERO)
}

fn once() -> NonZeroU32 {
    NonZeroU32::MIN
}

/// An event: exactly one of `fault` and `when`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TriggerModel {
    /// A fault of one of these targets, or of a site or duct that holds them, is seen.
    #[schemars(with = "Option<FaultModel>")]
    pub fault: Option<Spanned<FaultModel>>,
    /// This expectation comes to hold, or holds when the run begins.
    #[schemars(with = "Option<String>")]
    pub when: Option<Spanned<String>>,
    /// An alarm: it must have held for so long without a break.
    #[serde(rename = "for")]
    #[schemars(with = "Option<SpanText>")]
    pub held: Option<Spanned<SpanText>>,
}

/// One thing that is done: exactly one of `call`, `native`, `start`, `pause` and `wait` (with `until`).
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TaskModel {
    /// It is done only if this holds when its turn comes.
    #[serde(rename = "if")]
    #[schemars(with = "Option<String>")]
    pub only_if: Option<Spanned<String>>,
    /// A call of the API; done when its job has ended.
    #[schemars(with = "Option<Call>")]
    pub call: Option<Spanned<Call>>,
    /// An act on the cloud; done when a server that it starts or stops has started or stopped.
    #[schemars(with = "Option<Native>")]
    pub native: Option<Spanned<Native>>,
    /// Servers to start, by priority: a tier is a label or a list of labels, of servers, of instances (meaning the server at
    /// the current production site) or of groups (all their instances). A tier begins when all servers of the one before it
    /// are usable: booted, with the guest system initialized.
    #[schemars(with = "Option<Vec<OneOrMany>>")]
    pub start: Option<Spanned<Vec<Spanned<OneOrMany>>>>,
    /// Nothing is done for so long.
    #[schemars(with = "Option<SpanText>")]
    pub pause: Option<Spanned<SpanText>>,
    /// `false` beside a call: its job is not waited for. With `until`: until something is so.
    #[schemars(with = "Option<Wait>")]
    pub wait: Option<Spanned<Wait>>,
    /// What is done if a call is refused, a job fails or a server does not start; absent: the runbook gives up.
    #[schemars(with = "Option<RetryModel>")]
    pub retry: Option<Spanned<RetryModel>>,
    /// Whether the runbook goes on when this is not done even so.
    pub anyway: bool,
}

/// Trying again.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryModel {
    /// How long after a failure; longer than nothing.
    pub every: SpanText,
    /// How often at most.
    pub times: NonZeroU32,
}
