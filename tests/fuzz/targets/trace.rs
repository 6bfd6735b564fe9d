//! Traces of any bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sdrsim_fuzz::trace::try_bytes(data));
