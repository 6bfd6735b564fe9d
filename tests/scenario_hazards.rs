//! Hazards and drawn targets in scenario files: what is said of faulty ones, and that they depend on what they should alone.

use sdrsim::engine::{Chance, Checkpoint, Engine, Limit, Observer, RunEnd};
use sdrsim::machine::{Blow, Effect};
use sdrsim::scenario::{Diagnostic, Scenario};
use sdrsim::time::{SimTime, Span};
use sdrsim::world::{Who, World};

const BASE: &str = "\
version: 1
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
network: {links: {trunk: {between: [az-1, az-2]}, spare: {between: [az-1, az-2]}}}
domains: {metro: {azs: [az-1, az-2]}}
flavors: {m1: {}}
vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
servers:
  vm: {count: 20, az: az-1, vpc: net, flavor: m1, disks: {/dev/vda: {size: 40 GiB, bootable: true, load: {rate: 1 MiB/s}}}}
groups: {shop: {domain: metro, vpc: net, protected: true}}
instances: {web: {count: 20, group: shop, server: vm}}
";

const FLAPS: &str = "\
hazards:
  flaps: {on: {link: [trunk, spare]}, up: {exponential: {mean: 10d}}, down: {lognormal: {mean: 1h, cv: 2}}}
  worn: {each: vm, on: {disk: vm/vda}, up: {weibull: {scale: 60d, shape: 2}}, down: {uniform: {min: 1h, max: 2h}}}
";

const YEAR: &str = "limit: {time: 9000h}\ntimeline: [{at: 8000h, expect: count(groups) == 1}]\n";

fn load(text: &str) -> Scenario {
    Scenario::load("a.yaml", text).expect("the file is sound")
}

/// The faults of a run as labels and words, each with its instant.
#[derive(Debug, Default, PartialEq, Eq)]
struct Faults(Vec<(SimTime, String, bool)>);

impl Observer for Faults {
    fn see(&mut self, at: SimTime, world: &World, effect: &Effect) {
        let (blow, begins) = match *effect {
            Effect::Struck { blow } => (blow, true),
            Effect::Mended { blow } => (blow, false),
            _ => return,
        };
        let target = blow.target().map(|who| world.label(who));
        let target = target.map_or_else(|| "control plane".to_owned(), |label| label.to_string());
        self.0
            .push((at, format!("{target} {}", blow.words()), begins));
    }
}

fn faults(text: &str, seed: Option<u64>) -> Vec<(SimTime, String, bool)> {
    let scenario = load(text);
    let outcome = scenario.start_watched(seed, Faults::default()).run(&mut ());
    outcome.observer.0
}

fn of(faults: &[(SimTime, String, bool)], target: &str) -> Vec<(SimTime, bool)> {
    let own = faults
        .iter()
        .filter(|(_, what, _)| what.starts_with(target));
    own.map(|(at, _, begins)| (*at, *begins)).collect()
}

/// Those that were struck at an hour.
fn struck_at(text: &str, seed: Option<u64>, hour: u64) -> Vec<String> {
    let at = SimTime::after_start(Span::hours(hour));
    let found = faults(text, seed).into_iter();
    let found = found.filter(|(when, _, begins)| *begins && *when == at);
    found.map(|(_, what, _)| what).collect()
}

/// The only fault of the base with `added` behind it: line and column in what was added, what stands there, and what is said.
#[track_caller]
fn refused(added: &str, at: (usize, &str), title: &str, help: &str) {
    let text = format!("{BASE}{added}");
    let faults: Vec<Diagnostic> = Scenario::load("a.yaml", &text).expect_err("the file is faulty");
    assert_eq!(faults.len(), 1, "{faults:#?}");
    let found = &faults[0];
    let line = text.lines().nth(found.line - 1).expect("the line is there");
    let points_to = &line[found.column - 1..];
    assert!(points_to.starts_with(at.1), "{points_to}: {found:#?}");
    let line = found.line - BASE.lines().count();
    let said = (
        line,
        found.title.as_str(),
        found.help.as_deref().unwrap_or(""),
    );
    assert_eq!(said, (at.0, title, help));
}

#[track_caller]
fn refused_hazard(body: &str, points_to: &str, title: &str, help: &str) {
    refused(
        &format!("hazards:\n  h: {{{body}}}\n"),
        (2, points_to),
        title,
        help,
    );
}

#[test]
fn the_base_is_sound() {
    load(&format!("{BASE}{FLAPS}{YEAR}"));
}

#[test]
fn a_hazard_that_is_none_says_why_and_where() {
    let laws = "up: 10d, down: 1h";
    refused_hazard(
        &format!("on: {{link: trunc}}, {laws}"),
        "trunc",
        "`trunc` cannot break here",
        "did you mean `trunk`?",
    );
    refused_hazard(
        &format!("on: {{disk: shop}}, {laws}"),
        "shop",
        "`shop` cannot break here",
        "",
    );
    refused_hazard(
        "on: {link: trunk}, up: 0s, down: 1h",
        "0s",
        "a hazard's up time must be longer than 0s on average; with none, it never mends",
        "",
    );
    refused_hazard(
        &format!("on: {{}}, {laws}"),
        "{}",
        "a fault needs a target, such as `az`, `link` or `storage`",
        "",
    );
    refused_hazard(
        &format!("each: trunk, on: {{link: trunk}}, {laws}"),
        "trunk",
        "`trunk` is not a template",
        "",
    );
    refused_hazard(
        &format!("each: vn, on: {{server: vm}}, {laws}"),
        "vn",
        "`vn` is not a template",
        "did you mean `vm`?",
    );
    refused_hazard(
        &format!("on: {{production_storage: shop}}, {laws}"),
        "shop",
        "a hazard strikes the same targets always, and `production_storage` changes",
        "name the AZ: with `storage` or with `az`",
    );
    refused_hazard(
        &format!("on: {{disk: vm/vdz}}, {laws}"),
        "{disk",
        "`vm-1/vdz` does not stand at the start",
        "",
    );
    refused_hazard(
        "on: {link: trunk}, up: {exponential: {mean: 0s}}, down: 1h",
        "{exponential",
        "the exponential law needs a mean longer than 0s",
        "",
    );
    refused(
        "hazards:\n  trunk: {on: {link: trunk}, up: 1d, down: 1h}\n",
        (2, "trunk"),
        "the label `trunk` appears twice",
        "labels are unique in a file, and members of a template are numbered from 1",
    );
}

#[test]
fn a_selection_that_cannot_be_drawn_says_why_and_where() {
    let of = |some: &str| format!("timeline:\n  - fault: {{server: {some}}}\n");
    for (some, points_to, title, help) in [
        (
            "{count: 21, of: vm}",
            "21",
            "21 cannot be drawn from 20",
            "each is drawn once at most",
        ),
        (
            "{count: 0, of: vm}",
            "0",
            "a selection of 0 breaks nothing",
            "count from 1",
        ),
        (
            "{percent: 2, of: vm}",
            "2",
            "2% of 20 is none",
            "it is rounded to a whole number, and must be at least one",
        ),
        (
            "{percent: 101, of: vm}",
            "101",
            "a percentage is above 0 and up to 100, not 101",
            "",
        ),
        (
            "{of: vm}",
            "{of",
            "a selection has either a `count` or a `percent`",
            "write `{count: 3, of: ...}` or `{percent: 5, of: ...}`",
        ),
        (
            "{count: 2, of: [vm, vm-3]}",
            "vm-3",
            "`vm-3` stands to choose from twice",
            "",
        ),
        (
            "{count: 1, of: [vn-3]}",
            "vn-3",
            "`vn-3` cannot break here",
            "did you mean `vm-3`?",
        ),
    ] {
        refused(&of(some), (2, points_to), title, help);
    }
    refused(
        "timeline:\n  - fault: {production_az: trunk}\n",
        (2, "trunk"),
        "`trunk` cannot break here",
        "",
    );
    refused(
        "control_plane: {in: az-3}\n",
        (1, "az-3"),
        "there is no AZ `az-3`",
        "did you mean `az-1`?",
    );
}

#[test]
fn hazards_of_one_seed_are_the_same_under_every_policy() {
    let text = format!("{BASE}{FLAPS}{YEAR}");
    let plain = faults(&text, None);
    assert!(of(&plain, "trunk").len() > 4, "{plain:?}");
    assert!(of(&plain, "vm-7/vda").len() > 2, "{plain:?}");
    for policies in [
        "{fencing: off}",
        "{az_failover: drill-only}",
        "{on_replica_loss: stop}",
    ] {
        let changed = format!("{text}settings: {{policies: {policies}}}\n");
        assert_eq!(faults(&changed, None), plain, "{policies}");
    }
    assert_ne!(faults(&text, Some(2)), plain);
}

#[test]
fn what_is_unrelated_shifts_nothing() {
    let text = format!("{BASE}{FLAPS}{YEAR}");
    let plain = faults(&text, None);
    let more = "  early: {on: {control_plane: true}, up: {exponential: {mean: 5d}}, down: 10m}\n";
    let first = format!(
        "{BASE}hazards:\n{more}{}{YEAR}",
        &FLAPS["hazards:\n".len()..]
    );
    let mut joined = faults(&first, None);
    assert!(of(&joined, "control").len() > 10);
    joined.retain(|(_, what, _)| !what.starts_with("control"));
    assert_eq!(joined, plain);
    let resource = text.replacen("links: {", "links: {first: {between: [az-2, az-1]}, ", 1);
    assert_eq!(faults(&resource, None), plain);
    let steps = text.replacen(
        "[{at: 8000h",
        "[{at: 1h, fault: {az: az-2}, for: 1h}, {at: 8000h",
        1,
    );
    let mut steps = faults(&steps, None);
    steps.retain(|(_, what, _)| !what.starts_with("az-2"));
    assert_eq!(steps, plain);
    // Another down time of one hazard moves none of the other's faults, and none of its first up times.
    let slower = faults(&text.replacen("mean: 1h, cv", "mean: 3h, cv", 1), None);
    assert_eq!(of(&slower, "vm-7/vda"), of(&plain, "vm-7/vda"));
    assert_eq!(of(&slower, "trunk")[0], of(&plain, "trunk")[0]);
    assert_ne!(of(&slower, "trunk")[1], of(&plain, "trunk")[1]);
}

#[test]
fn targets_of_one_hazard_fail_together_and_those_of_each_alone() {
    let plain = faults(&format!("{BASE}{FLAPS}{YEAR}"), None);
    assert_eq!(of(&plain, "trunk"), of(&plain, "spare"));
    assert_ne!(of(&plain, "vm-1/vda"), of(&plain, "vm-2/vda"));
    let common = FLAPS.replacen("each: vm, ", "", 1);
    let common = faults(&format!("{BASE}{common}{YEAR}"), None);
    assert!(!of(&common, "vm-1/vda").is_empty());
    assert_eq!(of(&common, "vm-1/vda"), of(&common, "vm-20/vda"));
}

#[test]
fn a_run_set_aside_goes_on_the_same() {
    let scenario = load(&format!("{BASE}{FLAPS}"));
    let at = |hours| SimTime::after_start(Span::hours(hours));
    let mut whole = scenario.engine(None);
    assert_eq!(
        whole.run_until(at(4_000), Limit::events(1_000_000)),
        RunEnd::Reached
    );
    let mut half = scenario.engine(None);
    let reached = half.run_until(at(1_234), Limit::events(1_000_000));
    assert_eq!(reached, RunEnd::Reached);
    let turned: u64 = half.world().hazards.iter().map(|hazard| hazard.turn).sum();
    assert!(turned > 10, "{turned}");
    let text = serde_json::to_string(&half.checkpoint()).unwrap();
    let again: Checkpoint<Chance> = serde_json::from_str(&text).unwrap();
    let mut again = Engine::restore(again);
    let mut fork = half.fork();
    for engine in [&mut again, &mut fork, &mut half] {
        let reached = engine.run_until(at(4_000), Limit::events(1_000_000));
        assert_eq!(reached, RunEnd::Reached);
        assert_eq!(engine.digest(), whole.digest());
        let turns = |engine: &Engine<Chance>| -> Vec<u64> {
            let hazards = &engine.world().hazards;
            hazards.iter().map(|hazard| hazard.turn).collect()
        };
        assert_eq!(turns(engine), turns(&whole));
    }
}

#[test]
fn the_same_words_draw_the_same_targets_and_a_name_draws_others() {
    let step = |some: &str| format!("{BASE}timeline: [{{at: 1h, fault: {{server: {some}}}}}]\n");
    let some = step("{count: 5, of: vm}");
    let first = struck_at(&some, None, 1);
    assert_eq!(first.len(), 5);
    let later = format!(
        "{BASE}timeline: [{{at: 1h, fault: {{link: trunk}}}}, {{at: 7h, fault: {{server: {{count: 5, of: vm}}}}}}]\n"
    );
    assert_eq!(struck_at(&later, None, 7), first);
    assert_ne!(struck_at(&some, Some(2), 1), first);
    let named = struck_at(&step("{count: 5, of: vm, draw: second}"), None, 1);
    assert_eq!(named.len(), 5);
    assert_ne!(named, first);
    assert_eq!(
        struck_at(&step("{percent: 12.5, of: vm}"), None, 1).len(),
        3
    );
    // Two members more: whoever is drawn anew is one of the two.
    let grown = some.replace("count: 20", "count: 22");
    let grown = struck_at(&grown, None, 1);
    let news = ["vm-21 lost", "vm-22 lost"];
    let others = grown.iter().filter(|one| !first.contains(one));
    assert!(others.into_iter().all(|one| news.contains(&one.as_str())));
}

#[test]
fn every_hazard_draws_its_own_targets_once() {
    let text = format!(
        "{BASE}hazards:\n  a: {{on: {{server: {{count: 4, of: vm}}}}, up: 100h, down: 1h}}\n  b: {{on: {{server: {{count: 4, of: vm}}}}, up: 150h, down: 1h}}\n{YEAR}"
    );
    let (a, b) = (struck_at(&text, None, 100), struck_at(&text, None, 150));
    assert_eq!((a.len(), b.len()), (4, 4));
    assert_ne!(a, b);
    assert_eq!(struck_at(&text, None, 201), a);
    assert_ne!(struck_at(&text, Some(5), 100), a);
}

#[test]
fn a_side_of_a_group_is_that_of_the_instant_and_a_heal_mends_what_was_struck() {
    let text = format!(
        "{BASE}timeline:
  - {{at: 1h, fault: {{production_storage: shop}}}}
  - {{after: 1m, call: {{failover: {{group: shop}}}}}}
  - {{at: 2h, fault: {{production_storage: shop, read_only: true}}, for: 5m}}
  - {{at: 3h, heal: {{production_storage: shop}}}}
  - {{at: 4h, heal: {{production_storage: shop}}}}
  - {{at: 5h, fault: {{dr_az: shop, destroyed: true}}, for: 1m}}
"
    );
    let scenario = load(&text);
    let outcome = scenario.start_watched(None, Faults::default()).run(&mut ());
    let told: Vec<(&str, bool)> = outcome
        .observer
        .0
        .iter()
        .map(|(_, what, on)| (what.as_str(), *on))
        .collect();
    let expected = [
        ("az-1 storage failed", true),
        ("az-2 storage read-only", true),
        ("az-2 storage read-only", false),
        ("az-1 storage failed", false),
        ("az-1 destroyed", true),
        ("az-1 destroyed", false),
    ];
    assert_eq!(told, expected);
    let failed: Vec<_> = outcome
        .report
        .verdicts
        .iter()
        .filter(|verdict| !verdict.held)
        .collect();
    assert_eq!(failed.len(), 1, "{failed:#?}");
    assert!(
        failed[0]
            .explain
            .contains("no fault of this form waits for its `heal`")
    );
}

#[test]
fn a_control_plane_falls_by_hazards_and_with_its_az() {
    let text = format!(
        "{BASE}hazards: {{outage: {{on: {{control_plane: true}}, up: 10h, down: 1h}}}}
control_plane: {{in: az-2}}
timeline:
  - {{at: 10h30m, call: {{stop_protection: {{group: shop}}}}, refused: SDRS.0013}}
  - {{at: 11h30m, fault: {{site: south}}}}
  - {{at: 11h31m, call: {{stop_protection: {{group: shop}}}}, refused: SDRS.0013}}
  - {{at: 11h32m, query: {{show_protection_group: {{group: shop}}}}, refused: SDRS.0013}}
  - {{at: 12h, heal: {{site: south}}}}
  - {{at: 20h, call: {{stop_protection: {{group: shop}}}}, expect: shop.status == available}}
"
    );
    let outcome = load(&text).start(None).run(&mut ());
    let mut verdicts = outcome.report.verdicts.iter();
    let failed = verdicts.find(|verdict| !verdict.held);
    assert!(failed.is_none(), "{failed:#?}");
    let Some(Who::Az(az)) = outcome.world.find("az-2") else {
        panic!("the AZ is gone");
    };
    assert_eq!(outcome.world.control.az, Some(az));
    assert!(outcome.world.hazards[0].blows == [Blow::Control]);
}

#[test]
fn faults_of_one_instant_are_taken_in_together_in_one_step_or_two() {
    let run = |steps: &str| {
        let text = format!("{BASE}timeline:\n{steps}");
        load(&text).start(None).run(&mut ()).transcript
    };
    let one = run("  - {at: 1h, fault: {link: [trunk, spare], az: az-1}}\n");
    let health = "fault level 2: 20 pairs";
    assert!(one.iter().any(|line| line.contains(health)), "{one:#?}");
    let two = run("  - {at: 1h, fault: {link: [trunk, spare]}}\n  - {at: 1h, fault: {az: az-1}}\n");
    assert!(two.iter().any(|line| line.contains(health)), "{two:#?}");
    let pools = run("  - {at: 1h, fault: {storage: [az-1, az-2]}}\n");
    assert!(pools.iter().any(|line| line.contains(health)), "{pools:#?}");
}

#[test]
fn the_next_sub_jobs_fail_hang_or_take_longer_whichever_member_of_a_template_they_are_for() {
    let run = |what: &str| {
        let text = format!(
            "{}groups: {{shop: {{count: 4, domain: metro, vpc: net, protected: true}}}}
instances: {{web: {{count: 20, group: shop, server: vm}}}}
script: [{{op: stop_protection, count: 7, what: {what}}}]
limit: {{time: 1h}}
timeline: [{{each: shop, call: {{stop_protection: {{group: shop}}}}, wait: false}}]
",
            &BASE[..BASE.find("groups:").unwrap()]
        );
        load(&text).start(None).run(&mut ()).world
    };
    let reported = |world: &World, label: &str| {
        let who = world.find(label).unwrap();
        world.reported(who).unwrap().name().to_owned()
    };
    let all = |world: &World| [1, 2, 3, 4].map(|n| reported(world, &format!("shop-{n}")));
    // Each group has a job of five sub-jobs: the seven are those of the first group and two of the second.
    let [bad, good] = ["error-stopping", "available"];
    let failed = run("{fail: SDRS.1027}");
    assert_eq!(all(&failed), [bad, bad, good, good]);
    let pairs = |status: &str| {
        let pairs = (1..=20).filter(|n| reported(&failed, &format!("web-{n}/vda")) == status);
        pairs.count()
    };
    assert_eq!((pairs(bad), pairs(good)), (7, 13));
    assert_eq!(all(&run("hang")), ["stopping", "stopping", good, good]);
    assert_eq!(all(&run("{stretch: 10}")), [good; 4]);
    assert_eq!(
        all(&run("{stretch: 10000}")),
        ["stopping", "stopping", good, good]
    );
}
