//! The figures themselves, as they go out: plain data, documented one by one.

use super::lane::Lane;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a run cost a group or an instance in data and time.
///
/// All spans are whole microseconds and all sums whole bytes. The definitions are those of the [module](super).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Whether it serves at the instant of the figures.
    pub serves: bool,
    /// When it first served, in microseconds since the start; null: never.
    pub first_served_us: Option<u64>,
    /// How long it was observed: since it first served.
    pub observed_us: u64,
    /// How long of that it did not serve.
    pub downtime_us: u64,
    /// Availability: the share of the observed span in which it served, in millionths, rounded down; null: never observed. The
    /// exact ratio is `observed_us - downtime_us` to `observed_us`.
    pub availability_ppm: Option<u64>,
    /// The sum over its instances of how long each served.
    pub served_instance_us: u64,
    /// The sum over its instances of how long each was observed.
    pub observed_instance_us: u64,
    /// How often it ceased to serve.
    pub outages: u32,
    /// How many failovers and rescue drills recovered it.
    pub recoveries: u32,
    /// RPO: of its recoveries the longest; null: none.
    pub rpo_us: Option<u64>,
    /// Bytes lost: of its recoveries the most; null: none.
    pub lost_bytes: Option<u64>,
    /// Copy age: of its recoveries the longest; null: none.
    pub copy_age_us: Option<u64>,
    /// Whether a recovery used damaged content.
    pub damaged: bool,
    /// RTO from the fault to running: the longest; null: no outage that a fault began has ended.
    pub rto_running_us: Option<u64>,
    /// RTO from the fault to usable: the longest; null: none has come so far.
    pub rto_usable_us: Option<u64>,
    /// RTO from the operator's call to running: the longest; null: no outage with a call has ended.
    pub rto_call_running_us: Option<u64>,
    /// RTO from the operator's call to usable: the longest; null: none has come so far.
    pub rto_call_usable_us: Option<u64>,
    /// Time unprotected.
    pub unprotected_us: u64,
    /// Time degraded.
    pub degraded_us: u64,
    /// Bytes that its copies have carried: full copies and resyncs.
    pub copied_bytes: u64,
    /// Bytes of acknowledged writes that were given up when the sides met.
    pub discarded_bytes: u64,
    /// How long both sides of some pair were written at once: of several pairs the longest.
    pub split_brain_us: u64,
    /// Of pairs with a split brain: bytes that the side which is given up holds alone, since the failover's recovery point.
    pub split_brain_lost_bytes: u64,
    /// Of pairs with a split brain: bytes that the other side holds alone, since the failover.
    pub split_brain_kept_bytes: u64,
    /// Whether a split brain has not ended: its sides have not met.
    pub split_brain_open: bool,
}

/// One recovery of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryReport {
    /// When, in microseconds since the start: the failover's close, or when the drill was made.
    pub at_us: u64,
    /// The rescue drill's label; null: it was a failover.
    pub drill: Option<String>,
    /// The recovery point used, in microseconds since the start; of several pairs the earliest.
    pub point_us: u64,
    /// How far the recovery points of its pairs lie apart, in microseconds.
    pub skew_us: u64,
    /// RPO, in microseconds.
    pub rpo_us: u64,
    /// Bytes lost.
    pub lost_bytes: u64,
    /// Copy age, in microseconds.
    pub copy_age_us: u64,
    /// Whether what was recovered holds damaged content.
    pub damaged: bool,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupReport {
    /// Its label.
    pub label: String,
    /// What it cost.
    #[serde(flatten)]
    pub figures: Figures,
    /// Its recoveries in order, at most 10,000.
    pub recovered: Vec<RecoveryReport>,
    /// What happened when, for a drawing; None: only the first groups have it.
    #[serde(skip)]
    pub lane: Option<Lane>,
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstanceReport {
    /// Its label.
    pub label: String,
    /// Its group's label.
    pub group: String,
    /// What it cost.
    #[serde(flatten)]
    pub figures: Figures,
}

/// A server of a drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillServer {
    /// The instance that it stands for.
    pub instance: String,
    /// Whether it boots: all its copies were consistent.
    pub boots: bool,
}

/// What a drill was made from: the copies of what boots, or where nothing does all. Figures are null where a copy is
/// missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillFrom {
    /// When the drill was made, in microseconds since the start.
    pub at_us: u64,
    /// The recovery point used, in microseconds since the start; of several pairs the earliest.
    pub point_us: Option<u64>,
    /// How far the recovery points of its pairs lie apart, in microseconds.
    pub skew_us: Option<u64>,
    /// RPO, in microseconds.
    pub rpo_us: Option<u64>,
    /// Bytes lost.
    pub lost_bytes: Option<u64>,
    /// Copy age, in microseconds.
    pub copy_age_us: Option<u64>,
    /// Whether it holds damaged content.
    pub damaged: bool,
}

/// A drill that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillReport {
    /// Its label.
    pub label: String,
    /// Its group's label.
    pub group: String,
    /// Whether production was down when its job began: it is then the recovery, if a server boots.
    pub rescue: bool,
    /// What it was made from.
    #[serde(flatten)]
    pub from: DrillFrom,
    /// Its servers.
    pub servers: Vec<DrillServer>,
}

/// The jobs of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JobReport {
    /// How many were accepted.
    pub accepted: u64,
    /// How many ended well.
    pub succeeded: u64,
    /// How many failed.
    pub failed: u64,
    /// The shortest of those that ended, from begin_time to end_time in microseconds; null: none ended.
    pub duration_min_us: Option<u64>,
    /// Their mean, rounded down.
    pub duration_mean_us: Option<u64>,
    /// The longest.
    pub duration_max_us: Option<u64>,
    /// The longest wait as INIT of those that began, in microseconds.
    pub waited_max_us: u64,
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultReport {
    /// When it began, in microseconds since the start.
    pub at_us: u64,
    /// When it ended; null: it did not.
    pub until_us: Option<u64>,
    /// The label of what it struck; `control-plane`.
    pub target: String,
    /// What it was.
    pub what: Cow<'static, str>,
}

/// Copies of one way and limit began to stand still: the writes that come before them leave nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StallReport {
    /// When, in microseconds since the start.
    pub at_us: u64,
    /// The labels of the AZs between which they go.
    pub between: [String; 2],
}

/// A policy that the result hung on: another value would have decided some admission or outcome differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HungReport {
    /// Its name.
    pub policy: &'static str,
    /// The value in force.
    pub value: &'static str,
}

/// What a run cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The groups in the order in which they were made, those gone too; at most 10,000.
    pub groups: Vec<GroupReport>,
    /// The instances likewise.
    pub instances: Vec<InstanceReport>,
    /// The drills that were made, in order, at most 10,000.
    pub drills: Vec<DrillReport>,
    /// The jobs by operation.
    pub jobs: BTreeMap<&'static str, JobReport>,
    /// The faults in order, at most 10,000.
    pub faults: Vec<FaultReport>,
    /// How many faults there were.
    pub faults_struck: u64,
    /// When copies stalled, in order, at most 10,000.
    pub stalls: Vec<StallReport>,
    /// How often copies stalled.
    pub stalls_begun: u64,
    /// How many pairs have a copy at the end that is stalled: as things are it never ends.
    pub stalled_pairs: u64,
    /// The policies that the result hung on, in the order of the register.
    pub hung: Vec<HungReport>,
    /// When which fault lasted, for a drawing.
    #[serde(skip)]
    pub fault_lane: Lane,
    /// The instant of the figures, in microseconds since the start.
    #[serde(skip)]
    pub end_us: u64,
}
