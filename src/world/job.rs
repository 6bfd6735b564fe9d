//! Jobs, their sub-jobs and the failed tasks they leave (pages `sdrs_05_0101` and `sdrs_05_0901`).

use super::label::{Name, Stable};
use super::{GroupKey, InstanceKey, NicKey, PairKey, ProjectKey, Who};
use crate::cache::fetch;
use crate::hash;
use crate::sdrs::codes::Code;
use crate::sdrs::device::Device;
use crate::sdrs::op::Op;
use crate::time::{SimTime, Span};
use crate::units::Bytes;
use crate::world::protection::Side;
use crate::world::refill::clone_by_field;
use serde::{Deserialize, Serialize};
use std::iter::Peekable;
use std::sync::Arc;

/// The published status of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum JobStatus {
    /// Accepted, waiting for a worker.
    Init,
    /// A worker has it.
    Running,
    /// Ended well.
    Success,
    /// Ended with an error.
    Fail,
}

impl JobStatus {
    /// The published word.
    pub const fn name(self) -> &'static str {
        match self {
            JobStatus::Init => "INIT",
            JobStatus::Running => "RUNNING",
            JobStatus::Success => "SUCCESS",
            JobStatus::Fail => "FAIL",
        }
    }
}

/// A part of a job that takes time.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// From begin_time until the first sub-job may begin.
    Open,
    /// A sub-job, or the one piece of work of a job without sub-jobs.
    Work,
    /// From the end of the last sub-job until the job ends.
    Close,
}

/// What a job was asked to do beyond its operation and its subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Detail {
    /// Nothing.
    None,
    /// A group operation aims at this production site.
    Station(Side),
    /// Make the DR server with this primary NIC, addressed when the call was accepted, and this flavor.
    CreateInstance {
        /// The NIC; None if the production server has none.
        nic: Option<NicKey>,
        /// The flavor.
        flavor: super::FlavorKey,
    },
    /// Attach to the instance under the device name.
    Attach(InstanceKey, Device),
    /// Detach from the instance.
    Detach(InstanceKey),
    /// Expand to the size.
    Expand(Bytes),
    /// Delete an instance: its DR server too, its EIP too.
    DeleteInstance {
        /// Delete the DR server and its disks.
        target_server: bool,
        /// Release the DR server's EIP.
        target_eip: bool,
    },
    /// Delete a pair: its DR disk too.
    DeletePair {
        /// Delete the DR disk.
        target_volume: bool,
    },
    /// Plug in this NIC, made and addressed when the call was accepted.
    AddNic(NicKey),
    /// Take this NIC away.
    DeleteNic(NicKey),
    /// The flavors to resize to, by side.
    Resize([Option<super::FlavorKey>; 2]),
}

/// The resources that a job names in its `entities`. They are stable keys and not slots, because a job outlives them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entities {
    /// `server_group_id`
    pub group: Option<Stable>,
    /// `protected_instance_id`
    pub instance: Option<Stable>,
    /// `replication_pair_id`
    pub pair: Option<Stable>,
    /// `disaster_recovery_drill_id`
    pub drill: Option<Stable>,
    /// `nic_id`
    pub nic: Option<Stable>,
}

/// A sub-job of a group operation: the operation on one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sub {
    /// The pair.
    pub pair: PairKey,
    /// The pair's stable key.
    pub stable: Stable,
    /// When it begins.
    pub began: SimTime,
    /// When it ended.
    pub ended: Option<SimTime>,
    /// Why it failed.
    pub code: Option<Code>,
}

/// A pair and its stable key, as a sub-job names it.
pub(crate) type Member = (PairKey, Stable);

/// The sub-jobs of a job in the order in which they begin, by columns, of which an end touches 4 bytes.
///
/// Whom they are about is mostly all pairs of the group, so jobs share the list of these, and whoever is the first to need it makes it; a job
/// on some of them makes one of its own. What is read from a checkpoint shares none.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[repr(C)]
pub struct Subs {
    members: Option<Arc<[Member]>>,
    /// Those that failed, in the order of their ends.
    failed: Vec<(u32, Code)>,
    /// Those that ended later than a column says.
    late: Vec<(u32, SimTime)>,
    /// How long after the one before it each begins.
    stagger: Span,
    /// When the first one begins.
    opened: SimTime,
    /// So many microseconds after that each ended, or [`LATE`] or [`OPEN`]. The last, because an end looks at it.
    ended: Vec<u32>,
}

/// It has not ended.
const OPEN: u32 = u32::MAX;
/// It has ended, and `late` says when.
const LATE: u32 = u32::MAX - 1;

clone_by_field!(Subs { members, failed, late, stagger, opened, ended } trees {  } maps {  });

impl Subs {
    /// Forgets what it holds and keeps the room, for sub-jobs that begin one after another from an instant on.
    pub(crate) fn open(&mut self, at: SimTime, stagger: Span) {
        self.clear();
        (self.opened, self.stagger) = (at, stagger);
    }

    /// Forgets what it holds and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.members = None;
        self.ended.clear();
        self.failed.clear();
        self.late.clear();
    }

    /// These are the sub-jobs, in the order in which they begin, and none has ended.
    pub(crate) fn wait(&mut self, members: Arc<[Member]>) {
        self.ended.resize(members.len(), OPEN);
        self.members = Some(members);
    }

    /// Notes how one ended: well if `code` is None.
    #[inline]
    pub(crate) fn end(&mut self, place: u32, now: SimTime, code: Option<Code>) {
        let after = now.saturating_since(self.opened).as_micros();
        self.ended[place as usize] = match u32::try_from(after) {
            Ok(after) if after < LATE => after,
            _ => self.end_late(place, now),
        };
        if let Some(code) = code {
            self.failed.push((place, code));
        }
    }

    #[cold]
    fn end_late(&mut self, place: u32, now: SimTime) -> u32 {
        self.late.push((place, now));
        LATE
    }

    fn members(&self) -> &[Member] {
        self.members.as_deref().unwrap_or_default()
    }

    /// Shares its list with no other world.
    pub(crate) fn unshare(&mut self) {
        if let Some(members) = &mut self.members {
            *members = Arc::from(&members[..]);
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ended.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ended.is_empty()
    }

    /// How many failed.
    #[must_use]
    pub const fn failures(&self) -> usize {
        self.failed.len()
    }

    /// How long after the opening the one at this place begins.
    #[inline]
    #[must_use]
    pub fn delay(&self, place: u32) -> Span {
        self.stagger.saturating_mul(u64::from(place))
    }

    /// The pair of the one at a place.
    #[must_use]
    pub fn pair(&self, place: u32) -> Option<PairKey> {
        self.members().get(place as usize).map(|member| member.0)
    }

    /// Whether its columns go together, as they do unless somebody wrote them by hand.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let failed = self.failed.iter().map(|failed| failed.0);
        let mut places = failed.chain(self.late.iter().map(|late| late.0));
        let late = self.ended.iter().filter(|&&ended| ended == LATE).count();
        self.members().len() == self.len()
            && late == self.late.len()
            && places.all(|place| (place as usize) < self.len())
    }

    /// Has the place fetched where the end of one will be noted.
    #[inline(always)]
    pub(crate) fn fetch(&self, place: u32) {
        if let Some(ended) = self.ended.get(place as usize) {
            fetch(ended);
        }
    }

    /// Has what they hold fetched, or the first part of it.
    pub(crate) fn fetch_all(&self) {
        self.members()
            .first()
            .iter()
            .for_each(|member| fetch(*member));
        // A line of memory holds 16 ends.
        let lines = self.ended.iter().step_by(16).take(8);
        lines.for_each(fetch);
    }

    /// All of them in turn.
    pub fn iter(&self) -> impl Iterator<Item = Sub> + '_ {
        let mut codes = by_place(&self.failed);
        let mut late = by_place(&self.late);
        (0..self.len() as u32).map(move |place| {
            let (pair, stable) = self.members()[place as usize];
            let code = codes.next_if(|failed| failed.0 == place);
            let ended = match self.ended[place as usize] {
                OPEN => None,
                LATE => late.next_if(|late| late.0 == place).map(|late| late.1),
                after => Some(self.opened.saturating_add(Span::micros(after.into()))),
            };
            Sub {
                pair,
                stable,
                began: self.opened.saturating_add(self.delay(place)),
                ended,
                code: code.map(|failed| failed.1),
            }
        })
    }
}

/// What is noted of some sub-jobs, in the order of their places.
fn by_place<T: Copy>(some: &[(u32, T)]) -> Peekable<impl Iterator<Item = (u32, T)> + use<T>> {
    let mut some = some.to_vec();
    some.sort_unstable_by_key(|one| one.0);
    some.into_iter().peekable()
}

/// A job.
///
/// What the end of a sub-job looks at comes last, so that it lies together, and beside what the slot map notes of the slot: the order
/// here is the order in memory.
#[derive(Debug, Serialize, Deserialize)]
#[repr(C)]
pub struct Job {
    /// Its stable key, of its subject, operation and the subject's epoch.
    pub stable: Stable,
    /// Its project.
    pub project: ProjectKey,
    /// Its operation.
    pub op: Op,
    /// What it works on.
    pub subject: Who,
    /// The group it works in.
    pub group: Option<GroupKey>,
    /// The resources it names.
    pub entities: Entities,
    /// The label and name of the resource that a failed task would name.
    pub name: Name,
    /// Its status.
    pub status: JobStatus,
    /// The part under way while it is RUNNING.
    pub part: Part,
    /// When it was accepted.
    pub created: SimTime,
    /// When a worker took it.
    pub began: Option<SimTime>,
    /// When it ended.
    pub ended: Option<SimTime>,
    /// Why it failed.
    pub code: Option<Code>,
    /// Its sub-jobs.
    pub subs: Subs,
    /// What it was asked to do.
    pub detail: Detail,
    /// Its number in the run, from 1: how transcripts call it.
    pub number: u64,
    /// Sub-jobs that failed.
    pub failed: u32,
    /// Sub-jobs (or its one piece of work) that have not ended.
    pub left: u32,
}

clone_by_field!(Job { number, stable, project, op, subject, group, detail, entities, name, status, part, created, began, ended, code, subs, left, failed } trees {  } maps {  });

impl Job {
    /// Has it fetched, but for its sub-jobs.
    pub(crate) fn fetch(&self) {
        fetch(&self.stable);
        fetch(&self.entities.instance);
        fetch(&self.name);
        fetch(&self.began);
        fetch(&self.subs);
        fetch(&self.detail);
        fetch(&self.left);
    }

    /// The stable key of a sub-job, from which its id derives: of the job and of the pair.
    pub fn sub_stable(&self, sub: &Sub) -> Stable {
        Stable(hash::combine(self.stable.0, sub.stable.0))
    }
}

/// A failed task of the Task Center.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its stable key, of its job's.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// Its project.
    pub project: ProjectKey,
    /// The operation that failed.
    pub op: Op,
    /// The number of the failed job.
    pub job: u64,
    /// The stable key and the name of the resource.
    pub resource: (Stable, Name),
    /// The stable key and the name of the group, unless the task is of group level.
    pub group: Option<(Stable, Name)>,
    /// Whether it is of group level: the creation or deletion of a group.
    pub group_level: bool,
    /// Why the job failed.
    pub code: Code,
    /// When the job began.
    pub began: SimTime,
    /// When the job ended.
    pub ended: SimTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_sub_jobs_that_do_not_go_together_are_noticed() {
        let subs = |ended: usize, failed: u32, late: u32| Subs {
            members: Some([(PairKey::default(), Stable(1)); 2].into()),
            ended: [vec![OPEN; ended - 1], vec![LATE]].concat(),
            failed: vec![(failed, Code::of(1007))],
            late: vec![(late, SimTime::ZERO)],
            ..Subs::default()
        };
        assert!(subs(2, 0, 1).is_whole() && subs(2, 1, 0).is_whole());
        for (ended, failed, late) in [(2, 2, 0), (2, 0, 2), (1, 0, 0), (3, 0, 0)] {
            assert!(!subs(ended, failed, late).is_whole());
        }
        let mut unknown = subs(2, 0, 1);
        unknown.late.clear();
        assert!(!unknown.is_whole());
    }

    #[test]
    fn what_ends_late_is_told_to_the_microsecond() {
        let mut subs = Subs::default();
        let opened = SimTime::from_micros(7);
        subs.open(opened, Span::secs(1));
        subs.wait([(PairKey::default(), Stable(1)); 5].into());
        let spans = [0, u32::MAX - 2, u32::MAX - 1, u32::MAX].map(u64::from);
        for (place, micros) in (0..).zip(spans) {
            let ended = opened.saturating_add(Span::micros(micros));
            subs.end(place, ended, None);
            let all: Vec<Sub> = subs.iter().collect();
            assert_eq!(all[place as usize].ended, Some(ended));
            assert_eq!(all[4].ended, None);
        }
        assert!(subs.is_whole() && subs.late.len() == 2);
        let begun = subs.iter().map(|sub| sub.began.as_micros());
        assert_eq!(
            begun.collect::<Vec<_>>(),
            [7, 1_000_007, 2_000_007, 3_000_007, 4_000_007]
        );
    }
}
