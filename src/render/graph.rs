//! The status graph of a kind: which status can follow which, and by what.
//!
//! It is built from the rules alone, so it can be walked in a test: is every published status reached, has every status a
//! way out? It shows what is *possible* for a resource seen by itself. An edge may need help from elsewhere (a member
//! follows its group only into what the group does), so a path in the graph is not yet a run.

use crate::sdrs::op::Op;
use crate::sdrs::rules::{End, Moves, RULES, Rule};
use crate::sdrs::status::{Class, Kind, Status};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, EdgeFiltered, EdgeRef, Reversed};
use std::collections::BTreeSet;

/// A place in the life of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// Before it exists.
    Start,
    /// While it shows this status.
    Shows(Status),
    /// After its deletion.
    Gone,
}

/// What leads from one place to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edge {
    /// The operation was accepted.
    Accepted(Op),
    /// The operation's job ended as SUCCESS.
    Done(Op),
    /// The operation's job ended as FAIL, or the resource's part in it failed.
    Failed(Op),
    /// The operation's job ended, and the resource shows again what it showed before.
    Back {
        /// The operation.
        op: Op,
        /// Whether it ended as SUCCESS.
        success: bool,
    },
    /// An administrator deleted its server or disk behind the service's back; during an operation it shows at the end.
    NativeDeletion,
    /// Storage, a site, an AZ, a disk, a server or the path was lost, and the pair has a fault level.
    Fault,
    /// The path and both disks are back: the resync begins.
    Mended,
}

impl std::fmt::Display for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Edge::Accepted(op) => write!(f, "{op}"),
            Edge::Done(op) | Edge::Back { op, success: true } => write!(f, "{op} SUCCESS"),
            Edge::Failed(op) | Edge::Back { op, success: false } => write!(f, "{op} FAIL"),
            Edge::NativeDeletion => f.write_str("native deletion"),
            Edge::Fault => f.write_str("fault"),
            Edge::Mended => f.write_str("fault ended"),
        }
    }
}

/// The status graph of a kind. Nodes: start, the published statuses in their order, gone. Edges: by source and target in
/// that order, each cause once.
#[must_use]
pub fn status_graph(kind: Kind) -> DiGraph<Node, Edge> {
    let mut edges = BTreeSet::new();
    for rule in &RULES {
        if let Some(moves) = rule.moves_of(kind) {
            edges_of(kind, rule, moves, &mut edges);
        }
    }
    if kind.published().contains(&Status::Invalid) {
        for &status in kind.published() {
            let settled = matches!(status.class(), Class::Stable | Class::Error);
            if settled && !keeps_its_error(status) {
                edges.insert((
                    Node::Shows(status),
                    Node::Shows(Status::Invalid),
                    Edge::NativeDeletion,
                ));
            }
        }
    }
    if kind.published().contains(&Status::Fault) {
        let [whole, fault] = [Status::Protected, Status::Fault].map(Node::Shows);
        edges.insert((whole, fault, Edge::Fault));
        edges.insert((fault, whole, Edge::Mended));
    }
    let mut graph = DiGraph::new();
    let mut places: Vec<NodeIndex> = vec![graph.add_node(Node::Start)];
    places.extend(
        kind.published()
            .iter()
            .map(|&s| graph.add_node(Node::Shows(s))),
    );
    places.push(graph.add_node(Node::Gone));
    let mut place = |node: Node| {
        let found = places.iter().copied().find(|&at| graph[at] == node);
        found.unwrap_or_else(|| {
            // A status that the kind does not publish: drawn, so that `unpublished` finds it.
            let at = graph.add_node(node);
            places.push(at);
            at
        })
    };
    let ends: Vec<_> = edges
        .into_iter()
        .map(|(from, to, edge)| (place(from), place(to), edge))
        .collect();
    for (from, to, edge) in ends {
        graph.add_edge(from, to, edge);
    }
    graph
}

/// Whether the status stays what it is when the server or disk of the resource is deleted: its creation or deletion
/// failed, and all that can be done with it is to delete it.
fn keeps_its_error(status: Status) -> bool {
    matches!(status, Status::Error | Status::ErrorDeleting)
}

fn edges_of(kind: Kind, rule: &Rule, moves: Moves, edges: &mut BTreeSet<(Node, Node, Edge)>) {
    let during = Node::Shows(moves.during);
    let before = before(kind, rule, moves);
    if before.is_empty() {
        edges.insert((Node::Start, during, Edge::Accepted(rule.op)));
    }
    for &status in &before {
        edges.insert((Node::Shows(status), during, Edge::Accepted(rule.op)));
    }
    for (end, success) in [(moves.done, true), (moves.failed, false)] {
        for (node, edge) in after(end, rule.op, success, &before) {
            edges.insert((during, node, edge));
            let may_be_lost = matches!(node, Node::Shows(status) if !keeps_its_error(status));
            if may_be_lost && kind.published().contains(&Status::Invalid) {
                let invalid = Node::Shows(Status::Invalid);
                edges.insert((during, invalid, Edge::NativeDeletion));
            }
        }
    }
}

/// The statuses in which a resource of this kind can be when the operation takes it up; none if the operation creates it.
fn before(kind: Kind, rule: &Rule, moves: Moves) -> BTreeSet<Status> {
    if moves.during == Status::Creating {
        return BTreeSet::new();
    }
    let follows = rule.members && kind != Kind::ProtectionGroup;
    if !follows {
        let own = rule.admitted_in(kind).map_or(&[][..], |a| a.statuses);
        return own.iter().copied().collect();
    }
    let group = rule.admitted_in(Kind::ProtectionGroup);
    let group = group.map_or(&[][..], |a| a.statuses);
    let mut found: BTreeSet<Status> = group.iter().copied().collect();
    // The group stays protected while a member reports `fault`.
    if found.contains(&Status::Protected) && kind.published().contains(&Status::Fault) {
        found.insert(Status::Fault);
    }
    // A pair that had reached its goal when the group's operation failed shows the goal, and is taken along again.
    if kind == Kind::ReplicationPair {
        let goals = RULES.iter().filter(|other| other.members).filter_map(|r| {
            let moves = r.moves_of(kind)?;
            match (moves.done, moves.failed) {
                (End::Is(goal), End::Is(failed)) if group.contains(&failed) => Some(goal),
                _ => None,
            }
        });
        found.extend(goals);
    }
    // Failures of a member's own keep it from nothing, unless they are those of its creation or deletion.
    let of_group = Kind::ProtectionGroup.published();
    let own = kind.published().iter().copied();
    found.extend(own.filter(|s| s.class() == Class::Error && !of_group.contains(s)));
    found
}

/// Where a job's end can lead, and as what.
fn after(end: End, op: Op, success: bool, before: &BTreeSet<Status>) -> Vec<(Node, Edge)> {
    let edge = match success {
        true => Edge::Done(op),
        false => Edge::Failed(op),
    };
    let followed = [Status::Available, Status::Protected];
    let followed = followed.map(|status| (Node::Shows(status), edge));
    let back = |&s: &Status| (Node::Shows(s), Edge::Back { op, success });
    let cleared = |s: &Status| matches!(s, Status::ErrorAttaching | Status::ErrorDetaching);
    match end {
        End::Is(status) => vec![(Node::Shows(status), edge)],
        End::Gone => vec![(Node::Gone, edge)],
        End::FollowGroup => followed.to_vec(),
        End::Prior => before.iter().map(back).collect(),
        End::PriorOrCleared => {
            let kept = before.iter().filter(|s| !cleared(s));
            let mut nodes: Vec<(Node, Edge)> = kept.map(back).collect();
            if before.iter().any(cleared) {
                nodes.extend(followed);
            }
            nodes
        }
    }
}

fn node_index(graph: &DiGraph<Node, Edge>, node: Node) -> NodeIndex {
    graph
        .node_indices()
        .find(|&at| graph[at] == node)
        .expect("start and gone are in every status graph")
}

/// The statuses of the graph that no path from [`Node::Start`] reaches, in order. [`Edge::Back`] is no part of a path: it
/// leads only to where the resource has been.
#[must_use]
pub fn unreached(graph: &DiGraph<Node, Edge>) -> Vec<Status> {
    let onward = EdgeFiltered::from_fn(graph, |edge| !matches!(edge.weight(), Edge::Back { .. }));
    let mut walk = Dfs::new(&onward, node_index(graph, Node::Start));
    let mut seen = BTreeSet::new();
    while let Some(at) = walk.next(&onward) {
        seen.insert(graph[at]);
    }
    missing(graph, &seen)
}

/// The statuses of the graph from which no path leads to [`Node::Gone`], in order: a resource would be stuck there.
#[must_use]
pub fn stuck(graph: &DiGraph<Node, Edge>) -> Vec<Status> {
    let back = Reversed(graph);
    let mut walk = Dfs::new(back, node_index(graph, Node::Gone));
    let mut seen = BTreeSet::new();
    while let Some(at) = walk.next(back) {
        seen.insert(graph[at]);
    }
    missing(graph, &seen)
}

fn missing(graph: &DiGraph<Node, Edge>, seen: &BTreeSet<Node>) -> Vec<Status> {
    let shown = graph.node_weights().filter(|node| !seen.contains(node));
    let statuses = shown.filter_map(|node| match node {
        Node::Shows(status) => Some(*status),
        _ => None,
    });
    statuses.collect()
}

/// The statuses of the graph that the kind does not publish.
#[must_use]
pub fn unpublished(kind: Kind, graph: &DiGraph<Node, Edge>) -> Vec<Status> {
    let shown = graph.node_weights().filter_map(|node| match node {
        Node::Shows(status) => Some(*status),
        _ => None,
    });
    shown.filter(|s| !kind.published().contains(s)).collect()
}

/// The arrows of a drawing: for every two places that are joined, all causes, in a defined order.
#[must_use]
pub fn arrows(graph: &DiGraph<Node, Edge>) -> Vec<(Node, Node, Vec<Edge>)> {
    let mut all: Vec<(NodeIndex, NodeIndex, Edge)> = graph
        .edge_references()
        .map(|edge| (edge.source(), edge.target(), *edge.weight()))
        .collect();
    all.sort_unstable();
    let mut out: Vec<(Node, Node, Vec<Edge>)> = Vec::new();
    for (from, to, edge) in all {
        let (from, to) = (graph[from], graph[to]);
        match out.last_mut() {
            Some(last) if (last.0, last.1) == (from, to) => last.2.push(edge),
            _ => out.push((from, to, vec![edge])),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_status_is_reached() {
        for &kind in Kind::ALL {
            let graph = status_graph(kind);
            assert_eq!(unreached(&graph), [], "{}", kind.name());
        }
    }

    #[test]
    fn every_status_has_a_way_out_and_is_published() {
        for &kind in Kind::ALL {
            let graph = status_graph(kind);
            assert_eq!(stuck(&graph), [], "{}", kind.name());
            assert_eq!(unpublished(kind, &graph), [], "{}", kind.name());
        }
    }

    #[test]
    fn the_analyses_find_what_they_are_for() {
        let mut graph = status_graph(Kind::ProtectionGroup);
        let lost = graph.add_node(Node::Shows(Status::Invalid));
        assert_eq!(unreached(&graph), [Status::Invalid]);
        assert_eq!(stuck(&graph), [Status::Invalid]);
        assert_eq!(
            unpublished(Kind::ProtectionGroup, &graph),
            [Status::Invalid]
        );
        let start = node_index(&graph, Node::Start);
        graph.add_edge(start, lost, Edge::NativeDeletion);
        assert_eq!(unreached(&graph), []);
        assert_eq!(stuck(&graph), [Status::Invalid]);
    }

    #[test]
    fn ends_become_the_edges_that_they_mean() {
        let has = |kind, from, to, edge| {
            let from = Node::Shows(from);
            arrows(&status_graph(kind))
                .iter()
                .any(|a| a.0 == from && a.1 == to && a.2.contains(&edge))
        };
        use Status::*;
        let pair = Kind::ReplicationPair;
        let expanded = Edge::Done(Op::ExpandReplicationPair);
        assert!(has(pair, Extending, Node::Shows(Available), expanded));
        assert!(has(pair, Extending, Node::Shows(Protected), expanded));
        let op = Op::DetachReplicationPair;
        let back = Edge::Back { op, success: true };
        assert!(has(pair, Detaching, Node::Shows(FailedOver), back));
        assert!(!has(pair, Detaching, Node::Shows(ErrorAttaching), back));
        assert!(has(pair, Detaching, Node::Shows(Protected), Edge::Done(op)));
        let instance = Kind::ProtectedInstance;
        let op = Op::AddNic;
        let back = Edge::Back { op, success: false };
        assert!(has(instance, NicCreating, Node::Shows(Protected), back));
        assert!(has(
            pair,
            FailedOver,
            Node::Shows(FailingOver),
            Edge::Accepted(Op::Failover)
        ));
        assert!(has(
            Kind::ProtectionGroup,
            Deleting,
            Node::Gone,
            Edge::Done(Op::DeleteProtectionGroup)
        ));
    }
}
