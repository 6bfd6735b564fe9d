//! Breadth first, layer by layer. Threads share a layer; what they find is put together in the order of states and
//! actions, so that a search gives the same with any number of them.

use super::known::Known;
use super::report::{DeadEnds, Found, Path, Violation};
use super::{Action, Bounds, Model, State};
use crate::machine::Effects;
use crate::machine::command::Ref;
use crate::sdrs::status::{Kind, Status};
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};

/// States are numbered in the order in which they are found.
type Id = u32;

/// Where a state came from.
#[derive(Clone, Copy, Debug)]
struct Parent {
    state: Id,
    action: u32,
}

/// What one thread makes of a part of a layer.
#[derive(Default)]
struct Haul {
    /// Hash, parent, number of the action, whether the action is free of chance's malice (no fault, no failure).
    found: Vec<(u64, Id, u32, bool)>,
    violation: Option<(Id, usize, String)>,
    transitions: u64,
    /// Which of the properties that must hold sometimes did.
    some: u64,
    seen: BTreeSet<(Kind, Status)>,
    /// States that a way back may lead to.
    good: Vec<Id>,
}

/// Searches.
#[must_use]
pub fn search(model: &Model, bounds: &Bounds) -> Found {
    search_watched(model, bounds, &mut |_, _| ())
}

/// The same; `tick` hears the number of states and the depth after each layer.
pub fn search_watched(model: &Model, bounds: &Bounds, tick: &mut dyn FnMut(usize, u32)) -> Found {
    Search {
        model,
        bounds,
        known: Known::default(),
        index: BTreeMap::new(),
        parents: Vec::new(),
        edges: Vec::new(),
        good: Vec::new(),
        some: 0,
        seen: BTreeSet::new(),
        transitions: 0,
    }
    .run(tick)
}

struct Search<'a> {
    model: &'a Model,
    bounds: &'a Bounds,
    /// Hashes of the states that were found. Only looked up, never listed.
    known: Known,
    /// By hash, only kept if transitions are.
    index: BTreeMap<u64, Id>,
    parents: Vec<Parent>,
    /// Transitions without faults and failures, from and to.
    edges: Vec<(Id, Id)>,
    good: Vec<Id>,
    some: u64,
    seen: BTreeSet<(Kind, Status)>,
    transitions: u64,
}

impl Search<'_> {
    fn run(mut self, tick: &mut dyn FnMut(usize, u32)) -> Found {
        let mut packer = self.model.packer();
        let root = Parent {
            state: 0,
            action: u32::MAX,
        };
        self.parents.push(root);
        let print = self.model.print(&mut packer, self.model.start());
        self.known.insert(print);
        if self.bounds.dead_ends {
            self.index.insert(print, 0);
        }
        let (mut from, mut depth, mut complete) = (0, 0, true);
        let mut violation = None;
        while from < self.parents.len() {
            let layer: Vec<Id> = (from as Id..self.parents.len() as Id).collect();
            from = self.parents.len();
            let deepest = depth >= self.bounds.depth;
            let hauls = self.expand(&layer, deepest);
            for haul in hauls {
                self.take_in(haul, &mut violation);
            }
            tick(self.parents.len(), depth);
            if violation.is_some() {
                break;
            }
            if deepest || self.is_over() {
                complete = from == self.parents.len() && !deepest;
                break;
            }
            depth += u32::from(from < self.parents.len());
        }
        self.conclude(depth, complete, violation)
    }

    fn is_over(&self) -> bool {
        self.parents.len() >= self.bounds.states || self.bytes() >= self.bounds.bytes
    }

    fn bytes(&self) -> usize {
        self.known.bytes()
            + self.parents.capacity() * size_of::<Parent>()
            + self.edges.capacity() * size_of::<(Id, Id)>()
            + self.index.len() * 24
    }

    /// Looks at a layer and finds what comes next, in parts of the layer in order.
    fn expand(&self, layer: &[Id], deepest: bool) -> Vec<Haul> {
        let threads = self.bounds.threads.clamp(1, 64);
        let share = layer.len().div_ceil(threads).max(64);
        let parts: Vec<&[Id]> = layer.chunks(share).collect();
        if let [part] = parts[..] {
            return vec![self.walk(part, deepest)];
        }
        std::thread::scope(|scope| {
            let walkers: Vec<_> = parts
                .iter()
                .map(|part| scope.spawn(|| self.walk(part, deepest)))
                .collect();
            walkers
                .into_iter()
                .map(|walker| match walker.join() {
                    Ok(haul) => haul,
                    Err(panic) => std::panic::resume_unwind(panic),
                })
                .collect()
        })
    }

    fn walk(&self, part: &[Id], deepest: bool) -> Haul {
        let mut walker = Walker::new(self.model, &self.parents);
        let mut packer = self.model.packer();
        let mut haul = Haul::default();
        let mut next = self.model.start().clone();
        let mut effects = Effects::new();
        let mut actions = Vec::new();
        let mut met = Known::default();
        for &id in part {
            walker.go_to(id);
            let state = walker.here();
            self.look(id, &state.world, &mut haul);
            if deepest || haul.violation.is_some() {
                continue;
            }
            actions.clear();
            self.model.actions(state, &Ref::from, &mut actions);
            for (number, action) in actions.iter().enumerate() {
                next.clone_from(state);
                if !self.model.apply(&mut next, action, &mut effects) {
                    continue;
                }
                let print = self.model.print(&mut packer, &next);
                let free = next.faults == state.faults && next.failures == state.failures;
                let keep =
                    self.bounds.dead_ends || (!self.known.contains(print) && met.insert(print));
                haul.transitions += 1;
                if keep {
                    haul.found.push((print, id, number as u32, free));
                }
            }
        }
        haul
    }

    /// Looks at a state.
    fn look(&self, id: Id, world: &World, haul: &mut Haul) {
        if haul.violation.is_some() {
            return;
        }
        for (place, (_, property)) in self.model.always.iter().enumerate() {
            if let Err(what) = property(world) {
                haul.violation = Some((id, place, what));
                return;
            }
        }
        for (place, (_, property)) in self.model.sometimes.iter().enumerate() {
            if haul.some >> place & 1 == 0 && property(world).is_ok() {
                haul.some |= 1 << place;
            }
        }
        for &kind in Kind::ALL {
            for &status in Status::ALL {
                if world.census[kind as usize][status as usize] > 0 {
                    haul.seen.insert((kind, status));
                }
            }
        }
        if self.bounds.dead_ends && (self.model.goal)(world).is_ok() {
            haul.good.push(id);
        }
    }

    fn take_in(&mut self, haul: Haul, violation: &mut Option<Violation>) {
        self.some |= haul.some;
        self.seen.extend(haul.seen);
        self.good.extend(haul.good);
        self.transitions += haul.transitions;
        if let (None, Some((id, place, what))) = (&violation, haul.violation) {
            *violation = Some(Violation {
                property: self.model.always[place].0.clone(),
                what,
                path: self.path(id),
            });
        }
        for (print, state, action, free) in haul.found {
            if self.known.insert(print) {
                let id = self.parents.len() as Id;
                self.parents.push(Parent { state, action });
                if self.bounds.dead_ends {
                    self.index.insert(print, id);
                }
            }
            if self.bounds.dead_ends && free {
                self.edges.push((state, self.index[&print]));
            }
        }
    }

    fn path(&self, id: Id) -> Path {
        let mut walker = Walker::new(self.model, &self.parents);
        let number = |id: Id| self.parents[id as usize].action;
        Path {
            numbers: walker.way_to(id).into_iter().map(number).collect(),
            actions: walker.actions_to(id),
        }
    }

    fn conclude(self, depth: u32, complete: bool, violation: Option<Violation>) -> Found {
        let missed = |(place, (name, _)): (usize, &(String, Box<super::Property>))| {
            (self.some >> place & 1 == 0).then(|| name.clone())
        };
        let never = { self.model.sometimes.iter().enumerate() }
            .filter_map(missed)
            .collect();
        let dead_ends = (self.bounds.dead_ends && complete).then(|| self.dead_ends());
        Found {
            states: self.parents.len(),
            transitions: self.transitions,
            depth,
            complete,
            violation,
            never,
            seen: self.seen.clone(),
            dead_ends,
            bytes: self.bytes(),
        }
    }

    /// The states from which no way without faults and failures leads to a good one: walked backwards from those.
    fn dead_ends(&self) -> DeadEnds {
        let mut back = self.edges.clone();
        back.sort_unstable_by_key(|edge| (edge.1, edge.0));
        let mut reached = vec![false; self.parents.len()];
        let mut open = self.good.clone();
        open.iter().for_each(|&id| reached[id as usize] = true);
        while let Some(id) = open.pop() {
            let first = back.partition_point(|edge| edge.1 < id);
            for &(from, to) in &back[first..] {
                if to != id {
                    break;
                }
                if !std::mem::replace(&mut reached[from as usize], true) {
                    open.push(from);
                }
            }
        }
        let lost: Vec<Id> = { 0..self.parents.len() as Id }
            .filter(|&id| !reached[id as usize])
            .collect();
        let mut paths: BTreeMap<Vec<Status>, Path> = BTreeMap::new();
        let mut walker = Walker::new(self.model, &self.parents);
        for &id in &lost {
            walker.go_to(id);
            let groups = || walker.here().world.groups.values();
            let mut statuses: Vec<Status> = groups().map(|group| group.life.status).collect();
            statuses.sort_unstable();
            // What is under way ends by itself; the state that it ends in is listed.
            let under_way = groups().any(|group| group.life.work().is_some());
            if under_way || paths.contains_key(&statuses) {
                continue;
            }
            paths.insert(statuses, self.path(id));
        }
        DeadEnds {
            states: lost.len(),
            paths: paths.into_iter().collect(),
        }
    }
}

/// Makes states again by repeating the actions that led to them. States of a layer stand in the order of their parents, so
/// the way to the next one mostly shares all but its end with the way to the one before.
struct Walker<'a> {
    model: &'a Model,
    parents: &'a [Parent],
    /// The way to where it stands: numbers and states, the start first.
    way: Vec<(Id, State)>,
    effects: Effects,
    actions: Vec<Action>,
}

impl<'a> Walker<'a> {
    fn new(model: &'a Model, parents: &'a [Parent]) -> Walker<'a> {
        Walker {
            model,
            parents,
            way: vec![(0, model.start().clone())],
            effects: Effects::new(),
            actions: Vec::new(),
        }
    }

    fn here(&self) -> &State {
        let last = self.way.last();
        &last
            .expect("the way begins with the start, which never leaves it")
            .1
    }

    /// The numbers of the states on the way to a state, it being the last, and the start left out.
    fn way_to(&self, id: Id) -> Vec<Id> {
        let mut ids = Vec::new();
        let mut at = id;
        while at != 0 {
            ids.push(at);
            at = self.parents[at as usize].state;
        }
        ids.reverse();
        ids
    }

    fn go_to(&mut self, id: Id) {
        let ids = self.way_to(id);
        let shared = { self.way[1..].iter().zip(&ids) }
            .take_while(|((here, _), there)| here == *there)
            .count();
        self.way.truncate(1 + shared);
        for &id in &ids[shared..] {
            self.step(id);
        }
    }

    fn step(&mut self, id: Id) -> Action {
        let mut state = self.here().clone();
        self.actions.clear();
        self.model.actions(&state, &Ref::from, &mut self.actions);
        let action = self
            .actions
            .swap_remove(self.parents[id as usize].action as usize);
        let taken = self.model.apply(&mut state, &action, &mut self.effects);
        debug_assert!(taken, "what was admitted once is admitted again");
        self.way.push((id, state));
        action
    }

    fn actions_to(&mut self, id: Id) -> Vec<Action> {
        let ids = self.way_to(id);
        self.way.truncate(1);
        ids.into_iter().map(|id| self.step(id)).collect()
    }
}
