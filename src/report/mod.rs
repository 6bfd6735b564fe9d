//! What a run cost in data and time: the figures, and the meter that takes them while the run goes.
//!
//! A [`Meter`] looks on as an observer of an engine and gives a [`Report`] at the end, or the [`Figures`] of a group or an
//! instance at any instant. It is no part of the run: it changes nothing, draws nothing and decides nothing, and what a
//! disaster *did* is told by the transcript. It stands below the scenario layer, because a scenario attaches it and lets
//! expectations read it, and it knows nothing of files; how figures are drawn on a terminal is the command's.
//!
//! Sums are whole microseconds and whole bytes, so their order cannot matter. An effect costs the meter a mark; what is
//! marked is looked at once, when its instant is over. A fault of an AZ, its storage, a disk, a server or a path, and a
//! failover, look at all instances of the groups they touch.
//!
//! # Definitions
//!
//! Spans are in microseconds (`_us`), sums in bytes. A server *serves* when it is active, booted, its AZ up and its disks
//! writable; an *instance* when its production server does (the one at the group's current production site), or the server
//! of a rescue drill; a *group* when all its instances that have ever served do. An instance that has never served, such as
//! one whose server is kept shut off, counts for nothing until it first does.
//!
//! A *recovery* is a failover that ended, or a drill made while production was down (a *rescue*) of which a server boots:
//! its figures are those of what boots. A planned failover is none: it loses nothing by construction.
//!
//! Figures of a run, of a group or an instance. They stand in the JSON report under `groups` and `instances`, and an
//! expectation reads them behind `.report`; null reads as "does not apply".
//!
//! | figure | unit | is | null |
//! |---|---|---|---|
//! | `serves` | yes or no | Whether it serves at the instant of the figures. | never |
//! | `first_served_us` | µs since the start | The instant at which it first served. | it never did |
//! | `observed_us` | µs | The span since it first served, without spans in which nothing is left that could (its instances are deleted). | never |
//! | `downtime_us` | µs | The part of the observed span in which it did not serve, whatever the cause; an outage that is open counts. | never |
//! | `availability_ppm` | millionths | (observed - downtime) / observed, rounded down. | it was never observed |
//! | `served_instance_us`, `observed_instance_us` | µs | The served and the observed spans of its instances, added up: their ratio is the fraction of instances that served. | never |
//! | `outages` | count | How often it went from serving to not serving. | never |
//! | `recoveries` | count | How many recoveries it had. | never |
//! | `rpo_us` | µs | The instant production could last acknowledge a write, less the recovery point used; never negative; 0 where no write is missing. Of several recoveries the longest. | no recovery |
//! | `lost_bytes` | bytes | Writes acknowledged in between, so also those that reached both sides while a resync was under way and the point stood; rounded down, at most 2^64 - 1. Of several recoveries the most: two may lose the same. | no recovery |
//! | `copy_age_us` | µs | The instant of the recovery (a failover's close, a drill's making), less the recovery point. Of several the longest. | no recovery |
//! | `damaged` | yes or no | Whether a recovery used content that was damaged. | never |
//! | `rto_running_us` | µs | From the fault that took it down until it serves again, however it came back. The fault is the first one of the outage that stopped one of its instances at the instant at which it struck. Of several outages the longest. | no outage that a fault began has ended |
//! | `rto_usable_us` | µs | The same until every guest that serves is initialized. | none has come so far |
//! | `rto_call_running_us`, `rto_call_usable_us` | µs | The same from the operator's action: the first accepted failover, planned failover or rescue drill that was under way when the outage began, or came in it. | no outage with such a call has come so far |
//! | `unprotected_us` | µs | Some pair of it does not replicate (protection was not started or was stopped, a failover parted it, it is being made) or has no copy (its DR disk was destroyed), or that was so and since then the pairs have not all been in step. A first copy, the full copy onto a disk that came back blank, and the copy of a reprotection are therefore unprotected. | never |
//! | `degraded_us` | µs | It is not unprotected, and some pair is at fault level 5 or copies (a resync). Level 2, where the DR copy is in step, is not degraded. | never |
//! | `copied_bytes` | bytes | What full copies and resyncs have carried, as far as they came. | never |
//! | `discarded_bytes` | bytes | Acknowledged writes that were given up for those of the other side, when the sides met or protection was restored. | never |
//! | `split_brain_us` | µs | How long both sides of some pair were written at once, spans in which either was not left out; of several pairs the longest. Only without fencing. What is open counts. | never; 0 without |
//! | `split_brain_lost_bytes` | bytes | Of pairs that were written on both sides at once: what the side that is given up, or would be, holds and the other does not. That is all it acknowledged since the recovery point that the failover used, so the writes before the failover, which `lost_bytes` counts, are among them. | never; 0 without |
//! | `split_brain_kept_bytes` | bytes | Of the same pairs: what the other side holds alone, which is all it acknowledged since the failover. | never; 0 without |
//! | `split_brain_open` | yes or no | Whether a split brain has not ended: the sides have not met. | never |
//!
//! What else a report lists, by where it stands in the JSON report; an expectation reads of a drill's `.report` the figures
//! `rescue`, `rpo_us`, `lost_bytes`, `copy_age_us`, `skew_us` and `damaged`, and as numbers `servers` and `boots`.
//!
//! | field | unit | is | null |
//! |---|---|---|---|
//! | `recovered[]` of a group, `drills[]`: `at_us` | µs since the start | The failover's close, or when the drill was made. | never |
//! | `point_us` | µs since the start | The recovery point used, of several pairs the earliest. | never |
//! | `skew_us` | µs | How far the recovery points of its pairs lie apart. | never |
//! | `rpo_us`, `lost_bytes`, `copy_age_us`, `damaged` | as above | Of this recovery or drill. | never |
//! | `drill` | label | The rescue drill that was the recovery. | it was a failover |
//! | `group`, `label` | label | Whose it is. | never |
//! | `rescue` | yes or no | Whether production was down when the drill's job began. | never |
//! | `servers[]`: `instance`, `boots` | label, yes or no | For which instance, and whether all its copies were consistent, so that the server boots. | never |
//! | `jobs`: `accepted`, `succeeded`, `failed` | count | By operation: jobs accepted, ended well, failed. | never |
//! | `duration_min_us`, `duration_mean_us`, `duration_max_us` | µs | From begin_time to end_time, of those that ended; the mean rounded down. | none ended |
//! | `waited_max_us` | µs | From acceptance to begin_time, the longest. | never |
//! | `faults[]`: `at_us`, `until_us` | µs since the start | When it began and ended. | `until_us`: it has not ended |
//! | `target`, `what` | label, words | Whom it struck, and how. | never |
//! | `stalls`: of each `at_us`, `between` | µs since the start, labels | When copies between two AZs began to stand still because writes leave nothing of the path; once for all copies of one limit. | never |
//! | `stalls_begun`, `stalled_pairs` | count | How often that was so; how many pairs stand still at the end. | never |
//! | `faults_struck` | count | How many faults there were; 10,000 are listed. | never |
//! | `hung[]`: `policy`, `value` | words | A policy that was consulted and another value of which would have decided differently. | never |
//!
//! What an expectation can ask of a resource at an instant, besides what the API answers.
//!
//! | field | of | unit | is | null |
//! |---|---|---|---|---|
//! | `serves` | group, instance, server | yes or no | As above, of a group whether all its instances do. | a group without instances |
//! | `cut` | group | word | Who goes on without the path: `production`, `dr-side`, `neither`. | the path is whole |
//! | `consistent` | pair, group | yes or no | A first copy has finished, and none that began later is unfinished: a server boots from it. Of a group: all its pairs that take part. | a group without such pairs |
//! | `fault_level` | pair, instance | `"0"`, `"2"`, `"5"` | 5: the DR copy is behind, or the path or the DR disk is lost, while production goes on. 2: production was lost with the copy in step. Of an instance the worst of its pairs. | never |
//! | `rpo_us`, `bytes_lost` | pair, group | µs, bytes | What recovering from the DR copy now would cost; defined as `rpo_us` and `lost_bytes` above. | before the first copy |
//! | `skew_us` | group | µs | How far the recovery points of its pairs lie apart now. | before the first copy |
//! | `left_bytes` | pair | bytes | What a copy would carry that began now: of a copy under way what is left, else what the bitmap marks, also while the pair is cut off, stopped or failed over. | never; 0 in step |
//! | `stalled` | pair | yes or no | Its copy runs and can never end as things are: production's writes leave nothing of the path. | never |
//! | `write_bytes_per_second` | pair | bytes a second | What production writes to it at this instant, and is acknowledged. | never; 0 if nothing |
//! | `write_latency_us` | pair | µs | How long one synchronous write takes: the longer of the local write and a round trip with the remote write; while writes are not mirrored the local one. | production may not write |
//! | `rescue` | drill | yes or no | As above. | never |
//! | `boots` | drill | yes or no | Whether the servers of all its members boot. | no members |
//! | `rpo_us`, `skew_us`, `bytes_lost` | drill | as above | What it was made from, fixed when its job began. | nothing to make it from |
//! | `lost` | server | yes or no | Whether a fault holds it down. | never |
//! | `usable` | disk | yes or no | Whether it can be read and written: neither it nor its pool, its AZ or every server it is attached to is lost. | never |
//! | `usable` | server | yes or no | Whether its guest is initialized. | never |
//! | `damaged` | disk | yes or no | Whether its content is damaged from some instant on. | never |
//! | `blank` | disk | yes or no | Whether it came back without content. | never |
//!
//! ```
//! use sdrsim::engine::{Chance, Engine, Limit, Seed};
//! use sdrsim::report::Meter;
//! use sdrsim::time::{Calendar, SimTime};
//! use sdrsim::world::{World, settings::Settings};
//!
//! let world = World::empty("eu-de", 1, Calendar::default(), Settings::default());
//! let meter = Meter::new(&world);
//! let mut engine = Engine::with_observer(world, Chance::new(Seed(1)), meter);
//! let _ = engine.run_until(SimTime::from_micros(5), Limit::events(10));
//! let (end, hung) = (engine.now(), engine.hung());
//! let (world, meter) = engine.into_parts();
//! assert!(meter.close(&world, end, hung).groups.is_empty());
//! ```

mod close;
mod figures;
mod guard;
mod lane;
mod look;
mod loss;
mod meter;
mod service;
mod tally;
mod words;

pub use figures::{
    DrillFrom, DrillReport, DrillServer, FaultReport, Figures, GroupReport, HungReport,
    InstanceReport, JobReport, RecoveryReport, Report, StallReport,
};
pub use lane::{Lane, Marks};
pub use meter::{LANES, Meter};
pub use words::TOLD_MAX;
