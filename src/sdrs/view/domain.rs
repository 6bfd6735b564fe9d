//! Active-active domains (`sdrs_05_0301`). The list has no count and no filter.

use serde::{Deserialize, Serialize};

/// One end of a domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplicationCluster {
    /// The name of the AZ.
    pub availability_zone: String,
}

/// A domain: two AZs that can protect each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    /// The domain's id.
    pub id: String,
    /// The domain's name.
    pub name: String,
    /// The domain's description; null when it has none.
    pub description: Option<String>,
    /// Whether the domain takes no further resources.
    pub sold_out: bool,
    /// One AZ; either may be the production site of a group.
    pub local_replication_cluster: ReplicationCluster,
    /// The other AZ.
    pub remote_replication_cluster: ReplicationCluster,
}

/// All domains (`sdrs_05_0301`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DomainList {
    /// The domains, in the order in which the world declares them.
    pub domains: Vec<Domain>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdrs::view::published::assert_published;

    #[test]
    fn a_domain_names_its_two_zones() {
        let list = DomainList {
            domains: vec![Domain {
                id: "d1".into(),
                name: "metro".into(),
                description: None,
                sold_out: true,
                local_replication_cluster: ReplicationCluster {
                    availability_zone: "az-1".into(),
                },
                remote_replication_cluster: ReplicationCluster {
                    availability_zone: "az-2".into(),
                },
            }],
        };
        let json = r#"
{
  "domains": [
    {
      "id": "d1",
      "name": "metro",
      "description": null,
      "sold_out": true,
      "local_replication_cluster": {
        "availability_zone": "az-1"
      },
      "remote_replication_cluster": {
        "availability_zone": "az-2"
      }
    }
  ]
}"#;
        assert_published(&list, json);
    }
}
