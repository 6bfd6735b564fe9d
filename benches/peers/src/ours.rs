//! The full engine of the simulator: rules, statuses, jobs, census, digest. Nobody looks on.

#[path = "../../region/jobs.rs"]
mod jobs;
#[path = "../../region/mod.rs"]
mod region;

use crate::work::{Contestant, Shape, Tally};
use jobs::Jobs;

/// The engine and who calls it.
pub struct Ours {
    jobs: Jobs,
    shape: Shape,
}

impl Ours {
    pub fn new(shape: Shape) -> Ours {
        let begins = |group| shape.begins(group);
        Ours {
            jobs: Jobs::new(shape.groups, shape.pairs, shape.operations, begins),
            shape,
        }
    }
}

impl Contestant for Ours {
    fn name(&self) -> &'static str {
        "sdrsim, the whole service"
    }

    fn run(&mut self, events: u64) -> Result<Tally, String> {
        self.jobs.run_to(events);
        let tally = Tally {
            events: self.jobs.events(),
            operations: self.jobs.operations,
            now: self.jobs.engine.now().as_micros(),
        };
        let least = tally.operations * self.shape.events_each();
        let most = least + u64::from(self.shape.groups) * self.shape.events_each();
        match (least..=most).contains(&tally.events) {
            true => Ok(tally),
            false => Err(format!(
                "sdrsim: {} operations took {} events",
                tally.operations, tally.events
            )),
        }
    }
}
