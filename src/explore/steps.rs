//! The search's single steps, for whoever walks the states in another way: another checker, a random walk.
//!
//! They are what [`super::search`] itself takes, so another walk meets the same states and the same number of them. What
//! is not here is the walk: no state is kept, counted or compared.

use super::{Action, Model, Packer, State};
use crate::machine::Effects;
use crate::machine::command::Ref;
use crate::world::World;

impl Model {
    /// The state that a search begins with.
    #[must_use]
    pub fn begin(&self) -> State {
        self.start().clone()
    }

    /// Puts down everything that may happen next, behind what is there, in the order in which the search tries it. Some of
    /// it may be refused; see [`Model::after`].
    pub fn next(&self, state: &State, out: &mut Vec<Action>) {
        self.actions(state, &Ref::from, out);
    }

    /// The state after one of the actions of [`Model::next`]; None if it is refused.
    #[must_use]
    pub fn after(&self, state: &State, action: &Action) -> Option<State> {
        let admitted = super::admitted(&state.world, action).ok()?;
        let mut next = state.clone();
        self.carry_out(&mut next, action, admitted, &mut Effects::new());
        Some(next)
    }

    /// What tells states apart: a hash that is equal for states in which the same can happen from here on. The packer is of
    /// [`Model::packer`].
    pub fn fingerprint(&self, packer: &mut Packer, state: &State) -> u64 {
        self.print(packer, state)
    }
}

impl State {
    /// The world.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{Bounds, Menu, search};
    use crate::scenario::Scenario;
    use std::collections::BTreeSet;

    #[test]
    fn another_walk_meets_as_many_states_as_the_search() {
        let text = include_str!("../../scenarios/basics/first.yaml");
        let scenario = Scenario::load("first.yaml", text).unwrap();
        let model = Model::new(scenario.world().clone(), Menu::default());
        let mut packer = model.packer();
        let mut open = vec![model.begin()];
        let mut met: BTreeSet<u64> = { open.iter() }
            .map(|state| model.fingerprint(&mut packer, state))
            .collect();
        let mut actions = Vec::new();
        // Depth first, unlike the search.
        while let Some(state) = open.pop() {
            actions.clear();
            model.next(&state, &mut actions);
            for next in actions.iter().filter_map(|it| model.after(&state, it)) {
                if met.insert(model.fingerprint(&mut packer, &next)) {
                    open.push(next);
                }
            }
        }
        let found = search(&model, &Bounds::default());
        assert!(found.complete);
        assert_eq!(found.states, met.len());
    }
}
