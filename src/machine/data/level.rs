//! Fault levels, counted by group and told.
//!
//! A level is never stored: it follows from a pair's outage or its group's cut ([`World::level`]). What stands with the
//! group is how many pairs have which, because a lost path changes a million of them at once and is one record. So there
//! are two ways to count: what changes one pair counts the difference ([`changed`]), and what was assessed is counted anew
//! ([`recount`]). Either is told by one effect for each group, at the latest when the command or event is over
//! ([`tell`]); nothing changes a level in silence.

use crate::machine::effect::Effect;
use crate::machine::effects::Effects;
use crate::world::protection::Verdict;
use crate::world::replica::Level;
use crate::world::{GroupKey, PairKey, World};

/// Counts a change of one pair, which had this level before. A group that is being assessed is counted anew after it.
pub(super) fn changed(world: &mut World, pair: PairKey, before: Level) {
    let after = world.level(pair);
    if after == before {
        return;
    }
    let key = world.pairs[pair].group;
    let group = &mut world.groups[key];
    if group.health == group.told {
        world.relevelled.push(key);
    }
    if let Some(place) = place(before) {
        group.health[place] = group.health[place].saturating_sub(1);
    }
    if let Some(place) = place(after) {
        group.health[place] += 1;
    }
}

/// Counts the pairs of a group anew after it was assessed, and tells it. One that was not walked has lost its path.
pub(super) fn recount(world: &mut World, group: GroupKey, walked: bool, out: &mut Effects) {
    let Some(record) = world.groups.get(group) else {
        return;
    };
    let mut health = [0u32; 2];
    match record.cut {
        // Of whole pairs a cut says it at once: those in step by its verdict, those that copied 5.
        Some(cut) if !walked && record.health == [0, 0] => {
            let two = cut.production_lost || cut.verdict != Verdict::Production;
            health[usize::from(!two)] += record.in_step;
            health[1] += record.copying;
        }
        _ => {
            for pair in record.pairs.iter() {
                if let Some(place) = place(world.level(pair)) {
                    health[place] += 1;
                }
            }
        }
    }
    world.groups[group].health = health;
    tell_of(world, group, out);
}

/// Tells of every group in which levels have changed, if that was not told yet.
pub(super) fn tell(world: &mut World, out: &mut Effects) {
    let mut groups = std::mem::take(&mut world.relevelled);
    for group in groups.drain(..) {
        if world.groups.contains_key(group) {
            tell_of(world, group, out);
        }
    }
    world.relevelled = groups;
}

fn tell_of(world: &mut World, key: GroupKey, out: &mut Effects) {
    let group = &mut world.groups[key];
    if group.health != group.told {
        group.told = group.health;
        let [two, five] = group.health;
        out.push(Effect::Health {
            group: key,
            two,
            five,
        });
    }
}

/// Where a level is counted.
const fn place(level: Level) -> Option<usize> {
    match level {
        Level::Zero => None,
        Level::Two => Some(0),
        Level::Five => Some(1),
    }
}
