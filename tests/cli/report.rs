//! `run --report`: what a disaster cost, on the terminal.

use super::*;

#[test]
fn a_report_says_what_a_disaster_cost() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/scenarios/disaster/degraded-then-lost.yaml"
    );
    let told = |args: &[&str], locale: &str| {
        let output = sdrsim(args).env("LC_ALL", locale).output().unwrap();
        let (code, out, err) = ended(output);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        out
    };
    let short = told(&["run", file], "C");
    let line = "  shop: RPO 10m, 2400 MiB lost, down 21m30s, RTO 21m30s (1m30s from the call), usable after 24m36.663699s, degraded 34m36.663699s\n";
    assert!(short.contains(line), "{short}");
    assert!(
        short.contains("  hung on: on_replica_loss = continue"),
        "{short}"
    );
    assert!(!short.contains("timeline"), "{short}");

    let full = told(&["run", "--report", file], "C");
    assert!(full.is_ascii(), "{full}");
    let figures = [
        ("RPO", "10m"),
        ("bytes lost", "2400 MiB"),
        ("RTO to running", "21m30s"),
        ("availability", "77.2753 %"),
    ];
    for (name, figure) in figures {
        let row = |line: &&str| line.trim_start().starts_with(name) && line.ends_with(figure);
        assert!(full.lines().any(|line| row(&line)), "{name} in {full}");
    }
    // Down for the last 21.5 of 94.6 minutes.
    let lane = full
        .lines()
        .find(|line| line.starts_with("  shop  "))
        .unwrap();
    let count = |sign| lane.chars().filter(|&c| c == sign).count() as f64;
    let share = count('.') / (count('.') + count('+') + count('#'));
    assert!((share - 21.5 / 94.61).abs() < 0.03, "{lane}");
    assert!(told(&["run", "--report", file], "C.UTF-8").contains('█'));
    let coloured = told(&["run", "--report", "--color", "always", file], "C");
    assert!(coloured.contains("\u{1b}[1;31m"));

    let page = json(&told(&["run", "--json", file], "C"));
    let report = &page["scenarios"][0]["report"];
    assert_eq!(report["groups"][0]["label"], "shop");
    assert_eq!(report["groups"][0]["lost_bytes"], 2_516_582_400_u64);
    assert_eq!(report["drills"][0]["servers"][0]["boots"], true);
    assert_eq!(
        report["jobs"]["create_dr_drill"]["duration_mean_us"],
        90_000_000
    );
    assert_eq!(report["hung"][0]["policy"], "on_replica_loss");
}

/// The DR site has no room, so the runbook starts nothing and gives up; another one waits for what never comes.
#[test]
fn a_report_names_runbooks_that_gave_up_or_have_not_ended() {
    let folder = Folder::new();
    let text = r"version: 1
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
domains: {metro: {azs: [az-1, az-2]}}
flavors: {m1: {running: {az-2: 0}}}
vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
servers:
  app: {az: az-1, vpc: net, flavor: m1, power: active, disks: {/dev/vda: {size: 40 GiB, bootable: true}}}
groups: {shop: {domain: metro, vpc: net, protected: true}}
instances: {web: {group: shop, server: app}}
runbooks:
  recover:
    on: {fault: {storage: az-1}}
    after: 5m
    do:
      - call: {failover: {group: shop}}
      - start: [web]
  hope:
    on: {fault: {storage: az-1}}
    after: 1m
    do: [{wait: {until: app.serves == true}}]
  watch:
    on: {fault: {storage: az-1}}
    after: 1m
    if: app.serves == true
    do: [{start: [app]}]
timeline:
  - at: 1h
    fault: {storage: az-1}
  - at: 2h
    expect: shop.status == failed-over
";
    let file = folder.write("a.yaml", text);
    let (code, full, err) = run(&["run", "--report", &file]);
    assert_eq!((code, err.as_str()), (1, ""), "{full}");
    let part = full.split("runbooks that failed\n").nth(1).unwrap();
    let lines: Vec<&str> = part.lines().take_while(|line| !line.is_empty()).collect();
    let expected = [
        "  01:07:00.000  recover gave up: a server does not run",
        "  01:00:00.000  hope has not ended: it waits for app.serves == true",
    ];
    assert_eq!(lines, expected, "{full}");
    let (_, short, _) = run(&["run", &file]);
    assert!(!short.contains("runbooks that failed"), "{short}");
    let (_, held, _) = run(&[
        "run",
        "--report",
        concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/scenarios/runbooks/failover-by-an-operator.yaml"
        ),
    ]);
    assert!(!held.contains("runbooks that failed"), "{held}");
}
