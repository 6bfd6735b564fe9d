//! The quotas of a project (`sdrs_05_1101`). Only protection groups and replication pairs have one.

use serde::{Deserialize, Serialize};

/// The quota of one type of resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quota {
    /// The type: `server_groups` or `replications`.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// How many there are.
    pub used: u64,
    /// How many there may be; -1 when there is no limit.
    pub quota: i64,
    /// The least the quota can be set to.
    pub min: i64,
    /// The most the quota can be set to; -1 when there is no limit.
    pub max: i64,
}

/// The quotas of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuotaList {
    /// One quota per type: groups, then pairs.
    pub resources: Vec<Quota>,
}

/// The answer of `sdrs_05_1101`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuotaAnswer {
    /// The quotas.
    pub quotas: QuotaList,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdrs::view::published::assert_published;

    #[test]
    fn quotas_stand_in_two_envelopes() {
        let quota = Quota {
            resource_type: "server_groups".into(),
            used: 3,
            quota: 20,
            min: 0,
            max: -1,
        };
        let answer = QuotaAnswer {
            quotas: QuotaList {
                resources: vec![quota],
            },
        };
        let json = r#"
{
  "quotas": {
    "resources": [
      {
        "type": "server_groups",
        "used": 3,
        "quota": 20,
        "min": 0,
        "max": -1
      }
    ]
  }
}"#;
        assert_published(&answer, json);
    }
}
