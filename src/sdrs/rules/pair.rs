//! The rules of replication pairs.

use super::{End::*, Rule};
use crate::sdrs::codes::Code;
use crate::sdrs::need::Need;
use crate::sdrs::op::Op;
use crate::sdrs::status::{Kind::*, Status::*};

/// One row per operation on replication pairs.
pub(super) const RULES: &[Rule] = &[
    Rule::job(
        Op::CreateReplicationPair,
        "POST /v1/{project_id}/replications",
        "sdrs_05_0601",
    )
    .job_type("createReplicationPairNoCG", "createFail", 1609)
    .admits(ProtectionGroup, &[Available, Protected], 1024)
    .moves(ReplicationPair, Creating, FollowGroup, Is(Error))
    .unless(&[
        (Need::BadName, Code::of(202)),
        (Need::BadDescription, Code::of(212)),
        (Need::UnknownDisk, Code::of(211)),
        (Need::DiskFrozen, Code::of(225)),
        (Need::DiskLocked, Code::of(1831)),
        (Need::DiskPaired, Code::of(1811)),
        (Need::DiskInDrill, Code::of(1825)),
        (Need::DiskNotAvailable, Code::of(1801)),
        (Need::DiskEncrypted, Code::of(1802)),
        (Need::DiskType, Code::of(1806)),
        (Need::DiskElsewhere, Code::of(1810)),
        (Need::PairQuota, Code::of(306)),
        (Need::UnattachedLimit, Code::of(1826)),
    ]),
    Rule::sync(
        Op::ListReplicationPairs,
        "GET /v1/{project_id}/replications",
        "sdrs_05_0603",
        200,
    )
    .filters(
        &[
            "server_group_id",
            "server_group_ids",
            "protected_instance_id",
            "protected_instance_ids",
            "name",
            "status",
            "limit",
            "offset",
            "query_type",
            "availability_zone",
        ],
        &["status_abnormal", "general"],
    ),
    Rule::sync(
        Op::ShowReplicationPair,
        "GET /v1/{project_id}/replications/{replication_id}",
        "sdrs_05_0604",
        200,
    ),
    Rule::sync(
        Op::RenameReplicationPair,
        "PUT /v1/{project_id}/replications/{replication_id}",
        "sdrs_05_0606",
        200,
    )
    .unless(&[(Need::BadName, Code::of(202))]),
    Rule::job(
        Op::DeleteReplicationPair,
        "DELETE /v1/{project_id}/replications/{replication_id}",
        "sdrs_05_0602",
    )
    .job_type("deleteReplicationPairNoCG", "deleteFail", 1607)
    .admits(
        ProtectionGroup,
        &[
            Available,
            Protected,
            FailedOver,
            ErrorStarting,
            ErrorStopping,
            ErrorReversing,
            ErrorFailingOver,
            ErrorDeleting,
            ErrorReprotecting,
        ],
        1002,
    )
    .admits(
        ReplicationPair,
        &[
            Available,
            Protected,
            FailedOver,
            Error,
            ErrorStarting,
            ErrorStopping,
            ErrorReversing,
            ErrorFailingOver,
            ErrorDeleting,
            ErrorReprotecting,
            ErrorAttaching,
            ErrorExtending,
            Invalid,
            Fault,
        ],
        214,
    )
    .moves(ReplicationPair, Deleting, Gone, Is(ErrorDeleting))
    .unless(&[
        (Need::PairNotInGivenGroup, Code::of(1611)),
        (Need::PairAttached, Code::of(1605)),
        (Need::TargetVolumeAfterSwitch, Code::of(1809)),
        (Need::TargetVolumeFrozen, Code::of(1828)),
    ]),
    Rule::job(
        Op::ExpandReplicationPair,
        "POST /v1/{project_id}/replications/{replication_id}/action",
        "sdrs_05_0605",
    )
    .job_type("expandReplicationPairNew", "expandFail", 1820)
    .body("extend-replication")
    .admits(
        ReplicationPair,
        &[Available, Protected, ErrorExtending],
        1601,
    )
    .moves(ReplicationPair, Extending, FollowGroup, Is(ErrorExtending))
    .unless(&[
        (Need::NotLarger, Code::of(201)),
        (Need::PairDiskLocked, Code::of(1832)),
        (Need::SharedPairInUse, Code::of(1818)),
        (Need::PairDiskUnsettled, Code::of(1817)),
        (Need::NoOnlineExpansion, Code::of(1816)),
    ]),
];
