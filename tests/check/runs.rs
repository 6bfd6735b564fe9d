//! What the invariants say of whole runs.

use super::*;

#[test]
fn a_failover_and_failback_without_writes_copy_nothing() {
    let mut engine = held();
    let server = "s1".into();
    ask(&mut engine, Native::StopServer { server });
    quiet(&mut engine);
    let copies = engine.world().pairs[pair(engine.world())].copies;
    for _ in 0..2 {
        ask(&mut engine, Call::Failover { group: "g".into() });
        quiet(&mut engine);
        ask(&mut engine, start());
        quiet(&mut engine);
    }
    let world = engine.world();
    let (group, pair) = (&world.groups[group(world)], &world.pairs[pair(world)]);
    assert_eq!(group.life.status, Status::Protected);
    assert_eq!(group.station, Side::Source);
    assert_eq!(pair.unsynced(), Bytes(0));
    // Stopping counts as an end of copies; none began.
    assert_eq!(pair.copies, copies + 2);
    assert_eq!(engine.observer().violation(), None);
}

/// The sub-jobs of a planned failover take 100 s, everything else a second.
#[derive(Clone, Debug)]
struct Slowly;

impl Oracle for Slowly {
    fn fate(&mut self, world: &World, at: SimTime, who: Who, epoch: u32, doing: Doing) -> Fate {
        let mut fate = Told::default().fate(world, at, who, epoch, doing);
        if doing == Doing::Job(Op::PlannedFailover, Part::Work) {
            fate.after = Some(Span::secs(100));
        }
        fate
    }
}

/// Production is started behind the service's back while it is planned to fail over, and the link is lost for a moment:
/// what was written meanwhile is not on the DR disk yet when the sub-jobs end, so the pairs do not turn.
#[test]
fn a_planned_failover_does_not_turn_a_pair_that_is_being_resynchronized() {
    let world = in_step(settings()).into_parts().0;
    let mut engine = Engine::with_observer(world, Slowly, Checker::new());
    let ask = |engine: &mut Engine<Slowly, Checker>, command: Command, seconds: u64| {
        engine.submit(&command).unwrap();
        let until = engine.now().saturating_add(Span::secs(seconds));
        let reached = engine.run_until(until, Limit::events(1_000));
        assert_eq!(reached, RunEnd::Reached);
    };
    let server = || "s1".into();
    ask(
        &mut engine,
        Native::StopServer { server: server() }.into(),
        5,
    );
    ask(&mut engine, planned("target").into(), 5);
    ask(
        &mut engine,
        Native::StartServer { server: server() }.into(),
        5,
    );
    let link = link(engine.world());
    engine.inject(Event::Struck(Blow::Link { link }));
    let lost = engine.now().saturating_add(Span::secs(80));
    assert_eq!(
        engine.run_until(lost, Limit::events(1_000)),
        RunEnd::Reached
    );
    engine.inject(Event::Mended(Blow::Link { link }));
    assert_eq!(engine.run_until_quiet(Limit::events(1_000)), RunEnd::Quiet);
    assert_eq!(engine.observer().violation(), None);
    let world = engine.world();
    let (group, pair) = (&world.groups[group(world)], &world.pairs[pair(world)]);
    assert_eq!(group.life.status, Status::ErrorReversing);
    assert_eq!((pair.station, pair.copy), (Side::Source, Copying::Active));
}

/// The pairs of a consistency group turn together when the job closes. The link is lost after their sub-jobs have ended
/// and production goes on writing: the failover is not free to give that up.
#[test]
fn a_failover_of_a_consistency_group_gives_nothing_up_that_was_written_before_it_closed() {
    let mut region = region(settings());
    let link = NewLink {
        between: ["az-1", "az-2"],
        bandwidth: None,
        latency: Span::ZERO,
        duct: None,
    };
    region.link("ab", link).unwrap();
    let Call::CreateProtectionGroup(mut group) = create_group("g") else {
        panic!("a group is created");
    };
    group.protection_type = ProtectionType::ConsistencyGroup;
    region.now(Call::CreateProtectionGroup(group)).unwrap();
    region.now(create_instance("i", "s1")).unwrap();
    let load = Some(Load::uniform(Rate(4 << 20)));
    let disk = "s1-b".into();
    region.now(Native::SetLoad { disk, load }).unwrap();
    let server = "s1".into();
    region.now(Native::StartServer { server }).unwrap();
    region.now(start()).unwrap();
    let mut engine = Engine::with_observer(region.finish(), Told::default(), Checker::new());
    ask(&mut engine, Call::Failover { group: "g".into() });
    // Open and work take a second each; the close ends with the third.
    let worked = SimTime::from_micros(2_100_000);
    assert_eq!(
        engine.run_until(worked, Limit::events(100)),
        RunEnd::Reached
    );
    let link = self::link(engine.world());
    engine.inject(Event::Struck(Blow::Link { link }));
    quiet(&mut engine);
    assert_eq!(engine.observer().violation(), None);
    let world = engine.world();
    let (group, pair) = (&world.groups[self::group(world)], &world.pairs[pair(world)]);
    assert_eq!(group.life.status, Status::ErrorFailingOver);
    assert_eq!((pair.station, pair.parted), (Side::Source, false));
}

/// A disk that is destroyed and given back within one instant is blank all the same: the pair is copied anew.
#[test]
fn a_disk_that_comes_back_blank_at_once_is_copied_in_full() {
    for side in ["while it is in step", "while it is copied"] {
        let mut engine = match side {
            "while it is in step" => held(),
            _ => copying(),
        };
        let key = pair(engine.world());
        let disk = engine.world().disks_of(key)[Side::Target.index()].unwrap();
        let size = engine.world().disks[disk].size;
        let destroyed = true;
        engine.inject(Event::Struck(Blow::Disk { disk, destroyed }));
        engine.inject(Event::Mended(Blow::Disk { disk, destroyed }));
        engine.assess();
        let world = engine.world();
        assert_eq!(world.left(key, engine.now()), size, "{side}");
        assert!(!world.pairs[key].is_consistent(), "{side}");
        quiet(&mut engine);
        assert_eq!(engine.observer().violation(), None, "{side}");
        assert_eq!(engine.world().pairs[key].copy, Copying::Active, "{side}");
    }
}

/// A violation ends a scenario's run before its next step, and the report says what, when and in which step.
#[test]
fn a_violation_ends_a_run_and_stands_in_its_report() {
    let mut world = built(settings());
    world.control.running += 1;
    let engine = Engine::with_observer(world, Told::default(), Checker::new());
    let text = include_str!("../../scenarios/basics/first.yaml");
    let scenario = Scenario::load("first.yaml", text).unwrap();
    let checker = engine.observer().clone();
    let report = scenario.start(None).checked(checker).run(&mut ()).report;
    let violation = report.violation.as_ref().unwrap();
    assert_eq!(violation.invariant, "jobs add up");
    assert_eq!((violation.step, violation.at.micros), (Some(1), 0));
    assert!(!report.held() && report.verdicts.is_empty());

    let whole = scenario.start(None).run(&mut ()).report;
    let checked = scenario.start(None).checked(Checker::new()).run(&mut ());
    assert_eq!(checked.report.violation, None);
    assert_eq!(checked.report.digest, whole.digest, "checks change nothing");
}
