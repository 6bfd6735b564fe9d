//! What the service answers: the published JSON bodies as plain serde structs, one module per chapter of the reference.
//!
//! Every struct has the published field names and JSON types, in the order of the page's example, and the envelopes the
//! pages wrap them in. The views hold no rule and know no world: whoever answers a query fills them in. They are *not* the
//! state of the simulation, and nothing is ever decided by reading one; so they use plain strings where the state has enums.
//!
//! Three conventions hold for all of them:
//!
//! * **Null or absent.** A field that the pages show as `null` is an `Option` and serializes as `null`. A field that the
//!   pages leave out when it has nothing to say (`failure_detail`, `sub_jobs`, the ids in a job's `entities`, the frozen
//!   mark in `metadata`) is skipped instead.
//! * **Time.** Timestamps are strings in UTC that the caller has formatted, because the pages publish three formats: jobs
//!   and failed tasks `2019-04-01T12:00:00.000Z`; groups, instances and drills `2019-04-01 12:00:00.000`; replication pairs
//!   `2019-04-01T12:00:00.000000`. Every timestamp field says which one it holds.
//! * **Counts.** `count` is the number of records that meet the filter, before `limit` and `offset`.
//!
//! Reading is the inverse of writing: each struct can be deserialized from what it serializes to.

pub mod answer;
pub mod domain;
pub mod drill;
pub mod group;
pub mod instance;
pub mod job;
pub mod pair;
pub mod quota;
pub mod tag;
pub mod task;
pub mod version;

use serde::Serialize;

pub use answer::{ErrorAnswer, ErrorBody, JobAccepted};
pub use domain::{Domain, DomainList, ReplicationCluster};
pub use drill::{Drill, DrillAnswer, DrillList, DrillServer};
pub use group::{Group, GroupAnswer, GroupList};
pub use instance::{Instance, InstanceAnswer, InstanceAttachment, InstanceList, InstanceMetadata};
pub use job::{Job, JobEntities};
pub use pair::{Pair, PairAnswer, PairAttachment, PairList, RecordMetadata};
pub use quota::{Quota, QuotaAnswer, QuotaList};
pub use tag::{
    ProjectTag, ProjectTagList, Tag, TagCount, TagList, TaggedInstance, TaggedInstanceList,
};
pub use task::{FailedTask, FailedTaskList};
pub use version::{Link, Version, VersionAnswer, VersionList};

/// The body of any answer to a query or a rename. It serializes as the body itself, with no tag around it.
///
/// Operations that start a job answer [`JobAccepted`], refusals answer [`ErrorAnswer`], and those that answer 204 have no
/// body at all; none of these is a view.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum View {
    /// All API versions (`sdrs_05_0201`).
    Versions(VersionList),
    /// One API version (`sdrs_05_0202`).
    Version(Box<VersionAnswer>),
    /// The status of one job (`sdrs_05_0101`).
    Job(Box<Job>),
    /// All active-active domains (`sdrs_05_0301`).
    Domains(DomainList),
    /// Protection groups (`sdrs_05_0402`).
    Groups(GroupList),
    /// One protection group (`sdrs_05_0403`, `sdrs_05_0405`).
    Group(Box<GroupAnswer>),
    /// Protected instances (`sdrs_05_0503`).
    Instances(InstanceList),
    /// One protected instance (`sdrs_05_0504`, `sdrs_05_0505`).
    Instance(Box<InstanceAnswer>),
    /// Replication pairs (`sdrs_05_0603`).
    Pairs(PairList),
    /// One replication pair (`sdrs_05_0604`, `sdrs_05_0606`).
    Pair(Box<PairAnswer>),
    /// DR drills (`sdrs_05_0703`).
    Drills(DrillList),
    /// One DR drill (`sdrs_05_0704`, `sdrs_05_0705`).
    Drill(Box<DrillAnswer>),
    /// Protected instances found by tag (`sdrs_05_0801`, action `filter`).
    TaggedInstances(TaggedInstanceList),
    /// How many protected instances a tag query finds (`sdrs_05_0801`, action `count`).
    TagCount(TagCount),
    /// The tags of one protected instance (`sdrs_05_0805`).
    Tags(TagList),
    /// The tags of all protected instances of a project (`sdrs_05_0806`).
    ProjectTags(ProjectTagList),
    /// Failed tasks (`sdrs_05_0901`).
    FailedTasks(FailedTaskList),
    /// The quotas of a project (`sdrs_05_1101`).
    Quotas(QuotaAnswer),
}

#[cfg(test)]
pub(crate) mod published {
    //! What the tests of all views share.

    use std::fmt::Debug;

    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    /// What `view` serializes to.
    pub(crate) fn json_of(view: &impl Serialize) -> Value {
        serde_json::to_value(view).expect("a view holds nothing JSON cannot say")
    }

    /// Asserts that `view` serializes to exactly `json` (names, types, nesting and order) and is read back unchanged.
    #[track_caller]
    pub(crate) fn assert_published<T>(view: &T, json: &str)
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug,
    {
        let written =
            serde_json::to_string_pretty(view).expect("a view holds nothing JSON cannot say");
        assert_eq!(written, json.trim());
        let read: T = serde_json::from_str(json).expect("the literal is of the published shape");
        assert_eq!(&read, view);
    }
}

#[cfg(test)]
mod tests {
    use super::published::json_of;
    use super::*;

    #[test]
    fn a_view_serializes_as_its_body_alone() {
        let count = View::TagCount(TagCount { total_count: 7 });
        assert_eq!(json_of(&count).to_string(), r#"{"total_count":7}"#);
        let tags = View::Tags(TagList { tags: Vec::new() });
        assert_eq!(json_of(&tags).to_string(), r#"{"tags":[]}"#);
    }
}
