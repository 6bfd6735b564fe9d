//! What a scenario may set about a world as a whole: policies, pace and bounds.

use crate::sdrs::policy::Policies;
use crate::units::{Bytes, Rate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Policies, pace and bounds of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The choices where the published pages are open.
    pub policies: Policies,
    /// The most that one copy takes of its way and its disks.
    pub copy_rate: Rate,
    /// How much of a disk one bit of the bitmap stands for.
    pub block_size: Bytes,
    /// How many jobs the control plane works on at once; absent: any number.
    pub workers: Option<u32>,
    /// How many finished jobs can still be shown; the oldest go first.
    pub jobs_kept: u32,
    /// How many failed tasks are kept; the oldest go first.
    pub failed_tasks_kept: u32,
    /// How many sub-jobs finished jobs keep in all; the oldest go first.
    pub subs_kept: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            policies: Policies::default(),
            copy_rate: Rate(100 << 20),
            block_size: Bytes(1 << 20),
            workers: None,
            jobs_kept: 10_000,
            failed_tasks_kept: 10_000,
            subs_kept: 1_000_000,
        }
    }
}
