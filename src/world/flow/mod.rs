//! Copies that share links: how fast each goes, when it ends, and what the links carried.
//!
//! A *route* uses some links; its *foreground*, the synchronous writes, comes before all copies; what is left is shared by the
//! copies max-min fairly, each copy within its limit. Copies of one route and one limit form a class, and all copies of a class
//! have the same rate, so the state is one account per class and not per copy: starting or ending a copy costs O(log n)
//! in its class, plus the classes that share links with it, directly or through others.
//!
//! Amounts are whole numbers (rates in 2^-20 byte per second, amounts in what such a rate moves in a microsecond) and linear
//! in time between changes. Reading never changes anything, so a run may be observed at any number of instants and
//! goes the same way.
//!
//! Changes only mark what they touch. [`Flows::settle`] then works out the rates once, however many
//! changes there were, and says when the classes end next; it must be called before time goes on. What is not here: what a
//! route or a copy stands for, why a path is lost, and the queue of events.

mod audit;
mod class;
mod share;
#[cfg(test)]
mod tests;

pub(super) use audit::Fault;
pub use share::{Fraction, Passed, Speed};

use super::{FlowKey, LinkKey, PairKey, RouteKey};
use crate::time::SimTime;
use crate::units::{Bytes, Rate};
use crate::world::refill::clone_by_field;
use class::{BYTE, Class, Told, moved, whole_bytes};
use serde::{Deserialize, Serialize};
use share::{Claim, Demand, Passing};
use slotmap::{SecondaryMap, SlotMap};
use std::collections::BTreeSet;

/// Where a copy that has been started is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its class.
    pub flow: FlowKey,
    /// The service of the class at which it ends.
    pub tag: u128,
}

/// When a class's next copy ends: news for whoever keeps the events, replacing all earlier news of this class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aim {
    /// The class.
    pub flow: FlowKey,
    /// To be handed back to [`Flows::due`]; it makes events of earlier aims stale.
    pub turn: u32,
    /// The end, or none while nothing moves (or the end lies beyond the last instant there is).
    pub at: Option<SimTime>,
    /// Whether there is a path that leaves nothing for the class.
    pub stalled: bool,
}

/// What a link has carried, in whole bytes rounded down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// For copies: exactly what they received, with the started byte of a copy that was stopped.
    pub copies: Bytes,
    /// For the foreground: what passed of it.
    pub foreground: Bytes,
}

/// All routes, links and copies under way.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Flows {
    links: SecondaryMap<LinkKey, Link>,
    routes: SecondaryMap<RouteKey, Route>,
    classes: SlotMap<FlowKey, Class>,
    marked_links: BTreeSet<LinkKey>,
    marked_routes: BTreeSet<RouteKey>,
}

clone_by_field!(Flows { classes } trees { marked_links, marked_routes } maps { links, routes });

#[derive(Debug, Default, Serialize, Deserialize)]
struct Link {
    capacity: Speed,
    routes: BTreeSet<RouteKey>,
    /// The foreground that passes since `since`.
    foreground: Speed,
    since: SimTime,
    /// What it carried of the foreground until `since`.
    foreground_carried: u128,
    /// What it carried of copies, without what classes have not booked.
    copies_carried: u128,
}

clone_by_field!(Link { capacity, foreground, since, foreground_carried, copies_carried } trees { routes } maps {  });

#[derive(Debug, Serialize, Deserialize)]
struct Route {
    /// Each link once; `None` while the path is lost.
    path: Option<Vec<LinkKey>>,
    foreground: Rate,
    factor: Fraction,
    /// The fraction of its foreground that has passed since `since`: none while the path is lost.
    passing: Fraction,
    since: SimTime,
    /// What had passed until `since` of a foreground of one a microsecond, in units of a fraction.
    passed: u128,
    /// Its classes by limit.
    classes: Vec<(Option<Rate>, FlowKey)>,
}

clone_by_field!(Route { path, foreground, factor, passing, since, passed, classes } trees {  } maps {  });

impl Default for Route {
    fn default() -> Self {
        Self {
            path: None,
            foreground: Rate::ZERO,
            factor: Fraction::ONE,
            passing: Fraction::ZERO,
            since: SimTime::ZERO,
            passed: 0,
            classes: Vec::new(),
        }
    }
}

impl Route {
    /// Whether it uses its links at all.
    fn is_loaded(&self) -> bool {
        self.foreground != Rate::ZERO || !self.classes.is_empty()
    }

    fn links(&self) -> &[LinkKey] {
        self.path.as_deref().unwrap_or_default()
    }

    fn passed(&self, now: SimTime) -> u128 {
        let micros = now.saturating_since(self.since).as_micros();
        self.passed
            .saturating_add(self.passing.of_many(u128::from(micros)))
    }

    /// From this instant on such a fraction of its foreground passes.
    fn pass(&mut self, now: SimTime, factor: Fraction) {
        self.factor = factor;
        let passing = match self.path {
            Some(_) => factor,
            None => Fraction::ZERO,
        };
        if passing != self.passing {
            (self.passed, self.since) = (self.passed(now), now);
            self.passing = passing;
        }
    }
}

/// What the routes and links of a part get, in its order, and the speed of each copy by class.
struct Division {
    factors: Vec<Fraction>,
    used: Vec<u64>,
    speeds: Vec<(FlowKey, u64)>,
}

/// Links that loaded routes join, and those routes; both in the order of their keys.
struct Part {
    links: Vec<LinkKey>,
    routes: Vec<RouteKey>,
}

/// Changes. Each happens at the instant of the [`Flows::settle`] that follows it, which is never earlier than the one before;
/// those that need the instant themselves take it.
impl Flows {
    /// A new link, or a new capacity of one. A link that a route names before it has a capacity has none.
    pub fn set_link(&mut self, link: LinkKey, capacity: Rate) {
        let entry = self.link_mut(link);
        let capacity = Speed::of(capacity);
        if entry.capacity != capacity {
            entry.capacity = capacity;
            self.marked_links.insert(link);
        }
    }

    /// The path of a route, new or changed; no links at all is an ideal path. `None` is a lost path: its copies stand
    /// still and its foreground counts nowhere. A route that was never given a path has lost it.
    pub fn set_route(&mut self, now: SimTime, route: RouteKey, links: Option<&[LinkKey]>) {
        let path = links.map(|links| {
            let mut path = links.to_vec();
            path.sort_unstable();
            path.dedup();
            path
        });
        if self.route_mut(route).path == path {
            return;
        }
        self.mark(route);
        for at in 0..self.routes[route].classes.len() {
            let (_, class) = self.routes[route].classes[at];
            self.classes[class].advance(now);
            self.book(class);
        }
        for &link in self.routes[route].links() {
            self.links[link].routes.remove(&route);
        }
        for &link in path.iter().flatten() {
            self.link_mut(link).routes.insert(route);
        }
        self.routes[route].path = path;
        self.mark(route);
    }

    /// How much the synchronous writes of a route ask for, in all.
    pub fn set_foreground(&mut self, route: RouteKey, rate: Rate) {
        let entry = self.route_mut(route);
        if entry.foreground != rate {
            entry.foreground = rate;
            self.mark(route);
        }
    }

    /// Starts a copy of `size` bytes that takes at most `limit`. Copies of one instant end by `serial`.
    ///
    /// A copy of no bytes ends at this instant, as any copy does that has an ideal path and no limit.
    pub fn start(
        &mut self,
        now: SimTime,
        route: RouteKey,
        limit: Option<Rate>,
        size: Bytes,
        serial: u32,
        pair: PairKey,
    ) -> Ticket {
        let classes = &self.route_mut(route).classes;
        let flow = match classes.binary_search_by_key(&limit, |class| class.0) {
            Ok(at) => classes[at].1,
            Err(at) => {
                let flow = self.classes.insert(Class::new(now, route, limit));
                self.routes[route].classes.insert(at, (limit, flow));
                flow
            }
        };
        let class = &mut self.classes[flow];
        class.advance(now);
        let tag = class.service.saturating_add(u128::from(size.0) * BYTE);
        class.waiting.insert((tag, serial, pair));
        self.mark(route);
        Ticket { flow, tag }
    }

    /// Takes a copy out and answers what it lacks, rounded up to whole bytes; nothing if it has ended.
    pub fn stop(&mut self, now: SimTime, ticket: Ticket, serial: u32, pair: PairKey) -> Bytes {
        let Some(class) = self.classes.get_mut(ticket.flow) else {
            return Bytes::ZERO;
        };
        class.advance(now);
        if !class.waiting.remove(&(ticket.tag, serial, pair)) {
            return Bytes::ZERO;
        }
        let (left, route) = (class.left(now, ticket.tag), class.route);
        self.mark(route);
        left
    }

    /// The instant of an aim has come: takes out all copies of the class that have all they need, by the order in which
    /// they got it and then by serial, and adds their pairs to `finished`. A stale `turn` does nothing.
    pub fn due(&mut self, now: SimTime, flow: FlowKey, turn: u32, finished: &mut Vec<PairKey>) {
        let Some(class) = self.classes.get_mut(flow).filter(|c| c.turn == turn) else {
            return;
        };
        class.advance(now);
        class.turn = class.turn.wrapping_add(1);
        class.told = None;
        while class
            .waiting
            .first()
            .is_some_and(|copy| copy.0 <= class.service)
        {
            finished.extend(class.waiting.pop_first().map(|copy| copy.2));
        }
        let route = class.route;
        self.mark(route);
    }

    /// Whether nothing has changed since the rates were worked out, so that [`Flows::settle`] has nothing to do.
    #[inline]
    pub fn is_settled(&self) -> bool {
        self.marked_routes.is_empty() && self.marked_links.is_empty()
    }

    /// Works out the rates of all that the changes touched, and adds to `out` the aims that are news, at most one per
    /// class. A class without copies goes, and its key is never used again.
    pub fn settle(&mut self, now: SimTime, out: &mut Vec<Aim>) {
        for route in std::mem::take(&mut self.marked_routes) {
            self.settle_alone(now, route, out);
        }
        let mut seen = BTreeSet::new();
        for link in std::mem::take(&mut self.marked_links) {
            if !seen.contains(&link) {
                let part = self.part(link);
                seen.extend(part.links.iter().copied());
                self.settle_part(now, &part, out);
            }
        }
    }
}

/// Questions. Between a change and [`Flows::settle`] they answer with the rates from before.
impl Flows {
    /// What a copy still lacks, rounded up to whole bytes; nothing once it has ended.
    pub fn left(&self, now: SimTime, ticket: Ticket) -> Bytes {
        let class = self.classes.get(ticket.flow);
        class.map_or(Bytes::ZERO, |class| class.left(now, ticket.tag))
    }

    /// The rate of each copy of a class, rounded down to whole bytes per second: the largest there is for an ideal path without
    /// limit, zero for a class that is gone.
    pub fn rate(&self, flow: FlowKey) -> Rate {
        match self.classes.get(flow).map(|class| class.speed) {
            Some(Some(speed)) => speed.rate(),
            Some(None) => Rate(u64::MAX),
            None => Rate::ZERO,
        }
    }

    /// Whether a class has a path that leaves nothing for it, so that it never ends as things are.
    pub fn is_stalled(&self, flow: FlowKey) -> bool {
        let class = self.classes.get(flow);
        class.is_some_and(|class| self.news(class).stalled)
    }

    /// The route of a class.
    pub fn route_of(&self, flow: FlowKey) -> Option<RouteKey> {
        self.classes.get(flow).map(|class| class.route)
    }

    /// The pairs whose copies are in a class, in the order in which they will end.
    pub fn pairs(&self, flow: FlowKey) -> impl Iterator<Item = PairKey> {
        let class = self.classes.get(flow).into_iter();
        class.flat_map(|class| class.waiting.iter().map(|copy| copy.2))
    }

    /// The fraction of a route's foreground that passes: none of it while the path is lost, all of it where there is none.
    pub fn write_factor(&self, route: RouteKey) -> Fraction {
        match self.routes.get(route) {
            Some(route) if route.path.is_some() => match route.foreground {
                Rate::ZERO => Fraction::ONE,
                _ => route.factor,
            },
            _ => Fraction::ZERO,
        }
    }

    /// What has passed of a route's foreground up to an instant, for [`Passed::since`].
    pub fn passed(&self, now: SimTime, route: RouteKey) -> Passed {
        let route = self.routes.get(route);
        Passed(route.map_or(0, |route| route.passed(now)))
    }

    /// What a link has carried so far.
    pub fn carried(&self, now: SimTime, link: LinkKey) -> Carried {
        let Some(entry) = self.links.get(link) else {
            return Carried::default();
        };
        Carried {
            copies: whole_bytes(self.copies_carried(now, entry)),
            foreground: whole_bytes(
                entry.foreground_carried + moved(entry.foreground, entry.since, now),
            ),
        }
    }

    /// What a link has carried of copies, exactly.
    fn copies_carried(&self, now: SimTime, link: &Link) -> u128 {
        let routes = link.routes.iter().map(|&route| &self.routes[route]);
        let classes = routes.flat_map(|route| route.classes.iter());
        classes.fold(link.copies_carried, |sum, &(_, class)| {
            let class = &self.classes[class];
            sum.saturating_add(class.unbooked_at(class.service_at(now)))
        })
    }

    /// What there is to tell of a class whose account is up to date.
    fn news(&self, class: &Class) -> Told {
        let at = class.end();
        let has_path = self.routes[class.route].path.is_some();
        let stands = class.speed == Some(Speed::ZERO) && !class.waiting.is_empty();
        Told {
            at,
            stalled: has_path && stands && at.is_none(),
        }
    }
}

/// The working out of rates.
impl Flows {
    fn link_mut(&mut self, link: LinkKey) -> &mut Link {
        let entry = self.links.entry(link);
        entry.expect("links are never removed").or_default()
    }

    fn route_mut(&mut self, route: RouteKey) -> &mut Route {
        let entry = self.routes.entry(route);
        entry.expect("routes are never removed").or_default()
    }

    /// Notes that a route has changed.
    fn mark(&mut self, route: RouteKey) {
        let links = self.routes[route].links();
        if links.is_empty() {
            self.marked_routes.insert(route);
        } else {
            self.marked_links.extend(links);
        }
    }

    /// Books on the links of its route what a class's copies have received.
    fn book(&mut self, flow: FlowKey) {
        let class = &mut self.classes[flow];
        let amount = std::mem::take(&mut class.unbooked);
        for &link in self.routes[class.route].links() {
            let carried = &mut self.links[link].copies_carried;
            *carried = carried.saturating_add(amount);
        }
    }

    /// Drops the classes of a route that have no copies.
    fn sweep(&mut self, route: RouteKey) {
        let mut at = 0;
        while let Some(&(_, flow)) = self.routes[route].classes.get(at) {
            if self.classes[flow].waiting.is_empty() {
                self.book(flow);
                self.classes.remove(flow);
                self.routes[route].classes.remove(at);
            } else {
                at += 1;
            }
        }
    }

    /// All that hangs together with a link.
    fn part(&self, link: LinkKey) -> Part {
        let mut links = BTreeSet::from([link]);
        let mut routes = BTreeSet::new();
        let mut open = vec![link];
        while let Some(link) = open.pop() {
            for &route in &self.links[link].routes {
                // An idle route joins nothing.
                if self.routes[route].is_loaded() && routes.insert(route) {
                    let path = self.routes[route].links();
                    open.extend(path.iter().filter(|&&link| links.insert(link)));
                }
            }
        }
        Part {
            links: links.into_iter().collect(),
            routes: routes.into_iter().collect(),
        }
    }

    /// A route that uses no link: without a path nothing moves; an ideal one has room for every limit.
    fn settle_alone(&mut self, now: SimTime, route: RouteKey, out: &mut Vec<Aim>) {
        if !self.routes[route].links().is_empty() {
            return; // It has got links since, and they are marked.
        }
        self.sweep(route);
        self.routes[route].pass(now, Fraction::ONE);
        let is_lost = self.routes[route].path.is_none();
        for at in 0..self.routes[route].classes.len() {
            let (limit, flow) = self.routes[route].classes[at];
            let speed = if is_lost {
                Some(Speed::ZERO)
            } else {
                limit.map(Speed::of)
            };
            self.run(now, flow, speed, out);
        }
    }

    fn settle_part(&mut self, now: SimTime, part: &Part, out: &mut Vec<Aim>) {
        for &route in &part.routes {
            self.sweep(route);
        }
        let Division {
            factors,
            used,
            speeds,
        } = self.divide(part);
        for (&route, factor) in part.routes.iter().zip(factors) {
            self.routes[route].pass(now, factor);
        }
        for (&link, foreground) in part.links.iter().zip(used) {
            let link = &mut self.links[link];
            link.foreground_carried += moved(link.foreground, link.since, now);
            link.since = now;
            link.foreground = Speed(foreground);
        }
        for (flow, speed) in speeds {
            self.run(now, flow, Some(Speed(speed)), out);
        }
    }

    /// Who gets how much of the links of a part, worked out from what is wanted now.
    fn divide(&self, part: &Part) -> Division {
        let place = |link: &LinkKey| {
            let place = part.links.binary_search(link);
            place.expect("a part holds all links of its routes")
        };
        let routes: Vec<&Route> = part.routes.iter().map(|&key| &self.routes[key]).collect();
        let paths: Vec<Vec<usize>> = routes
            .iter()
            .map(|route| route.links().iter().map(place).collect())
            .collect();
        let capacities = part.links.iter().map(|&link| self.links[link].capacity.0);
        let demands: Vec<Demand<'_>> = routes
            .iter()
            .zip(&paths)
            .map(|(route, links)| Demand {
                speed: Speed::of(route.foreground).0,
                links,
            })
            .collect();
        let Passing {
            factors,
            used,
            left,
        } = share::pass(&capacities.collect::<Vec<_>>(), &demands);
        let flows = routes
            .iter()
            .flat_map(|route| route.classes.iter().map(|class| class.1));
        let owners = routes.iter().zip(&paths);
        let claims: Vec<Claim<'_>> = owners
            .flat_map(|(route, path)| route.classes.iter().map(move |class| (class, path)))
            .map(|(&(limit, flow), links)| Claim {
                copies: self.classes[flow].waiting.len() as u64,
                limit: limit.map(|limit| Speed::of(limit).0),
                links,
            })
            .collect();
        Division {
            factors,
            used,
            speeds: flows.zip(share::fill(&left, &claims)).collect(),
        }
    }

    /// Gives a class its speed from now on, and tells when that changes its next end.
    fn run(&mut self, now: SimTime, flow: FlowKey, speed: Option<Speed>, out: &mut Vec<Aim>) {
        let class = &mut self.classes[flow];
        class.advance(now);
        class.speed = speed;
        let news = self.news(&self.classes[flow]);
        let class = &mut self.classes[flow];
        if class.told == Some(news) {
            return;
        }
        class.told = Some(news);
        class.turn = class.turn.wrapping_add(1);
        out.push(Aim {
            flow,
            turn: class.turn,
            at: news.at,
            stalled: news.stalled,
        });
    }
}
