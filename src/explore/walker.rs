//! Where states came from, and the way back to them: states are made again by repeating actions.

use super::parts::{Parts, code};
use super::{Action, Model, State};
use crate::machine::Effects;
use crate::machine::command::Ref;

/// States are numbered in the order in which they are found.
pub(super) type Id = u32;

/// Where a state came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parent {
    pub state: Id,
    /// The action's code, or its number where states have no parts.
    pub action: u32,
}

/// How many states a page holds.
const PAGE: usize = 1 << 13;

/// Where all states came from, on pages, so that growing moves nothing and leaves no room empty.
#[derive(Debug, Default)]
pub(super) struct Parents {
    pages: Vec<Vec<Parent>>,
}

impl Parents {
    pub fn push(&mut self, parent: Parent) {
        if self.pages.last().is_none_or(|page| page.len() == PAGE) {
            self.pages.push(Vec::with_capacity(PAGE));
        }
        if let Some(page) = self.pages.last_mut() {
            page.push(parent);
        }
    }

    pub fn len(&self) -> usize {
        match self.pages.last() {
            Some(last) => (self.pages.len() - 1) * PAGE + last.len(),
            None => 0,
        }
    }

    pub fn of(&self, id: Id) -> Parent {
        self.pages[id as usize / PAGE][id as usize % PAGE]
    }

    pub fn bytes(&self) -> usize {
        self.pages.len() * PAGE * size_of::<Parent>()
    }
}

/// A state on the way, and what may happen in it, if that was asked for.
#[derive(Debug)]
struct Stop {
    id: Id,
    state: State,
    actions: Vec<Action>,
    is_listed: bool,
}

/// Makes states again. States of a layer stand in the order of their parents, so the way to the next one mostly shares all
/// but its end with the way to the one before. What it has left is used again.
#[derive(Debug)]
pub(super) struct Walker<'a> {
    model: &'a Model,
    parts: Option<&'a Parts>,
    /// The way to where it stands, the start first, and behind that room.
    way: Vec<Stop>,
    /// How many stops the way has behind the start.
    steps: usize,
    ids: Vec<Id>,
    effects: Effects,
}

impl<'a> Walker<'a> {
    pub fn new(model: &'a Model, parts: Option<&'a Parts>) -> Walker<'a> {
        let start = Stop {
            id: 0,
            state: model.start().clone(),
            actions: Vec::new(),
            is_listed: false,
        };
        Walker {
            model,
            parts,
            way: vec![start],
            steps: 0,
            ids: Vec::new(),
            effects: Effects::new(),
        }
    }

    /// The state where it stands.
    pub fn here(&self) -> &State {
        &self.way[self.steps].state
    }

    /// The state where it stands and all that may happen in it, admitted or not.
    pub fn outlook(&mut self) -> (&State, &[Action]) {
        self.list();
        let stop = &self.way[self.steps];
        (&stop.state, &stop.actions)
    }

    fn list(&mut self) {
        let stop = &mut self.way[self.steps];
        if !stop.is_listed {
            stop.actions.clear();
            self.model
                .actions(&stop.state, &Ref::from, &mut stop.actions);
            stop.is_listed = true;
        }
    }

    pub fn go_to(&mut self, id: Id, parents: &Parents) {
        let mut ids = std::mem::take(&mut self.ids);
        ids.clear();
        let mut at = id;
        while at != 0 {
            ids.push(at);
            at = parents.of(at).state;
        }
        let passed = self.way[1..=self.steps].iter();
        self.steps = { passed.zip(ids.iter().rev()) }
            .take_while(|(stop, id)| stop.id == **id)
            .count();
        for &id in ids.iter().rev().skip(self.steps) {
            self.step(id, parents.of(id).action);
        }
        self.ids = ids;
    }

    /// Takes a step; answers the number of the action among all that may happen.
    fn step(&mut self, id: Id, action: u32) -> u32 {
        self.list();
        self.steps += 1;
        if self.way.len() == self.steps {
            let state = self.way[self.steps - 1].state.clone();
            self.way.push(Stop {
                id,
                state,
                actions: Vec::new(),
                is_listed: false,
            });
        }
        let (before, after) = self.way.split_at_mut(self.steps);
        let (from, to) = (&before[self.steps - 1], &mut after[0]);
        let world = &from.state.world;
        let number = match self.parts {
            None => action as usize,
            Some(_) => { from.actions.iter() }
                .position(|it| code(self.model.menu(), world, it) == action)
                .expect("what could happen once can happen again"),
        };
        to.id = id;
        to.is_listed = false;
        to.state.clone_from(&from.state);
        let action = &from.actions[number];
        let taken = self.model.apply(&mut to.state, action, &mut self.effects);
        debug_assert!(taken, "what was admitted once is admitted again");
        number as u32
    }

    /// The actions that lead to a state, and their numbers.
    pub fn path(&mut self, id: Id, parents: &Parents) -> (Vec<Action>, Vec<u32>) {
        let mut ids = Vec::new();
        let mut at = id;
        while at != 0 {
            ids.push(at);
            at = parents.of(at).state;
        }
        self.steps = 0;
        let step = |&id: &Id| {
            let number = self.step(id, parents.of(id).action);
            let from = &self.way[self.steps - 1];
            (from.actions[number as usize].clone(), number)
        };
        ids.iter().rev().map(step).unzip()
    }
}
