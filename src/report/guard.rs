//! How well something was protected, and for how long.

use crate::time::SimTime;
use serde::{Deserialize, Serialize};

/// How well the pairs of a group or an instance are protected at an instant: always exactly one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Guard {
    /// It has no pair.
    #[default]
    Nothing,
    /// Every pair is in step, whether production is up or not.
    Whole,
    /// Protection is on, and some pair is at level 5 or copies.
    Degraded,
    /// Some pair does not replicate or has no copy, or since that was so the pairs have not all been in step.
    Unprotected,
}

/// What is counted of pairs to tell how well they are protected.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    pub pairs: usize,
    /// Copying, or waiting to go on copying.
    pub copying: usize,
    /// In step, or in step when an outage began.
    pub in_step: usize,
    /// With a copy, behind or not, to recover from.
    pub copies: usize,
    /// Whether a pair is at level 5.
    pub five: bool,
}

/// The spans of each.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Guarded {
    pub state: Guard,
    since: SimTime,
    spans: [u64; 4],
    /// Whether some pair has not been in step since one of them did not replicate or lost its copy.
    bare: bool,
}

impl Guarded {
    /// Takes in how the pairs stand at an instant.
    pub(super) fn set(&mut self, at: SimTime, standing: Standing) {
        let Standing {
            pairs,
            copying,
            in_step,
            copies,
            five,
        } = standing;
        if copying + in_step < pairs || copies < pairs {
            self.bare = true;
        } else if in_step >= pairs {
            self.bare = false;
        }
        let state = match (pairs, self.bare) {
            (0, _) => Guard::Nothing,
            (_, true) => Guard::Unprotected,
            (_, false) if five || copying > 0 => Guard::Degraded,
            _ => Guard::Whole,
        };
        if state != self.state {
            self.spans[self.state as usize] = self.span(self.state, at);
            (self.state, self.since) = (state, at);
        }
    }

    /// How long it was so up to an instant, in microseconds.
    pub(super) fn span(&self, state: Guard, at: SimTime) -> u64 {
        let open = match state == self.state {
            true => at.saturating_since(self.since).as_micros(),
            false => 0,
        };
        self.spans[state as usize] + open
    }
}
