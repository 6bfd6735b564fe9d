//! How long something served and did not, and how long its recoveries took.

use crate::time::SimTime;
use crate::world::JobKey;
use serde::{Deserialize, Serialize};

/// Whether something serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    /// It has never served, or there is nothing left that could: not observed.
    #[default]
    Unseen,
    /// It serves.
    Up,
    /// It served once and does not now.
    Down,
}

/// What an operator did about an outage: an accepted call for a failover of either sort or for a drill.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Call {
    job: JobKey,
    at: SimTime,
    until: Option<SimTime>,
    /// A drill counts once it is known to be a rescue.
    counts: bool,
}

/// The calls of a group, by instant.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Calls(Vec<Call>);

/// So many calls are kept before those that no outage can be about any more are dropped.
const CALLS_KEPT: usize = 16;

impl Calls {
    /// A call was accepted. `idle`: no outage is open, so that calls which have ended are of no more use.
    pub(super) fn accepted(&mut self, job: JobKey, at: SimTime, counts: bool, idle: bool) {
        if idle && self.0.len() >= CALLS_KEPT {
            self.0.retain(|call| call.until.is_none());
        }
        self.0.push(Call {
            job,
            at,
            until: None,
            counts,
        });
    }

    /// A drill has turned out to be a rescue.
    pub(super) fn rescues(&mut self, job: JobKey) {
        if let Some(call) = self.0.iter_mut().find(|call| call.job == job) {
            call.counts = true;
        }
    }

    /// The job of a call has ended.
    pub(super) fn ended(&mut self, job: JobKey, at: SimTime) {
        if let Some(call) = self.0.iter_mut().find(|call| call.job == job) {
            call.until.get_or_insert(at);
        }
    }

    /// The first call that was under way when an outage began, or came after that.
    fn about(&self, began: SimTime) -> Option<SimTime> {
        let about = |call: &&Call| call.counts && call.until.is_none_or(|until| until >= began);
        self.0.iter().find(about).map(|call| call.at)
    }
}

/// A span of not serving, until what serves again is usable.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Outage {
    began: SimTime,
    fault: Option<SimTime>,
    running: bool,
}

/// The longest recoveries, in microseconds, from the fault and from the call.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Rto {
    pub running: Option<u64>,
    pub usable: Option<u64>,
    pub call_running: Option<u64>,
    pub call_usable: Option<u64>,
}

/// What is known of the service of a group or an instance.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Service {
    pub state: State,
    since: SimTime,
    pub first: Option<SimTime>,
    up: u64,
    down: u64,
    outage: Option<Outage>,
    pub outages: u32,
    pub rto: Rto,
}

impl Service {
    /// Takes in how things stand at an instant. `fell`: a fault of this instant has stopped something.
    pub(super) fn set(
        &mut self,
        at: SimTime,
        state: State,
        usable: bool,
        fell: bool,
        calls: &Calls,
    ) {
        let fault = fell.then_some(at);
        if state != self.state {
            (self.up, self.down) = (self.up_at(at), self.down_at(at));
            let before = std::mem::replace(&mut self.state, state);
            self.since = at;
            match (before, state) {
                (State::Up, State::Down) => {
                    self.outages = self.outages.saturating_add(1);
                    self.outage = Some(Outage {
                        began: at,
                        fault,
                        running: false,
                    });
                }
                (_, State::Up) => {
                    self.first.get_or_insert(at);
                    self.comes_back(at, calls);
                }
                (_, State::Unseen) => self.outage = None,
                (_, State::Down) => {}
            }
        } else if let Some(outage) = &mut self.outage
            && state == State::Down
        {
            outage.fault = outage.fault.or(fault);
        }
        if let Some(outage) = self.outage
            && outage.running
            && usable
        {
            let rto = &mut self.rto;
            worsen(&mut rto.usable, outage.fault, at);
            worsen(&mut rto.call_usable, calls.about(outage.began), at);
            self.outage = None;
        }
    }

    fn comes_back(&mut self, at: SimTime, calls: &Calls) {
        if let Some(outage) = &mut self.outage {
            outage.running = true;
            worsen(&mut self.rto.running, outage.fault, at);
            worsen(&mut self.rto.call_running, calls.about(outage.began), at);
        }
    }

    /// Whether it does not serve, or what serves is not usable yet.
    pub(super) fn is_troubled(&self) -> bool {
        self.outage.is_some()
    }

    /// How long it has served up to an instant, in microseconds.
    pub(super) fn up_at(&self, at: SimTime) -> u64 {
        self.up + self.running(at, State::Up)
    }

    /// How long it has not served since it first did, up to an instant, in microseconds.
    pub(super) fn down_at(&self, at: SimTime) -> u64 {
        self.down + self.running(at, State::Down)
    }

    fn running(&self, at: SimTime, state: State) -> u64 {
        match self.state == state {
            true => at.saturating_since(self.since).as_micros(),
            false => 0,
        }
    }
}

fn worsen(worst: &mut Option<u64>, from: Option<SimTime>, at: SimTime) {
    if let Some(from) = from {
        *worst = (*worst).max(Some(at.saturating_since(from).as_micros()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(micros: u64) -> SimTime {
        SimTime::from_micros(micros)
    }

    #[test]
    fn spans_run_from_the_first_service_and_recoveries_from_the_fault_and_the_call() {
        let (mut service, mut calls) = (Service::default(), Calls::default());
        let job = JobKey::default();
        service.set(at(5), State::Unseen, false, true, &calls);
        service.set(at(10), State::Up, true, false, &calls);
        service.set(at(20), State::Down, false, true, &calls);
        calls.accepted(job, at(23), true, false);
        calls.ended(job, at(25));
        service.set(at(30), State::Up, false, false, &calls);
        service.set(at(34), State::Up, true, false, &calls);
        assert_eq!((service.up_at(at(40)), service.down_at(at(40))), (20, 10));
        let Rto {
            running,
            usable,
            call_running,
            call_usable,
        } = service.rto;
        assert_eq!((running, usable), (Some(10), Some(14)));
        assert_eq!((call_running, call_usable), (Some(7), Some(11)));
        // A second outage is the operator's own: no fault, and the call before it is over.
        service.set(at(50), State::Down, false, false, &calls);
        service.set(at(90), State::Up, true, false, &calls);
        assert_eq!((service.rto.running, service.outages), (Some(10), 2));
        assert_eq!(service.rto.call_running, Some(7));
    }
}
