//! The ids by which lists are narrowed: of groups and of instances, singly or up to 30 at once.
//!
//! All ids must be well-formed before any is asked to exist. A single id must exist; a list of ids passes over those that
//! do not, as the pages say of it.

use super::ListParameters;
use super::list::bad;
use crate::machine::command::Ref;
use crate::machine::refusal::Refusal;
use crate::machine::resolve::{Look, Lost};
use crate::sdrs::codes::Code;
use crate::sdrs::limits;
use crate::sdrs::op::Op;
use crate::world::{GroupKey, InstanceKey, Who};

/// How the ids of one kind of resource are called, looked up and refused.
struct IdKind<'a, K> {
    list: &'static str,
    word: &'static str,
    find: fn(Look<'a>, &Ref) -> Result<K, Lost>,
    malformed: u16,
    unknown: u16,
}

/// The resources that well-formed ids name.
struct Ids<'a, K> {
    found: Vec<K>,
    /// A single id that nothing in the project has; in a list such ids are passed over.
    unknown: Option<&'a Ref>,
}

impl<'a, K> IdKind<'a, K> {
    /// Reads the ids. A list wins over a single one, which is then not looked at.
    fn read(
        &self,
        look: Look<'a>,
        list: Option<&'a [Ref]>,
        single: Option<&'a Ref>,
    ) -> Result<Option<Ids<'a, K>>, Refusal> {
        let wanted = match (list, single) {
            (Some(list), _) => list,
            (None, Some(single)) => std::slice::from_ref(single),
            (None, None) => return Ok(None),
        };
        if wanted.len() > limits::LIST_IDS_MAX {
            let count = format!("{} ids", wanted.len());
            return Err(bad(226, self.list, &count));
        }
        let mut ids = Ids {
            found: Vec::with_capacity(wanted.len()),
            unknown: None,
        };
        for reference in wanted {
            match (self.find)(look, reference) {
                Ok(key) => ids.found.push(key),
                Err(Lost::Unknown) if list.is_some() => {}
                Err(Lost::Unknown) => ids.unknown = Some(reference),
                Err(lost) => return Err(self.refusal(look, lost, reference)),
            }
        }
        Ok(Some(ids))
    }

    /// The resources, unless a single id is unknown.
    fn existing(&self, look: Look<'a>, ids: Option<Ids<'a, K>>) -> Result<Option<Vec<K>>, Refusal> {
        match ids {
            None => Ok(None),
            Some(Ids {
                unknown: Some(reference),
                ..
            }) => Err(self.refusal(look, Lost::Unknown, reference)),
            Some(ids) => Ok(Some(ids.found)),
        }
    }

    fn refusal(&self, look: Look<'a>, lost: Lost, reference: &Ref) -> Refusal {
        let (word, id) = (self.word.to_owned(), reference.shown(look.world));
        match lost {
            Lost::Malformed => Refusal::Malformed {
                code: Code::of(self.malformed),
                word,
                id,
            },
            Lost::Unknown => Refusal::NotFound {
                code: Code::of(self.unknown),
                word,
                id,
            },
        }
    }
}

/// What the ids of groups and of instances name; None where there are none. First all must be well-formed, then a single
/// one must exist. Beside a group, the list of instances ignores the ids of instances, whatever they are.
#[allow(clippy::type_complexity)] // Two lists, each of which may be absent.
pub(super) fn members_asked_for<'a>(
    look: Look<'a>,
    op: Op,
    given: &'a ListParameters,
) -> Result<(Option<Vec<GroupKey>>, Option<Vec<InstanceKey>>), Refusal> {
    let group = IdKind {
        list: "server_group_ids",
        word: Who::Group(GroupKey::default()).word(),
        find: Look::group,
        malformed: 207,
        unknown: 1013,
    };
    let instance = IdKind {
        list: "protected_instance_ids",
        word: Who::Instance(InstanceKey::default()).word(),
        find: Look::instance,
        malformed: 208,
        unknown: 1320,
    };
    let groups = group.read(
        look,
        given.server_group_ids.as_deref(),
        given.server_group_id.as_ref(),
    )?;
    let instances = if op == Op::ListProtectedInstances && groups.is_some() {
        None
    } else {
        instance.read(
            look,
            given.protected_instance_ids.as_deref(),
            given.protected_instance_id.as_ref(),
        )?
    };
    Ok((
        group.existing(look, groups)?,
        instance.existing(look, instances)?,
    ))
}
