//! The state of a simulated region: plain data, cloneable, readable by everyone and changed by `machine/` alone.
//!
//! Every resource lives in a slot map, or in what is like one ([`arena`]), which gives cheap access by key; its *serial*, which is never used again, gives
//! the order of lists; its *stable key* gives its ids and its chance. What is not here: time's passing, chance, and the
//! rules.

pub mod arena;
pub mod check;
pub mod copied;
pub mod fault;
pub mod flow;
pub mod health;
pub(crate) mod index;
pub mod job;
pub mod label;
pub mod life;
pub mod machinery;
pub mod place;
pub mod protection;
pub mod rare;
pub(crate) mod refill;
pub mod replica;
pub mod roster;
pub mod settings;
pub mod topology;
pub mod watched;

use crate::sdrs::op::Op;
use crate::sdrs::policy::PolicySet;
use crate::sdrs::status::{Kind, Status};
use crate::time::{Calendar, SimTime, Span};
use arena::Arena;
use copied::Copied;
use fault::{Hazard, Held, Marks};
use flow::{Aim, Flows};
use index::Index;
use job::{Job, Task};
use label::{Label, Name, Stable, Word, Words};
use life::Life;
use machinery::{Disk, Server};
use place::{Az, Domain, Eip, Flavor, Nic, Project, Quotas, Site, Subnet, Usage, Vpc};
use protection::{Drill, Group, Instance, Pair};
use refill::{Room, clone_by_field};
use serde::{Deserialize, Serialize};
use settings::Settings;
use slotmap::{SlotMap, new_key_type};
use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use topology::Topology;
use watched::Watched;

new_key_type! {
    /// The slot of a project.
    pub struct ProjectKey;
    /// The slot of a site.
    pub struct SiteKey;
    /// The slot of an availability zone.
    pub struct AzKey;
    /// The slot of a domain.
    pub struct DomainKey;
    /// The slot of a VPC.
    pub struct VpcKey;
    /// The slot of a subnet.
    pub struct SubnetKey;
    /// The slot of a NIC.
    pub struct NicKey;
    /// The slot of a public address.
    pub struct EipKey;
    /// The slot of a flavor.
    pub struct FlavorKey;
    /// The slot of a server.
    pub struct ServerKey;
    /// The slot of a disk.
    pub struct DiskKey;
    /// The slot of a protection group.
    pub struct GroupKey;
    /// The slot of a protected instance.
    pub struct InstanceKey;
    /// The slot of a replication pair.
    pub struct PairKey;
    /// The slot of a DR drill.
    pub struct DrillKey;
    /// The slot of a job.
    pub struct JobKey;
    /// The slot of a failed task.
    pub struct TaskKey;
    /// The slot of a link.
    pub struct LinkKey;
    /// The slot of a route.
    pub struct RouteKey;
    /// The slot of a relay or quorum witness.
    pub struct NodeKey;
    /// The slot of a duct.
    pub struct DuctKey;
    /// The slot of a class of copies that share one route and one rate limit.
    pub struct FlowKey;
}

/// Any resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // Each variant holds the key of the kind that it names.
pub enum Who {
    Project(ProjectKey),
    Site(SiteKey),
    Az(AzKey),
    Domain(DomainKey),
    Vpc(VpcKey),
    Subnet(SubnetKey),
    Nic(NicKey),
    Eip(EipKey),
    Flavor(FlavorKey),
    Server(ServerKey),
    Disk(DiskKey),
    Group(GroupKey),
    Instance(InstanceKey),
    Pair(PairKey),
    Drill(DrillKey),
    Job(JobKey),
    Link(LinkKey),
    Node(NodeKey),
    Duct(DuctKey),
}

impl Who {
    /// The published kind, for the four that have statuses.
    pub const fn kind(self) -> Option<Kind> {
        match self {
            Who::Group(_) => Some(Kind::ProtectionGroup),
            Who::Instance(_) => Some(Kind::ProtectedInstance),
            Who::Pair(_) => Some(Kind::ReplicationPair),
            Who::Drill(_) => Some(Kind::DisasterRecoveryDrill),
            _ => None,
        }
    }

    /// The word for this kind of resource in messages.
    pub const fn word(self) -> &'static str {
        match self {
            Who::Project(_) => "project",
            Who::Site(_) => "site",
            Who::Az(_) => "AZ",
            Who::Domain(_) => "domain",
            Who::Vpc(_) => "VPC",
            Who::Subnet(_) => "subnet",
            Who::Nic(_) => "NIC",
            Who::Eip(_) => "EIP",
            Who::Flavor(_) => "flavor",
            Who::Server(_) => "server",
            Who::Disk(_) => "disk",
            Who::Group(_) => "protection group",
            Who::Instance(_) => "protected instance",
            Who::Pair(_) => "replication pair",
            Who::Drill(_) => "DR drill",
            Who::Job(_) => "job",
            Who::Link(_) => "link",
            Who::Node(_) => "network node",
            Who::Duct(_) => "duct",
        }
    }
}

/// The control plane: who works on jobs.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Control {
    /// Jobs that a worker has.
    pub running: u32,
    /// Jobs that wait as INIT, first come first served.
    pub waiting: VecDeque<JobKey>,
    /// The AZ it stands in and falls with; None: it is regional.
    pub az: Option<AzKey>,
    /// How many faults of its own hold it down.
    pub down: u32,
    /// Since when it stands still.
    pub since: Option<SimTime>,
    /// How long it has stood still in all, at the end of each standstill.
    pub stood: Vec<Span>,
    /// Ends of pieces of jobs that came while it stood still.
    pub held: Vec<Held>,
}

clone_by_field!(Control { running, waiting, az, down, since, stood, held } trees {  } maps {  });

impl Control {
    /// How many standstills have ended.
    pub fn turn(&self) -> u32 {
        self.stood.len() as u32
    }
}

/// How many sub-jobs finished jobs still hold, and the finished jobs that hold them, oldest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SubsKept(pub usize, pub VecDeque<JobKey>);

impl Clone for SubsKept {
    fn clone(&self) -> Self {
        SubsKept(self.0, self.1.clone())
    }

    fn clone_from(&mut self, source: &Self) {
        self.0 = source.0;
        self.1.clone_from(&source.1);
    }
}

/// The state of a region.
///
/// `clone_from` refills the room that is there: it allocates only where the source has more than there was room for, or
/// where a set or map in a tree holds something else.
#[derive(Debug, Serialize, Deserialize)]
pub struct World {
    /// The region's name.
    pub region: String,
    /// The instant of the last command or event that came to the machine.
    pub now: SimTime,
    /// The seed from which ids derive.
    pub seed: u64,
    /// What instant the run begins at.
    pub calendar: Calendar,
    /// Policies, pace and limits.
    pub settings: Settings,
    /// By operation: how long after one sub-job begins the next one does.
    pub staggers: Vec<Span>,
    /// All names and labels.
    pub words: Words,
    /// The project that commands belong to unless they name another.
    pub default_project: ProjectKey,
    /// Projects.
    pub projects: SlotMap<ProjectKey, Project>,
    /// Sites.
    pub sites: SlotMap<SiteKey, Site>,
    /// Availability zones.
    pub azs: SlotMap<AzKey, Az>,
    /// Active-active domains.
    pub domains: SlotMap<DomainKey, Domain>,
    /// VPCs.
    pub vpcs: SlotMap<VpcKey, Vpc>,
    /// Subnets.
    pub subnets: SlotMap<SubnetKey, Subnet>,
    /// NICs.
    pub nics: SlotMap<NicKey, Nic>,
    /// Public addresses.
    pub eips: SlotMap<EipKey, Eip>,
    /// Flavors.
    pub flavors: SlotMap<FlavorKey, Flavor>,
    /// Servers.
    pub servers: SlotMap<ServerKey, Server>,
    /// Disks.
    pub disks: Watched<SlotMap<DiskKey, Disk>>,
    /// Protection groups.
    pub groups: SlotMap<GroupKey, Group>,
    /// Protected instances.
    pub instances: SlotMap<InstanceKey, Instance>,
    /// Replication pairs.
    pub pairs: Arena<PairKey, Pair>,
    /// What the ended and interrupted copies of pairs have carried; see [`World::copied`].
    pub copied: Watched<Copied>,
    /// DR drills.
    pub drills: SlotMap<DrillKey, Drill>,
    /// The network between AZs.
    pub topology: Topology,
    /// Jobs, running and finished.
    pub jobs: SlotMap<JobKey, Job>,
    /// Failed tasks.
    pub tasks: SlotMap<TaskKey, Task>,
    /// Finished jobs, oldest first.
    pub finished: VecDeque<JobKey>,
    /// Failed tasks, oldest first; deleted ones may linger as stale keys.
    pub failures: VecDeque<TaskKey>,
    /// How many sub-jobs finished jobs still hold, and the finished jobs that hold them, oldest first.
    pub subs_kept: SubsKept,
    /// The control plane.
    pub control: Control,
    /// Copies under way and the links that they share.
    pub flows: Flows,
    /// What breaks by itself.
    pub hazards: Vec<Hazard>,
    /// How many faults stand: they have struck and were not mended. One whose target has gone since still counts.
    pub standing: u32,
    /// What broke and was not assessed yet.
    pub marks: Marks,
    /// The policies of which another value would have decided something differently so far.
    pub hung: PolicySet,
    /// How many resources of each kind show each status.
    pub census: [[u32; Status::ALL.len()]; Kind::ALL.len()],
    /// By the stable key of a group, instance, pair or drill that is gone: the epoch its label would go on with.
    pub past: BTreeMap<u64, u32>,
    /// The next serial.
    pub next_serial: u32,
    /// The number of the newest job.
    pub last_job: u64,
    /// Where resources are by stable key.
    #[serde(skip)]
    pub(crate) index: Index,
    /// Lists of sub-jobs to use again.
    #[serde(skip)]
    pub(crate) spare: Room<Vec<job::Subs>>,
    /// Room for the aims of one settlement.
    #[serde(skip)]
    pub(crate) aims: Room<Vec<Aim>>,
    /// Room for the copies that one event ends.
    #[serde(skip)]
    pub(crate) ended: Room<Vec<PairKey>>,
    /// Groups whose pairs have changed their fault levels since that was last told.
    #[serde(skip)]
    pub(crate) relevelled: Vec<GroupKey>,
}

clone_by_field!(World { region, now, seed, calendar, settings, staggers, words, default_project, projects, sites, azs, domains, vpcs, subnets, nics, eips, flavors, servers, disks, groups, instances, pairs, copied, drills, topology, jobs, tasks, finished, failures, subs_kept, control, flows, hazards, standing, marks, hung, census, next_serial, last_job, index, spare, aims, ended, relevelled } trees { past } maps {  });

impl World {
    /// An empty region.
    pub fn empty(region: &str, seed: u64, calendar: Calendar, settings: Settings) -> World {
        let mut words = Words::default();
        let label = Label::of("default", &mut words);
        let stable = label.stable(&words);
        let mut projects = SlotMap::with_key();
        let default_project = projects.insert(Project {
            label,
            stable,
            serial: 0,
            frozen: false,
            quotas: Quotas::default(),
            usage: Usage::default(),
        });
        let mut index = Index::default();
        index.insert(stable.0, Who::Project(default_project));
        World {
            region: region.to_owned(),
            now: SimTime::ZERO,
            seed,
            calendar,
            settings,
            staggers: vec![Span::ZERO; Op::ALL.len()],
            words,
            default_project,
            projects,
            sites: SlotMap::with_key(),
            azs: SlotMap::with_key(),
            domains: SlotMap::with_key(),
            vpcs: SlotMap::with_key(),
            subnets: SlotMap::with_key(),
            nics: SlotMap::with_key(),
            eips: SlotMap::with_key(),
            flavors: SlotMap::with_key(),
            servers: SlotMap::with_key(),
            disks: Watched::new(SlotMap::with_key()),
            groups: SlotMap::with_key(),
            instances: SlotMap::with_key(),
            pairs: Arena::default(),
            copied: Watched::default(),
            drills: SlotMap::with_key(),
            topology: Topology::default(),
            jobs: SlotMap::with_key(),
            tasks: SlotMap::with_key(),
            finished: VecDeque::new(),
            failures: VecDeque::new(),
            subs_kept: SubsKept::default(),
            control: Control::default(),
            flows: Flows::default(),
            hazards: Vec::new(),
            standing: 0,
            marks: Marks::default(),
            hung: PolicySet::default(),
            census: [[0; Status::ALL.len()]; Kind::ALL.len()],
            past: BTreeMap::new(),
            next_serial: 1,
            last_job: 0,
            index,
            spare: Room::default(),
            aims: Room::default(),
            ended: Room::default(),
            relevelled: Vec::new(),
        }
    }

    /// The same world with ids that derive from another seed. Nothing else depends on it.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> World {
        World { seed, ..self }
    }

    /// The same world under other settings. What is under way goes on as it began.
    #[must_use]
    pub fn with_settings(self, settings: Settings) -> World {
        World { settings, ..self }
    }

    /// The resource with this label.
    pub fn find(&self, label: &str) -> Option<Who> {
        self.at(Stable::of(label))
    }

    /// The resource with this stable key.
    pub fn at(&self, stable: Stable) -> Option<Who> {
        self.index.get(stable.0)
    }

    /// The text of a word.
    pub fn text(&self, word: Word) -> &str {
        self.words.text(word)
    }

    /// The text of a name.
    pub fn name(&self, name: Name) -> Cow<'_, str> {
        name.text(&self.words)
    }

    /// The label of a resource; of a job, `job 7`. Empty if the resource is gone.
    pub fn label(&self, who: Who) -> String {
        match self.label_of(who) {
            Some(label) => label.text(&self.words).into_owned(),
            None => match who {
                Who::Job(job) => self
                    .jobs
                    .get(job)
                    .map_or_else(String::new, |j| format!("job {}", j.number)),
                _ => String::new(),
            },
        }
    }

    /// The label of a resource that has one and still exists.
    pub fn label_of(&self, who: Who) -> Option<Label> {
        self.facts(who).map(|facts| facts.0)
    }

    /// The stable key of a resource that still exists.
    #[inline]
    pub fn stable(&self, who: Who) -> Option<Stable> {
        match who {
            // By far the most frequent question, and answered without the rest of the facts.
            Who::Pair(pair) => self.pairs.get(pair).map(|p| p.stable),
            Who::Job(job) => self.jobs.get(job).map(|j| j.stable),
            _ => self.facts(who).map(|facts| facts.1),
        }
    }

    /// The place in lists of a resource that still exists.
    pub fn serial(&self, who: Who) -> Option<u32> {
        self.facts(who).map(|facts| facts.2)
    }

    fn facts(&self, who: Who) -> Option<(Label, Stable, u32)> {
        macro_rules! of {
            ($($map:ident).+, $key:expr) => {
                self.$($map).+.get($key).map(|r| (r.label, r.stable, r.serial))
            };
        }
        match who {
            Who::Project(k) => of!(projects, k),
            Who::Site(k) => of!(sites, k),
            Who::Az(k) => of!(azs, k),
            Who::Domain(k) => of!(domains, k),
            Who::Vpc(k) => of!(vpcs, k),
            Who::Subnet(k) => of!(subnets, k),
            Who::Nic(k) => of!(nics, k),
            Who::Eip(k) => of!(eips, k),
            Who::Flavor(k) => of!(flavors, k),
            Who::Server(k) => of!(servers, k),
            Who::Disk(k) => of!(disks, k),
            Who::Group(k) => of!(groups, k),
            Who::Instance(k) => of!(instances, k),
            Who::Pair(k) => {
                let base = self.pairs.get_base(k)?;
                Some((base.label, self.pairs[k].stable, base.serial))
            }
            Who::Drill(k) => of!(drills, k),
            Who::Link(k) => of!(topology.links, k),
            Who::Node(k) => of!(topology.nodes, k),
            Who::Duct(k) => of!(topology.ducts, k),
            Who::Job(_) => None,
        }
    }

    /// Status and operation of a group, instance, pair or drill that exists.
    #[inline]
    pub fn life(&self, who: Who) -> Option<&Life> {
        match who {
            Who::Group(k) => self.groups.get(k).map(|r| &r.life),
            Who::Instance(k) => self.instances.get(k).map(|r| &r.life),
            Who::Pair(k) => self.pairs.get(k).map(|r| &r.life),
            Who::Drill(k) => self.drills.get(k).map(|r| &r.life),
            _ => None,
        }
    }

    /// The published UUID of a resource.
    pub fn uuid(&self, stable: Stable) -> u128 {
        stable.uuid(self.seed)
    }

    /// Whether a resource belongs to a project; sites, AZs, domains, flavors and the network between AZs belong to all.
    pub fn is_of(&self, who: Who, project: ProjectKey) -> bool {
        let owner = match who {
            Who::Project(k) => Some(k),
            Who::Vpc(k) => self.vpcs.get(k).map(|r| r.project),
            Who::Subnet(k) => self
                .subnets
                .get(k)
                .and_then(|s| self.vpcs.get(s.vpc))
                .map(|v| v.project),
            Who::Nic(k) => {
                let subnet = self.nics.get(k).and_then(|n| self.subnets.get(n.subnet));
                subnet.and_then(|s| self.vpcs.get(s.vpc)).map(|v| v.project)
            }
            Who::Eip(k) => self.eips.get(k).map(|r| r.project),
            Who::Server(k) => self.servers.get(k).map(|r| r.project),
            Who::Disk(k) => self.disks.get(k).map(|r| r.project),
            Who::Group(k) => self.groups.get(k).map(|r| r.project),
            Who::Instance(k) => self
                .instances
                .get(k)
                .and_then(|i| self.groups.get(i.group))
                .map(|g| g.project),
            Who::Pair(k) => self
                .pairs
                .get(k)
                .and_then(|p| self.groups.get(p.group))
                .map(|g| g.project),
            Who::Drill(k) => self
                .drills
                .get(k)
                .and_then(|d| self.groups.get(d.group))
                .map(|g| g.project),
            Who::Job(k) => self.jobs.get(k).map(|j| j.project),
            Who::Site(_)
            | Who::Az(_)
            | Who::Domain(_)
            | Who::Flavor(_)
            | Who::Link(_)
            | Who::Node(_)
            | Who::Duct(_) => return true,
        };
        owner == Some(project)
    }

    /// The AZ in which a group's production stands now.
    pub fn production_az(&self, group: &Group) -> AzKey {
        group.azs[group.station.index()]
    }

    /// An empty list for sub-jobs, one that was used before if there is one.
    pub(crate) fn spare_subs(&mut self) -> job::Subs {
        if self.spare.is_empty() {
            // As many lists come back, at the most, if all jobs are dropped at once.
            self.spare.reserve(self.jobs.len());
        }
        self.spare.pop().unwrap_or_default()
    }

    /// Shares with no other world what records have in room of their own.
    pub(crate) fn unshare(&mut self) {
        { self.pairs.values_mut() }.for_each(|pair| pair.rest.unshare());
        { self.disks.unseen().values_mut() }.for_each(|disk| disk.rest.unshare());
        for job in self.jobs.values_mut() {
            job.subs.unshare();
        }
        for members in { self.groups.values_mut() }.filter_map(|group| group.members.as_mut()) {
            *members = Arc::from(&members[..]);
        }
    }

    /// Ahead of a refill: lists of sub-jobs of jobs that the other world has not are used again. Allocates nothing.
    pub(crate) fn keep_room(&mut self, other: &World) {
        for (key, job) in &mut self.jobs {
            let room = self.spare.len() < self.spare.capacity();
            if room && !job.subs.is_empty() && !other.jobs.contains_key(key) {
                let mut subs = std::mem::take(&mut job.subs);
                subs.clear();
                self.spare.push(subs);
            }
        }
    }

    /// Rebuilds what a checkpoint does not hold.
    pub(crate) fn reindex(&mut self) {
        self.words.reindex();
        self.copied.enter(|pair| self.pairs.contains_key(pair));
        self.topology.reindex();
        macro_rules! enter {
            ($($($map:ident).+ => $variant:ident),*) => {
                $(for (key, r) in &self.$($map).+ {
                    self.index.insert(r.stable.0, Who::$variant(key));
                })*
            };
        }
        enter!(
            projects => Project, sites => Site, azs => Az, domains => Domain, vpcs => Vpc, subnets => Subnet,
            nics => Nic, eips => Eip, flavors => Flavor, servers => Server, disks => Disk, groups => Group,
            instances => Instance, pairs => Pair, drills => Drill, topology.links => Link, topology.nodes => Node,
            topology.ducts => Duct
        );
        for (key, job) in &self.jobs {
            self.index.insert(job.stable.0, Who::Job(key));
        }
    }
}
