//! Effects told to people: one aligned line for each that a reader cares about.
//!
//! ```text
//! 00:00:00.000  web      available -> starting   job 1 RUNNING
//! 00:00:08.016  web      starting -> protected   job 1 SUCCESS
//! 00:17:04.016  web/vda  in step
//! ```
//!
//! A line has the clock since the start, the label, what happened and why. That a job begins or ends is said on the line
//! of the resource it works on, if that has one at the instant, and on a line of its own otherwise. Work that begins is no
//! line, and ids never are. When more than [`ALIKE`] members of a template do the same at one instant, one line says so
//! for all. A transcript is for reading; programs read the trace.

mod collapse;
mod disaster;

use crate::engine::Observer;
use crate::machine::Effect;
use crate::machine::effect::Property;
use crate::sdrs::op::Op;
use crate::time::SimTime;
use crate::world::job::JobStatus;
use crate::world::{JobKey, NicKey, ServerKey, Who, World};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many equal lines of one instant stand as they are; more become one.
pub const ALIKE: usize = 3;
/// Most lines of a transcript; those after them are counted. A fault that comes back every microsecond would fill memory.
pub(super) const TOLD_MAX: usize = 200_000;

/// Labels and happenings wider than this do not push the columns of other lines out.
const WIDEST: usize = 48;

/// Collects the lines of a run while it looks on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Narrator {
    now: SimTime,
    /// The lines of the instant at hand.
    batch: Vec<Line>,
    /// The first lines of earlier instants, at most [`TOLD_MAX`].
    told: Vec<Line>,
    /// How many lines came after them.
    more: u64,
    /// The jobs that have not ended. Only looked up, never listed.
    #[serde(with = "crate::world::place::as_list")]
    jobs: BTreeMap<JobKey, JobFacts>,
    /// Nobody asked for a transcript: nothing is told.
    #[serde(skip)]
    silent: bool,
}

/// What is kept of a job, because it and its subject may be gone when it ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct JobFacts {
    number: u64,
    operation: Op,
    subject: Who,
    label: String,
}

/// A line in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    at: SimTime,
    who: Option<Who>,
    label: String,
    what: String,
    cause: Cause,
}

/// Why something happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Cause {
    /// The first and the last of the jobs, if jobs did it.
    jobs: Option<(u64, u64)>,
    /// The status of the job, a code, or anything else.
    rest: String,
}

impl Cause {
    fn job(number: u64) -> Cause {
        Cause {
            jobs: (number != 0).then_some((number, number)),
            rest: String::new(),
        }
    }

    fn text(&self) -> String {
        let jobs = match self.jobs {
            None => return self.rest.clone(),
            Some((first, last)) if first == last => format!("job {first}"),
            Some((first, last)) => format!("jobs {first}..{last}"),
        };
        match self.rest.is_empty() {
            true => jobs,
            false => format!("{jobs} {}", self.rest),
        }
    }
}

impl Narrator {
    /// One who tells nothing.
    pub(super) fn silent() -> Narrator {
        Narrator {
            silent: true,
            ..Narrator::default()
        }
    }

    /// Whether it tells nothing.
    pub(super) const fn is_silent(&self) -> bool {
        self.silent
    }

    /// Says that a call or act was refused.
    pub(super) fn refused(&mut self, at: SimTime, label: String, what: &str, why: String) {
        if self.silent {
            return;
        }
        self.turn(at);
        self.batch.push(Line {
            at,
            who: None,
            label,
            what: format!("{what} refused"),
            cause: Cause {
                jobs: None,
                rest: why,
            },
        });
    }

    /// Tells what an operator says.
    pub(super) fn noted(&mut self, at: SimTime, label: String, what: String) {
        if self.silent {
            return;
        }
        self.turn(at);
        self.batch.push(Line {
            at,
            who: None,
            label,
            what,
            cause: Cause::default(),
        });
    }

    /// The transcript so far, aligned. The narrator goes on with an empty one.
    pub fn finish(&mut self) -> Vec<String> {
        self.flush();
        let mut lines = align(&std::mem::take(&mut self.told));
        match std::mem::take(&mut self.more) {
            0 => {}
            1 => lines.push("... and 1 line more".to_owned()),
            more => lines.push(format!("... and {more} lines more")),
        }
        lines
    }

    /// Ends the instant at hand if this is a later one.
    fn turn(&mut self, at: SimTime) {
        if at != self.now {
            self.flush();
            self.now = at;
        }
    }

    fn flush(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        let mut lines = collapse::collapse(batch);
        let room = TOLD_MAX.saturating_sub(self.told.len()).min(lines.len());
        self.more += (lines.len() - room) as u64;
        lines.truncate(room);
        self.told.append(&mut lines);
    }

    fn line(&mut self, world: &World, who: Who, what: impl Into<String>, cause: Cause) {
        self.batch.push(Line {
            at: self.now,
            who: Some(who),
            label: world.label(who),
            what: what.into(),
            cause,
        });
    }

    /// Gives lines of this instant about what is gone by now the label that it had.
    fn gone(&mut self, who: Who, label: &str) {
        for line in self.batch.iter_mut().rev() {
            if line.who == Some(who) && line.label.is_empty() {
                label.clone_into(&mut line.label);
            }
        }
    }

    fn job(
        &mut self,
        world: &World,
        key: JobKey,
        status: JobStatus,
        code: Option<crate::sdrs::codes::Code>,
    ) {
        let facts = match (self.jobs.get(&key), world.jobs.get(key)) {
            (Some(facts), _) => facts.clone(),
            (None, Some(job)) => JobFacts {
                number: job.number,
                operation: job.op,
                subject: job.subject,
                label: world.label(job.subject),
            },
            (None, None) => return,
        };
        match status {
            JobStatus::Success | JobStatus::Fail => drop(self.jobs.remove(&key)),
            JobStatus::Init | JobStatus::Running => drop(self.jobs.insert(key, facts.clone())),
        }
        let rest = match code {
            Some(code) => format!("{} {code}", status.name()),
            None => status.name().to_owned(),
        };
        let jobs = Some((facts.number, facts.number));
        // INIT and RUNNING of one instant are one line: the job did not wait.
        let own = self.batch.iter_mut().rev().find(|line| {
            line.who == Some(facts.subject)
                && (line.cause.jobs == jobs || line.cause.jobs.is_none())
                && matches!(line.cause.rest.as_str(), "" | "INIT")
                && (line.cause.jobs.is_some()
                    || line.what.ends_with(" deleted")
                    || line.what.starts_with("-> "))
        });
        match own {
            Some(line) => line.cause = Cause { jobs, rest },
            None => {
                let at = self.now;
                let (who, label, what) = (
                    Some(facts.subject),
                    facts.label,
                    facts.operation.name().to_owned(),
                );
                self.batch.push(Line {
                    at,
                    who,
                    label,
                    what,
                    cause: Cause { jobs, rest },
                });
            }
        }
    }

    /// A NIC that is unplugged and plugged in elsewhere at one instant has moved.
    fn nic(&mut self, world: &World, nic: NicKey, from: Option<ServerKey>, to: Option<ServerKey>) {
        let label = |server| match world.label(Who::Server(server)) {
            gone if gone.is_empty() => "a deleted server".to_owned(),
            label => label,
        };
        let who = Some(Who::Nic(nic));
        let what = match (from, to) {
            (Some(from), Some(to)) => format!("moves from {} to {}", label(from), label(to)),
            (Some(from), None) => format!("unplugged from {}", label(from)),
            (None, Some(to)) => {
                let to = label(to);
                let mut lines = self.batch.iter_mut().rev();
                if let Some(line) = lines.find(|line| line.who == who)
                    && let Some(from) = line.what.strip_prefix("unplugged from ")
                {
                    line.what = format!("moves from {from} to {to}");
                    return;
                }
                format!("plugged into {to}")
            }
            (None, None) => return,
        };
        self.line(world, Who::Nic(nic), what, Cause::default());
    }

    fn tell(&mut self, world: &World, effect: &Effect) {
        let none = Cause::default();
        match *effect {
            Effect::Begin { .. } => {}
            Effect::CopyBegan { pair, .. } => self.line(world, Who::Pair(pair), "copying", none),
            Effect::InStep { pair } => self.line(world, Who::Pair(pair), "in step", none),
            Effect::Created { who, status } => {
                let what = match status {
                    Some(status) => format!("-> {status}"),
                    None => format!("{} created", who.word()),
                };
                self.line(world, who, what, none);
            }
            Effect::Moved {
                who, from, to, job, ..
            } => {
                self.line(world, who, format!("{from} -> {to}"), Cause::job(job));
            }
            Effect::Gone { who, label, .. } => {
                let label = label.text(&world.words).into_owned();
                self.gone(who, &label);
                let what = format!("{} deleted", who.word());
                self.batch.push(Line {
                    at: self.now,
                    who: Some(who),
                    label,
                    what,
                    cause: none,
                });
            }
            Effect::Job { job, status, code } => self.job(world, job, status, code),
            Effect::SubJob { job, pair, code } => {
                if let Some(code) = code {
                    let number = world.jobs.get(job).map_or(0, |job| job.number);
                    let cause = Cause {
                        rest: code.to_string(),
                        ..Cause::job(number)
                    };
                    self.line(world, Who::Pair(pair), "sub-job FAIL", cause);
                }
            }
            Effect::NicMoved { nic, from, to } => self.nic(world, nic, from, to),
            other => self.tell_more(world, &other),
        }
    }

    /// What concerns neither statuses nor jobs.
    fn tell_more(&mut self, world: &World, effect: &Effect) {
        let none = Cause::default();
        match *effect {
            Effect::Station { group, to } => {
                self.line(
                    world,
                    Who::Group(group),
                    format!("production at {}", to.name()),
                    none,
                );
            }
            Effect::Power {
                server, from, to, ..
            } => {
                let what = format!("{} -> {}", from.name(), to.name());
                self.line(world, Who::Server(server), what, none);
            }
            Effect::EipBound { eip, to } => {
                let what = match to {
                    Some(nic) => format!("bound to {}", world.label(Who::Nic(nic))),
                    None => "released".to_owned(),
                };
                self.line(world, Who::Eip(eip), what, none);
            }
            Effect::Changed { who, property, .. } => {
                self.line(world, who, changed(world, who, property), none)
            }
            Effect::TasksDeleted { count } => {
                let what = format!(
                    "{count} failed task{} deleted",
                    if count == 1 { "" } else { "s" }
                );
                let label = "-".to_owned();
                self.batch.push(Line {
                    at: self.now,
                    who: None,
                    label,
                    what,
                    cause: none,
                });
            }
            Effect::Begin { .. }
            | Effect::CopyBegan { .. }
            | Effect::InStep { .. }
            | Effect::Created { .. }
            | Effect::Moved { .. }
            | Effect::Gone { .. }
            | Effect::Job { .. }
            | Effect::SubJob { .. }
            | Effect::NicMoved { .. } => {}
            ref disaster => self.disaster(world, disaster),
        }
    }
}

/// What to say of a changed property: its value where one word holds it.
fn changed(world: &World, who: Who, property: Property) -> String {
    let is = |is: bool, yes: &str, no: &str| if is { yes.to_owned() } else { no.to_owned() };
    match (property, who) {
        (Property::Size, Who::Disk(key)) => world
            .disks
            .get(key)
            .map(|disk| format!("has {} GiB", disk.size.gib_rounded_up())),
        (Property::Fence, Who::Server(key)) => world
            .servers
            .get(key)
            .map(|server| is(server.fenced, "fenced", "no longer fenced")),
        (Property::Frozen, Who::Project(key)) => world
            .projects
            .get(key)
            .map(|project| is(project.frozen, "frozen", "thawed")),
        (Property::Frozen, Who::Disk(key)) => world
            .disks
            .get(key)
            .map(|disk| is(disk.frozen, "frozen", "thawed")),
        (Property::SoldOut, Who::Domain(key)) => world
            .domains
            .get(key)
            .map(|domain| is(domain.sold_out, "sold out", "open again")),
        (Property::Health, Who::Disk(key)) => world
            .disks
            .get(key)
            .map(|disk| is(disk.broken, "broken", "mended")),
        _ => None,
    }
    .unwrap_or_else(|| format!("{} changed", property.name()))
}

impl Observer for Narrator {
    fn see(&mut self, at: SimTime, world: &World, effect: &Effect) {
        if !self.silent {
            self.turn(at);
            self.tell(world, effect);
        }
    }
}

/// An instant since the start as a clock: hours, minutes and seconds, to the millisecond or the microsecond.
pub(super) fn clock(at: SimTime, fine: bool) -> String {
    let micros = at.as_micros();
    let seconds = micros / 1_000_000;
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match fine {
        true => format!("{h:02}:{m:02}:{s:02}.{:06}", micros % 1_000_000),
        false => format!("{h:02}:{m:02}:{s:02}.{:03}", micros % 1_000_000 / 1000),
    }
}

/// Whether an instant shows on a clock only to the microsecond.
pub(super) fn is_fine(at: SimTime) -> bool {
    !at.as_micros().is_multiple_of(1000)
}

/// Brings lines into columns.
fn align(lines: &[Line]) -> Vec<String> {
    let fine = lines.iter().any(|line| is_fine(line.at));
    let width = |text: &str| text.chars().count();
    let widest = |widths: &mut dyn Iterator<Item = usize>| {
        widths.filter(|width| *width <= WIDEST).max().unwrap_or(0)
    };
    let clocks: Vec<String> = lines.iter().map(|line| clock(line.at, fine)).collect();
    let clock_width = clocks.iter().map(|clock| width(clock)).max().unwrap_or(0);
    let label_width = widest(&mut lines.iter().map(|line| width(&line.label)));
    let what_width = widest(&mut lines.iter().map(|line| width(&line.what)));
    let tell = |(clock, line): (&String, &Line)| {
        let (label, what, cause) = (&line.label, &line.what, line.cause.text());
        let text =
            format!("{clock:>clock_width$}  {label:<label_width$}  {what:<what_width$}  {cause}");
        text.trim_end().to_owned()
    };
    clocks.iter().zip(lines).map(tell).collect()
}

#[cfg(test)]
mod tests;
