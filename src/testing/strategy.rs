//! Worlds, calls, faults and histories as strategies of proptest.
//!
//! ```
//! use proptest::prelude::*;
//! use sdrsim::testing::{Bounds, Suite, laws, strategy};
//!
//! proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(8) }, |(
//!     history in strategy::histories(Bounds::smallest())
//! )| {
//!     let suite = Suite::new(Bounds::smallest()).directory(None);
//!     prop_assert!(suite.holds_in(&history, &laws()).is_ok());
//! });
//! ```

use super::bounds::{Bounds, Choices, policies};
use super::choose::{Sort, deeds};
use super::ground::Ground;
use super::history::History;
use super::plan::{Plan, PlannedGroup};
use super::shrink::Shrinker;
use super::step::{Deed, Hit};
use super::suite::Suite;
use crate::machine::{Command, admit};
use crate::sdrs::policy::Policies;
use crate::world::World;
use proptest::collection::vec;
use proptest::prelude::{Just, any};
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::{BoxedStrategy, NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// Small worlds within bounds. They shrink to fewer groups, instances and disks, and to default policies.
pub fn worlds(bounds: Bounds) -> BoxedStrategy<Ground> {
    let least = usize::from(bounds.instances > 0);
    let instances = vec(1..=bounds.pairs.max(1), least..=bounds.instances.max(least));
    let group = (instances, any::<bool>()).prop_map(|(instances, bare)| PlannedGroup {
        instances,
        protected: !bare,
    });
    let chosen: BoxedStrategy<Policies> = match bounds.policies {
        Choices::Given(given) => Just(given).boxed(),
        Choices::Any => prop_oneof![Just(0), any::<u64>()]
            .prop_map(policies)
            .boxed(),
    };
    let groups = vec(group, 1..=bounds.groups.max(1));
    let spares = || 0..=bounds.spares;
    (groups, spares(), spares(), any::<bool>(), chosen)
        .prop_map(|(groups, servers, disks, witness, policies)| {
            Ground::of(Plan {
                groups,
                servers,
                disks,
                witness,
                policies,
            })
        })
        .boxed()
}

/// Calls and native acts on what stands in a world: those that it would take now, or any, as the bounds say. None if it
/// would take none.
pub fn calls(world: &World, bounds: &Bounds) -> Option<BoxedStrategy<Command>> {
    let sorts = [Sort::Groups, Sort::Members, Sort::Drills, Sort::Natives];
    let all = sorts
        .into_iter()
        .flat_map(|sort| deeds(sort, world, &[], bounds));
    let commands = all.filter_map(|deed| match deed {
        Deed::Ask(command) => Some(*command),
        _ => None,
    });
    let taken: Vec<_> = commands
        .filter(|command| !bounds.legal || admit(world, command).is_ok())
        .collect();
    (!taken.is_empty()).then(|| select(taken).boxed())
}

/// Faults that could strike a world. None if the bounds let none come.
pub fn faults(world: &World, bounds: &Bounds) -> Option<BoxedStrategy<Hit>> {
    let all = deeds(Sort::Faults, world, &[], bounds).into_iter();
    let hits: Vec<_> = all
        .filter_map(|deed| match deed {
            Deed::Strike(hit) => Some(hit),
            _ => None,
        })
        .collect();
    (!hits.is_empty()).then(|| select(hits).boxed())
}

/// Histories within bounds. They shrink as those of a [`Suite`] do; legal ones stay legal.
#[must_use]
pub fn histories(bounds: Bounds) -> Histories {
    Histories { bounds }
}

/// The strategy of [`histories`].
#[derive(Clone, Copy, Debug)]
pub struct Histories {
    bounds: Bounds,
}

impl Strategy for Histories {
    type Tree = HistoryTree;
    type Value = History;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let seed = any::<u64>().new_tree(runner)?.current();
        let suite = Suite::new(self.bounds).seed(seed);
        let current = suite.history(0);
        let shrinker = Shrinker::new(current.clone());
        Ok(HistoryTree {
            suite,
            shrinker,
            current,
        })
    }
}

/// A history and the smaller ones.
#[derive(Clone, Debug)]
pub struct HistoryTree {
    suite: Suite,
    shrinker: Shrinker,
    current: History,
}

impl HistoryTree {
    fn advance(&mut self) -> bool {
        match self.shrinker.next() {
            Some(next) => {
                self.current = self.suite.done_of(&next);
                true
            }
            None => {
                self.current = self.shrinker.best().clone();
                false
            }
        }
    }
}

impl ValueTree for HistoryTree {
    type Value = History;

    fn current(&self) -> History {
        self.current.clone()
    }

    fn simplify(&mut self) -> bool {
        self.shrinker.keep(self.current.clone());
        self.advance()
    }

    fn complicate(&mut self) -> bool {
        self.advance()
    }
}
