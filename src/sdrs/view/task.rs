//! The failed tasks of the Task Center (`sdrs_05_0901`).
//!
//! The page's example shows older names (`protectedInstance`, `createProtectedInstance`); its table gives the resource types
//! used here, and the job type is the one the job itself reports.

use serde::{Deserialize, Serialize};

/// A failed task: what remains of a job that failed, until it is deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailedTask {
    /// `FAIL`, the only value published.
    pub job_status: String,
    /// The id of the resource the job worked on.
    pub resource_id: String,
    /// The name of that resource.
    pub resource_name: String,
    /// `server_groups`, `protected_instances`, `replications` or `disaster_recovery_drills`.
    pub resource_type: String,
    /// What failed: `createFail`, `deleteFail`, `attachFail`, `detachFail`, `expandFail`, `resizeFail`, `startFail`,
    /// `stopFail`, `reverseFail`, `failoverFail` or `reprotectFail`.
    pub failure_status: String,
    /// The job's id, 32 hexadecimal digits.
    pub job_id: String,
    /// The job's published type.
    pub job_type: String,
    /// When the job was begun, as `2019-04-01T12:00:00.000Z`.
    pub begin_time: String,
    /// The code of the failure.
    pub error_code: String,
    /// The cause of the failure, in words.
    pub fail_reason: String,
}

/// Failed tasks (`sdrs_05_0901`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailedTaskList {
    /// How many failed tasks meet the filter, whatever `limit` and `offset` let through.
    pub count: u64,
    /// The failed tasks, in the order in which they failed.
    pub failure_jobs: Vec<FailedTask>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdrs::view::published::assert_published;

    #[test]
    fn a_failed_task_has_the_published_fields() {
        let list = FailedTaskList {
            count: 1,
            failure_jobs: vec![FailedTask {
                job_status: "FAIL".into(),
                resource_id: "i1".into(),
                resource_name: "shop".into(),
                resource_type: "protected_instances".into(),
                failure_status: "createFail".into(),
                job_id: "a1".into(),
                job_type: "createProtectedInstanceNoCG".into(),
                begin_time: "2020-02-03T04:05:06.007Z".into(),
                error_code: "SDRS.1306".into(),
                fail_reason: "no server left".into(),
            }],
        };
        let json = r#"
{
  "count": 1,
  "failure_jobs": [
    {
      "job_status": "FAIL",
      "resource_id": "i1",
      "resource_name": "shop",
      "resource_type": "protected_instances",
      "failure_status": "createFail",
      "job_id": "a1",
      "job_type": "createProtectedInstanceNoCG",
      "begin_time": "2020-02-03T04:05:06.007Z",
      "error_code": "SDRS.1306",
      "fail_reason": "no server left"
    }
  ]
}"#;
        assert_published(&list, json);
    }
}
