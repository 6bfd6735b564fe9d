//! NeXosim: models with mailboxes, run by an asynchronous executor, here of one thread.

use crate::work::{Contestant, Event, Shape, Tally, Work};
use nexosim::model::{Context, Model, schedulable};
use nexosim::simulation::{Mailbox, SimInit, Simulation};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// All groups. The work is shared with who counts, and never in demand by two at once.
#[derive(Serialize, Deserialize)]
struct Jobs {
    #[serde(skip)]
    work: Option<Arc<Mutex<Work>>>,
}

#[Model]
impl Jobs {
    #[nexosim(init)]
    async fn init(&mut self, context: &Context<Self>) {
        let beginning = self.work().beginning();
        for (at, event) in beginning {
            later(context, at, event);
        }
    }

    #[nexosim(schedulable)]
    fn happen(&mut self, event: Event, context: &Context<Self>) {
        let since = context.time().duration_since(MonotonicTime::EPOCH);
        let now = since.as_micros() as u64;
        self.work()
            .happen(now, event, |after, event| later(context, after, event));
    }
}

impl Jobs {
    fn work(&self) -> std::sync::MutexGuard<'_, Work> {
        let work = self.work.as_ref().expect("it is set before the start");
        work.lock().expect("nobody panics while holding it")
    }
}

fn later(context: &Context<Jobs>, after: u64, event: Event) {
    let after = Duration::from_micros(after);
    context
        .schedule_event(after, schedulable!(Jobs::happen), event)
        .expect("it lies in the future");
}

pub struct Nexosim {
    simulation: Simulation,
    work: Arc<Mutex<Work>>,
}

impl Nexosim {
    pub fn new(shape: Shape) -> Result<Nexosim, String> {
        let work = Arc::new(Mutex::new(Work::new(shape)));
        let jobs = Jobs {
            work: Some(Arc::clone(&work)),
        };
        let simulation = SimInit::with_num_threads(1)
            .add_model(jobs, Mailbox::new(), "jobs")
            .init(MonotonicTime::EPOCH)
            .map_err(|error| error.to_string())?;
        Ok(Nexosim { simulation, work })
    }

    fn tally(&self) -> Tally {
        self.work
            .lock()
            .expect("nobody panics while holding it")
            .tally
    }
}

impl Contestant for Nexosim {
    fn name(&self) -> &'static str {
        "nexosim 1.0"
    }

    fn run(&mut self, events: u64) -> Result<Tally, String> {
        loop {
            let before = self.tally();
            if before.events >= events {
                return Ok(before);
            }
            // One step is one instant.
            self.simulation.step().map_err(|error| error.to_string())?;
            if self.tally().events == before.events {
                return Ok(before);
            }
        }
    }
}
