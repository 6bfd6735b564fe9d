//! Virtual time: instants, spans and the calendar that dates them.
//!
//! Everything is a `u64` of microseconds. 64 bits hold more than half a million years, and the published views print
//! microseconds at the finest, so nothing is ever rounded. There is no wall clock here and no floating point: a float would
//! make equal instants differ by how they were computed. There are no `+` and `-` operators either; each sum says whether it
//! is checked or saturating, because a scenario may ask for any span and must get an answer, not a panic.

mod calendar;
mod span;

pub use calendar::{Calendar, Civil, InstantError, TimeFormat, UnixMicros};
pub use span::{Span, SpanError, SpanText};

use serde::{Deserialize, Serialize};
use std::fmt;

/// An instant of virtual time: microseconds since the world's start.
///
/// Serialized as that number. Printed as the transcript's clock, `HH:MM:SS.mmm`; the hours grow past 99, and three more
/// digits follow when the instant is not a whole millisecond.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SimTime(u64);

impl SimTime {
    /// The world's start.
    pub const ZERO: Self = Self(0);
    /// The last instant there is; what is set for this instant never comes in practice.
    pub const MAX: Self = Self(u64::MAX);

    /// The instant so many microseconds after the start.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the start.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The instant `span` after the start.
    #[must_use]
    pub const fn after_start(span: Span) -> Self {
        Self(span.as_micros())
    }

    /// The span from the world's start to this instant.
    #[must_use]
    pub const fn since_start(self) -> Span {
        Span::micros(self.0)
    }

    /// The instant `span` later, or `None` past the end of time.
    #[must_use]
    pub const fn checked_add(self, span: Span) -> Option<Self> {
        match self.0.checked_add(span.as_micros()) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// The instant `span` later, at most [`SimTime::MAX`].
    #[must_use]
    pub const fn saturating_add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.as_micros()))
    }

    /// The instant `span` earlier, or `None` before the start.
    #[must_use]
    pub const fn checked_sub(self, span: Span) -> Option<Self> {
        match self.0.checked_sub(span.as_micros()) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// The instant `span` earlier, at the earliest the start.
    #[must_use]
    pub const fn saturating_sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.as_micros()))
    }

    /// The span from `earlier` to this instant, or `None` if `earlier` is in fact later.
    #[must_use]
    pub const fn checked_since(self, earlier: Self) -> Option<Span> {
        match self.0.checked_sub(earlier.0) {
            Some(micros) => Some(Span::micros(micros)),
            None => None,
        }
    }

    /// The span from `earlier` to this instant, zero if `earlier` is in fact later.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Span {
        Span::micros(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let clock = format!(
            "{:02}:{:02}:{:02}.{:03}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            micros / 1000
        );
        match micros % 1000 {
            0 => f.pad(&clock),
            rest => f.pad(&format!("{clock}{rest:03}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_the_transcript() {
        let clock = |micros| SimTime::from_micros(micros).to_string();
        assert_eq!(clock(0), "00:00:00.000");
        assert_eq!(clock(8_016_000), "00:00:08.016");
        assert_eq!(clock(8_016_015), "00:00:08.016015");
        assert_eq!(clock(3_599_999_001), "00:59:59.999001");
        assert_eq!(
            SimTime::after_start(Span::days(365)).to_string(),
            "8760:00:00.000"
        );
        assert_eq!(clock(u64::MAX), "5124095576:01:49.551615");
        assert_eq!(format!("{:>14}|", SimTime::ZERO), "  00:00:00.000|");
    }

    #[test]
    fn sums_at_the_ends_of_time() {
        let second = Span::secs(1);
        assert_eq!(SimTime::MAX.checked_add(second), None);
        assert_eq!(SimTime::MAX.saturating_add(second), SimTime::MAX);
        assert_eq!(SimTime::ZERO.checked_sub(second), None);
        assert_eq!(SimTime::ZERO.saturating_sub(second), SimTime::ZERO);
        let later = SimTime::ZERO.checked_add(second).unwrap();
        assert_eq!(later.checked_sub(second), Some(SimTime::ZERO));
        assert_eq!(later.checked_since(SimTime::ZERO), Some(second));
        assert_eq!(SimTime::ZERO.checked_since(later), None);
        assert_eq!(SimTime::ZERO.saturating_since(later), Span::ZERO);
        assert_eq!(later.since_start(), second);
    }

    #[test]
    fn a_trace_holds_microseconds() {
        assert_eq!(
            serde_json::to_string(&SimTime::from_micros(15)).unwrap(),
            "15"
        );
        assert_eq!(
            serde_json::from_str::<SimTime>("15").unwrap(),
            SimTime::from_micros(15)
        );
    }
}
