//! From references to slots: the first two questions every operation answers, "is the id well-formed" and "does it exist".

use super::command::Ref;
use super::refusal::{NativeRefusal, Refusal};
use crate::sdrs::codes::Code;
use crate::sdrs::ids::parse_uuid;
use crate::sdrs::policy::Policies;
use crate::world::label::Stable;
use crate::world::{
    AzKey, DiskKey, DomainKey, DrillKey, EipKey, FlavorKey, GroupKey, InstanceKey, NicKey, PairKey,
    ProjectKey, ServerKey, SubnetKey, VpcKey, Who, World,
};

/// Why a reference leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It has not the shape of an id.
    Malformed,
    /// Nothing in the project has it.
    Unknown,
}

impl Ref {
    /// What the caller wrote, for messages.
    pub(crate) fn shown(&self, world: &World) -> String {
        match self {
            Ref::Key(who) => world.label(*who),
            Ref::Label(label) => label.clone(),
            Ref::Id { id } => id.clone(),
        }
    }

    /// The same reference by label, which has a serde form; for traces and counterexamples.
    pub fn named(&self, world: &World) -> Ref {
        match self {
            Ref::Key(who) => Ref::Label(world.label(*who)),
            other => other.clone(),
        }
    }

    /// The resource of any kind, if it exists and the project may see it.
    pub(crate) fn find(&self, world: &World, project: ProjectKey) -> Result<Who, Lost> {
        let who = match self {
            Ref::Key(who) => Some(*who),
            Ref::Label(label) => world.find(label),
            Ref::Id { id } => {
                let id = parse_uuid(id).ok_or(Lost::Malformed)?;
                Stable::from_uuid(id, world.seed).and_then(|stable| world.at(stable))
            }
        };
        who.filter(|&who| world.stable(who).is_some() && world.is_of(who, project))
            .ok_or(Lost::Unknown)
    }
}

/// Looks up kinds of resource for one project.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    pub world: &'a World,
    pub project: ProjectKey,
    /// The policies to decide under: the world's, unless somebody asks what others would have done.
    pub policies: Policies,
}

impl<'a> Look<'a> {
    /// A look with the world's own policies.
    pub(crate) fn new(world: &'a World, project: ProjectKey) -> Look<'a> {
        let policies = world.settings.policies;
        Look {
            world,
            project,
            policies,
        }
    }
}

macro_rules! lookups {
    ($($name:ident $variant:ident $key:ty),* $(,)?) => {
        impl Look<'_> {
            $(pub(crate) fn $name(self, reference: &Ref) -> Result<$key, Lost> {
                match reference.find(self.world, self.project)? {
                    Who::$variant(key) => Ok(key),
                    _ => Err(Lost::Unknown),
                }
            })*
        }
    };
}

lookups! {
    az Az AzKey,
    domain Domain DomainKey,
    vpc Vpc VpcKey,
    subnet Subnet SubnetKey,
    nic Nic NicKey,
    eip Eip EipKey,
    flavor Flavor FlavorKey,
    server Server ServerKey,
    disk Disk DiskKey,
    group Group GroupKey,
    instance Instance InstanceKey,
    pair Pair PairKey,
    drill Drill DrillKey,
}

impl Look<'_> {
    /// Turns a failed look-up into the refusal with the published codes for malformed and unknown.
    pub(crate) fn or_refuse<K>(
        self,
        found: Result<K, Lost>,
        reference: &Ref,
        word: &str,
        malformed: u16,
        unknown: u16,
    ) -> Result<K, Refusal> {
        found.map_err(|lost| {
            let (word, id) = (word.to_owned(), reference.shown(self.world));
            match lost {
                Lost::Malformed => Refusal::Malformed {
                    code: Code::of(malformed),
                    word,
                    id,
                },
                Lost::Unknown => Refusal::NotFound {
                    code: Code::of(unknown),
                    word,
                    id,
                },
            }
        })
    }

    /// Turns a failed look-up of a native act into its refusal.
    pub(crate) fn or_native<K>(
        self,
        found: Result<K, Lost>,
        reference: &Ref,
        word: &str,
    ) -> Result<K, Refusal> {
        found.map_err(|_| {
            let id = reference.shown(self.world);
            Refusal::Native(NativeRefusal::NotFound {
                word: word.to_owned(),
                id,
            })
        })
    }

    /// The group of an API call.
    pub(crate) fn api_group(self, reference: &Ref) -> Result<GroupKey, Refusal> {
        self.or_refuse(
            self.group(reference),
            reference,
            "protection group",
            207,
            1013,
        )
    }

    /// The instance of an API call.
    pub(crate) fn api_instance(self, reference: &Ref) -> Result<InstanceKey, Refusal> {
        self.or_refuse(
            self.instance(reference),
            reference,
            "protected instance",
            208,
            1320,
        )
    }

    /// The pair of an API call.
    pub(crate) fn api_pair(self, reference: &Ref) -> Result<PairKey, Refusal> {
        self.or_refuse(
            self.pair(reference),
            reference,
            "replication pair",
            213,
            1608,
        )
    }

    /// The drill of an API call.
    pub(crate) fn api_drill(self, reference: &Ref) -> Result<DrillKey, Refusal> {
        self.or_refuse(self.drill(reference), reference, "DR drill", 1900, 1902)
    }
}

impl Look<'_> {
    /// Refuses an id that has not the shape of one; whether it exists is asked later.
    pub(crate) fn or_well_formed(
        self,
        reference: &Ref,
        word: &str,
        code: u16,
    ) -> Result<(), Refusal> {
        match reference.find(self.world, self.project) {
            Err(Lost::Malformed) => Err(Refusal::Malformed {
                code: Code::of(code),
                word: word.to_owned(),
                id: reference.shown(self.world),
            }),
            _ => Ok(()),
        }
    }
}
