//! Many spans of the exponential law at once.
//!
//! They are to the bit those that [`Distribution::sample`](super::Distribution::sample) gives one by one, which takes its logarithms from `libm`: the same
//! series is summed in the same order, without its questions about numbers that are not between 0 and 1.

// Elsewhere nothing goes side by side.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]

use super::{BELOW_HALF, log_rest, rounded};
use crate::lanes::{Column, Kernel, LANES};
use fearless_simd::prelude::*;
use fearless_simd::{f64x8, u64x8};

/// The spans of the exponential law with this mean that the first so many of some draws stand for, in microseconds; what stands
/// behind them is of no account.
pub(super) struct Exponentials<'a> {
    pub(super) mean: f64,
    pub(super) draws: &'a Column,
    pub(super) many: usize,
}

impl Kernel for Exponentials<'_> {
    type Out = Column;

    #[inline(always)]
    fn wide<S: Simd>(&mut self, simd: S) -> Column {
        let mut spans = Column::ZERO;
        let groups = self.draws.groups().iter().zip(spans.groups_mut());
        for (draws, spans) in groups.take(self.many.div_ceil(LANES)) {
            let rest = rest(u64x8::from_slice(simd, draws));
            let micros = log(rest) * -self.mean + BELOW_HALF;
            micros.to_int_precise::<u64x8<S>>().store_slice(spans);
        }
        spans
    }

    #[inline(always)]
    fn narrow(&mut self) -> Column {
        let mut spans = Column::ZERO;
        for (draw, span) in self.draws.0.iter().zip(&mut spans.0).take(self.many) {
            *span = rounded(-self.mean * log_rest(*draw)).as_micros();
        }
        spans
    }
}

/// 2^52: numbers below it, put into the lower bits of its own, are added to it.
const TWO_52: f64 = 4_503_599_627_370_496.0;

/// Numbers below 2^52 as floats.
#[inline(always)]
fn float<S: Simd>(numbers: u64x8<S>) -> f64x8<S> {
    (numbers | TWO_52.to_bits()).bitcast::<f64x8<S>>() - TWO_52
}

/// What is left of 1 above each draw.
#[inline(always)]
fn rest<S: Simd>(draws: u64x8<S>) -> f64x8<S> {
    let unit = (float(draws >> 12) + 0.5) / TWO_52;
    1.0 - unit
}

/// The bits of a float's mantissa.
const MANTISSA: u64 = (1 << 52) - 1;
/// The upper half of the bits of the square root of 1/2, and what they lack to those of 1.
const ROOT: u64 = 0x3fe6_a09e << 32;
const TO_ONE: u64 = (0x3ff0_0000 << 32) - ROOT;
/// The logarithm of 2 in two parts, of which the first has room for a multiple.
const LN_2: [f64; 2] = [
    f64::from_bits(0x3fe6_2e42_fee0_0000),
    f64::from_bits(0x3dea_39ef_3579_3c76),
];
/// The series, from its first member.
const SERIES: [f64; 7] = [
    f64::from_bits(0x3fe5_5555_5555_5593),
    f64::from_bits(0x3fd9_9999_9997_fa04),
    f64::from_bits(0x3fd2_4924_9422_9359),
    f64::from_bits(0x3fcc_71c5_1d8e_78af),
    f64::from_bits(0x3fc7_4664_96cb_03de),
    f64::from_bits(0x3fc3_9a09_d078_c69f),
    f64::from_bits(0x3fc2_f112_df3e_5244),
];

/// Natural logarithms of numbers between 0 and 1, neither of which is among them.
#[inline(always)]
fn log<S: Simd>(numbers: f64x8<S>) -> f64x8<S> {
    // A number is a power of 2 times one between the square roots of 1/2 and of 2.
    let bits = numbers.bitcast::<u64x8<S>>() + TO_ONE;
    let power = float(bits >> 52) - 1023.0;
    let near_one = ((bits & MANTISSA) + ROOT).bitcast::<f64x8<S>>();
    // That one is (1 + s) / (1 - s), and its logarithm a series in s squared, whose members of even and odd places are summed apart.
    let over = near_one - 1.0;
    let half_square = over * 0.5 * over;
    let s = over / (over + 2.0);
    let square = s * s;
    let fourth = square * square;
    let [a1, a2, a3, a4, a5, a6, a7] = SERIES;
    let even = fourth * (fourth * (fourth * a6 + a4) + a2);
    let odd = square * (fourth * (fourth * (fourth * a7 + a5) + a3) + a1);
    let [high, low] = LN_2;
    s * (half_square + (odd + even)) + power * low - half_square + over + power * high
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::mix;
    use crate::lanes::{MANY, in_every_way};
    use crate::time::Span;

    /// Draws at both ends, beside every power of 2, with and without the square root of 1/2 and what stands for that here, and any.
    fn draws() -> Vec<u64> {
        let mut draws: Vec<u64> = (0..5_000).flat_map(|n| [n << 12, !(n << 12)]).collect();
        for power in 0..64 {
            let of = |root: f64| (root * libm::exp2(f64::from(power))) as u64;
            for near in [
                1_u64 << power,
                of(libm::sqrt(0.5)),
                of(f64::from_bits(ROOT)),
            ] {
                draws.extend((0..200).flat_map(|n| {
                    let step = n << 12;
                    let rest = [near.wrapping_add(step), near.wrapping_sub(step)];
                    rest.into_iter().flat_map(|rest| [rest, !rest])
                }));
            }
        }
        draws.extend((0..50_000).map(mix));
        draws.resize(draws.len().next_multiple_of(MANY), 0);
        draws
    }

    #[test]
    fn spans_are_those_of_the_law_to_the_bit() {
        for mean in [
            Span::micros(1),
            Span::millis(7),
            Span::secs(60),
            Span::hours(9_000),
            Span::micros(u64::MAX / 20),
            Span::MAX,
        ] {
            let law = super::super::Distribution::Exponential { mean };
            for some in draws().as_chunks().0 {
                let plain = some.map(|draw| law.sample(draw).as_micros());
                let (mean, draws) = (mean.as_micros() as f64, &Column(*some));
                let many = some[0] as usize % (MANY + 1);
                for (way, answer) in in_every_way(|| Exponentials { mean, draws, many }) {
                    assert_eq!(answer.0[..many], plain[..many], "{way}, mean {mean}");
                }
            }
        }
    }
}
