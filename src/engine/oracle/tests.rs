use super::*;
use crate::engine::distribution::Distribution;
use crate::engine::fixture::Fixture;
use crate::engine::pace::Probability;
use crate::engine::script::{Factor, ScriptedOutcome};
use crate::sdrs::codes::Code;

const WORK: Doing = Doing::Job(Op::Failover, Part::Work);

fn uniform() -> Pace {
    let mut pace = Pace::default();
    let job = pace.job_mut(Op::Failover).unwrap();
    job.work = DurationLaw::of(Distribution::Uniform {
        min: Span::secs(1),
        max: Span::secs(1000),
    });
    job.fails = Probability::try_from(0.5).unwrap();
    pace
}

fn fate(chance: &mut Chance, fix: &Fixture, who: Who, epoch: u32, doing: Doing) -> Fate {
    chance.fate(&fix.world, SimTime::ZERO, who, epoch, doing)
}

#[test]
fn parts_and_acts_have_their_spans() {
    let fix = Fixture::new();
    let mut chance = Chance::new(Seed(1));
    for (part, millis) in [(Part::Open, 1085), (Part::Work, 3930), (Part::Close, 2994)] {
        let doing = Doing::Job(Op::StopProtection, part);
        let expected = Fate {
            after: Some(Span::millis(millis)),
            outcome: Outcome::Done,
        };
        assert_eq!(
            fate(&mut chance, &fix, Who::Pair(fix.pair), 3, doing),
            expected
        );
    }
    let boot = fate(
        &mut chance,
        &fix,
        Who::Server(fix.server),
        1,
        Doing::Act(Act::Boot),
    );
    assert!((60..=120).contains(&(boot.after.unwrap().as_micros() / 1_000_000)));
    assert_eq!(chance.stagger(Op::StopProtection), Some(Span::millis(7)));
    assert_eq!(chance.stagger(Op::ShowJob), None);
}

#[test]
fn a_draw_depends_on_its_key_alone() {
    let (fix, other) = (Fixture::new(), Fixture::crowded());
    let (pair, theirs) = (Who::Pair(fix.pair), Who::Pair(other.pair));
    assert_ne!(pair, theirs, "the slots differ, the labels do not");
    let mut chance = Chance::new(Seed(1)).at_pace(uniform());
    let first = fate(&mut chance, &fix, pair, 1, WORK);
    let worn: Vec<Fate> = (2..50)
        .map(|n| fate(&mut chance, &fix, pair, n, WORK))
        .collect();
    assert_eq!(fate(&mut chance, &fix, pair, 1, WORK), first);
    assert_eq!(fate(&mut chance, &other, theirs, 1, WORK), first);
    assert!(worn.iter().all(|fate| fate.after != first.after));
    let failed = worn.iter().filter(|fate| fate.outcome != Outcome::Done);
    assert!((10..38).contains(&failed.count()));
    let mut seeded = Chance::new(Seed(2)).at_pace(uniform());
    assert_ne!(fate(&mut seeded, &fix, pair, 1, WORK).after, first.after);
    let group = Who::Group(fix.group);
    assert_ne!(fate(&mut chance, &fix, group, 1, WORK).after, first.after);
}

#[test]
fn values_are_stable() {
    let fix = Fixture::new();
    let mut chance = Chance::new(Seed(1)).at_pace(uniform());
    let spans = [0, 1, 2].map(|epoch| {
        let fate = fate(&mut chance, &fix, Who::Pair(fix.pair), epoch, WORK);
        fate.after.unwrap().as_micros()
    });
    assert_eq!(spans, [764_442_902, 884_051_181, 616_497_494]);
}

#[test]
fn certain_failure_ends_with_the_code_of_the_operation_and_spares_the_other_parts() {
    let fix = Fixture::new();
    let mut pace = Pace::default();
    for &op in Op::ALL {
        if let Ok(job) = pace.job_mut(op) {
            job.fails = Probability::ALWAYS;
        }
    }
    let mut chance = Chance::new(Seed(1)).at_pace(pace);
    for &op in Op::ALL {
        let Some(facts) = rule(op).job else { continue };
        let mut outcome = |part| {
            let doing = Doing::Job(op, part);
            fate(&mut chance, &fix, Who::Group(fix.group), 1, doing).outcome
        };
        assert_eq!(outcome(Part::Work), Outcome::Failed(facts.error));
        assert_eq!(outcome(Part::Open), Outcome::Done);
        assert_eq!(outcome(Part::Close), Outcome::Done);
    }
}

#[test]
fn a_script_goes_before_chance_and_moves_no_other_draw() {
    let fix = Fixture::new();
    let pair = Who::Pair(fix.pair);
    let mut plain = Chance::new(Seed(1)).at_pace(uniform());
    let mut scripted = plain.clone();
    let code = Code::of(1030);
    for what in [
        Twist::Fail(code),
        Twist::Hang,
        Twist::Stretch(Factor::permille(3000)),
    ] {
        let rule = ScriptedOutcome {
            op: Op::Failover,
            part: Part::Work,
            target: None,
            count: 1,
            what,
        };
        scripted.script_mut().push(rule).unwrap();
    }
    let expected: Vec<Fate> = (0..5)
        .map(|n| fate(&mut plain, &fix, pair, n, WORK))
        .collect();
    let twisted: Vec<Fate> = (0..5)
        .map(|n| fate(&mut scripted, &fix, pair, n, WORK))
        .collect();
    assert_eq!(twisted[0].outcome, Outcome::Failed(code));
    assert_eq!(twisted[0].after, expected[0].after);
    assert_eq!(twisted[1].after, None);
    assert_eq!(twisted[2].after, expected[2].after.unwrap().checked_mul(3));
    assert_eq!(twisted[2].outcome, expected[2].outcome);
    assert_eq!(twisted[3..], expected[3..]);
    assert!(scripted.script().rules().is_empty());
}

#[test]
fn sizes_count_where_the_pace_asks_for_them() {
    let fix = Fixture::new();
    let mut pace = Pace::default();
    pace.job_mut(Op::Failover).unwrap().work = DurationLaw {
        base: Distribution::Fixed(Span::secs(1)),
        per_gib: Some(Span::millis(10)),
    };
    *pace.act_mut(Act::Boot) = DurationLaw {
        base: Distribution::Fixed(Span::secs(1)),
        per_gib: Some(Span::millis(1)),
    };
    let mut chance = Chance::new(Seed(1)).at_pace(pace);
    let mut span = |who, doing| fate(&mut chance, &fix, who, 1, doing).after.unwrap();
    // The fixture's group has a pair of 100 GiB and one of 20 GiB; only the first is the instance's.
    assert_eq!(span(Who::Pair(fix.pair), WORK), Span::millis(2000));
    assert_eq!(span(Who::Instance(fix.instance), WORK), Span::millis(2000));
    assert_eq!(span(Who::Group(fix.group), WORK), Span::millis(2200));
    assert_eq!(span(Who::Job(fix.job), WORK), Span::millis(2200));
    let boot = Doing::Act(Act::Boot);
    assert_eq!(span(Who::Server(fix.server), boot), Span::millis(1100));
}

#[test]
fn a_checkpoint_keeps_seed_pace_and_script() {
    let mut chance = Chance::new(Seed(u64::MAX)).at_pace(uniform());
    let rule = ScriptedOutcome {
        op: Op::Failover,
        part: Part::Open,
        target: None,
        count: 7,
        what: Twist::Hang,
    };
    chance.script_mut().push(rule).unwrap();
    let text = serde_json::to_string(&chance).unwrap();
    let again: Chance = serde_json::from_str(&text).unwrap();
    assert_eq!(again.seed(), chance.seed());
    assert_eq!(again.pace(), chance.pace());
    assert_eq!(again.script(), chance.script());
}

/// Says the same of everything, and what it is asked of.
struct Steady;

impl Oracle for Steady {
    fn fate(&mut self, _: &World, begins: SimTime, _: Who, epoch: u32, _: Doing) -> Fate {
        Fate {
            after: Some(
                begins
                    .saturating_add(Span::secs(epoch.into()))
                    .since_start(),
            ),
            outcome: Outcome::Done,
        }
    }

    fn hazard(&mut self, _: &World, hazard: u32, turn: u64, broken: bool) -> Option<Span> {
        broken.then(|| Span::secs(u64::from(hazard) + turn))
    }

    fn stagger(&self, op: Op) -> Option<Span> {
        (op == Op::Failover).then_some(Span::secs(7))
    }
}

fn asked(mut oracle: impl Oracle, fix: &Fixture) -> [Option<Span>; 5] {
    let at = SimTime::after_start(Span::secs(1));
    [
        oracle
            .fate(&fix.world, at, Who::Pair(fix.pair), 4, WORK)
            .after,
        oracle.hazard(&fix.world, 2, 3, true),
        oracle.hazard(&fix.world, 2, 3, false),
        oracle.stagger(Op::Failover),
        oracle.stagger(Op::Reprotect),
    ]
}

#[test]
fn an_oracle_at_a_distance_says_the_same() {
    let fix = Fixture::new();
    let secs = |n| Some(Span::secs(n));
    let expected = [secs(5), secs(5), None, secs(7), None];
    assert_eq!(asked(Steady, &fix), expected);
    assert_eq!(asked(&mut Steady, &fix), expected);
}

/// Says only what it must.
struct Silent;

impl Oracle for Silent {
    fn fate(&mut self, _: &World, _: SimTime, _: Who, _: u32, _: Doing) -> Fate {
        Fate {
            after: None,
            outcome: Outcome::Done,
        }
    }
}

#[test]
fn an_oracle_that_says_nothing_of_hazards_and_staggers_leaves_them_alone() {
    assert_eq!(asked(Silent, &Fixture::new()), [None; 5]);
}

#[test]
fn what_it_is_made_of_can_be_read_back() {
    let mut script = Script::default();
    let rule = ScriptedOutcome {
        op: Op::Failover,
        part: Part::Work,
        target: None,
        count: 1,
        what: Twist::Hang,
    };
    script.push(rule).unwrap();
    let chance = Chance::new(Seed(3))
        .at_pace(uniform())
        .with_script(script.clone());
    assert_eq!(chance.seed(), Seed(3));
    assert_eq!(chance.pace(), &uniform());
    assert_eq!(chance.script().rules(), script.rules());
}
