//! The invariants: what holds of every world, whatever was asked of it and whatever broke.
//!
//! [`check()`] looks at one state: it counts anew what the machine counts as it goes, follows every reference in both
//! directions, and compares what a pair knows of its data with what its disks, its servers and its links can have done.
//! It shares no arithmetic with the code that keeps the figures where that can be avoided, and it changes nothing. It is
//! deliberately not part of the machine: a world that breaks an invariant is a fault of the simulator, to be reported and
//! not to be handled. What only two states in succession can show is held by [`crate::engine::check`]; both speak of a
//! [`Violation`].
//!
//! Faults are counted when they strike and taken in at the end of their instant; in between a world is not whole, so
//! [`check()`] is asked only where nothing waits to be assessed.

mod counts;
mod data;
mod links;
mod violation;

pub use violation::Violation;

use super::World;
use crate::time::SimTime;

/// Checks every invariant of one state at an instant.
///
/// Errors: the first violation, in the order of this function's lines and, within each, of slots. A world whose faults
/// have not been assessed holds nothing to check and passes. Linear in the size of the world.
pub fn check(world: &World, now: SimTime) -> Result<(), Violation> {
    if !world.marks.is_empty() {
        return Ok(());
    }
    counts::standing(world)?;
    counts::statuses(world)?;
    counts::groups(world)?;
    counts::projects(world)?;
    counts::pools(world)?;
    counts::control(world)?;
    links::index(world)?;
    links::machines(world)?;
    links::networks(world)?;
    links::protection(world)?;
    links::drills(world)?;
    data::writers(world)?;
    data::pairs(world, now)?;
    data::routes(world)?;
    let capacity = |link| world.topology.capacity(link);
    let shared = world.flows.audit(capacity);
    shared.map_err(|fault| data::of_flows(world, fault))
}
