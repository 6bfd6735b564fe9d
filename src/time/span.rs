//! Spans of virtual time, and the way people write them.

use crate::decimal::{Decimal, DecimalError};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// The units a span may be written in, from large to small, with their length in microseconds.
const UNITS: [(&str, u64); 9] = [
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("min", 60_000_000),
    ("m", 60_000_000),
    ("sec", 1_000_000),
    ("s", 1_000_000),
    ("ms", 1000),
    ("us", 1),
    ("µs", 1),
];

/// A length of virtual time in microseconds.
///
/// Serialized as that number, which is what traces and checkpoints want. Where people write spans, [`SpanText`] stands in;
/// `Span` has no JSON Schema of its own, so that a scenario field cannot take a bare number by accident.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(u64);

/// Why a text is not a span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Nothing but blanks.
    #[error("a span is missing; write a number with a unit, as in 20m or 1h30m")]
    Empty,
    /// A number without a unit.
    #[error(
        "the span `{number}` has no unit; write {number}s for seconds, {number}m for minutes or {number}h for hours"
    )]
    BareNumber {
        /// The number as written.
        number: String,
    },
    /// A unit that is not one.
    #[error(
        "`{unit}` is not a unit of time; the units are d, h, m (or min), s (or sec), ms and us"
    )]
    UnknownUnit {
        /// The unit as written.
        unit: String,
    },
    /// A part that does not begin with a number.
    #[error("`{text}` is not a span; write numbers with units, as in 20m, 1h30m or 8.016s")]
    Malformed {
        /// The whole text as written.
        text: String,
    },
    /// A unit that repeats or is larger than the one before it.
    #[error(
        "`{unit}` is out of place in the span `{text}`; write each unit once, the largest first, as in 2d3h"
    )]
    OutOfOrder {
        /// The unit that came too late.
        unit: String,
        /// The whole text as written.
        text: String,
    },
    /// A fraction that is not a whole number of microseconds.
    #[error(
        "the span `{text}` is not a whole number of microseconds, the finest step of virtual time"
    )]
    TooFine {
        /// The whole text as written.
        text: String,
    },
    /// More than 2^64 - 1 microseconds.
    #[error("the span `{text}` is longer than virtual time, which ends after about 584000 years")]
    TooLarge {
        /// The whole text as written.
        text: String,
    },
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest span there is.
    pub const MAX: Self = Self(u64::MAX);

    /// So many microseconds.
    #[must_use]
    pub const fn micros(n: u64) -> Self {
        Self(n)
    }

    /// So many milliseconds, at most [`Span::MAX`].
    #[must_use]
    pub const fn millis(n: u64) -> Self {
        Self(n.saturating_mul(1000))
    }

    /// So many seconds, at most [`Span::MAX`].
    #[must_use]
    pub const fn secs(n: u64) -> Self {
        Self(n.saturating_mul(1_000_000))
    }

    /// So many minutes, at most [`Span::MAX`].
    #[must_use]
    pub const fn mins(n: u64) -> Self {
        Self(n.saturating_mul(60_000_000))
    }

    /// So many hours, at most [`Span::MAX`].
    #[must_use]
    pub const fn hours(n: u64) -> Self {
        Self(n.saturating_mul(3_600_000_000))
    }

    /// So many days of 24 hours, at most [`Span::MAX`].
    #[must_use]
    pub const fn days(n: u64) -> Self {
        Self(n.saturating_mul(86_400_000_000))
    }

    /// The span in microseconds.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whether this is no time at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Both together, or `None` past [`Span::MAX`].
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// Both together, at most [`Span::MAX`].
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left after `other`, or `None` if `other` is longer.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// What is left after `other`, zero if `other` is longer.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The span `times` over, or `None` past [`Span::MAX`].
    #[must_use]
    pub const fn checked_mul(self, times: u64) -> Option<Self> {
        match self.0.checked_mul(times) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// The span `times` over, at most [`Span::MAX`].
    #[must_use]
    pub const fn saturating_mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }

    /// Reads `20m`, `1h30m`, `8.016s`, `250ms`, `15us`, `2d` or `25 h 48 min`.
    ///
    /// The units are `d`, `h`, `m` or `min`, `s` or `sec`, `ms`, and `us` or `µs`: each at most once, the largest first,
    /// blanks allowed around each. A fraction is exact or refused.
    ///
    /// # Errors
    ///
    /// [`SpanError`] says what is wrong and how to write it; a bare number is never taken as seconds.
    pub fn parse(text: &str) -> Result<Self, SpanError> {
        let whole = text.trim();
        if whole.is_empty() {
            return Err(SpanError::Empty);
        }
        let written = || whole.to_owned();
        let refuse = |error| match error {
            DecimalError::Malformed => SpanError::Malformed { text: written() },
            DecimalError::TooFine => SpanError::TooFine { text: written() },
            DecimalError::TooLarge => SpanError::TooLarge { text: written() },
        };
        let mut rest = whole;
        let mut total = Self::ZERO;
        let mut last = u64::MAX;
        while !rest.is_empty() {
            let (number, value, after) = Decimal::read(rest).map_err(refuse)?;
            let after = after.trim_start();
            let unit = &after[..after
                .find(|c: char| !c.is_alphabetic())
                .unwrap_or(after.len())];
            if unit.is_empty() {
                return Err(match after {
                    "" => SpanError::BareNumber {
                        number: number.to_owned(),
                    },
                    _ => SpanError::Malformed { text: written() },
                });
            }
            let Some(&(_, micros)) = UNITS.iter().find(|(name, _)| *name == unit) else {
                return Err(SpanError::UnknownUnit {
                    unit: unit.to_owned(),
                });
            };
            if micros >= last {
                return Err(SpanError::OutOfOrder {
                    unit: unit.to_owned(),
                    text: written(),
                });
            }
            last = micros;
            let part = Self(value.times(micros).map_err(refuse)?);
            total = total
                .checked_add(part)
                .ok_or_else(|| refuse(DecimalError::TooLarge))?;
            rest = after[unit.len()..].trim_start();
        }
        Ok(total)
    }
}

impl FromStr for Span {
    type Err = SpanError;

    /// The same as [`Span::parse`].
    fn from_str(text: &str) -> Result<Self, SpanError> {
        Self::parse(text)
    }
}

/// The shortest exact form, which [`Span::parse`] reads back: `8.016s`, `1h30m`, `2d3h`, `250ms`, `0s`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            0 => "0s".to_owned(),
            micros @ 1..1000 => format!("{micros}us"),
            micros @ 1000..1_000_000 => decimal(micros, 1000, 3) + "ms",
            micros => {
                let mut text = String::new();
                let mut rest = micros;
                for (unit, length) in [
                    ("d", 86_400_000_000),
                    ("h", 3_600_000_000),
                    ("m", 60_000_000),
                ] {
                    if rest >= length {
                        text += &format!("{}{unit}", rest / length);
                        rest %= length;
                    }
                }
                if rest > 0 {
                    text += &decimal(rest, 1_000_000, 6);
                    text += "s";
                }
                text
            }
        };
        f.pad(&text)
    }
}

/// `value / scale` as a decimal number without trailing zeros; `scale` is ten to the power of `places`.
fn decimal(value: u64, scale: u64, places: usize) -> String {
    let (whole, fraction) = (value / scale, value % scale);
    if fraction == 0 {
        return whole.to_string();
    }
    format!("{whole}.{fraction:0places$}")
        .trim_end_matches('0')
        .to_owned()
}

/// A [`Span`] as a scenario file writes it: serialized as text such as `1h30m`, read from text only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanText(pub Span);

impl From<SpanText> for Span {
    fn from(text: SpanText) -> Self {
        text.0
    }
}

impl From<Span> for SpanText {
    fn from(span: Span) -> Self {
        Self(span)
    }
}

impl fmt::Display for SpanText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for SpanText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SpanText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpanVisitor)
    }
}

/// Reads a span from text and answers a number with the way to write it.
struct SpanVisitor;

impl de::Visitor<'_> for SpanVisitor {
    type Value = SpanText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a span with units, such as 20m, 1h30m or 8.016s")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SpanText, E> {
        Span::parse(text).map(SpanText).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<SpanText, E> {
        Err(E::custom(SpanError::BareNumber {
            number: number.to_string(),
        }))
    }
}

impl JsonSchema for SpanText {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A span of time: numbers with the units d, h, m (or min), s (or sec), ms, us; the largest first.",
            "pattern": r"^\s*([0-9]+(\.[0-9]+)?\s*(d|h|min|m|sec|s|ms|us|µs)\s*)+$",
            "examples": ["20m", "1h30m", "8.016s"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_write_spans_like_this() {
        for (text, span) in [
            ("20m", Span::mins(20)),
            ("1h30m", Span::mins(90)),
            ("250ms", Span::millis(250)),
            ("8.016s", Span::millis(8016)),
            ("15us", Span::micros(15)),
            ("15 µs", Span::micros(15)),
            ("2d", Span::days(2)),
            ("25 h 48 min", Span::mins(25 * 60 + 48)),
            (" 1.5h ", Span::mins(90)),
            ("0s", Span::ZERO),
            ("18446744073709551615us", Span::MAX),
        ] {
            assert_eq!(Span::parse(text), Ok(span), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_span_is_told_the_fix() {
        for (text, message) in [
            (
                "",
                "a span is missing; write a number with a unit, as in 20m or 1h30m",
            ),
            (
                "20",
                "the span `20` has no unit; write 20s for seconds, 20m for minutes or 20h for hours",
            ),
            (
                "5 weeks",
                "`weeks` is not a unit of time; the units are d, h, m (or min), s (or sec), ms and us",
            ),
            (
                "-5s",
                "`-5s` is not a span; write numbers with units, as in 20m, 1h30m or 8.016s",
            ),
            (
                "5 -s",
                "`5 -s` is not a span; write numbers with units, as in 20m, 1h30m or 8.016s",
            ),
            (
                "30m1h",
                "`h` is out of place in the span `30m1h`; write each unit once, the largest first, as in 2d3h",
            ),
            (
                "1m1min",
                "`min` is out of place in the span `1m1min`; write each unit once, the largest first, as in 2d3h",
            ),
            (
                "0.5us",
                "the span `0.5us` is not a whole number of microseconds, the finest step of virtual time",
            ),
            (
                "300000000d",
                "the span `300000000d` is longer than virtual time, which ends after about 584000 years",
            ),
        ] {
            assert_eq!(
                Span::parse(text).unwrap_err().to_string(),
                message,
                "{text}"
            );
        }
        assert_eq!(
            Span::parse("213503982d8h1m49.551616s"),
            Err(SpanError::TooLarge {
                text: "213503982d8h1m49.551616s".into()
            })
        );
    }

    #[test]
    fn the_shortest_exact_form() {
        for text in [
            "0s",
            "15us",
            "250ms",
            "1.5ms",
            "1s",
            "8.016s",
            "1m0.5s",
            "1h30m",
            "2d3h",
            "2d0.000001s",
        ] {
            assert_eq!(Span::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Span::MAX.to_string(), "213503982d8h1m49.551615s");
        assert_eq!(format!("{:>5}", Span::secs(1)), "   1s");
    }

    #[test]
    fn a_trace_holds_numbers_and_a_scenario_text() {
        assert_eq!(serde_json::to_string(&Span::millis(2)).unwrap(), "2000");
        assert_eq!(
            serde_json::to_string(&SpanText(Span::millis(2))).unwrap(),
            "\"2ms\""
        );
        assert_eq!(
            serde_json::from_str::<SpanText>("\"20m\"").unwrap(),
            SpanText(Span::mins(20))
        );
        let error = serde_json::from_str::<SpanText>("20")
            .unwrap_err()
            .to_string();
        assert!(error.contains("write 20s for seconds"), "{error}");
        let error = serde_json::from_str::<SpanText>("1.5")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("expected a span with units, such as 20m"),
            "{error}"
        );
        let error = serde_saphyr::from_str::<SpanText>("20")
            .unwrap_err()
            .to_string();
        assert!(error.contains("write 20s for seconds"), "{error}");
        assert_eq!(
            serde_saphyr::from_str::<SpanText>("1h30m").unwrap(),
            SpanText(Span::mins(90))
        );
    }

    #[test]
    fn sums_at_the_ends() {
        assert_eq!(Span::MAX.checked_add(Span::micros(1)), None);
        assert_eq!(Span::MAX.saturating_add(Span::micros(1)), Span::MAX);
        assert_eq!(Span::ZERO.checked_sub(Span::micros(1)), None);
        assert_eq!(Span::ZERO.saturating_sub(Span::micros(1)), Span::ZERO);
        assert_eq!(Span::MAX.checked_mul(2), None);
        assert_eq!(Span::MAX.saturating_mul(2), Span::MAX);
        assert_eq!(Span::secs(1).checked_mul(60), Some(Span::mins(1)));
        assert_eq!(Span::hours(u64::MAX), Span::MAX);
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_back(micros in any::<u64>(), shift in 0_u32..64) {
            let span = Span::micros(micros >> shift);
            prop_assert_eq!(Span::parse(&span.to_string()), Ok(span));
        }

        #[test]
        fn no_text_panics(text in "[0-9. dhmsuµx-]{0,24}") {
            if let Ok(span) = Span::parse(&text) {
                prop_assert_eq!(Span::parse(&span.to_string()), Ok(span));
            }
        }
    }
}
