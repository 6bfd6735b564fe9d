//! What is tried with any bytes: one function for each target, which panics if something is wrong and otherwise ends soon.
//!
//! The fuzzers of `targets/` call these functions, and so does `tests/fuzz_corpus.rs`, which takes this file in by its
//! path and tries the committed corpus in the ordinary suite. So it stands on nothing but the crate, `serde` and
//! `serde_json`. It is no part of the crate and is built for tests alone.

pub mod calls;
pub mod checkpoint;
pub mod expectation;
pub mod scenario;
pub mod trace;

mod bytes;
mod wild;
mod words;
