//! A deterministic, in-process simulation of the Storage Disaster Recovery Service (SDRS v1).
//!
//! The service pairs disks of servers in one availability zone with disks in another and moves the servers' work across
//! when the first zone fails. Here it runs inside the caller's process, in virtual time, from a seed: the same calls give
//! the same run, byte for byte, on every machine. This page is the record of the design; a change of shape changes it too.
//!
//! # Quick start
//!
//! ```
//! use sdrsim::engine::{Chance, Engine, Limit, RunEnd, Seed};
//! use sdrsim::machine::command::Call;
//! use sdrsim::scenario::Scenario;
//!
//! // A scenario file is the shortest way to a world ...
//! let text = include_str!("../scenarios/basics/first.yaml");
//! let scenario = Scenario::load("first.yaml", text).expect("the file is well-formed");
//! let outcome = scenario.start(None).run(&mut ());
//! assert!(outcome.report.verdicts.iter().all(|verdict| verdict.held));
//!
//! // ... and its end a beginning: from here on the calls are yours. What if protection is restored now?
//! let mut engine = Engine::new(outcome.world, Chance::new(Seed(1)));
//! let what_if = engine.fork();
//! let refusal = engine.submit(&Call::StopProtection { group: "shop".into() }.into()).unwrap_err();
//! assert_eq!(refusal.code().map(|code| code.to_string()).as_deref(), Some("SDRS.1019"));
//! engine.submit(&Call::Reprotect { group: "shop".into() }.into())?;
//! assert_eq!(engine.run_until_quiet(Limit::events(1_000)), RunEnd::Quiet);
//! let shop = engine.world().find("shop").expect("the group exists");
//! assert_eq!(engine.world().reported(shop).map(|status| status.name()), Some("protected"));
//! assert_ne!(engine.digest(), what_if.digest());
//! # Ok::<(), sdrsim::machine::Refusal>(())
//! ```
//!
//! # The idea
//!
//! The service publishes tables, so the core is a table: [`sdrs::rules`], one row per operation. A pure [`machine`]
//! decides, carries out and takes in what happens. It reads no clock, draws no number and does no I/O. An [`engine`]
//! around it owns time, the queue and chance. Scenarios are YAML files that carry their own expected transcript. What a
//! reader or tester wants to see (the status matrix, the status graph, the comparison with the published pages) is
//! computed from the one table and the one machine, so it cannot disagree with them.
//!
//! # The layers
//!
//! From the ground up. A module names those above it in this list and none below; `tests/tidy.rs` holds every arrow.
//!
//! | module | holds | never |
//! |---|---|---|
//! | `cache` | hints to the processor about memory that will be looked at soon | changes anything |
//! | `lanes` | the same work on many numbers at once, by the widest instructions that there are | other bits than one by one |
//! | [`hash`] | the one mixing function that ids, draws and the digest rest on | |
//! | [`time`], [`units`] | instants and spans in whole microseconds; sizes and rates; reading and printing them | floats in time |
//! | [`sdrs`] | the published service as data: operations, rules, statuses, codes, limits, policies, views | knows a world |
//! | [`world`] | the state: plain data, cloneable | is changed from outside `machine` |
//! | [`machine`] | the only code that changes a world: admission, jobs, native acts, answers to questions | a clock, chance, I/O, a panic on the user's input |
//! | [`engine`] | time and chance: the queue, how long work takes and how it ends, draws, digest, checkpoints | decides what is admitted |
//! | [`report`] | what a run cost in data and time: RPO, RTO, downtime, figures of jobs and drills | changes what it measures |
//! | [`scenario`] | files in, transcripts out: expectations, runbooks, traces, faults shown with their lines | touches files |
//! | [`explore`] | every interleaving in a small world, and the shortest way to what must not be | knows time |
//! | [`testing`] | histories by the dozen, properties, and the shortest history that violates one | decides anything about the service |
//! | [`render`] | drawings of the tables as text, Markdown, JSON, DOT and Mermaid | knows a world |
//! | the command | files, terminal and exit codes | decides anything about the service |
//!
//! # The core types
//!
//! - A [`machine::Command`] may be refused; a [`machine::Event`] may not. That is why they are two types.
//! - [`machine::admit()`] looks at a world and gives a [`machine::Admitted`] or a [`machine::Refusal`] with its published
//!   code; [`machine::commit()`] takes nothing else and cannot fail. So check and use cannot come apart, and a refused
//!   command changes nothing: it never held the world to change it.
//! - [`machine::happen`] takes in what happens; an event about work that has ended since is known by its epoch and does
//!   nothing, so nothing is ever cancelled.
//! - Every change comes out as a [`machine::Effect`]. Digest, trace and transcript are made of what effects say, written out or not.
//! - An [`engine::Engine`] drives a machine with an [`engine::Oracle`], which says how long work takes and how it ends.
//!   It can be forked at any instant, and everything that decides its future goes with the fork. What a fork does not change
//!   it shares: the words, the table of the index, and what few records have ([`world::rare`]).
//! - An [`engine::Operator`] is DR logic; an [`engine::Bench`] is an engine with operators in it, each at its
//!   [`engine::Reach`] from the service. What befalls one does not depend on who is beside it.
//! - A [`sdrs::need::Need`] is a precondition of the closed set; a row gives it its code and its place in the order.
//! - A stable key is the hash of a resource's label, or of its parent's key and its place there. Ids and draws derive
//!   from it: adding an unrelated resource shifts nothing, and two policies under one seed meet the same chance.
//! - A serial, never used twice, gives lists their order; a slot key is for access alone.
//! - A fault is an event, counted on its target ([`world::fault::Blow`]); what it means is taken in once, after all faults of
//!   its instant. A lost path is one record of a group ([`world::protection::Cut`]), not of its pairs.
//! - Replication is arithmetic ([`world::replica`], [`world::flow`]): a pair keeps instants, rates and what is marked; copies
//!   that share links form classes with one event each. What is decided is discrete: [`world::replica::Level`].
//! - What must hold of every world is a list: [`world::check::Violation`]. An [`engine::Checker`] looks on and finds the first
//!   one that does not, after every event if that is wanted; a run without it pays nothing.
//! - A [`report::Meter`] measures as an observer. It stands below the scenarios, because their expectations read figures
//!   while a run goes.
//! - The digest sums the chains of effects of each resource, so the order of unrelated ones does not matter.
//!
//! # Habits
//!
//! 1. A module's first lines say what it is, what it deliberately is not, and why this way.
//! 2. The service's own words. One word per concept: a command is *refused*, work has *failed*, infrastructure is *down*,
//!    an invariant is *violated*.
//! 3. Check everything before changing anything; code that changes cannot fail.
//! 4. Order is always defined: events by instant and sequence, resources by serial. No hashed collection reaches an output.
//! 5. Every loop that waits for the world has a limit.
//! 6. A test is a scenario if it can be, else a property, else Rust. A golden file is blessed again only with a sentence
//!    in the commit that says why. What was transcribed from the published pages is never blessed.
//! 7. Refusals are ordinary output, errors are enums with data, and a panic is a bug that says its reason.

mod cache;
mod decimal;
pub mod engine;
pub mod explore;
pub mod hash;
mod lanes;
pub mod machine;
pub mod render;
pub mod report;
pub mod scenario;
pub mod sdrs;
pub mod testing;
pub mod time;
pub mod units;
pub mod world;
