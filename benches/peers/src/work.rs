//! The work that all do: replication jobs, as a bare model without the service's rules.
//!
//! So many groups of so many pairs. Each group for ever issues its next operation: an event opens it, every pair has one
//! sub-job of exponential length that ends by an event, and when the last has ended an event closes it, upon which the
//! group issues the next. Lengths are a function of the pair and of how many operations there were, so whoever does this
//! work right ends at the same instant, to the microsecond.

use sdrsim::hash::mix;

/// From an operation's beginning until its sub-jobs begin, in microseconds.
pub const OPEN: u64 = 1_000_000;
/// From the end of the last sub-job until the operation's end, in microseconds.
pub const CLOSE: u64 = 3_000_000;
/// The mean of a sub-job, in microseconds.
pub const MEAN: u64 = 60_000_000;
/// Groups begin at instants spread over so many microseconds, about as long as an operation takes.
const SPREAD: u64 = 316_000_000;

/// How many groups of how many pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub groups: u32,
    pub pairs: u32,
    /// After so many operations a group rests.
    pub operations: u32,
}

impl Shape {
    /// Groups of 100 pairs that never rest.
    pub fn of_pairs(pairs: u32) -> Shape {
        Shape {
            groups: (pairs / 100).max(1),
            pairs: pairs.min(100),
            operations: u32::MAX,
        }
    }

    /// Events of an operation.
    pub fn events_each(&self) -> u64 {
        u64::from(self.pairs) + 2
    }

    pub fn all_pairs(&self) -> u32 {
        self.groups * self.pairs
    }

    /// When a group issues its first operation.
    pub fn begins(&self, group: u32) -> u64 {
        mix(!u64::from(group)) % SPREAD
    }
}

/// How long the sub-job of a pair takes in its group's operation of this number; longer for fewer of [`bits`].
pub fn length(bits: u64) -> u64 {
    let share = ((bits >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    (-share.ln() * MEAN as f64) as u64 + 1
}

/// What the length of a sub-job is drawn with.
pub fn bits(pair: u32, turn: u32) -> u64 {
    mix(u64::from(turn) << 32 | u64::from(pair))
}

/// Something that happens.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub enum Event {
    /// An operation of this group opens.
    Open(u32),
    /// The sub-job of this pair ends.
    Sub(u32),
    /// The operation of this group ends.
    Close(u32),
}

impl Event {
    const KIND: u32 = 30;

    /// In 32 bits.
    pub fn packed(self) -> u32 {
        match self {
            Event::Open(group) => group,
            Event::Sub(pair) => 1 << Event::KIND | pair,
            Event::Close(group) => 2 << Event::KIND | group,
        }
    }

    /// The event of [`Event::packed`].
    pub fn unpacked(bits: u32) -> Event {
        let which = bits & ((1 << Event::KIND) - 1);
        match bits >> Event::KIND {
            0 => Event::Open(which),
            1 => Event::Sub(which),
            _ => Event::Close(which),
        }
    }
}

/// How far a contestant is, since its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events that were dispatched.
    pub events: u64,
    /// Operations that have ended.
    pub operations: u64,
    /// The instant, in microseconds.
    pub now: u64,
}

#[derive(Clone, Debug, Default)]
struct Group {
    /// Sub-jobs that have not ended.
    left: u32,
    /// How many operations were issued before this one.
    turn: u32,
}

/// The bare model.
#[derive(Clone, Debug)]
pub struct Work {
    shape: Shape,
    groups: Vec<Group>,
    /// Whether the pair's sub-job is under way.
    busy: Vec<bool>,
    pub tally: Tally,
}

impl Work {
    pub fn new(shape: Shape) -> Work {
        Work {
            shape,
            groups: vec![Group::default(); shape.groups as usize],
            busy: vec![false; shape.all_pairs() as usize],
            tally: Tally::default(),
        }
    }

    /// What is scheduled in the beginning: instants and events.
    pub fn beginning(&self) -> impl Iterator<Item = (u64, Event)> + use<> {
        let shape = self.shape;
        (0..shape.groups).map(move |group| (shape.begins(group) + OPEN, Event::Open(group)))
    }

    /// Takes in an event at its instant; `schedule` gets what follows, with how long from now.
    #[inline]
    pub fn happen(&mut self, now: u64, event: Event, mut schedule: impl FnMut(u64, Event)) {
        self.tally.events += 1;
        self.tally.now = now;
        let pairs = self.shape.pairs;
        match event {
            Event::Open(group) => {
                let it = &mut self.groups[group as usize];
                it.left = pairs;
                let first = group * pairs;
                for pair in first..first + pairs {
                    self.busy[pair as usize] = true;
                    schedule(length(bits(pair, it.turn)), Event::Sub(pair));
                }
            }
            Event::Sub(pair) => {
                assert!(std::mem::take(&mut self.busy[pair as usize]), "it was busy");
                let group = pair / pairs;
                let it = &mut self.groups[group as usize];
                it.left -= 1;
                if it.left == 0 {
                    schedule(CLOSE, Event::Close(group));
                }
            }
            Event::Close(group) => {
                self.tally.operations += 1;
                let it = &mut self.groups[group as usize];
                it.turn += 1;
                if it.turn < self.shape.operations {
                    schedule(OPEN, Event::Open(group));
                }
            }
        }
    }
}

/// Whoever does the work.
pub trait Contestant {
    /// Its name and release.
    fn name(&self) -> &'static str;

    /// Goes on until so many events have been dispatched since the beginning, or nothing is to come. It may dispatch a few
    /// more if several are due at one instant.
    fn run(&mut self, events: u64) -> Result<Tally, String>;

    /// What the last run took in seconds, if another process did it and has measured it.
    fn took(&self) -> Option<f64> {
        None
    }
}
