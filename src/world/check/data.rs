//! What pairs know of their data, and what links carry.

use super::Violation;
use crate::time::SimTime;
use crate::world::flow::Fault;
use crate::world::machinery::Power;
use crate::world::protection::{Copying, Pair, Side};
use crate::world::{PairKey, RouteKey, Who, World};
use slotmap::SecondaryMap;

/// Under fencing one side of a pair accepts writes at most, and the servers of one side of an instance run at most.
pub(super) fn writers(world: &World) -> Result<(), Violation> {
    if !world.settings.policies.fencing.is_on() {
        return Ok(());
    }
    for pair in world.pairs.keys() {
        let permitted = |side: Side| world.is_writer(pair, side);
        let written = |side: Side| world.write_rate(pair, side) > 0;
        let both = |has: &dyn Fn(Side) -> bool| has(Side::Source) && has(Side::Target);
        if both(&permitted) || both(&written) {
            return Err(Violation::TwoWriters {
                pair: world.label(Who::Pair(pair)),
            });
        }
    }
    for (key, instance) in &world.instances {
        let runs = |server: Option<_>| {
            server.is_some_and(|server| world.servers[server].power == Power::Active)
        };
        if instance.servers.into_iter().all(runs) {
            return Err(Violation::BothSidesRun {
                instance: world.label(Who::Instance(key)),
            });
        }
    }
    Ok(())
}

/// What each pair knows of its data.
pub(super) fn pairs(world: &World, now: SimTime) -> Result<(), Violation> {
    for (key, pair) in &world.pairs {
        sizes(world, key, pair)?;
        if pair.copy == Copying::Active && world.outage(key).is_none() {
            in_step(world, now, key, pair)?;
        }
        recovery(world, now, key)?;
        writes(world, key, pair)?;
    }
    Ok(())
}

fn sizes(world: &World, key: PairKey, pair: &Pair) -> Result<(), Violation> {
    let sizes = world
        .disks_of(key)
        .map(|disk| disk.map(|disk| world.disks[disk].size));
    let most = sizes.into_iter().flatten().max();
    let unlike = matches!(sizes, [Some(one), Some(other)] if one != other);
    if unlike || most.is_some_and(|most| pair.unsynced() > most) {
        return Err(Violation::Sizes {
            pair: world.label(Who::Pair(key)),
            sizes: sizes.map(|size| size.map(|size| size.0)),
            unsynced: pair.unsynced().0,
        });
    }
    Ok(())
}

/// A pair that is in step and whole.
fn in_step(world: &World, now: SimTime, key: PairKey, pair: &Pair) -> Result<(), Violation> {
    let left = world.left(key, now).0;
    let written = |side: Side| {
        let gap = &pair.drift().gaps[side.index()];
        gap.rate() > 0 || gap.bytes(now) > 0
    };
    let disks = world.disks_of(key);
    let blank = disks[pair.station.other().index()].is_some_and(|disk| world.disks[disk].blank);
    let wrong = [
        (left > 0, "not everything was copied"),
        (!pair.is_consistent(), "no copy was finished"),
        (pair.parted, "a failover parted the sides"),
        (disks.contains(&None), "a disk is gone"),
        (blank, "it is blank"),
        (
            written(Side::Source) || written(Side::Target),
            "one side was written alone",
        ),
    ];
    if let Some(&(_, what)) = wrong.iter().find(|wrong| wrong.0) {
        return Err(Violation::NotInStep {
            pair: world.label(Who::Pair(key)),
            what,
            left,
        });
    }
    let point = world.recovery(key, now);
    match point {
        Some(recovery) if recovery.earliest == now && recovery.whole && recovery.lost == 0 => {
            Ok(())
        }
        _ => Err(Violation::RecoveryPoint {
            pair: world.label(Who::Pair(key)),
            point: point.map_or(SimTime::ZERO, |recovery| recovery.earliest),
            now,
            lost: point.map_or(0, |recovery| recovery.lost),
        }),
    }
}

/// A recovery point is never to come, and where a write is missing it stands back.
fn recovery(world: &World, now: SimTime, key: PairKey) -> Result<(), Violation> {
    let Some(found) = world.recovery(key, now) else {
        return Ok(());
    };
    let pair = &world.pairs[key];
    let gap = world.gap(key, pair.station);
    let missing = gap.work(now).saturating_add(world.behind(key, now)) / 1_000_000;
    let stands = found.earliest < now || missing == 0;
    // A full copy onto a disk that came back blank has lost its point with the content.
    if found.earliest > now || !stands {
        return Err(Violation::RecoveryPoint {
            pair: world.label(Who::Pair(key)),
            point: found.earliest,
            now,
            lost: found.lost,
        });
    }
    Ok(())
}

/// What is written to a pair, recomputed from its servers.
fn writes(world: &World, key: PairKey, pair: &Pair) -> Result<(), Violation> {
    let whole = pair.is_replicating() && world.outage(key).is_none();
    let station = pair.station;
    let expected = |side: Side| match world.is_writer(key, side) {
        true => world.demand(world.disks_of(key)[side.index()]),
        false => 0,
    };
    let alone = |side: Side| world.gap(key, side).rate();
    // A pair whose loss of its way is not written down yet still has what it mirrored before.
    let mirrored = match world.unwritten(pair) {
        Some(_) => 0,
        None => pair.drift().mirrored,
    };
    let (there, both) = match whole {
        true => (0, expected(station)),
        false => (expected(station), 0),
    };
    let dr = station.other();
    let figures = [
        ("mirrored", both, mirrored),
        ("production", there, alone(station)),
        ("DR side", expected(dr), alone(dr)),
    ];
    for (what, counted, kept) in figures {
        if counted != kept {
            return Err(Violation::Writes {
                pair: world.label(Who::Pair(key)),
                what,
                counted,
                kept,
            });
        }
    }
    Ok(())
}

/// What the pairs of each route mirror in all.
pub(super) fn routes(world: &World) -> Result<(), Violation> {
    let mut sums: SecondaryMap<RouteKey, u128> = SecondaryMap::new();
    for pair in world.pairs.values() {
        let route = world.groups[pair.group].route;
        let sum = sums.get(route).copied().unwrap_or(0);
        sums.insert(route, sum + u128::from(pair.drift().mirrored));
    }
    for (key, route) in &world.topology.routes {
        let counted = sums.get(key).copied().unwrap_or(0);
        let rate = |sum: u128| u64::try_from(sum).unwrap_or(u64::MAX);
        let shared = world.flows.foreground(key).0;
        let told = rate(counted) == shared;
        if counted != route.foreground || !told {
            let kept = if told { rate(route.foreground) } else { shared };
            return Err(Violation::Foreground {
                route: route_name(world, key),
                counted: rate(counted),
                kept,
            });
        }
    }
    Ok(())
}

fn route_name(world: &World, route: RouteKey) -> String {
    let azs = world.topology.routes.get(route).map(|route| route.azs);
    let names = azs.map(|azs| azs.map(|az| world.label(Who::Az(az))));
    names.map_or_else(String::new, |names| names.join(" - "))
}

/// A fault that the shares of links found with themselves, with names.
pub(super) fn of_flows(world: &World, fault: Fault) -> Violation {
    match fault {
        Fault::Overfull {
            link,
            used,
            capacity,
        } => Violation::Overfull {
            link: world.label(Who::Link(link)),
            used,
            capacity: capacity.0,
        },
        Fault::Share {
            route,
            counted,
            kept,
        } => Violation::Share {
            route: route_name(world, route),
            counted: counted.map(|speed| speed.0),
            kept: kept.map(|speed| speed.0),
        },
    }
}
