//! The 47 operations of the published API, by name.

use serde::{Deserialize, Serialize};

macro_rules! operations {
    ($($variant:ident $text:literal),* $(,)?) => {
        /// A published operation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum Op {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl Op {
            /// Every operation, in the order of the API reference.
            pub const ALL: &'static [Op] = &[$(Op::$variant,)*];

            /// The operation's name in this project, for example `start_protection`.
            pub const fn name(self) -> &'static str {
                match self { $(Op::$variant => $text,)* }
            }
        }
    };
}

operations! {
    ListApiVersions "list_api_versions",
    ShowApiVersion "show_api_version",
    ShowJob "show_job",
    ListActiveActiveDomains "list_active_active_domains",
    CreateProtectionGroup "create_protection_group",
    ListProtectionGroups "list_protection_groups",
    ShowProtectionGroup "show_protection_group",
    DeleteProtectionGroup "delete_protection_group",
    RenameProtectionGroup "rename_protection_group",
    StartProtection "start_protection",
    Reprotect "reprotect",
    StopProtection "stop_protection",
    Failover "failover",
    PlannedFailover "planned_failover",
    CreateProtectedInstance "create_protected_instance",
    ListProtectedInstances "list_protected_instances",
    ShowProtectedInstance "show_protected_instance",
    RenameProtectedInstance "rename_protected_instance",
    DeleteProtectedInstance "delete_protected_instance",
    AttachReplicationPair "attach_replication_pair",
    DetachReplicationPair "detach_replication_pair",
    AddNic "add_nic",
    DeleteNic "delete_nic",
    ResizeProtectedInstance "resize_protected_instance",
    CreateReplicationPair "create_replication_pair",
    ListReplicationPairs "list_replication_pairs",
    ShowReplicationPair "show_replication_pair",
    RenameReplicationPair "rename_replication_pair",
    DeleteReplicationPair "delete_replication_pair",
    ExpandReplicationPair "expand_replication_pair",
    CreateDrDrill "create_dr_drill",
    ListDrDrills "list_dr_drills",
    ShowDrDrill "show_dr_drill",
    RenameDrDrill "rename_dr_drill",
    DeleteDrDrill "delete_dr_drill",
    AddTag "add_tag",
    BatchAddTags "batch_add_tags",
    BatchDeleteTags "batch_delete_tags",
    DeleteTag "delete_tag",
    ListInstanceTags "list_instance_tags",
    ListProjectTags "list_project_tags",
    QueryInstancesByTag "query_instances_by_tag",
    ListFailedTasks "list_failed_tasks",
    DeleteFailedTask "delete_failed_task",
    DeleteGroupFailedTasks "delete_group_failed_tasks",
    DeleteAllFailedTasks "delete_all_failed_tasks",
    ShowQuotas "show_quotas",
}

impl Op {
    /// The operation with this name, if there is one.
    pub fn named(name: &str) -> Option<Op> {
        Op::ALL.iter().copied().find(|op| op.name() == name)
    }
}

impl std::fmt::Display for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
