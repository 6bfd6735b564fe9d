//! What faults and their ends mean for replication, taken in after all faults of one instant.
//!
//! A loss of the path is one record of its group. Everything else (an AZ, a pool, a disk, and the return of a path) walks
//! the pairs that it touches, because each of them changes by itself.

use super::{begin_copy, discard, outage, pause, refresh, touch};
use crate::machine::effect::Effect;
use crate::machine::effects::Effects;
use crate::machine::{make, native};
use crate::sdrs::policy::{LossOfReplica, Policy};
use crate::time::SimTime;
use crate::units::Bytes;
use crate::world::machinery::{Act, Power};
use crate::world::protection::{Copying, Cut, ProtectionType, Side, Verdict};
use crate::world::replica::Level;
use crate::world::{AzKey, GroupKey, LinkKey, PairKey, RouteKey, ServerKey, World};
use std::collections::BTreeMap;

/// The groups that an assessment touches by serial, which is the order in which they are taken, and whether each is to be
/// walked: one that only lost its path is not.
pub(super) type Touched = BTreeMap<u32, (GroupKey, bool)>;

/// Takes in all that was marked since the last time.
pub(crate) fn assess(world: &mut World, now: SimTime, out: &mut Effects) {
    let marks = std::mem::take(&mut world.marks);
    if marks.is_empty() {
        return;
    }
    let mut touched = Touched::new();
    if marks.network {
        let (routes, reach) = reroute(world, now);
        if reach {
            super::arbitration::modes(world, &mut touched, out);
        }
        for route in routes {
            cut_or_join(world, now, route, &mut touched, out);
        }
    }
    for &az in &marks.azs {
        power(world, az, out);
        for (key, group) in &world.groups {
            if group.azs.contains(&az) {
                touched.insert(group.serial, (key, true));
            }
        }
    }
    for &server in &marks.servers {
        if let Some(record) = world.servers.get(server) {
            let lit = world.is_lit(record.az);
            power_of(world, server, lit, out);
        }
    }
    for &disk in &marks.disks {
        if let Some(pair) = world.disks.get(disk).and_then(|disk| disk.pair)
            && let Some(record) = world.pairs.get(pair)
        {
            let group = record.group;
            touched.insert(world.groups[group].serial, (group, true));
        }
    }
    for (group, walks) in touched.into_values() {
        if walks {
            walk(world, now, group, out);
        }
        super::level::recount(world, group, walks, out);
    }
}

/// Recomputes the paths that a change touches and tells the links' shares; gives the routes that changed, and whether
/// witnesses may be reached by others than before.
fn reroute(world: &mut World, now: SimTime) -> (Vec<RouteKey>, bool) {
    let (mut routes, mut links): (Vec<RouteKey>, Vec<LinkKey>) = (Vec::new(), Vec::new());
    let reach = world.topology.refresh(&mut routes, &mut links);
    for link in links {
        world.flows.set_link(link, world.topology.capacity(link));
    }
    for &route in &routes {
        let path = world.topology.routes[route].path.as_ref();
        world
            .flows
            .set_route(now, route, path.map(|path| path.links.as_slice()));
    }
    (routes, reach)
}

/// Records for each group of a route that its path is lost, or that it is to be walked because the path is back.
fn cut_or_join(
    world: &mut World,
    now: SimTime,
    route: RouteKey,
    touched: &mut Touched,
    out: &mut Effects,
) {
    let lost = world.topology.routes[route].path.is_none();
    let mut groups: Vec<(u32, GroupKey)> = world
        .groups
        .iter()
        .filter(|(_, group)| group.route == route && group.cut.is_some() != lost)
        .map(|(key, group)| (group.serial, key))
        .collect();
    groups.sort_unstable();
    for (serial, group) in groups {
        if lost {
            let verdict = super::arbitration::judge(world, group);
            let record = &world.groups[group];
            let production_lost = !world.is_writable(world.production_az(record));
            world.groups[group].cut = Some(Cut {
                since: now,
                verdict,
                production_lost,
            });
            out.push(Effect::Cut { group, verdict });
            // The members of a consistency group stand still together, whatever each of them has lost.
            let whole = world.groups[group].protection == ProtectionType::ReplicationPair;
            let record = &world.groups[group];
            let goes_on = match verdict {
                Verdict::Production => record.in_step + record.copying,
                Verdict::DrSide | Verdict::Neither => record.copying,
            };
            if whole && goes_on > 0 && !production_lost {
                world.hung.add(Policy::OnReplicaLoss);
            }
            touched.insert(serial, (group, !whole));
        } else {
            out.push(Effect::Joined { group });
            touched.insert(serial, (group, true));
        }
    }
}

/// Servers of an AZ that went dark stop; those of one that is lit again boot, if they ran, nothing fences them and the policy says so.
fn power(world: &mut World, az: AzKey, out: &mut Effects) {
    let lit = world.is_lit(az);
    let mut servers: Vec<(u32, ServerKey)> = world
        .servers
        .iter()
        .filter(|(_, server)| server.az == az)
        .map(|(key, server)| (server.serial, key))
        .collect();
    servers.sort_unstable();
    for (_, server) in servers {
        power_of(world, server, lit, out);
    }
}

/// The same for one server, which a fault of its own may hold down too.
fn power_of(world: &mut World, server: ServerKey, lit: bool, out: &mut Effects) {
    let record = &world.servers[server];
    let lit = lit && record.lost == 0;
    let runs = record.power == Power::Active || matches!(record.act, Some(Act::Boot | Act::Reboot));
    match lit {
        false if runs => {
            world.servers[server].resumes = true;
            make::set_power(world, server, Power::Shutoff, out);
        }
        true if record.resumes => {
            world.servers[server].resumes = false;
            let twin = world.running_twin(server).is_some();
            if twin {
                world.hung.add(Policy::Fencing);
            }
            let kept_off = twin && world.settings.policies.fencing.is_on();
            let record = &world.servers[server];
            let free = !record.fenced && !kept_off;
            if free && record.power == Power::Shutoff && record.act.is_none() {
                world.hung.add(Policy::RestartAfterOutage);
                if world.settings.policies.restart_after_outage {
                    native::boot(world, server, out);
                }
            }
        }
        _ => super::server_changed(world, server),
    }
}

/// Assesses each pair of a group. If its path is back its cut ends, once what it meant is written down for each pair.
pub(super) fn walk(world: &mut World, now: SimTime, group: GroupKey, out: &mut Effects) {
    let record = &world.groups[group];
    let suspended =
        record.protection == ProtectionType::ConsistencyGroup && is_degraded(world, group);
    if record.cut.is_some() && world.is_connected(record) {
        each(world, group, touch);
        world.groups[group].cut = None;
    }
    each(world, group, |world, pair| {
        pair_assessed(world, now, pair, suspended, out);
    });
}

/// Does something with each pair of a group, by serial.
pub(super) fn each(world: &mut World, group: GroupKey, mut act: impl FnMut(&mut World, PairKey)) {
    let mut place = 0;
    while let Some(pair) = world.groups[group].pairs.next_from(&mut place) {
        act(world, pair);
    }
}

/// Whether some pair of a group that replicates cannot be in step.
fn is_degraded(world: &World, group: GroupKey) -> bool {
    let record = &world.groups[group];
    let connected = world.is_connected(record);
    record.pairs.iter().any(|key| {
        let pair = &world.pairs[key];
        let dr = world.is_side_usable(key, pair.station.other());
        pair.is_replicating() && (!connected || !dr)
    })
}

/// Begins, changes or ends the outage of a pair.
fn pair_assessed(
    world: &mut World,
    now: SimTime,
    pair: PairKey,
    suspended: bool,
    out: &mut Effects,
) {
    touch(world, pair);
    let record = &world.pairs[pair];
    if !record.is_replicating() {
        met(world, now, pair, out);
        refresh(world, now, pair);
        return;
    }
    let group = &world.groups[record.group];
    let production = world.is_side_usable(pair, record.station);
    let replica = world.is_side_usable(pair, record.station.other());
    let connected = world.is_connected(group);
    let stopped = !connected
        && group
            .cut
            .is_some_and(|cut| cut.verdict != Verdict::Production);
    let silent = world.settings.policies.on_replica_loss == LossOfReplica::Stop;
    let whole = production && replica && connected && !suspended;
    let in_step = record.copy == Copying::Active;
    let runs = record.copy == Copying::Running;
    match record.drift().outage {
        // A DR disk that was lost and came back blank within the instant has everything to be copied.
        None if whole && !runs && record.unsynced() > Bytes(0) => {
            begin_copy(world, now, pair, out);
            return;
        }
        None if whole => {}
        None => {
            let two = in_step && (!production || stopped);
            let level = if two { Level::Two } else { Level::Five };
            pause(world, pair);
            let halted = two || !production || silent;
            if !two && production {
                world.hung.add(Policy::OnReplicaLoss);
            }
            let outage = outage(now, level, halted);
            world.pairs[pair].change_drift(|drift| drift.outage = Some(outage));
        }
        Some(_) if whole => {
            begin_copy(world, now, pair, out);
            return;
        }
        Some(mut was) => {
            if was.since == now && in_step && !production {
                was.level = Level::Two;
            }
            let permitted = production && !(was.level == Level::Two && stopped);
            // A disk alone that is gone keeps production of a pair in step at level 2 until it is back.
            if permitted && was.level == Level::Two {
                (was.since, was.level) = (now, Level::Five);
            }
            if permitted {
                world.hung.add(Policy::OnReplicaLoss);
            }
            was.halted = match permitted && !silent {
                true => None,
                false => was.halted.or(Some(now)),
            };
            world.pairs[pair].change_drift(|drift| drift.outage = Some(was));
        }
    }
    refresh(world, now, pair);
}

/// The sides of a pair that a failover parted reach each other again: the side that is not production has lost.
fn met(world: &mut World, now: SimTime, pair: PairKey, out: &mut Effects) {
    let record = &world.pairs[pair];
    let loser: Side = record.station.other();
    let fenced = world.settings.policies.fencing.is_on();
    if !record.parted || fenced || !world.is_connected(&world.groups[record.group]) {
        return;
    }
    let servers =
        world.disks_of(pair)[loser.index()].map(|disk| world.disks[disk].servers().to_vec());
    discard(world, now, pair, out);
    for server in servers.into_iter().flatten() {
        if world.servers[server].power == Power::Active {
            make::set_power(world, server, Power::Shutoff, out);
        }
    }
}
