//! Checkpoints of any bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sdrsim_fuzz::checkpoint::try_bytes(data));
