//! What expectations see: the views of the world at an instant, by label.
//!
//! Members come in the order in which they were made. Failed tasks and quotas have no labels of their own: a task is called
//! `job-7` after the job that failed, a quota by its type (`server_groups`), in projects other than the default one after
//! the project (`tenant/server_groups`). Jobs are called by their number. Groups, instances and drills have a field
//! `report`: the figures of [`crate::report`] as of the instant.

use super::expect::{Collection, Scope};
use super::figures::{FIGURES, drilled};
use crate::machine::query::{job_number, some_of_pair, view_of};
use crate::report::Meter;
use crate::time::SimTime;
use crate::world::place::Project;
use crate::world::{Who, World};
use serde_json::{Value, json};

/// The world at an instant, and the answer of the query at hand.
pub(super) struct Sight<'a> {
    pub world: &'a World,
    pub now: SimTime,
    pub answer: Option<&'a Value>,
    /// Who knows the figures; None: nobody asks for them.
    pub meter: Option<&'a Meter>,
}

impl Sight<'_> {
    /// The view of a thing, with its figures if somebody knows them.
    fn view(&self, who: Who) -> Option<Value> {
        let mut view = view_of(self.world, self.now, who)?;
        let (world, now) = (self.world, self.now);
        let Some(meter) = self.meter else {
            return Some(view);
        };
        let figures = match who {
            Who::Group(key) => json!(meter.group(world, now, key)),
            Who::Instance(key) => json!(meter.instance(world, now, key)),
            Who::Drill(key) => json!(meter.drill(key).map(drilled)),
            _ => return Some(view),
        };
        if let Some(view) = view.as_object_mut() {
            view.insert(FIGURES.to_owned(), figures);
        }
        Some(view)
    }

    /// The members of a collection of resources, in order.
    fn members(&self, collection: Collection) -> Vec<Who> {
        let world = self.world;
        macro_rules! of {
            ($map:ident, $variant:ident) => {
                world
                    .$map
                    .iter()
                    .map(|(key, it)| (u64::from(it.serial), Who::$variant(key)))
                    .collect()
            };
        }
        let mut found: Vec<(u64, Who)> = match collection {
            Collection::Groups => of!(groups, Group),
            Collection::Instances => of!(instances, Instance),
            Collection::Pairs => { world.pairs.keys() }
                .map(|key| (world.pairs.base(key).serial.into(), Who::Pair(key)))
                .collect(),
            Collection::Drills => of!(drills, Drill),
            Collection::Domains => of!(domains, Domain),
            Collection::Sites => of!(sites, Site),
            Collection::Zones => of!(azs, Az),
            Collection::Servers => of!(servers, Server),
            Collection::Disks => of!(disks, Disk),
            Collection::Nics => of!(nics, Nic),
            Collection::Vpcs => of!(vpcs, Vpc),
            Collection::Subnets => of!(subnets, Subnet),
            Collection::Eips => of!(eips, Eip),
            Collection::Flavors => of!(flavors, Flavor),
            Collection::Jobs => world
                .jobs
                .iter()
                .map(|(key, job)| (job.number, Who::Job(key)))
                .collect(),
            Collection::Tasks | Collection::Quotas | Collection::Pools => Vec::new(),
        };
        found.sort_unstable();
        found.into_iter().map(|(_, who)| who).collect()
    }

    /// The failed tasks, oldest first.
    fn tasks(&self) -> impl Iterator<Item = (String, Value)> + '_ {
        let world = self.world;
        let alive = world
            .failures
            .iter()
            .filter_map(|&key| world.tasks.get(key));
        alive.map(|task| {
            let label = format!("job-{}", task.job);
            let of = |stable| world.at(stable).map(|who| world.label(who));
            let view = json!({
                "label": label,
                "job": task.job,
                "operation": task.op.name(),
                "resource": of(task.resource.0),
                "resource_name": world.name(task.resource.1),
                "group": task.group.and_then(|group| of(group.0)),
                "group_level": task.group_level,
                "error_code": task.code.to_string(),
                "project": world.label(Who::Project(task.project)),
            });
            (label, view)
        })
    }

    fn quotas(&self) -> Vec<(String, Value)> {
        let mut projects: Vec<_> = self.world.projects.iter().collect();
        projects.sort_by_key(|(_, project)| project.serial);
        let mut all = Vec::new();
        for (key, project) in projects {
            let owner = self.world.label(Who::Project(key));
            let of_default = key == self.world.default_project;
            for (kind, used, quota) in limits(project) {
                let label = if of_default {
                    kind.to_owned()
                } else {
                    format!("{owner}/{kind}")
                };
                let view = json!({"label": label, "type": kind, "project": owner, "used": used, "quota": quota});
                all.push((label, view));
            }
        }
        all
    }

    fn who_is(&self, collection: Collection, label: &str) -> Option<Who> {
        if collection == Collection::Jobs {
            let number = label
                .strip_prefix("job-")
                .or_else(|| label.strip_prefix("job "))
                .unwrap_or(label);
            return job_number(self.world, number.parse().ok()?).map(Who::Job);
        }
        let who = self.world.find(label)?;
        let fits = match who {
            Who::Group(_) => collection == Collection::Groups,
            Who::Instance(_) => collection == Collection::Instances,
            Who::Pair(_) => collection == Collection::Pairs,
            Who::Drill(_) => collection == Collection::Drills,
            Who::Domain(_) => collection == Collection::Domains,
            Who::Site(_) => collection == Collection::Sites,
            Who::Az(_) => collection == Collection::Zones,
            Who::Server(_) => collection == Collection::Servers,
            Who::Disk(_) => collection == Collection::Disks,
            Who::Nic(_) => collection == Collection::Nics,
            Who::Vpc(_) => collection == Collection::Vpcs,
            Who::Subnet(_) => collection == Collection::Subnets,
            Who::Eip(_) => collection == Collection::Eips,
            Who::Flavor(_) => collection == Collection::Flavors,
            Who::Project(_) | Who::Job(_) | Who::Link(_) | Who::Node(_) | Who::Duct(_) => false,
        };
        fits.then_some(who)
    }
}

/// The types of quota, in order.
pub(super) const QUOTAS: [&str; 5] = [
    "server_groups",
    "replications",
    "unattached_pairs",
    "vpcs",
    "subnets",
];

/// Each quota of a project with what is used of it, in the order of [`QUOTAS`].
fn limits(project: &Project) -> impl Iterator<Item = (&'static str, i64, i64)> {
    let (usage, quotas) = (&project.usage, &project.quotas);
    let amounts = [
        (usage.server_groups, quotas.server_groups),
        (usage.replications, quotas.replications),
        (usage.unattached_pairs, quotas.unattached_pairs),
        (usage.vpcs, quotas.vpcs),
        (usage.subnets, quotas.subnets),
    ];
    QUOTAS
        .into_iter()
        .zip(amounts)
        .map(|(name, (used, quota))| (name, used, quota))
}

impl Scope for Sight<'_> {
    fn visit(
        &self,
        collection: Collection,
        fields: Option<&[&str]>,
        visit: &mut dyn FnMut(&str, &Value),
    ) {
        match collection {
            Collection::Tasks => self.tasks().for_each(|(label, view)| visit(&label, &view)),
            Collection::Quotas => self
                .quotas()
                .iter()
                .for_each(|(label, view)| visit(label, view)),
            _ => {
                for who in self.members(collection) {
                    let some = match (who, fields) {
                        (Who::Pair(pair), Some(fields)) => some_of_pair(self.world, pair, fields),
                        _ => None,
                    };
                    if let Some(view) = some.or_else(|| self.view(who)) {
                        visit(&self.world.label(who), &view);
                    }
                }
            }
        }
    }

    fn member(&self, collection: Collection, label: &str) -> Option<Value> {
        match collection {
            Collection::Tasks => self
                .tasks()
                .find(|(own, _)| own == label)
                .map(|(_, view)| view),
            Collection::Quotas => self
                .quotas()
                .into_iter()
                .find(|(own, _)| own == label)
                .map(|(_, view)| view),
            _ => self.view(self.who_is(collection, label)?),
        }
    }

    fn labelled(&self, label: &str) -> Option<Value> {
        if let Some(answer) = self.answer.filter(|_| label == "answer") {
            return Some(answer.clone());
        }
        self.view(self.world.find(label)?)
    }

    fn visit_labels(&self, visit: &mut dyn FnMut(&str)) {
        for &collection in Collection::ALL {
            if collection != Collection::Jobs {
                for who in self.members(collection) {
                    visit(&self.world.label(who));
                }
            }
        }
    }
}
