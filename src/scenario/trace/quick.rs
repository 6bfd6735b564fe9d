//! The frequent lines of a trace, put together by hand.
//!
//! Beginnings, changes of status and ends of sub-jobs are nearly all of a long trace, and each has few forms. Here they are
//! written straight into a buffer that is used again: no text is made for a label, and nothing goes by way of a serializer.
//! The bytes are those that the form in [`super::Line`] has, which the tests hold every word and number to; what is not
//! known here, or would have to be escaped, is left to it.

use crate::machine::{Doing, Effect};
use crate::sdrs::codes::Code;
use crate::sdrs::op::Op;
use crate::sdrs::status::Status;
use crate::time::SimTime;
use crate::world::job::Part;
use crate::world::label::Label;
use crate::world::machinery::Act;
use crate::world::{JobKey, Who, World};

/// Writes what all lines of an instant begin with; answers how long the buffer is then.
pub(super) fn begin(out: &mut Vec<u8>, at: SimTime) -> usize {
    out.extend_from_slice(b"{\"at\":");
    number(out, at.as_micros());
    out.extend_from_slice(b",\"label\":\"");
    out.len()
}

/// Writes the rest of the line of an effect behind what is in the buffer; answers whether it could. If not, that is of no use.
pub(super) fn write(out: &mut Vec<u8>, world: &World, effect: &Effect) -> bool {
    tell(out, world, effect).is_some()
}

fn tell(out: &mut Vec<u8>, world: &World, effect: &Effect) -> Option<()> {
    match *effect {
        Effect::Begin {
            who, doing, delay, ..
        } => {
            name(out, world, who)?;
            out.extend_from_slice(b"\",\"effect\":\"begin\",");
            work(out, doing);
            out.extend_from_slice(b",\"delay\":");
            number(out, delay.as_micros());
        }
        Effect::Moved {
            who, from, to, job, ..
        } => {
            name(out, world, who)?;
            out.extend_from_slice(b"\",\"effect\":\"moved\",\"from\":");
            STATUSES[from as usize].put(out);
            out.extend_from_slice(b",\"to\":");
            STATUSES[to as usize].put(out);
            out.extend_from_slice(b",\"job\":");
            match job {
                0 => out.extend_from_slice(b"null"),
                job => number(out, job),
            }
        }
        Effect::SubJob { job, pair, code } => {
            name(out, world, Who::Pair(pair))?;
            out.extend_from_slice(b"\",\"effect\":\"sub_job\",\"job\":\"");
            job_name(out, world, job)?;
            out.push(b'"');
            reason(out, code);
        }
        Effect::Job { job, status, code } => {
            job_name(out, world, job)?;
            out.extend_from_slice(b"\",\"effect\":\"job\",\"status\":");
            word(out, status.name());
            reason(out, code);
        }
        Effect::CopyBegan { pair, .. } => {
            name(out, world, Who::Pair(pair))?;
            out.extend_from_slice(b"\",\"effect\":\"copy_began\"");
        }
        Effect::InStep { pair } => {
            name(out, world, Who::Pair(pair))?;
            out.extend_from_slice(b"\",\"effect\":\"in_step\"");
        }
        _ => return None,
    }
    out.extend_from_slice(b"}\n");
    Some(())
}

/// What a resource is called; None if the world has it no longer.
fn name(out: &mut Vec<u8>, world: &World, who: Who) -> Option<()> {
    match who {
        Who::Job(job) => job_name(out, world, job),
        _ => label(out, world, world.label_of(who)?),
    }
}

fn job_name(out: &mut Vec<u8>, world: &World, job: JobKey) -> Option<()> {
    let record = world.jobs.get(job)?;
    out.extend_from_slice(b"job ");
    number(out, record.number);
    Some(())
}

/// A label as it is; None if it is not known to be more than nothing and written as it is.
fn label(out: &mut Vec<u8>, world: &World, label: Label) -> Option<()> {
    let (base, count, part) = label.parts(&world.words);
    out.extend_from_slice(base.as_bytes());
    if let Some(count) = count {
        out.push(b'-');
        number(out, count.into());
    }
    if !part.is_empty() {
        out.extend_from_slice(part.as_bytes());
    }
    label.is_plain(&world.words).then_some(())
}

fn work(out: &mut Vec<u8>, doing: Doing) {
    match doing {
        Doing::Job(operation, part) => {
            out.extend_from_slice(b"\"operation\":");
            OPERATIONS[operation as usize].put(out);
            out.extend_from_slice(match part {
                Part::Open => b",\"part\":\"open\"" as &[u8],
                Part::Work => b",\"part\":\"work\"",
                Part::Close => b",\"part\":\"close\"",
            });
        }
        Doing::Act(act) => out.extend_from_slice(match act {
            Act::Boot => b"\"act\":\"boot\"" as &[u8],
            Act::Shutdown => b"\"act\":\"shutdown\"",
            Act::Reboot => b"\"act\":\"reboot\"",
            Act::Initialize => b"\"act\":\"initialize\"",
        }),
    }
}

fn reason(out: &mut Vec<u8>, code: Option<Code>) {
    out.extend_from_slice(b",\"code\":");
    match code {
        None => out.extend_from_slice(b"null"),
        Some(code) => word(out, &code.to_string()),
    }
}

/// So many bytes hold each of the words that stand in many lines, with its quotation marks.
const WIDE: usize = 40;

/// A word of the service's own in its quotation marks, and behind it what fills it up. It is copied whole, which takes fewer steps than to
/// copy as much as there is.
#[derive(Clone, Copy)]
struct Quoted {
    text: [u8; WIDE],
    length: usize,
}

impl Quoted {
    const fn of(word: &str) -> Quoted {
        let (word, mut text, mut place) = (word.as_bytes(), [b'"'; WIDE], 0);
        let length = word.len() + 2;
        assert!(length <= WIDE, "a word is longer than was thought");
        while place < word.len() {
            text[place + 1] = word[place];
            place += 1;
        }
        Quoted { text, length }
    }

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        let length = out.len() + self.length;
        out.extend_from_slice(&self.text);
        out.truncate(length);
    }
}

/// The names of all that a list has, in its order.
macro_rules! quoted {
    ($all:expr) => {{
        let (mut words, mut place) = ([Quoted::of(""); $all.len()], 0);
        while place < words.len() {
            words[place] = Quoted::of($all[place].name());
            place += 1;
        }
        words
    }};
}

static STATUSES: [Quoted; Status::ALL.len()] = quoted!(Status::ALL);
static OPERATIONS: [Quoted; Op::ALL.len()] = quoted!(Op::ALL);

/// A word of the service's own, none of which is escaped.
fn word(out: &mut Vec<u8>, word: &str) {
    out.push(b'"');
    out.extend_from_slice(word.as_bytes());
    out.push(b'"');
}

/// The numbers from 00 to 99.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut n = 0;
    while n < pairs.len() {
        pairs[n] = [b'0' + n as u8 / 10, b'0' + n as u8 % 10];
        n += 1;
    }
    pairs
};

#[inline]
fn number(out: &mut Vec<u8>, number: u64) {
    let pair = |number: u64| PAIRS[(number % 100) as usize];
    match number {
        0..10 => out.push(b'0' + number as u8),
        10..100 => out.extend_from_slice(&pair(number)),
        100..1_000 => {
            let [tens, ones] = pair(number);
            out.extend_from_slice(&[b'0' + (number / 100) as u8, tens, ones]);
        }
        1_000..10_000 => {
            let ([thousands, hundreds], [tens, ones]) = (pair(number / 100), pair(number));
            out.extend_from_slice(&[thousands, hundreds, tens, ones]);
        }
        _ => long_number(out, number),
    }
}

fn long_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    while number >= 10 {
        first -= 2;
        digits[first..first + 2].copy_from_slice(&PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    if number > 0 {
        first -= 1;
        digits[first] = b'0' + number as u8;
    }
    out.extend_from_slice(&digits[first..]);
}
