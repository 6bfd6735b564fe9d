//! The failed tasks of the Task Center (pages `sdrs_05_0901` to `sdrs_05_0904`).
//!
//! A job that fails leaves one. The pages give tasks no id of their own, so a task has the id of its job. Tasks outlive
//! their jobs and the resources they speak of, which is why they hold stable keys and names and no slots.

use super::admit::Plan;
use super::command::Ref;
use super::effect::Effect;
use super::effects::Effects;
use super::make;
use super::refusal::Refusal;
use super::resolve::{Look, Lost};
use crate::sdrs::codes::Code;
use crate::sdrs::ids::parse_job_id;
use crate::sdrs::op::Op;
use crate::time::SimTime;
use crate::world::job::Task;
use crate::world::label::Stable;
use crate::world::{GroupKey, JobKey, TaskKey, Who, World};

/// The failed task that a reference names: the published id of its job, or the label `job-N` of the job's number.
pub(super) fn one(look: Look, task: &Ref) -> Result<Plan, Refusal> {
    look.or_refuse(find(look, task), task, "failed task", 201, 201)
        .map(|key| Plan::DropTasks(vec![key]))
}

fn find(look: Look, task: &Ref) -> Result<TaskKey, Lost> {
    let world = look.world;
    let wanted: Box<dyn Fn(&Task) -> bool> = match task {
        Ref::Id { id } => {
            let id = parse_job_id(id).ok_or(Lost::Malformed)?;
            let stable = Stable::from_uuid(id, world.seed).ok_or(Lost::Unknown)?;
            Box::new(move |task| task.stable == stable)
        }
        Ref::Key(who) => {
            let stable = world.stable(*who).ok_or(Lost::Unknown)?;
            Box::new(move |task| matches!(who, Who::Job(_)) && task.stable == stable)
        }
        Ref::Label(label) => {
            let number = number(label).ok_or(Lost::Unknown)?;
            Box::new(move |task| task.job == number)
        }
    };
    of(look, wanted).into_iter().next().ok_or(Lost::Unknown)
}

/// The number of a job in `job-7`, or in `job 7`, as transcripts write it.
fn number(label: &str) -> Option<u64> {
    let digits = label.strip_prefix("job")?.strip_prefix(['-', ' '])?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// The project's tasks of which something holds, oldest first.
fn of(look: Look, holds: impl Fn(&Task) -> bool) -> Vec<TaskKey> {
    let world = look.world;
    let is_wanted = |key: &TaskKey| {
        let task = world.tasks.get(*key);
        task.is_some_and(|task| task.project == look.project && holds(task))
    };
    world.failures.iter().copied().filter(is_wanted).collect()
}

/// The failed tasks inside a group, oldest first: those of its members and drills and of the operations on the group as
/// a whole, but not of its creation or deletion.
pub(super) fn of_group(look: Look, group: GroupKey) -> Vec<TaskKey> {
    let stable = look.world.groups[group].stable;
    of(look, |task| task.group.is_some_and(|own| own.0 == stable))
}

/// The failed tasks of group level, oldest first: creations and deletions of groups.
pub(super) fn of_group_level(look: Look) -> Vec<TaskKey> {
    of(look, |task| task.group_level)
}

/// Notes that a job failed. The oldest tasks go when there are more than are kept.
pub(super) fn record(world: &mut World, now: SimTime, job: JobKey, code: Code) {
    let serial = make::serial(world);
    let job = &world.jobs[job];
    let entities = &job.entities;
    let subject = match job.subject {
        Who::Group(_) => entities.group,
        Who::Instance(_) => entities.instance,
        Who::Pair(_) => entities.pair,
        _ => entities.drill,
    };
    let group_level = matches!(
        job.op,
        Op::CreateProtectionGroup | Op::DeleteProtectionGroup
    );
    let group = job.group.and_then(|group| world.groups.get(group));
    let task = Task {
        stable: job.stable,
        serial,
        project: job.project,
        op: job.op,
        job: job.number,
        resource: (subject.unwrap_or(job.stable), job.name),
        group: group
            .filter(|_| !group_level)
            .map(|group| (group.stable, group.name)),
        group_level,
        code,
        began: job.began.unwrap_or(job.created),
        ended: now,
    };
    let key = world.tasks.insert(task);
    world.failures.push_back(key);
    let kept = world.settings.failed_tasks_kept as usize;
    while world.tasks.len() > kept {
        let Some(oldest) = world.failures.pop_front() else {
            break;
        };
        world.tasks.remove(oldest);
    }
}

/// Deletes failed tasks.
pub(super) fn drop(world: &mut World, tasks: Vec<TaskKey>, out: &mut Effects) {
    let removed = tasks
        .into_iter()
        .filter_map(|key| world.tasks.remove(key))
        .count();
    if removed == 0 {
        return;
    }
    // Stale keys are swept out when they are half of the queue, so that deleting tasks one by one stays cheap.
    if world.failures.len() > 2 * world.tasks.len() {
        let tasks = &world.tasks;
        world.failures.retain(|key| tasks.contains_key(*key));
    }
    let count = u32::try_from(removed).unwrap_or(u32::MAX);
    out.push(Effect::TasksDeleted { count });
}

#[cfg(test)]
mod tests;
