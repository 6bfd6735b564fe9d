//! The search: counts of small worlds, the same with any number of threads, and what it finds.

use sdrsim::explore::{Bounds, Found, Menu, Model, search, tell};
use sdrsim::machine::event::Blow;
use sdrsim::scenario::Scenario;
use sdrsim::sdrs::op::Op;
use sdrsim::sdrs::status::{Kind, Status};
use sdrsim::world::{Who, World};

const HEAD: &str = "\
version: 1
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
network:
  witness: {w: {}}
  links: {trunk: {between: [az-1, az-2]}, left: {between: [az-1, w]}, right: {between: [az-2, w]}}
domains: {metro: {azs: [az-1, az-2], arbitration: {witness: w}}}
flavors: {m1: {}}
vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
settings: {copy_rate: 1 KiB/s}
";

/// The text of a world of so many groups, each with so many instances of one pair that is written to.
fn text(groups: u32, instances: u32, more: &str) -> String {
    let all = groups * instances;
    format!(
        "{HEAD}servers:\n  app: {{count: {all}, az: az-1, vpc: net, flavor: m1, power: active}}\n\
         disks:\n  data: {{count: {all}, az: az-1, size: 100 GiB, bootable: true, attached: {{app: /dev/vda}}, load: {{rate: 4 MiB/s}}}}\n\
         groups:\n  g: {{count: {groups}, domain: metro, vpc: net{more}}}\n\
         instances:\n  i: {{count: {all}, group: g, server: app}}\n"
    )
}

fn world(text: &str) -> World {
    let loaded = Scenario::load("a.yaml", text);
    loaded
        .unwrap_or_else(|faults| panic!("{faults:#?}"))
        .world()
        .clone()
}

fn all(model: &Model, threads: usize) -> Found {
    let bounds = Bounds {
        threads,
        dead_ends: true,
        ..Bounds::default()
    };
    search(model, &bounds)
}

fn quiet() -> Menu {
    Menu {
        failures_max: 0,
        powers: false,
        ..Menu::default()
    }
}

fn blow(world: &World, label: &str) -> Blow {
    match world.find(label) {
        Some(Who::Link(link)) => Blow::Link { link },
        Some(Who::Az(az)) => Blow::Az {
            az,
            destroyed: false,
        },
        Some(Who::Node(node)) => Blow::Node { node },
        other => panic!("{label} is {other:?}"),
    }
}

fn with_faults(world: &World, labels: &[&str], faults_max: u8) -> Menu {
    Menu {
        faults: labels.iter().map(|label| blow(world, label)).collect(),
        faults_max,
        ..quiet()
    }
}

/// The counts of small worlds. A change of a rule changes them; then they are set anew, with a word why.
#[test]
fn counts_are_pinned() {
    let one = world(&text(1, 1, ""));
    let two = world(&text(1, 2, ""));
    let bound = world(&text(1, 2, ", protection_type: consistency-group"));
    let started = world(&text(1, 1, ", protected: true"));
    let drills = Menu {
        ops: [quiet().ops, vec![Op::CreateDrDrill, Op::DeleteDrDrill]].concat(),
        ..quiet()
    };
    let cases: [(&str, Model, [u64; 3]); 7] = [
        (
            "one pair",
            Model::new(one.clone(), Menu::default()),
            [362, 864, 21],
        ),
        (
            "one pair, nothing fails",
            Model::new(one.clone(), quiet()),
            [40, 53, 18],
        ),
        ("two pairs", Model::new(two, quiet()), [60, 95, 25]),
        (
            "a consistency group",
            Model::new(
                bound,
                Menu {
                    failures_max: 1,
                    ..quiet()
                },
            ),
            [196, 314, 29],
        ),
        ("drills", Model::new(one, drills), [616, 1368, 24]),
        (
            "the link fails",
            Model::new(started.clone(), with_faults(&started, &["trunk"], 1)),
            [195, 337, 19],
        ),
        (
            "AZ, link and witness fail",
            Model::new(
                started.clone(),
                with_faults(&started, &["az-1", "trunk", "w"], 2),
            ),
            [1953, 6191, 23],
        ),
    ];
    let mut wrong = Vec::new();
    for (name, model, expected) in cases {
        let found = all(&model, 1);
        assert!(
            found.complete && found.violation.is_none(),
            "{name}: {found:#?}"
        );
        let counts = [found.states as u64, found.transitions, found.depth.into()];
        if counts != expected {
            wrong.push(format!(
                "{name}: {counts:?}, dead ends {:?}",
                found.dead_ends.map(|it| (it.states, it.paths))
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn threads_change_nothing() {
    let world = world(&text(1, 2, ""));
    let model = Model::new(world, quiet()).sometimes("fails over", |world| {
        let any = world
            .groups
            .values()
            .any(|group| group.life.status == Status::FailedOver);
        any.then_some(()).ok_or_else(String::new)
    });
    let one = all(&model, 1);
    for threads in [2, 3, 7] {
        let many = all(&model, threads);
        assert_eq!(
            Found {
                bytes: 0,
                ..one.clone()
            },
            Found { bytes: 0, ..many }
        );
    }
    assert!(one.never.is_empty());
    assert!(
        one.seen
            .contains(&(Kind::ProtectionGroup, Status::FailedOver))
    );
}

/// A property that does not hold is found with a shortest way, and the way, told as a scenario, fails in the same place.
#[test]
fn a_counterexample_runs_as_a_scenario() {
    let text = text(1, 1, ", protected: true");
    let world = world(&text);
    let menu = Menu {
        powers: true,
        ..with_faults(&world, &["az-1"], 1)
    };
    let model = Model::new(world, menu).always("production never stands at the DR side", |world| {
        let moved = world
            .groups
            .values()
            .any(|group| group.station.index() == 1);
        if moved { Err("it does".into()) } else { Ok(()) }
    });
    let found = search(&model, &Bounds::default());
    let violation = found.violation.expect("a failover moves it");
    assert_eq!(violation.what, "it does");
    let expect = "g-1.priority_station == source";
    let told = tell(&text, &model, &violation.path, Some(expect)).expect("it can be told");
    let scenario =
        Scenario::load("told.yaml", &told).unwrap_or_else(|faults| panic!("{told}\n{faults:#?}"));
    let outcome = scenario.start(None).run(&mut ());
    let failures: Vec<_> = outcome
        .report
        .failures()
        .map(|it| it.text.as_str())
        .collect();
    assert_eq!(failures, [expect], "{told}");
    // Every prefix of the way holds: it is a shortest one.
    assert!(violation.path.actions.len() <= 4, "{told}");
}
