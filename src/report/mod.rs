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
//! | figure | is |
//! |---|---|
//! | `observed_us` | The span since it first served, without spans in which nothing is left that could (its instances are deleted). |
//! | `downtime_us` | The part of the observed span in which it did not serve, whatever the cause; an outage that is open counts. |
//! | `availability_ppm` | (observed - downtime) / observed in millionths, rounded down. |
//! | `served_instance_us`, `observed_instance_us` | The same two sums over its instances: their ratio is the fraction of instances that served. |
//! | `outages` | How often it went from serving to not serving. |
//! | recovery | A failover that ended, or a drill made while production was down (a *rescue*) of which a server boots: its figures are those of what boots. A planned failover is none: it loses nothing by construction. |
//! | `rpo_us` | The instant production could last acknowledge a write, less the recovery point used; never negative; 0 where no write is missing. Of several recoveries the longest. |
//! | `lost_bytes` | Writes acknowledged in between, so also those that reached both sides while a resync was under way and the point stood; rounded down, at most 2^64 - 1. Of several recoveries the most: two may lose the same. |
//! | `copy_age_us` | The instant of the recovery (a failover's close, a drill's making), less the recovery point. Of several the longest. |
//! | `rto_running_us` | From the fault that took it down until it serves again, however it came back. The fault is the first one of the outage that stopped one of its instances at the instant at which it struck. Outages that no fault began have none. Of several the longest. |
//! | `rto_usable_us` | The same until every guest that serves is initialized. |
//! | `rto_call_running_us`, `rto_call_usable_us` | The same from the operator's action: the first accepted failover, planned failover or rescue drill that was under way when the outage began, or came in it. |
//! | `unprotected_us` | Some pair of it does not replicate (protection was not started or was stopped, a failover parted it, it is being made) or has no copy (its DR disk was destroyed), or that was so and since then the pairs have not all been in step. A first copy, the full copy onto a disk that came back blank, and the copy of a reprotection are therefore unprotected. |
//! | `degraded_us` | It is not unprotected, and some pair is at fault level 5 or copies (a resync). Level 2, where the DR copy is in step, is not degraded. |
//! | `copied_bytes` | What full copies and resyncs have carried, as far as they came. |
//! | `discarded_bytes` | Acknowledged writes that were given up for those of the other side, when the sides met or protection was restored. |
//! | `split_brain_us` | How long some pair was written on both sides at once; of several pairs the longest. Only without fencing. `split_brain_lost_bytes` and `split_brain_kept_bytes` are what either side acknowledged meanwhile, over all pairs. What is open counts. |
//! | `stalls`, `stalled_pairs` | When copies between two AZs began to stand still because writes leave nothing of the path (once for all copies of one limit); how many pairs stand still at the end. |
//! | `duration_*_us` of jobs | From begin_time to end_time; `waited_max_us` from acceptance to begin_time. |
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
