//! The lists: which parameters are well-formed, which resources meet them, and which page of those is asked for.

use super::ids::members_asked_for;
use super::published;
use super::{ListParameters, Scalar};
use crate::machine::command::Ref;
use crate::machine::refusal::Refusal;
use crate::machine::resolve::Look;
use crate::sdrs::codes::Code;
use crate::sdrs::limits;
use crate::sdrs::op::Op;
use crate::sdrs::rules::rule;
use crate::sdrs::status::{Class, Kind, Status};
use crate::sdrs::view::{self, View};
use crate::time::SimTime;
use crate::world::protection::Group;
use crate::world::{AzKey, GroupKey, InstanceKey, VpcKey, Who, World};

/// How many calendar months back `period_no_dr_drill` looks for a drill (`sdrs_05_0402`).
const DRILL_PERIOD_MONTHS: u32 = 3;

/// The page asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    offset: usize,
    limit: usize,
}

impl Page {
    /// Reads `limit` and `offset`; the code of a bad limit differs between the lists and the tag query.
    pub(super) fn read(
        limit: Option<&Scalar>,
        offset: Option<&Scalar>,
        bad_limit: u16,
    ) -> Result<Page, Refusal> {
        let (least, most) = (limits::LIST_LIMIT_MIN as i64, limits::LIST_LIMIT_MAX as i64);
        let limit = match limit {
            None => limits::LIST_LIMIT_DEFAULT as i64,
            Some(given) => given
                .integer()
                .filter(|n| (least..=most).contains(n))
                .ok_or_else(|| bad(bad_limit, "limit", &given.shown()))?,
        };
        let offset = match offset {
            None => 0,
            Some(given) => given
                .integer()
                .filter(|n| *n >= 0)
                .ok_or_else(|| bad(222, "offset", &given.shown()))?,
        };
        Ok(Page {
            offset: offset as usize,
            limit: limit as usize,
        })
    }

    /// This page of everything.
    pub(super) fn of<T>(self, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        all.into_iter().skip(self.offset).take(self.limit)
    }
}

pub(super) fn bad(code: u16, parameter: &str, value: &str) -> Refusal {
    let (parameter, value) = (parameter.to_owned(), value.to_owned());
    Refusal::Parameter {
        code: Code::of(code),
        parameter,
        value,
    }
}

/// The parameters of a list, read and looked up.
pub(super) struct Filters<'a> {
    look: Look<'a>,
    page: Page,
    given: &'a ListParameters,
    status: Option<Status>,
    az: Option<AzKey>,
    vpc: Option<VpcKey>,
    /// Each once.
    groups: Option<Vec<GroupKey>>,
    instances: Option<Vec<InstanceKey>>,
}

impl<'a> Filters<'a> {
    /// Reads the parameters of the list `op`: those that its page names, well-formed, with known words.
    pub(super) fn new(
        look: Look<'a>,
        op: &str,
        given: &'a ListParameters,
    ) -> Result<Self, Refusal> {
        let row = rule(Op::named(op).expect("the lists are operations"));
        for (name, value) in present(given) {
            if !row.filters.contains(&name) {
                return Err(bad(201, name, &value));
            }
        }
        let page = Page::read(given.limit.as_ref(), given.offset.as_ref(), 221)?;
        let status = match &given.status {
            None => None,
            Some(word) => Some(known_status(row.op, word)?),
        };
        if let Some(word) = given.query_type.as_deref().filter(|word| !word.is_empty())
            && !row.query_types.contains(&word)
        {
            return Err(bad(201, "query_type", word));
        }
        let az = match &given.availability_zone {
            None => None,
            Some(label) => Some(known_az(look.world, label)?),
        };
        if row.op == Op::ListFailedTasks {
            known_task_words(given)?;
        }
        let vpc = match &given.drill_vpc_id {
            None => None,
            Some(vpc) => Some(
                look.vpc(vpc)
                    .map_err(|_| bad(201, "drill_vpc_id", &vpc.shown(look.world)))?,
            ),
        };
        let (mut groups, instances) = members_asked_for(look, row.op, given)?;
        if let Some(groups) = &mut groups {
            groups.sort_unstable();
            groups.dedup();
        }
        Ok(Filters {
            look,
            page,
            given,
            status,
            az,
            vpc,
            groups,
            instances,
        })
    }

    fn world(&self) -> &'a World {
        self.look.world
    }

    fn is_named(&self, name: &str) -> bool {
        self.given
            .name
            .as_deref()
            .is_none_or(|wanted| name.contains(wanted))
    }

    fn is_in_az(&self, group: &Group) -> bool {
        self.az
            .is_none_or(|wanted| wanted == self.world().production_az(group))
    }

    /// Status and abnormality, which every kind has.
    fn is_in_status(&self, who: Who) -> bool {
        let Some(status) = self.world().reported(who) else {
            return false;
        };
        let abnormal = matches!(status.class(), Class::Error | Class::Fault);
        self.status.is_none_or(|wanted| wanted == status)
            && (self.given.query_type.as_deref() != Some("status_abnormal") || abnormal)
    }

    /// The keys to look through: the members of the groups that are asked for, or else all.
    fn among<K, I: Iterator<Item = K> + 'a>(
        &self,
        all: impl Iterator<Item = K> + 'a,
        of: impl Fn(&'a Group) -> I + 'a,
    ) -> Box<dyn Iterator<Item = K> + 'a> {
        let world = self.world();
        match self.groups.clone() {
            None => Box::new(all),
            Some(groups) => Box::new(groups.into_iter().flat_map(move |g| of(&world.groups[g]))),
        }
    }

    /// Of all keys of the project, sorted by serial, those that meet `meets`: how many, and this page of them.
    fn page<K: Copy>(
        &self,
        all: impl Iterator<Item = K>,
        who: impl Fn(K) -> Who,
        meets: impl Fn(K) -> bool,
    ) -> (u64, Vec<K>) {
        let world = self.world();
        let mut keys: Vec<K> = all
            .filter(|&key| world.is_of(who(key), self.look.project) && meets(key))
            .collect();
        keys.sort_by_key(|&key| world.serial(who(key)));
        let count = keys.len() as u64;
        (count, self.page.of(keys).collect())
    }
}

fn present(given: &ListParameters) -> Vec<(&'static str, String)> {
    let ids = |ids: &Option<Vec<Ref>>| ids.as_ref().map(|ids| format!("{} ids", ids.len()));
    let one = |id: &Option<Ref>| id.as_ref().map(|id| format!("{id:?}"));
    let number = |n: &Option<Scalar>| n.as_ref().map(Scalar::shown);
    let all = [
        ("limit", number(&given.limit)),
        ("offset", number(&given.offset)),
        ("status", given.status.clone()),
        ("name", given.name.clone()),
        ("query_type", given.query_type.clone()),
        ("availability_zone", given.availability_zone.clone()),
        ("server_group_id", one(&given.server_group_id)),
        ("server_group_ids", ids(&given.server_group_ids)),
        ("protected_instance_id", one(&given.protected_instance_id)),
        ("protected_instance_ids", ids(&given.protected_instance_ids)),
        ("drill_vpc_id", one(&given.drill_vpc_id)),
        ("failure_status", given.failure_status.clone()),
        ("resource_name", given.resource_name.clone()),
        ("resource_type", given.resource_type.clone()),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn known_status(op: Op, word: &str) -> Result<Status, Refusal> {
    let kind = match op {
        Op::ListProtectionGroups => Kind::ProtectionGroup,
        Op::ListProtectedInstances => Kind::ProtectedInstance,
        Op::ListReplicationPairs => Kind::ReplicationPair,
        _ => Kind::DisasterRecoveryDrill,
    };
    Status::named(word)
        .filter(|s| kind.published().contains(s))
        .ok_or_else(|| bad(209, "status", word))
}

fn known_az(world: &World, label: &str) -> Result<AzKey, Refusal> {
    match world.find(label) {
        Some(Who::Az(az)) => Ok(az),
        _ => Err(bad(201, "availability_zone", label)),
    }
}

fn known_task_words(given: &ListParameters) -> Result<(), Refusal> {
    let failures = || {
        Op::ALL
            .iter()
            .filter_map(|&op| rule(op).job)
            .map(|job| job.failure)
    };
    if let Some(word) = &given.failure_status
        && !failures().any(|known| known == word)
    {
        return Err(bad(201, "failure_status", word));
    }
    let kinds = [
        "server_groups",
        "protected_instances",
        "replications",
        "disaster_recovery_drills",
    ];
    match &given.resource_type {
        Some(word) if !kinds.contains(&word.as_str()) => Err(bad(201, "resource_type", word)),
        _ => Ok(()),
    }
}

/// `list_protection_groups` (`sdrs_05_0402`).
pub(super) fn groups(now: SimTime, filters: &Filters) -> View {
    let world = filters.world();
    let kind_of_query = filters.given.query_type.as_deref();
    let period = world.calendar.at(now).months_before(DRILL_PERIOD_MONTHS);
    let (count, keys) = filters.page(world.groups.keys(), Who::Group, |key| {
        let group = &world.groups[key];
        let asked = match kind_of_query {
            Some("stop_protected") => !published::is_protected(&group.life),
            Some("period_no_dr_drill") => {
                let drilled = |at| world.calendar.at(at) >= period;
                group.drills.is_empty() && !group.last_drill.is_some_and(drilled)
            }
            _ => true,
        };
        asked
            && filters.is_named(&world.name(group.name))
            && filters.is_in_az(group)
            && filters.is_in_status(Who::Group(key))
    });
    let server_groups = keys
        .into_iter()
        .map(|key| published::group(world, now, key))
        .collect();
    View::Groups(view::GroupList {
        count,
        server_groups,
    })
}

/// `list_protected_instances` (`sdrs_05_0503`).
pub(super) fn instances(now: SimTime, filters: &Filters) -> View {
    let world = filters.world();
    let all = filters.among(world.instances.keys(), |group| group.instances.iter());
    let (count, keys) = filters.page(all, Who::Instance, |key| {
        let instance = &world.instances[key];
        filters
            .instances
            .as_ref()
            .is_none_or(|wanted| wanted.contains(&key))
            && filters.is_named(&world.name(instance.name))
            && filters.is_in_az(&world.groups[instance.group])
            && filters.is_in_status(Who::Instance(key))
    });
    let protected_instances = keys
        .into_iter()
        .map(|key| published::instance(world, now, key))
        .collect();
    View::Instances(view::InstanceList {
        protected_instances,
        count,
    })
}

/// `list_replication_pairs` (`sdrs_05_0603`).
pub(super) fn pairs(now: SimTime, filters: &Filters) -> View {
    let world = filters.world();
    let all = filters.among(world.pairs.keys(), |group| group.pairs.iter());
    let (count, keys) = filters.page(all, Who::Pair, |key| {
        let pair = &world.pairs[key];
        let attached =
            |wanted: &Vec<InstanceKey>| pair.rest.attached.iter().any(|a| wanted.contains(&a.0));
        filters.instances.as_ref().is_none_or(attached)
            && filters.is_named(&world.name(world.pair_name(key)))
            && filters.is_in_az(&world.groups[pair.group])
            && filters.is_in_status(Who::Pair(key))
    });
    let replications = keys
        .into_iter()
        .map(|key| published::pair(world, now, key))
        .collect();
    View::Pairs(view::PairList {
        count,
        replications,
    })
}

/// `list_dr_drills` (`sdrs_05_0703`).
pub(super) fn drills(filters: &Filters) -> View {
    let world = filters.world();
    let all = filters.among(world.drills.keys(), |group| group.drills.iter().copied());
    let (count, keys) = filters.page(all, Who::Drill, |key| {
        let drill = &world.drills[key];
        filters.vpc.is_none_or(|wanted| drill.vpc == Some(wanted))
            && filters.is_named(&world.name(drill.name))
            && filters.is_in_status(Who::Drill(key))
    });
    let disaster_recovery_drills = keys
        .into_iter()
        .map(|key| published::drill(world, key))
        .collect();
    View::Drills(view::DrillList {
        count,
        disaster_recovery_drills,
    })
}

/// `list_failed_tasks` (`sdrs_05_0901`): without a group those of group level, with one those inside it. Of this list the
/// page does not say that names are searched for fuzzily, so `resource_name` is the whole name.
pub(super) fn tasks(filters: &Filters) -> View {
    let (world, given) = (filters.world(), filters.given);
    let groups = filters.groups.as_ref().map(|groups| {
        groups
            .iter()
            .map(|&g| world.groups[g].stable)
            .collect::<Vec<_>>()
    });
    let mut found: Vec<_> = world
        .tasks
        .values()
        .filter(|task| task.project == filters.look.project)
        .filter(|task| match &groups {
            None => task.group_level,
            Some(groups) => !task.group_level && task.group.is_some_and(|g| groups.contains(&g.0)),
        })
        .filter(|task| {
            let failure = rule(task.op).job.map(|job| job.failure);
            let name = world.name(task.resource.1);
            given
                .failure_status
                .as_deref()
                .is_none_or(|wanted| failure == Some(wanted))
                && given
                    .resource_name
                    .as_deref()
                    .is_none_or(|wanted| name == wanted)
                && given
                    .resource_type
                    .as_deref()
                    .is_none_or(|w| published::resource_type(task) == w)
        })
        .collect();
    found.sort_by_key(|task| task.serial);
    let count = found.len() as u64;
    let failure_jobs = filters
        .page
        .of(found)
        .map(|task| published::task(world, task))
        .collect();
    View::FailedTasks(view::FailedTaskList {
        count,
        failure_jobs,
    })
}
