//! Histories of any calls.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sdrsim_fuzz::calls::try_bytes(data));
