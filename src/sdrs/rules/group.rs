//! The rules of protection groups.

use super::{End::*, Rule, Station};
use crate::sdrs::codes::Code;
use crate::sdrs::need::Need;
use crate::sdrs::op::Op;
use crate::sdrs::status::{Kind::*, Status::*};

/// One row per operation on protection groups.
pub(super) const RULES: &[Rule] = &[
    Rule::job(
        Op::CreateProtectionGroup,
        "POST /v1/{project_id}/server-groups",
        "sdrs_05_0401",
    )
    .job_type("createProtectionGroupNoCG", "createFail", 1014)
    .moves(ProtectionGroup, Creating, Is(Available), Is(Error))
    .unless(&[
        (Need::BadName, Code::of(202)),
        (Need::BadDescription, Code::of(212)),
        (Need::BadAzs, Code::of(203)),
        (Need::BadDomain, Code::of(205)),
        (Need::UnknownVpc, Code::of(204)),
        (Need::BadDrType, Code::of(201)),
        (Need::GroupQuota, Code::of(305)),
    ]),
    Rule::sync(
        Op::ListProtectionGroups,
        "GET /v1/{project_id}/server-groups",
        "sdrs_05_0402",
        200,
    )
    .filters(
        &[
            "limit",
            "offset",
            "status",
            "name",
            "query_type",
            "availability_zone",
        ],
        &[
            "status_abnormal",
            "stop_protected",
            "period_no_dr_drill",
            "general",
        ],
    ),
    Rule::sync(
        Op::ShowProtectionGroup,
        "GET /v1/{project_id}/server-groups/{server_group_id}",
        "sdrs_05_0403",
        200,
    ),
    Rule::job(
        Op::DeleteProtectionGroup,
        "DELETE /v1/{project_id}/server-groups/{server_group_id}",
        "sdrs_05_0404",
    )
    .job_type("deleteProtectionGroupNoCG", "deleteFail", 1016)
    .admits(
        ProtectionGroup,
        &[
            Available,
            Protected,
            FailedOver,
            Error,
            ErrorDeleting,
            ErrorStarting,
            ErrorStopping,
            ErrorReversing,
            ErrorFailingOver,
            ErrorReprotecting,
        ],
        1002,
    )
    .moves(ProtectionGroup, Deleting, Gone, Is(ErrorDeleting))
    .unless(&[
        (Need::GroupHasInstance, Code::of(1001)),
        (Need::GroupHasPair, Code::of(1010)),
        (Need::GroupHasDrill, Code::of(1003)),
    ]),
    Rule::sync(
        Op::RenameProtectionGroup,
        "PUT /v1/{project_id}/server-groups/{server_group_id}",
        "sdrs_05_0405",
        200,
    )
    .unless(&[(Need::BadName, Code::of(202))]),
    Rule::job(
        Op::StartProtection,
        "POST /v1/{project_id}/server-groups/{server_group_id}/action",
        "sdrs_05_0406",
    )
    .job_type("startProtectionGroupNoCG", "startFail", 1027)
    .body("start-server-group")
    .admits(ProtectionGroup, &[Available, ErrorStarting], 1020)
    .moves(ProtectionGroup, Starting, Is(Protected), Is(ErrorStarting))
    .with_members()
    .unless(&[
        (Need::NoPair, Code::of(1608)),
        (Need::MemberInvalid, Code::of(1314)),
    ]),
    Rule::job(
        Op::Reprotect,
        "POST /v1/{project_id}/server-groups/{server_group_id}/action",
        "sdrs_05_0406",
    )
    .job_type("reprotectProtectionGroupNoCG", "reprotectFail", 1032)
    .body("start-server-group")
    .admits(ProtectionGroup, &[FailedOver, ErrorReprotecting], 1020)
    .moves(
        ProtectionGroup,
        Reprotecting,
        Is(Protected),
        Is(ErrorReprotecting),
    )
    .with_members()
    .unless(&[
        (Need::NoPair, Code::of(1608)),
        (Need::MemberInvalid, Code::of(1314)),
        (Need::DrServerRuns, Code::of(1342)),
    ]),
    Rule::job(
        Op::StopProtection,
        "POST /v1/{project_id}/server-groups/{server_group_id}/action",
        "sdrs_05_0407",
    )
    .job_type("stopProtectionGroupNoCG", "stopFail", 1028)
    .sub_job_type("stopProtectionGroupRepNoCG")
    .body("stop-server-group")
    .admits(ProtectionGroup, &[Protected, ErrorStopping], 1019)
    .moves(ProtectionGroup, Stopping, Is(Available), Is(ErrorStopping))
    .with_members()
    .unless(&[
        (Need::NoPairByManual, Code::of(1608)),
        (Need::MemberInvalid, Code::of(1314)),
        (Need::PairCopies, Code::of(1830)),
    ]),
    Rule::job(
        Op::Failover,
        "POST /v1/{project_id}/server-groups/{server_group_id}/action",
        "sdrs_05_0408",
    )
    .job_type("failoverProtectionGroupNoCG", "failoverFail", 1030)
    .body("failover-server-group")
    .admits(
        ProtectionGroup,
        &[Protected, ErrorFailingOver, ErrorReversing],
        1022,
    )
    .moves(
        ProtectionGroup,
        FailingOver,
        Is(FailedOver),
        Is(ErrorFailingOver),
    )
    .with_members()
    .station(Station::Flips)
    .unless(&[
        (Need::NoPair, Code::of(1608)),
        (Need::MemberInvalid, Code::of(1314)),
        (Need::DrUnusable, Code::of(1824)),
        (Need::DrillOnly, Code::of(1824)),
        (Need::ArbitrationHolds, Code::of(1824)),
        (Need::Disconnected, Code::of(1824)),
        (Need::CopyInconsistent, Code::of(1830)),
    ]),
    Rule::job(
        Op::PlannedFailover,
        "POST /v1/{project_id}/server-groups/{server_group_id}/action",
        "sdrs_05_0409",
    )
    .job_type("reverseProtectionGroupNoCG", "reverseFail", 1029)
    .body("reverse-server-group")
    .admits(ProtectionGroup, &[Protected, ErrorReversing], 1023)
    .moves(
        ProtectionGroup,
        Reversing,
        Is(Protected),
        Is(ErrorReversing),
    )
    .with_members()
    .station(Station::AsAsked)
    .unless(&[
        (Need::BadStation, Code::of(216)),
        (Need::NoPair, Code::of(1608)),
        (Need::MemberInvalid, Code::of(1314)),
        (Need::DrUnusable, Code::of(1824)),
        (Need::ProductionServerRuns, Code::of(1352)),
        (Need::FaultLevel2, Code::of(1823)),
        (Need::FaultLevel5, Code::of(1824)),
        (Need::PairSynchronizes, Code::of(1830)),
    ]),
];
