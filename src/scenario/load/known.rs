//! What is known of labels where an expectation is read: those of a file, or those of a world at hand.

use super::names::{Kind, Lost, Names};
use crate::world::topology::NodeKind;
use crate::world::{Who, World};

/// What is known of labels.
pub(super) trait Known {
    /// The kind of what has this label, if that is known.
    fn kind(&self, label: &str) -> Option<Kind>;

    /// The kinds of which something may be that has a label of no known kind.
    fn others(&self) -> &'static [Kind];

    /// Whether a label can be that of a thing of a kind; None: of any.
    ///
    /// # Errors
    /// Why it cannot.
    fn fits(&self, label: &str, want: Option<Kind>) -> Result<(), Lost>;
}

/// What a label with a `/` can be the label of.
const PARTS: [Kind; 8] = [
    Kind::Server,
    Kind::Disk,
    Kind::Nic,
    Kind::Pair,
    Kind::Instance,
    Kind::Drill,
    Kind::Vpc,
    Kind::Subnet,
];

/// A file says what it labels; only of parts it does not.
impl Known for Names {
    fn kind(&self, label: &str) -> Option<Kind> {
        Names::kind(self, label)
    }

    fn others(&self) -> &'static [Kind] {
        &PARTS
    }

    fn fits(&self, label: &str, want: Option<Kind>) -> Result<(), Lost> {
        self.pattern(label, want, None).map(drop)
    }
}

/// What stands in a world; without one, nothing does. What does not may come to be.
pub(super) struct Standing<'w>(pub Option<&'w World>);

/// Everything that has a label and a view.
const ANY: [Kind; 18] = [
    Kind::Group,
    Kind::Instance,
    Kind::Pair,
    Kind::Drill,
    Kind::Server,
    Kind::Disk,
    Kind::Nic,
    Kind::Eip,
    Kind::Vpc,
    Kind::Subnet,
    Kind::Flavor,
    Kind::Domain,
    Kind::Az,
    Kind::Site,
    Kind::Link,
    Kind::Witness,
    Kind::Duct,
    Kind::Project,
];

impl Known for Standing<'_> {
    fn kind(&self, label: &str) -> Option<Kind> {
        let Standing(world) = self;
        let world = (*world)?;
        Some(match world.find(label)? {
            Who::Project(_) => Kind::Project,
            Who::Site(_) => Kind::Site,
            Who::Az(_) => Kind::Az,
            Who::Domain(_) => Kind::Domain,
            Who::Vpc(_) => Kind::Vpc,
            Who::Subnet(_) => Kind::Subnet,
            Who::Nic(_) => Kind::Nic,
            Who::Eip(_) => Kind::Eip,
            Who::Flavor(_) => Kind::Flavor,
            Who::Server(_) => Kind::Server,
            Who::Disk(_) => Kind::Disk,
            Who::Group(_) => Kind::Group,
            Who::Instance(_) => Kind::Instance,
            Who::Pair(_) => Kind::Pair,
            Who::Drill(_) => Kind::Drill,
            Who::Link(_) => Kind::Link,
            Who::Node(node) => match world.topology.nodes[node].kind {
                NodeKind::Relay => Kind::Relay,
                NodeKind::Witness => Kind::Witness,
            },
            Who::Duct(_) => Kind::Duct,
            // Jobs are called by number and not by a label.
            Who::Job(_) => return None,
        })
    }

    fn others(&self) -> &'static [Kind] {
        &ANY
    }

    fn fits(&self, label: &str, want: Option<Kind>) -> Result<(), Lost> {
        match (self.kind(label), want) {
            (Some(is), Some(want)) if !is.is(want) => {
                let nearest = None;
                Err(Lost::Kind { is, want, nearest })
            }
            _ => Ok(()),
        }
    }
}
