//! simcore: handlers that take boxed events with identifiers, instants as `f64`. Here they are whole microseconds, which
//! an `f64` holds exactly.

use crate::work::{Contestant, Event, Shape, Tally, Work};
use simcore::{Event as Sent, EventHandler, Simulation, SimulationContext};
use std::cell::RefCell;
use std::rc::Rc;

struct Jobs {
    work: Work,
    context: SimulationContext,
}

impl EventHandler for Jobs {
    fn on(&mut self, sent: Sent) {
        let event = *sent
            .data
            .downcast_ref::<Event>()
            .expect("only events of the work are sent");
        let context = &self.context;
        self.work.happen(sent.time as u64, event, |after, event| {
            context.emit_self(event, after as f64);
        });
    }
}

pub struct Simcore {
    simulation: Simulation,
    jobs: Rc<RefCell<Jobs>>,
}

impl Simcore {
    pub fn new(shape: Shape) -> Simcore {
        let mut simulation = Simulation::new(1);
        let context = simulation.create_context("jobs");
        let work = Work::new(shape);
        for (at, event) in work.beginning() {
            context.emit_self(event, at as f64);
        }
        let jobs = Rc::new(RefCell::new(Jobs { work, context }));
        simulation.add_handler("jobs", jobs.clone());
        Simcore { simulation, jobs }
    }
}

impl Contestant for Simcore {
    fn name(&self) -> &'static str {
        "simcore 0.1"
    }

    fn run(&mut self, events: u64) -> Result<Tally, String> {
        let mut done = self.jobs.borrow().work.tally.events;
        while done < events && self.simulation.step() {
            done += 1;
        }
        Ok(self.jobs.borrow().work.tally)
    }
}
