//! Scenario files: what they say, where they are wrong, and what they expect.
//!
//! This layer reads text and speaks of places in text. It does not decide anything about the service itself: statuses,
//! refusals and time belong to the layers below.

pub mod diagnostic;
pub mod expect;
pub mod trace;
pub mod transcript;
pub mod yaml;
