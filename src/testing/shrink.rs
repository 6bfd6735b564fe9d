//! From a failing history to a shorter one: what to try next.
//!
//! Tried are, in this order and again until nothing helps: leaving out steps (halves, quarters, .. single ones; their waits
//! go to the step behind them), a smaller world, and shorter waits. Whoever drives this replays what it offers and keeps it
//! if it still fails in the same way; a legal history stays legal because the replay leaves out what would be refused.

use super::ground::Ground;
use super::history::History;
use crate::time::Span;

/// Waits that are tried, the shortest first.
const WAITS: [Span; 4] = [Span::ZERO, Span::secs(1), Span::mins(1), Span::mins(10)];

/// Where the search stands.
#[derive(Clone, Copy, Debug)]
enum Pass {
    /// Leave out so many steps from this one on.
    Drop {
        size: usize,
        at: usize,
    },
    /// Take the smaller world of this number.
    World(usize),
    /// Give the step the wait of this number.
    Wait {
        step: usize,
        wait: usize,
    },
    Over,
}

/// Offers smaller histories.
#[derive(Clone, Debug)]
pub(super) struct Shrinker {
    best: History,
    pass: Pass,
    /// Whether something was kept since the first pass.
    helped: bool,
}

impl Shrinker {
    pub(super) fn new(best: History) -> Shrinker {
        let size = best.steps.len();
        Shrinker {
            best,
            pass: Pass::Drop { size, at: 0 },
            helped: false,
        }
    }

    /// The smallest failing history so far.
    pub(super) const fn best(&self) -> &History {
        &self.best
    }

    /// Takes a history that was offered, or what a replay left of it, and fails.
    pub(super) fn keep(&mut self, smaller: History) {
        let measure = |history: &History| {
            let world = history.ground.head().len();
            (history.steps.len(), world, history.length())
        };
        if measure(&smaller) < measure(&self.best) {
            self.best = smaller;
            self.helped = true;
            // The next offer stands where this one stood.
            self.pass = match self.pass {
                Pass::Drop { size, at } => Pass::Drop {
                    size,
                    at: at.saturating_sub(size),
                },
                Pass::World(_) => Pass::World(0),
                // This wait is the shortest that works.
                Pass::Wait { step, .. } => Pass::Wait {
                    step: step + 1,
                    wait: 0,
                },
                Pass::Over => Pass::Over,
            };
        }
    }

    /// The next history to try; None: nothing smaller is known.
    pub(super) fn next(&mut self) -> Option<History> {
        loop {
            match self.pass {
                Pass::Drop { size: 0, .. } => self.pass = Pass::World(0),
                Pass::Drop { size, at } if at >= self.best.steps.len() => {
                    let size = size.min(self.best.steps.len()) / 2;
                    self.pass = Pass::Drop { size, at: 0 };
                }
                Pass::Drop { size, at } => {
                    self.pass = Pass::Drop {
                        size,
                        at: at + size,
                    };
                    return Some(self.without(at, size));
                }
                Pass::World(n) => match self.best.ground.smaller().into_iter().nth(n) {
                    Some(plan) => {
                        self.pass = Pass::World(n + 1);
                        return Some(History {
                            ground: Ground::of(plan),
                            ..self.best.clone()
                        });
                    }
                    None => self.pass = Pass::Wait { step: 0, wait: 0 },
                },
                Pass::Wait { step, wait } => match self.waiting(step, wait) {
                    Some(history) => return Some(history),
                    None if step < self.best.steps.len() => {}
                    None if std::mem::take(&mut self.helped) => {
                        let size = self.best.steps.len();
                        self.pass = Pass::Drop { size, at: 0 };
                    }
                    None => self.pass = Pass::Over,
                },
                Pass::Over => return None,
            }
        }
    }

    fn without(&self, at: usize, size: usize) -> History {
        let mut history = self.best.clone();
        let end = (at + size).min(history.steps.len());
        let gone = history.steps.drain(at..end);
        let owed = gone.fold(Span::ZERO, |sum, step| sum.saturating_add(step.after));
        if let Some(next) = history.steps.get_mut(at) {
            next.after = next.after.saturating_add(owed);
        }
        history
    }

    /// The history with a shorter wait; moves on behind it.
    fn waiting(&mut self, step: usize, wait: usize) -> Option<History> {
        let after = self.best.steps.get(step)?.after;
        match WAITS.get(wait) {
            Some(&shorter) if shorter < after => {
                let wait = wait + 1;
                self.pass = Pass::Wait { step, wait };
                let mut history = self.best.clone();
                history.steps[step].after = shorter;
                Some(history)
            }
            _ => {
                let step = step + 1;
                self.pass = Pass::Wait { step, wait: 0 };
                None
            }
        }
    }
}
