//! simrs: components that take boxed events from a binary heap.

use crate::work::{Contestant, Event, Shape, Tally, Work};
use simrs::{Component, ComponentId, Scheduler, Simulation, State};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

struct Jobs(Rc<RefCell<Work>>);

impl Component for Jobs {
    type Event = Event;

    fn process_event(
        &self,
        itself: ComponentId<Event>,
        event: &Event,
        scheduler: &mut Scheduler,
        _: &mut State,
    ) {
        let now = scheduler.time().as_micros() as u64;
        self.0.borrow_mut().happen(now, *event, |after, event| {
            scheduler.schedule(Duration::from_micros(after), itself, event);
        });
    }
}

pub struct Simrs {
    simulation: Simulation,
    work: Rc<RefCell<Work>>,
}

impl Simrs {
    pub fn new(shape: Shape) -> Simrs {
        let work = Rc::new(RefCell::new(Work::new(shape)));
        let mut simulation = Simulation::default();
        let jobs = simulation.add_component(Jobs(Rc::clone(&work)));
        for (at, event) in work.borrow().beginning() {
            simulation.schedule(Duration::from_micros(at), jobs, event);
        }
        Simrs { simulation, work }
    }
}

impl Contestant for Simrs {
    fn name(&self) -> &'static str {
        "simrs 0.2"
    }

    fn run(&mut self, events: u64) -> Result<Tally, String> {
        let mut done = self.work.borrow().tally.events;
        while done < events && self.simulation.step() {
            done += 1;
        }
        Ok(self.work.borrow().tally)
    }
}
