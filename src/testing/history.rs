//! Histories: a world, a seed and steps.

use super::bounds::Bounds;
use super::choose::choose;
use super::draws::Draws;
use super::ground::Ground;
use super::play::{Ending, Play, Violation};
use super::step::Step;
use crate::engine::Operator;
use crate::time::Span;
use std::fmt;

/// What happens in a world: steps, under a seed that decides how long work takes. [`fmt::Display`] tells it in lines.
#[derive(Clone)]
pub struct History {
    /// Where it begins.
    pub ground: Ground,
    /// What ids and chance derive from.
    pub seed: u64,
    /// What is done.
    pub steps: Vec<Step>,
}

impl History {
    /// All waits together.
    pub(super) fn length(&self) -> Span {
        let waits = self.steps.iter().map(|step| step.after);
        waits.fold(Span::ZERO, Span::saturating_add)
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}seed: {}", self.ground.head(), self.seed)?;
        for step in &self.steps {
            write!(f, "\n  {step}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Makes a history while it is lived through: each step is chosen from what is possible then.
pub(super) fn make<P: Operator>(
    play: &mut Play<P>,
    bounds: &Bounds,
    draws: &mut Draws,
    ending: Ending<'_>,
) -> Result<(), Violation> {
    for _ in 0..draws.within(1, bounds.steps.max(1)) {
        let after = wait(bounds, draws);
        play.wait(after)?;
        let world = play.bench.engine().world();
        if let Some(deed) = choose(world, &play.open, bounds, draws) {
            play.perform(after, &deed);
        }
    }
    play.end(ending)
}

/// A wait: often none or seconds, now and then all that the bounds allow. Whole seconds, so that it reads well.
pub(super) fn wait(bounds: &Bounds, draws: &mut Draws) -> Span {
    let span = match draws.weighted(&[3, 4, 3, 1]) {
        Some(1) => Span::secs(draws.within(1, 60) as u64),
        Some(2) => Span::mins(draws.within(1, 30) as u64),
        Some(3) => bounds.wait,
        _ => Span::ZERO,
    };
    span.min(bounds.wait)
}
