//! The status of a job (`sdrs_05_0101`). The body is the job itself, without an envelope.
//!
//! The reference names two members of `entities`, `server_group_id` and `sub_jobs`, and says that the rest depends on the
//! type of the job; the other names here are those that the service's public client libraries read.

use serde::{Deserialize, Serialize};

/// A job, or a sub-job of one: both have the same shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// `INIT`, `RUNNING`, `SUCCESS` or `FAIL`.
    pub status: String,
    /// What the job works on, and its sub-jobs.
    pub entities: JobEntities,
    /// The job's id, 32 hexadecimal digits.
    pub job_id: String,
    /// The published type, for example `createProtectionGroupNoCG`.
    pub job_type: String,
    /// When the job was begun, as `2019-04-01T12:00:00.000Z`; null while it waits.
    pub begin_time: Option<String>,
    /// When the job ended, in the same format; null until then.
    pub end_time: Option<String>,
    /// The code of a failure; null unless the job has failed.
    pub error_code: Option<String>,
    /// The cause of a failure in words; null unless the job has failed.
    pub fail_reason: Option<String>,
}

/// What a job works on. A member that does not apply to the job is absent; it is never null.
///
/// The parent of sub-jobs carries them alone in the published example, and its sub-jobs name the protection group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct JobEntities {
    /// The protection group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_group_id: Option<String>,
    /// The protected instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected_instance_id: Option<String>,
    /// The replication pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_pair_id: Option<String>,
    /// The DR drill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disaster_recovery_drill_id: Option<String>,
    /// The NIC (its port id).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nic_id: Option<String>,
    /// The sub-jobs in the order in which they were made; absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_jobs: Vec<Job>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdrs::view::published::assert_published;

    fn sub_job() -> Job {
        Job {
            status: "FAIL".into(),
            entities: JobEntities {
                server_group_id: Some("g1".into()),
                ..JobEntities::default()
            },
            job_id: "b2".into(),
            job_type: "stopProtectionGroupRepNoCG".into(),
            begin_time: Some("2020-02-03T04:05:06.007Z".into()),
            end_time: Some("2020-02-03T04:05:09.000Z".into()),
            error_code: Some("SDRS.1030".into()),
            fail_reason: Some("the copy broke off".into()),
        }
    }

    #[test]
    fn a_job_carries_its_sub_jobs_in_its_entities() {
        let job = Job {
            status: "RUNNING".into(),
            entities: JobEntities {
                sub_jobs: vec![sub_job()],
                ..JobEntities::default()
            },
            job_id: "a1".into(),
            job_type: "stopProtectionGroupNoCG".into(),
            begin_time: Some("2020-02-03T04:05:06.000Z".into()),
            end_time: None,
            error_code: None,
            fail_reason: None,
        };
        let json = r#"
{
  "status": "RUNNING",
  "entities": {
    "sub_jobs": [
      {
        "status": "FAIL",
        "entities": {
          "server_group_id": "g1"
        },
        "job_id": "b2",
        "job_type": "stopProtectionGroupRepNoCG",
        "begin_time": "2020-02-03T04:05:06.007Z",
        "end_time": "2020-02-03T04:05:09.000Z",
        "error_code": "SDRS.1030",
        "fail_reason": "the copy broke off"
      }
    ]
  },
  "job_id": "a1",
  "job_type": "stopProtectionGroupNoCG",
  "begin_time": "2020-02-03T04:05:06.000Z",
  "end_time": null,
  "error_code": null,
  "fail_reason": null
}"#;
        assert_published(&job, json);
    }

    #[test]
    fn entities_name_what_the_job_works_on_and_nothing_else() {
        let all = JobEntities {
            server_group_id: Some("g".into()),
            protected_instance_id: Some("i".into()),
            replication_pair_id: Some("p".into()),
            disaster_recovery_drill_id: Some("d".into()),
            nic_id: Some("n".into()),
            sub_jobs: Vec::new(),
        };
        let json = r#"
{
  "server_group_id": "g",
  "protected_instance_id": "i",
  "replication_pair_id": "p",
  "disaster_recovery_drill_id": "d",
  "nic_id": "n"
}"#;
        assert_published(&all, json);
        assert_published(&JobEntities::default(), "{}");
    }
}
