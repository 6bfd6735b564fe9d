//! The rules of DR drills.

use super::{End::*, Rule};
use crate::sdrs::codes::Code;
use crate::sdrs::need::Need;
use crate::sdrs::op::Op;
use crate::sdrs::status::{Kind::*, Status::*};

/// One row per operation on DR drills.
pub(super) const RULES: &[Rule] = &[
    Rule::job(
        Op::CreateDrDrill,
        "POST /v1/{project_id}/disaster-recovery-drills",
        "sdrs_05_0701",
    )
    .job_type("createDisasterRecoveryDrill", "createFail", 1922)
    .admits(
        ProtectionGroup,
        &[
            Available,
            Protected,
            FailedOver,
            ErrorStarting,
            ErrorStopping,
            ErrorReversing,
            ErrorReprotecting,
            ErrorFailingOver,
        ],
        1002,
    )
    .moves(DisasterRecoveryDrill, Creating, Is(Available), Is(Error))
    .unless(&[
        (Need::BadName, Code::of(202)),
        (Need::UnknownDrillVpc, Code::of(1928)),
        (Need::DrillVpcIsGroupVpc, Code::of(1907)),
        (Need::DrillVpcTaken, Code::of(1921)),
        (Need::DrillVpcEmpty, Code::of(1908)),
        (Need::DrillVpcCidr, Code::of(1909)),
        (Need::DrillSubnetMissing, Code::of(1908)),
        (Need::DrillAddressTaken, Code::of(1910)),
        (Need::NothingAttached, Code::of(1920)),
        (Need::VpcQuota, Code::of(1929)),
        (Need::SubnetQuota, Code::of(1930)),
    ]),
    Rule::sync(
        Op::ListDrDrills,
        "GET /v1/{project_id}/disaster-recovery-drills",
        "sdrs_05_0703",
        200,
    )
    .filters(
        &[
            "server_group_id",
            "name",
            "status",
            "drill_vpc_id",
            "limit",
            "offset",
        ],
        &[],
    ),
    Rule::sync(
        Op::ShowDrDrill,
        "GET /v1/{project_id}/disaster-recovery-drills/{disaster_recovery_drill_id}",
        "sdrs_05_0704",
        200,
    ),
    Rule::sync(
        Op::RenameDrDrill,
        "PUT /v1/{project_id}/disaster-recovery-drills/{disaster_recovery_drill_id}",
        "sdrs_05_0705",
        200,
    )
    .unless(&[(Need::BadName, Code::of(202))]),
    Rule::job(
        Op::DeleteDrDrill,
        "DELETE /v1/{project_id}/disaster-recovery-drills/{disaster_recovery_drill_id}",
        "sdrs_05_0702",
    )
    .job_type("deleteDisasterRecoveryDrill", "deleteFail", 1923)
    .admits(
        DisasterRecoveryDrill,
        &[Available, Error, ErrorDeleting],
        1913,
    )
    .moves(DisasterRecoveryDrill, Deleting, Gone, Is(ErrorDeleting)),
];
