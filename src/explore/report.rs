//! What a search has found.

use super::Action;
use crate::sdrs::status::{Kind, Status};
use std::collections::BTreeSet;

/// A way from the start, and where it leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The actions, in order.
    pub actions: Vec<Action>,
    /// The number of each among what could happen.
    pub(crate) numbers: Vec<u32>,
}

/// A state in which something that must hold does not.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// What must hold.
    pub property: String,
    /// What does not.
    pub what: String,
    /// One of the shortest ways there.
    pub path: Path,
}

/// States from which no call of the menu and no end of work leads to the goal, which is a state in which every group is `protected` or
/// `available` unless [`super::Model::goal`] says another, however the world is mended.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadEnds {
    /// How many there are.
    pub states: usize,
    /// One of the shortest ways into each sort of them: by the statuses of groups, in order.
    pub paths: Vec<(Vec<Status>, Path)>,
}

/// What ended a search before all states were seen: a field of [`super::Bounds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// `states`.
    States,
    /// `depth`.
    Depth,
    /// `bytes`.
    Bytes,
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// How many states there are, or were seen up to a bound.
    pub states: usize,
    /// How many transitions were taken; those into states that were known count.
    pub transitions: u64,
    /// The most actions on a shortest way.
    pub depth: u32,
    /// The most states that are equally many actions away.
    pub widest: usize,
    /// Whether all states were seen. If not, a bound or a violation came first, and what is not told may still be.
    pub complete: bool,
    /// The bound that was the first to keep a state out, if one did.
    pub bound: Option<Bound>,
    /// The first violation; the search ends there.
    pub violation: Option<Violation>,
    /// What must hold sometimes and was not seen to; unless all states were seen, it may yet.
    pub never: Vec<String>,
    /// The statuses that were seen: of a search that a violation ended, in the states up to the one that violates.
    pub seen: BTreeSet<(Kind, Status)>,
    /// The states without a way back, if they were asked for and the search is complete.
    pub dead_ends: Option<DeadEnds>,
    /// Bytes that were kept of states and transitions at the end.
    pub bytes: usize,
}
