//! The state that the model keeps, and how its parts are found.
//!
//! Sides are 0 (source) and 1 (target); a server or disk of side 0 stands in `az-1`. Names are the labels of the machine.

use sdrsim::sdrs::op::Op;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A word that the service shows as a status.
pub type Word = &'static str;

/// Errors planted on purpose, to show that the comparison finds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A started group is `available`.
    StartLeavesAvailable,
    /// A stop that failed reads as a start that failed.
    FailedStopReadsStarting,
    /// A failover leaves `priority_station` as it was.
    FailoverKeepsStation,
    /// A group operation is taken while a member runs one of its own.
    BusyMemberForgotten,
    /// A detachment after a failed attachment leaves the pair `error-attaching`.
    DetachClearsNothing,
    /// A repeated operation takes pairs at their goal once more.
    GoalForgotten,
    /// Pairs of a consistency group settle one by one.
    ConsistencyHalfDone,
    /// A group whose failover failed may be reversed.
    ReverseAfterFailedFailover,
    /// A pair of which the deletion failed takes part in group operations.
    OutTakesPart,
    /// A reprotection is refused with another code while a server of the DR site runs.
    WrongCode,
    /// An instance left out of a running group operation may be deleted.
    LeftOutDeleted,
    /// A failed NIC operation leaves an error.
    NicFailureShows,
}

/// What an operation under way remembers of the resource it works on.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    pub job: u64,
    pub prior: Word,
    /// Whether it is a member's own operation, and not one of its group.
    pub own: bool,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub status: Word,
    pub station: usize,
    pub consistency: bool,
    pub work: Option<Work>,
}

#[derive(Clone, Debug)]
pub struct Instance {
    pub group: String,
    pub status: Word,
    pub work: Option<Work>,
    pub servers: [Option<String>; 2],
    pub set_aside: Option<String>,
    pub lost: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copy {
    Off,
    Running,
    InStep,
}

#[derive(Clone, Debug)]
pub struct Pair {
    pub group: String,
    pub status: Word,
    pub work: Option<Work>,
    pub station: usize,
    pub disks: [Option<String>; 2],
    pub attached: Option<(String, char)>,
    pub copy: Copy,
    /// Whether there is something that no copy has carried over.
    pub unsynced: bool,
}

#[derive(Clone, Debug)]
pub struct Drill {
    pub group: String,
    pub status: Word,
    pub work: Option<Work>,
}

#[derive(Clone, Debug, Default)]
pub struct Server {
    pub side: usize,
    pub on: bool,
    pub fenced: bool,
    pub instance: Option<String>,
    pub disks: BTreeMap<char, String>,
    /// The first one is the primary one.
    pub nics: Vec<String>,
    pub flavor: String,
}

#[derive(Clone, Debug, Default)]
pub struct Disk {
    pub side: usize,
    pub gib: i64,
    pub bootable: bool,
    pub server: Option<String>,
    pub pair: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    Waiting,
    Open,
    Work(BTreeSet<String>),
    Close,
}

/// What a job was asked beyond its operation and subject.
#[derive(Clone, Debug)]
pub enum Detail {
    Nothing,
    Aim(usize),
    Attach(String, char),
    Detach(String),
    Grow(i64),
    Replica { nic: bool, flavor: String },
    Target(bool),
    Nic(String),
    Flavors([Option<String>; 2]),
}

#[derive(Clone, Debug)]
pub struct Job {
    pub op: Op,
    pub subject: String,
    pub group: String,
    pub stage: Stage,
    pub failed: bool,
    pub detail: Detail,
}

/// What is under way: the job, its part (0 open, 1 work, 2 close) and what the work is on.
pub type Due = (u64, u8, String);

#[derive(Clone, Debug, Default)]
pub struct Model {
    pub defect: Option<Defect>,
    pub workers: Option<usize>,
    pub groups: BTreeMap<String, Group>,
    pub instances: BTreeMap<String, Instance>,
    pub pairs: BTreeMap<String, Pair>,
    pub drills: BTreeMap<String, Drill>,
    pub servers: BTreeMap<String, Server>,
    pub disks: BTreeMap<String, Disk>,
    pub jobs: BTreeMap<u64, Job>,
    pub waiting: VecDeque<u64>,
    pub last_job: u64,
    /// Jobs that ended in the last step, and whether well.
    pub ended: Vec<(u64, bool)>,
}

/// Whether creation or deletion failed, so that group operations pass the member by.
pub fn is_out(status: Word) -> bool {
    status == "error" || status == "error-deleting"
}

/// Operations in which the members pass through the statuses of their group.
pub fn is_of_group(op: Op) -> bool {
    matches!(
        op,
        Op::StartProtection
            | Op::Reprotect
            | Op::StopProtection
            | Op::Failover
            | Op::PlannedFailover
    )
}

impl Model {
    pub fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    pub fn pairs_of(&self, group: &str) -> Vec<String> {
        let pairs = self.pairs.iter().filter(|(_, p)| p.group == group);
        pairs.map(|(name, _)| name.clone()).collect()
    }

    pub fn instances_of(&self, group: &str) -> Vec<String> {
        let members = self.instances.iter().filter(|(_, i)| i.group == group);
        members.map(|(name, _)| name.clone()).collect()
    }

    pub fn pairs_on(&self, instance: &str) -> Vec<String> {
        let on = |p: &Pair| p.attached.as_ref().is_some_and(|a| a.0 == instance);
        let pairs = self.pairs.iter().filter(|(_, p)| on(p));
        pairs.map(|(name, _)| name.clone()).collect()
    }

    /// `protected` if the group is, else `available`.
    pub fn follow(&self, group: &str) -> Word {
        if self.groups[group].status == "protected" {
            "protected"
        } else {
            "available"
        }
    }

    /// Whether a member of the group runs an operation of its own.
    pub fn has_busy_member(&self, group: &str) -> bool {
        let own = |work: &Option<Work>| work.as_ref().is_some_and(|w| w.own);
        self.instances
            .values()
            .any(|i| i.group == group && own(&i.work))
            || self
                .pairs
                .values()
                .any(|p| p.group == group && own(&p.work))
    }

    /// Whether a pair of the instance, or one on its way to it, runs an operation of its own.
    pub fn has_busy_pair(&self, instance: &str) -> bool {
        self.pairs.values().any(|pair| {
            let Some(work) = pair.work.filter(|work| work.own) else {
                return false;
            };
            let on = pair.attached.as_ref().is_some_and(|a| a.0 == instance);
            let to = matches!(&self.jobs[&work.job].detail, Detail::Attach(i, _) if i == instance);
            on || to
        })
    }

    /// Whether a server of the group's members at a side runs.
    pub fn runs_at(&self, group: &str, side: usize) -> bool {
        self.instances
            .values()
            .filter(|i| i.group == group)
            .filter_map(|i| i.servers[side].as_ref())
            .any(|s| self.servers[s].on)
    }

    pub fn any_runs(&self, instance: &str) -> bool {
        let servers = self.instances[instance].servers.iter().flatten();
        servers.into_iter().any(|s| self.servers[s].on)
    }

    /// Everything that is under way, in order.
    pub fn due(&self) -> Vec<Due> {
        let mut due = Vec::new();
        for (&number, job) in &self.jobs {
            match &job.stage {
                Stage::Waiting => {}
                Stage::Open => due.push((number, 0, String::new())),
                Stage::Work(left) => due.extend(left.iter().map(|on| (number, 1, on.clone()))),
                Stage::Close => due.push((number, 2, String::new())),
            }
        }
        due
    }

    pub fn set_status(&mut self, name: &str, to: Word) {
        if let Some(x) = self.groups.get_mut(name) {
            x.status = to;
        } else if let Some(x) = self.instances.get_mut(name) {
            x.status = to;
        } else if let Some(x) = self.pairs.get_mut(name) {
            x.status = to;
        } else if let Some(x) = self.drills.get_mut(name) {
            x.status = to;
        }
    }

    fn work_mut(&mut self, name: &str) -> Option<(&mut Option<Work>, Word)> {
        if let Some(x) = self.groups.get_mut(name) {
            Some((&mut x.work, x.status))
        } else if let Some(x) = self.instances.get_mut(name) {
            Some((&mut x.work, x.status))
        } else if let Some(x) = self.pairs.get_mut(name) {
            Some((&mut x.work, x.status))
        } else if let Some(x) = self.drills.get_mut(name) {
            Some((&mut x.work, x.status))
        } else {
            None
        }
    }

    /// A job takes a resource: it remembers the status before and shows `during`.
    pub fn take(&mut self, name: &str, job: u64, during: Word, own: bool) {
        let (work, prior) = self
            .work_mut(name)
            .expect("the resource was named by the call");
        *work = Some(Work { job, prior, own });
        self.set_status(name, during);
    }

    /// A job lets go of a resource; the status before it.
    pub fn release(&mut self, name: &str) -> Option<Word> {
        let (work, _) = self.work_mut(name)?;
        work.take().map(|work| work.prior)
    }

    /// A native deletion took a server of the instance: it is `invalid` whenever nothing runs on it.
    pub fn settle_instance(&mut self, name: &str, to: Word) {
        let lost = self.instances[name].lost;
        let to = if lost && !is_out(to) { "invalid" } else { to };
        self.set_status(name, to);
    }
}
