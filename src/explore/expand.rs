//! What one thread does of a search: it looks at states and finds what comes next.
//!
//! Where states have parts ([`super::parts`]), what comes next is put together from what is remembered of each part, and the
//! world itself is made again only to learn of a part that was not met before, to look at properties, and for what may
//! change more than one part.

use super::known::Known;
use super::memo::{Entry, Memo, Move};
use super::parts::{self, AROUND, FIRST, Parts, Seen, USED, whole};
use super::walker::{Descent, Id, Parents, Walker};
use super::{Model, Packer, State};
use crate::hash::{combine, mix};
use crate::machine::Effects;
use crate::world::{Who, World};

/// How many shards the hashes of states are in, by their highest bits.
pub(super) const SHARDS: usize = 64;

/// The shard of a hash.
pub(super) const fn shard(print: u64) -> usize {
    (print >> 58) as usize
}

/// What all threads read while a part of a layer is walked.
pub(super) struct Shared<'a> {
    pub known: &'a [Known],
    pub parents: &'a Parents,
    /// The records of the states of the layer, and the number of its first state.
    pub records: &'a Records,
    pub first: Id,
    /// What was learnt before.
    pub memo: &'a Memo,
    /// The state that violates a property, if that is known already; and that property.
    pub suspect: Option<(Id, usize)>,
    /// Whether what is known already is told too.
    pub tells_all: bool,
    /// Whether states are only looked at, and nothing is looked for beyond them.
    pub only_looks: bool,
    /// Whether what is found is listed by shard.
    pub by_shard: bool,
}

/// A state that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub print: u64,
    pub state: Id,
    pub action: u32,
    /// How its record differs from that of the state it was found from: in this part, which is now so; or it stands as a
    /// whole among the haul's.
    pub to: u64,
    pub part: u16,
    /// Whether the action is free of chance's malice: no fault, no failure.
    pub free: bool,
}

/// In place of a part: the record stands as a whole at the place that is said.
pub(super) const WHOLE: u16 = u16::MAX;

/// The records of the states of a layer, on pages, which are given back one by one.
#[derive(Debug, Default)]
pub(super) struct Records {
    stride: usize,
    pages: Vec<Vec<u64>>,
    len: usize,
}

impl Records {
    /// None, of states with so many numbers each.
    pub fn new(stride: usize) -> Records {
        Records {
            stride,
            ..Records::default()
        }
    }

    /// So many stand on a page.
    pub const PAGE: usize = 1 << 7;

    /// The record of the state at a place.
    pub fn of(&self, place: usize) -> &[u64] {
        match self.stride {
            0 => &[],
            stride => &self.pages[place / Self::PAGE][place % Self::PAGE * stride..][..stride],
        }
    }

    /// A record more, to be filled in; it is this one to begin with.
    pub fn push(&mut self, record: &[u64]) -> &mut [u64] {
        if self.len.is_multiple_of(Self::PAGE) {
            let room = if self.len == 0 {
                0
            } else {
                Self::PAGE * self.stride
            };
            self.pages.push(Vec::with_capacity(room));
        }
        self.len += 1;
        let Some(page) = self.pages.last_mut() else {
            return &mut [];
        };
        let begin = page.len();
        page.extend_from_slice(record);
        &mut page[begin..]
    }

    /// Gives back the pages that end before a place.
    pub fn forget(&mut self, before: usize) {
        for page in self.pages.iter_mut().take(before / Self::PAGE) {
            *page = Vec::new();
        }
    }

    /// The bytes they take.
    pub fn bytes(&self) -> usize {
        let room: usize = self.pages.iter().map(Vec::capacity).sum();
        room * size_of::<u64>()
    }
}

/// What one thread makes of a part of a layer.
#[derive(Debug, Default)]
pub(super) struct Haul {
    pub found: Vec<Found>,
    /// The records that stand as wholes.
    pub records: Vec<u64>,
    /// By shard, the places of what was found.
    pub shards: Vec<Vec<u32>>,
    pub violation: Option<(Id, usize, String)>,
    pub transitions: u64,
    pub seen: Seen,
    /// States that a way back may lead to.
    pub good: Vec<Id>,
}

impl Haul {
    /// The bytes it takes.
    pub fn bytes(&self) -> usize {
        let shards: usize = self.shards.iter().map(Vec::capacity).sum();
        self.found.capacity() * size_of::<Found>()
            + self.records.capacity() * size_of::<u64>()
            + shards * size_of::<u32>()
    }

    fn find(&mut self, shared: &Shared<'_>, found: Found) -> bool {
        self.transitions += 1;
        let shard = shard(found.print);
        if !shared.tells_all && shared.known[shard].contains(found.print) {
            return false;
        }
        if shared.by_shard {
            self.shards.resize_with(SHARDS, Vec::new);
            self.shards[shard].push(self.found.len() as u32);
        }
        self.found.push(found);
        true
    }
}

/// What a look at properties has found.
#[derive(Debug)]
pub(super) struct Looked {
    /// The first state that violates one, and which.
    pub suspect: Option<(Id, usize)>,
    /// By property that must hold sometimes, the first state in which it does; [`Id::MAX`]: none.
    pub some: Vec<Id>,
}

/// One thread's tools, kept from layer to layer.
#[derive(Debug)]
pub(super) struct Expander<'a> {
    model: &'a Model,
    parts: Option<&'a Parts>,
    packer: Packer,
    walker: Walker<'a>,
    /// What it has learnt since all learnt of it.
    pub news: Memo,
    next: State,
    effects: Effects,
    /// Where the parts of the state at hand are remembered.
    places: Vec<u32>,
    moves: Vec<Move>,
    record: Vec<u64>,
}

impl<'a> Expander<'a> {
    pub fn new(model: &'a Model, parts: Option<&'a Parts>) -> Expander<'a> {
        Expander {
            model,
            parts,
            packer: model.packer(),
            walker: Walker::new(model, parts),
            news: Memo::new(),
            next: model.start().clone(),
            effects: Effects::new(),
            places: Vec::new(),
            moves: Vec::new(),
            record: Vec::new(),
        }
    }

    /// The bytes that what it has learnt takes.
    pub fn bytes(&self) -> usize {
        self.news.bytes()
    }

    /// Walks `count` states from a number on.
    pub fn walk(&mut self, from: Id, count: usize, shared: &Shared<'_>) -> Haul {
        let mut haul = Haul::default();
        for id in from..from + count as Id {
            let record = shared.records.of((id - shared.first) as usize);
            let suspect = shared.suspect.filter(|suspect| suspect.0 == id);
            let goal = shared.tells_all && self.model.goal.is_some();
            if suspect.is_some() || goal || self.parts.is_none() {
                self.walker.go_to(id, shared.parents);
            }
            if let Some((_, place)) = suspect {
                let world = &self.walker.here().world;
                haul.seen |= seen(world);
                let what = self.model.always[place].1(world);
                haul.violation = Some((id, place, what.err().unwrap_or_default()));
                break;
            }
            match self.parts {
                Some(parts) => self.by_parts(parts, id, record, shared, &mut haul),
                None => self.by_world(id, shared, &mut haul),
            }
        }
        haul
    }

    /// Looks at the properties of the states of a descent.
    pub fn look(&mut self, mut descent: Descent, parents: &Parents, some: &[Id]) -> Looked {
        let mut looked = Looked {
            suspect: None,
            some: some.to_vec(),
        };
        while let Some(id) = descent.next(parents) {
            self.walker.go_to(id, parents);
            let world = &self.walker.here().world;
            for (place, (_, property)) in self.model.always.iter().enumerate() {
                // The first one that is violated in the first state in which one is.
                let is_first = looked.suspect.is_none_or(|first| (id, place) < first);
                if is_first && property(world).is_err() {
                    looked.suspect = Some((id, place));
                }
            }
            for (first, (_, property)) in looked.some.iter_mut().zip(&self.model.sometimes) {
                if id < *first && property(world).is_ok() {
                    *first = id;
                }
            }
        }
        looked
    }

    fn by_world(&mut self, id: Id, shared: &Shared<'_>, haul: &mut Haul) {
        let (state, actions) = self.walker.outlook();
        haul.seen |= seen(&state.world);
        let mut groups = state.world.groups.values();
        let rests = || groups.all(|group| parts::rests(group.life.status));
        if shared.tells_all && self.model.is_goal(&state.world, rests) {
            haul.good.push(id);
        }
        if shared.only_looks {
            return;
        }
        for (number, action) in actions.iter().enumerate() {
            let ends = (state, &mut self.next);
            if self.model.apply_to(ends, action, &mut self.effects) {
                let found = Found {
                    print: self.model.print(&mut self.packer, &self.next),
                    state: id,
                    action: number as u32,
                    to: 0,
                    part: WHOLE,
                    free: is_free(state, &self.next),
                };
                haul.find(shared, found);
            }
        }
    }

    fn by_parts(
        &mut self,
        parts: &Parts,
        id: Id,
        record: &[u64],
        shared: &Shared<'_>,
        haul: &mut Haul,
    ) {
        let (around, used) = (record[AROUND], record[USED]);
        let [fails, breaks] = parts::may(self.model.menu(), used);
        let here = combine(around, u64::from(fails) << 1 | u64::from(breaks));
        self.places.clear();
        let (mut sum, mut rests, mut wide) = (0_u64, true, false);
        for (part, &exact) in record[FIRST..].iter().enumerate() {
            let key = combine(here.wrapping_add(part as u64), exact);
            let place = match shared.memo.find(key).or_else(|| self.learnt(key)) {
                Some(place) => place,
                None => self.learn(parts, part, id, record, key, shared),
            };
            let (_, entry) = self.entry(place, shared);
            sum = sum.wrapping_add(entry.share);
            haul.seen |= entry.seen;
            rests &= entry.rests;
            wide |= entry.is_wide;
            self.places.push(place);
        }
        if shared.tells_all && self.model.is_goal(&self.walker.here().world, || rests) {
            haul.good.push(id);
        }
        if shared.only_looks {
            return;
        }
        for (part, &place) in self.places.iter().enumerate() {
            let (memo, entry) = self.entry(place, shared);
            for step in memo.moves(entry) {
                let Some((to, share)) = step.to else { continue };
                let used = used + u64::from(step.fails);
                let sum = sum.wrapping_sub(entry.share).wrapping_add(share);
                let found = Found {
                    print: whole(around, used, sum),
                    state: id,
                    action: step.code,
                    to,
                    part: part as u16,
                    free: !step.fails,
                };
                haul.find(shared, found);
            }
        }
        if wide {
            self.walker.go_to(id, shared.parents);
            self.widely(parts, id, shared, haul);
        }
    }

    /// Finds what comes of actions that change more than one part.
    fn widely(&mut self, parts: &Parts, id: Id, shared: &Shared<'_>, haul: &mut Haul) {
        let (state, actions) = self.walker.outlook();
        for action in actions {
            let code = parts::code(self.model.menu(), &state.world, action);
            if let Some(part) = parts.owner(&state.world, action) {
                let (memo, entry) = entry(shared.memo, &self.news, self.places[part]);
                let mut moves = memo.moves(entry).iter();
                if !moves.any(|it| it.code == code && it.to.is_none()) {
                    continue;
                }
            }
            let ends = (state, &mut self.next);
            if self.model.apply_to(ends, action, &mut self.effects) {
                let found = Found {
                    print: self.model.print(&mut self.packer, &self.next),
                    state: id,
                    action: code,
                    to: haul.records.len() as u64,
                    part: WHOLE,
                    free: is_free(state, &self.next),
                };
                if haul.find(shared, found) {
                    parts.record(&mut self.packer, &self.next, &mut haul.records);
                }
            }
        }
    }

    /// Asks the machine what may come of a part, and remembers it.
    fn learn(
        &mut self,
        parts: &Parts,
        part: usize,
        id: Id,
        record: &[u64],
        key: u64,
        shared: &Shared<'_>,
    ) -> u32 {
        self.walker.go_to(id, shared.parents);
        let (state, actions) = self.walker.outlook();
        let group = parts.group(part);
        let mut wide = false;
        self.moves.clear();
        for action in actions {
            match parts.owner(&state.world, action) {
                None => wide = true,
                Some(owner) if owner == part => {
                    let ends = (state, &mut self.next);
                    if !self.model.apply_to(ends, action, &mut self.effects) {
                        continue;
                    }
                    self.record.clear();
                    parts.record(&mut self.packer, &self.next, &mut self.record);
                    let to = self.record[FIRST + part];
                    self.record[FIRST + part] = record[FIRST + part];
                    self.record[USED] = record[USED];
                    let stays = self.record == record;
                    let share = mix(self.packer.part(&self.next.world, group, false));
                    self.moves.push(Move {
                        code: parts::code(self.model.menu(), &state.world, action),
                        fails: !is_free(state, &self.next),
                        to: stays.then_some((to, share)),
                    });
                }
                Some(_) => {}
            }
        }
        let share = mix(self.packer.part(&state.world, group, false));
        let look = parts.look(&state.world, part);
        NEWS | self.news.learn(key, share, look, wide, &mut self.moves)
    }

    /// Where it has learnt of a part.
    fn learnt(&self, key: u64) -> Option<u32> {
        self.news.find(key).map(|place| NEWS | place)
    }

    fn entry<'s>(&'s self, place: u32, shared: &Shared<'s>) -> (&'s Memo, &'s Entry) {
        entry(shared.memo, &self.news, place)
    }
}

/// Tells the places of what a thread has learnt from those of what all know.
const NEWS: u32 = 1 << 31;

/// What is remembered at a place, and who does.
fn entry<'s>(memo: &'s Memo, news: &'s Memo, place: u32) -> (&'s Memo, &'s Entry) {
    let of = if place & NEWS == 0 { memo } else { news };
    (of, of.entry(place & !NEWS))
}

/// Whether a step used up nothing of the menu's bounds.
const fn is_free(before: &State, after: &State) -> bool {
    after.faults == before.faults && after.failures == before.failures
}

/// The statuses that a world shows.
fn seen(world: &World) -> Seen {
    let groups = world.groups.keys().map(Who::Group);
    let instances = world.instances.keys().map(Who::Instance);
    let pairs = world.pairs.keys().map(Who::Pair);
    let drills = world.drills.keys().map(Who::Drill);
    let all = groups.chain(instances).chain(pairs).chain(drills);
    all.fold(0, |seen, who| seen | parts::shown(world, who))
}
