//! Whether an expectation can mean something about a world, or about any, for those who have no file: the same check as
//! [`super::meaning`].
//!
//! A label that the world does not have is let pass, because a thing may be made later, or may be gone by then; whoever
//! judges hears of it. It may be that of any kind of thing. A field that nothing has, a word that is never shown, and values of different kinds are faults
//! whatever happens: such an expectation would hold, or fail, for ever without a word.

use super::meaning::{self, Labels, Misfit};
use super::names::{Kind, Lost};
use crate::scenario::expect::Expectation;
use crate::world::topology::NodeKind;
use crate::world::{Who, World};
use std::ops::Range;

/// Why an expectation means nothing, whatever happens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{misfit}")]
pub struct Senseless {
    span: Range<usize>,
    misfit: Misfit,
}

impl Senseless {
    /// The part that is wrong, in bytes of the text that was parsed.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// What would be right, if that can be guessed.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        self.misfit.help()
    }
}

impl Expectation {
    /// What keeps it from meaning anything about this world and what becomes of it: a field that nothing has, a word that
    /// is never shown, values of different kinds, or a label of a thing of another kind. Of several the first in the text.
    /// Labels that the world does not have are no fault.
    #[must_use]
    pub fn fault(&self, world: &World) -> Option<Senseless> {
        self.fault_of(&Standing(Some(world)))
    }

    /// What keeps it from meaning anything about any world, whatever its labels are of. [`Expectation::fault`] finds more.
    #[must_use]
    pub fn fault_anywhere(&self) -> Option<Senseless> {
        self.fault_of(&Standing(None))
    }

    fn fault_of(&self, labels: &Standing<'_>) -> Option<Senseless> {
        let meant = meaning::check(self, labels, false);
        meant.err().map(|fault| Senseless {
            span: fault.span,
            misfit: fault.misfit,
        })
    }
}

/// The labels of a world; without one, none is known.
struct Standing<'a>(Option<&'a World>);

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

impl Labels for Standing<'_> {
    fn lost(&self, label: &str, want: Option<Kind>) -> Option<Lost> {
        let (is, want) = (self.kind(label)?, want?);
        (is != want).then_some(Lost::Kind {
            is,
            want,
            nearest: None,
        })
    }

    fn kind(&self, label: &str) -> Option<Kind> {
        let world = self.0?;
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
            Who::Job(_) => return None,
        })
    }

    fn others(&self) -> &'static [Kind] {
        &ANY
    }
}

#[cfg(test)]
mod tests {
    use crate::machine::fixture::Fixture;
    use crate::scenario::expect::Expectation;

    /// What is wrong with an expectation about the fixture, where, and what would be right.
    fn fault(text: &str) -> Option<(String, String, Option<String>)> {
        let world = Fixture::new().world;
        let found = Expectation::parse(text).unwrap().fault(&world)?;
        Some((
            found.to_string(),
            text[found.span()].to_owned(),
            found.help(),
        ))
    }

    #[test]
    fn what_is_never_shown_is_a_fault_and_what_may_come_is_none() {
        let meant = |word: &str| Some(format!("did you mean `{word}`?"));
        assert_eq!(
            fault("not (any groups.status == faild-over)"),
            Some((
                "`group.status` is never `faild-over`".to_owned(),
                "faild-over".to_owned(),
                meant("failed-over")
            ))
        );
        let (what, part, help) = fault("g.cut == dr_side").unwrap();
        assert_eq!(
            (what.as_str(), part.as_str()),
            ("`g.cut` is never `dr_side`", "dr_side")
        );
        assert_eq!(help, meant("dr-side"));
        let (what, ..) = fault("none pairs[statsu=active].progress > 1").unwrap();
        assert_eq!(what, "`pair` has no field `statsu`");
        assert!(fault("any pairs.progress == much").is_some());
        assert!(fault("any pairs.group == web").is_some(), "web is a server");
        for text in [
            "g.status == failed-over",
            "none groups.status in [available, protected] or later.status == protected",
            "any pairs.group == g",
            r#"count(servers[power=active, label="i/dr"]) <= 1"#,
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
    }
}
