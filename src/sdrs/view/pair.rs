//! Replication pairs (`sdrs_05_0603`, `sdrs_05_0604`), and the answer to renaming one (`sdrs_05_0606`).
//!
//! The rename page's example shows `volume_size` as a string; its table and both query pages say integer, which is used. The
//! three pages order the fields alike but for `volume_ids` and `server_group_id`; the order here is that of the query pages.

use serde::{Deserialize, Serialize};

/// A protected instance as the pair that is attached to it shows it. A pair of shared disks may have several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairAttachment {
    /// The device name, for example `/dev/vda`.
    pub device: String,
    /// The id of the protected instance.
    pub protected_instance: String,
}

/// What the two disks of a pair have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordMetadata {
    /// Whether the disks are shared disks.
    pub multiattach: bool,
    /// Whether the disks are system disks.
    pub bootable: bool,
    /// The size of each disk, in GB (which the API uses for GiB).
    pub volume_size: u64,
    /// `SSD`, `SAS`, `SATA`, `co-p1` or `uh-l1`.
    pub volume_type: String,
}

/// A replication pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The pair's id.
    pub id: String,
    /// The pair's name.
    pub name: String,
    /// The pair's description; null when it has none.
    pub description: Option<String>,
    /// `hypermetro`, which is synchronous replication; the only one published.
    pub replication_model: String,
    /// The published status, for example `protected`.
    pub status: String,
    /// How far the synchronization is, in percent, 0 to 100.
    pub progress: u8,
    /// `active`, `inactive`, `copying` or `active-stopped`.
    pub replication_status: String,
    /// The instances the pair is attached to.
    pub attachment: Vec<PairAttachment>,
    /// The id of its protection group.
    pub server_group_id: String,
    /// The ids of both disks in one string: the source disk, a comma, the target disk. See [`Pair::volume_ids`].
    pub volume_ids: String,
    /// Which AZ is the production site of its group now: `source` or `target`.
    pub priority_station: String,
    /// `0`, `2` or `5`, as a string.
    pub fault_level: String,
    /// When the pair was created, as `2019-04-01T12:00:00.000000`.
    pub created_at: String,
    /// When the pair last changed, in the same format.
    pub updated_at: String,
    /// What its disks have in common.
    pub record_metadata: RecordMetadata,
    /// The code of the failure while the status is `error`; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_detail: Option<String>,
}

impl Pair {
    /// The published form of a pair's disks, in this order. The target is `None` while the DR disk does not exist, and then
    /// the source stands alone.
    pub fn volume_ids(source: &str, target: Option<&str>) -> String {
        match target {
            Some(target) => format!("{source},{target}"),
            None => source.into(),
        }
    }
}

/// One pair (`sdrs_05_0604`, `sdrs_05_0606`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairAnswer {
    /// The pair.
    pub replication: Pair,
}

/// Pairs (`sdrs_05_0603`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairList {
    /// How many pairs meet the filter, whatever `limit` and `offset` let through.
    pub count: u64,
    /// The pairs, in order of creation.
    pub replications: Vec<Pair>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdrs::view::published::{assert_published, json_of};

    fn pair() -> Pair {
        Pair {
            id: "p1".into(),
            name: "shop-data".into(),
            description: None,
            replication_model: "hypermetro".into(),
            status: "available".into(),
            progress: 0,
            replication_status: "inactive".into(),
            attachment: vec![PairAttachment {
                device: "/dev/vdb".into(),
                protected_instance: "i1".into(),
            }],
            server_group_id: "g1".into(),
            volume_ids: Pair::volume_ids("k1", Some("k2")),
            priority_station: "source".into(),
            fault_level: "0".into(),
            created_at: "2020-02-03T04:05:06.007000".into(),
            updated_at: "2020-02-03T04:05:07.000000".into(),
            record_metadata: RecordMetadata {
                multiattach: false,
                bootable: true,
                volume_size: 40,
                volume_type: "SSD".into(),
            },
            failure_detail: None,
        }
    }

    #[test]
    fn a_pair_has_the_published_fields() {
        let json = r#"
{
  "replication": {
    "id": "p1",
    "name": "shop-data",
    "description": null,
    "replication_model": "hypermetro",
    "status": "available",
    "progress": 0,
    "replication_status": "inactive",
    "attachment": [
      {
        "device": "/dev/vdb",
        "protected_instance": "i1"
      }
    ],
    "server_group_id": "g1",
    "volume_ids": "k1,k2",
    "priority_station": "source",
    "fault_level": "0",
    "created_at": "2020-02-03T04:05:06.007000",
    "updated_at": "2020-02-03T04:05:07.000000",
    "record_metadata": {
      "multiattach": false,
      "bootable": true,
      "volume_size": 40,
      "volume_type": "SSD"
    }
  }
}"#;
        assert_published(
            &PairAnswer {
                replication: pair(),
            },
            json,
        );
    }

    #[test]
    fn only_a_pair_in_error_has_a_failure_detail() {
        let failed = Pair {
            status: "error".into(),
            failure_detail: Some("SDRS.1812".into()),
            ..pair()
        };
        let json = json_of(&failed);
        assert_eq!(json["failure_detail"], "SDRS.1812");
        let json = json_of(&pair());
        assert_eq!(json.get("failure_detail"), None);
    }

    #[test]
    fn a_pair_without_its_second_disk_names_one() {
        assert_eq!(Pair::volume_ids("k1", None), "k1");
    }

    #[test]
    fn the_list_begins_with_its_count() {
        let none = PairList {
            count: 5,
            replications: Vec::new(),
        };
        assert_published(&none, "{\n  \"count\": 5,\n  \"replications\": []\n}");
    }
}
