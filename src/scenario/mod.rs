//! Scenario files: what they say, where they are wrong, and what comes of running them.
//!
//! [`Scenario::load`] reads a text and finds its faults with their places; [`Scenario::start`] runs it, judges what it
//! expects and tells the run as a transcript; [`bless()`] writes that into the file. This layer reads text and gives text:
//! it touches no files and no terminal. It decides nothing about the service itself: statuses, refusals and time belong to
//! the layers below.

pub mod bless;
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

pub use bless::bless;
pub use diagnostic::Diagnostic;
pub use load::Scenario;
pub use report::RunReport;
pub use run::{Outcome, Progress, Runner};
