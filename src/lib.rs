//! A deterministic, in-process simulation of the Storage Disaster Recovery Service (SDRS v1).

pub mod scenario;
