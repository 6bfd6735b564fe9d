//! What is counted of jobs, faults and drills.

use super::figures::{DrillReport, FaultReport, JobReport, StallReport};
use super::lane::{Lane, Marks};
use crate::sdrs::op::Op;
use crate::time::SimTime;
use crate::world::fault::Blow;
use crate::world::{DrillKey, GroupKey, JobKey, RouteKey, Who, World};
use serde::{Deserialize, Serialize};
use slotmap::SecondaryMap;
use std::collections::BTreeMap;

/// Most faults, stalls and drills that are kept; all are counted.
pub(super) const LISTED_MAX: usize = 10_000;

/// A job under way.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Running {
    pub op: Op,
    pub group: Option<GroupKey>,
    created: SimTime,
    began: Option<SimTime>,
}

/// The jobs of one operation.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct OfOp {
    accepted: u64,
    succeeded: u64,
    failed: u64,
    /// Shortest and longest, in microseconds.
    ends: Option<(u64, u64)>,
    sum: u128,
    waited: u64,
}

/// All jobs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Jobs {
    of: BTreeMap<Op, OfOp>,
    /// Only looked up, never listed.
    #[serde(with = "crate::world::place::as_list")]
    open: BTreeMap<JobKey, Running>,
}

impl Jobs {
    /// A job was accepted or begun; gives it if it is new.
    pub(super) fn seen(&mut self, world: &World, key: JobKey) -> Option<Running> {
        let job = world.jobs.get(key)?;
        let new = Running {
            op: job.op,
            group: job.group,
            created: job.created,
            began: None,
        };
        let known = self.open.contains_key(&key);
        let running = self.open.entry(key).or_insert(new);
        let of = self.of.entry(running.op).or_default();
        if let (None, Some(began)) = (running.began, job.began) {
            running.began = Some(began);
            let waited = began.saturating_since(running.created).as_micros();
            of.waited = of.waited.max(waited);
        }
        if known {
            return None;
        }
        of.accepted += 1;
        Some(new)
    }

    /// A job has ended; gives it.
    pub(super) fn ended(&mut self, key: JobKey, at: SimTime, well: bool) -> Option<Running> {
        let job = self.open.remove(&key)?;
        let of = self.of.entry(job.op).or_default();
        match well {
            true => of.succeeded += 1,
            false => of.failed += 1,
        }
        let took = at
            .saturating_since(job.began.unwrap_or(job.created))
            .as_micros();
        let (least, most) = of.ends.unwrap_or((took, took));
        of.ends = Some((least.min(took), most.max(took)));
        of.sum += u128::from(took);
        Some(job)
    }

    /// By operation.
    pub(super) fn report(&self) -> BTreeMap<&'static str, JobReport> {
        let report = |of: &OfOp| JobReport {
            accepted: of.accepted,
            succeeded: of.succeeded,
            failed: of.failed,
            duration_min_us: of.ends.map(|ends| ends.0),
            duration_mean_us: of
                .ends
                .map(|_| (of.sum / u128::from(of.succeeded + of.failed)) as u64),
            duration_max_us: of.ends.map(|ends| ends.1),
            waited_max_us: of.waited,
        };
        let each = self.of.iter().map(|(op, of)| (op.name(), report(of)));
        each.collect()
    }
}

/// The faults of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Faults {
    pub count: u64,
    pub listed: Vec<FaultReport>,
    /// Those that have not ended, with their place in the list.
    open: Vec<(Blow, Option<usize>)>,
    since: SimTime,
    pub lane: Lane,
}

impl Faults {
    pub(super) fn struck(&mut self, world: &World, at: SimTime, blow: Blow) {
        self.turn(at);
        self.lane.mark(at, Marks::STRUCK);
        self.count += 1;
        let place = (self.listed.len() < LISTED_MAX).then_some(self.listed.len());
        self.open.push((blow, place));
        if place.is_some() {
            self.listed.push(FaultReport {
                at_us: at.as_micros(),
                until_us: None,
                target: blow
                    .target()
                    .map_or_else(|| "control-plane".to_owned(), |who| world.label(who)),
                what: blow.words().into(),
            });
        }
    }

    pub(super) fn mended(&mut self, at: SimTime, blow: Blow) {
        self.turn(at);
        self.lane.mark(at, Marks::MENDED);
        // Whether it returns blank is no matter for which fault has ended.
        let alike = |other: &Blow| other.target() == blow.target() && other.words() == blow.words();
        let exact = self.open.iter().position(|(other, _)| *other == blow);
        let place = exact.or_else(|| self.open.iter().position(|(other, _)| alike(other)));
        if let Some(place) = place
            && let (_, Some(listed)) = self.open.remove(place)
        {
            self.listed[listed].until_us = Some(at.as_micros());
        }
    }

    /// Paints up to an instant what has lasted since the last one.
    pub(super) fn turn(&mut self, at: SimTime) {
        if !self.open.is_empty() {
            self.lane.paint(self.since, at, Marks::BROKEN);
        }
        self.since = at;
    }
}

/// When copies stalled.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Stalls {
    pub count: u64,
    pub listed: Vec<StallReport>,
}

impl Stalls {
    pub(super) fn stalled(&mut self, world: &World, at: SimTime, route: RouteKey) {
        let Some(route) = world.topology.routes.get(route) else {
            return;
        };
        self.count += 1;
        if self.listed.len() < LISTED_MAX {
            self.listed.push(StallReport {
                at_us: at.as_micros(),
                between: route.azs.map(|az| world.label(Who::Az(az))),
            });
        }
    }
}

/// The drills that were made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Drills {
    pub listed: Vec<DrillReport>,
    /// Where they are in the list.
    pub at: SecondaryMap<DrillKey, u32>,
}
