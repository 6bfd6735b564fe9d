//! Building a world at rest: what stands before a run begins.
//!
//! Places have no commands, so the builder makes them itself; everything else comes about by the same commands, and so
//! under the same checks, as during a run, except that whatever takes time has ended at once. A world that is built this
//! way could have come about by itself. A scenario file is built by the same builder, so what a file may not say cannot be
//! built either: labels have one form and are given once, references lead somewhere, values are possible.

mod fault;
mod network;

pub use network::NewLink;

use super::admit::project_of;
use super::command::{Ask, Call, Command, Native, Ref};
use super::resolve::Look;
use super::transition::enter;
use super::{Answer, Effect, Effects, Event, Outcome, Refusal, admit, commit, happen, make};
use crate::sdrs::names::is_name;
use crate::time::{Calendar, SimTime};
use crate::world::label::{Label, Stable};
use crate::world::place::{
    Arbitration, Az, Domain, Flavor, FlavorClass, Mode, Places, Pool, Project, Quotas, Site, Usage,
};
use crate::world::settings::Settings;
use crate::world::{AzKey, DomainKey, FlavorKey, ProjectKey, SiteKey, Who, World};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use thiserror::Error;

/// Why a world cannot be built so.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A label is a name as the API has it: 1 to 64 letters, digits, `.`, `_` and `-`. What a command makes may also be
    /// labelled as a part, with `/` between such names.
    #[error("`{0}` is not a label: a label has 1 to 64 letters, digits, `.`, `_` and `-`")]
    NotALabel(String),
    /// Labels are unique in a world.
    #[error("the label `{0}` is taken")]
    LabelTaken(String),
    /// A reference leads nowhere.
    #[error("there is no {word} `{label}`")]
    Unknown {
        /// What was sought.
        word: &'static str,
        /// Its label.
        label: String,
    },
    /// A domain joins two AZs.
    #[error("the domain `{0}` joins an AZ with itself")]
    SameAz(String),
    /// A link joins two places.
    #[error("the link `{0}` joins a place with itself")]
    SameEnd(String),
    /// A quota is -1, which is unlimited, or counts from 0.
    #[error("the project `{project}` cannot have a quota of {limit} {of}")]
    Quota {
        /// The label of the project.
        project: String,
        /// What is limited.
        of: &'static str,
        /// The limit asked for.
        limit: i64,
    },
    /// A flavor has at least one CPU and one MiB of memory.
    #[error("the flavor `{0}` has no CPU or no memory")]
    EmptyFlavor(String),
    /// A hazard strikes something.
    #[error("the hazard `{0}` strikes nothing")]
    Harmless(String),
    /// The service or the cloud refuses it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A job that the command started failed. What it did before stands, as after a failed job of a run.
    #[error("{0} failed while the world was being built")]
    Failed(&'static str),
}

/// Makes a world; see [`World::builder`]. An error changes nothing, but for [`BuildError::Failed`].
#[derive(Clone, Debug)]
pub struct Builder {
    world: World,
    out: Effects,
    due: VecDeque<Event>,
    /// The stable keys of hazards.
    hazards: BTreeSet<Stable>,
}

/// What a new flavor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFlavor {
    /// Its class.
    pub class: FlavorClass,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Memory in MiB.
    pub ram_mib: u32,
    /// By AZ: how many more servers of this flavor can be made there; AZs that are left out hold any number.
    pub free: BTreeMap<String, u32>,
    /// By AZ: how many servers of this flavor may run there at once; AZs that are left out let any number run.
    pub running: BTreeMap<String, u32>,
}

impl World {
    /// Builds a world in Rust, held to what a scenario file is held to.
    ///
    /// ```
    /// use sdrsim::machine::BuildError;
    /// use sdrsim::time::Calendar;
    /// use sdrsim::world::{World, settings::Settings};
    ///
    /// let mut region = World::builder("eu-de", 1, Calendar::default(), Settings::default());
    /// region.site("north")?;
    /// region.az("az-1", "north")?;
    /// let nowhere = region.az("az-2", "south").unwrap_err();
    /// assert_eq!(nowhere.to_string(), "there is no site `south`");
    /// assert_eq!(region.finish().azs.len(), 1);
    /// # Ok::<(), BuildError>(())
    /// ```
    pub fn builder(region: &str, seed: u64, calendar: Calendar, settings: Settings) -> Builder {
        Builder::new(region, seed, calendar, settings)
    }
}

impl Builder {
    /// An empty region whose ids derive from the seed.
    pub fn new(region: &str, seed: u64, calendar: Calendar, settings: Settings) -> Builder {
        Builder::onto(World::empty(region, seed, calendar, settings))
    }

    /// Goes on building a world in which nothing has happened yet.
    #[must_use]
    pub fn onto(world: World) -> Builder {
        Builder {
            hazards: world.hazards.iter().map(|hazard| hazard.stable).collect(),
            world,
            out: Effects::new(),
            due: VecDeque::new(),
        }
    }

    /// The world as far as it is built.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Sets how long after one sub-job of an operation the next one begins.
    pub fn stagger(&mut self, op: crate::sdrs::op::Op, span: crate::time::Span) {
        self.world.staggers[op as usize] = span;
    }

    fn label(&mut self, text: &str) -> Result<Label, BuildError> {
        if !is_name(text) {
            return Err(BuildError::NotALabel(text.to_owned()));
        }
        if self.world.find(text).is_some() {
            return Err(BuildError::LabelTaken(text.to_owned()));
        }
        Ok(make::label(&mut self.world, text))
    }

    fn enter(&mut self, who: Who) {
        enter(&mut self.world, who, &mut self.out);
        self.out.clear();
    }

    /// Adds a project; `default` exists already and gets the quotas and the account's state.
    ///
    /// Errors: a quota below -1, then the label.
    pub fn project(
        &mut self,
        label: &str,
        quotas: Quotas,
        frozen: bool,
    ) -> Result<ProjectKey, BuildError> {
        check_quotas(label, &quotas)?;
        let default = self.world.default_project;
        if self.world.find(label) == Some(Who::Project(default)) {
            let project = &mut self.world.projects[default];
            (project.quotas, project.frozen) = (quotas, frozen);
            return Ok(default);
        }
        let label = self.label(label)?;
        let stable = label.stable(&self.world.words);
        let serial = make::serial(&mut self.world);
        let usage = Usage::default();
        let project = Project {
            label,
            stable,
            serial,
            frozen,
            quotas,
            usage,
        };
        let key = self.world.projects.insert(project);
        self.enter(Who::Project(key));
        Ok(key)
    }

    /// Adds a site. Error: the label.
    pub fn site(&mut self, label: &str) -> Result<SiteKey, BuildError> {
        let label = self.label(label)?;
        let stable = label.stable(&self.world.words);
        let serial = make::serial(&mut self.world);
        let key = self.world.sites.insert(Site {
            label,
            stable,
            serial,
            dark: 0,
        });
        self.enter(Who::Site(key));
        Ok(key)
    }

    /// Adds an AZ in a site. Errors: the site, then the label.
    pub fn az(&mut self, label: &str, site: &str) -> Result<AzKey, BuildError> {
        let Some(Who::Site(site)) = self.world.find(site) else {
            return Err(BuildError::Unknown {
                word: "site",
                label: site.to_owned(),
            });
        };
        let label = self.label(label)?;
        let stable = label.stable(&self.world.words);
        let serial = make::serial(&mut self.world);
        let key = self.world.azs.insert(Az {
            label,
            stable,
            serial,
            site,
            dark: 0,
            pool: Pool::default(),
        });
        self.enter(Who::Az(key));
        Ok(key)
    }

    fn find_az(&self, label: &str) -> Result<AzKey, BuildError> {
        let look = Look::new(&self.world, self.world.default_project);
        let unknown = || BuildError::Unknown {
            word: "AZ",
            label: label.to_owned(),
        };
        look.az(&Ref::Label(label.to_owned()))
            .map_err(|_| unknown())
    }

    /// Adds a domain that joins two AZs. Errors: the AZs, then the label.
    pub fn domain(
        &mut self,
        label: &str,
        azs: [&str; 2],
        sold_out: bool,
    ) -> Result<DomainKey, BuildError> {
        let keys = [self.find_az(azs[0])?, self.find_az(azs[1])?];
        if keys[0] == keys[1] {
            return Err(BuildError::SameAz(label.to_owned()));
        }
        let label = self.label(label)?;
        let stable = label.stable(&self.world.words);
        let serial = make::serial(&mut self.world);
        let description = self.world.words.intern("");
        let domain = Domain {
            label,
            stable,
            serial,
            name: label,
            description,
            azs: keys,
            sold_out,
            arbitration: Arbitration::Static,
            mode: Mode::Static,
            windows: 0,
        };
        let key = self.world.domains.insert(domain);
        self.enter(Who::Domain(key));
        Ok(key)
    }

    /// Adds a flavor. Errors: the AZs with limited room, no CPU or no memory, then the label.
    pub fn flavor(&mut self, label: &str, new: NewFlavor) -> Result<FlavorKey, BuildError> {
        let mut free = BTreeMap::new();
        for (az, room) in &new.free {
            free.insert(self.find_az(az)?, *room);
        }
        let mut running = BTreeMap::new();
        for (az, &most) in &new.running {
            running.insert(self.find_az(az)?, Places { most, taken: 0 });
        }
        if new.vcpus == 0 || new.ram_mib == 0 {
            return Err(BuildError::EmptyFlavor(label.to_owned()));
        }
        let label = self.label(label)?;
        let stable = label.stable(&self.world.words);
        let serial = make::serial(&mut self.world);
        let (class, vcpus, ram_mib) = (new.class, new.vcpus, new.ram_mib);
        let key = self.world.flavors.insert(Flavor {
            label,
            stable,
            serial,
            class,
            vcpus,
            ram_mib,
            free,
            running,
        });
        self.enter(Who::Flavor(key));
        Ok(key)
    }

    /// Carries a command out; whatever it starts has ended when this returns.
    ///
    /// Errors: the form of the label that it gives, what the service or the cloud refuses, and a job that fails.
    pub fn now(&mut self, command: impl Into<Command>) -> Result<Answer, BuildError> {
        let command = command.into();
        project_of(&self.world, command.project.as_deref())?;
        if let Some(label) = given_label(&command.ask)
            && !label.split('/').all(is_name)
        {
            return Err(BuildError::NotALabel(label.to_owned()));
        }
        let admitted = admit(&self.world, &command)?;
        let answer = commit(&mut self.world, SimTime::ZERO, admitted, &mut self.out);
        self.take_in();
        while let Some(event) = self.due.pop_front() {
            happen(&mut self.world, SimTime::ZERO, event, &mut self.out);
            self.take_in();
        }
        if let Answer::Job(job) = answer
            && let Some(job) = self.world.jobs.get(job)
            && job.code.is_some()
        {
            return Err(BuildError::Failed(job.op.name()));
        }
        Ok(answer)
    }

    fn take_in(&mut self) {
        for effect in self.out.drain() {
            match effect {
                Effect::Begin {
                    who, epoch, doing, ..
                } => {
                    let outcome = Outcome::Done;
                    self.due.push_back(Event::Settled {
                        who,
                        epoch,
                        doing,
                        outcome,
                        turn: 0,
                    });
                }
                Effect::CopyBegan { pair, copies } => {
                    self.due.push_back(Event::Synced { pair, copies });
                }
                _ => {}
            }
        }
    }

    /// The world at rest. The jobs that built it are forgotten, so that a run begins with job 1.
    pub fn finish(mut self) -> World {
        let world = &mut self.world;
        world.topology.refresh(&mut Vec::new(), &mut Vec::new());
        // With their room, which every copy of the world would carry.
        for (key, job) in &std::mem::take(&mut world.jobs) {
            world.index.remove(job.stable.0, Who::Job(key));
        }
        world.finished = Default::default();
        world.spare = Default::default();
        world.subs_kept = Default::default();
        world.last_job = 0;
        self.world
    }
}

fn check_quotas(project: &str, quotas: &Quotas) -> Result<(), BuildError> {
    // Taken apart, so that a new quota is not forgotten here.
    let Quotas {
        server_groups,
        replications,
        instances_per_group,
        unattached_pairs,
        vpcs,
        subnets,
    } = *quotas;
    let all = [
        ("protection groups", server_groups),
        ("replication pairs", replications),
        ("protected instances per group", instances_per_group),
        ("unattached pairs", unattached_pairs),
        ("VPCs", vpcs),
        ("subnets", subnets),
    ];
    match all.into_iter().find(|(_, limit)| *limit < -1) {
        None => Ok(()),
        Some((of, limit)) => Err(BuildError::Quota {
            project: project.to_owned(),
            of,
            limit,
        }),
    }
}

/// The label that a command gives to what it makes, if it gives one.
fn given_label(ask: &Ask) -> Option<&str> {
    match ask {
        Ask::Call(Call::CreateProtectionGroup(new)) => new.label.as_deref(),
        Ask::Call(Call::CreateProtectedInstance(new)) => new.label.as_deref(),
        Ask::Call(Call::CreateReplicationPair(new)) => new.label.as_deref(),
        Ask::Call(Call::CreateDrDrill(new)) => new.label.as_deref(),
        Ask::Call(Call::AddNic { label, .. }) => label.as_deref(),
        Ask::Native(Native::CreateServer(new)) => Some(&new.label),
        Ask::Native(Native::CreateDisk(new)) => Some(&new.label),
        Ask::Native(
            Native::CreateVpc { label, .. }
            | Native::CreateSubnet { label, .. }
            | Native::CreateNic { label, .. }
            | Native::CreateEip { label, .. },
        ) => Some(label),
        Ask::Call(_) | Ask::Native(_) => None,
    }
}
