//! Work on many numbers at once, by the widest instructions that the processor has.
//!
//! What is computed is the same everywhere, to the last bit: a [`Kernel`] says it twice, for numbers side by side and for one
//! after another, and tests hold one to the other. Only processors that multiply 64 bits side by side, or nearly, are worth it;
//! all others take numbers one after another. Which one it is, is asked while the program runs, so one build serves all.

// Elsewhere nothing goes side by side.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]

#[cfg(target_arch = "x86_64")]
use fearless_simd::Level;
use fearless_simd::Simd;

/// Numbers that go side by side.
pub(crate) const LANES: usize = 8;

/// So many numbers are worked on at once, at most.
pub(crate) const MANY: usize = 64;

/// Many numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column(pub [u64; MANY]);

impl Column {
    pub(crate) const ZERO: Column = Column([0; MANY]);

    /// As groups of lanes.
    #[inline(always)]
    pub(crate) const fn groups(&self) -> &[[u64; LANES]] {
        self.0.as_chunks().0
    }

    /// The same, to be changed.
    #[inline(always)]
    pub(crate) const fn groups_mut(&mut self) -> &mut [[u64; LANES]] {
        self.0.as_chunks_mut().0
    }
}

/// A piece of work on many numbers.
pub(crate) trait Kernel {
    /// What comes of it.
    type Out;
    /// On [`LANES`] numbers at a time. Has to be inlined always, with all that it calls.
    fn wide<S: Simd>(&mut self, simd: S) -> Self::Out;
    /// On one number at a time.
    fn narrow(&mut self) -> Self::Out;
}

/// Does a piece of work.
#[inline]
pub(crate) fn run<K: Kernel>(mut kernel: K) -> K::Out {
    #[cfg(target_arch = "x86_64")]
    {
        let level = Level::new();
        if let Some(simd) = level.as_avx512() {
            return simd.vectorize(
                #[inline(always)]
                || kernel.wide(simd),
            );
        }
        if let Some(simd) = level.as_avx2() {
            return simd.vectorize(
                #[inline(always)]
                || kernel.wide(simd),
            );
        }
    }
    kernel.narrow()
}

/// What comes of a piece of work in each way in which this processor can do it, with the way's name.
#[cfg(test)]
pub(crate) fn in_every_way<K: Kernel>(kernel: impl Fn() -> K) -> Vec<(&'static str, K::Out)> {
    let mut all = vec![("one after another", kernel().narrow())];
    #[cfg(target_arch = "x86_64")]
    {
        let level = fearless_simd::Level::new();
        if let Some(simd) = level.as_sse2() {
            all.push(("SSE2", kernel().wide(simd)));
        }
        if let Some(simd) = level.as_avx2() {
            all.push(("AVX2", simd.vectorize(|| kernel().wide(simd))));
        }
        if let Some(simd) = level.as_avx512() {
            all.push(("AVX-512", simd.vectorize(|| kernel().wide(simd))));
        }
    }
    all.push(("as it is done", run(kernel())));
    all
}
