//! What group, instance, pair and drill share: the status, and the operation that is changing it.

use super::JobKey;
use crate::sdrs::op::Op;
use crate::sdrs::status::Status;
use serde::{Deserialize, Serialize};

/// A status and the operation that is changing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "LifeForm", into = "LifeForm")]
pub struct Life {
    /// The stored status.
    pub status: Status,
    /// The operation under way, where there is a job.
    op: Op,
    /// The status held before it, where there is a job.
    resume: Status,
    /// Rises with every change of status: an event that carries another epoch is stale and dies.
    pub epoch: u32,
    /// The job of the operation under way.
    job: Option<JobKey>,
}

/// A life as it is written: in memory its parts lie more closely.
#[derive(Serialize, Deserialize)]
struct LifeForm {
    status: Status,
    epoch: u32,
    work: Option<Work>,
}

impl From<LifeForm> for Life {
    fn from(form: LifeForm) -> Life {
        let mut life = Life::new(form.status, form.epoch);
        life.set_work(form.work);
        life
    }
}

impl From<Life> for LifeForm {
    fn from(life: Life) -> LifeForm {
        LifeForm {
            status: life.status,
            epoch: life.epoch,
            work: life.work(),
        }
    }
}

impl Life {
    /// A life with nothing under way.
    pub const fn new(status: Status, epoch: u32) -> Life {
        Life {
            status,
            op: Op::ALL[0],
            resume: Status::ALL[0],
            epoch,
            job: None,
        }
    }

    /// The operation under way.
    #[inline]
    pub fn work(&self) -> Option<Work> {
        let (op, resume) = (self.op, self.resume);
        self.job.map(|job| Work { op, job, resume })
    }

    /// Sets the operation under way.
    #[inline]
    pub fn set_work(&mut self, work: Option<Work>) {
        (self.op, self.resume, self.job) = match work {
            Some(Work { op, job, resume }) => (op, resume, Some(job)),
            None => (Op::ALL[0], Status::ALL[0], None),
        };
    }

    /// Whether this job is the one that has the operation under way.
    #[inline]
    pub fn is_of(&self, job: JobKey) -> bool {
        self.job == Some(job)
    }
}

/// An operation under way on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The operation.
    pub op: Op,
    /// Its job.
    pub job: JobKey,
    /// The status held before.
    pub resume: Status,
}
