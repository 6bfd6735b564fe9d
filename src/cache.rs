//! Hints to the processor about what will be looked at soon.
//!
//! A record that is not in the caches takes as long to come as a hundred instructions and more, and whoever looks at it waits. A
//! fetch waits for nothing: the record comes while other work is done. It changes nothing that a program can see, so where a
//! processor takes no hints, or none are known for it here, there are none.

/// Fetches the line of memory in which a value begins.
#[inline(always)]
pub(crate) fn fetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    safe_arch::prefetch_t0(value);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
