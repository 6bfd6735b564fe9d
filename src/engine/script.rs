//! Scripted outcomes: "the next 2 sub-jobs of failover fail with SDRS.1029", "hang", "take 3 times as long".
//!
//! A script is state: what it has left to do is cloned by a fork and written to a checkpoint. It is deliberately no
//! timeline; a rule waits for work that it fits, however late that begins.

use crate::decimal::{Decimal, DecimalError};
use crate::machine::event::Doing;
use crate::sdrs::codes::{Answered, Code, row};
use crate::sdrs::op::Op;
use crate::sdrs::rules::rule;
use crate::time::{Span, SpanText};
use crate::world::job::Part;
use crate::world::label::Stable;
use crate::world::{Who, World};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A factor kept exactly, in thousandths: `3`, `1.5` or `0.125`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Factor(u32);

/// Why a text is not a factor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactorError {
    /// Not a decimal number.
    #[error("`{0}` is not a factor; write a number such as 3 or 1.5")]
    Malformed(String),
    /// More than three decimal places.
    #[error("the factor {0} is too fine; three decimal places are kept")]
    TooFine(String),
    /// Above what is kept.
    #[error("the factor {0} is too large; 4294967 is the most")]
    TooLarge(String),
}

impl Factor {
    /// So many thousandths.
    #[must_use]
    pub const fn permille(thousandths: u32) -> Factor {
        Factor(thousandths)
    }

    /// The span so many times as long, to the nearest microsecond, at most [`Span::MAX`].
    #[must_use]
    pub fn of(self, span: Span) -> Span {
        let micros = (u128::from(span.as_micros()) * u128::from(self.0) + 500) / 1000;
        Span::micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }
}

impl FromStr for Factor {
    type Err = FactorError;

    fn from_str(text: &str) -> Result<Factor, FactorError> {
        let too_large = || FactorError::TooLarge(text.to_owned());
        let thousandths = match Decimal::read(text) {
            Ok((_, number, "")) => number.times(1000),
            Ok(_) => Err(DecimalError::Malformed),
            Err(error) => Err(error),
        };
        match thousandths {
            Ok(n) => Ok(Factor(u32::try_from(n).map_err(|_| too_large())?)),
            Err(DecimalError::Malformed) => Err(FactorError::Malformed(text.to_owned())),
            Err(DecimalError::TooFine) => Err(FactorError::TooFine(text.to_owned())),
            Err(DecimalError::TooLarge) => Err(too_large()),
        }
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1000, self.0 % 1000);
        match rest {
            0 => write!(f, "{whole}"),
            _ => f.write_str(format!("{whole}.{rest:03}").trim_end_matches('0')),
        }
    }
}

impl Serialize for Factor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 1000 {
            0 => serializer.serialize_u32(self.0 / 1000),
            _ => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl de::Visitor<'_> for Number {
            type Value = Factor;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a factor such as 3 or 1.5")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Factor, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Factor, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Factor, E> {
                // The shortest text that means this float is the number as it was written.
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(Number)
    }
}

impl JsonSchema for Factor {
    fn schema_name() -> Cow<'static, str> {
        "Factor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How many times as long, with up to three decimal places.",
            "anyOf": [
                { "type": "number", "minimum": 0, "maximum": 4_294_967 },
                { "type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$" },
            ],
        })
    }
}

/// What a scripted rule does to a piece of work: `fail: SDRS.1029`, `hang` or `stretch: 3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Twist {
    /// It takes its time and then fails with this code.
    Fail(Code),
    /// It never ends.
    Hang,
    /// It takes so many times as long; how it ends stays a matter of chance.
    Stretch(Factor),
    /// It ends so long after it began: well, or with this code.
    End(Ending),
}

/// When and how a piece of work ends: `end: {after: 3s}` or `end: {after: 3s, code: SDRS.1029}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// How long it takes.
    pub after: SpanText,
    /// The code with which it fails; absent: it ends well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

/// A scripted rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedOutcome {
    /// The operation whose work is twisted; it must be one that starts jobs.
    pub op: Op,
    /// The part of the job; if it is not written, the work.
    #[serde(default = "work")]
    pub part: Part,
    /// The only resource concerned: what is worked on, its group, or what the job was asked for. None: any.
    #[serde(default)]
    pub target: Option<Stable>,
    /// How many pieces of work it is for; if it is not written, one.
    #[serde(default = "one")]
    pub count: u32,
    /// What it does to each.
    pub what: Twist,
}

const fn work() -> Part {
    Part::Work
}

const fn one() -> u32 {
    1
}

/// Why a scripted rule makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// The operation starts no job.
    #[error("`{op}` is answered at once: it starts no job that could be scripted")]
    NoJob {
        /// The operation.
        op: Op,
    },
    /// The rule is for no piece of work at all.
    #[error("a scripted outcome of `{op}` is for at least one piece of work, not 0")]
    Count {
        /// The operation.
        op: Op,
    },
    /// The code is not published.
    #[error("the service publishes no error code {code}")]
    Unpublished {
        /// The code.
        code: Code,
    },
    /// The code only refuses calls, or is never answered.
    #[error("no job ends with {code}")]
    NotOfJobs {
        /// The code.
        code: Code,
    },
}

impl ScriptedOutcome {
    /// Whether the rule makes sense.
    pub fn check(&self) -> Result<(), ScriptError> {
        let op = self.op;
        if rule(op).job.is_none() {
            return Err(ScriptError::NoJob { op });
        }
        if self.count == 0 {
            return Err(ScriptError::Count { op });
        }
        let (Twist::Fail(code)
        | Twist::End(Ending {
            code: Some(code), ..
        })) = self.what
        else {
            return Ok(());
        };
        match row(code).map(|row| row.answered) {
            Some(Answered::JobError | Answered::Both) => Ok(()),
            Some(Answered::Refusal | Answered::Never(_)) => Err(ScriptError::NotOfJobs { code }),
            None => Err(ScriptError::Unpublished { code }),
        }
    }
}

/// Scripted rules in the order in which they were added. Of those that fit a piece of work the first one takes it.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ScriptedOutcome>", into = "Vec<ScriptedOutcome>")]
pub struct Script {
    /// Each with a count above 0: a rule that is used up is taken out.
    rules: Vec<ScriptedOutcome>,
}

crate::world::refill::clone_by_field!(Script { rules } trees {} maps {});

impl Script {
    /// Adds a rule behind all others.
    pub fn push(&mut self, rule: ScriptedOutcome) -> Result<(), ScriptError> {
        rule.check()?;
        self.rules.push(rule);
        Ok(())
    }

    /// The rules that still wait for work, each with the count that it has left.
    #[must_use]
    pub fn rules(&self) -> &[ScriptedOutcome] {
        &self.rules
    }

    /// Whether nothing is scripted.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Takes what is scripted for a piece of work that begins now; one off the count of the rule that says it.
    pub fn take(&mut self, world: &World, who: Who, doing: Doing) -> Option<Twist> {
        let Doing::Job(op, part) = doing else {
            return None;
        };
        let place = self.rules.iter().position(|rule| {
            (rule.op, rule.part) == (op, part)
                && rule
                    .target
                    .is_none_or(|target| concerns(world, who, target))
        })?;
        let twist = self.rules[place].what;
        self.rules[place].count -= 1;
        if self.rules[place].count == 0 {
            self.rules.remove(place);
        }
        Some(twist)
    }
}

impl TryFrom<Vec<ScriptedOutcome>> for Script {
    type Error = ScriptError;

    fn try_from(rules: Vec<ScriptedOutcome>) -> Result<Script, ScriptError> {
        rules.iter().try_for_each(ScriptedOutcome::check)?;
        Ok(Script { rules })
    }
}

impl From<Script> for Vec<ScriptedOutcome> {
    fn from(script: Script) -> Self {
        script.rules
    }
}

/// Whether work on `who` concerns the resource with this stable key.
fn concerns(world: &World, who: Who, target: Stable) -> bool {
    let job = match who {
        Who::Job(job) => Some(job),
        _ => world
            .life(who)
            .and_then(|life| life.work())
            .map(|work| work.job),
    };
    let job = job.and_then(|job| world.jobs.get(job));
    let group = job.and_then(|job| job.group);
    [Some(who), group.map(Who::Group), job.map(|job| job.subject)]
        .into_iter()
        .flatten()
        .any(|one| world.stable(one) == Some(target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixture::Fixture;
    use crate::world::machinery::Act;

    fn scripted(op: Op, count: u32, what: Twist) -> ScriptedOutcome {
        ScriptedOutcome {
            op,
            part: Part::Work,
            target: None,
            count,
            what,
        }
    }

    const FAIL: Twist = Twist::Fail(Code::of(1029));
    const WORK: Doing = Doing::Job(Op::Failover, Part::Work);

    #[test]
    fn the_first_rule_that_fits_goes_first_and_each_as_often_as_it_says() {
        let fix = Fixture::new();
        let mut script = Script::default();
        script.push(scripted(Op::Failover, 2, FAIL)).unwrap();
        script.push(scripted(Op::Failover, 1, Twist::Hang)).unwrap();
        let pair = Who::Pair(fix.pair);
        let other = Doing::Job(Op::Reprotect, Part::Work);
        let close = Doing::Job(Op::Failover, Part::Close);
        for doing in [other, close, Doing::Act(Act::Boot)] {
            assert_eq!(script.take(&fix.world, pair, doing), None);
        }
        let mut next = || script.take(&fix.world, pair, WORK);
        assert_eq!(
            [next(), next(), next(), next()],
            [Some(FAIL), Some(FAIL), Some(Twist::Hang), None]
        );
        assert!(script.rules().is_empty());
    }

    #[test]
    fn a_target_is_the_resource_its_group_or_what_the_job_was_asked_for() {
        let fix = Fixture::new();
        let whose = |target: Who, who: Who| {
            let mut script = Script::default();
            let target = fix.world.stable(target);
            assert!(target.is_some());
            let rule = scripted(Op::Failover, 1, FAIL);
            script.push(ScriptedOutcome { target, ..rule }).unwrap();
            script.take(&fix.world, who, WORK).is_some()
        };
        let (group, pair) = (Who::Group(fix.group), Who::Pair(fix.pair));
        let (instance, job) = (Who::Instance(fix.instance), Who::Job(fix.job));
        for who in [group, pair, instance, job] {
            assert!(whose(who, who));
            assert!(whose(group, who), "{who:?} belongs to the group");
        }
        assert!(!whose(pair, instance));
        assert!(!whose(instance, pair));
        assert!(!whose(Who::Group(fix.other_group), pair));
        assert!(!whose(Who::Group(fix.other_group), job));
    }

    #[test]
    fn rules_without_sense_are_refused() {
        let check = |op, count, what| scripted(op, count, what).check();
        let op = Op::ShowJob;
        assert_eq!(check(op, 1, Twist::Hang), Err(ScriptError::NoJob { op }));
        let op = Op::Failover;
        assert_eq!(check(op, 0, Twist::Hang), Err(ScriptError::Count { op }));
        for (number, error) in [
            (
                1013,
                ScriptError::NotOfJobs {
                    code: Code::of(1013),
                },
            ),
            (
                9999,
                ScriptError::Unpublished {
                    code: Code::of(9999),
                },
            ),
        ] {
            let what = Twist::Fail(Code::of(number));
            assert_eq!(check(op, 1, what), Err(error));
        }
        assert_eq!(check(op, 1, FAIL), Ok(()));
        let mut script = Script::default();
        assert!(script.push(scripted(op, 0, FAIL)).is_err());
        assert!(script.rules().is_empty());
    }

    #[test]
    fn a_script_reads_as_it_is_said() {
        let text = r#"[{"op":"failover","count":2,"what":{"fail":"SDRS.1029"}},
            {"op":"reprotect","part":"close","target":7,"what":"hang"},
            {"op":"failover","what":{"stretch":1.5}}]"#;
        let script: Script = serde_json::from_str(text).unwrap();
        let stretch = Twist::Stretch(Factor::permille(1500));
        let hang = ScriptedOutcome {
            part: Part::Close,
            target: Some(Stable(7)),
            ..scripted(Op::Reprotect, 1, Twist::Hang)
        };
        assert_eq!(
            script.rules(),
            [
                scripted(Op::Failover, 2, FAIL),
                hang,
                scripted(Op::Failover, 1, stretch)
            ]
        );
        let again = serde_json::to_string(&script).unwrap();
        assert_eq!(serde_json::from_str::<Script>(&again).unwrap(), script);
        let wrong = r#"[{"op":"failover","what":{"fail":"SDRS.1013"}}]"#;
        let error = serde_json::from_str::<Script>(wrong).unwrap_err();
        assert!(error.to_string().contains("no job ends with SDRS.1013"));
    }

    #[test]
    fn factors_are_exact() {
        let read = |text: &str| serde_json::from_str::<Factor>(text).map_err(|e| e.to_string());
        for (text, permille, shown) in [
            ("3", 3000, "3"),
            ("1.5", 1500, "1.5"),
            ("0.001", 1, "0.001"),
            ("1.1", 1100, "1.1"),
            (r#""2.50""#, 2500, "2.5"),
            ("4294967.295", u32::MAX, "4294967.295"),
        ] {
            let factor = Factor::permille(permille);
            assert_eq!(read(text), Ok(factor));
            assert_eq!(factor.to_string(), shown);
            assert_eq!(read(&serde_json::to_string(&factor).unwrap()), Ok(factor));
        }
        for (text, part) in [
            ("-1", "-1"),
            ("1.0005", "too fine"),
            ("4294968", "too large"),
            (r#""3x""#, "not a factor"),
            ("true", "a factor such as 3 or 1.5"),
        ] {
            assert!(read(text).unwrap_err().contains(part), "{text}");
        }
        assert_eq!(
            Factor::permille(1500).of(Span::micros(3)),
            Span::micros(5),
            "4.5 is rounded up"
        );
        assert_eq!(Factor::permille(2000).of(Span::MAX), Span::MAX);
    }

    #[test]
    fn a_factor_has_its_name_in_the_schema() {
        let schema = schemars::schema_for!(Factor).to_value();
        assert_eq!(schema["title"], "Factor");
    }
}
