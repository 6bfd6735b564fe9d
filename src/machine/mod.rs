//! The machine: the only code that changes a world.

pub mod command;
pub mod effect;
pub mod event;
pub mod query;
pub mod refusal;
pub(crate) mod resolve;
