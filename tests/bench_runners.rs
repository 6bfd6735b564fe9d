//! The runners of the test bench: what holds, what is found, how short it gets, and that a file shows it again.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

use sdrsim::engine::{Calls, Operator, Reach};
use sdrsim::machine::Effect;
use sdrsim::machine::command::Call;
use sdrsim::scenario::Scenario;
use sdrsim::sdrs::policy::{Permission, Policies, Switch};
use sdrsim::testing::{
    Bounds, Choices, Deed, Failure, Ground, Harms, Property, Suite, Weights, check_always,
    check_eventually, check_sometimes, invariants, laws, one_side_runs, one_side_writes,
};
use sdrsim::time::{SimTime, Span};
use sdrsim::world::World;

fn expect(text: &str) -> Property {
    Property::expect(text).unwrap()
}

/// Writes nothing.
fn quiet(bounds: Bounds) -> Suite {
    Suite::new(bounds).directory(None)
}

fn found(suite: &Suite, property: Property) -> Box<Failure> {
    suite.always(&[property]).unwrap_err()
}

/// A run of the failure's file fails at its last step alone.
fn assert_shown(failure: &Failure) {
    assert!(failure.confirmed, "{failure}\n{}", failure.scenario);
    let scenario = Scenario::load("again.yaml", &failure.scenario).unwrap();
    let report = scenario.start(None).run(&mut ()).report;
    assert!(!report.held);
}

#[test]
fn the_laws_hold_in_legal_histories_of_every_sort() {
    let mut properties = laws();
    properties.extend([one_side_runs(), one_side_writes(), invariants()]);
    check_always(Suite::new(Bounds::default()).cases(60), &properties);
}

#[test]
fn the_laws_hold_in_arbitrary_histories_under_any_policies() {
    let bounds = Bounds {
        policies: Choices::Any,
        ..Bounds::default().arbitrary()
    };
    check_always(Suite::new(bounds).cases(40), &laws());
}

#[test]
fn everything_ends_after_all_faults_have() {
    let suite = Suite::new(Bounds::default()).cases(30);
    check_eventually(suite, &laws(), &Property::at_rest(), Span::days(3));
}

#[test]
fn interesting_states_are_reached() {
    for text in [
        "any groups.status == failed-over",
        "any groups.status in [error-failing-over, error-starting, error-stopping]",
        "any groups.health_status == abnormal",
        "count(drills) >= 1",
        "any jobs.status == FAIL",
    ] {
        check_sometimes(Suite::new(Bounds::default()), &expect(text));
    }
    let missed = quiet(Bounds::default().weighted(Weights::FAULTS)).cases(5);
    let missed = missed.sometimes(&expect("any groups.status == failed-over"));
    let line = "`any groups.status == failed-over` was reached in none of 5 histories; seed 1";
    assert_eq!(missed.unwrap_err().to_string(), line);
}

#[test]
fn a_word_that_is_never_shown_is_refused_before_anything_is_tried() {
    for (text, told) in [
        (
            "not (any groups.status == faild-over)",
            "`group.status` is never `faild-over`; did you mean `failed-over`?",
        ),
        (
            "not (shop.status == faild-over)",
            "`shop.status` is never `faild-over`; did you mean `failed-over`?",
        ),
        (
            "none servers[power=running].usable == true",
            "`server.power` is never `running`",
        ),
        ("app.power == running", "`app.power` is never `running`"),
        ("shop.cut != dr_side", "did you mean `dr-side`?"),
        (
            "none groups.stauts == protected",
            "`group` has no field `stauts`",
        ),
        ("count(groups) == many", "is a number"),
        ("none groups.status = protected", "expected"),
    ] {
        let error = Property::expect(text).unwrap_err().to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
    // Of a label that is not known yet only that is refused which nothing has.
    for text in [
        "not (shop.power == active)",
        "none pairs[group=new-1].status == failed-over",
        "server(\"web/dr\").power == active",
        "none jobs.status == FAIL",
    ] {
        assert!(Property::expect(text).is_ok(), "{text}");
    }
}

/// What a runner panics with.
fn panics_with(run: impl FnOnce()) -> String {
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_err();
    match told.downcast::<String>() {
        Ok(told) => *told,
        Err(told) => (*told.downcast::<&str>().unwrap()).to_owned(),
    }
}

#[test]
fn a_word_that_a_thing_of_that_kind_never_shows_is_refused_in_its_world() {
    // A status of instances, asked of a group: a word of the service, and never so.
    let ground = || Ground::read("shop.yaml", include_str!("findings/small.yaml")).unwrap();
    let suite = || quiet(Bounds::default()).in_world(ground()).cases(2);
    let told = "`not (shop.status == resizing)` means nothing: `shop.status` is never `resizing`";
    let state = || expect("not (shop.status == resizing)");
    let runners: [Box<dyn FnOnce()>; 4] = [
        Box::new(move || check_always(suite(), &[state()])),
        Box::new(move || check_eventually(suite(), &[], &state(), Span::hours(1))),
        Box::new(move || check_sometimes(suite(), &state())),
        Box::new(move || {
            let history = suite().history(0);
            drop(suite().holds_in(&history, &[state()]));
        }),
    ];
    for run in runners {
        let panic = panics_with(run);
        assert!(panic.starts_with(told), "{panic}");
    }
    let panic = panics_with(move || {
        check_always(suite(), &[expect("none pairs.group == app")]);
    });
    assert!(panic.contains("`app` is not a protection group"), "{panic}");
    check_always(suite(), &[expect("shop.status != creating")]);
}

#[test]
fn what_is_reached_is_told_by_a_file_that_holds() {
    let suite = quiet(Bounds::default());
    let reached = suite
        .sometimes(&expect("any groups.status == failed-over"))
        .unwrap();
    assert_eq!(reached.history.steps.len(), 1, "{}", reached.history);
    let scenario = Scenario::load("reached.yaml", &reached.scenario).unwrap();
    assert!(scenario.start(None).run(&mut ()).report.held);
}

#[test]
fn a_violation_is_shortened_and_its_file_fails_the_same_way() {
    let suite = quiet(Bounds::default());
    let failure = found(&suite, expect("none groups.status == failed-over"));
    assert_eq!(failure.history.steps.len(), 1, "{}", failure.history);
    assert_eq!(failure.history.ground.world().groups.len(), 1);
    assert_shown(&failure);
    // Without an expectation of its own it is told by the state that it ends in.
    let state = Property::state("no drill", |world| match world.drills.len() {
        0 => Ok(()),
        n => Err(format!("there are {n}")),
    });
    let failure = found(&suite, state);
    assert_eq!(failure.history.steps.len(), 1, "{}", failure.history);
    assert!(failure.scenario.contains("expect: \"not (group("));
    assert_shown(&failure);
}

#[test]
fn one_line_reproduces_a_failure_and_its_file_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let suite = Suite::new(Bounds::smallest()).directory(Some(directory.path()));
    let property = || expect("none pairs.status == failed-over");
    let failure = found(&suite, property());
    let line = failure.to_string();
    assert!(!line.contains('\n'));
    let path = failure.file.as_ref().unwrap().as_ref().unwrap();
    assert!(line.contains(path.to_str().unwrap()), "{line}");
    assert_eq!(std::fs::read_to_string(path).unwrap(), failure.scenario);
    // What the line says is what the suite is to be called with.
    let again = format!(
        "; the suite with `.seed(1).only({})` runs it again;",
        failure.case
    );
    assert!(line.contains(&again), "{line}");
    let alone = found(&suite.clone().seed(1).only(failure.case), property());
    assert_eq!(alone.scenario, failure.scenario);
    assert_eq!(alone.file.unwrap().unwrap(), *path);
}

#[test]
fn a_line_is_one_line_whatever_names_and_explanations_hold() {
    let property = Property::state("no drill\n- a: b\rc", |world| match world.drills.len() {
        0 => Ok(()),
        n => Err(format!("there\nare\u{2028}{n}")),
    });
    let failure = found(&quiet(Bounds::default()), property.clone());
    let line = failure.to_string();
    assert!(
        line.starts_with("`no drill\\n- a: b\\rc` is violated at "),
        "{line}"
    );
    assert!(line.contains(": there\\nare\\u{2028}1; "), "{line}");
    assert!(!line.contains(|c: char| c.is_control()), "{line}");
    assert_shown(&failure);
    let missed = quiet(Bounds::default().weighted(Weights::FAULTS))
        .cases(9)
        .only(3);
    let missed = missed.sometimes(&Property::state("a\nb", |_| Err("never".to_owned())));
    let line = "`a\\nb` was reached in none of 1 histories; seed 1";
    assert_eq!(missed.unwrap_err().to_string(), line);
}

#[test]
fn failures_of_different_properties_worlds_and_operators_have_files_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let suite = |bounds| {
        Suite::new(bounds)
            .directory(Some(directory.path()))
            .shrinks(40)
    };
    let mut all = std::collections::BTreeMap::new();
    let mut keep = |failure: Box<Failure>| {
        let path = failure.file.unwrap().unwrap();
        assert_eq!(all.insert(path, failure.scenario), None);
    };
    // These two have the same letters and digits.
    keep(found(
        &suite(Bounds::default()),
        expect("all groups.status == protected"),
    ));
    keep(found(
        &suite(Bounds::default()),
        expect("all groups.status != protected"),
    ));
    let any = Bounds {
        policies: Choices::Any,
        ..Bounds::default()
    };
    keep(found(&suite(any), expect("all groups.status != protected")));
    let arbitrary = Bounds::smallest().arbitrary();
    keep(found(
        &suite(arbitrary),
        expect("all groups.status != protected"),
    ));
    for after in [1, 2] {
        let operator = Stops(after);
        let bounds = Bounds::smallest().weighted(Weights::FAULTS);
        let suite = suite(bounds).with_operator("stops", Reach::default(), operator);
        let failure = suite.always(&[expect("none groups.status == stopping")]);
        keep(failure.unwrap_err());
    }
    for (path, scenario) in all {
        assert_eq!(std::fs::read_to_string(path).unwrap(), scenario);
    }
}

/// Stops the protection of the first group after so many seconds, once.
#[derive(Clone)]
struct Stops(u64);

impl Operator for Stops {
    fn act(&mut self, now: SimTime, _: &[Effect], world: &World, calls: &mut Calls) {
        let at = SimTime::after_start(Span::secs(self.0));
        if now < at {
            calls.wake_at(at);
        } else if std::mem::take(&mut self.0) > 0 && world.find("g1").is_some() {
            calls.ask(Call::StopProtection { group: "g1".into() });
        }
    }
}

#[test]
fn a_suite_that_tried_nothing_does_not_pass() {
    let nothing = Weights {
        faults: 0,
        heals: 0,
        ..Weights::FAULTS
    };
    let harmless = Harms {
        network: false,
        places: false,
        parts: false,
        control: false,
        destroyed: true,
    };
    let bounds = Bounds::default();
    let faults = bounds.weighted(Weights::FAULTS);
    for (suite, told) in [
        (
            quiet(bounds).cases(0),
            "nothing was tried: the suite has no history",
        ),
        (
            quiet(bounds.weighted(nothing)).cases(3),
            "nothing was tried: no step was possible and no operator called in any of 3 histories",
        ),
        (
            quiet(Bounds {
                harms: harmless,
                ..faults
            })
            .cases(3),
            "nothing was tried: no step was possible",
        ),
        (
            quiet(Bounds {
                faults: 0,
                ..faults
            })
            .cases(3),
            "nothing was tried: no step was possible",
        ),
    ] {
        let (again, goal) = (suite.clone(), Property::at_rest());
        let panic = panics_with(move || drop(again.always(&laws())));
        assert!(panic.starts_with(told), "{panic}");
        let again = suite.clone();
        let panic = panics_with(move || drop(again.eventually(&[], &goal, Span::hours(1))));
        assert!(panic.starts_with(told), "{panic}");
        // What no history comes to is missed by a suite without histories too.
        assert!(
            suite
                .sometimes(&expect("any groups.status == failed-over"))
                .is_err()
        );
    }
    // An operator who acts by itself is something to try.
    let bounds = Bounds::smallest().weighted(nothing);
    let suite = quiet(bounds)
        .with_operator("stops", Reach::default(), Stops(1))
        .cases(3);
    assert_eq!(suite.always(&[]).unwrap().steps, 0);
}

#[test]
fn the_same_suite_makes_the_same_histories() {
    let suite = quiet(Bounds::default());
    let tell = |suite: &Suite, case| suite.history(case).to_string();
    assert_eq!(tell(&suite, 7), tell(&suite, 7));
    assert_ne!(tell(&suite, 7), tell(&suite, 8));
    assert_ne!(tell(&suite, 7), tell(&suite.clone().seed(2), 7));
    let faults = quiet(Bounds::default().weighted(Weights::FAULTS));
    let history = faults.history(3);
    let fault = |deed: &Deed| matches!(deed, Deed::Strike(_) | Deed::Heal(_));
    assert!(history.steps.iter().all(|step| fault(&step.deed)));
}

#[test]
fn a_world_of_ones_own_is_used_as_it_is() {
    let text = include_str!("../scenarios/disaster/disconnected-fenced.yaml");
    let ground = Ground::read("own.yaml", text).unwrap();
    let suite = quiet(Bounds::default()).in_world(ground).cases(40);
    let failure = found(&suite, expect("none groups.status == failing-over"));
    assert_eq!(failure.history.steps.len(), 1, "{}", failure.scenario);
    assert!(failure.scenario.contains("groups:\n  shop:"));
    assert_shown(&failure);
}

#[test]
fn services_without_fencing_come_to_write_both_sides() {
    let policies = Policies {
        fencing: Switch::Off,
        failover_disconnected: Permission::Allowed,
        start_after_failover: true,
        ..Policies::default()
    };
    let bounds = Bounds {
        policies: Choices::Given(policies),
        weights: Weights {
            groups: 4,
            ..Weights::FAULTS
        },
        ..Bounds::smallest()
    };
    let failure = found(&quiet(bounds).cases(300), one_side_writes());
    assert!(failure.history.steps.len() <= 2, "{}", failure.history);
    assert_shown(&failure);
}

/// Violated at the instant of this number at which something has changed.
fn after_looks(number: u32) -> Property {
    Property::run("it does not go on for long", move || {
        let mut left = number;
        Box::new(move |_| {
            left = left.saturating_sub(1);
            match left {
                0 => Err(format!("it has been looked at {number} times")),
                _ => Ok(()),
            }
        })
    })
}

#[test]
fn long_histories_of_every_sort_are_told_by_files_that_fail_the_same_way() {
    let any = Bounds {
        policies: Choices::Any,
        ..Bounds::default()
    };
    for bounds in [any, any.arbitrary()] {
        let mut shown = 0;
        for seed in 1..=25 {
            let suite = quiet(bounds).seed(seed).shrinks(0).cases(60);
            let failure = found(&suite, after_looks(12));
            assert!(failure.confirmed, "{failure}\n{}", failure.scenario);
            shown += failure.history.steps.len();
        }
        assert!(shown > 100, "{shown} steps");
    }
}

#[test]
#[ignore = "minutes in a debug build; run it with --release"]
fn the_laws_hold_in_thousands_of_histories() {
    let mut properties = laws();
    check_always(
        Suite::new(Bounds {
            policies: Choices::Any,
            groups: 3,
            steps: 40,
            ..Bounds::default()
        })
        .cases(5_000),
        &properties,
    );
    properties.extend([one_side_runs(), one_side_writes()]);
    let suite = Suite::new(Bounds::default()).seed(2).cases(5_000);
    check_eventually(suite, &properties, &Property::at_rest(), Span::days(3));
}
