//! A scenario file as a tree of places, and the same text with a part of it left out.
//!
//! The text is cut, not written anew: what stays keeps its spelling, its order and its comments. Nothing here knows what a
//! scenario means. A cut is checked by reading its result: it must be the tree that was wanted, or there is no cut.

use crate::scenario::yaml::{self, Spanned};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::ops::Range;

/// A node of the file.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Its bytes; of a block, from its first child to the end of its last.
    pub span: Range<usize>,
    pub kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A value, as it is read.
    Scalar(String),
    Map(Vec<(Key, Node)>),
    Seq(Vec<Node>),
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    start: usize,
    pub text: String,
}

/// Equality of what is said, wherever it stands.
impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Scalar(a), Kind::Scalar(b)) => a == b,
            (Kind::Seq(a), Kind::Seq(b)) => a == b,
            (Kind::Map(a), Kind::Map(b)) => {
                let said = |(key, node): &(Key, Node), (other, with): &(Key, Node)| {
                    key.text == other.text && node == with
                };
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| said(a, b))
            }
            _ => false,
        }
    }
}

impl Node {
    /// The tree of a file; None if it cannot be read.
    pub(super) fn read(text: &str) -> Option<Node> {
        let raw: Spanned<Raw> = yaml::from_str("", text).ok()?;
        place(text, raw)
    }

    /// How many children it has.
    pub(super) fn len(&self) -> usize {
        match &self.kind {
            Kind::Scalar(_) => 0,
            Kind::Map(children) => children.len(),
            Kind::Seq(children) => children.len(),
        }
    }

    /// A child.
    pub(super) fn child(&self, place: usize) -> &Node {
        match &self.kind {
            Kind::Scalar(_) => self,
            Kind::Map(children) => &children[place].1,
            Kind::Seq(children) => &children[place],
        }
    }

    fn child_mut(&mut self, place: usize) -> Option<&mut Node> {
        match &mut self.kind {
            Kind::Scalar(_) => None,
            Kind::Map(children) => children.get_mut(place).map(|(_, child)| child),
            Kind::Seq(children) => children.get_mut(place),
        }
    }

    /// The bytes of a child, with its key.
    fn bytes(&self, place: usize) -> Range<usize> {
        match &self.kind {
            Kind::Scalar(_) => self.span.clone(),
            Kind::Map(children) => {
                let (key, child) = &children[place];
                key.start..child.span.end
            }
            Kind::Seq(children) => children[place].span.clone(),
        }
    }

    /// The node that a path of places leads to.
    pub(super) fn at(&self, path: &[usize]) -> Option<&Node> {
        path.iter().try_fold(self, |node, &place| {
            (place < node.len()).then(|| node.child(place))
        })
    }

    fn at_mut(&mut self, path: &[usize]) -> Option<&mut Node> {
        path.iter()
            .try_fold(self, |node, &place| node.child_mut(place))
    }

    /// The paths of all nodes that have children: from the outermost to the innermost, and among equals the last first,
    /// because what stands later mostly speaks of what stands before.
    pub(super) fn containers(&self) -> Vec<Vec<usize>> {
        let mut found = vec![Vec::new()];
        let mut next = 0;
        while let Some(path) = found.get(next).cloned() {
            next += 1;
            let Some(node) = self.at(&path) else { continue };
            for place in (0..node.len()).rev() {
                if node.child(place).len() > 0 {
                    found.push([path.as_slice(), &[place]].concat());
                }
            }
        }
        found
    }

    /// The paths of all values of a mapping's key `name` that are whole numbers above 1, with the number.
    pub(super) fn numbers(&self, name: &str) -> Vec<(Vec<usize>, u64)> {
        let mut found = Vec::new();
        for path in self.containers() {
            let Some(Kind::Map(children)) = self.at(&path).map(|node| &node.kind) else {
                continue;
            };
            for (place, (key, child)) in children.iter().enumerate() {
                if let Kind::Scalar(text) = &child.kind
                    && key.text == name
                    && let Ok(number) = text.parse()
                    && number > 1
                {
                    found.push(([path.as_slice(), &[place]].concat(), number));
                }
            }
        }
        found
    }

    /// The text without some children, next to each other, of the node at a path; None if it cannot be cut so.
    pub(super) fn without(&self, text: &str, path: &[usize], gone: Range<usize>) -> Option<String> {
        let node = self.at(path)?;
        if gone.is_empty() || gone.end > node.len() {
            return None;
        }
        let (first, last) = (node.bytes(gone.start), node.bytes(gone.end - 1));
        let (cut, put) = if gone.end < node.len() {
            (first.start..node.bytes(gone.end).start, "")
        } else if gone.start > 0 {
            (node.bytes(gone.start - 1).end..last.end, "")
        } else {
            let empty = match node.kind {
                Kind::Map(_) => "{}",
                _ => "[]",
            };
            (node.span.clone(), empty)
        };
        let mut wanted = self.clone();
        match &mut wanted.at_mut(path)?.kind {
            Kind::Scalar(_) => return None,
            Kind::Map(children) => drop(children.drain(gone)),
            Kind::Seq(children) => drop(children.drain(gone)),
        }
        splice(text, cut, put, &wanted)
    }

    /// The text with another value at a path; None if it cannot be put there.
    pub(super) fn with_number(&self, text: &str, path: &[usize], number: u64) -> Option<String> {
        let mut wanted = self.clone();
        let node = wanted.at_mut(path)?;
        let put = number.to_string();
        node.kind = Kind::Scalar(put.clone());
        let cut = node.span.clone();
        splice(text, cut, &put, &wanted)
    }

    /// The text without a key of the outermost mapping, if it has it.
    pub(super) fn without_key(&self, text: &str, name: &str) -> Option<String> {
        let Kind::Map(children) = &self.kind else {
            return None;
        };
        let place = children.iter().position(|(key, _)| key.text == name)?;
        self.without(text, &[], place..place + 1)
    }
}

/// The text with something else in the place of a part, if that gives the tree that is wanted.
fn splice(text: &str, cut: Range<usize>, put: &str, wanted: &Node) -> Option<String> {
    let (before, after) = (text.get(..cut.start)?, text.get(cut.end..)?);
    // What follows a block is a line of its own.
    let end = if after.is_empty() && !before.ends_with('\n') {
        "\n"
    } else {
        ""
    };
    let new = [before, put, after, end].concat();
    (Node::read(&new)? == *wanted).then_some(new)
}

/// Brings the reader's places into ours.
fn place(text: &str, raw: Spanned<Raw>) -> Option<Node> {
    let span = raw.place.bytes()?;
    let flow = text[span.start..].starts_with(['{', '[']);
    let (kind, end) = match raw.value {
        Raw::Scalar(value) => (Kind::Scalar(value), None),
        Raw::Map(entries) => {
            let mut children = Vec::new();
            for (key, child) in entries {
                let start = key.place.bytes()?.start;
                let text_of = key.value;
                let child = place(text, child)?;
                children.push((
                    Key {
                        start,
                        text: text_of,
                    },
                    child,
                ));
            }
            let end = children.last().map(|(_, child)| child.span.end);
            (Kind::Map(children), end)
        }
        Raw::Seq(items) => {
            let children: Option<Vec<Node>> =
                items.into_iter().map(|item| place(text, item)).collect();
            let children = children?;
            let end = children.last().map(|child| child.span.end);
            (Kind::Seq(children), end)
        }
    };
    let end = match (end, flow) {
        // A block ends where its last child does.
        (Some(end), false) => end,
        // The bracket that closes it comes after its last child, with nothing but space, commas and comments between.
        (last, true) => closing(text, last.unwrap_or(span.start + 1))?,
        (None, false) => trimmed(text, &span),
    };
    Some(Node {
        span: span.start..end,
        kind,
    })
}

/// Where the bracket that comes next ends.
fn closing(text: &str, from: usize) -> Option<usize> {
    let mut comment = false;
    for (offset, c) in text[from..].char_indices() {
        match c {
            '\n' => comment = false,
            '#' => comment = true,
            '}' | ']' if !comment => return Some(from + offset + 1),
            _ => {}
        }
    }
    None
}

/// The end of a value without the space after it.
fn trimmed(text: &str, span: &Range<usize>) -> usize {
    let value = text.get(span.clone()).unwrap_or_default();
    span.start + value.trim_end().len()
}

/// A node as the reader gives it.
enum Raw {
    Scalar(String),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
    Seq(Vec<Spanned<Raw>>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(String::new()))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(String::new()))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Raw::Seq(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            all.push(entry);
        }
        Ok(Raw::Map(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Head.\nversion: 1\nabout: >\n  Two\n  lines.\nsites: {north: {}, south: {x: [1, \"2\"]}} # both\n\
        list:\n  - at: 1m # one\n    say: a\n  # between\n  - b\n  - {c: d}\nlast:\n  only:\n    count: 40\nend: |\n  text\n";

    fn cut(path: &[usize], gone: Range<usize>) -> String {
        Node::read(TEXT).unwrap().without(TEXT, path, gone).unwrap()
    }

    #[test]
    fn whatever_is_cut_out_leaves_the_rest_as_it_was() {
        let tree = Node::read(TEXT).unwrap();
        assert_eq!(tree.len(), 6);
        let without = |part: &str| TEXT.replacen(part, "", 1);
        assert_eq!(cut(&[], 1..2), without("about: >\n  Two\n  lines.\n"));
        assert_eq!(
            cut(&[], 1..3),
            without(
                "about: >\n  Two\n  lines.\nsites: {north: {}, south: {x: [1, \"2\"]}} # both\n"
            )
        );
        assert_eq!(cut(&[], 5..6), without("\nend: |\n  text"));
        assert_eq!(cut(&[2], 0..1), without("north: {}, "));
        assert_eq!(cut(&[2], 1..2), without(", south: {x: [1, \"2\"]}"));
        assert_eq!(cut(&[2, 1, 0], 1..2), without(", \"2\""));
        assert_eq!(cut(&[2, 1, 0], 0..2), without("1, \"2\""));
        assert_eq!(cut(&[3, 0], 0..1), without("at: 1m # one\n    "));
        assert_eq!(
            cut(&[3], 0..1),
            without("at: 1m # one\n    say: a\n  # between\n  - ")
        );
        assert_eq!(cut(&[3], 2..3), without("\n  - {c: d}"));
        assert_eq!(cut(&[4, 0], 0..1), TEXT.replacen("count: 40", "{}", 1));
    }

    #[test]
    fn every_part_of_every_node_can_be_cut_out() {
        let tree = Node::read(TEXT).unwrap();
        for path in tree.containers() {
            for place in 0..tree.at(&path).unwrap().len() {
                let cut = tree.without(TEXT, &path, place..place + 1);
                assert!(cut.is_some(), "{path:?} {place}");
            }
        }
        assert_eq!(tree.without(TEXT, &[3], 2..9), None);
        assert_eq!(tree.without(TEXT, &[0, 0], 0..1), None);
    }

    #[test]
    fn a_number_is_replaced_in_its_place() {
        let tree = Node::read(TEXT).unwrap();
        let counts = tree.numbers("count");
        assert_eq!(counts, [(vec![4, 0, 0], 40)]);
        let less = tree.with_number(TEXT, &counts[0].0, 20);
        assert_eq!(less, Some(TEXT.replace("count: 40", "count: 20")));
    }
}
