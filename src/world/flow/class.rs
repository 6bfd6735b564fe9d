//! One class of copies: all have the same rate at any instant, so one figure says how far each of them is.

use super::share::Speed;
use crate::time::{SimTime, Span};
use crate::units::{Bytes, Rate};
use crate::world::refill::clone_by_field;
use crate::world::{PairKey, RouteKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One byte in the unit of all amounts here: what the smallest speed moves in one microsecond, 2^-20 of 10^-6 byte.
pub(super) const BYTE: u128 = 1_000_000 << Speed::BITS;

/// What a speed moves from one instant to a later one; nothing if the second is not later.
pub(super) fn moved(speed: Speed, from: SimTime, to: SimTime) -> u128 {
    u128::from(speed.0) * u128::from(to.saturating_since(from).as_micros())
}

/// Whole bytes of an amount, rounded down, at most 2^64 - 1.
pub(super) fn whole_bytes(amount: u128) -> Bytes {
    Bytes(u64::try_from(amount / BYTE).unwrap_or(u64::MAX))
}

/// What a class told its caller last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// When its next copy ends.
    pub at: Option<SimTime>,
    /// Whether it has a path and gets nothing of it.
    pub stalled: bool,
}

/// Copies of one route and one limit.
///
/// `service` is what a copy would have received that had been there since the class began. A copy that starts at service s
/// with b bytes to go ends when the service is s + b, its *tag*; so nothing is done per copy between its start and its end.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Class {
    pub route: RouteKey,
    pub limit: Option<Rate>,
    /// The speed of each copy since `since`; `None` has no bound, and everything ends at once.
    pub speed: Option<Speed>,
    pub since: SimTime,
    pub service: u128,
    /// What all its copies received until `since` that is not yet booked on links.
    pub unbooked: u128,
    /// The copies by tag, then serial.
    pub waiting: BTreeSet<(u128, u32, PairKey)>,
    /// Rises with whatever makes the event of an earlier aim stale.
    pub turn: u32,
    pub told: Option<Told>,
}

clone_by_field!(Class { route, limit, speed, since, service, unbooked, turn, told } trees { waiting } maps {  });

impl Class {
    pub fn new(now: SimTime, route: RouteKey, limit: Option<Rate>) -> Self {
        Self {
            route,
            limit,
            speed: Some(Speed::ZERO),
            since: now,
            service: 0,
            unbooked: 0,
            waiting: BTreeSet::new(),
            turn: 0,
            told: None,
        }
    }

    /// The service at an instant no earlier than `since`.
    pub fn service_at(&self, now: SimTime) -> u128 {
        match self.speed {
            Some(speed) => self.service.saturating_add(moved(speed, self.since, now)),
            None => self
                .waiting
                .last()
                .map_or(self.service, |last| self.service.max(last.0)),
        }
    }

    /// What all copies received until the class's service is `service`; a copy receives nothing past its tag.
    pub fn unbooked_at(&self, service: u128) -> u128 {
        if service == self.service {
            return self.unbooked;
        }
        let mut going = self.waiting.len() as u128;
        let mut received = self.unbooked;
        for &(tag, ..) in self.waiting.iter().take_while(|copy| copy.0 <= service) {
            going -= 1;
            received = received.saturating_add(tag.saturating_sub(self.service));
        }
        received.saturating_add((service - self.service).saturating_mul(going))
    }

    /// Brings the account up to `now`. Linear in time, so it makes no difference how often this is done.
    pub fn advance(&mut self, now: SimTime) {
        let service = self.service_at(now);
        self.unbooked = self.unbooked_at(service);
        self.service = service;
        self.since = self.since.max(now);
    }

    /// What a copy with this tag still lacks at `now`, rounded up to whole bytes.
    pub fn left(&self, now: SimTime, tag: u128) -> Bytes {
        let lacking = tag.saturating_sub(self.service_at(now));
        whole_bytes(lacking.saturating_add(BYTE - 1))
    }

    /// The first whole microsecond, no earlier than `since`, at which its first copy has all that it lacks.
    pub fn end(&self) -> Option<SimTime> {
        let first = self.waiting.first()?;
        let lacking = first.0.saturating_sub(self.service);
        let Some(speed) = self.speed else {
            return Some(self.since);
        };
        if lacking == 0 {
            return Some(self.since);
        }
        if speed == Speed::ZERO {
            return None;
        }
        let micros = u64::try_from(lacking.div_ceil(u128::from(speed.0))).ok()?;
        self.since.checked_add(Span::micros(micros))
    }
}
