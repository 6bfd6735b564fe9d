//! The rules of protected instances.

use super::{End::*, Rule};
use crate::sdrs::codes::Code;
use crate::sdrs::need::Need;
use crate::sdrs::op::Op;
use crate::sdrs::status::{Kind::*, Status::*};

/// One row per operation on protected instances.
pub(super) const RULES: &[Rule] = &[
    Rule::job(Op::CreateProtectedInstance, "POST /v1/{project_id}/protected-instances", "sdrs_05_0501")
        .job_type("createProtectedInstanceNoCG", "createFail", 1350)
        .admits(ProtectionGroup, &[Available, Protected], 1323)
        .moves(ProtectedInstance, Creating, FollowGroup, Is(Error))
        .moves(ReplicationPair, Creating, FollowGroup, Is(Error))
        .unless(&[
            (Need::BadName, Code::of(202)),
            (Need::BadDescription, Code::of(212)),
            (Need::TooManyTagsAtCreation, Code::of(2203)),
            (Need::UnknownServer, Code::of(1326)),
            (Need::ServerProtected, Code::of(1305)),
            (Need::ServerElsewhere, Code::of(1303)),
            (Need::ServerInOtherVpc, Code::of(1304)),
            (Need::ServerUnsettled, Code::of(1333)),
            (Need::ServerLockedBySystem, Code::of(1357)),
            (Need::ServerLockedByService, Code::of(1359)),
            (Need::FlavorClass, Code::of(1356)),
            (Need::DrFlavor, Code::of(1353)),
            (Need::NoDisk, Code::of(1321)),
            (Need::NoSystemDisk, Code::of(1339)),
            (Need::SharedDisk, Code::of(1806)),
            (Need::ServerDiskType, Code::of(1806)),
            (Need::SystemDiskError, Code::of(1322)),
            (Need::ServerDiskEncrypted, Code::of(1802)),
            (Need::ServerDiskPaired, Code::of(1811)),
            (Need::PrimarySubnet, Code::of(1335)),
            (Need::PrimaryAddress, Code::of(219)),
            (Need::PrimaryAddressTaken, Code::of(1334)),
            (Need::InstanceLimit, Code::of(1358)),
            (Need::PairQuota, Code::of(306)),
        ]),
    Rule::sync(Op::ListProtectedInstances, "GET /v1/{project_id}/protected-instances", "sdrs_05_0503", 200)
        .filters(&["server_group_id", "server_group_ids", "protected_instance_ids", "limit", "offset", "status", "name", "query_type", "availability_zone"], &["status_abnormal", "general"]),
    Rule::sync(Op::ShowProtectedInstance, "GET /v1/{project_id}/protected-instances/{protected_instance_id}", "sdrs_05_0504", 200),
    Rule::sync(Op::RenameProtectedInstance, "PUT /v1/{project_id}/protected-instances/{protected_instance_id}", "sdrs_05_0505", 200)
        .unless(&[
            (Need::BadName, Code::of(202)),
        ]),
    Rule::job(Op::DeleteProtectedInstance, "DELETE /v1/{project_id}/protected-instances/{protected_instance_id}", "sdrs_05_0502")
        .job_type("deleteProtectedInstanceNoCG", "deleteFail", 1351)
        .admits(ProtectedInstance, &[Available, Protected, FailedOver, Error, ErrorStarting, ErrorStopping, ErrorReversing, ErrorFailingOver, ErrorDeleting, ErrorReprotecting, ErrorResizing, Invalid, Fault], 1301)
        .moves(ProtectedInstance, Deleting, Gone, Is(ErrorDeleting))
        .unless(&[
            (Need::LeftOut, Code::of(1324)),
            (Need::TargetServerAfterSwitch, Code::of(1330)),
            (Need::TargetEipAfterSwitch, Code::of(1338)),
            (Need::TargetServerFrozen, Code::of(1355)),
        ]),
    Rule::job(Op::AttachReplicationPair, "POST /v1/{project_id}/protected-instances/{protected_instance_id}/attachreplication", "sdrs_05_0506")
        .job_type("attachReplicationPairNew", "attachFail", 1821)
        .admits(ProtectionGroup, &[Available, Protected], 1024)
        .admits(ProtectedInstance, &[Available, Protected], 1328)
        .admits(ReplicationPair, &[Available, Protected], 1601)
        .moves(ReplicationPair, Attaching, Prior, Is(ErrorAttaching))
        .unless(&[
            (Need::PairInOtherGroup, Code::of(1611)),
            (Need::AttachedOrDeviceTaken, Code::of(1603)),
        ]),
    Rule::job(Op::DetachReplicationPair, "DELETE /v1/{project_id}/protected-instances/{protected_instance_id}/detachreplication/{replication_id}", "sdrs_05_0507")
        .job_type("detachReplicationPairNew", "detachFail", 1822)
        .admits(ProtectionGroup, &[Available, Protected, FailedOver, ErrorStarting, ErrorStopping, ErrorReversing, ErrorFailingOver], 1002)
        .admits(ProtectedInstance, &[Available, Protected, FailedOver, ErrorStarting, ErrorStopping, ErrorReversing, ErrorFailingOver, ErrorDeleting, ErrorReprotecting, ErrorResizing, Invalid, Fault], 1314)
        .admits(ReplicationPair, &[Available, Protected, FailedOver, ErrorAttaching, ErrorDetaching, ErrorStarting, ErrorStopping, ErrorReversing, ErrorFailingOver, ErrorDeleting, ErrorReprotecting, ErrorExtending, Invalid, Fault], 214)
        .moves(ReplicationPair, Detaching, PriorOrCleared, Is(ErrorDetaching))
        .unless(&[
            (Need::NotAttached, Code::of(1604)),
            (Need::SystemDiskInUse, Code::of(1316)),
        ]),
    Rule::job(Op::AddNic, "POST /v1/{project_id}/protected-instances/{protected_instance_id}/nic", "sdrs_05_0508")
        .job_type("addNicNew", "createFail", 1312)
        .admits(ProtectionGroup, &[Available, Protected], 1024)
        .admits(ProtectedInstance, &[Available, Protected], 1327)
        .moves(ProtectedInstance, NicCreating, Prior, Prior)
        .unless(&[
            (Need::Subnet, Code::of(1335)),
            (Need::Address, Code::of(219)),
            (Need::AddressTaken, Code::of(1334)),
            (Need::NicLimit, Code::of(1340)),
        ]),
    Rule::job(Op::DeleteNic, "POST /v1/{project_id}/protected-instances/{protected_instance_id}/nic/delete", "sdrs_05_0509")
        .job_type("deleteNicNew", "deleteFail", 1313)
        .admits(ProtectionGroup, &[Available, Protected], 1024)
        .admits(ProtectedInstance, &[Available, Protected], 1327)
        .moves(ProtectedInstance, NicDeleting, Prior, Prior)
        .unless(&[
            (Need::UnknownNic, Code::of(1310)),
            (Need::PrimaryNic, Code::of(1311)),
        ]),
    Rule::job(Op::ResizeProtectedInstance, "POST /v1/{project_id}/protected-instances/{protected_instance_id}/resize", "sdrs_05_0510")
        .job_type("resizeProtectedInstanceNew", "resizeFail", 1329)
        .admits(ProtectionGroup, &[Available, Protected], 1024)
        .admits(ProtectedInstance, &[Available, Protected, ErrorResizing], 1328)
        .moves(ProtectedInstance, Resizing, FollowGroup, Is(ErrorResizing))
        .unless(&[
            (Need::NoFlavor, Code::of(201)),
            (Need::ProductionFlavor, Code::of(1356)),
            (Need::DrFlavor, Code::of(1353)),
            (Need::SameFlavor, Code::of(1341)),
            (Need::ResizedServerRuns, Code::of(1316)),
        ]),
];
