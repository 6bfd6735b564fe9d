//! The machine: the only code that changes a world.
//!
//! It decides ([`admit()`]), carries out ([`commit()`]), takes in what happens ([`happen`]) and answers questions. It reads
//! no clock, draws no number and does no I/O: whoever drives it hands it the instant and the events. Check and use cannot
//! be separated, because only `admit` makes what `commit` takes, and `admit` cannot change the world.

pub mod admit;
mod asks;
pub mod build;
pub mod command;
pub mod commit;
mod drills;
pub mod effect;
pub mod event;
#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod lifecycle;
pub(crate) mod make;
mod native;
mod needs;
mod obstacle;
mod outcome;
pub mod query;
pub mod refusal;
pub(crate) mod resolve;
mod settle;
mod tags;
mod tasks;
pub(crate) mod transition;

pub use admit::{Admitted, admit};
pub use build::{BuildError, Builder};
pub use command::Command;
pub use commit::{Answer, commit};
pub use effect::{Effect, Effects};
pub use event::{Doing, Event, Outcome};
pub use refusal::Refusal;

use crate::time::SimTime;
use crate::world::{Who, World};

/// Takes in something that happens at an instant. It cannot be refused; what is stale does nothing.
pub fn happen(world: &mut World, now: SimTime, event: Event, out: &mut Effects) {
    match event {
        Event::Settled {
            who,
            epoch,
            doing,
            outcome,
        } => match (doing, who) {
            (Doing::Job(_, part), Who::Job(job)) => {
                settle::part_ended(world, now, job, part, outcome, out)
            }
            (Doing::Job(op, _), _) => settle::work_ended(world, now, who, epoch, op, outcome, out),
            (Doing::Act(act), Who::Server(server)) => {
                native::settled(world, now, server, epoch, act, outcome, out);
            }
            (Doing::Act(_), _) => {}
        },
        Event::Synced { pair, copies } => outcome::synced(world, pair, copies, out),
    }
}
