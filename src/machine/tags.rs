//! Tags of protected instances (pages `sdrs_05_0802` to `sdrs_05_0804` and `sdrs_05_0807`).
//!
//! The calls that add and delete tags share one list of preconditions, which their rows put in order; a row marks some
//! of them as meant for batches or for single tags only, and those hold of the other kind by themselves.

use super::admit::Plan;
use super::command::{Call, Ref, TagInput};
use super::effect::Property;
use super::effects::Effects;
use super::make;
use super::refusal::Refusal;
use super::resolve::Look;
use crate::hash;
use crate::sdrs::codes::Code;
use crate::sdrs::limits::TAGS_PER_INSTANCE;
use crate::sdrs::names::{TagFlaw, check_tag_key, check_tag_value, is_blank};
use crate::sdrs::need::Need;
use crate::sdrs::op::Op;
use crate::sdrs::rules::rule;
use crate::sdrs::status::{Class, Status};
use crate::time::SimTime;
use crate::world::{InstanceKey, Who, World};
use std::collections::{BTreeMap, BTreeSet};

/// What a tag call asks for.
struct Body<'a> {
    op: Op,
    batch: bool,
    /// Whether the action of a batch is one of the two known ones.
    known: bool,
    tags: &'a [TagInput],
}

/// Decides whether a tag call is taken. The instance is asked for first, then the needs of the row in their order.
pub(super) fn admit(look: Look, call: &Call) -> Result<Plan, Refusal> {
    let one = |key: &String, value: &Option<String>| {
        [TagInput {
            key: key.clone(),
            value: value.clone(),
        }]
    };
    match call {
        Call::AddTag {
            instance,
            key,
            value,
        } => decide(look, instance, Op::AddTag, false, true, &one(key, value)),
        Call::DeleteTag { instance, key } => {
            decide(look, instance, Op::DeleteTag, false, true, &one(key, &None))
        }
        Call::BatchAddTags { instance, tags } => {
            decide(look, instance, Op::BatchAddTags, true, true, tags)
        }
        Call::BatchDeleteTags { instance, tags } => {
            decide(look, instance, Op::BatchDeleteTags, true, true, tags)
        }
        Call::TagAction {
            instance,
            action,
            tags,
        } => {
            let (op, known) = match action.as_str() {
                "create" => (Op::BatchAddTags, true),
                "delete" => (Op::BatchDeleteTags, true),
                _ => (Op::BatchAddTags, false),
            };
            decide(look, instance, op, true, known, tags)
        }
        _ => unreachable!("only tag calls come here"),
    }
}

fn decide(
    look: Look,
    instance: &Ref,
    op: Op,
    batch: bool,
    known: bool,
    tags: &[TagInput],
) -> Result<Plan, Refusal> {
    let instance = look.api_instance(instance)?;
    let body = Body {
        op,
        batch,
        known,
        tags,
    };
    for &(need, code) in rule(op).needs {
        if body.breaks(need, look.world, instance) {
            return Err(Refusal::Need { code, op, need });
        }
    }
    Ok(match op {
        Op::AddTag | Op::BatchAddTags => Plan::SetTags {
            instance,
            tags: given(tags),
        },
        _ => Plan::DropTags {
            instance,
            keys: tags.iter().map(|tag| tag.key.clone()).collect(),
        },
    })
}

fn given(tags: &[TagInput]) -> Vec<(String, String)> {
    let pair = |tag: &TagInput| {
        let value = tag.value.clone();
        (tag.key.clone(), value.unwrap_or_default())
    };
    tags.iter().map(pair).collect()
}

impl Body<'_> {
    fn breaks(&self, need: Need, world: &World, instance: InstanceKey) -> bool {
        let owned = &world.instances[instance].tags;
        match need {
            Need::TagAction => self.batch && !self.known,
            Need::TagListEmpty => self.batch && self.tags.is_empty(),
            Need::TagKeysRepeat => self.batch && is_flawed(self.tags, need),
            Need::TagLimit => {
                let new: BTreeSet<&str> = keys(self.tags)
                    .filter(|&key| !owned.contains_key(key))
                    .collect();
                owned.len() + new.len() > TAGS_PER_INSTANCE
            }
            Need::TagStatus => {
                let status = world.reported(Who::Instance(instance));
                status.is_some_and(|status| {
                    matches!(status, Status::Creating | Status::Deleting)
                        || matches!(status.class(), Class::Error | Class::Fault)
                })
            }
            Need::TagKeyMissing => {
                self.op == Op::DeleteTag && keys(self.tags).any(|key| !owned.contains_key(key))
            }
            _ => is_flawed(self.tags, need),
        }
    }
}

fn keys(tags: &[TagInput]) -> impl Iterator<Item = &str> {
    tags.iter().map(|tag| tag.key.as_str())
}

/// Whether a list of tags has a flaw that can be seen without looking at any instance.
fn is_flawed(tags: &[TagInput], need: Need) -> bool {
    let value = |flaw| {
        let mut values = tags.iter().map(|tag| tag.value.as_deref());
        values.any(|value| check_tag_value(value) == Err(flaw))
    };
    match need {
        Need::TagKeyBlank => keys(tags).any(is_blank),
        Need::TagKey => keys(tags).any(|key| check_tag_key(key) == Err(TagFlaw::KeyInvalid)),
        Need::TagValueNull => value(TagFlaw::ValueNull),
        Need::TagValue => value(TagFlaw::ValueInvalid),
        Need::TagKeysRepeat => keys(tags).collect::<BTreeSet<_>>().len() < tags.len(),
        _ => unreachable!("the rows of tag calls hold no other need"),
    }
}

/// What is wrong with the tags given when an instance is created, in the order in which a batch is tested. How many they
/// are is not asked here.
pub(super) fn flaw_at_creation(tags: &[TagInput]) -> Option<Code> {
    let of_lists = [
        Need::TagKeyBlank,
        Need::TagKey,
        Need::TagValueNull,
        Need::TagValue,
        Need::TagKeysRepeat,
    ];
    let needs = rule(Op::BatchAddTags).needs.iter();
    needs
        .filter(|(need, _)| of_lists.contains(need))
        .find(|(need, _)| is_flawed(tags, *need))
        .map(|&(_, code)| code)
}

/// Adds tags to an instance; keys that it has are overwritten.
pub(super) fn set(
    world: &mut World,
    now: SimTime,
    instance: InstanceKey,
    tags: Vec<(String, String)>,
    out: &mut Effects,
) {
    let owned = &mut world.instances[instance].tags;
    let mut news = false;
    for (key, value) in tags {
        news |= owned.get(&key) != Some(&value);
        owned.insert(key, value);
    }
    if news {
        tell(world, now, instance, out);
    }
}

/// Takes tags from an instance; keys that it does not have are passed over.
pub(super) fn drop_keys(
    world: &mut World,
    now: SimTime,
    instance: InstanceKey,
    keys: &[String],
    out: &mut Effects,
) {
    let owned = &mut world.instances[instance].tags;
    let before = owned.len();
    for key in keys {
        owned.remove(key);
    }
    if owned.len() < before {
        tell(world, now, instance, out);
    }
}

fn tell(world: &mut World, now: SimTime, instance: InstanceKey, out: &mut Effects) {
    let record = &mut world.instances[instance];
    record.updated = now;
    let value = print_of(&record.tags);
    make::changed(Who::Instance(instance), Property::Tags, value, out);
}

fn print_of(tags: &BTreeMap<String, String>) -> u64 {
    tags.iter().fold(tags.len() as u64, |print, (key, value)| {
        let print = hash::combine(print, hash::hash_bytes(key.as_bytes()));
        hash::combine(print, hash::hash_bytes(value.as_bytes()))
    })
}

#[cfg(test)]
mod tests;
