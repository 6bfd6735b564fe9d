//! Within which bounds worlds and histories are made.

use crate::sdrs::policy::{Policies, Policy};
use crate::time::Span;

/// How likely each sort of step is beside the others. A sort with weight 0 never comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weights {
    /// Calls on groups: start, stop, failover, planned failover, reprotection, deletion.
    pub groups: u32,
    /// Calls on instances and pairs: creation, deletion, attachment, detachment, expansion, resizing, NICs, tags.
    pub members: u32,
    /// Creation and deletion of drills.
    pub drills: u32,
    /// Native acts on servers and disks.
    pub natives: u32,
    /// Faults that begin.
    pub faults: u32,
    /// Faults that end.
    pub heals: u32,
    /// Work that is to fail with its published code.
    pub failures: u32,
    /// Work that is never to end.
    pub hangs: u32,
}

impl Weights {
    /// Everything comes; most often calls on groups and faults.
    pub const ALL: Weights = Weights {
        groups: 8,
        members: 5,
        drills: 1,
        natives: 4,
        faults: 4,
        heals: 3,
        failures: 2,
        hangs: 1,
    };

    /// Nothing comes but faults that begin and end: what befalls a controller under test.
    pub const FAULTS: Weights = Weights {
        groups: 0,
        members: 0,
        drills: 0,
        natives: 0,
        faults: 1,
        heals: 1,
        failures: 0,
        hangs: 0,
    };

    /// Nothing comes but calls and acts: no fault, and no work that fails or hangs.
    pub const CALLS: Weights = Weights {
        faults: 0,
        heals: 0,
        failures: 0,
        hangs: 0,
        ..Weights::ALL
    };
}

/// Which policies the worlds have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choices {
    /// These.
    Given(Policies),
    /// Any, each of them drawn.
    Any,
}

/// Which faults come. A sort that is false never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Harms {
    /// Links and the witness.
    pub network: bool,
    /// AZs and sites that go dark, and the storage of an AZ.
    pub places: bool,
    /// Single servers and disks.
    pub parts: bool,
    /// The control plane.
    pub control: bool,
    /// Whether content may be lost for good.
    pub destroyed: bool,
}

impl Harms {
    /// All of them.
    pub const ALL: Harms = Harms {
        network: true,
        places: true,
        parts: true,
        control: true,
        destroyed: true,
    };
}

/// The bounds of worlds and histories. Within any a history may be empty, since steps are chosen from what is possible at
/// their place; a suite in which all of them are does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// At most so many protection groups, at least one.
    pub groups: usize,
    /// At most so many protected instances in a group; each protects a server.
    pub instances: usize,
    /// At most so many disks of a protected server, at least one; each becomes a replication pair.
    pub pairs: usize,
    /// At most so many servers and disks that nothing protects yet, each.
    pub spares: usize,
    /// At most so many steps.
    pub steps: usize,
    /// At most so many faults at once.
    pub faults: usize,
    /// The longest wait before a step.
    pub wait: Span,
    /// At most so many events, calls and acts of operators in one history; more is a violation.
    pub events: u64,
    /// Whether every step is admissible at its place. If not, calls may be refused, name what does not exist, and mend what
    /// is whole.
    pub legal: bool,
    /// How likely each sort of step is.
    pub weights: Weights,
    /// Which faults come.
    pub harms: Harms,
    /// Which policies the worlds have.
    pub policies: Choices,
}

impl Default for Bounds {
    /// Two groups of two instances with two pairs each, 20 steps, three faults at once, an hour between steps, everything
    /// legal and every sort of step, under the default policies.
    fn default() -> Bounds {
        Bounds {
            groups: 2,
            instances: 2,
            pairs: 2,
            spares: 2,
            steps: 20,
            faults: 3,
            wait: Span::hours(1),
            events: 100_000,
            legal: true,
            weights: Weights::ALL,
            harms: Harms::ALL,
            policies: Choices::Given(Policies::default()),
        }
    }
}

impl Bounds {
    /// One group with one instance and one pair, and nothing spare.
    #[must_use]
    pub fn smallest() -> Bounds {
        Bounds {
            groups: 1,
            instances: 1,
            pairs: 1,
            spares: 0,
            ..Bounds::default()
        }
    }

    /// The same with calls that may be refused.
    #[must_use]
    pub const fn arbitrary(self) -> Bounds {
        Bounds {
            legal: false,
            ..self
        }
    }

    /// The same with other weights.
    #[must_use]
    pub const fn weighted(self, weights: Weights) -> Bounds {
        Bounds { weights, ..self }
    }
}

/// The policies that a number stands for: bit n turns policy n from its default.
pub(super) fn policies(bits: u64) -> Policies {
    let turned = |(place, _): &(usize, &Policy)| bits >> place & 1 == 1;
    let of = Policy::ALL.iter().enumerate().filter(turned);
    of.fold(Policies::default(), |all, (_, &policy)| all.but(policy))
}
