//! Breadth first, layer by layer. Threads share a layer; what they find is put together in the order of states and
//! actions, so that a search gives the same with any number of them.
//!
//! A layer is walked in stretches, so that what is found and not yet put together stays small; what was learnt of parts
//! is put together with it. Properties are looked at after some layers, of each state before its children, which makes most
//! worlds again by few steps; if one is violated, a second search ends where a look at every state at once would have ended. Threads put it together too:
//! the hashes of states are in shards, and each thread has some of them to itself.

use super::expand::{Expander, Found as Next, Haul, Looked, Records, SHARDS, Shared, WHOLE, shard};
use super::known::Known;
use super::memo::Memo;
use super::parts::{FIRST, Parts, Seen, USED, bit};
use super::report::{Bound, DeadEnds, Found, Path, Violation};
use super::walker::{Descent, Id, Parent, Parents, Walker};
use super::{Bounds, Model};
use crate::sdrs::status::{Kind, Status};
use std::collections::BTreeMap;
use std::ops::Range;
use std::thread;

/// How many states are walked before what was found is put together: few of a layer, and at least so many that threads
/// have something to do. It depends on the layer alone, as what a bound cuts off depends on it.
const fn stretch(layer: usize) -> usize {
    let few = layer / 16;
    if few < 3 << 7 {
        3 << 7
    } else if few > 1 << 14 {
        1 << 14
    } else {
        few
    }
}

/// So few are not shared among threads.
pub(super) const FEW: usize = 128;

/// Searches.
#[must_use]
pub fn search(model: &Model, bounds: &Bounds) -> Found {
    search_watched(model, bounds, &mut |_, _| ())
}

/// The same; `tick` hears the number of states and the depth after each layer.
pub fn search_watched(model: &Model, bounds: &Bounds, tick: &mut dyn FnMut(usize, u32)) -> Found {
    search_by(model, bounds, Parts::of(model).as_ref(), tick)
}

/// The same, with states that have these parts, or none.
pub(super) fn search_by(
    model: &Model,
    bounds: &Bounds,
    parts: Option<&Parts>,
    tick: &mut dyn FnMut(usize, u32),
) -> Found {
    let known = match bounds.dead_ends {
        true => Known::numbered(),
        false => Known::default(),
    };
    let threads = bounds.threads.clamp(1, SHARDS);
    let expanders = || { 0..threads }.map(|_| Expander::new(model, parts));
    let new = |suspect, some| Search {
        model,
        bounds,
        parts,
        known: vec![known.clone(); SHARDS],
        parents: Parents::default(),
        layer: Records::default(),
        next: Records::new(parts.map_or(0, |parts| FIRST + parts.len())),
        memo: Memo::new(),
        edges: Vec::new(),
        good: Vec::new(),
        suspect,
        some,
        layers: Vec::new(),
        looked_at: 0,
        seen: 0,
        widest: 0,
        cut: None,
        transitions: 0,
        violation: None,
    };
    let some = vec![Id::MAX; model.sometimes.len()];
    let (suspect, some) = match new(None, some).run(&mut expanders().collect::<Vec<_>>(), tick) {
        Ok(found) => return found,
        Err(suspect) => suspect,
    };
    // States were found beyond the one that violates something: again, up to that one.
    let again = new(Some(suspect), some).run(&mut expanders().collect::<Vec<_>>(), tick);
    again.unwrap_or_else(|_| unreachable!("nobody looks at properties a second time"))
}

/// The first state that violates a property, which property, and by property that must hold sometimes the first state in
/// which it does.
type Suspect = ((Id, usize), Vec<Id>);

struct Search<'a> {
    model: &'a Model,
    bounds: &'a Bounds,
    parts: Option<&'a Parts>,
    /// Hashes of the states that were found, in shards. Only looked up, never listed.
    known: Vec<Known>,
    parents: Parents,
    /// The records of the states of this layer and of the next one, if states have parts.
    layer: Records,
    next: Records,
    /// What was learnt of parts.
    memo: Memo,
    /// Transitions without faults and failures, from and to.
    edges: Vec<(Id, Id)>,
    good: Vec<Id>,
    /// The state that violates a property, if it is known, and which property.
    suspect: Option<(Id, usize)>,
    /// By property that must hold sometimes, the first state in which it does; [`Id::MAX`]: none so far.
    some: Vec<Id>,
    /// The layers so far.
    layers: Vec<Range<usize>>,
    /// How many layers were looked at for properties.
    looked_at: usize,
    seen: Seen,
    widest: usize,
    /// The bound that kept something out. Then what is in is looked at, and nothing more is looked for.
    cut: Option<Bound>,
    transitions: u64,
    violation: Option<Violation>,
}

impl Search<'_> {
    fn run(
        mut self,
        threads: &mut [Expander<'_>],
        tick: &mut dyn FnMut(usize, u32),
    ) -> Result<Found, Suspect> {
        self.begin();
        let (mut from, mut depth) = (0, 0);
        while from < self.parents.len() && self.violation.is_none() {
            let layer = from..self.parents.len();
            from = layer.end;
            self.layers.push(layer.clone());
            self.widest = self.widest.max(layer.len());
            let empty = Records::new(self.stride());
            self.layer = std::mem::replace(&mut self.next, empty);
            let length = stretch(layer.len());
            for begin in layer.clone().step_by(length) {
                let stretch = begin..layer.end.min(begin + length);
                let hauls = self.expand(threads, (stretch, layer.start));
                for thread in threads.iter_mut() {
                    self.memo.absorb(&mut thread.news);
                }
                let bound = match depth >= self.bounds.depth {
                    true => Bound::Depth,
                    false if self.is_heavy(&hauls, threads) => Bound::Bytes,
                    false => Bound::States,
                };
                self.take_in(hauls, bound, layer.start);
                self.layer.forget(begin + length - layer.start);
                if self.violation.is_some() {
                    break;
                }
            }
            let is_last = from == self.parents.len();
            let looked_at = self.layers[self.looked_at].start;
            // Each look walks again to where it begins, so there are few of them: after half as many states again.
            if self.suspect.is_none() && (is_last || from - looked_at > looked_at / 2) {
                self.look(threads);
                if let Some(suspect) = self.suspect {
                    return Err((suspect, self.some));
                }
            }
            tick(self.parents.len(), depth);
            depth += u32::from(!is_last);
        }
        Ok(self.conclude(depth))
    }

    /// Looks at the properties of all states that are in layers and were not looked at.
    fn look(&mut self, threads: &mut [Expander<'_>]) {
        let layers = &self.layers[self.looked_at..];
        self.looked_at = self.layers.len();
        let model = self.model;
        let Some(first) = layers.first() else { return };
        if model.always.is_empty() && !self.some.contains(&Id::MAX) {
            return;
        }
        let share = first.len().div_ceil(threads.len());
        let (parents, some) = (&self.parents, &self.some[..]);
        let look = |thread: &mut Expander<'_>, begin: usize| {
            let from = begin..first.end.min(begin + share);
            thread.look(Descent::new(from, layers, parents), parents, some)
        };
        let look = &look;
        let all: Vec<Looked> = thread::scope(|scope| {
            let mut begins = first.clone().step_by(share).zip(threads);
            let mine = begins.next();
            let others: Vec<_> = begins
                .map(|(begin, thread)| scope.spawn(move || look(thread, begin)))
                .collect();
            let mut all: Vec<_> = { mine.into_iter() }
                .map(|(begin, thread)| look(thread, begin))
                .collect();
            all.extend(others.into_iter().map(joined));
            all
        });
        for looked in all {
            let both = self.suspect.into_iter().chain(looked.suspect);
            self.suspect = both.min();
            for (first, other) in self.some.iter_mut().zip(looked.some) {
                *first = (*first).min(other);
            }
        }
    }

    /// How many states may still be taken in.
    fn room(&self) -> usize {
        let most = self.bounds.states.min(Id::MAX as usize);
        most.saturating_sub(self.parents.len())
    }

    /// Whether what is kept would be too much together with what was found.
    fn is_heavy(&self, hauls: &[Haul], threads: &[Expander<'_>]) -> bool {
        let found: usize = hauls.iter().map(|haul| haul.found.len()).sum();
        let more = found / SHARDS + 1;
        let hauled: usize = hauls.iter().map(Haul::bytes).sum();
        let remembered: usize = threads.iter().map(Expander::bytes).sum();
        let grown =
            { self.known.iter() }.map(|known| known.bytes_with(more).saturating_sub(known.bytes()));
        self.bytes() + self.memo.bytes() + hauled + remembered + grown.sum::<usize>()
            >= self.bounds.bytes
    }

    /// Puts in the start.
    fn begin(&mut self) {
        let mut packer = self.model.packer();
        let start = self.model.start();
        let print = self.model.print(&mut packer, start);
        if let Some(parts) = self.parts {
            let mut record = Vec::new();
            parts.record(&mut packer, start, &mut record);
            self.next.push(&record);
        }
        let root = Next {
            print,
            state: 0,
            action: u32::MAX,
            to: 0,
            part: WHOLE,
            free: false,
        };
        self.known[shard(print)].insert(print);
        self.enter(&root);
    }

    /// Numbers a new state.
    fn enter(&mut self, found: &Next) {
        let id = self.parents.len() as Id;
        self.parents.push(Parent {
            state: found.state,
            action: found.action,
        });
        if self.bounds.dead_ends {
            self.known[shard(found.print)].set(found.print, id);
        }
    }

    fn bytes(&self) -> usize {
        let known: usize = self.known.iter().map(Known::bytes).sum();
        known
            + self.parents.bytes()
            + self.layer.bytes()
            + self.next.bytes()
            + self.edges.capacity() * size_of::<(Id, Id)>()
    }

    fn stride(&self) -> usize {
        self.parts.map_or(0, |parts| FIRST + parts.len())
    }

    /// Looks at a stretch of a layer and finds what comes next, in parts of the stretch in order.
    fn expand(
        &self,
        threads: &mut [Expander<'_>],
        (stretch, first): (std::ops::Range<usize>, usize),
    ) -> Vec<Haul> {
        let share = stretch.len().div_ceil(threads.len()).max(FEW);
        let shared = Shared {
            known: &self.known,
            parents: &self.parents,
            records: &self.layer,
            first: first as Id,
            memo: &self.memo,
            suspect: self.suspect,
            tells_all: self.bounds.dead_ends,
            only_looks: self.cut.is_some(),
            by_shard: stretch.len() > share,
        };
        let walk = |thread: &mut Expander<'_>, begin: usize| {
            let count = share.min(stretch.end - begin);
            thread.walk(begin as Id, count, &shared)
        };
        let mut begins = stretch.clone().step_by(share).zip(threads);
        let Some((mine, me)) = begins.next() else {
            return Vec::new();
        };
        thread::scope(|scope| {
            let others: Vec<_> = begins
                .map(|(begin, thread)| scope.spawn(move || walk(thread, begin)))
                .collect();
            let mut hauls = vec![walk(me, mine)];
            hauls.extend(others.into_iter().map(joined));
            hauls
        })
    }

    /// Puts together what was found, up to the first violation; the bound is the one that leaves the least room, and so many
    /// states were before the layer.
    fn take_in(&mut self, mut hauls: Vec<Haul>, bound: Bound, first: usize) {
        let mut room = match bound {
            Bound::States => self.room(),
            Bound::Depth | Bound::Bytes => 0,
        };
        let violated = hauls.iter().position(|haul| haul.violation.is_some());
        hauls.truncate(violated.map_or(hauls.len(), |last| last + 1));
        let new = self.news(&hauls);
        let stride = self.stride();
        for (haul, new) in hauls.into_iter().zip(new) {
            self.seen |= haul.seen;
            self.good.extend(haul.good);
            self.transitions += haul.transitions;
            if let Some((id, place, what)) = haul.violation {
                self.violation = Some(Violation {
                    property: self.model.always[place].0.clone(),
                    what,
                    path: self.path(id),
                });
            }
            for (place, found) in haul.found.iter().enumerate() {
                if new[place] && room == 0 {
                    self.cut.get_or_insert(bound);
                } else if new[place] {
                    room -= 1;
                    self.enter(found);
                    match found.part {
                        WHOLE => {
                            let record = haul.records.get(found.to as usize..);
                            self.next.push(&record.unwrap_or_default()[..stride]);
                        }
                        part => {
                            let from = self.layer.of(found.state as usize - first);
                            let record = self.next.push(from);
                            record[USED] += u64::from(!found.free);
                            record[FIRST + usize::from(part)] = found.to;
                        }
                    }
                }
                if self.bounds.dead_ends && found.free && self.cut.is_none() {
                    let to = self.known[shard(found.print)].get(found.print);
                    self.edges.extend(to.map(|to| (found.state, to)));
                }
            }
        }
    }

    /// Puts the hashes of what was found in; answers of each whether it is new, and the first with its hash.
    fn news(&mut self, hauls: &[Haul]) -> Vec<Vec<bool>> {
        let mut new: Vec<Vec<bool>> = Vec::with_capacity(hauls.len());
        if let [haul] = hauls
            && haul.shards.is_empty()
        {
            let insert = |it: &Next| self.known[shard(it.print)].insert(it.print);
            new.push(haul.found.iter().map(insert).collect());
            return new;
        }
        new.extend(hauls.iter().map(|haul| vec![false; haul.found.len()]));
        let share = SHARDS.div_ceil(hauls.len());
        let insert = |known: &mut [Known], first: usize| {
            let mut new = Vec::new();
            for (n, known) in known.iter_mut().enumerate() {
                for (h, haul) in hauls.iter().enumerate() {
                    let places = haul.shards.get(first + n).map_or(&[][..], Vec::as_slice);
                    for &place in places {
                        if known.insert(haul.found[place as usize].print) {
                            new.push((h, place));
                        }
                    }
                }
            }
            new
        };
        let insert = &insert;
        let all = thread::scope(|scope| {
            let mut shares = self.known.chunks_mut(share).enumerate();
            let mine = shares.next();
            let others: Vec<_> = shares
                .map(|(n, known)| scope.spawn(move || insert(known, n * share)))
                .collect();
            let mut all: Vec<_> = mine
                .into_iter()
                .map(|(n, known)| insert(known, n * share))
                .collect();
            all.extend(others.into_iter().map(joined));
            all
        });
        for (haul, place) in all.into_iter().flatten() {
            new[haul][place as usize] = true;
        }
        new
    }

    fn path(&self, id: Id) -> Path {
        let mut walker = Walker::new(self.model, self.parts);
        let (actions, numbers) = walker.path(id, &self.parents);
        Path { actions, numbers }
    }

    fn conclude(self, depth: u32) -> Found {
        let complete = self.violation.is_none() && self.cut.is_none();
        let missed = |(place, (name, _)): (usize, &(String, Box<super::Property>))| {
            // What is violated comes before what must hold sometimes.
            let before = self.suspect.map_or(Id::MAX, |suspect| suspect.0);
            (self.some[place] >= before).then(|| name.clone())
        };
        let never = { self.model.sometimes.iter().enumerate() }
            .filter_map(missed)
            .collect();
        let dead_ends = (self.bounds.dead_ends && complete).then(|| self.dead_ends());
        let all = { Kind::ALL.iter() }
            .flat_map(|&kind| Status::ALL.iter().map(move |&status| (kind, status)));
        Found {
            states: self.parents.len(),
            transitions: self.transitions,
            depth,
            widest: self.widest,
            complete,
            bound: self.cut,
            never,
            seen: all.filter(|it| self.seen & bit(it.0, it.1) > 0).collect(),
            dead_ends,
            bytes: self.bytes(),
            violation: self.violation,
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
        let mut walker = Walker::new(self.model, self.parts);
        for &id in &lost {
            walker.go_to(id, &self.parents);
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

/// What a thread has made; its panic is passed on.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
