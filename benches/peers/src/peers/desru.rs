//! DESRu: boxed closures on a binary heap, instants as `f64`. Here they are whole microseconds, which an `f64` holds exactly.

use crate::work::{Contestant, Event, Shape, Tally, Work};
use desru::EventScheduler;
use std::cell::RefCell;
use std::rc::Rc;

pub struct Desru {
    scheduler: EventScheduler,
    work: Rc<RefCell<Work>>,
}

/// Schedules an event of the work.
fn schedule(scheduler: &mut EventScheduler, work: &Rc<RefCell<Work>>, after: u64, event: Event) {
    let work = Rc::clone(work);
    let action = move |scheduler: &mut EventScheduler| {
        let now = scheduler.current_time as u64;
        work.borrow_mut().happen(now, event, |after, next| {
            schedule(scheduler, &work, after, next);
        });
        None
    };
    scheduler.timeout(after as f64, Some(Box::new(action)), None);
}

impl Desru {
    pub fn new(shape: Shape) -> Desru {
        let work = Rc::new(RefCell::new(Work::new(shape)));
        let mut scheduler = EventScheduler::new();
        for (at, event) in work.borrow().beginning() {
            schedule(&mut scheduler, &work, at, event);
        }
        Desru { scheduler, work }
    }
}

impl Contestant for Desru {
    fn name(&self) -> &'static str {
        "desru 0.1"
    }

    fn run(&mut self, events: u64) -> Result<Tally, String> {
        let work = Rc::clone(&self.work);
        let stop = move |_: &EventScheduler| work.borrow().tally.events >= events;
        // Its log of everything is left empty, or it would be that which is measured.
        self.scheduler
            .run(Box::new(stop), Some(Box::new(|_, _| false)));
        Ok(self.work.borrow().tally)
    }
}
