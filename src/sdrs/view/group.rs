//! Protection groups (`sdrs_05_0402`, `sdrs_05_0403`), and the answer to renaming one (`sdrs_05_0405`).
//!
//! The query pages say that groups made after an upgrade report null for `protected_status`, `replication_status` and
//! `health_status`. The simulation reports values, as the example of the rename page does.

use serde::{Deserialize, Serialize};

/// A protection group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The group's id.
    pub id: String,
    /// The group's name.
    pub name: String,
    /// The group's description; null when it has none.
    pub description: Option<String>,
    /// The production AZ given at creation; no failover changes it.
    pub source_availability_zone: String,
    /// The DR AZ given at creation; no failover changes it.
    pub target_availability_zone: String,
    /// The id of the active-active domain.
    pub domain_id: String,
    /// The name of the active-active domain.
    pub domain_name: String,
    /// The published status, for example `available`.
    pub status: String,
    /// `started` or `stopped`.
    pub protected_status: Option<String>,
    /// `active`, `inactive`, `copying` or `active-stopped`.
    pub replication_status: Option<String>,
    /// `normal` or `abnormal`.
    pub health_status: Option<String>,
    /// How far the synchronization is, in percent, 0 to 100.
    pub progress: u8,
    /// Which AZ is the production site now: `source` or `target`.
    pub priority_station: String,
    /// How many protected instances the group has.
    pub protected_instance_num: u64,
    /// How many replication pairs the group has.
    pub replication_num: u64,
    /// How many DR drills the group has.
    pub disaster_recovery_drill_num: u64,
    /// The VPC of the production site.
    pub source_vpc_id: String,
    /// The VPC of the DR site: the same one, since `dr_type` is migration within a VPC.
    pub target_vpc_id: String,
    /// Reserved; always null.
    pub test_vpc_id: Option<String>,
    /// The deployment model; `migration` is the only one published.
    pub dr_type: String,
    /// The type of the servers; `ECS` is the only one published.
    pub server_type: String,
    /// When the group was created, as `2019-04-01 12:00:00.000`.
    pub created_at: String,
    /// When the group last changed, in the same format.
    pub updated_at: String,
    /// `replication-pair`, or null for a consistency group.
    pub protection_type: Option<String>,
    /// Reserved; always null.
    pub replication_model: Option<String>,
}

/// One group (`sdrs_05_0403`, `sdrs_05_0405`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupAnswer {
    /// The group.
    pub server_group: Group,
}

/// Groups (`sdrs_05_0402`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupList {
    /// How many groups meet the filter, whatever `limit` and `offset` let through.
    pub count: u64,
    /// The groups, in order of creation.
    pub server_groups: Vec<Group>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdrs::view::published::{assert_published, json_of};

    fn group() -> Group {
        Group {
            id: "g1".into(),
            name: "web".into(),
            description: None,
            source_availability_zone: "az-1".into(),
            target_availability_zone: "az-2".into(),
            domain_id: "d1".into(),
            domain_name: "metro".into(),
            status: "protected".into(),
            protected_status: Some("started".into()),
            replication_status: Some("copying".into()),
            health_status: Some("normal".into()),
            progress: 42,
            priority_station: "source".into(),
            protected_instance_num: 2,
            replication_num: 3,
            disaster_recovery_drill_num: 1,
            source_vpc_id: "v1".into(),
            target_vpc_id: "v1".into(),
            test_vpc_id: None,
            dr_type: "migration".into(),
            server_type: "ECS".into(),
            created_at: "2020-02-03 04:05:06.007".into(),
            updated_at: "2020-02-03 04:05:07.000".into(),
            protection_type: Some("replication-pair".into()),
            replication_model: None,
        }
    }

    #[test]
    fn a_group_has_the_published_fields() {
        let json = r#"
{
  "server_group": {
    "id": "g1",
    "name": "web",
    "description": null,
    "source_availability_zone": "az-1",
    "target_availability_zone": "az-2",
    "domain_id": "d1",
    "domain_name": "metro",
    "status": "protected",
    "protected_status": "started",
    "replication_status": "copying",
    "health_status": "normal",
    "progress": 42,
    "priority_station": "source",
    "protected_instance_num": 2,
    "replication_num": 3,
    "disaster_recovery_drill_num": 1,
    "source_vpc_id": "v1",
    "target_vpc_id": "v1",
    "test_vpc_id": null,
    "dr_type": "migration",
    "server_type": "ECS",
    "created_at": "2020-02-03 04:05:06.007",
    "updated_at": "2020-02-03 04:05:07.000",
    "protection_type": "replication-pair",
    "replication_model": null
  }
}"#;
        assert_published(
            &GroupAnswer {
                server_group: group(),
            },
            json,
        );
    }

    #[test]
    fn the_list_begins_with_its_count() {
        let none = GroupList {
            count: 5,
            server_groups: Vec::new(),
        };
        assert_published(&none, "{\n  \"count\": 5,\n  \"server_groups\": []\n}");
    }

    #[test]
    fn a_consistency_group_says_null() {
        let group = Group {
            protection_type: None,
            ..group()
        };
        let json = json_of(&group);
        assert_eq!(json.get("protection_type"), Some(&serde_json::Value::Null));
    }
}
