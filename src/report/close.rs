//! From what was measured to figures.

use super::figures::{DrillReport, Figures, GroupReport, HungReport, InstanceReport, Report};
use super::guard::{Guard, Guarded};
use super::loss::{Discarded, Losses};
use super::meter::Meter;
use super::service::{Service, State};
use super::tally::LISTED_MAX;
use crate::sdrs::policy::PolicySet;
use crate::time::SimTime;
use crate::world::replica::Split;
use crate::world::{DrillKey, GroupKey, InstanceKey, PairKey, World};

impl Meter {
    /// Whether a fault has struck.
    #[must_use]
    pub const fn has_faults(&self) -> bool {
        self.faults.count > 0
    }

    /// The figures of a group that exists, as of now. What changed at this instant is in them if it was
    /// [settled](Meter::settled).
    #[must_use]
    pub fn group(&self, world: &World, now: SimTime, key: GroupKey) -> Option<Figures> {
        let &place = self.group_at.get(key)?;
        Some(self.of_group(world, now, place as usize))
    }

    /// The same of an instance.
    #[must_use]
    pub fn instance(&self, world: &World, now: SimTime, key: InstanceKey) -> Option<Figures> {
        let &place = self.instance_at.get(key)?;
        Some(self.of_instance(world, now, place as usize))
    }

    /// What a drill was made from; None: it was not made yet, or is not among the first 10,000.
    #[must_use]
    pub fn drill(&self, key: DrillKey) -> Option<&DrillReport> {
        self.drills.listed.get(*self.drills.at.get(key)? as usize)
    }

    /// Ends the measurement at an instant; `hung` are the policies that the run hung on.
    #[must_use]
    pub fn close(mut self, world: &World, end: SimTime, hung: PolicySet) -> Report {
        self.settle(world, end);
        self.faults.turn(end);
        for group in &mut self.groups {
            group.paint(end);
        }
        let text = |label: crate::world::label::Label| label.text(&world.words).into_owned();
        let groups = self.groups.iter().enumerate().take(LISTED_MAX);
        let groups = groups.map(|(place, group)| GroupReport {
            label: text(group.label),
            figures: self.of_group(world, end, place),
            recovered: group.recovered.clone(),
            lane: group.lane.clone(),
        });
        let instances = self.instances.iter().enumerate().take(LISTED_MAX);
        let instances = instances.map(|(place, instance)| InstanceReport {
            label: text(instance.label),
            group: text(self.groups[instance.group as usize].label),
            figures: self.of_instance(world, end, place),
        });
        let policies = &world.settings.policies;
        let hung = hung.iter().map(|policy| HungReport {
            policy: policy.name(),
            value: policies.value(policy),
        });
        Report {
            groups: groups.collect(),
            instances: instances.collect(),
            jobs: self.jobs.report(),
            faults_struck: self.faults.count,
            hung: hung.collect(),
            end_us: end.as_micros(),
            stalls: self.stalls.listed,
            stalls_begun: self.stalls.count,
            stalled_pairs: world
                .pairs
                .keys()
                .filter(|&pair| world.is_stalled(pair))
                .count() as u64,
            drills: self.drills.listed,
            faults: self.faults.listed,
            fault_lane: self.faults.lane,
        }
    }

    fn of_group(&self, world: &World, now: SimTime, place: usize) -> Figures {
        let group = &self.groups[place];
        let key = group.key;
        let record = world.groups.get(key);
        let open = record.into_iter().flat_map(|record| record.pairs.iter());
        let discarded = group.discards.with(parted(world, now, open));
        let [observed, served] = group.counted_at(now);
        Figures {
            served_instance_us: u64::try_from(served).unwrap_or(u64::MAX),
            observed_instance_us: u64::try_from(observed).unwrap_or(u64::MAX),
            copied_bytes: match record {
                Some(_) => world.group_copied(key, now),
                None => group.copied,
            },
            ..figures(now, &group.service, &group.guard, &group.losses, discarded)
        }
    }

    fn of_instance(&self, world: &World, now: SimTime, place: usize) -> Figures {
        let instance = &self.instances[place];
        let record = world.instances.get(instance.key);
        let pairs = record.map_or(&[][..], |record| &record.pairs);
        let open = parted(world, now, pairs.iter().copied());
        let discarded = instance.discards.with(open);
        let service = &instance.service;
        let copied = pairs.iter().map(|&pair| world.copied(pair, now));
        Figures {
            served_instance_us: service.up_at(now),
            observed_instance_us: service.up_at(now) + service.down_at(now),
            copied_bytes: match record {
                Some(_) => copied.fold(0, u64::saturating_add),
                None => instance.copied,
            },
            ..figures(now, service, &instance.guard, &instance.losses, discarded)
        }
    }
}

/// What the sides of some pairs have written apart. Under fencing there is no split brain to look for.
fn parted(
    world: &World,
    now: SimTime,
    pairs: impl Iterator<Item = PairKey>,
) -> impl Iterator<Item = (PairKey, Split)> {
    let fenced = world.settings.policies.fencing.is_on();
    let pairs = pairs.filter(move |_| !fenced);
    pairs.filter_map(move |pair| Some((pair, world.split(pair, now)?)))
}

fn figures(
    now: SimTime,
    service: &Service,
    guard: &Guarded,
    losses: &Losses,
    discarded: Discarded,
) -> Figures {
    let (up, down) = (service.up_at(now), service.down_at(now));
    let observed = up + down;
    let ppm = u128::from(up) * 1_000_000;
    let recovered = |figure: u64| (losses.count > 0).then_some(figure);
    let rto = service.rto;
    Figures {
        serves: service.state == State::Up,
        first_served_us: service.first.map(SimTime::as_micros),
        observed_us: observed,
        downtime_us: down,
        availability_ppm: ppm.checked_div(u128::from(observed)).map(|n| n as u64),
        served_instance_us: up,
        observed_instance_us: observed,
        outages: service.outages,
        recoveries: losses.count,
        rpo_us: recovered(losses.rpo),
        lost_bytes: recovered(losses.lost),
        copy_age_us: recovered(losses.copy_age),
        damaged: losses.damaged,
        rto_running_us: rto.running,
        rto_usable_us: rto.usable,
        rto_call_running_us: rto.call_running,
        rto_call_usable_us: rto.call_usable,
        unprotected_us: guard.span(Guard::Unprotected, now),
        degraded_us: guard.span(Guard::Degraded, now),
        copied_bytes: 0,
        discarded_bytes: discarded.bytes,
        split_brain_us: discarded.split,
        split_brain_lost_bytes: discarded.split_lost,
        split_brain_kept_bytes: discarded.split_kept,
        split_brain_open: discarded.open,
    }
}
