//! How long things take: the laws that spans are drawn from, as a scenario file writes them.
//!
//! Every law turns one 64-bit draw into one span by inverting its distribution function. So a draw has one place in the
//! order from short to long whatever the law, and changing a law's numbers moves a span without reshuffling the others.
//! Logarithms, powers and the gamma function come from `libm`, which gives the same bits on every machine; the rest is
//! integers. This is the only place where spans pass through `f64`, each draw by itself: nothing is summed up in floats.

use super::dice;
use crate::lanes::{self, Column, MANY};
use crate::time::Span;
use crate::units::Bytes;
use logarithm::Exponentials;

mod form;
mod logarithm;
mod quantile;

/// A law of spans.
///
/// [`Distribution::check`] says whether its numbers make sense; the constructors and the reader of scenario files use it.
/// In a scenario file a law is a span alone (`8s`, which is [`Distribution::Fixed`]) or a map with one key, such as
/// `uniform: {min: 1s, max: 2s}`.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always the same: `fixed: 8s`.
    Fixed(Span),
    /// Every microsecond from `min` to `max` equally likely: `uniform: {min: 1s, max: 2s}`.
    Uniform {
        /// The shortest span.
        min: Span,
        /// The longest span.
        max: Span,
    },
    /// Memoryless: `exponential: {mean: 5s}`.
    Exponential {
        /// The mean.
        mean: Span,
    },
    /// With a long tail, as the times of most work have: `lognormal: {mean: 5s, cv: 0.5}`.
    LogNormal {
        /// The mean of the spans themselves, not of their logarithms.
        mean: Span,
        /// The coefficient of variation: the standard deviation divided by the mean.
        cv: f64,
    },
    /// Rising to the likeliest span and falling from it: `triangular: {min: 1s, mode: 2s, max: 4s}`.
    Triangular {
        /// The shortest span.
        min: Span,
        /// The likeliest span.
        mode: Span,
        /// The longest span.
        max: Span,
    },
    /// Lifetimes that age (`shape` above 1) or settle in (below 1): `weibull: {scale: 5s, shape: 1.5}`.
    Weibull {
        /// The span that all but 1/e of the draws fall below.
        scale: Span,
        /// The shape; 1 is the exponential law.
        shape: f64,
    },
    /// One of the spans of a list, each place equally likely: `empirical: [1s, 2s, 2s]`.
    Empirical(Vec<Span>),
}

/// A law of which many spans are drawn in turn: what they share was computed. It gives the spans that the law gives.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resolved<'a> {
    /// Always this span.
    Fixed(Span),
    /// The exponential law with this mean.
    Exponential(f64),
    /// Any law.
    Any(&'a Distribution),
}

impl Resolved<'_> {
    /// The span that this draw stands for.
    #[inline(always)]
    pub(super) fn sample(self, draw: u64) -> Span {
        match self {
            Resolved::Fixed(span) => span,
            Resolved::Exponential(mean) => rounded(-mean * log_rest(draw)),
            Resolved::Any(law) => law.sample(draw),
        }
    }

    /// The spans that so many draws stand for, in microseconds; what stands behind them is of no account. Draws are asked for if they matter.
    #[inline(always)]
    pub(super) fn sample_all(self, many: usize, draws: impl FnOnce() -> Column) -> Column {
        match self {
            Resolved::Fixed(span) => Column([span.as_micros(); MANY]),
            Resolved::Exponential(mean) => {
                let draws = &draws();
                lanes::run(Exponentials { mean, draws, many })
            }
            Resolved::Any(law) => {
                let mut draws = draws();
                for draw in draws.0.iter_mut().take(many) {
                    *draw = law.sample(*draw).as_micros();
                }
                draws
            }
        }
    }
}

/// Why the numbers of a law make no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DistributionError {
    /// Limits in the wrong order.
    #[error("the {law} law needs {lower} <= {upper}, and {low} is longer than {high}")]
    OutOfOrder {
        /// The law's key in a scenario file.
        law: &'static str,
        /// The key of the limit that should be the shorter.
        lower: &'static str,
        /// Its span.
        low: Span,
        /// The key of the limit that should be the longer.
        upper: &'static str,
        /// Its span.
        high: Span,
    },
    /// A mean or scale of zero.
    #[error("the {law} law needs a {parameter} longer than 0s")]
    Zero {
        /// The law's key in a scenario file.
        law: &'static str,
        /// The parameter's key.
        parameter: &'static str,
    },
    /// A number out of its range.
    #[error("the {law} law needs a {parameter} from {least} to {most}, not {value}")]
    OutOfRange {
        /// The law's key in a scenario file.
        law: &'static str,
        /// The parameter's key.
        parameter: &'static str,
        /// Its value.
        value: f64,
        /// The least value allowed.
        least: f64,
        /// The greatest value allowed.
        most: f64,
    },
    /// An empirical law without spans.
    #[error("the empirical law needs at least one span in its list")]
    EmptyList,
}

/// The coefficients of variation that are allowed: beyond them a few draws would carry the whole mean.
const CV: (f64, f64) = (0.0, 100.0);
/// The Weibull shapes that are allowed: within them the mean is at most 10! times the scale.
const SHAPE: (f64, f64) = (0.1, 100.0);

impl Distribution {
    /// A checked [`Distribution::Uniform`].
    ///
    /// # Errors
    ///
    /// [`DistributionError::OutOfOrder`] if `min` is longer than `max`.
    pub fn uniform(min: Span, max: Span) -> Result<Self, DistributionError> {
        Self::Uniform { min, max }.check()
    }

    /// A checked [`Distribution::Exponential`].
    ///
    /// # Errors
    ///
    /// [`DistributionError::Zero`] if the mean is zero.
    pub fn exponential(mean: Span) -> Result<Self, DistributionError> {
        Self::Exponential { mean }.check()
    }

    /// A checked [`Distribution::LogNormal`].
    ///
    /// # Errors
    ///
    /// [`DistributionError::Zero`] if the mean is zero, [`DistributionError::OutOfRange`] if `cv` is not from 0 to 100.
    pub fn log_normal(mean: Span, cv: f64) -> Result<Self, DistributionError> {
        Self::LogNormal { mean, cv }.check()
    }

    /// A checked [`Distribution::Triangular`].
    ///
    /// # Errors
    ///
    /// [`DistributionError::OutOfOrder`] unless `min`, `mode` and `max` rise.
    pub fn triangular(min: Span, mode: Span, max: Span) -> Result<Self, DistributionError> {
        Self::Triangular { min, mode, max }.check()
    }

    /// A checked [`Distribution::Weibull`].
    ///
    /// # Errors
    ///
    /// [`DistributionError::Zero`] if the scale is zero, [`DistributionError::OutOfRange`] if `shape` is not from 0.1 to 100.
    pub fn weibull(scale: Span, shape: f64) -> Result<Self, DistributionError> {
        Self::Weibull { scale, shape }.check()
    }

    /// A checked [`Distribution::Empirical`].
    ///
    /// # Errors
    ///
    /// [`DistributionError::EmptyList`].
    pub fn empirical(spans: Vec<Span>) -> Result<Self, DistributionError> {
        Self::Empirical(spans).check()
    }

    /// The law itself, if its numbers make sense.
    ///
    /// # Errors
    ///
    /// [`DistributionError`] names the law, the parameter and what it can be.
    pub fn check(self) -> Result<Self, DistributionError> {
        let law = self.name();
        let rising = |lower, low, upper, high| match low <= high {
            true => Ok(()),
            false => Err(DistributionError::OutOfOrder {
                law,
                lower,
                low,
                upper,
                high,
            }),
        };
        let positive = |parameter, span: Span| match span.is_zero() {
            true => Err(DistributionError::Zero { law, parameter }),
            false => Ok(()),
        };
        let within = |parameter, value, (least, most)| match value >= least && value <= most {
            true => Ok(()),
            false => Err(DistributionError::OutOfRange {
                law,
                parameter,
                value,
                least,
                most,
            }),
        };
        match self {
            Self::Fixed(_) => {}
            Self::Uniform { min, max } => rising("min", min, "max", max)?,
            Self::Exponential { mean } => positive("mean", mean)?,
            Self::LogNormal { mean, cv } => {
                positive("mean", mean)?;
                within("cv", cv, CV)?;
            }
            Self::Triangular { min, mode, max } => {
                rising("min", min, "mode", mode)?;
                rising("mode", mode, "max", max)?;
            }
            Self::Weibull { scale, shape } => {
                positive("scale", scale)?;
                within("shape", shape, SHAPE)?;
            }
            Self::Empirical(ref spans) if spans.is_empty() => {
                return Err(DistributionError::EmptyList);
            }
            Self::Empirical(_) => {}
        }
        Ok(self)
    }

    /// The law's key in a scenario file.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Fixed(_) => "fixed",
            Self::Uniform { .. } => "uniform",
            Self::Exponential { .. } => "exponential",
            Self::LogNormal { .. } => "lognormal",
            Self::Triangular { .. } => "triangular",
            Self::Weibull { .. } => "weibull",
            Self::Empirical(_) => "empirical",
        }
    }

    /// The span that this draw stands for: longer draws give longer spans (an empirical list gives its places in order).
    ///
    /// Rounded to the nearest microsecond, at most [`Span::MAX`]. Never panics, also for a law that was not checked, and
    /// allocates nothing.
    #[inline]
    #[must_use]
    pub fn sample(&self, draw: u64) -> Span {
        match *self {
            Self::Fixed(span) => span,
            Self::Exponential { mean } => rounded(-float(mean) * log_rest(draw)),
            _ => self.sample_other(draw),
        }
    }

    /// The law for many draws.
    #[inline]
    pub(super) fn resolved(&self) -> Resolved<'_> {
        match *self {
            Self::Fixed(span) => Resolved::Fixed(span),
            Self::Exponential { mean } => Resolved::Exponential(float(mean)),
            _ => Resolved::Any(self),
        }
    }

    fn sample_other(&self, draw: u64) -> Span {
        match *self {
            Self::Fixed(span) => span,
            Self::Uniform { min, max } => {
                let width = u128::from(max.saturating_sub(min).as_micros()) + 1;
                let step = (u128::from(draw) * width) >> 64;
                min.saturating_add(Span::micros(step as u64))
            }
            Self::Exponential { mean } => rounded(-float(mean) * log_rest(draw)),
            Self::LogNormal { mean, cv } => {
                // The spans' logarithms are normal, with this variance.
                let variance = libm::log1p(cv * cv);
                let deviate = quantile::normal(dice::unit(draw));
                rounded(float(mean) * libm::exp(libm::sqrt(variance) * deviate - variance / 2.0))
            }
            Self::Triangular { min, mode, max } => triangular(min, mode, max, dice::unit(draw)),
            Self::Weibull { scale, shape } => {
                rounded(float(scale) * libm::pow(-log_rest(draw), 1.0 / shape))
            }
            Self::Empirical(ref spans) => {
                let place = dice::pick(draw, spans.len() as u64);
                spans.get(place as usize).copied().unwrap_or(Span::ZERO)
            }
        }
    }

    /// The mean of the spans before they are rounded to microseconds, to the nearest microsecond; at most [`Span::MAX`].
    #[must_use]
    pub fn mean(&self) -> Span {
        match *self {
            Self::Fixed(span) => span,
            Self::Uniform { min, max } => average(&[min, max]),
            Self::Exponential { mean } | Self::LogNormal { mean, .. } => mean,
            Self::Triangular { min, mode, max } => average(&[min, mode, max]),
            Self::Weibull { scale, shape } => {
                rounded(float(scale) * libm::tgamma(1.0 + 1.0 / shape))
            }
            Self::Empirical(ref spans) => average(spans),
        }
    }
}

/// How long a piece of work takes: a law, and optionally a part in proportion to the size worked on.
///
/// In a scenario file `per_gib` stands beside the law: `{uniform: {min: 1s, max: 2s}, per_gib: 200ms}`, and a fixed base is
/// written `{fixed: 8s, per_gib: 200ms}`.
#[derive(Clone, Debug, PartialEq)]
pub struct DurationLaw {
    /// The part that does not depend on the size.
    pub base: Distribution,
    /// What every GiB adds, if anything.
    pub per_gib: Option<Span>,
}

impl DurationLaw {
    /// A law without a part per GiB.
    #[must_use]
    pub const fn of(base: Distribution) -> Self {
        Self {
            base,
            per_gib: None,
        }
    }

    /// Always the same span.
    #[must_use]
    pub const fn fixed(span: Span) -> Self {
        Self::of(Distribution::Fixed(span))
    }

    /// The span that this draw stands for when work is done on `size`; at most [`Span::MAX`].
    #[must_use]
    pub fn sample(&self, draw: u64, size: Bytes) -> Span {
        self.base.sample(draw).saturating_add(self.part(size))
    }

    /// The mean when work is done on `size`; at most [`Span::MAX`].
    #[must_use]
    pub fn mean(&self, size: Bytes) -> Span {
        self.base.mean().saturating_add(self.part(size))
    }

    /// The part for the size, in proportion also below a GiB, rounded up to the microsecond.
    #[inline]
    fn part(&self, size: Bytes) -> Span {
        let Some(per_gib) = self.per_gib else {
            return Span::ZERO;
        };
        let micros =
            (u128::from(per_gib.as_micros()) * u128::from(size.0)).div_ceil(u128::from(Bytes::GIB));
        Span::micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }
}

impl From<Span> for DurationLaw {
    fn from(span: Span) -> Self {
        Self::fixed(span)
    }
}

/// A span's microseconds as a float, to the nearest one that exists.
#[inline]
fn float(span: Span) -> f64 {
    span.as_micros() as f64
}

/// The greatest number below one half.
const BELOW_HALF: f64 = 0.5 - 0.25 * f64::EPSILON;

/// The nearest whole microsecond; what is not a number is none at all, and too much is [`Span::MAX`].
#[inline]
fn rounded(micros: f64) -> Span {
    // What `libm::round` does to a number that is not negative, without the sign and in a few instructions.
    Span::micros((micros + BELOW_HALF) as u64)
}

/// The logarithm of what is left above the draw, always negative.
#[inline]
fn log_rest(draw: u64) -> f64 {
    libm::log(1.0 - dice::unit(draw))
}

/// The quantile of the triangular law, from whichever end is nearer.
fn triangular(min: Span, mode: Span, max: Span, unit: f64) -> Span {
    let width = float(max.saturating_sub(min));
    let rise = float(mode.saturating_sub(min));
    if unit * width < rise {
        min.saturating_add(rounded(libm::sqrt(unit * width * rise)))
    } else {
        let fall = float(max.saturating_sub(mode));
        max.saturating_sub(rounded(libm::sqrt((1.0 - unit) * width * fall)))
    }
}

/// The average, to the nearest microsecond; zero of none.
fn average(spans: &[Span]) -> Span {
    let count = spans.len().max(1) as u128;
    let sum: u128 = spans.iter().map(|span| u128::from(span.as_micros())).sum();
    Span::micros(u64::try_from((sum + count / 2) / count).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
