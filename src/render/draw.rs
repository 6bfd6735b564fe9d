//! The status graph as a picture: DOT for Graphviz, Mermaid for pages that draw it themselves.
//!
//! Both list places and arrows in the order of the published tables, so that two drawings compare line by line.

use super::graph::{Edge, Node, arrows, status_graph};
use crate::sdrs::status::{Class, Kind, Status};
use std::fmt::Write;

/// An identifier that both languages take: the word with `_` for `-`.
fn id(node: Node) -> String {
    match node {
        Node::Start => "start".to_owned(),
        Node::Shows(status) => status.name().replace('-', "_"),
        Node::Gone => "gone".to_owned(),
    }
}

fn causes(edges: &[Edge], separator: &str) -> String {
    let mut texts: Vec<String> = edges.iter().map(Edge::to_string).collect();
    // A job that can lead to one status in two ways (back, or following the group) is named once.
    texts.dedup();
    texts.join(separator)
}

/// The status graph of a kind in the DOT language.
#[must_use]
pub fn dot(kind: Kind) -> String {
    let graph = status_graph(kind);
    let mut out = format!("digraph {} {{\n", kind.name());
    out.push_str("    rankdir=LR;\n    node [fontname=\"sans-serif\"];\n");
    out.push_str("    edge [fontname=\"sans-serif\", fontsize=9];\n");
    for &node in graph.node_weights() {
        let look = match node {
            Node::Start => "shape=point".to_owned(),
            Node::Gone => "shape=doublecircle, label=\"gone\"".to_owned(),
            Node::Shows(status) => format!("{}, label=\"{status}\"", shape(status)),
        };
        let _ = writeln!(out, "    {} [{look}];", id(node));
    }
    for (from, to, edges) in arrows(&graph) {
        let outside =
            |edge: &Edge| matches!(edge, Edge::NativeDeletion | Edge::Fault | Edge::Mended);
        let native = edges.iter().all(outside);
        let style = if native { ", style=dotted" } else { "" };
        let label = causes(&edges, "\\n");
        let _ = writeln!(
            out,
            "    {} -> {} [label=\"{label}\"{style}];",
            id(from),
            id(to)
        );
    }
    out.push_str("}\n");
    out
}

fn shape(status: Status) -> &'static str {
    match status.class() {
        Class::Transient => "shape=ellipse, style=dashed",
        Class::Stable => "shape=box, style=bold",
        Class::Error => "shape=box, color=red",
        Class::Fault => "shape=octagon, color=red",
    }
}

/// The status graph of a kind as a Mermaid `stateDiagram-v2`.
#[must_use]
pub fn mermaid(kind: Kind) -> String {
    let graph = status_graph(kind);
    let mut out = String::from("stateDiagram-v2\n    direction LR\n");
    for &node in graph.node_weights() {
        if let Node::Shows(status) = node {
            let _ = writeln!(out, "    state \"{status}\" as {}", id(node));
        }
    }
    let place = |node: Node| match node {
        Node::Shows(_) => id(node),
        Node::Start | Node::Gone => "[*]".to_owned(),
    };
    for (from, to, edges) in arrows(&graph) {
        let label = causes(&edges, ", ");
        let _ = writeln!(out, "    {} --> {}: {label}", place(from), place(to));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_no_hyphens() {
        for &kind in Kind::ALL {
            for line in dot(kind).lines().filter(|line| line.contains(" -> ")) {
                let ends = line.split(" [").next().unwrap().replace(" -> ", "");
                assert!(!ends.contains('-'), "{line}");
            }
            for line in mermaid(kind).lines().filter(|line| line.contains("-->")) {
                let ends = line.split(':').next().unwrap().replace(" --> ", "");
                assert!(!ends.contains('-'), "{line}");
            }
        }
    }
}
