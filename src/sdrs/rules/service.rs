//! The rules of jobs, versions, domains, tags, the Task Center and quotas.

use super::Rule;
use crate::sdrs::codes::Code;
use crate::sdrs::need::Need;
use crate::sdrs::op::Op;

/// One row per operation on jobs, versions, domains, tags, the Task Center and quotas.
pub(super) const RULES: &[Rule] = &[
    Rule::sync(Op::ListApiVersions, "GET /", "sdrs_05_0201", 200),
    Rule::sync(
        Op::ShowApiVersion,
        "GET /{api_version}",
        "sdrs_05_0202",
        200,
    ),
    Rule::sync(
        Op::ShowJob,
        "GET /v1/{project_id}/jobs/{job_id}",
        "sdrs_05_0101",
        200,
    ),
    Rule::sync(
        Op::ListActiveActiveDomains,
        "GET /v1/{project_id}/active-domains",
        "sdrs_05_0301",
        200,
    ),
    Rule::sync(
        Op::AddTag,
        "POST /v1/{project_id}/protected-instances/{protected_instance_id}/tags",
        "sdrs_05_0803",
        204,
    )
    .unless(&[
        (Need::TagAction, Code::of(2201)),
        (Need::TagListEmpty, Code::of(2202)),
        (Need::TagKeyBlank, Code::of(2205)),
        (Need::TagKey, Code::of(2204)),
        (Need::TagValueNull, Code::of(2208)),
        (Need::TagValue, Code::of(2207)),
        (Need::TagKeysRepeat, Code::of(2209)),
        (Need::TagLimit, Code::of(2203)),
        (Need::TagStatus, Code::of(2221)),
    ]),
    Rule::sync(
        Op::BatchAddTags,
        "POST /v1/{project_id}/protected-instances/{protected_instance_id}/tags/action",
        "sdrs_05_0802",
        204,
    )
    .body("action=create")
    .unless(&[
        (Need::TagAction, Code::of(2201)),
        (Need::TagListEmpty, Code::of(2202)),
        (Need::TagKeyBlank, Code::of(2205)),
        (Need::TagKey, Code::of(2204)),
        (Need::TagValueNull, Code::of(2208)),
        (Need::TagValue, Code::of(2207)),
        (Need::TagKeysRepeat, Code::of(2209)),
        (Need::TagLimit, Code::of(2203)),
        (Need::TagStatus, Code::of(2221)),
    ]),
    Rule::sync(
        Op::BatchDeleteTags,
        "POST /v1/{project_id}/protected-instances/{protected_instance_id}/tags/action",
        "sdrs_05_0807",
        204,
    )
    .body("action=delete")
    .unless(&[
        (Need::TagAction, Code::of(2201)),
        (Need::TagListEmpty, Code::of(2202)),
        (Need::TagKeyBlank, Code::of(2205)),
        (Need::TagKeyMissing, Code::of(2206)),
        (Need::TagStatus, Code::of(2222)),
    ]),
    Rule::sync(
        Op::DeleteTag,
        "DELETE /v1/{project_id}/protected-instances/{protected_instance_id}/tags/{key}",
        "sdrs_05_0804",
        204,
    )
    .unless(&[
        (Need::TagAction, Code::of(2201)),
        (Need::TagListEmpty, Code::of(2202)),
        (Need::TagKeyBlank, Code::of(2205)),
        (Need::TagKeyMissing, Code::of(2206)),
        (Need::TagStatus, Code::of(2222)),
    ]),
    Rule::sync(
        Op::ListInstanceTags,
        "GET /v1/{project_id}/protected-instances/{protected_instance_id}/tags",
        "sdrs_05_0805",
        200,
    ),
    Rule::sync(
        Op::ListProjectTags,
        "GET /v1/{project_id}/protected-instances/tags",
        "sdrs_05_0806",
        200,
    ),
    Rule::sync(
        Op::QueryInstancesByTag,
        "POST /v1/{project_id}/protected-instances/resource_instances/action",
        "sdrs_05_0801",
        200,
    )
    .unless(&[
        (Need::QueryAction, Code::of(2210)),
        (Need::CountWithPaging, Code::of(2211)),
        (Need::QueryLimit, Code::of(2220)),
        (Need::QueryOffset, Code::of(222)),
        (Need::MatchesEmpty, Code::of(2212)),
        (Need::MatchesKeyEmpty, Code::of(2213)),
        (Need::MatchesKey, Code::of(2214)),
        (Need::MatchesKeysRepeat, Code::of(2215)),
        (Need::MatchesValueNull, Code::of(2216)),
        (Need::MatchesValue, Code::of(2217)),
        (Need::QueryKeyBlank, Code::of(2205)),
        (Need::QueryKey, Code::of(2204)),
        (Need::QueryKeyLimit, Code::of(2203)),
        (Need::QueryKeysRepeat, Code::of(2209)),
        (Need::QueryValueLimit, Code::of(2218)),
        (Need::QueryValuesRepeat, Code::of(2219)),
        (Need::QueryValue, Code::of(2207)),
    ]),
    Rule::sync(
        Op::ListFailedTasks,
        "GET /v1/{project_id}/task-center/failure-jobs",
        "sdrs_05_0901",
        200,
    )
    .filters(
        &[
            "failure_status",
            "resource_name",
            "server_group_id",
            "resource_type",
            "limit",
            "offset",
        ],
        &[],
    ),
    Rule::sync(
        Op::DeleteFailedTask,
        "DELETE /v1/{project_id}/task-center/failure-jobs/{failure_job_id}",
        "sdrs_05_0902",
        204,
    ),
    Rule::sync(
        Op::DeleteGroupFailedTasks,
        "DELETE /v1/{project_id}/task-center/{server_group_id}/failure-jobs/batch",
        "sdrs_05_0904",
        204,
    ),
    Rule::sync(
        Op::DeleteAllFailedTasks,
        "DELETE /v1/{project_id}/task-center/failure-jobs/batch",
        "sdrs_05_0903",
        204,
    ),
    Rule::sync(
        Op::ShowQuotas,
        "GET /v1/{project_id}/sdrs/quotas",
        "sdrs_05_1101",
        200,
    ),
];
