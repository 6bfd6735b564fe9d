//! The network: AZs, relays and the quorum witness, joined by links that may share a duct, and the route on which each
//! pair of AZs replicates.
//!
//! Faults are counted on the thing that they hit, so that they stack and end one by one in any order; whatever else a
//! fault means (a link between healthy ends in a broken duct) is derived. A fault only marks what it touches;
//! `Topology::refresh` then looks again at the marked links and at the routes that these can have changed, so that a
//! fault in one corner of a large network costs nothing elsewhere. Who shares the bandwidth of a link is not known here.
//!
//! A path leads through AZs and relays but never through a witness, which hears the two sides of a domain and carries
//! nothing for them: otherwise the links by which they ask it would stand in for the link whose loss it is to judge.

mod paths;
#[cfg(test)]
mod tests;

use super::label::{Label, Stable};
use super::{AzKey, DuctKey, LinkKey, NodeKey, RouteKey};
use crate::time::Span;
use crate::units::Rate;
use crate::world::refill::clone_by_field;
use petgraph::graph::{NodeIndex, UnGraph};
use serde::{Deserialize, Serialize};
use slotmap::{SecondaryMap, SlotMap};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The bandwidth of a link for which none is given.
pub const UNLIMITED: Rate = Rate(u64::MAX);

/// Where a link may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spot {
    /// In an AZ.
    Az(AzKey),
    /// At a relay or a witness.
    Node(NodeKey),
}

/// What a node is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// It passes on what it receives.
    Relay,
    /// It arbitrates between the AZs of domains, and passes on nothing.
    Witness,
}

impl NodeKind {
    /// The word for messages.
    pub const fn word(self) -> &'static str {
        match self {
            NodeKind::Relay => "relay",
            NodeKind::Witness => "witness",
        }
    }
}

/// A relay or a quorum witness; it stands outside all AZs and shares the fate of none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Node {
    /// Its label.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// What it is for.
    pub kind: NodeKind,
    /// How many faults hold it down.
    pub down: u32,
}

/// A duct: links in it fail together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Duct {
    /// Its label.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// How many faults hold it down.
    pub down: u32,
}

/// One degradation of a link. Of several in force the least bandwidth and the greatest latency count, and none makes a
/// link better than it is by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slow {
    /// The bandwidth that is left; None: all of it.
    pub bandwidth: Option<Rate>,
    /// The one-way latency; None: as without this degradation.
    pub latency: Option<Span>,
}

/// A link between two places, alike in both directions.
#[derive(Debug, Serialize, Deserialize)]
pub struct Link {
    /// Its label.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// The two places that it joins.
    pub ends: [Spot; 2],
    /// How much it carries while it is whole; [`UNLIMITED`] if nothing bounds it.
    pub bandwidth: Rate,
    /// Its latency one way while it is whole.
    pub latency: Span,
    /// The duct that it lies in.
    pub duct: Option<DuctKey>,
    /// How many faults of its own hold it down.
    pub down: u32,
    /// The degradations in force.
    pub slowed: Vec<Slow>,
}

clone_by_field!(Link { label, stable, serial, ends, bandwidth, latency, duct, down, slowed } trees {  } maps {  });

/// A way between two AZs.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// Its links, from the first AZ of the route to the second; none in a network without links.
    pub links: Vec<LinkKey>,
    /// The sum of their latencies, one way.
    pub latency: Span,
}

clone_by_field!(Path { links, latency } trees {  } maps {  });

/// What two AZs replicate on.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The two AZs, in the order in which they were made.
    pub azs: [AzKey; 2],
    /// The path in use, as of the last `Topology::refresh`; None if there is no way.
    pub path: Option<Path>,
    /// Bytes a second that the pairs on it mirror, or would if there were a way. Exact, however much that is.
    pub foreground: u128,
}

clone_by_field!(Route { azs, path, foreground } trees {  } maps {  });

/// A link as all faults together leave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    usable: bool,
    capacity: Rate,
    latency: Span,
}

/// What is found again from the plain data.
#[derive(Clone, Debug, Default)]
struct Index {
    graph: UnGraph<Spot, LinkKey>,
    spots: BTreeMap<Spot, NodeIndex>,
    in_duct: SecondaryMap<DuctKey, Vec<LinkKey>>,
    routes: BTreeMap<[AzKey; 2], RouteKey>,
    /// By link: the routes whose path it is on.
    users: SecondaryMap<LinkKey, BTreeSet<RouteKey>>,
}

/// The network of a region.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Topology {
    /// Relays and witnesses.
    pub nodes: SlotMap<NodeKey, Node>,
    /// Ducts.
    pub ducts: SlotMap<DuctKey, Duct>,
    /// Links.
    pub links: SlotMap<LinkKey, Link>,
    /// The routes that somebody asked for.
    pub routes: SlotMap<RouteKey, Route>,
    /// The AZs that are dark, with which their ends of links are gone.
    pub dark: BTreeSet<AzKey>,
    /// Whether a link was ever declared. Until then the network is ideal: any two lit AZs are joined by a path without
    /// links and without latency, and every lit AZ reaches every node that stands.
    pub explicit: bool,
    /// The links as the last refresh found them.
    seen: SecondaryMap<LinkKey, State>,
    /// The links that may have changed since.
    marked: BTreeSet<LinkKey>,
    /// The AZs whose routes may have changed for another reason than links.
    turned: BTreeSet<AzKey>,
    /// Whether a node fell or stood up, or an AZ went dark or was lit, since.
    stirred: bool,
    /// Shared with clones until the routes of one of them change.
    #[serde(skip)]
    index: Arc<Index>,
}

clone_by_field!(Topology { nodes, ducts, links, routes, explicit, stirred, index } trees { dark, marked, turned } maps { seen });

/// One fault more or less; whether that made a healthy thing broken or a broken one healthy.
fn hold(down: &mut u32, more: bool) -> bool {
    debug_assert!(more || *down > 0, "a fault that ends has begun");
    let before = *down > 0;
    *down = if more {
        down.saturating_add(1)
    } else {
        down.saturating_sub(1)
    };
    before != (*down > 0)
}

/// Two AZs in the order of a route.
fn ordered(a: AzKey, b: AzKey) -> [AzKey; 2] {
    if a <= b { [a, b] } else { [b, a] }
}

impl Topology {
    /// Adds a relay or a witness.
    pub(crate) fn add_node(&mut self, node: Node) -> NodeKey {
        self.nodes.insert(node)
    }

    /// Adds a duct.
    pub(crate) fn add_duct(&mut self, duct: Duct) -> DuctKey {
        self.ducts.insert(duct)
    }

    /// Adds a link between two different places. It counts as a gain at the next refresh, and the first one ends the
    /// ideal network.
    pub(crate) fn add_link(&mut self, link: Link) -> LinkKey {
        if !self.explicit {
            self.explicit = true;
            self.stirred = true;
            let ends = self.routes.values().flat_map(|route| route.azs);
            self.turned.extend(ends);
        }
        let unseen = State {
            usable: false,
            capacity: Rate::ZERO,
            latency: link.latency,
        };
        let key = self.links.insert(link);
        self.seen.insert(key, unseen);
        self.marked.insert(key);
        self.enter_link(key);
        key
    }

    /// The route between two AZs, in either order; made, with the path of this instant, when it is first asked for.
    pub(crate) fn route_between(&mut self, a: AzKey, b: AzKey) -> RouteKey {
        let azs = ordered(a, b);
        if let Some(&route) = self.index.routes.get(&azs) {
            return route;
        }
        let route = self.routes.insert(Route {
            azs,
            path: None,
            foreground: 0,
        });
        Arc::make_mut(&mut self.index).routes.insert(azs, route);
        self.assign(route, self.best(azs));
        route
    }

    /// Rebuilds what a checkpoint does not hold.
    pub(crate) fn reindex(&mut self) {
        self.index = Arc::default();
        let links: Vec<LinkKey> = self.links.keys().collect();
        for link in links {
            self.enter_link(link);
        }
        let index = Arc::make_mut(&mut self.index);
        for (key, route) in &self.routes {
            index.routes.insert(route.azs, key);
            for &link in route.path.iter().flat_map(|path| &path.links) {
                // One that is no link is found by whoever checks the world.
                if let Some(users) = index.users.get_mut(link) {
                    users.insert(key);
                }
            }
        }
    }

    fn enter_link(&mut self, key: LinkKey) {
        let (link, index) = (&self.links[key], Arc::make_mut(&mut self.index));
        let [a, b] = link.ends.map(|spot| {
            let graph = &mut index.graph;
            *index
                .spots
                .entry(spot)
                .or_insert_with(|| graph.add_node(spot))
        });
        index.graph.add_edge(a, b, key);
        index.users.insert(key, BTreeSet::new());
        let duct = link.duct.filter(|duct| self.ducts.contains_key(*duct));
        if let Some(entry) = duct.and_then(|duct| index.in_duct.entry(duct)) {
            entry.or_default().push(key);
        }
    }

    /// Whether every link, route and mark leads to what exists; AZs are those that `has_az` knows.
    pub(super) fn is_whole(&self, has_az: impl Fn(AzKey) -> bool) -> bool {
        let has_spot = |spot: Spot| match spot {
            Spot::Az(az) => has_az(az),
            Spot::Node(node) => self.nodes.contains_key(node),
        };
        let has_link = |link: LinkKey| self.links.contains_key(link);
        let links = self.links.iter().all(|(key, link)| {
            let in_duct = link.duct.is_none_or(|duct| self.ducts.contains_key(duct));
            in_duct && link.ends.into_iter().all(has_spot) && self.seen.contains_key(key)
        });
        let routes = self.routes.values().all(|route| {
            let path = route.path.iter().flat_map(|path| &path.links);
            route.azs.into_iter().all(&has_az) && path.copied().all(has_link)
        });
        let turned = self.dark.iter().chain(&self.turned).copied();
        let marked = self.marked.iter().copied();
        links
            && routes
            && turned.into_iter().all(&has_az)
            && marked.chain(self.seen.keys()).all(has_link)
    }

    fn mark_at(&mut self, spot: Spot) {
        if let Some(&at) = self.index.spots.get(&spot) {
            let edges = self.index.graph.edges(at);
            self.marked.extend(edges.map(|edge| *edge.weight()));
        }
    }

    fn is_witness(&self, spot: Spot) -> bool {
        match spot {
            Spot::Az(_) => false,
            Spot::Node(node) => self.nodes[node].kind == NodeKind::Witness,
        }
    }

    fn stands(&self, spot: Spot) -> bool {
        match spot {
            Spot::Az(az) => !self.dark.contains(&az),
            Spot::Node(node) => self.nodes[node].down == 0,
        }
    }

    /// Whether a link can be used: no fault holds it, its duct or a node at its ends, and no AZ at its ends is dark.
    pub fn usable(&self, link: LinkKey) -> bool {
        let link = &self.links[link];
        link.down == 0
            && link.duct.is_none_or(|duct| self.ducts[duct].down == 0)
            && link.ends.into_iter().all(|spot| self.stands(spot))
    }

    /// How much a link carries under all faults in force: nothing if it cannot be used, [`UNLIMITED`] if nothing bounds it.
    pub fn capacity(&self, link: LinkKey) -> Rate {
        if !self.usable(link) {
            return Rate::ZERO;
        }
        let link = &self.links[link];
        let left = link.slowed.iter().filter_map(|slow| slow.bandwidth);
        left.fold(link.bandwidth, Rate::min)
    }

    /// The one-way latency of a link under the degradations in force, whether it can be used or not.
    pub fn latency(&self, link: LinkKey) -> Span {
        let link = &self.links[link];
        let raised = link.slowed.iter().filter_map(|slow| slow.latency);
        raised.fold(link.latency, Span::max)
    }

    fn state(&self, link: LinkKey) -> State {
        State {
            usable: self.usable(link),
            capacity: self.capacity(link),
            latency: self.latency(link),
        }
    }
}

/// Faults. Each only marks what it touches; `Topology::refresh` draws the consequences.
impl Topology {
    /// One more fault holds a link down.
    pub(crate) fn break_link(&mut self, link: LinkKey) {
        self.hold_link(link, true);
    }

    /// One fault less holds a link down.
    pub(crate) fn heal_link(&mut self, link: LinkKey) {
        self.hold_link(link, false);
    }

    fn hold_link(&mut self, link: LinkKey, more: bool) {
        if hold(&mut self.links[link].down, more) {
            self.marked.insert(link);
        }
    }

    /// A degradation of a link begins.
    pub(crate) fn slow_link(&mut self, link: LinkKey, slow: Slow) {
        self.links[link].slowed.push(slow);
        self.marked.insert(link);
    }

    /// A degradation of a link, given as it was when it began, ends.
    pub(crate) fn unslow_link(&mut self, link: LinkKey, slow: Slow) {
        let slowed = &mut self.links[link].slowed;
        let place = slowed.iter().position(|other| *other == slow);
        debug_assert!(place.is_some(), "a degradation that ends has begun");
        if let Some(place) = place {
            slowed.remove(place);
            self.marked.insert(link);
        }
    }

    /// One more fault holds a relay or witness down.
    pub(crate) fn break_node(&mut self, node: NodeKey) {
        self.hold_node(node, true);
    }

    /// One fault less holds a relay or witness down.
    pub(crate) fn heal_node(&mut self, node: NodeKey) {
        self.hold_node(node, false);
    }

    fn hold_node(&mut self, node: NodeKey, more: bool) {
        if hold(&mut self.nodes[node].down, more) {
            self.stirred = true;
            self.mark_at(Spot::Node(node));
        }
    }

    /// One more fault holds a duct down.
    pub(crate) fn break_duct(&mut self, duct: DuctKey) {
        self.hold_duct(duct, true);
    }

    /// One fault less holds a duct down.
    pub(crate) fn heal_duct(&mut self, duct: DuctKey) {
        self.hold_duct(duct, false);
    }

    fn hold_duct(&mut self, duct: DuctKey, more: bool) {
        if hold(&mut self.ducts[duct].down, more) {
            let links = self.index.in_duct.get(duct).into_iter().flatten();
            self.marked.extend(links);
        }
    }

    /// Says whether an AZ is dark. Faults of an AZ and of its site are counted there; here only their sum matters.
    pub(crate) fn set_dark(&mut self, az: AzKey, dark: bool) {
        let turned = match dark {
            true => self.dark.insert(az),
            false => self.dark.remove(&az),
        };
        if turned {
            self.stirred = true;
            self.turned.insert(az);
            self.mark_at(Spot::Az(az));
        }
    }
}
