//! Faults strike and end. Each only counts itself on its target and marks what it may have changed; what that means is
//! taken in by [`super::assess()`] after all faults of the instant. Faults stack: a target is whole again when its last
//! fault has ended.

use super::standstill::control_changed;
use super::{pause, set_dr_copy, touch};
use crate::machine::effect::Effect;
use crate::machine::effects::Effects;
use crate::time::SimTime;
use crate::world::fault::Blow;
use crate::world::protection::DrCopy;
use crate::world::replica::Dirty;
use crate::world::{AzKey, DiskKey, ServerKey, SiteKey, World};

/// A fault begins. One whose target is gone does nothing.
pub(crate) fn struck(world: &mut World, now: SimTime, blow: Blow, out: &mut Effects) {
    if hit(world, blow, true) {
        world.standing += 1;
        out.push(Effect::Struck { blow });
        out.push(Effect::Assess);
        control_changed(world, now, out);
    }
}

/// A fault ends. One whose target is gone, or that never began, does nothing.
pub(crate) fn mended(world: &mut World, now: SimTime, blow: Blow, out: &mut Effects) {
    if hit(world, blow, false) {
        world.standing -= 1;
        out.push(Effect::Mended { blow });
        out.push(Effect::Assess);
        control_changed(world, now, out);
    }
}

/// One fault more or less; false if there is nothing to count it on.
fn count(faults: &mut u32, more: bool) -> bool {
    match more {
        true => *faults += 1,
        false if *faults == 0 => return false,
        false => *faults -= 1,
    }
    true
}

fn hit(world: &mut World, blow: Blow, more: bool) -> bool {
    match blow {
        Blow::Az { az, destroyed } => {
            let done = world
                .azs
                .get_mut(az)
                .is_some_and(|az| count(&mut az.dark, more));
            if done {
                darken(world, az, destroyed && more);
            }
            done
        }
        Blow::Site { site, destroyed } => hit_site(world, site, destroyed, more),
        Blow::Pool { az, read_only } => {
            let done = world.azs.get_mut(az).is_some_and(|az| match read_only {
                true => count(&mut az.pool.read_only, more),
                false => count(&mut az.pool.failed, more),
            });
            if done {
                world.marks.azs.push(az);
            }
            done
        }
        Blow::Disk { disk, destroyed } => {
            let done = world
                .disks
                .get_mut(disk)
                .is_some_and(|disk| count(&mut disk.lost, more));
            if done {
                blank(world, disk, destroyed && more);
                world.marks.disks.push(disk);
            }
            done
        }
        Blow::Server { server, destroyed } => hit_server(world, server, destroyed, more),
        Blow::Control => count(&mut world.control.down, more),
        Blow::Link { .. } | Blow::Slow { .. } | Blow::Duct { .. } | Blow::Node { .. } => {
            let done = hit_network(world, blow, more);
            world.marks.network |= done;
            done
        }
    }
}

fn hit_site(world: &mut World, site: SiteKey, destroyed: bool, more: bool) -> bool {
    let done = world
        .sites
        .get_mut(site)
        .is_some_and(|site| count(&mut site.dark, more));
    if done {
        let azs: Vec<AzKey> = world
            .azs
            .iter()
            .filter(|(_, az)| az.site == site)
            .map(|(key, _)| key)
            .collect();
        for az in azs {
            darken(world, az, destroyed && more);
        }
    }
    done
}

fn hit_server(world: &mut World, server: ServerKey, destroyed: bool, more: bool) -> bool {
    let Some(record) = world.servers.get_mut(server) else {
        return false;
    };
    let done = count(&mut record.lost, more);
    if done {
        let disks: Vec<DiskKey> = record.disks.iter().map(|disk| disk.1).collect();
        for disk in disks {
            blank(world, disk, destroyed && more);
            world.marks.disks.push(disk);
        }
        world.marks.servers.push(server);
    }
    done
}

fn hit_network(world: &mut World, blow: Blow, more: bool) -> bool {
    let topology = &mut world.topology;
    let may = |down: Option<u32>| down.is_some_and(|down| more || down > 0);
    match blow {
        Blow::Link { link } if may(topology.links.get(link).map(|l| l.down)) => match more {
            true => topology.break_link(link),
            false => topology.heal_link(link),
        },
        Blow::Slow { link, slow } => match topology.links.get(link) {
            Some(_) if more => topology.slow_link(link, slow),
            Some(record) if record.slowed.contains(&slow) => topology.unslow_link(link, slow),
            _ => return false,
        },
        Blow::Duct { duct } if may(topology.ducts.get(duct).map(|d| d.down)) => match more {
            true => topology.break_duct(duct),
            false => topology.heal_duct(duct),
        },
        Blow::Node { node } if may(topology.nodes.get(node).map(|n| n.down)) => match more {
            true => topology.break_node(node),
            false => topology.heal_node(node),
        },
        _ => return false,
    }
    true
}

/// An AZ may have gone dark or been lit.
fn darken(world: &mut World, az: AzKey, destroyed: bool) {
    let dark = !world.is_lit(az);
    world.topology.set_dark(az, dark);
    world.marks.network = true;
    world.marks.azs.push(az);
    if destroyed {
        let disks: Vec<DiskKey> = world
            .disks
            .iter()
            .filter(|(_, disk)| disk.az == az)
            .map(|(key, _)| key)
            .collect();
        for disk in disks {
            blank(world, disk, true);
        }
    }
}

/// A disk loses its content. The copy that a pair had on it is gone, and one that is being made begins again.
fn blank(world: &mut World, key: DiskKey, destroyed: bool) {
    if !destroyed {
        return;
    }
    let disk = &mut world.disks[key];
    disk.blank = true;
    disk.set_damaged(None);
    let (size, pair) = (disk.size, disk.pair);
    let Some(pair) = pair.filter(|&pair| world.pairs.contains_key(pair)) else {
        return;
    };
    let dr = world.pairs[pair].station.other();
    if world.disks_of(pair)[dr.index()] != Some(key) {
        return;
    }
    touch(world, pair);
    pause(world, pair);
    let record = &mut world.pairs[pair];
    record.set_dirty(Dirty::anywhere(size));
    if record.drift().stands.is_some() {
        record.change_drift(|drift| drift.stands = None);
    }
    set_dr_copy(world, pair, DrCopy::Missing);
}
