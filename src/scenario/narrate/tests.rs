use super::*;
use crate::engine::fixture::Fixture;
use crate::engine::{Chance, Engine, Limit, RunEnd, Seed};
use crate::machine::command::Call;

#[test]
fn a_job_is_told_on_the_line_of_what_it_works_on() {
    let world = Fixture::idle_world();
    let mut engine = Engine::with_observer(world, Chance::new(Seed(1)), Narrator::default());
    let start = Call::StartProtection {
        group: "web".into(),
    };
    engine.submit(&start.into()).unwrap();
    let now = engine.now();
    let narrator = engine.observer_mut();
    narrator.refused(now, "web".into(), "failover", "SDRS.1020".into());
    assert_eq!(engine.run_until_quiet(Limit::events(1000)), RunEnd::Quiet);
    let lines = engine.observer_mut().finish();
    assert_eq!(
        lines,
        [
            "00:00:00.000  web         available -> starting  job 1 RUNNING",
            "00:00:00.000  web-server  available -> starting  job 1",
            "00:00:00.000  data        available -> starting  job 1",
            "00:00:00.000  spare       available -> starting  job 1",
            "00:00:00.000  web         failover refused       SDRS.1020",
            "00:00:05.015  data        starting -> protected  job 1",
            "00:00:05.015  data        copying",
            "00:00:05.022  spare       starting -> protected  job 1",
            "00:00:05.022  spare       copying",
            "00:00:08.016  web         starting -> protected  job 1 SUCCESS",
            "00:00:08.016  web-server  starting -> protected  job 1",
            "00:03:29.822  spare       in step",
            "00:17:09.015  data        in step",
        ]
    );
    assert!(engine.observer_mut().finish().is_empty());
}

#[test]
fn what_is_gone_keeps_its_label() {
    let fix = Fixture::new();
    let mut world = fix.world;
    let who = Who::Pair(fix.pair);
    let (label, stable) = (world.label_of(who).unwrap(), world.stable(who).unwrap());
    world.pairs.remove(fix.pair);
    let mut narrator = Narrator::default();
    let at = SimTime::from_micros(1);
    narrator.see(at, &world, &Effect::InStep { pair: fix.pair });
    narrator.see(at, &world, &Effect::Gone { who, label, stable });
    narrator.see(at, &world, &Effect::TasksDeleted { count: 2 });
    assert_eq!(
        narrator.finish(),
        [
            "00:00:00.000001  data  in step",
            "00:00:00.000001  data  replication pair deleted",
            "00:00:00.000001  -     2 failed tasks deleted",
        ]
    );
}

#[test]
fn clocks_count_hours_beyond_a_day() {
    let at = SimTime::from_micros(((101 * 60 + 2) * 60 + 3) * 1_000_000 + 4_005);
    assert_eq!(clock(at, false), "101:02:03.004");
    assert_eq!(clock(at, true), "101:02:03.004005");
    assert!(is_fine(at) && !is_fine(SimTime::from_micros(4_000)));
}

#[test]
fn a_transcript_keeps_so_many_lines_and_counts_the_rest() {
    let mut narrator = Narrator::default();
    for n in 0..=TOLD_MAX as u64 + 1 {
        narrator.noted(SimTime::from_micros(n), "a".into(), "b".into());
    }
    let lines = narrator.finish();
    assert_eq!(lines.len(), TOLD_MAX + 1);
    assert_eq!(lines[TOLD_MAX], "... and 2 lines more");
    assert!(narrator.finish().is_empty());
}
