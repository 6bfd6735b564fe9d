//! DR drills (`sdrs_05_0703`, `sdrs_05_0704`), and the answer to renaming one (`sdrs_05_0705`).

use serde::{Deserialize, Serialize};

/// A server made for a drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillServer {
    /// The id of the protected instance it stands for.
    pub protected_instance: String,
    /// The server's id.
    pub drill_server_id: String,
}

/// A DR drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drill {
    /// The drill's id.
    pub id: String,
    /// The drill's name.
    pub name: String,
    /// The published status, for example `available`.
    pub status: String,
    /// The id of its protection group.
    pub server_group_id: String,
    /// The id of the VPC the drill runs in.
    pub drill_vpc_id: String,
    /// When the drill was created, as `2019-04-01 12:00:00.000`.
    pub created_at: String,
    /// When the drill last changed, in the same format.
    pub updated_at: String,
    /// The servers of the drill; empty while there are none.
    pub drill_servers: Vec<DrillServer>,
}

/// One drill (`sdrs_05_0704`, `sdrs_05_0705`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillAnswer {
    /// The drill.
    pub disaster_recovery_drill: Drill,
}

/// Drills (`sdrs_05_0703`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillList {
    /// How many drills meet the filter, whatever `limit` and `offset` let through.
    pub count: u64,
    /// The drills, in order of creation.
    pub disaster_recovery_drills: Vec<Drill>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdrs::view::published::assert_published;

    #[test]
    fn a_drill_has_the_published_fields() {
        let drill = Drill {
            id: "r1".into(),
            name: "spring".into(),
            status: "available".into(),
            server_group_id: "g1".into(),
            drill_vpc_id: "v2".into(),
            created_at: "2020-02-03 04:05:06.007".into(),
            updated_at: "2020-02-03 04:05:07.000".into(),
            drill_servers: vec![DrillServer {
                protected_instance: "i1".into(),
                drill_server_id: "s9".into(),
            }],
        };
        let json = r#"
{
  "disaster_recovery_drill": {
    "id": "r1",
    "name": "spring",
    "status": "available",
    "server_group_id": "g1",
    "drill_vpc_id": "v2",
    "created_at": "2020-02-03 04:05:06.007",
    "updated_at": "2020-02-03 04:05:07.000",
    "drill_servers": [
      {
        "protected_instance": "i1",
        "drill_server_id": "s9"
      }
    ]
  }
}"#;
        assert_published(
            &DrillAnswer {
                disaster_recovery_drill: drill,
            },
            json,
        );
    }

    #[test]
    fn the_list_begins_with_its_count() {
        let none = DrillList {
            count: 5,
            disaster_recovery_drills: Vec::new(),
        };
        assert_published(
            &none,
            "{\n  \"count\": 5,\n  \"disaster_recovery_drills\": []\n}",
        );
    }
}
