//! The network of a scenario file: what is made of it, and what is said of faulty ones.

use sdrsim::scenario::{Diagnostic, Scenario};
use sdrsim::time::Span;
use sdrsim::units::{Bytes, Rate};
use sdrsim::world::place::Arbitration;
use sdrsim::world::topology::{NodeKind, Spot, UNLIMITED};
use sdrsim::world::{Who, World};

const WHOLE: &str = "\
version: 1
sites: {north: {}, south: {}}
azs:
  az-1: {site: north, pool: {capacity: 100 TiB}}
  az-2: {site: south}
network:
  relays: {r1: {}}
  witness: {w: {}}
  ducts: {d1: {}}
  links:
    l1: {between: [az-1, az-2], bandwidth: 10 Gbit/s, latency: 500us, duct: d1}
    l2: {between: [az-1, r1]}
    l3: {between: [w, az-2], latency: 2ms}
domains:
  metro: {azs: [az-1, az-2], arbitration: {witness: w}}
  slow: {azs: [az-2, az-1], arbitration: {witness: w, fallback_after: 2m}}
  plain: {azs: [az-1, az-2], arbitration: static}
  silent: {azs: [az-1, az-2]}
disks: {spare: {az: az-1, size: 40 GiB}, other: {az: az-2, size: 10 GiB}}
";

fn world(text: &str) -> World {
    let loaded = Scenario::load("a.yaml", text);
    loaded.expect("the file is sound").world().clone()
}

/// Checks the only fault of `WHOLE` with a part replaced: its line, what stands where it points, title, label and help.
#[track_caller]
fn changed(from: &str, to: &str, at: (usize, &str), title: &str, label: &str, help: &str) {
    assert!(WHOLE.contains(from), "{from}");
    let text = WHOLE.replacen(from, to, 1);
    let faults: Vec<Diagnostic> = Scenario::load("a.yaml", &text).expect_err("the file is faulty");
    assert_eq!(faults.len(), 1, "{faults:#?}");
    let found = &faults[0];
    let line = text.lines().nth(found.line - 1).expect("the line is there");
    let points_to = &line[found.column - 1..];
    assert!(points_to.starts_with(at.1), "{points_to}");
    assert_eq!(
        (
            found.line,
            found.title.as_str(),
            found.label.as_str(),
            found.help.as_deref().unwrap_or_default()
        ),
        (at.0, title, label, help)
    );
}

#[test]
fn a_network_is_what_the_file_says() {
    let world = world(WHOLE);
    let net = &world.topology;
    assert!(net.explicit);
    let az = |label: &str| match world.find(label) {
        Some(Who::Az(az)) => az,
        other => panic!("{label}: {other:?}"),
    };
    let node = |label: &str| match world.find(label) {
        Some(Who::Node(node)) => node,
        other => panic!("{label}: {other:?}"),
    };
    let link = |label: &str| match world.find(label) {
        Some(Who::Link(link)) => link,
        other => panic!("{label}: {other:?}"),
    };
    assert_eq!(net.nodes[node("r1")].kind, NodeKind::Relay);
    assert_eq!(net.nodes[node("w")].kind, NodeKind::Witness);
    let l1 = &net.links[link("l1")];
    assert_eq!(l1.ends, [Spot::Az(az("az-1")), Spot::Az(az("az-2"))]);
    assert_eq!(l1.bandwidth, Rate(1_250_000_000));
    assert_eq!(l1.latency, Span::micros(500));
    assert_eq!(l1.duct.map(Who::Duct), world.find("d1"));
    let l2 = &net.links[link("l2")];
    assert_eq!(
        (l2.bandwidth, l2.latency, l2.duct),
        (UNLIMITED, Span::ZERO, None)
    );
    assert!(net.links.keys().all(|link| net.usable(link)));
    assert!(net.reaches(az("az-1"), node("w")));
    let by = |label: &str| match world.find(label) {
        Some(Who::Domain(domain)) => world.domains[domain].arbitration,
        other => panic!("{label}: {other:?}"),
    };
    let witness = |fallback_after| Arbitration::Witness {
        node: node("w"),
        fallback_after,
    };
    assert_eq!(by("metro"), witness(Span::secs(30)));
    assert_eq!(by("slow"), witness(Span::mins(2)));
    assert_eq!(
        (by("plain"), by("silent")),
        (Arbitration::Static, Arbitration::Static)
    );
    let pool = |label: &str| world.azs[az(label)].pool.clone();
    assert_eq!(pool("az-1").capacity, Some(Bytes(100 << 40)));
    assert_eq!(
        (pool("az-1").used, pool("az-2").capacity),
        (Bytes::gib(40), None)
    );
    assert_eq!(pool("az-2").used, Bytes::gib(10));
}

#[test]
fn expectations_see_the_network() {
    let steps = "\
timeline:
  - expect:
      - l1.usable == true and l1.latency_us == 500 and l1.bytes_per_second == 1250000000
      - l1.duct == d1 and l2.bytes_per_second == null
      - w.kind == witness and w.up == true and d1.up == true
      - metro.witness == w and silent.witness == null
";
    let scenario = Scenario::load("a.yaml", &format!("{WHOLE}{steps}"));
    let outcome = scenario
        .expect("the file is sound")
        .start(None)
        .run(&mut ());
    assert!(outcome.report.held(), "{:#?}", outcome.report);
}

#[test]
fn links_join_two_places_that_exist() {
    changed(
        "[az-1, r1]",
        "[az-1, r2]",
        (12, "r2]"),
        "there is no AZ, relay or witness `r2`",
        "nothing has this label",
        "did you mean `r1`?",
    );
    changed(
        "[az-1, r1]",
        "[d1, r1]",
        (12, "d1, r1]"),
        "`d1` is not an AZ, relay or witness",
        "this is a duct, not an AZ, relay or witness",
        "did you mean `r1`?",
    );
    changed(
        "[az-1, r1]",
        "[r1, r1]",
        (12, "r1]}"),
        "a link joins two places, not one with itself",
        "",
        "",
    );
    changed(
        "[az-1, r1]",
        "[r1, az-1, az-2]",
        (12, "[r1, az-1"),
        "a link joins two places, not 3",
        "",
        "",
    );
    changed(
        "duct: d1",
        "duct: l2",
        (11, "l2}"),
        "`l2` is not a duct",
        "this is a link, not a duct",
        "",
    );
    changed(
        "ducts: {d1: {}}",
        "ducts: {az-1: {}, d1: {}}",
        (9, "az-1: {}"),
        "the label `az-1` appears twice",
        "",
        "labels are unique in a file, and members of a template are numbered from 1",
    );
}

#[test]
fn a_domain_is_arbitrated_by_a_witness() {
    changed(
        "fallback_after: 2m",
        "fallback: 2m",
        (16, "fallback: 2m"),
        "unknown key `fallback`",
        "",
        "valid here: witness, fallback_after",
    );
    changed(
        "{witness: w}",
        "{witness: r1}",
        (15, "r1}"),
        "`r1` is not a witness",
        "this is a relay, not a witness",
        "",
    );
    changed(
        "{witness: w}",
        "{witness: nobody}",
        (15, "nobody}"),
        "there is no witness `nobody`",
        "nothing has this label",
        "",
    );
    let faults = Scenario::load(
        "a.yaml",
        &WHOLE.replacen("arbitration: static", "arbitration: quorum", 1),
    )
    .expect_err("there is no such arbitration");
    assert_eq!((faults[0].line, faults.len()), (17, 1));
    assert!(faults[0].title.contains("`static`"), "{:?}", faults[0]);
}

#[test]
fn the_schema_knows_the_network() {
    let schema = Scenario::schema();
    let defs = &schema["$defs"];
    for (kind, key) in [
        ("NetworkModel", "links"),
        ("LinkModel", "between"),
        ("DomainModel", "arbitration"),
        ("WitnessModel", "fallback_after"),
        ("AzModel", "pool"),
    ] {
        assert!(defs[kind]["properties"].get(key).is_some(), "{kind}.{key}");
    }
    assert_eq!(
        defs["LinkModel"]["required"],
        serde_json::json!(["between"])
    );
}

#[test]
fn a_link_that_carries_nothing_is_down_and_not_slow() {
    let text = |declared: &str, left: &str| {
        format!(
            "version: 1\nsites: {{a: {{}}}}\nazs: {{az-1: {{site: a}}, az-2: {{site: a}}}}\nnetwork:\n  links:\n    \
             trunk: {{between: [az-1, az-2], bandwidth: {declared}}}\ntimeline:\n  - fault: {{link: trunk, bandwidth: {left}}}\n"
        )
    };
    let lines = |declared, left| {
        let found = Scenario::load("a.yaml", &text(declared, left)).err();
        let of = |fault: &sdrsim::scenario::Diagnostic| {
            assert!(fault.title.contains("carries nothing"), "{fault}");
            fault.line
        };
        found.map_or(0, |faults| of(&faults[0]))
    };
    assert_eq!(lines("1 Mbit/s", "1 B/s"), 0);
    assert_eq!(lines("1 Mbit/s", "0 B/s"), 8);
    assert_eq!(lines("0 B/s", "1 B/s"), 6);
}
