//! What must hold, or is to be reached, in the histories of the bench.

use crate::machine::Effect;
use crate::scenario::expect::{Expectation, ReadError, Senseless};
use crate::scenario::look;
use crate::time::SimTime;
use crate::world::World;
use std::fmt;
use std::sync::Arc;

/// What a property looks at: the world after everything of an instant has happened.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// The instant.
    pub now: SimTime,
    /// The world.
    pub world: &'a World,
    /// Every effect since the property looked last, in order.
    pub seen: &'a [(SimTime, Effect)],
}

/// Judges one history, from its beginning.
pub type Judge = Box<dyn FnMut(&Sight<'_>) -> Result<(), String>>;

/// Something that holds or does not at an instant of a history.
///
/// It is looked at when everything of an instant has happened, at the beginning and whenever something has changed.
#[derive(Clone)]
pub struct Property {
    name: String,
    text: Option<String>,
    /// What it was read from.
    expectation: Option<Arc<Expectation>>,
    begin: Arc<dyn Fn() -> Judge>,
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Property").field(&self.name).finish()
    }
}

impl Property {
    /// A property of the world alone; the error says why it does not hold.
    pub fn state(name: &str, holds: impl Fn(&World) -> Result<(), String> + 'static) -> Property {
        let holds = Arc::new(holds);
        Property::run(name, move || {
            let holds = Arc::clone(&holds);
            Box::new(move |sight| holds(sight.world))
        })
    }

    /// A property with a memory: each history begins with a judge of its own, which is handed every instant in turn.
    pub fn run(name: &str, begin: impl Fn() -> Judge + 'static) -> Property {
        Property {
            name: name.to_owned(),
            text: None,
            expectation: None,
            begin: Arc::new(begin),
        }
    }

    /// A line of the expectation language of scenario files, which is its name as well. An expectation that cannot be
    /// decided, because what it speaks of is gone, does not hold.
    ///
    /// A word that views never show is refused, as in scenario files: a misspelt status would make the property hold for
    /// ever, or never. Here that is asked of what can be known without a world; a suite asks it again of the worlds of its
    /// histories, where a label stands for one kind of thing.
    ///
    /// # Errors
    /// The first place that does not follow the grammar, or the first part that means nothing in any world.
    pub fn expect(text: &str) -> Result<Property, ReadError> {
        let read = Arc::new(Expectation::read(text)?);
        let expectation = Some(Arc::clone(&read));
        let judged = Property::run(text, move || {
            let expectation = Arc::clone(&read);
            Box::new(
                move |sight| match look(&expectation, sight.world, sight.now) {
                    Ok(verdict) if verdict.held => Ok(()),
                    Ok(verdict) => Err(verdict.explain),
                    Err(error) => Err(error.to_string()),
                },
            )
        });
        let judged = Property {
            expectation,
            ..judged
        };
        Ok(judged.told_as(text))
    }

    /// What keeps what it was read from from meaning anything in a world; what was not read always does.
    pub(super) fn fault(&self, world: &World) -> Option<Senseless> {
        self.expectation.as_ref()?.fault(world)
    }

    /// The same, told in a scenario file by this expectation. Without one a file expects that its run does not end in the
    /// statuses and powers in which the property was violated.
    #[must_use]
    pub fn told_as(self, text: &str) -> Property {
        Property {
            text: Some(text.to_owned()),
            ..self
        }
    }

    /// Nothing is under way: no job waits or runs, and no group, instance, pair or drill is in transition.
    #[must_use]
    pub fn at_rest() -> Property {
        Property::state("everything has ended", |world| {
            use crate::sdrs::status::{Class, Kind, Status};
            if let Some(job) = world.jobs.values().find(|job| job.ended.is_none()) {
                return Err(format!("job {} ({}) has not ended", job.number, job.op));
            }
            for &kind in Kind::ALL {
                for &status in Status::ALL {
                    let count = world.census[kind as usize][status as usize];
                    if count > 0 && status.class() == Class::Transient {
                        return Err(format!("a {} is {status}", kind.name()));
                    }
                }
            }
            Ok(())
        })
        .told_as("none jobs.status in [INIT, RUNNING]")
    }

    /// Holds where this does not.
    pub(super) fn never(&self) -> Property {
        let inner = self.clone();
        let never = Property::run(&self.name, move || {
            let mut judge = inner.begin();
            Box::new(move |sight| match judge(sight) {
                Ok(()) => Err("it was reached".to_owned()),
                Err(_) => Ok(()),
            })
        });
        Property {
            expectation: self.expectation.clone(),
            ..never
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The expectation that tells it in a scenario file.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// A judge for one history.
    pub(super) fn begin(&self) -> Judge {
        (self.begin)()
    }
}
