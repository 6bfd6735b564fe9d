//! The invariants: what holds of every world, whatever was asked of it and whatever broke.
//!
//! [`check()`] looks at one state: it counts anew what the machine counts as it goes, follows every reference in both
//! directions, and compares what a pair knows of its data with what its disks, its servers and its links can have done.
//! It shares no arithmetic with the code that keeps the figures where that can be avoided, and it changes nothing. It is
//! deliberately not part of the machine: a world that breaks an invariant is a fault of the simulator, to be reported and
//! not to be handled. What only two states in succession can show is held by [`crate::engine::check`]; both speak of a
//! [`Violation`].
//!
//! Faults are counted when they strike and taken in at the end of their instant; in between, what they change is not in
//! order, and [`check()`] does not look at it.

mod counts;
mod data;
mod links;
mod names;
mod violation;

pub use violation::Violation;

use super::World;
use crate::time::SimTime;

/// Checks every invariant of one state at an instant.
///
/// Errors: the first violation, in the order of this function's lines and, within each, of slots. Of a world whose faults
/// have not been assessed only what [`whole()`] looks at is checked. Linear in the size of the world.
pub fn check(world: &World, now: SimTime) -> Result<(), Violation> {
    whole(world)?;
    if !world.marks.is_empty() {
        return Ok(());
    }
    counts::standing(world)?;
    counts::groups(world)?;
    data::writers(world)?;
    data::pairs(world, now)?;
    data::routes(world)?;
    let capacity = |link| world.topology.capacity(link);
    let shared = world.flows.audit(capacity);
    shared.map_err(|fault| data::of_flows(world, fault))
}

/// Checks what holds of a world even amid an instant: that everything named exists and refers back, and what is counted
/// of what faults do not touch.
///
/// It is the one part that takes any world, one from a file of strangers too: what it passes can be looked at by the rest
/// and by whoever reads a world.
///
/// Errors: as [`check()`].
pub fn whole(world: &World) -> Result<(), Violation> {
    names::all(world)?;
    counts::statuses(world)?;
    counts::projects(world)?;
    counts::pools(world)?;
    counts::control(world)?;
    links::index(world)?;
    links::machines(world)?;
    links::networks(world)?;
    links::protection(world)?;
    links::drills(world)
}
