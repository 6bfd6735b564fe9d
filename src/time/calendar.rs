//! The calendar that dates virtual time, and the three forms in which the published views print an instant.
//!
//! The arithmetic is the proleptic Gregorian calendar in UTC, written out here: no time zone data, no leap seconds, no system
//! clock, so a date depends on the scenario alone.

use super::{SimTime, Span};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// Days from 0000-03-01, where the arithmetic below begins its years, to 1970-01-01.
const DAYS_TO_1970: i128 = 719_468;
/// Days in the 400 years after which the Gregorian calendar repeats.
const DAYS_PER_ERA: i128 = 146_097;

/// An instant on the calendar: microseconds since 1970-01-01T00:00:00Z, negative before it. Printed as RFC 3339 in UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixMicros(pub i64);

/// Where the world's start lies on the calendar. The default is 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Calendar {
    /// The instant that [`SimTime::ZERO`] stands for.
    pub start: UnixMicros,
}

/// A date and time of day in UTC. The year may pass 9999, since virtual time may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Civil {
    /// The year; astronomical, so that 0 is the year before 1.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
    /// The second, 0 to 59.
    pub second: u8,
    /// The microsecond, 0 to 999999.
    pub micro: u32,
}

/// The forms in which the published pages print an instant; all are UTC, all cut off what they do not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeFormat {
    /// `2019-04-01T12:00:00.000Z`: `begin_time` and `end_time` of a job (sdrs_05_0101), `begin_time` of a failed task
    /// (sdrs_05_0901).
    Job,
    /// `2019-04-01 12:00:00.000`: `created_at` and `updated_at` of a protection group (sdrs_05_0402, sdrs_05_0403), a
    /// protected instance (sdrs_05_0503, sdrs_05_0504, sdrs_05_0801) and a drill (sdrs_05_0703 to sdrs_05_0705). The pages
    /// for renaming a group (sdrs_05_0405) or an instance (sdrs_05_0505) show it with one digit, `.0`; that is the same
    /// form, and the views here print it with three everywhere.
    Record,
    /// `2019-04-01T12:00:00.000000`, without a zone: `created_at` and `updated_at` of a replication pair (sdrs_05_0603,
    /// sdrs_05_0604, sdrs_05_0606).
    Pair,
}

/// Why a text is not an instant, or an instant not one of the world's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstantError {
    /// Not of the form of RFC 3339.
    #[error(
        "`{text}` is not an instant; write a date, T, a time and an offset, as in 2019-03-30T12:10:00+01:00"
    )]
    Malformed {
        /// The text as written.
        text: String,
    },
    /// A date and time without the offset that makes them an instant.
    #[error(
        "`{text}` has no offset from UTC, so it could be any of several instants; write {text}Z or {text}+01:00"
    )]
    NoOffset {
        /// The text as written.
        text: String,
    },
    /// A month, day, hour, minute, second, offset or year that does not exist.
    #[error("`{text}` has no such {field}: {value}; it can be {least} to {most}")]
    OutOfRange {
        /// The text as written.
        text: String,
        /// The field that is out of range.
        field: &'static str,
        /// Its value.
        value: u32,
        /// Its least value.
        least: u32,
        /// Its greatest value; for a day, that of its month.
        most: u32,
    },
    /// A fraction of a second finer than a microsecond.
    #[error("`{text}` is finer than a microsecond, the finest step of virtual time")]
    TooFine {
        /// The text as written.
        text: String,
    },
    /// Before the world's start.
    #[error("{instant} lies before the world's start at {start}")]
    BeforeStart {
        /// The instant.
        instant: UnixMicros,
        /// The world's start.
        start: UnixMicros,
    },
}

impl Calendar {
    /// The date of an instant of virtual time. Every instant has one; years past 9999 have more digits.
    #[must_use]
    pub fn at(&self, time: SimTime) -> Civil {
        Civil::from_micros(i128::from(self.start.0) + i128::from(time.as_micros()))
    }

    /// The instant as a published view prints it.
    #[must_use]
    pub fn text(&self, time: SimTime, format: TimeFormat) -> String {
        self.at(time).text(format)
    }

    /// The instant of virtual time for an instant on the calendar.
    ///
    /// # Errors
    ///
    /// [`InstantError::BeforeStart`].
    pub fn time_of(&self, instant: UnixMicros) -> Result<SimTime, InstantError> {
        let micros = i128::from(instant.0) - i128::from(self.start.0);
        u64::try_from(micros)
            .map(|micros| SimTime::after_start(Span::micros(micros)))
            .map_err(|_| InstantError::BeforeStart {
                instant,
                start: self.start,
            })
    }
}

impl Civil {
    /// Dates microseconds since 1970. Years run from March here, so that the leap day comes last and the months before it
    /// follow one formula.
    fn from_micros(micros: i128) -> Self {
        let days = micros.div_euclid(i128::from(MICROS_PER_DAY)) + DAYS_TO_1970;
        let of_day = micros.rem_euclid(i128::from(MICROS_PER_DAY));
        let (era, of_era) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 {
            march_month + 3
        } else {
            march_month - 9
        };
        let year = era * 400 + year_of_era + i128::from(month <= 2);
        let seconds = of_day / i128::from(MICROS_PER_SECOND);
        Self {
            year: year as i32,
            month: month as u8,
            day: day as u8,
            hour: (seconds / 3600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
            micro: (of_day % i128::from(MICROS_PER_SECOND)) as u32,
        }
    }

    /// The same time of day so many months earlier. A day that the earlier month does not have becomes its last: three
    /// months before 31 May is 28 or 29 February.
    #[must_use]
    pub fn months_before(self, months: u32) -> Self {
        let month = i64::from(self.year) * 12 + i64::from(self.month) - 1 - i64::from(months);
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
        let last = days_in(year.rem_euclid(400) as u32, month as u32) as u8;
        Self {
            year: year as i32,
            month: month as u8,
            day: self.day.min(last),
            ..self
        }
    }

    /// Days since 1970-01-01, the inverse of the dating above.
    fn days(&self) -> i64 {
        let month = i64::from(self.month);
        let year = i64::from(self.year) - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        era * DAYS_PER_ERA as i64 + of_era - DAYS_TO_1970 as i64
    }

    /// The date and time in one of the published forms.
    #[must_use]
    pub fn text(&self, format: TimeFormat) -> String {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            micro,
        } = *self;
        let milli = micro / 1000;
        match format {
            TimeFormat::Job => format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
            ),
            TimeFormat::Record => format!(
                "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{milli:03}"
            ),
            TimeFormat::Pair => format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micro:06}"
            ),
        }
    }
}

impl UnixMicros {
    /// Reads an RFC 3339 instant of the years 0001 to 9999, such as `2019-03-30T12:10:00+01:00` or `2019-03-30T11:10:00Z`.
    ///
    /// # Errors
    ///
    /// [`InstantError`]; a date and time without an offset is refused, and so is a leap second, which the calendar here does
    /// not have.
    pub fn parse_instant(text: &str) -> Result<Self, InstantError> {
        let written = || text.to_owned();
        let mut cursor = Cursor { text, rest: text };
        let year = cursor.field("year", 4, 1, 9999)?;
        cursor.literal("-")?;
        let month = cursor.field("month", 2, 1, 12)?;
        cursor.literal("-")?;
        let day = cursor.field("day", 2, 1, days_in(year, month))?;
        cursor.literal("Tt")?;
        let hour = cursor.field("hour", 2, 0, 23)?;
        cursor.literal(":")?;
        let minute = cursor.field("minute", 2, 0, 59)?;
        cursor.literal(":")?;
        let second = cursor.field("second", 2, 0, 59)?;
        let micro = cursor.fraction()?;
        let offset_minutes = cursor.offset()?;
        if !cursor.rest.is_empty() {
            return Err(InstantError::Malformed { text: written() });
        }
        let [month, day, hour, minute, second] =
            [month, day, hour, minute, second].map(|field| field as u8);
        let civil = Civil {
            year: year as i32,
            month,
            day,
            hour,
            minute,
            second,
            micro,
        };
        let seconds =
            (i64::from(hour) * 60 + i64::from(minute) - offset_minutes) * 60 + i64::from(second);
        Ok(Self(
            civil.days() * MICROS_PER_DAY + seconds * MICROS_PER_SECOND + i64::from(micro),
        ))
    }
}

impl FromStr for UnixMicros {
    type Err = InstantError;

    /// The same as [`UnixMicros::parse_instant`].
    fn from_str(text: &str) -> Result<Self, InstantError> {
        Self::parse_instant(text)
    }
}

impl fmt::Display for UnixMicros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Civil::from_micros(i128::from(self.0)).text(TimeFormat::Pair);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        f.pad(&format!("{text}Z"))
    }
}

/// The days in a month.
fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The text of an instant while it is read from left to right.
struct Cursor<'a> {
    text: &'a str,
    rest: &'a str,
}

impl Cursor<'_> {
    fn malformed(&self) -> InstantError {
        InstantError::Malformed {
            text: self.text.to_owned(),
        }
    }

    /// Takes one of the ASCII characters in `any`.
    fn literal(&mut self, any: &str) -> Result<char, InstantError> {
        let found = self
            .rest
            .chars()
            .next()
            .filter(|&c| any.contains(c))
            .ok_or_else(|| self.malformed())?;
        self.rest = &self.rest[found.len_utf8()..];
        Ok(found)
    }

    /// Takes exactly `len` digits and checks their value.
    fn field(
        &mut self,
        field: &'static str,
        len: usize,
        least: u32,
        most: u32,
    ) -> Result<u32, InstantError> {
        let digits = self
            .rest
            .get(..len)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let value = digits
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| self.malformed())?;
        if !(least..=most).contains(&value) {
            return Err(InstantError::OutOfRange {
                text: self.text.to_owned(),
                field,
                value,
                least,
                most,
            });
        }
        self.rest = &self.rest[len..];
        Ok(value)
    }

    /// Takes a point and digits, if they come next, as microseconds.
    fn fraction(&mut self) -> Result<u32, InstantError> {
        let Some(after) = self.rest.strip_prefix('.') else {
            return Ok(0);
        };
        let len = after.bytes().take_while(u8::is_ascii_digit).count();
        let digits = after[..len].trim_end_matches('0');
        if len == 0 {
            return Err(self.malformed());
        }
        if digits.len() > 6 {
            return Err(InstantError::TooFine {
                text: self.text.to_owned(),
            });
        }
        self.rest = &after[len..];
        Ok(format!("{digits:0<6}")
            .parse()
            .expect("six digits fit in 32 bits"))
    }

    /// Takes `Z` or a numeric offset; answers minutes east of UTC.
    fn offset(&mut self) -> Result<i64, InstantError> {
        if self.rest.is_empty() {
            return Err(InstantError::NoOffset {
                text: self.text.to_owned(),
            });
        }
        let sign = match self.literal("Zz+-")? {
            'Z' | 'z' => return Ok(0),
            '-' => -1,
            _ => 1,
        };
        let hours = self.field("hour of the offset", 2, 0, 23)?;
        self.literal(":")?;
        let minutes = self.field("minute of the offset", 2, 0, 59)?;
        Ok(sign * i64::from(hours * 60 + minutes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn micros(text: &str) -> i64 {
        UnixMicros::parse_instant(text).unwrap().0
    }

    #[test]
    fn instants_of_rfc_3339() {
        assert_eq!(micros("1970-01-01T00:00:00Z"), 0);
        assert_eq!(micros("2019-03-30T12:10:00+01:00"), 1_553_944_200_000_000);
        assert_eq!(micros("2019-03-30T11:10:00Z"), 1_553_944_200_000_000);
        assert_eq!(micros("1969-12-31T23:59:59.999999-00:00"), -1);
        assert_eq!(micros("2000-02-29t00:00:00.5000000z"), 951_782_400_500_000);
        assert_eq!(micros("0001-01-01T00:00:00Z"), -62_135_596_800_000_000);
        assert_eq!(
            micros("9999-12-31T23:59:59.999999Z"),
            253_402_300_799_999_999
        );
        assert_eq!(
            micros("2019-01-01T00:00:00-05:30"),
            micros("2019-01-01T05:30:00Z")
        );
    }

    #[test]
    fn what_is_not_an_instant_is_told_the_fix() {
        for (text, message) in [
            (
                "2019-03-30",
                "`2019-03-30` is not an instant; write a date, T, a time and an offset, as in 2019-03-30T12:10:00+01:00",
            ),
            (
                "2019-03-30T12:10:00",
                "`2019-03-30T12:10:00` has no offset from UTC, so it could be any of several instants; \
                 write 2019-03-30T12:10:00Z or 2019-03-30T12:10:00+01:00",
            ),
            (
                "2019-02-29T00:00:00Z",
                "`2019-02-29T00:00:00Z` has no such day: 29; it can be 1 to 28",
            ),
            (
                "1900-02-29T00:00:00Z",
                "`1900-02-29T00:00:00Z` has no such day: 29; it can be 1 to 28",
            ),
            (
                "2019-13-01T00:00:00Z",
                "`2019-13-01T00:00:00Z` has no such month: 13; it can be 1 to 12",
            ),
            (
                "0000-01-01T00:00:00Z",
                "`0000-01-01T00:00:00Z` has no such year: 0; it can be 1 to 9999",
            ),
            (
                "2016-12-31T23:59:60Z",
                "`2016-12-31T23:59:60Z` has no such second: 60; it can be 0 to 59",
            ),
            (
                "2019-01-01T00:00:00+24:00",
                "`2019-01-01T00:00:00+24:00` has no such hour of the offset: 24; it can be 0 to 23",
            ),
            (
                "2019-01-01T00:00:00.0000001Z",
                "`2019-01-01T00:00:00.0000001Z` is finer than a microsecond, the finest step of virtual time",
            ),
        ] {
            assert_eq!(
                UnixMicros::parse_instant(text).unwrap_err().to_string(),
                message
            );
        }
        for text in [
            "",
            "2019-1-01T00:00:00Z",
            "2019-01-01 00:00:00Z",
            "2019-01-01T00:00:00.Z",
            "2019-01-01T00:00:00Zx",
            "２019",
        ] {
            assert_eq!(
                UnixMicros::parse_instant(text),
                Err(InstantError::Malformed { text: text.into() })
            );
        }
    }

    #[test]
    fn the_three_published_forms() {
        let calendar = Calendar {
            start: UnixMicros::parse_instant("2018-05-04T03:43:24.108526Z").unwrap(),
        };
        assert_eq!(
            calendar.text(SimTime::ZERO, TimeFormat::Job),
            "2018-05-04T03:43:24.108Z"
        );
        assert_eq!(
            calendar.text(SimTime::ZERO, TimeFormat::Record),
            "2018-05-04 03:43:24.108"
        );
        assert_eq!(
            calendar.text(SimTime::ZERO, TimeFormat::Pair),
            "2018-05-04T03:43:24.108526"
        );
        let later = SimTime::after_start(Span::parse("64.214347s").unwrap());
        assert_eq!(
            calendar.text(later, TimeFormat::Pair),
            "2018-05-04T03:44:28.322873"
        );
        assert_eq!(
            calendar.at(SimTime::after_start(Span::days(365))).year,
            2019
        );
    }

    #[test]
    fn every_instant_has_a_date() {
        let last = Calendar {
            start: UnixMicros(i64::MAX),
        };
        assert_eq!(last.at(SimTime::MAX).year, 878_801);
        assert_eq!(
            last.text(SimTime::ZERO, TimeFormat::Job),
            "294247-01-10T04:00:54.775Z"
        );
        assert_eq!(
            Calendar {
                start: UnixMicros(i64::MIN)
            }
            .at(SimTime::ZERO)
            .year,
            -290_308
        );
    }

    #[test]
    fn instants_and_virtual_time() {
        let calendar = Calendar {
            start: UnixMicros::parse_instant("2019-03-30T12:00:00+01:00").unwrap(),
        };
        let instant = UnixMicros::parse_instant("2019-03-30T12:10:00+01:00").unwrap();
        assert_eq!(
            calendar.time_of(instant),
            Ok(SimTime::after_start(Span::mins(10)))
        );
        let early = UnixMicros(calendar.start.0 - 1);
        assert_eq!(
            calendar.time_of(early).unwrap_err().to_string(),
            "2019-03-30T10:59:59.999999Z lies before the world's start at 2019-03-30T11:00:00Z"
        );
        assert_eq!(UnixMicros(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(UnixMicros(500_000).to_string(), "1970-01-01T00:00:00.5Z");
    }

    #[test]
    fn days_follow_one_another() {
        let mut day = Civil {
            year: 1,
            month: 1,
            day: 1,
            hour: 0,
            minute: 0,
            second: 0,
            micro: 0,
        };
        let first = day.days();
        for number in first..first + DAYS_PER_ERA as i64 {
            assert_eq!(day.days(), number);
            assert_eq!(
                Civil::from_micros(i128::from(number) * i128::from(MICROS_PER_DAY)),
                day
            );
            day.day += 1;
            if u32::from(day.day) > days_in(day.year as u32, u32::from(day.month)) {
                (day.month, day.day) = (day.month + 1, 1);
            }
            if day.month > 12 {
                (day.year, day.month) = (day.year + 1, 1);
            }
        }
        assert_eq!((day.year, day.month, day.day), (401, 1, 1));
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_back(micros in -62_135_596_800_000_000_i64..=253_402_300_799_999_999) {
            let instant = UnixMicros(micros);
            prop_assert_eq!(UnixMicros::parse_instant(&instant.to_string()), Ok(instant));
        }
    }

    #[test]
    fn months_before_keep_the_time_of_day() {
        for (text, months, expected) in [
            ("2020-05-31T12:00:00Z", 3, "2020-02-29T12:00:00.000Z"),
            ("2019-01-15T12:00:00Z", 13, "2017-12-15T12:00:00.000Z"),
        ] {
            let now = Civil::from_micros(UnixMicros::parse_instant(text).unwrap().0.into());
            assert_eq!(now.months_before(months).text(TimeFormat::Job), expected);
        }
    }
}
