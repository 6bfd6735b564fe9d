//! The published service as data: operations, statuses, codes, limits, the forms of inputs and the shapes of answers.
//!
//! Nothing here knows a world, a clock or a job. Everything is a const table or a pure function,
//! so that it can be printed, compared with the published pages and reused by every layer above.

pub mod codes;
pub mod device;
pub mod ids;
pub mod limits;
pub mod names;
pub mod need;
pub mod net;
pub mod op;
pub mod policy;
pub mod rules;
pub mod status;
pub mod view;
