use crate::machine::command::{Call, Command, CreateDrDrill, CreateReplicationPair, Ref};
use crate::machine::effect::Effect;
use crate::machine::event::Outcome;
use crate::machine::fixture::{Fixture, new_drill};
use crate::machine::{Answer, Refusal, admit};
use crate::sdrs::codes::Code;
use crate::sdrs::ids::format_job_id;
use crate::sdrs::op::Op;
use crate::world::job::Task;
use crate::world::settings::Settings;
use crate::world::{JobKey, Who};

fn pair(label: &str, disk: &str) -> Call {
    Call::CreateReplicationPair(Box::new(CreateReplicationPair {
        label: Some(label.into()),
        server_group_id: "g".into(),
        volume_id: disk.into(),
        name: None,
        description: None,
    }))
}

/// Starts a job and lets its work fail.
fn fail(f: &mut Fixture, call: Call, code: u16) -> JobKey {
    let Ok(Answer::Job(job)) = f.ask(call) else {
        panic!("a job starts")
    };
    while !f.due.is_empty() {
        f.end(Outcome::Failed(Code::of(code)));
    }
    job
}

fn tasks(f: &Fixture) -> Vec<&Task> {
    let keys = f.world.failures.iter();
    keys.filter_map(|key| f.world.tasks.get(*key)).collect()
}

fn delete(task: impl Into<Ref>) -> Call {
    Call::DeleteFailedTask { task: task.into() }
}

fn id(text: impl Into<String>) -> Ref {
    Ref::Id { id: text.into() }
}

/// A failed creation of a group, of a pair in `g`, and a failed start of `g`: jobs 1 to 3.
fn three() -> Fixture {
    let mut f = Fixture::new();
    let mut group = crate::machine::fixture::new_group("h");
    group.name = Some("harbour".into());
    fail(&mut f, Call::CreateProtectionGroup(Box::new(group)), 1001);
    fail(&mut f, pair("q", "spare"), 1610);
    fail(&mut f, Call::StartProtection { group: "g".into() }, 1007);
    f
}

#[test]
fn a_failed_job_leaves_a_task_that_says_what_failed() {
    let f = three();
    let [group, pair, start] = tasks(&f)[..] else {
        panic!("three tasks")
    };
    assert_eq!((group.op, group.job), (Op::CreateProtectionGroup, 1));
    assert!(group.group_level && group.group.is_none());
    assert_eq!(f.world.name(group.resource.1), "harbour");
    assert_eq!(
        (pair.op, pair.code),
        (Op::CreateReplicationPair, Code::of(1610))
    );
    let (q, g) = (f.who("q"), f.who("g"));
    assert_eq!(Some(pair.resource.0), f.world.stable(q));
    assert_eq!(pair.group.map(|g| g.0), f.world.stable(g));
    assert!(!start.group_level);
    assert_eq!(start.op, Op::StartProtection);
    assert_eq!(Some(start.resource.0), f.world.stable(g));
    assert_eq!(start.group.map(|g| g.0), f.world.stable(g));
    assert!(group.serial < pair.serial && pair.serial < start.serial);
}

#[test]
fn a_task_is_named_by_its_jobs_id_or_number() {
    let f = three();
    let job = f.world.jobs.iter().find(|job| job.1.number == 2).unwrap();
    let uuid = f.world.uuid(job.1.stable);
    let names = [
        id(format_job_id(uuid)),
        "job-2".into(),
        Ref::Key(Who::Job(job.0)),
        Ref::Key(Who::Job(job.0)).named(&f.world),
    ];
    for name in names {
        let mut f = three();
        f.done(delete(name));
        assert_eq!(f.out[..], [Effect::TasksDeleted { count: 1 }]);
        let left: Vec<u64> = tasks(&f).iter().map(|task| task.job).collect();
        assert_eq!(left, [1, 3]);
    }
}

#[test]
fn a_task_that_is_malformed_unknown_deleted_or_anothers_is_not_found() {
    let mut f = three();
    let hyphens = "67a2cc7e-fb87-41a8-ba28-9c032abcaee1";
    let refused = |f: &Fixture, task: Ref| {
        let refusal = admit(&f.world, &delete(task).into()).unwrap_err();
        assert_eq!(refusal.code(), Some(Code::of(201)));
        matches!(refusal, Refusal::Malformed { .. })
    };
    assert!(refused(&f, id(hyphens)) && refused(&f, id("job-1")));
    for label in ["job-9", "job-", "job-+1", "job1", "g", "q"] {
        assert!(!refused(&f, label.into()), "{label}");
    }
    let pair = Ref::Key(f.who("q"));
    assert!(!refused(&f, pair) && !refused(&f, id(hyphens.replace('-', ""))));
    let command = Command {
        project: Some("other".into()),
        ..delete("job-1").into()
    };
    assert!(admit(&f.world, &command).is_err());
    f.done(delete("job-1"));
    assert!(!refused(&f, "job-1".into()));
}

#[test]
fn the_tasks_of_a_group_and_those_of_group_level_are_apart() {
    let mut f = three();
    f.done(Call::DeleteGroupFailedTasks { group: "g".into() });
    assert_eq!(f.out[..], [Effect::TasksDeleted { count: 2 }]);
    assert_eq!(tasks(&f).len(), 1);
    f.done(Call::DeleteGroupFailedTasks { group: "g".into() });
    assert!(f.out.is_empty());
    let command = Command {
        project: Some("other".into()),
        ..Call::DeleteAllFailedTasks {}.into()
    };
    f.done(command);
    assert_eq!(tasks(&f).len(), 1, "another project's stay");
    f.done(Call::DeleteAllFailedTasks {});
    assert!(f.world.tasks.is_empty() && f.world.failures.is_empty());
}

#[test]
fn the_oldest_tasks_go_when_there_are_too_many() {
    let mut f = Fixture::with(Settings {
        failed_tasks_kept: 2,
        ..Settings::default()
    });
    let start = || Call::StartProtection { group: "g".into() };
    for _ in 0..4 {
        fail(&mut f, start(), 1007);
    }
    let kept = |f: &Fixture| tasks(f).iter().map(|task| task.job).collect::<Vec<_>>();
    assert_eq!(kept(&f), [3, 4]);
    f.done(delete("job-4"));
    fail(&mut f, start(), 1007);
    assert_eq!(kept(&f), [3, 5]);
    fail(&mut f, start(), 1007);
    assert_eq!(kept(&f), [5, 6]);
    assert_eq!(f.world.tasks.len(), 2);
}

#[test]
fn a_task_names_the_instance_or_the_drill_that_its_job_was_about() {
    let mut f = Fixture::new();
    let resize = Call::ResizeProtectedInstance {
        instance: "i".into(),
        flavor_ref: None,
        production_flavor_ref: None,
        dr_flavor_ref: Some("m2".into()),
    };
    fail(&mut f, resize, 1301);
    f.done(Call::StartProtection { group: "g".into() });
    let drill = CreateDrDrill {
        name: Some("rehearsal".into()),
        ..new_drill()
    };
    fail(&mut f, Call::CreateDrDrill(Box::new(drill)), 1925);
    let named: Vec<_> = tasks(&f).iter().map(|task| task.resource.0).collect();
    let expected = ["i", "d"].map(|label| f.world.stable(f.who(label)).expect("it exists"));
    assert_eq!(named, expected);
    assert_eq!(f.world.name(tasks(&f)[1].resource.1), "rehearsal");
}
