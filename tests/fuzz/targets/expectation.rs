//! Expectations of any text.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sdrsim_fuzz::expectation::try_bytes(data));
