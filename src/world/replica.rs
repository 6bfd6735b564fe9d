//! What a replication pair knows of its data: how much is not mirrored, since when, and what a copy would recover.
//!
//! Replication is arithmetic. Writes are a fluid of so many bytes per second, so a state that holds for a span needs an
//! instant and a rate, never an event per write or block. Reading at an instant changes nothing: a run that is looked at
//! a thousand times knows the same at its end as one that is not. What is decided by these numbers is only *when*;
//! whether something is admitted is decided by [`Level`], which is discrete.

use crate::time::{SimTime, Span};
use crate::units::{Bytes, Rate};
use serde::{Deserialize, Serialize};

/// What a running server writes to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Bytes written a second.
    pub rate: Rate,
    /// The size of one write (default 4 KiB); more than 0 and no more than the disk.
    #[serde(default = "Load::default_io_size")]
    pub io_size: Bytes,
    /// The part of the disk that writes fall on, more than 0 and no more than it, from its beginning; absent: all of it. Writes fall on it uniformly. The two
    /// disks of a pair are written by the same application, so their working sets begin at the same block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_set: Option<Bytes>,
}

impl Load {
    /// What is wrong with it on a disk of this size, in words; None: nothing.
    #[must_use]
    pub fn fault(&self, disk: Bytes) -> Option<String> {
        let bad = |size: Bytes| size == Bytes::ZERO || size > disk;
        match self.working_set {
            _ if bad(self.io_size) => Some(format!("io_size {} on a disk of {disk}", self.io_size)),
            Some(set) if bad(set) => Some(format!("working_set {set} on a disk of {disk}")),
            _ => None,
        }
    }

    const fn default_io_size() -> Bytes {
        Bytes(4 << 10)
    }

    /// A load of 4 KiB writes all over the disk.
    #[must_use]
    pub const fn uniform(rate: Rate) -> Load {
        Load {
            rate,
            io_size: Load::default_io_size(),
            working_set: None,
        }
    }
}

/// How many of `blocks` blocks are touched by `writes` writes that fall on them uniformly: `n(1-(1-1/n)^k)`, the
/// occupancy law. Never more than there are.
///
/// ```
/// use sdrsim::world::replica::occupied;
/// assert!((occupied(1000.0, 1000.0) - 632.304_575).abs() < 1e-6);
/// ```
#[must_use]
pub fn occupied(blocks: f64, writes: f64) -> f64 {
    if blocks <= 1.0 {
        return blocks.min(writes).max(0.0);
    }
    // 1-(1-1/n)^k = -expm1(k ln(1-1/n)), which keeps its digits where k/n is small.
    let touched = -blocks * libm::expm1(writes * libm::log1p(-1.0 / blocks));
    touched.clamp(0.0, blocks)
}

/// What is marked of a disk in a bitmap: how much, and how much of it lies in the part that was written last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dirty {
    /// Bytes marked.
    pub bytes: Bytes,
    /// The part of the disk, from its beginning, about which more is known: the working set that was written last.
    pub set: Bytes,
    /// Bytes marked in that part.
    pub within: Bytes,
}

impl Dirty {
    /// So much, anywhere on the disk.
    #[must_use]
    pub const fn anywhere(bytes: Bytes) -> Dirty {
        Dirty {
            bytes,
            set: Bytes::ZERO,
            within: Bytes::ZERO,
        }
    }

    /// With so much more, of which nothing is known.
    #[must_use]
    pub(crate) fn and(self, more: Bytes) -> Dirty {
        Dirty {
            bytes: self.bytes.saturating_add(more),
            ..self
        }
    }

    /// Nothing of it is left; which part was written last stays known.
    #[must_use]
    pub(crate) const fn down_to_none(self) -> Dirty {
        Dirty {
            bytes: Bytes(0),
            ..self
        }
    }

    /// What is left of it once all but so much was carried over, wherever it lay.
    #[must_use]
    pub fn down_to(self, left: Bytes) -> Dirty {
        let within = u128::from(self.within.0) * u128::from(left.0);
        let within = within.checked_div(u128::from(self.bytes.0)).unwrap_or(0);
        Dirty {
            bytes: left,
            within: Bytes(u64::try_from(within).unwrap_or(u64::MAX)),
            ..self
        }
    }

    /// How much is marked in the first `set` bytes of a disk. What is not known lies evenly where it can.
    fn in_first(self, disk: u64, set: u64) -> u64 {
        let part = |of: u64, share: u64, whole: u64| {
            let part = u128::from(of) * u128::from(share);
            part.checked_div(u128::from(whole)).unwrap_or(0) as u64
        };
        let (all, known) = (self.bytes.0.min(disk), self.set.0.min(disk));
        let beyond = disk - known;
        let within = self
            .within
            .0
            .clamp(all.saturating_sub(beyond), all.min(known));
        match set <= known {
            true => part(within, set, known),
            false => within + part(all - within, set - known, beyond),
        }
    }
}

/// What a bitmap of `block_size` per bit marks after `written` bytes of a load on a disk, when some of it was marked before:
/// the union of both. Whole blocks, never more than the disk.
///
/// Writes fall on the working set, so only what was marked there before can be hit again: of W bytes, d of them marked, k
/// writes on n blocks mark another (W - d)(1-(1-1/n)^k). Two bursts on one working set mark what one of both does.
///
/// ```
/// use sdrsim::units::{Bytes, Rate};
/// use sdrsim::world::replica::{Dirty, Load, marked};
/// let load = Load { working_set: Some(Bytes::gib(1)), ..Load::uniform(Rate(1)) };
/// let written = |bytes, before| marked(Bytes::gib(100), Bytes(1 << 20), Some(load), bytes, before);
/// let twice = written(1 << 28, written(1 << 28, Dirty::default()));
/// assert_eq!(twice.bytes, written(1 << 29, Dirty::default()).bytes);
/// ```
#[must_use]
pub fn marked(
    disk: Bytes,
    block_size: Bytes,
    load: Option<Load>,
    written: u128,
    dirty: Dirty,
) -> Dirty {
    let all = dirty.bytes.min(disk);
    let Some(load) = load.filter(|_| written > 0) else {
        return Dirty {
            bytes: all,
            ..dirty
        };
    };
    let block = block_size.0.max(1);
    let target = load.working_set.map_or(disk, |set| set.min(disk)).0.max(1);
    let blocks = target.div_ceil(block);
    let set = blocks.saturating_mul(block).min(disk.0);
    let writes = written as f64 / load.io_size.0.min(block).max(1) as f64;
    let before = dirty.in_first(disk.0, set);
    let clean = (set - before) as f64 / set as f64;
    let new = libm::round(occupied(blocks as f64, writes) * clean);
    let bytes = u128::from(new as u64) * u128::from(block);
    let more = u64::try_from(bytes).unwrap_or(u64::MAX).min(set - before);
    Dirty {
        bytes: all.saturating_add(Bytes(more)).min(disk),
        set: Bytes(set),
        within: Bytes(before + more),
    }
}

/// The fault level of a pair, in the published numbers.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Level {
    /// Nothing stands in the way.
    #[default]
    Zero,
    /// The production disk cannot be written, and the copy was in step when that came about.
    Two,
    /// The copy is behind, or cannot be reached, and production was acknowledging writes when that came about.
    Five,
}

impl Level {
    /// The published word.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Zero => "0",
            Level::Two => "2",
            Level::Five => "5",
        }
    }
}

/// What keeps a pair that is protected from replicating.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// Since when.
    pub since: SimTime,
    /// The level that it gave the pair.
    pub level: Level,
    /// Since when production cannot acknowledge writes; None while it can.
    pub halted: Option<SimTime>,
}

/// Writes that went to one side of a pair alone, as of an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Bytes times 1,000,000, acknowledged before `at`.
    work: u128,
    /// The instant from which `rate` counts.
    at: SimTime,
    /// Bytes a second that are written now.
    rate: u64,
    /// When the first of them was written, or could have been.
    first: Option<SimTime>,
}

impl Gap {
    /// Nothing was written, and nothing is being written.
    pub const NONE: Gap = Gap {
        work: 0,
        at: SimTime::ZERO,
        rate: 0,
        first: None,
    };

    /// Whether nothing is being written and nothing was.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rate == 0 && self.work == 0
    }

    /// Millionths of a byte written up to an instant.
    #[must_use]
    pub fn work(&self, now: SimTime) -> u128 {
        let micros = now.as_micros().saturating_sub(self.at.as_micros());
        let more = u128::from(self.rate) * u128::from(micros);
        self.work.saturating_add(more)
    }

    /// The bytes written up to an instant, rounded down.
    #[must_use]
    #[inline]
    pub fn bytes(&self, now: SimTime) -> u128 {
        if self.is_empty() {
            return 0;
        }
        self.work(now) / 1_000_000
    }

    /// When the first byte was written, if one was before this instant.
    #[must_use]
    pub fn first(&self, now: SimTime) -> Option<SimTime> {
        self.first.filter(|_| self.work(now) > 0)
    }

    /// Bytes a second that are written now.
    #[must_use]
    pub const fn rate(&self) -> u64 {
        self.rate
    }

    /// From this instant on so many bytes a second are written.
    pub(crate) fn set_rate(&mut self, now: SimTime, rate: u64) {
        if self.rate == rate {
            return;
        }
        self.work = self.work(now);
        self.at = now;
        self.rate = rate;
        if rate > 0 && self.work == 0 {
            self.first = Some(now);
        }
    }

    /// Forgets what was written; what is written now counts from this instant.
    pub(crate) fn clear(&mut self, now: SimTime) {
        if self.rate == 0 {
            *self = Gap::NONE;
            return;
        }
        *self = Gap {
            work: 0,
            at: now,
            rate: self.rate,
            first: Some(now),
        };
    }
}

/// How long one synchronous write takes: the longer of the local write and a round trip with the remote write.
///
/// ```
/// use sdrsim::time::Span;
/// use sdrsim::world::replica::write_latency;
/// let (disk, one_way) = (Span::micros(3_000), Span::micros(100));
/// assert_eq!(write_latency(disk, disk, one_way), Span::micros(3_200));
/// ```
#[must_use]
pub fn write_latency(local: Span, remote: Span, one_way: Span) -> Span {
    let there = remote.saturating_add(one_way.saturating_mul(2));
    local.max(there)
}

/// What a run recovered from, of one pair or of the earliest and the latest of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// The earliest recovery point.
    pub earliest: SimTime,
    /// The latest; the difference is the cross-disk skew.
    pub latest: SimTime,
    /// When production could last acknowledge a write.
    pub acknowledged: SimTime,
    /// RPO: the span from the recovery point to when production could last acknowledge a write; of several pairs the
    /// longest. Never negative, and zero where no write is missing.
    pub rpo: Span,
    /// Whether no acknowledged write is missing.
    pub whole: bool,
    /// Bytes acknowledged after the recovery point used: those that are missing on the DR disk, and those that reached both
    /// sides while a resync had not brought the missing ones. Rounded down.
    pub lost: u64,
    /// Whether what was recovered holds damaged content.
    pub damaged: bool,
}

impl Recovery {
    /// From a copy that lacks nothing, while production could acknowledge writes.
    #[must_use]
    pub const fn whole(now: SimTime) -> Recovery {
        Recovery {
            earliest: now,
            latest: now,
            acknowledged: now,
            rpo: Span::ZERO,
            whole: true,
            lost: 0,
            damaged: false,
        }
    }

    /// Cross-disk skew: how far the recovery points of several pairs lie apart. None lie apart where nothing is missing.
    #[must_use]
    pub fn skew(&self) -> Span {
        match self.whole {
            true => Span::ZERO,
            false => self.latest.saturating_since(self.earliest),
        }
    }

    /// Both as one.
    #[must_use]
    pub fn and(mut self, other: Recovery) -> Recovery {
        self.take_in(other);
        self
    }

    /// Adds it to what was recovered before, if anything was.
    #[inline]
    pub fn add_to(self, sum: &mut Option<Recovery>) {
        match sum {
            Some(sum) => sum.take_in(self),
            None => *sum = Some(self),
        }
    }

    /// Takes in another where it is, so that this is both as one.
    #[inline]
    fn take_in(&mut self, other: Recovery) {
        self.earliest = self.earliest.min(other.earliest);
        self.latest = self.latest.max(other.latest);
        self.acknowledged = self.acknowledged.max(other.acknowledged);
        self.rpo = self.rpo.max(other.rpo);
        self.whole &= other.whole;
        self.lost = self.lost.saturating_add(other.lost);
        self.damaged |= other.damaged;
    }
}

/// How long both sides of a pair have been written at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlap {
    /// Since when both are, if they are.
    since: Option<SimTime>,
    /// How long they were before.
    before: Span,
}

impl Overlap {
    /// They never were.
    pub const NONE: Overlap = Overlap {
        since: None,
        before: Span::ZERO,
    };

    /// Says whether both sides are written from an instant on.
    pub(crate) fn set(&mut self, now: SimTime, both: bool) {
        if both != self.since.is_some() {
            self.before = self.span(now);
            self.since = both.then_some(now);
        }
    }

    /// Forgets what has been; what goes on counts from now.
    pub(crate) fn clear(&mut self, now: SimTime) {
        self.before = Span::ZERO;
        self.since = self.since.map(|_| now);
    }

    /// How long both have been written up to an instant, spans in which either was not left out.
    #[must_use]
    pub fn span(&self, now: SimTime) -> Span {
        let open = self.since.map_or(Span::ZERO, |at| now.saturating_since(at));
        self.before.saturating_add(open)
    }
}

/// What each side of a pair that a failover parted wrote and the other does not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Bytes acknowledged by the side that is not production since the recovery point that the failover used; they are given
    /// up when the sides meet. What it wrote before the failover is among them.
    pub lost: u64,
    /// Bytes acknowledged by production since the failover.
    pub kept: u64,
    /// How long both sides were being written at once. Zero: no split brain.
    pub both: Span,
}

impl Split {
    /// Both, one after the other.
    #[must_use]
    pub fn and(self, other: Split) -> Split {
        Split {
            lost: self.lost.saturating_add(other.lost),
            kept: self.kept.saturating_add(other.kept),
            both: self.both.saturating_add(other.both),
        }
    }
}

#[cfg(test)]
mod tests;
