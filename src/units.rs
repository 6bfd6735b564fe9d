//! Sizes and rates: whole bytes, and whole bytes per second.
//!
//! Both are read from text with a unit and printed back exactly. `GB` is decimal and `GiB` binary, as the standards have it;
//! that API bodies write GB and mean GiB is the business of whoever reads an API body ([`Bytes::gib`]). Rates are whole bytes
//! per second and never floats, so that finish times are the same however they were reached.

use crate::decimal::{Decimal, DecimalError};
use crate::time::Span;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// The units of size, from large to small, with their bytes.
const SIZES: [(&str, u64); 12] = [
    ("PiB", 1 << 50),
    ("PB", 1_000_000_000_000_000),
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1000),
    ("KB", 1000),
    ("B", 1),
];

/// The units that only rates have, in bytes per second: networks are sold in bits.
const BIT_RATES: [(&str, u64); 4] = [
    ("Tbit", 125_000_000_000),
    ("Gbit", 125_000_000),
    ("Mbit", 125_000),
    ("kbit", 125),
];

/// A size in bytes. Serialized as text with a unit, such as `100 GiB`, and read from text only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

/// A rate in bytes per second. Serialized as text with a unit, such as `100 MiB/s`, and read from text only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub u64);

/// Which of the two quantities an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A size, [`Bytes`].
    Size,
    /// A rate, [`Rate`].
    Rate,
}

/// Why a text is not a size or a rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Nothing but blanks.
    #[error("a {quantity} is missing; write a number with a unit, as in {}", quantity.example())]
    Empty {
        /// What was to be read.
        quantity: Quantity,
    },
    /// A number without a unit.
    #[error("the {quantity} `{number}` has no unit; write {number} {0} or {number} {1}", quantity.usual().0, quantity.usual().1)]
    BareNumber {
        /// What was to be read.
        quantity: Quantity,
        /// The number as written.
        number: String,
    },
    /// A unit that is not one of this quantity.
    #[error("`{unit}` is not a unit of a {quantity}; the units are {}", quantity.units())]
    UnknownUnit {
        /// What was to be read.
        quantity: Quantity,
        /// The unit as written.
        unit: String,
    },
    /// Not a number with a unit.
    #[error("`{text}` is not a {quantity}; write a number with a unit, as in {}", quantity.example())]
    Malformed {
        /// What was to be read.
        quantity: Quantity,
        /// The text as written.
        text: String,
    },
    /// A fraction that is not a whole number of bytes.
    #[error("the {quantity} `{text}` is not a whole number of bytes")]
    TooFine {
        /// What was to be read.
        quantity: Quantity,
        /// The text as written.
        text: String,
    },
    /// More than 2^64 - 1 bytes.
    #[error("the {quantity} `{text}` is too large; the most is 16383 PiB")]
    TooLarge {
        /// What was to be read.
        quantity: Quantity,
        /// The text as written.
        text: String,
    },
}

impl Quantity {
    const fn example(self) -> &'static str {
        match self {
            Self::Size => "100 GiB",
            Self::Rate => "100 MiB/s or 10 Gbit/s",
        }
    }

    const fn usual(self) -> (&'static str, &'static str) {
        match self {
            Self::Size => ("GiB", "MiB"),
            Self::Rate => ("MiB/s", "Mbit/s"),
        }
    }

    const fn units(self) -> &'static str {
        match self {
            Self::Size => "B, kB, MB, GB, TB, PB (thousands) and KiB, MiB, GiB, TiB, PiB (1024s)",
            Self::Rate => {
                "B/s, kB/s, MB/s, GB/s, TB/s, PB/s (thousands), KiB/s, MiB/s, GiB/s, TiB/s, PiB/s (1024s) \
                 and kbit/s, Mbit/s, Gbit/s, Tbit/s"
            }
        }
    }

    /// The bytes, or bytes per second, of a unit.
    fn unit(self, name: &str) -> Option<u64> {
        let find = |units: &[(&str, u64)], name| {
            units
                .iter()
                .find(|(unit, _)| *unit == name)
                .map(|&(_, bytes)| bytes)
        };
        match self {
            Self::Size => find(&SIZES, name),
            Self::Rate => {
                let name = name.strip_suffix("/s")?;
                find(&SIZES, name).or_else(|| find(&BIT_RATES, name))
            }
        }
    }

    /// Reads a number and one of this quantity's units.
    fn parse(self, text: &str) -> Result<u64, UnitError> {
        let quantity = self;
        let text = text.trim();
        if text.is_empty() {
            return Err(UnitError::Empty { quantity });
        }
        let refuse = |error| match error {
            DecimalError::Malformed => UnitError::Malformed {
                quantity,
                text: text.to_owned(),
            },
            DecimalError::TooFine => UnitError::TooFine {
                quantity,
                text: text.to_owned(),
            },
            DecimalError::TooLarge => UnitError::TooLarge {
                quantity,
                text: text.to_owned(),
            },
        };
        let (number, value, rest) = Decimal::read(text).map_err(refuse)?;
        let unit = rest.trim_start();
        if unit.is_empty() {
            return Err(UnitError::BareNumber {
                quantity,
                number: number.to_owned(),
            });
        }
        if !unit.starts_with(char::is_alphabetic) {
            return Err(refuse(DecimalError::Malformed));
        }
        let bytes = self.unit(unit).ok_or_else(|| UnitError::UnknownUnit {
            quantity,
            unit: unit.to_owned(),
        })?;
        value.times(bytes).map_err(refuse)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size => "size",
            Self::Rate => "rate",
        })
    }
}

/// `value` in the largest unit that divides it, as a number and the unit's name.
fn in_largest_unit(value: u64) -> (u64, &'static str) {
    let fits = |&&(_, bytes): &&(&str, u64)| value > 0 && value.is_multiple_of(bytes);
    let &(name, bytes) = SIZES.iter().find(fits).unwrap_or(&("B", 1));
    (value / bytes, name)
}

impl Bytes {
    /// No bytes.
    pub const ZERO: Self = Self(0);
    /// The bytes of one GiB.
    pub const GIB: u64 = 1 << 30;

    /// So many GiB, which is also what an API body means by GB.
    #[must_use]
    pub const fn gib(n: u32) -> Self {
        Self(n as u64 * Self::GIB)
    }

    /// The size in GiB, rounded up; published views print sizes so.
    #[must_use]
    pub const fn gib_rounded_up(self) -> u64 {
        self.0.div_ceil(Self::GIB)
    }

    /// Both together, or `None` past 2^64 - 1 bytes.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(bytes) => Some(Self(bytes)),
            None => None,
        }
    }

    /// Both together, at most 2^64 - 1 bytes.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left after `other`, zero if `other` is larger.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Reads `100 GiB`, `4KiB`, `1.5 TB`: a number and one of B, kB (or KB), MB, GB, TB, PB, KiB, MiB, GiB, TiB, PiB.
    ///
    /// # Errors
    ///
    /// [`UnitError`] says what is wrong and how to write it; a bare number is never taken as bytes.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        Quantity::Size.parse(text).map(Self)
    }
}

impl Rate {
    /// Nothing ever arrives.
    pub const ZERO: Self = Self(0);

    /// Reads `100 MiB/s`, `600 MB/s`, `10 Gbit/s`: a number and a unit of size, or kbit, Mbit, Gbit, Tbit, with `/s`.
    ///
    /// # Errors
    ///
    /// [`UnitError`] says what is wrong and how to write it; a bare number is never taken as bytes per second.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        Quantity::Rate.parse(text).map(Self)
    }

    /// How long `size` takes at this rate, rounded up to the microsecond, so that nothing is done before its time.
    ///
    /// `None` if the rate is zero, even for no bytes, or if the answer does not fit in a [`Span`].
    #[must_use]
    pub fn time_for(self, size: Bytes) -> Option<Span> {
        if self.0 == 0 {
            return None;
        }
        let micros = (u128::from(size.0) * 1_000_000).div_ceil(u128::from(self.0));
        u64::try_from(micros).ok().map(Span::micros)
    }

    /// What arrives within `span` at this rate: whole bytes, rounded down, at most 2^64 - 1.
    ///
    /// Together with [`Rate::time_for`]: what arrives in the time for a size is at least that size.
    #[must_use]
    pub fn bytes_in(self, span: Span) -> Bytes {
        let bytes = u128::from(self.0) * u128::from(span.as_micros()) / 1_000_000;
        Bytes(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}

/// The size in the largest unit that divides it, which [`Bytes::parse`] reads back: `100 GiB`, `10 MB`, `0 B`.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = in_largest_unit(self.0);
        f.pad(&format!("{number} {unit}"))
    }
}

/// The rate in the largest unit of bytes that divides it, which [`Rate::parse`] reads back: `100 MiB/s`, `1250 MB/s`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = in_largest_unit(self.0);
        f.pad(&format!("{number} {unit}/s"))
    }
}

impl FromStr for Bytes {
    type Err = UnitError;

    /// The same as [`Bytes::parse`].
    fn from_str(text: &str) -> Result<Self, UnitError> {
        Self::parse(text)
    }
}

impl FromStr for Rate {
    type Err = UnitError;

    /// The same as [`Rate::parse`].
    fn from_str(text: &str) -> Result<Self, UnitError> {
        Self::parse(text)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnitVisitor(Quantity::Size, PhantomData))
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnitVisitor(Quantity::Rate, PhantomData))
    }
}

/// Reads a quantity from text and answers a number with the way to write it.
struct UnitVisitor<T>(Quantity, PhantomData<T>);

impl<T: FromStr<Err = UnitError>> de::Visitor<'_> for UnitVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} with a unit, such as {}", self.0, self.0.example())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        Err(E::custom(UnitError::BareNumber {
            quantity: self.0,
            number: number.to_string(),
        }))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        Err(E::custom(UnitError::BareNumber {
            quantity: self.0,
            number: number.to_string(),
        }))
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A size with its unit; kB, MB, GB count in thousands and KiB, MiB, GiB in 1024s.",
            "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*([kKMGTP]B|[KMGTP]iB|B)\s*$",
            "examples": ["100 GiB", "10 MB"],
        })
    }
}

impl JsonSchema for Rate {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A rate with its unit: a unit of size, or kbit, Mbit, Gbit, Tbit, per second.",
            "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*([kKMGTP]B|[KMGTP]iB|B|[kMGT]bit)/s\s*$",
            "examples": ["100 MiB/s", "10 Gbit/s"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_write_sizes_and_rates_like_this() {
        for (text, bytes) in [
            ("100 GiB", 100 << 30),
            ("4KiB", 4096),
            ("10 MB", 10_000_000),
            ("1.5 GiB", 3 << 29),
            ("0 B", 0),
            ("1 KB", 1000),
            ("18446744073709551615 B", u64::MAX),
        ] {
            assert_eq!(Bytes::parse(text), Ok(Bytes(bytes)), "{text}");
        }
        for (text, rate) in [
            ("100 MiB/s", 100 << 20),
            ("10 Gbit/s", 1_250_000_000),
            ("600 MB/s", 600_000_000),
            ("0.008kbit/s", 1),
            ("0 B/s", 0),
        ] {
            assert_eq!(Rate::parse(text), Ok(Rate(rate)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_quantity_is_told_the_fix() {
        let size = |text| Bytes::parse(text).unwrap_err().to_string();
        let rate = |text| Rate::parse(text).unwrap_err().to_string();
        assert_eq!(
            size("100"),
            "the size `100` has no unit; write 100 GiB or 100 MiB"
        );
        assert_eq!(
            rate("100"),
            "the rate `100` has no unit; write 100 MiB/s or 100 Mbit/s"
        );
        assert_eq!(
            size(""),
            "a size is missing; write a number with a unit, as in 100 GiB"
        );
        assert_eq!(
            size("-1 GiB"),
            "`-1 GiB` is not a size; write a number with a unit, as in 100 GiB"
        );
        assert_eq!(
            size("1,5 GiB"),
            "`1,5 GiB` is not a size; write a number with a unit, as in 100 GiB"
        );
        assert!(size("1 gib").starts_with("`gib` is not a unit of a size; the units are B, kB"));
        assert!(size("1 Gbit").starts_with("`Gbit` is not a unit of a size"));
        assert!(rate("1 GiB").starts_with("`GiB` is not a unit of a rate; the units are B/s"));
        assert_eq!(
            size("0.5 B"),
            "the size `0.5 B` is not a whole number of bytes"
        );
        assert_eq!(
            size("16384 PiB"),
            "the size `16384 PiB` is too large; the most is 16383 PiB"
        );
        assert_eq!(Bytes::parse("16383 PiB"), Ok(Bytes(16383 << 50)));
    }

    #[test]
    fn printed_in_the_largest_unit_that_divides() {
        assert_eq!(Bytes::gib(100).to_string(), "100 GiB");
        assert_eq!(Bytes(10_000_000).to_string(), "10 MB");
        assert_eq!(Bytes(3 << 29).to_string(), "1536 MiB");
        assert_eq!(Bytes(0).to_string(), "0 B");
        assert_eq!(Bytes(2000).to_string(), "2 kB");
        assert_eq!(Bytes(1).to_string(), "1 B");
        assert_eq!(Rate(1_250_000_000).to_string(), "1250 MB/s");
    }

    #[test]
    fn how_long_a_copy_takes() {
        let rate = Rate::parse("100 MiB/s").unwrap();
        assert_eq!(rate.time_for(Bytes::gib(100)), Some(Span::secs(1024)));
        assert_eq!(Rate(3).time_for(Bytes(1)), Some(Span::micros(333_334)));
        assert_eq!(rate.time_for(Bytes::ZERO), Some(Span::ZERO));
        assert_eq!(Rate::ZERO.time_for(Bytes::ZERO), None);
        assert_eq!(Rate(1).time_for(Bytes(u64::MAX)), None);
        assert_eq!(Rate(1_000_000).time_for(Bytes(u64::MAX)), Some(Span::MAX));
        assert_eq!(rate.bytes_in(Span::secs(1024)), Bytes::gib(100));
        assert_eq!(Rate(u64::MAX).bytes_in(Span::MAX), Bytes(u64::MAX));
    }

    #[test]
    fn sizes_in_gib() {
        assert_eq!(Bytes::gib(u32::MAX).gib_rounded_up(), u64::from(u32::MAX));
        assert_eq!(Bytes(Bytes::GIB + 1).gib_rounded_up(), 2);
        assert_eq!(Bytes(u64::MAX).checked_add(Bytes(1)), None);
        assert_eq!(Bytes(u64::MAX).saturating_add(Bytes(1)), Bytes(u64::MAX));
        assert_eq!(Bytes(1).saturating_sub(Bytes(2)), Bytes::ZERO);
    }

    #[test]
    fn files_hold_text() {
        assert_eq!(serde_json::to_string(&Bytes::gib(1)).unwrap(), "\"1 GiB\"");
        assert_eq!(
            serde_saphyr::from_str::<Rate>("10 Gbit/s").unwrap(),
            Rate(1_250_000_000)
        );
        let error = serde_saphyr::from_str::<Bytes>("100")
            .unwrap_err()
            .to_string();
        assert!(error.contains("write 100 GiB or 100 MiB"), "{error}");
        let error = serde_json::from_str::<Rate>("[1]").unwrap_err().to_string();
        assert!(
            error.contains("expected a rate with a unit, such as 100 MiB/s or 10 Gbit/s"),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_back(value in any::<u64>(), shift in 0_u32..64, unit in 0_usize..SIZES.len()) {
            let value = (value >> shift) / SIZES[unit].1 * SIZES[unit].1;
            prop_assert_eq!(Bytes::parse(&Bytes(value).to_string()), Ok(Bytes(value)));
            prop_assert_eq!(Rate::parse(&Rate(value).to_string()), Ok(Rate(value)));
        }

        #[test]
        fn nothing_is_done_before_its_time(size in 0_u64..1 << 44, rate in 1_u64..1 << 40) {
            if let Some(span) = Rate(rate).time_for(Bytes(size)) {
                prop_assert!(Rate(rate).bytes_in(span).0 >= size);
                if let Some(before) = span.checked_sub(Span::micros(1)) {
                    prop_assert!(u128::from(rate) * u128::from(before.as_micros()) < u128::from(size) * 1_000_000);
                }
            }
        }

        #[test]
        fn no_text_panics(text in "[0-9. kKMGTPiBbts/-]{0,24}") {
            if let Ok(size) = Bytes::parse(&text) {
                prop_assert_eq!(Bytes::parse(&size.to_string()), Ok(size));
            }
        }
    }
}
