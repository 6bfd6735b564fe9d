//! An event in 16 bytes.

use crate::machine::{Doing, Event, Outcome};
use crate::sdrs::codes::Code;
use crate::sdrs::op::Op;
use crate::world::job::Part;
use crate::world::machinery::Act;
use crate::world::{JobKey, PairKey, Who};
use slotmap::{Key, KeyData};

/// The end of a piece of work, or where an event is.
///
/// Two numbers of one size, which is also how it is moved: a processor has to wait for what it reads in one piece and has just written
/// in smaller ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed {
    /// The slot of what was worked on.
    key: u64,
    /// Its epoch, and above it a word; of that, from below: 3 bits of the kind of what was worked on, 8 of what was done, 14 of how it
    /// ended, 7 of how many standstills there had been.
    rest: u64,
}

/// Where the word begins.
const WORD: u32 = u32::BITS;

/// The kind that says that the event is elsewhere.
const ODD: u32 = 7;
/// Where the parts of the word begin.
const DOING: u32 = 3;
const END: u32 = 11;
const TURN: u32 = 25;
/// One turn more than fits.
pub(super) const TURNS: u32 = 1 << (32 - TURN);
/// The number that stands for an act, where others stand for a part of a job.
const ACT: u32 = 3;

/// The kind of a pair, which is what nearly every end is about.
const PAIR: u32 = 0;
/// The kind of a job, which is what most others are about.
const JOB: u32 = 1;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::engine) enum Subject {
    /// A pair on which a sub-job or other work ends.
    Pair(PairKey),
    /// A job of which a part ends.
    Job(JobKey),
}

/// What was done, how it ended and how many standstills there had been: what the ends of the sub-jobs of an operation share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Ending(u32);

impl Ending {
    /// None if that many standstills do not fit.
    #[inline]
    pub(in crate::engine) const fn of(doing: Doing, outcome: Outcome, turn: u32) -> Option<Ending> {
        if turn >= TURNS {
            return None;
        }
        let doing = match doing {
            Doing::Job(op, part) => (op as u32) << 2 | part as u32,
            Doing::Act(act) => (act as u32) << 2 | ACT,
        };
        let end = match outcome {
            Outcome::Done => 0,
            Outcome::Failed(code) => code.number() as u32 + 1,
        };
        Some(Ending(doing << DOING | end << END | turn << TURN))
    }

    /// The work.
    #[inline]
    pub(in crate::engine) fn doing(self) -> Doing {
        DOINGS[usize::from((self.0 >> DOING) as u8)]
    }

    /// How it ended.
    #[inline]
    pub(in crate::engine) const fn outcome(self) -> Outcome {
        match self.0 >> END & ((1 << (TURN - END)) - 1) {
            0 => Outcome::Done,
            code => Outcome::Failed(Code::of(code as u16 - 1)),
        }
    }

    /// How many standstills of the control plane had ended when it was announced.
    #[inline]
    pub(in crate::engine) const fn turn(self) -> u32 {
        self.0 >> TURN
    }

    /// The end as an event.
    #[inline]
    pub(in crate::engine) fn event(self, who: Who, epoch: u32) -> Event {
        Event::Settled {
            who,
            epoch,
            doing: self.doing(),
            outcome: self.outcome(),
            turn: self.turn(),
        }
    }
}

impl Packed {
    #[inline]
    const fn new(key: u64, epoch: u32, word: u32) -> Packed {
        let rest = (word as u64) << WORD | epoch as u64;
        Packed { key, rest }
    }

    /// The epoch of what was worked on.
    #[inline]
    pub(super) const fn epoch(self) -> u32 {
        self.rest as u32
    }

    #[inline]
    const fn word(self) -> u32 {
        (self.rest >> WORD) as u32
    }

    /// The end of work on a pair.
    #[inline]
    pub(super) fn of_pair(pair: PairKey, epoch: u32, ending: Ending) -> Packed {
        Packed::new(pair.data().as_ffi(), epoch, PAIR | ending.0)
    }

    /// What is in this place of a list.
    pub(super) const fn odd(place: u32) -> Packed {
        Packed::new(place as u64, 0, ODD)
    }

    /// An event packed; None if it is no end of work or does not fit.
    #[inline]
    pub(super) fn of(event: Event) -> Option<Packed> {
        let Event::Settled {
            who,
            epoch,
            doing,
            outcome,
            turn,
        } = event
        else {
            return None;
        };
        let ending = Ending::of(doing, outcome, turn)?;
        if let Who::Pair(pair) = who {
            return Some(Packed::of_pair(pair, epoch, ending));
        }
        let (kind, key) = kind_of(who)?;
        Some(Packed::new(key.as_ffi(), epoch, kind | ending.0))
    }

    /// The pair and how work on it ended; None if it is about something else.
    #[inline]
    pub(super) fn pair(self) -> Option<(PairKey, Ending)> {
        let pair = || KeyData::from_ffi(self.key).into();
        (self.kind() == PAIR).then(|| (pair(), Ending(self.word())))
    }

    /// What it is about, if that is a pair or a job.
    #[inline(always)]
    pub(super) fn subject(self) -> Option<Subject> {
        let key = KeyData::from_ffi(self.key);
        match self.kind() {
            PAIR => Some(Subject::Pair(key.into())),
            JOB => Some(Subject::Job(key.into())),
            _ => None,
        }
    }

    /// The pair whose sub-job ended well, the operation, and how many standstills had ended; None if it is anything else.
    #[inline(always)]
    pub(super) fn good_end_of_sub_job(self) -> Option<(PairKey, Op, u32)> {
        const WHAT: u32 = (1 << TURN) - 1;
        const PART: u32 = (1 << (DOING + 2)) - 1;
        let op = (self.word() & WHAT) >> (DOING + 2);
        let good = self.word() & PART == PAIR | (Part::Work as u32) << DOING;
        // Where it ended badly there is more than the operation.
        let op = *Op::ALL.get(op as usize)?;
        let pair = KeyData::from_ffi(self.key).into();
        good.then_some((pair, op, self.word() >> TURN))
    }

    /// The event; or its place, if it is in a list.
    pub(super) fn event(self) -> Result<Event, u32> {
        let who = who_of(self.kind(), KeyData::from_ffi(self.key));
        let who = who.ok_or(self.key as u32)?;
        Ok(Ending(self.word() - self.kind()).event(who, self.epoch()))
    }

    #[inline]
    const fn kind(self) -> u32 {
        self.word() % (1 << DOING)
    }
}

/// The number of a kind and the slot; None if the kind has no number.
fn kind_of(who: Who) -> Option<(u32, KeyData)> {
    Some(match who {
        Who::Pair(key) => (PAIR, key.data()),
        Who::Job(key) => (JOB, key.data()),
        Who::Group(key) => (2, key.data()),
        Who::Instance(key) => (3, key.data()),
        Who::Drill(key) => (4, key.data()),
        Who::Server(key) => (5, key.data()),
        _ => return None,
    })
}

/// What has the number of a kind and a slot; None if no kind has that number.
fn who_of(kind: u32, key: KeyData) -> Option<Who> {
    Some(match kind {
        PAIR => Who::Pair(key.into()),
        JOB => Who::Job(key.into()),
        2 => Who::Group(key.into()),
        3 => Who::Instance(key.into()),
        4 => Who::Drill(key.into()),
        5 => Who::Server(key.into()),
        _ => return None,
    })
}

/// The acts by number.
pub(super) const ACTS: [Act; 4] = [Act::Boot, Act::Shutdown, Act::Reboot, Act::Initialize];

/// What is done, by the eight bits that stand for it; what no bits stand for is of no account.
static DOINGS: [Doing; 1 << (END - DOING)] = {
    let mut all = [Doing::Act(Act::Boot); 1 << (END - DOING)];
    let mut op = 0;
    while op < Op::ALL.len() {
        all[op << 2 | Part::Open as usize] = Doing::Job(Op::ALL[op], Part::Open);
        all[op << 2 | Part::Work as usize] = Doing::Job(Op::ALL[op], Part::Work);
        all[op << 2 | Part::Close as usize] = Doing::Job(Op::ALL[op], Part::Close);
        op += 1;
    }
    let mut act = 0;
    while act < ACTS.len() {
        all[act << 2 | ACT as usize] = Doing::Act(ACTS[act]);
        act += 1;
    }
    all
};

// What the fields of the word have to hold.
const _: () = assert!(Op::ALL.len() <= 1 << (END - DOING - 2) && 10_000 < 1 << (TURN - END));
const _: () = assert!(size_of::<Packed>() == 16);
