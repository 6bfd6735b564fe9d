//! Tags (`sdrs_05_0805`, `sdrs_05_0806`) and the protected instances that a tag query finds (`sdrs_05_0801`).
//!
//! The two list pages look alike and are not: an instance's tag has one `value`, a project's has all its `values`.

use serde::{Deserialize, Serialize};

use super::instance::Instance;

/// A tag of a protected instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    /// The key, which an instance has once.
    pub key: String,
    /// The value; it may be empty.
    pub value: String,
}

/// The tags of one instance (`sdrs_05_0805`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TagList {
    /// The tags.
    pub tags: Vec<Tag>,
}

/// A key that instances of a project carry, with every value it has there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProjectTag {
    /// The key, which the list has once.
    pub key: String,
    /// The values, each once.
    pub values: Vec<String>,
}

/// The tags of all instances of a project (`sdrs_05_0806`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProjectTagList {
    /// The tags.
    pub tags: Vec<ProjectTag>,
}

/// An instance that a tag query has found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaggedInstance {
    /// The instance's id.
    pub resource_id: String,
    /// The instance's name.
    pub resource_name: String,
    /// The whole instance, as its own page shows it.
    pub resource_detail: Instance,
    /// Its tags, once more; empty when it has none.
    pub tags: Vec<Tag>,
}

/// What a tag query finds (`sdrs_05_0801`, action `filter`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaggedInstanceList {
    /// The instances, in order of creation.
    pub resources: Vec<TaggedInstance>,
    /// How many there are, whatever `limit` and `offset` let through.
    pub total_count: u64,
}

/// How many instances a tag query finds (`sdrs_05_0801`, action `count`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TagCount {
    /// How many there are.
    pub total_count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdrs::view::instance::tests::instance;
    use crate::sdrs::view::published::{assert_published, json_of};

    fn tag() -> Tag {
        Tag {
            key: "tier".into(),
            value: "gold".into(),
        }
    }

    #[test]
    fn an_instance_has_one_value_per_key() {
        let list = TagList { tags: vec![tag()] };
        let json = r#"
{
  "tags": [
    {
      "key": "tier",
      "value": "gold"
    }
  ]
}"#;
        assert_published(&list, json);
    }

    #[test]
    fn a_project_has_all_values_of_a_key() {
        let tag = ProjectTag {
            key: "tier".into(),
            values: vec!["gold".into(), "silver".into()],
        };
        let json = r#"
{
  "tags": [
    {
      "key": "tier",
      "values": [
        "gold",
        "silver"
      ]
    }
  ]
}"#;
        assert_published(&ProjectTagList { tags: vec![tag] }, json);
    }

    #[test]
    fn a_query_by_tag_finds_whole_instances() {
        let found = TaggedInstance {
            resource_id: "i1".into(),
            resource_name: "shop".into(),
            resource_detail: instance(),
            tags: vec![tag()],
        };
        let list = TaggedInstanceList {
            resources: vec![found],
            total_count: 12,
        };
        let expected = serde_json::json!({
            "resources": [{
                "resource_id": "i1",
                "resource_name": "shop",
                "resource_detail": {
                    "id": "i1",
                    "name": "shop",
                    "description": "the shop",
                    "server_group_id": "g1",
                    "status": "protected",
                    "progress": 100,
                    "source_server": "s1",
                    "target_server": "s2",
                    "created_at": "2020-02-03 04:05:06.007",
                    "updated_at": "2020-02-03 04:05:07.000",
                    "priority_station": "target",
                    "attachment": [{ "replication": "p1", "device": "/dev/vda" }],
                    "tags": [{ "key": "tier", "value": "gold" }],
                    "metadata": {},
                },
                "tags": [{ "key": "tier", "value": "gold" }],
            }],
            "total_count": 12,
        });
        assert_eq!(json_of(&list), expected);
    }

    #[test]
    fn a_count_is_the_count_alone() {
        assert_published(&TagCount { total_count: 12 }, "{\n  \"total_count\": 12\n}");
    }
}
