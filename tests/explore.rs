//! The search: counts of small worlds, the same with any number of threads, and what it finds.

#[path = "explore/calls.rs"]
mod calls;

use sdrsim::explore::{Bounds, Claim, Found, Menu, Model, Untold, search, tell};
use sdrsim::machine::event::Blow;
use sdrsim::scenario::Scenario;
use sdrsim::scenario::expect::Expectation;
use sdrsim::sdrs::op::Op;
use sdrsim::sdrs::status::{Kind, Status};
use sdrsim::world::{Who, World};
use std::collections::BTreeSet;

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
    let spare = world(&format!(
        "{}{FREE}",
        HEAD.replace("m1: {}", "m1: {}, m2: {}")
    ));
    let calls = |ops: &[Op]| {
        let menu = Menu {
            ops: ops.to_vec(),
            failures_max: 1,
            ..quiet()
        };
        Model::new(spare.clone(), menu)
    };
    let cases: [(&str, Model, [u64; 3]); 10] = [
        (
            "a group is made",
            calls(&[
                Op::CreateProtectionGroup,
                Op::DeleteProtectionGroup,
                Op::CreateReplicationPair,
            ]),
            [182, 344, 14],
        ),
        (
            "a NIC comes and goes",
            calls(&[
                Op::AddNic,
                Op::DeleteNic,
                Op::StartProtection,
                Op::Failover,
                Op::Reprotect,
            ]),
            [150, 218, 21],
        ),
        (
            "servers are resized",
            calls(&[
                Op::ResizeProtectedInstance,
                Op::StartProtection,
                Op::StopProtection,
            ]),
            [448, 706, 15],
        ),
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

fn fails_over(world: &World) -> Result<(), String> {
    let mut groups = world.groups.values();
    let any = groups.any(|group| group.life.status == Status::FailedOver);
    any.then_some(()).ok_or_else(String::new)
}

/// Two groups of one pair each, with failures: layers large enough that threads share them, which they do with more than
/// 256 states for each.
fn wide() -> Model {
    let menu = Menu {
        failures_max: 2,
        ..quiet()
    };
    Model::new(world(&text(2, 1, "")), menu).sometimes("fails over", fails_over)
}

#[test]
fn threads_change_nothing() {
    let model = wide();
    let same = |bounds: Bounds| {
        let one = search(&model, &bounds);
        for threads in [2, 3, 7] {
            let many = search(&model, &Bounds { threads, ..bounds });
            let bytes = one.bytes;
            assert_eq!(one, Found { bytes, ..many }, "{threads} threads");
        }
        one
    };
    let all = Bounds {
        dead_ends: true,
        ..Bounds::default()
    };
    let one = same(all);
    assert!(one.widest > 512, "threads share {} states", one.widest);
    assert!(one.complete && one.never.is_empty());
    let seen = (Kind::ProtectionGroup, Status::FailedOver);
    assert!(one.seen.contains(&seen));
    // Where a bound comes first is the same too.
    let states = one.states / 2;
    let cut = same(Bounds { states, ..all });
    assert_eq!((cut.states, cut.complete), (states, false));
}

#[test]
fn bounds_are_kept() {
    let model = wide();
    let all = search(&model, &Bounds::default());
    for states in [0, 1, 2, 100, all.states - 1] {
        let found = search(
            &model,
            &Bounds {
                states,
                ..Bounds::default()
            },
        );
        assert_eq!((found.states, found.complete), (states.max(1), false));
    }
    let states = all.states;
    let found = search(
        &model,
        &Bounds {
            states,
            ..Bounds::default()
        },
    );
    assert!(found.complete, "as many as there are is enough");
    let depth = all.depth;
    assert!(
        search(
            &model,
            &Bounds {
                depth,
                ..Bounds::default()
            }
        )
        .complete
    );
    let depth = all.depth - 1;
    let found = search(
        &model,
        &Bounds {
            depth,
            ..Bounds::default()
        },
    );
    assert_eq!((found.depth, found.complete), (depth, false));
    for bytes in [0, 100_000, 200_000] {
        let found = search(
            &model,
            &Bounds {
                bytes,
                ..Bounds::default()
            },
        );
        assert!(!found.complete && found.states < all.states, "{bytes}");
        assert!(
            found.bytes <= bytes || found.states == 1,
            "{} of {bytes}",
            found.bytes
        );
    }
}

/// A violation among the last states that a bound lets in is seen.
#[test]
fn every_state_that_is_counted_is_looked_at() {
    let one = world(&text(1, 1, ", protected: true"));
    let never = |world: &World| fails_over(world).map_or(Ok(()), |()| Err("it does".into()));
    let model = || Model::new(one.clone(), quiet());
    let steps = search(&model().always("stays", never), &Bounds::default());
    let path = steps.violation.expect("a failover ends").path;
    let depth = path.actions.len() as u32;
    let found = search(
        &model().always("stays", never),
        &Bounds {
            depth,
            ..Bounds::default()
        },
    );
    assert_eq!(found.violation.map(|it| it.path), Some(path));
}

/// More than 64 properties that must hold sometimes.
#[test]
fn every_property_has_its_own_answer() {
    let started = world(&text(1, 1, ", protected: true"));
    let mut model = Model::new(started, quiet());
    for n in 0..140_u32 {
        model = model.sometimes(format!("{n}"), move |_| match n {
            70 | 128 => Err(String::new()),
            _ => Ok(()),
        });
    }
    assert_eq!(all(&model, 1).never, ["70", "128"]);
}

const EQUAL: &str = "\
servers:
  s1: {az: az-1, vpc: net, flavor: m1, disks: {/dev/vda: {size: 40 GiB, bootable: true}}}
  s2: {az: az-1, vpc: net, flavor: m1, disks: {/dev/vda: {size: 40 GiB, bootable: true}}}
groups:
  grp-1: {domain: metro, vpc: net, protected: true}
  grp-2: {domain: metro, vpc: net, protected: true}
instances:
  i-1: {group: grp-1, server: s1}
  i-2: {group: grp-2, server: s2}
";

/// A property and its mirror image have the same verdict, equally many steps away.
#[test]
fn a_property_and_its_mirror_image_fare_alike() {
    let world = world(&format!("{HEAD}{EQUAL}"));
    let menu = Menu {
        ops: vec![Op::Failover],
        failures_max: 0,
        ..Menu::default()
    };
    let found = |claim, text: &str| {
        let expectation = Expectation::parse(text).expect("it is one");
        let model = Model::new(world.clone(), menu.clone());
        let model = model.expect(claim, "it", &expectation);
        search(
            &model.unwrap_or_else(|unfit| panic!("{text}: {unfit}")),
            &Bounds::default(),
        )
    };
    for (left, right) in [
        (
            "any pairs[status=failed-over].group == ",
            "any pairs[status=protected].group == ",
        ),
        (
            "any groups[status=failed-over].label == ",
            "any groups[status=protected].label == ",
        ),
        (
            "any groups[status=failed-over].name == ",
            "any groups[status=protected].name == ",
        ),
    ] {
        let both = [["grp-1", "grp-2"], ["grp-2", "grp-1"]];
        let steps = both.map(|[a, b]| {
            let text = format!("{left}{a} and {right}{b}");
            let seen = found(Claim::Sometimes, &text);
            assert_eq!(seen.never, [""; 0], "{text}");
            let violation = found(Claim::Never, &text).violation;
            violation
                .unwrap_or_else(|| panic!("{text}"))
                .path
                .actions
                .len()
        });
        assert_eq!(steps[0], steps[1], "{left}");
    }
    for text in [
        r#"any groups[status=failed-over].label contains "2" and any groups[status=protected].label contains "1""#,
        r#"any groups[status=failed-over].label contains "1" and any groups[status=protected].label contains "2""#,
        r#"any groups[status=failed-over].label >= "grp-2" and any groups[status=protected].label < "grp-2""#,
        r#"any groups[status=failed-over].label < "grp-2" and any groups[status=protected].label >= "grp-2""#,
    ] {
        let violation = found(Claim::Never, text).violation;
        assert_eq!(violation.map(|it| it.path.actions.len()), Some(3), "{text}");
    }
}

/// What is told is read and run before it is handed out, whatever its labels look like.
#[test]
fn what_is_told_fails_as_it_says() {
    for label in ["null", "1", "1.5", "true", "off", "trunk"] {
        let text = text(1, 1, ", protected: true").replace("trunk", &format!("\"{label}\""));
        // A key in quotes is one, and a section that stands there is left out.
        let text = format!("{text}\"timeline\": [{{at: 1s, expect: g-1.status == deleting}}]\n");
        let world = world(&text);
        let menu = with_faults(&world, &[label], 1);
        let expectation = Expectation::parse("none groups.health_status == abnormal");
        let expect = expectation.expect("it is one");
        let model = Model::new(world, menu).expect(Claim::Always, "well", &expect);
        let model = model.unwrap_or_else(|unfit| panic!("{unfit}"));
        let violation = search(&model, &Bounds::default()).violation;
        let path = violation.expect("a broken link shows").path;
        let told = tell(&text, &model, &path, Some(&expect.to_string()));
        let told = told.unwrap_or_else(|untold| panic!("{label}: {untold}"));
        let scenario = Scenario::load("told.yaml", &told).unwrap_or_else(|it| panic!("{it:#?}"));
        assert_eq!(
            scenario.start(None).run(&mut ()).report.verdicts_failed,
            1,
            "{told}"
        );
        // What holds in time is not told as what fails.
        let untold = tell(&text, &model, &path, Some("count(groups) == 1"));
        assert!(matches!(untold, Err(Untold::Unlike(_))), "{untold:?}");
        let flow = "{version: 1, sites: {}}";
        assert_eq!(tell(flow, &model, &path, None), Err(Untold::NoSections));
    }
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

/// The statuses that a kind can show, by the contract.
fn published() -> BTreeSet<(Kind, Status)> {
    let table = include_str!("contract/statuses.csv");
    let mut all = BTreeSet::new();
    for line in table.lines().skip(1) {
        let mut cells = line.split(',');
        let mut cell = || {
            cells
                .next()
                .expect("a line of the contract has a kind and a word")
        };
        let (kind, word) = (cell(), cell());
        let named = |it: &&Kind| it.name() == kind;
        let kind = *Kind::ALL.iter().find(named).expect("the kind is known");
        all.insert((kind, Status::named(word).expect("the word is known")));
    }
    all
}

/// Small worlds and menus that together show every published status.
#[test]
fn every_status_is_reached_by_some_search() {
    let one = format!("{}{FREE}", HEAD.replace("m1: {}", "m1: {}, m2: {}"));
    let (idle, started) = (
        world(&one),
        world(&one.replace("vpc: net}}", "vpc: net, protected: true}}")),
    );
    let menu = |ops: &[Op]| Menu {
        ops: ops.to_vec(),
        failures_max: 1,
        slow_powers: false,
        ..quiet()
    };
    let writes = world(&text(1, 1, ", protected: true"));
    let parted = with_faults(&writes, &["trunk"], 1);
    let deleted = Menu {
        deletions: true,
        ..menu(&[])
    };
    let careless = world(&one.replace(
        "settings: {",
        "settings: {policies: {native_disk_delete: allowed}, ",
    ));
    // A disk that is attached is not deleted, that of a pair without an instance is.
    let gone = Menu {
        disk_deletions: true,
        ..menu(&[Op::CreateReplicationPair])
    };
    let searches = [
        (
            &idle,
            menu(&[Op::CreateProtectionGroup, Op::DeleteProtectionGroup]),
        ),
        (&idle, menu(&[Op::AddNic, Op::DeleteNic])),
        (&idle, menu(&[Op::ResizeProtectedInstance])),
        (
            &idle,
            Menu {
                powers: true,
                ..menu(&[Op::CreateProtectedInstance, Op::DeleteProtectedInstance])
            },
        ),
        (
            &idle,
            menu(&[
                Op::CreateReplicationPair,
                Op::AttachReplicationPair,
                Op::DetachReplicationPair,
            ]),
        ),
        (
            &idle,
            menu(&[
                Op::ExpandReplicationPair,
                Op::CreateReplicationPair,
                Op::DeleteReplicationPair,
            ]),
        ),
        (&started, menu(&[Op::StopProtection, Op::StartProtection])),
        (&started, menu(&[Op::Failover, Op::Reprotect])),
        (&started, menu(&[Op::PlannedFailover])),
        (&started, menu(&[Op::CreateDrDrill, Op::DeleteDrDrill])),
        (&writes, parted),
        (&writes, deleted),
        (&careless, gone),
    ];
    let mut missing = published();
    for (world, menu) in searches {
        let found = search(
            &Model::new(world.clone(), menu),
            &Bounds {
                states: 50_000,
                ..Bounds::default()
            },
        );
        missing.retain(|it| !found.seen.contains(it));
    }
    let missing: Vec<String> = missing
        .iter()
        .map(|(kind, status)| format!("{kind:?} {status}"))
        .collect();
    assert_eq!(missing, [""; 0]);
}

const FREE: &str = "\
servers:
  app: {az: az-1, vpc: net, flavor: m1, power: shutoff, disks: {/dev/vda: {size: 40 GiB, bootable: true}}}
  new: {az: az-1, vpc: net, flavor: m1, power: shutoff, disks: {/dev/vda: {size: 40 GiB, bootable: true}}}
disks:
  more: {az: az-1, size: 10 GiB}
groups: {g: {domain: metro, vpc: net}}
instances: {i: {group: g, server: app}}
";
