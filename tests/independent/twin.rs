//! The machine and the model side by side: every step is taken by both, and everything both know is compared after it.

use crate::model::{Copy, Defect, Due, Model};
use sdrsim::machine::command::{Call, Command, Native};
use sdrsim::machine::{Answer, Doing, Effect, Effects, Event, Outcome, admit, commit, happen};
use sdrsim::sdrs::codes::Code;
use sdrsim::sdrs::op::Op;
use sdrsim::time::SimTime;
use sdrsim::world::job::{JobStatus, Part};
use sdrsim::world::machinery::Power;
use sdrsim::world::protection::{Copying, ProtectionType};
use sdrsim::world::{Who, World};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One thing that happens to both.
#[derive(Clone, Debug)]
pub enum Step {
    /// A call of the API.
    Ask(Call),
    /// An act behind the service's back.
    Native(Native),
    /// Something under way ends; which one is counted around.
    End { pick: usize, well: bool },
    /// A copy ends.
    Sync { pick: usize },
}

/// How often each operation was taken and refused, and with which codes.
pub type Tally = BTreeMap<Op, BTreeMap<u16, u64>>;

/// Where a history begins.
#[derive(Clone, Debug)]
pub struct Start {
    pub world: World,
    pub model: Model,
}

impl Start {
    /// The same with so many workers and an error planted in the model.
    pub fn with(&self, workers: Option<u32>, defect: Option<Defect>) -> Start {
        let mut start = self.clone();
        start.world.settings.workers = workers;
        start.model.workers = workers.map(|n| n as usize);
        start.model.defect = defect;
        start
    }
}

/// Both, and what is under way in the machine.
pub struct Twin {
    world: World,
    pub model: Model,
    due: Vec<(Due, Event)>,
    copies: Vec<(String, Event)>,
    ended: Vec<(u64, bool)>,
    out: Effects,
}

impl Twin {
    pub fn new(start: &Start) -> Twin {
        Twin {
            world: start.world.clone(),
            model: start.model.clone(),
            due: Vec::new(),
            copies: Vec::new(),
            ended: Vec::new(),
            out: Effects::new(),
        }
    }

    pub fn is_idle(&self) -> bool {
        self.due.is_empty()
    }

    /// Takes a step; Err says in which way the two differ.
    pub fn step(&mut self, step: &Step, tally: &mut Tally) -> Result<(), String> {
        self.ended.clear();
        self.model.ended.clear();
        match step {
            Step::Ask(call) => {
                let machine = self.give(call.clone().into());
                let (op, model) = self.model.call(call);
                let machine = machine.map_err(|code| code.unwrap_or(0));
                let code = model.err().unwrap_or(0);
                *tally.entry(op).or_default().entry(code).or_default() += 1;
                if machine != model {
                    return Err(format!(
                        "{op}: the machine says {machine:?}, the model {model:?}"
                    ));
                }
            }
            Step::Native(act) => {
                let machine = self.give(act.clone().into()).is_ok();
                let model = match act {
                    Native::StartServer { server } => self.model.power_on(&label(server)),
                    Native::StopServer { server } => self.model.power_off(&label(server)),
                    Native::DeleteServer { server } => self.model.delete_server(&label(server)),
                    other => panic!("the model knows no {other:?}"),
                };
                if machine != model {
                    return Err(format!(
                        "native: the machine says {machine}, the model {model}"
                    ));
                }
            }
            Step::End { pick, well } => self.end(*pick, *well),
            Step::Sync { pick } => self.sync(*pick),
        }
        self.compare()
    }

    fn give(&mut self, command: Command) -> Result<(), Option<u16>> {
        let admitted = match admit(&self.world, &command) {
            Ok(admitted) => admitted,
            Err(refusal) => return Err(refusal.code().map(|code| code.number())),
        };
        self.out.clear();
        let answer = commit(&mut self.world, SimTime::ZERO, admitted, &mut self.out);
        if let Answer::Job(job) = answer {
            assert!(self.world.jobs.contains_key(job), "the answer names a job");
        }
        self.note();
        Ok(())
    }

    fn end(&mut self, pick: usize, well: bool) {
        if self.due.is_empty() {
            return;
        }
        let (due, mut event) = self.due.swap_remove(pick % self.due.len());
        if let (Event::Settled { outcome, .. }, false) = (&mut event, well) {
            *outcome = Outcome::Failed(Code::of(406));
        }
        self.happen(event);
        self.model.end(&due, well);
    }

    fn sync(&mut self, pick: usize) {
        if self.copies.is_empty() {
            return;
        }
        let (pair, event) = self.copies.swap_remove(pick % self.copies.len());
        self.happen(event);
        self.model.synced(&pair);
    }

    fn happen(&mut self, event: Event) {
        self.out.clear();
        happen(&mut self.world, SimTime::ZERO, event, &mut self.out);
        self.note();
    }

    /// Takes down what began; acts of servers end at once.
    fn note(&mut self) {
        let mut acts = Vec::new();
        for effect in self.out.iter() {
            match *effect {
                Effect::Begin {
                    who, epoch, doing, ..
                } => {
                    let event = Event::Settled {
                        who,
                        epoch,
                        doing,
                        outcome: Outcome::Done,
                        turn: 0,
                    };
                    match doing {
                        Doing::Act(_) => acts.push(event),
                        Doing::Job(_, part) => {
                            let due = due_of(&self.world, who, part);
                            self.due.push((due, event));
                        }
                    }
                }
                Effect::CopyBegan { pair, copies } => {
                    let label = self.world.label(Who::Pair(pair));
                    self.copies.retain(|(other, _)| *other != label);
                    self.copies.push((label, Event::Synced { pair, copies }));
                }
                Effect::Job { job, status, .. } => {
                    let number = self.world.jobs[job].number;
                    match status {
                        JobStatus::Success => self.ended.push((number, true)),
                        JobStatus::Fail => {
                            // Sub-jobs that had not ended end with their job: their events are stale.
                            self.due.retain(|(due, _)| due.0 != number);
                            self.ended.push((number, false));
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        for act in acts {
            self.happen(act);
        }
    }

    fn compare(&mut self) -> Result<(), String> {
        if self.ended != self.model.ended {
            return Err(format!(
                "jobs ended: the machine says {:?}, the model {:?}",
                self.ended, self.model.ended
            ));
        }
        let mut due: Vec<&Due> = self.due.iter().map(|(due, _)| due).collect();
        due.sort();
        let expected = self.model.due();
        if !due.iter().copied().eq(&expected) {
            return Err(format!(
                "under way: the machine says {due:?}, the model {expected:?}"
            ));
        }
        self.compare_statuses()?;
        self.compare_servers()
    }

    fn compare_statuses(&self) -> Result<(), String> {
        let (world, model) = (&self.world, &self.model);
        let counts = [
            world.groups.len(),
            world.instances.len(),
            world.pairs.len(),
            world.drills.len(),
        ];
        let expected = [
            model.groups.len(),
            model.instances.len(),
            model.pairs.len(),
            model.drills.len(),
        ];
        if counts != expected {
            return Err(format!(
                "resources: the machine has {counts:?}, the model {expected:?}"
            ));
        }
        let groups = model.groups.iter().map(|(name, x)| (name, x.status));
        let instances = model.instances.iter().map(|(name, x)| (name, x.status));
        let pairs = model.pairs.iter().map(|(name, x)| (name, x.status));
        let drills = model.drills.iter().map(|(name, x)| (name, x.status));
        for (name, word) in groups.chain(instances).chain(pairs).chain(drills) {
            let status = world.find(name).and_then(|who| world.reported(who));
            let shown = status.map_or("nothing", |status| status.name());
            if shown != word {
                return Err(format!(
                    "{name}: the machine says {shown}, the model {word}"
                ));
            }
        }
        for (name, group) in &model.groups {
            let Some(Who::Group(key)) = world.find(name) else {
                return Err(format!("{name} is no group"));
            };
            let record = &world.groups[key];
            let same = record.station.index() == group.station
                && (record.protection == ProtectionType::ConsistencyGroup) == group.consistency;
            if !same {
                return Err(format!(
                    "{name}: station {:?}, not {}",
                    record.station, group.station
                ));
            }
        }
        for (name, pair) in &model.pairs {
            let Some(Who::Pair(key)) = world.find(name) else {
                return Err(format!("{name} is no pair"));
            };
            let record = &world.pairs[key];
            let copy = match record.copy {
                Copying::Running | Copying::Waiting => Copy::Running,
                Copying::Active => Copy::InStep,
                Copying::Inactive | Copying::Stopped => Copy::Off,
            };
            if (copy, record.station.index()) != (pair.copy, pair.station) {
                return Err(format!(
                    "{name}: the machine has {copy:?} at {:?}, the model {:?} at {}",
                    record.station, pair.copy, pair.station
                ));
            }
        }
        Ok(())
    }

    fn compare_servers(&self) -> Result<(), String> {
        for (name, server) in &self.model.servers {
            let Some(Who::Server(key)) = self.world.find(name) else {
                return Err(format!("the machine has no server {name}"));
            };
            let record = &self.world.servers[key];
            let facts = (record.power == Power::Active, record.fenced);
            let counts = (record.disks.len(), record.nics.len());
            if facts != (server.on, server.fenced)
                || counts != (server.disks.len(), server.nics.len())
            {
                return Err(format!(
                    "{name}: the machine has (on, fenced) {facts:?}, (disks, NICs) {counts:?}, the model {server:?}"
                ));
            }
        }
        Ok(())
    }
}

pub fn label(reference: &sdrsim::machine::command::Ref) -> String {
    match reference {
        sdrsim::machine::command::Ref::Label(label) => label.clone(),
        other => panic!("steps name resources by label, not {other:?}"),
    }
}

fn due_of(world: &World, who: Who, part: Part) -> Due {
    let (job, on) = match who {
        Who::Job(job) => (Some(job), String::new()),
        who => {
            let work = world.life(who).and_then(|life| life.work());
            (work.map(|work| work.job), world.label(who))
        }
    };
    let number = job.map_or(0, |job| world.jobs[job].number);
    let part = match part {
        Part::Open => 0,
        Part::Work => 1,
        Part::Close => 2,
    };
    (number, part, on)
}

/// Plays a history from its start; where it differs first and how.
pub fn play(start: &Start, steps: &[Step]) -> Option<(usize, String)> {
    let mut at = 0;
    let played = catch_unwind(AssertUnwindSafe(|| {
        let (mut twin, mut tally) = (Twin::new(start), Tally::new());
        for step in steps {
            twin.step(step, &mut tally)?;
            at += 1;
        }
        Ok(())
    }));
    match played {
        Ok(Ok(())) => None,
        Ok(Err(how)) => Some((at, how)),
        Err(_) => Some((at, "the machine or the model panicked".to_owned())),
    }
}

/// Leaves steps out while the history still differs: first long runs of them, then single ones.
pub fn shrink(start: &Start, mut steps: Vec<Step>) -> (Vec<Step>, String) {
    let (at, mut how) = play(start, &steps).expect("the history differs");
    steps.truncate(at + 1);
    let mut run = steps.len().div_ceil(2).max(1);
    loop {
        let before = steps.len();
        let mut from = 0;
        while from < steps.len() {
            let until = (from + run).min(steps.len());
            let mut fewer = steps[..from].to_vec();
            fewer.extend_from_slice(&steps[until..]);
            match play(start, &fewer) {
                Some((at, why)) => {
                    fewer.truncate(at + 1);
                    (steps, how) = (fewer, why);
                }
                None => from = until,
            }
        }
        if run == 1 && steps.len() == before {
            return (steps, how);
        }
        run = (run / 2).max(1);
    }
}
