//! The published service as data: what the API reference says, without any world that lives by it.

pub mod view;
