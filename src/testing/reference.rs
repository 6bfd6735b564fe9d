//! A reference state machine for `proptest-state-machine`: its state is a simulated world, its transitions the steps that
//! are possible there. A system under test goes through the same steps and is compared with it.

use super::bounds::Bounds;
use super::choose::choose;
use super::draws::Draws;
use super::ground::Ground;
use super::history::wait;
use super::step::{Deed, Hit, Step};
use super::strategy::worlds;
use crate::engine::{Chance, Engine, Limit};
use crate::machine::admit;
use crate::time::SimTime;
use proptest::prelude::any;
use proptest::strategy::{BoxedStrategy, Strategy};
use proptest_state_machine::ReferenceStateMachine;
use std::fmt;
use std::marker::PhantomData;

/// Which worlds and steps a [`Reference`] goes through.
pub trait Setting: 'static {
    /// The bounds.
    fn bounds() -> Bounds;
}

/// The reference state machine of a setting.
#[derive(Clone, Copy, Debug)]
pub struct Reference<S>(PhantomData<S>);

/// A world somewhere in a history.
pub struct State {
    /// Where it began.
    pub ground: Ground,
    /// What ids and chance derive from.
    pub seed: u64,
    /// The simulation.
    pub engine: Engine,
    /// Faults that have not ended.
    pub open: Vec<Hit>,
}

impl State {
    /// A world at its beginning.
    #[must_use]
    pub fn new(ground: Ground, seed: u64) -> State {
        let engine = ground.engine(seed);
        State {
            ground,
            seed,
            engine,
            open: Vec::new(),
        }
    }
}

impl Clone for State {
    fn clone(&self) -> State {
        State {
            ground: self.ground.clone(),
            seed: self.seed,
            engine: self.engine.fork(),
            open: self.open.clone(),
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let State {
            ground,
            seed,
            engine,
            ..
        } = self;
        write!(
            f,
            "{ground:?}seed: {seed}, at {}",
            engine.now().since_start()
        )
    }
}

/// Lets the wait before a step pass; answers whether the bounds let it.
fn pass(engine: &mut Engine<Chance>, step: SimTime, bounds: &Bounds) -> bool {
    let end = engine.run_until(step, Limit::events(bounds.events));
    engine.assess();
    end == crate::engine::RunEnd::Reached
}

impl<S: Setting> ReferenceStateMachine for Reference<S> {
    type State = State;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<State> {
        let seeds = any::<u32>().prop_map(u64::from);
        (worlds(S::bounds()), seeds)
            .prop_map(|(ground, seed)| State::new(ground, seed))
            .boxed()
    }

    fn transitions(state: &State) -> BoxedStrategy<Step> {
        let state = state.clone();
        let bounds = S::bounds();
        any::<u64>()
            .prop_filter_map("nothing is possible", move |seed| {
                let mut draws = Draws::new(seed);
                let after = wait(&bounds, &mut draws);
                let mut engine = state.engine.fork();
                let at = engine.now().saturating_add(after);
                let deed = pass(&mut engine, at, &bounds)
                    .then(|| choose(engine.world(), &state.open, &bounds, &mut draws))?;
                deed.map(|deed| Step { after, deed })
            })
            .no_shrink()
            .boxed()
    }

    fn apply(mut state: State, step: &Step) -> State {
        let at = state.engine.now().saturating_add(step.after);
        pass(&mut state.engine, at, &S::bounds());
        // In an arbitrary history it may be refused; the world is then as it was.
        let _ = step.deed.perform(&mut state.engine);
        match &step.deed {
            Deed::Strike(hit) => state.open.push(hit.clone()),
            Deed::Heal(hit) => {
                if let Some(place) = state.open.iter().position(|open| open == hit) {
                    state.open.remove(place);
                }
            }
            Deed::Ask(_) | Deed::Script(_) => {}
        }
        state
    }

    fn preconditions(state: &State, step: &Step) -> bool {
        let bounds = S::bounds();
        let mut engine = state.engine.fork();
        let at = engine.now().saturating_add(step.after);
        if !pass(&mut engine, at, &bounds) {
            return false;
        }
        let world = engine.world();
        match &step.deed {
            _ if !bounds.legal => true,
            Deed::Ask(command) => admit(world, command).is_ok(),
            Deed::Strike(hit) => hit.blow(world).is_some() && !state.open.contains(hit),
            Deed::Heal(hit) => hit.blow(world).is_some() && state.open.contains(hit),
            Deed::Script(_) => true,
        }
    }
}
