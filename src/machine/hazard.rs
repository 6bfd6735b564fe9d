//! Hazards: things that break and are mended again and again, at instants that the engine's oracle draws.
//!
//! A hazard holds its targets down together, so a common cause is one hazard with several targets.

use super::data;
use super::effect::Effect;
use super::effects::Effects;
use crate::time::SimTime;
use crate::world::World;

/// A hazard's turn has come: whole targets break, broken ones are mended. A stale turn does nothing.
pub(super) fn turned(world: &mut World, now: SimTime, hazard: u32, turn: u64, out: &mut Effects) {
    let Some(record) = world.hazards.get_mut(hazard as usize) else {
        return;
    };
    if record.turn != turn {
        return;
    }
    record.turn += 1;
    record.broken = !record.broken;
    let (broken, turn) = (record.broken, record.turn);
    for place in 0..world.hazards[hazard as usize].blows.len() {
        let blow = world.hazards[hazard as usize].blows[place];
        match broken {
            true => data::struck(world, now, blow, out),
            false => data::mended(world, now, blow, out),
        }
    }
    out.push(Effect::HazardWaits {
        hazard,
        turn,
        broken,
    });
}
