//! The control plane stands still: calls answer HTTP 500, jobs wait, and the data path goes on.
//!
//! What a job waits for is counted in the control plane's own time, which does not pass while it is down. An event of a
//! job knows how many standstills had ended when it was announced; what has been stood since is owed to it.

use crate::machine::effect::Effect;
use crate::machine::effects::Effects;
use crate::machine::event::{Doing, Event, Outcome};
use crate::time::{SimTime, Span};
use crate::world::World;

/// What becomes of an event of a job that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    /// It happens.
    No,
    /// The control plane is down: it is held.
    Held,
    /// It comes later by what was stood.
    Owed(Span),
}

/// Whether an event of a job that was announced after `turn` standstills happens now.
pub(crate) fn stands(world: &World, turn: u32) -> Stands {
    if world.control.since.is_some() {
        return Stands::Held;
    }
    match owed(world, turn) {
        Span::ZERO => Stands::No,
        owed => Stands::Owed(owed),
    }
}

/// Whether an event of a job that was announced after `turn` standstills happens now, as is plain to see: there was no other
/// since, and there is none.
#[inline]
pub(crate) fn stands_still_for_none(world: &World, turn: u32) -> bool {
    world.control.since.is_none() && world.control.turn() == turn
}

/// What was stood since the standstill of this number ended.
fn owed(world: &World, turn: u32) -> Span {
    let stood = &world.control.stood;
    let total = stood.last().copied().unwrap_or(Span::ZERO);
    let before = match turn {
        0 => Span::ZERO,
        turn => stood.get(turn as usize - 1).copied().unwrap_or(total),
    };
    total.saturating_sub(before)
}

/// Begins or ends a standstill if a fault has changed whether the control plane is down.
pub(super) fn control_changed(world: &mut World, now: SimTime, out: &mut Effects) {
    match (world.is_control_down(), world.control.since) {
        (true, None) => {
            world.control.since = Some(now);
            out.push(Effect::Control { down: true });
        }
        (false, Some(since)) => {
            world.control.since = None;
            let before = world.control.stood.last().copied().unwrap_or(Span::ZERO);
            world
                .control
                .stood
                .push(before.saturating_add(now.saturating_since(since)));
            out.push(Effect::Control { down: false });
            for held in std::mem::take(&mut world.control.held) {
                let due = held.at.saturating_add(owed(world, held.turn));
                let event = Event::Settled {
                    who: held.who,
                    epoch: held.epoch,
                    doing: Doing::Job(held.op, held.part),
                    outcome: held.failure.map_or(Outcome::Done, Outcome::Failed),
                    turn: world.control.turn(),
                };
                let after = due.saturating_since(now);
                out.push(Effect::Again { event, after });
            }
        }
        _ => {}
    }
}
