//! Defects planted behind the machine's back, each found by the test bench within a stated number of histories.
//!
//! A defect changes what the machine left of a command or event: an effect is dropped, a status altered, a fence skipped, a
//! verdict of arbitration ignored. Without one the same suites find nothing.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

use sdrsim::engine::Defect;
use sdrsim::machine::{Doing, Effect, Effects};
use sdrsim::sdrs::op::Op;
use sdrsim::sdrs::status::{Kind, Status};
use sdrsim::testing::{
    Bounds, Failure, Judge, Property, Sight, Suite, Weights, invariants, laws, one_side_runs,
    one_side_writes,
};
use sdrsim::time::Span;
use sdrsim::world::job::{JobStatus, Part};
use sdrsim::world::life::Work;
use sdrsim::world::machinery::Power;
use sdrsim::world::protection::Verdict;
use sdrsim::world::{Who, World};
use std::collections::BTreeSet;

/// All that must hold: the laws, those of fencing, and two of effects.
fn properties() -> Vec<Property> {
    let mut all = laws();
    all.extend([
        one_side_runs(),
        one_side_writes(),
        Property::run("effects tell the end of every job", jobs_told),
        Property::run("a verdict stands as it was told", verdicts),
        invariants(),
    ]);
    all
}

fn jobs_told() -> Judge {
    let mut open = BTreeSet::new();
    Box::new(move |sight: &Sight<'_>| {
        for (_, effect) in sight.seen {
            match *effect {
                Effect::Job {
                    job,
                    status: JobStatus::Success | JobStatus::Fail,
                    ..
                } => drop(open.remove(&job)),
                Effect::Job { job, .. } => drop(open.insert(job)),
                _ => {}
            }
        }
        let ended = |job: &&_| {
            sight
                .world
                .jobs
                .get(**job)
                .is_none_or(|job| job.ended.is_some())
        };
        match open.iter().find(ended) {
            Some(job) => Err(format!("{job:?} has ended, and no effect has told it")),
            None => Ok(()),
        }
    })
}

fn verdicts() -> Judge {
    Box::new(|sight: &Sight<'_>| {
        for (at, effect) in sight.seen {
            let Effect::Cut { group, verdict } = *effect else {
                continue;
            };
            let cut = sight.world.groups.get(group).and_then(|group| group.cut);
            let again =
                |(_, later): &&_| matches!(later, Effect::Cut { group: of, .. } if *of == group);
            let last = sight.seen.iter().rfind(again);
            if last == Some(&(*at, *effect)) && cut.is_some_and(|cut| cut.verdict != verdict) {
                return Err(format!("{} was told, and it is {cut:?}", verdict.name()));
            }
        }
        Ok(())
    })
}

fn suite(cases: u32) -> Suite {
    Suite::new(Bounds::default()).directory(None).cases(cases)
}

/// Calls and native acts in small worlds, where a failover is often followed by a start of the new production server.
fn small() -> Suite {
    let bounds = Bounds {
        weights: Weights {
            natives: 8,
            ..Weights::CALLS
        },
        ..Bounds::smallest()
    };
    Suite::new(bounds).directory(None).cases(60)
}

/// Within so many histories this property must be seen to be violated.
#[track_caller]
fn found(within: u32, defect: Defect, property: &str) -> Box<Failure> {
    found_by(suite(within), defect, property)
}

#[track_caller]
fn found_by(suite: Suite, defect: Defect, property: &str) -> Box<Failure> {
    let suite = suite.shrinks(300).planted(defect);
    let failure = suite.always(&properties()).unwrap_err();
    assert_eq!(failure.violation.property, property, "{failure}");
    failure
}

fn moved(effects: &Effects, to: Status) -> Option<Who> {
    effects.iter().find_map(|effect| match *effect {
        Effect::Moved { who, to: now, .. } if now == to => Some(who),
        _ => None,
    })
}

#[test]
fn without_a_defect_nothing_is_found() {
    suite(60).always(&properties()).unwrap();
    small().always(&properties()).unwrap();
    let goal = Property::at_rest();
    suite(10)
        .eventually(&properties(), &goal, Span::days(3))
        .unwrap();
    assert!(suite(10).sometimes(&failed_over()).is_ok());
}

#[test]
fn a_change_of_status_that_is_not_told() {
    let defect: Defect = |_, effects| {
        effects.retain(|effect| {
            !matches!(
                effect,
                Effect::Moved {
                    to: Status::FailedOver,
                    ..
                }
            )
        });
    };
    let failure = found(10, defect, "effects tell every change of status");
    assert_eq!(failure.history.steps.len(), 1, "{}", failure.history);
}

#[test]
fn a_status_that_is_not_published() {
    let defect: Defect = |world, effects| {
        if let Some(Who::Pair(pair)) = moved(effects, Status::Available) {
            world.pairs[pair].life.status = Status::NicCreating;
        }
    };
    found(10, defect, "statuses are published and counted");
}

#[test]
fn a_count_that_drifts() {
    let defect: Defect = |world, effects| {
        if moved(effects, Status::FailedOver).is_some() {
            world.census[Kind::ReplicationPair as usize][Status::Available as usize] += 1;
        }
    };
    found(10, defect, "statuses are published and counted");
}

#[test]
fn a_fence_that_is_skipped() {
    // The old production servers go on when their group fails over.
    let defect: Defect = |world, effects| {
        let stations = effects.iter().filter_map(|effect| match *effect {
            Effect::Station { group, to } => Some((group, to)),
            _ => None,
        });
        for (group, to) in stations.collect::<Vec<_>>() {
            let members: Vec<_> = world.groups[group].instances.iter().collect();
            for instance in members {
                if let Some(old) = world.instances[instance].servers[to.other().index()] {
                    let server = &mut world.servers[old];
                    (server.power, server.fenced) = (Power::Active, false);
                }
            }
        }
    };
    // The cloud starts no server beside its running twin, so it takes a server that stands still.
    let failure = found_by(small(), defect, "one side of an instance runs");
    assert_eq!(failure.history.steps.len(), 3, "{}", failure.history);
}

#[test]
fn a_verdict_that_is_ignored() {
    let defect: Defect = |world, effects| {
        for effect in effects.iter() {
            if let Effect::Cut { group, .. } = *effect
                && let Some(cut) = &mut world.groups[group].cut
            {
                cut.verdict = match cut.verdict {
                    Verdict::Production => Verdict::DrSide,
                    _ => Verdict::Production,
                };
            }
        }
    };
    found(10, defect, "a verdict stands as it was told");
}

#[test]
fn work_that_is_left_behind() {
    let defect: Defect = |world, effects| {
        for effect in effects.iter() {
            if let Effect::Job {
                job,
                status: JobStatus::Success,
                ..
            } = *effect
                && let Some(record) = world.jobs.get(job)
                && let Some(group) = record.group
                && let Some(group) = world.groups.get_mut(group)
            {
                let resume = group.life.status;
                group.life.set_work(Some(Work {
                    op: record.op,
                    job,
                    resume,
                }));
            }
        }
    };
    found(10, defect, "work belongs to a job that has not ended");
}

#[test]
fn a_pair_that_does_not_come_along() {
    let defect: Defect = |world, effects| {
        for effect in effects.iter() {
            if let Effect::Station { group, to } = *effect
                && let Some(pair) = world.groups[group].pairs.iter().next()
            {
                world.pairs[pair].station = to.other();
            }
        }
    };
    found(10, defect, "pairs stand where their group does");
}

#[test]
fn a_quota_that_leaks() {
    let defect: Defect = |world, effects| {
        let gone = |effect: &Effect| {
            matches!(
                effect,
                Effect::Gone {
                    who: Who::Pair(_),
                    ..
                }
            )
        };
        if effects.iter().any(gone) {
            let project = world.default_project;
            world.projects[project].usage.replications += 1;
        }
    };
    found(30, defect, "projects use what they own");
}

#[test]
fn an_attachment_that_is_forgotten() {
    let defect: Defect = |world, effects| {
        let Some(Who::Group(group)) = moved(effects, Status::FailedOver) else {
            return;
        };
        if let Some(instance) = world.groups[group].instances.iter().next() {
            world.instances[instance].pairs.pop();
        }
    };
    found(10, defect, "attachments agree on both sides");
}

#[test]
fn an_epoch_that_falls() {
    let defect: Defect = |world, effects| {
        if let Some(Who::Group(group)) = moved(effects, Status::Available) {
            let life = &mut world.groups[group].life;
            life.epoch = life.epoch.saturating_sub(5);
        }
    };
    found(10, defect, "epochs never fall");
}

#[test]
fn a_serial_that_is_given_twice() {
    let defect: Defect = |world, effects| {
        if effects
            .iter()
            .any(|effect| matches!(effect, Effect::Created { .. }))
        {
            world.next_serial -= 1;
        }
    };
    found(10, defect, "serials are given once");
}

#[test]
fn a_copy_that_is_counted_twice() {
    let defect: Defect = |world, effects| {
        for effect in effects.iter() {
            if let Effect::CopyBegan { pair, .. } = *effect {
                let group = world.pairs[pair].group;
                world.groups[group].copying += 1;
            }
        }
    };
    found(10, defect, "groups count their members");
}

#[test]
fn a_server_that_is_taken_for_another() {
    let defect: Defect = |world, effects| {
        for effect in effects.iter() {
            if let Effect::Created {
                who: Who::Instance(instance),
                ..
            } = *effect
            {
                let free =
                    |server: &&mut sdrsim::world::machinery::Server| server.instance.is_none();
                let mut servers = world.servers.values_mut();
                if let Some(server) = servers.find(free) {
                    server.instance = Some(instance);
                }
            }
        }
    };
    found(60, defect, "roles of servers do not overlap");
}

#[test]
fn a_job_whose_end_is_not_told() {
    let defect: Defect = |_, effects| {
        let success = |effect: &Effect| {
            matches!(
                effect,
                Effect::Job {
                    status: JobStatus::Success,
                    ..
                }
            )
        };
        effects.retain(|effect| !success(effect));
    };
    found(10, defect, "effects tell the end of every job");
}

/// Within so many histories the goal must be seen to be missed.
#[track_caller]
fn stuck(within: u32, defect: Defect) -> Box<Failure> {
    let suite = suite(within).shrinks(300).planted(defect);
    let goal = Property::at_rest();
    let failure = suite.eventually(&properties(), &goal, Span::days(3));
    let failure = failure.unwrap_err();
    assert_eq!(failure.violation.property, goal.name(), "{failure}");
    failure
}

#[test]
fn a_job_that_never_ends() {
    let failure = stuck(10, |_, effects| {
        let lost = Doing::Job(Op::StopProtection, Part::Close);
        effects.retain(|effect| !matches!(effect, Effect::Begin { doing, .. } if *doing == lost));
    });
    assert_eq!(failure.history.steps.len(), 1, "{}", failure.history);
}

#[test]
fn a_sub_job_that_is_never_begun() {
    stuck(10, |world: &mut World, effects: &mut Effects| {
        let lost = |effect: &Effect| match *effect {
            Effect::Begin {
                who: Who::Pair(pair),
                doing: Doing::Job(Op::Failover, _),
                ..
            } => world.pairs.keys().next() == Some(pair),
            _ => false,
        };
        effects.retain(|effect| !lost(effect));
    });
}

fn failed_over() -> Property {
    Property::expect("any groups.status == failed-over").unwrap()
}

#[test]
fn a_failover_that_never_succeeds() {
    // No failover comes to its end. Nothing that must hold is violated by that, and without the defect ten histories are
    // enough to see one succeed.
    let missed = suite(10).planted(|_, effects| {
        let lost = Doing::Job(Op::Failover, Part::Close);
        effects.retain(|effect| !matches!(effect, Effect::Begin { doing, .. } if *doing == lost));
    });
    assert!(missed.always(&properties()).is_ok());
    let missed = missed.sometimes(&failed_over()).unwrap_err();
    assert_eq!(
        (missed.cases, missed.property.as_str()),
        (10, failed_over().name())
    );
}
