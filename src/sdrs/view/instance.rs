//! Protected instances (`sdrs_05_0503`, `sdrs_05_0504`), and the answer to renaming one (`sdrs_05_0505`).
//!
//! The pages publish neither the NICs nor the flavors of an instance's servers, so the view has none.

use serde::{Deserialize, Serialize};

use super::tag::Tag;

/// A replication pair as the instance it is attached to shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceAttachment {
    /// The id of the replication pair.
    pub replication: String,
    /// The device name, for example `/dev/vda`.
    pub device: String,
}

/// What the service notes on an instance. It is `{}` for an instance that is not frozen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InstanceMetadata {
    /// `true` (a string) when the instance is frozen; absent otherwise.
    #[serde(
        rename = "__system__frozen",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub system_frozen: Option<String>,
}

impl InstanceMetadata {
    /// The metadata of an instance that is frozen or not.
    pub fn of(frozen: bool) -> Self {
        Self {
            system_frozen: frozen.then(|| "true".into()),
        }
    }
}

/// A protected instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// The instance's id.
    pub id: String,
    /// The instance's name.
    pub name: String,
    /// The instance's description; null when it has none.
    pub description: Option<String>,
    /// The id of its protection group.
    pub server_group_id: String,
    /// The published status, for example `protected`.
    pub status: String,
    /// How far the synchronization is, in percent, 0 to 100.
    pub progress: u8,
    /// The id of the server in the group's source AZ. It stays when roles change; `priority_station` says which is which.
    pub source_server: String,
    /// The id of the server in the group's target AZ.
    pub target_server: String,
    /// When the instance was created, as `2019-04-01 12:00:00.000`.
    pub created_at: String,
    /// When the instance last changed, in the same format.
    pub updated_at: String,
    /// Which AZ is the production site of its group now: `source` or `target`.
    pub priority_station: String,
    /// The replication pairs attached to it.
    pub attachment: Vec<InstanceAttachment>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// What the service notes on it.
    pub metadata: InstanceMetadata,
}

/// One instance (`sdrs_05_0504`, `sdrs_05_0505`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceAnswer {
    /// The instance.
    pub protected_instance: Instance,
}

/// Instances (`sdrs_05_0503`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceList {
    /// The instances, in order of creation.
    pub protected_instances: Vec<Instance>,
    /// How many instances meet the filter, whatever `limit` and `offset` let through.
    pub count: u64,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::sdrs::view::published::{assert_published, json_of};

    pub(crate) fn instance() -> Instance {
        Instance {
            id: "i1".into(),
            name: "shop".into(),
            description: Some("the shop".into()),
            server_group_id: "g1".into(),
            status: "protected".into(),
            progress: 100,
            source_server: "s1".into(),
            target_server: "s2".into(),
            created_at: "2020-02-03 04:05:06.007".into(),
            updated_at: "2020-02-03 04:05:07.000".into(),
            priority_station: "target".into(),
            attachment: vec![InstanceAttachment {
                replication: "p1".into(),
                device: "/dev/vda".into(),
            }],
            tags: vec![Tag {
                key: "tier".into(),
                value: "gold".into(),
            }],
            metadata: InstanceMetadata::of(false),
        }
    }

    #[test]
    fn an_instance_has_the_published_fields() {
        let json = r#"
{
  "protected_instance": {
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
    "attachment": [
      {
        "replication": "p1",
        "device": "/dev/vda"
      }
    ],
    "tags": [
      {
        "key": "tier",
        "value": "gold"
      }
    ],
    "metadata": {}
  }
}"#;
        assert_published(
            &InstanceAnswer {
                protected_instance: instance(),
            },
            json,
        );
    }

    #[test]
    fn a_frozen_instance_says_so_as_a_string() {
        assert_published(
            &InstanceMetadata::of(true),
            "{\n  \"__system__frozen\": \"true\"\n}",
        );
    }

    #[test]
    fn an_instance_without_a_description_says_null() {
        let json = json_of(&Instance {
            description: None,
            ..instance()
        });
        assert_eq!(json.get("description"), Some(&serde_json::Value::Null));
    }

    #[test]
    fn the_list_ends_with_its_count() {
        let none = InstanceList {
            protected_instances: Vec::new(),
            count: 5,
        };
        assert_published(
            &none,
            "{\n  \"protected_instances\": [],\n  \"count\": 5\n}",
        );
    }
}
