//! Which path a route takes, and what a change of links changes.
//!
//! The least latency wins, then the fewest links, then the smallest serials, compared link by link from the first AZ of
//! the route: an order without ties, so that no path hangs on the order in which a search happened to look.

use super::{Path, Route, Spot, State, Topology};
use crate::time::Span;
use crate::world::{AzKey, LinkKey, NodeKey, RouteKey};
use petgraph::algo::{dijkstra, has_path_connecting};
use petgraph::graph::{EdgeReference, NodeIndex, UnGraph};
use petgraph::visit::{Dfs, EdgeFiltered, EdgeRef, FilterEdge, IntoEdges};
use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;

type Edge<'a> = EdgeReference<'a, LinkKey>;

/// How many low bits of a cost count links; the bits above hold microseconds, so that latency decides first.
const LINK_BITS: u32 = 32;

/// Lets the usable links through, without those of witnesses other than the one in question.
struct Open<'a> {
    topology: &'a Topology,
    to: Option<NodeKey>,
}

impl FilterEdge<Edge<'_>> for Open<'_> {
    fn include_edge(&self, edge: Edge<'_>) -> bool {
        let ends = self.topology.links[*edge.weight()].ends;
        let sought = |spot| self.to.map(Spot::Node) == Some(spot);
        ends.into_iter()
            .all(|spot| sought(spot) || !self.topology.is_witness(spot))
            && self.topology.usable(*edge.weight())
    }
}

impl Topology {
    /// Looks again at what was marked since the last time. Appends the routes whose path or latency changed to `changed`
    /// and the links whose effective capacity changed to `links`, each once, in the order in which they were made.
    ///
    /// Answers whether [`Topology::reaches`] may answer differently than before: whether a link became usable or
    /// unusable, or a node or an AZ fell or came back.
    pub(crate) fn refresh(
        &mut self,
        changed: &mut Vec<RouteKey>,
        links: &mut Vec<LinkKey>,
    ) -> bool {
        let mut stirred = mem::take(&mut self.stirred);
        let turned = mem::take(&mut self.turned);
        let mut affected = self.ending_in(&turned);
        let mut gains = Vec::new();
        for link in mem::take(&mut self.marked) {
            let now = self.state(link);
            let before = mem::replace(&mut self.seen[link], now);
            stirred |= before.usable != now.usable;
            if before.capacity != now.capacity {
                links.push(link);
            }
            if is_worse(before, now) {
                affected.extend(&self.index.users[link]);
            }
            if is_worse(now, before) {
                gains.push(link);
            }
        }
        self.within_reach(&gains, &mut affected);
        for route in affected {
            let path = self.best(self.routes[route].azs);
            if path != self.routes[route].path {
                self.assign(route, path);
                changed.push(route);
            }
        }
        stirred
    }

    /// Whether an AZ and a relay or witness hear each other: both stand and usable links join them, through AZs and relays
    /// only.
    pub fn reaches(&self, az: AzKey, node: NodeKey) -> bool {
        if !self.stands(Spot::Az(az)) || !self.stands(Spot::Node(node)) {
            return false;
        }
        if !self.explicit {
            return true;
        }
        let [from, to] = [Spot::Az(az), Spot::Node(node)].map(|spot| self.index.spots.get(&spot));
        let (Some(&from), Some(&to)) = (from, to) else {
            return false;
        };
        let open = self.open(Some(node));
        has_path_connecting(&open, from, to, None)
    }

    /// The best path of this instant.
    pub(super) fn best(&self, azs: [AzKey; 2]) -> Option<Path> {
        if !azs.into_iter().all(|az| self.stands(Spot::Az(az))) {
            return None;
        }
        if !self.explicit || azs[0] == azs[1] {
            return Some(Path::default());
        }
        let [from, to] = azs.map(|az| self.index.spots.get(&Spot::Az(az)));
        let (&from, &to) = (from?, to?);
        let open = self.open(None);
        let cost = |edge: Edge<'_>| {
            (u128::from(self.latency(*edge.weight()).as_micros()) << LINK_BITS) + 1
        };
        // Costs towards the end, so that the walk from the front can choose its next link by serial.
        let costs = dijkstra(&open, to, Some(from), cost);
        let whole = *costs.get(&from)?;
        let (mut at, mut left, mut links) = (from, whole, Vec::new());
        while at != to {
            let leads_on = |edge: &Edge<'_>| {
                let further = costs.get(&edge.target());
                further.is_some_and(|further| further + cost(*edge) == left)
            };
            let next = (&open)
                .edges(at)
                .filter(leads_on)
                .min_by_key(|edge| self.links[*edge.weight()].serial)
                .expect("some link leads from a place with a cost to one that is cheaper by it");
            links.push(*next.weight());
            (at, left) = (next.target(), costs[&next.target()]);
        }
        let latency = u64::try_from(whole >> LINK_BITS).unwrap_or(u64::MAX);
        Some(Path {
            links,
            latency: Span::micros(latency),
        })
    }

    /// Gives a route its path.
    pub(super) fn assign(&mut self, route: RouteKey, path: Option<Path>) {
        let old = mem::replace(&mut self.routes[route].path, path);
        let new = self.routes[route].path.as_ref();
        if old.as_ref().is_none_or(|path| path.links.is_empty())
            && new.is_none_or(|path| path.links.is_empty())
        {
            return;
        }
        let index = Arc::make_mut(&mut self.index);
        for link in old.into_iter().flat_map(|path| path.links) {
            index.users[link].remove(&route);
        }
        let new = self.routes[route].path.iter().flat_map(|path| &path.links);
        for &link in new {
            index.users[link].insert(route);
        }
    }

    /// The part of the network that can be used.
    fn open(&self, to: Option<NodeKey>) -> EdgeFiltered<&UnGraph<Spot, LinkKey>, Open<'_>> {
        EdgeFiltered(&self.index.graph, Open { topology: self, to })
    }

    fn ending_in(&self, azs: &BTreeSet<AzKey>) -> BTreeSet<RouteKey> {
        if azs.is_empty() {
            return BTreeSet::new();
        }
        let ends = |route: &Route| route.azs.iter().any(|az| azs.contains(az));
        let found = self.routes.iter().filter(|(_, route)| ends(route));
        found.map(|(key, _)| key).collect()
    }

    /// Adds the routes both of whose ends the usable links connect with one of these, which became better.
    fn within_reach(&self, gains: &[LinkKey], routes: &mut BTreeSet<RouteKey>) {
        if gains.is_empty() {
            return;
        }
        let open = self.open(None);
        // By place: the part of the network that it was found in, counted from 1.
        let mut parts = vec![0; self.index.graph.node_count()];
        for (part, &link) in (1..).zip(gains) {
            let [end, other] = self.links[link].ends;
            let start = self.index.spots[&end];
            if parts[start.index()] != 0 || self.is_witness(end) || self.is_witness(other) {
                continue;
            }
            let mut search = Dfs::new(&open, start);
            while let Some(place) = search.next(&open) {
                parts[place.index()] = part;
            }
        }
        let part = |az| {
            let place: Option<&NodeIndex> = self.index.spots.get(&Spot::Az(az));
            place.map_or(0, |place| parts[place.index()])
        };
        for (key, route) in &self.routes {
            let [a, b] = route.azs.map(part);
            if a != 0 && a == b {
                routes.insert(key);
            }
        }
    }
}

/// Whether a path over the link can only have lost by the change from one state to another.
fn is_worse(before: State, now: State) -> bool {
    before.usable && (!now.usable || now.latency > before.latency)
}
