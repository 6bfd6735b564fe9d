//! The data path: what replication does when copies begin and end, writes come and go, and things break.
//!
//! A pair's state says where its copy stands; the rest is arithmetic on instants ([`crate::world::replica`]) and shares
//! of links ([`crate::world::flow`]). Three habits hold it together. What a cut means for a pair is written down with
//! [`touch`] before the pair changes. After every change of what a pair writes or replicates, [`refresh`] says anew how
//! much it writes and where. And whatever marks shares is settled once, at the end of a command or event ([`settle`]).
//! Nothing here refuses: what a fault makes impossible is decided in `needs` and `obstacle`.

mod arbitration;
mod assess;
mod fault;
mod level;
mod standstill;

pub(super) use arbitration::window_ends;
pub(super) use assess::assess;
pub(super) use fault::{mended, struck};
pub(super) use standstill::{Stands, stands, stands_still_for_none};

use super::effect::Effect;
use super::effects::Effects;
use crate::sdrs::policy::{LossOfReplica, Policies, Policy};
use crate::time::SimTime;
use crate::units::{Bytes, Rate};
use crate::world::flow::Aim;
use crate::world::machinery::Power;
use crate::world::protection::{Copying, DrCopy, Drift, Pair, Side, Verdict};
use crate::world::replica::{Gap, Level, Outage, marked};
use crate::world::{AzKey, DiskKey, FlowKey, GroupKey, PairKey, RouteKey, ServerKey, World};

/// Writes down for a pair what its group's cut means for it, if that was not done yet.
pub(crate) fn touch(world: &mut World, pair: PairKey) {
    let Some(outage) = world.unwritten(&world.pairs[pair]) else {
        return;
    };
    pause(world, pair);
    let record = &mut world.pairs[pair];
    let side = record.station.index();
    let rate = record.change_drift(|drift| {
        let rate = std::mem::take(&mut drift.mirrored);
        drift.outage = Some(outage);
        if outage.halted.is_none() {
            drift.gaps[side].set_rate(outage.since, rate);
        }
        rate
    });
    let route = world.groups[record.group].route;
    shift_foreground(world, route, rate, 0);
}

/// Says anew how much is written on each side of a pair, and whether it is mirrored. The pair has been touched.
pub(crate) fn refresh(world: &mut World, now: SimTime, pair: PairKey) {
    let record = &world.pairs[pair];
    let station = record.station;
    let whole = record.is_replicating() && record.drift().outage.is_none();
    let disks = world.disks_of(pair);
    let rate = |side: Side| match world.demand(disks[side.index()]) {
        rate if rate > 0 && world.is_writer(pair, side) => rate,
        _ => 0,
    };
    let rates = [rate(Side::Source), rate(Side::Target)];
    if rates == [0, 0] && record.is_alike() {
        return;
    }
    let route = world.groups[record.group].route;
    let mirrored = if whole { rates[station.index()] } else { 0 };
    pass(world, now, pair);
    let before = world.pairs[pair].change_drift(|drift| {
        for side in [Side::Source, Side::Target] {
            let alone = if whole && side == station {
                0
            } else {
                rates[side.index()]
            };
            drift.gaps[side.index()].set_rate(now, alone);
        }
        drift.both.set(now, rates.iter().all(|&rate| rate > 0));
        std::mem::replace(&mut drift.mirrored, mirrored)
    });
    if before != mirrored {
        shift_foreground(world, route, before, mirrored);
    }
}

/// Counts what has passed of a pair's writes to both sides while a copy runs and the recovery point stands.
fn pass(world: &mut World, now: SimTime, pair: PairKey) {
    let record = &world.pairs[pair];
    if record.ticket().is_none() {
        return;
    }
    let behind = world.behind(pair, now);
    let passed = world.flows.passed(now, world.groups[record.group].route);
    world.pairs[pair].change_drift(|drift| (drift.behind, drift.passed) = (behind, passed));
}

/// Counts a change of a pair's mirrored writes among those of its route.
fn shift_foreground(world: &mut World, route: RouteKey, before: u64, after: u64) {
    let sum = world.topology.routes[route].foreground;
    let sum = sum - u128::from(before) + u128::from(after);
    world.topology.routes[route].foreground = sum;
    let rate = u64::try_from(sum).unwrap_or(u64::MAX);
    world.flows.set_foreground(route, Rate(rate));
}

/// Takes stock of what was written to the pair of a disk before its load changes: what a bitmap marks depends on the load.
pub(crate) fn touch_disk(world: &mut World, disk: DiskKey) {
    let Some(pair) = world.disks[disk].pair else {
        return;
    };
    if world.pairs.contains_key(pair) {
        touch(world, pair);
        if !world.pairs[pair].parted && world.pairs[pair].copy != Copying::Running {
            fold(world, world.now, pair);
        }
    }
}

/// Touches and refreshes the pair of a disk, after the disk or a server it is attached to has changed.
pub(crate) fn disk_changed(world: &mut World, disk: DiskKey) {
    let Some(pair) = world.disks.get(disk).and_then(|disk| disk.pair) else {
        return;
    };
    if world.pairs.contains_key(pair) {
        touch(world, pair);
        refresh(world, world.now, pair);
    }
}

/// The same for all disks of a server.
pub(crate) fn server_changed(world: &mut World, server: ServerKey) {
    for place in 0..world.servers[server].disks.len() {
        disk_changed(world, world.servers[server].disks[place].1);
    }
}

/// Takes a copy that runs out of its class; it waits.
fn pause(world: &mut World, pair: PairKey) {
    pass(world, world.now, pair);
    let record = &world.pairs[pair];
    if let Some(ticket) = record.ticket() {
        let serial = world.pairs.base(pair).serial;
        let left = world.flows.stop(world.now, ticket, serial, pair);
        carried(world, pair, left);
        let record = &mut world.pairs[pair];
        record.set_dirty(record.dirty().down_to(left));
        record.change_drift(|drift| drift.ticket = None);
        record.copy = Copying::Waiting;
    }
}

/// Counts what a copy has carried that ends, well or not, and lacks so much.
fn carried(world: &mut World, pair: PairKey, left: Bytes) {
    let record = &world.pairs[pair];
    let bytes = record.unsynced().0.saturating_sub(left.0);
    world.copied.add(pair, bytes);
    let group = &mut world.groups[record.group];
    group.copied = group.copied.saturating_add(bytes);
}

/// Gives a copy its new place and keeps the group's counts.
fn place(world: &mut World, pair: PairKey, copy: Copying) {
    let record = &mut world.pairs[pair];
    let before = std::mem::replace(&mut record.copy, copy);
    let group = &mut world.groups[record.group];
    let copying = |copy: Copying| matches!(copy, Copying::Running | Copying::Waiting);
    group.copying = group.copying + u32::from(copying(copy)) - u32::from(copying(before));
    let active = |copy: Copying| u32::from(copy == Copying::Active);
    group.in_step = group.in_step + active(copy) - active(before);
}

/// Adds what was written on either side alone to what has to be copied, and forgets the rest about it.
fn fold(world: &mut World, now: SimTime, pair: PairKey) {
    let record = &world.pairs[pair];
    let dr = world.disks_of(pair)[record.station.other().index()];
    if record.is_alike() && dr.is_none_or(|disk| !world.disks[disk].blank) {
        return;
    }
    let dirty = world.dirty(pair, now);
    let record = &mut world.pairs[pair];
    record.set_dirty(dirty);
    let station = record.station.index();
    if gaps_are_empty(record.drift()) {
        return;
    }
    record.change_drift(|drift| {
        let gap = drift.gaps[station];
        drift.stands = drift.stands.or(gap.first(now));
        drift.behind = drift.behind.saturating_add(gap.work(now));
        for gap in &mut drift.gaps {
            gap.clear(now);
        }
    });
}

/// Whether nothing was written on either side alone, nor is being written.
fn gaps_are_empty(drift: &Drift) -> bool {
    drift.gaps.iter().all(Gap::is_empty)
}

/// Starts copying what is not on the DR disk. Nothing to copy: the pair is in step at once.
pub(crate) fn begin_copy(world: &mut World, now: SimTime, pair: PairKey, out: &mut Effects) {
    let before = world.level(pair);
    touch(world, pair);
    pause(world, pair);
    discard(world, now, pair, out);
    fold(world, now, pair);
    let was = world.pairs[pair].copy;
    let record = &mut world.pairs[pair];
    record.parted = false;
    forget_outage(record);
    let left = record.unsynced();
    if left == Bytes(0) {
        in_step(world, pair);
        if was != Copying::Active {
            out.push(Effect::InStep { pair });
        }
    } else {
        let route = world.groups[record.group].route;
        let serial = world.pairs.base(pair).serial;
        let limit = copy_limit(world, pair);
        let ticket = world.flows.start(now, route, limit, left, serial, pair);
        place(world, pair, Copying::Running);
        let passed = world.flows.passed(now, route);
        let record = &mut world.pairs[pair];
        record.change_drift(|drift| (drift.ticket, drift.passed) = (Some(ticket), passed));
        record.dr_copy = record.dr_copy.min(DrCopy::Torn);
        record.copies += 1;
        let copies = record.copies;
        out.push(Effect::CopyBegan { pair, copies });
        wait_for_way(world, now, pair);
    }
    level::changed(world, pair, before);
    refresh(world, now, pair);
}

/// A copy that begins while its way or a disk is lost waits, at level 5.
fn wait_for_way(world: &mut World, now: SimTime, pair: PairKey) {
    let record = &world.pairs[pair];
    let production = world.is_side_usable(pair, record.station);
    let replica = world.is_side_usable(pair, record.station.other());
    if production && replica && world.is_connected(&world.groups[record.group]) {
        return;
    }
    let silent = world.settings.policies.on_replica_loss == LossOfReplica::Stop;
    if production {
        world.hung.add(Policy::OnReplicaLoss);
    }
    let outage = outage(now, Level::Five, !production || silent);
    world.pairs[pair].change_drift(|drift| drift.outage = Some(outage));
    pause(world, pair);
}

/// Nothing that was written down keeps a pair from replicating any more.
fn forget_outage(pair: &mut Pair) {
    if pair.drift().outage.is_some() {
        pair.change_drift(|drift| drift.outage = None);
    }
}

/// The most that one copy may take: the world's limit, its group's, and what both disks can do.
fn copy_limit(world: &World, pair: PairKey) -> Option<Rate> {
    let disks = world.disks_of(pair).into_iter().flatten();
    let bounds = disks.filter_map(|disk| world.disks[disk].rest.throughput);
    let of_group = world.groups[world.pairs[pair].group].copy_rate;
    bounds
        .chain(of_group)
        .chain([world.settings.copy_rate])
        .min()
}

/// The DR disk holds what the production disk holds.
fn in_step(world: &mut World, pair: PairKey) {
    place(world, pair, Copying::Active);
    set_dr_copy(world, pair, DrCopy::Consistent);
    let record = &mut world.pairs[pair];
    if !record.is_alike() {
        record.set_dirty(record.dirty().down_to_none());
        record.change_drift(Drift::in_step);
        record.tidy();
    }
    let record = &world.pairs[pair];
    let (production, dr) = (record.station.index(), record.station.other().index());
    let disks = world.disks_of(pair);
    let ends = (disks[production], disks[dr]);
    if let (Some(production), Some(dr)) = ends {
        let damaged = world.disks[production].rest.damaged;
        let replica = &world.disks[dr];
        if replica.blank || replica.rest.damaged != damaged {
            let replica = &mut world.disks[dr];
            replica.set_damaged(damaged);
            replica.blank = false;
        }
    }
}

/// Says what a pair's copy is good for; its group counts those that have one.
pub(crate) fn set_dr_copy(world: &mut World, pair: PairKey, copy: DrCopy) {
    let record = &mut world.pairs[pair];
    let before = record.has_copy();
    record.dr_copy = copy;
    let group = &mut world.groups[record.group];
    group.copies = group.copies + u32::from(record.has_copy()) - u32::from(before);
}

/// Stops replication; what was not carried over is remembered, and what is written from now on too.
pub(crate) fn stop_copy(world: &mut World, now: SimTime, pair: PairKey) {
    let before = world.level(pair);
    touch(world, pair);
    pause(world, pair);
    let record = &mut world.pairs[pair];
    forget_outage(record);
    record.copies += 1;
    place(world, pair, Copying::Stopped);
    level::changed(world, pair, before);
    refresh(world, now, pair);
}

/// A class of copies has come to its next end. A stale turn does nothing.
pub(super) fn due(world: &mut World, now: SimTime, flow: FlowKey, turn: u32, out: &mut Effects) {
    let mut finished = std::mem::take(&mut world.ended);
    world.flows.due(now, flow, turn, &mut finished);
    for pair in finished.drain(..) {
        carried(world, pair, Bytes::ZERO);
        in_step(world, pair);
        out.push(Effect::InStep { pair });
    }
    world.ended = finished;
}

/// A copy has ended, whatever its arithmetic says. A stale end does nothing.
pub(super) fn synced(
    world: &mut World,
    now: SimTime,
    pair: PairKey,
    copies: u32,
    out: &mut Effects,
) {
    let Some(record) = world.pairs.get(pair) else {
        return;
    };
    if let Some(ticket) = record.ticket()
        && record.copies == copies
    {
        let serial = world.pairs.base(pair).serial;
        let left = world.flows.stop(now, ticket, serial, pair);
        carried(world, pair, left);
        in_step(world, pair);
        out.push(Effect::InStep { pair });
    }
}

/// A failover takes a pair's DR copy as it is: replication stops, and the sides part.
pub(super) fn part(world: &mut World, now: SimTime, pair: PairKey, aim: Side, out: &mut Effects) {
    touch(world, pair);
    if world.pairs[pair].station == aim {
        stop_copy(world, now, pair);
        return;
    }
    let recovery = world.recovery(pair, now);
    stop_copy(world, now, pair);
    let record = &mut world.pairs[pair];
    record.station = aim;
    record.parted = true;
    if !record.is_alike() {
        record.change_drift(|drift| {
            drift.both.clear(now);
            (drift.stands, drift.behind) = (None, 0);
        });
    }
    if !record.rest.attached.is_empty() {
        // Whether a server on the side that was left may still write there.
        world.hung.add(Policy::Fencing);
    }
    let record = &world.pairs[pair];
    let (group, disk) = (record.group, world.disks_of(pair)[aim.index()]);
    if let (Some(disk), Some(recovery)) = (disk, recovery)
        && recovery.damaged
    {
        let disk = &mut world.disks[disk];
        disk.set_damaged(disk.rest.damaged.or(Some(now)));
    }
    if let Some(recovery) = recovery {
        out.push(Effect::Taken { pair, recovery });
        recovery.add_to(&mut world.groups[group].recovery);
    }
    refresh(world, now, pair);
}

/// A planned failover turns a pair that is in step, and production does not write.
pub(super) fn turn(world: &mut World, now: SimTime, pair: PairKey, aim: Side) {
    touch(world, pair);
    world.pairs[pair].station = aim;
    refresh(world, now, pair);
}

/// Writes that the side which is not production acknowledged since the sides parted are lost; says so.
pub(super) fn discard(world: &mut World, now: SimTime, pair: PairKey, out: &mut Effects) {
    if world.pairs[pair].is_alike() {
        return;
    }
    let Some(split) = world.split(pair, now) else {
        return;
    };
    out.push(Effect::Discarded {
        pair,
        bytes: split.lost,
        kept: split.kept,
        both: split.both,
    });
    let record = &world.pairs[pair];
    let loser = record.station.other().index();
    let lost = record.drift().gaps[loser];
    let block = world.settings.block_size;
    let record = &world.pairs[pair];
    if let Some(disk) = world.disks_of(pair)[loser].map(|disk| &world.disks[disk]) {
        let (load, written) = (disk.rest.load, lost.bytes(now));
        let dirty = marked(disk.size, block, load, written, record.dirty());
        world.pairs[pair].set_dirty(dirty);
    }
    world.pairs[pair].change_drift(|drift| {
        drift.gaps[loser].clear(now);
        drift.both.clear(now);
    });
}

/// Both disks of a pair have grown by so much; what was added is copied like the rest.
pub(super) fn grown(world: &mut World, now: SimTime, pair: PairKey, by: Bytes, out: &mut Effects) {
    touch(world, pair);
    let runs = world.pairs[pair].copy == Copying::Running;
    pause(world, pair);
    let record = &mut world.pairs[pair];
    record.set_dirty(record.dirty().and(by));
    let whole = record.drift().outage.is_none();
    if whole && (runs || record.copy == Copying::Active) {
        begin_copy(world, now, pair, out);
    }
}

/// A pair is about to be removed, or to lose a disk: it replicates no longer and writes nothing.
pub(crate) fn withdraw(world: &mut World, pair: PairKey) {
    if world.pairs[pair].is_replicating() {
        stop_copy(world, world.now, pair);
    }
}

/// The route between two AZs, made known to the links' shares when it is first asked for.
pub(crate) fn route(world: &mut World, azs: [AzKey; 2]) -> RouteKey {
    let route = world.topology.route_between(azs[0], azs[1]);
    let path = world.topology.routes[route].path.as_ref();
    world
        .flows
        .set_route(world.now, route, path.map(|path| path.links.as_slice()));
    route
}

/// Whether a failover of a group with live production could not reach it to fence it.
pub(super) fn is_beyond_fence(world: &World, policies: Policies, group: GroupKey) -> bool {
    policies.fencing.is_on() && is_out_of_reach(world, group)
}

/// Whether production of a group lives where the DR side does not reach it, fence or no fence.
pub(super) fn is_out_of_reach(world: &World, group: GroupKey) -> bool {
    let record = &world.groups[group];
    if world.is_connected(record) {
        return false;
    }
    record.pairs.iter().any(|pair| {
        let lives = world
            .outage(pair)
            .is_none_or(|outage| outage.halted.is_none());
        let record = &world.pairs[pair];
        !record.parted && record.is_replicating() && lives
    })
}

/// Whether arbitration keeps the DR side of a group from taking over: production was stopped by it, or lost with its AZ,
/// and the DR side was not let go on. Pairs that had lost production before the path was lost had no part in it.
pub(super) fn is_held(world: &World, group: GroupKey) -> bool {
    let record = &world.groups[group];
    let Some(cut) = record.cut.filter(|cut| cut.verdict != Verdict::DrSide) else {
        return false;
    };
    let stopped = cut.verdict == Verdict::Neither || !world.is_lit(world.production_az(record));
    stopped
        && record
            .pairs
            .iter()
            .filter_map(|pair| world.outage(pair))
            .any(|outage| outage.level == Level::Two && outage.since >= cut.since)
}

/// Whether some pair of a group that takes part has a fault level.
pub(super) fn any_at(world: &World, group: GroupKey, level: Level) -> bool {
    let group = &world.groups[group];
    // The counts include pairs that take no part.
    if group.health == [0, 0] && level > Level::Zero {
        return false;
    }
    let mut pairs = group.pairs.iter();
    pairs.any(|pair| !world.pairs[pair].is_out() && world.level(pair) == level)
}

/// Whether production of a group is down, so that a drill made of it now is the recovery.
pub(super) fn is_down(world: &World, group: GroupKey) -> bool {
    let record = &world.groups[group];
    let mut instances = record.instances.iter();
    instances.any(|instance| {
        let server = world.instances[instance].servers[record.station.index()];
        server.is_some_and(|server| !world.serves(server) && lost_its_way(world, server))
    })
}

/// Whether a server is kept from serving by more than being shut off.
fn lost_its_way(world: &World, server: ServerKey) -> bool {
    let record = &world.servers[server];
    record.lost > 0
        || record.power == Power::Error
        || !world.is_lit(record.az)
        || record.disks.iter().any(|&(_, disk)| !world.may_write(disk))
}

/// Tells which fault levels have changed, shares the links anew among what was marked, and asks for the next end of each
/// class that changed.
#[inline]
pub(crate) fn settle(world: &mut World, now: SimTime, out: &mut Effects) {
    if !world.relevelled.is_empty() {
        level::tell(world, out);
    }
    if !world.flows.is_settled() {
        share(world, now, out);
    }
}

fn share(world: &mut World, now: SimTime, out: &mut Effects) {
    let mut aims = std::mem::take(&mut world.aims);
    world.flows.settle(now, &mut aims);
    for Aim {
        flow,
        turn,
        at,
        stalled,
    } in aims.drain(..)
    {
        let after = at.map(|at| at.saturating_since(now));
        out.push(Effect::Aim { flow, turn, after });
        if let Some(route) = world.flows.route_of(flow).filter(|_| stalled) {
            out.push(Effect::Stalled { route });
        }
    }
    world.aims = aims;
}

/// An outage that begins now.
fn outage(now: SimTime, level: Level, halted: bool) -> Outage {
    Outage {
        since: now,
        level,
        halted: halted.then_some(now),
    }
}

#[cfg(test)]
mod tests {
    use crate::machine::command::Call;
    use crate::machine::fixture::Fixture;
    use crate::time::Span;
    use crate::world::check::check;

    #[test]
    fn a_pair_in_step_whose_one_side_was_or_is_written_alone_is_found() {
        for (side, still) in [(0, true), (0, false), (1, true), (1, false)] {
            let mut f = Fixture::new();
            f.done(Call::StartProtection { group: "g".into() });
            let now = f.now.saturating_add(Span::secs(1));
            assert_eq!(check(&f.world, now), Ok(()));
            let began = if still { now } else { f.now };
            f.pair("p").change_drift(|drift| {
                drift.gaps[side].set_rate(began, 1);
                drift.gaps[side].set_rate(now, u64::from(still));
            });
            let violation = check(&f.world, now).expect_err("it is found");
            let told = violation.to_string();
            assert!(told.contains("one side was written alone"), "{told}");
        }
    }
}
