//! Runbooks: what is said of faulty ones, and how sound ones run where a scenario file would be long-winded.

use sdrsim::engine::Seed;
use sdrsim::scenario::report::{RunbookState, VerdictKind};
use sdrsim::scenario::{Diagnostic, Outcome, Scenario};

const WORLD: &str = "\
version: 1
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
network:
  witness: {w: {}}
  ducts: {street: {}}
  links: {trunk: {between: [az-1, az-2], duct: street}, left: {between: [az-1, w]}, right: {between: [az-2, w]}}
domains: {metro: {azs: [az-1, az-2], arbitration: {witness: w}}}
flavors: {m1: {vcpus: 2, ram: 4 GiB}}
vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
servers: {app: {count: 3, az: az-1, vpc: net, flavor: m1, power: active}}
disks: {data: {count: 3, az: az-1, size: 40 GiB, bootable: true, attached: {app: /dev/vda}}}
groups: {shop: {count: 3, domain: metro, vpc: net, protected: true}}
instances: {web: {count: 3, group: shop, server: app}}
crews: {night: 1}
runbooks:
  recover:
";

fn file(book: &str, timeline: &str) -> String {
    let indented: String = book.lines().map(|line| format!("    {line}\n")).collect();
    format!("{WORLD}{indented}timeline:\n{timeline}")
}

#[track_caller]
fn run(book: &str, timeline: &str) -> Outcome {
    let text = file(book, timeline);
    let scenario = Scenario::load("a.yaml", &text).unwrap_or_else(|faults| panic!("{faults:#?}"));
    scenario.start(None).run(&mut ())
}

/// Checks the only fault of a file with this runbook: what stands where it points, its title and its help.
#[track_caller]
fn faulty(book: &str, points_at: &str, title: &str, help: &str) {
    let text = file(book, "  - at: 1h\n    expect: count(sites) == 2\n");
    let faults: Vec<Diagnostic> = Scenario::load("a.yaml", &text).expect_err("the file is faulty");
    assert_eq!(faults.len(), 1, "{faults:#?}");
    let found = &faults[0];
    let line = text.lines().nth(found.line - 1).expect("the line is there");
    let rest = &line[found.column - 1..];
    assert!(rest.starts_with(points_at), "{rest}");
    assert_eq!(
        (
            found.title.as_str(),
            found.help.as_deref().unwrap_or_default()
        ),
        (title, help)
    );
}

const FAILOVER: &str = "do: [{call: {failover: {group: shop-1}}}]";

#[test]
fn faulty_runbooks_are_told_with_their_place() {
    let on = "on: {fault: {az: az-1}}";
    faulty(
        &format!("on: {{fault: {{az: az-3}}}}\n{FAILOVER}"),
        "az-3",
        "`az-3` cannot break here",
        "did you mean `az-1`?",
    );
    faulty(
        &format!("on: {{}}\n{FAILOVER}"),
        "{}",
        "a runbook is set off by one event",
        "write `on: {fault: {az: ...}}` or `on: {when: \"...\"}`",
    );
    faulty(
        &format!("on: {{fault: {{az: az-1}}, for: 2m}}\n{FAILOVER}"),
        "2m",
        "`for` says how long a `when` must have held",
        "",
    );
    faulty(
        &format!("on: {{when: shop-1.stattus == protected}}\n{FAILOVER}"),
        "stattus",
        "`shop-1` has no field `stattus`",
        "did you mean `status`?",
    );
    faulty(
        &format!("{on}\neach: app-1\n{FAILOVER}"),
        "app-1",
        "`app-1` is not a template",
        "",
    );
    faulty(
        &format!("{on}\ncrew: nigth\n{FAILOVER}"),
        "nigth",
        "there is no crew `nigth`",
        "did you mean `night`?",
    );
    faulty(
        &format!("{on}\ndo: []"),
        "[]",
        "this runbook does nothing",
        "write what is done, such as `- call: {failover: {group: ...}}`",
    );
    faulty(
        &format!("{on}\ndo: [{{anyway: true}}]"),
        "{anyway",
        "this task does nothing",
        "write one of `call`, `native`, `start`, `pause` and `wait: {until: ...}`",
    );
    faulty(
        &format!("{on}\ndo: [{{pause: 1m, start: [app-1]}}]"),
        "{pause",
        "a task does one thing",
        "write a task for each of `call`, `native`, `start`, `pause` and `wait`",
    );
    faulty(
        &format!("{on}\ndo: [{{pause: 1m, retry: {{every: 1m, times: 2}}}}]"),
        "{every",
        "`retry` goes with `call`, `native` and `start`",
        "",
    );
    faulty(
        &format!("{on}\ndo: [{{start: [app-1], retry: {{every: 0s, times: 2}}}}]"),
        "{every",
        "a retry at once would be refused for the same reason for ever",
        "write a span, as in `every: 1m`",
    );
    faulty(
        &format!("{on}\ndo: [{{start: [data]}}]"),
        "data",
        "`data` is a disk, which cannot be started",
        "name servers, protected instances or protection groups",
    );
    faulty(
        &format!("{on}\ndo: [{{start: []}}]"),
        "[]",
        "an empty list starts nothing",
        "",
    );
    faulty(
        &format!("{on}\ndo: [{{call: {{failover: {{group: shpo-1}}}}}}]"),
        "shpo-1",
        "there is no protection group `shpo-1`",
        "did you mean `shop-1`?",
    );
    faulty(
        &format!("{on}\ndo: [{{pause: 1m, wait: false}}]"),
        "false",
        "only the job of a call can be left to itself",
        "",
    );
}

#[test]
fn one_that_can_never_get_a_crew_is_a_fault_of_the_file() {
    let text = file(&format!("on: {{fault: {{az: az-1}}}}\n{FAILOVER}"), "")
        .replace("crews: {night: 1}", "crews: {night: 0}")
        .replace("timeline:\n", "");
    let faults = Scenario::load("a.yaml", &text).expect_err("the file is faulty");
    assert_eq!(
        faults[0].title,
        "`night` has no crew: runbooks would wait for ever"
    );
}

#[test]
fn what_is_written_of_a_template_is_said_of_each_member() {
    let book = "each: shop\non: {when: shop.health_status == abnormal}\nif: 'all pairs[group=shop].fault_level == \"2\"'\n\
                do: [{call: {failover: {group: shop}}}]";
    let outcome = run(
        book,
        "  - at: 1h\n    fault: {disk: data-2}\n  - at: 2h\n    expect: [shop-2.status == failed-over, shop-1.status == protected, \
         shop-3.status == protected]\n",
    );
    assert!(outcome.report.held(), "{:#?}", outcome.report.verdicts);
    let books = &outcome.report.runbooks;
    assert_eq!(books.len(), 1, "the others were not set off");
    assert_eq!(
        (books[0].runbook.as_str(), books[0].state),
        ("recover-2", RunbookState::Done)
    );
}

#[test]
fn a_fault_of_what_holds_the_target_is_seen_and_one_of_something_else_is_not() {
    for (fault, seen) in [
        ("link: trunk", true),
        ("duct: street", true),
        ("link: left", false),
        ("az: az-1", false),
    ] {
        let timeline = format!("  - at: 1h\n    fault: {{{fault}}}\n    for: 1m\n");
        let outcome = run("on: {fault: {link: trunk}}\ndo: [{pause: 1s}]", &timeline);
        assert_eq!(outcome.report.runbooks.len(), usize::from(seen), "{fault}");
    }
    let site = "  - at: 1h\n    fault: {site: north}\n    for: 1m\n";
    let outcome = run("on: {fault: {az: az-1}}\ndo: [{pause: 1s}]", site);
    assert_eq!(
        outcome.report.runbooks.len(),
        1,
        "the AZ stands in the site"
    );
}

#[test]
fn it_is_set_off_as_often_as_it_may_be_and_only_anew() {
    let timeline = "  - at: 1h\n    fault: {disk: data-1}\n    for: 10m\n  - at: 2h\n    fault: {disk: data-1}\n    for: 10m\n  \
                    - at: 3h\n    fault: {disk: data-1}\n    for: 10m\n";
    for (times, expected) in [(1, 1), (2, 2), (9, 3)] {
        for on in [
            "{when: shop-1.health_status == abnormal}",
            "{fault: {disk: data-1}}",
        ] {
            let book = format!("on: {on}\ntimes: {times}\ndo: [{{pause: 1s}}]");
            let outcome = run(&book, timeline);
            assert_eq!(outcome.report.runbooks[0].times, expected, "{on} {times}");
        }
    }
}

#[test]
fn an_alarm_counts_from_the_last_time_it_began_to_hold() {
    let book = "on: {when: shop-1.health_status == abnormal, for: 5m}\ndo: [{pause: 1s}]";
    let flaps = "  - at: 1h\n    fault: {disk: data-1}\n    for: 4m\n  - at: 1h 5m\n    fault: {disk: data-1}\n    for: 4m\n";
    let outcome = run(book, &flaps.replace("1h 5m", "65m"));
    assert!(
        outcome.report.runbooks.is_empty(),
        "neither lasted five minutes"
    );
    let longer =
        flaps
            .replace("1h 5m", "65m")
            .replacen("for: 4m\n  - at: 65m", "for: 6m\n  - at: 70m", 1);
    let outcome = run(book, &longer);
    let set_off = outcome.report.runbooks[0]
        .set_off
        .as_ref()
        .expect("it was set off");
    assert_eq!(set_off.clock, "01:05:00.000");
}

#[test]
fn one_that_waits_for_ever_is_a_verdict() {
    let book = "on: {fault: {az: az-1}}\ndo: [{wait: {until: shop-1.status == failed-over}}]";
    let outcome = run(book, "  - at: 1h\n    fault: {az: az-1}\n    for: 1m\n");
    let failures: Vec<_> = outcome.report.failures().collect();
    assert_eq!(failures.len(), 1, "{failures:#?}");
    assert_eq!(failures[0].kind, VerdictKind::Ends);
    assert_eq!(failures[0].text, "runbook `recover` ends");
    assert_eq!(
        failures[0].explain,
        "it waits for shop-1.status == failed-over"
    );
    let limited = book.replace("failed-over}", "failed-over, limit: 10m}");
    let outcome = run(&limited, "  - at: 1h\n    fault: {az: az-1}\n    for: 1m\n");
    assert!(outcome.report.held());
    let book = &outcome.report.runbooks[0];
    assert_eq!(book.state, RunbookState::GaveUp);
    let why = "after 10m shop-1.status == failed-over does not hold";
    assert_eq!(book.why.as_deref(), Some(why));
}

#[test]
fn runbooks_that_never_come_to_rest_are_stopped() {
    let text = file(
        "on: {when: data-1.locked == false}\ntimes: 4000000000\ndo: [{native: {set_disk: {disk: data-1, locked: true}}}]",
        "  - at: 1h\n    expect: count(sites) == 2\n",
    );
    let other = "  undo:\n    on: {when: data-1.locked == true}\n    times: 4000000000\n    do: [{native: {set_disk: {disk: data-1, locked: false}}}]\ntimeline:";
    let text = text.replace("timeline:", other);
    let scenario = Scenario::load("a.yaml", &text).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let outcome = scenario.start(None).run(&mut ());
    let limits: Vec<_> = outcome
        .report
        .failures()
        .filter(|verdict| verdict.kind == VerdictKind::Limit)
        .collect();
    assert_eq!(limits[0].text, "the runbooks come to rest");
}

#[test]
fn the_time_to_decide_is_its_own_draw() {
    let decided = |book: &str, seed: u64| {
        let text = file(book, "  - at: 1h\n    fault: {az: az-1}\n");
        let scenario =
            Scenario::load("a.yaml", &text).unwrap_or_else(|faults| panic!("{faults:#?}"));
        let outcome = scenario.start(Some(Seed(seed).0)).run(&mut ());
        let books = outcome.report.runbooks;
        let of = books
            .iter()
            .find(|book| book.runbook == "recover")
            .expect("it was set off");
        of.began.as_ref().expect("it began").micros
    };
    let book = "on: {fault: {az: az-1}}\nafter: {uniform: {min: 5m, max: 50m}}\ndo: [{pause: 1s}]";
    assert_eq!(decided(book, 7), decided(book, 7));
    assert_ne!(decided(book, 7), decided(book, 8));
    // Another runbook, standing before it, draws from its own stream.
    let two = "on: {fault: {az: az-1}}\nafter: {uniform: {min: 5m, max: 50m}}\ndo: [{pause: 1s}, {pause: 2s}]";
    assert_eq!(decided(book, 7), decided(two, 7));
}
