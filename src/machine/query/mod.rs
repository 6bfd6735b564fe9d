//! Reading the service: the 17 operations that are answered from the state alone.
//!
//! A question never changes anything and takes no time. What it answers is the published JSON; what the published views
//! leave out is added by [`view_of`] for those who look at the simulation itself.

mod health;
mod ids;
mod list;
mod plain;
mod published;
mod tags;
#[cfg(test)]
mod tests;

pub use plain::{some_of_pair, view_of};

use super::admit::{CONTROL_DOWN, project_of};
use super::command::Ref;
use super::refusal::Refusal;
use super::resolve::Look;
use crate::sdrs::codes::Code;
use crate::sdrs::ids::parse_job_id;
use crate::sdrs::view::{self, View};
use crate::time::SimTime;
use crate::world::job::{Job, Sub};
use crate::world::label::Stable;
use crate::world::{JobKey, Who, World};
use list::Filters;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::IntErrorKind;
pub use tags::{Match, TagQuery, TagWish};

/// A query parameter as a caller writes it: a number or a text, which may be malformed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// A whole number.
    Integer(i64),
    /// Another number.
    Number(f64),
    /// A text, as a URL holds it.
    Text(String),
}

impl Scalar {
    /// The whole number that it is, if it is one; a text of a greater one than fits reads as the greatest that does.
    pub(crate) fn integer(&self) -> Option<i64> {
        match self {
            Scalar::Integer(n) => Some(*n),
            Scalar::Number(_) => None,
            Scalar::Text(text) => match text.parse() {
                Ok(n) => Some(n),
                Err(error) => (*error.kind() == IntErrorKind::PosOverflow).then_some(i64::MAX),
            },
        }
    }

    pub(crate) fn shown(&self) -> String {
        match self {
            Scalar::Integer(n) => n.to_string(),
            Scalar::Number(x) => x.to_string(),
            Scalar::Text(text) => text.clone(),
        }
    }
}

/// The parameters of the lists. Each list takes those that its page names; the others are an error.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)] // The published parameters, in the words of the pages.
pub struct ListParameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Scalar>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<Scalar>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_group_id: Option<Ref>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_group_ids: Option<Vec<Ref>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected_instance_id: Option<Ref>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected_instance_ids: Option<Vec<Ref>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drill_vpc_id: Option<Ref>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
}

/// A question to the service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
#[allow(missing_docs)] // Variants are the published operations.
pub enum Query {
    ListApiVersions {},
    ShowApiVersion {
        api_version: String,
    },
    /// `job` is `job-7`, the seventh job of the run, or an id as the API would be given it: that of a job or of a sub-job.
    ShowJob {
        job: Ref,
    },
    ListActiveActiveDomains {},
    ListProtectionGroups(ListParameters),
    ShowProtectionGroup {
        group: Ref,
    },
    ListProtectedInstances(ListParameters),
    ShowProtectedInstance {
        instance: Ref,
    },
    ListReplicationPairs(ListParameters),
    ShowReplicationPair {
        pair: Ref,
    },
    ListDrDrills(ListParameters),
    ShowDrDrill {
        drill: Ref,
    },
    ListInstanceTags {
        instance: Ref,
    },
    ListProjectTags {},
    QueryInstancesByTag(TagQuery),
    ListFailedTasks(ListParameters),
    ShowQuotas {},
}

/// A question of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The project that asks, by label; absent: `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// What it asks.
    #[serde(flatten)]
    pub query: Query,
}

impl From<Query> for Question {
    fn from(query: Query) -> Question {
        Question {
            project: None,
            query,
        }
    }
}

/// Answers a question at an instant. Lists are in the order of creation.
///
/// Refused: everything while the control plane is down, then malformed ids and parameters, then ids that are unknown in the project, each with its published code.
pub fn query(world: &World, now: SimTime, question: &Question) -> Result<View, Refusal> {
    if world.is_control_down() {
        return Err(Refusal::Unavailable { code: CONTROL_DOWN });
    }
    let project = project_of(world, question.project.as_deref())?;
    let look = Look::new(world, project);
    Ok(match &question.query {
        Query::ListApiVersions {} => View::Versions(view::VersionList {
            versions: vec![view::Version::v1(ENDPOINT)],
        }),
        Query::ShowApiVersion { api_version } => version(api_version)?,
        Query::ShowJob { job } => {
            let shown = match find_sub_job(look, job) {
                Some((job, sub)) => published::sub_job(world, now, job, &sub),
                None => published::job(world, now, find_job(look, job)?),
            };
            View::Job(Box::new(shown))
        }
        Query::ListActiveActiveDomains {} => View::Domains(published::domains(world)),
        Query::ListProtectionGroups(p) => {
            list::groups(now, &Filters::new(look, "list_protection_groups", p)?)
        }
        Query::ShowProtectionGroup { group } => {
            let server_group = published::group(world, now, look.api_group(group)?);
            View::Group(Box::new(view::GroupAnswer { server_group }))
        }
        Query::ListProtectedInstances(p) => {
            list::instances(now, &Filters::new(look, "list_protected_instances", p)?)
        }
        Query::ShowProtectedInstance { instance } => {
            let protected_instance = published::instance(world, now, look.api_instance(instance)?);
            View::Instance(Box::new(view::InstanceAnswer { protected_instance }))
        }
        Query::ListReplicationPairs(p) => {
            list::pairs(now, &Filters::new(look, "list_replication_pairs", p)?)
        }
        Query::ShowReplicationPair { pair } => {
            let replication = published::pair(world, now, look.api_pair(pair)?);
            View::Pair(Box::new(view::PairAnswer { replication }))
        }
        Query::ListDrDrills(p) => list::drills(&Filters::new(look, "list_dr_drills", p)?),
        Query::ShowDrDrill { drill } => {
            let disaster_recovery_drill = published::drill(world, look.api_drill(drill)?);
            View::Drill(Box::new(view::DrillAnswer {
                disaster_recovery_drill,
            }))
        }
        Query::ListInstanceTags { instance } => {
            let instance = look.api_instance(instance)?;
            View::Tags(view::TagList {
                tags: published::tags(&world.instances[instance]),
            })
        }
        Query::ListProjectTags {} => View::ProjectTags(tags::of_project(look)),
        Query::QueryInstancesByTag(query) => tags::answer(look, now, query)?,
        Query::ListFailedTasks(p) => list::tasks(&Filters::new(look, "list_failed_tasks", p)?),
        Query::ShowQuotas {} => View::Quotas(published::quotas(world, project)),
    })
}

/// The address that the version links carry; the simulation has none of its own.
const ENDPOINT: &str = "https://sdrs.example.com";

fn version(api_version: &str) -> Result<View, Refusal> {
    if api_version != "v1" {
        let (word, id) = ("API version".to_owned(), api_version.to_owned());
        return Err(Refusal::NotFound {
            code: Code::of(201),
            word,
            id,
        });
    }
    Ok(View::Version(Box::new(view::VersionAnswer {
        version: view::Version::v1(ENDPOINT),
    })))
}

/// The job that a reference names: by key, as `job-7`, or by id of 32 hex digits.
pub(crate) fn find_job(look: Look, job: &Ref) -> Result<JobKey, Refusal> {
    let world = look.world;
    let found = match job {
        Ref::Key(Who::Job(key)) => Some(*key),
        Ref::Key(_) => None,
        Ref::Label(label) => {
            let number: Option<u64> = label.strip_prefix("job-").and_then(|n| n.parse().ok());
            number.and_then(|number| job_number(world, number))
        }
        Ref::Id { id } => {
            let Some(id) = parse_job_id(id) else {
                let (word, id) = ("job".to_owned(), id.clone());
                return Err(Refusal::Malformed {
                    code: Code::of(201),
                    word,
                    id,
                });
            };
            match Stable::from_uuid(id, world.seed).and_then(|stable| world.at(stable)) {
                Some(Who::Job(key)) => Some(key),
                _ => None,
            }
        }
    };
    found
        .filter(|&key| {
            world
                .jobs
                .get(key)
                .is_some_and(|j| j.project == look.project)
        })
        .ok_or_else(|| {
            let (word, id) = ("job".to_owned(), job.shown(world));
            Refusal::NotFound {
                code: Code::of(201),
                word,
                id,
            }
        })
}

/// The sub-job that an id names, with its job. Sub-jobs have no labels and are in no index; there are at most as many as
/// are kept of finished jobs and those of running ones, and nothing asks for them in bulk.
fn find_sub_job<'a>(look: Look<'a>, job: &Ref) -> Option<(&'a Job, Sub)> {
    let Ref::Id { id } = job else { return None };
    let world = look.world;
    let stable = Stable::from_uuid(parse_job_id(id)?, world.seed)?;
    if world.at(stable).is_some() {
        return None;
    }
    let jobs = world.jobs.values();
    jobs.filter(|job| job.project == look.project)
        .find_map(|job| {
            let mut subs = job.subs.iter();
            let sub = subs.find(|sub| job.sub_stable(sub) == stable)?;
            Some((job, sub))
        })
}

/// The job with this number, if it is still kept.
pub fn job_number(world: &World, number: u64) -> Option<JobKey> {
    world
        .jobs
        .iter()
        .find(|(_, job)| job.number == number)
        .map(|(key, _)| key)
}
