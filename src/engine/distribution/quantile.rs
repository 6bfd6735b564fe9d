//! The quantile function of the normal law: Wichura's algorithm AS 241 (PPND16), good to about one part in 10^16.
//!
//! Three ratios of polynomials, one for the middle and two for the tails. It is chosen over rejection methods because it
//! takes exactly one draw, and over shorter approximations because its error stays below what rounding does anyway.

/// The coefficients of a ratio of two polynomials, the constant first; the lower one begins with 1.
struct Ratio([f64; 8], [f64; 8]);

/// Within 0.425 of the middle, in 0.180625 minus the square of the distance.
const MIDDLE: Ratio = Ratio(
    [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
);

/// In the tails down to about e^-25, in the root of minus the logarithm, less 1.6.
const TAIL: Ratio = Ratio(
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        0.000_774_545_014_278_341_4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        0.000_547_593_808_499_534_5,
        1.050_750_071_644_416_9e-9,
    ],
);

/// Beyond, in the same root less 5.
const FAR_TAIL: Ratio = Ratio(
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        0.000_786_869_131_145_613_3,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
);

impl Ratio {
    fn at(&self, x: f64) -> f64 {
        let polynomial =
            |coefficients: &[f64; 8]| coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c);
        polynomial(&self.0) / polynomial(&self.1)
    }
}

/// The value that a standard normal variable falls below with probability `p`, which lies strictly between 0 and 1.
pub(super) fn normal(p: f64) -> f64 {
    let distance = p - 0.5;
    if distance.abs() <= 0.425 {
        return distance * MIDDLE.at(0.180_625 - distance * distance);
    }
    let root = libm::sqrt(-libm::log(p.min(1.0 - p)));
    let size = if root <= 5.0 {
        TAIL.at(root - 1.6)
    } else {
        FAR_TAIL.at(root - 5.0)
    };
    size.copysign(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverts_the_normal_law() {
        for exponent in 1..=50 {
            for mantissa in [0.5, 0.6, 0.75, 0.9, 0.999] {
                let p = mantissa * libm::exp2(-f64::from(exponent));
                let back = libm::erfc(-normal(p) / core::f64::consts::SQRT_2) / 2.0;
                assert!((back / p - 1.0).abs() < 1e-13, "{p} became {back}");
                assert!(
                    (normal(1.0 - p) + normal(p)).abs() < 1e-2 * -normal(p),
                    "not symmetric at {p}"
                );
            }
        }
    }

    #[test]
    fn known_quantiles() {
        assert_eq!(normal(0.5), 0.0);
        for (p, z) in [
            (0.975, 1.959_963_984_540_054),
            (0.9, 1.281_551_565_544_600_4),
            (1e-10, -6.361_340_902_404_056),
        ] {
            assert!(
                (normal(p) - z).abs() < 1e-14 * z.abs().max(1.0),
                "{p}: {}",
                normal(p)
            );
        }
    }
}
