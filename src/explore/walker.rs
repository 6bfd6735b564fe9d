//! Where states came from, and the way back to them: states are made again by repeating actions.

use super::parts::{Parts, Room, code};
use super::{Action, Model, State};
use crate::machine::Effects;
use crate::machine::command::Ref;
use std::ops::Range;

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
const PAGE: usize = 1 << 10;

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

impl Parents {
    /// The first state from a number on, up to an end, whose parent has this number or a higher one. States of a layer stand
    /// in the order of their parents.
    fn first_of(&self, layer: &Range<usize>, parent: usize) -> usize {
        let (mut low, mut high) = (layer.start, layer.end);
        while low < high {
            let middle = usize::midpoint(low, high);
            match (self.of(middle as Id).state as usize) < parent {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }
}

/// Some states of a layer and all of the next layers that descend from them, each before its children. Of states in this
/// order the way to the next one is mostly one step longer than the way to one that is kept.
#[derive(Debug)]
pub(super) struct Descent {
    /// By layer: the states that are still to come.
    to_come: Vec<Range<usize>>,
    /// In which layer the last one was.
    depth: Option<usize>,
}

impl Descent {
    /// From these states of the first of some layers, each of which follows the one before.
    pub fn new(from: Range<usize>, layers: &[Range<usize>], parents: &Parents) -> Descent {
        let mut to_come: Vec<Range<usize>> = vec![from];
        for layer in layers.iter().skip(1) {
            let above = to_come[to_come.len() - 1].clone();
            to_come.push(parents.first_of(layer, above.start)..parents.first_of(layer, above.end));
        }
        Descent {
            to_come,
            depth: None,
        }
    }

    pub fn next(&mut self, parents: &Parents) -> Option<Id> {
        // The deepest layer of those on the way whose next state is a child of the one above it that came last.
        let mut depth = self.depth.map_or(0, |depth| depth + 1);
        loop {
            if let Some(layer) = self.to_come.get_mut(depth)
                && layer.start < layer.end
            {
                let id = layer.start;
                let parent = parents.of(id as Id).state as usize;
                let is_child = depth == 0 || parent + 1 == self.to_come[depth - 1].start;
                if is_child {
                    self.to_come[depth].start += 1;
                    self.depth = Some(depth);
                    return Some(id as Id);
                }
            }
            depth = depth.checked_sub(1)?;
        }
    }
}

/// A state on the way that is kept.
#[derive(Debug)]
struct Stop {
    id: Id,
    state: State,
    /// What may happen in it, if that was asked for.
    actions: Vec<Action>,
    is_listed: bool,
}

impl Stop {
    fn new(id: Id, state: State) -> Stop {
        Stop {
            id,
            state,
            actions: Vec::new(),
            is_listed: false,
        }
    }

    fn list(&mut self, model: &Model) {
        if !self.is_listed {
            self.actions.clear();
            model.actions(&self.state, &Ref::from, &mut self.actions);
            self.is_listed = true;
        }
    }
}

/// So many states of a way are kept at most, the start among them.
const STOPS: usize = 12;
/// So many of them next to its end at least.
const NEAR: usize = 4;

/// Makes states again. States of a layer stand in the order of their parents, so the way to the next one mostly shares all
/// but its end with the way to the one before. Of a way the states near its end are kept, and few of the others: what lies
/// between two of them is passed through, which copies nothing. What it has left is used again.
#[derive(Debug)]
pub(super) struct Walker<'a> {
    model: &'a Model,
    parts: Option<&'a Parts>,
    /// The states that are kept of the way to where it stands, the start first, and behind that room.
    way: Vec<Stop>,
    /// The place of where it stands.
    last: usize,
    ids: Vec<Id>,
    room: Room,
    effects: Effects,
}

impl<'a> Walker<'a> {
    pub fn new(model: &'a Model, parts: Option<&'a Parts>) -> Walker<'a> {
        Walker {
            model,
            parts,
            way: vec![Stop::new(0, model.start().clone())],
            last: 0,
            ids: Vec::new(),
            room: Room::default(),
            effects: Effects::new(),
        }
    }

    /// The state where it stands.
    pub fn here(&self) -> &State {
        &self.way[self.last].state
    }

    /// The state where it stands and all that may happen in it, admitted or not.
    pub fn outlook(&mut self) -> (&State, &[Action]) {
        let stop = &mut self.way[self.last];
        stop.list(self.model);
        (&stop.state, &stop.actions)
    }

    pub fn go_to(&mut self, id: Id, parents: &Parents) {
        let mut ids = std::mem::take(&mut self.ids);
        ids.clear();
        let mut at = id;
        loop {
            // A state's number is above that of its parent, and the start's is 0.
            while self.way[self.last].id > at {
                self.last -= 1;
            }
            if self.way[self.last].id == at {
                break;
            }
            ids.push(at);
            at = parents.of(at).state;
        }
        let mut is_kept = true;
        for (left, &id) in ids.iter().enumerate().rev() {
            self.step(parents.of(id).action, is_kept);
            is_kept = left < NEAR || left.is_power_of_two();
            if is_kept {
                self.keep(id);
            }
        }
        self.ids = ids;
    }

    /// Takes a step, in the room behind the last state that is kept: from that state, or from what is in the room.
    fn step(&mut self, action: u32, from_kept: bool) {
        let next = self.last + 1;
        if self.way.len() == next {
            let state = self.way[self.last].state.clone();
            self.way.push(Stop::new(0, state));
        }
        let (before, after) = self.way.split_at_mut(next);
        let (from, to) = (&mut before[self.last], &mut after[0]);
        let taken = match (self.parts, from_kept) {
            (Some(parts), _) => {
                if from_kept {
                    to.state.clone_from(&from.state);
                }
                let menu = self.model.menu();
                let action = parts.action(menu, &to.state.world, action, &mut self.room);
                let action = action.expect("what could happen once can happen again");
                self.model.apply(&mut to.state, &action, &mut self.effects)
            }
            (None, true) => {
                from.list(self.model);
                let action = &from.actions[action as usize];
                let ends = (&from.state, &mut to.state);
                self.model.apply_to(ends, action, &mut self.effects)
            }
            (None, false) => {
                to.is_listed = false;
                to.list(self.model);
                let action = &to.actions[action as usize];
                self.model.apply(&mut to.state, action, &mut self.effects)
            }
        };
        to.is_listed = false;
        debug_assert!(taken, "what was admitted once is admitted again");
    }

    /// Keeps the state that is in the room.
    fn keep(&mut self, id: Id) {
        self.last += 1;
        self.way[self.last].id = id;
        if self.last == STOPS {
            let left_out = STOPS - NEAR;
            self.way[left_out..=self.last].rotate_left(1);
            self.last -= 1;
        }
    }

    /// The actions that lead to a state, and the number of each among all that may happen.
    pub fn path(&mut self, id: Id, parents: &Parents) -> (Vec<Action>, Vec<u32>) {
        let mut ids = Vec::new();
        let mut at = id;
        while at != 0 {
            ids.push(at);
            at = parents.of(at).state;
        }
        let mut state = self.model.start().clone();
        let mut listed = Vec::new();
        let step = |&id: &Id| {
            let sought = parents.of(id).action;
            listed.clear();
            self.model.actions(&state, &Ref::from, &mut listed);
            let number = match self.parts {
                None => sought as usize,
                Some(_) => { listed.iter() }
                    .position(|it| code(self.model.menu(), &state.world, it) == sought)
                    .expect("what could happen once can happen again"),
            };
            let action = listed.swap_remove(number);
            let taken = self.model.apply(&mut state, &action, &mut self.effects);
            debug_assert!(taken, "what was admitted once is admitted again");
            (action, number as u32)
        };
        ids.iter().rev().map(step).unzip()
    }
}
