//! Hazards: the chance side of faults, as two laws that take turns. A target is up for a span, broken for a span, and so on.
//!
//! A hazard is a pure function of a seed and a key: it holds no state, knows no target and causes no fault. So two policies
//! under one seed meet the same faults, a fork needs no copy of it, and what else breaks elsewhere shifts nothing. It is
//! deliberately not a model of rates: a law of spans says all that a rate could, and also what a rate cannot (a fixed
//! maintenance window, a wear-out). How often a target fails in a year is a question of the mean up time; a year is 8760 h
//! here, 365 days of 24 hours, as in the published availability figures.

use super::dice::{Purpose, Seed, draw};
use super::distribution::Distribution;
use crate::time::Span;
use crate::world::label::Stable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stochastic process of up and down times: up, broken, up, broken, beginning with up.
///
/// In a scenario file it is `{up: {exponential: {mean: 8760h}}, down: {exponential: {mean: 24h}}}`, both laws in any form
/// that a [`Distribution`] has. Read from a file it is checked; see [`Hazard::check`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "HazardForm", into = "HazardForm")]
#[schemars(with = "HazardForm")]
pub struct Hazard {
    /// How long the target stays up before the next fault.
    pub up: Distribution,
    /// How long a fault lasts.
    pub down: Distribution,
}

/// Why two laws make no hazard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HazardError {
    /// The up time has a mean below half a microsecond, so the target would never be whole, and with down times as short,
    /// faults without number would fall on one instant.
    #[error("a hazard's up time must be longer than 0s on average; with none, it never mends")]
    NoUptime,
}

/// A hazard as a scenario file writes it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Hazard")]
struct HazardForm {
    /// How long the target stays up before the next fault.
    up: Distribution,
    /// How long a fault lasts.
    down: Distribution,
}

impl Hazard {
    /// A checked hazard.
    ///
    /// # Errors
    ///
    /// [`HazardError::NoUptime`]; see [`Hazard::check`].
    pub fn new(up: Distribution, down: Distribution) -> Result<Hazard, HazardError> {
        Hazard { up, down }.check()
    }

    /// The hazard itself, if its targets are up for some time.
    ///
    /// # Errors
    ///
    /// [`HazardError::NoUptime`] if the mean of the up times is zero to the microsecond. Down times may be zero: the fault is
    /// then over in its instant. The laws' own numbers are not looked at here; [`Distribution::check`] does that.
    pub fn check(self) -> Result<Hazard, HazardError> {
        match self.up.mean().is_zero() {
            true => Err(HazardError::NoUptime),
            false => Ok(self),
        }
    }

    /// The `nth` up time (`broken` false) or the `nth` down time (`broken` true), counted from 0, of the process that has
    /// this stable key.
    ///
    /// The key is that of the hazard on one target: two targets that share a key fail together. The order of the process is
    /// up 0, down 0, up 1, down 1 and so on. A span depends on the seed, the key, `nth`, `broken` and its own law alone,
    /// so another down time moves no up time. It may be zero where a law allows it. Never panics.
    #[must_use]
    pub fn span(&self, seed: Seed, stable: Stable, nth: u64, broken: bool) -> Span {
        let (law, purpose) = match broken {
            false => (&self.up, Purpose::Uptime),
            true => (&self.down, Purpose::Downtime),
        };
        law.sample(draw(seed, purpose, stable.0, nth))
    }
}

impl TryFrom<HazardForm> for Hazard {
    type Error = HazardError;

    fn try_from(HazardForm { up, down }: HazardForm) -> Result<Hazard, HazardError> {
        Hazard::new(up, down)
    }
}

impl From<Hazard> for HazardForm {
    fn from(Hazard { up, down }: Hazard) -> HazardForm {
        HazardForm { up, down }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A year of up time and a day of down time, both memoryless.
    fn disk() -> Hazard {
        let law = |hours| Distribution::exponential(Span::hours(hours)).unwrap();
        Hazard::new(law(8760), law(24)).unwrap()
    }

    fn read(text: &str) -> Result<Hazard, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_scenario_file_writes_two_laws() {
        let text = r#"{"up": {"exponential": {"mean": "8760h"}}, "down": {"exponential": {"mean": "24h"}}}"#;
        assert_eq!(read(text).unwrap(), disk());
        let back = serde_json::to_string(&disk()).unwrap();
        assert_eq!(read(&back).unwrap(), disk());
        let mixed =
            read(r#"{"up": "30d", "down": {"uniform": {"min": "1m", "max": "1h"}}}"#).unwrap();
        assert_eq!(mixed.up, Distribution::Fixed(Span::days(30)));
    }

    #[test]
    fn what_is_no_hazard_says_why() {
        for (text, reason) in [
            (r#"{"up": "0s", "down": "1h"}"#, "never mends"),
            (
                r#"{"up": {"empirical": ["0s"]}, "down": {"uniform": {"min": "0s", "max": "0s"}}}"#,
                "never mends",
            ),
            (r#"{"up": "1h"}"#, "missing field `down`"),
            (
                r#"{"up": "1h", "down": "1h", "rate": 2}"#,
                "unknown field `rate`",
            ),
            (
                r#"{"up": {"exponential": {"mean": "0s"}}, "down": "1h"}"#,
                "the exponential law needs a mean longer than 0s",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_fault_may_take_no_time_and_the_time_between_faults_must() {
        let (none, hour) = (
            Distribution::Fixed(Span::ZERO),
            Distribution::Fixed(Span::hours(1)),
        );
        assert!(Hazard::new(hour.clone(), none.clone()).is_ok());
        assert_eq!(Hazard::new(none.clone(), hour), Err(HazardError::NoUptime));
        assert_eq!(Hazard::new(none.clone(), none), Err(HazardError::NoUptime));
    }

    #[test]
    fn every_part_of_the_key_counts_and_nothing_else() {
        let (disk, seed, key) = (disk(), Seed(1), Stable::of("web/vda"));
        let base = disk.span(seed, key, 3, false);
        assert_eq!(disk.clone().span(seed, key, 3, false), base);
        assert_ne!(disk.span(Seed(2), key, 3, false), base);
        assert_ne!(disk.span(seed, Stable::of("web/vdb"), 3, false), base);
        assert_ne!(disk.span(seed, key, 4, false), base);
        let slower = Hazard {
            down: Distribution::Fixed(Span::days(9)),
            ..disk.clone()
        };
        assert_eq!(slower.span(seed, key, 3, false), base);
        // The same law both ways still gives two streams.
        let even = Hazard {
            down: disk.up.clone(),
            ..disk
        };
        assert_ne!(even.span(seed, key, 3, true), base);
    }

    #[test]
    fn values_are_stable() {
        let disk = disk();
        let spans = [(0, false), (0, true), (1, false), (1, true)].map(|(nth, broken)| {
            disk.span(Seed(1), Stable::of("web/vda"), nth, broken)
                .as_micros()
        });
        assert_eq!(
            spans,
            [
                68_945_016_237_809,
                216_802_469_002,
                21_127_366_217_201,
                146_398_655_846
            ]
        );
    }
}
