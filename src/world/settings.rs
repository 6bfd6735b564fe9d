//! What a scenario may set about a world as a whole: policies, pace and bounds.

use crate::sdrs::policy::Policies;
use crate::units::{Bytes, Rate};
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Policies, pace and bounds of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The choices where the published pages are open.
    pub policies: Policies,
    /// The most that one copy takes of its way and its disks; not 0.
    #[serde(deserialize_with = "moving")]
    pub copy_rate: Rate,
    /// How much of a disk one bit of the bitmap stands for; whole sectors of 512 B, at least one.
    #[serde(deserialize_with = "sectors")]
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

/// A rate at which copies come to an end.
fn moving<'de, D: Deserializer<'de>>(from: D) -> Result<Rate, D::Error> {
    match Rate::deserialize(from)? {
        Rate::ZERO => Err(D::Error::custom(
            "at 0 B/s no copy ends; a copy_rate is more",
        )),
        rate => Ok(rate),
    }
}

/// A number of whole sectors.
fn sectors<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
    let size = Bytes::deserialize(from)?;
    match size.0 > 0 && size.0.is_multiple_of(512) {
        true => Ok(size),
        false => Err(D::Error::custom(format!(
            "a block_size is a multiple of 512 B and not 0, not {size}"
        ))),
    }
}
