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
//! operators included; `sdrsim run` on it fails at its last expectation.
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

mod bounds;
mod choose;
mod draws;
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
pub use ground::Ground;
pub use history::History;
pub use laws::{laws, one_side_runs, one_side_writes};
pub use plan::{Plan, PlannedGroup};
pub use play::Violation;
pub use property::{Judge, Property, Sight};
pub use step::{Deed, Hit, HitKind, Step};
pub use suite::{
    DIRECTORY, Failure, Missed, Passed, Reached, Suite, check_always, check_eventually,
    check_sometimes,
};
