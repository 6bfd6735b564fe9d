//! Time and chance: what comes next, how long work takes, and how the dice fall.
//!
//! Nothing here knows a rule of the service; the engine only decides *when* and *how* things end.

pub mod dice;
pub mod distribution;
pub mod scheduler;
