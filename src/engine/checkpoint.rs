//! A run set aside: everything that decides its future, to be gone on with later.
//!
//! What is not in it follows from what is (the world's index), or belongs to whoever looks on (the observer).

use super::agenda::Agenda;
use super::digest::Digest;
use crate::sdrs::policy::PolicySet;
use crate::time::SimTime;
use crate::world::World;
use serde::{Deserialize, Deserializer, Serialize, de};

/// The version of the checkpoints that this version of the crate writes, and the only one that it reads.
pub const CHECKPOINT_VERSION: u32 = 5;

/// A run set aside. It is made by [`super::Engine::checkpoint`] or read with serde, and taken up by
/// [`super::Engine::restore`].
///
/// Its first field is `version`; a checkpoint of another version is refused by it before anything else is read. Otherwise
/// a checkpoint is trusted: one that was changed by hand may hold a world that no run leads to. Whoever reads those of
/// strangers asks [`crate::world::check::check`] of the engine that was restored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint<O> {
    pub(super) version: Version,
    pub(super) now: SimTime,
    pub(super) events: u64,
    pub(super) hung: PolicySet,
    pub(super) digest: Digest,
    pub(super) oracle: O,
    pub(super) queue: Agenda,
    pub(super) world: World,
}

/// The one version there is.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Version(u32);

impl Version {
    pub(super) const CURRENT: Version = Version(CHECKPOINT_VERSION);
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            CHECKPOINT_VERSION => Ok(Version::CURRENT),
            other => Err(de::Error::custom(format_args!(
                "the checkpoint has version {other}; version {CHECKPOINT_VERSION} is supported"
            ))),
        }
    }
}
