//! The pace of the service: how long each operation and each native act takes, and how often work fails.
//!
//! One table, [`DEFAULTS`], says what holds unless a scenario sets something else. It is fixed nearly throughout, so that
//! a plain scenario is easy to read; randomness is what a scenario asks for. What is not here: the draw itself, which is
//! [`super::oracle`]'s, and the speed of copies, which is a setting of the world.

use super::distribution::{Distribution, DurationLaw};
use crate::sdrs::op::Op;
use crate::time::{Span, SpanText};
use crate::world::job::Part;
use crate::world::machinery::Act;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// Milliseconds of open, stagger, work and close for each operation that starts a job, in the order of [`Op::ALL`].
///
/// Published are the 15 s of a group's creation and the example of a job that stops protection: with two pairs its
/// sub-jobs begin 7 ms apart, run for about 4 s side by side, and the whole takes 8.016 s. Starting protection is taken to
/// be alike. A failover is published to end, boot included, within 30 minutes, which these two minutes leave room for. The
/// rest is chosen to be plausible and round.
pub const DEFAULTS: [(Op, [u64; 4]); 19] = [
    (Op::CreateProtectionGroup, [1_000, 0, 13_000, 1_000]),
    (Op::DeleteProtectionGroup, [1_000, 0, 8_000, 1_000]),
    (Op::StartProtection, [1_085, 7, 3_930, 2_994]),
    (Op::Reprotect, [2_000, 7, 10_000, 8_000]),
    (Op::StopProtection, [1_085, 7, 3_930, 2_994]),
    (Op::Failover, [10_000, 7, 60_000, 50_000]),
    (Op::PlannedFailover, [5_000, 7, 30_000, 25_000]),
    (Op::CreateProtectedInstance, [1_000, 0, 58_000, 1_000]),
    (Op::DeleteProtectedInstance, [1_000, 0, 18_000, 1_000]),
    (Op::AttachReplicationPair, [1_000, 0, 8_000, 1_000]),
    (Op::DetachReplicationPair, [1_000, 0, 8_000, 1_000]),
    (Op::AddNic, [1_000, 0, 3_000, 1_000]),
    (Op::DeleteNic, [1_000, 0, 3_000, 1_000]),
    (Op::ResizeProtectedInstance, [1_000, 0, 28_000, 1_000]),
    (Op::CreateReplicationPair, [1_000, 0, 8_000, 1_000]),
    (Op::DeleteReplicationPair, [1_000, 0, 8_000, 1_000]),
    (Op::ExpandReplicationPair, [1_000, 0, 8_000, 1_000]),
    (Op::CreateDrDrill, [2_000, 7, 60_000, 28_000]),
    (Op::DeleteDrDrill, [1_000, 0, 28_000, 1_000]),
];

/// The native acts, in the order in which [`Pace`] is written.
const ACTS: [Act; 4] = [Act::Boot, Act::Shutdown, Act::Reboot, Act::Initialize];

/// The keys of the scenario's `job_durations`: the operations of [`DEFAULTS`], then the acts.
pub const KEYS: [&str; DEFAULTS.len() + ACTS.len()] = keys();

const fn keys() -> [&'static str; DEFAULTS.len() + ACTS.len()] {
    let mut keys = [""; DEFAULTS.len() + ACTS.len()];
    let mut n = 0;
    while n < DEFAULTS.len() {
        keys[n] = DEFAULTS[n].0.name();
        n += 1;
    }
    let mut act = 0;
    while act < ACTS.len() {
        keys[n + act] = act_key(ACTS[act]);
        act += 1;
    }
    keys
}

const fn act_key(act: Act) -> &'static str {
    match act {
        Act::Boot => "boot",
        Act::Shutdown => "shutdown",
        Act::Reboot => "reboot",
        Act::Initialize => "guest_initialization",
    }
}

/// How long an act takes unless a scenario says otherwise: a boot takes one to two minutes and the initialization of the
/// guest system three to five more, as published.
fn default_act(act: Act) -> DurationLaw {
    match act {
        Act::Boot => DurationLaw::of(Distribution::Uniform {
            min: Span::secs(60),
            max: Span::secs(120),
        }),
        Act::Shutdown => DurationLaw::fixed(Span::secs(10)),
        Act::Reboot => DurationLaw::fixed(Span::secs(100)),
        Act::Initialize => DurationLaw::of(Distribution::Uniform {
            min: Span::secs(180),
            max: Span::secs(300),
        }),
    }
}

/// A probability: a number from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Probability(f64);

impl Probability {
    /// It never happens.
    pub const NEVER: Probability = Probability(0.0);
    /// It always happens.
    pub const ALWAYS: Probability = Probability(1.0);

    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// A number that is no probability.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("a probability lies between 0 and 1, and {0} does not")]
pub struct NoProbability(pub f64);

impl TryFrom<f64> for Probability {
    type Error = NoProbability;

    fn try_from(number: f64) -> Result<Self, NoProbability> {
        match (0.0..=1.0).contains(&number) {
            true => Ok(Probability(number)),
            false => Err(NoProbability(number)),
        }
    }
}

impl From<Probability> for f64 {
    fn from(probability: Probability) -> f64 {
        probability.0
    }
}

impl JsonSchema for Probability {
    fn schema_name() -> Cow<'static, str> {
        "Probability".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 1 })
    }
}

/// The pace of the jobs of one operation.
#[derive(Clone, Debug, PartialEq)]
pub struct JobPace {
    /// From the instant a worker takes the job until the first sub-job may begin.
    pub open: DurationLaw,
    /// How long after the one before it each sub-job begins.
    pub stagger: Span,
    /// A sub-job, or the one piece of work of a job without sub-jobs.
    pub work: DurationLaw,
    /// From the end of the last sub-job until the job ends.
    pub close: DurationLaw,
    /// How likely a sub-job, or the one piece of work, fails.
    pub fails: Probability,
}

impl JobPace {
    /// The law of a part.
    #[must_use]
    pub const fn part(&self, part: Part) -> &DurationLaw {
        match part {
            Part::Open => &self.open,
            Part::Work => &self.work,
            Part::Close => &self.close,
        }
    }

    fn of_millis([open, stagger, work, close]: [u64; 4]) -> JobPace {
        JobPace {
            open: DurationLaw::fixed(Span::millis(open)),
            stagger: Span::millis(stagger),
            work: DurationLaw::fixed(Span::millis(work)),
            close: DurationLaw::fixed(Span::millis(close)),
            fails: Probability::NEVER,
        }
    }

    fn apply(&mut self, form: JobForm) {
        let JobForm {
            open,
            stagger,
            work,
            close,
            fails,
        } = form;
        self.open = open.unwrap_or_else(|| self.open.clone());
        self.stagger = stagger.map_or(self.stagger, Span::from);
        self.work = work.unwrap_or_else(|| self.work.clone());
        self.close = close.unwrap_or_else(|| self.close.clone());
        self.fails = fails.unwrap_or(self.fails);
    }
}

/// The pace of one operation in a scenario file; parts that are not written keep their defaults.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "JobPace")]
struct JobForm {
    /// From the instant a worker takes the job until the first sub-job may begin.
    #[serde(default)]
    open: Option<DurationLaw>,
    /// How long after the one before it each sub-job begins.
    #[serde(default)]
    stagger: Option<SpanText>,
    /// A sub-job, or the one piece of work of a job without sub-jobs.
    #[serde(default)]
    work: Option<DurationLaw>,
    /// From the end of the last sub-job until the job ends.
    #[serde(default)]
    close: Option<DurationLaw>,
    /// How likely a sub-job, or the one piece of work, fails.
    #[serde(default)]
    fails: Option<Probability>,
}

impl Serialize for JobPace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        JobForm {
            open: Some(self.open.clone()),
            stagger: Some(self.stagger.into()),
            work: Some(self.work.clone()),
            close: Some(self.close.clone()),
            fails: Some(self.fails),
        }
        .serialize(serializer)
    }
}

/// An operation that is answered at once has no pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{op}` is answered at once: it starts no job that could take time")]
pub struct NoJob {
    /// The operation.
    pub op: Op,
}

/// How long everything takes.
///
/// In a scenario file this is `job_durations`, a map from operations and acts, each to what differs from the defaults:
/// `{failover: {work: {uniform: {min: 1m, max: 2m}}, fails: 0.01}, boot: 60s}`. Written out it is the whole table.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// By operation; None for those that start no job.
    jobs: Vec<Option<JobPace>>,
    /// By act.
    acts: [DurationLaw; ACTS.len()],
}

impl Default for Pace {
    fn default() -> Self {
        let mut jobs = vec![None; Op::ALL.len()];
        for (op, millis) in DEFAULTS {
            jobs[op as usize] = Some(JobPace::of_millis(millis));
        }
        Pace {
            jobs,
            acts: ACTS.map(default_act),
        }
    }
}

impl Pace {
    /// The pace of an operation's jobs; None if it starts none.
    #[must_use]
    pub fn job(&self, op: Op) -> Option<&JobPace> {
        self.jobs[op as usize].as_ref()
    }

    /// The pace of an operation's jobs, to be changed.
    pub fn job_mut(&mut self, op: Op) -> Result<&mut JobPace, NoJob> {
        self.jobs[op as usize].as_mut().ok_or(NoJob { op })
    }

    /// How long an act takes.
    #[must_use]
    pub const fn act(&self, act: Act) -> &DurationLaw {
        &self.acts[act as usize]
    }

    /// How long an act takes, to be changed.
    pub const fn act_mut(&mut self, act: Act) -> &mut DurationLaw {
        &mut self.acts[act as usize]
    }
}

impl Serialize for Pace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(KEYS.len()))?;
        for (op, _) in DEFAULTS {
            map.serialize_entry(op.name(), &self.job(op))?;
        }
        for act in ACTS {
            map.serialize_entry(act_key(act), self.act(act))?;
        }
        map.end()
    }
}

/// A key of the map: its place in [`KEYS`].
struct Key(usize);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl de::Visitor<'_> for Name {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "an operation that starts a job, or boot, shutdown, reboot or guest_initialization",
                )
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Key, E> {
                if let Some(place) = KEYS.iter().position(|key| *key == name) {
                    return Ok(Key(place));
                }
                Err(match Op::named(name) {
                    Some(op) => E::custom(NoJob { op }),
                    None => E::unknown_field(name, &KEYS),
                })
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}

impl<'de> Deserialize<'de> for Pace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> de::Visitor<'de> for Map {
            type Value = Pace;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from operations and native acts to how long they take")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pace, A::Error> {
                let mut pace = Pace::default();
                let mut seen = [false; KEYS.len()];
                while let Some(Key(place)) = map.next_key()? {
                    if std::mem::replace(&mut seen[place], true) {
                        return Err(de::Error::duplicate_field(KEYS[place]));
                    }
                    match DEFAULTS.get(place) {
                        Some(&(op, _)) => {
                            let form: JobForm = map.next_value()?;
                            let job = pace.job_mut(op).map_err(de::Error::custom)?;
                            job.apply(form);
                        }
                        None => {
                            *pace.act_mut(ACTS[place - DEFAULTS.len()]) = map.next_value()?;
                        }
                    }
                }
                Ok(pace)
            }
        }
        deserializer.deserialize_map(Map)
    }
}

impl JsonSchema for Pace {
    fn schema_name() -> Cow<'static, str> {
        "JobDurations".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let job = generator.subschema_for::<JobForm>();
        let act = generator.subschema_for::<DurationLaw>();
        let properties: serde_json::Map<String, serde_json::Value> = KEYS
            .iter()
            .enumerate()
            .map(|(place, key)| {
                let form = if place < DEFAULTS.len() { &job } else { &act };
                ((*key).to_owned(), form.clone().to_value())
            })
            .collect();
        json_schema!({
            "type": "object",
            "description": "How long jobs and native acts take, where it differs from the defaults.",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdrs::rules::rule;
    use crate::units::Bytes;

    fn read(text: &str) -> Result<Pace, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn every_key_names_one_operation_or_act_in_the_order_of_the_defaults() {
        let ops = DEFAULTS.iter().map(|(op, _)| op.name());
        let acts = ["boot", "shutdown", "reboot", "guest_initialization"];
        let expected: Vec<&str> = ops.chain(acts).collect();
        assert_eq!(keys().to_vec(), expected);
        assert_eq!(keys(), KEYS);
    }

    fn fixed(op: Op, part: Part) -> Span {
        let pace = Pace::default();
        pace.job(op).unwrap().part(part).sample(0, Bytes::ZERO)
    }

    #[test]
    fn the_operations_with_a_pace_are_those_that_start_jobs() {
        let with_jobs = Op::ALL.iter().filter(|&&op| rule(op).job.is_some());
        assert!(with_jobs.copied().eq(DEFAULTS.map(|row| row.0)));
        for &op in Op::ALL {
            assert_eq!(Pace::default().job(op).is_some(), rule(op).job.is_some());
        }
        for (place, act) in ACTS.into_iter().enumerate() {
            assert_eq!(act as usize, place);
        }
    }

    #[test]
    fn published_figures_hold() {
        let total = |op| {
            [Part::Open, Part::Work, Part::Close]
                .into_iter()
                .fold(Span::ZERO, |sum, part| sum.saturating_add(fixed(op, part)))
        };
        assert_eq!(total(Op::CreateProtectionGroup), Span::secs(15));
        let stagger = Pace::default().job(Op::StopProtection).unwrap().stagger;
        assert_eq!(
            total(Op::StopProtection).saturating_add(stagger),
            Span::millis(8_016)
        );
        let boot = Pace::default().act(Act::Boot).sample(u64::MAX, Bytes::ZERO);
        assert!(boot <= Span::secs(120) && boot > Span::secs(119));
        let init = Pace::default()
            .act(Act::Initialize)
            .sample(u64::MAX, Bytes::ZERO);
        assert!(init <= Span::secs(300) && init > Span::secs(299));
        let usable = boot.saturating_add(init);
        assert!(total(Op::Failover).saturating_add(usable) < Span::mins(30));
    }

    #[test]
    fn what_is_not_written_keeps_its_default() {
        let pace = read(
            r#"{"start_protection": {"work": {"uniform": {"min": "1s", "max": "2s"}}, "stagger": "0s", "fails": 0.01},
                "boot": "60s"}"#,
        )
        .unwrap();
        let mut expected = Pace::default();
        let job = expected.job_mut(Op::StartProtection).unwrap();
        job.work = DurationLaw::of(Distribution::Uniform {
            min: Span::secs(1),
            max: Span::secs(2),
        });
        job.stagger = Span::ZERO;
        job.fails = Probability::try_from(0.01).unwrap();
        *expected.act_mut(Act::Boot) = DurationLaw::fixed(Span::secs(60));
        assert_eq!(pace, expected);
        assert_eq!(read("{}"), Ok(Pace::default()));
    }

    #[test]
    fn written_out_it_is_the_whole_table_and_reads_back() {
        let mut pace = Pace::default();
        pace.job_mut(Op::Failover).unwrap().fails = Probability::try_from(0.1 + 0.2).unwrap();
        pace.job_mut(Op::Failover).unwrap().work.per_gib = Some(Span::millis(3));
        let text = serde_json::to_string(&pace).unwrap();
        assert!(KEYS.iter().all(|key| text.contains(&format!("\"{key}\":"))));
        assert_eq!(read(&text), Ok(pace));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            (r#"{"show_job": {}}"#, "`show_job` is answered at once"),
            (
                r#"{"fail_over": {}}"#,
                "unknown field `fail_over`, expected one of `create_protection_group`",
            ),
            (
                r#"{"failover": {"opens": "1s"}}"#,
                "unknown field `opens`, expected one of `open`",
            ),
            (
                r#"{"failover": {"fails": 1.5}}"#,
                "a probability lies between 0 and 1, and 1.5 does not",
            ),
            (
                r#"{"failover": {"fails": -0.1}}"#,
                "a probability lies between 0 and 1, and -0.1 does not",
            ),
            (
                r#"{"failover": {"stagger": 7}}"#,
                "the span `7` has no unit",
            ),
            (r#"{"boot": "1s", "boot": "2s"}"#, "duplicate field `boot`"),
            (r#"[]"#, "a map from operations and native acts"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(Probability::try_from(f64::NAN).is_err());
        let message = Pace::default().job_mut(Op::ShowJob).unwrap_err();
        assert_eq!(message, NoJob { op: Op::ShowJob });
    }

    #[test]
    fn the_schema_names_every_key_and_no_other() {
        let schema = schemars::schema_for!(Pace).to_value();
        let properties = schema["properties"].as_object().unwrap();
        assert_eq!(properties.len(), KEYS.len());
        assert!(KEYS.iter().all(|key| properties.contains_key(*key)));
        assert_eq!(schema["additionalProperties"], false);
    }

    #[test]
    fn its_schema_has_its_name() {
        assert_eq!(
            <Pace as schemars::JsonSchema>::schema_name(),
            "JobDurations"
        );
    }
}
