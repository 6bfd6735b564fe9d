//! What a step of the timeline waits for: a job, or an act on a server.

use crate::world::{JobKey, ServerKey, Who, World};

/// Something that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    /// A job and its number.
    Job(JobKey, u64),
    /// A native act.
    Act(ServerKey),
}

impl Pending {
    /// Whether it has ended, or what it was about is gone.
    pub(super) fn has_ended(self, world: &World) -> bool {
        match self {
            Pending::Job(job, _) => world.jobs.get(job).is_none_or(|job| job.ended.is_some()),
            Pending::Act(server) => world
                .servers
                .get(server)
                .is_none_or(|server| server.act.is_none()),
        }
    }

    /// What is waited for, in words.
    pub(super) fn text(self, world: &World) -> String {
        match self {
            Pending::Job(_, number) => format!("job {number} ends"),
            Pending::Act(server) => {
                format!("the act on `{}` ends", world.label(Who::Server(server)))
            }
        }
    }
}
