//! A test bench: histories of calls and faults by the dozen, properties that must hold in them, and the shortest history
//! in which one does not, as a scenario file.
//!
//! A [`Suite`] makes small worlds and lives through histories in them, within [`Bounds`]: each step is chosen from what is
//! possible at its place, or, if the bounds say so, from anything. DR logic under test takes part as an
//! [`crate::engine::Operator`], at its [`crate::engine::Reach`] from the service. [`Property`] says what must hold:
//!
//! - [`check_always`]: at every instant of every history;
//! - [`check_eventually`]: at every instant, and a goal within a time after all faults have ended;
//! - [`check_sometimes`]: in at least one history, so that a suite is seen to come to where it is interesting.
//!
//! A violation is shortened: steps, world and waits, as long as the same property fails. A legal history stays legal. One
//! line names seed and case ([`Suite::only`] runs that one again), and a scenario file tells what happened, calls of
//! operators included; `sdrsim run` on it fails at its last expectation. A suite that tried nothing, or that asks for what
//! can never be so (a misspelt status), panics instead of passing.
//!
//! Histories are functions of a seed and rest on nothing but [`crate::engine::dice`], so a case means the same in every
//! build. With the feature `proptest` they are strategies as well (`strategy`), and a reference state machine of
//! `proptest-state-machine` (`reference`). This is deliberately not a search: what it does not find may still be there.
//!
//! ```
//! use sdrsim::testing::{Bounds, Property, Suite, check_always, check_sometimes, laws};
//!
//! let suite = Suite::new(Bounds::smallest()).cases(10);
//! check_always(suite.clone(), &laws());
//! check_sometimes(suite.cases(50), &Property::expect("any groups.status == failed-over").unwrap());
//! ```
//!
//! # A worked example
//!
//! A controller fails a group over by itself. It takes a cut path for a lost site, and the service here neither fences nor
//! refuses a failover while its sides cannot reach each other:
//!
//! ```
//! use sdrsim::engine::{Calls, Operator, Reach};
//! use sdrsim::machine::{Effect, command::{Call, Native}};
//! use sdrsim::testing::{Bounds, Ground, Harms, Property, Suite, Weights, check_always, check_sometimes};
//! use sdrsim::time::{SimTime, Span};
//! use sdrsim::world::{Who, World, machinery::Power, protection::Side};
//!
//! #[derive(Clone, Default)]
//! struct Controller {
//!     /// Whether it waits for news that the production server has lost its power.
//!     careful: bool,
//!     cut: bool,
//!     dead: bool,
//! }
//!
//! impl Operator for Controller {
//!     fn act(&mut self, _: SimTime, seen: &[Effect], world: &World, calls: &mut Calls) {
//!         for effect in seen {
//!             match *effect {
//!                 Effect::Cut { .. } => self.cut = true,
//!                 Effect::Joined { .. } => self.cut = false,
//!                 Effect::Power { server, to, .. } if world.label(Who::Server(server)) == "app" => {
//!                     self.dead = to != Power::Active;
//!                 }
//!                 Effect::Station { to: Side::Target, .. } => {
//!                     calls.ask(Native::StartServer { server: "web/dr".into() });
//!                 }
//!                 _ => {}
//!             }
//!         }
//!         if self.cut && (self.dead || !self.careful) {
//!             calls.ask(Call::Failover { group: "shop".into() });
//!         }
//!     }
//! }
//!
//! let world = "version: 1
//! sites: {north: {}, south: {}}
//! azs: {az-1: {site: north}, az-2: {site: south}}
//! network:
//!   witness: {quorum: {}}
//!   links:
//!     trunk: {between: [az-1, az-2], bandwidth: 1 Gbit/s, latency: 500us}
//!     near: {between: [az-1, quorum]}
//!     far: {between: [az-2, quorum]}
//! domains: {metro: {azs: [az-1, az-2], arbitration: {witness: quorum}}}
//! flavors: {m1: {}}
//! vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
//! settings:
//!   policies: {fencing: off, failover_disconnected: allowed, restart_after_outage: false}
//! servers:
//!   app: {az: az-1, vpc: net, flavor: m1, disks: {/dev/vda: {size: 40 GiB, bootable: true}}}
//! groups:
//!   shop: {domain: metro, vpc: net, protected: true}
//! instances:
//!   web: {group: shop, server: app}
//! ";
//! let bounds = Bounds {
//!     harms: Harms { parts: false, control: false, destroyed: false, ..Harms::ALL },
//!     ..Bounds::default().weighted(Weights::FAULTS)
//! };
//! let suite = |controller| {
//!     Suite::new(bounds)
//!         .with_operator("controller", Reach::after(Span::secs(5)), controller)
//!         .in_world(Ground::read("shop.yaml", world).expect("the file is well-formed"))
//!         .directory(None)
//! };
//! let both = Property::expect("not (app.power == active and server(\"web/dr\").power == active)").unwrap();
//!
//! let failure = suite(Controller::default()).always(&[both.clone()]).unwrap_err();
//! // One step is left of the history: a link breaks. The rest of the file is what the controller did.
//! assert_eq!(failure.history.steps.len(), 1);
//! assert!(failure.scenario.contains("
//! timeline:
//!   - at: 0s
//!     fault: {link: trunk}
//!   - at: 10s
//!     call: {failover: {group: shop}}
//!     wait: false
//! "), "{}", failure.scenario);
//!
//! // The careful one never runs both sides, and not because it does nothing.
//! let careful = Controller { careful: true, ..Controller::default() };
//! check_always(suite(careful.clone()), &[both]);
//! check_sometimes(suite(careful), &Property::expect("server(\"web/dr\").power == active").unwrap());
//! ```
//!
//! `tests/worked_example.rs` has it with lost calls, wrong answers and retries, and `tests/counterexamples/` the file.

mod bounds;
mod choose;
mod draws;
mod failure;
mod file;
mod ground;
mod history;
mod laws;
mod plan;
mod play;
mod property;
#[cfg(feature = "proptest")]
pub mod reference;
mod shrink;
mod step;
#[cfg(feature = "proptest")]
pub mod strategy;
mod suite;
mod text;

pub use bounds::{Bounds, Choices, Harms, Weights};
pub use failure::{Failure, Missed};
pub use ground::Ground;
pub use history::History;
pub use laws::{invariants, laws, one_side_runs, one_side_writes};
pub use plan::{Plan, PlannedGroup};
pub use play::Violation;
pub use property::{Judge, Property, Sight};
pub use step::{Deed, Hit, HitKind, Step};
pub use suite::{
    DIRECTORY, Passed, Reached, Suite, check_always, check_eventually, check_sometimes,
};
