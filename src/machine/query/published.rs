//! The published views of single resources, built from the world.

use crate::sdrs::codes::{Code, row};
use crate::sdrs::ids::{format_job_id, format_uuid};
use crate::sdrs::rules::rule;
use crate::sdrs::status::{Class, Status};
use crate::sdrs::view;
use crate::time::{SimTime, TimeFormat};
use crate::world::job::{Job, JobStatus, Sub, Task};
use crate::world::label::Stable;
use crate::world::life::Life;
use crate::world::protection::{Copying, Instance, ProtectionType};
use crate::world::replica::Level;
use crate::world::{DrillKey, GroupKey, InstanceKey, JobKey, PairKey, ProjectKey, Who, World};

fn id(world: &World, stable: Stable) -> String {
    format_uuid(world.uuid(stable))
}

fn record_time(world: &World, at: SimTime) -> String {
    world.calendar.text(at, TimeFormat::Record)
}

fn job_time(world: &World, at: SimTime) -> String {
    world.calendar.text(at, TimeFormat::Job)
}

pub(super) fn status(world: &World, who: Who) -> Status {
    world
        .reported(who)
        .expect("the caller names a resource that exists")
}

/// What a code means, in the table's words.
pub(super) fn reason(code: Code) -> String {
    row(code).map_or_else(|| code.to_string(), |row| row.message.to_owned())
}

/// The bytes of a pair and how many of them are on the DR disk.
fn copied(world: &World, now: SimTime, key: PairKey) -> (u128, u128) {
    let left = world.left(key, now);
    let size = world
        .disks_of(key)
        .into_iter()
        .flatten()
        .next()
        .map_or(0, |disk| world.disks[disk].size.0);
    let left = left.0.min(size);
    (u128::from(size), u128::from(size - left))
}

/// Whole percent, rounded down: 100 only when nothing is left.
fn percent(done: impl Iterator<Item = (u128, u128)>) -> u8 {
    let (all, done) = done.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    (done * 100)
        .checked_div(all)
        .map_or(0, |percent| percent as u8)
}

/// Where a pair's copy stands as it is reported: one in step that an outage keeps from replicating has stopped.
fn standing(world: &World, key: PairKey) -> Copying {
    match world.pairs[key].copy {
        Copying::Active if world.level(key) != Level::Zero => Copying::Stopped,
        copy => copy,
    }
}

fn replication_status(copy: Copying) -> &'static str {
    match copy {
        Copying::Inactive => "inactive",
        Copying::Running | Copying::Waiting => "copying",
        Copying::Active => "active",
        Copying::Stopped => "active-stopped",
    }
}

/// A group reports the least advanced of its copies: copying before never started before stopped before in step. Without
/// a copy it is inactive.
fn group_replication(copies: impl Iterator<Item = Copying>) -> &'static str {
    let behind = |copy: &Copying| match copy {
        Copying::Running | Copying::Waiting => 3,
        Copying::Inactive => 2,
        Copying::Stopped => 1,
        Copying::Active => 0,
    };
    copies
        .max_by_key(behind)
        .map_or("inactive", replication_status)
}

/// Whether protection is enabled for a group (`protected_status`): from the end of its start to the end of its stop or
/// failover. A group under deletion is what it was before.
pub(super) fn is_protected(life: &Life) -> bool {
    let status = match (life.status, life.work()) {
        (Status::Deleting, Some(work)) => work.resume,
        (status, _) => status,
    };
    matches!(
        status,
        Status::Protected
            | Status::Stopping
            | Status::Reversing
            | Status::FailingOver
            | Status::ErrorStopping
            | Status::ErrorReversing
            | Status::ErrorFailingOver
    )
}

/// Whether a resource shows that something is wrong with it.
fn is_unwell(world: &World, who: Who) -> bool {
    matches!(status(world, who).class(), Class::Error | Class::Fault)
}

/// The view of a group (`sdrs_05_0403`).
pub(super) fn group(world: &World, now: SimTime, key: GroupKey) -> view::Group {
    let g = &world.groups[key];
    let status = status(world, Who::Group(key));
    let domain = &world.domains[g.domain];
    // A pair that is still being made, or whose making or deletion failed, has no copy to speak of.
    let copies = || {
        g.pairs.iter().filter(|&p| {
            let pair = &world.pairs[p];
            !pair.is_out() && pair.life.status != Status::Creating
        })
    };
    let abnormal = is_unwell(world, Who::Group(key))
        || g.pairs.iter().any(|p| is_unwell(world, Who::Pair(p)))
        || g.instances
            .iter()
            .any(|i| is_unwell(world, Who::Instance(i)));
    let started = is_protected(&g.life);
    let vpc = world
        .vpcs
        .get(g.vpc)
        .map_or_else(String::new, |vpc| id(world, vpc.stable));
    view::Group {
        id: id(world, g.stable),
        name: world.name(g.name).into_owned(),
        description: g.description.map(|d| world.text(d).to_owned()),
        source_availability_zone: world.label(Who::Az(g.azs[0])),
        target_availability_zone: world.label(Who::Az(g.azs[1])),
        domain_id: id(world, domain.stable),
        domain_name: world.name(domain.name).into_owned(),
        status: status.name().to_owned(),
        protected_status: Some(if started { "started" } else { "stopped" }.to_owned()),
        replication_status: Some(
            group_replication(copies().map(|p| standing(world, p))).to_owned(),
        ),
        health_status: Some(if abnormal { "abnormal" } else { "normal" }.to_owned()),
        progress: percent(copies().map(|p| copied(world, now, p))),
        priority_station: g.station.name().to_owned(),
        protected_instance_num: g.instances.len() as u64,
        replication_num: g.pairs.len() as u64,
        disaster_recovery_drill_num: g.drills.len() as u64,
        source_vpc_id: vpc.clone(),
        target_vpc_id: vpc,
        test_vpc_id: None,
        dr_type: "migration".to_owned(),
        server_type: "ECS".to_owned(),
        created_at: record_time(world, g.created),
        updated_at: record_time(world, g.updated),
        protection_type: match g.protection {
            ProtectionType::ReplicationPair => Some("replication-pair".to_owned()),
            ProtectionType::ConsistencyGroup => None,
        },
        replication_model: None,
    }
}

/// The tags of an instance by key.
pub(super) fn tags(instance: &Instance) -> Vec<view::Tag> {
    let tag = |(key, value): (&String, &String)| view::Tag {
        key: key.clone(),
        value: value.clone(),
    };
    instance.tags.iter().map(tag).collect()
}

/// The view of an instance (`sdrs_05_0504`).
pub(super) fn instance(world: &World, now: SimTime, key: InstanceKey) -> view::Instance {
    let i = &world.instances[key];
    let g = &world.groups[i.group];
    let server = |side: usize| {
        let server = i.servers[side].and_then(|s| world.servers.get(s));
        server.map_or_else(String::new, |s| id(world, s.stable))
    };
    let attachment = i.pairs.iter().map(|&pair| {
        let p = &world.pairs[pair];
        let device = p
            .rest
            .attached
            .iter()
            .find(|a| a.0 == key)
            .map_or_else(String::new, |a| a.1.to_string());
        view::InstanceAttachment {
            replication: id(world, p.stable),
            device,
        }
    });
    view::Instance {
        id: id(world, i.stable),
        name: world.name(i.name).into_owned(),
        description: i.description.map(|d| world.text(d).to_owned()),
        server_group_id: id(world, g.stable),
        status: status(world, Who::Instance(key)).name().to_owned(),
        progress: percent(i.pairs.iter().map(|&p| copied(world, now, p))),
        source_server: server(0),
        target_server: server(1),
        created_at: record_time(world, i.created),
        updated_at: record_time(world, i.updated),
        priority_station: g.station.name().to_owned(),
        attachment: attachment.collect(),
        tags: tags(i),
        metadata: view::InstanceMetadata::of(world.projects[g.project].frozen),
    }
}

/// The view of a pair (`sdrs_05_0604`).
pub(super) fn pair(world: &World, now: SimTime, key: PairKey) -> view::Pair {
    let p = &world.pairs[key];
    let g = &world.groups[p.group];
    let disks = world.disks_of(key);
    let ids = disks.map(|disk| disk.map(|d| id(world, world.disks[d].stable)));
    let disk = disks.into_iter().flatten().next().map(|d| &world.disks[d]);
    let status = status(world, Who::Pair(key));
    let attachment = p
        .rest
        .attached
        .iter()
        .map(|&(instance, device)| view::PairAttachment {
            device: device.to_string(),
            protected_instance: id(world, world.instances[instance].stable),
        });
    view::Pair {
        id: id(world, p.stable),
        name: world.name(world.pair_name(key)).into_owned(),
        description: p.rest.description.map(|d| world.text(d).to_owned()),
        replication_model: "hypermetro".to_owned(),
        status: status.name().to_owned(),
        progress: percent(std::iter::once(copied(world, now, key))),
        replication_status: replication_status(standing(world, key)).to_owned(),
        attachment: attachment.collect(),
        server_group_id: id(world, g.stable),
        volume_ids: match &ids {
            [Some(source), target] => view::Pair::volume_ids(source, target.as_deref()),
            [None, Some(target)] => target.clone(),
            [None, None] => String::new(),
        },
        priority_station: g.station.name().to_owned(),
        fault_level: world.level(key).name().to_owned(),
        created_at: world.calendar.text(p.rest.created, TimeFormat::Pair),
        updated_at: world.calendar.text(p.updated, TimeFormat::Pair),
        record_metadata: view::RecordMetadata {
            multiattach: disk.is_some_and(|d| d.shared),
            bootable: disk.is_some_and(|d| d.bootable),
            volume_size: disk.map_or(0, |d| d.size.gib_rounded_up()),
            volume_type: disk.map_or_else(String::new, |d| d.kind.name().to_owned()),
        },
        failure_detail: p
            .rest
            .failure
            .filter(|_| status == Status::Error)
            .map(|code| code.to_string()),
    }
}

/// The view of a drill (`sdrs_05_0704`).
pub(super) fn drill(world: &World, key: DrillKey) -> view::Drill {
    let d = &world.drills[key];
    let servers = d.servers.iter().filter_map(|&(instance, server)| {
        Some(view::DrillServer {
            protected_instance: world.instances.get(instance).map(|i| id(world, i.stable))?,
            drill_server_id: world.servers.get(server).map(|s| id(world, s.stable))?,
        })
    });
    let vpc = d.vpc.and_then(|vpc| world.vpcs.get(vpc));
    view::Drill {
        id: id(world, d.stable),
        name: world.name(d.name).into_owned(),
        status: status(world, Who::Drill(key)).name().to_owned(),
        server_group_id: id(world, world.groups[d.group].stable),
        drill_vpc_id: vpc.map_or_else(String::new, |vpc| id(world, vpc.stable)),
        created_at: record_time(world, d.created),
        updated_at: record_time(world, d.updated),
        drill_servers: servers.collect(),
    }
}

fn job_id(world: &World, stable: Stable) -> String {
    format_job_id(stable.uuid(world.seed))
}

/// The published type of a job's sub-jobs, or the job's with `Rep` before `NoCG`.
fn sub_job_type(job: &Job) -> String {
    let facts = rule(job.op).job.expect("a job's operation starts jobs");
    facts
        .sub_job_type
        .map_or_else(|| facts.job_type.replace("NoCG", "RepNoCG"), str::to_owned)
}

/// The view of a sub-job: the same in its job's `sub_jobs` and where it is asked for by its own id.
pub(super) fn sub_job(world: &World, now: SimTime, job: &Job, sub: &Sub) -> view::Job {
    let (status, begun) = match (sub.ended, sub.code) {
        (Some(_), None) => (JobStatus::Success, true),
        (Some(_), Some(_)) => (JobStatus::Fail, true),
        (None, _) if sub.began > now => (JobStatus::Init, false),
        (None, _) => (JobStatus::Running, true),
    };
    view::Job {
        status: status.name().to_owned(),
        entities: view::JobEntities {
            server_group_id: job.entities.group.map(|g| id(world, g)),
            replication_pair_id: Some(id(world, sub.stable)),
            ..Default::default()
        },
        job_id: job_id(world, job.sub_stable(sub)),
        job_type: sub_job_type(job),
        begin_time: begun.then(|| job_time(world, sub.began)),
        end_time: sub.ended.map(|at| job_time(world, at)),
        error_code: sub.code.map(|code| code.to_string()),
        fail_reason: sub.code.map(reason),
    }
}

/// The view of a job (`sdrs_05_0101`).
pub(super) fn job(world: &World, now: SimTime, key: JobKey) -> view::Job {
    let j = &world.jobs[key];
    let facts = rule(j.op).job.expect("a job's operation starts jobs");
    let entity = |stable: Option<Stable>| stable.map(|s| id(world, s));
    view::Job {
        status: j.status.name().to_owned(),
        entities: view::JobEntities {
            server_group_id: entity(j.entities.group),
            protected_instance_id: entity(j.entities.instance),
            replication_pair_id: entity(j.entities.pair),
            disaster_recovery_drill_id: entity(j.entities.drill),
            nic_id: entity(j.entities.nic),
            sub_jobs: j
                .subs
                .iter()
                .map(|sub| sub_job(world, now, j, &sub))
                .collect(),
        },
        job_id: job_id(world, j.stable),
        job_type: facts.job_type.to_owned(),
        begin_time: j.began.map(|at| job_time(world, at)),
        end_time: j.ended.map(|at| job_time(world, at)),
        error_code: j.code.map(|code| code.to_string()),
        fail_reason: j.code.map(reason),
    }
}

/// The published kind of the resource that an operation's failed task names.
pub(super) fn resource_type(task: &Task) -> &'static str {
    use crate::sdrs::status::Kind;
    let row = rule(task.op);
    let touched = Kind::ALL
        .iter()
        .copied()
        .find(|&kind| row.moves_of(kind).is_some());
    match touched {
        Some(Kind::ProtectionGroup) | None => "server_groups",
        Some(Kind::ProtectedInstance) => "protected_instances",
        Some(Kind::ReplicationPair) => "replications",
        Some(Kind::DisasterRecoveryDrill) => "disaster_recovery_drills",
    }
}

/// The view of a failed task (`sdrs_05_0901`).
pub(super) fn task(world: &World, task: &Task) -> view::FailedTask {
    let facts = rule(task.op)
        .job
        .expect("a failed task's operation starts jobs");
    view::FailedTask {
        job_status: JobStatus::Fail.name().to_owned(),
        resource_id: id(world, task.resource.0),
        resource_name: world.name(task.resource.1).into_owned(),
        resource_type: resource_type(task).to_owned(),
        failure_status: facts.failure.to_owned(),
        job_id: job_id(world, task.stable),
        job_type: facts.job_type.to_owned(),
        begin_time: job_time(world, task.began),
        error_code: task.code.to_string(),
        fail_reason: reason(task.code),
    }
}

/// The domains (`sdrs_05_0301`).
pub(super) fn domains(world: &World) -> view::DomainList {
    let mut keys: Vec<_> = world.domains.keys().collect();
    keys.sort_by_key(|&key| world.domains[key].serial);
    let domain = |key| {
        let d = &world.domains[key];
        let cluster = |n: usize| view::ReplicationCluster {
            availability_zone: world.label(Who::Az(d.azs[n])),
        };
        view::Domain {
            id: id(world, d.stable),
            name: world.name(d.name).into_owned(),
            description: Some(world.text(d.description).to_owned()).filter(|text| !text.is_empty()),
            sold_out: d.sold_out,
            local_replication_cluster: cluster(0),
            remote_replication_cluster: cluster(1),
        }
    };
    view::DomainList {
        domains: keys.into_iter().map(domain).collect(),
    }
}

/// The quotas of a project (`sdrs_05_1101`).
pub(super) fn quotas(world: &World, project: ProjectKey) -> view::QuotaAnswer {
    let p = &world.projects[project];
    let quota = |name: &str, used: i64, quota: i64| view::Quota {
        resource_type: name.to_owned(),
        used: used.max(0) as u64,
        quota,
        min: 0,
        max: -1,
    };
    let resources = vec![
        quota(
            "server_groups",
            p.usage.server_groups,
            p.quotas.server_groups,
        ),
        quota("replications", p.usage.replications, p.quotas.replications),
    ];
    view::QuotaAnswer {
        quotas: view::QuotaList { resources },
    }
}
