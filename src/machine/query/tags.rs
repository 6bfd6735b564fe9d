//! Tags across instances: the tags of a project and the query by tags (`sdrs_05_0801`, `sdrs_05_0806`).

use super::list::Page;
use super::{Scalar, published};
use crate::machine::refusal::Refusal;
use crate::machine::resolve::Look;
use crate::sdrs::limits;
use crate::sdrs::names::{check_match_key, check_match_value, query_key, query_value};
use crate::sdrs::need::Need;
use crate::sdrs::op::Op;
use crate::sdrs::rules::rule;
use crate::sdrs::view::{self, View};
use crate::time::SimTime;
use crate::world::protection::Instance;
use crate::world::{InstanceKey, Who};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One key and the values wanted of it; none: any value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TagWish {
    /// The key.
    pub key: String,
    /// The values, any of which will do. A leading `*` asks for values that contain the rest.
    #[serde(default)]
    pub values: Vec<String>,
}

/// A condition on the resource itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// `resource_name`, the only one there is.
    pub key: String,
    /// What the name contains, in either case; empty: the name is empty.
    #[serde(default)]
    pub value: Option<String>,
}

/// The body of the query by tags.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TagQuery {
    /// `filter` or `count`.
    pub action: String,
    /// How many at most; with `count` an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Scalar>,
    /// How many to pass over; with `count` an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<Scalar>,
    /// Conditions on the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches: Option<Vec<Match>>,
    /// All of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<TagWish>>,
    /// Any of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags_any: Option<Vec<TagWish>>,
    /// Not all of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_tags: Option<Vec<TagWish>>,
    /// None of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_tags_any: Option<Vec<TagWish>>,
}

impl TagQuery {
    fn wishes(&self) -> impl Iterator<Item = &Vec<TagWish>> {
        [
            &self.tags,
            &self.tags_any,
            &self.not_tags,
            &self.not_tags_any,
        ]
        .into_iter()
        .flatten()
    }

    /// Whether a need of the query's row is broken.
    fn is_broken(&self, need: Need) -> bool {
        let keys = || self.wishes().flatten().map(|wish| wish.key.as_str());
        let values = || self.wishes().flatten().flat_map(|wish| &wish.values);
        let matches = || self.matches.iter().flatten();
        let page = |limit: bool| {
            let (limit, offset) = if limit {
                (&self.limit, &None)
            } else {
                (&None, &self.offset)
            };
            Page::read(limit.as_ref(), offset.as_ref(), 2220).is_err()
        };
        let flaw = |code: u16, found: Option<crate::sdrs::codes::Code>| {
            found.is_some_and(|c| c.number() == code)
        };
        let key_flaw = |code| keys().any(|k| flaw(code, query_key(k).err().map(|f| f.code())));
        match need {
            Need::QueryAction => !matches!(self.action.as_str(), "filter" | "count"),
            Need::CountWithPaging => {
                self.action == "count" && (self.limit.is_some() || self.offset.is_some())
            }
            Need::QueryLimit => page(true),
            Need::QueryOffset => page(false),
            Need::MatchesEmpty => self.matches.as_ref().is_some_and(Vec::is_empty),
            Need::MatchesKeyEmpty => matches().any(|m| m.key.is_empty()),
            Need::MatchesKey => {
                matches().any(|m| !m.key.is_empty() && check_match_key(&m.key).is_err())
            }
            Need::MatchesKeysRepeat => repeats(matches().map(|m| m.key.as_str())),
            Need::MatchesValueNull => matches().any(|m| m.value.is_none()),
            Need::MatchesValue => matches()
                .any(|m| m.value.is_some() && check_match_value(m.value.as_deref()).is_err()),
            Need::QueryKeyBlank => key_flaw(2205),
            Need::QueryKey => key_flaw(2204),
            Need::QueryKeyLimit => self
                .wishes()
                .any(|list| list.len() > limits::TAG_QUERY_KEYS),
            Need::QueryKeysRepeat => self
                .wishes()
                .any(|list| repeats(list.iter().map(|w| sought_key(&w.key)))),
            Need::QueryValueLimit => self
                .wishes()
                .flatten()
                .any(|w| w.values.len() > limits::TAG_QUERY_VALUES_PER_KEY),
            Need::QueryValuesRepeat => self
                .wishes()
                .flatten()
                .any(|w| repeats(w.values.iter().map(|v| sought_value(v)))),
            Need::QueryValue => values().any(|value| query_value(value).is_err()),
            _ => unreachable!("the row of the tag query holds no other need"),
        }
    }

    /// Whether an instance with this name and these tags is asked for.
    fn wants(&self, name: &str, instance: &Instance) -> bool {
        let has = |wish: &TagWish| has(instance, wish);
        self.matches
            .iter()
            .flatten()
            .all(|m| is_match(name, m.value.as_deref().unwrap_or_default()))
            && self.tags.iter().all(|list| list.iter().all(has))
            && self
                .tags_any
                .iter()
                .all(|list| list.is_empty() || list.iter().any(has))
            && self
                .not_tags
                .iter()
                .all(|list| list.is_empty() || !list.iter().all(has))
            && self.not_tags_any.iter().all(|list| !list.iter().any(has))
    }
}

fn repeats<'a>(mut words: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = BTreeSet::new();
    words.any(|word| !seen.insert(word))
}

fn is_match(name: &str, wanted: &str) -> bool {
    match wanted {
        "" => name.is_empty(),
        wanted => name.to_lowercase().contains(&wanted.to_lowercase()),
    }
}

fn has(instance: &Instance, wish: &TagWish) -> bool {
    let Some(value) = instance.tags.get(sought_key(&wish.key)) else {
        return false;
    };
    wish.values.is_empty()
        || wish
            .values
            .iter()
            .any(|wanted| match sought_value(wanted).strip_prefix('*') {
                Some(rest) => value.contains(rest),
                None => value == sought_value(wanted),
            })
}

/// The key that is sought: without the spaces around it. What is no key stays as it is, to be refused as that.
fn sought_key(given: &str) -> &str {
    query_key(given).unwrap_or(given)
}

/// The value that is sought, likewise.
fn sought_value(given: &str) -> &str {
    query_value(given).unwrap_or(given)
}

/// Instances of the project in the order of creation.
fn instances(look: Look) -> Vec<InstanceKey> {
    let world = look.world;
    let mut keys: Vec<_> = world
        .instances
        .keys()
        .filter(|&key| world.is_of(Who::Instance(key), look.project))
        .collect();
    keys.sort_by_key(|&key| world.instances[key].serial);
    keys
}

/// Answers the query, after its needs in the order of its row.
pub(super) fn answer(look: Look, now: SimTime, query: &TagQuery) -> Result<View, Refusal> {
    let op = Op::QueryInstancesByTag;
    for &(need, code) in rule(op).needs {
        if query.is_broken(need) {
            return Err(Refusal::Need { code, op, need });
        }
    }
    let page = Page::read(query.limit.as_ref(), query.offset.as_ref(), 2220)
        .expect("the needs of the row hold, and two of them are that the page is well-formed");
    let world = look.world;
    let mut found = instances(look);
    found.retain(|&key| {
        let instance = &world.instances[key];
        query.wants(&world.name(instance.name), instance)
    });
    let total_count = found.len() as u64;
    if query.action == "count" {
        return Ok(View::TagCount(view::TagCount { total_count }));
    }
    let resources = page.of(found).map(|key| {
        let resource_detail = published::instance(world, now, key);
        view::TaggedInstance {
            resource_id: resource_detail.id.clone(),
            resource_name: resource_detail.name.clone(),
            tags: resource_detail.tags.clone(),
            resource_detail,
        }
    });
    let resources = resources.collect();
    Ok(View::TaggedInstances(view::TaggedInstanceList {
        resources,
        total_count,
    }))
}

/// All keys of the project's instances with all their values.
pub(super) fn of_project(look: Look) -> view::ProjectTagList {
    let mut all: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
    for key in instances(look) {
        for (tag, value) in &look.world.instances[key].tags {
            all.entry(tag).or_default().insert(value);
        }
    }
    let tag = |(key, values): (&String, BTreeSet<&String>)| view::ProjectTag {
        key: key.clone(),
        values: values.into_iter().cloned().collect(),
    };
    view::ProjectTagList {
        tags: all.into_iter().map(tag).collect(),
    }
}
