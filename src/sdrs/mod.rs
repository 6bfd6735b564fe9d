//! The published service as data: its error codes, limits and the forms its inputs must have.
//!
//! Nothing here knows a world, a clock or a job. Everything is a const table or a pure function,
//! so that it can be printed, compared with the published pages and reused by every layer above.

pub mod codes;
pub mod device;
pub mod ids;
pub mod limits;
pub mod names;
pub mod net;
