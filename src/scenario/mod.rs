//! Scenario files: what they say, where they are wrong, and what comes of running them.
//!
//! [`Scenario::load`] reads a text and finds its faults with their places; [`Scenario::start`] runs it, judges what it
//! expects and tells the run as a transcript; [`bless()`] writes that into the file. This layer reads text and gives text:
//! it touches no files and no terminal. It decides nothing about the service itself: statuses, refusals and time belong to
//! the layers below.

pub mod bless;
mod by_text;
pub mod diagnostic;
pub mod expect;
mod figures;
pub mod load;
pub mod model;
pub mod narrate;
pub mod replay;
pub mod report;
pub mod run;
mod runbook;
mod scope;
mod shape;
pub mod shrink;
pub mod trace;
pub mod transcript;
pub mod yaml;

use crate::time::SimTime;
use crate::world::World;

/// Whether an expectation holds in a world at an instant, outside any run, with the values that decided it.
///
/// # Errors
/// As [`expect::Expectation::evaluate`]; there is no `answer` to look at, and no figure of a run, such as an RTO.
pub fn look(
    expectation: &expect::Expectation,
    world: &World,
    now: SimTime,
) -> Result<expect::Verdict, expect::EvalError> {
    expectation.evaluate(&scope::Sight {
        world,
        now,
        answer: None,
        meter: None,
    })
}

pub use bless::bless;
pub use diagnostic::Diagnostic;
pub use load::{Scenario, Sizes};
pub use report::RunReport;
pub use run::{Outcome, Progress, Runner};
