//! A deterministic, in-process simulation of the Storage Disaster Recovery Service (SDRS v1).

mod decimal;
pub mod engine;
pub mod hash;
pub mod machine;
pub mod render;
pub mod scenario;
pub mod sdrs;
pub mod time;
pub mod units;
pub mod world;
