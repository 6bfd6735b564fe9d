//! Decimal numbers as people write them before a unit, kept exact.
//!
//! Both spans and sizes read "a number and a unit"; the number may have a fraction, and the result must be a whole count of
//! the smallest unit. That is integer arithmetic throughout: going through `f64` would round some inputs in silence.

/// A non-negative decimal number: `whole + fraction / 10^places`, with no trailing zeros in the fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    whole: u64,
    fraction: u64,
    places: u32,
}

/// Why a decimal number could not become a whole count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecimalError {
    /// The text does not begin with digits, or has a point without digits after it.
    Malformed,
    /// The result is not a whole number of the smallest unit.
    TooFine,
    /// The result does not fit in 64 bits.
    TooLarge,
}

/// More decimal places than this are refused as too fine: 10^18 times the largest unit still fits in 128 bits.
const PLACES_MAX: usize = 18;

impl Decimal {
    /// Reads the number at the start of `text`; answers the number as written, its value, and the rest of the text.
    pub(crate) fn read(text: &str) -> Result<(&str, Self, &str), DecimalError> {
        let whole_len = digits(text);
        if whole_len == 0 {
            return Err(DecimalError::Malformed);
        }
        let mut len = whole_len;
        let mut fraction = "";
        if let Some(after) = text[whole_len..].strip_prefix('.') {
            let places = digits(after);
            if places == 0 {
                return Err(DecimalError::Malformed);
            }
            fraction = after[..places].trim_end_matches('0');
            len += 1 + places;
        }
        if fraction.len() > PLACES_MAX {
            return Err(DecimalError::TooFine);
        }
        let whole = count(&text[..whole_len])?;
        let value = Self {
            whole,
            fraction: count(fraction)?,
            places: fraction.len() as u32,
        };
        Ok((&text[..len], value, &text[len..]))
    }

    /// The number times `unit`, if that is whole and fits in 64 bits.
    pub(crate) fn times(self, unit: u64) -> Result<u64, DecimalError> {
        let scale = 10_u128.pow(self.places);
        let part = u128::from(self.fraction) * u128::from(unit);
        if !part.is_multiple_of(scale) {
            return Err(DecimalError::TooFine);
        }
        let total = u128::from(self.whole) * u128::from(unit) + part / scale;
        u64::try_from(total).map_err(|_| DecimalError::TooLarge)
    }
}

/// How many ASCII digits `text` begins with.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// The value of a run of digits; an empty run is zero.
fn count(digits: &str) -> Result<u64, DecimalError> {
    digits.bytes().try_fold(0_u64, |sum, digit| {
        let digit = u64::from(digit - b'0');
        sum.checked_mul(10)
            .and_then(|sum| sum.checked_add(digit))
            .ok_or(DecimalError::TooLarge)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(text: &str, unit: u64) -> Result<u64, DecimalError> {
        Decimal::read(text).and_then(|(_, number, _)| number.times(unit))
    }

    #[test]
    fn fractions_are_exact() {
        assert_eq!(times("8.016", 1_000_000), Ok(8_016_000));
        assert_eq!(times("0.1", 10), Ok(1));
        assert_eq!(times("1.50", 2), Ok(3));
        assert_eq!(
            times("0.000000000000000001", 1_000_000_000_000_000_000),
            Ok(1)
        );
        assert_eq!(times("007", 1), Ok(7));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        assert_eq!(times("0.15", 10), Err(DecimalError::TooFine));
        assert_eq!(
            times("0.0000000000000000001", u64::MAX),
            Err(DecimalError::TooFine)
        );
        assert_eq!(
            times("18446744073709551616", 1),
            Err(DecimalError::TooLarge)
        );
        assert_eq!(
            times("18446744073709551615", 2),
            Err(DecimalError::TooLarge)
        );
        assert_eq!(times("18446744073709551615", 1), Ok(u64::MAX));
        for text in ["", ".5", "5.", "-1", "x"] {
            assert_eq!(
                Decimal::read(text).err(),
                Some(DecimalError::Malformed),
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_rest_is_handed_back() {
        let (written, number, rest) = Decimal::read("2.50 GiB").unwrap();
        assert_eq!((written, rest), ("2.50", " GiB"));
        assert_eq!(
            number,
            Decimal {
                whole: 2,
                fraction: 5,
                places: 1
            }
        );
    }
}
