//! The policy register: every place where the published pages are silent or contradict each other, or where other
//! services differ, and what the simulation does there.
//!
//! A [`Policies`] field is a choice that a world makes; each value is tested by a scenario. [`DECISIONS`] are the
//! choices that are fixed: nobody needs the other value, but a reader should know that it is ours and not published.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// In force.
    On,
    /// Not in force.
    Off,
}

/// Whether something is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// It is taken.
    Allowed,
    /// It is refused.
    Refused,
}

impl Switch {
    /// Whether it is in force.
    pub const fn is_on(self) -> bool {
        matches!(self, Switch::On)
    }
}

impl Permission {
    /// The other value.
    #[must_use]
    pub const fn other(self) -> Permission {
        match self {
            Permission::Allowed => Permission::Refused,
            Permission::Refused => Permission::Allowed,
        }
    }
}

/// What production does when its replica is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LossOfReplica {
    /// It goes on and logs what changes.
    Continue,
    /// It stops writing, so that nothing diverges.
    Stop,
}

/// What is possible when the production AZ is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AzFailover {
    /// A failover.
    Allowed,
    /// A drill only.
    DrillOnly,
}

/// The choices of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policies {
    /// On (default): writes are never accepted on both sides. A failover fences the old production servers, and neither
    /// they nor a server at the current DR site can be started until reprotection or failback. Off: services without it,
    /// where both sides may be written; when they meet, what the loser wrote since they parted is discarded and reported.
    ///
    /// Pages: `sdrs_05_0408` (failover), `sdrs_05_0406` (reprotection). Hangs on it: what a failover does to the old
    /// production server, a native start of it or of a DR server, a native attachment of a replica, and a failover that
    /// cannot reach live production.
    pub fencing: Switch,
    /// Whether the new production servers are started by the failover itself (API reference) or by hand (user manual,
    /// the default).
    ///
    /// Page: `sdrs_05_0408`. Hangs on it: every failover whose new production server is shut off.
    pub start_after_failover: bool,
    /// Whether an administrator can delete a disk of a pair natively: refused (manual, the default) or allowed (the
    /// published status table, in which such a pair is `invalid`).
    ///
    /// Page: `sdrs_05_0603`. Hangs on it: the native deletion of a disk of a pair.
    pub native_disk_delete: Permission,
    /// What cures the loss of the production AZ: a failover where arbitration lets the DR side go on (API reference, the
    /// default) or a drill alone (user manual).
    ///
    /// Page: `sdrs_05_0408`. Hangs on it: a failover, when it is called and when its sub-jobs end, while the production AZ
    /// is dark.
    pub az_failover: AzFailover,
    /// Whether production goes on without its replica (default) or stops writing, so that nothing diverges.
    ///
    /// Page: `sdrs_05_0603` (`fault_level`), which says nothing about the writes. Hangs on it: the loss of the path, the DR
    /// disk, the DR storage or the DR site, and the return of production while they are lost.
    pub on_replica_loss: LossOfReplica,
    /// Whether a failover whose sides cannot reach each other is refused (default, published) or taken (other services).
    /// With fencing on it fails all the same while production lives and cannot be fenced.
    ///
    /// Page: `sdrs_05_0408`. Hangs on it: a failover, when it is called and when its sub-jobs end, while a pair is behind.
    pub failover_disconnected: Permission,
    /// Whether servers that ran when their AZ went dark, or when they were lost, boot again when that has ended (default),
    /// unless they are fenced.
    ///
    /// Page: none; `sdrs_05_0408` leaves it open. Hangs on it: the return of an AZ or of a server that ran.
    pub restart_after_outage: bool,
}

impl Default for Policies {
    fn default() -> Self {
        Policies {
            fencing: Switch::On,
            start_after_failover: false,
            native_disk_delete: Permission::Refused,
            az_failover: AzFailover::Allowed,
            on_replica_loss: LossOfReplica::Continue,
            failover_disconnected: Permission::Refused,
            restart_after_outage: true,
        }
    }
}

/// The policies by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// `fencing`
    Fencing,
    /// `start_after_failover`
    StartAfterFailover,
    /// `native_disk_delete`
    NativeDiskDelete,
    /// `az_failover`
    AzFailover,
    /// `on_replica_loss`
    OnReplicaLoss,
    /// `failover_disconnected`
    FailoverDisconnected,
    /// `restart_after_outage`
    RestartAfterOutage,
}

impl Policy {
    /// All of them, in the order of the register.
    pub const ALL: &[Policy] = &[
        Policy::Fencing,
        Policy::StartAfterFailover,
        Policy::NativeDiskDelete,
        Policy::AzFailover,
        Policy::OnReplicaLoss,
        Policy::FailoverDisconnected,
        Policy::RestartAfterOutage,
    ];

    /// The name in a scenario file.
    pub const fn name(self) -> &'static str {
        match self {
            Policy::Fencing => "fencing",
            Policy::StartAfterFailover => "start_after_failover",
            Policy::NativeDiskDelete => "native_disk_delete",
            Policy::AzFailover => "az_failover",
            Policy::OnReplicaLoss => "on_replica_loss",
            Policy::FailoverDisconnected => "failover_disconnected",
            Policy::RestartAfterOutage => "restart_after_outage",
        }
    }
}

impl Policies {
    /// The same choices but for one policy, which has its other value.
    #[must_use]
    pub const fn but(self, policy: Policy) -> Policies {
        let mut other = self;
        match policy {
            Policy::Fencing => {
                other.fencing = match self.fencing {
                    Switch::On => Switch::Off,
                    Switch::Off => Switch::On,
                }
            }
            Policy::StartAfterFailover => other.start_after_failover = !self.start_after_failover,
            Policy::NativeDiskDelete => other.native_disk_delete = self.native_disk_delete.other(),
            Policy::AzFailover => {
                other.az_failover = match self.az_failover {
                    AzFailover::Allowed => AzFailover::DrillOnly,
                    AzFailover::DrillOnly => AzFailover::Allowed,
                }
            }
            Policy::OnReplicaLoss => {
                other.on_replica_loss = match self.on_replica_loss {
                    LossOfReplica::Continue => LossOfReplica::Stop,
                    LossOfReplica::Stop => LossOfReplica::Continue,
                }
            }
            Policy::FailoverDisconnected => {
                other.failover_disconnected = self.failover_disconnected.other();
            }
            Policy::RestartAfterOutage => other.restart_after_outage = !self.restart_after_outage,
        }
        other
    }
}

impl Policies {
    /// The value of a policy, as a scenario file writes it.
    #[must_use]
    pub const fn value(&self, policy: Policy) -> &'static str {
        const fn truth(value: bool) -> &'static str {
            if value { "true" } else { "false" }
        }
        const fn permission(value: Permission) -> &'static str {
            match value {
                Permission::Refused => "refused",
                Permission::Allowed => "allowed",
            }
        }
        match policy {
            Policy::Fencing if self.fencing.is_on() => "on",
            Policy::Fencing => "off",
            Policy::StartAfterFailover => truth(self.start_after_failover),
            Policy::NativeDiskDelete => permission(self.native_disk_delete),
            Policy::AzFailover => match self.az_failover {
                AzFailover::Allowed => "allowed",
                AzFailover::DrillOnly => "drill-only",
            },
            Policy::OnReplicaLoss => match self.on_replica_loss {
                LossOfReplica::Continue => "continue",
                LossOfReplica::Stop => "stop",
            },
            Policy::FailoverDisconnected => permission(self.failover_disconnected),
            Policy::RestartAfterOutage => truth(self.restart_after_outage),
        }
    }
}

/// Some of the policies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySet(u16);

impl PolicySet {
    /// Adds one.
    pub const fn add(&mut self, policy: Policy) {
        self.0 |= 1 << policy as u16;
    }

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: PolicySet) -> PolicySet {
        PolicySet(self.0 | other.0)
    }

    /// Whether it has one.
    pub const fn has(self, policy: Policy) -> bool {
        self.0 & (1 << policy as u16) != 0
    }

    /// Those it has, in the order of the register.
    pub fn iter(self) -> impl Iterator<Item = Policy> {
        Policy::ALL
            .iter()
            .copied()
            .filter(move |&policy| self.has(policy))
    }
}

/// A fixed choice where the pages say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// A name to quote.
    pub name: &'static str,
    /// What the pages leave open.
    pub open: &'static str,
    /// What the simulation does.
    pub ours: &'static str,
}

/// The fixed choices.
pub const DECISIONS: &[Decision] = &[
    Decision {
        name: "busy-pair",
        open: "whether an instance can be deleted while one of its pairs is attaching, detaching or extending",
        ours: "No: operations on one resource exclude each other, and the deletion would detach the pair. It answers the code of the instance's status.",
    },
    Decision {
        name: "partial-instances",
        open: "what an instance reports after a group operation in which some pairs failed",
        ours: "The error status of the operation: servers, NICs and priority_station change only when all pairs are at the goal, so no instance is.",
    },
    Decision {
        name: "sub-jobs-kept",
        open: "how long the sub-jobs of a finished job can be seen",
        ours: "As long as the job, but of the oldest jobs no more once `subs_kept` (1,000,000) sub-jobs are kept in all.",
    },
    Decision {
        name: "sub-job-names",
        open: "the type of the sub-jobs of start, reprotect, failover and planned failover",
        ours: "The job's type with `Rep` before `NoCG`, as the one published example does.",
    },
    Decision {
        name: "reprotect-call",
        open: "what the call to start protection does in a group that has failed over, and the reverse",
        ours: "They are one call: the status of the group alone selects the meaning.",
    },
    Decision {
        name: "resize-places",
        open: "whether a resized server needs a free place of its new flavor, and what becomes of that of the old one",
        ours: "Each resized server takes one in its AZ and gives the old one back; without a free one the job fails with SDRS.1329.",
    },
    Decision {
        name: "nic-both-sides",
        open: "which server add_nic and delete_nic change",
        ours: "The current production server; the NIC goes with the others at a switch.",
    },
    Decision {
        name: "fence-ends-with-instance",
        open: "what becomes of a fenced server when its protected instance is deleted",
        ours: "The fence is lifted and the NIC that was set aside is plugged into it: nothing is left that could be written on two sides.",
    },
    Decision {
        name: "drill-members",
        open: "what a drill does with a member that is deleted while the drill is being made",
        ours: "It is left out.",
    },
    Decision {
        name: "filter-ids",
        open: "what a list answers when its single group or instance id is unknown",
        ours: "The code of the unknown resource; unknown ids inside a list of ids are passed over, as published.",
    },
    Decision {
        name: "filter-drill-vpc",
        open: "what the list of drills answers for a drill VPC that is malformed or unknown",
        ours: "SDRS.0201.",
    },
    Decision {
        name: "task-resource-name",
        open: "whether `resource_name` is fuzzy in the Task Center",
        ours: "No: its page alone does not say so.",
    },
    Decision {
        name: "group-tasks",
        open: "whether failed starts, stops and switches are inside a group or of group level",
        ours: "Inside: group level is the creation and deletion of groups. Deleting a group's failed tasks deletes them too.",
    },
    Decision {
        name: "task-ids",
        open: "which id deletes a failed task",
        ours: "Its job's: the list of failed tasks has no id of its own.",
    },
    Decision {
        name: "rename-times",
        open: "the shorter time format on the pages that rename groups and instances",
        ours: "The format of the other pages is used: only examples show the shorter one.",
    },
    Decision {
        name: "malformed-device",
        open: "what a malformed device name answers",
        ours: "SDRS.0201.",
    },
    Decision {
        name: "same-label",
        open: "what id a resource gets under a label that was used before",
        ours: "The same id; its jobs and draws go on where those of the one before ended.",
    },
    Decision {
        name: "drill-vpc-name",
        open: "what a VPC that a drill creates is called",
        ours: "`DRILL/vpc`, with subnets like the group's.",
    },
    Decision {
        name: "native-attach",
        open: "whether a disk that replication writes can be attached natively",
        ours: "Only to a server of an instance that its pair is attached to, while fencing is on.",
    },
    Decision {
        name: "link-directions",
        open: "whether the two directions of a link have a bandwidth each",
        ours: "No: a link's bandwidth is shared by both directions.",
    },
    Decision {
        name: "witness-is-no-way",
        open: "whether data may pass the place where a quorum witness stands",
        ours: "No: a path never leads through a witness. It may lead through relays and other AZs.",
    },
    Decision {
        name: "ideal-network",
        open: "what joins the AZs of a scenario that declares no network",
        ours: "An ideal network: always up, without delay and without bound. A copy then takes what the disks and `copy_rate` allow.",
    },
    Decision {
        name: "recovery-point-without-writes",
        open: "what the recovery point of a copy is that misses no write although its path is lost",
        ours: "Now: the latest instant whose every acknowledged write is on the DR disk. It stands still from the first write that is missing.",
    },
    Decision {
        name: "failover-needs-a-copy-in-step",
        open: "what a failover under way does when a pair falls behind before its sub-job has ended",
        ours: "The sub-job fails unless `failover_disconnected` is allowed: a failover never uses a copy that is behind.",
    },
    Decision {
        name: "lost-server",
        open: "what becomes of the disks of a server that is lost",
        ours: "Those that are attached to no other server are unusable as long as it is; shared disks go on with the other servers.",
    },
    Decision {
        name: "fault-level-of-disks",
        open: "which fault level a pair has whose disk is lost or returns blank",
        ours: "2 while the production disk cannot be used and the copy was in step, else 5. A production disk that came back blank stays unusable: the DR side has what it lost. Damaged content is no fault: replication carries it, and the level stays 0.",
    },
    Decision {
        name: "restart",
        open: "what a server does after an outage of its AZ",
        ours: "If it ran or was booting it boots anew, with the boot time of any start, once power is back and no fault of its own holds it down. A server that was shut off stays so, and one that a failover has fenced meanwhile too.",
    },
];
