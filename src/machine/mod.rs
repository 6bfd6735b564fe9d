//! The machine: the only code that changes a world.
//!
//! It decides ([`admit()`]), carries out ([`commit()`]), takes in what happens ([`happen`]) and answers questions. It reads
//! no clock, draws no number and does no I/O: whoever drives it hands it the instant and the events. Check and use cannot
//! be separated, because only `admit` makes what `commit` takes, and `admit` cannot change the world.

pub mod admissible;
pub mod admit;
mod asks;
pub mod build;
pub mod command;
pub mod commit;
pub(crate) mod data;
mod drills;
pub mod effect;
mod effects;
pub mod event;
#[cfg(test)]
pub(crate) mod fixture;
mod hazard;
#[cfg(test)]
mod lifecycle;
pub(crate) mod make;
mod native;
mod needs;
mod obstacle;
mod outcome;
mod plain;
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
pub use effect::Effect;
pub use effects::Effects;
pub(crate) use effects::{Mover, Moves};
pub use event::{Blow, Doing, Event, Outcome};
pub(crate) use plain::{HearsBegins, HearsEnds, Left};
pub use refusal::Refusal;
pub(crate) use settle::close;

use crate::sdrs::op::Op;
use crate::time::SimTime;
use crate::world::fault::Held;
use crate::world::job::Part;
use crate::world::{JobKey, PairKey, Who, World};

/// Takes in something that happens at an instant. It cannot be refused; what is stale does nothing.
#[inline]
pub fn happen(world: &mut World, now: SimTime, event: Event, out: &mut Effects) {
    world.now = now;
    // What nearly every event is, and mostly on a pair about which nothing stands out.
    if let Event::Settled {
        who: Who::Pair(pair),
        epoch,
        doing: Doing::Job(op, Part::Work),
        outcome: Outcome::Done,
        turn,
    } = event
        && data::stands_still_for_none(world, turn)
        && let Some(left) = plain::sub_job_ended(world, now, pair, (epoch, op), out)
    {
        if let Left::Close(job) = left {
            settle::close(world, job, out);
        }
        return data::settle(world, now, out);
    }
    take_in(world, now, event, out);
}

/// Takes in the good end of a sub-job that was announced after `turn` standstills, if it may go the short way, and tells one
/// who hears only what becomes of the pair; None, and nothing done, if it may not.
///
/// It is what [`happen`] does with that event, but that a job of which nothing is left is not closed: see [`close`].
#[inline(always)]
pub(crate) fn end_shortly<H: HearsEnds>(
    world: &mut World,
    now: SimTime,
    (pair, epoch): (PairKey, u32),
    (op, turn): (Op, u32),
    out: &mut H,
) -> Option<Left> {
    if !data::stands_still_for_none(world, turn) {
        return None;
    }
    let left = plain::sub_job_ended(world, now, pair, (epoch, op), out)?;
    world.now = now;
    Some(left)
}

/// Takes in the good end of the opening of a job of this operation that was announced after `turn` standstills, if that begins sub-jobs, and tells one who
/// hears only them; answers whether it did, and did nothing if it did not. It is what [`happen`] does with that event.
#[inline(always)]
pub(crate) fn open_shortly<H: HearsBegins>(
    world: &mut World,
    now: SimTime,
    job: JobKey,
    (op, turn): (Op, u32),
    out: &mut H,
) -> bool {
    if !data::stands_still_for_none(world, turn) || !settle::opened(world, now, (job, op), out) {
        return false;
    }
    world.now = now;
    true
}

fn take_in(world: &mut World, now: SimTime, event: Event, out: &mut Effects) {
    match event {
        Event::Settled {
            who,
            epoch,
            doing,
            outcome,
            turn,
        } => match (doing, who) {
            (Doing::Job(op, part), who) => match data::stands(world, turn) {
                data::Stands::Held => {
                    let failure = match outcome {
                        Outcome::Done => None,
                        Outcome::Failed(code) => Some(code),
                    };
                    world.control.held.push(Held {
                        at: now,
                        who,
                        epoch,
                        op,
                        part,
                        failure,
                        turn,
                    });
                }
                data::Stands::Owed(after) => {
                    let event = event.renewed(world.control.turn());
                    out.push(Effect::Again { event, after });
                }
                data::Stands::No => match who {
                    Who::Job(job) => settle::part_ended(world, now, job, part, outcome, out),
                    who => settle::work_ended(world, now, who, epoch, op, outcome, out),
                },
            },
            (Doing::Act(act), Who::Server(server)) => {
                native::settled(world, server, epoch, act, outcome, out);
            }
            (Doing::Act(_), _) => {}
        },
        Event::Synced { pair, copies } => data::synced(world, now, pair, copies, out),
        Event::Due { flow, turn } => data::due(world, now, flow, turn, out),
        Event::Struck(blow) => data::struck(world, now, blow, out),
        Event::Mended(blow) => data::mended(world, now, blow, out),
        Event::Assess => data::assess(world, now, out),
        Event::WindowEnds { domain, windows } => data::window_ends(world, domain, windows, out),
        Event::Hazard { hazard, turn } => hazard::turned(world, now, hazard, turn, out),
    }
    data::settle(world, now, out);
}
